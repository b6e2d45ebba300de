/*
 * The block against PyTorch: output, loss, gradients and ten steps of AdamW of
 * tests/ref/block.safetensors, which tests/ref/block.py made in double precision.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/block.h"
#include "model/checkpoint.h"
#include "tests/tap.h"

enum { B = 2, T = 13, C = 32, H = 2, W = 3, COND = 5, N = B * T * C };

static struct device *d;
static struct params ps;
static struct stack s;
static struct stack_acts a;
static struct block_seq q;
static struct checkpoint ref;
static int span[T], board_at[1] = { 4 };
static float rope[T * 16], cond[B * COND], x[N], target[N];
static struct err e;

/* Reads tensor PREFIX + name, which has n elements. */
static void read_ref(const char *prefix, const char *name, float *out, size_t n)
{
    char full[128];
    const struct tensor *t;

    snprintf(full, sizeof full, "%s%s", prefix, name);
    t = checkpoint_find(&ref, full);
    ck_assert_msg(t && t->count == n, "the reference has no %s of %zu numbers", full, n);
    ck_assert_msg(!checkpoint_read(&ref, t, out, &e), "%s", e.msg);
}

static void setup(void)
{
    static const struct block_config config = { .L = 2, .C = C, .NH = 2, .F = 24, .cond = COND,
                                                .conv = true };
    const char *dir = getenv("TEST_SRCDIR");
    int row[T], col[T];
    char path[4096];

    err_init(&e);
    snprintf(path, sizeof path, "%s/ref/block.safetensors", dir ? dir : "tests");
    ck_assert_msg(!checkpoint_open(&ref, path, &e), "%s", e.msg);
    d = device_open("cpu", 2, PRECISION_F32, &e);
    ck_assert_msg(d, "%s", e.msg);
    params_init(&ps);
    ck_assert(!stack_init(&s, &config, &e));
    stack_register(&s, &ps, "layers");
    ck_assert(!params_alloc(&ps, d, PARAMS_TRAIN, &e) && !params_seed(&ps, 1, &e));
    for (int i = 0; i < ps.n; i++) {
        struct param *p = ps.list[i].p;

        read_ref("w.", p->name, p->w, (size_t)p->out * (size_t)p->in);
    }
    params_refresh(&ps);
    ck_assert(!stack_acts_alloc(&a, &s, d, B, T, true, &e));
    read_ref("", "x", x, N);
    read_ref("", "cond", cond, B * COND);
    read_ref("", "target", target, N);
    for (int t = 0; t < T; t++) {
        span[t] = t < 10 ? 10 : t + 1;
        row[t] = t / 3;
        col[t] = t % 3;
    }
    ops_rope_table(rope, row, col, T, 16, 100);
    q = (struct block_seq){ .B = B, .T = T, .span = span, .rope = rope, .boards = 1, .H = H,
                            .W = W, .board_at = board_at, .cond = (act *)cond };
}

static void teardown(void)
{
    stack_acts_free(&a, d);
    params_free(&ps);
    stack_free(&s);
    device_close(d);
    checkpoint_close(&ref);
}

/* Forward and backward of the mean squared error; returns it.  On the CPU act is float. */
static double run(void)
{
    const float *y;
    float *dx = (float *)a.dx;
    double loss = 0;

    memcpy(a.x, x, sizeof x);
    params_zero_grad(&ps);
    stack_forward(&s, &a, d, &q);
    y = (const float *)a.out;
    for (int i = 0; i < N; i++) {
        double miss = (double)y[i] - (double)target[i];

        loss += miss * miss / N;
        dx[i] = (float)(2 * miss / N);
    }
    stack_backward(&s, &a, d, &q, NULL);
    ck_assert_msg(!device_check(d, &e), "%s", e.msg);
    return loss;
}

/* ||got - want|| / ||want|| */
static double off(const float *got, const float *want, size_t n)
{
    double miss = 0, all = 0;

    for (size_t i = 0; i < n; i++) {
        miss += ((double)got[i] - (double)want[i]) * ((double)got[i] - (double)want[i]);
        all += (double)want[i] * (double)want[i];
    }
    return sqrt(miss / all);
}

static void compare_all(const char *prefix, size_t which, double most)
{
    static float want[3 * C * C];

    for (int i = 0; i < ps.n; i++) {
        const struct param *p = ps.list[i].p;
        size_t n = (size_t)p->out * (size_t)p->in;
        double miss;

        ck_assert_uint_le(n, sizeof want / sizeof want[0]);
        read_ref(prefix, p->name, want, n);
        miss = off(which ? p->g : p->w, want, n);
        ck_assert_msg(miss <= most, "%s%s is off by %g", prefix, p->name, miss);
    }
}

START_TEST(output_and_loss_are_those_of_pytorch)
{
    static float want[N], losses[10];

    read_ref("", "losses", losses, 10);
    ck_assert_double_eq_tol(run(), (double)losses[0], 1e-5 * (double)losses[0]);
    read_ref("", "y", want, N);
    ck_assert_double_le(off((const float *)a.out, want, N), 2e-6);
}
END_TEST

START_TEST(gradients_are_those_of_pytorch)
{
    run();
    compare_all("g.", 1, 2e-5);
}
END_TEST

START_TEST(ten_steps_are_those_of_pytorch)
{
    const struct adamw o = { .lr = 1e-2f, .beta1 = 0.9f, .beta2 = 0.95f, .eps = 1e-8f,
                             .decay = 0.1f, .scale = 1 };
    float losses[10];

    read_ref("", "losses", losses, 10);
    for (int i = 0; i < 10; i++) {
        ck_assert_double_eq_tol(run(), (double)losses[i], 1e-4 * (double)losses[i]);
        params_step(&ps, &o, 0);
    }
    compare_all("w10.", 0, 1e-3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("block_ref");
    TCase *tc = tap_case(suite, "pytorch");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, output_and_loss_are_those_of_pytorch);
    tcase_add_test(tc, gradients_are_those_of_pytorch);
    tcase_add_test(tc, ten_steps_are_those_of_pytorch);
    return tap_run(suite);
}
