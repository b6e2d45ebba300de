/* The device itself: memory, errors, reductions, the optimiser, repeatability. */
#include "tests/ops_fixture.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- opening -------------------------------------------------------------- */

START_TEST(open_by_name)
{
    struct err e;
    struct device *d;

    err_init(&e);
    d = device_open("cpu", 3, PRECISION_F32, &e);
    ck_assert_msg(d != NULL, "%s", e.msg);
    ck_assert_msg(!strncmp(d->name, "cpu (", 5), "%s", d->name);
    ck_assert(strstr(d->name, "f32, 3 threads)") || /* without OpenMP there is one */
              strstr(d->name, "f32, 1 thread)"));
    ck_assert_int_eq(d->act, DT_F32);
    ck_assert_int_eq(device_check(d, &e), 0);
    device_close(d);
    d = device_open("cpu", 1, PRECISION_F32, &e);
    ck_assert_ptr_nonnull(strstr(d->name, "f32, 1 thread)"));
    device_close(d);
    device_close(NULL);
    d = device_open("cpu", 0, PRECISION_AUTO, &e); /* all cores */
    ck_assert_msg(d != NULL, "%s", e.msg);
    device_close(d);
    d = device_open("auto", 0, PRECISION_AUTO, &e);
    ck_assert_msg(d != NULL, "%s", e.msg);
    device_close(d);
}
END_TEST

START_TEST(open_refuses)
{
    static const struct {
        const char *which;
        int threads;
        const char *message;
    } bad[] = {
        {"gpu", 0, "unknown device 'gpu': use auto, cpu, cuda or cuda:N"},
        {"cuda:x", 0, "unknown device 'cuda:x': use auto, cpu, cuda or cuda:N"},
        {"cpu", -1, "-1 threads: at least 0 (all cores), at most 1024"},
        {"cpu", 1025, "1025 threads: at least 0 (all cores), at most 1024"},
    };
    struct err e;

    err_init(&e);
    ck_assert_ptr_null(device_open(bad[_i].which, bad[_i].threads, PRECISION_AUTO, &e));
    ck_assert_str_eq(e.msg, bad[_i].message);
}
END_TEST

/* Asked for bf16, the device multiplies bf16 or says that it cannot. */
START_TEST(open_bf16)
{
    struct err e;
    struct device *d;

    err_init(&e);
    d = device_open("cpu", 1, PRECISION_BF16, &e);
    if (d)
        ck_assert_ptr_nonnull(strstr(d->name, "bf16"));
    else
        ck_assert_msg(strstr(e.msg, "bf16") != NULL, "%s", e.msg);
    device_close(d);
}
END_TEST

/* --- memory --------------------------------------------------------------- */

START_TEST(memory)
{
    struct fixture f;
    unsigned char *p, *q, host[1000], back[1000];
    size_t before;

    fixture_init(&f, 1);
    before = f.d->bytes;
    p = f.d->ops->alloc(f.d, 1000);
    q = f.d->ops->alloc(f.d, 1000);
    ck_assert(p != NULL && q != NULL);
    ck_assert_uint_eq((uintptr_t)p % 64, 0);
    f.d->ops->download(f.d, back, p, 1000);
    memset(host, 0, 1000);
    ck_assert_mem_eq(back, host, 1000); /* zeroed */
    for (int i = 0; i < 1000; i++)
        host[i] = (unsigned char)(i * 7);
    f.d->ops->upload(f.d, p, host, 1000);
    f.d->ops->copy_rows(f.d, q, 10, p, 100, 7, 10);
    f.d->ops->download(f.d, back, q, 100);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(back[i], i % 10 < 7 ? host[i / 10 * 100 + i % 10] : 0);
    f.d->ops->copy(f.d, q, p, 1000);
    f.d->ops->zero(f.d, p, 500);
    f.d->ops->download(f.d, back, q, 1000);
    ck_assert_mem_eq(back, host, 1000);
    f.d->ops->download(f.d, back, p, 1000);
    ck_assert_mem_eq(back + 500, host + 500, 500);
    ck_assert_int_eq(back[499], 0);
    ck_assert_uint_ge(f.d->bytes, before + 2000);
    f.d->ops->free(f.d, p);
    f.d->ops->free(f.d, q);
    f.d->ops->free(f.d, NULL);
    ck_assert_uint_eq(f.d->bytes, before);
    ck_assert_uint_ge(device_bytes_peak(f.d), before + 2000);
    fixture_release(&f);
}
END_TEST

