/* corpus: games in and out, and the split. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/corpus.h"
#include "engine/file.h"
#include "engine/game.h"
#include "engine/rng.h"
#include "engine/sgf_game.h"
#include "engine/symmetry.h"
#include "tests/corpus_kit.h"
#include "tests/tap.h"

static struct err e;
static struct corpus c;

static void setup(void)
{
    err_init(&e);
}

/* --- games in and out ------------------------------------------------------- */

START_TEST(tells_played_and_best)
{
    struct corpus_game g;

    kit_corpus(&c, "(;SZ[5:4]KM[2.5]RE[W+R](;W[aa];C[x];B[](;W[ed])(;W[bb])(;W[cc]))(;W[dd]))");
    ck_assert_uint_eq(c.n_games, 1);
    g = corpus_game(&c, 0);
    ck_assert(g.w == 5 && g.h == 4 && g.n == 3 && g.komi == 2.5);
    ck_assert_int_eq(g.result, CORPUS_WHITE);
    ck_assert_int_eq(corpus_color(&g, 0), WHITE);
    ck_assert_int_eq(corpus_color(&g, 1), BLACK);
    ck_assert_int_eq(corpus_played(&g, 0), 0);
    ck_assert_int_eq(corpus_best(&g, 0), 18);
    ck_assert_int_eq(corpus_played(&g, 1), 20); /* a pass */
    ck_assert_int_eq(corpus_best(&g, 1), 20);
    ck_assert_int_eq(corpus_played(&g, 2), 19);
    ck_assert_int_eq(corpus_best(&g, 2), 6);    /* the second variation, not the third */
    corpus_release(&c);
}
END_TEST

START_TEST(boards_of_two_bytes_a_move)
{
    struct corpus_game g;

    kit_corpus(&c, "(;SZ[19](;W[ss];W[])(;W[sr]))");
    g = corpus_game(&c, 0);
    ck_assert_int_eq(corpus_played(&g, 0), 360);
    ck_assert_int_eq(corpus_best(&g, 0), 341);
    ck_assert_int_eq(corpus_color(&g, 1), WHITE);
    ck_assert_int_eq(corpus_best(&g, 1), 361);
    ck_assert(g.komi == 7); /* what kit_add says where the game says nothing */
    corpus_release(&c);
}
END_TEST

START_TEST(tells_policies)
{
    int side = _i ? 19 : 9, pass = side * side;
    struct corpus_prior list[CORPUS_PRIORS];
    struct corpus_builder b, copy;
    struct corpus_game g;

    kit_policies(&b, side);
    kit_take(&c, &b);
    ck_assert_int_eq(c.bytes[8], 2); /* older programs shall see that they do not know it */
    corpus_builder_init(&copy);
    ck_assert_int_eq(corpus_add_all(&copy, &c, &e), 0);
    corpus_release(&c);
    kit_add(&copy, "(;SZ[5];B[aa])");
    kit_take(&c, &copy);
    for (size_t i = 0; i < 2; i++) {
        g = corpus_game(&c, i);
        if (g.w == 5) {
            ck_assert(corpus_policy(&g, 0, list) == 0 && corpus_chance(&g, 0) == 0);
            continue;
        }
        ck_assert(corpus_played(&g, 1) == side + 1 && corpus_best(&g, 1) == side + 1);
        ck_assert(corpus_chance(&g, 0) == 200 && corpus_chance(&g, 1) == 0);
        ck_assert_int_eq(corpus_policy(&g, 0, list), 3);
        ck_assert(list[0].move == 0 && list[0].share == 120 && list[1].move == pass &&
                  list[1].share == 120 && list[2].move == pass - 1 && list[2].share == 5);
        ck_assert_int_eq(corpus_policy(&g, 1, list), CORPUS_PRIORS);
        for (int k = 0; k < CORPUS_PRIORS; k++)
            ck_assert(list[k].move == pass - k && list[k].share == CORPUS_PRIORS - k);
    }
    corpus_release(&c);
}
END_TEST

/* A game with policies and the same without, whichever comes first: the former stays. */
START_TEST(policies_stay)
{
    struct corpus_prior list[CORPUS_PRIORS];
    struct corpus_builder b, both;
    struct corpus_game g;

    corpus_builder_init(&both);
    if (_i)
        kit_add(&both, "(;SZ[9]RE[B+1];B[aa];W[bb])");
    kit_policies(&b, 9);
    kit_take(&c, &b);
    ck_assert_int_eq(corpus_add_all(&both, &c, &e), 0);
    corpus_release(&c);
    kit_add(&both, "(;SZ[9];B[aa];W[bb])(;SZ[9];B[aa];W[bc])");
    for (size_t i = 0; i < both.n && _i == 2; i++) { /* room for policies alone is none */
        g = corpus_record_game(&both.record[i]);
        if (!g.priors)
            ck_assert_int_eq(corpus_record_clear_policies(&both.record[i], &e), 0);
    }
    kit_take(&c, &both);
    ck_assert_uint_eq(c.n_games, 2);
    for (size_t i = 0; i < 2; i++) {
        g = corpus_game(&c, i);
        ck_assert_int_eq(corpus_policy(&g, 0, list), corpus_played(&g, 1) == 10 ? 3 : 0);
        if (corpus_played(&g, 1) == 10) /* and what is known of how it ended */
            ck_assert_int_eq(g.result, _i ? CORPUS_BLACK : CORPUS_UNKNOWN);
    }
    corpus_release(&c);
}
END_TEST

