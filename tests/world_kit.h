/*
 * world_kit: small world models with noise in them, for their tests, and a source
 * of clips in which one cell changes a frame.
 */
#ifndef TESTS_WORLD_KIT_H
#define TESTS_WORLD_KIT_H

#include "model/source.h"
#include "model/world.h"

enum { KIT_ROWS = 3, KIT_COLS = 2, KIT_S = 6, KIT_V = 7, KIT_K = 9, KIT_H = 2, KIT_N = 3 };

/* Of the sizes above; H is KIT_H with WORLD_LDM. */
struct world_config kit_config(enum world_target target);

/* A CPU of one thread that computes in f32. */
struct device *kit_device(void);

/* All weights random and large enough to matter.  Whatever fails is a failed test. */
void kit_world(struct world *w, const struct world_config *c, struct device *d, int max,
               int flags, bool frames);

/* Some sequences, and what might be wanted of them. */
struct kit_sample {
    int from[KIT_N * KIT_S], next[KIT_N * KIT_S], code[KIT_N * KIT_H];
    int target[KIT_H * KIT_N], wanted[KIT_N * KIT_S]; /* some -1: not wanted */
};
struct kit_sample kit_sample(const struct world *w);

/* Sees s and chooses its codes, step by step; p (Q, N, K) is what w says of each. */
void kit_tell_codes(struct world *w, const struct kit_sample *s, float *p);

/* Are n numbers the same, up to the order of sums? */
void kit_near(const float *x, const float *y, int n, const char *what);

/* n numbers from 0 to limit-1. */
void kit_numbers(int *x, int n, int limit, uint64_t seed);

#endif
