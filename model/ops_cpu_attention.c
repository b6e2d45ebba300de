/*
 * Attention.  A task is one head of one sequence, in tiles of TILE queries:
 * the scores of a tile stay in the processor's cache, and the keys that none
 * of its queries sees are never touched.  The keys and values of a head lie
 * far apart in memory (3C floats), so a task first packs them side by side.
 * The backward recomputes the probabilities from lse.
 */
#include "model/ops_cpu.h"

#include "model/ops_cpu_math.h"
#include "model/ops_cpu_tile.h"

#include <math.h>
#include <string.h>

enum {
    TILE = 32, /* at most */
    MAX_HEAD = 128
};

/* Where one head of one sequence begins. */
struct head {
    size_t q, k, v, o, lse;
};

static struct head head_at(const struct attn *a, int index)
{
    size_t b = (size_t)(index / a->NH), h = (size_t)(index % a->NH) * a->HS;

    return (struct head){b * a->q_batch + h, b * a->k_batch + h, b * a->v_batch + h,
                         b * a->o_batch + h, (size_t)index * a->Tq};
}

static int tile_count(const struct attn *a)
{
    return (a->Tq + TILE - 1) / TILE;
}

/* The first query of a tile. */
static int tile_begin(const struct attn *a, int tile)
{
    return tile < tile_count(a) ? tile * TILE : a->Tq;
}

/* Keys that the queries t0 .. t0+rows-1 see. */
static int tile_keys(const struct attn *a, int t0, int rows)
{
    int keys = 0;

    for (int t = t0; t < t0 + rows; t++)
        keys = a->span[t] > keys ? a->span[t] : keys;
    return keys;
}

