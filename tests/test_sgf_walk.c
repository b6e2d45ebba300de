/* sgf: every variation, hostile input, and all of the shared games. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/file.h"
#include "engine/rng.h"
#include "engine/sgf_game.h"
#include "tests/sgf_samples.h"
#include "tests/tap.h"

static struct sgf s;
static struct err e;

static void setup(void)
{
    err_init(&e);
}

static void parse(const char *text)
{
    ck_assert_msg(!sgf_parse(&s, "t", text, strlen(text), &e), "%s", e.msg);
}

static void assert_refused(const char *text, const char *message)
{
    err_init(&e);
    ck_assert_int_eq(sgf_parse(&s, "t", text, strlen(text), &e), -1);
    ck_assert_str_eq(e.msg, message);
}

/* --- every variation ----------------------------------------------------- */

/* At each node the walk's position is that of a replay from the root. */
START_TEST(walk_equals_replay)
{
    size_t nodes = 0;

    sample_read(&s, sample_names[_i]);
    for (const struct sgf_node *root = s.first, *n; root; root = root->next) {
        struct sgf_walk w;
        struct game g;

        ck_assert_int_eq(sgf_walk_init(&w, &s, root, 7, &e), 0);
        for (n = root; n; n = sgf_next(n, root)) {
            ck_assert_msg(sgf_walk_next(&w, &e) == 1, "%s", e.msg);
            ck_assert_ptr_eq(w.node, n);
            ck_assert_int_eq(sgf_to_game(&s, n, 7, &g, &e), 0);
            ck_assert_int_eq(g.n, w.game.n);
            ck_assert_int_eq(memcmp(game_stones(&g, g.n), game_stones(&w.game, g.n),
                                    (size_t)g.board.w * (size_t)g.board.h), 0);
            ck_assert(g.board.hash == w.game.board.hash && g.board.ko == w.game.board.ko);
            ck_assert_int_eq(game_to_move(&g), game_to_move(&w.game));
            game_release(&g);
            if (n->parent) {
                ck_assert_int_eq(sgf_to_game(&s, n->parent, 7, &g, &e), 0);
                ck_assert_int_eq(w.plies, w.game.n - g.n);
                game_release(&g);
            }
            nodes++;
        }
        ck_assert_int_eq(sgf_walk_next(&w, &e), 0);
        ck_assert_int_eq(sgf_walk_next(&w, &e), 0); /* and stays there */
        sgf_walk_release(&w);
    }
    ck_assert_uint_eq(nodes, s.n_nodes);
    sgf_release(&s);
}
END_TEST

START_TEST(walk_ends_at_an_error)
{
    struct sgf_walk w;

    parse("(;SZ[9];B[aa](;W[aa])(;W[bb]))");
    ck_assert_int_eq(sgf_walk_init(&w, &s, s.first, 7, &e), 0);
    ck_assert_int_eq(sgf_walk_next(&w, &e), 1);
    ck_assert_int_eq(sgf_walk_next(&w, &e), 1);
    ck_assert_int_eq(sgf_walk_next(&w, &e), -1);
    ck_assert_int_eq(sgf_walk_next(&w, &e), 0);
    sgf_walk_release(&w);
    sgf_release(&s);
}
END_TEST

START_TEST(refuses_a_line_too_long)
{
    size_t n = GAME_MAX_PLIES + 1;
    struct sgf_walk w;
    int more;
    char *text = malloc(5 * n + 10), *p = stpcpy(text, "(;SZ[9]");

    for (size_t i = 0; i < n; i++)
        p = stpcpy(p, ";B[]");
    strcpy(p, ")");
    parse(text);
    free(text);
    ck_assert_int_eq(sgf_walk_init(&w, &s, s.first, 7, &e), 0);
    while ((more = sgf_walk_next(&w, &e)) == 1)
        ;
    sgf_walk_release(&w);
    ck_assert_int_eq(more, -1);
    ck_assert_msg(!strncmp(e.msg, "t:1:400011: ", 12), "%s", e.msg);
    sgf_release(&s);
}
END_TEST

/* --- abuse --------------------------------------------------------------- */

/* n copies of open, then n of close. */
static char *nest(size_t n, const char *open, const char *close)
{
    char *text = malloc(n * (strlen(open) + strlen(close)) + 1), *p = text;

    for (size_t i = 0; i < n; i++)
        p = stpcpy(p, open);
    for (size_t i = 0; i < n; i++)
        p = stpcpy(p, close);
    return text;
}

START_TEST(nests_a_million_deep)
{
    static const char *const opens[] = { "(;", "(;(;)", "(;C[]" };
    enum { N = 1000000 };
    struct sgf_walk w;
    size_t len, nodes = 0;
    char *text = nest(N, opens[_i], ")"), *printed;
    int more;

    parse(text);
    ck_assert_uint_eq(s.n_nodes, _i == 1 ? 2 * N : N);
    printed = sample_print(&s, SGF_COMPACT, &len);
    ck_assert_uint_gt(len, N);
    free(printed);
    ck_assert_int_eq(sgf_walk_init(&w, &s, s.first, 0, &e), 0);
    while ((more = sgf_walk_next(&w, &e)) == 1)
        nodes++;
    ck_assert_int_eq(more, 0);
    ck_assert_uint_eq(nodes, s.n_nodes);
    sgf_walk_release(&w);
    sgf_release(&s);
    text[strlen(text) - 1] = '\0';
    assert_refused(text, "t:1:1: the game tree is not closed");
    free(text);
    text = nest(N, "(", ")");
    assert_refused(text, "t:1:2: expected ';' after '(', not '('");
    free(text);
}
END_TEST

