#include "model/parallel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/cuda_nccl.h"
#include "model/parallel_mpi.h"

enum { STAGE = 1 << 22 }; /* floats that go through host memory at a time */

bool parallel_built(void)
{
    return mpi_built();
}

int parallel_init(struct parallel *p, struct err *e)
{
    *p = (struct parallel){ .size = 1, .locals = 1 };
    if (!mpi_launched())
        return 0;
    if (mpi_join(&p->rank, &p->size, &p->local, &p->locals, e) == 0) {
        p->joined = true;
        return 0;
    }
    *p = (struct parallel){ .size = 1, .locals = 1 };
    return -1;
}

/* Do all ranks have a GPU to themselves, and NCCL? */
static int use_nccl(struct parallel *p, bool *use, struct err *e)
{
    int mine = nccl_built() && !strncmp(p->d->name, "cuda", 4) && p->locals <= device_cuda_count();

    if (mpi_min(&mine, e))
        return -1;
    *use = mine;
    return 0;
}

static int start_nccl(struct parallel *p, struct err *e)
{
    unsigned char id[NCCL_ID_BYTES] = { 0 };
    int failed = device_check(p->d, e) || (p->rank == 0 && nccl_make_id(id, e));

    if (parallel_agree(p, failed, e) || mpi_broadcast(id, sizeof id, 0, e))
        return -1;
    p->nccl = nccl_open(p->d, id, p->rank, p->size, e);
    return parallel_agree(p, !p->nccl, e);
}

int parallel_attach(struct parallel *p, struct device *d, struct err *e)
{
    bool nccl;

    p->d = d;
    p->direct = !strncmp(d->name, "cpu", 3);
    if (p->size == 1)
        return 0;
    if (use_nccl(p, &nccl, e))
        return -1;
    if (nccl)
        return start_nccl(p, e);
    if (!p->direct) {
        p->stage = malloc(STAGE * sizeof *p->stage);
        if (!p->stage)
            err_set(e, "out of memory");
    }
    return parallel_agree(p, !p->direct && !p->stage, e);
}

void parallel_release(struct parallel *p)
{
    nccl_close(p->nccl);
    free(p->stage);
    if (p->joined)
        mpi_leave();
    memset(p, 0, sizeof *p);
}

const char *parallel_device(const struct parallel *p, const char *which, char *out)
{
    int gpus = device_cuda_count();

    if (p->locals < 2 || gpus < 1 || (strcmp(which, "auto") && strcmp(which, "cuda")))
        return which;
    snprintf(out, 32, "cuda:%d", p->local % gpus);
    return out;
}

/* From the device, summed or broadcast, and back, in pieces. */
static int through_host(struct parallel *p, float *x, size_t n, bool sum, struct err *e)
{
    struct device *d = p->d;

    for (size_t i = 0; i < n; i += STAGE) {
        size_t k = n - i < STAGE ? n - i : STAGE;

        /* Also when d has failed: the other ranks are waiting. */
        d->ops->download(d, p->stage, x + i, k * sizeof *x);
        if (sum ? mpi_sum_float(p->stage, k, e)
                : mpi_broadcast(p->stage, k * sizeof *x, 0, e))
            return -1;
        d->ops->upload(d, x + i, p->stage, k * sizeof *x);
    }
    return 0;
}

int parallel_sum(struct parallel *p, float *x, size_t n, struct err *e)
{
    if (p->size == 1)
        return 0;
    if (p->nccl) {
        nccl_sum(p->nccl, p->d, x, n);
        return 0;
    }
    return p->direct ? mpi_sum_float(x, n, e) : through_host(p, x, n, true, e);
}

int parallel_sum_double(struct parallel *p, double *x, int n, struct err *e)
{
    return p->size == 1 ? 0 : mpi_sum_double(x, n, e);
}

int parallel_broadcast(struct parallel *p, float *x, size_t n, struct err *e)
{
    if (p->size == 1)
        return 0;
    if (p->nccl) {
        nccl_broadcast(p->nccl, p->d, x, n);
        return 0;
    }
    return p->direct ? mpi_broadcast(x, n * sizeof *x, 0, e) : through_host(p, x, n, false, e);
}

int parallel_broadcast_host(struct parallel *p, void *x, size_t bytes, struct err *e)
{
    return p->size == 1 ? 0 : mpi_broadcast(x, bytes, 0, e);
}

int parallel_barrier(struct parallel *p, struct err *e)
{
    return p->size == 1 ? 0 : mpi_barrier(e);
}

int parallel_agree(struct parallel *p, int failed, struct err *e)
{
    int first = failed ? p->rank : p->size;
    char msg[sizeof e->msg] = "";

    if (p->size == 1)
        return failed ? -1 : 0;
    if (mpi_min(&first, e))
        return -1;
    if (first == p->size)
        return 0;
    if (first == p->rank)
        snprintf(msg, sizeof msg, "%s", e->msg);
    if (mpi_broadcast(msg, sizeof msg, first, e))
        return -1;
    return err_set(e, "rank %d: %.480s", first, msg);
}

void parallel_abort(const struct parallel *p, int status)
{
    if (p->size > 1)
        mpi_end_all(status);
}

void parallel_share(const struct parallel *p, size_t n, size_t *begin, size_t *end)
{
    size_t each = n / (size_t)p->size, more = n % (size_t)p->size, r = (size_t)p->rank;

    *begin = r * each + (r < more ? r : more);
    *end = *begin + each + (r < more);
}
