#include "model/world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/presets.h"

static const char *const targets[] = { "state", "video", "video+ldm" };

const char *world_target_name(enum world_target t)
{
    return targets[t];
}

int world_target_named(const char *name)
{
    for (int i = 0; i < 3; i++)
        if (!strcmp(name, targets[i]))
            return i;
    return -1;
}

/* --- configuration --- */

void world_describe(const struct world_config *c, struct world_meta *m)
{
    const struct {
        const char *key;
        int value;
    } numbers[] = {
        { "horizon", c->horizon }, { "rows", c->rows }, { "cols", c->cols },
        { "tokens", c->tokens }, { "codes", c->codes }, { "layers", c->layers },
        { "width", c->width }, { "heads", c->heads }, { "hidden", c->hidden },
    };

    m->list[0] = (struct meta){ "kind", "world" };
    m->list[1] = (struct meta){ "target", targets[c->target] };
    m->list[2] = (struct meta){ "tokenizer", c->tokenizer };
    m->list[3] = (struct meta){ "ldm", c->ldm };
    for (int i = 0; i < WORLD_METAS - 4; i++) {
        snprintf(m->number[i], sizeof m->number[i], "%d", numbers[i].value);
        m->list[i + 4] = (struct meta){ numbers[i].key, m->number[i] };
    }
}

static struct block_config block_of(const struct world_config *c)
{
    return (struct block_config){ .L = c->layers, .C = c->width, .NH = c->heads,
                                  .F = c->hidden, .conv = true };
}

static int check(const struct world_config *c, int max, struct err *e)
{
    bool codes = c->target != WORLD_VIDEO;
    struct range {
        const char *name;
        int x, lo, hi;
    } ranges[] = {
        { "horizon", c->horizon, c->target == WORLD_LDM,
          c->target == WORLD_LDM ? WORLD_HORIZON_MAX : 0 },
        { "number of rows", c->rows, 1, WORLD_SIDE_MAX },
        { "number of columns", c->cols, 1, WORLD_SIDE_MAX },
        { "number of tokens", c->tokens, 2, WORLD_TOKENS_MAX },
        { "number of codes", c->codes, codes ? 2 : 0, codes ? WORLD_CODES_MAX : 0 },
        { "number of boards at a time", max, 1, 1 << 16 },
    };

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (ranges[i].x < ranges[i].lo || ranges[i].x > ranges[i].hi)
            return err_set(e, "a world model's %s is %d, not %d to %d", ranges[i].name,
                           ranges[i].x, ranges[i].lo, ranges[i].hi);
    return 0;
}

/* --- memory --- */

static void register_heads(struct world *w)
{
    int C = w->config.width, K = w->config.codes, V = w->config.tokens;
    const char *const names[] = { "acts.own.weight", "acts.other.weight" };

    params_add(&w->ps, &w->norm, C, 1, init_value(1), "norm.weight");
    if (w->Q) {
        params_add(&w->ps, &w->ask, 2 * C, C, init_normal(0.02f), "ask.weight");
        params_hidden(&w->ps, 2);
        params_add(&w->ps, &w->ask_b, 2 * C, 1, init_zero(), "ask.bias");
        params_add(&w->ps, &w->score, 1, C, init_normal(0.02f), "score.weight");
        params_add(&w->ps, &w->code, K, C, init_normal(0.005f), "code.weight");
        params_add(&w->ps, &w->code_b, K, 1, init_zero(), "code.bias");
    }
    for (int r = 0; r < WORLD_ROLES && r < w->Q; r++)
        params_add(&w->ps, &w->acts[r], K, w->S, init_zero(), "%s", names[r]);
    if (w->config.target == WORLD_STATE)
        return;
    params_add(&w->ps, &w->copy, V, C, init_normal(0.02f), "copy.weight");
    if (w->config.target == WORLD_LDM)
        params_add(&w->ps, &w->mark, C, 1, init_normal(0.5f), "mark.weight");
    params_add(&w->ps, &w->frame, V, C, init_normal(0.02f), "frame.weight");
    params_add(&w->ps, &w->frame_b, V, 1, init_zero(), "frame.bias");
}

static void register_params(struct world *w)
{
    const struct world_config *c = &w->config;

    params_init(&w->ps);
    params_add(&w->ps, &w->input, 2 * c->tokens + 1 + c->codes, c->width, init_normal(0.05f),
               "input.weight");
    params_add(&w->ps, &w->place, w->T, c->width, init_normal(0.02f), "place.weight");
    stack_register(&w->s, &w->ps, "layers");
    register_heads(w);
}

