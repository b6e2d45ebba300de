/* sgf_game: trees into games, and games into trees. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"
#include "engine/sgf_game.h"
#include "tests/sgf_samples.h"
#include "tests/tap.h"

static struct sgf s;
static struct game g;
static struct err e;

static void setup(void)
{
    err_init(&e);
}

static void parse(const char *text)
{
    ck_assert_msg(!sgf_parse(&s, "t", text, strlen(text), &e), "%s: %s", text, e.msg);
}

/* Walks all games of s; -1 at the first that is refused. */
static int walk_all(void)
{
    for (const struct sgf_node *root = s.first; root; root = root->next) {
        struct sgf_walk w;
        int more;

        if (sgf_walk_init(&w, &s, root, 0, &e))
            return -1;
        while ((more = sgf_walk_next(&w, &e)) == 1)
            ;
        sgf_walk_release(&w);
        if (more < 0)
            return -1;
    }
    return 0;
}

/* The end of the main line of text, as a game. */
static void load(const char *text)
{
    parse(text);
    ck_assert_msg(!sgf_to_game(&s, sgf_main_line(s.first, -1, NULL), 7, &g, &e), "%s: %s", text,
                  e.msg);
}

static void unload(void)
{
    game_release(&g);
    sgf_release(&s);
}

/* Rows from the top: X, O and '.', a blank between rows. */
static void assert_board(const struct game *game, const char *rows)
{
    const struct board *b = &game->board;

    for (int y = 0; y < b->h; y++)
        for (int x = 0; x < b->w; x++) {
            char want = rows[y * (b->w + 1) + x], got = ".XO"[b->color[board_point(b, x, y)]];

            ck_assert_msg(want == got, "%c%d is %c, not %c", 'a' + x, y + 1, got, want);
        }
}

/* --- errors -------------------------------------------------------------- */

