#include "model/ldm_train.h"

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

/* Most steps only move the marker and place a stone. */
enum { QUIET = 2 };

static bool rounds(const struct ldm_trainer *r)
{
    return r->l->ps.step >= r->closed;
}

/* In steps of FSQ, drawn anew each time the sample comes. */
static void draw_noise(struct ldm_trainer *r, struct rng *rng)
{
    int D = r->l->config.code.D;

    for (int i = 0; i < D; i++)
        r->noise[r->steps * D + i] = (float)rng_double(rng) - 0.5f;
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
    for (int i = 0; i < S; i++)
        r->weight[at + (size_t)i] = id[i] != id[S + i] ? share : same * share;
    r->steps++;
}

/* The steps of one clip, of the quiet ones a part; none is left out of an empty batch. */
static void add_clip(struct ldm_trainer *r, const int *id, int valid, float quiet,
                     uint64_t random)
{
    int S = r->l->S;
    struct rng rng;

    rng_init(&rng, random);
    for (int h = 1; h < valid; h++, id += S)
        if (!r->steps || changes(id, id + S, S) > QUIET || rng_double(&rng) < quiet)
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

static int gather(struct ldm_trainer *r, bool held_out, const struct train_sample *s, int n,
                  struct err *e)
{
    size_t clip = (size_t)((r->clips.horizon + 1) * r->l->S);

    if (token_clips_load(&r->clips, held_out, s, n, r->id, r->valid, NULL, e))
        return -1;
    r->steps = 0;
    for (int i = 0; i < n; i++)
        add_clip(r, r->id + (size_t)i * clip, r->valid[i], held_out ? 1 : r->quiet, s[i].random);
    ldm_upload(r->l, r->from, r->to, r->role, r->steps);
    upload_wanted(r);
    r->l->d->ops->upload(r->l->d, r->cell_weight, r->weight,
                         (size_t)(r->steps * r->l->S) * sizeof *r->weight);
    return 0;
}

static int load(void *self, const struct train_sample *s, int n, struct err *e)
{
    return gather(self, false, s, n, e);
}

/* Adds the noise to the codes, as large as it is by now. */
static void disturb(struct ldm_trainer *r)
{
    const struct tokenizer_config *c = &r->l->config.code;
    int step = r->l->ps.step, n = r->steps * c->D;
    float size = step < r->continuous ? (float)step / (float)r->continuous : 1;
    struct device *d = r->l->d;

    for (int i = 0; i < n; i++)
        r->noise[i] *= size / (float)(c->levels[i % c->D] / 2);
    d->ops->upload(d, r->staged, r->noise, (size_t)n * sizeof *r->noise);
    d->ops->to_act(d, r->d_noise, r->staged, (size_t)n);
    d->ops->add(d, r->l->q, r->l->q, r->d_noise, (size_t)n);
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
    ldm_encode_device(l, r->steps, !grad || rounds(r));
    if (grad && !rounds(r))
        disturb(r);
    ldm_decode_device(l, r->steps);
    judge(r);
    for (int i = 0; i < l->config.tokens.D; i++) {
        d->ops->cross_entropy(d, r->loss, l->logits[i], r->want[i], r->cell_weight, N,
                              l->config.tokens.levels[i], 1, grad);
        r->sums[0] += d->ops->sum(d, r->loss, (size_t)N);
    }
}

static int backward(void *self, int n, struct err *e)
{
    struct ldm_trainer *r = self;

    (void)n, (void)e;
    forward(r, true);
    ldm_backward(r->l, r->steps, !rounds(r), rounds(r) ? r->commit : 0);
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
    r->noise = calloc(codes, sizeof *r->noise);
    r->samples = calloc(micro, sizeof *r->samples);
    if (!r->share || !r->noise || !r->id || !r->valid || !r->from || !r->to || !r->got || !r->role || !r->digit ||
        !r->weight || !r->samples)
        return err_set(e, "out of memory");
    return slots_alloc(&r->mem, r->l->d, s, n, e);
}

int ldm_train_seed(struct ldm *l, struct tokenizer *t, uint64_t seed, struct err *e)
{
    int P = t->config.patch, V = t->codes, pixels = P * P * 3, failed = -1;
    int *id = calloc((size_t)V, sizeof *id);
    uint8_t *px = malloc((size_t)V * (size_t)pixels);
    float *look = malloc((size_t)V * (size_t)pixels * sizeof *look);

    if (V != l->tokens)
        err_set(e, "the tokenizer has %d tokens, the LDM takes %d", V, l->tokens);
    else if (!id || !px || !look)
        err_set(e, "out of memory");
    else {
        for (int i = 0; i < V; i++)
            id[i] = i;
        failed = tokenizer_decode(t, id, V, P, P, px, e);
        for (int i = 0; i < V * pixels && !failed; i++)
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
    *r = (struct ldm_trainer){ .l = l, .micro = micro, .commit = 0.3f, .quiet = 1 };
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
    free(r->samples);
    if (r->l)
        slots_free(&r->mem, r->l->d);
    *r = (struct ldm_trainer){ 0 };
}
