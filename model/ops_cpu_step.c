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
    if (c && f32(c) != w)
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

/* y = one step of the iteration from x (rows, cols); square is room for two of the shorter side */
static int iterate(float *y, const float *x, float *square, size_t rows, size_t cols)
{
    bool tall = rows > cols; /* then x^T x, from the right, is smaller */
    size_t side = tall ? cols : rows, n = rows * cols;
    float *p = square + side * side;
    struct product of_x = { .M = (int)side, .N = (int)side, .K = (int)(n / side), .at = tall,
                            .bt = !tall };
    struct product of_square = { .M = (int)side, .N = (int)side, .K = (int)side, .add = true };
    struct product last = { .M = (int)rows, .N = (int)cols, .K = (int)side, .add = true };

    if (gemm_small(&of_x, 1, square, side, x, cols, x, cols))
        return -1;
    for (size_t i = 0; i < side * side; i++)
        p[i] = ORTHOGONALISE_B * square[i];
    for (size_t i = 0; i < n; i++)
        y[i] = ORTHOGONALISE_A * x[i];
    return gemm_small(&of_square, ORTHOGONALISE_C, p, side, square, side, square, side) ||
           gemm_small(&last, 1, y, cols, tall ? x : p, side, tall ? p : x, cols) ? -1 : 0;
}

static void cpu_orthogonalise(struct device *d, float *x, act *work, int rows, int cols)
{
    size_t n = (size_t)rows * (size_t)cols;
    float *from = f32(work), *to = from + n, *square = to + n, *swap;
    float scale = (float)(1 / (sqrt(total(d, x, n, true)) + 1e-7));

    if (cpu_failed(d))
        return;
    cpu_use_threads(((struct cpu *)d)->threads);
    for (size_t i = 0; i < n; i++)
        from[i] = scale * x[i];
    for (int k = 0; k < ORTHOGONALISE_STEPS; k++) {
        if (iterate(to, from, square, (size_t)rows, (size_t)cols)) {
            err_set(&d->err, "orthogonalise: out of memory");
            return;
        }
        swap = from, from = to, to = swap;
    }
    memcpy(x, from, n * sizeof *x);
}

void CPU_OPS(step)(struct ops *o)
{
    o->sum = cpu_sum;
    o->sum_squares = cpu_sum_squares;
    o->adamw = cpu_adamw;
    o->mix = cpu_mix;
    o->orthogonalise = cpu_orthogonalise;
}
