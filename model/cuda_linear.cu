/*
 * Products, by cuBLASLt, bf16 in and f32 sums; what a shape needs (descriptors
 * and the algorithm chosen for it) is kept in a small table.
 *
 * cuBLASLt counts in columns: our row-major (rows, cols) is its (cols x rows)
 * with leading dimension cols.  So y (N, out) = x (N, in) w^T, w (out, in), is
 * its y (out x N) = w^T x with w (in x out) transposed and x (in x N) as it is.
 * A product cuBLASLt has no algorithm for (odd lengths) goes through a plain
 * kernel: right, not fast.
 */
#include "model/cuda.h"

#include <stdlib.h>
#include <string.h>

enum { PLANS = 256 };

/* d (m x n) = alpha a (m x k) b (k x n) + beta c, in cuBLASLt's columns. */
struct product {
    int m, n, k;
    int ta, tb;        /* is a, b stored transposed? */
    int f32;           /* c and d: f32, else bf16 */
    float alpha, beta;
    int bias;          /* a bf16 vector (m), aligned so, is added to every column; 0: none */
    int align[4];      /* bytes, of a, b, c, d */
};

/* Kernels may read a bias by 16 bytes, and no preference tells cuBLASLt that they must not. */
enum { BIAS_ALIGN = 16 };

struct plan {
    struct product key;
    cublasLtMatmulDesc_t desc;
    cublasLtMatrixLayout_t a, b, c; /* c is d's as well */
    cublasLtMatmulAlgo_t algo;
    int found; /* is there an algorithm? */
};

struct plans {
    int n, oldest; /* plans in use; the next to be replaced once all are */
    struct plan plan[PLANS];
};

struct plans *cuda_plans_new(struct device *d)
{
    struct plans *p = (struct plans *)calloc(1, sizeof(*p));

    if (!p)
        err_set(&d->err, "out of memory");
    return p;
}

static void plan_release(struct plan *p)
{
    if (p->desc)
        cublasLtMatmulDescDestroy(p->desc);
    if (p->a)
        cublasLtMatrixLayoutDestroy(p->a);
    if (p->b)
        cublasLtMatrixLayoutDestroy(p->b);
    if (p->c)
        cublasLtMatrixLayoutDestroy(p->c);
    memset(p, 0, sizeof(*p));
}

void cuda_plans_free(struct plans *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->n; i++)
        plan_release(&p->plan[i]);
    free(p);
}

static bool lt_ok(struct device *d, const char *what, cublasStatus_t s)
{
    if (s != CUBLAS_STATUS_SUCCESS)
        err_set(&d->err, "cuda: %s: cuBLASLt: %s", what, cublasLtGetStatusString(s));
    return s == CUBLAS_STATUS_SUCCESS;
}

template <class T>
static bool describe(struct device *d, struct plan *p, cublasLtMatmulDescAttributes_t attribute,
                     T value)
{
    return lt_ok(d, "describe a product",
                 cublasLtMatmulDescSetAttribute(p->desc, attribute, &value, sizeof(value)));
}

/* Asks cuBLASLt for its best algorithm within our workspace and the pointers' alignments, that
   adds up in f32 what it has split. */
static bool plan_choose(struct device *d, struct plan *p)
{
    static const cublasLtMatmulPreferenceAttributes_t aligned[4] = {
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES,
    };
    cublasLtMatmulPreference_t pref;
    cublasLtMatmulHeuristicResult_t best = {};
    uint64_t space = CUDA_WORKSPACE;
    uint32_t sums = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
    cublasStatus_t s;

    if (p->key.bias && p->key.bias < BIAS_ALIGN)
        return true;
    if (!lt_ok(d, "choose a product", cublasLtMatmulPreferenceCreate(&pref)))
        return false;
    s = cublasLtMatmulPreferenceSetAttribute(pref, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &space,
                                             sizeof(space));
    if (s == CUBLAS_STATUS_SUCCESS)
        s = cublasLtMatmulPreferenceSetAttribute(pref, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                                                 &sums, sizeof(sums));
    for (int i = 0; i < 4 && s == CUBLAS_STATUS_SUCCESS; i++) {
        uint32_t bytes = (uint32_t)p->key.align[i];

        s = cublasLtMatmulPreferenceSetAttribute(pref, aligned[i], &bytes, sizeof(bytes));
    }
    if (s == CUBLAS_STATUS_SUCCESS)
        s = cublasLtMatmulAlgoGetHeuristic(cuda_of(d)->lt, p->desc, p->a, p->b, p->c, p->c, pref, 1,
                                           &best, &p->found);
    cublasLtMatmulPreferenceDestroy(pref);
    if (s == CUBLAS_STATUS_NOT_SUPPORTED)
        p->found = 0;
    else if (!lt_ok(d, "choose a product", s))
        return false;
    p->found = p->found && best.state == CUBLAS_STATUS_SUCCESS;
    if (p->found)
        p->algo = best.algo;
    return true;
}

