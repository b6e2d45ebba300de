/* The contract between commands and players, and the random player. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/playout.h"
#include "gtp/commands.h"
#include "tests/tap.h"

/* --- a slow player and a clock that steps --------------------------------------------- */

static double time_now;

static double step_now(void)
{
    return time_now += 0.01;
}

/* Thinks until it is told to stop; counts what it was told. */
struct slow {
    struct player base;
    int rounds, reports;
    double seconds;
    long visits;
};

static int slow_think(struct player *base, const struct player_request *r)
{
    struct slow *s = (struct slow *)base;
    struct candidate k = { .point = board_point(&r->game->board, 2, 2), .prior = 1,
                           .winrate = 0.5, .pv_n = 1 };
    struct analysis a = { .n = 1, .candidate = &k };
    int bits;

    s->rounds = s->reports = 0;
    s->seconds = r->seconds;
    s->visits = r->visits;
    k.pv[0] = k.point;
    do {
        bits = r->poll(r->ctx);
        k.visits = ++s->rounds;
        if (r->report && (bits & POLL_REPORT)) {
            r->report(r->ctx, &a);
            s->reports++;
        }
    } while (!(bits & POLL_STOP) && s->rounds < 100000);
    return k.point;
}

static int slow_genmove(struct player *base, const struct player_request *r, int *move,
                        struct err *e)
{
    (void)e;
    *move = slow_think(base, r);
    return 0;
}

static int slow_analyse(struct player *base, const struct player_request *r, struct err *e)
{
    (void)e;
    slow_think(base, r);
    return 0;
}

static int broken_genmove(struct player *base, const struct player_request *r, int *move,
                          struct err *e)
{
    (void)base;
    (void)r;
    (void)move;
    return err_set(e, "no idea");
}

static int broken_analyse(struct player *base, const struct player_request *r, struct err *e)
{
    return broken_genmove(base, r, NULL, e);
}

static const char *const no_params[] = { NULL };

static const struct player slow_player = {
    .name = "slow", .genmove = slow_genmove, .analyse = slow_analyse, .params = no_params,
};

static const struct player broken_player = {
    .name = "broken", .genmove = broken_genmove, .analyse = broken_analyse,
    .params = no_params,
};

/* What an engine with player p answers; the caller frees. */
static char *answer(struct player *p, double max_time, const char *in)
{
    struct commands_options o = { .size = 5, .komi = 0.5, .version = "1", .now = step_now,
                                  .max_time = max_time, .cpu = step_now };
    struct commands *c = commands_new(p, &o, NULL);
    struct gtp *g = gtp_new(-1, -1, c);
    char *out;

    ck_assert_int_eq(commands_add(c, g), 0);
    gtp_feed(g, in, strlen(in), NULL);
    ck_assert_int_eq(gtp_serve(g, NULL), 0);
    out = strdup(gtp_output(g, NULL));
    gtp_free(g);
    commands_free(c);
    return out;
}

static void check(struct player *p, const char *in, const char *want)
{
    char *got = answer(p, 1, in);

    ck_assert_str_eq(got, want);
    free(got);
}

START_TEST(genmove_thinks_until_its_time_is_up)
{
    struct slow s = { .base = slow_player };

    check(&s.base, "genmove b\nshowboard\nundo\nundo\n",
          "= C3\n\n=\n   A B C D E\n 5 . . . . . 5\n 4 . . . . . 4\n 3 . .(X). . 3\n"
          " 2 . . . . . 2    WHITE (O) has captured 0 stones\n"
          " 1 . . . . . 1    BLACK (X) has captured 0 stones\n   A B C D E\n\n"
          "=\n\n? cannot undo\n\n");
    ck_assert_int_gt(s.rounds, 90);
    ck_assert_int_lt(s.rounds, 110);
    ck_assert_double_eq(s.seconds, 1);
}
END_TEST

START_TEST(genmove_analyze_is_not_stopped_by_a_line)
{
    struct slow s = { .base = slow_player };
    char *out = answer(&s.base, 1, "lz-genmove_analyze b 20\n\n# no\n7 name\n");

    ck_assert_int_gt(s.rounds, 30);
    ck_assert_int_ge(s.reports, 4); /* a second, and 0.2 between reports */
    ck_assert_int_le(s.reports, 7);
    ck_assert_ptr_nonnull(strstr(out, "\nplay C3\n\n=7 VideoWorld\n\n"));
    ck_assert(!strncmp(out, "=\ninfo move C3 visits 1 ", 24));
    free(out);
}
END_TEST

