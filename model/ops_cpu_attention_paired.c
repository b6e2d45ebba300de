/*
 * Attention of bf16 activations by products of bf16 (ops_cpu_pairs.h), compiled for AMX and for
 * AVX-512.
 *
 * A task is one head of one sequence.  It packs what it reads, padded by zeros to whole blocks
 * of BLOCK rows and columns.
 *
 * The backward recomputes the probabilities from lse, transposed, keys by queries: so each of
 * its products finds its sides the way round that it needs them.
 */
#include "model/ops_cpu_pairs.h"

#include <math.h>

enum { FEW = 8 }; /* queries fewer than these are not worth packing the keys for */

static const float LOG2E = 1.44269504f;

/* to (C) = scale times from */
static void put_row(elem *to, const float *from, int C, float scale)
{
    for (int c = 0; c < C; c += LANES)
        lanes_store(to + c, scale * lanes_load_f32(from + c, LANES), C - c);
}

/* One head's tensors. */
struct head {
    elem *dq, *dk, *dv, *o;
    const elem *q, *k, *v, *dout;
    float *lse;
};

static struct head head_at(const struct attn *a, int index, act *o, float *lse, const act *q,
                           const act *k, const act *v)
{
    size_t b = (size_t)(index / a->NH), h = (size_t)(index % a->NH) * (size_t)a->HS;

    return (struct head){
        .o = elems(o) + b * a->o_batch + h,
        .q = const_elems(q) + b * a->q_batch + h,
        .k = const_elems(k) + b * a->k_batch + h,
        .v = const_elems(v) + b * a->v_batch + h,
        .lse = lse ? lse + (size_t)index * (size_t)a->Tq : NULL,
    };
}

/* Keys that any of BLOCK queries from t0 on sees. */
static int block_keys(const struct attn *a, size_t t0)
{
    int keys = 0;

    for (size_t t = t0; t < t0 + BLOCK && t < (size_t)a->Tq; t++)
        keys = a->span[t] > keys ? a->span[t] : keys;
    return keys;
}

/* The next n bytes, a multiple of 64, of a thread's room; where that is NULL they are counted. */
static void *take(uintptr_t *room, size_t n)
{
    uintptr_t p = *room;

    *room += n;
    return (void *)p;
}

static char *thread_room(char *room, size_t bytes)
{
#ifdef _OPENMP
    return room + bytes * (size_t)omp_get_thread_num();
#else
    (void)bytes;
    return room;
#endif
}

/* --- forward --- */

/* Q, P and H are padded: queries, keys, head size. */
struct forward {
    size_t Q, P, H;
    elem *q, *rows, *p;   /* (Q, H); (P, H), on their way; (BLOCK, P) */
    uint32_t *kt, *v;     /* pairs of (H, P), of (P, H) */
    float *scores, *sums; /* (BLOCK, P); (BLOCK, H) */
};

static size_t forward_init(struct forward *f, char *room, const struct attn *a)
{
    size_t Q = blocks(a->Tq), P = blocks(a->Tk), H = blocks(a->HS);
    uintptr_t p = (uintptr_t)room;

    *f = (struct forward){.Q = Q, .P = P, .H = H};
    f->q = take(&p, Q * H * sizeof(elem));
    f->rows = take(&p, P * H * sizeof(elem));
    f->p = take(&p, BLOCK * P * sizeof(elem));
    f->kt = take(&p, P * H * sizeof(elem));
    f->v = take(&p, P * H * sizeof(elem));
    f->scores = take(&p, BLOCK * P * sizeof(float));
    f->sums = take(&p, BLOCK * H * sizeof(float));
    return (size_t)(p - (uintptr_t)room);
}

/* p (end) = exp(scale (x - max)) of the first `span`, then zeros.  Returns the sum; *max. */
static float exp_row(elem *p, const float *x, int span, size_t end, float scale, float *max)
{
    __m512 high = _mm512_set1_ps(x[0]);
    lanes sum = {0};
    float k = scale * LOG2E;
    int s = 0;

    for (; s < span; s += LANES)
        high = _mm512_mask_max_ps(high, lanes_first(span - s), high, _mm512_loadu_ps(x + s));
    *max = _mm512_reduce_max_ps(high);
    for (s = 0; s < span; s += LANES) {
        lanes e = lanes_exp2((lanes_load_f32(x + s, LANES) - *max) * k);

        e = (lanes)_mm512_maskz_mov_ps(lanes_first(span - s), (__m512)e);
        sum += e;
        lanes_store(p + s, e, LANES);
    }
    for (; s < (int)end; s += LANES)
        lanes_store(p + s, (lanes){0}, LANES);
    return _mm512_reduce_add_ps((__m512)sum);
}

