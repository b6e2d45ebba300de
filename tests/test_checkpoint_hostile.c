/*
 * Checkpoints that are not to be trusted.  "test_checkpoint_hostile write DIR"
 * writes good and bad files: Python reads some of them (checkpoint.sh), and
 * fuzzing starts from them (corpus/fuzz_checkpoint).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/file.h"
#include "engine/rng.h"
#include "tests/checkpoint_fixture.h"
#include "tests/tap.h"

#define A "\"a.weight\":{\"dtype\":\"F32\",\"shape\":[3,5],\"data_offsets\":[0,60]}"
#define V "\"a.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[60,72]}"
#define B "\"b.weight\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[72,104]}"
#define T(what) "{\"t\":{" what "}}"

static const struct {
    const char *header;
    size_t data; /* bytes of zeros after it */
    const char *why; /* NULL: it loads */
} hostile[] = {
    { "{" A "," V "," B "}", 104, NULL },
    { "{" B "," V "," A "}   ", 104, NULL }, /* the order of lines is free */
    { "{" A "," V "}", 72, "tensor 'b.weight' is missing" },
    { "{}", 0, "tensor 'a.weight' is missing" },
    { "{" A "," V "," B "}", 105, "1 bytes after the last tensor" },
    { "{" A "," V "," B "}", 103, "tensor 'b.weight': its data lie beyond the end" },
    { "{" A "," V "," B ",\"x\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[104,105]}}", 105,
      "tensor 'x' is not one of this model" },
    { "{" A "," V "," B ",\"a.bias.scales\":{\"dtype\":\"U8\",\"shape\":[],"
      "\"data_offsets\":[104,105]}}", 105, "tensor 'a.bias.scales' is not one of this model" },
    { "{\"a.weight\":{\"dtype\":\"F32\",\"shape\":[5,3],\"data_offsets\":[0,60]}," V "," B "}", 104,
      "tensor 'a.weight' is (5, 3), not (3, 5)" },
    { "{\"a.weight\":{\"dtype\":\"F32\",\"shape\":[15],\"data_offsets\":[0,60]}," V "," B "}", 104,
      "tensor 'a.weight' is (15), not (3, 5)" },
    { "{\"a.weight\":{\"dtype\":\"I32\",\"shape\":[3,5],\"data_offsets\":[0,60]}," V "," B "}", 104,
      "tensor 'a.weight': its dtype is not F32, BF16 or I8" },
    { "{\"a.weight\":{\"dtype\":\"I8\",\"shape\":[3,5],\"data_offsets\":[104,119]},\"x\":"
      "{\"dtype\":\"U8\",\"shape\":[60],\"data_offsets\":[0,60]}," V "," B "}", 119,
      "tensor 'a.weight': I8 without F32 '.scales'" },
    { "{\"a.weight\":{\"dtype\":\"I8\",\"shape\":[3,5],\"data_offsets\":[57,72]},"
      "\"a.weight.scales\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[45,57]},"
      "\"a.bias\":{\"dtype\":\"F32\",\"shape\":[3,1],\"data_offsets\":[0,12]},"
      "\"b.weight\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[13,45]}}", 72,
      "tensor 'b.weight': a gap before its data" },
    { "{\"a.weight\":{\"dtype\":\"I8\",\"shape\":[3,5],\"data_offsets\":[0,15]}," "\"a.bias\":{"
      "\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[15,21]},\"b.weight\":{\"dtype\":\"BF16\","
      "\"shape\":[2,4],\"data_offsets\":[21,37]}}", 37,
      "tensor 'a.weight': I8 without F32 '.scales'" },
    { "{\"a.weight\":{\"dtype\":\"I8\",\"shape\":[3,5],\"data_offsets\":[0,15]}," "\"a.bias\":{"
      "\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[15,21]},\"b.weight\":{\"dtype\":\"BF16\","
      "\"shape\":[2,4],\"data_offsets\":[21,37]},\"a.weight.scales\":{\"dtype\":\"F32\",\"shape\":"
      "[2],\"data_offsets\":[37,45]}}", 45, "tensor 'a.weight': I8 without F32 '.scales'" },
    { "{\"a.weight\":{\"dtype\":\"F32\",\"shape\":[3,5],\"data_offsets\":[0,60]},\"a.bias\":{"
      "\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[56,68]}," B "}", 104,
      "tensor 'a.bias': its data overlap another's" },
    { "{" A ",\"a.weight\":1}", 60, "key \"a.weight\" given twice" },
    { "{" A ",\"__metadata__\":{\"k\":\"v\",\"k\":\"w\"}}", 60, "key \"k\" given twice" },
    { "{\"__metadata__\":{\"k\":1}}", 0, "__metadata__ 'k' is not a string" },
    { "{\"__metadata__\":[]}", 0, "__metadata__ is not an object" },
    { "[]", 0, "does not begin with '{'" },
    { " {}", 0, "does not begin with '{'" },
    { "", 0, "does not begin with '{'" },
    { "{} x", 0, "something after the end" },
    { "{\"t\xff\":{}}", 0, "not UTF-8" },
    { "{\"t\":1}", 0, "tensor 't': not an object" },
    { T(""), 0, "tensor 't': dtype, shape or data_offsets missing" },
    { T("\"dtype\":\"U8\",\"shape\":[1]"), 1, "missing" },
    { T("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1"), 1, "not just dtype" },
    { T("\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,1]"), 1, "not just dtype" },
    { T("\"dtype\":\"U8\",\"shape\":1,\"data_offsets\":[0,1]"), 1, "not just dtype" },
    { T("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]"), 1, "not just dtype" },
    { T("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]"), 1, "not just dtype" },
    { T("\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[0,8]"), 8, "its dtype is not known" },
    { T("\"dtype\":\"f32\",\"shape\":[1],\"data_offsets\":[0,4]"), 4, "its dtype is not known" },
    { T("\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]"), 1, "not made of sizes" },
    { T("\"dtype\":\"U8\",\"shape\":[\"1\"],\"data_offsets\":[0,1]"), 1, "not made of sizes" },
    { T("\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]"), 1, "not an integer" },
    { T("\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]"), 1,
      "more than 8 dimensions" },
    { T("\"dtype\":\"U8\",\"shape\":[9007199254740992,9007199254740992],\"data_offsets\":[0,1]"), 1,
      "its shape is too large" },
    { T("\"dtype\":\"F64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,0]"), 0,
      "beyond 2^53" },
    { T("\"dtype\":\"F64\",\"shape\":[2147483648,1073741824],\"data_offsets\":[0,0]"), 0,
      "its shape is too large" },
    { T("\"dtype\":\"F64\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]"), 0,
      "its shape is too large" },
    { T("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,7]"), 7, "do not match" },
    { T("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]"), 8, "bad data_offsets" },
    { T("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]"), 8, "bad data_offsets" },
    { T("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,null]"), 8, "bad data_offsets" },
    { T("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9007199254740992]"), 8, "beyond" },
    { T("\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[0,0]"), 0, "is missing" },
};

