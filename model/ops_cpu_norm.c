/* Over tokens and cells: rmsnorm, conv3, rope, embed. */
#include "model/ops_cpu.h"

#include <math.h>
#include <string.h>

enum {
    TAPS = 9,
    COLUMNS = 16 /* of an embedding's gradient that one thread does at once */
};

static void cpu_rmsnorm(struct device *d, act *ya, float *rstd, const act *xa,
                        const struct param *gain, int N, int C)
{
    const float *g = gain->w;

    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * C))
    for (int n = 0; n < N; n++) {
        float *y = f32(ya) + (size_t)n * C, squares = 0, r;
        const float *x = cf32(xa) + (size_t)n * C;

#pragma omp simd reduction(+ : squares)
        for (int c = 0; c < C; c++)
            squares += x[c] * x[c];
        r = 1.0f / sqrtf(squares / (float)C + 1e-6f);
#pragma omp simd
        for (int c = 0; c < C; c++)
            y[c] = x[c] * r * g[c];
        if (rstd)
            rstd[n] = r;
    }
}

/* With h = dy g: dx += rstd (h - x rstd^2 mean(h x)), dg += sum_n dy x rstd */
static void cpu_rmsnorm_backward(struct device *d, act *dxa, const struct param *gain,
                                 const act *dya, const act *xa, const float *rstd, int N, int C)
{
    const float *g = gain->w;
    float *slices;

    if (cpu_failed(d) || !(slices = cpu_slices(d, C)))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * C))
    for (int s = 0; s < SLICES; s++) {
        float *dg = slices + s * slice_stride(C);

        for (int n = slice_row(s, N); n < slice_row(s + 1, N); n++) {
            float *dx = f32(dxa) + (size_t)n * C, dot = 0, r = rstd[n], k;
            const float *dy = cf32(dya) + (size_t)n * C, *x = cf32(xa) + (size_t)n * C;

#pragma omp simd reduction(+ : dot)
            for (int c = 0; c < C; c++)
                dot += dy[c] * g[c] * x[c];
            k = r * r * dot / (float)C;
#pragma omp simd
            for (int c = 0; c < C; c++) {
                dx[c] += r * (dy[c] * g[c] - x[c] * k);
                dg[c] += dy[c] * x[c] * r;
            }
        }
    }
    if (gain->g)
        cpu_add_slices(d, gain->g, slices, C);
}

/* Taps (C, 9) and (9, C): the second is what loops over channels want. */
static void taps_turn(float *to, const float *from, int C)
{
    for (int c = 0; c < C; c++)
        for (int t = 0; t < TAPS; t++)
            to[(size_t)t * C + c] = from[(size_t)c * TAPS + t];
}

static void cpu_conv3(struct device *d, act *ya, const act *xa, const struct param *k,
                      const act *ra, int B, int H, int W, int C, size_t batch)
{
    float *taps;

    if (cpu_failed(d) || !(taps = cpu_scratch(d, SCRATCH_TAPS, TAPS * (size_t)C * sizeof *taps)))
        return;
    taps_turn(taps, k->w, C);
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)B * H * W * C))
    for (int row = 0; row < B * H; row++) {
        size_t board = (size_t)(row / H) * batch;
        int h = row % H;

        for (int w = 0; w < W; w++) {
            size_t here = board + ((size_t)h * W + w) * C;
            float *y = f32(ya) + here;

            if (ra)
                memcpy(y, cf32(ra) + here, (size_t)C * sizeof *y);
            else
                memset(y, 0, (size_t)C * sizeof *y);
            for (int t = 0; t < TAPS; t++) {
                int hh = h + t / 3 - 1, ww = w + t % 3 - 1;
                const float *tap = taps + (size_t)t * C, *x;

                if (hh < 0 || hh >= H || ww < 0 || ww >= W)
                    continue;
                x = cf32(xa) + board + ((size_t)hh * W + ww) * C;
#pragma omp simd
                for (int c = 0; c < C; c++)
                    y[c] += x[c] * tap[c];
            }
        }
    }
}

