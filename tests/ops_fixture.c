#include "tests/ops_fixture.h"

#include "config.h"
#include "model/ops_cpu.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Elements of a gradient that are tried.  Few where sanitizers make the reference slow: they look
   for other faults, and the build without them tries all. */
#ifdef WITH_SANITIZERS
enum { TRIED = 4 };
#else
enum { TRIED = 32 };
#endif

/* The loops named: "no tiles" are the best without AMX, "no pairs" without products of bf16 in
   attention; "avx2" needs AVX2. */
static void take_loops(struct device *d, const char *name)
{
    struct ops *o = &((struct cpu *)d)->table;

    if (d->act == DT_BF16) {
        *o = ((struct cpu *)d)->loops;
        if (!strcmp(name, "no tiles"))
            cpu_fill_paired(o, false);
        else if (strcmp(name, "no pairs") != 0)
            cpu_all_ops_bf16(o);
        return;
    }
#ifdef CPU_AVX2
    if (!strcmp(name, "avx2") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        cpu_all_ops_avx2(o);
        return;
    }
#endif
    (void)name;
    cpu_all_ops(o);
}

static struct device *open_device(struct err *e)
{
    const char *device = getenv("OPS_DEVICE"), *threads = getenv("OPS_THREADS");

    err_init(e);
    return device_open(device ? device : "cpu", threads ? atoi(threads) : 2,
                       getenv("OPS_PRECISION") ? PRECISION_BF16 : PRECISION_F32, e);
}

bool fixture_absent(void)
{
    struct err e;
    struct device *d;
    int status = 0;
    pid_t child;

    if (!getenv("OPS_DEVICE") && !getenv("OPS_PRECISION"))
        return false;
    child = fork(); /* a GPU opened here could not be used in the forked tests */
    if (child == 0) {
        d = open_device(&e);
        if (!d)
            printf("1..0 # SKIP %s\n", e.msg);
        fflush(stdout);
        device_close(d);
        _exit(d ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status != 0;
}

void fixture_init(struct fixture *f, uint64_t seed)
{
    const char *loops = getenv("OPS_LOOPS");
    struct err e;

    memset(f, 0, sizeof *f);
    rng_init(&f->rng, seed);
    f->d = open_device(&e);
    ck_assert_msg(f->d != NULL, "%s", e.msg);
    if (loops && !strncmp(f->d->name, "cpu", 3))
        take_loops(f->d, loops);
    f->tol = f->d->act == DT_F32 ? 2e-5 : 1.2e-2;
    f->loose = f->d->act == DT_F32 ? 2e-5 : 2e-2;
}

void fixture_release(struct fixture *f)
{
    struct err e;

    err_init(&e);
    ck_assert_msg(device_check(f->d, &e) == 0, "%s", e.msg);
    for (int i = 0; i < f->blocks; i++)
        f->d->ops->free(f->d, f->block[i]);
    for (int i = 0; i < f->hosts; i++)
        free(f->host[i]);
    device_close(f->d);
}

static void *host(struct fixture *f, size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);

    ck_assert(p != NULL && f->hosts < FIXTURE_BLOCKS);
    return f->host[f->hosts++] = p;
}

static void *block(struct fixture *f, size_t bytes)
{
    void *p = f->d->ops->alloc(f->d, bytes);

    ck_assert_msg(p != NULL && f->blocks < FIXTURE_BLOCKS, "%s", f->d->err.msg);
    return f->block[f->blocks++] = p;
}

double *fixture_zeros(struct fixture *f, size_t n)
{
    return host(f, n * sizeof(double));
}

double *fixture_random(struct fixture *f, size_t n, double scale)
{
    double *x = fixture_zeros(f, n);

    for (size_t i = 0; i < n; i++)
        x[i] = (2 * rng_double(&f->rng) - 1) * scale;
    return x;
}

float *put_f32(struct fixture *f, double *x, size_t n)
{
    float *p = block(f, n * sizeof *p), *h = malloc((n ? n : 1) * sizeof *h);

    ck_assert(h != NULL);
    for (size_t i = 0; i < n; i++)
        x[i] = h[i] = (float)x[i];
    f->d->ops->upload(f->d, p, h, n * sizeof *h);
    free(h);
    return p;
}

act *put_act(struct fixture *f, double *x, size_t n)
{
    float *p = put_f32(f, x, n);
    act *a = block(f, n * dtype_size(f->d->act));
    double *rounded;

    f->d->ops->to_act(f->d, a, p, n);
    rounded = get_act(f, a, n);
    memcpy(x, rounded, n * sizeof *x);
    return a;
}

int *put_int(struct fixture *f, const int *x, size_t n)
{
    int *p = block(f, n * sizeof *p);

    f->d->ops->upload(f->d, p, x, n * sizeof *x);
    return p;
}

double *get_f32(struct fixture *f, const float *a, size_t n)
{
    float *h = malloc((n ? n : 1) * sizeof *h);
    double *x = fixture_zeros(f, n);

    ck_assert(h != NULL);
    f->d->ops->download(f->d, h, a, n * sizeof *h);
    for (size_t i = 0; i < n; i++)
        x[i] = h[i];
    free(h);
    return x;
}

double *get_act(struct fixture *f, const act *a, size_t n)
{
    float *p = block(f, n * sizeof *p);

    f->d->ops->from_act(f->d, p, a, n);
    return get_f32(f, p, n);
}

int *get_int(struct fixture *f, const int *a, size_t n)
{
    int *x = host(f, n * sizeof *x);

    f->d->ops->download(f->d, x, a, n * sizeof *x);
    return x;
}

struct param put_param(struct fixture *f, double *x, double *g, int out, int in)
{
    size_t n = (size_t)out * in;
    struct param p = {.name = "test", .out = out, .in = in};

    p.c = put_act(f, x, n); /* x is now what both can hold */
    p.w = put_f32(f, x, n);
    if (f->d->act == DT_F32)
        p.c = (act *)p.w;
    if (g)
        p.g = put_f32(f, g, n);
    return p;
}

static double largest(const double *x, size_t n)
{
    double m = 0;

    for (size_t i = 0; i < n; i++)
        m = fabs(x[i]) > m ? fabs(x[i]) : m;
    return m;
}

static void expect_within(const char *what, const double *got, const double *want, size_t n,
                          double most)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs(got[i] - want[i]) <= most, "%s[%zu] is %.9g, expected %.9g +- %.2g",
                      what, i, got[i], want[i], most);
}

