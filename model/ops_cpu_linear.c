/* linear, forward and backward, and weights packed for inference. */
#include "model/ops_cpu.h"

#include "model/ops_cpu_gemm.h"

#include <string.h>

enum { COLUMNS = 64 }; /* of a bias gradient that one thread does at once */

/* Rounds to nearest, ties to even; NaN stays NaN. */
static inline uint16_t bf16_of(float x)
{
    uint32_t u, quiet;

    memcpy(&u, &x, sizeof u);
    quiet = (u & 0x7fffffff) > 0x7f800000 ? 0x400000 : 0;
    return (uint16_t)(quiet ? (u | quiet) >> 16 : (u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

/* x as products take it: itself, or a bf16 copy in scratch.  NULL on failure. */
static const void *product_input(struct device *d, enum cpu_scratch where, const float *x,
                                 size_t n)
{
    uint16_t *y;

    if (cpu_of(d)->product == DT_F32)
        return x;
    y = cpu_scratch(d, where, n * sizeof *y);
#pragma omp parallel for simd num_threads(cpu_team(d, n))
    for (size_t i = 0; i < (y ? n : 0); i++)
        y[i] = bf16_of(x[i]);
    return y;
}

/*
 * Rows that are multiplied at a time: what lies in the processor's cache is multiplied up to
 * twice as fast, above all in the backward, and the gradient of w, which every chunk adds to,
 * should lie there too.  Not a matter of threads, so that sums are not.
 */
static int chunk_rows(const struct param *w)
{
    return (size_t)w->out * w->in <= 1 << 20 ? 256 : 1024;
}

/* Some rows of y; weights as products take them, or NULL where they are packed. */
static void linear_chunk(struct device *d, act *y, const act *x, const struct param *w,
                         const void *weights, const struct param *b, const act *r, int rows)
{
    struct product p = {.M = rows, .N = w->out, .K = w->in, .bt = true, .add = r != NULL};
    const float *bias = b ? b->w : NULL;
    const void *a = product_input(d, SCRATCH_A, cf32(x), (size_t)rows * w->in);

    if (r && r != y)
        d->ops->copy(d, y, r, (size_t)rows * w->out * sizeof(float));
    if (a && w->packed)
        gemm_run_packed(cpu_of(d)->gemm, &p, f32(y), a, w->packed, bias);
    else if (a)
        gemm_run(cpu_of(d)->gemm, &p, f32(y), a, weights, bias);
}

static void cpu_linear(struct device *d, act *y, const act *x, const struct param *w,
                       const struct param *b, const act *r, int N)
{
    int rows = chunk_rows(w);
    const void *weights = NULL;

    if (cpu_failed(d) || !N)
        return;
    if (!w->packed && !(weights = product_input(d, SCRATCH_B, cf32(w->c), (size_t)w->out * w->in)))
        return;
    for (int n = 0; n < N && !cpu_failed(d); n += rows)
        linear_chunk(d, act_at(d, y, (size_t)n * w->out), act_at(d, x, (size_t)n * w->in), w,
                     weights, b, r ? act_at(d, r, (size_t)n * w->out) : NULL,
                     N - n < rows ? N - n : rows);
}

/* g[c] += sum over rows of dy (N, C), in the order of the rows */
static void add_column_sums(struct device *d, float *g, const float *dy, int N, int C)
{
    (void)d; /* where there is no OpenMP */
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * C))
    for (int c0 = 0; c0 < C; c0 += COLUMNS) {
        float sum[COLUMNS] = {0};
        int n = C - c0 < COLUMNS ? C - c0 : COLUMNS;

        for (int i = 0; i < N; i++) {
            const float *row = dy + (size_t)i * C + c0;

#pragma omp simd
            for (int c = 0; c < n; c++)
                sum[c] += row[c];
        }
        for (int c = 0; c < n; c++)
            g[c0 + c] += sum[c];
    }
}

/* The backward of some rows; weights as products take them. */
static void backward_chunk(struct device *d, act *dx, const struct param *w, const void *weights,
                           const struct param *b, const act *dy, const act *x, int rows)
{
    struct gemm *gemm = cpu_of(d)->gemm;
    /* dx (N, in) += dy (N, out) w (out, in); dw (out, in) += dy^T (out, N) x (N, in) */
    struct product pdx = {.M = rows, .N = w->in, .K = w->out, .add = true};
    struct product pdw = {.M = w->out, .N = w->in, .K = rows, .at = true, .add = true};
    const void *a = product_input(d, SCRATCH_A, cf32(dy), (size_t)rows * w->out), *other;

    if (a && dx)
        gemm_run(gemm, &pdx, f32(dx), a, weights, NULL);
    if (a && w->g && !cpu_failed(d)) {
        other = product_input(d, SCRATCH_X, cf32(x), (size_t)rows * w->in);
        if (other)
            gemm_run(gemm, &pdw, w->g, a, other, NULL);
    }
    if (b && b->g && !cpu_failed(d))
        add_column_sums(d, b->g, cf32(dy), rows, w->out);
}

static void cpu_linear_backward(struct device *d, act *dx, const struct param *w,
                                const struct param *b, const act *dy, const act *x, int N)
{
    int rows = chunk_rows(w);
    const void *weights = NULL;

    if (cpu_failed(d) || !N)
        return;
    if (dx && !(weights = product_input(d, SCRATCH_B, cf32(w->c), (size_t)w->out * w->in)))
        return;
    for (int n = 0; n < N && !cpu_failed(d); n += rows)
        backward_chunk(d, dx ? act_at(d, dx, (size_t)n * w->in) : NULL, w, weights, b,
                       act_at(d, dy, (size_t)n * w->out), act_at(d, x, (size_t)n * w->in),
                       N - n < rows ? N - n : rows);
}

static void cpu_pack(struct device *d, struct param *w)
{
    const void *b;

    if (cpu_failed(d) || w->packed)
        return;
    b = product_input(d, SCRATCH_B, cf32(w->c), (size_t)w->out * w->in);
    if (b)
        w->packed = gemm_pack(cpu_of(d)->gemm, b, w->out, w->in, b == w->c);
}

static void cpu_unpack(struct device *d, struct param *w)
{
    gemm_unpack(cpu_of(d)->gemm, w->packed);
    w->packed = NULL;
}

void CPU_OPS(linear)(struct ops *o)
{
    o->linear = cpu_linear;
    o->linear_backward = cpu_linear_backward;
    o->pack = cpu_pack;
    o->unpack = cpu_unpack;
}
