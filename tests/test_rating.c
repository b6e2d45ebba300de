/* rating: cases computed by hand, matches simulated, and what the games do not tell. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "engine/rng.h"
#include "gtp/rating.h"
#include "tests/tap.h"

#define assert_near(x, want, tolerance) \
    ck_assert_msg(fabs((x) - (want)) <= (tolerance), "%.9g where %.9g is due", (double)(x), \
                  (double)(want))

static const double unit = 400 / 2.302585092994046, z = 1.959963984540054;

/* Estimates, which must succeed. */
static void estimate(struct ratings *r, int n, const struct rating_count *c, size_t n_counts,
                     const double *anchor)
{
    struct err e;

    err_init(&e);
    ck_assert_msg(!ratings_estimate(r, n, c, n_counts, anchor, &e), "%s", e.msg);
}

/*
 * 30 : 10 with either colour: no advantage, 400 log10(60.5 / 20.5).  The information of the
 * difference is 81 p q with p = 60.5 / 81, that of the advantage 80 p q + 1/4.
 */
START_TEST(two_players)
{
    const struct rating_count c[] = { { 0, 1, 30, 0, 10 }, { 1, 0, 10, 0, 30 } };
    double p = 60.5 / 81, d = 400 * log10(60.5 / 20.5), sd = unit / sqrt(81 * p * (1 - p));
    struct interval i;
    struct ratings r;

    estimate(&r, 2, c, 2, NULL);
    assert_near(r.elo[0], d / 2, 1e-6);
    assert_near(r.elo[1], -d / 2, 1e-6);
    assert_near(r.black, 0, 1e-6);
    ck_assert(r.draw == 0 && rating_draws(&r) == 0);
    i = rating_difference(&r, 0, 1);
    assert_near(i.mean, d, 1e-6);
    assert_near(i.low, d - z * sd, 1e-6);
    assert_near(i.high, d + z * sd, 1e-6);
    i = rating_of(&r, 0); /* against their mean: half as much */
    assert_near(i.high - i.mean, z * sd / 2, 1e-6);
    i = rating_black(&r);
    assert_near(i.high, z * unit / sqrt(80 * p * (1 - p) + 0.25), 1e-6);
    assert_near(rating_los(&r, 0, 1), 0.5 * erfc(-d / sd / sqrt(2)), 1e-9);
    assert_near(rating_los(&r, 0, 1) + rating_los(&r, 1, 0), 1, 1e-12);
    ck_assert(rating_los(&r, 0, 0) == 0.5);
    ratings_release(&r);
}
END_TEST

/* So many games that the prior does not show: e^(r + a) = 3, e^(a - r) = 1/2. */
START_TEST(first_player)
{
    const struct rating_count c[] = { { 0, 1, 3e9, 0, 1e9 }, { 1, 0, 1e9, 0, 2e9 } };
    struct ratings r;

    estimate(&r, 2, c, 2, NULL);
    assert_near(rating_difference(&r, 0, 1).mean, unit * log(3 / 0.5) / 2, 1e-5);
    assert_near(r.black, unit * log(3 * 0.5) / 2, 1e-5);
    ratings_release(&r);
}
END_TEST

/*
 * Equals, Black wins 1 of 4, half are drawn: v = P(draw) / sqrt(P(win) P(loss)) = 2, and of
 * 4 : 4 : 1 the difference is log 4, v = 4 / 2.
 */
START_TEST(draws)
{
    const struct rating_count even[] = { { 0, 1, 1e9, 2e9, 1e9 }, { 1, 0, 1e9, 2e9, 1e9 } };
    const struct rating_count odd[] = { { 0, 1, 4e9, 4e9, 1e9 }, { 1, 0, 1e9, 4e9, 4e9 } };
    struct ratings r;

    estimate(&r, 2, even, 2, NULL);
    assert_near(r.draw, 2, 1e-7);
    assert_near(rating_draws(&r), 0.5, 1e-7);
    assert_near(r.elo[0], 0, 1e-6);
    ratings_release(&r);
    estimate(&r, 2, odd, 2, NULL);
    assert_near(rating_difference(&r, 0, 1).mean, unit * log(4), 1e-5);
    assert_near(r.draw, 2, 1e-7);
    ratings_release(&r);
}
END_TEST

