/*
 * shuffle: a seeded permutation of 0 .. n-1 that is computed, not stored.
 *
 * A Feistel network over the pairs (l, r), l < a, r < b, a b >= n, whose round
 * adds a hash of one half to the other; a result that is not below n is sent
 * through again until it is ("cycle walking": Black and Rogaway, Ciphers with
 * Arbitrary Finite Domains, CT-RSA 2002).  With a = ceil(sqrt(n)) less than
 * 1 + sqrt(n) of the pairs lie beyond n, so nearly every call is one pass.
 */
#ifndef MODEL_SHUFFLE_H
#define MODEL_SHUFFLE_H

#include <stdint.h>

/* The most elements: a b and the sums of a round then fit 64 bits easily. */
#define SHUFFLE_MAX ((uint64_t)1 << 48)

/* Where the permutation of 0 .. n-1 chosen by seed takes i; 0 <= i < n <= SHUFFLE_MAX. */
uint64_t shuffle(uint64_t i, uint64_t n, uint64_t seed);

#endif