static int alloc_acts(struct world *w, bool train, bool frames, struct err *e)
{
    int64_t B = w->max, S = w->S, C = w->config.width, K = w->config.codes, V = w->config.tokens;
    int64_t T = !train ? S + 1 : frames ? w->T : w->T_codes, F = frames, Q = train ? w->Q : w->Q > 0;
    int64_t G = train, P = !train, HS = C / w->config.heads;
    int64_t marks = frames && w->config.target == WORLD_LDM;
    int64_t video = w->config.target == WORLD_VIDEO;
    struct slot s[32];
    int n = 0;

    s[n++] = (struct slot){ &w->span, SHAPE(w->T), SLOT_I32, "span" };
    s[n++] = (struct slot){ &w->rope, SHAPE(w->T, HS), SLOT_F32, "rope" };
    s[n++] = (struct slot){ &w->id, SHAPE(B, T), SLOT_I32, "id" };
    s[n++] = (struct slot){ &w->at, SHAPE(B, T), SLOT_I32, "at" };
    s[n++] = (struct slot){ &w->below, SHAPE(F, B, S), SLOT_I32, "below" };
    s[n++] = (struct slot){ &w->x, SHAPE(B, T, C), SLOT_ACT, "x" };
    s[n++] = (struct slot){ &w->normed, SHAPE(B, T, C), SLOT_ACT, "normed" };
    s[n++] = (struct slot){ &w->rstd, SHAPE(B, T), SLOT_F32, "rstd" };
    s[n++] = (struct slot){ &w->cells, SHAPE(B, S, C), SLOT_ACT, "cells" };
    s[n++] = (struct slot){ &w->slots, SHAPE(F, B, S, C), SLOT_ACT, "slots" };
    s[n++] = (struct slot){ &w->query, SHAPE(Q, B, C), SLOT_ACT, "query" };
    s[n++] = (struct slot){ &w->bent, SHAPE(Q, B, 2, C), SLOT_ACT, "bent" };
    s[n++] = (struct slot){ &w->y, SHAPE(Q, B, S, C), SLOT_ACT, "y" };
    s[n++] = (struct slot){ &w->scores, SHAPE(Q, B, S), SLOT_ACT, "scores" };
    s[n++] = (struct slot){ &w->logits, SHAPE(Q, B, K), SLOT_ACT, "logits" };
    s[n++] = (struct slot){ &w->first, SHAPE(marks, B), SLOT_I32, "first" };
    s[n++] = (struct slot){ &w->acted, SHAPE(marks, B, S), SLOT_ACT, "acted" };
    s[n++] = (struct slot){ &w->acted_part, SHAPE(P, marks, B, S), SLOT_ACT, "acted_part" };
    s[n++] = (struct slot){ &w->tokens, SHAPE(F, B, S, V), SLOT_ACT, "tokens" };
    s[n++] = (struct slot){ &w->best, SHAPE(B, S), SLOT_I32, "best" };
    s[n++] = (struct slot){ &w->p, SHAPE(P, B, K), SLOT_F32, "p" };
    s[n++] = (struct slot){ &w->odds, SHAPE(P, video, S, V), SLOT_F32, "odds" };
    s[n++] = (struct slot){ &w->dnormed, SHAPE(G, B, T, C), SLOT_ACT, "dnormed" };
    s[n++] = (struct slot){ &w->dcells, SHAPE(G, B, S, C), SLOT_ACT, "dcells" };
    s[n++] = (struct slot){ &w->dslots, SHAPE(G, F, B, S, C), SLOT_ACT, "dslots" };
    s[n++] = (struct slot){ &w->dquery, SHAPE(G, Q, B, C), SLOT_ACT, "dquery" };
    s[n++] = (struct slot){ &w->dbent, SHAPE(G, Q, B, 2, C), SLOT_ACT, "dbent" };
    s[n++] = (struct slot){ &w->dy, SHAPE(G, Q, B, S, C), SLOT_ACT, "dy" };
    s[n++] = (struct slot){ &w->dscores, SHAPE(G, Q, B, S), SLOT_ACT, "dscores" };
    s[n++] = (struct slot){ &w->dacted, SHAPE(G, marks, B, S), SLOT_ACT, "dacted" };
    if (slots_alloc(&w->mem, w->d, s, n, e) ||
        stack_acts_alloc(&w->a, &w->s, w->d, w->max, (int)T, train, e) ||
        (!train && stack_cache_alloc(&w->cache, &w->s, w->d, w->max, w->T, e)))
        return -1;
    w->host_id = calloc((size_t)(B * T), sizeof *w->host_id);
    w->host_at = calloc((size_t)(B * T), sizeof *w->host_at);
    w->host_below = calloc((size_t)(B * S), sizeof *w->host_below);
    w->chosen = calloc((size_t)(B * (w->config.horizon + 1)), sizeof *w->chosen);
    return w->host_id && w->host_at && w->host_below && w->chosen
        ? 0 : err_set(e, "out of memory");
}

