/*
 * cuda: what the files of the CUDA backend share.
 *
 * cuda_device.cu opens a GPU and owns its memory and graphs; each other
 * cuda_*.cu fills its rows of the table of operations (the cuda_ops_*
 * functions below).  One stream a device: operations run in the order they
 * were called.  Activations are bf16; all arithmetic is f32.
 *
 * Only plain CUDA C++ is used (kernels start through launch, shared memory is
 * static, no managed memory), so that tests/cuda_on_cpu.h can run the same
 * kernels on a CPU; PTX is confined to cuda_mma.h.
 *
 * Alignment.  Kernels move W = 8 activations at a time (16 bytes) where every
 * pointer and row length allows it, else W = 1; `wide` decides on the host.
 */
#ifndef MODEL_CUDA_H
#define MODEL_CUDA_H

#ifdef __CUDACC__ /* else the includer, tests/cuda_on_cpu.h, stands in for them */
#include <cublasLt.h>
#include <cuda_bf16.h>
#include <cuda_runtime.h>
#endif

extern "C" {
#include "model/ops.h"
}

typedef __nv_bfloat16 bf16;

#ifndef CUDA_SCRATCH
#define CUDA_SCRATCH ((size_t)4 << 20) /* floats for partial sums; tests make do with fewer */
#endif

enum {
    CUDA_WORKSPACE = 32 << 20, /* bytes for cuBLASLt */
    CUDA_PARTS = 256,          /* doubles for ops->sum, and then the total */
    LANES = 32,
    ROWS = 8,                  /* rows of LANES threads in a block */
    THREADS = LANES * ROWS
};

struct plans; /* cuda_linear.cu: products seen so far */

struct block {
    void *p;
    size_t bytes;
};

struct cuda {
    struct device base; /* first: the pointers convert */
    struct ops table;
    int index;          /* of the GPU, as the runtime counts */
    cudaStream_t stream;
    cublasLtHandle_t lt;
    void *workspace;    /* CUDA_WORKSPACE bytes */
    float *scratch;     /* CUDA_SCRATCH floats; each operation may overwrite all */
    double *parts;      /* CUDA_PARTS + 1 */
    double *total;      /* host, pinned */
    struct plans *plans;
    struct block *blocks; /* of device memory in use, n_blocks of them, room for more */
    int n_blocks, room;
};

/* Rows of the table, by file. */
void cuda_ops_attention(struct ops *t);
void cuda_ops_attention_backward(struct ops *t);
void cuda_ops_image(struct ops *t);
void cuda_ops_linear(struct ops *t);
void cuda_ops_loss(struct ops *t);
void cuda_ops_norm(struct ops *t);
void cuda_ops_optimizer(struct ops *t);
void cuda_ops_point(struct ops *t);
void cuda_ops_token(struct ops *t);

/* NULL and d->err on failure. */
struct plans *cuda_plans_new(struct device *d);
void cuda_plans_free(struct plans *p);

/* out (m x n) = alpha a (m x k) b (k x n) + beta c in columns, as cuBLASLt counts; ta, tb: a, b
   are stored transposed.  c may be NULL where beta is 0. */
void cuda_product(struct device *d, const char *what, bf16 *out, float alpha, const bf16 *a,
                  const bf16 *b, float beta, const bf16 *c, int m, int n, int k, bool ta, bool tb);

/* Keeps the first failure in d->err, as "cuda: WHAT: reason".  True if r is success. */
bool cuda_ok(struct device *d, const char *what, cudaError_t r);

/* Device memory, zeroed and counted; NULL and d->err on failure. */
void *cuda_get(struct device *d, size_t bytes);

/* Makes d's GPU the calling thread's.  False if d has failed before: then do nothing. */
bool cuda_ready(struct device *d);

/* --- host side helpers */

static inline struct cuda *cuda_of(struct device *d)
{
    return (struct cuda *)d;
}

static inline bf16 *bf(act *a)
{
    return (bf16 *)a;
}

static inline const bf16 *bf(const act *a)
{
    return (const bf16 *)a;
}

static inline unsigned ceil_div(size_t n, size_t by)
{
    return (unsigned)((n + by - 1) / by);
}

/* Starts a kernel on d's stream; a grid of no blocks is no work.  `what` names the operation. */
template <class... Params, class... Args>
void launch(struct device *d, const char *what, dim3 grid, dim3 block, void (*kernel)(Params...),
            Args... args)
{
    cudaLaunchConfig_t config = {};

    if (!grid.x || !grid.y || !grid.z || !cuda_ready(d))
        return;
    config.gridDim = grid;
    config.blockDim = block;
    config.stream = cuda_of(d)->stream;
    if (cuda_ok(d, what, cudaLaunchKernelEx(&config, kernel, static_cast<Params>(args)...)))
        cuda_ok(d, what, cudaGetLastError());
}

/* May rows of n elements behind these pointers be read 16 bytes at a time? */
static inline bool wide(size_t n)
{
    return n % 8 == 0;
}

template <class... Rest> bool wide(size_t n, const void *p, Rest... rest)
{
    return (uintptr_t)p % 16 == 0 && wide(n, rest...);
}

/* --- device side helpers */

/* W elements from p as f32 */
template <int W> __device__ inline void load(float (&v)[W], const bf16 *p)
{
    if constexpr (W == 8) {
        uint4 raw = *(const uint4 *)p;
        const bf16 *b = (const bf16 *)&raw;

        for (int i = 0; i < W; i++)
            v[i] = __bfloat162float(b[i]);
    } else if constexpr (W == 4) {
        uint2 raw = *(const uint2 *)p;
        const bf16 *b = (const bf16 *)&raw;

        for (int i = 0; i < W; i++)
            v[i] = __bfloat162float(b[i]);
    } else {
        for (int i = 0; i < W; i++)
            v[i] = __bfloat162float(p[i]);
    }
}

