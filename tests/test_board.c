/* One position: captures, suicide, ko, liberties, area, names of points. */
#include "engine/board.h"

#include <stdlib.h>
#include <string.h>

#include "tests/slowgo.h"
#include "tests/tap.h"

/* Sets b to a drawn position. */
static void draw(struct board *b, const char *rows)
{
    struct slow s;

    slow_draw(&s, rows);
    board_init(b, s.w, s.h);
    ck_assert_int_eq(board_set(b, s.s), 0);
}

static int at(const struct board *b, const char *vertex)
{
    int p = board_parse_vertex(b, vertex);

    ck_assert_msg(p != NO_POINT, "%s is no vertex", vertex);
    return p;
}

static void expect(const struct board *b, const char *rows)
{
    struct slow want, got;

    slow_draw(&want, rows);
    board_get(b, got.s);
    ck_assert_mem_eq(got.s, want.s, (size_t)(b->w * b->h));
}

struct move {
    const char *before;
    int color;
    const char *vertex;
    enum legality legality;
    int taken;
    const char *after; /* NULL if illegal */
};

static const struct move moves[] = {
    /* captures in the middle, on the side, in the corner */
    { ".X.\nXO.\n.X.", BLACK, "C2", LEGAL, 1, ".X.\nX.X\n.X." },
    { "OX\nO.\nX.", BLACK, "B2", LEGAL, 2, ".X\n.X\nX." },
    { "O.\nX.", BLACK, "B2", LEGAL, 1, ".X\nX." },
    /* a stone that takes needs no liberty of its own */
    { ".O.\nO.O\n.O.", BLACK, "B2", SUICIDE, 0, NULL },
    { ".OX\nOX.\n.OX", WHITE, "C2", LEGAL, 3, ".O.\nO.O\n.O." },
    { "XXO\nX.O\nOOO", WHITE, "B2", LEGAL, 3, "..O\n.OO\nOOO" },
    /* one chain touched twice is taken once; several chains at once */
    { ".XX\nX.X\nXX.", WHITE, "B2", SUICIDE, 0, NULL },
    { "OOX\nO.X\nXX.", BLACK, "B2", LEGAL, 3, "..X\n.XX\nXX." },
    { ".XOX.\nXO.OX\n.XOX.", BLACK, "C2", LEGAL, 4, ".X.X.\nX.X.X\n.X.X." },
    /* suicide of one stone and of many; a friend with a second liberty saves */
    { ".X\nX.", WHITE, "A2", SUICIDE, 0, NULL },
    { "OX.\n.OX\nOOX", WHITE, "A2", SUICIDE, 0, NULL },
    { "OX.\n.OX\nO.X", WHITE, "A2", LEGAL, 0, "OX.\nOOX\nO.X" },
    { "O.\nX.", BLACK, "A2", OCCUPIED, 0, NULL },
    { ".", BLACK, "A1", SUICIDE, 0, NULL },
    { "X.", WHITE, "B1", LEGAL, 1, ".O" },
    { "O.X", BLACK, "B1", LEGAL, 1, ".XX" },
};

START_TEST(test_moves)
{
    const struct move *m = &moves[_i];
    struct board b;
    uint64_t after;
    int p;

    draw(&b, m->before);
    p = at(&b, m->vertex);
    ck_assert_int_eq(board_legality(&b, (enum color)m->color, p), m->legality);
    if (m->legality != LEGAL)
        return;
    after = board_hash_after(&b, (enum color)m->color, p);
    ck_assert_int_eq(board_play(&b, (enum color)m->color, p), m->taken);
    ck_assert_int_eq(b.captured[color_other((enum color)m->color)], m->taken);
    ck_assert_int_eq(b.captured[m->color], 0);
    ck_assert(b.hash == after);
    expect(&b, m->after);
}
END_TEST