START_TEST(an_interrupt_stops_a_genmove)
{
    struct slow s = { .base = slow_player };

    check(&s.base, "genmove b\n# interrupt\nname\n", "= C3\n\n= VideoWorld\n\n");
    ck_assert_int_eq(s.rounds, 1);
    check(&s.base, "lz-genmove_analyze b 20\n# interrupt\n",
          "=\ninfo move C3 visits 1 winrate 5000 prior 10000 lcb 0 order 0 pv C3\nplay C3\n\n");
}
END_TEST

START_TEST(an_interrupt_for_another_command_does_not)
{
    struct slow s = { .base = slow_player };

    check(&s.base, "genmove b\nname\n# interrupt\n", "= C3\n\n= VideoWorld\n\n");
    ck_assert_int_gt(s.rounds, 10);
}
END_TEST

START_TEST(the_clock_is_obeyed)
{
    struct slow s = { .base = slow_player };
    char *out = answer(&s.base, 1000, "time_settings 0 2 1\ngenmove b\n");

    ck_assert_double_lt(s.seconds, 2);
    ck_assert_double_gt(s.seconds, 1);
    free(out);
    out = answer(&s.base, 1000, "time_left b 0 0\ngenmove b\n");
    ck_assert_str_eq(out, "=\n\n= C3\n\n");
    ck_assert_double_eq(s.seconds, 0);
    ck_assert_int_eq(s.rounds, 1);
    free(out);
    /* the other side's clock is not ours */
    out = answer(&s.base, 3, "time_left b 0 0\ngenmove w\n");
    ck_assert_double_gt(s.seconds, 0);
    free(out);
    /* time is booked even if the controller never tells what is left */
    out = answer(&s.base, 1000, "time_settings 9 0 0\ngenmove b\nundo\ngenmove b\n");
    ck_assert_double_lt(s.seconds, 9.0 / 8 - 0.1);
    free(out);
    /* and a new game has all of it again */
    out = answer(&s.base, 1000, "time_settings 9 0 0\ngenmove b\nclear_board\ngenmove b\n");
    ck_assert_double_eq_tol(s.seconds, 9.0 / 8, 1e-9);
    free(out);
    out = answer(&s.base, 3, "time_left b 0 0\nboardsize 5\ngenmove b\n");
    ck_assert_double_eq(s.seconds, 3);
    free(out);
    out = answer(&s.base, 1000, "kata-set-param maxTime 0.25\nkata-set-param maxVisits 77\n"
                                "genmove b\n");
    ck_assert_double_eq(s.seconds, 0.25);
    ck_assert_int_eq(s.visits, 77);
    free(out);
}
END_TEST

/* What the user has already clicked past is not worth a thought; but at the end
   of input, which nobody is there to end, there is one. */
START_TEST(a_waiting_line_ends_an_analysis_before_it_begins)
{
    struct player *p = player_new("random", 1, NULL);
    char *out;

    check(p, "4 kata-analyze b 10\n\n5 name\n", "=4\n\n=5 VideoWorld\n\n");
    check(p, "4 kata-analyze b 10\n5 lz-analyze b 10\n6 name\n",
          "=4\n\n=5\n\n=6 VideoWorld\n\n");
    out = answer(p, 1, "lz-analyze b 10\n");
    ck_assert(!strncmp(out, "=\ninfo move ", 12));
    free(out);
    player_free(p);
}
END_TEST

START_TEST(a_failing_player_is_an_error)
{
    struct player p = broken_player;

    check(&p, "1 genmove b\n2 reg_genmove w\n3 kata-raw-nn 0\n4 undo\n",
          "?1 no idea\n\n?2 no idea\n\n?3 no idea\n\n?4 cannot undo\n\n");
    check(&p, "1 kata-analyze b 10\n2 lz-genmove_analyze b\n3 name\n",
          "=1\n\n=2\n\n=3 VideoWorld\n\n");
}
END_TEST

/* --- the random player ------------------------------------------------------------------ */

static int polls, reports, stop_at;
static struct analysis last;
static struct candidate cands[BOARD_AREA + 1];
static float own[BOARD_AREA], best_own[BOARD_AREA];
static int area;

static int count_poll(void *ctx)
{
    (void)ctx;
    return POLL_REPORT | (++polls >= stop_at ? POLL_STOP : 0);
}

