/*
 * dump_ops: runs operations on drawn numbers and writes inputs and results,
 * for torch_ops.py to compute once more.  An array is a line "NAME COUNT" and
 * COUNT floats.  Takes the file to write.
 */
#include "engine/rng.h"
#include "model/ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    N = 96, IN = 48, OUT = 80, B = 3, T = 32, NH = 4, HS = 12, C = NH * HS, H = 4, W = 8,
    V = 50, STEPS = 10
};

struct dump {
    struct device *d;
    struct rng rng;
    FILE *f;
    void *block[64]; /* on the device */
    int blocks;
};

/* n floats of the device: drawn, or zeros */
static float *make(struct dump *u, size_t n, bool drawn)
{
    float *p = u->d->ops->alloc(u->d, n * sizeof *p);

    if (!p || u->blocks == 64) {
        fprintf(stderr, "dump_ops: %s\n", p ? "too many arrays" : u->d->err.msg);
        exit(1);
    }
    u->block[u->blocks++] = p;
    for (size_t i = 0; drawn && i < n; i++)
        p[i] = (float)(2 * rng_double(&u->rng) - 1);
    return p;
}

static void put(struct dump *u, const char *name, const float *x, size_t n)
{
    fprintf(u->f, "%s %zu\n", name, n);
    fwrite(x, sizeof *x, n, u->f);
}

/* Draws n floats and writes them. */
static float *input(struct dump *u, const char *name, size_t n)
{
    float *p = make(u, n, true);

    put(u, name, p, n);
    return p;
}

static struct param param(struct dump *u, const char *name, int out, int in)
{
    size_t n = (size_t)out * in;
    struct param p = {.name = name, .out = out, .in = in};

    p.w = input(u, name, n);
    p.c = (act *)p.w;
    p.g = make(u, n, false);
    return p;
}

static void dump_linear(struct dump *u)
{
    struct param w = param(u, "linear.w", OUT, IN), b = param(u, "linear.b", OUT, 1);
    float *x = input(u, "linear.x", N * IN), *r = input(u, "linear.r", N * OUT);
    float *dy = input(u, "linear.dy", N * OUT), *y = make(u, N * OUT, false);
    float *dx = make(u, N * IN, false);

    u->d->ops->linear(u->d, (act *)y, (act *)x, &w, &b, (act *)r, N);
    u->d->ops->linear_backward(u->d, (act *)dx, &w, &b, (act *)dy, (act *)x, NULL, N);
    put(u, "linear.y", y, N * OUT);
    put(u, "linear.dx", dx, N * IN);
    put(u, "linear.dw", w.g, OUT * IN);
    put(u, "linear.db", b.g, OUT);
}

static void dump_layers(struct dump *u)
{
    const struct ops *o = u->d->ops;
    struct param g = param(u, "norm.g", C, 1), k = param(u, "conv.k", C, 9);
    float *x = input(u, "layer.x", B * T * C), *dy = input(u, "layer.dy", B * T * C);
    float *y = make(u, B * T * C, false), *dx = make(u, B * T * C, false);
    float *rstd = make(u, B * T, false);
    size_t n = B * T * C;

    o->rmsnorm(u->d, (act *)y, rstd, (act *)x, &g, B * T, C);
    o->rmsnorm_backward(u->d, (act *)dx, &g, (act *)dy, (act *)x, rstd, B * T, C);
    put(u, "norm.y", y, n);
    put(u, "norm.dx", dx, n);
    put(u, "norm.dg", g.g, C);
    memset(dx, 0, n * sizeof *dx);
    o->conv3(u->d, (act *)y, (act *)x, &k, (act *)x, B, H, W, C, T * C);
    o->conv3_backward(u->d, (act *)dx, &k, (act *)dy, (act *)x, B, H, W, C, T * C);
    put(u, "conv.y", y, n);
    put(u, "conv.dx", dx, n);
    put(u, "conv.dk", k.g, C * 9);
    o->swiglu(u->d, (act *)y, (act *)x, B * T, C / 2);
    o->swiglu_backward(u->d, (act *)dx, (act *)dy, (act *)x, B * T, C / 2);
    put(u, "swiglu.y", y, n / 2);
    put(u, "swiglu.dx", dx, n);
}

