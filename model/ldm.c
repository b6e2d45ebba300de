#include "model/ldm.h"

#include "engine/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- configuration --- */

static int product(const struct tokenizer_config *c)
{
    int n = 1;

    for (int i = 0; i < c->D; i++)
        n *= c->levels[i];
    return n;
}

static void print_levels(char *to, size_t size, const struct tokenizer_config *c)
{
    size_t n = 0;

    for (int i = 0; i < c->D; i++)
        n += (size_t)snprintf(to + n, size - n, "%s%d", i ? "," : "", c->levels[i]);
}

/* The numbers of a configuration: in checkpoints, with their bounds. */
static const struct {
    const char *name;
    size_t at;
    int lo, hi;
} numbers[] = {
    { "rows", offsetof(struct ldm_config, rows), 1, LDM_SIDE_MAX },
    { "cols", offsetof(struct ldm_config, cols), 1, LDM_SIDE_MAX },
    { "width", offsetof(struct ldm_config, width), 8, 4096 },
    { "heads", offsetof(struct ldm_config, heads), 1, 256 },
    { "hidden", offsetof(struct ldm_config, hidden), 1, 1 << 16 },
    { "layers", offsetof(struct ldm_config, layers), 1, 64 },
};

enum { NUMBERS = sizeof numbers / sizeof *numbers };

static int *number(struct ldm_config *c, int i)
{
    return (int *)((char *)c + numbers[i].at);
}

void ldm_describe(const struct ldm_config *c, struct ldm_meta *m)
{
    struct ldm_config copy = *c;

    for (int i = 0; i < NUMBERS; i++) {
        snprintf(m->number[i], sizeof m->number[i], "%d", *number(&copy, i));
        m->list[i] = (struct meta){ numbers[i].name, m->number[i] };
    }
    print_levels(m->levels[0], sizeof m->levels[0], &c->tokens);
    print_levels(m->levels[1], sizeof m->levels[1], &c->code);
    m->list[NUMBERS] = (struct meta){ "tokens", m->levels[0] };
    m->list[NUMBERS + 1] = (struct meta){ "levels", m->levels[1] };
    m->list[NUMBERS + 2] = (struct meta){ "kind", "ldm" };
    m->list[NUMBERS + 3] = (struct meta){ "tokenizer", c->tokenizer };
}

static int check(const struct ldm_config *c, int max, struct err *e)
{
    struct ldm_config copy = *c;

    for (int i = 0; i < NUMBERS; i++)
        if (*number(&copy, i) < numbers[i].lo || *number(&copy, i) > numbers[i].hi)
            return err_set(e, "an LDM's %s of %d is not %d to %d", numbers[i].name,
                           *number(&copy, i), numbers[i].lo, numbers[i].hi);
    if (product(&c->code) > LDM_CODES_MAX)
        return err_set(e, "an LDM of %d codes: %d is the most", product(&c->code), LDM_CODES_MAX);
    if (max < 1 || max > (1 << 30) / (c->rows * c->cols * c->width))
        return err_set(e, "%d steps at a time are too many", max);
    return 0;
}

/* --- memory --- */

static void register_encoder(struct ldm *l)
{
    int C = l->config.width, D = l->config.code.D;
    struct init fan = init_normal(1.0f / sqrtf((float)C)), one = init_normal(0.5f);

    params_add(&l->ps, &l->from_e, l->tokens, C, one, "encoder.from.weight");
    params_add(&l->ps, &l->to_e, l->tokens, C, one, "encoder.to.weight");
    params_add(&l->ps, &l->mix, C, C, fan, "encoder.mix.weight");
    params_add(&l->ps, &l->mix_b, C, 1, init_zero(), "encoder.mix.bias");
    params_add(&l->ps, &l->query, LDM_ROLES, LDM_PLACE, init_normal(1), "encoder.query.weight");
    params_add(&l->ps, &l->key, LDM_PLACE, C, fan, "encoder.key.weight");
    params_add(&l->ps, &l->value, LDM_PLACE, C, fan, "encoder.value.weight");
    params_add(&l->ps, &l->place_e, LDM_PLACE, LDM_PLACE, init_normal(0.1f),
               "encoder.place.weight");
    params_add(&l->ps, &l->out_e, D, LDM_PLACE, init_normal(0.1f), "encoder.out.weight");
    params_add(&l->ps, &l->out_eb, D, 1, init_zero(), "encoder.out.bias");
}

