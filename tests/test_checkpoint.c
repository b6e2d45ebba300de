/* Files of weights: byte by byte, type by type, and what is not written. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "engine/file.h"
#include "tests/checkpoint_fixture.h"
#include "tests/tap.h"

/* --- round trips --- */

START_TEST(f32_comes_back_bit_by_bit)
{
    struct tiny t, back;

    tiny_init(&t, &fake.d, PARAMS_TRAIN, 1);
    tiny_init(&back, &fake.d, PARAMS_EMA, 2);
    ck_assert_int_eq(checkpoint_save(in_folder("x"), &t.ps, &plain, &e), 0);
    ck_assert_int_eq(checkpoint_load(in_folder("x"), &back.ps, &e), 0);
    ck_assert_mem_eq(t.ps.w, back.ps.w, t.ps.len * sizeof(float));
    ck_assert_mem_eq(t.ps.w, back.ps.ema, t.ps.len * sizeof(float));
    params_free(&t.ps);
    params_free(&back.ps);
}
END_TEST

START_TEST(bf16_is_rounded_to_nearest_even)
{
    static const float pairs[][2] = {
        { 1, 1 },
        { 0x1.00fffep0f, 0x1p0f },     /* below half */
        { 0x1.01p0f, 0x1p0f },         /* half: to even */
        { 0x1.03p0f, 0x1.04p0f },      /* half: to even */
        { 0x1.010002p0f, 0x1.02p0f },  /* above half */
        { -0x1.03p0f, -0x1.04p0f },
        { 0x1.fffffep127f, 0x1.fep127f }, /* not to infinity */
        { -0.0f, -0.0f },
    };
    struct checkpoint_options o = plain;
    struct tiny t, back;

    o.dtype = DT_BF16;
    tiny_init(&t, &fake.d, 0, 1);
    tiny_init(&back, &fake.d, 0, 2);
    for (int i = 0; i < 8; i++)
        t.a.w[i] = pairs[i][0];
    ck_assert_int_eq(checkpoint_save(in_folder("x"), &t.ps, &o, &e), 0);
    ck_assert_int_eq(checkpoint_load(in_folder("x"), &back.ps, &e), 0);
    for (int i = 0; i < 8; i++)
        ck_assert_msg(back.a.w[i] == pairs[i][1], "%a", (double)back.a.w[i]);
    for (size_t i = 0; i < t.ps.len; i++)
        ck_assert_double_le(fabs((double)(t.ps.w[i] - back.ps.w[i])),
                            fabs((double)t.ps.w[i]) * 0x1p-8);
    params_free(&t.ps);
    params_free(&back.ps);
}
END_TEST

START_TEST(int8_is_within_half_a_scale)
{
    enum { ROWS = 64, COLS = 1000 };
    struct checkpoint_options o = plain;
    struct params ps, back;
    struct param w, b, w2, b2;
    double squares = 0, errors = 0;

    o.dtype = DT_I8;
    params_init(&ps);
    params_add(&ps, &w, ROWS, COLS, init_normal(0.02f), "w");
    params_add(&ps, &b, ROWS, 1, init_normal(1), "b");
    params_init(&back);
    params_add(&back, &w2, ROWS, COLS, init_zero(), "w");
    params_add(&back, &b2, ROWS, 1, init_zero(), "b");
    ck_assert(!params_alloc(&ps, &fake.d, 0, &e) && !params_seed(&ps, 1, &e));
    ck_assert(!params_alloc(&back, &fake.d, 0, &e));
    memset(w.w, 0, COLS * sizeof(float)); /* a row of zeros stays one */
    ck_assert_int_eq(checkpoint_save(in_folder("x"), &ps, &o, &e), 0);
    ck_assert_int_eq(checkpoint_load(in_folder("x"), &back, &e), 0);
    ck_assert_mem_eq(b.w, b2.w, ROWS * sizeof(float));
    for (int r = 0; r < ROWS; r++) {
        double most = 0;

        for (int i = 0; i < COLS; i++)
            most = fmax(most, fabs((double)w.w[r * COLS + i]));
        for (int i = r * COLS; i < (r + 1) * COLS; i++) {
            double off = (double)w2.w[i] - (double)w.w[i];

            ck_assert_double_le(fabs(off), most / 254 * (1 + 1e-5));
            squares += (double)w.w[i] * (double)w.w[i];
            errors += off * off;
        }
    }
    /* evenly spread within half a scale: max / 127 / sqrt(12), max about 3.3 deviations */
    ck_assert_double_le(sqrt(errors / squares), 0.009);
    ck_assert_double_ge(sqrt(errors / squares), 0.006);
    params_free(&ps);
    params_free(&back);
}
END_TEST

