#include "tests/toy_model.h"

#include <math.h>
#include <string.h>

#include "engine/rng.h"

enum { C = 32, NH = 2 };

static const struct meta toy_meta[] = { { "model", "toy" } };

static void fill(int *id, int *target, uint64_t which, uint64_t shift)
{
    struct rng r;
    int x, stride;

    rng_init(&r, which);
    x = (int)rng_below(&r, TOY_V) + (int)(shift % TOY_V);
    stride = 1 + (int)rng_below(&r, TOY_STRIDES);
    for (int i = 0; i < TOY_T; i++) {
        id[i] = (x + i * stride) % TOY_V;
        target[i] = i + 1 < TOY_T ? (x + (i + 1) * stride) % TOY_V : -1;
    }
}

static void upload(struct toy *t, int n)
{
    size_t bytes = (size_t)(n * TOY_T) * sizeof(int);

    t->d->ops->upload(t->d, t->id, t->host_id, bytes);
    t->d->ops->upload(t->d, t->target, t->host_target, bytes);
}

static int load(void *self, const struct train_sample *s, int n, struct err *e)
{
    struct toy *t = self;

    if (++t->loads == t->fault_at && t->fault == TOY_LOAD)
        return err_set(e, "cannot read sample %llu", (unsigned long long)s[0].index);
    for (int i = 0; i < n; i++)
        fill(t->host_id + i * TOY_T, t->host_target + i * TOY_T, s[i].index, s[i].random);
    upload(t, n);
    return 0;
}

/* Losses of n sequences; with grad the logits become gradients. */
static void forward(struct toy *t, int n, bool grad, float scale)
{
    struct device *d = t->d;
    int N = n * TOY_T;

    t->q.B = n;
    d->ops->embed(d, t->a.x, &t->embed, t->id, N);
    stack_forward(&t->s, &t->a, d, &t->q);
    d->ops->rmsnorm(d, t->n, t->rstd, t->a.out, &t->norm, N, C);
    d->ops->linear(d, t->logits, t->n, &t->head, NULL, NULL, N);
    d->ops->cross_entropy(d, t->loss, t->logits, t->target, t->weight, N, 1, TOY_V, scale, grad);
}

static int backward(void *self, int n, struct err *e)
{
    struct toy *t = self;
    struct device *d = t->d;
    int N = n * TOY_T;
    size_t bytes = (size_t)(N * C) * dtype_size(d->act);
    bool now = ++t->backwards == t->fault_at;
    const float bad = NAN;

    (void)e;
    if (now && t->fault == TOY_DEVICE)
        err_set(&d->err, "the device caught fire");
    if (now && t->fault == TOY_LOSS)
        d->ops->upload(d, t->weight, &bad, sizeof bad);
    forward(t, n, true, now && t->fault == TOY_GRADIENT ? INFINITY : 1);
    d->ops->linear_backward(d, t->dn, &t->head, NULL, t->logits, t->n, NULL, N);
    d->ops->zero(d, t->a.dx, bytes);
    d->ops->rmsnorm_backward(d, t->a.dx, &t->norm, t->dn, t->a.out, t->rstd, N, C);
    stack_backward(&t->s, &t->a, d, &t->q, NULL);
    d->ops->embed_backward(d, &t->embed, t->a.dx, t->id, N);
    return 0;
}

static int losses(void *self, int n, double *sums, struct err *e)
{
    struct toy *t = self;

    (void)e;
    sums[0] += t->d->ops->sum(t->d, t->loss, (size_t)(n * TOY_T));
    sums[1] += n * (TOY_T - 1);
    return 0;
}

static int evaluate(void *self, uint64_t first, uint64_t n, double *sums, struct err *e)
{
    struct toy *t = self;

    if (t->fault == TOY_EVALUATE)
        return err_set(e, "cannot evaluate");
    for (uint64_t at = 0; at < n; at += (uint64_t)t->micro) {
        int k = n - at < (uint64_t)t->micro ? (int)(n - at) : t->micro;

        for (int i = 0; i < k; i++)
            fill(t->host_id + i * TOY_T, t->host_target + i * TOY_T,
                 1000000 + first + at + (uint64_t)i, 0);
        upload(t, k);
        forward(t, k, false, 1);
        losses(t, k, sums, e);
    }
    return 0;
}