/* A chain of 3 : 1 and 1 : 1, and what each pairing tells adds up. */
START_TEST(chain)
{
    const struct rating_count c[] = { { 0, 1, 3e8, 0, 1e8 }, { 1, 0, 1e8, 0, 3e8 },
                                      { 1, 2, 2e8, 0, 2e8 }, { 2, 1, 2e8, 0, 2e8 } };
    double var01 = unit * unit / (8e8 * 3 / 16), var12 = unit * unit / (8e8 / 4);
    struct ratings r;
    struct interval i;

    estimate(&r, 3, c, 4, NULL);
    assert_near(r.elo[0] - r.elo[1], unit * log(3), 1e-4);
    assert_near(r.elo[1] - r.elo[2], 0, 1e-4);
    assert_near(r.elo[0] + r.elo[1] + r.elo[2], 0, 1e-6);
    i = rating_difference(&r, 0, 2);
    assert_near((i.high - i.mean) / z / sqrt(var01 + var12), 1, 1e-6);
    i = rating_difference(&r, 1, 2);
    assert_near((i.high - i.mean) / z / sqrt(var12), 1, 1e-6);
    ratings_release(&r);
}
END_TEST

START_TEST(anchors)
{
    const struct rating_count c[] = { { 0, 1, 3e8, 0, 1e8 }, { 1, 0, 1e8, 0, 3e8 },
                                      { 3, 2, 1, 0, 1 } };
    const double one[] = { NAN, 1500, NAN, NAN }, two[] = { 1800, 1500, NAN, 700 };
    struct interval i;
    struct ratings r;

    estimate(&r, 4, c, 3, one);
    assert_near(r.elo[0], 1500 + unit * log(3), 1e-4);
    ck_assert(r.elo[1] == 1500 && rating_of(&r, 1).high == 1500);
    i = rating_of(&r, 0); /* exact is what it is compared with */
    assert_near(i.high - i.low, rating_difference(&r, 0, 1).high - rating_difference(&r, 0, 1).low,
                1e-9);
    ck_assert_int_eq(r.groups, 2);
    assert_near(r.elo[2] + r.elo[3], 0, 1e-9);
    ratings_release(&r);

    estimate(&r, 4, c, 3, two); /* now all are connected */
    ck_assert_int_eq(r.groups, 1);
    ck_assert(r.elo[0] == 1800 && r.elo[3] == 700);
    assert_near(r.elo[2], 700, 500);
    ck_assert(isfinite(rating_difference(&r, 0, 2).high));
    ck_assert(rating_los(&r, 0, 1) == 1 && rating_los(&r, 1, 0) == 0);
    ratings_release(&r);
}
END_TEST

/* 10 : 0 with either colour is 20.5 : 0.5; so is all by one player alone. */
START_TEST(all_won)
{
    const struct rating_count c[] = { { 0, 1, 10, 0, 0 }, { 1, 0, 0, 0, 10 } };
    const struct rating_count black[] = { { 0, 1, 10, 0, 0 }, { 1, 0, 10, 0, 0 } };
    const struct rating_count drawn[] = { { 0, 1, 0, 8, 0 } };
    const struct rating_count alone[] = { { 0, 1, 5, 0, 0 } };
    struct ratings r;

    estimate(&r, 2, c, 2, NULL);
    assert_near(rating_difference(&r, 0, 1).mean, 400 * log10(20.5 / 0.5), 1e-6);
    ck_assert(rating_difference(&r, 0, 1).low > 0);
    ratings_release(&r);
    estimate(&r, 2, black, 2, NULL); /* all by Black: 20.5 : 0.5 is the advantage's */
    assert_near(r.elo[0], 0, 1e-6);
    assert_near(r.black, 400 * log10(20.5 / 0.5), 1e-6);
    ratings_release(&r);
    estimate(&r, 2, drawn, 1, NULL); /* 8.5 draws : half a win */
    assert_near(r.elo[0], 0, 1e-6);
    assert_near(rating_draws(&r), 8.5 / 9, 1e-2);
    ratings_release(&r);
    estimate(&r, 2, alone, 1, NULL); /* strength or the colour: both may be */
    assert_near(rating_difference(&r, 0, 1).mean, r.black, 1e-6);
    ck_assert(r.black > 0 && rating_black(&r).low < 0);
    ratings_release(&r);
}
END_TEST

