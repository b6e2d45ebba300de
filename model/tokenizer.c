#include "model/tokenizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int pixels(const struct tokenizer *t)
{
    return t->config.patch * t->config.patch * 3;
}

/* --- configuration --- */

int tokenizer_parse_levels(struct tokenizer_config *c, const char *text, struct err *e)
{
    const char *at = text;
    long codes = 1;
    char *end;

    c->D = 0;
    do {
        long n = strtol(at, &end, 10);

        if (end == at || n < 2 || n > 64 || c->D == TOKENIZER_LEVELS_MAX ||
            (*end && *end != ','))
            return err_set(e, "'%s' are no levels: 1 to %d numbers of 2 to 64 as '8,5,5,5'",
                           text, TOKENIZER_LEVELS_MAX);
        codes *= n;
        if (codes > TOKENIZER_CODES_MAX)
            return err_set(e, "levels '%s' make more than %d codes", text, TOKENIZER_CODES_MAX);
        c->levels[c->D++] = (int)n;
        at = end + 1;
    } while (*end);
    return 0;
}

void tokenizer_describe(const struct tokenizer_config *c, struct tokenizer_meta *m)
{
    size_t n = 0;

    snprintf(m->patch, sizeof m->patch, "%d", c->patch);
    snprintf(m->hidden, sizeof m->hidden, "%d", c->hidden);
    for (int i = 0; i < c->D; i++)
        n += (size_t)snprintf(m->levels + n, sizeof m->levels - n, "%s%d", i ? "," : "",
                              c->levels[i]);
    m->list[0] = (struct meta){ "kind", "tokenizer" };
    m->list[1] = (struct meta){ "patch", m->patch };
    m->list[2] = (struct meta){ "hidden", m->hidden };
    m->list[3] = (struct meta){ "levels", m->levels };
}

static int check(const struct tokenizer_config *c, int max, struct err *e)
{
    if (c->patch < 2 || c->patch > TOKENIZER_PATCH_MAX)
        return err_set(e, "a patch of %d pixels is not 2 to %d", c->patch, TOKENIZER_PATCH_MAX);
    if (c->hidden < 1 || c->hidden > TOKENIZER_HIDDEN_MAX)
        return err_set(e, "a hidden width of %d is not 1 to %d", c->hidden, TOKENIZER_HIDDEN_MAX);
    if (max < 1 || max > 1 << 24)
        return err_set(e, "%d patches at a time are not 1 to %d", max, 1 << 24);
    return 0;
}

/* --- memory --- */

/* A weight of this many inputs keeps the size of what goes through it. */
static struct init init_fan(int in)
{
    return init_normal(1.0f / sqrtf((float)in));
}

static void register_params(struct tokenizer *t)
{
    int C = pixels(t), hidden = t->config.hidden, D = t->config.D;

    params_init(&t->ps);
    params_add(&t->ps, &t->w1, hidden, C, init_fan(C), "encoder.0.weight");
    params_add(&t->ps, &t->b1, hidden, 1, init_zero(), "encoder.0.bias");
    params_add(&t->ps, &t->w2, D, hidden, init_fan(hidden), "encoder.1.weight");
    params_add(&t->ps, &t->b2, D, 1, init_zero(), "encoder.1.bias");
    params_add(&t->ps, &t->w3, hidden, D, init_fan(D), "decoder.0.weight");
    params_add(&t->ps, &t->b3, hidden, 1, init_normal(0.5f), "decoder.0.bias");
    params_add(&t->ps, &t->w4, C, hidden, init_fan(hidden), "decoder.1.weight");
    params_add(&t->ps, &t->b4, C, 1, init_zero(), "decoder.1.bias");
}

