/* Losses and what is read from logits: a block a row, or a warp a row for pixels. */
#include "model/cuda.h"

/* The largest of a row and the sum of exp((x - max) k) over it. */
struct row_sum {
    float max, sum;
};

static __device__ struct row_sum row_join(struct row_sum a, struct row_sum b, float k)
{
    struct row_sum r = { fmaxf(a.max, b.max), 0 };

    if (a.sum > 0)
        r.sum += a.sum * expf((a.max - r.max) * k);
    if (b.sum > 0)
        r.sum += b.sum * expf((b.max - r.max) * k);
    return r;
}

/* One pass over x (V) by all THREADS threads of the block; every one gets the result. */
template <int W> __device__ struct row_sum row_scan(const bf16 *x, int V, float k)
{
    __shared__ struct row_sum warp[ROWS];
    struct row_sum r = { -INFINITY, 0 };
    float v[W];

    for (int i = threadIdx.x * W; i < V; i += THREADS * W) {
        load(v, x + i);
        for (int j = 0; j < W; j++)
            if (v[j] > r.max) {
                r.sum = r.sum * expf((r.max - v[j]) * k) + 1;
                r.max = v[j];
            } else if (v[j] > -INFINITY) {
                r.sum += expf((v[j] - r.max) * k);
            }
    }
    for (int i = LANES / 2; i; i /= 2) {
        struct row_sum other = { __shfl_xor_sync(0xffffffffu, r.max, i),
                                 __shfl_xor_sync(0xffffffffu, r.sum, i) };

        r = row_join(r, other, k);
    }
    if (threadIdx.x % LANES == 0)
        warp[threadIdx.x / LANES] = r;
    __syncthreads();
    r = warp[0];
    for (int i = 1; i < ROWS; i++)
        r = row_join(r, warp[i], k);
    return r;
}

/* The weights of a row's targets (M) together, or of those that are `at`. */
static __device__ float row_weight(const int *target, const float *weight, int M, bool all, int at)
{
    float sum = 0;

    for (int m = 0; m < M; m++)
        if (all ? target[m] >= 0 : target[m] == at)
            sum += weight ? weight[m] : 1;
    return sum;
}

template <int W>
__global__ void cross_entropy_kernel(float *loss, bf16 *logits, const int *target,
                                     const float *weight, int M, int V, float scale, bool grad)
{
    int n = blockIdx.x;
    bf16 *x = logits + (size_t)n * V;
    struct row_sum r = row_scan<W>(x, V, 1);
    float k, v[W], sum = 0;
    bool ignored = true;

    target += (size_t)n * M;
    weight = weight ? weight + (size_t)n * M : NULL;
    for (int m = 0; m < M; m++)
        if (target[m] >= 0) {
            ignored = false;
            sum += (weight ? weight[m] : 1) *
                   (logf(r.sum) + (r.max - __bfloat162float(x[target[m]])));
        }
    if (threadIdx.x == 0)
        loss[n] = sum;
    if (!grad)
        return;
    __syncthreads(); /* the loss has read its logits */
    k = scale * row_weight(target, weight, M, true, 0) / r.sum;
    for (int i = threadIdx.x * W; i < V; i += THREADS * W) {
        load(v, x + i);
        for (int j = 0; j < W; j++)
            v[j] = ignored ? 0 : k * expf(v[j] - r.max) -
                                 scale * row_weight(target, weight, M, false, i + j);
        store(x + i, v);
    }
}

static void cross_entropy(struct device *d, float *loss, act *logits, const int *target,
                          const float *weight, int N, int M, int V, float scale, bool grad)
{
    if (wide(V, logits))
        launch(d, "cross entropy", dim3(N), THREADS, cross_entropy_kernel<8>, loss, bf(logits),
               target, weight, M, V, scale, grad);
    else
        launch(d, "cross entropy", dim3(N), THREADS, cross_entropy_kernel<1>, loss, bf(logits),
               target, weight, M, V, scale, grad);
}

