/* The cases of attention for tests/parity_cases.h, which includes this. */
#ifndef TESTS_PARITY_ATTENTION_H
#define TESTS_PARITY_ATTENTION_H

enum { SPAN_FULL, SPAN_CAUSAL, SPAN_PREFIX, SPAN_FRAMES };

static struct buf *spans(struct parity *p, int kind, int Tq, int Tk)
{
    struct buf *b = buf_new(p, DT_I32, INPUT, (size_t)Tq);
    float *x = numbers((size_t)Tq);
    int S = Tk / 3 + 1, prefix = Tk / 2 + 1;

    for (int t = 0; t < Tq; t++) {
        int u = t + Tk - Tq; /* queries are the last tokens, as in cached decoding */
        int span = kind == SPAN_FULL     ? Tk
                   : kind == SPAN_CAUSAL ? u + 1
                   : kind == SPAN_PREFIX ? (u + 1 > prefix ? u + 1 : prefix)
                                         : (u / S + 1) * S;

        x[t] = (float)(span < 1 ? 1 : span > Tk ? Tk : span);
    }
    buf_set(p, b, x);
    free(x);
    return b;
}

/*
 * The CPU's o, rounded as CUDA has it, for the backward of both.  Each with its own would differ
 * in dout o by as much as where few keys are seen and dp - dout o nearly cancels.
 */
static struct buf *rounded(struct parity *p, const struct buf *o)
{
    struct buf *b = buf_new(p, DT_BF16, INPUT, o->n);
    float *x = numbers(o->n);

    p->d[CPU]->ops->download(p->d[CPU], x, o->at[CPU], o->n * sizeof *x);
    for (size_t j = 0; j < o->n; j++)
        x[j] = of_bf16(to_bf16(x[j]));
    buf_set(p, b, x);
    free(x);
    return b;
}

/* B, NH, HS, T, span: q, k, v side by side in one buffer, as a block makes them */
static void case_self_attention(struct parity *p, const int *s)
{
    int B = s[0], NH = s[1], HS = s[2], T = s[3];
    size_t C = (size_t)NH * HS, n = (size_t)B * T * C;
    struct buf *qkv = input(p, 3 * n), *span = spans(p, s[4], T, T), *o = output(p, n);
    struct buf *lse = buf_new(p, DT_F32, OUTPUT, (size_t)B * NH * T), *only = output(p, n);
    struct buf *dout = input(p, n), *dqkv = output(p, 3 * n), *out = NULL;

    EACH(d) {
        struct attn a = {B, NH, HS, T, T, span->at[i], 3 * C, 3 * C, 3 * C, C,
                         3 * C * T, 3 * C * T, 3 * C * T, C * T};
        act *q = qkv->at[i], *k = act_at(d, q, C), *v = act_at(d, q, 2 * C);
        act *dq = dqkv->at[i], *dk = act_at(d, dq, C), *dv = act_at(d, dq, 2 * C);

        d->ops->attention(d, o->at[i], lse->at[i], q, k, v, &a);
        d->ops->attention(d, only->at[i], NULL, q, k, v, &a);
        out = out ? out : rounded(p, o);
        d->ops->attention_backward(d, dq, dk, dv, dout->at[i], out->at[i], lse->at[i], q, k, v,
                                   &a);
    }
}

/* B, NH, HS, Tq, Tk, span: queries and keys of their own lengths */
static void case_cross_attention(struct parity *p, const int *s)
{
    int B = s[0], NH = s[1], HS = s[2], Tq = s[3], Tk = s[4];
    size_t C = (size_t)NH * HS, nq = (size_t)B * Tq * C, nk = (size_t)B * Tk * C;
    struct buf *q = input(p, nq), *k = input(p, nk), *v = input(p, nk), *dout = input(p, nq);
    struct buf *span = spans(p, s[5], Tq, Tk), *o = output(p, nq);
    struct buf *lse = buf_new(p, DT_F32, OUTPUT, (size_t)B * NH * Tq);
    struct buf *dq = output(p, nq), *dk = output(p, nk), *dv = output(p, nk), *out = NULL;

    EACH(d) {
        struct attn a = {B, NH, HS, Tq, Tk, span->at[i], C, C, C, C, C * Tq, C * Tk, C * Tk,
                         C * Tq};

        d->ops->attention(d, o->at[i], lse->at[i], q->at[i], k->at[i], v->at[i], &a);
        out = out ? out : rounded(p, o);
        d->ops->attention_backward(d, dq->at[i], dk->at[i], dv->at[i], dout->at[i], out->at[i],
                                   lse->at[i], q->at[i], k->at[i], v->at[i], &a);
    }
}

#endif
