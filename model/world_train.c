#include "model/world_train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"

static const char *const names[WORLD_METRICS] = {
    "loss", "code", "accuracy", "frame", "changed", "exact"
};

static const char *const video_names[] = { "loss", "changed", "exact" };

/* The metrics of a target are a row of those. */
static const struct {
    int first, n;
} metrics_of[] = { { WORLD_LOSS, 3 }, { WORLD_FRAME, 3 }, { WORLD_LOSS, 6 } };

/* --- loading --- */

/* The codes of the steps that count; r->code (n, H), noughts elsewhere. */
static int encode(struct world_trainer *r, int n, struct err *e)
{
    int S = r->w->S, H = r->w->config.horizon, steps = 0;
    size_t frame = (size_t)S * sizeof *r->id;

    for (int i = 0; i < n; i++)
        for (int h = 1; h < r->valid[i]; h++, steps++) {
            const int *id = r->id + (i * (H + 1) + h - 1) * S;

            memcpy(r->x + steps * S, id, frame);
            memcpy(r->y + steps * S, id + S, frame);
            r->role[steps] = (h - 1) % LDM_ROLES;
        }
    if (ldm_encode(r->ldm, r->x, r->y, r->role, steps, r->z, e))
        return -1;
    memset(r->code, 0, (size_t)(n * H) * sizeof *r->code);
    for (int i = 0, k = 0; i < n; i++)
        for (int h = 1; h < r->valid[i]; h++)
            r->code[i * H + h - 1] = r->z[k++];
    return 0;
}

/* The codes of what else might have come next, sample by sample: r->others, r->share, r->z. */
static int encode_others(struct world_trainer *r, const struct train_sample *s, int n,
                         struct err *e)
{
    int S = r->w->S, all = token_clips_others(&r->clips, s, n, r->y, r->others, r->share, e);

    for (int i = 0, k = 0; i < n && all > 0; i++)
        for (int m = 0; m < r->others[i]; m++, k++) {
            memcpy(r->x + k * S, r->from + i * S, (size_t)S * sizeof *r->x);
            r->role[k] = 0;
        }
    return all < 0 || (all && ldm_encode(r->ldm, r->x, r->y, r->role, all, r->z, e)) ? -1 : 0;
}

/* z^1 of sample i has its own code and those of the others, which are r->z[k ..], as targets. */
static void share_target(struct world_trainer *r, int i, int k)
{
    int M = r->targets, *target = r->target + i * M;
    float *weight = r->weight + i * M, all = 0;

    for (int m = 0; m < r->others[i]; m++)
        all += r->share[k + m];
    if (!(all > 0))
        return;
    weight[0] = 1 - r->other;
    for (int m = 0; m < r->others[i]; m++) {
        target[m + 1] = r->z[k + m];
        weight[m + 1] = r->other * r->share[k + m] / all;
    }
}

/* What shall come out: r->target (Q, n, targets), r->wanted (n, S). */
static void set_targets(struct world_trainer *r, int n)
{
    int S = r->w->S, H = r->w->config.horizon, M = r->targets;

    for (int i = 0; i < r->w->Q * n * M; i++) {
        r->target[i] = -1;
        r->weight[i] = 0;
    }
    for (int h = 0; h < r->w->Q; h++)
        for (int i = 0; i < n; i++) {
            bool counts = r->ldm ? h + 1 < r->valid[i] : true;
            int row = (h * n + i) * M;

            r->target[row] = !counts ? -1 : r->ldm ? r->code[i * H + h] : r->move[i];
            r->weight[row] = h ? r->later : 1;
        }
    for (int i = 0, k = 0; i < n && M > 1; k += r->others[i++])
        share_target(r, i, k);
    for (int k = 0; k < n * S && r->frames; k++) {
        bool same = r->from[k] == r->next[k];

        r->wanted[k] = r->valid[k / S] > 1 ? r->next[k] : -1;
        r->cell_weight[k] = same ? r->same : 1;
    }
}

static void upload(struct world_trainer *r, int n)
{
    size_t codes = (size_t)(r->w->Q * n * r->targets), cells = (size_t)(n * r->w->S);
    struct device *d = r->w->d;

    world_upload(r->w, r->from, r->code, r->frames ? r->next : NULL, n);
    if (codes) {
        d->ops->upload(d, r->d_target, r->target, codes * sizeof *r->target);
        d->ops->upload(d, r->d_weight, r->weight, codes * sizeof *r->weight);
    }
    if (r->frames) {
        d->ops->upload(d, r->d_wanted, r->wanted, cells * sizeof *r->wanted);
        d->ops->upload(d, r->d_cell_weight, r->cell_weight, cells * sizeof *r->cell_weight);
    }
}