START_TEST(decided_is_beyond_a_tenth)
{
    static const double chances[] = { 0, 0.09, 0.11, 0.5, 0.89, 0.91, 1 };
    struct corpus_builder b;
    struct corpus_game g;

    ck_assert(corpus_chance_of(0) == 1 && corpus_chance_of(1) == CORPUS_WON);
    kit_policies(&b, 9);
    for (size_t i = 0; i < sizeof chances / sizeof *chances; i++) {
        double p = chances[i];

        corpus_record_set_policy(&b.record[0], 0, NULL, 0, corpus_chance_of(p));
        g = corpus_record_game(&b.record[0]);
        ck_assert(fabs((corpus_chance(&g, 0) - 1) / (CORPUS_WON - 1.0) - p) < 0.002);
        ck_assert(corpus_decided(&g, 0) == (p < 0.1 || p > 0.9));
        ck_assert(!corpus_decided(&g, 1)); /* not known */
    }
    corpus_builder_release(&b);
}
END_TEST

/* Of the empty board it may be said who begins; GTP's setup commands come out so. */
START_TEST(white_may_begin)
{
    struct corpus_game g;

    kit_corpus(&c, "(;SZ[9]PL[W];W[aa];B[bb])");
    ck_assert_int_eq(c.bytes[8], 1); /* and others read it as before */
    g = corpus_game(&c, 0);
    ck_assert_int_eq(g.n, 2);
    ck_assert_int_eq(corpus_color(&g, 0), WHITE);
    ck_assert_int_eq(corpus_played(&g, 0), 0);
    corpus_release(&c);
}
END_TEST

static const char *const refused[][2] = {
    { "(;SZ[9];B[aa]\n;W[aa])", "t:2:4: illegal move 'aa': occupied" },
    { "(;SZ[9];B[aa](;W[bb])\n(;W[aa]))", "t:2:5: illegal move 'aa': occupied" },
    { "(;SZ[9]AB[aa];W[bb])", "t:1:2: setup stones: a corpus holds games from the empty board" },
    { "(;SZ[9];W[bb];AW[cc])",
      "t:1:14: setup stones: a corpus holds games from the empty board" },
    { "(;SZ[9]HA[2]AB[aa][bb];W[cc])",
      "t:1:2: setup stones: a corpus holds games from the empty board" },
    { "(;SZ[9](;B[aa])(;W[bb]))",
      "t:1:17: the second variation is no move of the side to move" },
    { "(;SZ[9](;B[aa])(;C[bb]))",
      "t:1:17: the second variation is no move of the side to move" },
};

START_TEST(refuses_with_the_place)
{
    struct corpus_builder b;
    struct sgf s;

    corpus_builder_init(&b);
    ck_assert_int_eq(sgf_parse(&s, "t", refused[_i][0], strlen(refused[_i][0]), &e), 0);
    ck_assert_int_eq(corpus_add(&b, &s, s.first, 7, &e), -1);
    ck_assert_str_eq(e.msg, refused[_i][1]);
    ck_assert_uint_eq(b.n, 0);
    sgf_release(&s);
    corpus_builder_release(&b);
}
END_TEST

START_TEST(drops_what_is_there_twice)
{
    struct corpus_builder b;

    corpus_builder_init(&b);
    kit_add(&b, "(;SZ[9];B[aa])(;SZ[9]C[again]RE[B+1];B[aa])(;SZ[9])(;SZ[9]KM[6];B[aa])"
                "(;SZ[9](;B[aa])(;B[bb]))(;SZ[13];B[aa])(;SZ[9];W[aa])");
    corpus_finish(&b);
    ck_assert_uint_eq(b.empty, 1);
    ck_assert_uint_eq(b.twice, 1);
    ck_assert_uint_eq(b.n, 5);
    corpus_builder_release(&b);
}
END_TEST

