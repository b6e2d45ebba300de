/*
 * fake_device: a device that has memory, types, reductions and the optimiser,
 * in plain loops on the host, and no other operation.  For tests of what only
 * stores and moves numbers, with either type of activations.
 */
#ifndef TESTS_FAKE_DEVICE_H
#define TESTS_FAKE_DEVICE_H

#include <stdbool.h>

#include "model/ops.h"
#include "model/params.h"

struct fake {
    struct device d; /* first, so that a device is a fake */
    int allocs;      /* calls of alloc so far */
    int live;        /* allocations not yet freed */
    int packs;       /* calls of pack */
    size_t limit;    /* alloc of more bytes than this fails */
};

/* No storage to release. */
void fake_init(struct fake *f, enum dtype type);

/* That and an empty e, for a test to begin with; returns the device. */
struct device *fake_begin(struct fake *f, enum dtype type, struct err *e);

/*
 * A tiny model: matrices "a.weight" (3, 5) and "b.weight" (2, 4), a vector
 * "a.bias" (3, 1).
 */
struct tiny {
    struct param a, bias, b;
    struct params ps;
};

/* Registers, allocates (flags as params_alloc) and seeds; exits on failure. */
void tiny_init(struct tiny *t, struct device *d, int flags, uint64_t seed);

/* Gives everything that training changes numbers of its own: w, m, v, ema, step. */
void tiny_scramble(struct tiny *t, uint64_t seed);

/* Do all weights, moments, averages and the step agree, bit by bit? */
bool tiny_equal(const struct tiny *a, const struct tiny *b);

#endif
