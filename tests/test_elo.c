/* elo and stats: cases computed by hand, and matches simulated. */
#include "config.h"

#include <math.h>

#include "engine/rng.h"
#include "gtp/elo.h"
#include "gtp/stats.h"
#include "tests/tap.h"

#define assert_near(x, want, tolerance) \
    ck_assert_msg(fabs((x) - (want)) <= (tolerance), "%.9g where %.9g is due", (double)(x), \
                  (double)(want))

/* Wilson: (8 + 1.9207) / 13.8415 = 0.7167; half 1.96 sqrt(1.6 + 0.9604) / 13.8415 = 0.2265. */
START_TEST(rates)
{
    struct interval i = interval_rate(0.8, 10);

    assert_near(i.mean, 0.8, 0);
    assert_near(i.low, 0.490162, 1e-6);
    assert_near(i.high, 0.943318, 1e-6);
    i = interval_rate(1, 10); /* 10 / 13.8415 */
    assert_near(i.low, 0.72247, 1e-5);
    ck_assert(i.high == 1);
    i = interval_rate(0, 10);
    ck_assert(i.low == 0);
    assert_near(i.high, 0.27753, 1e-5);
}
END_TEST

/* 0, 1, 1, 1: mean 3/4, variance (9/16 + 3/16) / 3 = 1/4, half 1.96 / 4 = 0.49. */
START_TEST(means)
{
    struct interval i = interval_mean(3, 3, 4);

    assert_near(i.mean, 0.75, 1e-12);
    assert_near(i.low, 0.260009, 1e-6);
    ck_assert(i.high == 1);
    i = interval_mean(0.5 * 4, 0.25 * 4, 4);
    assert_near(i.low, 0.5, 1e-9);
    assert_near(i.high, 0.5, 1e-9);
    i = interval_mean(0.3, 0.09, 1);
    ck_assert(i.low == 0 && i.high == 1);
    assert_near(i.mean, 0.3, 1e-12);
}
END_TEST

START_TEST(medians)
{
    double v[] = { 3, 1, 9, 2 };

    ck_assert(median(v, 0) == 0);
    ck_assert(median(v, 1) == 3);
    ck_assert(median(v, 4) == 2.5);
    ck_assert(median(v, 3) == 2);
}
END_TEST

START_TEST(differences)
{
    assert_near(elo_of_score(0.5), 0, 1e-9);
    assert_near(elo_of_score(10.0 / 11), 400, 1e-9);
    assert_near(elo_of_score(1.0 / 11), -400, 1e-9);
    assert_near(elo_of_score(0.75), 190.848502, 1e-6);
    ck_assert(isinf(elo_of_score(1)) && elo_of_score(1) > 0);
    ck_assert(isinf(elo_of_score(0)) && elo_of_score(0) < 0);
}
END_TEST

/*
 * Four openings: 2, 1, 1, 2 points of 2: s = 6/8.  v = 4/3 * 4 * 0.25 = 4/3,
 * b = 8 * 3/16 = 3/2, d = (4 * 8/9 + 1) / 5 = 41/45, 8 / d = 360/41 effective games.
 */
START_TEST(pairs)
{
    struct elo_tally t = { 0 };
    struct interval want = interval_rate(0.75, 360.0 / 41);
    struct elo e;

    elo_add(&t, 2, 2);
    elo_add(&t, 2, 1);
    elo_add(&t, 2, 1);
    elo_add(&t, 2, 2);
    e = elo_estimate(&t);
    assert_near(e.score.mean, 0.75, 1e-12);
    assert_near(e.score.low, want.low, 1e-12);
    assert_near(e.score.high, want.high, 1e-12);
    assert_near(e.difference.mean, 190.848502, 1e-6);
    assert_near(e.difference.low, elo_of_score(want.low), 1e-9);
}
END_TEST

/*
 * Two openings, one half played: 1.5 of 2 and 0 of 1: s = 1/2, v = 2 * (1/4 + 1/4) = 1,
 * b = 3/4, d = (2 * 4/3 + 1) / 3 = 11/9.
 */
START_TEST(half_an_opening)
{
    struct elo_tally t = { 0 };
    struct interval want = interval_rate(0.5, 27.0 / 11);

    elo_add(&t, 2, 1.5);
    elo_add(&t, 1, 0);
    assert_near(elo_estimate(&t).score.low, want.low, 1e-12);
    assert_near(elo_estimate(&t).score.high, want.high, 1e-12);
}
END_TEST

/* Openings that all go 1-1 tell that the engines are near, but a few do not prove it. */
START_TEST(all_alike)
{
    struct elo_tally t = { 0 };
    struct elo e;

    for (int i = 0; i < 3; i++)
        elo_add(&t, 2, 1);
    e = elo_estimate(&t); /* d = 1/4, 24 effective games */
    assert_near(e.score.low, interval_rate(0.5, 24).low, 1e-12);
    assert_near(e.difference.mean, 0, 1e-9);
    t = (struct elo_tally){ 0 };
    for (int i = 0; i < 3; i++)
        elo_add(&t, 2, 2);
    e = elo_estimate(&t);
    assert_near(e.score.low, interval_rate(1, 6).low, 1e-12);
    ck_assert(isinf(e.difference.mean) && isinf(e.difference.high));
    ck_assert(isfinite(e.difference.low));
}
END_TEST

/* Matches of 50 openings, good for one colour by their kind, between engines of which the
   first wins 60 % on average: the interval holds that nearly as often as it says. */
START_TEST(the_interval_holds_the_truth)
{
    struct rng r;
    int inside = 0;
    const int n = 4000;

    rng_init(&r, 1);
    for (int k = 0; k < n; k++) {
        struct elo_tally t = { 0 };
        struct elo e;

        for (int i = 0; i < 50; i++) {
            double bias = rng_double(&r) < 0.5 ? 0.3 : -0.3, points = 0;

            points += rng_double(&r) < 0.6 + bias;
            points += rng_double(&r) < 0.6 - bias;
            elo_add(&t, 2, points);
        }
        e = elo_estimate(&t);
        inside += e.score.low <= 0.6 && e.score.high >= 0.6;
    }
    ck_assert_msg(inside > 0.935 * n && inside < 0.975 * n, "%d of %d", inside, n);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("elo");
    TCase *tc = tap_case(s, "elo");

    tcase_add_test(tc, rates);
    tcase_add_test(tc, means);
    tcase_add_test(tc, medians);
    tcase_add_test(tc, differences);
    tcase_add_test(tc, pairs);
    tcase_add_test(tc, half_an_opening);
    tcase_add_test(tc, all_alike);
    tcase_add_test(tc, the_interval_holds_the_truth);
    return tap_run(s);
}