/* lse (n) = max + log(sum), n <= BLOCK */
static void put_lse(float *lse, const float *max, const float *sum, int n)
{
    for (int t = 0; t < n; t += LANES)
        lanes_store_f32(lse + t, lanes_load_f32(max + t, LANES) +
                        lanes_log2(lanes_load_f32(sum + t, LANES)) / LOG2E, n - t);
}

static void forward_block(const struct forward *f, const struct attn *a, const struct head *h,
                          size_t t0)
{
    size_t end = blocks(block_keys(a, t0));
    float scale = 1 / sqrtf((float)a->HS), sum[BLOCK] = {0}, max[BLOCK] = {0};
    int rows = a->Tq - (int)t0 < BLOCK ? a->Tq - (int)t0 : BLOCK;

    for (size_t s = 0; s < end; s += BLOCK)
        product(f->scores + s, f->P, f->q + t0 * f->H, f->H, f->kt + s, f->P, f->H);
    for (int t = 0; t < rows; t++) {
        sum[t] = exp_row(f->p + (size_t)t * f->P, f->scores + (size_t)t * f->P,
                         a->span[t0 + (size_t)t], end, scale, &max[t]);
        max[t] *= scale;
    }
    if (h->lse)
        put_lse(h->lse + t0, max, sum, rows);
    for (size_t c = 0; c < f->H; c += BLOCK)
        product(f->sums + c, f->H, f->p, f->P, f->v + c, f->H, end);
    for (int t = 0; t < rows; t++)
        put_row(h->o + (t0 + (size_t)t) * a->o_row, f->sums + (size_t)t * f->H, a->HS, 1 / sum[t]);
}

static void forward_head(char *room, const struct attn *a, const struct head *h)
{
    struct forward f;

    forward_init(&f, room, a);
    products_begin();
    pack_rows(f.q, h->q, a->q_row, a->Tq, a->HS);
    pack_rows(f.rows, h->k, a->k_row, a->Tk, a->HS);
    turn(f.kt, f.rows, f.P, f.H / 2);
    pack_rows(f.rows, h->v, a->v_row, a->Tk, a->HS);
    pack_pairs(f.v, f.rows, f.P, f.H);
    memset(f.p, 0, BLOCK * f.P * sizeof *f.p); /* rows that are no queries must be numbers too */
    for (size_t t = 0; t < (size_t)a->Tq; t += BLOCK)
        forward_block(&f, a, h, t);
    products_end();
}

static void paired_attention(struct device *d, act *o, float *lse, const act *q, const act *k,
                          const act *v, const struct attn *a)
{
    struct forward f;
    size_t bytes = forward_init(&f, NULL, a);
    int team = cpu_team(d, (size_t)a->B * (size_t)a->NH * f.Q * f.P);
    char *room;

    if (a->Tq < FEW) {
        cpu_of(d)->loops.attention(d, o, lse, q, k, v, a);
        return;
    }
    if (cpu_failed(d) || !(room = cpu_scratch(d, SCRATCH_WORK, bytes * (size_t)team)))
        return;
#pragma omp parallel for schedule(dynamic) num_threads(team)
    for (int i = 0; i < a->B * a->NH; i++) {
        struct head h = head_at(a, i, o, lse, q, k, v);

        forward_head(thread_room(room, bytes), a, &h);
    }
}

/* --- backward --- */

struct backward {
    size_t Q, P, H;
    elem *q, *dout, *k, *v;       /* (Q, H), (Q, H), (P, H), (P, H) */
    elem *kt;                     /* (H, P) */
    uint32_t *q_pairs, *dout_pairs, *k_pairs; /* of the same as q, dout, k */
    uint32_t *qt, *dout_t;        /* pairs of (H, Q) */
    float *scores, *grads;        /* (BLOCK, Q), keys by queries */
    elem *p, *ds;                 /* the same */
    uint32_t *ds_pairs;           /* pairs of (P, Q) */
    float *sums;                  /* (BLOCK, H) */
    float *dqt, *dq;              /* (H, Q), (Q, H) */
    float *lse, *delta;           /* (Q): lse times log2(e); sum_c dout o */
    int *span;                    /* (Q) */
};

