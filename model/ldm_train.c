#include "model/ldm_train.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"

static const char *const names[LDM_TRAIN_METRICS] = { "loss", "exact", "changed" };

#define LDM_SAME 0.1f /* weight of a cell that does not change, until codes are closed */

static int changes(const int *x, const int *y, int n)
{
    int sum = 0;

    for (int i = 0; i < n; i++)
        sum += x[i] != y[i];
    return sum;
}

static bool rounds(const struct ldm_trainer *r)
{
    return r->l->ps.step >= r->closed;
}

/* As large as it is by now, drawn anew each time the sample comes. */
static void draw_noise(struct ldm_trainer *r, struct rng *rng)
{
    const struct tokenizer_config *c = &r->l->config.code;
    int step = r->l->ps.step;
    float size = step < r->continuous ? (float)step / (float)r->continuous : 1;

    for (int i = 0; i < c->D; i++)
        r->noise[r->steps * c->D + i] =
            ((float)rng_double(rng) - 0.5f) * size / (float)(c->levels[i] / 2);
}

/* A step from id to the frame behind it. */
static void add_step(struct ldm_trainer *r, const int *id, int role, float share, struct rng *rng)
{
    int S = r->l->S;
    size_t at = (size_t)r->steps * (size_t)S;
    float same = rounds(r) ? 1 : LDM_SAME;

    r->share[r->steps] = share;
    memcpy(r->from + at, id, (size_t)S * sizeof *id);
    memcpy(r->to + at, id + S, (size_t)S * sizeof *id);
    r->role[r->steps] = role;
    draw_noise(r, rng);
    r->luck[r->steps] = (float)rng_double(rng);
    for (int i = 0; i < S; i++)
        r->weight[at + (size_t)i] = id[i] != id[S + i] ? share : same * share;
    r->steps++;
}

static void add_clip(struct ldm_trainer *r, const int *id, int valid, uint64_t random)
{
    struct rng rng;

    rng_init(&rng, random);
    for (int h = 1; h < valid; h++, id += r->l->S)
        add_step(r, id, (h - 1) % 2, 1.0f / (float)(valid - 1), &rng);
}

/* Digit by digit of what is to come out. */
static void upload_wanted(struct ldm_trainer *r)
{
    const struct tokenizer_config *c = &r->l->config.tokens;
    int N = r->steps * r->l->S, scale = 1;

    for (int i = 0; i < c->D; i++) {
        for (int k = 0; k < N; k++)
            r->digit[k] = r->to[k] / scale % c->levels[i];
        r->l->d->ops->upload(r->l->d, r->want[i], r->digit, (size_t)N * sizeof *r->digit);
        scale *= c->levels[i];
    }
}

static void upload(struct ldm_trainer *r)
{
    ldm_upload(r->l, r->from, r->to, r->role, r->steps);
    upload_wanted(r);
    r->l->d->ops->upload(r->l->d, r->cell_weight, r->weight,
                         (size_t)(r->steps * r->l->S) * sizeof *r->weight);
}

static int gather(struct ldm_trainer *r, bool held_out, const struct train_sample *s, int n,
                  struct err *e)
{
    size_t clip = (size_t)((r->clips.horizon + 1) * r->l->S);

    if (token_clips_load(&r->clips, held_out, s, n, r->id, r->valid, NULL, e))
        return -1;
    r->steps = 0;
    for (int i = 0; i < n; i++)
        add_clip(r, r->id + (size_t)i * clip, r->valid[i], s[i].random);
    upload(r);
    return 0;
}

static void add_noise(struct ldm_trainer *r)
{
    size_t n = (size_t)(r->steps * r->l->config.code.D);
    struct device *d = r->l->d;

    d->ops->upload(d, r->staged, r->noise, n * sizeof *r->noise);
    d->ops->to_act(d, r->d_noise, r->staged, n);
    d->ops->add(d, r->l->q, r->l->q, r->d_noise, n);
}

/* What was loaded, through a code that is rounded or, while codes are learned, noisy. */
static void reconstruct(struct ldm_trainer *r, bool train)
{
    ldm_encode_device(r->l, r->steps, !train || rounds(r));
    if (train && !rounds(r))
        add_noise(r);
    ldm_decode_device(r->l, r->steps);
}

