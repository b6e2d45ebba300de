/*
 * Attention.  A task is one head of one sequence, in tiles of TILE queries:
 * the scores of a tile stay in the processor's cache, and the keys that none
 * of its queries sees are never touched.  The backward recomputes the
 * probabilities from lse.
 */
#include "model/ops_cpu.h"

#include "model/ops_cpu_gemm.h"
#include "model/ops_cpu_math.h"

#include <math.h>
#include <string.h>

enum { TILE = 64 }; /* at most */

/* Where one head of one sequence begins. */
struct head {
    size_t q, k, v, o, lse;
};

static struct head head_at(const struct attn *a, int index)
{
    size_t b = (size_t)(index / a->NH), h = (size_t)(index % a->NH) * a->HS;

    return (struct head){b * a->q_batch + h, b * a->k_batch + h, b * a->v_batch + h,
                         b * a->o_batch + h, (size_t)index * a->Tq};
}

static int tile_count(const struct attn *a)
{
    return (a->Tq + TILE - 1) / TILE;
}

/* The first query of a tile; they are split evenly. */
static int tile_begin(const struct attn *a, int tile)
{
    return (int)((long long)a->Tq * tile / tile_count(a));
}

/* Keys that the queries t0 .. t0+rows-1 see. */
static int tile_keys(const struct attn *a, int t0, int rows)
{
    int keys = 0;

    for (int t = t0; t < t0 + rows; t++)
        keys = a->span[t] > keys ? a->span[t] : keys;
    return keys;
}

