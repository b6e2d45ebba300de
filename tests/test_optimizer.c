/* The steps of params: AdamW, Muon, averages, and the copies that follow. */
#include <math.h>
#include <string.h>

#include "model/params.h"
#include "tests/fake_device.h"
#include "tests/tap.h"

static struct fake fake;
static struct err e;

static const struct adamw adamw = { .lr = 0.01f, .beta1 = 0.9f, .beta2 = 0.95f, .eps = 1e-8f,
                                    .decay = 0.1f, .scale = 1 };

static void set_gradients(struct tiny *t, float scale)
{
    params_zero_grad(&t->ps);
    for (int i = 0; i < t->ps.n; i++)
        for (int k = 0; k < t->ps.list[i].p->out * t->ps.list[i].p->in; k++)
            t->ps.list[i].p->g[k] = scale * (float)(k % 3 - 1 + 0.25 * i);
}

/* One step of one number in double; mean and variance in mv. */
static double reference(double w, double g, double *mv, int step, double decay)
{
    mv[0] = 0.9 * mv[0] + 0.1 * g;
    mv[1] = 0.95 * mv[1] + 0.05 * g * g;
    return w - 0.01 * decay * w -
           0.01 * (mv[0] / (1 - pow(0.9, step))) / (sqrt(mv[1] / (1 - pow(0.95, step))) + 1e-8);
}

/* Ten steps against the reference, on d. */
static void check_steps(struct device *d)
{
    struct tiny t;
    double w[3][15], mv[3][15][2] = { { { 0 } } };

    tiny_init(&t, d, PARAMS_TRAIN, 3);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < t.ps.list[i].p->out * t.ps.list[i].p->in; k++)
            w[i][k] = (double)t.ps.list[i].p->w[k];
    for (int step = 1; step <= 10; step++) {
        set_gradients(&t, 0.1f * (float)step);
        params_step(&t.ps, &adamw, 0);
        ck_assert_int_eq(t.ps.step, step);
        for (int i = 0; i < 3; i++) {
            const struct param *p = t.ps.list[i].p;

            for (int k = 0; k < p->out * p->in; k++) {
                w[i][k] = reference(w[i][k], (double)p->g[k], mv[i][k], step,
                                    p->in > 1 ? 0.1 : 0);
                ck_assert_msg(fabs(w[i][k] - (double)p->w[k]) < 1e-5, "step %d %s[%d]: %g, not %g",
                              step, p->name, k, (double)p->w[k], w[i][k]);
            }
        }
    }
    params_free(&t.ps);
}

START_TEST(a_step_is_adamw_and_decays_matrices_only)
{
    struct device *cpu = device_open_cpu(2, PRECISION_F32, &e);

    check_steps(fake_begin(&fake, DT_F32, &e));
    ck_assert_ptr_nonnull(cpu);
    check_steps(cpu);
    device_close(cpu);
}
END_TEST