START_TEST(test_ko)
{
    struct board b;

    draw(&b, ".XO.\nXO.O\n.XO.");
    ck_assert_int_eq(board_play(&b, BLACK, at(&b, "C2")), 1);
    ck_assert_int_eq(board_legality(&b, WHITE, at(&b, "B2")), KO);
    /* it binds White only, and only until the next move */
    ck_assert_int_eq(board_legality(&b, BLACK, at(&b, "B2")), LEGAL);
    board_play(&b, WHITE, PASS);
    ck_assert_int_eq(board_legality(&b, WHITE, at(&b, "B2")), LEGAL);
    ck_assert_int_eq(b.ko, NO_POINT);
}
END_TEST

START_TEST(test_no_ko)
{
    static const struct {
        const char *rows, *vertex;
        int taken;
    } t[] = {
        { "OOX.\nX.X.", "B1", 2 }, /* two stones taken */
        { "O.X\nXXX", "B2", 1 },   /* by a chain */
        { "O.\nX.", "B2", 1 },     /* by a stone with another liberty */
        { ".XOO\nXO.X\n.XOX", "C2", 4 },
    };

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct board b;

        draw(&b, t[i].rows);
        ck_assert_int_eq(board_play(&b, BLACK, at(&b, t[i].vertex)), t[i].taken);
        ck_assert_int_eq(b.ko, NO_POINT);
    }
}
END_TEST

START_TEST(test_off_board)
{
    static const int wild[] = { RESIGN, NO_POINT, 1, 3, -100, 100000, BOARD_POINTS };
    struct board b;

    board_init(&b, 3, 2);
    for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++)
        ck_assert_int_eq(board_legality(&b, BLACK, wild[i]), OFF_BOARD);
    ck_assert_int_eq(board_legality(&b, BLACK, PASS), LEGAL);
    ck_assert_int_eq(board_legality(&b, BLACK, board_point(&b, 2, 1) + 1), OFF_BOARD);
}
END_TEST

START_TEST(test_liberties)
{
    static const struct {
        const char *rows, *vertex;
        int liberties;
    } t[] = {
        { "X..\n...\n...", "A3", 2 }, { "...\n.X.\n...", "B2", 4 }, { "XX.\nX..\n...", "A3", 3 },
        { "X.X\nXXX\n...", "A3", 4 }, { ".X.\nXOX\n...", "B2", 1 }, { "X.\n..", "A2", 2 },
        { "XO\n..", "A2", 1 },        { "X.", "A1", 1 },
    };

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct board b;

        draw(&b, t[i].rows);
        ck_assert_int_eq(board_liberties(&b, at(&b, t[i].vertex)), t[i].liberties);
    }
}
END_TEST

START_TEST(test_area)
{
    static const struct {
        const char *rows, *owner;
        int score;
    } t[] = {
        { "...\n...", "...\n...", 0 },
        { "...\n.X.", "XXX\nXXX", 6 },
        { "X.O\nX.O", "X.O\nX.O", 0 },
        { ".XO.\nXXO.", "XXOO\nXXOO", 0 },
        { ".X.\nXX.\nOOO", "XX.\nXX.\nOOO", 1 },
        { ".XX.O\nXX.OO\n.XXO.", "XXX.O\nXX.OO\nXXXOO", 3 },
    };

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct board b;
        struct slow want;
        uint8_t owner[BOARD_AREA];

        draw(&b, t[i].rows);
        slow_draw(&want, t[i].owner);
        ck_assert_int_eq(board_area(&b, owner), t[i].score);
        ck_assert_int_eq(board_area(&b, NULL), t[i].score);
        ck_assert_mem_eq(owner, want.s, (size_t)(b.w * b.h));
    }
}
END_TEST

START_TEST(test_set_refuses)
{
    static const char *const dead[] = { "X", "XO\nOX", "XXO\nXX.\nOOX", "OX.\nXX.\n..." };
    struct board b, empty;
    struct slow s;

    for (size_t i = 0; i < sizeof dead / sizeof dead[0]; i++) {
        slow_draw(&s, dead[i]);
        board_init(&b, s.w, s.h);
        board_init(&empty, s.w, s.h);
        ck_assert_int_eq(board_set(&b, s.s), -1);
        ck_assert_mem_eq(&b, &empty, sizeof b);
    }
    slow_draw(&s, "...");
    s.s[1] = 3;
    board_init(&b, s.w, s.h);
    ck_assert_int_eq(board_set(&b, s.s), -1);
}
END_TEST

