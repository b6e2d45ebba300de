/*
 * presets: the sizes of model that have a name.  One table for the three models,
 * the measurements and the documentation.
 */
#ifndef MODEL_PRESETS_H
#define MODEL_PRESETS_H

#include <stddef.h>

#include "engine/err.h"
#include "model/block.h"

struct preset {
    const char *name;
    struct block_config block; /* the stack of layers; cond and conv are the model's to choose */
};

/* All of them, from small to large; *n gets how many. */
const struct preset *presets(int *n);

/* By name; NULL, and e lists the names, when there is none. */
const struct preset *preset_find(const char *name, struct err *e);

/* The weights of a stack. */
int preset_params(const struct block_config *c, size_t *count, struct err *e);

/*
 * Peak memory in bytes of a training step of a stack with B sequences of T tokens
 * on a device whose activations are of that type, without allocating any of it:
 * weights, gradients, moments, average and Muon's work (*params), activations and their
 * gradients (*acts).  The device's own scratch comes on top: on the CPU a few
 * buffers of an operation's size, on CUDA 48 MiB.
 */
int preset_memory(const struct block_config *c, enum dtype type, int B, int T, size_t *params,
                  size_t *acts, struct err *e);

#endif
