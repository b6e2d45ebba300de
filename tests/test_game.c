/* A game: superko, undo, setup, handicap, score, drawing, copies. */
#include "engine/game.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/slowgo.h"
#include "tests/tap.h"

static struct game g;
static struct err e;

static void setup(void)
{
    err_init(&e);
    ck_assert_int_eq(game_init(&g, 9, 9, 7, &e), 0);
}

static void teardown(void)
{
    game_release(&g);
}

/* Starts anew with a drawn position as the first ply. */
static void draw(const char *rows, enum color to_move)
{
    struct slow s;

    slow_draw(&s, rows);
    ck_assert_int_eq(game_clear(&g, s.w, s.h, &e), 0);
    ck_assert_int_eq(game_setup(&g, s.s, to_move, &e), 0);
}

/* Plays "B A1 W pass": colours and vertices in turn. */
static void play(const char *moves)
{
    char c, v[8];
    int len;

    for (; sscanf(moves, " %c %7s%n", &c, v, &len) == 2; moves += len) {
        int p = board_parse_vertex(&g.board, v);

        ck_assert_msg(p != NO_POINT, "%s is no vertex", v);
        ck_assert_msg(!game_play(&g, c == 'B' ? BLACK : WHITE, p, &e), "%c %s: %s", c, v, e.msg);
    }
}

static enum legality legality(enum color c, const char *vertex)
{
    return game_legality(&g, c, board_parse_vertex(&g.board, vertex));
}

START_TEST(test_sizes)
{
    static const int bad[][2] = { { 1, 1 }, { 1, 9 }, { 9, 26 }, { 26, 9 }, { 0, 9 }, { -9, 9 } };

    for (int i = 0; i < 6; i++) {
        struct game no;

        err_init(&e);
        ck_assert_int_eq(game_init(&no, bad[i][0], bad[i][1], 0, &e), -1);
        ck_assert(e.msg[0]);
        game_release(&no);
        /* and a game stays what it was */
        ck_assert_int_eq(game_clear(&g, bad[i][0], bad[i][1], &e), -1);
        ck_assert_int_eq(g.board.w, 9);
    }
    for (int w = GAME_MIN; w <= BOARD_MAX; w++) {
        ck_assert_int_eq(game_clear(&g, w, BOARD_MAX + GAME_MIN - w, &e), 0);
        ck_assert_int_eq(game_play(&g, BLACK, board_point(&g.board, w - 1, 0), &e), 0);
    }
}
END_TEST

/* The two columns of a 2x2 board taken in turn. */
START_TEST(test_superko)
{
    draw("..\n..", BLACK);
    play("B A1 W B1 B A2");
    play("W B2");
    ck_assert_int_eq(g.ply[g.n - 1].taken, 2);
    play("B A1 W pass B A2");
    ck_assert_int_eq(g.ply[g.n - 1].taken, 2);
    /* this takes nothing, and yet it stood before */
    ck_assert_int_eq(legality(WHITE, "B1"), SUPERKO);
    ck_assert_int_eq(board_legality(&g.board, WHITE, board_parse_vertex(&g.board, "B1")), LEGAL);
    ck_assert_int_eq(game_play(&g, WHITE, board_parse_vertex(&g.board, "B1"), &e), -1);
    ck_assert_str_eq(e.msg, "illegal move: superko");
    ck_assert_int_eq(legality(WHITE, "B2"), LEGAL);
    ck_assert_int_eq(legality(WHITE, "pass"), LEGAL);
}
END_TEST

START_TEST(test_superko_knows_the_start)
{
    int points[2];

    /* a position set up counts as having been */
    draw("XO\nX.", WHITE);
    play("W B1 B A1 W pass B A2");
    ck_assert_int_eq(legality(WHITE, "B2"), SUPERKO);
    /* so do handicap stones, which are no ply */
    game_clear(&g, 2, 2, &e);
    points[0] = board_parse_vertex(&g.board, "A1");
    points[1] = board_parse_vertex(&g.board, "A2");
    ck_assert_int_eq(game_handicap(&g, points, 2, &e), 0);
    play("W B1 B pass W B2 B A1 W pass");
    ck_assert_int_eq(legality(BLACK, "A2"), SUPERKO);
}
END_TEST

START_TEST(test_superko_starts_anew_at_a_setup)
{
    static const uint8_t column[] = { BLACK, EMPTY, BLACK, EMPTY };

    game_clear(&g, 2, 2, &e);
    play("B A1 W B1 B A2");
    ck_assert_int_eq(game_setup(&g, column, WHITE, &e), 0);
    ck_assert_int_eq(legality(WHITE, "B1"), LEGAL);
    /* and is remembered again when the setup is undone */
    ck_assert_int_eq(game_undo(&g, &e), 0);
    play("W B2 B A1 W pass B A2");
    ck_assert_int_eq(legality(WHITE, "B1"), SUPERKO);
}
END_TEST

