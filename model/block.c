#include "model/block.h"

#include <math.h>
#include <stdlib.h>

int stack_init(struct stack *s, const struct block_config *config, struct err *e)
{
    const struct block_config *c = config;
    int HS = c->NH > 0 ? c->C / c->NH : 0;

    s->layer = NULL;
    s->config = *c;
    if (c->L < 1 || c->L > 512 || c->F < 1 || c->F > 1 << 20 || c->cond < 0 || c->cond > 1 << 20)
        return err_set(e, "a stack of %d layers, %d hidden, %d conditioning is out of range", c->L,
                       c->F, c->cond);
    if (c->NH < 1 || c->C < 8 || c->C > 1 << 20 || c->C % c->NH || HS % 8 || HS > 128)
        return err_set(e, "width %d does not make %d heads of 8, 16, .. 128", c->C, c->NH);
    s->layer = calloc((size_t)c->L, sizeof *s->layer);
    return s->layer ? 0 : err_set(e, "out of memory");
}

void stack_register(struct stack *s, struct params *ps, const char *prefix)
{
    const struct block_config *c = &s->config;
    /* By fan-in: 0.02, as is usual at width 768 and more, leaves narrow layers all but silent.
       The sum of 2L residual branches shall keep the stream's size (GPT-2). */
    float fan = 0.6f / sqrtf((float)c->C), branch = 1 / sqrtf(2.0f * (float)c->L);
    struct init in = init_normal(fan), out = init_normal(fan * branch);

    for (int l = 0; l < c->L; l++) {
        struct block *b = &s->layer[l];

        params_add(ps, &b->norm1, c->C, 1, init_value(1), "%s.%d.norm1.weight", prefix, l);
        if (c->conv)
            params_add(ps, &b->conv, c->C, 9, init_zero(), "%s.%d.conv.weight", prefix, l);
        params_add(ps, &b->qkv, 3 * c->C, c->C, in, "%s.%d.attn.qkv.weight", prefix, l);
        params_hidden(ps, 3);
        params_add(ps, &b->proj, c->C, c->C, out, "%s.%d.attn.proj.weight", prefix, l);
        params_hidden(ps, 1);
        params_add(ps, &b->norm2, c->C, 1, init_value(1), "%s.%d.norm2.weight", prefix, l);
        params_add(ps, &b->up, 2 * c->F, c->C, in, "%s.%d.mlp.up.weight", prefix, l);
        params_hidden(ps, 2);
        params_add(ps, &b->down, c->C, c->F, out, "%s.%d.mlp.down.weight", prefix, l);
        params_hidden(ps, 1);
        if (!c->cond)
            continue;
        params_add(ps, &b->film1, 2 * c->C, c->cond, init_zero(), "%s.%d.film1.weight", prefix, l);
        params_add(ps, &b->film1_b, 2 * c->C, 1, init_zero(), "%s.%d.film1.bias", prefix, l);
        params_add(ps, &b->film2, 2 * c->C, c->cond, init_zero(), "%s.%d.film2.weight", prefix, l);
        params_add(ps, &b->film2_b, 2 * c->C, 1, init_zero(), "%s.%d.film2.bias", prefix, l);
    }
}

void stack_free(struct stack *s)
{
    free(s->layer);
    s->layer = NULL;
}

enum { ACTS = 32 };

/* The tensors of a; t has room for ACTS.  Returns how many. */
static int list_acts(struct stack_acts *a, const struct block_config *c, int B, int T, bool train,
                     struct slot *t)
{
    int64_t L = train ? c->L : 1, C = c->C, F = c->F, streams = train ? c->L + 1 : 2;
    int64_t G = train, film = c->cond > 0, conv = c->conv;
    int n = 0;