static void fill_constants(struct toy *t)
{
    int span[TOY_T], row[TOY_T], col[TOY_T] = { 0 };
    float rope[TOY_T * C / NH], weight[64 * TOY_T];

    for (int i = 0; i < TOY_T; i++) {
        span[i] = i + 1;
        row[i] = i;
    }
    for (int i = 0; i < 64 * TOY_T; i++)
        weight[i] = 1.0f / (TOY_T - 1);
    ops_rope_table(rope, row, col, TOY_T, C / NH, 100);
    t->d->ops->upload(t->d, t->span, span, sizeof span);
    t->d->ops->upload(t->d, t->rope, rope, sizeof rope);
    t->d->ops->upload(t->d, t->weight, weight, (size_t)(t->micro * TOY_T) * sizeof *weight);
}

int toy_init(struct toy *t, int threads, int micro, struct err *e)
{
    static const struct block_config config = { .L = 2, .C = C, .NH = NH, .F = 48 };
    static const char *const names[] = { "loss", "tokens" };
    struct slot s[16];
    int n = 0, N = micro * TOY_T;

    memset(t, 0, sizeof *t);
    t->micro = micro;
    t->d = device_open("cpu", threads, PRECISION_F32, e);
    if (!t->d || stack_init(&t->s, &config, e))
        return -1;
    params_add(&t->ps, &t->embed, TOY_V, C, init_normal(0.5f), "embed.weight");
    stack_register(&t->s, &t->ps, "layers");
    params_add(&t->ps, &t->norm, C, 1, init_value(1), "norm.weight");
    params_add(&t->ps, &t->head, TOY_V, C, init_normal(0.02f), "head.weight");
    s[n++] = (struct slot){ &t->id, SHAPE(N), SLOT_I32, "id" };
    s[n++] = (struct slot){ &t->target, SHAPE(N), SLOT_I32, "target" };
    s[n++] = (struct slot){ &t->span, SHAPE(TOY_T), SLOT_I32, "span" };
    s[n++] = (struct slot){ &t->rope, SHAPE(TOY_T, C / NH), SLOT_F32, "rope" };
    s[n++] = (struct slot){ &t->weight, SHAPE(N), SLOT_F32, "weight" };
    s[n++] = (struct slot){ &t->rstd, SHAPE(N), SLOT_F32, "rstd" };
    s[n++] = (struct slot){ &t->loss, SHAPE(N), SLOT_F32, "loss" };
    s[n++] = (struct slot){ &t->n, SHAPE(N, C), SLOT_ACT, "n" };
    s[n++] = (struct slot){ &t->dn, SHAPE(N, C), SLOT_ACT, "dn" };
    s[n++] = (struct slot){ &t->logits, SHAPE(N, TOY_V), SLOT_ACT, "logits" };
    if (params_alloc(&t->ps, t->d, PARAMS_TRAIN | PARAMS_EMA, e) || params_seed(&t->ps, 7, e) ||
        slots_alloc(&t->mem, t->d, s, n, e) ||
        stack_acts_alloc(&t->a, &t->s, t->d, micro, TOY_T, true, e))
        return -1;
    fill_constants(t);
    t->q = (struct block_seq){ .T = TOY_T, .span = t->span, .rope = t->rope };
    t->model = (struct train_model){ t, &t->ps, TOY_SAMPLES, TOY_HELD_OUT, 2, names,
                                     load, backward, losses, evaluate };
    return device_check(t->d, e);
}

void toy_free(struct toy *t)
{
    if (t->d) {
        stack_acts_free(&t->a, t->d);
        slots_free(&t->mem, t->d);
        params_free(&t->ps);
    }
    stack_free(&t->s);
    device_close(t->d);
}

struct train_config toy_config(int steps)
{
    return (struct train_config){ .steps = steps, .batch = 16, .micro = 8, .lr = 5e-3f,
                                  .final_lr = 1e-4f, .warmup = 10, .decay = 0.01f, .beta1 = 0.9f,
                                  .beta2 = 0.95f, .eps = 1e-8f, .clip = 1, .ema = 0.98f,
                                  .seed = 3, .weights = { DT_F32, true, toy_meta, 1 } };
}