static void register_decoder(struct ldm *l)
{
    int C = l->config.width, D = l->config.code.D;
    struct init one = init_normal(0.5f);

    params_add(&l->ps, &l->from_d, l->tokens, C, one, "decoder.from.weight");
    params_add(&l->ps, &l->place_d, C, LDM_PLACE, init_normal(0.1f), "decoder.place.weight");
    params_add(&l->ps, &l->role_d, LDM_ROLES, C, one, "decoder.role.weight");
    params_add(&l->ps, &l->point, 2 * LDM_PLACE, D * LDM_CODE_WAVES, init_normal(0.02f),
               "decoder.point.weight");
    params_add(&l->ps, &l->point_b, 2 * LDM_PLACE, 1, init_zero(), "decoder.point.bias");
    params_add(&l->ps, &l->point_d, C, LDM_PLACE, (struct init){ 0.1f, 0.1f },
               "decoder.pointed.weight");
    params_add(&l->ps, &l->lift1, LDM_LIFT, D * LDM_CODE_WAVES, init_normal(0.1f),
               "decoder.lift.0.weight");
    params_add(&l->ps, &l->lift1_b, LDM_LIFT, 1, init_zero(), "decoder.lift.0.bias");
    params_add(&l->ps, &l->lift2, C, LDM_LIFT, init_normal(1.0f / sqrtf(LDM_LIFT)),
               "decoder.lift.1.weight");
    params_add(&l->ps, &l->lift2_b, C, 1, init_zero(), "decoder.lift.1.bias");
    stack_register(&l->dec, &l->ps, "decoder.blocks");
    params_add(&l->ps, &l->norm_d, C, 1, init_value(1), "decoder.norm.weight");
    for (int i = 0; i < l->config.tokens.D; i++) {
        int n = l->config.tokens.levels[i];

        params_add(&l->ps, &l->digit[i], n, C, init_normal(0.02f), "decoder.digit.%d.weight", i);
        params_add(&l->ps, &l->digit_b[i], n, 1, init_zero(), "decoder.digit.%d.bias", i);
    }
}

/* Makes one row of a matrix zero, but for a 1 in one column (-1: none). */
static void pick(struct ldm *l, const struct param *p, int row, int col)
{
    float w[TOKENIZER_LEVELS_MAX * LDM_CODE_WAVES] = { 0 }; /* the longest such row */

    if (col >= 0)
        w[col] = 1;
    l->d->ops->upload(l->d, p->w + (size_t)row * (size_t)p->in, w, (size_t)p->in * sizeof *w);
}

/* A random projection of each token's look, the same for the same stream; sizes about 0.5.
   w (pixels, C) is room for it. */
static void project(const struct ldm *l, struct rng *r, const float *look, int pixels, float *w,
                    float *to)
{
    int C = l->config.width;
    float scale = 0.5f / sqrtf((float)pixels) * 1.7f;

    for (int c = 0; c < C; c++)
        for (int p = 0; p < pixels; p++)
            w[p * C + c] = scale * ((float)(rng_u64(r) >> 40) / (1 << 23) - 1); /* of -1 .. 1 */
    for (int t = 0; t < l->tokens; t++, to += C, look += pixels)
        for (int p = 0; p < pixels; p++)
            for (int c = 0; c < C; c++)
                to[c] += w[p * C + c] * look[p];
}

static int look_at_tokens(struct ldm *l, uint64_t seed, const float *look, int pixels,
                          struct err *e)
{
    size_t n = (size_t)l->tokens * (size_t)l->config.width;
    size_t room = (size_t)pixels * (size_t)l->config.width;
    float *a = calloc(3 * n + room, sizeof *a), *b = a + n, *c = b + n, *w = c + n;
    struct rng r;

