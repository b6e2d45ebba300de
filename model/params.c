#include "model/params.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"

enum { ALIGN = 32 }; /* elements: 64 bytes of bf16 */

void params_init(struct params *ps)
{
    memset(ps, 0, sizeof *ps);
}

static int bad_name(const char *name)
{
    size_t n = strlen(name);

    return n == 0 || n > 200 || (n >= 7 && !strcmp(name + n - 7, ".scales"));
}

void params_add(struct params *ps, struct param *p, int out, int in, struct init init,
                const char *fmt, ...)
{
    char name[256];
    va_list ap;

    memset(p, 0, sizeof *p);
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    if (bad_name(name) || params_find(ps, name) || out <= 0 || in <= 0 || ps->d) {
        err_set(&ps->err, "tensor '%s' (%d, %d) cannot be registered", name, out, in);
        return;
    }
    if (ps->n == ps->cap) {
        int cap = ps->cap ? 2 * ps->cap : 64;
        struct params_entry *grown = realloc(ps->list, (size_t)cap * sizeof *grown);

        if (!grown) {
            err_set(&ps->err, "out of memory");
            return;
        }
        ps->list = grown;
        ps->cap = cap;
    }
    p->out = out;
    p->in = in;
    p->name = strdup(name);
    if (!p->name) {
        err_set(&ps->err, "out of memory");
        return;
    }
    ps->list[ps->n++] = (struct params_entry){ .p = p, .init = init };
}

void params_hidden(struct params *ps, int n)
{
    if (ps->n && !ps->err.msg[0])
        ps->list[ps->n - 1].hidden = n;
}

static size_t param_size(const struct param *p)
{
    return (size_t)p->out * (size_t)p->in;
}

/* In the order of their places. */
enum group { HIDDEN, MATRICES, VECTORS };

static enum group group_of(const struct params_entry *x)
{
    return x->hidden ? HIDDEN : x->p->in > 1 ? MATRICES : VECTORS;
}

/* Gives a group its places from `at` on; SIZE_MAX when too many. */
static size_t place(struct params *ps, enum group group, size_t at)
{
    for (int i = 0; i < ps->n && at != SIZE_MAX; i++) {
        size_t size = param_size(ps->list[i].p);

        if (group_of(&ps->list[i]) != group)
            continue;
        ps->list[i].at = at;
        size = (size + ALIGN - 1) / ALIGN * ALIGN;
        at = size > SIZE_MAX / 64 - at ? SIZE_MAX : at + size;
    }
    return at;
}

/* Acts that Muon needs at a time. */
static size_t work(const struct params *ps)
{
    size_t most = 0;

    for (int i = 0; i < ps->n; i++) {
        const struct params_entry *x = &ps->list[i];
        size_t n = x->hidden ? orthogonalise_work(x->p->out / x->hidden, x->p->in) : 0;

        most = n > most ? n : most;
    }
    return most;
}

enum { BLOCKS = 7 };

/* Lays the tensors out and lists the blocks; t has room for BLOCKS.  Returns how many. */
static int list_blocks(struct params *ps, const struct device *d, int flags, struct slot *t)
{
    int n = 0;

    ps->hidden = place(ps, HIDDEN, 0);
    ps->decayed = place(ps, MATRICES, ps->hidden);
    ps->len = place(ps, VECTORS, ps->decayed);
    t[n++] = (struct slot){ &ps->w, ps->len, SLOT_F32, "weights" };
    if (flags & PARAMS_TRAIN) {
        t[n++] = (struct slot){ &ps->g, ps->len, SLOT_F32 | SLOT_GRAD, "gradients" };
        t[n++] = (struct slot){ &ps->m, ps->len, SLOT_F32, "first moments" };
        t[n++] = (struct slot){ &ps->v, ps->len, SLOT_F32, "second moments" };
    }
    if (flags & PARAMS_EMA)
        t[n++] = (struct slot){ &ps->ema, ps->len, SLOT_F32, "averaged weights" };
    if ((flags & PARAMS_MUON) && ps->hidden)
        t[n++] = (struct slot){ &ps->work, work(ps), SLOT_ACT, "work of Muon" };
    if (d->act != DT_F32)
        t[n++] = (struct slot){ &ps->c, ps->len, SLOT_ACT, "weights for products" };
    return n;
}