/* With Muon hidden matrices take its steps, each of its parts for itself; the others AdamW's. */
START_TEST(hidden_matrices_take_a_step_of_muon)
{
    enum { ROWS = 3, COLS = 4, N = ROWS * COLS };
    struct device *cpu = device_open_cpu(2, PRECISION_F32, &e);
    struct param first, hidden, last, plain;
    float w[2 * N], m[2 * N] = { 0 }, work[64 * N];
    struct params ps, other;

    params_init(&ps);
    params_add(&ps, &first, 5, COLS, init_normal(1), "first");
    params_add(&ps, &hidden, 2 * ROWS, COLS, init_normal(1), "hidden");
    params_hidden(&ps, 2);
    params_add(&ps, &last, 5, COLS, init_normal(1), "last");
    ck_assert_int_eq(params_alloc(&ps, cpu, PARAMS_TRAIN | PARAMS_MUON, &e), 0);
    params_init(&other);
    params_add(&other, &plain, 5, COLS, init_normal(1), "last");
    ck_assert_int_eq(params_alloc(&other, cpu, PARAMS_TRAIN, &e), 0);
    ck_assert(!params_seed(&ps, 1, &e) && !params_seed(&other, 1, &e));
    memcpy(w, hidden.w, sizeof w);
    for (int step = 1; step <= 3; step++) {
        float u[2 * N];

        params_zero_grad(&ps);
        params_zero_grad(&other);
        for (int i = 0; i < 2 * N; i++) {
            float g = (float)(step * i % 7 - 3);

            hidden.g[i] = g;
            m[i] = 0.95f * m[i] + 0.05f * g;
            u[i] = 0.95f * m[i] + 0.05f * g;
        }
        for (int i = 0; i < 5 * COLS; i++)
            last.g[i] = plain.g[i] = (float)(i % 3);
        params_step(&ps, &adamw, 0);
        params_step(&other, &adamw, 0);
        for (int k = 0; k < 2; k++)
            cpu->ops->orthogonalise(cpu, u + k * N, (act *)work, ROWS, COLS);
        for (int i = 0; i < 2 * N; i++) { /* 0.4 sqrt(4) = 0.8; rate 0.01, decay 0.1 */
            w[i] = 0.999f * w[i] - 0.008f * u[i];
            ck_assert_double_eq_tol((double)hidden.w[i], (double)w[i], 1e-6);
        }
        ck_assert_mem_eq(last.w, plain.w, 5 * COLS * sizeof *last.w);
    }
    ck_assert_double_eq_tol((double)ps.m[0], (double)m[0], 1e-6); /* they stand first */
    params_free(&ps);
    params_free(&other);
    device_close(cpu);
}
END_TEST

START_TEST(gradients_are_clipped_to_the_norm)
{
    struct device *d = fake_begin(&fake, DT_F32, &e);
    struct tiny t, half;
    double norm, small;

    tiny_init(&t, d, PARAMS_TRAIN, 3);
    tiny_init(&half, d, PARAMS_TRAIN, 3);
    set_gradients(&t, 4);
    set_gradients(&half, 4);
    norm = params_step(&t.ps, &adamw, 1.0f);
    ck_assert_double_gt(norm, 1);
    small = 0;
    for (size_t i = 0; i < t.ps.len; i++) { /* m = 0.1 g after one step */
        double g = (double)t.ps.m[i] / 0.1;

        small += g * g;
    }
    ck_assert_double_le(fabs(sqrt(small) - 1), 1e-5);
    ck_assert_double_le(fabs(params_step(&half.ps, &adamw, (float)(2 * norm)) - norm), 1e-9);
    ck_assert_double_le(fabs((double)half.ps.m[0] - 0.1 * (double)half.ps.g[0]), 1e-6);
    params_free(&t.ps);
    params_free(&half.ps);
}
END_TEST

START_TEST(scale_counts_in_the_norm)
{
    struct device *d = fake_begin(&fake, DT_F32, &e);
    struct adamw o = adamw;
    struct tiny t;
    double norm;

    tiny_init(&t, d, PARAMS_TRAIN, 3);
    set_gradients(&t, 1);
    norm = sqrt(d->ops->sum_squares(d, t.ps.g, t.ps.len));
    o.scale = 0.125f;
    ck_assert_double_le(fabs(params_step(&t.ps, &o, 0) - norm / 8), 1e-9);
    params_free(&t.ps);
}
END_TEST

START_TEST(gradients_that_are_not_finite_change_nothing)
{
    static const float bad[] = { INFINITY, NAN };
    struct device *d = fake_begin(&fake, DT_F32, &e);

    for (int i = 0; i < 2; i++) {
        struct tiny t, before;

        tiny_init(&t, d, PARAMS_TRAIN, 3);
        tiny_init(&before, d, PARAMS_TRAIN, 3);
        set_gradients(&t, 1);
        t.b.g[2] = bad[i];
        ck_assert(!isfinite(params_step(&t.ps, &adamw, 1)));
        ck_assert(tiny_equal(&t, &before));
        params_free(&t.ps);
        params_free(&before.ps);
    }
}
END_TEST