static int alloc_acts(struct tokenizer *t, bool train, struct err *e)
{
    int C = pixels(t), hidden = t->config.hidden, D = t->config.D, N = t->max, n = 0;
    int G = train ? N : 0;
    struct slot s[20];

    s[n++] = (struct slot){ &t->x, SHAPE(N, C), SLOT_ACT, "x" };
    s[n++] = (struct slot){ &t->h1, SHAPE(N, hidden), SLOT_ACT, "h1" };
    s[n++] = (struct slot){ &t->s1, SHAPE(N, hidden), SLOT_ACT, "s1" };
    s[n++] = (struct slot){ &t->z, SHAPE(N, D), SLOT_ACT, "z" };
    s[n++] = (struct slot){ &t->q, SHAPE(N, D), SLOT_ACT, "q" };
    s[n++] = (struct slot){ &t->h3, SHAPE(N, hidden), SLOT_ACT, "h3" };
    s[n++] = (struct slot){ &t->s3, SHAPE(N, hidden), SLOT_ACT, "s3" };
    s[n++] = (struct slot){ &t->y, SHAPE(N, C), SLOT_ACT, "y" };
    s[n++] = (struct slot){ &t->id, SHAPE(N), SLOT_I32, "id" };
    s[n++] = (struct slot){ &t->dy, SHAPE(G, C), SLOT_ACT, "dy" };
    s[n++] = (struct slot){ &t->dh, SHAPE(G, hidden), SLOT_ACT, "dh" };
    s[n++] = (struct slot){ &t->ds, SHAPE(G, hidden), SLOT_ACT, "ds" };
    s[n++] = (struct slot){ &t->dq, SHAPE(G, D), SLOT_ACT, "dq" };
    s[n++] = (struct slot){ &t->dz, SHAPE(G, D), SLOT_ACT, "dz" };
    s[n++] = (struct slot){ &t->b, SHAPE(G, D), SLOT_ACT, "b" };
    s[n++] = (struct slot){ &t->pull, SHAPE(G), SLOT_F32, "pull" };
    s[n++] = (struct slot){ &t->px, SHAPE(N, C), SLOT_U8, "px" };
    return slots_alloc(&t->mem, t->d, s, n, e);
}

int tokenizer_init(struct tokenizer *t, const struct tokenizer_config *c, struct device *d,
                   int max, int flags, struct err *e)
{
    memset(t, 0, sizeof *t);
    if (check(c, max, e))
        return -1;
    t->config = *c;
    t->d = d;
    t->max = max;
    t->codes = 1;
    for (int i = 0; i < c->D; i++)
        t->codes *= c->levels[i];
    register_params(t);
    t->host_id = calloc((size_t)max, sizeof *t->host_id);
    if (t->host_id && !patches_init(&t->patches, c->patch, max, e) &&
        !params_alloc(&t->ps, d, flags, e) && !alloc_acts(t, flags & PARAMS_TRAIN, e))
        return 0;
    tokenizer_free(t);
    return err_set(e, "out of memory");
}

void tokenizer_free(struct tokenizer *t)
{
    patches_release(&t->patches);
    free(t->host_id);
    if (t->d) {
        slots_free(&t->mem, t->d);
        params_free(&t->ps);
    }
    memset(t, 0, sizeof *t);
}

/* --- files --- */

int tokenizer_save(const struct tokenizer *t, const char *path, enum dtype dtype, struct err *e)
{
    struct tokenizer_meta m;
    struct checkpoint_options o = { dtype, false, m.list, 4 };

    tokenizer_describe(&t->config, &m);
    return checkpoint_save(path, &t->ps, &o, e);
}

static int read_config(const struct checkpoint *c, struct tokenizer_config *config,
                       struct err *e)
{
    const char *kind = checkpoint_meta(c, "kind"), *levels = checkpoint_meta(c, "levels");
    struct err why;

    if (!kind || strcmp(kind, "tokenizer"))
        return err_set(e, "'%s' holds no tokenizer%s%s", c->path, kind ? " but kind " : "",
                       kind ? kind : "");
    if (!levels)
        return err_set(e, "'%s' does not name its levels", c->path);
    err_init(&why);
    if (tokenizer_parse_levels(config, levels, &why))
        return err_set(e, "'%s': %s", c->path, why.msg);
    return checkpoint_meta_int(c, "patch", 2, TOKENIZER_PATCH_MAX, &config->patch, e) ||
           checkpoint_meta_int(c, "hidden", 1, TOKENIZER_HIDDEN_MAX, &config->hidden, e) ? -1 : 0;
}

