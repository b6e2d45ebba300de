/* ladder: what to play next, by hand and by climbing simulated ladders. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"
#include "gtp/ladder.h"
#include "tests/tap.h"

enum { MOST = 8, CLIMBER = 0 };

/* A ladder whose truth is known. */
struct world {
    int n;
    double truth[MOST], anchor[MOST], seconds[MOST];
    long played[MOST * MOST], under_way[MOST * MOST];
    double points[MOST * MOST]; /* of i against j */
    struct rng rng;
};

static struct err e;

static void world_init(struct world *w, int n, const double *truth, bool anchored)
{
    memset(w, 0, sizeof *w);
    w->n = n;
    rng_init(&w->rng, 7);
    for (int i = 0; i < n; i++) {
        w->truth[i] = truth[i];
        w->anchor[i] = i != CLIMBER && (anchored || i == 1) ? truth[i] : NAN;
        w->seconds[i] = 1;
    }
}

static void estimate(const struct world *w, struct ratings *r)
{
    struct rating_count count[MOST * MOST];
    size_t k = 0;

    for (int i = 0; i < w->n; i++)
        for (int j = i + 1; j < w->n; j++) {
            double n = (double)w->played[i * w->n + j], won = w->points[i * w->n + j];

            if (n > 0) /* half of them with either colour */
                for (int half = 0; half < 2; half++)
                    count[k++] = half ? (struct rating_count){ j, i, (n - won) / 2, 0, won / 2 }
                                      : (struct rating_count){ i, j, won / 2, 0, (n - won) / 2 };
        }
    ck_assert_msg(!ratings_estimate(r, w->n, count, k, w->anchor, &e), "%s", e.msg);
}

static void choose(const struct world *w, bool calibrate, int *a, int *b)
{
    struct ladder l = { w->n, CLIMBER, calibrate, w->seconds, w->played, w->under_way };
    struct ratings r;

    estimate(w, &r);
    ck_assert_int_eq(ladder_choose(&l, &r, a, b, &e), 0);
    ck_assert(0 <= *a && *a < *b && *b < w->n);
    ratings_release(&r);
}

static void play(struct world *w, int a, int b)
{
    double p = 1 / (1 + pow(10, (w->truth[b] - w->truth[a]) / 400));

    for (int i = 0; i < 2; i++)
        w->points[a * w->n + b] += rng_double(&w->rng) < p;
    w->played[a * w->n + b] += 2;
}

START_TEST(every_rung_once_the_fastest_first)
{
    const double truth[] = { 0, 0, 0, 0 };
    struct world w;
    int a, b;

    world_init(&w, 4, truth, true);
    w.seconds[1] = 3;
    w.seconds[2] = 1;
    w.seconds[3] = 2;
    choose(&w, true, &a, &b);
    ck_assert(a == CLIMBER && b == 2);
    w.under_way[b] = 2;
    choose(&w, true, &a, &b);
    ck_assert(a == CLIMBER && b == 3);
    play(&w, a, b);
    choose(&w, true, &a, &b);
    ck_assert(a == CLIMBER && b == 1);
}
END_TEST

/* Of known rungs: the one that is about as strong, unless another is much faster. */
START_TEST(equals_tell_most_and_the_fast_more)
{
    const double truth[] = { 1800, 1800, 1000, 2600 };
    struct world w;
    int a, b;

    world_init(&w, 4, truth, true);
    for (int i = 1; i < 4; i++) {
        w.played[i] = 20;
        w.points[i] = i == 1 ? 10 : i == 2 ? 20 : 0;
    }
    choose(&w, false, &a, &b);
    ck_assert(a == CLIMBER && b == 1);
    w.seconds[1] = 500; /* p (1 - p) is 1/4 there and 1/100 at 800 Elo */
    choose(&w, false, &a, &b);
    ck_assert(a == CLIMBER && b != 1);
}
END_TEST

/* The climber's one equal is unrated: then that one's games with the anchor tell more. */
START_TEST(rungs_play_each_other_where_that_is_the_weak_link)
{
    const double truth[] = { 2400, 1800, 2400 };
    struct world w;
    int a, b;

    world_init(&w, 3, truth, false);
    w.played[1] = 2;
    w.points[1] = 2;
    w.played[2] = 400;
    w.points[2] = 200;
    w.played[1 * 3 + 2] = 2;
    choose(&w, false, &a, &b);
    ck_assert_int_eq(a, CLIMBER);
    choose(&w, true, &a, &b);
    ck_assert_int_eq(b, a == CLIMBER ? 1 : 2);
    ck_assert(a == 1 || b == 1); /* with the anchor, not between equals */
}
END_TEST

/* From the bottom to where the climber belongs, in fewer games than by turns. */
static double bar_after(bool chosen, int openings, double *found)
{
    const double truth[] = { 2050, 0, 1500, 1800, 2000, 2300, 2500 };
    struct ratings r;
    struct interval i;
    struct world w;
    int a, b;

    world_init(&w, 7, truth, true);
    for (int k = 0; k < openings; k++) {
        if (chosen)
            choose(&w, false, &a, &b);
        else
            a = CLIMBER, b = 1 + k % 6;
        play(&w, a, b);
    }
    estimate(&w, &r);
    i = rating_of(&r, CLIMBER);
    ratings_release(&r);
    *found = i.mean;
    return i.high - i.low;
}

START_TEST(it_climbs_faster_than_by_turns)
{
    double found, plain, bar = bar_after(true, 60, &found);

    ck_assert_msg(fabs(found - 2050) < bar, "%.0f", found);
    ck_assert_msg(bar < 0.85 * bar_after(false, 60, &plain), "%.0f", bar);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ladder");
    TCase *tc = tap_case(s, "ladder");

    err_init(&e);
    tcase_add_test(tc, every_rung_once_the_fastest_first);
    tcase_add_test(tc, equals_tell_most_and_the_fast_more);
    tcase_add_test(tc, rungs_play_each_other_where_that_is_the_weak_link);
    tcase_add_test(tc, it_climbs_faster_than_by_turns);
    return tap_run(s);
}
