/* Named sizes and the memory they are said to take; the order of samples. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/presets.h"
#include "model/shuffle.h"
#include "tests/tap.h"

static struct err e;

static void setup(void)
{
    err_init(&e);
}

START_TEST(sizes_have_the_weights_their_names_say)
{
    static const struct {
        const char *name;
        double millions;
    } cases[] = {
        { "nano", 0.107 }, { "tiny", 0.665 }, { "small", 6.0 }, { "base", 21.2 },
        { "50m", 51 },     { "150m", 149 },  { "300m", 299 },
    };
    int n;

    presets(&n);
    ck_assert_int_eq(n, (int)(sizeof cases / sizeof *cases));
    for (int i = 0; i < n; i++) {
        const struct preset *p = preset_find(cases[i].name, &e);
        size_t count;

        ck_assert_ptr_eq(p, presets(&n) + i);
        ck_assert_int_eq(preset_params(&p->block, &count, &e), 0);
        ck_assert_double_eq_tol((double)count / 1e6, cases[i].millions, 0.02 * cases[i].millions);
    }
}
END_TEST

START_TEST(an_unknown_size_is_answered_by_the_list)
{
    ck_assert_ptr_null(preset_find("huge", &e));
    ck_assert_str_eq(e.msg, "unknown size 'huge': it is one of nano, tiny, small, base, 50m, 150m, 300m");
}
END_TEST

START_TEST(memory_is_what_is_allocated)
{
    enum { B = 3, T = 21 };
    struct device *d = device_open("cpu", 1, PRECISION_F32, &e);

    ck_assert_ptr_nonnull(d);
    for (int i = 0; i < 2; i++) {
        struct block_config c = preset_find(i ? "small" : "nano", &e)->block;
        struct params ps;
        struct stack s;
        struct stack_acts a;
        size_t params, acts, half, half_acts;

        c.conv = i;
        c.cond = i * 8;
        ck_assert_int_eq(preset_memory(&c, DT_F32, B, T, &params, &acts, &e), 0);
        ck_assert_int_eq(preset_memory(&c, DT_BF16, B, T, &half, &half_acts, &e), 0);
        ck_assert(half > params && half_acts < acts);
        params_init(&ps);
        ck_assert_int_eq(stack_init(&s, &c, &e), 0);
        stack_register(&s, &ps, "layers");
        ck_assert_int_eq(params_alloc(&ps, d, PARAMS_TRAIN | PARAMS_EMA | PARAMS_MUON, &e), 0);
        ck_assert_int_eq(stack_acts_alloc(&a, &s, d, B, T, true, &e), 0);
        ck_assert_uint_eq(params, ps.mem.bytes);
        ck_assert_uint_eq(acts, a.mem.bytes);
        stack_acts_free(&a, d);
        params_free(&ps);
        stack_free(&s);
    }
    device_close(d);
}
END_TEST

START_TEST(shuffle_is_a_permutation)
{
    for (uint64_t n = 1; n <= 1000; n = n < 40 ? n + 1 : n * 7 / 4) {
        for (uint64_t seed = 0; seed < 20; seed++) {
            unsigned char seen[1000] = { 0 };

            for (uint64_t i = 0; i < n; i++) {
                uint64_t to = shuffle(i, n, seed);

                ck_assert_uint_lt(to, n);
                ck_assert_msg(!seen[to]++, "n %d: %d twice", (int)n, (int)to);
            }
        }
    }
}
END_TEST

/* Where each of 50 elements goes over many seeds: uniform by the chi-square statistic. */
START_TEST(shuffle_sends_everything_everywhere)
{
    enum { N = 50, SEEDS = 20000 };
    static int count[N][N];
    const double want = (double)SEEDS / N;

    memset(count, 0, sizeof count);
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        for (uint64_t i = 0; i < N; i++)
            count[i][shuffle(i, N, seed)]++;
    for (int i = 0; i < N; i++) {
        double chi = 0;

        for (int k = 0; k < N; k++)
            chi += (count[i][k] - want) * (count[i][k] - want) / want;
        /* 49 degrees of freedom: mean 49, deviation 9.9 */
        ck_assert_msg(chi > 15 && chi < 110, "element %d: %g", i, chi);
    }
}
END_TEST

START_TEST(neighbours_part_and_large_sets_work)
{
    uint64_t n = SHUFFLE_MAX - 12345, last = 0;
    int near = 0, repeated = 0;

    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t to = shuffle(n - 1 - i, n, 5);

        ck_assert_uint_lt(to, n);
        near += llabs((long long)(to - last)) < (long long)(n / 1000);
        last = to;
    }
    ck_assert_int_lt(near, 20); /* 2 are expected */
    for (uint64_t i = 0; i < 10000; i++)
        repeated += shuffle(i, 10000, 1) == shuffle(i, 10000, 2);
    ck_assert_int_lt(repeated, 20); /* 1 is expected */
}
END_TEST

int main(void)
{
    Suite *s = suite_create("presets");
    TCase *tc = tap_case(s, "presets");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, sizes_have_the_weights_their_names_say);
    tcase_add_test(tc, an_unknown_size_is_answered_by_the_list);
    tcase_add_test(tc, memory_is_what_is_allocated);
    tcase_add_test(tc, shuffle_is_a_permutation);
    tcase_add_test(tc, shuffle_sends_everything_everywhere);
    tcase_add_test(tc, neighbours_part_and_large_sets_work);
    return tap_run(s);
}