static void move_step(struct ldm_trainer *r, int to, int i)
{
    size_t S = (size_t)r->l->S, D = (size_t)r->l->config.code.D;

    memcpy(r->from + (size_t)to * S, r->from + (size_t)i * S, S * sizeof *r->from);
    memcpy(r->to + (size_t)to * S, r->to + (size_t)i * S, S * sizeof *r->to);
    memcpy(r->weight + (size_t)to * S, r->weight + (size_t)i * S, S * sizeof *r->weight);
    memcpy(r->noise + (size_t)to * D, r->noise + (size_t)i * D, D * sizeof *r->noise);
    r->role[to] = r->role[i];
    r->share[to] = r->share[i];
}

/* Of the steps that come out right only a part stays, and at least one step. */
static void keep_wrong(struct ldm_trainer *r)
{
    int S = r->l->S, kept = 0;

    reconstruct(r, true);
    ldm_read_tokens(r->l, r->steps, r->got);
    for (int i = 0; i < r->steps; i++)
        if (r->luck[i] < r->right || changes(r->got + i * S, r->to + i * S, S) ||
            (i == r->steps - 1 && !kept))
            move_step(r, kept++, i);
    r->steps = kept;
    upload(r);
}

static int load(void *self, const struct train_sample *s, int n, struct err *e)
{
    struct ldm_trainer *r = self;

    if (gather(r, false, s, n, e))
        return -1;
    if (r->right < 1)
        keep_wrong(r);
    return 0;
}

/* "exact" and "changed" of what was decoded; shares as in the loss. */
static void judge(struct ldm_trainer *r)
{
    int S = r->l->S;

    ldm_read_tokens(r->l, r->steps, r->got);
    for (int i = 0; i < r->steps; i++) {
        size_t at = (size_t)i * (size_t)S;
        int all = changes(r->from + at, r->to + at, S), right = 0;
        float share = r->share[i];

        for (size_t k = at; k < at + (size_t)S; k++)
            right += r->from[k] != r->to[k] && r->got[k] == r->to[k];
        r->sums[1] += share * (float)!changes(r->got + at, r->to + at, S);
        r->sums[2] += all ? share * (float)right / (float)all : share;
    }
}

/* The losses of what was loaded; with grad, for training, the logits become their gradient. */
static void forward(struct ldm_trainer *r, bool grad)
{
    struct ldm *l = r->l;
    struct device *d = l->d;
    int N = r->steps * l->S;

    memset(r->sums, 0, sizeof r->sums);
    reconstruct(r, grad);
    judge(r);
    for (int i = 0; i < l->config.tokens.D; i++) {
        d->ops->cross_entropy(d, r->loss, l->logits[i], r->want[i], r->cell_weight, N, 1,
                              l->config.tokens.levels[i], 1, grad);
        r->sums[0] += d->ops->sum(d, r->loss, (size_t)N);
    }
}

static int backward(void *self, int n, struct err *e)
{
    struct ldm_trainer *r = self;
    double kept = 0;

    (void)e;
    forward(r, true);
    for (int i = 0; i < r->steps; i++)
        kept += r->share[i];
    for (int i = 0; i < LDM_TRAIN_METRICS && kept > 0; i++)
        r->sums[i] *= n / kept;
    ldm_backward(r->l, r->steps, !rounds(r),
                 rounds(r) && r->l->ps.step < r->rest ? r->commit : 0);
    return 0;
}

static int losses(void *self, int n, double *sums, struct err *e)
{
    struct ldm_trainer *r = self;

    (void)n, (void)e;
    for (int i = 0; i < LDM_TRAIN_METRICS; i++)
        sums[i] += r->sums[i];
    return 0;
}

static int evaluate(void *self, uint64_t first, uint64_t n, double *sums, struct err *e)
{
    struct ldm_trainer *r = self;

    for (uint64_t at = 0; at < n; at += (uint64_t)r->micro) {
        int k = n - at < (uint64_t)r->micro ? (int)(n - at) : r->micro;

        token_clips_spread(&r->clips, first + at, k, r->held_out, r->samples);
        if (gather(r, true, r->samples, k, e))
            return -1;
        forward(r, false);
        losses(r, k, sums, e);
    }
    return 0;
}

