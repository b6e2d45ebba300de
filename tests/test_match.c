/* What a match is made of: its plan, clocks as written and told, figures of engines. */
#include "config.h"

#include <math.h>
#include <stdio.h>

#include "gtp/match_analysis.h"
#include "gtp/match_clock.h"
#include "gtp/match_plan.h"
#include "tests/tap.h"

/* --- the plan -------------------------------------------------------------------- */

/* Every pairing plays every opening of every shard with both colours, and nothing twice. */
static void check_plan(int engines, bool gauntlet, long games, int shards)
{
    struct match_plan p = { engines, gauntlet, games, 1, shards };
    int met[MATCH_ENGINES][MATCH_ENGINES] = { { 0 } }; /* as Black, White */
    long sum = 0, counted = 0;

    for (p.shard = 1; p.shard <= shards; p.shard++) {
        sum += match_shard_games(&p);
        for (int i = 0; i < match_numbers(&p); i++) {
            struct match_pairing x = match_game(&p, i);

            if (!match_has_game(&p, i))
                continue;
            counted++;
            met[x.engine[x.black]][x.engine[!x.black]]++;
            ck_assert(x.engine[0] < x.engine[1] && x.engine[1] < engines);
            ck_assert(x.number == i / 2 % match_pairings(&p));
        }
    }
    ck_assert_int_eq(sum, counted);
    ck_assert_int_eq(sum, games * match_pairings(&p));
    for (int a = 0; a < engines; a++)
        for (int b = a + 1; b < engines; b++) {
            bool meet = !gauntlet || a == 0;

            ck_assert_int_eq(met[a][b], meet ? (games + 1) / 2 : 0);
            ck_assert_int_eq(met[b][a], meet ? games / 2 : 0);
        }
}

START_TEST(plans)
{
    static const int sizes[] = { 2, 3, 4, 7, MATCH_ENGINES };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (long games = 1; games < 12; games += 3)
            for (int shards = 1; shards < 8; shards += 2) {
                check_plan(sizes[i], false, games, shards);
                check_plan(sizes[i], true, games, shards);
            }
}
END_TEST

/* --- clocks ---------------------------------------------------------------------- */

