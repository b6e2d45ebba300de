/*
 * world_kit: small world models with noise in them, for their tests, and a source
 * of clips in which one cell changes a frame.
 */
#ifndef TESTS_WORLD_KIT_H
#define TESTS_WORLD_KIT_H

#include "model/source.h"
#include "model/world.h"

enum { KIT_ROWS = 3, KIT_COLS = 2, KIT_S = 6, KIT_V = 7, KIT_K = 9, KIT_H = 2 };

/* Of the sizes above; H is KIT_H with WORLD_LDM. */
struct world_config kit_config(enum world_target target);

/* A CPU of one thread that computes in f32. */
struct device *kit_device(void);

/* All weights random and large enough to matter.  Whatever fails is a failed test. */
void kit_world(struct world *w, const struct world_config *c, struct device *d, int max,
               int flags, bool frames);

/* n numbers from 0 to limit-1. */
void kit_numbers(int *x, int n, int limit, uint64_t seed);

#endif