static void keep_report(void *ctx, const struct analysis *a)
{
    (void)ctx;
    reports++;
    last = *a;
    memcpy(cands, a->candidate, (size_t)a->n * sizeof cands[0]);
    if (a->ownership)
        memcpy(own, a->ownership, (size_t)area * sizeof own[0]);
    if (a->candidate[0].ownership)
        memcpy(best_own, a->candidate[0].ownership, (size_t)area * sizeof own[0]);
}

static struct player_request request(const struct game *g, enum color c, int stop)
{
    polls = reports = 0;
    stop_at = stop;
    area = g->board.w * g->board.h;
    return (struct player_request){
        .game = g, .color = c, .seconds = INFINITY, .symmetry = -1, .poll = count_poll,
    };
}

static int genmove(struct player *p, const struct game *g, enum color c)
{
    struct player_request r = request(g, c, 1);
    int move;

    ck_assert_int_eq(p->genmove(p, &r, &move, NULL), 0);
    return move;
}

static const int sizes[][2] = { { 2, 2 }, { 3, 2 }, { 5, 5 }, { 9, 9 }, { 7, 13 }, { 19, 19 } };

START_TEST(random_games_are_legal_and_end)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct player *p = player_new("random", seed, NULL);
        struct game g;
        enum color c = BLACK;

        ck_assert_int_eq(game_init(&g, sizes[_i][0], sizes[_i][1], 7, NULL), 0);
        while (!game_over(&g)) {
            int move = genmove(p, &g, c);

            ck_assert(move == PASS || !playout_is_eye(&g.board, c, move));
            ck_assert_int_eq(game_play(&g, c, move, NULL), 0);
            ck_assert_int_lt(g.n, 20000);
            c = color_other(c);
        }
        game_release(&g);
        player_free(p);
    }
}
END_TEST

START_TEST(the_same_seed_gives_the_same_game)
{
    struct player *p[2] = { player_new("random", 9, NULL), player_new("random", 9, NULL) };
    struct game g;

    ck_assert_int_eq(game_init(&g, 9, 9, 7, NULL), 0);
    for (int i = 0; i < 40; i++) {
        int move = genmove(p[0], &g, i % 2 ? WHITE : BLACK);

        ck_assert_int_eq(genmove(p[1], &g, i % 2 ? WHITE : BLACK), move);
        game_play(&g, i % 2 ? WHITE : BLACK, move, NULL);
    }
    game_release(&g);
    player_free(p[0]);
    player_free(p[1]);
}
END_TEST

START_TEST(every_move_is_as_likely)
{
    struct player *p = player_new("random", 3, NULL);
    struct game g;
    int count[9] = { 0 };

    ck_assert_int_eq(game_init(&g, 3, 3, 7, NULL), 0);
    for (int i = 0; i < 9000; i++)
        count[board_index(&g.board, genmove(p, &g, BLACK))]++;
    for (int i = 0; i < 9; i++) /* 1000 expected, deviation 30 */
        ck_assert_msg(count[i] > 850 && count[i] < 1150, "point %d: %d", i, count[i]);
    game_release(&g);
    player_free(p);
}
END_TEST

START_TEST(it_passes_to_win)
{
    struct player *p = player_new("random", 3, NULL);
    struct game g;

    ck_assert_int_eq(game_init(&g, 5, 5, 0.5, NULL), 0);
    game_play(&g, BLACK, board_point(&g.board, 2, 2), NULL);
    ck_assert_int_ne(genmove(p, &g, WHITE), PASS);
    game_play(&g, WHITE, PASS, NULL);
    ck_assert_int_eq(genmove(p, &g, BLACK), PASS);
    ck_assert_int_ne(genmove(p, &g, WHITE), PASS); /* it was White's own pass */
    game_undo(&g, NULL);
    game_play(&g, BLACK, PASS, NULL);
    ck_assert_int_ne(genmove(p, &g, WHITE), PASS); /* White is behind */
    game_release(&g);
    player_free(p);
}
END_TEST

START_TEST(it_keeps_to_what_is_allowed)
{
    struct player *p = player_new("random", 3, NULL);
    uint8_t allowed[10] = { 0, 0, 1, 0, 0, 0, 0, 1, 0, 0 };
    struct game g;
    int move;

    ck_assert_int_eq(game_init(&g, 3, 3, 7, NULL), 0);
    for (int i = 0; i < 100; i++) {
        struct player_request r = request(&g, BLACK, 1);

        r.allowed = allowed;
        ck_assert_int_eq(p->genmove(p, &r, &move, NULL), 0);
        ck_assert(board_index(&g.board, move) == 2 || board_index(&g.board, move) == 7);
    }
    game_release(&g);
    player_free(p);
}
END_TEST