size_t params_bytes(struct params *ps, const struct device *d, int flags)
{
    struct slot t[BLOCKS];

    return slots_bytes(d, t, list_blocks(ps, d, flags, t));
}

int params_alloc(struct params *ps, struct device *d, int flags, struct err *e)
{
    struct slot t[BLOCKS];
    int n;

    if (ps->err.msg[0])
        return err_set(e, "%s", ps->err.msg);
    n = list_blocks(ps, d, flags, t);
    if (slots_alloc(&ps->mem, d, t, n, e))
        return -1;
    ps->d = d;
    if (d->act == DT_F32)
        ps->c = (act *)ps->w;
    for (int i = 0; i < ps->n; i++) {
        struct param *p = ps->list[i].p;

        p->w = ps->w + ps->list[i].at;
        p->g = ps->g ? ps->g + ps->list[i].at : NULL;
        p->c = act_at(d, ps->c, ps->list[i].at);
    }
    return 0;
}

/*
 * Twelve uniform numbers of 16 bits have the variance 65536^2 - 1: their sum,
 * centred and divided by 65536, is close to normal and has 21 bits, so its product
 * with a float is exact in a double: no machine's fused multiply-add can differ.
 */
static double rng_normal(struct rng *r)
{
    int64_t sum = 0;

    for (int i = 0; i < 3; i++) {
        uint64_t x = rng_u64(r);

        sum += (int64_t)(x & 0xffff) + (int64_t)(x >> 16 & 0xffff) + (int64_t)(x >> 32 & 0xffff) +
               (int64_t)(x >> 48);
    }
    return ((double)sum - 6 * 65535.0) / 65536;
}

/* FNV-1a, 64 bits. */
static uint64_t hash_name(const char *s)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001b3u;
    return h;
}

int params_seed(struct params *ps, uint64_t seed, struct err *e)
{
    struct device *d = ps->d;
    size_t most = 1, bytes = ps->len * sizeof(float);
    float *host;

    for (int i = 0; i < ps->n; i++)
        if (param_size(ps->list[i].p) > most)
            most = param_size(ps->list[i].p);
    host = malloc(most * sizeof *host);
    if (!host)
        return err_set(e, "out of memory");
    for (int i = 0; i < ps->n; i++) {
        const struct params_entry *x = &ps->list[i];
        size_t n = param_size(x->p);
        struct rng r;

        rng_init(&r, splitmix64(seed) ^ hash_name(x->p->name));
        for (size_t k = 0; k < n; k++)
            host[k] = x->init.std != 0
                          ? (float)((double)x->init.mean + (double)x->init.std * rng_normal(&r))
                          : x->init.mean;
        d->ops->upload(d, x->p->w, host, n * sizeof *host);
    }
    free(host);
    if (ps->ema)
        d->ops->copy(d, ps->ema, ps->w, bytes);
    if (ps->m) {
        d->ops->zero(d, ps->m, bytes);
        d->ops->zero(d, ps->v, bytes);
    }
    ps->step = 0;
    ps->swapped = false;
    params_refresh(ps);
    return device_check(d, e);
}

void params_free(struct params *ps)
{
    for (int i = 0; i < ps->n; i++) {
        struct param *p = ps->list[i].p;

        if (p->packed)
            ps->d->ops->unpack(ps->d, p);
        free((char *)p->name);
        memset(p, 0, sizeof *p);
    }
    if (ps->d)
        slots_free(&ps->mem, ps->d);
    free(ps->list);
    memset(ps, 0, sizeof *ps);
}

struct param *params_find(const struct params *ps, const char *name)
{
    for (int i = 0; i < ps->n; i++)
        if (!strcmp(ps->list[i].p->name, name))
            return ps->list[i].p;
    return NULL;
}