int tokenizer_load(struct tokenizer *t, const char *path, struct device *d, int max,
                   struct err *e)
{
    struct tokenizer_config config;
    struct checkpoint c;
    int failed;

    memset(t, 0, sizeof *t);
    if (checkpoint_open(&c, path, e))
        return -1;
    failed = read_config(&c, &config, e) || tokenizer_init(t, &config, d, max, 0, e);
    if (!failed && checkpoint_load_params(&c, &t->ps, e)) {
        tokenizer_free(t);
        failed = 1;
    }
    if (!failed)
        checkpoint_hash_of(&c, "weights", t->hash);
    checkpoint_close(&c);
    return failed ? -1 : 0;
}

/* --- forward and backward --- */

void tokenizer_upload(struct tokenizer *t, int n)
{
    struct device *d = t->d;

    d->ops->upload(d, t->px, t->patches.px, (size_t)n * (size_t)pixels(t));
    d->ops->patchify(d, t->x, t->px, n, 1, 1, t->config.patch);
}

static void encode(struct tokenizer *t, int n, bool quantise)
{
    struct device *d = t->d;

    d->ops->linear(d, t->h1, t->x, &t->w1, &t->b1, NULL, n);
    d->ops->silu(d, t->s1, t->h1, (size_t)n * (size_t)t->config.hidden);
    d->ops->linear(d, t->z, t->s1, &t->w2, &t->b2, NULL, n);
    d->ops->fsq(d, t->q, t->id, t->z, t->config.levels, t->config.D, n, quantise);
}

static void decode(struct tokenizer *t, int n)
{
    struct device *d = t->d;

    d->ops->linear(d, t->h3, t->q, &t->w3, &t->b3, NULL, n);
    d->ops->silu(d, t->s3, t->h3, (size_t)n * (size_t)t->config.hidden);
    d->ops->linear(d, t->y, t->s3, &t->w4, &t->b4, NULL, n);
}

void tokenizer_forward(struct tokenizer *t, int n, bool quantise)
{
    struct device *d = t->d;

    encode(t, n, quantise);
    if (t->b && quantise)
        d->ops->fsq(d, t->b, NULL, t->z, t->config.levels, t->config.D, n, false);
    decode(t, n);
}

void tokenizer_backward(struct tokenizer *t, int n, const float *weight, float commit)
{
    struct device *d = t->d;
    size_t hidden = (size_t)n * (size_t)t->config.hidden, D = (size_t)n * (size_t)t->config.D;
    size_t width = dtype_size(d->act);

    d->ops->linear_backward(d, t->ds, &t->w4, &t->b4, t->dy, t->s3, NULL, n);
    d->ops->zero(d, t->dh, hidden * width);
    d->ops->silu_backward(d, t->dh, t->ds, t->h3, hidden);
    d->ops->linear_backward(d, t->dq, &t->w3, &t->b3, t->dh, t->q, NULL, n);
    if (commit > 0)
        d->ops->pixel_loss(d, t->pull, t->dq, t->b, t->q, weight, n, t->config.D, PIXEL_L2,
                           commit);
    d->ops->zero(d, t->dz, D * width);
    d->ops->fsq_backward(d, t->dz, t->dq, t->z, t->config.levels, t->config.D, n);
    d->ops->linear_backward(d, t->ds, &t->w2, &t->b2, t->dz, t->s1, NULL, n);
    d->ops->zero(d, t->dh, hidden * width);
    d->ops->silu_backward(d, t->dh, t->ds, t->h1, hidden);
    d->ops->linear_backward(d, NULL, &t->w1, &t->b1, t->dh, t->x, NULL, n);
}

