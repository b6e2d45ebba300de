/* Sums to the host, and the optimiser. */
#include "model/ops_cpu.h"

#include <math.h>
#include <string.h>

#include "model/ops_cpu_gemm.h"

enum { CHUNK = 4096 }; /* floats summed at once */

/* sum of x, or of x^2, in double: chunk by chunk, the chunks in order */
static double total(struct device *d, const float *x, size_t n, bool squares)
{
    size_t chunks = (n + CHUNK - 1) / CHUNK;
    double *part, sum = 0;

    if (cpu_failed(d) || !(part = cpu_scratch(d, SCRATCH_WORK, (chunks + 1) * sizeof *part)))
        return 0;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, n))
    for (size_t k = 0; k < chunks; k++) {
        size_t end = (k + 1) * CHUNK < n ? (k + 1) * CHUNK : n;
        double s = 0;

        if (squares) {
#pragma omp simd reduction(+ : s)
            for (size_t i = k * CHUNK; i < end; i++)
                s += (double)x[i] * x[i];
        } else {
#pragma omp simd reduction(+ : s)
            for (size_t i = k * CHUNK; i < end; i++)
                s += x[i];
        }
        part[k] = s;
    }
    for (size_t k = 0; k < chunks; k++)
        sum += part[k];
    return sum;
}

static double cpu_sum(struct device *d, const float *x, size_t n)
{
    return total(d, x, n, false);
}

static double cpu_sum_squares(struct device *d, const float *x, size_t n)
{
    return total(d, x, n, true);
}

static void cpu_adamw(struct device *d, float *w, float *m, float *v, const float *g, act *c,
                      size_t n, const struct adamw *o)
{
    const float b1 = o->beta1, b2 = o->beta2, scale = o->scale, eps = o->eps;
    const float lr = (float)(o->lr / (1 - pow(b1, o->step)));
    const float root = (float)(1 / sqrt(1 - pow(b2, o->step))); /* corrects sqrt(v) */
    const float keep = 1 - o->lr * o->decay;

    if (cpu_failed(d))
        return;
#pragma omp parallel for simd num_threads(cpu_team(d, n))
    for (size_t i = 0; i < n; i++) {
        float gi = g[i] * scale;

        m[i] = b1 * m[i] + (1 - b1) * gi;
        v[i] = b2 * v[i] + (1 - b2) * gi * gi;
        w[i] = w[i] * keep - lr * m[i] / (sqrtf(v[i]) * root + eps);
    }
    if (c && (float *)c != w)
        d->ops->to_act(d, c, w, n);
}

static void cpu_mix(struct device *d, float *y, float a, const float *x, float b, size_t n)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for simd num_threads(cpu_team(d, n))
    for (size_t i = 0; i < n; i++)
        y[i] = a * x[i] + b * y[i];
}

/* y = one step of the iteration from x (rows, cols); square: room for three of the shorter side */
static void iterate(struct cpu *c, elem *y, const elem *x, elem *square, int rows, int cols)
{
    bool tall = rows > cols; /* then x^T x, from the right, is smaller */
    int side = tall ? cols : rows;
    size_t area = (size_t)side * side, n = (size_t)rows * cols;
    elem *scaled = square + area, *p = scaled + area;
    struct product of_x = {.M = side, .N = side, .K = tall ? rows : cols, .at = tall,
                           .bt = !tall, .c = ELEM_TYPE};
    struct product of_square = {.M = side, .N = side, .K = side, .c = ELEM_TYPE};
    struct product last = {.M = rows, .N = cols, .K = side, .c = ELEM_TYPE};

    gemm_run(c->gemm, &of_x, square, x, x, NULL, NULL);
#pragma omp simd
    for (size_t i = 0; i < area; i++) {
        p[i] = narrow(ORTHOGONALISE_B * widen(square[i]));
        scaled[i] = narrow(ORTHOGONALISE_C * widen(square[i]));
    }
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] = narrow(ORTHOGONALISE_A * widen(x[i]));
    gemm_run(c->gemm, &of_square, p, scaled, square, NULL, p);
    gemm_run(c->gemm, &last, y, tall ? x : p, tall ? p : x, NULL, y);
}

static void cpu_orthogonalise(struct device *d, float *x, act *work, int rows, int cols)
{
    size_t n = (size_t)rows * (size_t)cols;
    elem *from = elems(work), *to = from + n, *square = to + n, *swap;
    float scale = (float)(1 / (sqrt(total(d, x, n, true)) + 1e-7));

    if (cpu_failed(d))
        return;
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        from[i] = narrow(scale * x[i]);
    for (int k = 0; k < ORTHOGONALISE_STEPS && !cpu_failed(d); k++) {
        iterate(cpu_of(d), to, from, square, rows, cols);
        swap = from, from = to, to = swap;
    }
    d->ops->from_act(d, x, (act *)from, n);
}

void CPU_OPS(step)(struct ops *o)
{
    o->sum = cpu_sum;
    o->sum_squares = cpu_sum_squares;
    o->adamw = cpu_adamw;
    o->mix = cpu_mix;
    o->orthogonalise = cpu_orthogonalise;
}
