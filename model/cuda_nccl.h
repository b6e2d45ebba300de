/*
 * cuda_nccl: sums between GPUs, one a rank.  cuda_nccl.cu does it where NCCL is
 * built in (configure's --with-nccl), else nccl_none.c stands in.
 */
#ifndef MODEL_CUDA_NCCL_H
#define MODEL_CUDA_NCCL_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/err.h"
#include "model/ops.h"

enum { NCCL_ID_BYTES = 128 };

struct nccl;

bool nccl_built(void);

/* Rank 0 makes the id, all ranks get it by other means and open. */
int nccl_make_id(unsigned char *id, struct err *e);
struct nccl *nccl_open(struct device *d, const unsigned char *id, int rank, int size,
                       struct err *e);
void nccl_close(struct nccl *n);

/* On d's own stream, in the order of its operations; failures stick in d->err. */
void nccl_sum(struct nccl *n, struct device *d, float *x, size_t count);
void nccl_broadcast(struct nccl *n, struct device *d, float *x, size_t count);

#endif
