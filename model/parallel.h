/*
 * parallel: training on several processes ("ranks") at once, each with a device
 * of its own, over MPI.
 *
 * A program started under mpirun (or srun), and built --with-mpi, is one of size
 * ranks; any other is rank 0 of 1, and then every function here returns at once.
 * All ranks must call the same functions in the same order.  A sum gives all of
 * them the same bits, so ranks that start alike and step alike stay alike.
 *
 * Gradients lie in device memory: on the CPU MPI sums them in place, between
 * GPUs NCCL does when it is built in and each rank has a GPU to itself,
 * otherwise they go through host memory.
 *
 * Errors.  A rank that fails on its own must not leave the others waiting: all
 * ranks meet in parallel_agree, which makes the failure of one that of all, with
 * its message.  Where there is no such meeting, the program calls parallel_abort
 * and ends.  An error of MPI itself (-1 from any other function) is of that kind
 * too: the ranks can no longer be assumed to be together.
 */
#ifndef MODEL_PARALLEL_H
#define MODEL_PARALLEL_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/err.h"
#include "model/ops.h"

struct nccl; /* cuda_nccl.h */

struct parallel {
    int rank, size;      /* 0 <= rank < size */
    int local, locals;   /* the same among the ranks on this machine */
    bool joined;         /* MPI is running */
    struct device *d;    /* attached; not owned */
    bool direct;         /* d's memory is the host's */
    struct nccl *nccl;   /* owned; NULL: not used */
    float *stage;        /* host memory that device memory goes through; owned, or NULL */
};

/* Was this built with MPI? */
bool parallel_built(void);

/*
 * Joins the other ranks, if there are any (told by the launcher's variables in
 * the environment).  On failure p is a single rank, and may be released.
 */
int parallel_init(struct parallel *p, struct err *e);

/*
 * Names the device whose memory parallel_sum and parallel_broadcast take, and
 * prepares for it; once, after parallel_init.  The device must outlive
 * parallel_release.
 */
int parallel_attach(struct parallel *p, struct device *d, struct err *e);

/* Leaves the other ranks: all of them must come to this point.  p may be all zero. */
void parallel_release(struct parallel *p);

/*
 * Which device this rank shall open, for one asked for as `which`: with several
 * ranks on a machine, "auto" and "cuda" become "cuda:N", N = local rank modulo
 * the number of GPUs, when there are any.  out has room for 32 bytes; which
 * itself is returned where nothing changes.
 */
const char *parallel_device(const struct parallel *p, const char *which, char *out);

/* x (n), memory of the attached device: the sum over all ranks, in place.  Errors of the
   device stick in the device. */
int parallel_sum(struct parallel *p, float *x, size_t n, struct err *e);

/* x (n), host memory: the sum over all ranks, in place. */
int parallel_sum_double(struct parallel *p, double *x, int n, struct err *e);

/* All ranks get rank 0's x (n), memory of the attached device. */
int parallel_broadcast(struct parallel *p, float *x, size_t n, struct err *e);

/* All ranks get rank 0's bytes, host memory. */
int parallel_broadcast_host(struct parallel *p, void *x, size_t bytes, struct err *e);

/* Waits until all ranks are here. */
int parallel_barrier(struct parallel *p, struct err *e);

/*
 * Have all ranks been successful?  failed says so of this one, e why it is not.
 * If not, returns -1 on all ranks; e is then set everywhere, on the others as
 * "rank N: message" of the lowest that failed.
 */
int parallel_agree(struct parallel *p, int failed, struct err *e);

/*
 * Ends all ranks at once with this exit status; does not return when there are
 * others.  Only for programs, after their message: libraries return errors.
 */
void parallel_abort(const struct parallel *p, int status);

/* The part of rank `rank` in n things: *begin .. *end-1, sizes differing by at most one. */
void parallel_share(const struct parallel *p, size_t n, size_t *begin, size_t *end);

#endif