template <int W> __device__ inline void load(float (&v)[W], const float *p)
{
    if constexpr (W % 4 == 0) {
        for (int i = 0; i < W; i += 4) {
            float4 raw = *(const float4 *)(p + i);

            v[i] = raw.x;
            v[i + 1] = raw.y;
            v[i + 2] = raw.z;
            v[i + 3] = raw.w;
        }
    } else {
        for (int i = 0; i < W; i++)
            v[i] = p[i];
    }
}

template <int W> __device__ inline void store(bf16 *p, const float (&v)[W])
{
    if constexpr (W == 8) {
        uint4 raw;
        bf16 *b = (bf16 *)&raw;

        for (int i = 0; i < W; i++)
            b[i] = __float2bfloat16_rn(v[i]);
        *(uint4 *)p = raw;
    } else if constexpr (W == 4) {
        uint2 raw;
        bf16 *b = (bf16 *)&raw;

        for (int i = 0; i < W; i++)
            b[i] = __float2bfloat16_rn(v[i]);
        *(uint2 *)p = raw;
    } else {
        for (int i = 0; i < W; i++)
            p[i] = __float2bfloat16_rn(v[i]);
    }
}

template <int W> __device__ inline void store(float *p, const float (&v)[W])
{
    if constexpr (W % 4 == 0) {
        for (int i = 0; i < W; i += 4)
            *(float4 *)(p + i) = make_float4(v[i], v[i + 1], v[i + 2], v[i + 3]);
    } else {
        for (int i = 0; i < W; i++)
            p[i] = v[i];
    }
}

/* Over the 32 threads of a warp; every one of them must call and gets the result. */
__device__ inline float warp_sum(float v)
{
    for (int i = LANES / 2; i; i /= 2)
        v += __shfl_xor_sync(0xffffffffu, v, i);
    return v;
}

__device__ inline float warp_max(float v)
{
    for (int i = LANES / 2; i; i /= 2)
        v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, i));
    return v;
}

__device__ inline int warp_max(int v)
{
    for (int i = LANES / 2; i; i /= 2) {
        int other = __shfl_xor_sync(0xffffffffu, v, i);

        v = v > other ? v : other;
    }
    return v;
}

__device__ inline float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

/* --- sums over rows, in a fixed order (cuda_norm.cu has the story) */

/*
 * dst (P, C) = or += for each part p of `rows` rows, the sum over its rows n of
 * term(n, c, v), which sets v to the terms of columns c .. c+W-1.
 * Launch with grid (P, ceil(C / (LANES W))) and block (LANES, ROWS).
 */
template <int W, class Term, class Out>
__global__ void column_sums(Out *dst, Term term, int N, size_t C, int rows, bool add)
{
    __shared__ float s[ROWS][W * LANES];
    int begin = blockIdx.x * rows, end = begin + rows < N ? begin + rows : N;
    size_t first = (size_t)blockIdx.y * LANES * W, c = first + threadIdx.x * W;
    int i = threadIdx.y * LANES + threadIdx.x;
    float sum[W] = {}, v[W];

    if (c < C)
        for (int n = begin + threadIdx.y; n < end; n += ROWS) {
            term(n, c, v);
            for (int j = 0; j < W; j++)
                sum[j] += v[j];
        }
    for (int j = 0; j < W; j++)
        s[threadIdx.y][j * LANES + threadIdx.x] = sum[j];
    __syncthreads();
    c = first + i % LANES * W + i / LANES;
    if (i < W * LANES && c < C) {
        Out *out = dst + blockIdx.x * C + c;
        float total = add ? (float)*out : 0;

        for (int r = 0; r < ROWS; r++)
            total += s[r][i];
        *out = (Out)total;
    }
}

/* Rows of f32, for the second stage. */
struct part_rows {
    const float *part; /* (N, C) */
    size_t C;

    template <int W> __device__ void operator()(int n, size_t c, float (&v)[W]) const
    {
        load(v, part + n * C + c);
    }
};

/* g (C) += column sums of N rows of terms; eight says that W = 8 is fine for term. */
template <class Term>
void add_column_sums(struct device *d, const char *what, float *g, Term term, int N, size_t C,
                     bool eight)
{
    float *part = cuda_of(d)->scratch;
    unsigned columns = ceil_div(C, eight ? LANES * 8 : LANES);
    size_t most = C ? CUDA_SCRATCH / C : 0;
    int rows, parts;

    if (N <= 0 || !C)
        return;
    parts = (int)ceil_div((size_t)N, 4 * ROWS);
    parts = parts < CUDA_PARTS ? parts : CUDA_PARTS;
    parts = (size_t)parts < most ? parts : (int)most;
    if (parts < 2) {
        rows = N;
        part = g;
    } else {
        rows = (N + parts - 1) / parts;
    }
    parts = (N + rows - 1) / rows;
    if (eight)
        launch(d, what, dim3(parts, columns), dim3(LANES, ROWS), column_sums<8, Term, float>, part,
               term, N, C, rows, part == g);
    else
        launch(d, what, dim3(parts, columns), dim3(LANES, ROWS), column_sums<1, Term, float>, part,
               term, N, C, rows, part == g);
    if (part != g)
        launch(d, what, dim3(1, ceil_div(C, LANES)), dim3(LANES, ROWS),
               column_sums<1, part_rows, float>, g, part_rows{ part, C }, parts, C, parts, true);
}

#endif