    if (!a)
        return err_set(e, "out of memory");
    rng_init(&r, seed);
    project(l, &r, look, pixels, w, a);
    project(l, &r, look, pixels, w, b);
    project(l, &r, look, pixels, w, c);
    for (size_t i = 0; i < n; i++)
        b[i] = 0.5f * b[i] - a[i];
    l->d->ops->upload(l->d, l->from_e.w, a, n * sizeof *a);
    l->d->ops->upload(l->d, l->to_e.w, b, n * sizeof *a);
    l->d->ops->upload(l->d, l->from_d.w, c, n * sizeof *a);
    free(a);
    return 0;
}

int ldm_seed(struct ldm *l, uint64_t seed, const float *look, int pixels, struct err *e)
{
    struct device *d = l->d;
    int D = l->config.code.D, most = LDM_CODE_WAVES < LDM_WAVES - 1 ? LDM_CODE_WAVES : LDM_WAVES - 1;
    float bias[2 * LDM_PLACE] = { 0 };

    if (params_seed(&l->ps, seed, e) ||
        (look && look_at_tokens(l, seed, look, pixels, e)))
        return -1;
    for (int i = 0; i < 2 && i < D; i++) { /* rows, columns */
        int at = i * LDM_WAVES;

        pick(l, &l->place_e, i, at + LDM_WAVES - 1); /* the ramp */
        pick(l, &l->out_e, i, i);
        for (int k = 0; k < LDM_WAVES; k++) {
            bias[at + k] = -1;
            pick(l, &l->point, at + k, k < most ? i * LDM_CODE_WAVES + k : -1);
        }
    }
    d->ops->upload(d, l->point_b.w, bias, sizeof bias);
    if (l->ps.ema)
        d->ops->copy(d, l->ps.ema, l->ps.w, l->ps.len * sizeof *l->ps.w);
    params_refresh(&l->ps);
    return device_check(d, e);
}

