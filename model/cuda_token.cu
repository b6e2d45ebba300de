/* Between numbers and vectors: embedding and FSQ. */
#include "model/cuda.h"

#include <math.h>

template <int W>
__global__ void embed_kernel(bf16 *y, const bf16 *table, const int *id, int N, int C)
{
    size_t n = (size_t)blockIdx.x * ROWS + threadIdx.y;
    int c = (blockIdx.y * LANES + threadIdx.x) * W;
    float v[W];

    if (n >= (size_t)N || c >= C)
        return;
    load(v, table + (size_t)id[n] * C + c);
    store(y + n * C + c, v);
}

static void embed(struct device *d, act *y, const struct param *table, const int *id, int N)
{
    int C = table->in;

    if (wide(C, y, table->c))
        launch(d, "embed", dim3(ceil_div(N, ROWS), ceil_div(C, LANES * 8)), dim3(LANES, ROWS),
               embed_kernel<8>, bf(y), bf(table->c), id, N, C);
    else
        launch(d, "embed", dim3(ceil_div(N, ROWS), ceil_div(C, LANES)), dim3(LANES, ROWS),
               embed_kernel<1>, bf(y), bf(table->c), id, N, C);
}

enum { RUN = 32 }; /* tokens that one thread adds up */

/* The one sum whose order is not fixed: rows of g repeat.  Equal neighbours are added first. */
__global__ void embed_backward_kernel(float *g, const bf16 *dy, const int *id, int N, int C)
{
    int begin = (blockIdx.x * ROWS + threadIdx.y) * RUN;
    int end = begin + RUN < N ? begin + RUN : N;
    int c = blockIdx.y * LANES + threadIdx.x;
    float sum = 0;

    if (c >= C)
        return;
    for (int n = begin; n < end; n++) {
        sum += __bfloat162float(dy[(size_t)n * C + c]);
        if (n + 1 == end || id[n + 1] != id[n]) {
            atomicAdd(g + (size_t)id[n] * C + c, sum);
            sum = 0;
        }
    }
}

static void embed_backward(struct device *d, const struct param *table, const act *dy,
                           const int *id, int N)
{
    int C = table->in;

    if (table->g)
        launch(d, "embed backward", dim3(ceil_div(N, ROWS * RUN), ceil_div(C, LANES)),
               dim3(LANES, ROWS), embed_backward_kernel, table->g, bf(dy), id, N, C);
}

/* --- FSQ: a thread is a token */

enum { MOST_D = 8 };

struct fsq_levels {
    int D, L[MOST_D];
    float half[MOST_D], offset[MOST_D], shift[MOST_D];
};

static struct fsq_levels fsq_prepare(const int *levels, int D)
{
    struct fsq_levels f = {};

    f.D = D;
    for (int i = 0; i < D; i++) {
        double half = (levels[i] - 1) * (1 + 1e-3) / 2, offset = levels[i] % 2 ? 0 : 0.5;

        f.L[i] = levels[i];
        f.half[i] = (float)half;
        f.offset[i] = (float)offset;
        f.shift[i] = (float)atanh(offset / half);
    }
    return f;
}

static __device__ size_t token_index()
{
    return (size_t)blockIdx.x * THREADS + threadIdx.x;
}

__global__ void fsq_kernel(bf16 *y, int *index, const bf16 *x, struct fsq_levels f, int N,
                           bool quantise)
{
    size_t n = token_index();
    int code = 0, base = 1;

    if (n >= (size_t)N)
        return;
    for (int i = 0; i < f.D; i++) {
        float bounded = tanhf(__bfloat162float(x[n * f.D + i]) + f.shift[i]) * f.half[i] -
                        f.offset[i];
        float whole = rintf(bounded);

        y[n * f.D + i] = __float2bfloat16_rn((quantise ? whole : bounded) / (float)(f.L[i] / 2));
        code += ((isnan(whole) ? 0 : (int)whole) + f.L[i] / 2) * base;
        base *= f.L[i];
    }
    if (index)
        index[n] = code;
}

