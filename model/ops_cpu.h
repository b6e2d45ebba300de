/*
 * ops_cpu: what the files of the CPU backend share.  Nobody else includes it but tests.
 *
 * Activations are f32 here, so f32() reads an `act *` as floats.  Each file
 * of operations fills its own entries of the table; forward stands beside
 * backward.  The files are compiled once for any x86-64 and, where the
 * compiler can, once more for AVX2 (OPS_CPU_AVX2); the device takes the table
 * that its processor runs.
 *
 * Threads.  Loops are OpenMP loops of c->threads threads, or one where the
 * work is too small to share.  Sums over rows are split into SLICES parts
 * whatever the thread count, and the parts are added in order, so a result
 * depends on the thread count only where oneDNN's products do.
 *
 * Errors.  An operation starts with `if (cpu_failed(d)) return;` and reports
 * by err_set(&d->err, ...).
 */
#ifndef MODEL_OPS_CPU_H
#define MODEL_OPS_CPU_H

#include "model/ops.h"

#ifdef _OPENMP
#include <omp.h>
#endif

enum {
    SLICES = 64,      /* parts of a sum over rows */
    SHARE = 1 << 14,  /* elements of work below which one thread does it all */
    SLICE_ALIGN = 16, /* floats: parts of different threads share no cache line */
};

/* Buffers that grow on first use of a size and stay until close. */
enum cpu_scratch {
    SCRATCH_A,    /* bf16 copies of a product's inputs: rows, */
    SCRATCH_B,    /* weights, */
    SCRATCH_X,    /* and in backward the rows of x */
    SCRATCH_WORK, /* an operation's own partial sums and tiles */
    SCRATCH_TAPS, /* of a convolution, turned */
    SCRATCH_DNNL, /* what oneDNN asks for */
    SCRATCH_COUNT
};

struct gemm; /* ops_cpu_gemm.h */

struct cpu {
    struct device d; /* first, so that a struct device * is a struct cpu * */
    struct ops table;
    int threads;
    enum dtype product; /* what products take: DT_F32 or DT_BF16 */
    struct gemm *gemm;
    void *scratch[SCRATCH_COUNT];
    size_t scratch_bytes[SCRATCH_COUNT];
};

static inline struct cpu *cpu_of(struct device *d)
{
    return (struct cpu *)d;
}

static inline bool cpu_failed(const struct device *d)
{
    return d->err.msg[0] != '\0';
}

static inline float *f32(act *a)
{
    return (float *)a;
}

static inline const float *cf32(const act *a)
{
    return (const float *)a;
}

/* Threads that should share `elements` elements of work. */
static inline int cpu_team(const struct device *d, size_t elements)
{
    return elements < SHARE ? 1 : ((const struct cpu *)d)->threads;
}

/* The calling thread's OpenMP regions, oneDNN's too, have n threads from now on. */
static inline void cpu_use_threads(int n)
{
#ifdef _OPENMP
    omp_set_num_threads(n);
#else
    (void)n;
#endif
}

/* First row of slice s out of SLICES of N rows; slice_row(SLICES, N) is N. */
static inline int slice_row(int s, int N)
{
    return (int)((long long)N * s / SLICES);
}

/* Floats from one slice's n partial sums to the next's. */
static inline size_t slice_stride(size_t n)
{
    return (n + SLICE_ALIGN - 1) / SLICE_ALIGN * SLICE_ALIGN;
}

/* At least `bytes` bytes aligned to 64, contents undefined; NULL and d->err on failure. */
void *cpu_scratch(struct device *d, enum cpu_scratch which, size_t bytes);

/* SLICES zeroed rows of slice_stride(n) floats in SCRATCH_WORK; NULL and d->err on failure. */
float *cpu_slices(struct device *d, size_t n);

/* g[i] += the slices' sums, in order. */
void cpu_add_slices(struct device *d, float *g, const float *slices, size_t n);

/* A function of this compilation: cpu_linear_ops, cpu_linear_ops_avx2, ... */
#ifdef OPS_CPU_AVX512
#define CPU_OPS(name) cpu_##name##_ops_avx512
#elif defined OPS_CPU_AVX2
#define CPU_OPS(name) cpu_##name##_ops_avx2
#else
#define CPU_OPS(name) cpu_##name##_ops
#endif

/*
 * Each fills its part of the table: linear and pack; add, silu, swiglu and
 * modulate; rmsnorm, conv3, rope and embed; attention; patches, fsq and
 * pixel_loss; cross_entropy, argmax and softmax; sums, adamw, mix and
 * orthogonalise.
 */
void CPU_OPS(linear)(struct ops *o);
void CPU_OPS(element)(struct ops *o);
void CPU_OPS(norm)(struct ops *o);
void CPU_OPS(attention)(struct ops *o);
void CPU_OPS(pixel)(struct ops *o);
void CPU_OPS(loss)(struct ops *o);
void CPU_OPS(step)(struct ops *o);

/* All of them, for any x86-64, for AVX2, for AVX-512. */
void cpu_all_ops(struct ops *o);
void cpu_all_ops_avx2(struct ops *o);
void cpu_all_ops_avx512(struct ops *o);

#endif