static int alloc_acts(struct ldm *l, bool train, struct err *e)
{
    int C = l->config.width, D = l->config.code.D, S = l->S, B = l->max, N = B * S, n = 0;
    int G = train ? B : 0, P = LDM_PLACE;
    struct slot s[48 + TOKENIZER_LEVELS_MAX];

    s[n++] = (struct slot){ &l->span, SHAPE(S), SLOT_I32, "span" };
    s[n++] = (struct slot){ &l->rope, SHAPE(S, C / l->config.heads), SLOT_F32, "rope" };
    s[n++] = (struct slot){ &l->place, SHAPE(N, P), SLOT_ACT, "place" };
    s[n++] = (struct slot){ &l->from, SHAPE(N), SLOT_I32, "from" };
    s[n++] = (struct slot){ &l->to, SHAPE(N), SLOT_I32, "to" };
    s[n++] = (struct slot){ &l->role, SHAPE(B), SLOT_I32, "role" };
    s[n++] = (struct slot){ &l->code, SHAPE(B), SLOT_I32, "code" };
    s[n++] = (struct slot){ &l->pair, SHAPE(N, C), SLOT_ACT, "pair" };
    s[n++] = (struct slot){ &l->mix_in, SHAPE(N, C), SLOT_ACT, "mix_in" };
    s[n++] = (struct slot){ &l->mix_out, SHAPE(N, C), SLOT_ACT, "mix_out" };
    s[n++] = (struct slot){ &l->ask, SHAPE(B, P), SLOT_ACT, "ask" };
    s[n++] = (struct slot){ &l->k, SHAPE(N, P), SLOT_ACT, "k" };
    s[n++] = (struct slot){ &l->v, SHAPE(N, P), SLOT_ACT, "v" };
    s[n++] = (struct slot){ &l->asked, SHAPE(B, P), SLOT_ACT, "asked" };
    s[n++] = (struct slot){ &l->z, SHAPE(B, D), SLOT_ACT, "z" };
    s[n++] = (struct slot){ &l->q, SHAPE(B, D), SLOT_ACT, "q" };
    s[n++] = (struct slot){ &l->b, SHAPE(G, D), SLOT_ACT, "b" };
    s[n++] = (struct slot){ &l->lse, SHAPE(B), SLOT_F32, "lse" };
    s[n++] = (struct slot){ &l->rstd, SHAPE(N), SLOT_F32, "rstd" };
    s[n++] = (struct slot){ &l->best, SHAPE(N), SLOT_I32, "best" };
    s[n++] = (struct slot){ &l->wave, SHAPE(B, D, LDM_CODE_WAVES), SLOT_ACT, "wave" };
    s[n++] = (struct slot){ &l->m, SHAPE(B, 2, P), SLOT_ACT, "m" };
    s[n++] = (struct slot){ &l->pointed, SHAPE(N, P), SLOT_ACT, "pointed" };
    s[n++] = (struct slot){ &l->h, SHAPE(B, LDM_LIFT), SLOT_ACT, "h" };
    s[n++] = (struct slot){ &l->s, SHAPE(B, LDM_LIFT), SLOT_ACT, "s" };
    s[n++] = (struct slot){ &l->cond, SHAPE(B, C), SLOT_ACT, "cond" };
    s[n++] = (struct slot){ &l->n, SHAPE(N, C), SLOT_ACT, "n" };
    for (int i = 0; i < l->config.tokens.D; i++)
        s[n++] = (struct slot){ &l->logits[i], SHAPE(N, l->config.tokens.levels[i]), SLOT_ACT,
                                "logits" };
    s[n++] = (struct slot){ &l->d1, SHAPE(G, S, C), SLOT_ACT, "d1" };
    s[n++] = (struct slot){ &l->d2, SHAPE(G, S, C), SLOT_ACT, "d2" };
    s[n++] = (struct slot){ &l->dask, SHAPE(G, P), SLOT_ACT, "dask" };
    s[n++] = (struct slot){ &l->dk, SHAPE(G, S, P), SLOT_ACT, "dk" };
    s[n++] = (struct slot){ &l->dv, SHAPE(G, S, P), SLOT_ACT, "dv" };
    s[n++] = (struct slot){ &l->dasked, SHAPE(G, P), SLOT_ACT, "dasked" };
    s[n++] = (struct slot){ &l->dz, SHAPE(G, D), SLOT_ACT, "dz" };
    s[n++] = (struct slot){ &l->dq, SHAPE(G, D), SLOT_ACT, "dq" };
    s[n++] = (struct slot){ &l->dh, SHAPE(G, LDM_LIFT), SLOT_ACT, "dh" };
    s[n++] = (struct slot){ &l->ds, SHAPE(G, LDM_LIFT), SLOT_ACT, "ds" };
    s[n++] = (struct slot){ &l->dcond, SHAPE(G, C), SLOT_ACT, "dcond" };
    s[n++] = (struct slot){ &l->dwave, SHAPE(G, D, LDM_CODE_WAVES), SLOT_ACT, "dwave" };
    s[n++] = (struct slot){ &l->dm, SHAPE(G, 2, P), SLOT_ACT, "dm" };
    s[n++] = (struct slot){ &l->dpointed, SHAPE(G, S, P), SLOT_ACT, "dpointed" };
    s[n++] = (struct slot){ &l->dplace, SHAPE(G, S, P), SLOT_ACT, "dplace" };
    s[n++] = (struct slot){ &l->pull, SHAPE(G), SLOT_F32, "pull" };
    return slots_alloc(&l->mem, l->d, s, n, e);
}

/* cos(pi k u), u = 0 .. 1 over n places: a basis of all functions of them, smooth ones first.
   Then a ramp that FSQ's tanh makes straight. */
static void waves(float *to, int i, int n)
{
    double u = n > 1 ? (double)i / (n - 1) : 0.5;

    for (int k = 1; k < LDM_WAVES; k++)
        to[k - 1] = (float)cos(3.14159265358979 * k * u);
    to[LDM_WAVES - 1] = (float)atanh(0.97 * (2 * u - 1));
}

/* The same places for each of the steps that may be in work. */
static void upload_places(struct ldm *l, const float *place)
{
    struct device *d = l->d;
    size_t n = (size_t)l->S * LDM_PLACE;
    float *staged = d->ops->alloc(d, n * sizeof *staged);

    if (!staged)
        return;
    d->ops->upload(d, staged, place, n * sizeof *staged);
    for (int i = 0; i < l->max; i++)
        d->ops->to_act(d, act_at(d, l->place, (size_t)i * n), staged, n);
    d->ops->free(d, staged);
}