static bool plan_make(struct device *d, struct plan *p, const void *bias)
{
    const struct product *k = &p->key;
    cudaDataType_t out = k->f32 ? CUDA_R_32F : CUDA_R_16BF;
    const char *what = "describe a product";

    return lt_ok(d, what, cublasLtMatmulDescCreate(&p->desc, CUBLAS_COMPUTE_32F, CUDA_R_32F)) &&
           describe(d, p, CUBLASLT_MATMUL_DESC_TRANSA, k->ta ? CUBLAS_OP_T : CUBLAS_OP_N) &&
           describe(d, p, CUBLASLT_MATMUL_DESC_TRANSB, k->tb ? CUBLAS_OP_T : CUBLAS_OP_N) &&
           (!k->bias ||
            (describe(d, p, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS) &&
             describe(d, p, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias))) &&
           lt_ok(d, what,
                 cublasLtMatrixLayoutCreate(&p->a, CUDA_R_16BF, k->ta ? k->k : k->m,
                                            k->ta ? k->m : k->k, k->ta ? k->k : k->m)) &&
           lt_ok(d, what,
                 cublasLtMatrixLayoutCreate(&p->b, CUDA_R_16BF, k->tb ? k->n : k->k,
                                            k->tb ? k->k : k->n, k->tb ? k->n : k->k)) &&
           lt_ok(d, what, cublasLtMatrixLayoutCreate(&p->c, out, k->m, k->n, k->m)) &&
           plan_choose(d, p);
}

/* The plan for a product, made if it is new; NULL and d->err on failure. */
static struct plan *plan_find(struct device *d, const struct product *key, const void *bias)
{
    struct plans *all = cuda_of(d)->plans;
    struct plan *p;

    for (int i = 0; i < all->n; i++)
        if (!memcmp(&all->plan[i].key, key, sizeof(*key)))
            return &all->plan[i];
    if (all->n < PLANS) {
        p = &all->plan[all->n++];
    } else {
        p = &all->plan[all->oldest];
        all->oldest = (all->oldest + 1) % PLANS;
        plan_release(p);
    }
    p->key = *key;
    return plan_make(d, p, bias) ? p : NULL;
}

static __device__ void put(bf16 *p, float v)
{
    *p = __float2bfloat16_rn(v);
}

static __device__ void put(float *p, float v)
{
    *p = v;
}

/* The same product by one thread an element of out; strides as cuBLASLt's layouts have them. */
template <class Out>
__global__ void plain_product(Out *out, const bf16 *a, const bf16 *b, const Out *c,
                              const bf16 *bias, struct product p)
{
    size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x;
    size_t row = i % p.m, column = i / p.m;
    size_t a_row = p.ta ? p.k : 1, a_k = p.ta ? 1 : p.m;
    size_t b_column = p.tb ? 1 : p.k, b_k = p.tb ? p.n : 1;
    float sum = 0;

    if (column >= (size_t)p.n)
        return;
    for (int k = 0; k < p.k; k++)
        sum += __bfloat162float(a[row * a_row + k * a_k]) *
               __bfloat162float(b[column * b_column + k * b_k]);
    sum *= p.alpha;
    if (p.beta != 0)
        sum += p.beta * (float)c[i];
    if (p.bias)
        sum += __bfloat162float(bias[row]);
    put(out + i, sum);
}

