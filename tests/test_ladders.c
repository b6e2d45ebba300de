/*
 * The ladder reader on boards drawn by hand, then every question of
 * tests/ladders/ladders.tst: what it says of its ladder is true, and its right
 * answers are those moves, out of all legal ones, that the reader calls right.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gtp/suite.h"
#include "tests/ladder_reader.h"
#include "tests/tap.h"

/* --- the reader ---------------------------------------------------------------- */

/* X attacks the chain of Q, a stone like O, and is to move. */
static const struct drawn {
    const char *what;
    int size;
    const char *rows;
    enum ladder fate;
} drawings[] = {
    { "in atari", 5, "....." "..X.." ".XQ.." "..X.." ".....", LADDER_CAUGHT },
    { "three liberties", 5, "....." "....." ".XQ.." "....." ".....", LADDER_FREE },
    { "a ladder into the corner", 7,
      "......." "......." "......." "......." ".XQ...." "..XX..." ".......", LADDER_CAUGHT },
    { "a breaker on its way", 7,
      "......." ".....O." "......." "......." ".XQ...." "..XX..." ".......", LADDER_FREE },
    { "a stone beside its way", 7,
      "......." ".O....." "......." "......." ".XQ...." "..XX..." ".......", LADDER_CAUGHT },
    { "an attacker before the breaker", 7,
      "......." ".....O." "....X.." "......." ".XQ...." "..XX..." ".......", LADDER_CAUGHT },
    { "attackers in atari are taken", 7,
      "......." "......." "......." "......." ".XQ...." ".OXXO.." ".OXO...", LADDER_FREE },
    { "along the edge", 7,
      "......." "......." "......." "......." "......." ".X....." ".XQ....", LADDER_CAUGHT },
    { "along the edge to a friend", 7,
      "......." "......." "......." "......." "......." ".X...O." ".XQ....", LADDER_FREE },
    { "a ko in the corner decides", 5, "....." "....." "....X" "....." "...QX", LADDER_UNCLEAR },
};

enum { N_DRAWINGS = sizeof drawings / sizeof drawings[0] };

static int set_up(struct board *b, const struct drawn *d)
{
    uint8_t stones[BOARD_AREA];
    int prey = 0;

    for (int i = 0; i < d->size * d->size; i++) {
        stones[i] = d->rows[i] == '.' ? EMPTY : d->rows[i] == 'X' ? BLACK : WHITE;
        prey = d->rows[i] == 'Q' ? i : prey;
    }
    board_init(b, d->size, d->size);
    ck_assert_int_eq(board_set(b, stones), 0);
    return board_point_at(b, prey);
}

START_TEST(reads)
{
    const struct drawn *d = &drawings[_i];
    struct board b;
    int prey = set_up(&b, d);

    ck_assert_msg(ladder_attack(&b, prey) == d->fate, "%s: %d", d->what, ladder_attack(&b, prey));
}
END_TEST

/* --- the suite ----------------------------------------------------------------- */

static const struct kind {
    const char *name;
    bool defend;   /* the prey, in atari, is asked; else its attacker */
    int catching;  /* how many of the prey's liberties catch it in a ladder */
} kinds[] = {
    { "works", false, 1 }, { "choice", false, 1 }, { "escape", true, 0 }, { "lost", true, 1 },
};

enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

static struct suite suite;

static const struct kind *kind_of(const struct suite_question *q)
{
    for (int i = 0; i < N_KINDS; i++)
        if (!strcmp(q->kind, kinds[i].name))
            return &kinds[i];
    ck_abort_msg("question %d is of no known kind: '%s'", q->id, q->kind);
}

static int prey_of(const struct suite_question *q, const struct board *b)
{
    char vertex[8] = "";
    int p;

    ck_assert_msg(sscanf(q->note, "prey %7[A-T0-9]", vertex) == 1, "%d names no prey", q->id);
    p = board_parse_vertex(b, vertex);
    ck_assert_msg(p > 0 && b->color[p] != EMPTY, "%d: no prey at %s", q->id, vertex);
    return p;
}

/* The prey has as many liberties as it should, and so many of them catch it. */
static void check_ladder(const struct suite_question *q, const struct kind *k,
                         const struct board *b, int prey)
{
    enum color attacker = color_other((enum color)b->color[prey]);
    int libs[2], n = ladder_liberties(b, prey, libs, 2), caught = 0;

    ck_assert_msg(n == (k->defend ? 1 : 2), "%d: the prey has %d liberties", q->id, n);
    ck_assert_msg((q->color == attacker) != k->defend, "%d asks the wrong side", q->id);
    for (int i = 0; i < n && !k->defend; i++)
        caught += ladder_after(b, attacker, libs[i], prey) == LADDER_CAUGHT;
    if (k->defend)
        caught = ladder_after(b, q->color, libs[0], prey) == LADDER_CAUGHT;
    ck_assert_msg(caught == k->catching, "%d: %d ladders work", q->id, caught);
}