/* --- frames to tokens and back --- */

/* The tokens of the patches gathered; id[0 .. n-1] become tokens from numbers of patches. */
static int translate(struct tokenizer *t, int *id, size_t n, struct err *e)
{
    struct device *d = t->d;
    int k = t->patches.n;

    if (k > 0) {
        tokenizer_upload(t, k);
        encode(t, k, true);
        d->ops->download(d, t->host_id, t->id, (size_t)k * sizeof *t->host_id);
        if (device_check(d, e))
            return -1;
    }
    for (size_t i = 0; i < n; i++)
        id[i] = t->host_id[id[i]];
    patches_clear(&t->patches);
    return 0;
}

int tokenizer_encode(struct tokenizer *t, const uint8_t *px, int n, int w, int h, int *id,
                     struct err *e)
{
    int cells = tokenizer_tokens(t, w, h), across = patches_across(&t->patches, w);
    size_t begun = 0, at = 0, frame = (size_t)(w * h) * 3, S = (size_t)cells;
    bool same_row = false;

    patches_clear(&t->patches);
    for (int i = 0; i < n; i++, px += frame)
        for (int cell = 0; cell < cells; cell++, at++) {
            int k;

            /* from one frame to the next most cells, and whole rows, stay as they are */
            if (i > 0 && cell % across == 0)
                same_row = patches_same_row(&t->patches, px, px - frame, w, h, cell / across);
            if (at >= begun + S &&
                (same_row || patches_same(&t->patches, px, px - frame, w, h, cell))) {
                id[at] = id[at - S];
                continue;
            }
            k = patches_add(&t->patches, px, w, h, cell);
            if (k < 0) {
                if (translate(t, id + begun, at - begun, e))
                    return -1;
                begun = at;
                k = patches_add(&t->patches, px, w, h, cell);
            }
            id[at] = k;
        }
    return translate(t, id + begun, at - begun, e);
}

/* Draws the n tokens in t->host_id, patch after patch, into the memory of t->patches. */
static int draw(struct tokenizer *t, int n, struct err *e)
{
    struct device *d = t->d;

    d->ops->upload(d, t->id, t->host_id, (size_t)n * sizeof *t->host_id);
    d->ops->fsq_decode(d, t->q, t->id, t->config.levels, t->config.D, n);
    decode(t, n);
    d->ops->unpatchify(d, t->px, t->y, n, 1, 1, t->config.patch);
    d->ops->download(d, t->patches.px, t->px, (size_t)n * (size_t)pixels(t));
    return device_check(d, e);
}

/* Lists the different ones among the tokens from `at` on; returns where there is no room. */
static size_t list(struct tokenizer *t, const int *id, size_t at, size_t total)
{
    patches_clear(&t->patches);
    for (; at < total; at++) {
        int k = patches_number(&t->patches, (uint64_t)id[at]);

        if (k < 0)
            break;
        t->host_id[k] = id[at];
    }
    return at;
}

int tokenizer_decode(struct tokenizer *t, const int *id, int n, int w, int h, uint8_t *px,
                     struct err *e)
{
    size_t cells = (size_t)tokenizer_tokens(t, w, h), total = (size_t)n * cells, end;
    size_t frame = (size_t)(w * h) * 3, patch = (size_t)pixels(t);

    for (size_t i = 0; i < total; i++)
        if (id[i] < 0 || id[i] >= t->codes)
            return err_set(e, "%d is no token: they are 0 to %d", id[i], t->codes - 1);
    for (size_t at = 0; at < total; at = end) {
        end = list(t, id, at, total);
        if (draw(t, t->patches.n, e))
            return -1;
        for (size_t i = at; i < end; i++) {
            size_t k = (size_t)patches_number(&t->patches, (uint64_t)id[i]);

            patches_paste(&t->patches, t->patches.px + k * patch, px + i / cells * frame, w, h,
                          (int)(i % cells));
        }
    }
    patches_clear(&t->patches);
    return 0;
}