static size_t backward_init(struct backward *b, char *room, const struct attn *a)
{
    size_t Q = blocks(a->Tq), P = blocks(a->Tk), H = blocks(a->HS);
    size_t queries = Q * H * sizeof(elem), keys = P * H * sizeof(elem);
    uintptr_t p = (uintptr_t)room;

    *b = (struct backward){.Q = Q, .P = P, .H = H};
    b->q = take(&p, queries);
    b->dout = take(&p, queries);
    b->q_pairs = take(&p, queries);
    b->dout_pairs = take(&p, queries);
    b->qt = take(&p, queries);
    b->dout_t = take(&p, queries);
    b->k = take(&p, keys);
    b->v = take(&p, keys);
    b->k_pairs = take(&p, keys);
    b->kt = take(&p, keys);
    b->scores = take(&p, BLOCK * Q * sizeof(float));
    b->grads = take(&p, BLOCK * Q * sizeof(float));
    b->p = take(&p, BLOCK * Q * sizeof(elem));
    b->ds = take(&p, BLOCK * Q * sizeof(elem));
    b->ds_pairs = take(&p, P * Q * sizeof(elem));
    b->sums = take(&p, BLOCK * H * sizeof(float));
    b->dqt = take(&p, Q * H * sizeof(float));
    b->dq = take(&p, Q * H * sizeof(float));
    b->lse = take(&p, Q * sizeof(float));
    b->delta = take(&p, Q * sizeof(float));
    b->span = take(&p, Q * sizeof(int));
    return (size_t)(p - (uintptr_t)room);
}

/* sum of x y (n) */
static float dot(const elem *x, const elem *y, int n)
{
    lanes sum = {0};

    for (int i = 0; i < n; i += LANES)
        sum += lanes_load(x + i, n - i) * lanes_load(y + i, n - i);
    return _mm512_reduce_add_ps((__m512)sum);
}

static void backward_pack(struct backward *b, const struct attn *a, const struct head *h)
{
    pack_rows(b->q, h->q, a->q_row, a->Tq, a->HS);
    pack_rows(b->dout, h->dout, a->o_row, a->Tq, a->HS);
    pack_rows(b->k, h->k, a->k_row, a->Tk, a->HS);
    pack_rows(b->v, h->v, a->v_row, a->Tk, a->HS);
    pack_pairs(b->q_pairs, b->q, b->Q, b->H);
    pack_pairs(b->dout_pairs, b->dout, b->Q, b->H);
    pack_pairs(b->k_pairs, b->k, b->P, b->H);
    turn(b->qt, b->q, b->Q, b->H / 2);
    turn(b->dout_t, b->dout, b->Q, b->H / 2);
    turn(b->kt, b->k_pairs, b->P / 2, b->H);
    for (size_t t = 0; t < b->Q; t++) {
        bool there = t < (size_t)a->Tq;

        b->delta[t] = there ? dot(b->dout + t * b->H, h->o + t * a->o_row, a->HS) : 0;
        b->lse[t] = there ? h->lse[t] * LOG2E : 0;
        b->span[t] = there ? a->span[t] : 0;
    }
}

/* Sixteen queries of one key: p = exp(x - lse), x in units of k, where they see it, and
   ds = p (dp - delta), which is returned as well. */
static inline __m256i backward_lanes(const struct backward *b, size_t row, size_t t, int key,
                                     float k)
{
    size_t at = row * b->Q + t;
    __m512i span = _mm512_loadu_si512(b->span + t);
    lanes x = lanes_load_f32(b->scores + at, LANES) * k - lanes_load_f32(b->lse + t, LANES);
    lanes ds = lanes_load_f32(b->grads + at, LANES) - lanes_load_f32(b->delta + t, LANES);
    lanes p = lanes_exp2(x);
    __m256i bits;

    p = (lanes)_mm512_maskz_mov_ps(_mm512_cmpgt_epi32_mask(span, _mm512_set1_epi32(key)),
                                   (__m512)p);
    lanes_store(b->p + at, p, LANES);
    bits = (__m256i)_mm512_cvtneps_pbh((__m512)(p * ds));
    _mm256_storeu_si256((__m256i *)(b->ds + at), bits);
    return bits;
}

/* to (R, C), `row` elements apart, = scale times from (R, blocks(C)) */
static void put_rows(elem *to, size_t row, const float *from, int R, int C, float scale)
{
    size_t wide = blocks(C);

    for (int r = 0; r < R; r++, to += row, from += wide)
        put_row(to, from, C, scale);
}

/*
 * BLOCK keys from s0 on.  With p = softmax(q k^T / sqrt(HS)), dp = dout v^T and
 * ds = p (dp - sum_c dout o): dv = p^T dout, dk = ds^T q / sqrt(HS); ds is kept for dq.
 */
