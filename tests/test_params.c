/* Slots and params: where tensors lie and how they start. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"
#include "model/params.h"
#include "model/slots.h"
#include "tests/fake_device.h"
#include "tests/tap.h"

static struct fake fake;
static struct err e;

/* --- slots --- */

START_TEST(shapes_multiply_and_overflow_is_seen)
{
    int64_t big = (int64_t)1 << 32;

    ck_assert_uint_eq(SHAPE(2, 3, 5), 30);
    ck_assert_uint_eq(SHAPE(7, 0), 0);
    ck_assert_uint_eq(SHAPE(70000, 70000), 4900000000u);
    ck_assert_uint_eq(SHAPE(big, big), SIZE_MAX);
    ck_assert_uint_eq(SHAPE(3, -1), SIZE_MAX);
}
END_TEST

START_TEST(slots_are_aligned_disjoint_and_zero)
{
    struct device *d = fake_begin(&fake, DT_BF16, &e);
    struct slots s;
    act *x, *dx;
    float *f;
    int *i;
    uint8_t *u, *absent = (uint8_t *)1;
    struct slot t[] = {
        { &x, 33, SLOT_ACT, "x" },     { &dx, 100, SLOT_ACT | SLOT_GRAD, "dx" },
        { &f, 17, SLOT_F32, "f" },     { &i, 1, SLOT_I32, "i" },
        { &absent, 0, SLOT_U8, "no" }, { &u, 3, SLOT_U8 | SLOT_GRAD, "u" },
    };
    char *base;

    ck_assert_int_eq(slots_alloc(&s, d, t, 6, &e), 0);
    ck_assert_uint_eq(s.bytes, 128 + 256 + 128 + 64 + 64);
    ck_assert_uint_eq(s.bytes, slots_bytes(d, t, 6));
    ck_assert_int_eq(fake.allocs, 1);
    base = s.base;
    ck_assert_ptr_eq(dx, base); /* gradients first */
    ck_assert_ptr_eq(u, base + 256);
    ck_assert_uint_eq(s.grad_bytes, 320);
    ck_assert_ptr_eq(x, base + 320);
    ck_assert_ptr_eq(f, base + 448);
    ck_assert_ptr_eq(i, base + 576);
    ck_assert_ptr_null(absent);
    for (size_t k = 0; k < s.bytes; k++)
        ck_assert_int_eq(base[k], 0);
    slots_free(&s, d);
    slots_free(&s, d);
    ck_assert_int_eq(fake.live, 0);
}
END_TEST

START_TEST(slots_zero_clears_gradients_only)
{
    struct device *d = fake_begin(&fake, DT_F32, &e);
    struct slots s;
    float *x, *dx;
    struct slot t[] = { { &x, 20, SLOT_F32, "x" }, { &dx, 20, SLOT_ACT | SLOT_GRAD, "dx" } };

    ck_assert_int_eq(slots_alloc(&s, d, t, 2, &e), 0);
    for (int i = 0; i < 20; i++)
        x[i] = dx[i] = 1;
    slots_zero(&s, d);
    for (int i = 0; i < 20; i++) {
        ck_assert(x[i] == 1);
        ck_assert(dx[i] == 0);
    }
    slots_free(&s, d);
}
END_TEST

START_TEST(slots_too_large_are_refused_by_name)
{
    struct device *d = fake_begin(&fake, DT_F32, &e);
    struct slots s;
    float *x, *y;
    size_t sizes[] = { SIZE_MAX, SIZE_MAX / 4, SIZE_MAX / 4 + 1, SHAPE(-3) };

    for (int i = 0; i < 4; i++) {
        struct slot t[] = { { &x, 8, SLOT_F32, "x" }, { &y, sizes[i], SLOT_F32, "logits" } };

        x = y = (float *)1;
        err_init(&e);
        ck_assert_uint_eq(slots_bytes(d, t, 2), SIZE_MAX);
        ck_assert_int_eq(slots_alloc(&s, d, t, 2, &e), -1);
        ck_assert_str_eq(e.msg, "tensor 'logits' is too large");
        ck_assert_ptr_null(x);
        ck_assert_ptr_null(y);
        slots_free(&s, d);
    }
}
END_TEST