static int draw(struct world_trainer *r, bool held_out, const struct train_sample *s, int n,
                struct err *e)
{
    int S = r->w->S, frames = r->clips.horizon + 1;
    size_t frame = (size_t)S * sizeof *r->id;

    if (token_clips_load(&r->clips, held_out, s, n, r->id, r->valid, r->move, e) ||
        (r->ldm && encode(r, n, e)))
        return -1;
    for (int i = 0; i < n; i++) {
        const int *id = r->id + i * frames * S;

        memcpy(r->from + i * S, id, frame);
        memcpy(r->next + i * S, id + S, frame);
    }
    return 0;
}

/* Does the optimiser's next step learn frames? */
static bool learns_frames(const struct world_trainer *r)
{
    double step = r->w->ps.step;

    return floor((step + 1) * r->frame_share) > floor(step * r->frame_share);
}

static int load(void *self, const struct train_sample *s, int n, struct err *e)
{
    struct world_trainer *r = self;

    if (draw(r, false, s, n, e) || (r->targets > 1 && r->other > 0 && encode_others(r, s, n, e)))
        return -1;
    r->frames = learns_frames(r);
    set_targets(r, n);
    upload(r, n);
    return 0;
}

/* --- forward and backward --- */

static void judge_codes(struct world_trainer *r, int n)
{
    struct device *d = r->w->d;

    if (!r->w->Q)
        return;
    d->ops->argmax(d, r->d_best, r->w->logits, n, r->w->config.codes);
    d->ops->download(d, r->best, r->d_best, (size_t)n * sizeof *r->best);
    for (int i = 0; i < n; i++)
        r->sums[WORLD_ACCURACY] += r->best[i] == r->target[i * r->targets];
}

static void judge_frames(struct world_trainer *r, int n)
{
    struct world *w = r->w;
    struct device *d = w->d;
    int S = w->S;

    d->ops->argmax(d, w->best, w->tokens, n * S, w->config.tokens);
    d->ops->download(d, r->got, w->best, (size_t)(n * S) * sizeof *r->got);
    for (int i = 0; i < n; i++) {
        int changed = 0, right = 0, wrong = 0;

        for (int k = i * S; k < (i + 1) * S; k++) {
            changed += r->from[k] != r->next[k];
            right += r->from[k] != r->next[k] && r->got[k] == r->next[k];
            wrong += r->got[k] != r->next[k];
        }
        r->sums[WORLD_CHANGED] += changed ? (double)right / changed : 1;
        r->sums[WORLD_EXACT] += !wrong;
    }
}

/* The losses of what was loaded; with grad, for training, the logits become their gradient. */
static void forward(struct world_trainer *r, int n, bool grad)
{
    struct world *w = r->w;
    struct device *d = w->d;
    int codes = w->Q * n, cells = n * w->S;

    memset(r->sums, 0, sizeof r->sums);
    world_forward(w, n);
    judge_codes(r, n);
    if (codes) {
        d->ops->cross_entropy(d, r->loss, w->logits, r->d_target, r->d_weight, codes,
                              r->targets, w->config.codes, 1, grad);
        r->sums[WORLD_CODE] = d->ops->sum(d, r->loss, (size_t)n);
        r->sums[WORLD_LOSS] = d->ops->sum(d, r->loss, (size_t)codes);
    }
    if (!r->frames)
        return;
    judge_frames(r, n);
    d->ops->cross_entropy(d, r->cell_loss, w->tokens, r->d_wanted, r->d_cell_weight, cells, 1,
                          w->config.tokens, 1, grad);
    r->sums[WORLD_FRAME] = d->ops->sum(d, r->cell_loss, (size_t)cells);
}

static int backward(void *self, int n, struct err *e)
{
    struct world_trainer *r = self;

    (void)e;
    forward(r, n, true);
    world_backward(r->w, n);
    for (int i = WORLD_FRAME; i < WORLD_METRICS && r->frames; i++)
        r->sums[i] /= r->frame_share;
    return 0;
}

static int losses(void *self, int n, double *sums, struct err *e)
{
    struct world_trainer *r = self;
    int target = r->w->config.target, first = metrics_of[target].first;

    (void)n, (void)e;
    r->sums[WORLD_LOSS] += r->sums[WORLD_FRAME];
    for (int i = 0; i < metrics_of[target].n; i++)
        sums[i] += r->sums[first + i];
    return 0;
}

