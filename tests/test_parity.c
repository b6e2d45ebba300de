/*
 * Every operation of the table, CPU (f32) against CUDA (bf16), on the same
 * fresh random inputs.  Inputs are numbers that bf16 holds exactly; results are
 * compared by |cuda - cpu| / |cpu|: at most 1e-2 where they are activations,
 * 1e-4 where they are f32, equal where they are integers; a stretch of 64 alone
 * may be off by ten times that.  Outputs are poisoned
 * with NaN before, gradients start from random values and are added to twice,
 * and what lies around each buffer must stay as it was.  Every case runs on
 * aligned pointers and on ones that are not.
 *
 * Prints TAP by itself, since libcheck knows no skipped tests: without a CUDA
 * device all are skipped.  `test_parity small`, and an emulated device, leave
 * out the large shapes; `test_parity bf16` has the CPU, in bf16, stand in for
 * CUDA.  PARITY_SEED repeats a run, PARITY_ONLY=NAME takes the cases of that name
 * alone, the large ones too.  A GPU that has failed is lost to its process: the
 * program then begins anew with the next case (PARITY_FROM).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/rng.h"
#include "model/ops.h"

enum { CPU, CUDA, MOST_BUFS = 24, PIECE = 64, GUARD = 256, GUARD_BYTE = 0x5a, MOST_SHAPE = 8 };

enum role { INPUT, OUTPUT, GRADIENT, WORK }; /* WORK is not compared */

/* The same numbers on both devices; DT_BF16 stands for act. */
struct buf {
    enum dtype type;
    enum role role;
    size_t n;
    double allowed; /* error, if not 0: else by the type */
    char *base[2]; /* GUARD bytes, the elements, GUARD bytes */
    void *at[2];
};

struct parity {
    struct device *d[2];
    struct rng rng;
    struct buf bufs[MOST_BUFS];
    int n_bufs;
    int shift;         /* elements that buffers start behind an aligned address */
    double worst;      /* error over tolerance, of all that was compared */
    double error;      /* that one's */
    char why[256];     /* the first failure, or "" */
    char **argv;       /* the program's */
    int number;        /* of this case, from 0 on, and what it is called */
    char text[128];
    uint64_t seed;
};

static void fail(struct parity *p, const char *what, int i)
{
    if (!p->why[0])
        snprintf(p->why, sizeof(p->why), "buffer %d: %s", i, what);
}

/* The case fails with its device: what comes after it is done by another process. */
static _Noreturn void give_up(struct parity *p, const char *why)
{
    char number[32], seed[32];

    printf("not ok %d - %s: %s\n", p->number + 1, p->text, why);
    fflush(stdout);
    snprintf(number, sizeof number, "%d", p->number + 1);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)p->seed);
    setenv("PARITY_FROM", number, 1);
    setenv("PARITY_SEED", seed, 1);
    execv("/proc/self/exe", p->argv);
    printf("Bail out! the device has failed\n");
    exit(EXIT_FAILURE);
}

static float *numbers(size_t n)
{
    float *x = calloc(n + 1, sizeof(*x));

    if (!x) {
        fprintf(stderr, "test_parity: out of memory\n");
        exit(EXIT_FAILURE);
    }
    return x;
}

static double normal(struct rng *r)
{
    double u = 1 - rng_double(r);

    return sqrt(-2 * log(u)) * cos(6.283185307179586 * rng_double(r));
}