/* A file of a header and zeros; *n is its size. */
static char *build(const char *header, size_t data, size_t *n)
{
    uint64_t len = strlen(header);
    char *bytes = calloc(8 + len + data, 1);

    memcpy(bytes, &len, 8);
    memcpy(bytes + 8, header, len);
    *n = 8 + len + data;
    return bytes;
}

START_TEST(hostile_headers_are_refused_and_named)
{
    struct tiny t, before;

    tiny_init(&before, &fake.d, PARAMS_TRAIN | PARAMS_EMA, 1);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        const char *why = hostile[i].why;
        struct checkpoint c;
        size_t n;
        char *bytes = build(hostile[i].header, hostile[i].data, &n);
        int failed;

        err_init(&e);
        tiny_init(&t, &fake.d, PARAMS_TRAIN | PARAMS_EMA, 1);
        failed = checkpoint_open_memory(&c, bytes, n, "a file", &e);
        if (!failed) {
            failed = checkpoint_load_params(&c, &t.ps, &e);
            checkpoint_close(&c);
        }
        ck_assert_msg(!failed == !why, "%s: %s", hostile[i].header, e.msg);
        ck_assert_msg(!why || (strstr(e.msg, why) && strstr(e.msg, "'a file'")), "%s: %s",
                      hostile[i].header, e.msg);
        ck_assert(tiny_equal(&t, &before) == !!why);
        params_free(&t.ps);
        free(bytes);
    }
    params_free(&before.ps);
}
END_TEST