START_TEST(averaged_weights_are_saved_on_request)
{
    struct checkpoint_options o = plain;
    struct tiny t, back;

    o.ema = true;
    tiny_init(&t, &fake.d, PARAMS_TRAIN | PARAMS_EMA, 1);
    tiny_init(&back, &fake.d, 0, 2);
    tiny_scramble(&t, 5);
    for (int swapped = 0; swapped < 2; swapped++) { /* the same, wherever they lie */
        ck_assert_int_eq(checkpoint_save(in_folder("x"), &t.ps, &o, &e), 0);
        ck_assert_int_eq(checkpoint_load(in_folder("x"), &back.ps, &e), 0);
        ck_assert_mem_eq(back.ps.w, swapped ? t.ps.w : t.ps.ema, t.ps.len * sizeof(float));
        params_swap_ema(&t.ps);
    }
    ck_assert_int_eq(checkpoint_save(in_folder("x"), &back.ps, &o, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "no averaged weights"));
    params_free(&t.ps);
    params_free(&back.ps);
}
END_TEST

START_TEST(the_file_is_this_byte_by_byte)
{
    static const char head[] = "\x60\0\0\0\0\0\0\0"
                               "{\"__metadata__\":{\"k\":\"v\",\"step\":\"0\",\"weights\":\"";
    static const char tail[] = "\"},\"v\":{\"dtype\":\"F32\",\"shape\":[2],"
                               "\"data_offsets\":[0,8]}}";
    static const struct meta meta[] = { { "k", "v" } };
    struct checkpoint_options o = { .dtype = DT_F32, .meta = meta, .metas = 1 };
    struct params ps;
    struct param v;
    char *bytes;
    size_t n, at = sizeof head - 1;

    params_init(&ps);
    params_add(&ps, &v, 2, 1, init_zero(), "v");
    ck_assert_int_eq(params_alloc(&ps, &fake.d, 0, &e), 0);
    v.w[0] = 1;
    v.w[1] = -2;
    ck_assert_int_eq(checkpoint_save(in_folder("x"), &ps, &o, &e), 0);
    ck_assert_int_eq(file_read(in_folder("x"), 1 << 20, &bytes, &n, &e), 0);
    ck_assert_mem_eq(bytes + 1, head + 1, at - 1);
    at += 16; /* the hash */
    ck_assert_mem_eq(bytes + at, tail, sizeof tail - 1);
    at += sizeof tail - 1;
    ck_assert_uint_eq((unsigned char)bytes[0], (at + 7) / 8 * 8 - 8);
    for (; at % 8; at++)
        ck_assert_int_eq(bytes[at], ' ');
    ck_assert_uint_eq(n, at + 8);
    ck_assert_mem_eq(bytes + at, "\0\0\x80\x3f\0\0\0\xc0", 8);
    free(bytes);
    params_free(&ps);
}
END_TEST

START_TEST(metadata_and_tensors_are_found)
{
    struct checkpoint_options o = plain;
    const struct tensor *x;
    struct checkpoint c;
    struct tiny t;
    int layers;

    o.dtype = DT_I8;
    tiny_init(&t, &fake.d, PARAMS_TRAIN, 1);
    t.ps.step = 17;
    ck_assert_int_eq(checkpoint_save(in_folder("x"), &t.ps, &o, &e), 0);
    ck_assert_int_eq(checkpoint_open(&c, in_folder("x"), &e), 0);
    ck_assert_uint_eq(c.data % 8, 0);
    ck_assert_str_eq(checkpoint_meta(&c, "model"), "tiny \"x\"");
    ck_assert_str_eq(checkpoint_meta(&c, "step"), "17");
    ck_assert_ptr_null(checkpoint_meta(&c, "Model"));
    ck_assert_int_eq(checkpoint_meta_int(&c, "layers", 1, 2, &layers, &e), 0);
    ck_assert_int_eq(layers, 2);
    ck_assert_int_eq(checkpoint_meta_int(&c, "layers", 3, 9, &layers, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "'layers' is not an integer from 3 to 9"));
    err_init(&e);
    ck_assert_int_eq(checkpoint_meta_int(&c, "model", 3, 9, &layers, &e), -1);
    ck_assert_int_eq(c.n, 5);
    x = checkpoint_find(&c, "a.weight");
    ck_assert_str_eq(x->type, "I8");
    ck_assert_int_eq(x->dims, 2);
    ck_assert_int_eq(x->shape[1], 5);
    ck_assert_int_eq(checkpoint_find(&c, "a.weight.scales")->dims, 1);
    ck_assert_str_eq(checkpoint_find(&c, "a.bias")->type, "F32");
    ck_assert_ptr_null(checkpoint_find(&c, "a"));
    checkpoint_close(&c);
    checkpoint_close(&c);
    params_free(&t.ps);
}
END_TEST