START_TEST(slots_say_when_memory_is_out)
{
    struct device *d = fake_begin(&fake, DT_F32, &e);
    struct slots s;
    float *x;
    struct slot t[] = { { &x, 100, SLOT_F32, "x" } };

    fake.limit = 100;
    ck_assert_int_eq(slots_alloc(&s, d, t, 1, &e), -1);
    ck_assert_str_eq(e.msg, "no memory for 448 bytes");
    ck_assert_ptr_null(x);
}
END_TEST

/* --- params: layout --- */

START_TEST(matrices_come_first_and_all_is_aligned)
{
    struct device *d = fake_begin(&fake, DT_BF16, &e);
    struct tiny t;

    tiny_init(&t, d, PARAMS_TRAIN | PARAMS_EMA, 1);
    ck_assert_uint_eq(t.ps.decayed, 64);
    ck_assert_uint_eq(t.ps.len, 96);
    ck_assert_ptr_eq(t.a.w, t.ps.w);
    ck_assert_ptr_eq(t.b.w, t.ps.w + 32);
    ck_assert_ptr_eq(t.bias.w, t.ps.w + 64);
    ck_assert_ptr_eq(t.bias.g, t.ps.g + 64);
    ck_assert_ptr_eq(t.bias.c, (char *)t.ps.c + 2 * 64);
    ck_assert_uint_eq((uintptr_t)t.b.c % 64, 0);
    ck_assert_uint_eq(params_count(&t.ps), 15 + 8 + 3);
    ck_assert_ptr_eq(params_find(&t.ps, "b.weight"), &t.b);
    ck_assert_ptr_null(params_find(&t.ps, "b.weigh"));
    ck_assert_int_eq(fake.allocs, 1);
    params_free(&t.ps);
    ck_assert_int_eq(fake.live, 0);
}
END_TEST

START_TEST(inference_has_no_gradients)
{
    struct tiny t;

    tiny_init(&t, fake_begin(&fake, DT_F32, &e), 0, 1);
    ck_assert_ptr_null(t.a.g);
    ck_assert_ptr_null(t.ps.m);
    ck_assert_ptr_null(t.ps.ema);
    ck_assert_ptr_eq(t.a.c, t.a.w); /* activations are f32: no copy */
    ck_assert_uint_eq(t.ps.mem.bytes, 96 * sizeof(float));
    params_free(&t.ps);
}
END_TEST

START_TEST(bad_registrations_are_reported)
{
    static const struct {
        const char *name;
        int out, in;
    } bad[] = { { "x", 3, 3 }, { "", 3, 3 }, { "y", 0, 3 }, { "y", 3, -1 }, { "y.scales", 3, 3 } };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct device *d = fake_begin(&fake, DT_F32, &e);
        struct params ps;
        struct param x, y;

        params_init(&ps);
        params_add(&ps, &x, 2, 2, init_zero(), "x");
        params_add(&ps, &y, bad[i].out, bad[i].in, init_zero(), "%s", bad[i].name);
        ck_assert_int_eq(params_alloc(&ps, d, 0, &e), -1);
        ck_assert_ptr_nonnull(strstr(e.msg, bad[i].name));
        params_free(&ps);
        ck_assert_int_eq(fake.allocs, 0);
    }
}
END_TEST

START_TEST(params_survive_no_memory)
{
    struct device *d = fake_begin(&fake, DT_F32, &e);
    struct params ps;
    struct param x;

    fake.limit = 100;
    params_init(&ps);
    params_add(&ps, &x, 20, 20, init_zero(), "x");
    ck_assert_int_eq(params_alloc(&ps, d, PARAMS_TRAIN, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "no memory"));
    params_free(&ps);
}
END_TEST

/* --- params: seeds --- */

START_TEST(numbers_depend_on_seed_and_name_alone)
{
    struct device *d = fake_begin(&fake, DT_F32, &e);
    struct tiny t, other;
    struct params ps;
    struct param extra, b;

    tiny_init(&t, d, 0, 7);
    params_init(&ps); /* another order, another neighbour */
    params_add(&ps, &b, 2, 4, init_normal(0.1f), "b.weight");
    params_add(&ps, &extra, 9, 9, init_normal(1), "extra");
    ck_assert_int_eq(params_alloc(&ps, d, 0, &e), 0);
    ck_assert_int_eq(params_seed(&ps, 7, &e), 0);
    ck_assert_mem_eq(b.w, t.b.w, 8 * sizeof(float));
    tiny_init(&other, d, 0, 8);
    ck_assert_mem_ne(other.b.w, t.b.w, 8 * sizeof(float));
    ck_assert(t.a.w[0] != 10 * t.b.w[0]);
    for (int i = 0; i < 3; i++)
        ck_assert(t.bias.w[i] == 0.5f);
    params_free(&ps);
    params_free(&t.ps);
    params_free(&other.ps);
}
END_TEST

