/* Element by element: add, silu, swiglu, modulate. */
#include "model/ops_cpu.h"

#include "model/ops_cpu_lanes.h"
#include "model/ops_cpu_math.h"

enum { COLUMNS = 64 }; /* of a modulation's gradient that one thread does at once */

static void cpu_to_act(struct device *d, act *ya, const float *x, size_t n)
{
    elem *y = elems(ya);

    if (cpu_failed(d))
        return;
#pragma omp parallel for simd num_threads(cpu_team(d, n))
    for (size_t i = 0; i < n; i++)
        y[i] = narrow(x[i]);
}

static void cpu_from_act(struct device *d, float *y, const act *xa, size_t n)
{
    const elem *x = const_elems(xa);

    if (cpu_failed(d))
        return;
#pragma omp parallel for simd num_threads(cpu_team(d, n))
    for (size_t i = 0; i < n; i++)
        y[i] = widen(x[i]);
}

static void cpu_add(struct device *d, act *ya, const act *xa, const act *ra, size_t n)
{
    elem *y = elems(ya);
    const elem *x = const_elems(xa), *r = const_elems(ra);

    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, n))
    for (size_t i = 0; i < n; i += LANES) {
        int k = n - i < LANES ? (int)(n - i) : LANES;

        lanes_store(y + i, lanes_load(x + i, k) + lanes_load(r + i, k), k);
    }
}

static void cpu_silu(struct device *d, act *ya, const act *xa, size_t n)
{
    elem *y = elems(ya);
    const elem *x = const_elems(xa);

    if (cpu_failed(d))
        return;
#pragma omp parallel for simd num_threads(cpu_team(d, n))
    for (size_t i = 0; i < n; i++)
        y[i] = narrow(widen(x[i]) * sigmoid_fast(widen(x[i])));
}

static void cpu_silu_backward(struct device *d, act *dxa, const act *dya, const act *xa,
                              size_t n)
{
    elem *dx = elems(dxa);
    const elem *dy = const_elems(dya), *x = const_elems(xa);

    if (cpu_failed(d))
        return;
#pragma omp parallel for simd num_threads(cpu_team(d, n))
    for (size_t i = 0; i < n; i++) {
        float at = widen(x[i]), s = sigmoid_fast(at);

        dx[i] = narrow(widen(dx[i]) + widen(dy[i]) * s * (1 + at * (1 - s)));
    }
}

static void cpu_swiglu(struct device *d, act *ya, const act *xa, int N, int F)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * F))
    for (int n = 0; n < N; n++) {
        elem *y = elems(ya) + (size_t)n * F;
        const elem *gate = const_elems(xa) + (size_t)n * 2 * F, *up = gate + F;

        for (int i = 0; i < F; i += LANES) {
            lanes g = lanes_load(gate + i, F - i);

            lanes_store(y + i, g * lanes_sigmoid(g) * lanes_load(up + i, F - i), F - i);
        }
    }
}

static void cpu_swiglu_backward(struct device *d, act *dxa, const act *dya, const act *xa,
                                int N, int F)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * F))
    for (int n = 0; n < N; n++) {
        const elem *dy = const_elems(dya) + (size_t)n * F;
        const elem *gate = const_elems(xa) + (size_t)n * 2 * F, *up = gate + F;
        elem *dgate = elems(dxa) + (size_t)n * 2 * F, *dup = dgate + F;

        for (int i = 0; i < F; i += LANES) {
            int k = F - i;
            lanes g = lanes_load(gate + i, k), s = lanes_sigmoid(g);
            lanes grad = lanes_load(dy + i, k) * s, slope = 1 + g * (1 - s);

            lanes_store(dgate + i, grad * slope * lanes_load(up + i, k), k);
            lanes_store(dup + i, grad * g, k);
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
        elem *y = elems(ya) + (size_t)n * C;
        const elem *x = const_elems(xa) + (size_t)n * C;
        const elem *scale = const_elems(ma) + (size_t)(n / T) * 2 * C, *shift = scale + C;

#pragma omp simd
        for (int c = 0; c < C; c++)
            y[c] = narrow(widen(x[c]) * (1 + widen(scale[c])) + widen(shift[c]));
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
            elem *dx = elems(dxa) + first, *dm = elems(dma) + (size_t)b * 2 * C + c0;
            const elem *dy = const_elems(dya) + first, *x = const_elems(xa) + first;
            const elem *scale = const_elems(ma) + (size_t)b * 2 * C + c0;
            int n = C - c0 < COLUMNS ? C - c0 : COLUMNS;
            float sum_scale[COLUMNS] = {0}, sum_shift[COLUMNS] = {0};

            for (int t = 0; t < T; t++, dx += C, dy += C, x += C)
#pragma omp simd
                for (int c = 0; c < n; c++) {
                    float grad = widen(dy[c]);

                    dx[c] = narrow(widen(dx[c]) + grad * (1 + widen(scale[c])));
                    sum_scale[c] += grad * widen(x[c]);
                    sum_shift[c] += grad;
                }
            for (int c = 0; c < n; c++) {
                dm[c] = narrow(widen(dm[c]) + sum_scale[c]);
                dm[C + c] = narrow(widen(dm[C + c]) + sum_shift[c]);
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