START_TEST(the_order_of_games_is_no_matter)
{
    struct corpus_builder x, y;
    uint8_t *bx, *by;
    size_t nx, ny;

    corpus_builder_init(&x);
    corpus_builder_init(&y);
    for (uint64_t i = 0; i < 40; i++) {
        char *one = kit_random_game(7, 7, 30, i, 0), *other = kit_random_game(7, 7, 30, 39 - i, 0);

        kit_add(&x, one);
        kit_add(&y, other);
        free(one);
        free(other);
    }
    kit_add(&y, "(;SZ[9]RE[B+1];B[aa])(;SZ[9];B[aa])");
    kit_add(&x, "(;SZ[9];B[aa])(;SZ[9]RE[B+1];B[aa])");
    bx = kit_bytes(&x, &nx);
    by = kit_bytes(&y, &ny);
    ck_assert_uint_eq(nx, ny);
    ck_assert_int_eq(memcmp(bx, by, nx), 0);
    free(bx);
    free(by);
    corpus_builder_release(&x);
    corpus_builder_release(&y);
}
END_TEST

/* Each ply's board is that of the game with its history. */
START_TEST(replay_equals_game)
{
    char *text = kit_sample();
    static struct board b;

    kit_corpus(&c, text);
    free(text);
    for (size_t i = 0; i < c.n_games; i += 10) {
        struct corpus_game r = corpus_game(&c, i);
        uint8_t stones[BOARD_AREA];
        struct game g;

        ck_assert_int_eq(game_init(&g, r.w, r.h, r.komi, &e), 0);
        for (int ply = 0; ply <= r.n; ply++) {
            corpus_replay(&r, ply, &b);
            board_get(&b, stones);
            if (memcmp(stones, game_stones(&g, ply), 81) || b.ko != g.board.ko)
                ck_abort_msg("game %zu ply %d", i, ply);
            if (ply < r.n && game_play(&g, corpus_color(&r, ply),
                                       board_move_point(&b, corpus_played(&r, ply)), &e))
                ck_abort_msg("%s", e.msg);
        }
        game_release(&g);
    }
    corpus_release(&c);
}
END_TEST

/* Every position once, in order. */
START_TEST(finds_every_position)
{
    char *text = kit_sample();
    size_t total = 0;

    kit_corpus(&c, text);
    free(text);
    for (int p = 0; p < N_PARTS; p++) {
        size_t game = c.part[p], n = corpus_count(&c, (enum corpus_part)p);
        int ply = 0;

        for (size_t i = 0; i < n; i++) {
            struct corpus_pos at = corpus_at(&c, (enum corpus_part)p, i);

            if (at.game != game || at.ply != ply)
                ck_abort_msg("part %d position %zu", p, i);
            if (++ply == corpus_game(&c, game).n)
                game++, ply = 0;
        }
        ck_assert_uint_eq(game, c.part[p + 1]);
        total += n;
    }
    ck_assert_uint_eq(total, 36002);
    corpus_release(&c);
}
END_TEST

START_TEST(an_empty_corpus)
{
    struct corpus_builder b;
    uint8_t *bytes;
    size_t len;

    corpus_builder_init(&b);
    bytes = kit_bytes(&b, &len);
    ck_assert_uint_eq(len, 28);
    ck_assert_int_eq(corpus_parse(&c, "t", bytes, len, &e), 0);
    for (int p = 0; p < N_PARTS; p++)
        ck_assert_uint_eq(corpus_count(&c, (enum corpus_part)p), 0);
    corpus_release(&c);
}
END_TEST

/* --- the split ---------------------------------------------------------------- */

static int part_of_only_game(const char *text)
{
    int part = -1;

    kit_corpus(&c, text);
    for (int p = 0; p < N_PARTS; p++)
        if (corpus_games(&c, (enum corpus_part)p))
            part = p;
    corpus_release(&c);
    return part;
}

START_TEST(a_turned_game_is_in_the_same_part)
{
    int seen[N_PARTS] = { 0 };

    for (uint64_t seed = 0; seed < 150; seed++) {
        int part = -1;

        for (int s = 0; s < N_SYMMETRIES; s++) {
            char *text = kit_random_game(6, 5, 12, seed, s);
            int p = part_of_only_game(text);

            if (s > 0 && p != part)
                ck_abort_msg("seed %d symmetry %d: part %d, not %d", (int)seed, s, p, part);
            part = p;
            free(text);
        }
        seen[part]++;
    }
    ck_assert_int_gt(seen[PART_TRAIN], 130);
    ck_assert_int_gt(seen[PART_HELD_OUT] + seen[PART_TEST], 0);
}
END_TEST

START_TEST(other_bests_and_komi_are_in_the_same_part)
{
    for (char y = 'a'; y < 'j'; y++)
        for (char x = 'a'; x < 'j'; x++) {
            char one[100], other[100];

            snprintf(one, sizeof one, "(;SZ[9];B[%c%c];W[])", x, y);
            snprintf(other, sizeof other, "(;SZ[9]KM[1];B[%c%c](;W[])(;W[%c%c]))", x, y,
                     x == 'a' ? 'b' : 'a', y);
            ck_assert_int_eq(part_of_only_game(one), part_of_only_game(other));
        }
}
END_TEST

