/*
 * Attention backward.  With p = exp(q k^T / sqrt(HS) - lse) recomputed, and
 * delta = sum_i dout o,
 *   dv = p^T dout,  ds = p (dout v^T - delta),
 *   dq = ds k / sqrt(HS),  dk = ds^T q / sqrt(HS).
 * One kernel owns tiles of queries and makes dq, one owns tiles of keys and
 * makes dk and dv, so nothing is written by two blocks.
 */
#include "model/cuda_attention.h"

static const float TO_LOG2 = 1.44269504f;

/* delta (B, NH, Tq), a warp a row */
__global__ void attention_delta(float *delta, struct rows<const bf16> dout_rows,
                                struct rows<const bf16> o_rows, struct attn a)
{
    int n = blockIdx.x * WARPS + threadIdx.x / LANES, lane = threadIdx.x % LANES;
    int t = n % a.Tq, h = n / a.Tq % a.NH, b = n / a.Tq / a.NH;
    const bf16 *dout = dout_rows.x + b * dout_rows.batch + t * dout_rows.row + h * a.HS;
    const bf16 *o = o_rows.x + b * o_rows.batch + t * o_rows.row + h * a.HS;
    float sum = 0;

    if (b >= a.B)
        return;
    for (int i = lane; i < a.HS; i += LANES)
        sum += __bfloat162float(dout[i]) * __bfloat162float(o[i]);
    sum = warp_sum(sum);
    if (lane == 0)
        delta[n] = sum;
}

struct attention_grads {
    struct rows<bf16> dq, dk, dv;
    struct rows<const bf16> dout, q, k, v;
    const float *lse, *delta; /* (B, NH, Tq) */
    float scale;
};

/* Keys go through shared memory N at a time. */
template <int D, int N>
__global__ void __launch_bounds__(ATTENTION_THREADS)
    attention_dq(struct attention_grads g, struct attn a)
{
    enum { LD = row_length<D>() };
    __shared__ __align__(16) bf16 k[TILE * LD], v[TILE * LD];
    struct place p(a, a.Tq);
    int query = p.first + threadIdx.x / LANES * 16 + mma_lane() / 4;
    int keys = furthest_key<TILE>(a, p.first), span[2];
    float lse[2], delta[2];
    uint32_t q[D / 16][4], dout[D / 16][4], ds[N / 16][4];
    float dq[D / 8][4] = {};

    for (int half = 0; half < 2; half++) {
        int t = query + 8 * half;

        span[half] = query_span(a, t);
        lse[half] = t < a.Tq ? g.lse[p.line(a) + t] * TO_LOG2 : 0;
        delta[half] = t < a.Tq ? g.delta[p.line(a) + t] : 0;
    }
    tile_load<D, TILE>(k, p.at(g.q, a), g.q, p.first, a.Tq, a.HS);
    tile_load<D, TILE>(v, p.at(g.dout, a), g.dout, p.first, a.Tq, a.HS);
    __syncthreads();
    tile_rows<D>(q, k);
    tile_rows<D>(dout, v);
    for (int key = 0; key < keys; key += N) {
        float s[N / 8][4] = {}, dp[N / 8][4] = {};

        __syncthreads();
        tile_load<D, N>(k, p.at(g.k, a), g.k, key, a.Tk, a.HS);
        tile_load<D, N>(v, p.at(g.v, a), g.v, key, a.Tk, a.HS);
        __syncthreads();
        mma_multiply<true>(s, q, k, LD);
        mma_multiply<true>(dp, dout, v, LD);
#pragma unroll
        for (int i = 0; i < N / 8; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) {
                bool seen = key + i * 8 + mma_lane() % 4 * 2 + j % 2 < span[j / 2];
                float prob = exp2f(s[i][j] * g.scale * TO_LOG2 - lse[j / 2]);

                s[i][j] = seen ? prob * (dp[i][j] - delta[j / 2]) : 0;
            }
#pragma unroll
        for (int i = 0; i < N / 16; i++)
            mma_a_of_c(ds[i], s[2 * i], s[2 * i + 1]);
        mma_multiply<false>(dq, ds, k, LD);
    }
    tile_store<D>(p.at(g.dq, a), g.dq, dq, g.scale, g.scale, p.first, a.Tq, a.HS);
}

