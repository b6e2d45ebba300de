/* At the border to pixels: patchify, fsq, waves, pixel_loss. */
#include "model/ops_cpu.h"

#include <math.h>

enum { MAX_D = 8 };

/* The pixel row py of token n, P pixels of 3 bytes, begins here. */
static size_t patch_row(int n, int py, int H, int W, int P)
{
    int b = n / (H * W), h = n / W % H, w = n % W;

    return ((((size_t)b * H + h) * P + py) * W + w) * P * 3;
}

static void cpu_patchify(struct device *d, act *ya, const uint8_t *px, int B, int H, int W,
                         int P)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)B * H * W * P * P * 3))
    for (int n = 0; n < B * H * W; n++)
        for (int py = 0; py < P; py++) {
            const uint8_t *from = px + patch_row(n, py, H, W, P);
            elem *y = elems(ya) + ((size_t)n * P + py) * P * 3;

#pragma omp simd
            for (int i = 0; i < P * 3; i++)
                y[i] = narrow((float)from[i] / 127.5f - 1);
        }
}

static void cpu_unpatchify(struct device *d, uint8_t *px, const act *xa, int B, int H, int W,
                           int P)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)B * H * W * P * P * 3))
    for (int n = 0; n < B * H * W; n++)
        for (int py = 0; py < P; py++) {
            uint8_t *to = px + patch_row(n, py, H, W, P);
            const elem *x = const_elems(xa) + ((size_t)n * P + py) * P * 3;

#pragma omp simd
            for (int i = 0; i < P * 3; i++) {
                float f = (widen(x[i]) + 1) * 127.5f + 0.5f; /* NaN becomes 0 */

                to[i] = (uint8_t)(int)(f > 0 ? f < 255 ? f : 255 : 0);
            }
        }
}

/* What FSQ needs to know of one dimension of L levels. */
struct level {
    float half, offset, shift, step; /* step = integer L/2 */
    int L;
};

static void level_init(struct level *l, const int *levels, int D)
{
    for (int i = 0; i < D; i++) {
        double half = (levels[i] - 1) * (1 + 1e-3) / 2, offset = levels[i] % 2 ? 0 : 0.5;

        l[i].L = levels[i];
        l[i].half = (float)half;
        l[i].offset = (float)offset;
        l[i].shift = (float)atanh(offset / half);
        l[i].step = (float)(levels[i] / 2);
    }
}

static void cpu_fsq(struct device *d, act *ya, int *index, const act *xa, const int *levels,
                    int D, int N, bool quantise)
{
    struct level l[MAX_D];
    const elem *x = const_elems(xa);
    elem *y = elems(ya);

    if (cpu_failed(d))
        return;
    level_init(l, levels, D);
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * D * 8))
    for (int n = 0; n < N; n++) {
        int code = 0, base = 1;

        for (int i = 0; i < D; i++) {
            float bounded = tanhf(widen(x[n * D + i]) + l[i].shift) * l[i].half - l[i].offset;
            float whole = rintf(bounded);

            y[n * D + i] = narrow((quantise ? whole : bounded) / l[i].step);
            code += ((isnan(whole) ? 0 : (int)whole) + l[i].L / 2) * base;
            base *= l[i].L;
        }
        if (index)
            index[n] = code;
    }
}

static void cpu_fsq_backward(struct device *d, act *dxa, const act *dya, const act *xa,
                             const int *levels, int D, int N)
{
    struct level l[MAX_D];
    const elem *x = const_elems(xa), *dy = const_elems(dya);
    elem *dx = elems(dxa);

    if (cpu_failed(d))
        return;
    level_init(l, levels, D);
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * D * 8))
    for (int n = 0; n < N; n++)
        for (int i = 0; i < D; i++) {
            float t = tanhf(widen(x[n * D + i]) + l[i].shift);
            float grad = widen(dy[n * D + i]) * (1 - t * t) * l[i].half / l[i].step;

            dx[n * D + i] = narrow(widen(dx[n * D + i]) + grad);
        }
}

static void cpu_fsq_decode(struct device *d, act *ya, const int *index, const int *levels,
                           int D, int N)
{
    elem *y = elems(ya);

    if (cpu_failed(d))
        return;
    for (int n = 0; n < N; n++) {
        int code = index[n];

        for (int i = 0; i < D; i++) {
            float at = (float)(code % levels[i] - levels[i] / 2);

            y[n * D + i] = narrow(at / (float)(levels[i] / 2));
            code /= levels[i];
        }
    }
}

static void cpu_pixel_loss(struct device *d, float *loss, act *dxa, const act *xa, const act *ya,
                           const float *weight, int N, int C, enum pixel_loss kind, float scale)
{
    const float eps = 1.0f / 255;

    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * C))
    for (int n = 0; n < N; n++) {
        const elem *x = const_elems(xa) + (size_t)n * C, *y = const_elems(ya) + (size_t)n * C;
        elem *dx = dxa ? elems(dxa) + (size_t)n * C : NULL;
        float w = (weight ? weight[n] : 1.0f) / (float)C, k = scale * w, sum = 0;

        if (kind == PIXEL_L2) {
#pragma omp simd reduction(+ : sum)
            for (int c = 0; c < C; c++) {
                float e = widen(x[c]) - widen(y[c]);

                sum += e * e;
            }
#pragma omp simd
            for (int c = 0; c < (dx ? C : 0); c++)
                dx[c] = narrow(widen(dx[c]) + k * 2 * (widen(x[c]) - widen(y[c])));
        } else {
#pragma omp simd reduction(+ : sum)
            for (int c = 0; c < C; c++) { /* sqrt(e^2 + eps^2) - eps, without cancellation */
                float e = widen(x[c]) - widen(y[c]);

                sum += e * e / (sqrtf(e * e + eps * eps) + eps);
            }
#pragma omp simd
            for (int c = 0; c < (dx ? C : 0); c++) {
                float e = widen(x[c]) - widen(y[c]);

                dx[c] = narrow(widen(dx[c]) + k * e / sqrtf(e * e + eps * eps));
            }
        }
        loss[n] = w * sum;
    }
}

static const float PI_2 = 1.57079633f;

static void cpu_waves(struct device *d, act *ya, const act *xa, int N, int K)
{
    const elem *x = const_elems(xa);
    elem *y = elems(ya);

    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * K * 8))
    for (int n = 0; n < N; n++)
        for (int k = 0; k < K; k++)
            y[(size_t)n * K + k] = narrow(cosf(PI_2 * (float)(k + 1) * (widen(x[n]) + 1)));
}

static void cpu_waves_backward(struct device *d, act *dxa, const act *dya, const act *xa, int N,
                               int K)
{
    const elem *x = const_elems(xa), *dy = const_elems(dya);
    elem *dx = elems(dxa);

    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * K * 8))
    for (int n = 0; n < N; n++) {
        float sum = 0;

        for (int k = 0; k < K; k++) {
            float w = PI_2 * (float)(k + 1);

            sum -= widen(dy[(size_t)n * K + k]) * w * sinf(w * (widen(x[n]) + 1));
        }
        dx[n] = narrow(widen(dx[n]) + sum);
    }
}

void CPU_OPS(pixel)(struct ops *o)
{
    o->patchify = cpu_patchify;
    o->unpatchify = cpu_unpatchify;
    o->fsq = cpu_fsq;
    o->fsq_backward = cpu_fsq_backward;
    o->fsq_decode = cpu_fsq_decode;
    o->waves = cpu_waves;
    o->waves_backward = cpu_waves_backward;
    o->pixel_loss = cpu_pixel_loss;
}