static void backward_block(const struct backward *b, const struct attn *a, const struct head *h,
                           size_t s0)
{
    size_t first = 0, Q = b->Q, H = b->H;
    float scale = 1 / sqrtf((float)a->HS);
    int rows = a->Tk - (int)s0 < BLOCK ? a->Tk - (int)s0 : BLOCK;

    while (first < Q && block_keys(a, first) <= (int)s0) /* queries that see none of these */
        first += BLOCK;
    if (first == Q) {
        memset(b->sums, 0, BLOCK * H * sizeof *b->sums);
        put_rows(h->dv + s0 * a->v_row, a->v_row, b->sums, rows, a->HS, 1);
        put_rows(h->dk + s0 * a->k_row, a->k_row, b->sums, rows, a->HS, 1);
        return;
    }
    for (size_t t = first; t < Q; t += BLOCK) {
        product(b->scores + t, Q, b->k + s0 * H, H, b->qt + t, Q, H);
        product(b->grads + t, Q, b->v + s0 * H, H, b->dout_t + t, Q, H);
    }
    for (size_t r = 0; r < BLOCK; r += 2)
        for (size_t t = first; t < Q; t += LANES) {
            int key = (int)(s0 + r);
            __m256i even = backward_lanes(b, r, t, key, scale * LOG2E);
            __m256i odd = backward_lanes(b, r + 1, t, key + 1, scale * LOG2E);
            __m512i high = _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16);

            _mm512_storeu_si512(b->ds_pairs + (s0 + r) / 2 * Q + t,
                                _mm512_or_si512(_mm512_cvtepu16_epi32(even), high));
        }
    for (size_t c = 0; c < H; c += BLOCK)
        product(b->sums + c, H, b->p + first, Q, b->dout_pairs + first / 2 * H + c, H, Q - first);
    put_rows(h->dv + s0 * a->v_row, a->v_row, b->sums, rows, a->HS, 1);
    for (size_t c = 0; c < H; c += BLOCK)
        product(b->sums + c, H, b->ds + first, Q, b->q_pairs + first / 2 * H + c, H, Q - first);
    put_rows(h->dk + s0 * a->k_row, a->k_row, b->sums, rows, a->HS, scale);
}

static void backward_head(char *room, const struct attn *a, const struct head *h)
{
    struct backward b;

    backward_init(&b, room, a);
    products_begin();
    backward_pack(&b, a, h);
    for (size_t s = 0; s < (size_t)a->Tk; s += BLOCK)
        backward_block(&b, a, h, s);
    for (size_t t = 0; t < b.Q; t += BLOCK) /* dq^T = k^T ds^T, of the keys that are seen */
        for (size_t c = 0; c < b.H; c += BLOCK)
            product(b.dqt + c * b.Q + t, b.Q, b.kt + c * b.P, b.P, b.ds_pairs + t, b.Q,
                    blocks(block_keys(a, t)));
    turn(b.dq, b.dqt, b.H, b.Q);
    put_rows(h->dq, a->q_row, b.dq, a->Tq, a->HS, 1 / sqrtf((float)a->HS));
    products_end();
}

static void paired_attention_backward(struct device *d, act *dq, act *dk, act *dv, const act *dout,
                                   const act *o, const float *lse, const act *q, const act *k,
                                   const act *v, const struct attn *a)
{
    struct backward b;
    size_t bytes = backward_init(&b, NULL, a);
    int team = cpu_team(d, (size_t)a->B * (size_t)a->NH * b.Q * b.P);
    char *room;

    if (a->Tq < FEW) {
        cpu_of(d)->loops.attention_backward(d, dq, dk, dv, dout, o, lse, q, k, v, a);
        return;
    }
    if (cpu_failed(d) || !(room = cpu_scratch(d, SCRATCH_WORK, bytes * (size_t)team)))
        return;
#pragma omp parallel for schedule(dynamic) num_threads(team)
    for (int i = 0; i < a->B * a->NH; i++) { /* gradients lie as what they are of does */
        struct head h = head_at(a, i, (act *)o, (float *)lse, q, k, v);
        struct head grad = head_at(a, i, (act *)dout, NULL, dq, dk, dv);

        h.dout = grad.o;
        h.dq = (elem *)grad.q;
        h.dk = (elem *)grad.k;
        h.dv = (elem *)grad.v;
        backward_head(thread_room(room, bytes), a, &h);
    }
}

void CPU_OPS(paired_attention)(struct ops *o)
{
    o->attention = paired_attention;
    o->attention_backward = paired_attention_backward;
}
