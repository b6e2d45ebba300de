/* One rank alone: nothing is changed, nothing waits.  tests/mpi.sh has the others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/parallel.h"
#include "tests/tap.h"

static struct err e;
static struct parallel p;

static void setup(void)
{
    unsetenv("OMPI_COMM_WORLD_SIZE");
    unsetenv("PMI_SIZE");
    unsetenv("PMIX_RANK");
    err_init(&e);
    ck_assert_int_eq(parallel_init(&p, &e), 0);
}

static void teardown(void)
{
    parallel_release(&p);
}

START_TEST(a_program_started_alone_is_the_only_rank)
{
    ck_assert_int_eq(p.rank, 0);
    ck_assert_int_eq(p.size, 1);
    ck_assert_int_eq(p.local, 0);
    ck_assert_int_eq(p.locals, 1);
    ck_assert(!p.joined);
}
END_TEST

START_TEST(sums_of_one_rank_are_what_they_were)
{
    struct device *d = device_open("cpu", 1, PRECISION_F32, &e);
    float x[3] = { 1, 2, 3 };
    double y[2] = { 4, 5 };
    int z = 6;

    ck_assert_ptr_nonnull(d);
    ck_assert_int_eq(parallel_attach(&p, d, &e), 0);
    ck_assert_ptr_null(p.stage);
    ck_assert_int_eq(parallel_sum(&p, x, 3, &e), 0);
    ck_assert_int_eq(parallel_broadcast(&p, x, 3, &e), 0);
    ck_assert_int_eq(parallel_sum_double(&p, y, 2, &e), 0);
    ck_assert_int_eq(parallel_broadcast_host(&p, &z, sizeof z, &e), 0);
    ck_assert_int_eq(parallel_barrier(&p, &e), 0);
    ck_assert(x[0] == 1 && x[1] == 2 && x[2] == 3 && y[0] == 4 && y[1] == 5 && z == 6);
    device_close(d);
}
END_TEST

START_TEST(one_rank_agrees_with_itself)
{
    ck_assert_int_eq(parallel_agree(&p, 0, &e), 0);
    ck_assert_str_eq(e.msg, "");
    err_set(&e, "cannot read 'x'");
    ck_assert_int_eq(parallel_agree(&p, -1, &e), -1);
    ck_assert_str_eq(e.msg, "cannot read 'x'");
    parallel_abort(&p, 3); /* there is nobody else to end */
}
END_TEST

START_TEST(shares_are_even_and_whole)
{
    for (int size = 1; size <= 9; size++)
        for (size_t n = 0; n < 40; n++) {
            size_t at = 0;

            for (int rank = 0; rank < size; rank++) {
                struct parallel q = { .rank = rank, .size = size };
                size_t begin, end;

                parallel_share(&q, n, &begin, &end);
                ck_assert_uint_eq(begin, at);
                ck_assert(end - begin == n / (size_t)size || end - begin == n / (size_t)size + 1);
                at = end;
            }
            ck_assert_uint_eq(at, n);
        }
}
END_TEST

START_TEST(each_rank_of_a_machine_opens_a_gpu_of_its_own)
{
    struct parallel q = { .rank = 5, .size = 8, .local = 1, .locals = 4 };
    char out[32], want[32] = "cuda";
    int gpus = device_cuda_count();

    if (gpus > 0)
        snprintf(want, sizeof want, "cuda:%d", 1 % gpus);
    ck_assert_str_eq(parallel_device(&q, "cuda", out), want);
    ck_assert_str_eq(parallel_device(&q, "cuda:3", out), "cuda:3");
    ck_assert_str_eq(parallel_device(&q, "cpu", out), "cpu");
    ck_assert_str_eq(parallel_device(&p, "auto", out), "auto");
}
END_TEST

START_TEST(a_program_without_mpi_does_not_pass_for_many)
{
    if (parallel_built())
        return;
    setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
    ck_assert_int_eq(parallel_init(&p, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "built without MPI"));
    ck_assert_int_eq(p.size, 1);
    setenv("OMPI_COMM_WORLD_SIZE", "1", 1);
    ck_assert_int_eq(parallel_init(&p, &e), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("parallel");
    TCase *tc = tap_case(s, "parallel");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_program_started_alone_is_the_only_rank);
    tcase_add_test(tc, sums_of_one_rank_are_what_they_were);
    tcase_add_test(tc, one_rank_agrees_with_itself);
    tcase_add_test(tc, shares_are_even_and_whole);
    tcase_add_test(tc, each_rank_of_a_machine_opens_a_gpu_of_its_own);
    tcase_add_test(tc, a_program_without_mpi_does_not_pass_for_many);
    return tap_run(s);
}
