/*
 * ops_cpu_lanes: sixteen elements as one value, for the loops that training spends its time
 * in.  Left to themselves compilers take as many elements of bf16 as fill a register, shuffle
 * their halves, and round them by six instructions where the processor has one.
 *
 * Without AVX-512 whole lanes have a loop of their own, since its length is known.
 */
#ifndef MODEL_OPS_CPU_LANES_H
#define MODEL_OPS_CPU_LANES_H

#include "model/ops_cpu.h"
#include "model/ops_cpu_math.h"

#ifdef OPS_CPU_AVX512
#include <immintrin.h>
#endif

enum { LANES = 16 };

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

#ifdef OPS_CPU_AVX512
/* The first n lanes, n >= 0 */
static inline __mmask16 lanes_first(int n)
{
    return n < LANES ? (__mmask16)((1u << n) - 1) : 0xffff;
}
#endif

/* The first n elements at p, 0 < n; lanes beyond are 0. */
static inline lanes lanes_load(const elem *p, int n)
{
#if defined OPS_CPU_AVX512 && defined OPS_CPU_BF16
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes_first(n), p));

    return (lanes)_mm512_slli_epi32(wide, 16);
#elif defined OPS_CPU_AVX512
    return (lanes)_mm512_maskz_loadu_ps(lanes_first(n), p);
#else
    float x[LANES] = {0};
    lanes v;

    if (n >= LANES)
        for (int i = 0; i < LANES; i++)
            x[i] = widen(p[i]);
    else
        for (int i = 0; i < n; i++)
            x[i] = widen(p[i]);
    memcpy(&v, x, sizeof v);
    return v;
#endif
}

static inline void lanes_store(elem *p, lanes v, int n)
{
#if defined OPS_CPU_AVX512 && defined OPS_CPU_BF16
    _mm256_mask_storeu_epi16(p, lanes_first(n), (__m256i)_mm512_cvtneps_pbh((__m512)v));
#elif defined OPS_CPU_AVX512
    _mm512_mask_storeu_ps(p, lanes_first(n), (__m512)v);
#else
    float x[LANES];

    memcpy(x, &v, sizeof v);
    if (n >= LANES)
        for (int i = 0; i < LANES; i++)
            p[i] = narrow(x[i]);
    else
        for (int i = 0; i < n; i++)
            p[i] = narrow(x[i]);
#endif
}

/* The same of floats. */
static inline lanes lanes_load_f32(const float *p, int n)
{
#ifdef OPS_CPU_AVX512
    return (lanes)_mm512_maskz_loadu_ps(lanes_first(n), p);
#else
    lanes v = {0};

    memcpy(&v, p, n < LANES ? (size_t)n * sizeof *p : sizeof v);
    return v;
#endif
}

static inline void lanes_store_f32(float *p, lanes v, int n)
{
#ifdef OPS_CPU_AVX512
    _mm512_mask_storeu_ps(p, lanes_first(n), (__m512)v);
#else
    memcpy(p, &v, n < LANES ? (size_t)n * sizeof *p : sizeof v);
#endif
}

static inline float lanes_total(lanes v)
{
    float x[LANES];

    memcpy(x, &v, sizeof v);
    return lanes_sum(x, LANES);
}

#if defined OPS_CPU_AVX512 && defined OPS_CPU_BF16
/* 2^v with a relative error of 3e-6, well below bf16's; underflows to 0. */
static inline lanes lanes_exp2(lanes v)
{
    __m512 n = _mm512_roundscale_ps((__m512)v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    lanes f = v - (lanes)n;
    lanes p = 1.3333558e-3f * f + 9.6181291e-3f; /* ln(2)^k / k! */

    p = ((p * f + 5.5504109e-2f) * f + 2.4022651e-1f) * f + 6.9314718e-1f;
    return (lanes)_mm512_scalef_ps((__m512)(p * f + 1), n);
}

/* log2 of v > 0 with an error below 1e-5: atanh's series of the mantissa, which is 2/3 .. 4/3 */
static inline lanes lanes_log2(lanes v)
{
    lanes n = (lanes)_mm512_getexp_ps((__m512)(1.5f * v)); /* 1.5 v: 2^n times 1 .. 2 */
    lanes m = (lanes)_mm512_scalef_ps((__m512)v, (__m512)-n);
    lanes t = (m - 1) / (m + 1), u = t * t;

    return n + 2.88539008f * t * (1 + u * (0.33333333f + u * (0.2f + u * 0.14285714f)));
}
#endif

/* 1 / (1 + exp(-v)) */
static inline lanes lanes_sigmoid(lanes v)
{
#if defined OPS_CPU_AVX512 && defined OPS_CPU_BF16
    return (lanes)_mm512_rcp14_ps((__m512)(1 + lanes_exp2(-1.44269504f * v)));
#else
    float x[LANES];

    memcpy(x, &v, sizeof v);
#pragma omp simd
    for (int i = 0; i < LANES; i++)
        x[i] = sigmoid_fast(x[i]);
    memcpy(&v, x, sizeof v);
    return v;
#endif
}

#endif
