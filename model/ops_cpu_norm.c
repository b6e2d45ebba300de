/* Over tokens and cells: rmsnorm, conv3, rope, embed. */
#include "model/ops_cpu.h"

#include "model/ops_cpu_lanes.h"

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
        elem *y = elems(ya) + (size_t)n * C;
        const elem *x = const_elems(xa) + (size_t)n * C;
        lanes squares = {0};
        float r;

        for (int c = 0; c < C; c += LANES) {
            lanes at = lanes_load(x + c, C - c);

            squares += at * at;
        }
        r = 1.0f / sqrtf(lanes_total(squares) / (float)C + 1e-6f);
        for (int c = 0; c < C; c += LANES)
            lanes_store(y + c, lanes_load(x + c, C - c) * r * lanes_load_f32(g + c, C - c), C - c);
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
            elem *dx = elems(dxa) + (size_t)n * C;
            const elem *dy = const_elems(dya) + (size_t)n * C, *x = const_elems(xa) + (size_t)n * C;
            lanes dot = {0};
            float r = rstd[n], k;

            for (int c = 0; c < C; c += LANES)
                dot += lanes_load(dy + c, C - c) * lanes_load_f32(g + c, C - c) *
                       lanes_load(x + c, C - c);
            k = r * r * lanes_total(dot) / (float)C;
            for (int c = 0; c < C; c += LANES) {
                lanes grad = lanes_load(dy + c, C - c), at = lanes_load(x + c, C - c);
                lanes h = grad * lanes_load_f32(g + c, C - c) - at * k;

                lanes_store(dx + c, lanes_load(dx + c, C - c) + r * h, C - c);
                lanes_store_f32(dg + c, lanes_load_f32(dg + c, C - c) + grad * at * r, C - c);
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

/*
 * What surrounds a cell, column by column, in LANES channels from c on.  Along a row each cell is
 * read but once for each of three rows, and all stays in registers.
 */
struct around {
    lanes column[3][3]; /* of the cells to the left, here and to the right; 0 off the board */
};

/* One cell to the right, to column w of row h of the board x. */
static inline void around_move(struct around *a, const elem *x, int h, int w, int H, int W, int C,
                               int c)
{
    for (int i = 0; i < 3; i++) {
        int hh = h + i - 1;
        bool there = hh >= 0 && hh < H && w + 1 < W;

        a->column[0][i] = a->column[1][i];
        a->column[1][i] = a->column[2][i];
        a->column[2][i] = (lanes){0};
        if (there)
            a->column[2][i] = lanes_load(x + ((size_t)hh * W + w + 1) * C + c, C - c);
    }
}

/* To the left of row h: the next move is to column 0. */
static inline struct around around_begin(const elem *x, int h, int H, int W, int C, int c)
{
    struct around a = {{{{0}}}};

    around_move(&a, x, h, -1, H, W, C, c);
    return a;
}

static inline void load_taps(lanes tap[TAPS], const float *taps, int C, int c)
{
    for (int t = 0; t < TAPS; t++)
        tap[t] = lanes_load_f32(taps + (size_t)t * C + c, C - c);
}

/* One row, y (W, C) = sum of taps + r; x is the board. */
static void conv3_row(elem *y, const elem *x, const float *taps, const elem *r, int h, int H,
                      int W, int C)
{
    for (int c = 0; c < C; c += LANES) {
        struct around a = around_begin(x, h, H, W, C, c);
        lanes tap[TAPS];

        load_taps(tap, taps, C, c);
        for (int w = 0; w < W; w++) {
            lanes sum = {0};

            around_move(&a, x, h, w, H, W, C, c);
            if (r)
                sum = lanes_load(r + (size_t)w * C + c, C - c);
            for (int t = 0; t < TAPS; t++)
                sum += a.column[t % 3][t / 3] * tap[t];
            lanes_store(y + (size_t)w * C + c, sum, C - c);
        }
    }
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
        size_t board = (size_t)(row / H) * batch, here = board + (size_t)(row % H) * W * C;

        conv3_row(elems(ya) + here, const_elems(xa) + board, taps,
                  ra ? const_elems(ra) + here : NULL, row % H, H, W, C);
    }
}

