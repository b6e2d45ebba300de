/* RMSNorm, a warp a row; sums over rows in two stages, so that their order is fixed. */
#include "model/cuda.h"

template <int W>
__global__ void rmsnorm_kernel(bf16 *y, float *rstd, const bf16 *x, const float *g, int N, int C)
{
    int n = blockIdx.x * ROWS + threadIdx.y;
    float v[W], u[W], sum = 0, r;

    if (n >= N) /* a whole warp at once */
        return;
    x += (size_t)n * C;
    y += (size_t)n * C;
    for (int c = threadIdx.x * W; c < C; c += LANES * W) {
        load(v, x + c);
        for (int j = 0; j < W; j++)
            sum += v[j] * v[j];
    }
    r = rsqrtf(warp_sum(sum) / C + 1e-6f);
    if (rstd && threadIdx.x == 0)
        rstd[n] = r;
    for (int c = threadIdx.x * W; c < C; c += LANES * W) { /* x comes from the cache this time */
        load(v, x + c);
        load(u, g + c);
        for (int j = 0; j < W; j++)
            v[j] *= r * u[j];
        store(y + c, v);
    }
}

static void rmsnorm(struct device *d, act *y, float *rstd, const act *x, const struct param *g,
                    int N, int C)
{
    dim3 grid(ceil_div(N, ROWS)), block(LANES, ROWS);

    if (wide(C, y, x, g->w))
        launch(d, "rmsnorm", grid, block, rmsnorm_kernel<8>, bf(y), rstd, bf(x), g->w, N, C);
    else
        launch(d, "rmsnorm", grid, block, rmsnorm_kernel<1>, bf(y), rstd, bf(x), g->w, N, C);
}

/* dx += r g dy - x r^3 mean_c(g dy x) */
template <int W>
__global__ void rmsnorm_backward_kernel(bf16 *dx, const float *g, const bf16 *dy, const bf16 *x,
                                        const float *rstd, int N, int C)
{
    int n = blockIdx.x * ROWS + threadIdx.y;
    float v[W], u[W], w[W], old[W], dot = 0, r;

    if (n >= N)
        return;
    r = rstd[n];
    x += (size_t)n * C;
    dx += (size_t)n * C;
    dy += (size_t)n * C;
    for (int c = threadIdx.x * W; c < C; c += LANES * W) {
        load(v, x + c);
        load(u, dy + c);
        load(w, g + c);
        for (int j = 0; j < W; j++)
            dot += v[j] * u[j] * w[j];
    }
    dot = warp_sum(dot) / C * r * r * r;
    for (int c = threadIdx.x * W; c < C; c += LANES * W) {
        load(v, x + c);
        load(u, dy + c);
        load(w, g + c);
        load(old, dx + c);
        for (int j = 0; j < W; j++)
            old[j] += r * w[j] * u[j] - dot * v[j];
        store(dx + c, old);
    }
}

/* dg (C) += sum over rows of dy x rstd */
struct rmsnorm_term {
    const bf16 *dy, *x; /* (N, C) */
    const float *rstd;  /* (N) */
    size_t C;

    template <int W> __device__ void operator()(int n, size_t c, float (&v)[W]) const
    {
        float u[W], r = rstd[n];

        load(v, dy + n * C + c);
        load(u, x + n * C + c);
        for (int j = 0; j < W; j++)
            v[j] *= u[j] * r;
    }
};

static void rmsnorm_backward(struct device *d, act *dx, const struct param *g, const act *dy,
                             const act *x, const float *rstd, int N, int C)
{
    dim3 grid(ceil_div(N, ROWS)), block(LANES, ROWS);
    const char *what = "rmsnorm backward";

    if (g->g) /* first: dx may well be dy */
        add_column_sums(d, what, g->g, rmsnorm_term{ bf(dy), bf(x), rstd, (size_t)C }, N, C,
                        wide(C, dy, x));
    if (wide(C, dx, dy, x, g->w))
        launch(d, what, grid, block, rmsnorm_backward_kernel<8>, bf(dx), g->w, bf(dy), bf(x), rstd,
               N, C);
    else
        launch(d, what, grid, block, rmsnorm_backward_kernel<1>, bf(dx), g->w, bf(dy), bf(x), rstd,
               N, C);
}

void cuda_ops_norm(struct ops *t)
{
    t->rmsnorm = rmsnorm;
    t->rmsnorm_backward = rmsnorm_backward;
}
