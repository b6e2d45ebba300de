/* Sums between GPUs by NCCL.  Used by ranks that have a GPU each; see parallel.c. */
#include "model/cuda.h"

#include <nccl.h>
#include <stdlib.h>
#include <string.h>

extern "C" {
#include "model/cuda_nccl.h"
}

struct nccl {
    ncclComm_t comm;
};

static_assert(sizeof(ncclUniqueId) == NCCL_ID_BYTES, "the id is sent as bytes");

extern "C" bool nccl_built(void)
{
    return true;
}

extern "C" int nccl_make_id(unsigned char *id, struct err *e)
{
    ncclUniqueId made;
    ncclResult_t r = ncclGetUniqueId(&made);

    if (r != ncclSuccess)
        return err_set(e, "nccl: id: %s", ncclGetErrorString(r));
    memcpy(id, &made, sizeof made);
    return 0;
}

extern "C" struct nccl *nccl_open(struct device *d, const unsigned char *id, int rank, int size,
                                  struct err *e)
{
    struct nccl *n = (struct nccl *)malloc(sizeof *n);
    ncclUniqueId same;
    ncclResult_t r;

    if (!n || !cuda_ready(d)) {
        err_set(e, "%s", n ? d->err.msg : "out of memory");
        free(n);
        return NULL;
    }
    memcpy(&same, id, sizeof same);
    r = ncclCommInitRank(&n->comm, size, same, rank);
    if (r != ncclSuccess) {
        err_set(e, "nccl: open: %s", ncclGetErrorString(r));
        free(n);
        return NULL;
    }
    return n;
}

extern "C" void nccl_close(struct nccl *n)
{
    if (n)
        ncclCommDestroy(n->comm);
    free(n);
}

extern "C" void nccl_sum(struct nccl *n, struct device *d, float *x, size_t count)
{
    ncclResult_t r;

    if (!cuda_ready(d))
        return;
    r = ncclAllReduce(x, x, count, ncclFloat, ncclSum, n->comm, cuda_of(d)->stream);
    if (r != ncclSuccess)
        err_set(&d->err, "nccl: sum: %s", ncclGetErrorString(r));
}

extern "C" void nccl_broadcast(struct nccl *n, struct device *d, float *x, size_t count)
{
    ncclResult_t r;

    if (!cuda_ready(d))
        return;
    r = ncclBroadcast(x, x, count, ncclFloat, 0, n->comm, cuda_of(d)->stream);
    if (r != ncclSuccess)
        err_set(&d->err, "nccl: broadcast: %s", ncclGetErrorString(r));
}