/* Who sees whom, and where each slot stands. */
static int lay_out(struct world *w, struct err *e)
{
    int T = w->T, S = w->S, rows = w->config.rows, cols = w->config.cols;
    int HS = w->config.width / w->config.heads, first = S + w->config.horizon;
    int *span = calloc((size_t)T * 3, sizeof *span), *row = span + T, *col = row + T;
    float *rope = calloc((size_t)T * (size_t)HS, sizeof *rope);
    int failed = span && rope ? 0 : err_set(e, "out of memory");

    for (int t = 0; t < T && !failed; t++) {
        int cell = t < S ? t : t > first ? t - first : -1;

        span[t] = t < S ? S : t + 1;
        row[t] = cell >= 0 ? cell / cols : rows + 1;
        col[t] = cell >= 0 ? cell % cols : t - S;
    }
    if (!failed) {
        ops_rope_table(rope, row, col, T, HS, 100.0f);
        w->d->ops->upload(w->d, w->span, span, (size_t)T * sizeof *span);
        w->d->ops->upload(w->d, w->rope, rope, (size_t)(T * HS) * sizeof *rope);
        failed = device_check(w->d, e);
    }
    free(span);
    free(rope);
    return failed ? -1 : 0;
}

static void set_sizes(struct world *w, const struct world_config *c)
{
    w->config = *c;
    w->S = c->rows * c->cols;
    w->Q = c->target == WORLD_LDM ? c->horizon : c->target == WORLD_STATE;
    w->T_codes = w->S + (w->Q ? w->Q : 1);
    w->T = c->target == WORLD_STATE ? w->S + 1 : 2 * w->S + c->horizon;
    w->q = (struct block_seq){ .boards = 1, .H = c->rows, .W = c->cols,
                               .board_at = &w->board_at };
}

int world_init(struct world *w, const struct world_config *c, struct device *d, int max,
               int flags, bool frames, struct err *e)
{
    struct block_config block = block_of(c);
    bool train = flags & PARAMS_TRAIN;

    memset(w, 0, sizeof *w);
    if (check(c, max, e) || stack_init(&w->s, &block, e))
        return -1;
    set_sizes(w, c);
    w->d = d;
    w->max = max;
    register_params(w);
    frames = c->target != WORLD_STATE && (frames || !train);
    if (!params_alloc(&w->ps, d, flags, e) && !alloc_acts(w, train, frames, e) && !lay_out(w, e))
        return 0;
    world_free(w);
    return -1;
}

void world_free(struct world *w)
{
    free(w->host_id);
    free(w->host_at);
    free(w->host_below);
    free(w->chosen);
    if (w->d) {
        stack_acts_free(&w->a, w->d);
        stack_cache_free(&w->cache, w->d);
        slots_free(&w->mem, w->d);
        params_free(&w->ps);
    }
    stack_free(&w->s);
    memset(w, 0, sizeof *w);
}

/* After changes by hand: the average and what is derived from the weights. */
static void weights_set(struct world *w)
{
    if (w->ps.ema)
        w->d->ops->copy(w->d, w->ps.ema, w->ps.w, w->ps.len * sizeof *w->ps.w);
    params_refresh(&w->ps);
}

void world_set_acts(struct world *w, int role, const float *acts)
{
    struct param *p = &w->acts[role];

    w->d->ops->upload(w->d, p->w, acts, (size_t)p->out * (size_t)p->in * sizeof *acts);
    weights_set(w);
}