    t[n++] = (struct slot){ &a->x, SHAPE(streams, B, T, C), SLOT_ACT, "x" };
    t[n++] = (struct slot){ &a->n1, SHAPE(L, B, T, C), SLOT_ACT, "n1" };
    t[n++] = (struct slot){ &a->f1, SHAPE(film, L, B, T, C), SLOT_ACT, "f1" };
    t[n++] = (struct slot){ &a->c1, SHAPE(conv, L, B, T, C), SLOT_ACT, "c1" };
    t[n++] = (struct slot){ &a->qkv, SHAPE(L, B, T, 3, C), SLOT_ACT, "qkv" };
    t[n++] = (struct slot){ &a->o, SHAPE(L, B, T, C), SLOT_ACT, "o" };
    t[n++] = (struct slot){ &a->mid, SHAPE(L, B, T, C), SLOT_ACT, "mid" };
    t[n++] = (struct slot){ &a->n2, SHAPE(L, B, T, C), SLOT_ACT, "n2" };
    t[n++] = (struct slot){ &a->f2, SHAPE(film, L, B, T, C), SLOT_ACT, "f2" };
    t[n++] = (struct slot){ &a->u, SHAPE(L, B, T, 2, F), SLOT_ACT, "u" };
    t[n++] = (struct slot){ &a->s, SHAPE(L, B, T, F), SLOT_ACT, "s" };
    t[n++] = (struct slot){ &a->m1, SHAPE(film, L, B, 2, C), SLOT_ACT, "m1" };
    t[n++] = (struct slot){ &a->m2, SHAPE(film, L, B, 2, C), SLOT_ACT, "m2" };
    t[n++] = (struct slot){ &a->rstd1, SHAPE(L, B, T), SLOT_F32, "rstd1" };
    t[n++] = (struct slot){ &a->rstd2, SHAPE(L, B, T), SLOT_F32, "rstd2" };
    t[n++] = (struct slot){ &a->lse, SHAPE(L, B, c->NH, T), SLOT_F32, "lse" };
    t[n++] = (struct slot){ &a->dx, SHAPE(G, B, T, C), SLOT_ACT, "dx" };
    t[n++] = (struct slot){ &a->dn, SHAPE(G, B, T, C), SLOT_ACT, "dn" };
    t[n++] = (struct slot){ &a->df, SHAPE(G, B, T, C), SLOT_ACT, "df" };
    t[n++] = (struct slot){ &a->dqkv, SHAPE(G, B, T, 3, C), SLOT_ACT, "dqkv" };
    t[n++] = (struct slot){ &a->dout, SHAPE(G, B, T, C), SLOT_ACT, "dout" };
    t[n++] = (struct slot){ &a->du, SHAPE(G, B, T, 2, F), SLOT_ACT, "du" };
    t[n++] = (struct slot){ &a->ds, SHAPE(G, B, T, F), SLOT_ACT, "ds" };
    t[n++] = (struct slot){ &a->dm, SHAPE(G, film, B, 2, C), SLOT_ACT, "dm" };
    return n;
}

int stack_acts_alloc(struct stack_acts *a, const struct stack *s, struct device *d, int B, int T,
                     bool train, struct err *e)
{
    struct slot t[ACTS];

    *a = (struct stack_acts){ .B = B, .T = T, .train = train };
    return slots_alloc(&a->mem, d, t, list_acts(a, &s->config, B, T, train, t), e);
}

size_t stack_acts_bytes(const struct block_config *c, const struct device *d, int B, int T,
                        bool train)
{
    struct slot t[ACTS];
    struct stack_acts a;

    return slots_bytes(d, t, list_acts(&a, c, B, T, train, t));
}

void stack_acts_free(struct stack_acts *a, struct device *d)
{
    slots_free(&a->mem, d);
}

/* The activations of layer l, packed for q->B sequences of q->T tokens. */
static struct stack_acts at_layer(const struct stack *s, const struct stack_acts *a,
                                  const struct device *d, const struct block_seq *q, int l)
{
    const struct block_config *c = &s->config;
    size_t k = a->train ? (size_t)l : 0, N = (size_t)q->B * (size_t)q->T;
    size_t row = k * N * (size_t)c->C, film = k * (size_t)q->B * 2 * (size_t)c->C;
    struct stack_acts v = *a;

    v.n1 = act_at(d, a->n1, row);
    v.f1 = c->cond ? act_at(d, a->f1, row) : v.n1;
    v.c1 = c->conv ? act_at(d, a->c1, row) : v.f1;
    v.qkv = act_at(d, a->qkv, 3 * row);
    v.o = act_at(d, a->o, row);
    v.mid = act_at(d, a->mid, row);
    v.n2 = act_at(d, a->n2, row);
    v.f2 = c->cond ? act_at(d, a->f2, row) : v.n2;
    v.u = act_at(d, a->u, k * N * 2 * (size_t)c->F);
    v.s = act_at(d, a->s, k * N * (size_t)c->F);
    v.m1 = act_at(d, a->m1, film);
    v.m2 = act_at(d, a->m2, film);
    v.rstd1 = a->rstd1 + k * N;
    v.rstd2 = a->rstd2 + k * N;
    v.lse = a->lse + k * N * (size_t)c->NH;
    return v;
}