static int evaluate(void *self, uint64_t first, uint64_t n, double *sums, struct err *e)
{
    struct world_trainer *r = self;

    for (uint64_t at = 0; at < n; at += (uint64_t)r->micro) {
        int k = n - at < (uint64_t)r->micro ? (int)(n - at) : r->micro;

        token_clips_spread(&r->clips, first + at, k, r->held_out, r->samples);
        if (draw(r, true, r->samples, k, e))
            return -1;
        r->frames = r->frame_share > 0;
        memset(r->others, 0, (size_t)k * sizeof *r->others); /* what came next, and no other */
        set_targets(r, k);
        upload(r, k);
        forward(r, k, false);
        losses(r, k, sums, e);
    }
    return 0;
}

/* --- what codes do --- */

/* Adds the steps loaded last: how often each code was, and changed each cell. */
static void count_changes(const struct world_trainer *r, int steps, float *acts, float *seen)
{
    int S = r->w->S, K = r->w->config.codes;

    for (int i = 0; i < steps; i++) {
        size_t row = (size_t)r->role[i] * (size_t)K + (size_t)r->z[i];

        seen[row]++;
        for (int s = 0; s < S; s++)
            acts[row * (size_t)S + (size_t)s] += r->x[i * S + s] != r->y[i * S + s];
    }
}

int world_train_draw(struct world_trainer *r, int at, int samples, struct err *e)
{
    int n = samples - at < r->micro ? samples - at : r->micro, steps = 0;

    for (int i = 0; i < n; i++) {
        uint64_t k = (uint64_t)(at + i);

        r->samples[i].index =
            (uint64_t)((double)k / samples * (double)r->clips.source->samples);
        r->samples[i].random = splitmix64(k);
    }
    if (draw(r, false, r->samples, n, e))
        return -1;
    for (int i = 0; i < n; i++)
        steps += r->valid[i] - 1;
    return steps;
}

static int measure(struct world_trainer *r, int samples, float *acts, float *seen, struct err *e)
{
    for (int at = 0; at < samples; at += r->micro) {
        int steps = world_train_draw(r, at, samples, e);

        if (steps < 0)
            return -1;
        count_changes(r, steps, acts, seen);
    }
    return 0;
}

int world_train_measure(struct world_trainer *r, int samples, struct err *e)
{
    size_t S = (size_t)r->w->S, K = (size_t)r->w->config.codes, rows = WORLD_ROLES * K;
    float *acts, *seen;
    int failed = 0;

    if (!r->w->Q)
        return 0;
    acts = calloc(rows * S, sizeof *acts);
    seen = calloc(rows, sizeof *seen);
    if (!acts || !seen)
        failed = err_set(e, "out of memory");
    else if (r->ldm)
        failed = measure(r, samples, acts, seen, e);
    else
        for (size_t s = 0; s < S && K == S + 1; s++)
            acts[s * S + s] = 1;
    /* a code that was seen but once or twice is not believed all */
    for (size_t i = 0; i < rows * S && !failed && r->ldm; i++)
        acts[i] /= seen[i / S] + 1;
    for (int role = 0; role < WORLD_ROLES && role < r->w->Q && !failed; role++)
        world_set_acts(r->w, role, acts + (size_t)role * K * S);
    free(acts);
    free(seen);
    return failed;
}

/* --- memory --- */

static int alloc_host(struct world_trainer *r, struct err *e)
{
    size_t B = (size_t)r->micro, S = (size_t)r->w->S, F = (size_t)r->clips.horizon + 1;
    size_t Q = (size_t)r->w->Q, M = (size_t)r->targets, O = M - 1;
    size_t N = !r->ldm ? 0 : B * (F - 1 > O ? F - 1 : O);
    struct {
        void *p;
        size_t n;
    } table[] = {
        { &r->id, B * F * S }, { &r->valid, B }, { &r->move, B }, { &r->from, B * S },
        { &r->next, B * S }, { &r->got, B * S }, { &r->code, B * F }, { &r->best, B },
        { &r->x, N * S }, { &r->y, N * S }, { &r->role, N }, { &r->z, N },
        { &r->target, Q * B * M }, { &r->wanted, B * S }, { &r->weight, Q * B * M },
        { &r->cell_weight, B * S }, { &r->others, B }, { &r->share, B * O },
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        void *p = calloc(table[i].n + 1, sizeof(int)); /* a float is no larger */

        if (!p)
            return err_set(e, "out of memory");
        memcpy(table[i].p, &p, sizeof p);
    }
    r->samples = calloc(B, sizeof *r->samples);
    return r->samples ? 0 : err_set(e, "out of memory");
}

