/* Losses, choices and FSQ against double precision. */
#include "tests/ops_fixture.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- cross-entropy -------------------------------------------------------- */

struct rows {
    int N, M, V;
    const int *target;    /* (N, M) */
    const double *weight; /* (N, M) or NULL */
};

/* in: logits (N, V); y: loss (N) */
static void cross_entropy_reference(const void *shape, double *const *in, double *y)
{
    const struct rows *s = shape;

    for (int n = 0; n < s->N; n++) {
        const double *x = in[0] + n * s->V;
        double max = x[0], sum = 0;

        for (int i = 0; i < s->V; i++)
            max = fmax(max, x[i]);
        for (int i = 0; i < s->V; i++)
            sum += exp(x[i] - max);
        y[n] = 0;
        for (int i = n * s->M; i < (n + 1) * s->M; i++)
            if (s->target[i] >= 0)
                y[n] += (s->weight ? s->weight[i] : 1) * (log(sum) + max - x[s->target[i]]);
    }
}

static const int row_sizes[][2] = {{1, 1}, {1, 1000}, {7, 3}, {130, 17}, {33, 1000}, {5, 8192}};
enum { ROW_SIZES = sizeof row_sizes / sizeof *row_sizes };

/* One target a row, or as many as there may be: some missing, some alike. */
START_TEST(cross_entropy)
{
    int N = row_sizes[_i / 4][0], V = row_sizes[_i / 4][1], M = _i & 2 ? CROSS_ENTROPY_TARGETS : 1;
    int target[130 * CROSS_ENTROPY_TARGETS], targets = N * M;
    size_t n = (size_t)N * V;
    struct rows s = {N, M, V, target, NULL};
    struct fixture f;
    double *x, *weight, *dy, *want, *zero;
    float *loss, *w = NULL;
    act *xa;
    int *t;
    const double scale = 0.37;

    fixture_init(&f, (uint64_t)_i + 1);
    x = fixture_random(&f, n, 5);
    weight = fixture_random(&f, (size_t)targets, 2);
    for (int i = 0; i < targets; i++)
        target[i] = i / M % 5 == 3 || i % 7 == 5 ? -1 : (int)rng_below(&f.rng, (uint32_t)V);
    xa = put_act(&f, x, n);
    t = put_int(&f, target, (size_t)targets);
    zero = fixture_zeros(&f, n);
    loss = put_f32(&f, zero, (size_t)N);
    if (_i % 2) {
        w = put_f32(&f, weight, (size_t)targets);
        s.weight = weight;
    }
    want = fixture_zeros(&f, (size_t)N);
    cross_entropy_reference(&s, &x, want);
    f.d->ops->cross_entropy(f.d, loss, xa, t, w, N, M, V, scale, false);
    expect_close("loss", get_f32(&f, loss, (size_t)N), want, (size_t)N, f.tol);
    expect_close("logits untouched", get_act(&f, xa, n), x, n, 0);
    dy = fixture_zeros(&f, (size_t)N);
    for (int i = 0; i < N; i++)
        dy[i] = scale;
    f.d->ops->cross_entropy(f.d, loss, xa, t, w, N, M, V, scale, true);
    expect_close("loss with gradient", get_f32(&f, loss, (size_t)N), want, (size_t)N, f.tol);
    expect_gradient(&f, "dlogits", cross_entropy_reference, &s, &x, 0, n, dy, (size_t)N, zero,
                    get_act(&f, xa, n), f.tol);
    fixture_release(&f);
}
END_TEST

START_TEST(extreme_logits)
{
    struct fixture f;
    double x[8] = {1e4, -1e4, 0, 1e4, -1e4, -1e4, -1e4, -1e4}, zero[2] = {0};
    double want[2] = {2e4 + log(2), log(4)}, *dx;
    double grad[8] = {0.5, -1, 0, 0.5, -0.75, 0.25, 0.25, 0.25};
    int target[2] = {1, 0};
    act *xa;
    float *loss;

    fixture_init(&f, 50);
    xa = put_act(&f, x, 8);
    want[0] = x[0] - x[1] + log(2);
    loss = put_f32(&f, zero, 2);
    f.d->ops->cross_entropy(f.d, loss, xa, put_int(&f, target, 2), NULL, 2, 1, 4, 1, true);
    expect_close("loss", get_f32(&f, loss, 2), want, 1, 1e-6);
    expect_close("loss of equals", get_f32(&f, loss, 2) + 1, want + 1, 1, 1e-6);
    dx = get_act(&f, xa, 8);
    expect_close("dlogits", dx, grad, 8, 1e-6);
    fixture_release(&f);
}
END_TEST