START_TEST(a_step_allocates_nothing_and_leaves_padding_zero)
{
    struct device *d = fake_begin(&fake, DT_BF16, &e);
    struct tiny t;
    int allocs;

    tiny_init(&t, d, PARAMS_TRAIN | PARAMS_EMA, 3);
    allocs = fake.allocs;
    for (int i = 0; i < 3; i++) {
        set_gradients(&t, 1);
        params_step(&t.ps, &adamw, 1);
        params_ema(&t.ps, 0.9f);
        params_swap_ema(&t.ps);
        params_swap_ema(&t.ps);
    }
    ck_assert_int_eq(fake.allocs, allocs);
    for (size_t i = 15; i < 32; i++)
        ck_assert(t.ps.w[i] == 0 && t.ps.m[i] == 0 && t.ps.v[i] == 0 && t.ps.ema[i] == 0);
    params_free(&t.ps);
}
END_TEST

/* --- averages and copies --- */

static uint16_t high(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)(bits >> 16);
}

START_TEST(copies_follow_the_weights)
{
    struct device *d = fake_begin(&fake, DT_BF16, &e);
    struct tiny t;

    tiny_init(&t, d, PARAMS_TRAIN | PARAMS_EMA, 3);
    ck_assert_int_eq(((uint16_t *)t.b.c)[5], high(t.b.w[5]));
    set_gradients(&t, 1);
    params_step(&t.ps, &adamw, 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(((uint16_t *)t.bias.c)[i], high(t.bias.w[i]));
    t.b.w[5] = 8;
    params_refresh(&t.ps);
    ck_assert_int_eq(((uint16_t *)t.b.c)[5], high(8));
    params_free(&t.ps);
}
END_TEST

START_TEST(averages_swap_there_and_back)
{
    struct device *d = fake_begin(&fake, DT_BF16, &e);
    struct tiny t;
    float w, average;

    tiny_init(&t, d, PARAMS_TRAIN | PARAMS_EMA, 3);
    average = t.b.w[5];
    t.b.w[5] = w = average + 1;
    params_ema(&t.ps, 0.75f);
    average = t.ps.ema[32 + 5];
    ck_assert_double_le(fabs((double)(average - w + 0.75f)), 1e-6);
    params_swap_ema(&t.ps);
    ck_assert(t.ps.swapped);
    ck_assert(t.b.w[5] == average && t.ps.ema[32 + 5] == w);
    ck_assert_int_eq(((uint16_t *)t.b.c)[5], high(average));
    params_swap_ema(&t.ps);
    ck_assert(!t.ps.swapped);
    ck_assert(t.b.w[5] == w && t.ps.ema[32 + 5] == average);
    ck_assert(t.b.g[5] == 0);
    params_free(&t.ps);
}
END_TEST

START_TEST(packed_weights_are_packed_again)
{
    struct device *d = fake_begin(&fake, DT_F32, &e);
    struct tiny t;

    tiny_init(&t, d, 0, 3);
    d->ops->pack(d, &t.b);
    params_refresh(&t.ps);
    ck_assert_int_eq(fake.packs, 2);
    ck_assert_ptr_nonnull(t.b.packed);
    ck_assert_ptr_null(t.a.packed);
    params_free(&t.ps);
    ck_assert_int_eq(fake.live, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("optimizer");
    TCase *tc = tap_case(s, "steps");

    tcase_add_test(tc, a_step_is_adamw_and_decays_matrices_only);
    tcase_add_test(tc, hidden_matrices_take_a_step_of_muon);
    tcase_add_test(tc, gradients_are_clipped_to_the_norm);
    tcase_add_test(tc, scale_counts_in_the_norm);
    tcase_add_test(tc, gradients_that_are_not_finite_change_nothing);
    tcase_add_test(tc, a_step_allocates_nothing_and_leaves_padding_zero);
    tcase_add_test(tc, copies_follow_the_weights);
    tcase_add_test(tc, averages_swap_there_and_back);
    tcase_add_test(tc, packed_weights_are_packed_again);
    return tap_run(s);
}
