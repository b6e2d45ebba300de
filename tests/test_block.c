/* The transformer layer: exact gradients, cached decoding equal to the full forward. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"
#include "model/block.h"
#include "tests/tap.h"

enum { T = 13, H = 2, W = 3, COND = 5 };

/* A stack on the CPU with a sequence: 4 free tokens, a board, a token, then causal ones. */
struct rig {
    struct device *d;
    struct params ps;
    struct stack s;
    struct stack_acts a;
    struct block_seq q;
    struct rng rng;
    int span[T], board_at[1];
    float rope[T * 16];
    float *x, *r, *cond, *dcond; /* input, weights of the loss, conditioning */
};

static float noise(struct rng *r)
{
    return (float)(rng_double(r) + rng_double(r) + rng_double(r) + rng_double(r) - 2);
}

static float *noises(struct rng *r, size_t n)
{
    float *x = calloc(n, sizeof *x);

    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++)
        x[i] = noise(r);
    return x;
}

static void setup(struct rig *g, struct block_config c, int B, bool train)
{
    int row[T], col[T], HS = c.C / c.NH;
    struct err e;

    err_init(&e);
    memset(g, 0, sizeof *g);
    rng_init(&g->rng, 5);
    g->d = device_open("cpu", 2, PRECISION_F32, &e);
    ck_assert_msg(g->d, "%s", e.msg);
    params_init(&g->ps);
    ck_assert_int_eq(stack_init(&g->s, &c, &e), 0);
    stack_register(&g->s, &g->ps, "layers");
    ck_assert_int_eq(params_alloc(&g->ps, g->d, train ? PARAMS_TRAIN : 0, &e), 0);
    ck_assert_int_eq(params_seed(&g->ps, 1, &e), 0);
    /* Convolution and film start as nothing: give them something to be wrong about. */
    for (int i = 0; i < g->ps.n; i++) {
        struct param *p = g->ps.list[i].p;

        for (int k = 0; k < p->out * p->in; k++)
            p->w[k] += 0.2f * noise(&g->rng);
    }
    params_refresh(&g->ps);
    for (int t = 0; t < T; t++) {
        g->span[t] = t < 10 ? 10 : t + 1;
        row[t] = t / 3;
        col[t] = t % 3;
    }
    g->board_at[0] = 4;
    ops_rope_table(g->rope, row, col, T, HS, 100);
    ck_assert_int_eq(stack_acts_alloc(&g->a, &g->s, g->d, B, T, train, &e), 0);
    g->x = noises(&g->rng, (size_t)(B * T * c.C));
    g->r = noises(&g->rng, (size_t)(B * T * c.C));
    g->cond = noises(&g->rng, (size_t)B * COND);
    g->dcond = noises(&g->rng, (size_t)B * COND);
    memset(g->dcond, 0, (size_t)B * COND * sizeof *g->dcond);
    g->q = (struct block_seq){ .B = B, .T = T, .span = g->span, .rope = g->rope, .boards = 1,
                               .H = H, .W = W, .board_at = g->board_at, .cond = (act *)g->cond };
}

static void teardown(struct rig *g)
{
    stack_acts_free(&g->a, g->d);
    params_free(&g->ps);
    stack_free(&g->s);
    device_close(g->d);
    free(g->x);
    free(g->r);
    free(g->cond);
    free(g->dcond);
}

static size_t size(const struct rig *g)
{
    return (size_t)g->q.B * (size_t)g->q.T * (size_t)g->s.config.C;
}

/* The loss sum(out * r) for the input g->x; on the CPU act is float. */
static double loss(struct rig *g)
{
    double sum = 0;
    const float *out;
    struct err e;

    err_init(&e);
    memcpy(g->a.x, g->x, size(g) * sizeof(float));
    stack_forward(&g->s, &g->a, g->d, &g->q);
    ck_assert_msg(device_check(g->d, &e) == 0, "%s", e.msg);
    out = (const float *)g->a.out;
    for (size_t i = 0; i < size(g); i++)
        sum += (double)out[i] * (double)g->r[i];
    return sum;
}

/* Compares the gradient along a random direction with what the loss does. */
static void check_direction(struct rig *g, float *w, const float *grad, size_t n, const char *name)
{
    const float eps = 2e-3f;
    double told = 0, seen, up, down;
    float *u = noises(&g->rng, n), *old = malloc(n * sizeof *old);

    ck_assert_ptr_nonnull(old);
    memcpy(old, w, n * sizeof *old);
    for (size_t i = 0; i < n; i++)
        told += (double)u[i] * (double)grad[i];
    for (size_t i = 0; i < n; i++)
        w[i] = old[i] + eps * u[i];
    up = loss(g);
    for (size_t i = 0; i < n; i++)
        w[i] = old[i] - eps * u[i];
    down = loss(g);
    memcpy(w, old, n * sizeof *old);
    seen = (up - down) / (2 * (double)eps);
    ck_assert_msg(fabs(seen - told) <= 0.01 * (fabs(seen) + fabs(told)) + 0.02,
                  "%s: gradient %g along a line, the loss says %g", name, told, seen);
    free(u);
    free(old);
}

static const struct block_config plain = { .L = 2, .C = 32, .NH = 4, .F = 24 };
static const struct block_config full = { .L = 2, .C = 32, .NH = 2, .F = 24, .cond = COND,
                                          .conv = true };