START_TEST(out_of_memory_sticks)
{
    struct fixture f;
    double x[4] = {1, 2, 3, 4}, other[4] = {5, 6, 7, 8};
    struct err e;
    float *p, *q, host[4];
    act *a;

    fixture_init(&f, 2);
    p = put_f32(&f, x, 4);
    q = put_f32(&f, other, 4);
    a = put_act(&f, x, 4);
    ck_assert_ptr_null(f.d->ops->alloc(f.d, SIZE_MAX - 100));
    ck_assert_msg(strstr(f.d->err.msg, "out of memory") != NULL, "%s", f.d->err.msg);
    f.d->ops->mix(f.d, p, 1.0f, q, 0.0f, 4); /* nothing is done any more */
    f.d->ops->zero(f.d, p, sizeof host);
    f.d->ops->silu(f.d, a, a, 4);
    ck_assert_ptr_null(f.d->ops->alloc(f.d, 16));
    ck_assert(f.d->ops->sum(f.d, p, 4) == 0);
    err_init(&e);
    ck_assert_int_eq(device_check(f.d, &e), -1);
    ck_assert_str_eq(e.msg, f.d->err.msg);
    err_init(&f.d->err); /* and after that, all is as it was */
    f.d->ops->download(f.d, host, p, sizeof host);
    for (int i = 0; i < 4; i++)
        ck_assert(host[i] == (float)x[i]);
    fixture_release(&f);
}
END_TEST

/* --- reductions and the optimiser ----------------------------------------- */

static const size_t lengths[] = {1, 3, 4095, 4097, 100003};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

START_TEST(sums)
{
    size_t n = lengths[_i];
    struct fixture f;
    double *x, sum = 0, squares = 0;
    float *p;

    fixture_init(&f, (uint64_t)_i + 10);
    x = fixture_random(&f, n, 3);
    p = put_f32(&f, x, n);
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
        squares += x[i] * x[i];
    }
    ck_assert(fabs(f.d->ops->sum(f.d, p, n) - sum) < 1e-6 * (1 + sqrt(squares)));
    ck_assert(fabs(f.d->ops->sum_squares(f.d, p, n) - squares) < 1e-6 * squares);
    ck_assert(f.d->ops->sum(f.d, p, 0) == 0);
    fixture_release(&f);
}
END_TEST

START_TEST(ten_steps_of_adamw)
{
    size_t n = lengths[_i];
    struct adamw o = {.lr = 1e-2f, .beta1 = 0.9f, .beta2 = 0.95f, .eps = 1e-8f, .decay = 0.1f,
                      .scale = 0.25f};
    struct fixture f;
    double *w, *m, *v, *start;
    float *wp, *mp, *vp;
    act *c;

    fixture_init(&f, (uint64_t)_i + 20);
    w = fixture_random(&f, n, 1);
    m = fixture_zeros(&f, n);
    v = fixture_zeros(&f, n);
    start = fixture_zeros(&f, n);
    wp = put_f32(&f, w, n);
    mp = put_f32(&f, m, n);
    vp = put_f32(&f, v, n);
    c = put_act(&f, start, n);
    memcpy(start, w, n * sizeof *w);
    for (o.step = 1; o.step <= 10; o.step++) {
        double *g = fixture_random(&f, n, o.step == 5 ? 1e-3 : 2);
        float *gp = put_f32(&f, g, n);
        act *copy = o.step % 2 || f.d->act != DT_F32 ? c : (act *)wp;

        f.d->ops->adamw(f.d, wp, mp, vp, gp, o.step == 9 ? NULL : copy, n, &o);
        for (size_t i = 0; i < n; i++) {
            double gi = g[i] * o.scale;

            m[i] = o.beta1 * m[i] + (1.0 - o.beta1) * gi;
            v[i] = o.beta2 * v[i] + (1.0 - o.beta2) * gi * gi;
            w[i] -= o.lr * ((m[i] / (1 - pow(o.beta1, o.step))) /
                                (sqrt(v[i] / (1 - pow(o.beta2, o.step))) + o.eps) +
                            o.decay * w[i]);
        }
        if (o.step == 1 || o.step == 10) {
            expect_close("w", get_f32(&f, wp, n), w, n, 2e-6);
            expect_close("m", get_f32(&f, mp, n), m, n, 2e-6);
            expect_close("v", get_f32(&f, vp, n), v, n, 2e-6);
        }
        if (o.step == 1)
            expect_close("c", get_act(&f, c, n), w, n, f.d->act == DT_F32 ? 2e-6 : 4e-3);
    }
    fixture_release(&f);
}
END_TEST

