/*
 * ops_cpu_math: exp and maximum in forms that compilers vectorise.
 */
#ifndef MODEL_OPS_CPU_MATH_H
#define MODEL_OPS_CPU_MATH_H

#include <stdint.h>
#include <string.h>

/*
 * exp(x) with a relative error of at most 1e-7 (measured: 8.4e-8) for
 * -87 <= x <= 88; smaller x give exp(-87), larger ones exp(88), NaN gives NaN.
 * x = n ln 2 + r with n whole, |r| <= ln 2 / 2: 2^n goes into the exponent
 * bits, e^r is a polynomial (Cephes' expf).
 */
static inline float exp_fast(float x)
{
    const float magic = 0x1.8p23f; /* adding it rounds to whole, in the low bits */
    float z, n, p, low;
    int32_t bits;

    low = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : low; /* a question of low would make GCC branch in three */
    z = x * 1.44269504f + magic;
    n = z - magic;
    x -= n * 0.693359375f; /* ln 2 in two parts, the first exact */
    x -= n * -2.12194440e-4f;
    p = 1.9875691500e-4f;
    p = p * x + 1.3981999507e-3f;
    p = p * x + 8.3334519073e-3f;
    p = p * x + 4.1665795894e-2f;
    p = p * x + 1.6666665459e-1f;
    p = p * x + 5.0000001201e-1f;
    p = p * x * x + x + 1.0f;
    memcpy(&bits, &z, sizeof bits);
    /* n << 23: magic's bits fall off; unsigned, since x may be garbage that nobody will look at */
    bits = (int32_t)(((uint32_t)bits << 23) + 0x3f800000u);
    memcpy(&z, &bits, sizeof z);
    return p * z;
}

static inline float sigmoid_fast(float x)
{
    return 1.0f / (1.0f + exp_fast(-x));
}

/* Eight or sixteen partial results become one by halves: in a row they wait for one another. */
static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

static inline float lanes_max(const float *x, const int n)
{
    float half[8];

    for (int i = 0; i < 8; i++)
        half[i] = n == 16 ? larger(x[i], x[i + 8]) : x[i];
    return larger(larger(larger(half[0], half[4]), larger(half[2], half[6])),
                  larger(larger(half[1], half[5]), larger(half[3], half[7])));
}

static inline float lanes_sum(const float *x, const int n)
{
    float half[8];

    for (int i = 0; i < 8; i++)
        half[i] = n == 16 ? x[i] + x[i + 8] : x[i];
    return ((half[0] + half[4]) + (half[2] + half[6])) +
           ((half[1] + half[5]) + (half[3] + half[7]));
}

#endif
