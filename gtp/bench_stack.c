#include "gtp/bench_stack.h"

#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"

/* Spans of a board that sees itself, then causal tokens; counts the pairs. */
static void put_geometry(struct bench *b, float *rope, int *span, int *row, int *col)
{
    int prefix = b->T / 2, HS = b->s.config.C / b->s.config.NH;

    b->pairs = 0;
    for (int t = 0; t < b->T; t++) {
        span[t] = t < prefix ? prefix : t + 1;
        row[t] = t / 9;
        col[t] = t % 9;
        b->pairs += span[t];
    }
    ops_rope_table(rope, row, col, b->T, HS, 100);
    b->d->ops->upload(b->d, b->rope, rope, (size_t)(b->T * HS) * sizeof *rope);
    b->d->ops->upload(b->d, b->span, span, (size_t)b->T * sizeof *span);
}

/* n activations between -1 and 1, made of pieces that repeat. */
static void put_noise(struct device *d, act *x, size_t n, float *stage)
{
    enum { PIECE = 4096 };
    float host[PIECE];
    struct rng r;

    rng_init(&r, 1);
    for (int i = 0; i < PIECE; i++)
        host[i] = 2 * (float)rng_double(&r) - 1;
    d->ops->upload(d, stage, host, sizeof host);
    for (size_t i = 0; i < n; i += PIECE)
        d->ops->to_act(d, act_at(d, x, i), stage, n - i < PIECE ? n - i : PIECE);
}

static int fill(struct bench *b, struct err *e)
{
    int HS = b->s.config.C / b->s.config.NH;
    size_t T = (size_t)b->T, N = (size_t)b->N, C = (size_t)b->s.config.C;
    float *rope = malloc(T * (size_t)HS * sizeof *rope);
    int *ints = malloc(3 * T * sizeof *ints);
    float *stage = b->d->ops->alloc(b->d, 4096 * sizeof *stage);
    int failed = rope && ints && stage ? 0 : err_set(e, "out of memory");

    if (!failed) {
        put_geometry(b, rope, ints, ints + T, ints + 2 * T);
        put_noise(b->d, b->in, N * (size_t)b->most, stage);
        put_noise(b->d, b->out, N * (size_t)b->most, stage);
        put_noise(b->d, b->noise, N * C, stage);
        put_noise(b->d, b->a.x, N * C, stage);
        failed = device_check(b->d, e);
    }
    free(rope);
    free(ints);
    b->d->ops->free(b->d, stage);
    return failed;
}

int bench_init(struct bench *b, struct device *d, const struct block_config *c, int B, int T,
               double seconds, struct err *e)
{
    int n = 0;
    struct slot t[8];

    memset(b, 0, sizeof *b);
    *b = (struct bench){ .d = d, .seconds = seconds, .B = B, .T = T, .N = B * T };
    b->most = 2 * c->F > 3 * c->C ? 2 * c->F : 3 * c->C;
    params_init(&b->ps);
    if (stack_init(&b->s, c, e))
        return -1;
    stack_register(&b->s, &b->ps, "layers");
    t[n++] = (struct slot){ &b->in, SHAPE(b->N, b->most), SLOT_ACT, "in" };
    t[n++] = (struct slot){ &b->out, SHAPE(b->N, b->most), SLOT_ACT, "out" };
    t[n++] = (struct slot){ &b->din, SHAPE(b->N, b->most), SLOT_ACT, "din" };
    t[n++] = (struct slot){ &b->noise, SHAPE(b->N, c->C), SLOT_ACT, "noise" };
    t[n++] = (struct slot){ &b->rope, SHAPE(T, c->C / c->NH), SLOT_F32, "rope" };
    t[n++] = (struct slot){ &b->span, SHAPE(T), SLOT_I32, "span" };
    if (params_alloc(&b->ps, d, PARAMS_TRAIN | PARAMS_EMA, e) || params_seed(&b->ps, 1, e) ||
        stack_acts_alloc(&b->a, &b->s, d, B, T, true, e) || slots_alloc(&b->mem, d, t, n, e))
        return -1;
    b->q = (struct block_seq){ .B = B, .T = T, .span = b->span, .rope = b->rope };
    b->w = &b->s.layer[0].qkv;
    return fill(b, e);
}