static void fsq(struct device *d, act *y, int *index, const act *x, const int *levels, int D, int N,
                bool quantise)
{
    launch(d, "fsq", dim3(ceil_div(N, THREADS)), THREADS, fsq_kernel, bf(y), index, bf(x),
           fsq_prepare(levels, D), N, quantise);
}

__global__ void fsq_backward_kernel(bf16 *dx, const bf16 *dy, const bf16 *x, struct fsq_levels f,
                                    int N)
{
    size_t n = token_index();

    if (n >= (size_t)N)
        return;
    for (int i = 0; i < f.D; i++) {
        size_t at = n * f.D + i;
        float t = tanhf(__bfloat162float(x[at]) + f.shift[i]);
        float slope = (1 - t * t) * f.half[i] / (float)(f.L[i] / 2);

        dx[at] = __float2bfloat16_rn(__bfloat162float(dx[at]) + __bfloat162float(dy[at]) * slope);
    }
}

static void fsq_backward(struct device *d, act *dx, const act *dy, const act *x, const int *levels,
                         int D, int N)
{
    launch(d, "fsq backward", dim3(ceil_div(N, THREADS)), THREADS, fsq_backward_kernel, bf(dx),
           bf(dy), bf(x), fsq_prepare(levels, D), N);
}

__global__ void fsq_decode_kernel(bf16 *y, const int *index, struct fsq_levels f, int N)
{
    size_t n = token_index();
    int code;

    if (n >= (size_t)N)
        return;
    code = index[n];
    for (int i = 0; i < f.D; i++) {
        y[n * f.D + i] =
            __float2bfloat16_rn((float)(code % f.L[i] - f.L[i] / 2) / (float)(f.L[i] / 2));
        code /= f.L[i];
    }
}

static void fsq_decode(struct device *d, act *y, const int *index, const int *levels, int D, int N)
{
    launch(d, "fsq decode", dim3(ceil_div(N, THREADS)), THREADS, fsq_decode_kernel, bf(y), index,
           fsq_prepare(levels, D), N);
}

/* --- waves: a thread is a number of x */

__device__ static const float PI_2 = 1.57079633f;

__global__ void waves_kernel(bf16 *y, const bf16 *x, int N, int K)
{
    size_t n = token_index();

    if (n >= (size_t)N)
        return;
    for (int k = 0; k < K; k++)
        y[n * K + k] = __float2bfloat16_rn(
            cosf(PI_2 * (float)(k + 1) * (__bfloat162float(x[n]) + 1)));
}

static void waves(struct device *d, act *y, const act *x, int N, int K)
{
    launch(d, "waves", dim3(ceil_div(N, THREADS)), THREADS, waves_kernel, bf(y), bf(x), N, K);
}

__global__ void waves_backward_kernel(bf16 *dx, const bf16 *dy, const bf16 *x, int N, int K)
{
    size_t n = token_index();
    float sum = 0;

    if (n >= (size_t)N)
        return;
    for (int k = 0; k < K; k++) {
        float w = PI_2 * (float)(k + 1);

        sum -= __bfloat162float(dy[n * K + k]) * w * sinf(w * (__bfloat162float(x[n]) + 1));
    }
    dx[n] = __float2bfloat16_rn(__bfloat162float(dx[n]) + sum);
}

static void waves_backward(struct device *d, act *dx, const act *dy, const act *x, int N, int K)
{
    launch(d, "waves backward", dim3(ceil_div(N, THREADS)), THREADS, waves_backward_kernel, bf(dx),
           bf(dy), bf(x), N, K);
}

void cuda_ops_token(struct ops *t)
{
    t->embed = embed;
    t->embed_backward = embed_backward;
    t->fsq = fsq;
    t->fsq_backward = fsq_backward;
    t->fsq_decode = fsq_decode;
    t->waves = waves;
    t->waves_backward = waves_backward;
}