/* Row first+k becomes what row first+old[k] was. */
static int set_rows(struct world *w, const struct param *p, int first, const int *old, struct err *e)
{
    size_t row = (size_t)p->in, n = (size_t)w->config.codes * row, at = (size_t)first * row;
    float *was = malloc(2 * n * sizeof *was);

    if (!was)
        return err_set(e, "out of memory");
    w->d->ops->download(w->d, was, p->w + at, n * sizeof *was);
    for (int k = 0; k < w->config.codes; k++)
        memcpy(was + n + (size_t)k * row, was + (size_t)old[k] * row, row * sizeof *was);
    w->d->ops->upload(w->d, p->w + at, was + n, n * sizeof *was);
    free(was);
    return 0;
}

int world_set_codes(struct world *w, int *const old[WORLD_ROLES], struct err *e)
{
    if (set_rows(w, &w->input, world_row_code(w, 0), old[0], e) ||
        set_rows(w, &w->code, 0, old[0], e) || set_rows(w, &w->code_b, 0, old[0], e))
        return -1;
    for (int role = 0; role < WORLD_ROLES && role < w->Q; role++)
        if (set_rows(w, &w->acts[role], 0, old[role], e))
            return -1;
    weights_set(w);
    return device_check(w->d, e);
}

/* --- files --- */

int world_save(const struct world *w, const char *path, enum dtype dtype, struct err *e)
{
    struct world_meta m;
    struct checkpoint_options o = { dtype, false, m.list, WORLD_METAS };

    world_describe(&w->config, &m);
    return checkpoint_save(path, &w->ps, &o, e);
}

static int read_config(const struct checkpoint *f, struct world_config *c, struct err *e)
{
    const char *kind = checkpoint_meta(f, "kind"), *target = checkpoint_meta(f, "target");
    const struct {
        const char *key;
        int hi, *value;
    } numbers[] = {
        { "horizon", WORLD_HORIZON_MAX, &c->horizon }, { "rows", WORLD_SIDE_MAX, &c->rows },
        { "cols", WORLD_SIDE_MAX, &c->cols }, { "tokens", WORLD_TOKENS_MAX, &c->tokens },
        { "codes", WORLD_CODES_MAX, &c->codes }, { "layers", 512, &c->layers },
        { "width", 1 << 14, &c->width }, { "heads", 1 << 10, &c->heads },
        { "hidden", 1 << 16, &c->hidden },
    };
    int t = target ? world_target_named(target) : -1;

    if (!kind || strcmp(kind, "world"))
        return err_set(e, "'%s' holds no world model%s%s", f->path, kind ? " but kind " : "",
                       kind ? kind : "");
    if (t < 0)
        return err_set(e, "'%s' names no target that is known", f->path);
    c->target = (enum world_target)t;
    checkpoint_hash_of(f, "tokenizer", c->tokenizer);
    checkpoint_hash_of(f, "ldm", c->ldm);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (checkpoint_meta_int(f, numbers[i].key, 0, numbers[i].hi, numbers[i].value, e))
            return -1;
    return 0;
}

/* Weights that are not in the file shall not be asked memory for. */
static int check_sizes(const struct checkpoint *f, const struct world_config *c, struct err *e)
{
    const struct tensor *t = checkpoint_find(f, "input.weight");
    struct block_config block = block_of(c);
    size_t count;

    if (preset_params(&block, &count, e))
        return -1;
    if (count > f->size || !t || t->dims != 2 || t->shape[1] != c->width ||
        t->shape[0] != 2 * (int64_t)c->tokens + 1 + c->codes)
        return err_set(e, "'%s': the weights are not of the sizes told", f->path);
    return 0;
}

int world_load(struct world *w, const char *path, struct device *d, int max, struct err *e)
{
    struct world_config config = { 0 };
    struct checkpoint f;
    int failed;

    memset(w, 0, sizeof *w);
    if (checkpoint_open(&f, path, e))
        return -1;
    failed = read_config(&f, &config, e) || check_sizes(&f, &config, e) ||
             world_init(w, &config, d, max, 0, true, e);
    if (!failed && checkpoint_load_params(&f, &w->ps, e)) {
        world_free(w);
        failed = 1;
    }
    checkpoint_close(&f);
    if (failed)
        return -1;
    for (int i = 0; i < w->ps.n; i++) {
        struct param *p = w->ps.list[i].p;

        if (p->in > 1 && p != &w->input && p != &w->place && p != &w->copy && p->in != 9)
            d->ops->pack(d, p);
    }
    return 0;
}