/* A ladder all won by the upper: finite, in order, even if long. */
START_TEST(ladder)
{
    enum { N = 64 };
    struct rating_count c[2 * N];
    struct ratings r;

    for (int i = 0; i + 1 < N; i++) {
        c[2 * i] = (struct rating_count){ i, i + 1, 50, 0, 0 };
        c[2 * i + 1] = (struct rating_count){ i + 1, i, 0, 0, 50 };
    }
    estimate(&r, N, c, 2 * (N - 1), NULL);
    for (int i = 0; i + 1 < N; i++) {
        ck_assert(r.elo[i] - r.elo[i + 1] > 300 && r.elo[i] - r.elo[i + 1] < 1500);
        ck_assert(rating_los(&r, i, i + 1) > 0.95);
    }
    ratings_release(&r);
}
END_TEST

START_TEST(groups)
{
    const struct rating_count c[] = { { 4, 0, 5, 0, 3 }, { 2, 3, 1, 0, 4 }, { 1, 2, 0, 0, 0 } };
    struct ratings r;

    estimate(&r, 5, c, 3, NULL);
    ck_assert_int_eq(r.groups, 3);
    ck_assert_int_eq(r.group[0], 0);
    ck_assert_int_eq(r.group[1], 1);
    ck_assert_int_eq(r.group[2], 2);
    ck_assert_int_eq(r.group[3], 2);
    ck_assert_int_eq(r.group[4], 0);
    assert_near(r.elo[0] + r.elo[4], 0, 1e-9);
    ck_assert(isinf(rating_difference(&r, 0, 2).high) && rating_los(&r, 0, 2) == 0.5);
    ck_assert(!r.known[1] && r.elo[1] == 0 && isinf(rating_of(&r, 1).high));
    ck_assert(isfinite(rating_of(&r, 2).high) && rating_of(&r, 2).high > r.elo[2]);
    ratings_release(&r);
    estimate(&r, 1, NULL, 0, NULL);
    ck_assert(r.elo[0] == 0 && r.groups == 1);
    ratings_release(&r);
}
END_TEST

START_TEST(refusals)
{
    const struct rating_count same = { 1, 1, 1, 0, 0 }, far = { 0, 2, 1, 0, 0 };
    const struct rating_count negative = { 0, 1, -1, 0, 0 }, nan = { 0, 1, 0, NAN, 0 };
    const struct rating_count *bad[] = { &same, &far, &negative, &nan };
    const double anchor[] = { INFINITY, NAN };
    struct ratings r;
    struct err e;

    for (int i = 0; i < 4; i++) {
        err_init(&e);
        ck_assert(ratings_estimate(&r, 2, bad[i], 1, NULL, &e) == -1 && e.msg[0]);
        ratings_release(&r);
    }
    err_init(&e);
    ck_assert(ratings_estimate(&r, 2, NULL, 0, anchor, &e) == -1 && strstr(e.msg, "infinite"));
    ratings_release(&r);
    ck_assert(ratings_estimate(&r, 0, NULL, 0, NULL, &e) == -1);
    ratings_release(&r);
}
END_TEST

/* --- simulations ------------------------------------------------------------- */

enum { PLAYERS = 5, GAMES = 40, ROUNDS = 500 };

static const double truth[PLAYERS] = { 260, 90, 10, -80, -280 }; /* of mean 0 */
static const double true_black = 35, true_v = 0.2;

