/* videoworld bench ops: how fast a device multiplies, moves memory and trains. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gtp/bench_stack.h"
#include "gtp/numbers.h"
#include "gtp/tools.h"

struct options {
    const char *device;
    const char *size;    /* a preset's name; NULL: those that suit the device */
    enum precision precision;
    int threads, batch, tokens;
    double seconds;
    bool memory;
    bool step;           /* nothing but training steps */
};

enum { MB = 1 << 20 };

static void print_help(void)
{
    printf("Usage: videoworld bench ops [OPTION]...\n"
           "Measure a device: its products beside the fastest product found, what moves memory\n"
           "beside a copy, and training steps of stacks of the named sizes.  A figure is the\n"
           "best of all runs in its time.\n\n"
           "  -D, --device=NAME     auto, cpu, cuda or cuda:N (default: auto)\n"
           "  -j, --threads=N       of the CPU (default: all cores)\n"
           "  -p, --precision=P     on the CPU: auto, f32 or bf16 (default: auto)\n"
           "  -s, --size=NAME       one size, or all (default: all that train in seconds here)\n"
           "  -b, --batch=N         sequences in a step (default: 8 on the CPU, else 64)\n"
           "  -T, --tokens=N        of a sequence (default: 167: two 9x9 boards, 5 codes)\n"
           "  -S, --seconds=S       to spend on each figure (default: 0.5)\n"
           "  -k, --step            measure training steps alone\n"
           "  -m, --memory          print the memory that training takes, and measure nothing\n"
           "  -h, --help            show this help\n");
}

/* --- memory --- */

static int print_memory(const struct options *o)
{
    static const enum dtype types[] = { DT_F32, DT_BF16 };
    int B = o->batch > 0 ? o->batch : 8, T = o->tokens, n;
    const struct preset *p = presets(&n);
    struct err e;

    err_init(&e);
    printf("peak memory of a training step, in MiB: %d sequences of %d tokens\n"
           "parameters: weights, gradients, moments, average; activations: with gradients\n\n"
           "                                     f32                         bf16\n"
           "size   layers width heads   weights  param.  activ.   total  param.  activ.   total\n",
           B, T);
    for (int i = 0; i < n; i++, p++) {
        size_t count, params, acts;

        if (o->size && strcmp(o->size, p->name) && strcmp(o->size, "all"))
            continue;
        if (preset_params(&p->block, &count, &e))
            return tool_fail(&e);
        printf("%-6s %6d %5d %5d %7.1f M", p->name, p->block.L, p->block.C, p->block.NH,
               (double)count / 1e6);
        for (int k = 0; k < 2; k++) {
            if (preset_memory(&p->block, types[k], B, T, &params, &acts, &e))
                return tool_fail(&e);
            printf(" %7zu %7zu %7zu", params / MB, acts / MB, (params + acts) / MB);
        }
        printf("\n");
    }
    printf("\nThe layers alone: embeddings, heads and the device's scratch come on top.\n");
    return 0;
}

/* --- measuring --- */

static void print_products(struct bench *b, const struct preset *p, double peak)
{
    struct block *l = &b->s.layer[0];
    const struct {
        const char *name;
        struct param *w;
    } rows[] = { { "qkv", &l->qkv }, { "proj", &l->proj }, { "up", &l->up }, { "down", &l->down } };

    printf("%s: products of %d rows               forward            backward\n", p->name, b->N);
    for (int i = 0; i < 4; i++) {
        double flops = 2.0 * b->N * rows[i].w->out * rows[i].w->in, f, g;

        b->w = rows[i].w;
        f = flops / bench_best(b, bench_forward);
        g = 2 * flops / bench_best(b, bench_backward);
        printf("  %-5s %5d x %-5d %18.1f GFLOP/s %3.0f%% %7.1f GFLOP/s %3.0f%%\n", rows[i].name,
               rows[i].w->out, rows[i].w->in, f / 1e9, 100 * f / peak, g / 1e9, 100 * g / peak);
    }
    {
        double flops = 4.0 * b->B * b->pairs * b->s.config.C;
        double f = flops / bench_best(b, bench_attention);
        double g = 2.5 * flops / bench_best(b, bench_attention_backward);

        printf("  attention, %2d heads of %-3d %10.1f GFLOP/s %3.0f%% %7.1f GFLOP/s %3.0f%%\n",
               b->s.config.NH, b->s.config.C / b->s.config.NH, f / 1e9, 100 * f / peak, g / 1e9,
               100 * g / peak);
    }
}

