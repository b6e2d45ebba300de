/* Operations that know where a cell is: conv3, rope, patches. */
#include "tests/ops_fixture.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- conv3 ---------------------------------------------------------------- */

struct boards {
    int B, H, W, C;
    size_t extra; /* elements between two boards */
};

static const struct boards boards[] = {
    {1, 1, 1, 1, 0}, {2, 1, 5, 3, 0}, {1, 3, 2, 8, 5}, {3, 9, 9, 16, 0}, {2, 4, 7, 33, 66},
};
enum { BOARDS = sizeof boards / sizeof *boards };

static size_t board_stride(const struct boards *s)
{
    return (size_t)s->H * s->W * s->C + s->extra;
}

/* in: x (B, H, W, C), k (C, 9), r like x or NULL; what lies between boards stays 0 */
static void conv3_reference(const void *shape, double *const *in, double *y)
{
    const struct boards *s = shape;

    for (int b = 0; b < s->B; b++)
        for (int h = 0; h < s->H; h++)
            for (int w = 0; w < s->W; w++)
                for (int c = 0; c < s->C; c++) {
                    size_t at = b * board_stride(s) + (size_t)(h * s->W + w) * s->C + c;

                    y[at] = in[2] ? in[2][at] : 0;
                    for (int t = 0; t < 9; t++) {
                        int i = t / 3 - 1, j = t % 3 - 1;

                        if (h + i >= 0 && h + i < s->H && w + j >= 0 && w + j < s->W)
                            y[at] += in[1][c * 9 + t] *
                                     in[0][(ptrdiff_t)at + (i * s->W + j) * s->C];
                    }
                }
}

/* Zeroes what lies between boards. */
static void clear_gaps(const struct boards *s, double *x)
{
    for (int b = 0; b < s->B; b++)
        memset(x + (b + 1) * board_stride(s) - s->extra, 0, s->extra * sizeof *x);
}

START_TEST(conv3)
{
    const struct boards *s = &boards[_i];
    size_t batch = board_stride(s), n = s->B * batch, nk = (size_t)s->C * 9;
    struct fixture f;
    double *in[3] = {0}, *r, *dy, *dx0, *dk0, *want;
    struct param k;
    act *x, *dx, *dya, *y;

    fixture_init(&f, (uint64_t)_i + 1);
    in[0] = fixture_random(&f, n, 1);
    in[1] = fixture_random(&f, nk, 1);
    r = fixture_random(&f, n, 1);
    dy = fixture_random(&f, n, 1);
    dx0 = fixture_random(&f, n, 1);
    dk0 = fixture_random(&f, nk, 1);
    clear_gaps(s, dy);
    x = put_act(&f, in[0], n);
    k = put_param(&f, in[1], dk0, s->C, 9);
    dya = put_act(&f, dy, n);
    dx = put_act(&f, dx0, n);
    y = put_act(&f, fixture_zeros(&f, n), n);
    want = fixture_zeros(&f, n);
    conv3_reference(s, in, want);
    f.d->ops->conv3(f.d, y, x, &k, NULL, s->B, s->H, s->W, s->C, batch);
    expect_close("y", get_act(&f, y, n), want, n, f.tol);
    f.d->ops->conv3_backward(f.d, dx, &k, dya, x, s->B, s->H, s->W, s->C, batch);
    expect_gradient(&f, "dx", conv3_reference, s, in, 0, n, dy, n, dx0, get_act(&f, dx, n), f.tol);
    expect_gradient(&f, "dk", conv3_reference, s, in, 1, nk, dy, n, dk0, get_f32(&f, k.g, nk),
                    f.tol);
    in[2] = in[0]; /* x itself is the residual */
    conv3_reference(s, in, want);
    f.d->ops->conv3(f.d, y, x, &k, x, s->B, s->H, s->W, s->C, batch);
    expect_close("y with x", get_act(&f, y, n), want, n, f.tol);
    f.d->ops->conv3(f.d, y, x, &k, put_act(&f, r, n), s->B, s->H, s->W, s->C, batch);
    in[2] = r;
    conv3_reference(s, in, want);
    expect_close("y with r", get_act(&f, y, n), want, n, f.tol);
    fixture_release(&f);
}
END_TEST

/* --- rope ----------------------------------------------------------------- */