START_TEST(test_undo)
{
    struct err why = { "" };

    draw(".XO.\nXO.O\n.XO.", BLACK);
    play("B C2");
    ck_assert_int_eq(legality(WHITE, "B2"), KO);
    play("W D1 B A3");
    ck_assert_int_eq(g.board.captured[WHITE], 1);
    ck_assert_int_eq(game_undo(&g, &e), 0);
    ck_assert_int_eq(game_undo(&g, &e), 0);
    /* the ko is back, and so are the prisoners */
    ck_assert_int_eq(legality(WHITE, "B2"), KO);
    ck_assert_int_eq(legality(BLACK, "B2"), LEGAL);
    ck_assert_int_eq(g.board.captured[WHITE], 1);
    ck_assert_int_eq(game_to_move(&g), WHITE);
    ck_assert_int_eq(game_undo(&g, &e), 0);
    ck_assert_int_eq(g.board.captured[WHITE], 0);
    ck_assert_int_eq(legality(BLACK, "C2"), LEGAL);
    ck_assert_int_eq(game_undo(&g, &e), 0); /* the setup */
    ck_assert_int_eq(g.board.n_empty, 12);
    ck_assert_int_eq(game_undo(&g, &why), -1);
    ck_assert_str_eq(why.msg, "cannot undo");
}
END_TEST

START_TEST(test_setup_fails_without_a_trace)
{
    uint8_t stones[81] = { WHITE, BLACK, EMPTY };

    play("B A1 W pass");
    stones[9] = BLACK;
    ck_assert_int_eq(game_setup(&g, stones, BLACK, &e), -1);
    ck_assert_int_eq(g.n, 2);
    ck_assert_int_eq(g.board.n_empty, 80);
    ck_assert_int_eq(game_to_move(&g), BLACK);
}
END_TEST

START_TEST(test_history)
{
    static const uint8_t first[] = { EMPTY, EMPTY, BLACK, EMPTY };
    static const uint8_t last[] = { EMPTY, WHITE, EMPTY, WHITE };

    game_clear(&g, 2, 2, &e);
    play("B A1 W B2 B A2 W pass W B1");
    ck_assert_mem_eq(game_stones(&g, 0), "\0\0\0", 4);
    ck_assert_mem_eq(game_stones(&g, 1), first, 4);
    ck_assert_mem_eq(game_stones(&g, 5), last, 4);
    ck_assert_int_eq(game_stone_placed(&g, 1), board_parse_vertex(&g.board, "A1"));
    ck_assert_int_eq(game_stone_placed(&g, 4), NO_POINT);
    ck_assert_int_eq(game_stone_placed(&g, 5), board_parse_vertex(&g.board, "B1"));
    ck_assert_int_eq(game_setup(&g, first, BLACK, &e), 0);
    ck_assert_int_eq(game_stone_placed(&g, 6), NO_POINT);
    ck_assert_int_eq(g.ply[5].kind, PLY_SETUP);
}
END_TEST

START_TEST(test_to_move)
{
    ck_assert_int_eq(game_to_move(&g), BLACK);
    play("W A1"); /* White first, then two in a row */
    ck_assert_int_eq(game_to_move(&g), BLACK);
    play("W A2");
    ck_assert_int_eq(game_to_move(&g), BLACK);
    play("B pass");
    ck_assert_int_eq(game_to_move(&g), WHITE);
    draw("..\n..", WHITE);
    ck_assert_int_eq(game_to_move(&g), WHITE);
}
END_TEST

START_TEST(test_handicap)
{
    struct board *b = &g.board;
    int p[81], n = board_handicap(b, 4, p);

    play("B pass"); /* the board is still empty */
    ck_assert_int_eq(game_handicap(&g, p, n, &e), 0);
    ck_assert(g.n == 0 && g.handicap == 4 && game_to_move(&g) == WHITE);
    ck_assert_int_eq(game_stones(&g, 0)[board_index(b, p[2])], BLACK);
    ck_assert_int_eq(game_undo(&g, NULL), -1);
    ck_assert_int_eq(game_handicap(&g, p, n, NULL), -1);
    play("W E5");
    game_undo(&g, &e);
    ck_assert_int_eq(b->n_empty, 77);

    game_clear(&g, 9, 9, &e);
    ck_assert(g.handicap == 0 && game_to_move(&g) == BLACK);
    p[3] = p[1];
    ck_assert_int_eq(game_handicap(&g, p, 4, &e), -1);
    ck_assert_str_eq(e.msg, "two handicap stones on G7");
    p[3] = RESIGN;
    ck_assert_int_eq(game_handicap(&g, p, 4, NULL), -1);
    for (int i = 0; i < 81; i++)
        p[i] = board_point_at(b, i);
    ck_assert_int_eq(game_handicap(&g, p, 81, NULL), -1);
    ck_assert_int_eq(game_handicap(&g, p, 0, NULL), -1);
    ck_assert(b->n_empty == 81 && g.handicap == 0);
    ck_assert_int_eq(game_handicap(&g, p, 80, NULL), 0);
}
END_TEST