/* --- refusing to write --- */

START_TEST(weights_that_are_not_finite_are_not_saved)
{
    static const enum dtype types[] = { DT_F32, DT_BF16, DT_I8 };
    struct checkpoint_options o = plain;
    struct tiny t;
    char *before, *after;
    size_t n, m;

    tiny_init(&t, &fake.d, 0, 1);
    ck_assert_int_eq(checkpoint_save(in_folder("x"), &t.ps, &o, &e), 0);
    ck_assert_int_eq(file_read(in_folder("x"), 1 << 20, &before, &n, &e), 0);
    t.b.w[7] = NAN;
    for (int i = 0; i < 3; i++) {
        err_init(&e);
        o.dtype = types[i];
        ck_assert_int_eq(checkpoint_save(in_folder("x"), &t.ps, &o, &e), -1);
        ck_assert_ptr_nonnull(strstr(e.msg, "tensor 'b.weight"));
        ck_assert_ptr_nonnull(strstr(e.msg, "not finite"));
    }
    err_init(&e);
    ck_assert_int_eq(file_read(in_folder("x"), 1 << 20, &after, &m, &e), 0);
    ck_assert_uint_eq(n, m);
    ck_assert_mem_eq(before, after, n);
    ck_assert_int_eq(count_files("x"), 1);
    free(before);
    free(after);
    params_free(&t.ps);
}
END_TEST

START_TEST(bad_metadata_and_types_are_refused)
{
    static const struct meta bad[] = { { "step", "1" }, { "k\xff", "v" }, { "k", "\xff" } };
    struct checkpoint_options o = { .dtype = DT_F32, .metas = 1 };
    struct tiny t;

    tiny_init(&t, &fake.d, 0, 1);
    for (int i = 0; i < 3; i++) {
        o.meta = &bad[i];
        err_init(&e);
        ck_assert_int_eq(checkpoint_save(in_folder("x"), &t.ps, &o, &e), -1);
        ck_assert(e.msg[0]);
    }
    o.metas = 0;
    o.dtype = DT_U8;
    ck_assert_int_eq(checkpoint_save(in_folder("x"), &t.ps, &o, &e), -1);
    ck_assert_int_eq(count_files("x"), 0);
    params_free(&t.ps);
}
END_TEST

START_TEST(a_full_disk_is_reported_and_the_old_file_stays)
{
    struct rlimit limit = { 1 << 20, 1 << 20 };
    struct params ps;
    struct param v;

    params_init(&ps);
    params_add(&ps, &v, 1000, 300, init_normal(1), "v");
    ck_assert(!params_alloc(&ps, &fake.d, 0, &e) && !params_seed(&ps, 1, &e));
    ck_assert_int_eq(checkpoint_save("/dev/full", &ps, &plain, &e), -1);
    ck_assert_str_eq(e.msg, "cannot write '/dev/full': No space left on device");
    err_init(&e);
    ck_assert_int_eq(checkpoint_save(in_folder("x"), &ps, &plain, &e), 0);
    signal(SIGXFSZ, SIG_IGN); /* of this test's own process */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(checkpoint_save(in_folder("x"), &ps, &plain, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "File too large"));
    err_init(&e);
    ck_assert_int_eq(checkpoint_load(in_folder("x"), &ps, &e), 0);
    ck_assert_int_eq(count_files("x"), 1);
    ck_assert_int_eq(checkpoint_save("/no/such/folder/x", &ps, &plain, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "cannot write '/no/such/folder/x'"));
    params_free(&ps);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("checkpoint");
    TCase *good = tap_case(s, "good"), *bad = tap_case(s, "bad");

    tcase_add_checked_fixture(good, setup, teardown);
    tcase_add_checked_fixture(bad, setup, teardown);
    tcase_add_test(good, f32_comes_back_bit_by_bit);
    tcase_add_test(good, bf16_is_rounded_to_nearest_even);
    tcase_add_test(good, int8_is_within_half_a_scale);
    tcase_add_test(good, averaged_weights_are_saved_on_request);
    tcase_add_test(good, the_file_is_this_byte_by_byte);
    tcase_add_test(good, metadata_and_tensors_are_found);
    tcase_add_test(bad, weights_that_are_not_finite_are_not_saved);
    tcase_add_test(bad, bad_metadata_and_types_are_refused);
    tcase_add_test(bad, a_full_disk_is_reported_and_the_old_file_stays);
    return tap_run(s);
}
