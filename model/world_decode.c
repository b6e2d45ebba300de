/* The world model inferring: boards are seen, codes chosen, frames written. */
#include "model/world.h"

#include <stdlib.h>
#include <string.h>

static size_t bytes(const struct world *w, int64_t n)
{
    return (size_t)n * dtype_size(w->d->act);
}

/* Adds T slots, whose input is in w->a.x, behind those of w->n boards; the output goes to
   w->normed (n, T, C). */
static void decode(struct world *w, int T, bool board)
{
    struct device *d = w->d;
    int at = w->cache.T, C = w->config.width;

    w->q.B = w->cache.B = w->n;
    w->q.T = T;
    w->q.boards = board;
    w->q.span = w->span + at;
    w->q.rope = w->rope + (size_t)at * (size_t)(C / w->config.heads);
    stack_decode(&w->s, &w->a, &w->cache, d, &w->q);
    d->ops->rmsnorm(d, w->normed, NULL, w->a.out, &w->norm, w->n * T, C);
}

/* Input of T slots a board: rows of `input` in w->host_id, places from `at` on. */
static void embed(struct world *w, int at, int T)
{
    struct device *d = w->d;
    int N = w->n * T;

    for (int i = 0; i < N; i++)
        w->host_at[i] = at + i % T;
    d->ops->upload(d, w->id, w->host_id, (size_t)N * sizeof *w->id);
    d->ops->upload(d, w->at, w->host_at, (size_t)N * sizeof *w->at);
    d->ops->embed(d, w->x, &w->input, w->id, N);
    d->ops->embed(d, w->a.x, &w->place, w->at, N);
    d->ops->add(d, w->a.x, w->a.x, w->x, (size_t)N * (size_t)w->config.width);
}

/* The last of T slots of each board asks for step h. */
static void ask(struct world *w, int T, int h)
{
    int64_t C = w->config.width;

    w->d->ops->copy_rows(w->d, w->query, bytes(w, C), act_at(w->d, w->normed,
                         (size_t)((T - 1) * C)), bytes(w, T * C), bytes(w, C), (size_t)w->n);
    world_ask(w, w->n, h, 1);
}

static int answer(struct world *w, float *p, struct err *e)
{
    struct device *d = w->d;
    int K = w->config.codes;

    d->ops->softmax(d, w->p, w->logits, w->n, K, 1);
    d->ops->download(d, p, w->p, (size_t)w->n * (size_t)K * sizeof *p);
    return device_check(d, e);
}

static int check_numbers(const int *x, int n, int limit, const char *what, struct err *e)
{
    for (int i = 0; i < n; i++)
        if (x[i] < 0 || x[i] >= limit)
            return err_set(e, "%d is no %s: they are 0 to %d", x[i], what, limit - 1);
    return 0;
}

int world_see(struct world *w, const int *tokens, int n, struct err *e)
{
    int S = w->S, T = S + (w->Q > 0);
    int64_t C = w->config.width;

    if (w->a.train || n < 1 || n > w->max)
        return err_set(e, "%d boards at a time are not 1 to %d", n, w->max);
    if (check_numbers(tokens, n * S, w->config.tokens, "token", e))
        return -1;
    w->n = n;
    w->steps = w->cache.T = 0;
    w->fresh = true;
    for (int i = 0; i < n; i++) {
        memcpy(w->host_id + i * T, tokens + i * S, (size_t)S * sizeof *tokens);
        memcpy(w->host_below + i * S, tokens + i * S, (size_t)S * sizeof *tokens);
        if (w->Q)
            w->host_id[i * T + S] = world_row_start(w);
    }
    embed(w, 0, T);
    decode(w, T, true);
    if (w->Q) {
        w->d->ops->copy_rows(w->d, w->cells, bytes(w, S * C), w->normed, bytes(w, T * C),
                             bytes(w, S * C), (size_t)n);
        ask(w, T, 1);
    }
    return device_check(w->d, e);
}

int world_codes(struct world *w, float *p, struct err *e)
{
    if (!w->n || !w->Q || !w->fresh)
        return err_set(e, "the first code is not due");
    return answer(w, p, e);
}

int world_next_code(struct world *w, const int *code, float *p, struct err *e)
{
    int H = w->config.horizon, h = w->steps + 1;

    if (!w->n || h > H || (h == H && p))
        return err_set(e, "code %d of %d is not due", h, H);
    if (check_numbers(code, w->n, w->config.codes, "code", e))
        return -1;
    w->fresh = false;
    memcpy(w->chosen + w->steps++ * w->max, code, (size_t)w->n * sizeof *code);
    if (h == H) /* it waits for world_frame: its slot predicts a cell */
        return 0;
    for (int i = 0; i < w->n; i++)
        w->host_id[i] = world_row_code(w, code[i]);
    embed(w, w->S + h, 1);
    decode(w, 1, false);
    if (!p)
        return device_check(w->d, e);
    ask(w, 1, h + 1);
    return answer(w, p, e);
}

void world_back(struct world *w, int steps)
{
    if (steps >= w->steps)
        return;
    w->steps = steps < 0 ? 0 : steps;
    w->cache.T = w->S + 1 + w->steps;
}

/* --- the next frame --- */

/* Row of `input` in the slot that predicts cell i, after `before`, the token of cell i-1. */
static int row_of_slot(const struct world *w, int board, int i, int before)
{
    int H = w->config.horizon;

    if (i > 0)
        return world_row_next(w, before);
    return H ? world_row_code(w, w->chosen[(H - 1) * w->max + board]) : world_row_start(w);
}

