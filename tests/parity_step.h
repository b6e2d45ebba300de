/*
 * The whole training step for test_parity.c, which includes this: forward,
 * backward and AdamW of a stack with all options, the same on both devices.
 * Errors of bf16 add up over the layers, so 3e-2 is allowed for what comes out
 * and 6e-2 for a tensor's gradient.
 */
#ifndef TESTS_PARITY_STEP_H
#define TESTS_PARITY_STEP_H

#include "model/block.h"

enum { STEP_COND = 16, STEP_H = 3, STEP_W = 3 };

struct step {
    struct device *d;
    struct stack s;
    struct params ps;
    struct stack_acts a;
    struct slots mem;
    int *span;
    float *rope;
    act *cond, *r; /* conditioning; the gradient of the output */
};

static void step_must(struct parity *p, int failed, const struct err *e)
{
    if (failed && !p->why[0])
        snprintf(p->why, sizeof(p->why), "%.250s", e->msg);
}

static void step_upload(struct step *t, act *to, const float *x, size_t n)
{
    float *f = t->d->ops->alloc(t->d, n * sizeof(*f));

    t->d->ops->upload(t->d, f, x, n * sizeof(*f));
    t->d->ops->to_act(t->d, to, f, n);
    t->d->ops->sync(t->d);
    t->d->ops->free(t->d, f);
}

static float *step_download(struct step *t, const act *from, size_t n)
{
    float *x = numbers(n), *f = t->d->ops->alloc(t->d, n * sizeof(*f));

    t->d->ops->from_act(t->d, f, from, n);
    t->d->ops->download(t->d, x, f, n * sizeof(*f));
    t->d->ops->free(t->d, f);
    return x;
}

static void step_close(struct step *t)
{
    stack_acts_free(&t->a, t->d);
    slots_free(&t->mem, t->d);
    params_free(&t->ps);
    stack_free(&t->s);
}

/* Makes the stack, gives it numbers that depend on the seed alone, and takes one step. */
static void step_run(struct parity *p, struct step *t, const struct block_config *c, int B, int T,
                     uint64_t seed)
{
    const struct adamw o = {.lr = 1e-3f, .beta1 = 0.9f, .beta2 = 0.95f, .eps = 1e-8f,
                            .decay = 0.1f, .scale = 1};
    static const int board_at[1] = {2};
    size_t N = (size_t)B * (size_t)T * (size_t)c->C, n = (size_t)B * STEP_COND, table;
    int HS = c->C / c->NH, *pos = calloc((size_t)T, sizeof(*pos));
    float *x;
    struct slot slots[] = {{&t->span, (size_t)T, SLOT_I32, "span"},
                           {&t->rope, (size_t)T * (size_t)HS, SLOT_F32, "rope"},
                           {&t->cond, n, SLOT_ACT, "cond"},
                           {&t->r, N, SLOT_ACT, "r"}};
    struct block_seq q;
    struct rng rng;
    struct err e;

    err_init(&e);
    rng_init(&rng, seed);
    params_init(&t->ps);
    step_must(p, stack_init(&t->s, c, &e), &e);
    stack_register(&t->s, &t->ps, "layers");
    step_must(p, params_alloc(&t->ps, t->d, PARAMS_TRAIN, &e), &e);
    step_must(p, params_seed(&t->ps, seed, &e), &e);
    step_must(p, slots_alloc(&t->mem, t->d, slots, 4, &e), &e);
    step_must(p, stack_acts_alloc(&t->a, &t->s, t->d, B, T, true, &e), &e);
    for (int i = 0; i < T; i++)
        pos[i] = i + 1;
    t->d->ops->upload(t->d, t->span, pos, (size_t)T * sizeof(*pos));
    table = (size_t)T * (size_t)HS;
    x = numbers(N + n + table);
    ops_rope_table(x, pos, pos, T, HS, 100);
    t->d->ops->upload(t->d, t->rope, x, table * sizeof(*x));
    for (size_t i = 0; i < N + n; i++)
        x[i] = of_bf16(to_bf16((float)normal(&rng)));
    step_upload(t, t->a.x, x, N);
    step_upload(t, t->cond, x + N, n);
    for (size_t i = 0; i < N; i++)
        x[i] = of_bf16(to_bf16((float)normal(&rng)));
    step_upload(t, t->a.dx, x, N);
    q = (struct block_seq){.B = B, .T = T, .span = t->span, .rope = t->rope, .boards = 1,
                           .H = STEP_H, .W = STEP_W, .board_at = board_at, .cond = t->cond};
    stack_forward(&t->s, &t->a, t->d, &q);
    stack_backward(&t->s, &t->a, t->d, &q, NULL);
    params_step(&t->ps, &o, 0);
    free(pos);
    free(x);
}

static void step_compare(struct parity *p, int index, const float *cpu, const float *cuda, size_t n,
                         double allowed)
{
    double miss = 0, all = 1e-30;

    for (size_t i = 0; i < n; i++) {
        miss += ((double)cpu[i] - (double)cuda[i]) * ((double)cpu[i] - (double)cuda[i]);
        all += (double)cpu[i] * (double)cpu[i];
    }
    judge(p, index, sqrt(miss / all), allowed);
}

/* shape: layers, width, heads, hidden, batch, tokens */
static void case_step(struct parity *p, const int *s)
{
    const struct block_config c = {.L = s[0], .C = s[1], .NH = s[2], .F = s[3],
                                   .cond = STEP_COND, .conv = true};
    size_t N = (size_t)s[4] * (size_t)s[5] * (size_t)s[1];
    struct step t[2] = {{.d = p->d[CPU]}, {.d = p->d[CUDA]}};
    uint64_t seed = rng_u64(&p->rng);
    float *y[2], *g[2];

    for (int i = 0; i < 2; i++) {
        step_run(p, &t[i], &c, s[4], s[5], seed);
        y[i] = step_download(&t[i], t[i].a.out, N);
        g[i] = numbers(t[i].ps.len);
        t[i].d->ops->download(t[i].d, g[i], t[i].ps.g, t[i].ps.len * sizeof(float));
    }
    step_compare(p, 0, y[CPU], y[CUDA], N, 3e-2);
    for (int i = 0; i < t[CPU].ps.n; i++) {
        const struct param *w = t[CPU].ps.list[i].p;
        size_t at = t[CPU].ps.list[i].at;

        step_compare(p, 1 + i, g[CPU] + at, g[CUDA] + at, (size_t)w->out * (size_t)w->in, 6e-2);
    }
    for (int i = 0; i < 2; i++) {
        free(y[i]);
        y[i] = numbers(t[i].ps.len);
        t[i].d->ops->download(t[i].d, y[i], t[i].ps.w, t[i].ps.len * sizeof(float));
    }
    step_compare(p, 1 + t[CPU].ps.n, y[CPU], y[CUDA], t[CPU].ps.len, 3e-2);
    for (int i = 0; i < 2; i++) {
        free(y[i]);
        free(g[i]);
        step_close(&t[i]);
    }
}

#endif