void bench_release(struct bench *b)
{
    stack_acts_free(&b->a, b->d);
    slots_free(&b->mem, b->d);
    params_free(&b->ps);
    stack_free(&b->s);
}

double bench_best(struct bench *b, void (*fn)(struct bench *))
{
    double begun = bench_clock(), best = 1e30;
    int runs = 0;

    do {
        double start = bench_clock(), took;

        fn(b);
        b->d->ops->sync(b->d);
        took = bench_clock() - start;
        if (runs++ && took < best) /* the first one warms up */
            best = took;
    } while (runs < 3 || bench_clock() - begun < b->seconds);
    return best;
}

/* --- products and attention --- */

void bench_forward(struct bench *b)
{
    b->d->ops->linear(b->d, b->out, b->in, b->w, NULL, NULL, b->N);
}

void bench_backward(struct bench *b)
{
    b->d->ops->linear_backward(b->d, b->din, b->w, NULL, b->out, b->in, NULL, b->N);
}

/* q, k, v side by side in rows of 3C, as in the block. */
static struct attn layout(const struct bench *b)
{
    size_t C = (size_t)b->s.config.C, T = (size_t)b->T;
    struct attn t = { .B = b->B, .NH = b->s.config.NH, .HS = b->s.config.C / b->s.config.NH,
                      .Tq = b->T, .Tk = b->T, .span = b->span, .o_row = C, .o_batch = T * C };

    t.q_row = t.k_row = t.v_row = 3 * C;
    t.q_batch = t.k_batch = t.v_batch = T * 3 * C;
    return t;
}

void bench_attention(struct bench *b)
{
    struct attn t = layout(b);
    size_t C = (size_t)b->s.config.C;

    b->d->ops->attention(b->d, b->a.o, b->a.lse, b->in, act_at(b->d, b->in, C),
                         act_at(b->d, b->in, 2 * C), &t);
}

void bench_attention_backward(struct bench *b)
{
    struct attn t = layout(b);
    size_t C = (size_t)b->s.config.C;

    b->d->ops->attention_backward(b->d, b->din, act_at(b->d, b->din, C),
                                  act_at(b->d, b->din, 2 * C), b->noise, b->a.o, b->a.lse, b->in,
                                  act_at(b->d, b->in, C), act_at(b->d, b->in, 2 * C), &t);
}

void bench_step(struct bench *b)
{
    struct device *d = b->d;
    struct adamw o = { .lr = 1e-4f, .beta1 = 0.9f, .beta2 = 0.95f, .eps = 1e-8f, .decay = 0.1f,
                       .scale = 1 / (float)b->B };

    params_zero_grad(&b->ps);
    stack_forward(&b->s, &b->a, d, &b->q);
    d->ops->copy(d, b->a.dx, b->noise, (size_t)b->N * (size_t)b->s.config.C * dtype_size(d->act));
    stack_backward(&b->s, &b->a, d, &b->q, NULL);
    params_step(&b->ps, &o, 1);
    params_ema(&b->ps, 0.999f);
}

/* --- what only moves memory --- */

static size_t count(const struct bench *b)
{
    return (size_t)b->N * (size_t)b->s.config.C;
}

void bench_copy(struct bench *b)
{
    b->d->ops->copy(b->d, b->out, b->in, count(b) * dtype_size(b->d->act));
}

void bench_copy_weights(struct bench *b)
{
    b->d->ops->copy(b->d, b->ps.ema, b->ps.w, b->ps.len * sizeof(float));
}

void bench_add(struct bench *b)
{
    b->d->ops->add(b->d, b->out, b->in, b->noise, count(b));
}

