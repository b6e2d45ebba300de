#include "tests/fake_device.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"

static void *fake_alloc(struct device *d, size_t bytes)
{
    struct fake *f = (struct fake *)d;
    size_t size = (bytes + 63) / 64 * 64;
    void *p = bytes <= f->limit ? aligned_alloc(64, size) : NULL;

    if (!p) {
        err_set(&d->err, "no memory for %zu bytes", bytes);
        return NULL;
    }
    f->allocs++;
    f->live++;
    return memset(p, 0, size);
}

static void fake_free(struct device *d, void *p)
{
    if (p)
        ((struct fake *)d)->live--;
    free(p);
}

static void fake_copy(struct device *d, void *dst, const void *src, size_t bytes)
{
    (void)d;
    if (bytes)
        memcpy(dst, src, bytes);
}

static void fake_copy_rows(struct device *d, void *dst, size_t dst_stride, const void *src,
                           size_t src_stride, size_t width, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        fake_copy(d, (char *)dst + i * dst_stride, (const char *)src + i * src_stride, width);
}

static void fake_zero(struct device *d, void *p, size_t bytes)
{
    (void)d;
    memset(p, 0, bytes);
}

static void fake_sync(struct device *d)
{
    (void)d;
}

/* Cut, not rounded: enough to see that the copy was made. */
static void fake_to_act(struct device *d, act *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, &x[i], sizeof bits);
        if (d->act == DT_F32)
            ((float *)y)[i] = x[i];
        else
            ((uint16_t *)y)[i] = (uint16_t)(bits >> 16);
    }
}

static void fake_pack(struct device *d, struct param *w)
{
    ((struct fake *)d)->packs++;
    w->packed = fake_alloc(d, 64);
}

static void fake_unpack(struct device *d, struct param *w)
{
    fake_free(d, w->packed);
    w->packed = NULL;
}

static double fake_sum_squares(struct device *d, const float *x, size_t n)
{
    double sum = 0;

    (void)d;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

static void fake_adamw(struct device *d, float *w, float *m, float *v, const float *g, act *c,
                       size_t n, const struct adamw *o)
{
    double b1 = 1 - pow((double)o->beta1, o->step), b2 = 1 - pow((double)o->beta2, o->step);

    for (size_t i = 0; i < n; i++) {
        float x = g[i] * o->scale;

        m[i] = o->beta1 * m[i] + (1 - o->beta1) * x;
        v[i] = o->beta2 * v[i] + (1 - o->beta2) * x * x;
        w[i] -= o->lr * o->decay * w[i];
        w[i] -= (float)((double)o->lr * ((double)m[i] / b1) /
                        (sqrt((double)v[i] / b2) + (double)o->eps));
    }
    if ((float *)c != w)
        fake_to_act(d, c, w, n);
}

static void fake_mix(struct device *d, float *y, float a, const float *x, float b, size_t n)
{
    (void)d;
    for (size_t i = 0; i < n; i++)
        y[i] = a * x[i] + b * y[i];
}

static const struct ops fake_ops = {
    .alloc = fake_alloc,
    .free = fake_free,
    .upload = fake_copy,
    .download = fake_copy,
    .copy = fake_copy,
    .copy_rows = fake_copy_rows,
    .zero = fake_zero,
    .sync = fake_sync,
    .to_act = fake_to_act,
    .pack = fake_pack,
    .unpack = fake_unpack,
    .sum_squares = fake_sum_squares,
    .adamw = fake_adamw,
    .mix = fake_mix,
};

void fake_init(struct fake *f, enum dtype type)
{
    memset(f, 0, sizeof *f);
    f->d.ops = &fake_ops;
    f->d.act = type;
    f->limit = SIZE_MAX;
}

struct device *fake_begin(struct fake *f, enum dtype type, struct err *e)
{
    fake_init(f, type);
    err_init(e);
    return &f->d;
}

void tiny_init(struct tiny *t, struct device *d, int flags, uint64_t seed)
{
    struct err e;

    err_init(&e);
    params_init(&t->ps);
    params_add(&t->ps, &t->a, 3, 5, init_normal(1), "a.weight");
    params_add(&t->ps, &t->bias, 3, 1, init_value(0.5f), "a.bias");
    params_add(&t->ps, &t->b, 2, 4, init_normal(0.1f), "%c.weight", 'b');
    if (params_alloc(&t->ps, d, flags, &e) || params_seed(&t->ps, seed, &e)) {
        fprintf(stderr, "%s\n", e.msg);
        exit(1);
    }
}

static void scramble(const struct params *ps, float *block, struct rng *r)
{
    for (int i = 0; block && i < ps->n; i++)
        for (int k = 0; k < ps->list[i].p->out * ps->list[i].p->in; k++)
            block[ps->list[i].at + (size_t)k] = (float)rng_double(r) - 0.5f;
}

void tiny_scramble(struct tiny *t, uint64_t seed)
{
    struct rng r;

    rng_init(&r, seed);
    scramble(&t->ps, t->ps.w, &r);
    scramble(&t->ps, t->ps.m, &r);
    scramble(&t->ps, t->ps.v, &r);
    scramble(&t->ps, t->ps.ema, &r);
    t->ps.step = (int)rng_below(&r, 1000);
    params_refresh(&t->ps);
}

static bool same(const float *a, const float *b, size_t n)
{
    return !a == !b && (!a || !memcmp(a, b, n * sizeof *a));
}

bool tiny_equal(const struct tiny *a, const struct tiny *b)
{
    const struct params *x = &a->ps, *y = &b->ps;

    return x->len == y->len && x->step == y->step && same(x->w, y->w, x->len) &&
           same(x->m, y->m, x->len) && same(x->v, y->v, x->len) && same(x->ema, y->ema, x->len);
}