/* Queries go through shared memory N at a time; scores stand as keys x queries. */
template <int D, int N>
__global__ void __launch_bounds__(ATTENTION_THREADS)
    attention_dkv(struct attention_grads g, struct attn a)
{
    enum { LD = row_length<D>() };
    __shared__ __align__(16) bf16 q[TILE * LD], dout[TILE * LD];
    __shared__ float lse[N], delta[N];
    __shared__ int span[N];
    struct place p(a, a.Tk);
    int key = p.first + threadIdx.x / LANES * 16 + mma_lane() / 4;
    uint32_t k[D / 16][4], v[D / 16][4], prob[N / 16][4];
    float dk[D / 8][4] = {}, dv[D / 8][4] = {};

    tile_load<D, TILE>(q, p.at(g.k, a), g.k, p.first, a.Tk, a.HS);
    tile_load<D, TILE>(dout, p.at(g.v, a), g.v, p.first, a.Tk, a.HS);
    __syncthreads();
    tile_rows<D>(k, q);
    tile_rows<D>(v, dout);
    for (int first = 0; first < a.Tq; first += N) {
        float s[N / 8][4] = {}, dp[N / 8][4] = {};

        if (furthest_key<N>(a, first) <= p.first) /* the same for the whole block */
            continue;
        __syncthreads();
        tile_load<D, N>(q, p.at(g.q, a), g.q, first, a.Tq, a.HS);
        tile_load<D, N>(dout, p.at(g.dout, a), g.dout, first, a.Tq, a.HS);
        for (int i = threadIdx.x; i < N; i += ATTENTION_THREADS) {
            bool is = first + i < a.Tq;

            span[i] = is ? a.span[first + i] : 0;
            lse[i] = is ? g.lse[p.line(a) + first + i] * TO_LOG2 : 0;
            delta[i] = is ? g.delta[p.line(a) + first + i] : 0;
        }
        __syncthreads();
        mma_multiply<true>(s, k, q, LD);
        mma_multiply<true>(dp, v, dout, LD);
#pragma unroll
        for (int i = 0; i < N / 8; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) {
                int t = i * 8 + mma_lane() % 4 * 2 + j % 2;
                float e = exp2f(s[i][j] * g.scale * TO_LOG2 - lse[t]);

                s[i][j] = key + j / 2 * 8 < span[t] ? e : 0;
                dp[i][j] = s[i][j] * (dp[i][j] - delta[t]);
            }
#pragma unroll
        for (int i = 0; i < N / 16; i++)
            mma_a_of_c(prob[i], s[2 * i], s[2 * i + 1]);
        mma_multiply<false>(dv, prob, dout, LD);
#pragma unroll
        for (int i = 0; i < N / 16; i++)
            mma_a_of_c(prob[i], dp[2 * i], dp[2 * i + 1]);
        mma_multiply<false>(dk, prob, q, LD);
    }
    tile_store<D>(p.at(g.dk, a), g.dk, dk, g.scale, g.scale, p.first, a.Tk, a.HS);
    tile_store<D>(p.at(g.dv, a), g.dv, dv, 1, 1, p.first, a.Tk, a.HS);
}

template <int D, int N>
static void attention_grad(struct device *d, const struct attention_grads &g, const struct attn &a)
{
    launch(d, "attention backward, dq", attention_grid(&a, a.Tq), ATTENTION_THREADS,
           attention_dq<D, N>, g, a);
    launch(d, "attention backward, dk dv", attention_grid(&a, a.Tk), ATTENTION_THREADS,
           attention_dkv<D, N>, g, a);
}

/* Sequences b .. b+a.B-1, few enough that their deltas fit in the scratch memory. */
static void attention_backward_part(struct device *d, struct attention_grads g,
                                    struct rows<const bf16> o, struct attn a)
{
    float *delta = cuda_of(d)->scratch;
    size_t lines = (size_t)a.B * a.NH * a.Tq;

    g.delta = delta;
    launch(d, "attention backward", dim3(ceil_div(lines, WARPS)), ATTENTION_THREADS,
           attention_delta, delta, g.dout, o, a);
    if (a.HS <= 16)
        attention_grad<16, 64>(d, g, a);
    else if (a.HS <= 32)
        attention_grad<32, 64>(d, g, a);
    else if (a.HS <= 64)
        attention_grad<64, 64>(d, g, a);
    else
        attention_grad<128, 32>(d, g, a);
}

static void attention_backward(struct device *d, act *dq, act *dk, act *dv, const act *dout,
                               const act *o, const float *lse, const act *q, const act *k,
                               const act *v, const struct attn *a)
{
    size_t lines = (size_t)a->NH * a->Tq;
    int most = lines ? (int)(CUDA_SCRATCH / lines) : 1;
    struct attn part = *a;

    if (!attention_fits(d, a))
        return;
    if (!most) {
        err_set(&d->err, "cuda: attention backward: %zu queries are too many", lines);
        return;
    }
    for (int b = 0; b < a->B; b += most) {
        struct attention_grads g = {
            rows_of<bf16>(dq, a->q_row, a->q_batch),
            rows_of<bf16>(dk, a->k_row, a->k_batch),
            rows_of<bf16>(dv, a->v_row, a->v_batch),
            rows_of<const bf16>(dout, a->o_row, a->o_batch),
            rows_of<const bf16>(q, a->q_row, a->q_batch),
            rows_of<const bf16>(k, a->k_row, a->k_batch),
            rows_of<const bf16>(v, a->v_row, a->v_batch),
            lse + b * lines,
            NULL,
            1 / sqrtf((float)a->HS),
        };
        struct rows<const bf16> out = rows_of<const bf16>(o, a->o_row, a->o_batch);

        part.B = a->B - b < most ? a->B - b : most;
        g.dq.x += b * g.dq.batch;
        g.dk.x += b * g.dk.batch;
        g.dv.x += b * g.dv.batch;
        g.dout.x += b * g.dout.batch;
        g.q.x += b * g.q.batch;
        g.k.x += b * g.k.batch;
        g.v.x += b * g.v.batch;
        out.x += b * out.batch;
        attention_backward_part(d, g, out, part);
    }
}

void cuda_ops_attention_backward(struct ops *t)
{
    t->attention_backward = attention_backward;
}