/* What never changes: who sees whom, and where cells are. */
static void upload_layout(struct ldm *l, float *rope, float *place, int *row, int *col, int *span)
{
    int S = l->S, HS = l->config.width / l->config.heads, cols = l->config.cols;
    struct device *d = l->d;

    for (int i = 0; i < S; i++) {
        row[i] = i / cols;
        col[i] = i % cols;
        span[i] = S;
        waves(place + i * LDM_PLACE, row[i], l->config.rows);
        waves(place + i * LDM_PLACE + LDM_WAVES, col[i], cols);
    }
    ops_rope_table(rope, row, col, S, HS, 100);
    d->ops->upload(d, l->rope, rope, (size_t)(S * HS) * sizeof *rope);
    d->ops->upload(d, l->span, span, (size_t)S * sizeof *span);
    upload_places(l, place);
}

static int lay_out(struct ldm *l, struct err *e)
{
    int S = l->S, HS = l->config.width / l->config.heads;
    float *f = calloc((size_t)(S * (HS + LDM_PLACE)), sizeof *f);
    int *i = calloc((size_t)(3 * S), sizeof *i);
    bool there = f && i;

    if (there)
        upload_layout(l, f, f + S * HS, i, i + S, i + 2 * S);
    free(f);
    free(i);
    l->seq = (struct block_seq){ .T = S, .span = l->span, .rope = l->rope, .boards = 1,
                                 .H = l->config.rows, .W = l->config.cols,
                                 .board_at = &l->board_at, .cond = l->cond };
    return there ? device_check(l->d, e) : err_set(e, "out of memory");
}

static int make(struct ldm *l, int flags, struct err *e)
{
    const struct ldm_config *c = &l->config;
    bool train = flags & PARAMS_TRAIN;
    struct block_config b = { .L = c->layers, .C = c->width, .NH = c->heads, .F = c->hidden,
                              .cond = c->width, .conv = true };

    if (stack_init(&l->dec, &b, e))
        return -1;
    register_encoder(l);
    register_decoder(l);
    return params_alloc(&l->ps, l->d, flags, e) ||
           stack_acts_alloc(&l->da, &l->dec, l->d, l->max, l->S, train, e) ||
           alloc_acts(l, train, e) || lay_out(l, e) ? -1 : 0;
}

int ldm_init(struct ldm *l, const struct ldm_config *c, struct device *d, int max, int flags,
             struct err *e)
{
    memset(l, 0, sizeof *l);
    if (check(c, max, e))
        return -1;
    l->config = *c;
    l->d = d;
    l->max = max;
    l->S = c->rows * c->cols;
    l->tokens = product(&c->tokens);
    l->codes = product(&c->code);
    params_init(&l->ps);
    l->digits = calloc((size_t)max * (size_t)l->S, sizeof *l->digits);
    if (l->digits && !make(l, flags, e))
        return 0;
    ldm_free(l);
    return err_set(e, "out of memory");
}

void ldm_free(struct ldm *l)
{
    if (l->d) {
        slots_free(&l->mem, l->d);
        stack_acts_free(&l->da, l->d);
        params_free(&l->ps);
        stack_free(&l->dec);
    }
    free(l->digits);
    memset(l, 0, sizeof *l);
}

/* --- files --- */

int ldm_save(const struct ldm *l, const char *path, enum dtype dtype, struct err *e)
{
    struct ldm_meta m;
    struct checkpoint_options o = { dtype, false, m.list, LDM_METAS };

    ldm_describe(&l->config, &m);
    return checkpoint_save(path, &l->ps, &o, e);
}

static int read_levels(const struct checkpoint *c, const char *key, struct tokenizer_config *t,
                       struct err *e)
{
    const char *text = checkpoint_meta(c, key);
    struct err why;

    if (!text)
        return err_set(e, "'%s' does not name its %s", c->path, key);
    err_init(&why);
    return tokenizer_parse_levels(t, text, &why) ? err_set(e, "'%s': %s", c->path, why.msg) : 0;
}