START_TEST(rope_turns_by_row_and_column)
{
    enum { B = 2, T = 6, NH = 3, HS = 16, ROW = NH * HS + 4, BATCH = T * ROW + 8 };
    static const int row[T] = {0, 0, 1, 1, 18, 3}, col[T] = {0, 1, 0, 1, 18, 7};
    struct fixture f;
    float table[T * HS];
    double *x, *want, *tab;
    act *xa;
    float *ta;

    fixture_init(&f, 11);
    ops_rope_table(table, row, col, T, HS, 100);
    x = fixture_random(&f, B * BATCH, 1);
    xa = put_act(&f, x, B * BATCH);
    want = fixture_zeros(&f, B * BATCH);
    memcpy(want, x, B * BATCH * sizeof *x);
    for (int b = 0; b < B; b++)
        for (int t = 0; t < T; t++)
            for (int h = 0; h < NH; h++)
                for (int i = 0; i < HS / 2; i++) { /* pair i of the head */
                    double at = i < HS / 4 ? row[t] : col[t];
                    double turn = at * pow(100, -(i % (HS / 4)) / (HS / 4.0));
                    double *p = want + b * BATCH + t * ROW + h * HS + 2 * i, a = p[0];

                    p[0] = a * cos(turn) - p[1] * sin(turn);
                    p[1] = a * sin(turn) + p[1] * cos(turn);
                }
    tab = fixture_zeros(&f, T * HS);
    for (int i = 0; i < T * HS; i++)
        tab[i] = table[i];
    ta = put_f32(&f, tab, T * HS);
    f.d->ops->rope(f.d, xa, ta, B, T, NH, HS, ROW, BATCH, false);
    expect_close("turned", get_act(&f, xa, B * BATCH), want, B * BATCH, f.tol);
    f.d->ops->rope(f.d, xa, ta, B, T, NH, HS, ROW, BATCH, true);
    expect_close("turned back", get_act(&f, xa, B * BATCH), x, B * BATCH, f.tol);
    fixture_release(&f);
}
END_TEST

/* --- patches -------------------------------------------------------------- */

START_TEST(patches_round_trip)
{
    static const struct {
        int B, H, W, P;
    } frames[] = {{1, 1, 1, 16}, {2, 3, 2, 16}, {1, 9, 9, 16}, {3, 2, 5, 3}, {1, 4, 4, 36}};
    int B = frames[_i].B, H = frames[_i].H, W = frames[_i].W, P = frames[_i].P;
    size_t n = (size_t)B * H * W * P * P * 3;
    struct fixture f;
    uint8_t *px, *back;
    double *y, *want;
    act *ya;
    uint8_t *host = malloc(n);

    fixture_init(&f, 12);
    ck_assert_ptr_nonnull(host);
    for (size_t i = 0; i < n; i++) /* all 256 values, then drawn ones */
        host[i] = i < 256 ? (uint8_t)i : (uint8_t)rng_below(&f.rng, 256);
    px = f.d->ops->alloc(f.d, n);
    back = f.d->ops->alloc(f.d, n);
    f.d->ops->upload(f.d, px, host, n);
    ya = put_act(&f, fixture_zeros(&f, n), n);
    f.d->ops->patchify(f.d, ya, px, B, H, W, P);
    want = fixture_zeros(&f, n);
    for (size_t i = 0; i < n; i++) { /* token, row, column, channel */
        size_t inside = i % ((size_t)P * P * 3), cell = i / ((size_t)P * P * 3);
        size_t w = cell % (size_t)W, h = cell / (size_t)W % (size_t)H;
        size_t b = cell / (size_t)(W * H), y3 = inside / (size_t)(3 * P);
        size_t at = ((b * H + h) * P + y3) * W * P * 3 + w * P * 3 + inside % (size_t)(3 * P);

        want[i] = host[at] / 127.5 - 1;
    }
    y = get_act(&f, ya, n);
    expect_close("tokens", y, want, n, f.d->act == DT_F32 ? 1e-6 : 4e-3);
    f.d->ops->unpatchify(f.d, back, ya, B, H, W, P);
    {
        uint8_t *got = malloc(n);
        int most = f.d->act == DT_F32 ? 0 : 1; /* bf16 has not all 256 values apart */

        ck_assert_ptr_nonnull(got);
        f.d->ops->download(f.d, got, back, n);
        for (size_t i = 0; i < n; i++)
            ck_assert_int_le(abs(got[i] - host[i]), most);
        free(got);
    }
    f.d->ops->free(f.d, px);
    f.d->ops->free(f.d, back);
    free(host);
    fixture_release(&f);
}
END_TEST

START_TEST(unpatchify_cuts)
{
    struct fixture f;
    double x[3] = {-7, 9, 0.1};
    uint8_t px[3], *at;
    act *xa;

    fixture_init(&f, 13);
    xa = put_act(&f, x, 3);
    at = f.d->ops->alloc(f.d, 3);
    f.d->ops->unpatchify(f.d, at, xa, 1, 1, 1, 1);
    f.d->ops->download(f.d, px, at, 3);
    ck_assert_int_eq(px[0], 0);
    ck_assert_int_eq(px[1], 255);
    ck_assert_int_eq(px[2], 140);
    f.d->ops->free(f.d, at);
    fixture_release(&f);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ops_cells");
    TCase *tc = tap_case(s, "cells");

    tcase_add_loop_test(tc, conv3, 0, BOARDS);
    tcase_add_test(tc, rope_turns_by_row_and_column);
    tcase_add_loop_test(tc, patches_round_trip, 0, 5);
    tcase_add_test(tc, unpatchify_cuts);
    return tap_run(s);
}