static const char *const errors[][2] = {
    { "(;GM[2])", "t:1:6: game '2' is not Go, which is 1" },
    { "(;GM[])", "t:1:6: game '' is not Go, which is 1" },
    { "(;FF[5])", "t:1:6: file format '5' is not 1 to 4" },
    { "(;FF[4.0])", "t:1:6: file format '4.0' is not 1 to 4" },
    { "(;SZ[1])", "t:1:6: size '1' is not within 2 to 25" },
    { "(;SZ[26])", "t:1:6: size '26' is not within 2 to 25" },
    { "(;SZ[9:26])", "t:1:6: size '9:26' is not within 2 to 25" },
    { "(;SZ[99999999999])", "t:1:6: size '99999999999' is no number" },
    { "(;SZ[9x9])", "t:1:6: size '9x9' is no number" },
    { "(;SZ[9:])", "t:1:6: size '9:' is no number" },
    { "(;SZ[])", "t:1:6: size '' is no number" },
    { "(;SZ[9]\nKM[6,5])", "t:2:4: komi '6,5' is no number" },
    { "(;KM[x])", "t:1:6: komi 'x' is no number" },
    { "(;KM[.])", "t:1:6: komi '.' is no number" },
    { "(;KM[1e3])", "t:1:6: komi '1e3' is no number" },
    { "(;KM[nan])", "t:1:6: komi 'nan' is no number" },
    { "(;KM[6.5.])", "t:1:6: komi '6.5.' is no number" },
    { "(;KM[many\n\x1b words that go on])", "t:1:6: komi 'many?? words that go...' is no number" },
    { "(;HA[two])", "t:1:6: handicap 'two' is no number" },
    { "(;SZ[9]HA[2])", "t:1:11: handicap of 2 stones, but 0 in AB" },
    { "(;SZ[9]HA[3]AB[aa][bb])", "t:1:11: handicap of 3 stones, but 2 in AB" },
    { "(;SZ[9]\n;B[aa]\n;W[bb]KM[3])", "t:3:7: property 'KM' outside the root" },
    { "(;;SZ[9])", "t:1:4: property 'SZ' outside the root" },
    { "(;;GM[1])", "t:1:4: property 'GM' outside the root" },
    { "(;;HA[0])", "t:1:4: property 'HA' outside the root" },
    { "(;SZ[9]\n;B[cc]\n;W[dd];B[zz])", "t:3:10: move 'zz' is off the 9x9 board" },
    { "(;SZ[9:13];B[ja])", "t:1:14: move 'ja' is off the 9x13 board" },
    { "(;SZ[9:13];B[an])", "t:1:14: move 'an' is off the 9x13 board" },
    { "(;SZ[9];B[AA])", "t:1:11: move 'AA' is off the 9x9 board" },
    { "(;SZ[20];B[tt];W[ut])", "t:1:18: move 'ut' is off the 20x20 board" },
    { "(;SZ[9];B[a])", "t:1:11: move 'a' is no point" },
    { "(;SZ[9];B[ aa])", "t:1:11: move ' aa' is no point" },
    { "(;SZ[9];B[pass])", "t:1:11: move 'pass' is no point" },
    { "(;SZ[9];B[aa:bb])", "t:1:11: move 'aa:bb' is off the 9x9 board" },
    { "(;SZ[9];B[aa];W[aa])", "t:1:17: illegal move 'aa': occupied" },
    { "(;SZ[9];B[ab];;B[ba];W[aa])", "t:1:24: illegal move 'aa': suicide" },
    { "(;SZ[5]AB[ba][ab][bc][cb]AW[ca][db][cc];W[bb];B[cb])",
      "t:1:49: illegal move 'cb': ko" },
    { "(;SZ[2];B[aa];W[bb];B[ba];W[ab];B[aa];W[ba];B[aa])",
      "t:1:47: illegal move 'aa': superko" },
    { "(;SZ[9];B[aa]W[bb])", "t:1:14: both B and W in one node" },
    { "(;SZ[9];B[aa]AW[bb])", "t:1:8: a move and a setup in one node" },
    { "(;SZ[9];B[aa]PL[W])", "t:1:8: a move and a setup in one node" },
    { "(;SZ[9]AB[aa]AW[aa])", "t:1:17: point 'aa' is set twice" },
    { "(;SZ[9]AB[bb][aa:cc])", "t:1:15: point 'bb' is set twice" },
    { "(;SZ[9]AB[bb:aa])", "t:1:11: rectangle 'bb:aa' is not upper left to lower right" },
    { "(;SZ[9]AB[ba:ab])", "t:1:11: rectangle 'ba:ab' is not upper left to lower right" },
    { "(;SZ[9]AB[aa:aj])", "t:1:11: point 'aa:aj' is off the 9x9 board" },
    { "(;SZ[9]AB[])", "t:1:11: point '' is no point" },
    { "(;SZ[9]AB[tt])", "t:1:11: point 'tt' is off the 9x9 board" },
    { "(;SZ[9]PL[X])", "t:1:11: player 'X' is neither B nor W" },
    { "(;SZ[2]AB[aa:bb])", "t:1:2: cannot set up: the position has a chain without liberties" },
    { "(;SZ[2]HA[4]AB[aa:bb])", "t:1:2: cannot set up: invalid number of stones" },
    { "(;SZ[9];B[aa](;W[bb];B[cc])(;W[aa]))", "t:1:32: illegal move 'aa': occupied" },
};

START_TEST(refuses)
{
    parse(errors[_i][0]);
    ck_assert_int_eq(walk_all(), -1);
    ck_assert_str_eq(e.msg, errors[_i][1]);
    err_init(&e);
    if (!strstr(errors[_i][0], "(;W[aa])")) { /* which is no main line */
        ck_assert_int_eq(sgf_to_game(&s, sgf_main_line(s.first, -1, NULL), 7, &g, &e), -1);
        ck_assert_str_eq(e.msg, errors[_i][1]);
    }
    sgf_release(&s);
}
END_TEST

/* --- what is read -------------------------------------------------------- */