/* Games of every two with either colour, by the model. */
static void play(struct rng *rng, struct rating_count c[PLAYERS * PLAYERS])
{
    for (int b = 0; b < PLAYERS; b++)
        for (int w = 0; w < PLAYERS; w++, c++) {
            double d = (truth[b] + true_black - truth[w]) / unit;
            double win = exp(d / 2), all = win + true_v + exp(-d / 2);

            *c = (struct rating_count){ b, w, 0, 0, 0 };
            for (int i = 0; b != w && i < GAMES; i++) {
                double u = rng_double(rng) * all;

                *(u < win ? &c->won : u < win + true_v ? &c->drawn : &c->lost) += 1;
            }
        }
}

static bool holds(struct interval i, double x)
{
    return i.low <= x && x <= i.high;
}

/* In how many of n, nearly 95 %: 4 standard deviations of what is independent at least. */
static void assert_coverage(const char *what, int inside, int n, int independent)
{
    double slack = 4 * sqrt(0.95 * 0.05 / independent);

    ck_assert_msg(fabs(inside / (double)n - 0.95) < slack, "%s: %d of %d", what, inside, n);
}

START_TEST(bars_hold_the_truth)
{
    struct rating_count c[PLAYERS * PLAYERS];
    int own = 0, differences = 0, black = 0, anchored = 0;
    double sum = 0, sum_v = 0;
    const double anchor[PLAYERS] = { 260, NAN, NAN, NAN, -280 };
    struct ratings r;
    struct rng rng;

    rng_init(&rng, 7);
    for (int k = 0; k < ROUNDS; k++) {
        play(&rng, c);
        estimate(&r, PLAYERS, c, PLAYERS * PLAYERS, NULL);
        for (int i = 0; i < PLAYERS; i++)
            own += holds(rating_of(&r, i), truth[i]);
        for (int i = 0; i + 1 < PLAYERS; i++)
            differences += holds(rating_difference(&r, i, i + 1), truth[i] - truth[i + 1]);
        black += holds(rating_black(&r), true_black);
        sum += r.elo[0] / ROUNDS;
        sum_v += r.draw / ROUNDS;
        ratings_release(&r);
        estimate(&r, PLAYERS, c, PLAYERS * PLAYERS, anchor);
        for (int i = 1; i < 4; i++)
            anchored += holds(rating_of(&r, i), truth[i]);
        ratings_release(&r);
    }
    assert_coverage("ratings", own, PLAYERS * ROUNDS, ROUNDS);
    assert_coverage("differences", differences, (PLAYERS - 1) * ROUNDS, ROUNDS);
    assert_coverage("advantage", black, ROUNDS, ROUNDS);
    assert_coverage("against anchors", anchored, 3 * ROUNDS, ROUNDS);
    assert_near(sum, truth[0], 5); /* hardly biased */
    assert_near(sum_v, true_v, 0.005);
}
END_TEST

/* Of equals, either is called stronger with 95 % as often as that says. */
START_TEST(superiority)
{
    int sure = 0;
    const int n = 2000;
    struct ratings r;
    struct rng rng;

    rng_init(&rng, 3);
    for (int k = 0; k < n; k++) {
        struct rating_count c[2] = { { 0, 1, 0, 0, 0 }, { 1, 0, 0, 0, 0 } };

        for (int i = 0; i < 100; i++)
            *(rng_below(&rng, 2) ? &c[i & 1].won : &c[i & 1].lost) += 1;
        estimate(&r, 2, c, 2, NULL);
        sure += rating_los(&r, 0, 1) > 0.95;
        ratings_release(&r);
    }
    ck_assert_msg(sure > 0.03 * n && sure < 0.065 * n, "%d of %d", sure, n);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rating");
    TCase *tc = tap_case(s, "rating");

    tcase_add_test(tc, two_players);
    tcase_add_test(tc, first_player);
    tcase_add_test(tc, draws);
    tcase_add_test(tc, chain);
    tcase_add_test(tc, anchors);
    tcase_add_test(tc, all_won);
    tcase_add_test(tc, ladder);
    tcase_add_test(tc, groups);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, bars_hold_the_truth);
    tcase_add_test(tc, superiority);
    return tap_run(s);
}