START_TEST(its_figures_mean_what_they_say)
{
    struct player *p = player_new("random", 5, NULL);
    struct player_request r;
    struct game g;
    double prior = 0, sum = 0;
    long visits = 0;

    ck_assert_int_eq(game_init(&g, 5, 5, 0.5, NULL), 0);
    game_play(&g, BLACK, board_point(&g.board, 2, 2), NULL);
    r = request(&g, WHITE, 2001);
    r.ownership = r.moves_ownership = true;
    r.report = keep_report;
    ck_assert_int_eq(p->analyse(p, &r, NULL), 0);
    ck_assert_int_eq(last.n, 24);
    ck_assert_int_eq(last.visits, 2000);
    ck_assert_int_gt(reports, 1000);
    for (int i = 0; i < last.n; i++) {
        const struct candidate *k = &cands[i];

        prior += k->prior;
        visits += k->visits;
        ck_assert(k->lcb >= 0 && k->lcb <= k->winrate && k->winrate <= 1);
        ck_assert(i == 0 || k->winrate <= cands[i - 1].winrate);
        ck_assert_int_eq(k->pv_n, 1);
        ck_assert_int_eq(k->pv[0], k->point);
    }
    ck_assert_double_eq_tol(prior, 1, 1e-9);
    ck_assert_int_eq(visits, last.visits);
    /* the points owned make up the lead */
    for (int i = 0; i < area; i++) {
        ck_assert(own[i] >= -1 && own[i] <= 1);
        sum += (double)own[i];
    }
    ck_assert_double_eq_tol(sum + 0.5, last.lead, 1e-4);
    sum = 0;
    for (int i = 0; i < area; i++)
        sum += (double)best_own[i];
    ck_assert_double_eq_tol(sum + 0.5, cands[0].lead, 1e-4);
    ck_assert_double_lt(last.winrate, 0.5); /* Black has the middle */
    game_release(&g);
    player_free(p);
}
END_TEST

START_TEST(told_to_stop_it_stops)
{
    struct player *p = player_new("random", 5, NULL);
    struct player_request r;
    struct game g;
    int move;

    ck_assert_int_eq(game_init(&g, 9, 9, 7, NULL), 0);
    r = request(&g, WHITE, 1);
    r.report = keep_report;
    ck_assert_int_eq(p->analyse(p, &r, NULL), 0);
    ck_assert_int_eq(polls, 1);
    ck_assert_int_eq(reports, 0);
    r = request(&g, WHITE, 1);
    r.report = keep_report;
    ck_assert_int_eq(p->genmove(p, &r, &move, NULL), 0);
    ck_assert_int_eq(game_legality(&g, WHITE, move), LEGAL);
    ck_assert_int_eq(reports, 1);
    game_release(&g);
    player_free(p);
}
END_TEST

START_TEST(only_known_players_are_made)
{
    struct err e;

    err_init(&e);
    ck_assert_ptr_null(player_new("alice", 1, &e));
    ck_assert_str_eq(e.msg, "no player 'alice' (there is: world, random)");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("commands");
    TCase *t = tap_case(s, "commands");

    tcase_add_test(t, genmove_thinks_until_its_time_is_up);
    tcase_add_test(t, genmove_analyze_is_not_stopped_by_a_line);
    tcase_add_test(t, an_interrupt_stops_a_genmove);
    tcase_add_test(t, an_interrupt_for_another_command_does_not);
    tcase_add_test(t, the_clock_is_obeyed);
    tcase_add_test(t, a_waiting_line_ends_an_analysis_before_it_begins);
    tcase_add_test(t, a_failing_player_is_an_error);
    t = tap_case(s, "random");
    tcase_add_loop_test(t, random_games_are_legal_and_end, 0, sizeof sizes / sizeof sizes[0]);
    tcase_add_test(t, the_same_seed_gives_the_same_game);
    tcase_add_test(t, every_move_is_as_likely);
    tcase_add_test(t, it_passes_to_win);
    tcase_add_test(t, it_keeps_to_what_is_allowed);
    tcase_add_test(t, its_figures_mean_what_they_say);
    tcase_add_test(t, told_to_stop_it_stops);
    tcase_add_test(t, only_known_players_are_made);
    return tap_run(s);
}