static int thread_index(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

/* Room for n floats of each thread's own, the parts of n multiples of 16; NULL on failure. */
static float *begin(struct device *d, const struct attn *a, size_t n, int *team)
{
    *team = cpu_team(d, (size_t)a->B * a->NH * a->Tq * a->Tk);
    return cpu_scratch(d, SCRATCH_WORK, (size_t)*team * n * sizeof(float));
}

/* The largest of x (span), sixteen at a time; x has room for tile_pad(span). */
static float masked_max(const float *x, int span)
{
    float high[16];

    for (int i = 0; i < 16; i++)
        high[i] = x[0];
    for (int s = 0; s < span; s += 16)
#pragma omp simd
        for (int i = 0; i < 16; i++) {
            float score = s + i < span ? x[s + i] : high[i];

            high[i] = score > high[i] ? score : high[i];
        }
    return lanes_max(high, 16);
}

/*
 * Rows of scores, ld apart, become exp(score - max), 0 from span to wide; lse (may be NULL) gets
 * the log of their sums.  Each step goes over all rows, so that no row waits for another's end.
 */
static void exp_rows(float *x, size_t ld, const int *span, int rows, int wide,
                     float *inverse_sum, float *lse)
{
    float max[TILE], sum[TILE];

    for (int t = 0; t < rows; t++)
        max[t] = masked_max(x + t * ld, span[t]);
    for (int t = 0; t < rows; t++) {
        float *row = x + t * ld, add[16] = {0};

        for (int s = 0; s < wide; s += 16)
#pragma omp simd
            for (int i = 0; i < 16; i++) {
                float e = exp_fast(row[s + i] - max[t]);

                row[s + i] = e = s + i < span[t] ? e : 0;
                add[i] += e;
            }
        sum[t] = lanes_sum(add, 16);
    }
    for (int t = 0; t < rows; t++) {
        inverse_sum[t] = 1 / sum[t];
        if (lse)
            lse[t] = max[t] + logf(sum[t]);
    }
}

/* What a forward task packs, and room for a tile's results; P is tile_pad(HS). */
struct forward {
    float *kt;     /* (HS, ld) keys, transposed, times 1 / sqrt(HS) */
    float *v;      /* (Tk, P) */
    float *q, *o;  /* (TILE, P) */
    float *scores; /* (TILE, ld) */
    size_t ld;     /* tile_pad(Tk) */
};

static size_t forward_floats(const struct attn *a)
{
    size_t ld = tile_pad(a->Tk), pad = tile_pad(a->HS);

    return a->HS * ld + a->Tk * pad + TILE * (2 * pad + ld);
}

static void forward_init(struct forward *f, float *room, const struct attn *a, int keys,
                         const elem *k, const elem *v)
{
    size_t pad = tile_pad(a->HS);

    f->ld = tile_pad(a->Tk);
    f->kt = room;
    f->v = f->kt + a->HS * f->ld;
    f->q = f->v + a->Tk * pad;
    f->o = f->q + TILE * pad;
    f->scores = f->o + TILE * pad;
    tile_pack(f->v, k, a->k_row, keys, a->HS); /* on its way */
    tile_turn(f->kt, f->ld, f->v, pad, keys, a->HS, 1 / sqrtf((float)a->HS));
    tile_pack(f->v, v, a->v_row, keys, a->HS);
}

static void forward_tile(const struct forward *f, elem *o, float *lse, const elem *q,
                         const struct attn *a, int tile)
{
    int t0 = tile_begin(a, tile), rows = tile_begin(a, tile + 1) - t0;
    int keys = tile_keys(a, t0, rows), wide = (int)tile_pad(keys), pad = (int)tile_pad(a->HS);
    /* scores (rows, keys) = q k^T / sqrt(HS); o (rows, HS) = scores v */
    struct tile qk = {.M = rows, .N = wide, .K = a->HS, .c = f->scores, .ldc = f->ld, .a = f->q,
                      .ai = pad, .ak = 1, .b = f->kt, .ldb = f->ld};
    struct tile pv = {.M = rows, .N = pad, .K = keys, .c = f->o, .ldc = pad, .a = f->scores,
                      .ai = f->ld, .ak = 1, .b = f->v, .ldb = pad};
    float inverse_sum[TILE];

    tile_pack(f->q, q + t0 * a->q_row, a->q_row, rows, a->HS);
    tile_product(&qk);
    exp_rows(f->scores, f->ld, a->span + t0, rows, wide, inverse_sum, lse ? lse + t0 : NULL);
    tile_product(&pv);
    o += t0 * a->o_row;
    for (int t = 0; t < rows; t++, o += a->o_row)
#pragma omp simd
        for (int i = 0; i < a->HS; i++)
            o[i] = narrow(f->o[t * pad + i] * inverse_sum[t]);
}

/* A few queries are not worth packing the keys for: each by itself; scores has room for Tk. */
static void forward_query(elem *o, float *lse, const elem *q, const elem *k, const elem *v,
                          const struct attn *a, int t, float *scores)
{
    float inverse_sum, scale = 1 / sqrtf((float)a->HS), sum[MAX_HEAD] = {0};
    int HS = a->HS;

    o += t * a->o_row;
    q += t * a->q_row;
    for (int s = 0; s < a->span[t]; s++, k += a->k_row) {
        float lane[8] = {0};

        for (int i = 0; i < HS; i += 8)
#pragma omp simd
            for (int j = 0; j < 8; j++)
                lane[j] += widen(q[i + j]) * widen(k[i + j]);
        scores[s] = scale * lanes_sum(lane, 8);
    }
    exp_rows(scores, 0, a->span + t, 1, (int)tile_pad(a->span[t]), &inverse_sum,
             lse ? lse + t : NULL);
    for (int s = 0; s < a->span[t]; s++, v += a->v_row)
#pragma omp simd
        for (int i = 0; i < HS; i++)
            sum[i] += scores[s] * widen(v[i]);
    for (int i = 0; i < HS; i++)
        o[i] = narrow(sum[i] * inverse_sum);
}

enum { FEW = 3 }; /* queries fewer than these go one by one */

/* The queries of tiles first .. end-1. */
static void forward_part(elem *o, float *lse, const elem *q, const elem *k, const elem *v,
                         const struct attn *a, int first, int end, float *room)
{
    int t0 = tile_begin(a, first), t1 = tile_begin(a, end);
    struct forward f;

    if (t1 - t0 < FEW) {
        for (int t = t0; t < t1; t++)
            forward_query(o, lse, q, k, v, a, t, room);
        return;
    }
    forward_init(&f, room, a, tile_keys(a, t0, t1 - t0), k, v);
    for (int i = first; i < end; i++)
        forward_tile(&f, o, lse, q, a, i);
}

static void cpu_attention(struct device *d, act *o, float *lse, const act *q, const act *k,
                          const act *v, const struct attn *a)
{
    int heads = a->B * a->NH, tiles = tile_count(a), team, parts;
    size_t floats = forward_floats(a);
    float *room;

    if (cpu_failed(d) || !(room = begin(d, a, floats, &team)))
        return;
    parts = heads < 2 * team ? tiles : 1; /* of a head, where heads are few */
#pragma omp parallel for schedule(dynamic) num_threads(team)
    for (int task = 0; task < heads * parts; task++) {
        struct head at = head_at(a, task / parts);
        int part = task % parts;

        forward_part(elems(o) + at.o, lse ? lse + at.lse : NULL, const_elems(q) + at.q,
                     const_elems(k) + at.k, const_elems(v) + at.v, a, part * tiles / parts,
                     (part + 1) * tiles / parts, room + floats * (size_t)thread_index());
    }
}

/* One head's tensors in the caller's memory. */
struct tensors {
    elem *dq, *dk, *dv;
    const elem *dout, *o;
    const float *lse;
    const elem *q, *k, *v;
};

/* What a backward task packs and sums; P is tile_pad(HS). */
struct backward {
    float *kt, *vt;       /* (HS, ld), transposed; the keys times 1 / sqrt(HS) */
    float *k, *dk, *dv;   /* (Tk, P) */
    float *q, *dq, *dout; /* (Tq, P) */
    float *delta;         /* (Tq) sum_i dout o */
    float *p, *ds;        /* (TILE, ld) */
    size_t ld;            /* tile_pad(Tk) */
};

static size_t backward_floats(const struct attn *a)
{
    size_t ld = tile_pad(a->Tk), pad = tile_pad(a->HS);

    return (2 * (a->HS + TILE)) * ld + 3 * (a->Tk + a->Tq) * pad + tile_pad(a->Tq);
}

static void backward_init(struct backward *b, float *room, const struct attn *a,
                          const struct tensors *t)
{
    size_t pad = tile_pad(a->HS), keys = a->Tk * pad, queries = a->Tq * pad;

    b->ld = tile_pad(a->Tk);
    b->kt = room;
    b->vt = b->kt + a->HS * b->ld;
    b->p = b->vt + a->HS * b->ld;
    b->ds = b->p + TILE * b->ld;
    b->k = b->ds + TILE * b->ld;
    b->dk = b->k + keys;
    b->dv = b->dk + keys;
    b->q = b->dv + keys;
    b->dq = b->q + queries;
    b->dout = b->dq + queries;
    b->delta = b->dout + queries;
    tile_pack(b->dv, t->v, a->v_row, a->Tk, a->HS); /* on its way */
    tile_turn(b->vt, b->ld, b->dv, pad, a->Tk, a->HS, 1);
    tile_pack(b->k, t->k, a->k_row, a->Tk, a->HS);
    tile_turn(b->kt, b->ld, b->k, pad, a->Tk, a->HS, 1 / sqrtf((float)a->HS));
    tile_pack(b->q, t->q, a->q_row, a->Tq, a->HS);
    tile_pack(b->dout, t->dout, a->o_row, a->Tq, a->HS);
    memset(b->dk, 0, 2 * keys * sizeof *b->dk); /* and dv */
    for (int n = 0; n < a->Tq; n++) {
        const elem *o = t->o + n * a->o_row;
        const float *dout = b->dout + n * pad;
        float sum = 0;

#pragma omp simd reduction(+ : sum)
        for (int i = 0; i < a->HS; i++)
            sum += dout[i] * widen(o[i]);
        b->delta[n] = sum;
    }
}

/* p becomes exp(p - lse), and ds = p (ds - delta); both 0 from span to wide */
static void backward_row(float *p, float *ds, float delta, float lse, int span, int wide)
{
    int n = (int)tile_pad(span); /* beyond span anything: it is written over */

#pragma omp simd
    for (int s = 0; s < n; s++) {
        p[s] = exp_fast(p[s] - lse);
        ds[s] = p[s] * (ds[s] - delta);
    }
    memset(p + span, 0, (size_t)(wide - span) * sizeof *p);
    memset(ds + span, 0, (size_t)(wide - span) * sizeof *ds);
}

/*
 * p = softmax(q k^T / sqrt(HS)), dp = dout v^T, ds = p (dp - sum_i dout o):
 * dv += p^T dout, dq = ds k, dk += ds^T q over tiles, the last two still without 1 / sqrt(HS).
 */
static void backward_tile(const struct backward *b, const float *lse, const struct attn *a,
                          int tile)
{
    int t0 = tile_begin(a, tile), rows = tile_begin(a, tile + 1) - t0;
    int keys = tile_keys(a, t0, rows), wide = (int)tile_pad(keys), pad = (int)tile_pad(a->HS);
    const float *q = b->q + t0 * pad, *dout = b->dout + t0 * pad;
    struct tile p = {.M = rows, .N = wide, .K = a->HS, .c = b->p, .ldc = b->ld, .a = q,
                     .ai = pad, .ak = 1, .b = b->kt, .ldb = b->ld};
    struct tile ds = {.M = rows, .N = wide, .K = a->HS, .c = b->ds, .ldc = b->ld, .a = dout,
                      .ai = pad, .ak = 1, .b = b->vt, .ldb = b->ld};
    struct tile dv = {.M = keys, .N = pad, .K = rows, .add = true, .c = b->dv, .ldc = pad,
                      .a = b->p, .ai = 1, .ak = b->ld, .b = dout, .ldb = pad};
    struct tile dk = {.M = keys, .N = pad, .K = rows, .add = true, .c = b->dk, .ldc = pad,
                      .a = b->ds, .ai = 1, .ak = b->ld, .b = q, .ldb = pad};
    struct tile dq = {.M = rows, .N = pad, .K = keys, .c = b->dq + t0 * pad, .ldc = pad,
                      .a = b->ds, .ai = b->ld, .ak = 1, .b = b->k, .ldb = pad};

    tile_product(&p);
    tile_product(&ds);
    for (int t = 0; t < rows; t++)
        backward_row(b->p + t * b->ld, b->ds + t * b->ld, b->delta[t0 + t], lse[t0 + t],
                     a->span[t0 + t], wide);
    tile_product(&dv);
    tile_product(&dk);
    tile_product(&dq);
}

static void backward_head(float *room, const struct attn *a, const struct tensors *t)
{
    float scale = 1 / sqrtf((float)a->HS);
    struct backward b;

    backward_init(&b, room, a, t);
    for (int i = 0; i < tile_count(a); i++)
        backward_tile(&b, t->lse, a, i);
    tile_put(t->dq, a->q_row, b.dq, a->Tq, a->HS, scale);
    tile_put(t->dk, a->k_row, b.dk, a->Tk, a->HS, scale);
    tile_put(t->dv, a->v_row, b.dv, a->Tk, a->HS, 1);
}

static void cpu_attention_backward(struct device *d, act *dq, act *dk, act *dv, const act *dout,
                                   const act *o, const float *lse, const act *q, const act *k,
                                   const act *v, const struct attn *a)
{
    size_t floats = backward_floats(a);
    float *room;
    int team;

    if (cpu_failed(d) || !(room = begin(d, a, floats, &team)))
        return;
#pragma omp parallel for schedule(dynamic) num_threads(team)
    for (int task = 0; task < a->B * a->NH; task++) {
        struct head at = head_at(a, task);
        const struct tensors t = {
            elems(dq) + at.q, elems(dk) + at.k, elems(dv) + at.v, const_elems(dout) + at.o,
            const_elems(o) + at.o, lse + at.lse, const_elems(q) + at.q, const_elems(k) + at.k,
            const_elems(v) + at.v,
        };

        backward_head(room + floats * (size_t)thread_index(), a, &t);
    }
}

void CPU_OPS(attention)(struct ops *o)
{
    o->attention = cpu_attention;
    o->attention_backward = cpu_attention_backward;
}
