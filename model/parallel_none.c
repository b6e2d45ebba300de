/* Built without MPI: one rank, and nobody to talk to. */
#include "model/parallel_mpi.h"

#include <stdlib.h>

bool mpi_built(void)
{
    return false;
}

/* Several processes that each believed to be alone would overwrite each other's files. */
bool mpi_launched(void)
{
    const char *size = getenv("OMPI_COMM_WORLD_SIZE");

    if (!size)
        size = getenv("PMI_SIZE");
    return size && atoi(size) > 1;
}

static int none(struct err *e)
{
    return err_set(e, "started as one of several processes, but built without MPI (--with-mpi)");
}

int mpi_join(int *rank, int *size, int *local, int *locals, struct err *e)
{
    *rank = *local = 0;
    *size = *locals = 1;
    return none(e);
}

void mpi_leave(void)
{
}

void mpi_end_all(int status)
{
    (void)status;
}

int mpi_sum_float(float *x, size_t n, struct err *e)
{
    (void)x;
    (void)n;
    return none(e);
}

int mpi_sum_double(double *x, int n, struct err *e)
{
    (void)x;
    (void)n;
    return none(e);
}

int mpi_min(int *x, struct err *e)
{
    (void)x;
    return none(e);
}

int mpi_broadcast(void *x, size_t bytes, int from, struct err *e)
{
    (void)x;
    (void)bytes;
    (void)from;
    return none(e);
}

int mpi_barrier(struct err *e)
{
    return none(e);
}
