/*
 * ops_cpu: what the files of the CPU backend share.  Nobody else includes it but tests.
 *
 * Each file of operations fills its own entries of the table; forward stands
 * beside backward.  The files are compiled several times: for activations in
 * f32 and in bf16 (OPS_CPU_BF16), and each of these for any x86-64 and, where
 * the compiler can, for AVX2 (OPS_CPU_AVX2, f32 alone) and AVX-512
 * (OPS_CPU_AVX512; in bf16 with the instructions for it); the device takes the
 * table that its processor runs.
 *
 * Elements.  elems() reads an `act *` as what this compilation has them be.
 * Loops compute in f32: widen what they read, narrow what they write, and
 * round sums once, at their end.
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

#include <string.h>

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
    struct gemm *gemm;
    struct ops loops; /* attention of few queries, where that of many is paired */
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

/* What bf16 stands for; the bf16 nearest to x, ties to even.  A NaN that arithmetic makes stays
   one: no bits below those kept are set. */
static inline float of_bf16(uint16_t x)
{
    uint32_t bits = (uint32_t)x << 16;
    float f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline uint16_t bf16_of(float x)
{
    uint32_t u;

    memcpy(&u, &x, sizeof u);
    return (uint16_t)((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

#ifdef OPS_CPU_BF16
#define ELEM_TYPE DT_BF16
typedef uint16_t elem;

static inline float widen(elem x)
{
    return of_bf16(x);
}

static inline elem narrow(float x)
{
    return bf16_of(x);
}
#else
#define ELEM_TYPE DT_F32
typedef float elem;

static inline float widen(elem x)
{
    return x;
}

static inline elem narrow(float x)
{
    return x;
}
#endif

static inline elem *elems(act *a)
{
    return (elem *)a;
}

static inline const elem *const_elems(const act *a)
{
    return (const elem *)a;
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

/* A function of this compilation: cpu_linear_ops, cpu_linear_ops_avx2, cpu_linear_ops_bf16, ... */
#if defined OPS_CPU_AMX
#define CPU_OPS(name) cpu_##name##_ops_amx
#elif defined OPS_CPU_BF16 && defined OPS_CPU_AVX512
#define CPU_OPS(name) cpu_##name##_ops_bf16_avx512
#elif defined OPS_CPU_BF16
#define CPU_OPS(name) cpu_##name##_ops_bf16
#elif defined OPS_CPU_AVX512
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

/* All of them, by the activations' type and the processor. */
void cpu_all_ops(struct ops *o);
void cpu_all_ops_avx2(struct ops *o);
void cpu_all_ops_avx512(struct ops *o);
void cpu_all_ops_bf16(struct ops *o);
void cpu_all_ops_bf16_avx512(struct ops *o);

/* Attention by products of bf16 in place of that of c->loops (ops_cpu_attention_paired.c). */
void cpu_paired_attention_ops_bf16_avx512(struct ops *o);
void cpu_paired_attention_ops_amx(struct ops *o);

/* The better one of these that the processor has, if any, AMX's only if `tiles`. */
void cpu_fill_paired(struct ops *o, bool tiles);

#endif