static void check_gradients(struct block_config c)
{
    struct rig g;

    setup(&g, c, 2, true);
    loss(&g);
    memcpy(g.a.dx, g.r, size(&g) * sizeof(float));
    stack_backward(&g.s, &g.a, g.d, &g.q, c.cond ? (act *)g.dcond : NULL);
    float *dx = malloc(size(&g) * sizeof *dx);
    ck_assert_ptr_nonnull(dx);
    memcpy(dx, g.a.dx, size(&g) * sizeof *dx);
    check_direction(&g, g.x, dx, size(&g), "input");
    if (c.cond)
        check_direction(&g, g.cond, g.dcond, 2 * COND, "conditioning");
    for (int i = 0; i < g.ps.n; i++) {
        struct param *p = g.ps.list[i].p;

        check_direction(&g, p->w, p->g, (size_t)p->out * (size_t)p->in, p->name);
    }
    free(dx);
    teardown(&g);
}

START_TEST(gradients_of_the_plain_block)
{
    check_gradients(plain);
}
END_TEST

START_TEST(gradients_with_convolution_and_film)
{
    check_gradients(full);
}
END_TEST

START_TEST(playing_gives_what_training_gives)
{
    struct rig g, p;

    setup(&g, full, 2, true);
    setup(&p, full, 2, false);
    ck_assert(loss(&g) == loss(&p));
    ck_assert_mem_eq(g.a.out, p.a.out, size(&g) * sizeof(float));
    teardown(&g);
    teardown(&p);
}
END_TEST

/* Feeds tokens [from, to) of every sequence and compares their outputs with `want`. */
static void decode_part(struct rig *g, struct stack_cache *c, int from, int to, const float *want)
{
    struct block_seq q = g->q;
    int C = g->s.config.C, at[1] = { g->board_at[0] - from };
    struct err e;
    float *in = (float *)g->a.x;

    err_init(&e);
    q.T = to - from;
    q.span = g->span + from;
    q.rope = g->rope + from * (C / g->s.config.NH);
    q.boards = from <= g->board_at[0] && to >= g->board_at[0] + H * W;
    q.board_at = at;
    for (int b = 0; b < q.B; b++)
        memcpy(in + b * q.T * C, g->x + (b * T + from) * C, (size_t)(q.T * C) * sizeof *in);
    stack_decode(&g->s, &g->a, c, g->d, &q);
    ck_assert_msg(device_check(g->d, &e) == 0, "%s", e.msg);
    for (int b = 0; b < q.B; b++)
        for (int i = 0; i < q.T * C; i++) {
            float got = ((const float *)g->a.out)[b * q.T * C + i];

            ck_assert_float_eq_tol(got, want[(b * T + from) * C + i], 2e-4f);
        }
}

static void check_decoding(int B)
{
    struct rig g;
    struct stack_cache c;
    struct err e;
    float *want;

    err_init(&e);
    setup(&g, full, B, false);
    loss(&g);
    want = malloc(size(&g) * sizeof *want);
    ck_assert_ptr_nonnull(want);
    memcpy(want, g.a.out, size(&g) * sizeof *want);
    ck_assert_int_eq(stack_cache_alloc(&c, &g.s, g.d, B, T + 3, &e), 0);
    decode_part(&g, &c, 0, 10, want); /* they see each other: one call */
    decode_part(&g, &c, 10, 11, want);
    decode_part(&g, &c, 11, T, want);
    ck_assert_int_eq(c.T, T);
    c.T = 10; /* take back and go on in other steps */
    decode_part(&g, &c, 10, 12, want);
    decode_part(&g, &c, 12, T, want);
    stack_cache_free(&c, g.d);
    free(want);
    teardown(&g);
}

START_TEST(decoding_one_sequence_is_the_forward)
{
    check_decoding(1);
}
END_TEST

START_TEST(decoding_several_sequences_is_the_forward)
{
    check_decoding(3);
}
END_TEST

START_TEST(bad_shapes_are_refused)
{
    static const struct block_config bad[] = {
        { .L = 0, .C = 32, .NH = 4, .F = 8 },   { .L = 1, .C = 33, .NH = 4, .F = 8 },
        { .L = 1, .C = 32, .NH = 0, .F = 8 },   { .L = 1, .C = 48, .NH = 4, .F = 8 },
        { .L = 1, .C = 272, .NH = 2, .F = 8 },  { .L = 1, .C = 32, .NH = 4, .F = 0 },
        { .L = 1, .C = 32, .NH = 4, .F = 8, .cond = -1 },
    };
    struct stack s;
    struct err e;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        err_init(&e);
        ck_assert_int_eq(stack_init(&s, &bad[i], &e), -1);
        ck_assert_str_ne(e.msg, "");
        stack_free(&s);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("block");
    TCase *tc = tap_case(s, "block");

    tcase_add_test(tc, gradients_of_the_plain_block);
    tcase_add_test(tc, gradients_with_convolution_and_film);
    tcase_add_test(tc, playing_gives_what_training_gives);
    tcase_add_test(tc, decoding_one_sequence_is_the_forward);
    tcase_add_test(tc, decoding_several_sequences_is_the_forward);
    tcase_add_test(tc, bad_shapes_are_refused);
    return tap_run(s);
}
