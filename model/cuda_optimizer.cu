/* Sums to the host in a fixed order, AdamW, and what Muon is made of. */
#include "model/cuda.h"

#include <math.h>

/* The threads' values added in the order of a tree; thread 0 gets the sum, the others nothing:
   they would have to wait for it. */
static __device__ double block_sum(double v)
{
    __shared__ double s[THREADS];

    s[threadIdx.x] = v;
    for (int i = THREADS / 2; i; i /= 2) {
        __syncthreads();
        if ((int)threadIdx.x < i)
            s[threadIdx.x] += s[threadIdx.x + i];
    }
    return threadIdx.x == 0 ? s[0] : 0;
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

/* To parts[CUDA_PARTS], on the device. */
template <bool SQUARE>
static void sum_up(struct device *d, const char *what, const float *x, size_t n)
{
    launch(d, what, dim3(CUDA_PARTS), THREADS, sum_kernel<SQUARE>, cuda_of(d)->parts, x, n);
    launch(d, what, dim3(1), THREADS, sum_parts_kernel, cuda_of(d)->parts);
}

template <bool SQUARE>
static double total(struct device *d, const char *what, const float *x, size_t n)
{
    struct cuda *c = cuda_of(d);

    sum_up<SQUARE>(d, what, x, n);
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

__global__ void mix_kernel(float *y, float a, const float *x, float b, size_t n)
{
    size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x;

    if (i < n)
        y[i] = a * x[i] + b * y[i];
}

static void mix(struct device *d, float *y, float a, const float *x, float b, size_t n)
{
    launch(d, "mix", dim3(ceil_div(n, THREADS)), THREADS, mix_kernel, y, a, x, b, n);
}

/* --- orthogonalise --- */

/* y = x / sqrt(*squares) */
__global__ void unit_kernel(bf16 *y, const float *x, const double *squares, size_t n)
{
    size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x;

    if (i < n)
        y[i] = __float2bfloat16_rn(x[i] / (float)(sqrt(*squares) + 1e-7));
}

/*
 * Our row-major x (rows, cols) is cuBLASLt's X (cols x rows).  Where x is tall,
 * p = X X^T stands left of X, else p = X^T X right of it.
 */
static void orthogonalise(struct device *d, float *x, act *work, int rows, int cols)
{
    const char *what = "orthogonalise";
    bool tall = rows > cols;
    int side = tall ? cols : rows, other = tall ? rows : cols;
    size_t n = (size_t)rows * cols, squares = (size_t)side * side;
    bf16 *from = bf(work), *to = from + n, *p = to + n, *q = p + squares;

    sum_up<true>(d, what, x, n);
    launch(d, what, dim3(ceil_div(n, THREADS)), THREADS, unit_kernel, from, x,
           cuda_of(d)->parts + CUDA_PARTS, n);
    for (int k = 0; k < ORTHOGONALISE_STEPS; k++) {
        bf16 *swap = from;

        cuda_product(d, what, p, 1, from, from, 0, NULL, side, side, other, !tall, tall);
        cuda_product(d, what, q, ORTHOGONALISE_C, p, p, ORTHOGONALISE_B, p, side, side, side,
                     false, false);
        cuda_product(d, what, to, 1, tall ? q : from, tall ? from : q, ORTHOGONALISE_A, from, cols,
                     rows, side, false, false);
        from = to;
        to = swap;
    }
    d->ops->from_act(d, x, (act *)from, n);
}

void cuda_ops_optimizer(struct ops *t)
{
    t->sum = sum;
    t->sum_squares = sum_squares;
    t->adamw = adamw;
    t->mix = mix;
    t->orthogonalise = orthogonalise;
}