template <int W> __global__ void softmax_kernel(float *p, const bf16 *logits, int V, float k)
{
    const bf16 *x = logits + (size_t)blockIdx.x * V;
    struct row_sum r = row_scan<W>(x, V, k);
    float v[W];

    p += (size_t)blockIdx.x * V;
    for (int i = threadIdx.x * W; i < V; i += THREADS * W) {
        load(v, x + i);
        for (int j = 0; j < W; j++)
            v[j] = expf((v[j] - r.max) * k) / r.sum;
        store(p + i, v);
    }
}

static void softmax(struct device *d, float *p, const act *logits, int N, int V, float temperature)
{
    if (wide(V, p, logits))
        launch(d, "softmax", dim3(N), THREADS, softmax_kernel<8>, p, bf(logits), V,
               1 / temperature);
    else
        launch(d, "softmax", dim3(N), THREADS, softmax_kernel<1>, p, bf(logits), V,
               1 / temperature);
}

/* A warp a row. */
__global__ void argmax_kernel(int *id, const bf16 *logits, int N, int V)
{
    int n = blockIdx.x * ROWS + threadIdx.y, best = 0;
    float most = -INFINITY;

    if (n >= N)
        return;
    for (int i = threadIdx.x; i < V; i += LANES) {
        float v = __bfloat162float(logits[(size_t)n * V + i]);

        if (v > most) {
            most = v;
            best = i;
        }
    }
    for (int i = LANES / 2; i; i /= 2) {
        float v = __shfl_xor_sync(0xffffffffu, most, i);
        int at = __shfl_xor_sync(0xffffffffu, best, i);

        if (v > most || (v == most && at < best)) {
            most = v;
            best = at;
        }
    }
    if (threadIdx.x == 0)
        id[n] = best;
}

static void argmax(struct device *d, int *id, const act *logits, int N, int V)
{
    launch(d, "argmax", dim3(ceil_div(N, ROWS)), dim3(LANES, ROWS), argmax_kernel, id, bf(logits),
           N, V);
}

/* A warp a row; dx may be NULL. */
template <int W>
__global__ void pixel_loss_kernel(float *loss, bf16 *dx, const bf16 *x, const bf16 *y,
                                  const float *weight, int N, int C, bool square, float scale)
{
    const float eps = 1.0f / 255;
    int n = blockIdx.x * ROWS + threadIdx.y;
    float u[W], v[W], g[W], sum = 0, w, e, root;

    if (n >= N)
        return;
    w = (weight ? weight[n] : 1) / C;
    for (int c = threadIdx.x * W; c < C; c += LANES * W) {
        size_t at = (size_t)n * C + c;

        load(u, x + at);
        load(v, y + at);
        if (dx)
            load(g, dx + at);
        for (int j = 0; j < W; j++) {
            e = u[j] - v[j];
            root = sqrtf(e * e + eps * eps);
            sum += square ? e * e : e * e / (root + eps); /* root - eps, uncancelled */
            g[j] = (dx ? g[j] : 0) + scale * w * (square ? 2 * e : e / root);
        }
        if (dx)
            store(dx + at, g);
    }
    sum = warp_sum(sum);
    if (threadIdx.x == 0)
        loss[n] = w * sum;
}

static void pixel_loss(struct device *d, float *loss, act *dx, const act *x, const act *y,
                       const float *weight, int N, int C, enum pixel_loss kind, float scale)
{
    dim3 grid(ceil_div(N, ROWS)), block(LANES, ROWS);

    if (wide(C, dx, x, y))
        launch(d, "pixel loss", grid, block, pixel_loss_kernel<8>, loss, bf(dx), bf(x), bf(y),
               weight, N, C, kind == PIXEL_L2, scale);
    else
        launch(d, "pixel loss", grid, block, pixel_loss_kernel<1>, loss, bf(dx), bf(x), bf(y),
               weight, N, C, kind == PIXEL_L2, scale);
}

void cuda_ops_loss(struct ops *t)
{
    t->cross_entropy = cross_entropy;
    t->softmax = softmax;
    t->argmax = argmax;
    t->pixel_loss = pixel_loss;
}
