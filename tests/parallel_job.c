/*
 * parallel_job: one rank of the jobs that tests/mpi.sh runs.
 *
 *   parallel_job built                       exit status 0 if built with MPI
 *   parallel_job sums                        sums and broadcasts, in place and through the host
 *   parallel_job gradients FILE BATCH MICRO  rank 0 writes the gradients of two batches
 *   parallel_job compare A B TOLERANCE       are two such files alike?
 *   parallel_job train BASE STEPS TO         trains to step TO of STEPS, resuming
 *   parallel_job fail RANK HOW               load, device, evaluate, agree, abort or exit
 *
 * Messages go to stderr as the program's would: from rank 0, or from the rank
 * that ends all.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/file.h"
#include "tests/fake_device.h"
#include "tests/toy_model.h"

static int fail(const struct parallel *p, const struct err *e)
{
    if (p->rank == 0)
        fprintf(stderr, "videoworld: %s\n", e->msg);
    return 1;
}

/* --- sums --- */

/* x[i] = rank + i mod 7 summed, then what rank 0 has, over n floats of d. */
static int sums_on(struct parallel *p, struct device *d, size_t n, struct err *e)
{
    float *host = malloc(n * sizeof *host), *x = d->ops->alloc(d, n * sizeof *x);
    int ranks = p->size * (p->size - 1) / 2, bad = !host || !x || parallel_attach(p, d, e);

    for (size_t i = 0; i < n && !bad; i++)
        host[i] = (float)(p->rank + (int)(i % 7));
    if (!bad) {
        d->ops->upload(d, x, host, n * sizeof *x);
        bad = parallel_sum(p, x, n, e);
        d->ops->download(d, host, x, n * sizeof *x);
        for (size_t i = 0; i < n && !bad; i++)
            if (host[i] != (float)(ranks + p->size * (int)(i % 7)))
                bad = err_set(e, "%s: element %zu of the sum is %g", d->name, i, (double)host[i]);
        for (size_t i = 0; i < n; i++)
            host[i] = (float)(p->rank == 0 ? (int)(i % 11) : -1);
        d->ops->upload(d, x, host, n * sizeof *x);
        bad = bad || parallel_broadcast(p, x, n, e);
        d->ops->download(d, host, x, n * sizeof *x);
        for (size_t i = 0; i < n && !bad; i++)
            if (host[i] != (float)(i % 11))
                bad = err_set(e, "%s: element %zu sent is %g", d->name, i, (double)host[i]);
    }
    d->ops->free(d, x);
    free(host);
    return parallel_agree(p, bad, e);
}

static int sums(struct parallel *p, struct err *e)
{
    struct device *cpu = device_open("cpu", 1, PRECISION_F32, e);
    double x[2] = { p->rank, 1 };
    char text[16] = "other";
    struct fake fake;
    int failed;

    if (p->rank == 0)
        strcpy(text, "first");
    fake_init(&fake, DT_BF16);
    snprintf(fake.d.name, sizeof fake.d.name, "fake");
    failed = !cpu || sums_on(p, cpu, 1000, e) || sums_on(p, &fake.d, 4500001, e) ||
             parallel_sum_double(p, x, 2, e) || parallel_broadcast_host(p, text, sizeof text, e) ||
             parallel_barrier(p, e);
    if (!failed &&
        (x[0] != p->size * (p->size - 1) / 2 || x[1] != p->size || strcmp(text, "first")))
        failed = err_set(e, "sum of doubles %g, %g; sent '%s'", x[0], x[1], text);
    failed = parallel_agree(p, failed, e);
    device_close(cpu);
    if (!failed && p->rank == 0)
        printf("%d ranks\n", p->size);
    return failed;
}

/* --- gradients --- */

static int gradients(struct parallel *p, char **argv, struct err *e)
{
    struct train_config c = toy_config(10);
    struct train_sample samples[64];
    double loss[2][TRAIN_METRICS] = { 0 };
    struct outfile o;
    struct toy t;
    int failed;

    c.batch = atoi(argv[1]);
    c.micro = atoi(argv[2]);
    failed = parallel_agree(p, toy_init(&t, 1, c.micro, e), e) || parallel_attach(p, t.d, e);
    if (!failed && p->rank == 0)
        failed = outfile_open(&o, argv[0], e);
    if (parallel_agree(p, failed, e))
        return -1;
    for (int i = 0; i < 2; i++) {
        failed = train_gradients(&t.model, &c, p, (uint64_t)(i * c.batch), samples, loss[i], e);
        if (failed)
            break;
        if (p->rank == 0)
            fwrite(t.ps.g, sizeof(float), t.ps.len, o.f);
    }
    if (p->rank == 0 && !failed) {
        printf("%d ranks, batch %d: loss %.9g, %.9g\n", p->size, c.batch, loss[0][0], loss[1][0]);
        failed = outfile_commit(&o, e);
    }
    toy_free(&t);
    return parallel_agree(p, failed, e);
}

