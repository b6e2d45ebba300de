#include "gtp/bench_profile.h"

#include <string.h>
#include <time.h>

double bench_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Gives the device its own table back for one call; returns when it began. */
static double enter(struct device *d, struct profile **p)
{
    *p = (struct profile *)(void *)(uintptr_t)d->ops;
    d->ops = (*p)->under;
    d->ops->sync(d);
    return bench_clock();
}

static void leave(struct device *d, struct profile *p, enum profile_part part, double begun)
{
    d->ops->sync(d);
    p->seconds[part] += bench_clock() - begun;
    d->ops = &p->table;
}

static void copy(struct device *d, void *dst, const void *src, size_t bytes)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->copy(d, dst, src, bytes);
    leave(d, p, PROFILE_MOVES, t);
}

static void zero(struct device *d, void *x, size_t bytes)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->zero(d, x, bytes);
    leave(d, p, PROFILE_MOVES, t);
}

static void add(struct device *d, act *y, const act *x, const act *r, size_t n)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->add(d, y, x, r, n);
    leave(d, p, PROFILE_MOVES, t);
}

static void linear(struct device *d, act *y, const act *x, const struct param *w,
                   const struct param *b, const act *r, int N)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->linear(d, y, x, w, b, r, N);
    leave(d, p, PROFILE_PRODUCTS, t);
}

static void linear_backward(struct device *d, act *dx, const struct param *w,
                            const struct param *b, const act *dy, const act *x, const act *r,
                            int N)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->linear_backward(d, dx, w, b, dy, x, r, N);
    leave(d, p, PROFILE_PRODUCTS, t);
}

static void rmsnorm(struct device *d, act *y, float *rstd, const act *x, const struct param *g,
                    int N, int C)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->rmsnorm(d, y, rstd, x, g, N, C);
    leave(d, p, PROFILE_NORMS, t);
}

static void rmsnorm_backward(struct device *d, act *dx, const struct param *g, const act *dy,
                             const act *x, const float *rstd, int N, int C)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->rmsnorm_backward(d, dx, g, dy, x, rstd, N, C);
    leave(d, p, PROFILE_NORMS, t);
}

static void swiglu(struct device *d, act *y, const act *x, int N, int F)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->swiglu(d, y, x, N, F);
    leave(d, p, PROFILE_SWIGLU, t);
}

static void swiglu_backward(struct device *d, act *dx, const act *dy, const act *x, int N, int F)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->swiglu_backward(d, dx, dy, x, N, F);
    leave(d, p, PROFILE_SWIGLU, t);
}

static void rope(struct device *d, act *x, const float *table, int B, int T, int NH, int HS,
                 size_t row, size_t batch, bool inverse)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->rope(d, x, table, B, T, NH, HS, row, batch, inverse);
    leave(d, p, PROFILE_ROPE, t);
}

static void attention(struct device *d, act *o, float *lse, const act *q, const act *k,
                      const act *v, const struct attn *a)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->attention(d, o, lse, q, k, v, a);
    leave(d, p, PROFILE_ATTENTION, t);
}

static void attention_backward(struct device *d, act *dq, act *dk, act *dv, const act *dout,
                               const act *o, const float *lse, const act *q, const act *k,
                               const act *v, const struct attn *a)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->attention_backward(d, dq, dk, dv, dout, o, lse, q, k, v, a);
    leave(d, p, PROFILE_ATTENTION, t);
}

static double sum_squares(struct device *d, const float *x, size_t n)
{
    struct profile *p;
    double t = enter(d, &p), sum = d->ops->sum_squares(d, x, n);

    leave(d, p, PROFILE_OPTIMISER, t);
    return sum;
}

static void adamw(struct device *d, float *w, float *m, float *v, const float *g, act *c,
                  size_t n, const struct adamw *o)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->adamw(d, w, m, v, g, c, n, o);
    leave(d, p, PROFILE_OPTIMISER, t);
}

static void mix(struct device *d, float *y, float a, const float *x, float b, size_t n)
{
    struct profile *p;
    double t = enter(d, &p);

    d->ops->mix(d, y, a, x, b, n);
    leave(d, p, PROFILE_OPTIMISER, t);
}

void profile_begin(struct profile *p, struct device *d)
{
    struct ops *o = &p->table;

    memset(p, 0, sizeof *p);
    p->under = d->ops;
    *o = *d->ops;
    o->copy = copy;
    o->zero = zero;
    o->add = add;
    o->linear = linear;
    o->linear_backward = linear_backward;
    o->rmsnorm = rmsnorm;
    o->rmsnorm_backward = rmsnorm_backward;
    o->swiglu = swiglu;
    o->swiglu_backward = swiglu_backward;
    o->rope = rope;
    o->attention = attention;
    o->attention_backward = attention_backward;
    o->sum_squares = sum_squares;
    o->adamw = adamw;
    o->mix = mix;
    d->ops = o;
}

void profile_end(struct profile *p, struct device *d)
{
    d->ops = p->under;
}

const char *profile_name(enum profile_part part)
{
    static const char *const names[] = { "products", "attention", "norms", "SwiGLU", "rotary",
                                         "zero, copy, add", "optimiser" };

    return names[part];
}
