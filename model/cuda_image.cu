/* Cells and pixels: the depthwise 3x3 convolution, patchify and unpatchify. */
#include "model/cuda.h"

enum { TAPS = 9, CELLS = 8 * ROWS }; /* cells that a block of the convolution does */

/* Boards of cells with C channels; a board is `batch` elements after the one before. */
struct board {
    int B, H, W, C;
    size_t batch;
};

static __device__ size_t cell_offset(const struct board &s, int n)
{
    int cells = s.H * s.W;

    return n / cells * s.batch + (size_t)(n % cells) * s.C;
}

/* Is the neighbour of cell n that tap t (row-major, 4 is n itself) looks at on the board? */
static __device__ bool has_neighbour(const struct board &s, int n, int t)
{
    int h = n / s.W % s.H + t / 3 - 1, w = n % s.W + t % 3 - 1;

    return h >= 0 && h < s.H && w >= 0 && w < s.W;
}

static __device__ ptrdiff_t neighbour_offset(const struct board &s, int t)
{
    return (ptrdiff_t)((t / 3 - 1) * s.W + t % 3 - 1) * s.C;
}

/*
 * y = taps of x + r (NULL: zero; y itself is fine).  FLIP turns the taps by
 * 180 degrees: the gradient of x from that of y.  A thread keeps the taps of
 * its W channels and walks over cells.
 */
template <int W, bool FLIP>
__global__ void conv3_kernel(bf16 *y, const bf16 *x, const float *k, const bf16 *r,
                             struct board s)
{
    int c = (blockIdx.y * LANES + threadIdx.x) * W;
    int N = s.B * s.H * s.W, begin = blockIdx.x * CELLS;
    float tap[TAPS][W], sum[W], v[W];

    if (c >= s.C)
        return;
    for (int t = 0; t < TAPS; t++)
        for (int j = 0; j < W; j++)
            tap[t][j] = k[(c + j) * TAPS + (FLIP ? TAPS - 1 - t : t)];
    for (int n = begin + threadIdx.y; n < begin + CELLS && n < N; n += ROWS) {
        size_t at = cell_offset(s, n) + c;

        if (r)
            load(sum, r + at);
        for (int j = 0; j < W && !r; j++)
            sum[j] = 0;
#pragma unroll
        for (int t = 0; t < TAPS; t++)
            if (has_neighbour(s, n, t)) {
                load(v, x + at + neighbour_offset(s, t));
                for (int j = 0; j < W; j++)
                    sum[j] += v[j] * tap[t][j];
            }
        store(y + at, sum);
    }
}

static void conv3(struct device *d, act *y, const act *x, const struct param *k, const act *r,
                  int B, int H, int W, int C, size_t batch)
{
    struct board s = { B, H, W, C, batch };
    unsigned cells = ceil_div((size_t)B * H * W, CELLS);
    dim3 block(LANES, ROWS);

    if (wide(C, y, x, r) && wide(batch))
        launch(d, "conv3", dim3(cells, ceil_div(C, LANES * 4)), block, conv3_kernel<4, false>,
               bf(y), bf(x), k->w, bf(r), s);
    else
        launch(d, "conv3", dim3(cells, ceil_div(C, LANES)), block, conv3_kernel<1, false>, bf(y),
               bf(x), k->w, bf(r), s);
}

/* part (gridDim.x, C, 9): the taps' gradient from `cells` cells each */
template <int W>
__global__ void conv3_taps_kernel(float *part, const bf16 *dy, const bf16 *x, struct board s,
                                  int cells)
{
    __shared__ float shared[ROWS][W * LANES];
    int first = blockIdx.y * LANES * W, c = first + threadIdx.x * W;
    int N = s.B * s.H * s.W, begin = blockIdx.x * cells;
    int end = begin + cells < N ? begin + cells : N;
    int i = threadIdx.y * LANES + threadIdx.x;
    float sum[TAPS][W] = {}, g[W], v[W];

    for (int n = begin + threadIdx.y; n < end && c < s.C; n += ROWS) {
        size_t at = cell_offset(s, n) + c;

        load(g, dy + at);
#pragma unroll
        for (int t = 0; t < TAPS; t++)
            if (has_neighbour(s, n, t)) {
                load(v, x + at + neighbour_offset(s, t));
                for (int j = 0; j < W; j++)
                    sum[t][j] += g[j] * v[j];
            }
    }
    c = first + i % LANES * W + i / LANES; /* the channel that thread i adds up below */
#pragma unroll
    for (int t = 0; t < TAPS; t++) {
        for (int j = 0; j < W; j++)
            shared[threadIdx.y][j * LANES + threadIdx.x] = sum[t][j];
        __syncthreads();
        if (i < W * LANES && c < s.C) {
            float total = 0;

            for (int row = 0; row < ROWS; row++)
                total += shared[row][i];
            part[((size_t)blockIdx.x * s.C + c) * TAPS + t] = total;
        }
        __syncthreads();
    }
}

