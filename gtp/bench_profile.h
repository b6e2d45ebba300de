/*
 * bench_profile: where the time of a device's operations goes, by kind.
 *
 * Between profile_begin and profile_end the device's table is one of ours, which
 * passes each call on and waits for it.  For measuring only: on a GPU the waiting
 * itself takes time.
 */
#ifndef GTP_BENCH_PROFILE_H
#define GTP_BENCH_PROFILE_H

#include "model/ops.h"

enum profile_part {
    PROFILE_PRODUCTS,  /* linear and its backward */
    PROFILE_ATTENTION,
    PROFILE_NORMS,
    PROFILE_SWIGLU,
    PROFILE_ROPE,
    PROFILE_MOVES,     /* zero, copy, add */
    PROFILE_OPTIMISER, /* norm of the gradient, AdamW, average */
    PROFILE_PARTS
};

struct profile {
    struct ops table; /* first: a device's table leads to its profile */
    const struct ops *under;
    double seconds[PROFILE_PARTS];
};

void profile_begin(struct profile *p, struct device *d);
void profile_end(struct profile *p, struct device *d);

const char *profile_name(enum profile_part part);

/* Seconds of a steady clock. */
double bench_clock(void);

#endif