START_TEST(mix)
{
    size_t n = lengths[_i];
    struct fixture f;
    double *x, *y, *want;
    float *yp;

    fixture_init(&f, (uint64_t)_i + 30);
    y = fixture_random(&f, n, 1);
    x = fixture_random(&f, n, 1);
    yp = put_f32(&f, y, n);
    f.d->ops->mix(f.d, yp, -0.125f, put_f32(&f, x, n), 0.875f, n);
    want = fixture_zeros(&f, n);
    for (size_t i = 0; i < n; i++)
        want[i] = 0.875 * y[i] - 0.125 * x[i];
    expect_close("y", get_f32(&f, yp, n), want, n, 1e-6);
    fixture_release(&f);
}
END_TEST

static const int sides[][2] = {{8, 8}, {5, 24}, {33, 7}, {1, 9}, {9, 1}, {1, 1}};

enum { SIDES = sizeof sides / sizeof *sides };

/* y = a x + b p x + c p p x with p = x x^T, in double */
static void iterate(double *y, const double *x, int rows, int cols, double *p)
{
    double *px = p + rows * rows;

    for (int i = 0; i < rows * rows; i++) {
        p[i] = 0;
        for (int k = 0; k < cols; k++)
            p[i] += x[i / rows * cols + k] * x[i % rows * cols + k];
    }
    for (int i = 0; i < rows * cols; i++) {
        px[i] = 0;
        for (int k = 0; k < rows; k++)
            px[i] += p[i / cols * rows + k] * x[k * cols + i % cols];
    }
    for (int i = 0; i < rows * cols; i++) {
        double ppx = 0;

        for (int k = 0; k < rows; k++)
            ppx += p[i / cols * rows + k] * px[k * cols + i % cols];
        y[i] = 3.4445 * x[i] - 4.7750 * px[i] + 2.0315 * ppx;
    }
}

static float *orthogonalise(struct fixture *f, double *x, int rows, int cols)
{
    double *work = fixture_zeros(f, orthogonalise_work(rows, cols));
    float *at = put_f32(f, x, (size_t)(rows * cols));

    f->d->ops->orthogonalise(f->d, at, put_act(f, work, orthogonalise_work(rows, cols)), rows,
                             cols);
    return at;
}

START_TEST(orthogonalise_is_the_iteration)
{
    int rows = sides[_i][0], cols = sides[_i][1];
    size_t n = (size_t)(rows * cols);
    double *x, *y, *room, norm = 0;
    struct fixture f;
    float *at;

    fixture_init(&f, (uint64_t)_i + 60);
    x = fixture_random(&f, n, 100); /* its size does not matter */
    y = fixture_zeros(&f, n);
    room = fixture_zeros(&f, (size_t)(rows * (rows + cols)));
    at = orthogonalise(&f, x, rows, cols);
    for (size_t i = 0; i < n; i++)
        norm += x[i] * x[i];
    for (size_t i = 0; i < n; i++)
        x[i] /= sqrt(norm);
    for (int step = 0; step < 5; step++) {
        iterate(y, x, rows, cols, room);
        memcpy(x, y, n * sizeof *x);
    }
    expect_close("x", get_f32(&f, at, n), x, n, f.d->act == DT_F32 ? 1e-4 : 0.1);
    fixture_release(&f);
}
END_TEST