/* The largest difference, relative to the largest number, of each half of the files. */
static int compare(char **argv, struct err *e)
{
    double tolerance = strtod(argv[2], NULL);
    char *a, *b;
    size_t n, k;
    int failed = 0;

    if (file_read(argv[0], 1 << 26, &a, &n, e) || file_read(argv[1], 1 << 26, &b, &k, e))
        return -1;
    if (n != k || n == 0)
        return err_set(e, "%zu and %zu bytes", n, k);
    n /= 2 * sizeof(float);
    for (size_t half = 0; half < 2; half++) {
        const float *x = (const float *)(void *)a + half * n;
        const float *y = (const float *)(void *)b + half * n;
        double most = 0, off = 0;

        for (size_t i = 0; i < n; i++) {
            most = fmax(most, fabs((double)x[i]));
            off = fmax(off, fabs((double)x[i] - (double)y[i]));
        }
        printf("batch %zu: off by %.2g of %.3g, relative %.2g\n", half, off, most, off / most);
        if (!(most > 0 && off <= tolerance * most))
            failed = err_set(e, "relative difference %g", off / most);
    }
    free(a);
    free(b);
    return failed;
}

/* --- training --- */

struct stopper {
    volatile sig_atomic_t stop;
    int at;
};

static void stop_at(void *user, const struct train_progress *x)
{
    struct stopper *s = user;

    if (x->step + 1 >= s->at)
        s->stop = 1;
}

static int train(struct parallel *p, char **argv, struct err *e)
{
    struct train_config c = toy_config(atoi(argv[1]));
    struct stopper s = { .at = atoi(argv[2]) };
    struct train_host host = { .user = &s, .progress = stop_at, .stop = &s.stop };
    char path[512], log[512];
    struct toy t;
    int failed;

    snprintf(path, sizeof path, "%s.safetensors", argv[0]);
    snprintf(log, sizeof log, "%s.csv", argv[0]);
    c.path = path;
    c.log = log;
    c.eval_steps = 5;
    c.batch = 7;
    failed = parallel_agree(p, toy_init(&t, 1, c.micro, e), e) || parallel_attach(p, t.d, e) ||
             train_run(&t.model, &c, p, &host, true, e);
    if (!failed && p->rank == 0)
        printf("%d ranks, step %d\n", p->size, t.ps.step);
    toy_free(&t);
    return failed;
}

static int fail_so(struct parallel *p, char **argv, struct err *e)
{
    static const char *const how[] = { "load", "device", "evaluate" };
    static const enum toy_fault faults[] = { TOY_LOAD, TOY_DEVICE, TOY_EVALUATE };
    struct train_config c = toy_config(12);
    struct train_host host = { 0 };
    struct toy t;
    bool me = p->rank == atoi(argv[0]);
    int failed;

    c.eval_steps = 3;
    if (me && !strcmp(argv[1], "abort")) {
        fprintf(stderr, "videoworld: rank %d gives up\n", p->rank);
        parallel_abort(p, 1);
    }
    if (me && !strcmp(argv[1], "exit"))
        exit(7);
    failed = me && !strcmp(argv[1], "agree") ? err_set(e, "cannot open 'x'") : 0;
    if (parallel_agree(p, failed, e) || parallel_agree(p, toy_init(&t, 1, c.micro, e), e) ||
        parallel_attach(p, t.d, e))
        return -1;
    for (int i = 0; i < 3; i++)
        if (me && !strcmp(argv[1], how[i])) {
            t.fault = faults[i];
            t.fault_at = 4;
        }
    failed = train_run(&t.model, &c, p, &host, false, e);
    toy_free(&t);
    return failed;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    struct parallel p;
    struct err e;
    int failed;

    err_init(&e);
    if (!strcmp(what, "built"))
        return !parallel_built();
    if (parallel_init(&p, &e))
        return fail(&p, &e);
    if (!strcmp(what, "sums"))
        failed = sums(&p, &e);
    else if (!strcmp(what, "gradients") && argc == 5)
        failed = gradients(&p, argv + 2, &e);
    else if (!strcmp(what, "compare") && argc == 5)
        failed = compare(argv + 2, &e);
    else if (!strcmp(what, "train") && argc == 5)
        failed = train(&p, argv + 2, &e);
    else if (!strcmp(what, "fail") && argc == 4)
        failed = fail_so(&p, argv + 2, &e);
    else
        failed = err_set(&e, "usage: see tests/parallel_job.c");
    if (failed)
        failed = fail(&p, &e);
    parallel_release(&p);
    return failed;
}
