/* Built without NCCL: parallel.c goes through host memory and calls nothing but nccl_built. */
#include "model/cuda_nccl.h"

bool nccl_built(void)
{
    return false;
}

int nccl_make_id(unsigned char *id, struct err *e)
{
    (void)id;
    return err_set(e, "built without NCCL");
}

struct nccl *nccl_open(struct device *d, const unsigned char *id, int rank, int size,
                       struct err *e)
{
    (void)d;
    (void)id;
    (void)rank;
    (void)size;
    err_set(e, "built without NCCL");
    return NULL;
}

void nccl_close(struct nccl *n)
{
    (void)n;
}

void nccl_sum(struct nccl *n, struct device *d, float *x, size_t count)
{
    (void)n;
    (void)x;
    (void)count;
    err_set(&d->err, "built without NCCL");
}

void nccl_broadcast(struct nccl *n, struct device *d, float *x, size_t count)
{
    (void)n;
    (void)x;
    (void)count;
    err_set(&d->err, "built without NCCL");
}