/*
 * One row's part: dx (W, C) += dy (there) tap, dk (9, C) += dy (there) x for each tap; dy is the
 * board.  The output that a tap feeds lies where the opposite tap would read.
 */
static void conv3_backward_row(elem *dx, const elem *dy, const elem *x, const float *taps,
                               float *dk, int h, int H, int W, int C)
{
    for (int c = 0; c < C; c += LANES) {
        struct around a = around_begin(dy, h, H, W, C, c);
        lanes tap[TAPS], sums[TAPS];

        load_taps(tap, taps, C, c);
        load_taps(sums, dk, C, c);
        for (int w = 0; w < W; w++) {
            size_t here = (size_t)w * C + c;
            lanes sum = lanes_load(dx + here, C - c), at = lanes_load(x + here, C - c);

            around_move(&a, dy, h, w, H, W, C, c);
            for (int t = 0; t < TAPS; t++) {
                lanes grad = a.column[2 - t % 3][2 - t / 3];

                sum += grad * tap[t];
                sums[t] += grad * at;
            }
            lanes_store(dx + here, sum, C - c);
        }
        for (int t = 0; t < TAPS; t++)
            lanes_store_f32(dk + (size_t)t * C + c, sums[t], C - c);
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
            size_t board = (size_t)(row / H) * batch, here = board + (size_t)(row % H) * W * C;

            conv3_backward_row(elems(dxa) + here, const_elems(dya) + board,
                               const_elems(xa) + here, taps, slices + s * slice_stride(n),
                               row % H, H, W, C);
        }
    if (!k->g)
        return;
    memset(sum, 0, n * sizeof *sum);
    cpu_add_slices(d, sum, slices, n);
    for (int c = 0; c < C; c++)
        for (int t = 0; t < TAPS; t++)
            k->g[(size_t)c * TAPS + t] += sum[(size_t)t * C + c];
}

/* The pair (x[0], x[1]) turned. */
static inline void turn_pair(elem *x, float cosine, float sine)
{
#ifdef OPS_CPU_BF16 /* both in one word, which compilers vectorise better than every other */
    uint32_t pair;
    float a, b;

    memcpy(&pair, x, sizeof pair);
    a = widen((elem)pair);
    b = widen((elem)(pair >> 16));
    pair = narrow(a * cosine - b * sine) | (uint32_t)narrow(a * sine + b * cosine) << 16;
    memcpy(x, &pair, sizeof pair);
#else
    float a = x[0], b = x[1];

    x[0] = a * cosine - b * sine;
    x[1] = a * sine + b * cosine;
#endif
}

static void cpu_rope(struct device *d, act *xa, const float *table, int B, int T, int NH,
                     int HS, size_t row, size_t batch, bool inverse)
{
    float sign = inverse ? -1.0f : 1.0f;

    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)B * T * NH * HS))
    for (int n = 0; n < B * T; n++) {
        elem *x = elems(xa) + (size_t)(n / T) * batch + (size_t)(n % T) * row;
        const float *turn = table + (size_t)(n % T) * HS;

        for (int h = 0; h < NH; h++, x += HS)
#pragma omp simd
            for (int i = 0; i < HS; i += 2)
                turn_pair(x + i, turn[i], sign * turn[i + 1]);
    }
}

static void cpu_embed(struct device *d, act *y, const struct param *table, const int *id, int N)
{
    int C = table->in;

    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * C))
    for (int n = 0; n < N; n++)
        memcpy(elems(y) + (size_t)n * C, const_elems(table->c) + (size_t)id[n] * C,
               (size_t)C * sizeof(elem));
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
            const elem *dy = const_elems(dya) + (size_t)n * C;
            int end = c0 + COLUMNS < C ? c0 + COLUMNS : C;

            for (int c = c0; c < end; c++)
                g[c] += widen(dy[c]);
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