static void multiply_plainly(struct device *d, const char *what, const struct product *key,
                             void *out, const void *a, const void *b, const void *c,
                             const void *bias)
{
    dim3 grid(ceil_div((size_t)key->m * key->n, THREADS));

    if (key->f32)
        launch(d, what, grid, THREADS, plain_product<float>, (float *)out, (const bf16 *)a,
               (const bf16 *)b, (const float *)c, (const bf16 *)bias, *key);
    else
        launch(d, what, grid, THREADS, plain_product<bf16>, (bf16 *)out, (const bf16 *)a,
               (const bf16 *)b, (const bf16 *)c, (const bf16 *)bias, *key);
}

static int alignment(const void *p)
{
    int bytes = 256;

    while ((uintptr_t)p % bytes)
        bytes /= 2;
    return bytes;
}

/* out (m x n) = key.alpha a b + key.beta c + bias; out may be c */
static void multiply(struct device *d, const char *what, struct product key, void *out,
                     const void *a, const void *b, const void *c, const void *bias)
{
    struct cuda *cu = cuda_of(d);
    const void *side[4] = { a, b, c, out };
    struct plan *p;

    if (!cuda_ready(d))
        return;
    for (int i = 0; i < 4; i++)
        key.align[i] = alignment(side[i]);
    key.bias = bias ? alignment(bias) : 0;
    p = plan_find(d, &key, bias);
    if (p && !p->found) {
        multiply_plainly(d, what, &key, out, a, b, c, bias);
        return;
    }
    if (!p || (bias && !describe(d, p, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias)))
        return;
    if (lt_ok(d, what,
              cublasLtMatmul(cu->lt, p->desc, &key.alpha, a, p->a, b, p->b, &key.beta, c, p->c,
                             out, p->c, &p->algo, cu->workspace, CUDA_WORKSPACE, cu->stream)))
        cuda_ok(d, what, cudaGetLastError());
}

void cuda_product(struct device *d, const char *what, bf16 *out, float alpha, const bf16 *a,
                  const bf16 *b, float beta, const bf16 *c, int m, int n, int k, bool ta, bool tb)
{
    struct product key = {};

    key.alpha = alpha;
    key.beta = beta;
    key.m = m;
    key.n = n;
    key.k = k;
    key.ta = ta;
    key.tb = tb;
    multiply(d, what, key, out, a, b, c ? c : out, NULL);
}

static void linear(struct device *d, act *y, const act *x, const struct param *w,
                   const struct param *b, const act *r, int N)
{
    struct product key = {};

    if (N <= 0)
        return;
    key.m = w->out;
    key.n = N;
    key.k = w->in;
    key.ta = 1;
    key.alpha = 1;
    key.beta = r ? 1 : 0;
    multiply(d, "linear", key, y, w->c, x, r ? r : y, b ? b->c : NULL);
}

/* One row's own gradient, for sums over rows: db = column sums of dy. */
struct plain_term {
    const bf16 *dy; /* (N, C) */
    size_t C;

    template <int W> __device__ void operator()(int n, size_t c, float (&v)[W]) const
    {
        load(v, dy + n * C + c);
    }
};

static void linear_backward(struct device *d, act *dx, const struct param *w,
                            const struct param *b, const act *dy, const act *x, const act *r,
                            int N)
{
    struct product key = {};

    if (N <= 0)
        return;
    key.alpha = 1;
    if (dx) { /* dx (in x N) = w (in x out) dy (out x N) + r */
        key.beta = r ? 1 : 0;
        key.m = w->in;
        key.n = N;
        key.k = w->out;
        multiply(d, "linear backward, dx", key, dx, w->c, dy, r ? r : dx, NULL);
    }
    if (w->g) { /* dw (in x out) += x (in x N) dy^T (N x out) */
        key.m = w->in;
        key.n = w->out;
        key.k = N;
        key.tb = 1;
        key.f32 = 1;
        key.beta = 1;
        multiply(d, "linear backward, dw", key, w->g, x, dy, w->g, NULL);
    }
    if (b && b->g)
        add_column_sums(d, "linear backward, db", b->g, plain_term{ bf(dy), (size_t)w->out }, N,
                        w->out, wide(w->out, dy));
}

/* cuBLASLt reads w->c as it lies. */
static void pack(struct device *, struct param *)
{
}

void cuda_ops_linear(struct ops *t)
{
    t->linear = linear;
    t->linear_backward = linear_backward;
    t->pack = pack;
    t->unpack = pack;
}