/* --- argmax, softmax ------------------------------------------------------ */

START_TEST(argmax)
{
    enum { N = 6, V = 40 };
    struct fixture f;
    double *x;
    static const int want[N] = {0, 39, 3, 0, 17, 20};
    int *id, *got;

    fixture_init(&f, 60);
    x = fixture_random(&f, N * V, 1);
    x[0] = 2;
    x[V + 39] = 2;
    x[2 * V + 3] = x[2 * V + 4] = x[2 * V + 36] = 2; /* the first among equals */
    for (int i = 0; i < V; i++)
        x[3 * V + i] = -7; /* all equal */
    x[4 * V + 17] = x[4 * V + 18] = 2;
    for (int i = 0; i < V; i++)
        x[5 * V + i] = -100 - abs(i - 20);
    id = put_int(&f, want, N);
    f.d->ops->argmax(f.d, id, put_act(&f, x, N * V), N, V);
    got = get_int(&f, id, N);
    for (int n = 0; n < N; n++)
        ck_assert_int_eq(got[n], want[n]);
    fixture_release(&f);
}
END_TEST

START_TEST(softmax)
{
    int N = row_sizes[_i][0], V = row_sizes[_i][1];
    size_t n = (size_t)N * V;
    struct fixture f;
    double *x, *want;
    float *p;
    act *xa;

    fixture_init(&f, (uint64_t)_i + 70);
    x = fixture_random(&f, n, 30);
    xa = put_act(&f, x, n);
    p = put_f32(&f, fixture_zeros(&f, n), n);
    want = fixture_zeros(&f, n);
    for (double temperature = 0.25; temperature < 9; temperature *= 2) {
        for (int r = 0; r < N; r++) {
            double sum = 0, max = -1e9;

            for (int i = 0; i < V; i++)
                max = fmax(max, x[r * V + i]);
            for (int i = 0; i < V; i++)
                sum += exp((x[r * V + i] - max) / temperature);
            for (int i = 0; i < V; i++)
                want[r * V + i] = exp((x[r * V + i] - max) / temperature) / sum;
        }
        f.d->ops->softmax(f.d, p, xa, N, V, (float)temperature);
        expect_close("p", get_f32(&f, p, n), want, n, 1e-5);
    }
    fixture_release(&f);
}
END_TEST

/* --- pixel loss ----------------------------------------------------------- */

struct pixels {
    int N, C;
    enum pixel_loss kind;
    const double *weight;
};

/* in: x, y (N, C); y: loss (N) */
static void pixel_reference(const void *shape, double *const *in, double *y)
{
    const struct pixels *s = shape;

    for (int n = 0; n < s->N; n++) {
        double sum = 0, eps = 1.0 / 255;

        for (int c = 0; c < s->C; c++) {
            double d = in[0][n * s->C + c] - in[1][n * s->C + c];

            sum += s->kind == PIXEL_L2 ? d * d : sqrt(d * d + eps * eps) - eps;
        }
        y[n] = (s->weight ? s->weight[n] : 1) * sum / s->C;
    }
}

START_TEST(pixel_loss)
{
    static const int size[][2] = {{1, 1}, {5, 7}, {9, 768}, {200, 48}};
    struct pixels s = {size[_i / 4][0], size[_i / 4][1], _i & 1 ? PIXEL_CHARBONNIER : PIXEL_L2,
                       NULL};
    size_t n = (size_t)s.N * s.C, N = (size_t)s.N;
    struct fixture f;
    double *in[2], *weight, *dx0, *dy, *want;
    float *loss, *w = NULL;
    act *x, *y, *dx;
    const double scale = 1.7;

    fixture_init(&f, (uint64_t)_i + 80);
    in[0] = fixture_random(&f, n, 1);
    in[1] = fixture_random(&f, n, 1);
    weight = fixture_random(&f, N, 2);
    dx0 = fixture_random(&f, n, 1e-2);
    x = put_act(&f, in[0], n);
    y = put_act(&f, in[1], n);
    dx = put_act(&f, dx0, n);
    loss = put_f32(&f, fixture_zeros(&f, N), N);
    if (_i & 2) {
        w = put_f32(&f, weight, N);
        s.weight = weight;
    }
    want = fixture_zeros(&f, N);
    pixel_reference(&s, in, want);
    f.d->ops->pixel_loss(f.d, loss, NULL, x, y, w, s.N, s.C, s.kind, scale);
    expect_close("loss", get_f32(&f, loss, N), want, N, f.tol);
    f.d->ops->pixel_loss(f.d, loss, dx, x, y, w, s.N, s.C, s.kind, scale);
    dy = fixture_zeros(&f, N);
    for (size_t i = 0; i < N; i++)
        dy[i] = scale;
    /* central differences are coarse where |x - y| is near Charbonnier's eps */
    expect_gradient(&f, "dx", pixel_reference, &s, in, 0, n, dy, N, dx0, get_act(&f, dx, n),
                    fmax(f.tol, s.kind == PIXEL_L2 ? 0 : 1e-4));
    fixture_release(&f);
}
END_TEST

