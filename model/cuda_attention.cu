/*
 * Attention forward: exact, in one pass over the keys with a running maximum
 * and sum (FlashAttention-2, arXiv 2307.08691), scores in registers.
 */
#include "model/cuda_attention.h"

static const float LOG2_E = 1.44269504f, LN_2 = 0.69314718f;

/* One row's running softmax over base-2 scores. */
struct running {
    float max, sum;
};

/* Scores (in units of log 2) become exp2(score - max), 0 from span on; o is rescaled to it. */
template <int N, int D>
__device__ void softmax_tile(float (&s)[N][4], float (&o)[D][4], struct running (&r)[2],
                             const int (&span)[2], float scale, int key)
{
    float max[2], shrink[2];

    key += mma_lane() % 4 * 2;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        max[half] = r[half].max;
#pragma unroll
        for (int i = 0; i < 2 * N; i++) {
            float &v = s[i / 2][2 * half + i % 2];

            v = key + i / 2 * 8 + i % 2 < span[half] ? v * scale : -INFINITY;
            max[half] = fmaxf(max[half], v);
        }
        max[half] = quad_max(max[half]);
        shrink[half] = exp2f(r[half].max - max[half]);
        r[half].max = max[half];
        r[half].sum *= shrink[half];
#pragma unroll
        for (int i = 0; i < 2 * N; i++) {
            float &v = s[i / 2][2 * half + i % 2];

            v = exp2f(v - max[half]);
            r[half].sum += v;
        }
    }
#pragma unroll
    for (int i = 0; i < D; i++)
#pragma unroll
        for (int j = 0; j < 4; j++)
            o[i][j] *= shrink[j / 2];
}

template <int D>
__global__ void __launch_bounds__(ATTENTION_THREADS)
    attention_kernel(struct rows<bf16> o_rows, float *lse, struct rows<const bf16> q_rows,
                     struct rows<const bf16> k_rows, struct rows<const bf16> v_rows,
                     struct attn a, float scale)
{
    enum { LD = row_length<D>() };
    __shared__ __align__(16) bf16 k[TILE * LD], v[TILE * LD];
    struct place p(a, a.Tq);
    int query = p.first + threadIdx.x / LANES * 16 + mma_lane() / 4;
    int span[2] = { query_span(a, query), query_span(a, query + 8) };
    int keys = furthest_key<TILE>(a, p.first);
    struct running r[2] = { { -INFINITY, 0 }, { -INFINITY, 0 } };
    uint32_t q[D / 16][4], prob[TILE / 16][4];
    float o[D / 8][4] = {};

    tile_load<D, TILE>(k, p.at(q_rows, a), q_rows, p.first, a.Tq, a.HS);
    __syncthreads();
    tile_rows<D>(q, k);
    for (int key = 0; key < keys; key += TILE) {
        float s[TILE / 8][4] = {};

        __syncthreads();
        tile_load<D, TILE>(k, p.at(k_rows, a), k_rows, key, a.Tk, a.HS);
        tile_load<D, TILE>(v, p.at(v_rows, a), v_rows, key, a.Tk, a.HS);
        __syncthreads();
        mma_multiply<true>(s, q, k, LD);
        softmax_tile(s, o, r, span, scale * LOG2_E, key);
#pragma unroll
        for (int i = 0; i < TILE / 16; i++)
            mma_a_of_c(prob[i], s[2 * i], s[2 * i + 1]);
        mma_multiply<false>(o, prob, v, LD);
    }
    r[0].sum = quad_sum(r[0].sum);
    r[1].sum = quad_sum(r[1].sum);
    tile_store<D>(p.at(o_rows, a), o_rows, o, 1 / r[0].sum, 1 / r[1].sum, p.first, a.Tq,
                         a.HS);
    if (lse && mma_lane() % 4 == 0)
        for (int half = 0; half < 2; half++)
            if (query + 8 * half < a.Tq)
                lse[p.line(a) + query + 8 * half] = r[half].max * LN_2 + logf(r[half].sum);
}

static void attention(struct device *d, act *o, float *lse, const act *q, const act *k,
                      const act *v, const struct attn *a)
{
    void (*kernel)(struct rows<bf16>, float *, struct rows<const bf16>, struct rows<const bf16>,
                   struct rows<const bf16>, struct attn, float) =
        a->HS <= 16   ? attention_kernel<16>
        : a->HS <= 32 ? attention_kernel<32>
        : a->HS <= 64 ? attention_kernel<64>
                      : attention_kernel<128>;

    if (!attention_fits(d, a))
        return;
    launch(d, "attention", attention_grid(a, a->Tq), ATTENTION_THREADS, kernel,
           rows_of<bf16>(o, a->o_row, a->o_batch), lse,
           rows_of<const bf16>(q, a->q_row, a->q_batch),
           rows_of<const bf16>(k, a->k_row, a->k_batch),
           rows_of<const bf16>(v, a->v_row, a->v_batch), *a, 1 / sqrtf((float)a->HS));
}

void cuda_ops_attention(struct ops *t)
{
    t->attention = attention;
}