static void print_moves(struct bench *b, const struct preset *p)
{
    double size = (double)dtype_size(b->d->act), N = b->N, C = b->s.config.C, F = b->s.config.F;
    double len = (double)b->ps.len;
    const struct {
        const char *name;
        void (*fn)(struct bench *);
        double bytes; /* read and written */
    } rows[] = {
        { "copy", bench_copy, 2 * N * C * size },
        { "add", bench_add, 3 * N * C * size },
        { "rmsnorm", bench_rmsnorm, 2 * N * C * size },
        { "rmsnorm_backward", bench_rmsnorm_backward, 4 * N * C * size },
        { "swiglu", bench_swiglu, 3 * N * F * size },
        { "swiglu_backward", bench_swiglu_backward, 5 * N * F * size },
        { "rope", bench_rope, 2 * N * C * size },
        { "copy of the weights", bench_copy_weights, 8 * len },
        { "adamw", bench_adamw, len * (28 + (b->d->act == DT_BF16 ? 2 : 0)) },
    };
    double copy = 0;

    printf("%s: operations that move memory\n", p->name);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double speed = rows[i].bytes / bench_best(b, rows[i].fn);

        if (!strncmp(rows[i].name, "copy", 4))
            copy = speed; /* those below work on as much memory */
        printf("  %-20s %18.1f GB/s %4.0f%% of the copy's, %.1f MB\n", rows[i].name, speed / 1e9,
               100 * speed / copy, rows[i].bytes / 1e6);
    }
}

static void print_step(struct bench *b, const struct preset *p, double peak)
{
    double took = bench_best(b, bench_step), flops = bench_flops(b), all = 0;
    double product_flops = bench_product_flops(b);
    struct profile profile;

    printf("%s: training step, %d sequences of %d tokens: %.1f ms, %.0f tokens/s\n"
           "  %.1f GFLOP/s, %.0f%% of the peak (without attention's: %.1f, %.0f%%)\n",
           p->name, b->B, b->T, 1e3 * took, b->N / took, flops / took / 1e9,
           100 * flops / took / peak, product_flops / took / 1e9,
           100 * product_flops / took / peak);
    profile_begin(&profile, b->d);
    bench_best(b, bench_step);
    profile_end(&profile, b->d);
    for (int i = 0; i < PROFILE_PARTS; i++)
        all += profile.seconds[i];
    printf("  time in");
    for (int i = 0; i < PROFILE_PARTS; i++)
        printf("%s %s %.0f%%", i ? ";" : "", profile_name((enum profile_part)i),
               100 * profile.seconds[i] / all);
    printf("\n");
}

/* One size; its memory is counted from what the device had in use before. */
static int measure(struct device *d, const struct preset *p, const struct options *o, int B,
                   double peak, struct err *e)
{
    size_t params, acts;
    struct bench b;
    int failed = bench_init(&b, d, &p->block, B, o->tokens, o->seconds, e);

    if (!failed) {
        printf("\n");
        if (!o->step) {
            print_products(&b, p, peak);
            print_moves(&b, p);
        }
        print_step(&b, p, peak);
        failed = device_check(d, e) || preset_memory(&p->block, d->act, B, b.T, &params, &acts, e);
    }
    if (!failed)
        printf("  memory: %zu MiB (parameters %zu, activations %zu); with this bench's own buffers"
               " and scratch %zu in use\n",
               (params + acts) / MB, params / MB, acts / MB, d->bytes / MB);
    bench_release(&b);
    fflush(stdout);
    return failed;
}