static size_t find_game(const struct corpus *in, const struct corpus_game *g)
{
    for (size_t i = 0; i < in->n_games; i++) {
        struct corpus_game x = corpus_game(in, i);

        if (x.n == g->n && !memcmp(x.plies, g->plies, 2 * (size_t)g->n))
            return i;
    }
    return SIZE_MAX;
}

START_TEST(more_games_move_none)
{
    char *text = kit_sample(), *half;
    struct corpus all;

    kit_corpus(&all, text);
    half = strchr(text + strlen(text) / 2, '\n');
    half[1] = '\0';
    kit_corpus(&c, text);
    free(text);
    ck_assert_uint_gt(c.n_games, 200);
    for (int p = 0; p < N_PARTS; p++)
        for (size_t i = c.part[p]; i < c.part[p + 1]; i++) {
            struct corpus_game g = corpus_game(&c, i);
            size_t at = find_game(&all, &g);

            if (at < all.part[p] || at >= all.part[p + 1])
                ck_abort_msg("game %zu has left part %d", i, p);
        }
    corpus_release(&all);
    corpus_release(&c);
}
END_TEST

START_TEST(names_of_parts)
{
    for (int p = 0; p < N_PARTS; p++)
        ck_assert_int_eq(corpus_part_named(corpus_part_name((enum corpus_part)p)), p);
    ck_assert_int_eq(corpus_part_named("none"), -1);
}
END_TEST

/* --- the shared games ------------------------------------------------------------ */

START_TEST(shared_games)
{
    static const char *const names[] = { "games9-a.sgfs.gz", "games9-b.sgfs.gz" };
    static const size_t positions[] = { 1465774, 547928 }, games[] = { 21313, 7462 };
    struct corpus_builder b;
    uint8_t *bytes;
    size_t len, before = 0;

    corpus_builder_init(&b);
    for (int i = 0; i < 2; i++) {
        size_t n = 0, from = b.n;
        char path[1000];
        struct sgf s;

        snprintf(path, sizeof path, "%s/%s", getenv("SHARED_DATA"), names[i]);
        ck_assert_msg(!sgf_read(&s, path, &e), "%s", e.msg);
        for (const struct sgf_node *root = s.first; root; root = root->next)
            if (corpus_add(&b, &s, root, 7, &e))
                ck_abort_msg("%s", e.msg);
        sgf_release(&s);
        for (size_t k = from; k < b.n; k++)
            n += (size_t)corpus_record_game(&b.record[k]).n;
        ck_assert_uint_eq(b.n - from, games[i]);
        ck_assert_uint_eq(n, positions[i]);
        before += n;
    }
    bytes = kit_bytes(&b, &len);
    ck_assert_uint_eq(b.n + b.twice, games[0] + games[1]);
    ck_assert_uint_lt(b.twice, 100);
    corpus_builder_release(&b);
    ck_assert_int_eq(corpus_parse(&c, "t", bytes, len, &e), 0);
    ck_assert_uint_le(c.first[c.n_games], before);
    for (int p = 0; p < N_PARTS; p++) {
        double share = (double)corpus_games(&c, (enum corpus_part)p) / (double)c.n_games;

        ck_assert(fabs(share - (p == PART_TRAIN ? 0.96 : 0.02)) < 0.004);
    }
    corpus_release(&c);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

int main(void)
{
    Suite *s = suite_create("corpus");
    TCase *tc = tap_case(s, "games");
    char path[1000];

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, tells_played_and_best);
    tcase_add_test(tc, boards_of_two_bytes_a_move);
    tcase_add_loop_test(tc, refuses_with_the_place, 0, N(refused));
    tcase_add_test(tc, white_may_begin);
    tcase_add_test(tc, drops_what_is_there_twice);
    tcase_add_test(tc, the_order_of_games_is_no_matter);
    tcase_add_test(tc, replay_equals_game);
    tcase_add_test(tc, finds_every_position);
    tcase_add_test(tc, an_empty_corpus);
    tcase_add_test(tc, a_turned_game_is_in_the_same_part);
    tcase_add_test(tc, other_bests_and_komi_are_in_the_same_part);
    tcase_add_test(tc, more_games_move_none);
    tcase_add_test(tc, names_of_parts);
    tcase_add_loop_test(tc, tells_policies, 0, 2);
    tcase_add_loop_test(tc, policies_stay, 0, 3);
    tcase_add_test(tc, decided_is_beyond_a_tenth);
    snprintf(path, sizeof path, "%s/games9-b.sgfs.gz", getenv("SHARED_DATA"));
    if (!access(path, R_OK))
        tcase_add_test(tc, shared_games);
    else
        printf("# shared_games is left out: SHARED_DATA has none\n");
    return tap_run(s);
}
