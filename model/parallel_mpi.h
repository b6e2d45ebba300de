/*
 * parallel_mpi: what parallel.c needs from MPI, on host memory.  parallel_mpi.c
 * does it, parallel_none.c stands in where MPI is not built in.  Nobody else
 * includes this.  All return 0, or -1 and e.
 */
#ifndef MODEL_PARALLEL_MPI_H
#define MODEL_PARALLEL_MPI_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/err.h"

bool mpi_built(void);

/* Has a launcher started this process as one of several? */
bool mpi_launched(void);

/* Rank and size among all, and among the ranks on this machine. */
int mpi_join(int *rank, int *size, int *local, int *locals, struct err *e);
void mpi_leave(void);
void mpi_end_all(int status);

int mpi_sum_float(float *x, size_t n, struct err *e);
int mpi_sum_double(double *x, int n, struct err *e);
int mpi_min(int *x, struct err *e);
int mpi_broadcast(void *x, size_t bytes, int from, struct err *e);
int mpi_barrier(struct err *e);

#endif