/* Sizes measured when none is named: on a CPU those up to base. */
static bool wanted(const struct options *o, const struct preset *p, bool cpu)
{
    if (o->size)
        return !strcmp(o->size, "all") || !strcmp(o->size, p->name);
    return !cpu || p->block.C <= 384;
}

static int run(const struct options *o)
{
    struct err e;
    struct device *d;
    const struct preset *p;
    double peak;
    bool cpu;
    int n, failed = 0, B;

    err_init(&e);
    d = device_open(o->device, o->threads, o->precision, &e);
    if (!d)
        return tool_fail(&e);
    cpu = !strncmp(d->name, "cpu", 3);
    B = o->batch > 0 ? o->batch : cpu ? 8 : 64;
    peak = bench_peak(d, o->seconds, &e);
    if (peak > 0) {
        printf("%s\npeak: %.1f GFLOP/s, the fastest of three square products\n", d->name,
               peak / 1e9);
        p = presets(&n);
        for (int i = 0; i < n && !failed; i++)
            if (wanted(o, &p[i], cpu))
                failed = measure(d, &p[i], o, B, peak, &e);
    }
    device_close(d);
    return peak > 0 && !failed ? 0 : tool_fail(&e);
}

/* --- options --- */

static int set_option(struct options *o, int c)
{
    static const char *const precisions[] = { "auto", "f32", "bf16" };
    struct err e;

    switch (c) {
    case 'd': /* as it once was, and -t */
    case 'D':
        o->device = optarg;
        return 0;
    case 's':
        o->size = optarg;
        err_init(&e);
        return strcmp(optarg, "all") && !preset_find(optarg, &e) ? -1 : 0;
    case 'm':
        o->memory = true;
        return 0;
    case 'k':
        o->step = true;
        return 0;
    case 't':
    case 'j':
        return number_int(optarg, 0, 1024, &o->threads);
    case 'b':
        return number_int(optarg, 1, 65536, &o->batch);
    case 'T':
        return number_int(optarg, 2, 4096, &o->tokens);
    case 'S':
        return number_real(optarg, 0, 3600, &o->seconds);
    default: /* 'p' */
        for (int i = 0; i < 3; i++)
            if (!strcmp(optarg, precisions[i])) {
                o->precision = (enum precision)i;
                return 0;
            }
        return -1;
    }
}

/* Returns -1 to go on, else the exit status. */
static int parse(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        { "device", required_argument, NULL, 'D' },
        { "threads", required_argument, NULL, 'j' },
        { "precision", required_argument, NULL, 'p' },
        { "size", required_argument, NULL, 's' },
        { "batch", required_argument, NULL, 'b' },
        { "tokens", required_argument, NULL, 'T' },
        { "seconds", required_argument, NULL, 'S' },
        { "memory", no_argument, NULL, 'm' },
        { "step", no_argument, NULL, 'k' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, "D:j:d:t:p:s:b:T:S:kmh", longs, NULL)) != -1) {
        if (c == 'h') {
            print_help();
            return 0;
        }
        if (c == '?')
            return tool_usage("bench ops", "unknown or incomplete option '%s'", argv[optind - 1]);
        if (set_option(o, c))
            return tool_usage("bench ops", "'%s' is no value for -%c", optarg, c);
    }
    if (optind < argc)
        return tool_usage("bench ops", "unexpected argument '%s'", argv[optind]);
    return -1;
}

int bench_ops(int argc, char **argv)
{
    struct options o = { .device = "auto", .tokens = 167, .seconds = 0.5 };
    int status = parse(&o, argc, argv);

    if (status >= 0)
        return status;
    return o.memory ? print_memory(&o) : run(&o);
}