/* On a diagonal the singular values can be seen. */
START_TEST(singular_values_become_about_one)
{
    static const double values[] = {5, 3, -1, 0.3, 0.06, 0};
    enum { ROWS = 6, COLS = 11 };
    double *x, *y;
    struct fixture f;

    fixture_init(&f, 70);
    x = fixture_zeros(&f, ROWS * COLS);
    for (int i = 0; i < ROWS; i++)
        x[i * COLS + i + 2] = values[i];
    y = get_f32(&f, orthogonalise(&f, x, ROWS, COLS), ROWS * COLS);
    for (int i = 0; i < ROWS * COLS; i++) {
        double v = i % COLS == i / COLS + 2 ? values[i / COLS] : 0;

        if (v == 0)
            ck_assert_double_eq(y[i], 0);
        else
            ck_assert(y[i] * v > 0 && fabs(y[i]) > 0.6 && fabs(y[i]) < 1.2);
    }
    x = fixture_zeros(&f, 4);
    y = get_f32(&f, orthogonalise(&f, x, 2, 2), 4);
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq(y[i], 0);
    fixture_release(&f);
}
END_TEST

START_TEST(schedule)
{
    static const struct {
        int step, warmup, total;
        double want; /* with lr 1, final_lr 0.1 */
    } at[] = {
        {0, 10, 110, 0.1},    {9, 10, 110, 1},    {10, 10, 110, 1},     {60, 10, 110, 0.55},
        {110, 10, 110, 0.1},  {5000, 10, 110, 0.1}, {0, 0, 100, 1},     {50, 0, 100, 0.55},
        {0, 1, 1, 1},         {1, 1, 1, 0.1},     {0, 0, 0, 0.1},       {3, 8, 4, 0.5},
        {7, 8, 4, 1},         {8, 8, 4, 0.1},
    };

    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        double got = ops_schedule(at[i].step, at[i].warmup, at[i].total, 1, 0.1f);

        ck_assert_msg(fabs(got - at[i].want) < 1e-6, "step %d of %d, warm-up %d: %g, not %g",
                      at[i].step, at[i].total, at[i].warmup, got, at[i].want);
    }
}
END_TEST

/* --- repeatability -------------------------------------------------------- */

enum { ROWS = 100, COLS = 160, HEADS = 5 };

/* A little of everything that sums; out (10 sums of squares). */
static void run_some(struct fixture *f, double *out)
{
    struct device *d = f->d;
    size_t n = ROWS * COLS;
    double *g0 = fixture_zeros(f, COLS * COLS), *zero = fixture_zeros(f, 3 * n);
    act *x, *y, *dx, *qkv, *dqkv;
    struct param w, b, gain, k;
    float *stat;
    int span[ROWS];
    struct attn a = {.B = 1, .NH = HEADS, .HS = COLS / HEADS, .Tq = ROWS, .Tk = ROWS};

    rng_init(&f->rng, 5);
    a.q_row = a.k_row = a.v_row = a.o_row = COLS;
    for (int i = 0; i < ROWS; i++)
        span[i] = i + 1;
    a.span = put_int(f, span, ROWS);
    x = put_act(f, fixture_random(f, n, 1), n);
    y = put_act(f, zero, n);
    dx = put_act(f, zero, n);
    qkv = put_act(f, fixture_random(f, 3 * n, 1), 3 * n);
    dqkv = put_act(f, zero, 3 * n);
    w = put_param(f, fixture_random(f, COLS * COLS, 1), g0, COLS, COLS);
    b = put_param(f, fixture_random(f, COLS, 1), g0, COLS, 1);
    gain = put_param(f, fixture_random(f, COLS, 1), g0, COLS, 1);
    k = put_param(f, fixture_random(f, COLS * 9, 1), g0, COLS, 9);
    stat = put_f32(f, zero, ROWS * HEADS);
    d->ops->linear(d, y, x, &w, &b, x, ROWS);
    d->ops->linear_backward(d, dx, &w, &b, y, x, dx, ROWS);
    d->ops->rmsnorm(d, y, stat, x, &gain, ROWS, COLS);
    d->ops->rmsnorm_backward(d, dx, &gain, y, x, stat, ROWS, COLS);
    d->ops->conv3(d, y, x, &k, x, 1, 10, 10, COLS, n);
    d->ops->conv3_backward(d, dx, &k, y, x, 1, 10, 10, COLS, n);
    d->ops->attention(d, y, stat, qkv, act_at(d, qkv, n), act_at(d, qkv, 2 * n), &a);
    d->ops->attention_backward(d, dqkv, act_at(d, dqkv, n), act_at(d, dqkv, 2 * n), x, y, stat, qkv,
                               act_at(d, qkv, n), act_at(d, qkv, 2 * n), &a);
    out[0] = d->ops->sum_squares(d, w.g, COLS * COLS);
    out[1] = d->ops->sum_squares(d, b.g, COLS);
    out[2] = d->ops->sum_squares(d, gain.g, COLS);
    out[3] = d->ops->sum_squares(d, k.g, COLS * 9);
    x = (act *)put_f32(f, get_act(f, dx, n), n);
    out[4] = d->ops->sum(d, (float *)x, n);
    x = (act *)put_f32(f, get_act(f, y, n), n);
    out[5] = d->ops->sum(d, (float *)x, n);
    x = (act *)put_f32(f, get_act(f, dqkv, 3 * n), 3 * n);
    out[6] = d->ops->sum(d, (float *)x, 3 * n);
}

