/* Time control. */
#include "config.h"

#include <math.h>

#include "gtp/clock.h"
#include "tests/tap.h"

static const struct clock_rules rules[] = {
    { .kind = CLOCK_ABSOLUTE, .main = 60, .cap = INFINITY, .longest = INFINITY },
    { .kind = CLOCK_CANADIAN, .main = 60, .period = 30, .stones = 5, .longest = INFINITY },
    { .kind = CLOCK_CANADIAN, .main = 0, .period = 30, .stones = 5, .longest = INFINITY },
    { .kind = CLOCK_BYOYOMI, .main = 60, .period = 10, .stones = 3, .longest = INFINITY },
    { .kind = CLOCK_BYOYOMI, .main = 0, .period = 10, .stones = 1, .longest = INFINITY },
    { .kind = CLOCK_FISCHER, .main = 60, .period = 5, .cap = INFINITY, .longest = INFINITY },
    { .kind = CLOCK_FISCHER, .main = 60, .period = 5, .cap = 70, .longest = 3 },
    { .kind = CLOCK_ABSOLUTE, .main = 0, .cap = INFINITY, .longest = INFINITY },
    { .kind = CLOCK_CANADIAN, .main = 3600, .period = 1, .stones = 25, .longest = INFINITY },
};

/* Who spends what is allowed never loses on time, and does not dawdle either. */
START_TEST(spending_the_allowance_keeps_the_time)
{
    struct clock c;

    clock_start(&c, &rules[_i]);
    for (int move = 0; move < 500; move++) {
        double t = clock_allowance(&c, move < 80 ? (80 - move) / 2 + 1 : 1);

        ck_assert_msg(t >= 0 && t <= rules[_i].longest, "%g seconds", t);
        ck_assert_msg(clock_spend(&c, t), "too late with move %d", move);
    }
}
END_TEST

START_TEST(no_clock_allows_any_time)
{
    struct clock c = { 0 };

    ck_assert(isinf(clock_allowance(&c, 10)));
    ck_assert(clock_spend(&c, 1e9));
    ck_assert(isinf(clock_allowance(&c, 10)));
}
END_TEST

START_TEST(time_up_allows_none)
{
    struct clock c;

    clock_start(&c, &rules[0]);
    clock_left(&c, 0, 0);
    ck_assert_double_eq(clock_allowance(&c, 10), 0);
    clock_left(&c, -3.5, 0);
    ck_assert_double_eq(clock_allowance(&c, 10), 0);
    ck_assert(!clock_spend(&c, 0.1));
}
END_TEST

START_TEST(main_time_runs_into_overtime)
{
    struct clock c;

    clock_start(&c, &rules[1]);
    ck_assert(clock_spend(&c, 65)); /* 5 of the first period */
    ck_assert(c.overtime);
    ck_assert_int_eq(c.stones, 4);
    ck_assert_double_eq(c.left, 25);
    for (int i = 0; i < 4; i++)
        ck_assert(clock_spend(&c, 6));
    ck_assert_int_eq(c.stones, 5); /* five moves made: a new period */
    ck_assert_double_eq(c.left, 30);
    ck_assert(!clock_spend(&c, 31));
}
END_TEST

START_TEST(byoyomi_periods_are_lost_one_by_one)
{
    struct clock c;

    clock_start(&c, &rules[3]);
    ck_assert(clock_spend(&c, 69));
    ck_assert_int_eq(c.stones, 3);
    ck_assert(clock_spend(&c, 9.5));
    ck_assert_int_eq(c.stones, 3);
    ck_assert(clock_spend(&c, 15));
    ck_assert_int_eq(c.stones, 2);
    ck_assert(!clock_spend(&c, 25));
}
END_TEST

/* However short periods are, they are not counted one by one. */
START_TEST(byoyomi_of_any_length)
{
    struct clock_rules r = rules[3];
    struct clock c;

    r.period = 1e-300;
    r.stones = 2000000000;
    clock_start(&c, &r);
    ck_assert(!clock_spend(&c, r.main + 0.1));
    ck_assert_int_eq(c.stones, 1);
    r.period = 0;
    clock_start(&c, &r);
    ck_assert(!clock_spend(&c, r.main + 0.1));
    r.period = 0.25;
    clock_start(&c, &r);
    ck_assert(clock_spend(&c, r.main + 0.25 * 1000)); /* to the end of a period, inclusive */
    ck_assert_int_eq(c.stones, r.stones - 999);
}
END_TEST

START_TEST(fischer_adds_up_to_its_cap)
{
    struct clock c;

    clock_start(&c, &rules[6]);
    ck_assert(clock_spend(&c, 1));
    ck_assert_double_eq(c.left, 64);
    for (int i = 0; i < 10; i++)
        ck_assert(clock_spend(&c, 0));
    ck_assert_double_eq(c.left, 70);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("clock");
    TCase *t = tap_case(s, "clock");

    tcase_add_loop_test(t, spending_the_allowance_keeps_the_time, 0,
                        sizeof rules / sizeof rules[0]);
    tcase_add_test(t, no_clock_allows_any_time);
    tcase_add_test(t, time_up_allows_none);
    tcase_add_test(t, main_time_runs_into_overtime);
    tcase_add_test(t, byoyomi_periods_are_lost_one_by_one);
    tcase_add_test(t, byoyomi_of_any_length);
    tcase_add_test(t, fischer_adds_up_to_its_cap);
    return tap_run(s);
}