void expect_close(const char *what, const double *got, const double *want, size_t n, double tol)
{
    expect_within(what, got, want, n, tol * largest(want, n));
}

/* sum_i dy[i] y[i] */
static double objective(operation fn, const void *shape, double *const *in, double *y,
                        const double *dy, size_t ny)
{
    double sum = 0;

    memset(y, 0, ny * sizeof *y);
    fn(shape, in, y);
    for (size_t i = 0; i < ny; i++)
        sum += dy[i] * y[i];
    return sum;
}

void expect_gradient(struct fixture *f, const char *what, operation fn, const void *shape,
                     double *const *in, int which, size_t n, const double *dy, size_t ny,
                     const double *before, const double *after, double tol)
{
    double *y = fixture_zeros(f, ny), *x = in[which], got[TRIED], want[TRIED], most;
    int tried = n < TRIED ? (int)n : TRIED;

    for (int k = 0; k < tried; k++) {
        size_t i = n <= TRIED ? (size_t)k : rng_below(&f->rng, (uint32_t)n);
        double x0 = x[i], h = 1e-5 * (1 + fabs(x0)), up;

        x[i] = x0 + h;
        up = objective(fn, shape, in, y, dy, ny);
        x[i] = x0 - h;
        want[k] = (up - objective(fn, shape, in, y, dy, ny)) / (2 * h);
        x[i] = x0;
        got[k] = after[i] - before[i];
    }
    most = tol * fmax(largest(want, (size_t)tried), largest(before, n)); /* both round */
    expect_within(what, got, want, (size_t)tried, most + 1e-7 * largest(dy, ny));
}