/* The residual stream before layer l; playing needs but two of them, in turn. */
static act *stream(const struct stack *s, const struct stack_acts *a, const struct device *d,
                   const struct block_seq *q, int l)
{
    size_t k = (size_t)(a->train ? l : l % 2);

    return act_at(d, a->x, k * (size_t)q->B * (size_t)q->T * (size_t)s->config.C);
}

/* Attention over keys of sequences T_max tokens apart. */
static struct attn attn_of(const struct stack *s, const struct block_seq *q, int Tk, int T_max)
{
    size_t C = (size_t)s->config.C;
    struct attn t = { .B = q->B, .NH = s->config.NH, .HS = s->config.C / s->config.NH,
                      .Tq = q->T, .Tk = Tk, .span = q->span };

    t.q_row = t.k_row = t.v_row = 3 * C;
    t.q_batch = t.k_batch = t.v_batch = (size_t)T_max * 3 * C;
    t.o_row = C;
    t.o_batch = (size_t)q->T * C;
    return t;
}

/* The rows of f1 that lie on no board, into c1. */
static void copy_around_boards(const struct stack *s, struct stack_acts *a, struct device *d,
                               const struct block_seq *q)
{
    size_t row = (size_t)s->config.C * dtype_size(d->act), stride = (size_t)q->T * row;

    for (int i = 0, from = 0; i <= q->boards; i++) {
        int to = i < q->boards ? q->board_at[i] : q->T;
        size_t at = (size_t)from * (size_t)s->config.C;

        if (to > from)
            d->ops->copy_rows(d, act_at(d, a->c1, at), stride, act_at(d, a->f1, at), stride,
                              (size_t)(to - from) * row, (size_t)q->B);
        from = to + q->H * q->W;
    }
}

/* norm, modulate, convolve: a's n1, f1, c1 from x. */
static void head_forward(const struct stack *s, const struct block *b, struct stack_acts *a,
                         struct device *d, const struct block_seq *q, const act *x)
{
    const struct block_config *c = &s->config;
    int N = q->B * q->T, C = c->C;
    size_t batch = (size_t)q->T * (size_t)C;

    d->ops->rmsnorm(d, a->n1, a->rstd1, x, &b->norm1, N, C);
    if (c->cond) {
        d->ops->linear(d, a->m1, q->cond, &b->film1, &b->film1_b, NULL, q->B);
        d->ops->modulate(d, a->f1, a->n1, a->m1, q->B, q->T, C);
    }
    if (!c->conv)
        return;
    copy_around_boards(s, a, d, q);
    for (int i = 0; i < q->boards; i++) {
        size_t at = (size_t)q->board_at[i] * (size_t)C;
        const act *f = act_at(d, a->f1, at);

        d->ops->conv3(d, act_at(d, a->c1, at), f, &b->conv, f, q->B, q->H, q->W, C, batch);
    }
}

/* From the gradient of c1 in a->dn to that of x, added to a->dx. */
static void head_backward(const struct stack *s, const struct block *b, struct stack_acts *a,
                          struct device *d, const struct block_seq *q, const act *x, act *dcond)
{
    const struct block_config *c = &s->config;
    int N = q->B * q->T, C = c->C;
    size_t bytes = (size_t)N * (size_t)C * dtype_size(d->act), batch = (size_t)q->T * (size_t)C;
    act *dy = a->dn, *spare = a->df;