START_TEST(test_hash_is_of_the_stones)
{
    struct board a, b;

    /* two orders, a capture on the way, and another size of board */
    board_init(&a, 9, 9);
    board_play(&a, BLACK, at(&a, "A9"));
    board_play(&a, WHITE, at(&a, "B9"));
    board_play(&a, BLACK, at(&a, "E5"));
    board_play(&a, WHITE, at(&a, "A8"));
    ck_assert_int_eq(a.captured[BLACK], 1);
    board_init(&b, 13, 10);
    ck_assert(b.hash == 0);
    board_play(&b, WHITE, board_point(&b, 0, 1));
    board_play(&b, WHITE, board_point(&b, 1, 0));
    board_play(&b, BLACK, board_point(&b, 4, 4));
    ck_assert(a.hash == b.hash);
    board_play(&b, WHITE, board_point(&b, 5, 4));
    ck_assert(a.hash != b.hash);
}
END_TEST

START_TEST(test_copy)
{
    struct board a, b;

    draw(&a, ".XO.\nXO.O\n.XO.");
    board_play(&a, BLACK, at(&a, "C2"));
    memset(&b, 0x55, sizeof b); /* what is not in use may hold anything */
    board_copy(&b, &a);
    for (int p = 1; p < a.end; p++)
        for (int c = BLACK; c <= WHITE; c++)
            ck_assert_int_eq(board_legality(&a, (enum color)c, p),
                             board_legality(&b, (enum color)c, p));
    board_play(&a, WHITE, at(&a, "D3"));
    board_play(&b, WHITE, at(&b, "D3"));
    ck_assert(a.hash == b.hash && a.n_empty == b.n_empty && a.captured[WHITE] == 1);
}
END_TEST

START_TEST(test_vertices)
{
    static const struct {
        int w, h;
        const char *text;
        int x, y;
    } t[] = {
        { 19, 19, "A1", 0, 18 },  { 19, 19, "T19", 18, 0 }, { 19, 19, "d4", 3, 15 },
        { 19, 19, "H8", 7, 11 },  { 19, 19, "J9", 8, 10 },  { 25, 25, "Z25", 24, 0 },
        { 25, 25, "z1", 24, 24 }, { 25, 2, "Z2", 24, 0 },   { 2, 25, "B25", 1, 0 },
        { 9, 7, "J7", 8, 0 },     { 1, 1, "a1", 0, 0 },
    };
    static const char *const bad[] = {
        "I5", "i5", "K1", "A0", "A10", "A", "", "5", "A1x", "A 1", " A1", "A-1", "A+1", "AA",
        "A01", "J99999999999999999999", "passs", "pas", "resign", "[1", "@1", "A1 ",
    };
    struct board b;
    char text[8];

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        board_init(&b, t[i].w, t[i].h);
        ck_assert_int_eq(board_parse_vertex(&b, t[i].text), board_point(&b, t[i].x, t[i].y));
    }
    board_init(&b, 9, 9);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(board_parse_vertex(&b, bad[i]) == NO_POINT, "\"%s\" is taken", bad[i]);
    ck_assert_int_eq(board_parse_vertex(&b, "PaSS"), PASS);
    ck_assert_str_eq(board_vertex(&b, PASS, text), "pass");
    ck_assert_str_eq(board_vertex(&b, RESIGN, text), "resign");
    ck_assert_str_eq(board_vertex(&b, NO_POINT, text), "none");
    ck_assert_str_eq(board_vertex(&b, board_point(&b, 8, 0), text), "J9");
}
END_TEST