/* --- FSQ ------------------------------------------------------------------ */

static const struct fsq_case {
    int D, levels[8];
} fsq_cases[] = {
    {4, {8, 5, 5, 5}}, {6, {8, 8, 8, 5, 5, 5}}, {1, {2}}, {2, {64, 63}},
    {8, {2, 3, 4, 5, 2, 3, 2, 3}},
};
enum { FSQ_CASES = sizeof fsq_cases / sizeof *fsq_cases };

struct fsq_level {
    double half, offset, shift;
    int step;
};

static struct fsq_level fsq_level(int L)
{
    struct fsq_level l = {(L - 1) * (1 + 1e-3) / 2, L % 2 ? 0 : 0.5, 0, L / 2};

    l.shift = atanh(l.offset / l.half);
    return l;
}

START_TEST(fsq)
{
    enum { N = 777 };
    const struct fsq_case *s = &fsq_cases[_i];
    size_t n = (size_t)N * s->D;
    struct fixture f;
    double *x, *dy, *dx0, *y, *soft, *decoded, *want_soft, *want_dx;
    act *xa, *ya, *dx;
    int *index;
    static const int none[N];

    fixture_init(&f, (uint64_t)_i + 100);
    x = fixture_random(&f, n, 4);
    dy = fixture_random(&f, n, 1);
    dx0 = fixture_random(&f, n, 1);
    x[0] = 50; /* at the ends of tanh */
    x[s->D] = -50;
    xa = put_act(&f, x, n);
    ya = put_act(&f, fixture_zeros(&f, n), n);
    dx = put_act(&f, dx0, n);
    index = put_int(&f, none, N);
    f.d->ops->fsq(f.d, ya, index, xa, s->levels, s->D, N, true);
    y = get_act(&f, ya, n);
    index = get_int(&f, index, N);
    f.d->ops->fsq(f.d, ya, NULL, xa, s->levels, s->D, N, false);
    soft = get_act(&f, ya, n);
    want_soft = fixture_zeros(&f, n);
    want_dx = fixture_zeros(&f, n);
    for (int k = 0; k < N; k++)
        for (int i = 0, rest = index[k]; i < s->D; i++, rest /= s->levels[i - 1]) {
            struct fsq_level l = fsq_level(s->levels[i]);
            double t = tanh(x[k * s->D + i] + l.shift), bounded = t * l.half - l.offset;
            double whole = y[k * s->D + i] * l.step;

            ck_assert_msg(fabs(whole - nearbyint(whole)) < (f.d->act == DT_F32 ? 1e-2 : 0.1),
                          "whole: %g", whole);
            ck_assert_msg(fabs(bounded - whole) < 0.5 + f.tol * 64, "%g to %g", bounded, whole);
            ck_assert_int_eq(rest % s->levels[i], (int)nearbyint(whole) + l.step);
            want_soft[k * s->D + i] = bounded / l.step;
            want_dx[k * s->D + i] = dx0[k * s->D + i] +
                                    dy[k * s->D + i] * (1 - t * t) * l.half / l.step;
        }
    expect_close("without rounding", soft, want_soft, n, f.tol);
    f.d->ops->fsq_backward(f.d, dx, put_act(&f, dy, n), xa, s->levels, s->D, N);
    expect_close("dx", get_act(&f, dx, n), want_dx, n, f.tol);
    f.d->ops->fsq_decode(f.d, ya, put_int(&f, index, N), s->levels, s->D, N);
    decoded = get_act(&f, ya, n);
    expect_close("decoded", decoded, y, n, f.d->act == DT_F32 ? 0 : 4e-3);
    fixture_release(&f);
}
END_TEST

