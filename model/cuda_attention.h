/*
 * cuda_attention: what attention forward and backward share.
 *
 * A block is 4 warps and a tile of 64 queries (or keys), 16 rows a warp; it
 * walks over tiles of the other side, which lie in shared memory as bf16.  D is
 * the head size rounded up to 16, 32, 64 or 128; what is beyond HS is zero.
 */
#ifndef MODEL_CUDA_ATTENTION_H
#define MODEL_CUDA_ATTENTION_H

#include "model/cuda_mma.h"

enum { WARPS = 4, TILE = 16 * WARPS, ATTENTION_THREADS = LANES * WARPS };

/* Rows of one head: `row` elements apart, HS of each are ours. */
template <class T> struct rows {
    T *x;
    size_t row, batch;
    bool wide; /* 16 bytes at a time are fine */
};

template <class T, class A>
static struct rows<T> rows_of(A *x, size_t row, size_t batch)
{
    return rows<T>{ (T *)x, row, batch, wide(row, x) && wide(batch) };
}

/* Which tile, head and sequence this block does. */
struct place {
    int first, h, b;

    __device__ place(const struct attn &a, int T)
    {
        int tiles = (T + TILE - 1) / TILE;

        first = blockIdx.x % tiles * TILE;
        h = blockIdx.x / tiles % a.NH;
        b = blockIdx.x / tiles / a.NH;
    }

    template <class T> __device__ T *at(const struct rows<T> &r, const struct attn &a) const
    {
        return r.x + b * r.batch + (size_t)h * a.HS;
    }

    /* of lse and its like, (B, NH, Tq) */
    __device__ size_t line(const struct attn &a) const
    {
        return ((size_t)b * a.NH + h) * a.Tq;
    }
};

/* ops.h's limits; false and d->err where they are not kept. */
static inline bool attention_fits(struct device *d, const struct attn *a)
{
    if (a->HS % 8 || a->HS < 8 || a->HS > 128)
        err_set(&d->err, "cuda: attention: heads of %d: a multiple of 8 up to 128 is needed",
                a->HS);
    return !d->err.msg[0];
}

static inline dim3 attention_grid(const struct attn *a, int T)
{
    return dim3(ceil_div(T, TILE) * a->NH * a->B);
}

template <int D> __host__ __device__ constexpr int row_length()
{
    return D + 8; /* of a tile in shared memory: see cuda_mma.h */
}

/* s (N, D + 8) = rows first .. first+N-1 of x, zero beyond T rows and HS elements */
template <int D, int N>
__device__ void tile_load(bf16 *s, const bf16 *x, const struct rows<const bf16> &r, int first,
                          int T, int HS)
{
    for (int i = threadIdx.x; i < N * D / 8; i += ATTENTION_THREADS) {
        int n = i / (D / 8), c = i % (D / 8) * 8;
        const bf16 *from = x + (first + n) * r.row + c;
        bf16 *to = s + n * row_length<D>() + c;
        uint4 raw = { 0, 0, 0, 0 };

        if (first + n < T && c < HS) {
            if (r.wide)
                raw = *(const uint4 *)from;
            else
                for (int j = 0; j < 8; j++)
                    ((bf16 *)&raw)[j] = from[j];
        }
        *(uint4 *)to = raw;
    }
}

/* The warp's 16 rows of a tile as a's */
template <int D> __device__ void tile_rows(uint32_t (&a)[D / 16][4], const bf16 *s)
{
    s += threadIdx.x / LANES * 16 * row_length<D>();
#pragma unroll
    for (int k = 0; k < D / 16; k++)
        mma_load_a(a[k], s + k * 16, row_length<D>());
}

/*
 * Rows first + 16 warp .. +15 of x = c times scale[row g, row g + 8].
 */
template <int D>
__device__ void tile_store(bf16 *x, const struct rows<bf16> &r, const float (&c)[D / 8][4],
                           float scale0, float scale1, int first, int T, int HS)
{
    int lane = mma_lane(), n = first + threadIdx.x / LANES * 16 + lane / 4;

#pragma unroll
    for (int i = 0; i < D / 8; i++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            bf16 *to = x + (n + 8 * half) * r.row + i * 8 + lane % 4 * 2;
            float scale = half ? scale1 : scale0;
            float u = c[i][2 * half] * scale, v = c[i][2 * half + 1] * scale;

            if (n + 8 * half >= T || i * 8 >= HS)
                continue;
            if (r.wide) {
                *(uint32_t *)to = mma_pair(u, v);
            } else {
                to[0] = __float2bfloat16_rn(u);
                to[1] = __float2bfloat16_rn(v);
            }
        }
}

/* The furthest that any of the N (64 or less) queries from `first` sees; the same in all lanes */
template <int N> __device__ int furthest_key(const struct attn &a, int first)
{
    int most = 0;

    for (int i = mma_lane(); i < N; i += LANES)
        if (first + i < a.Tq && a.span[first + i] > most)
            most = a.span[first + i];
    return warp_max(most);
}

/* What a query sees: 1 for queries that are only padding, so that no row is empty */
__device__ inline int query_span(const struct attn &a, int t)
{
    return t < a.Tq ? a.span[t] : 1;
}

/* Over the four threads that hold one row of a c. */
__device__ inline float quad_max(float v)
{
    v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, 1));
    return fmaxf(v, __shfl_xor_sync(0xffffffffu, v, 2));
}

__device__ inline float quad_sum(float v)
{
    v += __shfl_xor_sync(0xffffffffu, v, 1);
    return v + __shfl_xor_sync(0xffffffffu, v, 2);
}

#endif