/* The likeliest tokens of cells i .. i+T-1, given those before in out (n, S), to w->host_id. */
static int predict(struct world *w, const int *out, int i, int T, struct err *e)
{
    int S = w->S, first = S + w->config.horizon, N = w->n * T;
    int64_t C = w->config.width;
    struct device *d = w->d;

    w->cache.T = first + i;
    for (int k = 0; k < N; k++) {
        int board = k / T, cell = i + k % T;

        w->host_at[k] = w->host_below[board * S + cell];
        w->host_id[k] = row_of_slot(w, board, cell, cell ? out[board * S + cell - 1] : 0);
    }
    d->ops->upload(d, w->below, w->host_at, (size_t)N * sizeof *w->below);
    d->ops->embed(d, w->slots, &w->copy, w->below, N);
    if (w->config.horizon) {
        d->ops->copy_rows(d, w->acted_part, bytes(w, T), act_at(d, w->acted, (size_t)i),
                          bytes(w, S), bytes(w, T), (size_t)w->n);
        world_mark(w, w->slots, w->acted_part, N);
    }
    embed(w, first + i, T);
    d->ops->add(d, w->a.x, w->a.x, w->slots, (size_t)(N * C));
    decode(w, T, false);
    d->ops->linear(d, w->tokens, w->normed, &w->frame, &w->frame_b, NULL, N);
    d->ops->argmax(d, w->best, w->tokens, N, w->config.tokens);
    d->ops->download(d, w->host_id, w->best, (size_t)N * sizeof *w->best);
    return device_check(d, e);
}

/* From how likely each token of a board is after those of `still` before it, odds (S, V). */
static void first_change(const struct world *w, const float *odds, const int *still, float *p,
                         int *token)
{
    int V = w->config.tokens;
    float same = 1; /* so far */

    for (int s = 0; s < w->S; s++, odds += V) {
        token[s] = still[s] ? 0 : 1;
        for (int v = 0; v < V; v++)
            if (v != still[s] && odds[v] > odds[token[s]])
                token[s] = v;
        p[s] = same * odds[token[s]];
        same *= odds[still[s]];
    }
    p[w->S] = same;
}

int world_changes(struct world *w, const int *still, float *p, int *token, struct err *e)
{
    int S = w->S, V = w->config.tokens;
    size_t size = (size_t)S * (size_t)V * sizeof *p;
    struct device *d = w->d;
    float *odds;
    int failed;

    if (!w->n || w->config.target != WORLD_VIDEO)
        return err_set(e, "no change is due");
    if (check_numbers(still, w->n * S, V, "token", e))
        return -1;
    odds = malloc(size);
    failed = odds ? predict(w, still, 0, S, e) : err_set(e, "out of memory");
    for (int i = 0; i < w->n && !failed; i++) {
        d->ops->softmax(d, w->odds, act_at(d, w->tokens, (size_t)i * (size_t)(S * V)), S, V, 1);
        d->ops->download(d, odds, w->odds, size);
        failed = device_check(d, e);
        first_change(w, odds, still + i * S, p + i * (S + 1), token + i * S);
    }
    w->cache.T = S;
    free(odds);
    return failed;
}

/*
 * Cells below `done` of a board are right, those from there on a guess, whose check is in
 * `best`: right up to and including the first that it corrects, which none of the first `given`
 * is.  Takes over what was predicted; returns how many are right now.
 */
static int accept(int *guess, const int *best, int done, int T, int given)
{
    int first = given > done ? given - done : 0, wrong = first;

    while (wrong < T && best[wrong] == guess[done + wrong])
        wrong++;
    memcpy(guess + done + first, best + first, (size_t)(T - first) * sizeof *best);
    return done + wrong + (wrong < T);
}

/* All boards are checked from the first cell on that any of them has in doubt. */
static int verify(struct world *w, int *out, const int *given, int *passes, struct err *e)
{
    int S = w->S, done = 0;

    for (*passes = 0; done < S; ++*passes) {
        int T = S - done, next = S;

        if (predict(w, out, done, T, e))
            return -1;
        for (int i = 0; i < w->n; i++) {
            int right = accept(out + i * S, w->host_id + i * T, done, T, given ? given[i] : 0);

            next = right < next ? right : next;
        }
        done = next;
    }
    return 0;
}

static int step_by_step(struct world *w, int *out, int *passes, struct err *e)
{
    for (*passes = 0; *passes < w->S; ++*passes) {
        if (predict(w, out, *passes, 1, e))
            return -1;
        for (int i = 0; i < w->n; i++)
            out[i * w->S + *passes] = w->host_id[i];
    }
    return 0;
}

int world_frame(struct world *w, const int *draft, const int *given, int *out, int *passes,
                struct err *e)
{
    int N = w->n * w->S, count, failed;

    if (!w->n || w->config.target == WORLD_STATE || w->steps < w->config.horizon)
        return err_set(e, "no frame is due");
    if ((draft && check_numbers(draft, N, w->config.tokens, "token", e)) ||
        (given && check_numbers(given, w->n, w->S + 1, "number of cells", e)))
        return -1;
    if (w->config.horizon) {
        w->d->ops->upload(w->d, w->first, w->chosen, (size_t)w->n * sizeof *w->chosen);
        w->d->ops->embed(w->d, w->acted, &w->acts[0], w->first, w->n);
    }
    if (draft)
        memmove(out, draft, (size_t)N * sizeof *out);
    failed = draft ? verify(w, out, given, &count, e) : step_by_step(w, out, &count, e);
    w->cache.T = w->S + w->config.horizon;
    if (passes)
        *passes = count;
    return failed;
}