START_TEST(reads_headers)
{
    static const struct {
        const char *text;
        struct sgf_header h;
    } cases[] = {
        { "(;)", { 19, 19, false, 0, 0, 1 } },
        { "(;FF[4]SZ[9]KM[6.5]HA[0])", { 9, 9, true, 6.5, 0, 4 } },
        { "(;FF[3]SZ[25]KM[-3]HA[1])", { 25, 25, true, -3, 1, 3 } },
        { "(;SZ[2:25]KM[+0.25])", { 2, 25, true, 0.25, 0, 1 } },
        { "(;SZ[9]KM[7.]HA[999999])", { 9, 9, true, 7, 625, 1 } },
        { "(;SZ[9]KM[.5]GM[1])", { 9, 9, true, 0.5, 0, 1 } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct sgf_header *want = &cases[i].h;
        struct sgf_header h;

        parse(cases[i].text);
        ck_assert_msg(!sgf_header(&s, s.first, &h, &e), "%s", e.msg);
        ck_assert_int_eq(h.w, want->w);
        ck_assert_int_eq(h.h, want->h);
        ck_assert_int_eq(h.has_komi, want->has_komi);
        ck_assert(h.komi == want->komi);
        ck_assert_int_eq(h.handicap, want->handicap);
        ck_assert_int_eq(h.format, want->format);
        sgf_release(&s);
    }
}
END_TEST

START_TEST(komi_is_the_callers_without_km)
{
    load("(;SZ[9])");
    ck_assert(g.komi == 7);
    unload();
    load("(;SZ[9]KM[ ]HA[])"); /* as some programs write */
    ck_assert(g.komi == 7);
    unload();
    load("(;SZ[9]KM[0])");
    ck_assert(g.komi == 0);
    unload();
}
END_TEST

START_TEST(plays_moves_and_passes)
{
    load("(;SZ[5];B[bc];W[tt];B[dc];W[];B[cb];W[cc];B[cd])");
    assert_board(&g, "..... ..X.. .X.X. ..X.. .....");
    ck_assert_int_eq(g.n, 7);
    ck_assert_int_eq(g.board.captured[WHITE], 1);
    ck_assert_int_eq(g.ply[1].point, PASS);
    ck_assert_int_eq(g.ply[3].point, PASS);
    unload();
    load("(;SZ[21];B[tt])"); /* a point on large boards */
    ck_assert_int_eq(g.board.n_empty, 21 * 21 - 1);
    unload();
}
END_TEST

START_TEST(a_move_in_the_root_counts)
{
    load("(;SZ[3]B[bb];W[aa])");
    assert_board(&g, "O.. .X. ...");
    ck_assert_int_eq(g.n, 2);
    unload();
}
END_TEST

START_TEST(handicap_is_the_start)
{
    load("(;SZ[5]HA[2]AB[bb][dd];W[cc])");
    ck_assert_int_eq(g.handicap, 2);
    ck_assert_int_eq(g.n, 1);
    ck_assert_int_eq(g.first, WHITE);
    assert_board(&g, "..... .X... ..O.. ...X. .....");
    unload();
    load("(;SZ[5]HA[2]AB[bb][dd]PL[B];B[aa])"); /* not as handicap goes: a setup */
    ck_assert_int_eq(g.handicap, 0);
    ck_assert_int_eq(g.n, 2);
    ck_assert_int_eq(g.ply[0].to_move, BLACK);
    unload();
    load("(;SZ[5]HA[1]AB[bb])");
    ck_assert_int_eq(g.handicap, 1);
    ck_assert_int_eq(game_to_move(&g), WHITE);
    unload();
    load("(;SZ[5]HA[1];B[bb])"); /* no stone given, only no komi */
    ck_assert_int_eq(g.handicap, 0);
    ck_assert_int_eq(g.n, 1);
    unload();
    load("(;SZ[5]HA[2]AB[bb][dd]AW[cc];B[aa])"); /* a position of a handicap game */
    ck_assert_int_eq(g.handicap, 0);
    ck_assert_int_eq(g.n, 2);
    assert_board(&g, "X.... .X... ..O.. ...X. .....");
    unload();
}
END_TEST

START_TEST(setup_is_a_ply)
{
    load("(;SZ[4]AB[aa:ba][dd]AW[bb][cc:dc]PL[W];W[ac];AE[aa][dd]AB[cc])");
    assert_board(&g, ".X.. .O.. O.XO ....");
    ck_assert_int_eq(g.n, 3);
    ck_assert_int_eq(g.ply[0].kind, PLY_SETUP);
    ck_assert_int_eq(g.ply[0].to_move, WHITE);
    ck_assert_int_eq(g.ply[2].kind, PLY_SETUP);
    ck_assert_int_eq(game_to_move(&g), BLACK);
    unload();
}
END_TEST

START_TEST(says_who_is_to_move)
{
    static const struct {
        const char *text;
        enum color to_move;
        int plies;
    } cases[] = {
        { "(;SZ[5])", BLACK, 0 },          { "(;SZ[5]PL[B])", BLACK, 0 },
        { "(;SZ[5]PL[W])", WHITE, 1 },     { "(;SZ[5]PL[white])", WHITE, 1 },
        { "(;SZ[5]PL[2])", WHITE, 1 },     { "(;SZ[5]AB[aa])", BLACK, 1 },
        { "(;SZ[5]AB[aa](;N[x])(;W[bb]))", BLACK, 1 },
        { "(;SZ[5];B[aa];PL[B])", BLACK, 2 },
        { "(;SZ[5];B[aa];B[bb])", WHITE, 2 },
        { "(;SZ[5];W[aa])", BLACK, 1 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        load(cases[i].text);
        ck_assert_msg(game_to_move(&g) == cases[i].to_move, "%s", cases[i].text);
        ck_assert_int_eq(g.n, cases[i].plies);
        unload();
    }
    parse("(;SZ[5]AB[aa];W[bb])"); /* by the move that follows */
    ck_assert_int_eq(sgf_to_game(&s, s.first, 7, &g, &e), 0);
    ck_assert_int_eq(game_to_move(&g), WHITE);
    unload();
}
END_TEST

START_TEST(finds_positions_of_the_main_line)
{
    static const struct {
        int moves, played;
        const char *name;
    } cases[] = {
        { 0, 0, "start" }, { 1, 1, "one" }, { 2, 2, "two" }, { 3, 3, "three" }, { 4, 3, "three" },
        { -1, 3, "three" },
    };
    int played;

    parse("(;N[root];N[start];B[aa];N[one];W[bb]N[two](;B[cc];N[three])(;B[dd];W[ee];B[ff]))");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct sgf_node *n = sgf_main_line(s.first, cases[i].moves, &played);

        ck_assert_int_eq(played, cases[i].played);
        ck_assert_str_eq(sgf_get_raw(n, "N"), cases[i].name);
    }
    sgf_release(&s);
}
END_TEST

START_TEST(loads_for_gtp)
{
    const char *dir = getenv("TEST_SRCDIR");
    char path[1000];

    snprintf(path, sizeof path, "%s/sgf/handicap19.sgf", dir ? dir : "tests");
    ck_assert_int_eq(sgf_load_game(path, 10, 7, &g, &e), 0);
    ck_assert_int_eq(g.n, 10);
    ck_assert_int_eq(g.handicap, 4);
    ck_assert(g.komi == 0.5);
    game_release(&g);
    ck_assert_int_eq(sgf_load_game(path, -1, 7, &g, &e), 0);
    ck_assert_int_eq(g.n, 120);
    game_release(&g);
    ck_assert_int_eq(sgf_load_game("/nowhere.sgf", -1, 7, &g, &e), -1);
}
END_TEST

START_TEST(reads_results)
{
    static const struct {
        const char *raw;
        enum sgf_ending ending;
        enum color winner;
        double margin;
    } cases[] = {
        { "B+3.5", SGF_SCORE, BLACK, 3.5 },  { "W+12", SGF_SCORE, WHITE, 12 },
        { "w+R", SGF_RESIGN, WHITE, 0 },     { "B+resign", SGF_RESIGN, BLACK, 0 },
        { "B+Time", SGF_TIME, BLACK, 0 },    { "W+T", SGF_TIME, WHITE, 0 },
        { "W+F", SGF_FORFEIT, WHITE, 0 },    { "B+", SGF_WIN, BLACK, 0 },
        { "0", SGF_DRAW, EMPTY, 0 },         { "Draw", SGF_DRAW, EMPTY, 0 },
        { "Void", SGF_VOID, EMPTY, 0 },      { "?", SGF_UNKNOWN, EMPTY, 0 },
        { "", SGF_UNKNOWN, EMPTY, 0 },       { "B", SGF_UNKNOWN, EMPTY, 0 },
        { "B+x", SGF_UNKNOWN, EMPTY, 0 },    { "B+-3", SGF_UNKNOWN, EMPTY, 0 },
        { "Black wins", SGF_UNKNOWN, EMPTY, 0 }, { "B+3.5 points", SGF_UNKNOWN, EMPTY, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sgf_result r = sgf_result(cases[i].raw);

        ck_assert_msg(r.ending == cases[i].ending, "%s", cases[i].raw);
        ck_assert_int_eq(r.winner, cases[i].winner);
        ck_assert(r.margin == cases[i].margin);
    }
}
END_TEST

/* --- games into trees ---------------------------------------------------- */

static void assert_writes(const struct sgf_info *info, const char *text)
{
    size_t len;
    char *got;

    ck_assert_int_eq(sgf_init(&s, "made", &e), 0);
    ck_assert_msg(sgf_from_game(&s, &g, info, &e) != NULL, "%s", e.msg);
    got = sample_print(&s, SGF_COMPACT, &len);
    ck_assert_str_eq(got, text);
    free(got);
    sgf_release(&s);
}

START_TEST(writes_games)
{
    static const uint8_t stones[9] = { BLACK, 0, 0, 0, WHITE, 0, 0, 0, BLACK };
    struct sgf_info info = { .black = "A]", .white = "B", .result = "B+R", .rules = "Chinese",
                             .date = "2026-11-23", .program = "videoworld:0.1" };
    int handicap[2];

    game_init(&g, 3, 3, 7, &e);
    assert_writes(NULL, "(;GM[1]FF[4]CA[UTF-8]SZ[3]KM[7])\n");
    game_play(&g, BLACK, board_point(&g.board, 1, 0), &e);
    game_play(&g, WHITE, PASS, &e);
    assert_writes(&info, "(;GM[1]FF[4]CA[UTF-8]SZ[3]KM[7]AP[videoworld:0.1]DT[2026-11-23]PB[A\\]]"
                         "PW[B]RU[Chinese]RE[B+R];B[ba];W[])\n");
    game_setup(&g, stones, WHITE, &e);
    assert_writes(NULL, "(;GM[1]FF[4]CA[UTF-8]SZ[3]KM[7];B[ba];W[];AB[aa][cc]AE[ba]AW[bb]PL[W])\n");
    game_clear(&g, 2, 3, &e);
    g.komi = -0.5;
    handicap[0] = board_point(&g.board, 0, 0);
    handicap[1] = board_point(&g.board, 1, 2);
    game_handicap(&g, handicap, 2, &e);
    game_play(&g, WHITE, board_point(&g.board, 0, 1), &e);
    assert_writes(NULL, "(;GM[1]FF[4]CA[UTF-8]SZ[2:3]KM[-0.5]HA[2]AB[aa][bc];W[ab])\n");
    game_clear(&g, 3, 3, &e);
    game_setup(&g, stones, BLACK, &e);
    game_play(&g, BLACK, board_point(&g.board, 2, 0), &e);
    assert_writes(NULL, "(;GM[1]FF[4]CA[UTF-8]SZ[3]KM[-0.5]AB[aa][cc]AW[bb]PL[B];B[ca])\n");
    g.komi = 1e300;
    ck_assert_int_eq(sgf_init(&s, "made", &e), 0);
    ck_assert_ptr_null(sgf_from_game(&s, &g, NULL, &e));
    sgf_release(&s);
    game_release(&g);
}
END_TEST

/* A random game with passes, setups that change something, and either colour's moves. */
static void play_random(struct rng *rng)
{
    uint8_t stones[BOARD_AREA];
    int w = 2 + (int)rng_below(rng, 12), h = 2 + (int)rng_below(rng, 12);

    ck_assert_int_eq(game_init(&g, w, h, (double)rng_below(rng, 40) / 4 - 3, &e), 0);
    if (rng_below(rng, 3) == 0) {
        int point = board_point(&g.board, 0, (int)rng_below(rng, (uint32_t)h));

        game_handicap(&g, &point, 1, &e);
    }
    for (int i = 0; i < 150; i++) {
        int x = (int)rng_below(rng, (uint32_t)w), y = (int)rng_below(rng, (uint32_t)h);
        enum color c = rng_below(rng, 10) ? game_to_move(&g) : BLACK;

        game_play(&g, c, rng_below(rng, 12) ? board_point(&g.board, x, y) : PASS, NULL);
        if (rng_below(rng, 40))
            continue;
        board_get(&g.board, stones);
        x += y * w;
        stones[x] = (uint8_t)((stones[x] + 1u + rng_below(rng, 2)) % 3);
        game_setup(&g, stones, rng_below(rng, 2) ? BLACK : WHITE, NULL);
    }
}

START_TEST(games_survive_writing)
{
    struct rng rng;

    rng_init(&rng, 2026);
    for (int round = 0; round < 300; round++) {
        struct game back;
        struct sgf again;
        char *text;
        size_t len, area;

        play_random(&rng);
        area = (size_t)g.board.w * (size_t)g.board.h;
        ck_assert_int_eq(sgf_init(&s, "made", &e), 0);
        ck_assert_ptr_nonnull(sgf_from_game(&s, &g, NULL, &e));
        text = sample_print(&s, SGF_LINES, &len);
        ck_assert_int_eq(sgf_parse(&again, "again", text, len, &e), 0);
        ck_assert_msg(!sgf_to_game(&again, sgf_main_line(again.first, -1, NULL), 99, &back, &e),
                      "%s in\n%s", e.msg, text);
        ck_assert(back.komi == g.komi && back.handicap == g.handicap);
        ck_assert_int_eq(game_to_move(&back), game_to_move(&g));
        ck_assert_int_eq(back.n, g.n);
        for (int i = 0; i <= g.n; i++)
            ck_assert_int_eq(memcmp(game_stones(&back, i), game_stones(&g, i), area), 0);
        free(text);
        game_release(&back);
        sgf_release(&again);
        unload();
    }
}
END_TEST

START_TEST(normalizes)
{
    size_t len;
    char *text;

    parse("(;C[x]SiZe[9]KM[5];Black[tt](;White[aa])(;White[tt]))(;B[tt]SZ[21]FF[1])(;)");
    for (struct sgf_node *root = s.first; root; root = root->next)
        ck_assert_int_eq(sgf_normalize(&s, root, &e), 0);
    text = sample_print(&s, SGF_COMPACT, &len);
    ck_assert_str_eq(text, "(;GM[1]FF[4]SZ[9]C[x]KM[5];B[](;W[aa])(;W[]))\n"
                           "(;GM[1]FF[4]SZ[21]B[tt])\n(;GM[1]FF[4]SZ[19])\n");
    free(text);
    sgf_release(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sgf_game");
    TCase *t = tap_case(suite, "read");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_loop_test(t, refuses, 0, sizeof errors / sizeof errors[0]);
    tcase_add_test(t, reads_headers);
    tcase_add_test(t, komi_is_the_callers_without_km);
    tcase_add_test(t, plays_moves_and_passes);
    tcase_add_test(t, a_move_in_the_root_counts);
    tcase_add_test(t, handicap_is_the_start);
    tcase_add_test(t, setup_is_a_ply);
    tcase_add_test(t, says_who_is_to_move);
    tcase_add_test(t, finds_positions_of_the_main_line);
    tcase_add_test(t, loads_for_gtp);
    tcase_add_test(t, reads_results);

    t = tap_case(suite, "write");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, writes_games);
    tcase_add_test(t, games_survive_writing);
    tcase_add_test(t, normalizes);
    return tap_run(suite);
}