static int thread_index(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

/* Threads that share it, and `tiles` score tiles for each of them; NULL on failure. */
static float *begin(struct device *d, const struct attn *a, int tiles, int *team)
{
    float *p;

    *team = cpu_team(d, (size_t)a->B * a->NH * a->Tq * a->Tk);
    p = cpu_scratch(d, SCRATCH_WORK,
                    (size_t)*team * tiles * TILE * slice_stride(a->Tk) * sizeof *p);
    if (p)
        cpu_use_threads(*team);
    return p;
}

/* One row of scores becomes exp(score - max), 0 from span on; returns the log of their sum */
static float exp_row(float *x, int span, int keys, float *inverse_sum)
{
    float max = row_max(x, span), sum = 0;

#pragma omp simd reduction(+ : sum)
    for (int s = 0; s < span; s++) {
        x[s] = exp_fast(x[s] - max);
        sum += x[s];
    }
    memset(x + span, 0, (size_t)(keys - span) * sizeof *x);
    *inverse_sum = 1 / sum;
    return max + logf(sum);
}

static int forward_tile(float *o, float *lse, const float *q, const float *k, const float *v,
                        const struct attn *a, int tile, float *scores)
{
    int t0 = tile_begin(a, tile), rows = tile_begin(a, tile + 1) - t0;
    int keys = tile_keys(a, t0, rows);
    size_t ld = slice_stride(keys);
    /* scores (rows, keys) = q k^T / sqrt(HS); o (rows, HS) = scores v */
    struct product qk = {.M = rows, .N = keys, .K = a->HS, .bt = true};
    struct product pv = {.M = rows, .N = a->HS, .K = keys};
    float inverse_sum[TILE], l;

    if (gemm_small(&qk, 1 / sqrtf((float)a->HS), scores, ld, q + t0 * a->q_row, a->q_row, k,
                   a->k_row))
        return -1;
    for (int t = 0; t < rows; t++) {
        l = exp_row(scores + t * ld, a->span[t0 + t], keys, &inverse_sum[t]);
        if (lse)
            lse[t0 + t] = l;
    }
    o += t0 * a->o_row;
    if (gemm_small(&pv, 1.0f, o, a->o_row, scores, ld, v, a->v_row))
        return -1;
    for (int t = 0; t < rows; t++, o += a->o_row)
#pragma omp simd
        for (int i = 0; i < a->HS; i++)
            o[i] *= inverse_sum[t];
    return 0;
}

static void cpu_attention(struct device *d, act *o, float *lse, const act *q, const act *k,
                          const act *v, const struct attn *a)
{
    int tiles = tile_count(a), team, failures = 0;
    float *scores;

    if (cpu_failed(d) || !(scores = begin(d, a, 1, &team)))
        return;
#pragma omp parallel for schedule(dynamic) num_threads(team) reduction(+ : failures)
    for (int task = 0; task < a->B * a->NH * tiles; task++) {
        struct head at = head_at(a, task / tiles);

        failures -= forward_tile(f32(o) + at.o, lse ? lse + at.lse : NULL, cf32(q) + at.q,
                                 cf32(k) + at.k, cf32(v) + at.v, a, task % tiles,
                                 scores + (size_t)thread_index() * TILE * slice_stride(a->Tk));
    }
    if (failures)
        err_set(&d->err, "out of memory in attention");
}

/* The head's inputs and gradients, at its beginning. */
struct backward {
    float *dq, *dk, *dv;
    const float *dout, *o, *lse, *q, *k, *v;
};

/* p becomes exp(p - lse), and ds = p (ds - sum_i dout o); both 0 from span on */
static void backward_row(float *p, float *ds, const float *dout, const float *o, int HS,
                         float lse, int span, int keys)
{
    float delta = 0;

#pragma omp simd reduction(+ : delta)
    for (int i = 0; i < HS; i++)
        delta += dout[i] * o[i];
#pragma omp simd
    for (int s = 0; s < span; s++) {
        p[s] = exp_fast(p[s] - lse);
        ds[s] = p[s] * (ds[s] - delta);
    }
    memset(p + span, 0, (size_t)(keys - span) * sizeof *p);
    memset(ds + span, 0, (size_t)(keys - span) * sizeof *ds);
}

/*
 * p = softmax(q k^T / sqrt(HS)), dp = dout v^T, ds = p (dp - sum_i dout o):
 * dv += p^T dout, dq += ds k / sqrt(HS), dk += ds^T q / sqrt(HS).
 */
static int backward_tile(const struct backward *b, const struct attn *a, int tile, float *p,
                         float *ds)
{
    int t0 = tile_begin(a, tile), rows = tile_begin(a, tile + 1) - t0;
    int keys = tile_keys(a, t0, rows), bad = 0;
    size_t ld = slice_stride(keys), qt = t0 * a->q_row, ot = t0 * a->o_row;
    float scale = 1 / sqrtf((float)a->HS);
    struct product scores = {.M = rows, .N = keys, .K = a->HS, .bt = true};
    struct product queries = {.M = rows, .N = a->HS, .K = keys, .add = true};
    struct product values = {.M = keys, .N = a->HS, .K = rows, .at = true, .add = true};

    bad |= gemm_small(&scores, scale, p, ld, b->q + qt, a->q_row, b->k, a->k_row);
    bad |= gemm_small(&scores, 1.0f, ds, ld, b->dout + ot, a->o_row, b->v, a->v_row);
    for (int t = 0; t < rows; t++)
        backward_row(p + t * ld, ds + t * ld, b->dout + ot + t * a->o_row,
                     b->o + ot + t * a->o_row, a->HS, b->lse[t0 + t], a->span[t0 + t], keys);
    bad |= gemm_small(&values, 1.0f, b->dv, a->v_row, p, ld, b->dout + ot, a->o_row);
    bad |= gemm_small(&queries, scale, b->dq + qt, a->q_row, ds, ld, b->k, a->k_row);
    bad |= gemm_small(&values, scale, b->dk, a->k_row, ds, ld, b->q + qt, a->q_row);
    return bad;
}

static void cpu_attention_backward(struct device *d, act *dq, act *dk, act *dv, const act *dout,
                                   const act *o, const float *lse, const act *q, const act *k,
                                   const act *v, const struct attn *a)
{
    int team, failures = 0;
    float *tiles;

    if (cpu_failed(d) || !(tiles = begin(d, a, 2, &team)))
        return;
#pragma omp parallel for schedule(dynamic) num_threads(team) reduction(+ : failures)
    for (int task = 0; task < a->B * a->NH; task++) {
        struct head at = head_at(a, task);
        size_t tile = TILE * slice_stride(a->Tk);
        float *p = tiles + 2 * tile * (size_t)thread_index();
        const struct backward b = {
            f32(dq) + at.q,    f32(dk) + at.k, f32(dv) + at.v, cf32(dout) + at.o,
            cf32(o) + at.o,    lse + at.lse,   cf32(q) + at.q, cf32(k) + at.k,
            cf32(v) + at.v,
        };

        for (int i = 0; i < tile_count(a); i++)
            failures -= backward_tile(&b, a, i, p, p + tile);
    }
    if (failures)
        err_set(&d->err, "out of memory in attention");
}

void CPU_OPS(attention)(struct ops *o)
{
    o->attention = cpu_attention;
    o->attention_backward = cpu_attention_backward;
}
