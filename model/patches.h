/*
 * patches: cuts frames into square patches and keeps each distinct one once.
 *
 * Most patches of a film are the same again and again, byte by byte; what is
 * computed from a patch alone needs to be computed once for all its copies.
 * Patches are found again by a hash of their bytes, and compared.
 *
 * A frame need not be a whole number of patches: those at the right and at the
 * bottom are filled up with zeros, and what lies outside is cut off on the way back.
 */
#ifndef MODEL_PATCHES_H
#define MODEL_PATCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"

struct patches {
    int side;       /* pixels */
    int max;        /* room */
    int n;          /* distinct patches so far */
    uint8_t *px;    /* (max + 1, side, side, 3): in the order they came; owned */
    uint64_t *hash; /* (max) owned */
    int *slot;      /* (slots) number + 1 of a patch, 0: free; owned */
    size_t slots;   /* a power of two, at least 2 max */
};

int patches_init(struct patches *p, int side, int max, struct err *e);
void patches_release(struct patches *p);

/* Forgets all patches. */
void patches_clear(struct patches *p);

/* Patches in a row of w pixels, or in a column. */
static inline int patches_across(const struct patches *p, int w)
{
    return (w + p->side - 1) / p->side;
}

static inline int patches_count(const struct patches *p, int w, int h)
{
    return patches_across(p, w) * patches_across(p, h);
}

/* Whether two frames a and b (h, w, 3) show the same at `cell`, or all along a row of cells. */
bool patches_same(const struct patches *p, const uint8_t *a, const uint8_t *b, int w, int h,
                  int cell);
bool patches_same_row(const struct patches *p, const uint8_t *a, const uint8_t *b, int w, int h,
                      int row);

/* The number of the patch at `cell` (row-major) of a frame px (h, w, 3), new or known; -1 when
   it is new and there is no room. */
int patches_add(struct patches *p, const uint8_t *px, int w, int h, int cell);

/* Numbers keys in place of patches, in the order they come: that of key, new or known; -1 as
   above.  Not to be mixed with patches_add before patches_clear. */
int patches_number(struct patches *p, uint64_t key);

/* Puts patch (side, side, 3) at `cell` of a frame px (h, w, 3). */
void patches_paste(const struct patches *p, const uint8_t *patch, uint8_t *px, int w, int h,
                   int cell);

#endif
