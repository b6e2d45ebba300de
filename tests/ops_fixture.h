/*
 * ops_fixture: what the tests of operations share: a device, arrays on it,
 * comparison with a reference in double, and finite differences of it.
 *
 * The device is named by the environment variable OPS_DEVICE (default "cpu"),
 * so the same tests run on any backend; threads by OPS_THREADS (default 2).
 * OPS_PRECISION=bf16 asks for bf16, products and activations.  OPS_LOOPS makes the CPU take
 * the loops compiled for `any` x86-64, in f32 for `avx2`, or in bf16 those without AMX
 * (`no tiles`), though it may have better ones.
 * A test works on double arrays here.  Putting one on the device first rounds
 * it in place to what the device can hold, so the reference computes from the
 * very same numbers.
 */
#ifndef TESTS_OPS_FIXTURE_H
#define TESTS_OPS_FIXTURE_H

#include "engine/rng.h"
#include "model/ops.h"

enum { FIXTURE_BLOCKS = 512 };

struct fixture {
    struct device *d;
    struct rng rng;
    double tol;    /* what f32 arithmetic may be off, relative to the largest value */
    double loose;  /* the same after products, where these may be of bf16 */
    void *block[FIXTURE_BLOCKS]; /* on the device */
    void *host[FIXTURE_BLOCKS];
    int blocks, hosts;
};

/*
 * For main to ask first: whether OPS_DEVICE or OPS_PRECISION name what this
 * machine lacks.  If so, says in TAP that all is skipped.
 */
bool fixture_absent(void);

/* Opens the device; fails the test where that is not possible. */
void fixture_init(struct fixture *f, uint64_t seed);

/* Fails the test if the device has failed; frees everything. */
void fixture_release(struct fixture *f);

/* n doubles, freed by fixture_release: zeros, or uniform in -scale .. scale */
double *fixture_zeros(struct fixture *f, size_t n);
double *fixture_random(struct fixture *f, size_t n, double scale);

/* Copies x (n) to the device, rounding x in place; freed by fixture_release. */
act *put_act(struct fixture *f, double *x, size_t n);
float *put_f32(struct fixture *f, double *x, size_t n);
int *put_int(struct fixture *f, const int *x, size_t n);

/* The other way: new doubles. */
double *get_act(struct fixture *f, const act *a, size_t n);
double *get_f32(struct fixture *f, const float *a, size_t n);
int *get_int(struct fixture *f, const int *a, size_t n);

/* A parameter (out, in) of x, which is rounded in place, with a gradient g likewise. */
struct param put_param(struct fixture *f, double *x, double *g, int out, int in);

/* Fails unless |got - want| <= tol * largest |want|, everywhere. */
void expect_close(const char *what, const double *got, const double *want, size_t n, double tol);

/* An operation in double: y from the arrays in[]; shape is the test's own. */
typedef void (*operation)(const void *shape, double *const *in, double *y);

/*
 * Fails unless (after - before) is the gradient of sum_i dy[i] y[i] with
 * respect to in[which] (n values), by central differences of fn, within tol *
 * the largest of that gradient and of before (and 1e-7 of the largest dy).
 * At most 32 of the n are tried.  y has ny values.
 */
void expect_gradient(struct fixture *f, const char *what, operation fn, const void *shape,
                     double *const *in, int which, size_t n, const double *dy, size_t ny,
                     const double *before, const double *after, double tol);

#endif
