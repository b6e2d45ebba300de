/*
 * slots: one table drives allocation and naming of a set of tensors.
 *
 * A model fills a table with one line a tensor and calls slots_alloc once: it
 * carves all of them, each aligned to 64 bytes, out of a single allocation on
 * the device, zeroed.  A training step then allocates nothing.
 *
 *     n = 0;
 *     t[n++] = (struct slot){ &a->x, SHAPE(L + 1, B, T, C), SLOT_ACT, "x" };
 *     t[n++] = (struct slot){ &a->lse, SHAPE(L, B, NH, T), SLOT_F32, "lse" };
 *     t[n++] = (struct slot){ &a->dx, SHAPE(B, T, C), SLOT_ACT | SLOT_GRAD, "dx" };
 *     if (slots_alloc(&a->mem, d, t, n, e))
 *         return -1;
 *
 * The tensors marked SLOT_GRAD lie side by side, so slots_zero clears them by
 * one call.  The table itself may be dropped afterwards.
 */
#ifndef MODEL_SLOTS_H
#define MODEL_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"
#include "model/ops.h"

/* A tensor's type; ACT is the device's own.  Or'ed with SLOT_GRAD: cleared by slots_zero. */
enum slot_kind { SLOT_ACT, SLOT_F32, SLOT_I32, SLOT_U8, SLOT_GRAD = 16 };

struct slot {
    void *p;             /* the address of the pointer to set: act **, float **, int **, ... */
    size_t n;            /* elements; 0: the pointer becomes NULL (a tensor not wanted) */
    int kind;            /* of enum slot_kind */
    const char *name;    /* for messages */
};

struct slots {
    void *base;          /* the one allocation, in the device's memory; owned */
    size_t bytes;        /* its size */
    size_t grad_bytes;   /* the first so many are marked SLOT_GRAD */
};

/* Elements of a shape; SIZE_MAX where a size is negative or the product does not fit. */
size_t shape_count(const int64_t *shape, size_t dims);
#define SHAPE(...) \
    shape_count((const int64_t[]){ __VA_ARGS__ }, \
                sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))

/* Bytes that slots_alloc would take; SIZE_MAX when they do not fit a size_t. */
size_t slots_bytes(const struct device *d, const struct slot *table, int n);

/* Allocates and sets every pointer; on failure all of them are NULL and nothing is held. */
int slots_alloc(struct slots *s, struct device *d, const struct slot *table, int n,
                struct err *e);

/* Clears the tensors marked SLOT_GRAD. */
void slots_zero(const struct slots *s, struct device *d);

/* Frees the allocation (the tensors' pointers dangle); s may be all zero or freed before. */
void slots_free(struct slots *s, struct device *d);

#endif