static int alloc(struct ldm_trainer *r, struct err *e)
{
    int S = r->l->S, D = r->l->config.tokens.D, n = 0;
    size_t cells = (size_t)r->l->max * (size_t)S, micro = (size_t)r->micro;
    size_t codes = (size_t)(r->l->max * r->l->config.code.D);
    struct slot s[4 + TOKENIZER_LEVELS_MAX];

    s[n++] = (struct slot){ &r->cell_weight, cells, SLOT_F32, "cell_weight" };
    s[n++] = (struct slot){ &r->loss, cells, SLOT_F32, "loss" };
    s[n++] = (struct slot){ &r->staged, codes, SLOT_F32, "staged" };
    s[n++] = (struct slot){ &r->d_noise, codes, SLOT_ACT, "noise" };
    for (int i = 0; i < D; i++)
        s[n++] = (struct slot){ &r->want[i], cells, SLOT_I32, "want" };
    r->id = calloc(micro * (size_t)((r->clips.horizon + 1) * S), sizeof *r->id);
    r->valid = calloc(micro, sizeof *r->valid);
    r->from = calloc(cells, sizeof *r->from);
    r->to = calloc(cells, sizeof *r->to);
    r->got = calloc(cells, sizeof *r->got);
    r->role = calloc((size_t)r->l->max, sizeof *r->role);
    r->digit = calloc(cells, sizeof *r->digit);
    r->weight = calloc(cells, sizeof *r->weight);
    r->share = calloc((size_t)r->l->max, sizeof *r->share);
    r->luck = calloc((size_t)r->l->max, sizeof *r->luck);
    r->noise = calloc(codes, sizeof *r->noise);
    r->samples = calloc(micro, sizeof *r->samples);
    if (!r->id || !r->valid || !r->from || !r->to || !r->got || !r->role || !r->digit ||
        !r->weight || !r->share || !r->luck || !r->noise || !r->samples)
        return err_set(e, "out of memory");
    return slots_alloc(&r->mem, r->l->d, s, n, e);
}

int ldm_train_seed(struct ldm *l, struct tokenizer *t, uint64_t seed, struct err *e)
{
    int P = t->config.patch, V = t->codes, pixels = P * P * 3, failed = -1;
    size_t n = (size_t)V * (size_t)pixels;
    int *id = calloc((size_t)V, sizeof *id);
    uint8_t *px = malloc(n);
    float *look = malloc(n * sizeof *look);

    if (V != l->tokens)
        err_set(e, "the tokenizer has %d tokens, the LDM takes %d", V, l->tokens);
    else if (!id || !px || !look)
        err_set(e, "out of memory");
    else {
        for (int i = 0; i < V; i++)
            id[i] = i;
        failed = tokenizer_decode(t, id, V, P, P, px, e);
        for (size_t i = 0; i < n && !failed; i++)
            look[i] = (float)px[i] / 64 - 2;
        failed = failed || ldm_seed(l, seed, look, pixels, e);
    }
    free(id);
    free(px);
    free(look);
    return failed ? -1 : 0;
}

int ldm_train_init(struct ldm_trainer *r, struct ldm *l, const struct frame_source *source,
                   struct tokenizer *t, int horizon, int micro, uint64_t held_out,
                   struct err *e)
{
    *r = (struct ldm_trainer){ .l = l, .micro = micro, .commit = 0.3f, .right = 1,
                                .rest = INT_MAX };
    r->held_out = held_out < source->held_out ? held_out : source->held_out;
    r->model = (struct train_model){ r, &l->ps, source->samples, r->held_out, LDM_TRAIN_METRICS,
                                     names, load, backward, losses, evaluate };
    if (l->max < micro * horizon)
        return err_set(e, "no room for the steps of %d samples", micro);
    if (!token_clips_init(&r->clips, source, t, horizon, micro, e) && !alloc(r, e))
        return 0;
    ldm_train_free(r);
    return -1;
}

void ldm_train_free(struct ldm_trainer *r)
{
    token_clips_free(&r->clips);
    free(r->id);
    free(r->valid);
    free(r->from);
    free(r->to);
    free(r->got);
    free(r->role);
    free(r->digit);
    free(r->weight);
    free(r->noise);
    free(r->share);
    free(r->luck);
    free(r->samples);
    if (r->l)
        slots_free(&r->mem, r->l->d);
    *r = (struct ldm_trainer){ 0 };
}