/* Every code decodes to a point of its own, and that point quantises to the code. */
START_TEST(fsq_codes_are_one_to_one)
{
    const struct fsq_case *s = &fsq_cases[_i];
    struct fixture f;
    double *y, *x;
    act *ya;
    int codes = 1, *id, *host, *got;

    for (int i = 0; i < s->D; i++)
        codes *= s->levels[i];
    fixture_init(&f, (uint64_t)_i + 120);
    host = malloc((size_t)codes * sizeof *host);
    ck_assert_ptr_nonnull(host);
    for (int k = 0; k < codes; k++)
        host[k] = k;
    id = put_int(&f, host, (size_t)codes);
    y = fixture_zeros(&f, (size_t)codes * s->D);
    ya = put_act(&f, y, (size_t)codes * s->D);
    f.d->ops->fsq_decode(f.d, ya, id, s->levels, s->D, codes);
    y = get_act(&f, ya, (size_t)codes * s->D);
    x = fixture_zeros(&f, (size_t)codes * s->D);
    for (int k = 0; k < codes * s->D; k++) { /* the x that bounds to the middle of y's level */
        struct fsq_level l = fsq_level(s->levels[k % s->D]);
        double to = (nearbyint(y[k] * l.step) + l.offset) / l.half;

        ck_assert(fabs(y[k]) <= 1);
        x[k] = atanh(fmax(-0.999999, fmin(0.999999, to))) - l.shift;
    }
    f.d->ops->fsq(f.d, ya, id, put_act(&f, x, (size_t)codes * s->D), s->levels, s->D, codes, true);
    got = get_int(&f, id, (size_t)codes);
    for (int k = 0; k < codes; k++)
        ck_assert_int_eq(got[k], k);
    free(host);
    fixture_release(&f);
}
END_TEST

/* Weights that overflow make NaNs; who looks something up by the code must not fall off its table. */
START_TEST(fsq_of_a_nan_is_a_code)
{
    const struct fsq_case *s = &fsq_cases[_i];
    struct fixture f;
    double *x;
    int codes = 1, none = -1, *id;

    for (int i = 0; i < s->D; i++)
        codes *= s->levels[i];
    fixture_init(&f, (uint64_t)_i + 140);
    x = fixture_random(&f, (size_t)s->D, 4);
    x[0] = NAN;
    id = put_int(&f, &none, 1);
    f.d->ops->fsq(f.d, put_act(&f, x, (size_t)s->D), id, put_act(&f, x, (size_t)s->D), s->levels,
                  s->D, 1, true);
    id = get_int(&f, id, 1);
    ck_assert_msg(*id >= 0 && *id < codes, "%d of %d", *id, codes);
    fixture_release(&f);
}
END_TEST

/* Against the formula, and its derivative by differences. */
START_TEST(waves)
{
    enum { N = 37, K = 9 };
    const double PI = 3.14159265358979, EPS = 1e-5;
    struct fixture f;
    double *x, *dy, *dx0, *want, *want_dx;
    act *y, *dx, *xa, *dya;

    fixture_init(&f, 140);
    x = fixture_random(&f, N, 1);
    dy = fixture_random(&f, N * K, 1);
    dx0 = fixture_random(&f, N, 1);
    xa = put_act(&f, x, N);
    dya = put_act(&f, dy, N * K);
    dx = put_act(&f, dx0, N);
    want = fixture_zeros(&f, N * K);
    want_dx = fixture_zeros(&f, N);
    for (int n = 0; n < N; n++) {
        want_dx[n] = dx0[n];
        for (int k = 0; k < K; k++) {
            double w = PI * (k + 1) / 2;

            want[n * K + k] = cos(w * (x[n] + 1));
            want_dx[n] += dy[n * K + k] *
                          (cos(w * (x[n] + 1 + EPS)) - cos(w * (x[n] + 1 - EPS))) / (2 * EPS);
        }
    }
    y = put_act(&f, fixture_zeros(&f, N * K), N * K);
    f.d->ops->waves(f.d, y, xa, N, K);
    f.d->ops->waves_backward(f.d, dx, dya, xa, N, K);
    expect_close("waves", get_act(&f, y, N * K), want, N * K, f.tol);
    expect_close("dx", get_act(&f, dx, N), want_dx, N, f.tol * 64);
    fixture_release(&f);
}
END_TEST

int main(void)
{
    Suite *s;
    TCase *tc;

    if (fixture_absent())
        return 0;
    s = suite_create("ops_loss");
    tc = tap_case(s, "loss");
    tcase_add_loop_test(tc, cross_entropy, 0, ROW_SIZES * 4);
    tcase_add_test(tc, extreme_logits);
    tcase_add_test(tc, argmax);
    tcase_add_loop_test(tc, softmax, 0, ROW_SIZES);
    tcase_add_loop_test(tc, pixel_loss, 0, 16);
    tcase_add_test(tc, waves);
    tcase_add_loop_test(tc, fsq, 0, FSQ_CASES);
    tcase_add_loop_test(tc, fsq_codes_are_one_to_one, 0, FSQ_CASES);
    tcase_add_loop_test(tc, fsq_of_a_nan_is_a_code, 0, FSQ_CASES);
    return tap_run(s);
}
