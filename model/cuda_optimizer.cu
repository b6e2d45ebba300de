/* Sums to the host in a fixed order, AdamW, and the moving average. */
#include "model/cuda.h"

#include <math.h>

/* The threads' values added in the order of a tree; thread 0 gets the sum. */
static __device__ double block_sum(double v)
{
    __shared__ double s[THREADS];

    s[threadIdx.x] = v;
    for (int i = THREADS / 2; i; i /= 2) {
        __syncthreads();
        if ((int)threadIdx.x < i)
            s[threadIdx.x] += s[threadIdx.x + i];
    }
    return s[0];
}

template <bool SQUARE> __global__ void sum_kernel(double *part, const float *x, size_t n)
{
    double sum = 0;

    for (size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x; i < n;
         i += (size_t)CUDA_PARTS * THREADS)
        sum += SQUARE ? (double)x[i] * x[i] : (double)x[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0)
        part[blockIdx.x] = sum;
}

/* part[CUDA_PARTS] = their sum */
__global__ void sum_parts_kernel(double *part)
{
    double sum = block_sum(threadIdx.x < CUDA_PARTS ? part[threadIdx.x] : 0);

    if (threadIdx.x == 0)
        part[CUDA_PARTS] = sum;
}

static_assert((int)CUDA_PARTS <= (int)THREADS, "sum_parts_kernel reads a part a thread");

template <bool SQUARE>
static double total(struct device *d, const char *what, const float *x, size_t n)
{
    struct cuda *c = cuda_of(d);

    launch(d, what, dim3(CUDA_PARTS), THREADS, sum_kernel<SQUARE>, c->parts, x, n);
    launch(d, what, dim3(1), THREADS, sum_parts_kernel, c->parts);
    *c->total = 0;
    d->ops->download(d, c->total, c->parts + CUDA_PARTS, sizeof(double));
    return d->err.msg[0] ? 0 : *c->total;
}

static double sum(struct device *d, const float *x, size_t n)
{
    return total<false>(d, "sum", x, n);
}

static double sum_squares(struct device *d, const float *x, size_t n)
{
    return total<true>(d, "sum of squares", x, n);
}

/* What a step multiplies by, worked out once. */
struct adamw_step {
    float b1, b2, scale, eps, keep;
    float lr;   /* corrected for the bias of m */
    float root; /* of v's correction */
};

template <int W>
__global__ void adamw_kernel(float *w, float *m, float *v, const float *g, bf16 *c, size_t n,
                             struct adamw_step o)
{
    size_t i = ((size_t)blockIdx.x * THREADS + threadIdx.x) * W;
    float wi[W], mi[W], vi[W], gi[W];

    if (i >= n)
        return;
    load(wi, w + i);
    load(mi, m + i);
    load(vi, v + i);
    load(gi, g + i);
    for (int j = 0; j < W; j++) {
        gi[j] *= o.scale;
        mi[j] = o.b1 * mi[j] + (1 - o.b1) * gi[j];
        vi[j] = o.b2 * vi[j] + (1 - o.b2) * gi[j] * gi[j];
        wi[j] = wi[j] * o.keep - o.lr * mi[j] / (sqrtf(vi[j]) * o.root + o.eps);
    }
    store(w + i, wi);
    store(m + i, mi);
    store(v + i, vi);
    if (c)
        store(c + i, wi);
}

static void adamw(struct device *d, float *w, float *m, float *v, const float *g, act *c, size_t n,
                  const struct adamw *o)
{
    struct adamw_step s = {};
    bf16 *copy = (void *)c == (void *)w ? NULL : bf(c);

    s.b1 = o->beta1;
    s.b2 = o->beta2;
    s.scale = o->scale;
    s.eps = o->eps;
    s.keep = 1 - o->lr * o->decay;
    s.lr = (float)(o->lr / (1 - pow(o->beta1, o->step)));
    s.root = (float)(1 / sqrt(1 - pow(o->beta2, o->step)));
    if (wide(n, w, m, v, g, copy))
        launch(d, "adamw", dim3(ceil_div(n, THREADS * 4)), THREADS, adamw_kernel<4>, w, m, v, g,
               copy, n, s);
    else
        launch(d, "adamw", dim3(ceil_div(n, THREADS)), THREADS, adamw_kernel<1>, w, m, v, g, copy,
               n, s);
}

__global__ void ema_kernel(float *e, const float *w, float decay, size_t n)
{
    size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x;

    if (i < n)
        e[i] = decay * e[i] + (1 - decay) * w[i];
}

static void ema(struct device *d, float *e, const float *w, float decay, size_t n)
{
    launch(d, "ema", dim3(ceil_div(n, THREADS)), THREADS, ema_kernel, e, w, decay, n);
}

void cuda_ops_optimizer(struct ops *t)
{
    t->sum = sum;
    t->sum_squares = sum_squares;
    t->adamw = adamw;
    t->ema = ema;
}