size_t params_count(const struct params *ps)
{
    size_t n = 0;

    for (int i = 0; i < ps->n; i++)
        n += param_size(ps->list[i].p);
    return n;
}

void params_zero_grad(struct params *ps)
{
    slots_zero(&ps->mem, ps->d);
}

/* What PyTorch's and most others' Muon take for the momentum; the size of steps was measured
   (weights/README.md): 0.2 is what arXiv 2502.16982 has. */
static const float MOMENTUM = 0.95f, MUON_SIZE = 0.4f;

/* A step of the matrices of hidden layers; a->scale has been chosen. */
static void muon(struct params *ps, const struct adamw *a)
{
    struct device *d = ps->d;
    float part = (1 - MOMENTUM) * a->scale;

    d->ops->mix(d, ps->m, part, ps->g, MOMENTUM, ps->hidden);
    d->ops->mix(d, ps->g, MOMENTUM, ps->m, part, ps->hidden);
    for (int i = 0; i < ps->n; i++) {
        const struct params_entry *x = &ps->list[i];
        int rows = x->hidden ? x->p->out / x->hidden : 0, cols = x->p->in;
        float size = MUON_SIZE * sqrtf((float)(rows > cols ? rows : cols));
        size_t n = (size_t)rows * (size_t)cols;

        for (int k = 0; k < x->hidden; k++)
            d->ops->orthogonalise(d, x->p->g + (size_t)k * n, ps->work, rows, cols);
        if (x->hidden)
            d->ops->mix(d, x->p->w, -a->lr * size, x->p->g, 1 - a->lr * a->decay, param_size(x->p));
    }
    if ((float *)ps->c != ps->w)
        d->ops->to_act(d, ps->c, ps->w, ps->hidden);
}

/* AdamW of elements from..to-1. */
static void adamw(struct params *ps, const struct adamw *a, size_t from, size_t to)
{
    struct device *d = ps->d;

    if (to > from)
        d->ops->adamw(d, ps->w + from, ps->m + from, ps->v + from, ps->g + from,
                      act_at(d, ps->c, from), to - from, a);
}

double params_step(struct params *ps, const struct adamw *o, float clip)
{
    struct device *d = ps->d;
    double norm = sqrt(d->ops->sum_squares(d, ps->g, ps->len)) * fabs((double)o->scale);
    struct adamw a = *o;

    if (d->err.msg[0] || !isfinite(norm))
        return norm;
    if (clip > 0 && norm > (double)clip)
        a.scale = (float)((double)o->scale * ((double)clip / norm));
    a.step = ++ps->step;
    if (ps->work)
        muon(ps, &a);
    adamw(ps, &a, ps->work ? ps->hidden : 0, ps->decayed);
    a.decay = 0;
    adamw(ps, &a, ps->decayed, ps->len);
    return norm;
}

void params_ema(struct params *ps, float decay)
{
    if (ps->ema)
        ps->d->ops->mix(ps->d, ps->ema, 1 - decay, ps->w, decay, ps->len);
}

void params_swap_ema(struct params *ps)
{
    struct device *d = ps->d;
    size_t bytes = ps->len * sizeof(float);

    if (!ps->ema || !ps->g)
        return;
    d->ops->copy(d, ps->g, ps->w, bytes);
    d->ops->copy(d, ps->w, ps->ema, bytes);
    d->ops->copy(d, ps->ema, ps->g, bytes);
    d->ops->zero(d, ps->g, bytes);
    ps->swapped = !ps->swapped;
    params_refresh(ps);
}

void params_refresh(struct params *ps)
{
    struct device *d = ps->d;

    if ((float *)ps->c != ps->w)
        d->ops->to_act(d, ps->c, ps->w, ps->len);
    for (int i = 0; i < ps->n; i++) {
        struct param *p = ps->list[i].p;

        if (!p->packed)
            continue;
        d->ops->unpack(d, p);
        d->ops->pack(d, p);
    }
}