    if (c->conv) {
        d->ops->copy(d, spare, dy, bytes);
        for (int i = 0; i < q->boards; i++) {
            size_t at = (size_t)q->board_at[i] * (size_t)C;

            d->ops->conv3_backward(d, act_at(d, spare, at), &b->conv, act_at(d, dy, at),
                                   act_at(d, a->f1, at), q->B, q->H, q->W, C, batch);
        }
        dy = a->df;
        spare = a->dn;
    }
    if (c->cond) {
        d->ops->zero(d, spare, bytes);
        d->ops->zero(d, a->dm, (size_t)q->B * 2 * (size_t)C * dtype_size(d->act));
        d->ops->modulate_backward(d, spare, a->dm, dy, a->n1, a->m1, q->B, q->T, C);
        d->ops->linear_backward(d, dcond, &b->film1, &b->film1_b, a->dm, q->cond, dcond, q->B);
        dy = spare;
    }
    d->ops->rmsnorm_backward(d, a->dx, &b->norm1, dy, x, a->rstd1, N, C);
}

static void mlp_forward(const struct stack *s, const struct block *b, struct stack_acts *a,
                        struct device *d, const struct block_seq *q, act *out)
{
    const struct block_config *c = &s->config;
    int N = q->B * q->T;

    d->ops->rmsnorm(d, a->n2, a->rstd2, a->mid, &b->norm2, N, c->C);
    if (c->cond) {
        d->ops->linear(d, a->m2, q->cond, &b->film2, &b->film2_b, NULL, q->B);
        d->ops->modulate(d, a->f2, a->n2, a->m2, q->B, q->T, c->C);
    }
    d->ops->linear(d, a->u, a->f2, &b->up, NULL, NULL, N);
    d->ops->swiglu(d, a->s, a->u, N, c->F);
    d->ops->linear(d, out, a->s, &b->down, NULL, a->mid, N);
}

/* a->dx: the gradient of out becomes that of mid. */
static void mlp_backward(const struct stack *s, const struct block *b, struct stack_acts *a,
                         struct device *d, const struct block_seq *q, act *dcond)
{
    const struct block_config *c = &s->config;
    int N = q->B * q->T;
    size_t rows = (size_t)N * dtype_size(d->act), C = (size_t)c->C;
    act *dy = a->dn;

    d->ops->linear_backward(d, a->ds, &b->down, NULL, a->dx, a->s, NULL, N);
    d->ops->swiglu_backward(d, a->du, a->ds, a->u, N, c->F);
    d->ops->linear_backward(d, a->dn, &b->up, NULL, a->du, a->f2, NULL, N);
    if (c->cond) {
        d->ops->zero(d, a->df, rows * C);
        d->ops->zero(d, a->dm, (size_t)q->B * 2 * C * dtype_size(d->act));
        d->ops->modulate_backward(d, a->df, a->dm, a->dn, a->n2, a->m2, q->B, q->T, c->C);
        d->ops->linear_backward(d, dcond, &b->film2, &b->film2_b, a->dm, q->cond, dcond, q->B);
        dy = a->df;
    }
    d->ops->rmsnorm_backward(d, a->dx, &b->norm2, dy, a->mid, a->rstd2, N, c->C);
}

void stack_forward(const struct stack *s, struct stack_acts *a, struct device *d,
                   const struct block_seq *q)
{
    int C = s->config.C, NH = s->config.NH, HS = C / NH, N = q->B * q->T;
    size_t row = 3 * (size_t)C, batch = (size_t)q->T * row;
    struct attn t = attn_of(s, q, q->T, q->T);

    for (int l = 0; l < s->config.L; l++) {
        const struct block *b = &s->layer[l];
        struct stack_acts v = at_layer(s, a, d, q, l);
        act *x = stream(s, a, d, q, l), *k = act_at(d, v.qkv, (size_t)C);

        head_forward(s, b, &v, d, q, x);
        d->ops->linear(d, v.qkv, v.c1, &b->qkv, NULL, NULL, N);
        /* the heads of k follow those of q */
        d->ops->rope(d, v.qkv, q->rope, q->B, q->T, 2 * NH, HS, row, batch, false);
        d->ops->attention(d, v.o, v.lse, v.qkv, k, act_at(d, k, (size_t)C), &t);
        d->ops->linear(d, v.mid, v.o, &b->proj, NULL, x, N);
        a->out = stream(s, a, d, q, l + 1);
        mlp_forward(s, b, &v, d, q, a->out);
    }
}