START_TEST(test_score)
{
    static const struct {
        double score;
        const char *text;
    } t[] = { { 3.5, "B+3.5" },   { -12, "W+12" },   { 0, "0" },       { -0.0, "0" },
              { 0.25, "B+0.25" }, { -0.5, "W+0.5" }, { 625, "B+625" }, { 3 - 0.1, "B+2.9" } };
    char buf[24];

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        ck_assert_str_eq(score_text(t[i].score, buf), t[i].text);
    ck_assert_str_eq(score_text(game_score(&g), buf), "W+7");
    play("B E5");
    ck_assert_str_eq(score_text(game_score(&g), buf), "B+74");
    draw(".XO.\n.XO.\nXXOO", BLACK);
    g.komi = 0;
    ck_assert_str_eq(score_text(game_score(&g), buf), "0");
    g.komi = 0.5;
    ck_assert_str_eq(score_text(game_score(&g), buf), "W+0.5");
}
END_TEST

START_TEST(test_komi_survives)
{
    ck_assert_int_eq(game_clear(&g, 19, 19, &e), 0);
    ck_assert(g.komi == 7);
}
END_TEST

START_TEST(test_copy)
{
    struct game copy;
    char *a, *b;

    draw(".XO.\nXO.O\n.XO.", BLACK);
    play("B C2 W D3");
    ck_assert_int_eq(game_copy(&copy, &g, &e), 0);
    a = game_draw(&g);
    b = game_draw(&copy);
    ck_assert_str_eq(a, b);
    free(a);
    free(b);
    play("B D1");
    ck_assert(copy.n == 3 && g.n == 4);
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(game_play(&copy, BLACK, PASS, &e), 0);
    while (copy.n)
        ck_assert_int_eq(game_undo(&copy, &e), 0);
    ck_assert_int_eq(copy.board.n_empty, 12);
    ck_assert_int_eq(g.n, 4);
    game_release(&copy);
    game_release(&copy);
    game_clear(&g, 5, 5, &e);
    ck_assert_int_eq(game_copy(&copy, &g, &e), 0); /* without a ply */
    ck_assert_int_eq(game_play(&copy, BLACK, PASS, &e), 0);
    game_release(&copy);
}
END_TEST

START_TEST(test_too_long)
{
    game_clear(&g, 2, 2, &e);
    for (int i = 0; i < GAME_MAX_PLIES; i++)
        ck_assert_int_eq(game_play(&g, BLACK, PASS, &e), 0);
    ck_assert_int_eq(game_play(&g, BLACK, PASS, &e), -1);
    ck_assert_int_eq(g.n, GAME_MAX_PLIES);
    ck_assert_int_eq(game_undo(&g, &e), 0);
    ck_assert_int_eq(game_play(&g, BLACK, PASS, &e), 0);
}
END_TEST

START_TEST(test_draw)
{
    static const char want[] = "   A B C D E F G H J\n"
                               " 9 . . . . . . . . . 9\n"
                               " 8 . . . . . . . . . 8\n"
                               " 7 . . X . . . + . . 7\n"
                               " 6 . . . . . . . . . 6\n"
                               " 5 . . . . + . . . . 5\n"
                               " 4 . . . . . . . . . 4\n"
                               " 3 . . + . . . + . . 3\n"
                               " 2 O . . . . . . . . 2    WHITE (O) has captured 0 stones\n"
                               " 1 . O . . . . . .(X)1    BLACK (X) has captured 0 stones\n"
                               "   A B C D E F G H J\n";
    char *text;

    play("B C7 W A2 B pass W B1 B J1");
    text = game_draw(&g);
    ck_assert_str_eq(text, want);
    free(text);
    play("B H1 W J2 B pass W G1 B pass W H2"); /* takes two in the corner */
    text = game_draw(&g);
    ck_assert_ptr_nonnull(strstr(text, "\n 2 O . . . . . .(O)O 2    WHITE (O) has captured 2"));
    free(text);
    play("B pass"); /* no stone to mark */
    text = game_draw(&g);
    ck_assert_ptr_nonnull(strstr(text, "\n 2 O . . . . . . O O 2 "));
    free(text);
    game_clear(&g, 2, 12, &e);
    play("B A12");
    text = game_draw(&g);
    ck_assert(!strncmp(text, "   A B\n12(X). 12\n", 16));
    free(text);
}
END_TEST

START_TEST(test_over)
{
    ck_assert(!game_over(&g));
    play("B pass");
    ck_assert(!game_over(&g));
    play("W pass");
    ck_assert(game_over(&g));
    play("B A1");
    ck_assert(!game_over(&g));
    play("B pass B pass");
    ck_assert(game_over(&g));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("game");
    TCase *c = tap_case(s, "game");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, test_sizes);
    tcase_add_test(c, test_superko);
    tcase_add_test(c, test_superko_knows_the_start);
    tcase_add_test(c, test_superko_starts_anew_at_a_setup);
    tcase_add_test(c, test_undo);
    tcase_add_test(c, test_setup_fails_without_a_trace);
    tcase_add_test(c, test_history);
    tcase_add_test(c, test_to_move);
    tcase_add_test(c, test_handicap);
    tcase_add_test(c, test_score);
    tcase_add_test(c, test_komi_survives);
    tcase_add_test(c, test_copy);
    tcase_add_test(c, test_too_long);
    tcase_add_test(c, test_draw);
    tcase_add_test(c, test_over);
    return tap_run(s);
}