static uint16_t to_bf16(float f)
{
    uint32_t u;

    memcpy(&u, &f, 4);
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

static float of_bf16(uint16_t h)
{
    uint32_t u = (uint32_t)h << 16;
    float f;

    memcpy(&f, &u, 4);
    return f;
}

static size_t width(const struct parity *p, const struct buf *b, int i)
{
    return dtype_size(b->type == DT_BF16 ? p->d[i]->act : b->type);
}

static struct buf *buf_new(struct parity *p, enum dtype type, enum role role, size_t n)
{
    struct buf *b = &p->bufs[p->n_bufs++];

    *b = (struct buf){.type = type, .role = role, .n = n};
    for (int i = 0; i < 2; i++) {
        size_t size = width(p, b, i), bytes = (n + (size_t)p->shift) * size + 2 * GUARD;
        char *host = malloc(bytes);

        b->base[i] = p->d[i]->ops->alloc(p->d[i], bytes);
        if (!host || !b->base[i])
            give_up(p, host ? p->d[i]->err.msg : "out of memory");
        b->at[i] = b->base[i] + GUARD + (size_t)p->shift * size;
        memset(host, GUARD_BYTE, bytes);
        memset(host + GUARD + (size_t)p->shift * size, 0xff, n * size);
        p->d[i]->ops->upload(p->d[i], b->base[i], host, bytes);
        free(host);
    }
    return b;
}

/* Writes n numbers to both devices, as whatever type b has there. */
static void buf_set(struct parity *p, struct buf *b, const float *x)
{
    for (int i = 0; i < 2; i++) {
        size_t size = width(p, b, i);
        char *host = malloc(b->n * size + 1);

        for (size_t j = 0; j < b->n; j++) {
            uint16_t h = to_bf16(x[j]);
            int32_t whole = (int32_t)x[j];

            if (size == 1)
                host[j] = (char)(uint8_t)x[j];
            else
                memcpy(host + j * size,
                       size == 2 ? (void *)&h : b->type == DT_I32 ? (void *)&whole : (void *)&x[j],
                       size);
        }
        p->d[i]->ops->upload(p->d[i], b->at[i], host, b->n * size);
        free(host);
    }
}

/* Random numbers of a normal distribution that bf16 can hold. */
static struct buf *filled(struct parity *p, enum dtype type, enum role role, size_t n, double scale)
{
    struct buf *b = buf_new(p, type, role, n);
    float *x = numbers(n);

    for (size_t j = 0; j < n; j++)
        x[j] = of_bf16(to_bf16((float)(scale * normal(&p->rng))));
    buf_set(p, b, x);
    free(x);
    return b;
}

static struct buf *input(struct parity *p, size_t n)
{
    return filled(p, DT_BF16, INPUT, n, 1);
}

/* To be added to; small, so that what is missing shows. */
static struct buf *gradient(struct parity *p, size_t n)
{
    return filled(p, DT_BF16, GRADIENT, n, 0.01);
}

static struct buf *output(struct parity *p, size_t n)
{
    return buf_new(p, DT_BF16, OUTPUT, n);
}

/* Whole numbers from `from`, `count` of them. */
static struct buf *whole(struct parity *p, enum dtype type, size_t n, int from, int count)
{
    struct buf *b = buf_new(p, type, INPUT, n);
    float *x = numbers(n);

    for (size_t j = 0; j < n; j++)
        x[j] = (float)(from + (int)rng_below(&p->rng, (uint32_t)count));
    buf_set(p, b, x);
    free(x);
    return b;
}

/* A parameter on both devices: w and its copy, and a gradient to be added to. */
static void tensor(struct parity *p, struct param t[2], int out, int in, double scale)
{
    size_t n = (size_t)out * (size_t)in;
    struct buf *w = buf_new(p, DT_F32, INPUT, n), *c = buf_new(p, DT_BF16, INPUT, n);
    struct buf *g = filled(p, DT_F32, GRADIENT, n, 1);
    float *x = numbers(n);

    for (size_t j = 0; j < n; j++)
        x[j] = of_bf16(to_bf16((float)(scale * normal(&p->rng))));
    buf_set(p, w, x);
    buf_set(p, c, x);
    free(x);
    for (int i = 0; i < 2; i++)
        t[i] = (struct param){.name = "w", .out = out, .in = in, .w = w->at[i], .g = g->at[i],
                              .c = i == CPU ? (act *)w->at[i] : c->at[i]};
}

static double number(const struct parity *p, const struct buf *b, int i, const char *host, size_t j)
{
    size_t size = width(p, b, i);
    uint16_t h;
    int32_t n;
    float f;

    if (size == 1)
        return (uint8_t)host[j];
    if (size == 2) {
        memcpy(&h, host + j * size, size);
        return of_bf16(h);
    }
    memcpy(&n, host + j * size, size);
    memcpy(&f, host + j * size, size);
    return b->type == DT_I32 ? n : f;
}

/* Notes an error against its tolerance. */
static void judge(struct parity *p, int index, double error, double tolerance)
{
    double ratio = tolerance > 0 ? error / tolerance : error > 0 ? 1e9 : 0;

    if (!(ratio <= 1) && !p->why[0])
        snprintf(p->why, sizeof(p->why), "buffer %d: error %.3g, allowed %.3g", index, error,
                 tolerance);
    if (!(ratio < p->worst)) {
        p->worst = ratio;
        p->error = error;
    }
}

/* Downloads all of b from device i; what surrounds the elements must be as it was. */
static char *fetch(struct parity *p, int index, int i)
{
    struct buf *b = &p->bufs[index];
    size_t before = (size_t)((char *)b->at[i] - b->base[i]), bytes = b->n * width(p, b, i);
    size_t all = before + bytes + GUARD;
    char *host = malloc(all);

    p->d[i]->ops->download(p->d[i], host, b->base[i], all);
    for (size_t j = 0; j < all; j++)
        if ((j < before || j >= before + bytes) && host[j] != GUARD_BYTE) {
            fail(p, i == CUDA ? "cuda wrote outside" : "cpu wrote outside", index);
            break;
        }
    memmove(host, host + before, bytes);
    return host;
}

struct distance {
    double difference, size; /* squared */
};

static struct distance distance(const struct parity *p, const struct buf *b, const char *cpu,
                                const char *cuda, size_t begin, size_t end)
{
    struct distance d = {0, 1e-30};

    for (size_t j = begin; j < end; j++) {
        double x = number(p, b, CPU, cpu, j), y = number(p, b, CUDA, cuda, j);

        d.difference += (x - y) * (x - y);
        d.size += x * x;
    }
    return d;
}

static void compare(struct parity *p, int index)
{
    static const double tolerance[] = {
        [DT_F32] = 1e-4, [DT_BF16] = 1e-2, [DT_I8] = 0, [DT_I32] = 0, [DT_U8] = 1e-4,
    };
    struct buf *b = &p->bufs[index];
    char *cpu = fetch(p, index, CPU), *cuda = fetch(p, index, CUDA);
    double allowed = b->role == INPUT ? 0 : b->allowed > 0 ? b->allowed : tolerance[b->type];
    struct distance all = { 0, 1 };

    if (b->role != WORK)
        all = distance(p, b, cpu, cuda, 0, b->n);
    judge(p, index, sqrt(all.difference / all.size), allowed);
    for (size_t j = 0; j < b->n && all.difference > 0; j += PIECE) {
        size_t end = j + PIECE < b->n ? j + PIECE : b->n;
        struct distance d = distance(p, b, cpu, cuda, j, end);

        d.size += 1e-4 * all.size * (double)(end - j) / (double)b->n;
        if (!(sqrt(d.difference / d.size) <= 10 * allowed))
            fail(p, "a stretch of it is quite wrong", index);
    }
    free(cpu);
    free(cuda);
}

static void bufs_release(struct parity *p)
{
    for (int j = 0; j < p->n_bufs; j++)
        for (int i = 0; i < 2; i++)
            p->d[i]->ops->free(p->d[i], p->bufs[j].base[i]);
    p->n_bufs = 0;
}

#include "tests/parity_step.h"

#include "tests/parity_cases.h"

static void describe(char *text, size_t size, const struct parity_case *c)
{
    int n = snprintf(text, size, "%s", c->name), most = MOST_SHAPE;

    while (most && !c->shape[most - 1])
        most--;
    for (int i = 0; i < most; i++)
        n += snprintf(text + n, size - (size_t)n, " %d", c->shape[i]);
}

/* Runs c on aligned and unaligned buffers.  Returns -1 with p->why on failure. */
static int run(struct parity *p, const struct parity_case *c)
{
    p->worst = p->error = 0;
    p->why[0] = '\0';
    for (p->shift = 0; p->shift < 2; p->shift++) {
        c->run(p, c->shape);
        for (int j = 0; j < p->n_bufs; j++)
            compare(p, j);
        bufs_release(p);
        for (int i = 0; i < 2; i++) {
            struct err e;

            err_init(&e);
            if (device_check(p->d[i], &e))
                give_up(p, e.msg); /* it tells more than what was compared since */
        }
    }
    return p->why[0] ? -1 : 0;
}

static void closed(struct parity *p)
{
    for (int i = 0; i < 2; i++)
        device_close(p->d[i]);
}

int main(int argc, char **argv)
{
    static struct parity p;
    const char *again = getenv("PARITY_SEED"), *before = getenv("PARITY_FROM");
    const char *only = getenv("PARITY_ONLY");
    const int n = (int)(sizeof(cases) / sizeof(*cases)), from = before ? atoi(before) : 0;
    bool bf16 = argc > 1 && !strcmp(argv[1], "bf16");
    bool small = bf16 || (argc > 1 && !strcmp(argv[1], "small"));
    int status = from ? EXIT_FAILURE : EXIT_SUCCESS;
    struct err e;

    err_init(&e);
    p.argv = argv;
    p.seed = again ? strtoull(again, NULL, 0) : (uint64_t)time(NULL);
    if (!from)
        printf("1..%d\n", n);
    p.d[CUDA] = bf16 ? device_open_cpu(0, PRECISION_BF16, &e) : device_open_cuda(0, &e);
    if (!p.d[CUDA]) {
        bool broken = !bf16 && (from || device_cuda_count() > 0);

        printf("# %s\n", e.msg);
        for (int i = from; i < n; i++) {
            describe(p.text, sizeof(p.text), &cases[i]);
            printf("%s %d - %s%s\n", broken ? "not ok" : "ok", i + 1, p.text,
                   broken ? "" : bf16 ? " # SKIP no bf16" : " # SKIP no CUDA device");
        }
        return broken ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    p.d[CPU] = device_open_cpu(0, PRECISION_F32, &e);
    if (!p.d[CPU]) {
        printf("Bail out! %s\n", e.msg);
        return EXIT_FAILURE;
    }
    small = small || strstr(p.d[CUDA]->name, "emulated");
    printf("# %s against %s, PARITY_SEED=%llu\n", p.d[CUDA]->name, p.d[CPU]->name,
           (unsigned long long)p.seed);
    for (int i = from; i < n; i++) {
        const char *text = p.text;

        p.number = i;
        describe(p.text, sizeof(p.text), &cases[i]);
        rng_init(&p.rng, p.seed + (uint64_t)i);
        if (only && strcmp(only, cases[i].name)) {
            printf("ok %d - %s # SKIP not asked for\n", i + 1, text);
        } else if (bf16 && (cases[i].run == case_graph || cases[i].run == case_errors)) {
            printf("ok %d - %s # SKIP for a GPU\n", i + 1, text);
        } else if (small && cases[i].large && !only) {
            printf("ok %d - %s # SKIP too large for this run\n", i + 1, text);
        } else if (run(&p, &cases[i])) {
            printf("not ok %d - %s: %s\n", i + 1, text, p.why);
            status = EXIT_FAILURE;
        } else {
            printf("ok %d - %s: %.1e\n", i + 1, text, p.error);
        }
        fflush(stdout);
    }
    closed(&p);
    return status;
}
