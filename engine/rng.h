/*
 * rng: a small seeded generator of random numbers, the same on every machine.
 *
 * xoshiro256** by Blackman and Vigna (ACM TOMS 47, 2021), seeded through
 * splitmix64.  There is no global generator: each user owns its state.
 */
#ifndef ENGINE_RNG_H
#define ENGINE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

/* One step of splitmix64: a good 64-bit hash of x. */
static inline uint64_t splitmix64(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline void rng_init(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix64(seed + (uint64_t)i * 0x9e3779b97f4a7c15u);
}

static inline uint64_t rng_u64(struct rng *r)
{
    uint64_t *s = r->s, x = s[1] * 5, t = s[1] << 17, y;

    y = ((x << 7) | (x >> 57)) * 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return y;
}

/* Uniform in 0 .. n-1, n > 0; biased by less than n / 2^32 (Lemire's product). */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
    return (uint32_t)(((rng_u64(r) >> 32) * (uint64_t)n) >> 32);
}

/* Uniform in [0, 1). */
static inline double rng_double(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

#endif