START_TEST(numbers_are_the_same_on_every_machine)
{
    /* computed apart, in Python's integers */
    static const float want[4] = { 0x1.161cp-2f, 0x1.1c58p+1f, -0x1.0dacp-2f, 0x1.47bdp+0f };
    struct tiny t;

    tiny_init(&t, fake_begin(&fake, DT_F32, &e), 0, 42);
    for (int i = 0; i < 4; i++)
        ck_assert_msg(t.a.w[i] == want[i], "%d: %a", i, (double)t.a.w[i]);
    params_free(&t.ps);
}
END_TEST

START_TEST(numbers_are_normal)
{
    enum { N = 1000000 };
    struct device *d = fake_begin(&fake, DT_F32, &e);
    struct params ps;
    struct param x;
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0, beyond = 0;

    params_init(&ps);
    params_add(&ps, &x, N / 1000, 1000, (struct init){ 3, 2 }, "x");
    ck_assert_int_eq(params_alloc(&ps, d, 0, &e), 0);
    ck_assert_int_eq(params_seed(&ps, 1, &e), 0);
    for (int i = 0; i < N; i++) {
        double z = ((double)x.w[i] - 3) / 2;

        m1 += z / N;
        m2 += z * z / N;
        m3 += z * z * z / N;
        m4 += z * z * z * z / N;
        beyond += (fabs(z) > 1.96) / (double)N;
    }
    ck_assert_double_le(fabs(m1), 0.004);
    ck_assert_double_le(fabs(m2 - 1), 0.006);
    ck_assert_double_le(fabs(m3), 0.01);
    ck_assert_double_le(fabs(m4 - 2.9), 0.03); /* twelve uniforms: 3 - 6/5 / 12 */
    ck_assert_double_le(fabs(beyond - 0.05), 0.002);
    params_free(&ps);
}
END_TEST

START_TEST(seeding_starts_training_anew)
{
    struct tiny t, fresh;
    struct device *d = fake_begin(&fake, DT_F32, &e);

    tiny_init(&t, d, PARAMS_TRAIN | PARAMS_EMA, 5);
    tiny_init(&fresh, d, PARAMS_TRAIN | PARAMS_EMA, 5);
    ck_assert_mem_eq(t.ps.ema, t.ps.w, t.ps.len * sizeof(float));
    tiny_scramble(&t, 1);
    ck_assert(!tiny_equal(&t, &fresh));
    ck_assert_int_eq(params_seed(&t.ps, 5, &e), 0);
    ck_assert(tiny_equal(&t, &fresh));
    params_free(&t.ps);
    params_free(&fresh.ps);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("params");
    TCase *slots = tap_case(s, "slots"), *layout = tap_case(s, "layout");
    TCase *seeds = tap_case(s, "seeds");

    tcase_add_test(slots, shapes_multiply_and_overflow_is_seen);
    tcase_add_test(slots, slots_are_aligned_disjoint_and_zero);
    tcase_add_test(slots, slots_zero_clears_gradients_only);
    tcase_add_test(slots, slots_too_large_are_refused_by_name);
    tcase_add_test(slots, slots_say_when_memory_is_out);
    tcase_add_test(layout, matrices_come_first_and_all_is_aligned);
    tcase_add_test(layout, inference_has_no_gradients);
    tcase_add_test(layout, bad_registrations_are_reported);
    tcase_add_test(layout, params_survive_no_memory);
    tcase_add_test(seeds, numbers_depend_on_seed_and_name_alone);
    tcase_add_test(seeds, numbers_are_the_same_on_every_machine);
    tcase_add_test(seeds, numbers_are_normal);
    tcase_add_test(seeds, seeding_starts_training_anew);
    return tap_run(s);
}