void bench_rmsnorm(struct bench *b)
{
    b->d->ops->rmsnorm(b->d, b->out, b->a.rstd1, b->in, &b->s.layer[0].norm1, b->N,
                       b->s.config.C);
}

void bench_rmsnorm_backward(struct bench *b)
{
    b->d->ops->rmsnorm_backward(b->d, b->din, &b->s.layer[0].norm1, b->noise, b->in, b->a.rstd1,
                                b->N, b->s.config.C);
}

void bench_swiglu(struct bench *b)
{
    b->d->ops->swiglu(b->d, b->out, b->in, b->N, b->s.config.F);
}

void bench_swiglu_backward(struct bench *b)
{
    b->d->ops->swiglu_backward(b->d, b->din, b->out, b->in, b->N, b->s.config.F);
}

void bench_rope(struct bench *b)
{
    size_t C = (size_t)b->s.config.C;

    b->d->ops->rope(b->d, b->in, b->rope, b->B, b->T, b->s.config.NH,
                    b->s.config.C / b->s.config.NH, C, (size_t)b->T * C, false);
}

void bench_adamw(struct bench *b)
{
    struct adamw o = { .lr = 1e-4f, .beta1 = 0.9f, .beta2 = 0.95f, .eps = 1e-8f, .scale = 1,
                       .step = 1 };

    b->d->ops->adamw(b->d, b->ps.w, b->ps.m, b->ps.v, b->ps.g, b->ps.c, b->ps.len, &o);
}

/* --- arithmetic --- */

double bench_product_flops(const struct bench *b)
{
    const struct block_config *c = &b->s.config;
    double weights = c->L * ((double)c->C * 4 * c->C + (double)c->C * 3 * c->F);

    return 6.0 * b->N * weights; /* 2 a weight and row forward, 4 backward */
}

double bench_flops(const struct bench *b)
{
    const struct block_config *c = &b->s.config;

    /* q.k and p v forward, 2 each a pair and dimension; five such products backward */
    return bench_product_flops(b) + 14.0 * c->L * b->B * b->pairs * c->C;
}

/* --- the peak --- */

struct square {
    struct param w;
    act *x, *y, *c;
};

static double time_square(struct device *d, struct square *s, int n, double seconds)
{
    double begun = bench_clock(), best = 1e30;

    for (int runs = 0; runs < 3 || bench_clock() - begun < seconds; runs++) {
        double start = bench_clock(), took;

        d->ops->linear(d, s->y, s->x, &s->w, NULL, NULL, n);
        d->ops->sync(d);
        took = bench_clock() - start;
        if (runs && took < best)
            best = took;
    }
    return best;
}

double bench_peak(struct device *d, double seconds, struct err *e)
{
    static const int sizes[2][3] = { { 512, 1024, 2048 }, { 2048, 4096, 8192 } };
    const int *size = sizes[strncmp(d->name, "cpu", 3) != 0];
    double peak = 0;

    for (int i = 0; i < 3; i++) {
        int n = size[i];
        size_t all = (size_t)n * (size_t)n;
        struct square s;
        struct slots mem;
        struct slot t[] = { { &s.x, all, SLOT_ACT, "x" }, { &s.y, all, SLOT_ACT, "y" },
                            { &s.c, all, SLOT_ACT, "w" }, { &s.w.g, 4096, SLOT_F32, "stage" } };
        double took;

        memset(&s, 0, sizeof s);
        if (slots_alloc(&mem, d, t, 4, e))
            return 0;
        s.w = (struct param){ .name = "w", .out = n, .in = n, .c = s.c, .g = s.w.g };
        s.w.w = (float *)s.c;
        put_noise(d, s.x, all, s.w.g);
        put_noise(d, s.c, all, s.w.g);
        took = time_square(d, &s, n, seconds);
        if (2.0 * (double)all * n / took > peak)
            peak = 2.0 * (double)all * n / took;
        slots_free(&mem, d);
        if (took > 0.05 + seconds / 2)
            break; /* a larger one would take too long */
    }
    return device_check(d, e) ? 0 : peak;
}