static int alloc_device(struct world_trainer *r, struct err *e)
{
    int64_t B = r->micro, S = r->w->S, Q = r->w->Q, M = r->targets;
    struct slot s[] = {
        { &r->d_target, SHAPE(Q, B, M), SLOT_I32, "target" },
        { &r->d_wanted, SHAPE(B, S), SLOT_I32, "wanted" },
        { &r->d_best, SHAPE(B), SLOT_I32, "best" },
        { &r->d_weight, SHAPE(Q, B, M), SLOT_F32, "weight" },
        { &r->d_cell_weight, SHAPE(B, S), SLOT_F32, "cell weight" },
        { &r->loss, SHAPE(Q, B), SLOT_F32, "loss" },
        { &r->cell_loss, SHAPE(B, S), SLOT_F32, "cell loss" },
    };

    return slots_alloc(&r->mem, r->w->d, s, sizeof s / sizeof *s, e);
}

/* Do the models speak of the same things? */
static int check(const struct world_trainer *r, const struct tokenizer *t, struct err *e)
{
    const struct world_config *c = &r->w->config;

    if (c->rows != r->clips.rows || c->cols != r->clips.cols || c->tokens != t->codes)
        return err_set(e, "the world model has %d x %d tokens of %d, the tokenizer %d x %d of %d",
                       c->cols, c->rows, c->tokens, r->clips.cols, r->clips.rows, t->codes);
    if (c->target == WORLD_STATE && c->codes != r->clips.source->moves)
        return err_set(e, "the world model has %d labels, the data %d", c->codes,
                       r->clips.source->moves);
    if ((c->target == WORLD_LDM) != (r->ldm != NULL))
        return err_set(e, "target video+ldm, and no other, needs an LDM");
    if (r->ldm && (r->ldm->codes != c->codes || r->ldm->S != r->w->S ||
                   r->ldm->tokens != c->tokens))
        return err_set(e, "the LDM has %d codes for %d cells of %d tokens, the world model %d, "
                       "%d and %d", r->ldm->codes, r->ldm->S, r->ldm->tokens, c->codes,
                       r->w->S, c->tokens);
    if (r->targets > CROSS_ENTROPY_TARGETS)
        return err_set(e, "the data tell %d other frames, of which there may be %d",
                       r->targets - 1, CROSS_ENTROPY_TARGETS - 1);
    return r->micro <= r->w->max ? 0 : err_set(e, "no room for %d samples", r->micro);
}

int world_train_init(struct world_trainer *r, struct world *w, const struct frame_source *source,
                     struct tokenizer *t, struct ldm *ldm, int micro, uint64_t held_out,
                     struct err *e)
{
    int target = w->config.target, H = w->config.horizon;

    *r = (struct world_trainer){ .w = w, .ldm = ldm, .micro = micro, .later = 0.25f,
                                 .same = 0.5f, .other = 0.5f };
    r->targets = ldm ? 1 + source->max_others : 1;
    r->held_out = held_out < source->held_out ? held_out : source->held_out;
    r->frame_share = target == WORLD_VIDEO ? 1 : target == WORLD_LDM && w->slots ? 0.25 : 0;
    r->model = (struct train_model){ r, &w->ps, source->samples, r->held_out,
                                     metrics_of[target].n, names + metrics_of[target].first,
                                     load, backward, losses, evaluate };
    if (target == WORLD_VIDEO)
        r->model.names = video_names;
    if (!token_clips_init(&r->clips, source, t, H ? H : 1, micro, e) && !check(r, t, e) &&
        !alloc_host(r, e) && !alloc_device(r, e))
        return 0;
    world_train_free(r);
    return -1;
}

void world_train_free(struct world_trainer *r)
{
    void *owned[] = { r->id, r->valid, r->move, r->from, r->next, r->got, r->code, r->best, r->x,
                      r->y, r->role, r->z, r->target, r->wanted, r->weight, r->cell_weight,
                      r->samples, r->others, r->share };

    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    token_clips_free(&r->clips);
    if (r->w)
        slots_free(&r->mem, r->w->d);
    *r = (struct world_trainer){ 0 };
}
