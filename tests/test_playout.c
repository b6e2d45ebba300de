/* Random play: eyes, an even choice, the same game for the same seed. */
#include "engine/playout.h"

#include <string.h>

#include "tests/slowgo.h"
#include "tests/tap.h"

static void draw(struct board *b, const char *rows)
{
    struct slow s;

    slow_draw(&s, rows);
    board_init(b, s.w, s.h);
    ck_assert_int_eq(board_set(b, s.s), 0);
}

static const struct {
    const char *rows, *vertex;
    bool is_eye;
} eyes[] = {
    { "XXX\nX.X\nXX.", "B2", true },  { ".XX\nX.X\nXXO", "B2", true },
    { "OXX\nX.X\nXXO", "B2", false }, { "OXO\nX.X\n...", "B2", false },
    { "XXX\nX.O\nXX.", "B2", false }, { "XX.\nX..\nXXX", "B2", false },
    { ".X.\nXX.\n...", "A3", true },  { ".X.\nXO.\n...", "A3", false },
    { "X.X\nXXX\n...", "B3", true },  { "X.X\nXXO\n...", "B3", false },
    { "X.X\nOXO\n...", "B3", false }, { "X.X.\n....", "B2", false },
};

START_TEST(test_eye)
{
    struct slow s;
    struct board b;

    /* some are no whole positions: put room around them for the stones to breathe */
    slow_draw(&s, eyes[_i].rows);
    board_init(&b, s.w, s.h);
    for (int i = 0; i < s.w * s.h; i++)
        b.color[board_point_at(&b, i)] = s.s[i];
    ck_assert_int_eq(playout_is_eye(&b, BLACK, board_parse_vertex(&b, eyes[_i].vertex)),
                     eyes[_i].is_eye);
}
END_TEST

/* All good moves come, each about as often, and no other. */
START_TEST(test_even_choice)
{
    enum { DRAWS = 40000 };
    static const char rows[] = ".XO..\nX.XO.\n.X.O.\nXXXOO\n.....";
    struct board b;
    struct rng r;
    int count[BOARD_POINTS] = { 0 }, n = 0;

    draw(&b, rows);
    rng_init(&r, 3);
    for (int i = 0; i < DRAWS; i++)
        count[playout_move(&b, WHITE, &r)]++;
    for (int p = 0; p < b.end; p++)
        n += p && board_legality(&b, WHITE, p) == LEGAL && !playout_is_eye(&b, WHITE, p);
    ck_assert_int_gt(n, 5);
    ck_assert_int_eq(count[PASS], 0);
    for (int p = 1; p < b.end; p++) {
        bool good = board_legality(&b, WHITE, p) == LEGAL && !playout_is_eye(&b, WHITE, p);
        int mean = good ? DRAWS / n : 0;

        /* five standard deviations are 5 * sqrt(mean) or less */
        ck_assert_int_le((count[p] - mean) * (count[p] - mean), 25 * mean);
    }
}
END_TEST

START_TEST(test_pass_when_nothing_is_left)
{
    struct board b;
    struct rng r;

    draw(&b, "X.X\nXXX\n.XX");
    rng_init(&r, 1);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(playout_move(&b, BLACK, &r), PASS);
        ck_assert_int_eq(playout_move(&b, WHITE, &r), PASS);
    }
}
END_TEST

START_TEST(test_run_ends)
{
    struct board b;
    struct rng r;

    rng_init(&r, 1);
    for (int i = 0; i < 200; i++) {
        int limit = 3 * 81, n;

        board_init(&b, 9, 9);
        n = playout_run(&b, BLACK, limit, &r);
        ck_assert_int_le(n, limit);
        if (n == limit)
            continue;
        ck_assert_int_eq(playout_move(&b, BLACK, &r), PASS);
        ck_assert_int_eq(playout_move(&b, WHITE, &r), PASS);
    }
    board_init(&b, 9, 9);
    ck_assert_int_eq(playout_run(&b, WHITE, 5, &r), 5);
    ck_assert_int_eq(b.n_empty, 76);
}
END_TEST

START_TEST(test_seed)
{
    uint64_t hash[3];

    for (int i = 0; i < 3; i++) {
        struct board b;
        struct rng r;

        rng_init(&r, i == 2 ? 8 : 7);
        board_init(&b, 9, 9);
        playout_run(&b, BLACK, 60, &r);
        hash[i] = b.hash;
    }
    ck_assert(hash[0] == hash[1] && hash[0] != hash[2]);
}
END_TEST

/* Games by playout_move_game never meet a refusal, on boards where superko is common. */
START_TEST(test_superko)
{
    struct rng r;
    struct game g;
    int differs = 0;

    rng_init(&r, 1);
    ck_assert_int_eq(game_init(&g, 3, 2, 0, NULL), 0);
    for (int i = 0; i < 500; i++) {
        ck_assert_int_eq(game_clear(&g, 3, 2, NULL), 0);
        while (!game_over(&g)) {
            enum color c = game_to_move(&g);
            int p = playout_move(&g.board, c, &r);

            differs += game_legality(&g, c, p) == SUPERKO;
            ck_assert_int_eq(game_play(&g, c, playout_move_game(&g, c, &r), NULL), 0);
        }
    }
    ck_assert_int_gt(differs, 10);
    game_release(&g);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("playout");
    TCase *c = tap_case(s, "playout");

    tcase_add_loop_test(c, test_eye, 0, sizeof eyes / sizeof eyes[0]);
    tcase_add_test(c, test_even_choice);
    tcase_add_test(c, test_pass_when_nothing_is_left);
    tcase_add_test(c, test_run_ends);
    tcase_add_test(c, test_seed);
    tcase_add_test(c, test_superko);
    return tap_run(s);
}