/* Of all legal moves, exactly the right ones do what is asked; where the prey is lost, nothing
   saves it and running out is not right. */
static void check_answers(const struct suite_question *q, const struct kind *k,
                          const struct game *g, int prey)
{
    bool lost = k->defend && k->catching;
    int lib;

    for (int p = PASS; p < g->board.end; p++) {
        enum ladder fate;

        if (p != PASS && (!board_on(&g->board, p) || game_legality(g, q->color, p) != LEGAL))
            continue;
        fate = ladder_after(&g->board, q->color, p, prey);
        if (fate == LADDER_UNCLEAR || (lost && fate == LADDER_FREE))
            ck_abort_msg("%d: point %d leaves it unclear", q->id, p);
        if (!lost && suite_right(q, p) != (fate == (k->defend ? LADDER_FREE : LADDER_CAUGHT)))
            ck_abort_msg("%d: point %d is judged wrongly", q->id, p);
    }
    ladder_liberties(&g->board, prey, &lib, 1);
    ck_assert_msg(!lost || (q->except && !suite_right(q, lib)), "%d: running is right", q->id);
}

START_TEST(claim_holds)
{
    const struct suite_question *q = &suite.question[_i];
    const struct kind *k = kind_of(q);
    struct game g;
    struct err e;
    int prey;

    err_init(&e);
    ck_assert_msg(suite_game(&suite, q, &g, &e) == 0, "%s", e.msg);
    ck_assert_msg(game_to_move(&g) == q->color, "%d: not the side to move", q->id);
    prey = prey_of(q, &g.board);
    check_ladder(q, k, &g.board, prey);
    check_answers(q, k, &g, prey);
    game_release(&g);
}
END_TEST

/* Any engine can set these up: nothing but moves in turn, none of which takes stones. */
START_TEST(position_is_plain)
{
    struct game g;
    struct err e;

    err_init(&e);
    ck_assert_msg(suite_game(&suite, &suite.question[_i], &g, &e) == 0, "%s", e.msg);
    ck_assert_int_gt(g.n, 0);
    for (int i = 0; i < g.n; i++) {
        ck_assert(g.ply[i].kind == PLY_MOVE && g.ply[i].point != PASS && !g.ply[i].taken);
        ck_assert(g.ply[i].color == (i % 2 ? WHITE : BLACK));
    }
    game_release(&g);
}
END_TEST

START_TEST(suite_is_balanced)
{
    int by_size[BOARD_MAX + 1] = { 0 }, by_color[3] = { 0 }, works = 0, broken = 0;

    for (size_t i = 0; i < suite.n; i++) {
        const struct suite_question *q = &suite.question[i];
        const struct kind *k = kind_of(q);

        by_size[q->w]++;
        by_color[q->color]++;
        works += k->catching;
        broken += !k->catching;
        for (size_t j = 0; j < i; j++) /* no position twice: they differ in their commands */
            for (size_t c = 0; suite.question[j].n == q->n && c <= q->n; c++) {
                ck_assert_uint_lt(c, q->n);
                if (strcmp(suite.command[q->first + c],
                           suite.command[suite.question[j].first + c]))
                    break;
            }
    }
    ck_assert_uint_ge(suite.n, 40);
    ck_assert(by_size[9] >= 10 && by_size[13] >= 10 && by_size[19] >= 10);
    ck_assert_msg(works >= 15 && broken >= 15, "%d ladders work, %d are broken", works, broken);
    ck_assert_msg(by_color[BLACK] * 3 >= (int)suite.n && by_color[WHITE] * 3 >= (int)suite.n,
                  "black is asked %d times of %zu", by_color[BLACK], suite.n);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ladders");
    TCase *reader = tap_case(s, "reader"), *claims = tap_case(s, "suite");
    const char *dir = getenv("TEST_SRCDIR");
    char path[1024];
    struct err e;
    int status;

    err_init(&e);
    snprintf(path, sizeof path, "%s/ladders/ladders.tst", dir ? dir : "tests");
    if (suite_read(&suite, path, &e)) {
        printf("Bail out! %s\n", e.msg);
        return 1;
    }
    tcase_add_loop_test(reader, reads, 0, N_DRAWINGS);
    tcase_add_test(claims, suite_is_balanced);
    tcase_add_loop_test(claims, position_is_plain, 0, (int)suite.n);
    tcase_add_loop_test(claims, claim_holds, 0, (int)suite.n);
    status = tap_run(s);
    suite_release(&suite);
    return status;
}