START_TEST(clocks_written)
{
    static const char *const good[] = { "none", "60", "0.5", "60+1", "2.5+0.25", "60/5x10",
                                        "0/1x0.5", "60/10:25", "0/30:1", "1000000" };
    static const char *const bad[] = { "", "0", "0+1", "-1", "60+", "60+0", "+1", "60/", "60/5",
                                       "60/5x", "60/0x5", "60/x5", "60/5x0", "60/10:", "60/10:0",
                                       "60/:5", "60 ", " 60", "60s", "nan", "inf", "1e3", "0x10",
                                       "60/5x10x", "60/1.5x10", "60/10:2.5", "1000001", "60+1+1",
                                       "1..5", "60/123456x1" };
    char buf[MATCH_CLOCK_TEXT];
    struct clock_rules r;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(!match_clock_parse(good[i], &r), "'%s'", good[i]);
        ck_assert_str_eq(match_clock_text(&r, buf), good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(match_clock_parse(bad[i], &r), "'%s'", bad[i]);
}
END_TEST

enum { PLAIN = KNOWS_TIME_SETTINGS, KGS = PLAIN | KNOWS_KGS_TIME, KATA = KGS | KNOWS_KATA_TIME };

START_TEST(clocks_told)
{
    static const struct {
        const char *clock;
        unsigned knows;
        const char *command, *left; /* left: at the start */
    } cases[] = {
        { "60", PLAIN, "time_settings 60 0 0", "60 0" },
        { "60.5", PLAIN, "time_settings 60 0 0", "60 0" },
        { "60.5", KATA, "kata-time_settings absolute 60.5", "60.500 0" },
        { "60", KNOWS_KGS_TIME, "kgs-time_settings absolute 60", "60 0" },
        { "60", KNOWS_KATA_TIME, "kata-time_settings absolute 60", "60.000 0" },
        { "60", 0, NULL, NULL },
        { "0.5", PLAIN, NULL, NULL },
        { "60/5x10", PLAIN, "time_settings 60 10 1", "60 0" },
        { "0/5x10", PLAIN, "time_settings 0 10 1", "10 1" },
        { "60/5x10", KGS, "kgs-time_settings byoyomi 60 10 5", "60 0" },
        { "0/5x10", KGS, "kgs-time_settings byoyomi 0 10 5", "10 5" },
        { "60/5x10", KATA, "kata-time_settings byoyomi 60 10 5", "60.000 0" },
        { "60/5x0.5", KGS, NULL, NULL },
        { "60/10:25", PLAIN, "time_settings 60 10 25", "60 0" },
        { "0/10:25", KATA, "time_settings 0 10 25", "10.000 25" },
        { "60/10.5:25", KATA, "kata-time_settings canadian 60 10.5 25", "60.000 0" },
        { "60+5", PLAIN, "time_settings 55 5 1", "55 0" },
        { "3+5", PLAIN, "time_settings 0 3 1", "3 1" },
        { "60+5", KGS, "time_settings 55 5 1", "55 0" },
        { "60+0.5", PLAIN, NULL, NULL },
        { "60+0.5", KATA, "kata-time_settings fischer 60 0.5", "60.000 0" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char buf[MATCH_CLOCK_TEXT] = "";
        struct clock_rules r;
        struct clock c;
        int status;

        ck_assert(!match_clock_parse(cases[i].clock, &r));
        status = match_clock_command(&r, cases[i].knows, buf);
        ck_assert_msg(status == (cases[i].command ? 0 : -1), "%s: '%s'", cases[i].clock, buf);
        if (status)
            continue;
        ck_assert_str_eq(buf, cases[i].command);
        clock_start(&c, &r);
        ck_assert_str_eq(match_clock_left(&c, cases[i].knows, buf), cases[i].left);
    }
}
END_TEST

/* What an engine that knows time_settings alone is told never promises more than there is. */
START_TEST(simple_engines_are_told_less)
{
    static const char *const clocks[] = { "60+5", "10+7", "5+5", "20/3x4", "20/8:5" };

    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++)
        for (double spent = 0.3; spent < 5; spent += 0.7) {
            struct clock_rules r;
            struct clock c;

            ck_assert(!match_clock_parse(clocks[i], &r));
            clock_start(&c, &r);
            for (int moves = 0; moves < 100 && clock_spend(&c, spent); moves++) {
                char buf[MATCH_CLOCK_TEXT], command[MATCH_CLOCK_TEXT];
                double main, period, left, most;
                int stones, of;

                ck_assert(!match_clock_command(&r, PLAIN, command));
                ck_assert(sscanf(command, "time_settings %lf %lf %d", &main, &period, &of) == 3);
                match_clock_left(&c, PLAIN, buf);
                ck_assert(sscanf(buf, "%lf %d", &left, &stones) == 2);
                most = stones ? left : left + period;
                ck_assert_msg(most <= clock_most(&c) + 1e-9, "%s, %s: %g of %g", clocks[i], buf,
                              most, clock_most(&c));
            }
        }
}
END_TEST

START_TEST(time_is_spent)
{
    struct clock_rules r;
    struct clock c;

    ck_assert(!match_clock_parse("10/3x5", &r));
    clock_start(&c, &r);
    ck_assert(clock_most(&c) == 25);
    ck_assert(match_clock_spend(&c, 12, 0)); /* two seconds of the first period */
    ck_assert(c.overtime && c.stones == 3 && clock_most(&c) == 15);
    ck_assert(match_clock_spend(&c, 15.05, 0.1)); /* forgiven */
    ck_assert(c.stones == 1 && clock_most(&c) == 5);
    ck_assert(!match_clock_spend(&c, 5.2, 0.1));
    ck_assert(!match_clock_parse("10/6:2", &r));
    clock_start(&c, &r);
    ck_assert(clock_most(&c) == 16);
    ck_assert(match_clock_spend(&c, 11, 0) && clock_most(&c) == 5 && c.stones == 1);
    ck_assert(match_clock_spend(&c, 5, 0) && clock_most(&c) == 6 && c.stones == 2);
    ck_assert(!match_clock_parse("10+2", &r));
    clock_start(&c, &r);
    ck_assert(match_clock_spend(&c, 9, 0) && clock_most(&c) == 3);
    ck_assert(match_clock_spend(&c, 3.05, 0.1) && clock_most(&c) == 2);
    ck_assert(!match_clock_parse("none", &r));
    clock_start(&c, &r);
    ck_assert(isinf(clock_most(&c)) && match_clock_spend(&c, 1e9, 0));
}
END_TEST

/* --- figures ----------------------------------------------------------------------- */

START_TEST(figures)
{
    static const struct {
        const char *reply;
        bool lz;
        const char *move; /* NULL: there is none */
        struct match_analysis a;
    } cases[] = {
        { "play D4", false, "D4", { 0 } },
        { "info move D4 visits 8 winrate 0.52 scoreMean 1.0 scoreLead 2.5 pv D4\nplay D4", false,
          "D4", { true, true, 0.52, 2.5, 8 } },
        { "info move D4 visits 8 winrate 5200 pv D4\nplay D4", true, "D4",
          { true, false, 0.52, 0, 8 } },
        { "info move D4 visits 1 winrate 0.1 pv D4\n"
          "info move C3 visits 2 winrate 0.2 pv C3 D4 info move d4 visits 3 scoreMean -4 "
          "winrate 0.3 pv D4 rootInfo winrate 0.9\nplay D4", false, "D4", { true, true, 0.3, -4, 3 } },
        { "info move D4 visits 1 winrate 0.1 pv D4\nplay pass", false, "pass", { 0 } },
        { "info move D4 visits x winrate 7 pv D4\nplay D4", false, "D4", { 0 } },
        { "info move D4 winrate\nplay D4", false, "D4", { 0 } },
        { "info move D4\nplay D4", false, "D4", { 0 } },
        { "\nplay resign", false, "resign", { 0 } },
        { "play", false, NULL, { 0 } },
        { "info move D4 visits 1 play D4", false, NULL, { 0 } },
        { "", false, NULL, { 0 } },
        { "D4", false, NULL, { 0 } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct match_analysis *want = &cases[i].a;
        struct match_analysis a;
        char move[16];
        int status = match_analysis_take(cases[i].reply, cases[i].lz, move, &a);

        ck_assert_msg(status == (cases[i].move ? 0 : -1), "'%s'", cases[i].reply);
        ck_assert_str_eq(move, cases[i].move ? cases[i].move : "");
        ck_assert_msg(a.has_winrate == want->has_winrate && a.has_score == want->has_score &&
                      a.visits == want->visits, "'%s'", cases[i].reply);
        ck_assert(!a.has_winrate || fabs(a.winrate - want->winrate) < 1e-9);
        ck_assert(!a.has_score || a.score == want->score);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("match");
    TCase *t = tap_case(s, "match");

    tcase_add_test(t, plans);
    tcase_add_test(t, clocks_written);
    tcase_add_test(t, clocks_told);
    tcase_add_test(t, simple_engines_are_told_less);
    tcase_add_test(t, time_is_spent);
    tcase_add_test(t, figures);
    return tap_run(s);
}
