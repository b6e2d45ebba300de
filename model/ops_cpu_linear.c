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

static void cpu_linear(struct device *d, act *y, const act *x, const struct param *w,
                       const struct param *b, const act *r, int N)
{
    struct product p = {.M = N, .N = w->out, .K = w->in, .bt = true, .add = r != NULL};
    size_t n = (size_t)N * w->out;
    const float *bias = b ? b->w : NULL;
    const void *a;

    if (cpu_failed(d) || !N)
        return;
    a = product_input(d, SCRATCH_A, cf32(x), (size_t)N * w->in);
    if (r && r != y)
        d->ops->copy(d, y, r, n * sizeof(float));
    if (a && w->packed) {
        gemm_run_packed(cpu_of(d)->gemm, &p, f32(y), a, w->packed, bias);
    } else if (a) {
        const void *weights = product_input(d, SCRATCH_B, cf32(w->c), (size_t)w->out * w->in);

        if (weights)
            gemm_run(cpu_of(d)->gemm, &p, f32(y), a, weights, bias);
    }
}

/* g[c] += sum over rows of dy (N, C), in the order of the rows */
static void add_column_sums(struct device *d, float *g, const float *dy, int N, int C)
{
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

static void cpu_linear_backward(struct device *d, act *dx, const struct param *w,
                                const struct param *b, const act *dy, const act *x, int N)
{
    struct gemm *gemm = cpu_of(d)->gemm;
    /* dx (N, in) += dy (N, out) w (out, in); dw (out, in) += dy^T (out, N) x (N, in) */
    struct product pdx = {.M = N, .N = w->in, .K = w->out, .add = true};
    struct product pdw = {.M = w->out, .N = w->in, .K = N, .at = true, .add = true};
    const void *a, *other;

    if (cpu_failed(d) || !N)
        return;
    a = product_input(d, SCRATCH_A, cf32(dy), (size_t)N * w->out);
    if (a && dx) {
        other = product_input(d, SCRATCH_B, cf32(w->c), (size_t)w->out * w->in);
        if (other)
            gemm_run(gemm, &pdx, f32(dx), a, other, NULL);
    }
    if (a && w->g && !cpu_failed(d)) {
        other = product_input(d, SCRATCH_B, cf32(x), (size_t)N * w->in);
        if (other)
            gemm_run(gemm, &pdw, w->g, a, other, NULL);
    }
    if (b && b->g && !cpu_failed(d))
        add_column_sums(d, b->g, cf32(dy), N, w->out);
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