/* The same bits twice, and again after other shapes have run between. */
START_TEST(same_bits)
{
    struct fixture f;
    double first[7], again[7];
    size_t peak;

    fixture_init(&f, 40);
    run_some(&f, first);
    for (int i = 0; i < 7; i++)
        ck_assert(isfinite(first[i]) && first[i] != 0);
    run_some(&f, again);
    ck_assert_mem_eq(first, again, sizeof first);
    peak = f.d->bytes_peak;
    {
        double *x = fixture_random(&f, 3000 * 64, 1);
        act *xa = put_act(&f, x, 3000 * 64), *ya = put_act(&f, x, 3000 * 64);
        struct param w = put_param(&f, fixture_random(&f, 64 * 64, 1), NULL, 64, 64);

        f.d->ops->linear(f.d, ya, xa, &w, NULL, NULL, 3000);
        f.d->ops->linear(f.d, ya, xa, &w, NULL, NULL, 33);
        ck_assert(f.d->ops->sum(f.d, w.w, 64 * 64) != 0);
    }
    ck_assert_uint_gt(f.d->bytes_peak, peak);
    run_some(&f, again);
    ck_assert_mem_eq(first, again, sizeof first);
    fixture_release(&f);
}
END_TEST

/* 1, 2 and 4 threads agree to rounding. */
START_TEST(threads_agree)
{
    static const char *const threads[] = {"1", "2", "4"};
    double got[3][7];

    if (getenv("OPS_DEVICE"))
        return; /* threads are the CPU's */
    for (int i = 0; i < 3; i++) {
        struct fixture f;

        setenv("OPS_THREADS", threads[i], 1);
        fixture_init(&f, 41);
        run_some(&f, got[i]);
        fixture_release(&f);
        for (int k = 0; k < 7; k++)
            ck_assert_msg(fabs(got[i][k] - got[0][k]) <= 1e-5 * fabs(got[0][k]) + 1e-3,
                          "sum %d with %s threads: %g, not %g", k, threads[i], got[i][k],
                          got[0][k]);
    }
}
END_TEST

int main(void)
{
    Suite *s;
    TCase *tc;

    if (fixture_absent())
        return 0;
    s = suite_create("ops_device");
    tc = tap_case(s, "device");
    tcase_add_test(tc, open_by_name);
    tcase_add_loop_test(tc, open_refuses, 0, 4);
    tcase_add_test(tc, open_bf16);
    tcase_add_test(tc, memory);
    tcase_add_test(tc, out_of_memory_sticks);
    tcase_add_loop_test(tc, sums, 0, LENGTHS);
    tcase_add_loop_test(tc, ten_steps_of_adamw, 0, LENGTHS);
    tcase_add_loop_test(tc, mix, 0, LENGTHS);
    tcase_add_loop_test(tc, orthogonalise_is_the_iteration, 0, SIDES);
    tcase_add_test(tc, singular_values_become_about_one);
    tcase_add_test(tc, schedule);
    tcase_add_test(tc, same_bits);
    tcase_add_test(tc, threads_agree);
    return tap_run(s);
}