START_TEST(test_points_of_every_size)
{
    for (int w = 1; w <= BOARD_MAX; w++) {
        for (int h = 1; h <= BOARD_MAX; h++) {
            struct board b;
            char text[8];

            board_init(&b, w, h);
            ck_assert(b.end <= BOARD_POINTS && b.n_empty == w * h);
            for (int i = 0; i < w * h; i++) {
                int p = board_point_at(&b, i);
                bool ok = board_index(&b, p) == i && board_x(&b, p) == i % w &&
                          board_y(&b, p) == i / w && board_on(&b, p) &&
                          board_parse_vertex(&b, board_vertex(&b, p, text)) == p;

                for (int dir = 0; dir < 4; dir++) {
                    int q = board_neighbor(&b, p, dir);

                    ok = ok && q >= 0 && q < b.end && board_neighbor(&b, q, 3 - dir) == p;
                }
                ok = ok && p - b.stride - 1 >= 0 && p + b.stride + 1 < b.end;
                if (!ok) /* half a million assertions would take seconds */
                    ck_abort_msg("point %d of %dx%d", i, w, h);
            }
        }
    }
}
END_TEST

START_TEST(test_handicap)
{
    static const struct {
        int w, h, n;
        const char *points;
    } t[] = {
        { 19, 19, 2, "D4 Q16" },
        { 19, 19, 3, "D4 Q16 D16" },
        { 19, 19, 4, "D4 Q16 D16 Q4" },
        { 19, 19, 5, "D4 Q16 D16 Q4 K10" },
        { 19, 19, 6, "D4 Q16 D16 Q4 D10 Q10" },
        { 19, 19, 7, "D4 Q16 D16 Q4 D10 Q10 K10" },
        { 19, 19, 8, "D4 Q16 D16 Q4 D10 Q10 K4 K16" },
        { 19, 19, 9, "D4 Q16 D16 Q4 D10 Q10 K4 K16 K10" },
        { 9, 9, 5, "C3 G7 C7 G3 E5" },
        { 9, 9, 9, "C3 G7 C7 G3 C5 G5 E3 E7 E5" },
        { 13, 13, 4, "D4 K10 D10 K4" },
        { 12, 12, 4, "C3 K10 C10 K3" },
        { 8, 8, 4, "C3 F6 C6 F3" },
        { 7, 7, 4, "C3 E5 C5 E3" },
        { 13, 9, 3, "D3 K7 D7" },
        { 7, 7, 5, "" },
        { 8, 8, 5, "" },
        { 12, 13, 5, "" },
        { 6, 6, 2, "" },
        { 19, 6, 2, "" },
        { 19, 19, 1, "" },
        { 19, 19, 10, "" },
        { 19, 19, -1, "" },
    };

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct board b;
        int points[9], n;
        char text[8], all[64] = "";

        board_init(&b, t[i].w, t[i].h);
        n = board_handicap(&b, t[i].n, points);
        for (int k = 0; k < n; k++) {
            strcat(all, k ? " " : "");
            strcat(all, board_vertex(&b, points[k], text));
        }
        ck_assert_str_eq(all, t[i].points);
    }
}
END_TEST

START_TEST(test_stars)
{
    static const struct {
        int w, h, n;
    } t[] = { { 19, 19, 9 }, { 13, 13, 9 }, { 9, 9, 5 }, { 11, 11, 5 }, { 10, 10, 4 },
              { 7, 7, 5 },   { 5, 5, 0 },   { 9, 13, 5 }, { 2, 25, 0 }, { 25, 25, 9 } };

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        int n = 0;

        for (int k = 0; k < t[i].w * t[i].h; k++)
            n += board_is_star(t[i].w, t[i].h, k % t[i].w, k / t[i].w);
        ck_assert_int_eq(n, t[i].n);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("board");
    TCase *c = tap_case(s, "board");

    tcase_add_loop_test(c, test_moves, 0, sizeof moves / sizeof moves[0]);
    tcase_add_test(c, test_ko);
    tcase_add_test(c, test_no_ko);
    tcase_add_test(c, test_off_board);
    tcase_add_test(c, test_liberties);
    tcase_add_test(c, test_area);
    tcase_add_test(c, test_set_refuses);
    tcase_add_test(c, test_hash_is_of_the_stones);
    tcase_add_test(c, test_copy);
    tcase_add_test(c, test_vertices);
    tcase_add_test(c, test_points_of_every_size);
    tcase_add_test(c, test_handicap);
    tcase_add_test(c, test_stars);
    return tap_run(s);
}