START_TEST(header_lengths_are_checked)
{
    static const struct {
        unsigned char bytes[12];
        size_t n;
        const char *why;
    } files[] = {
        { "", 0, "only 0 bytes" },
        { "\2\0\0\0\0\0\0", 7, "only 7 bytes" },
        { "\2\0\0\0\0\0\0\0{", 9, "ends within its header" },
        { "\0\0\0\0\0\0\0\0", 8, "does not begin with '{'" },
        { "\1\0\0\1\0\0\0\0{}", 10, "a header of 16777217 bytes" },
        { "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, "a header of 18446744073709551615 bytes" },
    };

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct checkpoint c;

        err_init(&e);
        ck_assert_int_eq(checkpoint_open_memory(&c, files[i].bytes, files[i].n, "f", &e), -1);
        ck_assert_msg(strstr(e.msg, files[i].why) != NULL, "%s", e.msg);
    }
}
END_TEST

/* Saves a tiny model as int8 and reads the bytes back. */
static char *valid_file(size_t *n)
{
    struct checkpoint_options o = plain;
    struct tiny t;
    char *bytes;

    o.dtype = DT_I8;
    tiny_init(&t, &fake.d, 0, 1);
    ck_assert_int_eq(checkpoint_save(in_folder("valid"), &t.ps, &o, &e), 0);
    ck_assert_int_eq(file_read(in_folder("valid"), 1 << 20, &bytes, n, &e), 0);
    params_free(&t.ps);
    return bytes;
}

START_TEST(files_cut_anywhere_are_refused)
{
    struct tiny t, before;
    size_t n;
    char *bytes = valid_file(&n);

    tiny_init(&t, &fake.d, 0, 1);
    tiny_init(&before, &fake.d, 0, 1);
    for (size_t k = 0; k < n; k++) {
        FILE *f = fopen(in_folder("cut"), "wb");

        ck_assert_uint_eq(fwrite(bytes, 1, k, f), k);
        fclose(f);
        err_init(&e);
        ck_assert_int_eq(checkpoint_load(in_folder("cut"), &t.ps, &e), -1);
        ck_assert_ptr_nonnull(strstr(e.msg, in_folder("cut")));
        ck_assert(tiny_equal(&t, &before));
    }
    free(bytes);
    params_free(&t.ps);
    params_free(&before.ps);
}
END_TEST

START_TEST(files_damaged_anywhere_load_whole_or_not_at_all)
{
    struct tiny t, before;
    struct rng r;
    size_t n;
    char *bytes = valid_file(&n);
    int loaded = 0;

    rng_init(&r, 1);
    tiny_init(&before, &fake.d, 0, 1);
    tiny_init(&t, &fake.d, 0, 1);
    for (size_t k = 0; k < 20 * n; k++) {
        char old = bytes[k % n];
        struct checkpoint c;

        bytes[k % n] = (char)rng_u64(&r);
        err_init(&e);
        if (checkpoint_open_memory(&c, bytes, n, "f", &e)) {
            ck_assert(e.msg[0]);
        } else {
            if (!checkpoint_load_params(&c, &t.ps, &e)) {
                loaded++;
                for (size_t i = 0; i < t.ps.len; i++)
                    ck_assert(isfinite(t.ps.w[i]));
                memcpy(t.ps.w, before.ps.w, t.ps.len * sizeof(float));
            }
            checkpoint_close(&c);
        }
        ck_assert(tiny_equal(&t, &before));
        bytes[k % n] = old;
    }
    ck_assert_int_gt(loaded, 0);
    free(bytes);
    params_free(&t.ps);
    params_free(&before.ps);
}
END_TEST

