/* The world model's forward and backward over whole sequences, on the device. */
#include "model/world.h"

static size_t size(const struct world *w, int64_t n)
{
    return (size_t)n * dtype_size(w->d->act);
}

/* --- between sequences (n, T, C) and the n rows of `count` slots from `first` on --- */

static void gather(struct world *w, act *to, const act *from, int first, int count, int n)
{
    int64_t C = w->config.width;

    w->d->ops->copy_rows(w->d, to, size(w, count * C),
                         act_at(w->d, from, (size_t)(first * C)), size(w, w->q.T * C),
                         size(w, count * C), (size_t)n);
}

static void scatter(struct world *w, act *to, const act *from, int first, int count, int n)
{
    int64_t C = w->config.width;

    w->d->ops->copy_rows(w->d, act_at(w->d, to, (size_t)(first * C)), size(w, w->q.T * C), from,
                         size(w, count * C), size(w, count * C), (size_t)n);
}

/* The part of query h among rows of `width` elements a sequence. */
static act *part(const struct world *w, act *x, int h, int n, int64_t width)
{
    return act_at(w->d, x, (size_t)((int64_t)h * n * width));
}

/* --- laying out --- */

void world_upload(struct world *w, const int *from, const int *code, const int *next, int n)
{
    int S = w->S, H = w->config.horizon, T = next ? w->T : w->T_codes, *id = w->host_id;
    struct device *d = w->d;

    w->loaded_T = T;
    for (int i = 0; i < n; i++, from += S, id += T) {
        for (int t = 0; t < T; t++)
            w->host_at[i * T + t] = t;
        for (int s = 0; s < S; s++)
            id[s] = from[s];
        id[S] = world_row_start(w);
        for (int h = 1; S + h < T && h <= H; h++)
            id[S + h] = world_row_code(w, code[i * H + h - 1]);
        for (int s = 0; s < S && next; s++) {
            w->host_below[i * S + s] = from[s];
            if (s > 0)
                id[S + H + s] = world_row_next(w, next[i * S + s - 1]);
        }
    }
    d->ops->upload(d, w->id, w->host_id, (size_t)(n * T) * sizeof *w->id);
    d->ops->upload(d, w->at, w->host_at, (size_t)(n * T) * sizeof *w->at);
    if (!next)
        return;
    d->ops->upload(d, w->below, w->host_below, (size_t)(n * S) * sizeof *w->below);
    for (int i = 0; i < n && H; i++)
        w->chosen[i] = code[i * H];
    if (H)
        d->ops->upload(d, w->first, w->chosen, (size_t)n * sizeof *w->chosen);
}

/* The first slot that predicts x_t+1. */
static int first_slot(const struct world *w)
{
    return w->S + w->config.horizon;
}

static bool has_frame(const struct world *w)
{
    return w->config.target != WORLD_STATE && w->loaded_T == w->T;
}

void world_mark(struct world *w, act *slots, const act *acted, int rows)
{
    w->d->ops->linear(w->d, slots, acted, &w->mark, NULL, slots, rows);
}

static void embed(struct world *w, int n)
{
    struct device *d = w->d;
    int64_t C = w->config.width;
    int N = n * w->q.T;

    d->ops->embed(d, w->x, &w->input, w->id, N);
    d->ops->embed(d, w->a.x, &w->place, w->at, N);
    d->ops->add(d, w->a.x, w->a.x, w->x, (size_t)(N * C));
    if (!has_frame(w))
        return;
    d->ops->embed(d, w->slots, &w->copy, w->below, n * w->S);
    if (w->config.horizon) {
        d->ops->embed(d, w->acted, &w->acts[0], w->first, n);
        world_mark(w, w->slots, w->acted, n * w->S);
    }
    gather(w, w->x, w->a.x, first_slot(w), w->S, n);
    d->ops->add(d, w->x, w->x, w->slots, (size_t)(n * w->S * C));
    scatter(w, w->a.x, w->x, first_slot(w), w->S, n);
}

/* From the gradient of the stack's input in w->a.dx. */
static void embed_backward(struct world *w, int n)
{
    struct device *d = w->d;
    int N = n * w->q.T;

    d->ops->embed_backward(d, &w->input, w->a.dx, w->id, N);
    d->ops->embed_backward(d, &w->place, w->a.dx, w->at, N);
    if (!has_frame(w))
        return;
    gather(w, w->dslots, w->a.dx, first_slot(w), w->S, n);
    d->ops->embed_backward(d, &w->copy, w->dslots, w->below, n * w->S);
    if (!w->config.horizon)
        return;
    d->ops->linear_backward(d, w->dacted, &w->mark, NULL, w->dslots, w->acted, NULL, n * w->S);
    d->ops->embed_backward(d, &w->acts[0], w->dacted, w->first, n);
}