static void conv3_taps(struct device *d, float *g, const act *dy, const act *x,
                       const struct board &s, bool four)
{
    float *part = cuda_of(d)->scratch;
    size_t N = (size_t)s.B * s.H * s.W, taps = (size_t)s.C * TAPS;
    size_t parts = ceil_div(N, 4 * ROWS), most = CUDA_SCRATCH / taps;
    const char *what = "conv3 backward";
    dim3 block(LANES, ROWS);
    int cells;

    if (!most) {
        err_set(&d->err, "cuda: %s: %d channels are too many", what, s.C);
        return;
    }
    most = most < CUDA_PARTS ? most : (size_t)CUDA_PARTS;
    parts = parts < most ? parts : most;
    cells = (int)ceil_div(N, parts);
    parts = ceil_div(N, cells);
    if (four)
        launch(d, what, dim3(parts, ceil_div(s.C, LANES * 4)), block, conv3_taps_kernel<4>, part,
               bf(dy), bf(x), s, cells);
    else
        launch(d, what, dim3(parts, ceil_div(s.C, LANES)), block, conv3_taps_kernel<1>, part,
               bf(dy), bf(x), s, cells);
    launch(d, what, dim3(1, ceil_div(taps, LANES)), block, column_sums<1, part_rows, float>, g,
           part_rows{ part, taps }, (int)parts, taps, (int)parts, true);
}

static void conv3_backward(struct device *d, act *dx, const struct param *k, const act *dy,
                           const act *x, int B, int H, int W, int C, size_t batch)
{
    struct board s = { B, H, W, C, batch };
    bool four = wide(C, dx, dy, x) && wide(batch);
    unsigned cells = ceil_div((size_t)B * H * W, CELLS);
    dim3 block(LANES, ROWS);

    if (!cells || C <= 0)
        return;
    if (four)
        launch(d, "conv3 backward", dim3(cells, ceil_div(C, LANES * 4)), block,
               conv3_kernel<4, true>, bf(dx), bf(dy), k->w, bf(dx), s);
    else
        launch(d, "conv3 backward", dim3(cells, ceil_div(C, LANES)), block, conv3_kernel<1, true>,
               bf(dx), bf(dy), k->w, bf(dx), s);
    if (k->g)
        conv3_taps(d, k->g, dy, x, s, four);
}

/* --- patches: a block is a token; its P pixel rows lie 3 W P bytes apart */

static __device__ size_t pixel_offset(int i, int H, int W, int P)
{
    int n = blockIdx.x, b = n / (H * W), h = n / W % H, w = n % W;
    int line = i / (3 * P), rest = i % (3 * P);

    return ((((size_t)b * H + h) * P + line) * W + w) * P * 3 + rest;
}

__global__ void patchify_kernel(bf16 *y, const uint8_t *px, int H, int W, int P)
{
    size_t C = (size_t)P * P * 3;

    for (int i = threadIdx.x; i < (int)C; i += THREADS)
        y[blockIdx.x * C + i] =
            __float2bfloat16_rn((float)px[pixel_offset(i, H, W, P)] / 127.5f - 1);
}

__global__ void unpatchify_kernel(uint8_t *px, const bf16 *x, int H, int W, int P)
{
    size_t C = (size_t)P * P * 3;

    for (int i = threadIdx.x; i < (int)C; i += THREADS) {
        float f = (__bfloat162float(x[blockIdx.x * C + i]) + 1) * 127.5f + 0.5f;

        px[pixel_offset(i, H, W, P)] = (uint8_t)(f > 0 ? f < 255 ? f : 255 : 0);
    }
}

static void patchify(struct device *d, act *y, const uint8_t *px, int B, int H, int W, int P)
{
    launch(d, "patchify", dim3(B * H * W), THREADS, patchify_kernel, bf(y), px, H, W, P);
}

static void unpatchify(struct device *d, uint8_t *px, const act *x, int B, int H, int W, int P)
{
    launch(d, "unpatchify", dim3(B * H * W), THREADS, unpatchify_kernel, px, bf(x), H, W, P);
}

void cuda_ops_image(struct ops *t)
{
    t->conv3 = conv3;
    t->conv3_backward = conv3_backward;
    t->patchify = patchify;
    t->unpatchify = unpatchify;
}