static int read_config(const struct checkpoint *c, struct ldm_config *config, struct err *e)
{
    const char *kind = checkpoint_meta(c, "kind");

    if (!kind || strcmp(kind, "ldm"))
        return err_set(e, "'%s' holds no LDM%s%s", c->path, kind ? " but kind " : "",
                       kind ? kind : "");
    for (int i = 0; i < NUMBERS; i++)
        if (checkpoint_meta_int(c, numbers[i].name, numbers[i].lo, numbers[i].hi,
                                number(config, i), e))
            return -1;
    checkpoint_hash_of(c, "tokenizer", config->tokenizer);
    return read_levels(c, "tokens", &config->tokens, e) ||
           read_levels(c, "levels", &config->code, e) ? -1 : 0;
}

int ldm_load(struct ldm *l, const char *path, struct device *d, int max, struct err *e)
{
    struct ldm_config config = { 0 };
    struct checkpoint c;
    int failed;

    memset(l, 0, sizeof *l);
    if (checkpoint_open(&c, path, e))
        return -1;
    failed = read_config(&c, &config, e) || ldm_init(l, &config, d, max, 0, e);
    if (!failed && checkpoint_load_params(&c, &l->ps, e)) {
        ldm_free(l);
        failed = 1;
    }
    if (!failed)
        checkpoint_hash_of(&c, "weights", l->hash);
    checkpoint_close(&c);
    return failed ? -1 : 0;
}

/* --- from host memory --- */

static int in_range(const int *x, size_t n, int end, const char *what, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (x[i] < 0 || x[i] >= end)
            return err_set(e, "%d is no %s: they are 0 to %d", x[i], what, end - 1);
    return 0;
}

int ldm_encode(struct ldm *l, const int *from, const int *to, const int *role, int n, int *code,
               struct err *e)
{
    size_t S = (size_t)l->S, cells = (size_t)n * S;

    if (in_range(from, cells, l->tokens, "token", e) || in_range(to, cells, l->tokens, "token", e) ||
        in_range(role, (size_t)n, LDM_ROLES, "role", e))
        return -1;
    for (int at = 0, k; at < n; at += k) {
        k = n - at < l->max ? n - at : l->max;
        ldm_upload(l, from + (size_t)at * S, to + (size_t)at * S, role + at, k);
        ldm_encode_device(l, k, true);
        l->d->ops->download(l->d, code + at, l->code, (size_t)k * sizeof *code);
    }
    return device_check(l->d, e);
}

void ldm_read_tokens(struct ldm *l, int n, int *to)
{
    const struct tokenizer_config *c = &l->config.tokens;
    int N = n * l->S, scale = 1;
    struct device *d = l->d;

    memset(to, 0, (size_t)N * sizeof *to);
    for (int i = 0; i < c->D; i++) {
        d->ops->argmax(d, l->best, l->logits[i], N, c->levels[i]);
        d->ops->download(d, l->digits, l->best, (size_t)N * sizeof *to);
        for (int k = 0; k < N; k++)
            to[k] += scale * l->digits[k];
        scale *= c->levels[i];
    }
}

int ldm_decode(struct ldm *l, const int *from, const int *code, const int *role, int n, int *to,
               struct err *e)
{
    const struct tokenizer_config *c = &l->config.code;
    size_t S = (size_t)l->S;

    if (in_range(from, (size_t)n * S, l->tokens, "token", e) ||
        in_range(code, (size_t)n, l->codes, "code", e) ||
        in_range(role, (size_t)n, LDM_ROLES, "role", e))
        return -1;
    for (int at = 0, k; at < n; at += k) {
        k = n - at < l->max ? n - at : l->max;
        ldm_upload(l, from + (size_t)at * S, NULL, role + at, k);
        l->d->ops->upload(l->d, l->code, code + at, (size_t)k * sizeof *code);
        l->d->ops->fsq_decode(l->d, l->q, l->code, c->levels, c->D, k);
        ldm_decode_device(l, k);
        ldm_read_tokens(l, k, to + (size_t)at * S);
    }
    return device_check(l->d, e);
}
