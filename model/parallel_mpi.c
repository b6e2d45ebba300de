/* MPI: the only file that calls it. */
#include "model/parallel_mpi.h"

#include <mpi.h>
#include <stdlib.h>

/* Elements of one call: counts are ints, and MPI's buffers grow with them. */
enum { CHUNK = 1 << 26 };

static int check(int code, const char *what, struct err *e)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int n;

    if (code == MPI_SUCCESS)
        return 0;
    MPI_Error_string(code, text, &n);
    return err_set(e, "MPI: %s: %.300s", what, text);
}

bool mpi_built(void)
{
    return true;
}

/* MPI_Init without a launcher works too, but starts a daemon and takes long. */
bool mpi_launched(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_SIZE") || getenv("PMIX_RANK");
}

static int join_machine(int *local, int *locals, struct err *e)
{
    MPI_Comm here;
    int failed;

    if (check(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here),
              "split", e))
        return -1;
    failed = check(MPI_Comm_rank(here, local), "rank", e) ||
             check(MPI_Comm_size(here, locals), "size", e);
    MPI_Comm_free(&here);
    return failed ? -1 : 0;
}

int mpi_join(int *rank, int *size, int *local, int *locals, struct err *e)
{
    int provided;

    if (check(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), "init", e))
        return -1;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (check(MPI_Comm_rank(MPI_COMM_WORLD, rank), "rank", e) ||
        check(MPI_Comm_size(MPI_COMM_WORLD, size), "size", e))
        return -1;
    return join_machine(local, locals, e);
}

void mpi_leave(void)
{
    MPI_Finalize();
}

void mpi_end_all(int status)
{
    MPI_Abort(MPI_COMM_WORLD, status);
}

int mpi_sum_float(float *x, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i += CHUNK) {
        int k = (int)(n - i < CHUNK ? n - i : CHUNK);

        if (check(MPI_Allreduce(MPI_IN_PLACE, x + i, k, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD),
                  "sum", e))
            return -1;
    }
    return 0;
}

int mpi_sum_double(double *x, int n, struct err *e)
{
    return check(MPI_Allreduce(MPI_IN_PLACE, x, n, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD), "sum", e);
}

int mpi_min(int *x, struct err *e)
{
    return check(MPI_Allreduce(MPI_IN_PLACE, x, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD), "min", e);
}

int mpi_broadcast(void *x, size_t bytes, int from, struct err *e)
{
    for (size_t i = 0; i < bytes; i += CHUNK) {
        int k = (int)(bytes - i < CHUNK ? bytes - i : CHUNK);

        if (check(MPI_Bcast((char *)x + i, k, MPI_BYTE, from, MPI_COMM_WORLD), "broadcast", e))
            return -1;
    }
    return 0;
}

int mpi_barrier(struct err *e)
{
    return check(MPI_Barrier(MPI_COMM_WORLD), "barrier", e);
}