/* --- codes --- */

/* step h is the move of the camera's own side when it is odd */
static const struct param *acts_of(const struct world *w, int h)
{
    return &w->acts[(h - 1) % WORLD_ROLES];
}

void world_ask(struct world *w, int n, int first, int Q)
{
    int C = w->config.width, S = w->S, K = w->config.codes;
    struct device *d = w->d;

    d->ops->linear(d, w->bent, w->query, &w->ask, &w->ask_b, NULL, Q * n);
    for (int h = 0; h < Q; h++)
        d->ops->modulate(d, part(w, w->y, h, n, S * C), w->cells,
                         part(w, w->bent, h, n, 2 * C), n, S, C);
    d->ops->linear(d, w->scores, w->y, &w->score, NULL, NULL, Q * n * S);
    d->ops->linear(d, w->logits, w->query, &w->code, &w->code_b, NULL, Q * n);
    for (int h = 0; h < Q; h++) {
        act *logits = part(w, w->logits, h, n, K);

        d->ops->linear(d, logits, part(w, w->scores, h, n, S), acts_of(w, first + h), NULL,
                       logits, n);
    }
}

/* From the gradient of the logits to those of cells and queries. */
static void ask_backward(struct world *w, int n)
{
    int C = w->config.width, S = w->S, K = w->config.codes, Q = w->Q;
    struct device *d = w->d;
    int64_t N = (int64_t)Q * n;

    d->ops->zero(d, w->dbent, size(w, N * 2 * C));
    d->ops->zero(d, w->dcells, size(w, (int64_t)n * S * C));
    for (int h = 0; h < Q; h++)
        d->ops->linear_backward(d, part(w, w->dscores, h, n, S), acts_of(w, h + 1), NULL,
                                part(w, w->logits, h, n, K), part(w, w->scores, h, n, S), NULL, n);
    d->ops->linear_backward(d, w->dquery, &w->code, &w->code_b, w->logits, w->query, NULL, (int)N);
    d->ops->linear_backward(d, w->dy, &w->score, NULL, w->dscores, w->y, NULL, (int)N * S);
    for (int h = 0; h < Q; h++)
        d->ops->modulate_backward(d, w->dcells, part(w, w->dbent, h, n, 2 * C),
                                  part(w, w->dy, h, n, S * C), w->cells,
                                  part(w, w->bent, h, n, 2 * C), n, S, C);
    d->ops->linear_backward(d, w->dquery, &w->ask, &w->ask_b, w->dbent, w->query, w->dquery,
                            (int)N);
}

/* --- all of it --- */

static void set_length(struct world *w, int n)
{
    w->q.B = n;
    w->q.T = w->loaded_T;
    w->q.span = w->span;
    w->q.rope = w->rope;
}

void world_forward(struct world *w, int n)
{
    struct device *d = w->d;
    int C = w->config.width;

    set_length(w, n);
    embed(w, n);
    stack_forward(&w->s, &w->a, d, &w->q);
    d->ops->rmsnorm(d, w->normed, w->rstd, w->a.out, &w->norm, n * w->q.T, C);
    if (w->Q) {
        gather(w, w->cells, w->normed, 0, w->S, n);
        for (int h = 0; h < w->Q; h++)
            gather(w, part(w, w->query, h, n, C), w->normed, w->S + h, 1, n);
        world_ask(w, n, 1, w->Q);
    }
    if (has_frame(w)) {
        gather(w, w->slots, w->normed, first_slot(w), w->S, n);
        d->ops->linear(d, w->tokens, w->slots, &w->frame, &w->frame_b, NULL, n * w->S);
    }
}

void world_backward(struct world *w, int n)
{
    struct device *d = w->d;
    int C = w->config.width, N = n * w->q.T;

    d->ops->zero(d, w->dnormed, size(w, (int64_t)N * C));
    if (w->Q) {
        ask_backward(w, n);
        scatter(w, w->dnormed, w->dcells, 0, w->S, n);
        for (int h = 0; h < w->Q; h++)
            scatter(w, w->dnormed, part(w, w->dquery, h, n, C), w->S + h, 1, n);
    }
    if (has_frame(w)) {
        d->ops->linear_backward(d, w->dslots, &w->frame, &w->frame_b, w->tokens, w->slots, NULL,
                                n * w->S);
        scatter(w, w->dnormed, w->dslots, first_slot(w), w->S, n);
    }
    d->ops->zero(d, w->a.dx, size(w, (int64_t)N * C));
    d->ops->rmsnorm_backward(d, w->a.dx, &w->norm, w->dnormed, w->a.out, w->rstd, N, C);
    stack_backward(&w->s, &w->a, d, &w->q, NULL);
    embed_backward(w, n);
}
