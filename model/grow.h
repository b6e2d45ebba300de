/*
 * grow: a model that begins with the weights of another one, perhaps a shallower.
 *
 * Layers of the shallower stack are spread evenly; what comes twice adds nothing to
 * the stream the second time, so at first the deeper model says what the other said
 * (block expansion, arXiv 2401.02415).
 */
#ifndef MODEL_GROW_H
#define MODEL_GROW_H

#include "model/block.h"
#include "model/checkpoint.h"

/*
 * Loads what of the file at path has the name and shape of one of ps, whose other weights
 * stay; *loaded gets how many tensors, none is an error.  stack, if not NULL, was
 * registered in ps under prefix; if the file's "layers" are fewer, its layers are spread.
 */
int grow_from(const char *path, struct params *ps, const struct stack *stack, const char *prefix,
              int *loaded, struct err *e);

#endif
