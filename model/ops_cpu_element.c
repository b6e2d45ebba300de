/* Element by element: add, silu, swiglu, modulate. */
#include "model/ops_cpu.h"

#include "model/ops_cpu_math.h"

enum { COLUMNS = 64 }; /* of a modulation's gradient that one thread does at once */

static void cpu_to_act(struct device *d, act *y, const float *x, size_t n)
{
    d->ops->copy(d, y, x, n * sizeof *x);
}

static void cpu_from_act(struct device *d, float *y, const act *x, size_t n)
{
    d->ops->copy(d, y, x, n * sizeof *y);
}

static void cpu_add(struct device *d, act *ya, const act *xa, const act *ra, size_t n)
{
    float *y = f32(ya);
    const float *x = cf32(xa), *r = cf32(ra);

    if (cpu_failed(d))
        return;
#pragma omp parallel for simd num_threads(cpu_team(d, n))
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] + r[i];
}

static void cpu_silu(struct device *d, act *ya, const act *xa, size_t n)
{
    float *y = f32(ya);
    const float *x = cf32(xa);

    if (cpu_failed(d))
        return;
#pragma omp parallel for simd num_threads(cpu_team(d, n))
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * sigmoid_fast(x[i]);
}

static void cpu_silu_backward(struct device *d, act *dxa, const act *dya, const act *xa,
                              size_t n)
{
    float *dx = f32(dxa);
    const float *dy = cf32(dya), *x = cf32(xa);

    if (cpu_failed(d))
        return;
#pragma omp parallel for simd num_threads(cpu_team(d, n))
    for (size_t i = 0; i < n; i++) {
        float s = sigmoid_fast(x[i]);

        dx[i] += dy[i] * s * (1 + x[i] * (1 - s));
    }
}

static void cpu_swiglu(struct device *d, act *ya, const act *xa, int N, int F)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * F))
    for (int n = 0; n < N; n++) {
        float *y = f32(ya) + (size_t)n * F;
        const float *gate = cf32(xa) + (size_t)n * 2 * F, *up = gate + F;

#pragma omp simd
        for (int i = 0; i < F; i++)
            y[i] = gate[i] * sigmoid_fast(gate[i]) * up[i];
    }
}

static void cpu_swiglu_backward(struct device *d, act *dxa, const act *dya, const act *xa,
                                int N, int F)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * F))
    for (int n = 0; n < N; n++) {
        const float *dy = cf32(dya) + (size_t)n * F;
        const float *gate = cf32(xa) + (size_t)n * 2 * F, *up = gate + F;
        float *dgate = f32(dxa) + (size_t)n * 2 * F, *dup = dgate + F;

#pragma omp simd
        for (int i = 0; i < F; i++) {
            float s = sigmoid_fast(gate[i]);

            dgate[i] += dy[i] * up[i] * s * (1 + gate[i] * (1 - s));
            dup[i] += dy[i] * gate[i] * s;
        }
    }
}

static void cpu_modulate(struct device *d, act *ya, const act *xa, const act *ma, int B, int T,
                         int C)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)B * T * C))
    for (int n = 0; n < B * T; n++) {
        float *y = f32(ya) + (size_t)n * C;
        const float *x = cf32(xa) + (size_t)n * C;
        const float *scale = cf32(ma) + (size_t)(n / T) * 2 * C, *shift = scale + C;

#pragma omp simd
        for (int c = 0; c < C; c++)
            y[c] = x[c] * (1 + scale[c]) + shift[c];
    }
}

static void cpu_modulate_backward(struct device *d, act *dxa, act *dma, const act *dya,
                                  const act *xa, const act *ma, int B, int T, int C)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for collapse(2) schedule(static) num_threads(cpu_team(d, (size_t)B * T * C))
    for (int b = 0; b < B; b++)
        for (int c0 = 0; c0 < C; c0 += COLUMNS) {
            size_t first = (size_t)b * T * C + c0;
            float *dx = f32(dxa) + first, *dm = f32(dma) + (size_t)b * 2 * C + c0;
            const float *dy = cf32(dya) + first, *x = cf32(xa) + first;
            const float *scale = cf32(ma) + (size_t)b * 2 * C + c0;
            int n = C - c0 < COLUMNS ? C - c0 : COLUMNS;

            for (int t = 0; t < T; t++, dx += C, dy += C, x += C)
#pragma omp simd
                for (int c = 0; c < n; c++) {
                    dx[c] += dy[c] * (1 + scale[c]);
                    dm[c] += dy[c] * x[c];
                    dm[C + c] += dy[c];
                }
        }
}

void CPU_OPS(element)(struct ops *o)
{
    o->to_act = cpu_to_act;
    o->from_act = cpu_from_act;
    o->add = cpu_add;
    o->silu = cpu_silu;
    o->silu_backward = cpu_silu_backward;
    o->swiglu = cpu_swiglu;
    o->swiglu_backward = cpu_swiglu_backward;
    o->modulate = cpu_modulate;
    o->modulate_backward = cpu_modulate_backward;
}