START_TEST(weights_that_are_not_finite_are_not_loaded)
{
    struct tiny t, before;
    struct checkpoint c;
    size_t n;
    char *bytes = build(hostile[0].header, hostile[0].data, &n);

    tiny_init(&t, &fake.d, 0, 1);
    tiny_init(&before, &fake.d, 0, 1);
    memcpy(bytes + n - 4, "\0\0\x80\x7f", 4);
    ck_assert_int_eq(checkpoint_open_memory(&c, bytes, n, "f", &e), 0);
    ck_assert_int_eq(checkpoint_load_params(&c, &t.ps, &e), -1);
    ck_assert_str_eq(e.msg, "'f': tensor 'b.weight': a value that is not finite");
    ck_assert(tiny_equal(&t, &before));
    checkpoint_close(&c);
    free(bytes);
    params_free(&t.ps);
    params_free(&before.ps);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    struct checkpoint c;

    ck_assert_int_eq(mkfifo(in_folder("pipe"), 0600), 0);
    ck_assert_int_eq(checkpoint_open(&c, in_folder("pipe"), &e), -1); /* and does not wait */
    ck_assert_ptr_nonnull(strstr(e.msg, "is not a regular file"));
    err_init(&e);
    ck_assert_int_eq(checkpoint_open(&c, folder, &e), -1);
    err_init(&e);
    ck_assert_int_eq(checkpoint_open(&c, in_folder("absent"), &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "No such file"));
}
END_TEST

/* --- files for other programs --- */

/* Numbers that Python can check: a.weight[i] = (i - 7) / 4, a.bias[i] = i + 1/2,
   b.weight[i] = 0.3 (i - 3). */
static void known_weights(struct tiny *t)
{
    for (int i = 0; i < 15; i++)
        t->a.w[i] = (float)(i - 7) / 4;
    for (int i = 0; i < 3; i++)
        t->bias.w[i] = (float)i + 0.5f;
    for (int i = 0; i < 8; i++)
        t->b.w[i] = 0.3f * (float)(i - 3);
}

static int write_samples(const char *dir)
{
    static const struct {
        const char *name;
        enum dtype dtype;
    } files[] = { { "f32", DT_F32 }, { "bf16", DT_BF16 }, { "int8", DT_I8 } };
    uint64_t position = 123;
    struct scalar scalars[] = { { "position", SCALAR_I64, &position, 1 } };
    struct checkpoint_training run = { "", plain, scalars, 1 };
    struct tiny t;
    char path[512];
    int failed = 0;

    fake_init(&fake, DT_F32);
    err_init(&e);
    tiny_init(&t, &fake.d, PARAMS_TRAIN | PARAMS_EMA, 1);
    known_weights(&t);
    for (int i = 0; i < 3; i++) {
        struct checkpoint_options o = plain;

        o.dtype = files[i].dtype;
        snprintf(path, sizeof path, "%s/%s.safetensors", dir, files[i].name);
        failed |= checkpoint_save(path, &t.ps, &o, &e);
    }
    snprintf(path, sizeof path, "%s/run.safetensors", dir);
    run.path = path;
    failed |= checkpoint_save_training(&run, &t.ps, &e);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        size_t n;
        char *bytes = build(hostile[i].header, hostile[i].data, &n);
        FILE *f;

        snprintf(path, sizeof path, "%s/header-%02d", dir, (int)i);
        f = fopen(path, "wb");
        failed |= !f || fwrite(bytes, 1, n, f) != n || fclose(f);
        free(bytes);
    }
    params_free(&t.ps);
    if (failed)
        fprintf(stderr, "%s: %s\n", path, e.msg);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    Suite *s;
    TCase *tc;

    if (argc == 3 && !strcmp(argv[1], "write"))
        return write_samples(argv[2]);
    s = suite_create("hostile checkpoints");
    tc = tap_case(s, "hostile");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, hostile_headers_are_refused_and_named);
    tcase_add_test(tc, header_lengths_are_checked);
    tcase_add_test(tc, files_cut_anywhere_are_refused);
    tcase_add_test(tc, files_damaged_anywhere_load_whole_or_not_at_all);
    tcase_add_test(tc, weights_that_are_not_finite_are_not_loaded);
    tcase_add_test(tc, what_is_no_file_is_refused);
    return tap_run(s);
}