void stack_backward(const struct stack *s, struct stack_acts *a, struct device *d,
                    const struct block_seq *q, act *dcond)
{
    int C = s->config.C, NH = s->config.NH, HS = C / NH, N = q->B * q->T;
    size_t row = 3 * (size_t)C, batch = (size_t)q->T * row;
    struct attn t = attn_of(s, q, q->T, q->T);

    for (int l = s->config.L - 1; l >= 0; l--) {
        const struct block *b = &s->layer[l];
        struct stack_acts v = at_layer(s, a, d, q, l);
        act *k = act_at(d, v.qkv, (size_t)C), *dk = act_at(d, v.dqkv, (size_t)C);

        mlp_backward(s, b, &v, d, q, dcond);
        d->ops->linear_backward(d, v.dout, &b->proj, NULL, v.dx, v.o, NULL, N);
        d->ops->attention_backward(d, v.dqkv, dk, act_at(d, dk, (size_t)C), v.dout, v.o, v.lse,
                                   v.qkv, k, act_at(d, k, (size_t)C), &t);
        d->ops->rope(d, v.dqkv, q->rope, q->B, q->T, 2 * NH, HS, row, batch, true);
        d->ops->linear_backward(d, v.dn, &b->qkv, NULL, v.dqkv, v.c1, NULL, N);
        head_backward(s, b, &v, d, q, stream(s, a, d, q, l), dcond);
    }
}

int stack_cache_alloc(struct stack_cache *c, const struct stack *s, struct device *d, int B,
                      int T_max, struct err *e)
{
    struct slot t[] = {
        { &c->qkv, SHAPE(s->config.L, B, T_max, 3, s->config.C), SLOT_ACT, "cache" },
    };

    *c = (struct stack_cache){ .B = B, .T_max = T_max };
    return slots_alloc(&c->mem, d, t, 1, e);
}

void stack_cache_free(struct stack_cache *c, struct device *d)
{
    slots_free(&c->mem, d);
}

/* Turned q, k, v of the new tokens, in their place of the cache. */
static act *extend_cache(const struct stack *s, const struct stack_acts *v,
                         const struct stack_cache *c, struct device *d, const struct block_seq *q,
                         int l)
{
    int C = s->config.C, NH = s->config.NH, HS = C / NH;
    size_t row = 3 * (size_t)C, step = (size_t)q->T * row, batch = (size_t)c->T_max * row;
    act *base = act_at(d, c->qkv, ((size_t)l * (size_t)c->B) * batch);
    act *first = act_at(d, base, (size_t)c->T * row);

    if (q->B == 1) {
        d->ops->linear(d, first, v->c1, &s->layer[l].qkv, NULL, NULL, q->T);
    } else {
        d->ops->linear(d, v->qkv, v->c1, &s->layer[l].qkv, NULL, NULL, q->B * q->T);
        for (int i = 0; i < q->B; i++)
            d->ops->copy(d, act_at(d, first, (size_t)i * batch),
                         act_at(d, v->qkv, (size_t)i * step), step * dtype_size(d->act));
    }
    d->ops->rope(d, first, q->rope, q->B, q->T, 2 * NH, HS, row, batch, false);
    return base;
}

void stack_decode(const struct stack *s, struct stack_acts *a, struct stack_cache *c,
                  struct device *d, const struct block_seq *q)
{
    size_t C = (size_t)s->config.C;
    struct attn t = attn_of(s, q, c->T + q->T, c->T_max);

    for (int l = 0; l < s->config.L; l++) {
        const struct block *b = &s->layer[l];
        struct stack_acts v = at_layer(s, a, d, q, l);
        act *x = stream(s, a, d, q, l), *base;

        head_forward(s, b, &v, d, q, x);
        base = extend_cache(s, &v, c, d, q, l);
        d->ops->attention(d, v.o, NULL, act_at(d, base, (size_t)c->T * 3 * C),
                          act_at(d, base, C), act_at(d, base, 2 * C), &t);
        d->ops->linear(d, v.mid, v.o, &b->proj, NULL, x, q->B * q->T);
        a->out = stream(s, a, d, q, l + 1);
        mlp_forward(s, b, &v, d, q, a->out);
    }
    c->T += q->T;
}