START_TEST(reads_a_value_of_ten_megabytes)
{
    size_t n = 10 << 20;
    char *text = malloc(n + 100), *plain;

    strcpy(text, "(;C[");
    for (size_t i = 0; i < n; i++)
        text[4 + i] = i % 50 == 48 ? '\\' : i % 50 == 49 ? ']' : 'a';
    strcpy(text + 4 + n, "];B[aa])");
    parse(text);
    plain = sgf_get_text(s.first, "C", SGF_TEXT);
    ck_assert_uint_eq(strlen(plain), n - n / 50);
    ck_assert_str_eq(sgf_get_raw(s.first->child, "B"), "aa");
    free(plain);
    sgf_release(&s);
    text[4 + n] = '\0';
    assert_refused(text, "t:1:4: the value of 'C' is not closed");
    free(text);
}
END_TEST

/* Whatever bytes change: a reason, or a tree that can be walked and written. */
START_TEST(mutations_do_no_harm)
{
    static const char bytes[] = "()[];\\:\nBWACSZabtt09\r\xff";
    char *text, *work;
    size_t len, parsed = 0, refused = 0;
    struct rng rng;

    text = sample_text(sample_names[_i], &len);
    work = malloc(len + 1);
    rng_init(&rng, (uint64_t)_i);
    for (int round = 0; round < 1500; round++) {
        memcpy(work, text, len);
        for (uint32_t k = rng_below(&rng, 6) + 1; k > 0; k--)
            work[rng_below(&rng, (uint32_t)len)] = rng_below(&rng, 8)
                ? bytes[rng_below(&rng, sizeof bytes)] : (char)rng_below(&rng, 256);
        err_init(&e);
        if (sgf_parse(&s, "t", work, len - rng_below(&rng, 2) * rng_below(&rng, 9), &e)) {
            ck_assert_msg(!strncmp(e.msg, "t:", 2), "%s", e.msg);
            refused++;
            continue;
        }
        parsed++;
        sample_use(&s);
        sgf_release(&s);
    }
    ck_assert_uint_gt(parsed, 50);
    ck_assert_uint_gt(refused, 50);
    free(text);
    free(work);
}
END_TEST

/* --- the shared games ---------------------------------------------------- */

/* The results are the area scores in three quarters of the games; in the others they were
   counted without the dead stones that we call alive. */
static const struct {
    const char *name;
    size_t games, positions, results;
} shared[] = {
    { "games9-a.sgfs.gz", 21313, 1465774, 16267 },
    { "games9-b.sgfs.gz", 7462, 547928, 6001 },
};

/* Replays one game: counts its positions, those from which a move is recorded, and whether
   its main line ends with two passes and the score it claims. */
static void check_shared(const struct sgf_node *root, size_t *positions, size_t *results)
{
    const struct sgf_node *end = sgf_main_line(root, -1, NULL);
    const char *result = sgf_get_raw(root, "RE");
    struct sgf_walk w;
    char score[24];
    int more;

    ck_assert_msg(!sgf_walk_init(&w, &s, root, 0, &e), "%s", e.msg);
    while ((more = sgf_walk_next(&w, &e)) == 1) {
        *positions += w.node->child != NULL;
        if (w.node == end && result) {
            ck_assert(game_over(&w.game));
            *results += !strcmp(score_text(game_score(&w.game), score), result);
        }
    }
    ck_assert_msg(more == 0, "%s", e.msg);
    sgf_walk_release(&w);
}

START_TEST(shared_games_replay_and_round_trip)
{
    const char *dir = getenv("SHARED_DATA");
    size_t len, printed_len, positions = 0, results = 0;
    char path[1000], *text, *printed;

    snprintf(path, sizeof path, "%s/%s", dir, shared[_i].name);
    ck_assert_msg(!file_read(path, SGF_MAX_BYTES, &text, &len, &e), "%s", e.msg);
    ck_assert_msg(!sgf_parse(&s, path, text, len, &e), "%s", e.msg);
    ck_assert_uint_eq(s.n_games, shared[_i].games);
    for (const struct sgf_node *root = s.first; root; root = root->next)
        check_shared(root, &positions, &results);
    ck_assert_uint_eq(positions, shared[_i].positions);
    ck_assert_uint_eq(results, shared[_i].results);
    printed = sample_print(&s, SGF_COMPACT, &printed_len); /* byte by byte what was read */
    ck_assert_uint_eq(printed_len, len);
    ck_assert_int_eq(memcmp(printed, text, len), 0);
    free(printed);
    free(text);
    sgf_release(&s);
}
END_TEST

static bool have_shared(void)
{
    const char *dir = getenv("SHARED_DATA");
    char path[1000];

    snprintf(path, sizeof path, "%s/%s", dir ? dir : "", shared[0].name);
    return dir && access(path, R_OK) == 0;
}

START_TEST(shared_games_skipped)
{
    puts("# SKIP shared games: SHARED_DATA has none");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sgf_walk");
    TCase *t = tap_case(suite, "walk");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_loop_test(t, walk_equals_replay, 0, N_SAMPLES);
    tcase_add_test(t, walk_ends_at_an_error);
    tcase_add_test(t, refuses_a_line_too_long);

    t = tap_case(suite, "abuse");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_loop_test(t, nests_a_million_deep, 0, 3);
    tcase_add_test(t, reads_a_value_of_ten_megabytes);
    tcase_add_loop_test(t, mutations_do_no_harm, 0, N_SAMPLES);

    t = tap_case(suite, "shared");
    tcase_add_checked_fixture(t, setup, NULL);
    if (have_shared())
        tcase_add_loop_test(t, shared_games_replay_and_round_trip, 0, 2);
    else
        tcase_add_test(t, shared_games_skipped);
    return tap_run(suite);
}
