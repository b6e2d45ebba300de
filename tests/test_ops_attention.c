/* Attention, every span pattern and layout, against a plain loop in double. */
#include "tests/ops_fixture.h"
#include "tests/tap.h"

#include <math.h>

enum span { FULL, CAUSAL, PREFIX, FRAMES, SHORT, SPANS }; /* SHORT: some keys nobody sees */
enum layout { SEPARATE, PACKED, PADDED, LAYOUTS }; /* q, k, v as arrays of their own; as columns of
                                                      one; with gaps between all rows */

struct shape {
    int B, NH, HS, Tq, Tk;
};

static const struct shape shapes[] = {
    {1, 1, 8, 1, 1},   {2, 2, 8, 5, 5},     {1, 3, 16, 33, 33},  {2, 1, 32, 70, 70},
    {1, 2, 64, 65, 65}, {1, 1, 128, 17, 17}, {1, 1, 24, 130, 130},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* One attention's arrays: in one block of `len` values for q, k, v each. */
struct setup {
    struct attn a;
    int span[512];
    size_t len, o_len;
    double *in[3]; /* q, k, v, each of len; where PACKED all three are one array */
};

enum { Q, K, V };

/* Token rows are `row` apart, sequences `batch`. */
static void lay_out(struct setup *s, enum layout how)
{
    struct attn *a = &s->a;
    size_t c = (size_t)a->NH * a->HS, pad = how == PADDED ? 8 : 0;
    size_t T = (size_t)(a->Tk > a->Tq ? a->Tk : a->Tq);

    a->q_row = a->k_row = a->v_row = how == PACKED ? 3 * c : c + pad;
    a->q_batch = a->k_batch = a->v_batch = T * a->q_row + 2 * pad;
    a->o_row = c + pad;
    a->o_batch = (size_t)a->Tq * a->o_row + pad;
    s->len = a->B * a->q_batch;
    s->o_len = a->B * a->o_batch;
}

static void set_spans(struct setup *s, enum span pattern)
{
    int P = s->a.Tk / 3 + 1, S = s->a.Tk / 4 + 1; /* the prefix; a frame's cells */
    int skipped = s->a.Tk - s->a.Tq;              /* queries may be the last of the keys */

    for (int i = 0; i < s->a.Tq; i++) {
        int t = i + skipped, n;

        n = pattern == CAUSAL ? t + 1 : pattern == PREFIX ? (P > t + 1 ? P : t + 1)
          : pattern == FRAMES ? (t / S + 1) * S : pattern == SHORT ? P : s->a.Tk;
        s->span[i] = n < s->a.Tk ? n : s->a.Tk;
    }
}

/* in: q, k, v; y: o, then lse (B, NH, Tq) */
static void attention_reference(const void *shape, double *const *in, double *y)
{
    const struct setup *s = shape;
    const struct attn *a = &s->a;
    double *lse = y + s->o_len;

    for (int b = 0; b < a->B; b++)
        for (int h = 0; h < a->NH; h++)
            for (int t = 0; t < a->Tq; t++) {
                const double *q = in[Q] + b * a->q_batch + t * a->q_row + h * a->HS;
                double *o = y + b * a->o_batch + t * a->o_row + h * a->HS, sum = 0, score[512];

                for (int u = 0; u < s->span[t]; u++) {
                    const double *k = in[K] + b * a->k_batch + u * a->k_row + h * a->HS;

                    score[u] = 0;
                    for (int i = 0; i < a->HS; i++)
                        score[u] += q[i] * k[i];
                    sum += score[u] = exp(score[u] / sqrt(a->HS));
                }
                lse[(b * a->NH + h) * a->Tq + t] = log(sum);
                for (int i = 0; i < a->HS; i++)
                    o[i] = 0;
                for (int u = 0; u < s->span[t]; u++)
                    for (int i = 0; i < a->HS; i++)
                        o[i] += score[u] / sum *
                                in[V][b * a->v_batch + u * a->v_row + h * a->HS + i];
            }
}

/* Arrays on the device: each pointer at its first element. */
struct arrays {
    act *q, *k, *v, *whole;
};

/* Where PACKED, q, k and v are columns of one array of which x[0] is the copy here. */
static struct arrays put_arrays(struct fixture *f, struct setup *s, enum layout how, double *x[3],
                                double scale)
{
    struct arrays at;
    size_t c = (size_t)s->a.NH * s->a.HS;

    for (int i = 0; i < 3; i++)
        x[i] = how == PACKED && i ? x[0] + i * c : fixture_random(f, s->len, scale);
    at.whole = at.q = put_act(f, x[0], s->len);
    at.k = how == PACKED ? act_at(f->d, at.q, c) : put_act(f, x[1], s->len);
    at.v = how == PACKED ? act_at(f->d, at.q, 2 * c) : put_act(f, x[2], s->len);
    return at;
}

static void prepare(struct setup *s, const struct shape *shape, enum layout how, enum span pattern,
                    struct fixture *f)
{
    s->a = (struct attn){.B = shape->B, .NH = shape->NH, .HS = shape->HS, .Tq = shape->Tq,
                         .Tk = shape->Tk};
    lay_out(s, how);
    set_spans(s, pattern);
    s->a.span = put_int(f, s->span, (size_t)s->a.Tq);
}

/* The backward writes rows of q, k or v, not the gaps between them: as if it had added to what was
   there before. */
static void add_before(const struct setup *s, double *x, const double *before)
{
    const struct attn *a = &s->a;

    for (int b = 0; b < a->B; b++)
        for (int t = 0; t < a->Tk; t++)
            for (int c = 0; c < a->NH * a->HS; c++) {
                size_t i = b * a->q_batch + t * a->q_row + c;

                x[i] += before[i];
            }
}

START_TEST(forward_and_backward)
{
    const struct shape *shape = &shapes[_i / (SPANS * LAYOUTS)];
    enum layout how = _i / SPANS % LAYOUTS;
    struct fixture f;
    struct setup s;
    double *before[3], *after[3], *want, *dy;
    struct arrays x, g;
    size_t nl = (size_t)shape->B * shape->NH * shape->Tq, len, c = (size_t)shape->NH * shape->HS;
    float *lse;
    act *o;

    fixture_init(&f, (uint64_t)_i + 1);
    prepare(&s, shape, how, _i % SPANS, &f);
    x = put_arrays(&f, &s, how, s.in, 2);
    g = put_arrays(&f, &s, how, before, 1);
    lse = put_f32(&f, fixture_zeros(&f, nl), nl);
    o = put_act(&f, fixture_zeros(&f, s.o_len), s.o_len);
    want = fixture_zeros(&f, s.o_len + nl);
    attention_reference(&s, s.in, want);
    f.d->ops->attention(f.d, o, lse, x.q, x.k, x.v, &s.a);
    expect_close("o", get_act(&f, o, s.o_len), want, s.o_len, f.loose);
    expect_close("lse", get_f32(&f, lse, nl), want + s.o_len, nl, f.loose);

    dy = fixture_random(&f, s.o_len + nl, 1);
    for (size_t i = 0; i < nl; i++)
        dy[s.o_len + i] = 0; /* nobody differentiates lse */
    f.d->ops->attention_backward(f.d, g.q, g.k, g.v, put_act(&f, dy, s.o_len), o, lse, x.q, x.k,
                                 x.v, &s.a);
    after[0] = get_act(&f, g.q, s.len);
    after[1] = how == PACKED ? after[0] + c : get_act(&f, g.k, s.len);
    after[2] = how == PACKED ? after[0] + 2 * c : get_act(&f, g.v, s.len);
    for (int i = 0; i < 3; i++)
        add_before(&s, after[i], before[i]);
    for (int i = 0; i < 3; i++) {
        static const char *const name[] = {"dq", "dk", "dv"};

        if (how == PACKED && i)
            break; /* all three are the gradient of the one array */
        len = s.len;
        expect_gradient(&f, how == PACKED ? "dqkv" : name[i], attention_reference, &s, s.in, i, len,
                        dy, s.o_len + nl, before[i], after[i], f.loose);
    }
    fixture_release(&f);
}
END_TEST

/* The last queries over all keys, as in decoding, give what the full attention gives there. */
START_TEST(cached)
{
    static const struct shape some[] = {
        {1, 4, 32, 1, 1}, {2, 2, 32, 1, 100}, {1, 8, 32, 1, 333}, {3, 2, 64, 6, 88},
        {1, 2, 16, 82, 164},
    };
    struct fixture f;
    struct setup s;
    struct arrays x;
    double *want;
    act *o;

    fixture_init(&f, (uint64_t)_i + 500);
    prepare(&s, &some[_i / SPANS], SEPARATE, _i % SPANS, &f);
    x = put_arrays(&f, &s, SEPARATE, s.in, 2);
    o = put_act(&f, fixture_zeros(&f, s.o_len), s.o_len);
    want = fixture_zeros(&f, s.o_len + (size_t)s.a.B * s.a.NH * s.a.Tq);
    attention_reference(&s, s.in, want);
    f.d->ops->attention(f.d, o, NULL, x.q, x.k, x.v, &s.a);
    expect_close("o", get_act(&f, o, s.o_len), want, s.o_len, f.loose);
    fixture_release(&f);
}
END_TEST

/* Scores of many thousands overflow nothing. */
START_TEST(large_scores)
{
    static const struct shape shape = {1, 1, 8, 40, 40};
    struct fixture f;
    struct setup s;
    struct arrays x;
    double *want;
    act *o;

    fixture_init(&f, 700);
    prepare(&s, &shape, SEPARATE, CAUSAL, &f);
    x = put_arrays(&f, &s, SEPARATE, s.in, 1);
    want = fixture_zeros(&f, s.o_len + 40);
    for (int t = 0; t < 40; t++) /* query t and key t point the same way, far out */
        for (int i = 0; i < 8; i++)
            s.in[Q][t * 8 + i] = s.in[K][t * 8 + i] = i == t % 8 ? 100 + t : 0;
    x.q = put_act(&f, s.in[Q], s.len);
    x.k = put_act(&f, s.in[K], s.len);
    for (int t = 0; t < 40; t++) /* so query t sees key t alone: it is the longest of its kind */
        for (int i = 0; i < 8; i++)
            want[t * 8 + i] = s.in[V][t * 8 + i];
    o = put_act(&f, fixture_zeros(&f, s.o_len), s.o_len);
    f.d->ops->attention(f.d, o, NULL, x.q, x.k, x.v, &s.a);
    expect_close("o", get_act(&f, o, s.o_len), want, s.o_len, f.loose);
    fixture_release(&f);
}
END_TEST

int main(void)
{
    Suite *s;
    TCase *tc;

    if (fixture_absent())
        return 0;
    s = suite_create("ops_attention");
    tc = tap_case(s, "attention");
    tcase_add_loop_test(tc, forward_and_backward, 0, SHAPES * SPANS * LAYOUTS);
    tcase_add_loop_test(tc, cached, 0, 5 * SPANS);
    tcase_add_test(tc, large_scores);
    return tap_run(s);
}
