/* linear, forward, backward and packed, against double precision. */
#include "tests/ops_fixture.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

struct shape {
    int N, in, out;
};

static const struct shape shapes[] = {
    {1, 1, 1}, {1, 8, 3},  {1, 256, 1000}, {3, 7, 5},    {5, 24, 17},
    {64, 32, 96}, {82, 31, 33}, {130, 129, 65}, {257, 64, 192},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* in: x (N, in), w (out, in), b (out), r (N, out); y (N, out) */
enum { X, W, BIAS, R };
static void linear_reference(const void *shape, double *const *in, double *y)
{
    const struct shape *s = shape;

    for (int n = 0; n < s->N; n++)
        for (int o = 0; o < s->out; o++) {
            double sum = (in[BIAS] ? in[BIAS][o] : 0) + (in[R] ? in[R][n * s->out + o] : 0);

            for (int i = 0; i < s->in; i++)
                sum += in[X][n * s->in + i] * in[W][o * s->in + i];
            y[n * s->out + o] = sum;
        }
}

START_TEST(forward)
{
    const struct shape *s = &shapes[_i / 4];
    bool bias = _i & 1, residual = _i & 2;
    struct fixture f;
    double *in[4] = {0}, *want;
    struct param w, b = {0};
    act *x, *y, *r = NULL;
    size_t ny = (size_t)s->N * s->out;

    fixture_init(&f, (uint64_t)_i + 1);
    in[X] = fixture_random(&f, (size_t)s->N * s->in, 1);
    in[W] = fixture_random(&f, (size_t)s->out * s->in, 1);
    x = put_act(&f, in[X], (size_t)s->N * s->in);
    w = put_param(&f, in[W], NULL, s->out, s->in);
    if (bias) {
        in[BIAS] = fixture_random(&f, (size_t)s->out, 1);
        b = put_param(&f, in[BIAS], NULL, s->out, 1);
    }
    if (residual) {
        in[R] = fixture_random(&f, ny, 1);
        r = put_act(&f, in[R], ny);
    }
    want = fixture_zeros(&f, ny);
    linear_reference(s, in, want);

    y = put_act(&f, fixture_random(&f, ny, 9), ny); /* what was there must not matter */
    f.d->ops->linear(f.d, y, x, &w, bias ? &b : NULL, r, s->N);
    expect_close("y", get_act(&f, y, ny), want, ny, f.loose);

    f.d->ops->pack(f.d, &w);
    ck_assert_ptr_nonnull(w.packed);
    y = put_act(&f, fixture_zeros(&f, ny), ny);
    f.d->ops->linear(f.d, y, x, &w, bias ? &b : NULL, r, s->N);
    expect_close("packed y", get_act(&f, y, ny), want, ny, f.loose);
    if (residual) { /* in place */
        f.d->ops->linear(f.d, r, x, &w, bias ? &b : NULL, r, s->N);
        expect_close("y over r", get_act(&f, r, ny), want, ny, f.loose);
    }
    f.d->ops->unpack(f.d, &w);
    ck_assert_ptr_null(w.packed);
    fixture_release(&f);
}
END_TEST

START_TEST(backward)
{
    const struct shape *s = &shapes[_i / 2];
    bool bias = _i & 1;
    struct fixture f;
    size_t nx = (size_t)s->N * s->in, nw = (size_t)s->out * s->in, ny = (size_t)s->N * s->out;
    double *in[4] = {0}, *dx0, *dw0, *db0, *dy, *unset;
    struct param w, b = {0};
    act *x, *dx, *dya, *onto;

    fixture_init(&f, (uint64_t)_i + 100);
    in[X] = fixture_random(&f, nx, 1);
    in[W] = fixture_random(&f, nw, 1);
    in[BIAS] = fixture_random(&f, (size_t)s->out, 1);
    dx0 = fixture_random(&f, nx, 1);
    dw0 = fixture_random(&f, nw, 1);
    db0 = fixture_random(&f, (size_t)s->out, 1);
    dy = fixture_random(&f, ny, 1);
    unset = fixture_zeros(&f, nx);
    for (size_t i = 0; i < nx; i++)
        unset[i] = NAN;
    x = put_act(&f, in[X], nx);
    dx = put_act(&f, dx0, nx);
    dya = put_act(&f, dy, ny);
    w = put_param(&f, in[W], dw0, s->out, s->in);
    b = put_param(&f, in[BIAS], db0, s->out, 1);

    f.d->ops->linear_backward(f.d, dx, &w, bias ? &b : NULL, dya, x, dx, s->N);
    expect_gradient(&f, "dx", linear_reference, s, in, X, nx, dy, ny, dx0, get_act(&f, dx, nx),
                    f.loose);
    expect_gradient(&f, "dw", linear_reference, s, in, W, nw, dy, ny, dw0,
                    get_f32(&f, w.g, nw), f.loose);
    if (bias)
        expect_gradient(&f, "db", linear_reference, s, in, BIAS, (size_t)s->out, dy, ny, db0,
                        get_f32(&f, b.g, (size_t)s->out), f.loose);
    else
        expect_close("db untouched", get_f32(&f, b.g, (size_t)s->out), db0, (size_t)s->out, 0);
    f.d->ops->linear_backward(f.d, NULL, &w, NULL, dya, x, NULL, s->N); /* dx is not wanted */
    w.g = NULL;
    onto = put_act(&f, dx0, nx);
    dx = put_act(&f, unset, nx);
    f.d->ops->linear_backward(f.d, dx, &w, NULL, dya, x, onto, s->N); /* added to another */
    expect_gradient(&f, "dx onto", linear_reference, s, in, X, nx, dy, ny, dx0,
                    get_act(&f, dx, nx), f.loose);
    dx = put_act(&f, unset, nx);
    f.d->ops->linear_backward(f.d, dx, &w, NULL, dya, x, NULL, s->N); /* to nothing */
    expect_gradient(&f, "dx alone", linear_reference, s, in, X, nx, dy, ny,
                    fixture_zeros(&f, nx), get_act(&f, dx, nx), f.loose);
    fixture_release(&f);
}
END_TEST

/* More shapes than the cache of primitives keeps: old ones are made again, results stay. */
START_TEST(many_shapes)
{
    struct fixture f;
    enum { N = 700, C = 16 };
    double *in[4] = {0}, *want, *y0;
    struct param w;
    act *x, *y;

    fixture_init(&f, 7);
    in[X] = fixture_random(&f, N * C, 1);
    in[W] = fixture_random(&f, C * C, 1);
    x = put_act(&f, in[X], N * C);
    y0 = fixture_zeros(&f, N * C);
    y = put_act(&f, y0, N * C);
    w = put_param(&f, in[W], NULL, C, C);
    want = fixture_zeros(&f, N * C);
    linear_reference(&(struct shape){N, C, C}, in, want);
    for (int n = 1; n <= N; n++)
        f.d->ops->linear(f.d, y, x, &w, NULL, NULL, n);
    expect_close("y", get_act(&f, y, N * C), want, N * C, f.loose);
    f.d->ops->linear(f.d, y, x, &w, NULL, NULL, 1);
    expect_close("y again", get_act(&f, y, N * C), want, N * C, f.loose);
    fixture_release(&f);
}
END_TEST

/* With and without bias and residual, the same shape in turn. */
START_TEST(same_shape_in_turn)
{
    enum { N = 9, C = 16 };
    struct fixture f;
    double *in[4], *some[4] = {0}, *want;
    struct param w, b;
    act *x, *y, *r;

    fixture_init(&f, 8);
    in[X] = fixture_random(&f, N * C, 1);
    in[W] = fixture_random(&f, C * C, 1);
    in[BIAS] = fixture_random(&f, C, 1);
    in[R] = fixture_random(&f, N * C, 1);
    x = put_act(&f, in[X], N * C);
    w = put_param(&f, in[W], NULL, C, C);
    b = put_param(&f, in[BIAS], NULL, C, 1);
    r = put_act(&f, in[R], N * C);
    y = put_act(&f, fixture_zeros(&f, N * C), N * C);
    want = fixture_zeros(&f, N * C);
    for (int i = 0; i < 16; i++) {
        bool bias = i & 1, residual = i & 2;

        some[X] = in[X];
        some[W] = in[W];
        some[BIAS] = bias ? in[BIAS] : NULL;
        some[R] = residual ? in[R] : NULL;
        linear_reference(&(struct shape){N, C, C}, some, want);
        f.d->ops->linear(f.d, y, x, &w, bias ? &b : NULL, residual ? r : NULL, N);
        expect_close("y", get_act(&f, y, N * C), want, N * C, f.loose);
        if (i == 7)
            f.d->ops->pack(f.d, &w);
    }
    f.d->ops->unpack(f.d, &w);
    fixture_release(&f);
}
END_TEST

int main(void)
{
    Suite *s;
    TCase *tc;

    if (fixture_absent())
        return 0;
    s = suite_create("ops_linear");
    tc = tap_case(s, "linear");
    tcase_add_loop_test(tc, forward, 0, SHAPES * 4);
    tcase_add_loop_test(tc, backward, 0, SHAPES * 2);
    tcase_add_test(tc, many_shapes);
    tcase_add_test(tc, same_shape_in_turn);
    return tap_run(s);
}
