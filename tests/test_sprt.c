/* sprt: cases computed by hand, fishtest's numbers, and errors as seldom as asked for. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "engine/rng.h"
#include "gtp/sprt.h"
#include "tests/tap.h"

#define assert_near(x, want, tolerance) \
    ck_assert_msg(fabs((x) - (want)) <= (tolerance), "%.9g where %.9g is due", (double)(x), \
                  (double)(want))

/* What LLR_logistic of Stockfish's fishtest (server/fishtest/stats/LLRcalc.py, commit
   b8eecff) gives. */
START_TEST(published)
{
    static const struct {
        long pairs[SPRT_SCORES];
        double elo0, elo1, llr;
    } known[] = {
        { { 10, 20, 40, 20, 10 }, 0, 5, -0.034506851 },
        { { 2, 8, 20, 30, 40 }, 0, 20, 5.075977754 },
        { { 0, 0, 3, 5, 12 }, -5, 15, 1.134691719 },
        { { 30, 20, 10, 4, 1 }, 0, 10, -1.798198649 },
        { { 120, 40, 10, 0, 0 }, 0, 10, -4.963391404 },
        { { 0, 0, 10, 40, 120 }, 0, 10, 4.822576907 },
        { { 1, 60, 500, 1200, 600 }, 0, 2, 13.530568544 },
        { { 1, 20, 300, 900, 779 }, -3, 1, 23.057851378 },
        { { 0, 0, 50, 0, 0 }, 0, 10, -1.452044952 },
        { { 0, 0, 0, 0, 5 }, 0, 100, 1.235219701 },
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_near(sprt_llr(known[i].elo0, known[i].elo1, known[i].pairs), known[i].llr, 2e-9);
}
END_TEST

/*
 * Only 0 and 2 points, so many that the other cells do not show: the likeliest shares of mean
 * s are 1 - s and s, and the ratio is the binomial one.
 */
START_TEST(by_hand)
{
    const long pairs[] = { 400000, 0, 0, 0, 600000 }, none[SPRT_SCORES] = { 0 };
    double s0 = 0.5, s1 = 10 / 11.0;
    double llr = 4e5 * log((1 - s1) / (1 - s0)) + 6e5 * log(s1 / s0);

    assert_near(sprt_llr(0, 400, pairs), llr, 0.05);
    assert_near(sprt_llr(400, 0, pairs), -llr, 0.05);
    ck_assert(sprt_llr(0, 400, none) == 0);
}
END_TEST

START_TEST(mirrored)
{
    const long pairs[] = { 7, 1, 12, 3, 9 }, mirror[] = { 9, 3, 12, 1, 7 };

    assert_near(sprt_llr(-10, 30, pairs), sprt_llr(10, -30, mirror), 1e-9);
}
END_TEST

START_TEST(verdicts)
{
    const struct sprt s = { 0, 20, 0.05, 0.1 };
    const long better[] = { 0, 0, 10, 30, 100 }, worse[] = { 100, 30, 10, 0, 0 };
    const long few[] = { 1, 0, 2, 0, 1 };
    struct sprt_state t = sprt_look(&s, few);

    assert_near(t.lower, log(0.1 / 0.95), 1e-12);
    assert_near(t.upper, log(0.9 / 0.05), 1e-12);
    ck_assert_int_eq(t.verdict, SPRT_GO_ON);
    ck_assert_int_eq(sprt_look(&s, better).verdict, SPRT_H1);
    ck_assert_int_eq(sprt_look(&s, worse).verdict, SPRT_H0);
}
END_TEST

START_TEST(refusals)
{
    static const struct sprt bad[] = { { 5, 5, 0.05, 0.05 }, { 9, 5, 0.05, 0.05 },
                                       { NAN, 5, 0.05, 0.05 }, { 0, INFINITY, 0.05, 0.05 },
                                       { 0, 5, 0, 0.05 }, { 0, 5, 0.05, -1 },
                                       { 0, 5, 0.5, 0.5 }, { 0, 5, NAN, 0.5 },
                                       { -3000, 5, 0.05, 0.05 } };
    const struct sprt good = { 0, 5, 0.05, 0.05 };
    struct err e;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err_init(&e);
        ck_assert(sprt_check(&bad[i], &e) == -1 && e.msg[0]);
    }
    err_init(&e);
    ck_assert(!sprt_check(&good, &e));
}
END_TEST

/* --- errors ------------------------------------------------------------------ */

/* Two games of an opening that is good for one colour, of a first engine with the given Elo. */
static int pair(struct rng *rng, double elo)
{
    double s = 1 / (1 + pow(10, -elo / 400)), bias = rng_below(rng, 2) ? 0.2 : -0.2;
    int halves = 0;

    for (int i = 0; i < 2; i++) {
        double score = s + (i ? -bias : bias), u = rng_double(rng), draw = 0.1;

        halves += u < score - draw / 2 ? 2 : u < score + draw / 2 ? 1 : 0;
    }
    return halves;
}

/* The test goes on to its end n times; returns how often it is accepted. */
static int accepted(const struct sprt *s, double elo, int n, uint64_t seed, long *pairs)
{
    struct rng rng;
    int h1 = 0;

    rng_init(&rng, seed);
    for (int k = 0; k < n; k++) {
        long count[SPRT_SCORES] = { 0 };
        enum sprt_verdict v = SPRT_GO_ON;

        for (; v == SPRT_GO_ON; ++*pairs) {
            count[pair(&rng, elo)]++;
            v = sprt_look(s, count).verdict;
        }
        h1 += v == SPRT_H1;
    }
    return h1;
}

START_TEST(errors)
{
    const struct sprt s = { -10, 60, 0.05, 0.10 };
    const int n = 1000;
    long pairs = 0;
    int wrong_h1 = accepted(&s, -10, n, 5, &pairs), wrong_h0 = n - accepted(&s, 60, n, 6, &pairs);

    ck_assert_msg(wrong_h1 <= (0.05 + 0.02) * n && wrong_h1 > 0.01 * n, "alpha: %d of %d",
                  wrong_h1, n);
    ck_assert_msg(wrong_h0 <= (0.10 + 0.025) * n && wrong_h0 > 0.03 * n, "beta: %d of %d",
                  wrong_h0, n);
    ck_assert_msg(pairs / (2.0 * n) < 200, "%g pairs on average", pairs / (2.0 * n));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sprt");
    TCase *tc = tap_case(s, "sprt");

    tcase_add_test(tc, published);
    tcase_add_test(tc, by_hand);
    tcase_add_test(tc, mirrored);
    tcase_add_test(tc, verdicts);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, errors);
    return tap_run(s);
}