static void dump_attention(struct dump *u)
{
    float *x = input(u, "att.qkv", B * T * 3 * C), *dy = input(u, "att.dy", B * T * C);
    float *y = make(u, B * T * C, false), *dx = make(u, B * T * 3 * C, false);
    float *lse = make(u, B * NH * T, false);
    int span[T];
    struct attn a = {
        .B = B, .NH = NH, .HS = HS, .Tq = T, .Tk = T, .span = span,
        .q_row = 3 * C, .k_row = 3 * C, .v_row = 3 * C, .o_row = C,
        .q_batch = T * 3 * C, .k_batch = T * 3 * C, .v_batch = T * 3 * C, .o_batch = T * C,
    };

    for (int t = 0; t < T; t++) /* a prefix of 10 sees itself, the rest is causal */
        span[t] = t + 1 > 10 ? t + 1 : 10;
    u->d->ops->attention(u->d, (act *)y, lse, (act *)x, (act *)(x + C), (act *)(x + 2 * C), &a);
    u->d->ops->attention_backward(u->d, (act *)dx, (act *)(dx + C), (act *)(dx + 2 * C), (act *)dy,
                                  (act *)y, lse, (act *)x, (act *)(x + C), (act *)(x + 2 * C), &a);
    put(u, "att.y", y, B * T * C);
    put(u, "att.dqkv", dx, B * T * 3 * C);
}

static void dump_loss(struct dump *u)
{
    float *x = input(u, "ce.x", N * V), *weight = input(u, "ce.weight", N);
    float *loss = make(u, N, false), target_f[N];
    int target[N];

    for (int n = 0; n < N; n++) {
        target[n] = n % 7 == 2 ? -1 : (int)rng_below(&u->rng, V);
        target_f[n] = (float)target[n];
    }
    put(u, "ce.target", target_f, N);
    u->d->ops->cross_entropy(u->d, loss, (act *)x, target, weight, N, 1, V, 0.5f, true);
    put(u, "ce.loss", loss, N);
    put(u, "ce.dx", x, N * V);
}

static void dump_adamw(struct dump *u)
{
    struct adamw o = {.lr = 1e-2f, .beta1 = 0.9f, .beta2 = 0.95f, .eps = 1e-8f, .decay = 0.1f,
                      .scale = 1};
    float *w = input(u, "adamw.w", C), *g = input(u, "adamw.g", STEPS * C);
    float *m = make(u, C, false), *v = make(u, C, false);

    for (o.step = 1; o.step <= STEPS; o.step++)
        u->d->ops->adamw(u->d, w, m, v, g + (o.step - 1) * C, NULL, C, &o);
    put(u, "adamw.after", w, C);
}

int main(int argc, char **argv)
{
    struct dump u = {.blocks = 0};
    struct err e;
    int bad;

    err_init(&e);
    rng_init(&u.rng, 20);
    u.d = device_open_cpu(2, PRECISION_F32, &e);
    u.f = argc == 2 ? fopen(argv[1], "wb") : NULL;
    if (!u.d || !u.f) {
        fprintf(stderr, "%s\n", u.d ? "usage: dump_ops FILE" : e.msg);
        return 1;
    }
    dump_linear(&u);
    dump_layers(&u);
    dump_attention(&u);
    dump_loss(&u);
    dump_adamw(&u);
    bad = device_check(u.d, &e) || ferror(u.f);
    for (int i = 0; i < u.blocks; i++)
        u.d->ops->free(u.d, u.block[i]);
    device_close(u.d);
    return fclose(u.f) || bad;
}