/* One cell's part: dx (here) += dy (there) tap, dk += dy (there) x (here) for each tap */
static void conv3_backward_cell(float *dx, const float *dy, const float *x, const float *taps,
                                float *dk, int h, int w, int H, int W, int C)
{
    float *dx_here = dx + ((size_t)h * W + w) * C;
    const float *x_here = x + ((size_t)h * W + w) * C;

    for (int t = 0; t < TAPS; t++) {
        int hh = h - (t / 3 - 1), ww = w - (t % 3 - 1); /* the output that this tap feeds */
        const float *tap = taps + (size_t)t * C, *dy_there;
        float *dtap = dk + (size_t)t * C;

        if (hh < 0 || hh >= H || ww < 0 || ww >= W)
            continue;
        dy_there = dy + ((size_t)hh * W + ww) * C;
#pragma omp simd
        for (int c = 0; c < C; c++) {
            dx_here[c] += dy_there[c] * tap[c];
            dtap[c] += dy_there[c] * x_here[c];
        }
    }
}

static void cpu_conv3_backward(struct device *d, act *dxa, const struct param *k,
                               const act *dya, const act *xa, int B, int H, int W, int C,
                               size_t batch)
{
    size_t n = TAPS * (size_t)C;
    float *taps, *slices, *sum;

    if (cpu_failed(d) || !(taps = cpu_scratch(d, SCRATCH_TAPS, 2 * n * sizeof *taps)) ||
        !(slices = cpu_slices(d, n)))
        return;
    sum = taps + n; /* (9, C) */
    taps_turn(taps, k->w, C);
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)B * H * W * C))
    for (int s = 0; s < SLICES; s++)
        for (int row = slice_row(s, B * H); row < slice_row(s + 1, B * H); row++) {
            size_t board = (size_t)(row / H) * batch;

            for (int w = 0; w < W; w++)
                conv3_backward_cell(f32(dxa) + board, cf32(dya) + board, cf32(xa) + board, taps,
                                    slices + s * slice_stride(n), row % H, w, H, W, C);
        }
    if (!k->g)
        return;
    memset(sum, 0, n * sizeof *sum);
    cpu_add_slices(d, sum, slices, n);
    for (int c = 0; c < C; c++)
        for (int t = 0; t < TAPS; t++)
            k->g[(size_t)c * TAPS + t] += sum[(size_t)t * C + c];
}

static void cpu_rope(struct device *d, act *xa, const float *table, int B, int T, int NH,
                     int HS, size_t row, size_t batch, bool inverse)
{
    float sign = inverse ? -1.0f : 1.0f;

    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)B * T * NH * HS))
    for (int n = 0; n < B * T; n++) {
        float *x = f32(xa) + (size_t)(n / T) * batch + (size_t)(n % T) * row;
        const float *turn = table + (size_t)(n % T) * HS;

        for (int h = 0; h < NH; h++, x += HS)
#pragma omp simd
            for (int i = 0; i < HS; i += 2) {
                float cosine = turn[i], sine = sign * turn[i + 1], a = x[i], b = x[i + 1];

                x[i] = a * cosine - b * sine;
                x[i + 1] = a * sine + b * cosine;
            }
    }
}

static void cpu_embed(struct device *d, act *y, const struct param *table, const int *id, int N)
{
    int C = table->in;

    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * C))
    for (int n = 0; n < N; n++)
        memcpy(f32(y) + (size_t)n * C, table->w + (size_t)id[n] * C, (size_t)C * sizeof(float));
}

/* Rows of the table may repeat: each thread takes columns, and adds in the order of n. */
static void cpu_embed_backward(struct device *d, const struct param *table, const act *dya,
                               const int *id, int N)
{
    int C = table->in;

    if (cpu_failed(d) || !table->g)
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * C))
    for (int c0 = 0; c0 < C; c0 += COLUMNS)
        for (int n = 0; n < N; n++) {
            float *g = table->g + (size_t)id[n] * C;
            const float *dy = cf32(dya) + (size_t)n * C;
            int end = c0 + COLUMNS < C ? c0 + COLUMNS : C;

            for (int c = c0; c < end; c++)
                g[c] += dy[c];
        }
}

void CPU_OPS(norm)(struct ops *o)
{
    o->rmsnorm = cpu_rmsnorm;
    o->rmsnorm_backward = cpu_rmsnorm_backward;
    o->conv3 = cpu_conv3;
    o->conv3_backward = cpu_conv3_backward;
    o->rope = cpu_rope;
    o->embed = cpu_embed;
    o->embed_backward = cpu_embed_backward;
}
