/* What happened between two frames: moves, passes and everything that is neither. */
#include "render/diff.h"

#include <stdlib.h>
#include <string.h>

#include "engine/game.h"
#include "engine/rng.h"
#include "tests/tap.h"

static struct drawer drawer;
static struct reader reader;

/*
 * Rows from the top, separated by spaces: . empty, x own, o other, X and O the
 * same with the marker, ? unreadable.
 */
static void draw(struct reading *r, const char *rows)
{
    int i = 0;

    memset(r, 0, sizeof *r);
    r->marker = -1;
    r->shade_sure = 1;
    r->w = (int)strcspn(rows, " ");
    for (; *rows; rows++) {
        const char *kinds = ".xo?", *at;

        if (*rows == ' ')
            continue;
        at = strchr(kinds, *rows == 'X' ? 'x' : *rows == 'O' ? 'o' : *rows);
        ck_assert_ptr_nonnull(at);
        r->cells[i] = (uint8_t)(at - kinds);
        r->sure[i] = *rows != '?';
        r->n_unknown += *rows == '?';
        if (*rows == 'X' || *rows == 'O') {
            r->marks[i] = MARK_YES;
            r->marker = r->n_markers++ ? -1 : i;
        }
        i++;
    }
    r->h = i / r->w;
    ck_assert_int_eq(i, r->w * r->h);
}

struct fact {
    const char *before, *after;
    enum cell side;
    enum diff_kind kind;
    const char *text;
};

static const struct fact facts[] = {
    /* passes and moves of both sides, captures in the middle, side and corner */
    { "... .x. ...", "... .x. ...", CELL_OWN, DIFF_PASS, "pass" },
    { "... .x. ..O", "... .x. ..o", CELL_OTHER, DIFF_PASS, "pass" },
    { "... ... ...", "... .X. ...", CELL_OWN, DIFF_MOVE, "move at B2" },
    { "... .x. ...", "... .x. O..", CELL_OTHER, DIFF_MOVE, "move at A1" },
    { ".x. xo. .x.", ".x. x.X .x.", CELL_OWN, DIFF_MOVE, "move at C2, captures B2" },
    { "ox .. ..", ".x X. ..", CELL_OWN, DIFF_MOVE, "move at A2, captures A3" },
    { "oox xx. ...", "oox xx. X..", CELL_OWN, DIFF_NO_POSITION,
      "no position to start from: stones without liberties" },
    { "o.x xx. ...", "oOx xx. ...", CELL_OTHER, DIFF_SUICIDE, "suicide: B3" },
    { "ooo. xxxx ....", "...X xxxx ....", CELL_OWN, DIFF_MOVE,
      "move at D3, captures A3 B3 C3" },
    { "xo. oo. ...", "xo. oo. ...", CELL_OWN, DIFF_NO_POSITION,
      "no position to start from: stones without liberties" },
    { "oox o.x xx.", "..x .Xx xx.", CELL_OWN, DIFF_MOVE, "move at B2, captures A3 B3 A2" },
    /* ko is not judged here: the retake looks like any other capture */
    { ".xo. x.xo .xo.", ".xo. xO.o .xo.", CELL_OTHER, DIFF_MOVE, "move at B2, captures C2" },
    /* a wrong marker is told, and the move too */
    { "... ... ...", "... .x. ...", CELL_OWN, DIFF_MOVE, "move at B2; the marker is missing" },
    { "..O ... ...", "..O .x. ...", CELL_OWN, DIFF_MOVE,
      "move at B2; the marker is where no stone was placed" },
    { "..o ... ...", "..O .X. ...", CELL_OWN, DIFF_MOVE, "move at B2; more than one marker" },
    { "..O ... ...", "..O ... ...", CELL_OWN, DIFF_PASS,
      "pass; the marker is where no stone was placed" },
    /* faults */
    { "... .x. ...", "... .x? ...", CELL_OWN, DIFF_UNREADABLE, "cannot read C2" },
    { "?.. .x. ...", "... .x. ..?", CELL_OWN, DIFF_UNREADABLE, "cannot read A3 C1" },
    { "... ...", "... ... ...", CELL_OWN, DIFF_SIZE, "the boards differ in size" },
    { "... .o. ...", "... .x. ...", CELL_OWN, DIFF_COLOR_CHANGED, "stones changed colour: B2" },
    { "... ... ...", "x.. ..X ...", CELL_OWN, DIFF_MANY_STONES,
      "two or more new stones: A3 C2" },
    { "... ... ...", "x.. ..O ...", CELL_OWN, DIFF_MANY_STONES,
      "two or more new stones: A3 C2" },
    { "... ... ...", "... ..O ...", CELL_OWN, DIFF_WRONG_COLOR,
      "a new stone of the wrong colour: C2" },
    { "... ... ...", "... ..X ...", CELL_OTHER, DIFF_WRONG_COLOR,
      "a new stone of the wrong colour: C2" },
    { "... .x. o..", "... ... ...", CELL_OWN, DIFF_VANISHED,
      "stones vanished without being captured: B2 A1" },
    { "... .x. o..", "..X .x. ...", CELL_OWN, DIFF_VANISHED,
      "stones vanished without being captured: A1" },
    { ".x. xo. .x.", ".x. xoX .x.", CELL_OWN, DIFF_CAPTURE_FORGOTTEN,
      "captured stones still stand: B2" },
    { "ooo. xxxx ....", ".o.X xxxx ....", CELL_OWN, DIFF_CAPTURE_FORGOTTEN,
      "captured stones still stand: B3" },
    { "ooo. xxxx ...o", ".o.X xxxx ....", CELL_OWN, DIFF_VANISHED,
      "stones vanished without being captured: D1" },
    { ".o. o.o .o.", ".o. oXo .o.", CELL_OWN, DIFF_SUICIDE, "suicide: B2" },
    /* suicide as other rules would have it: the chain taken off */
    { "x.o ooo ...", "..o ooo ...", CELL_OWN, DIFF_VANISHED,
      "stones vanished without being captured: A3" },
    /* many cells: the first eight are named */
    { "xxxxx xxxxx .....", "..... ..... .....", CELL_OWN, DIFF_VANISHED,
      "stones vanished without being captured: A3 B3 C3 D3 E3 A2 B2 C2 and 2 more" },
};

START_TEST(test_fact)
{
    const struct fact *f = &facts[_i];
    struct reading before, after;
    struct diff d;
    char text[DIFF_TEXT_MAX];

    draw(&before, f->before);
    draw(&after, f->after);
    diff_readings(&before, &after, f->side, &d);
    ck_assert_str_eq(diff_text(&d, text), f->text);
    ck_assert_int_eq(d.kind, f->kind);
}
END_TEST

START_TEST(test_shade)
{
    struct reading before, after;
    struct diff d;
    char text[DIFF_TEXT_MAX];

    draw(&before, "... ...");
    draw(&after, "... X..");
    after.mover_is_black = true;
    diff_readings(&before, &after, CELL_OWN, &d);
    ck_assert_int_eq(d.kind, DIFF_SHADE_CHANGED);
    ck_assert_str_eq(diff_text(&d, text), "the shade of the wood changed");
    after.shade_sure = 0;
    diff_readings(&before, &after, CELL_OWN, &d);
    ck_assert_int_eq(d.kind, DIFF_SHADE_UNREADABLE);
}
END_TEST

START_TEST(test_unsure_marker)
{
    struct reading before, after;
    struct diff d;
    char text[DIFF_TEXT_MAX];

    draw(&before, "... ...");
    draw(&after, "... x..");
    after.marks[3] = MARK_UNSURE;
    after.n_unsure_markers = 1;
    diff_readings(&before, &after, CELL_OWN, &d);
    ck_assert_int_eq(d.kind, DIFF_MOVE);
    ck_assert_int_eq(d.marker, MARKER_UNSURE);
    ck_assert_int_eq(d.move, 3);
    ck_assert_str_eq(diff_text(&d, text), "move at A1; a marker is unclear");
}
END_TEST

/* A faulty frame still tells which stone is new, if it is one. */
START_TEST(test_move_of_a_fault)
{
    struct reading before, after;
    struct diff d;

    draw(&before, ".x. xo. .x.");
    draw(&after, ".x. xoX .x.");
    diff_readings(&before, &after, CELL_OWN, &d);
    ck_assert_int_eq(d.kind, DIFF_CAPTURE_FORGOTTEN);
    ck_assert_int_eq(d.move, 5);
    ck_assert_int_eq(d.n, 1);
    ck_assert_int_eq(d.cells[0], 4);
}
END_TEST

/* A random legal move of c, rarely a pass; PASS where nothing is legal. */
static int random_move(const struct game *g, enum color c, struct rng *r)
{
    if (rng_below(r, 20) == 0)
        return PASS;
    for (int i = 0; i < 40; i++) {
        int p = board_point_at(&g->board, (int)rng_below(r, (uint32_t)(g->board.w * g->board.h)));

        if (game_legality(g, c, p) == LEGAL)
            return p;
    }
    return PASS;
}

static void see(const struct game *g, int ply, enum color camera, struct frame *f,
                struct reading *out)
{
    struct scene s;

    scene_of_game(&s, g, ply, camera);
    frame_draw(f, &drawer, &s);
    reader_read_frame(&reader, f, out);
}

/*
 * Plays random moves on, and looks at each from the camera of both sides, so
 * that captures by OWN and by OTHER are found.
 */
static void follow_game(int w, int h, int plies, struct rng *r)
{
    struct game g;
    struct frame f;
    struct err e;
    int captures = 0;

    err_init(&e);
    ck_assert_int_eq(game_init(&g, w, h, 7, &e), 0);
    ck_assert_int_eq(frame_init(&f, w, h, &e), 0);
    for (int ply = 1; ply <= plies; ply++) {
        enum color c = game_to_move(&g);
        int p = random_move(&g, c, r);

        ck_assert_int_eq(game_play(&g, c, p, &e), 0);
        for (int camera = BLACK; camera <= WHITE; camera++) {
            struct reading before, after;
            struct diff d;
            char text[DIFF_TEXT_MAX];

            see(&g, ply - 1, (enum color)camera, &f, &before);
            see(&g, ply, (enum color)camera, &f, &after);
            diff_readings(&before, &after, cell_of_color(c, (enum color)camera), &d);
            ck_assert_msg(d.kind == (p == PASS ? DIFF_PASS : DIFF_MOVE), "%dx%d ply %d: %s",
                          w, h, ply, diff_text(&d, text));
            ck_assert_int_eq(d.marker, MARKER_RIGHT);
            ck_assert_int_eq(d.move, p == PASS ? -1 : board_index(&g.board, p));
            ck_assert_int_eq(d.n, g.ply[ply - 1].taken);
            captures += d.n;
        }
    }
    ck_assert_int_gt(captures, 0);
    frame_release(&f);
    game_release(&g);
}

static const struct {
    int w, h, plies, games;
} sizes[] = {
    { 2, 2, 20, 20 }, { 3, 3, 60, 20 }, { 5, 7, 150, 10 }, { 9, 9, 200, 6 },
    { 13, 13, 300, 2 }, { 19, 19, 500, 1 }, { 25, 25, 600, 1 },
};

START_TEST(test_random_games)
{
    struct rng r;

    rng_init(&r, 100 + (uint64_t)_i);
    for (int n = 0; n < sizes[_i].games; n++)
        follow_game(sizes[_i].w, sizes[_i].h, sizes[_i].plies, &r);
}
END_TEST

/* The slow way: is `after` before's position with some legal move of side, or a pass? */
static bool is_successor(const struct scene *before, const struct reading *after, enum cell side)
{
    int n = before->w * before->h;
    uint8_t stones[BOARD_AREA], want[BOARD_AREA];
    struct board start;

    for (int i = 0; i < n; i++)
        want[i] = (uint8_t)color_of_cell((enum cell)after->cells[i], BLACK);
    for (int i = 0; i < n; i++)
        stones[i] = (uint8_t)color_of_cell((enum cell)before->cells[i], BLACK);
    if (!memcmp(stones, want, (size_t)n))
        return true;
    board_init(&start, before->w, before->h);
    ck_assert_int_eq(board_set(&start, stones), 0);
    for (int i = 0; i < n; i++) {
        struct board b;
        int p = board_point_at(&start, i);

        board_copy(&b, &start);
        if (board_legality(&b, color_of_cell(side, BLACK), p) != LEGAL)
            continue;
        board_play(&b, color_of_cell(side, BLACK), p);
        board_get(&b, stones);
        if (!memcmp(stones, want, (size_t)n))
            return true;
    }
    return false;
}

/* Spoils one cell of f: another content, a blend with one, noise, or one colour. */
static void spoil(struct frame *f, struct rng *r)
{
    int i = (int)rng_below(r, (uint32_t)(f->w * f->h)), x = i % f->w, y = i / f->w;
    const uint8_t *tile = drawer_tile(&drawer, SHADE_BLACK, draw_place(f->w, f->h, x, y),
                                      (enum content)rng_below(r, N_CONTENTS));
    int how = (int)rng_below(r, 6), flat = (int)rng_below(r, 256);
    int share = how == 0 || how == 1 ? 100 : (int)rng_below(r, 101);

    for (int row = 0; row < TILE; row++) {
        uint8_t *px = f->px + (size_t)(y * TILE + row) * (size_t)f->pitch + (size_t)x * TILE * 3;

        for (int j = 0; j < TILE * 3; j++) {
            int other = how == 4   ? (int)rng_below(r, 256)
                        : how == 5 ? flat
                                   : tile[row * TILE * 3 + j];

            px[j] = (uint8_t)((px[j] * (100 - share) + other * share) / 100);
        }
    }
}

START_TEST(test_one_cell_spoilt)
{
    struct rng r;
    struct game g;
    struct frame f;
    struct err e;
    int n[N_DIFF_KINDS] = { 0 };

    rng_init(&r, 5);
    err_init(&e);
    ck_assert_int_eq(game_init(&g, 5, 5, 7, &e), 0);
    ck_assert_int_eq(frame_init(&f, 5, 5, &e), 0);
    for (int k = 0; k < 10000; k++) {
        enum color c;
        struct scene was;
        struct reading before, after;
        struct diff d;
        char text[DIFF_TEXT_MAX];
        bool legal;

        if (g.n > 60)
            ck_assert_int_eq(game_clear(&g, 5, 5, &e), 0);
        c = game_to_move(&g);
        ck_assert_int_eq(game_play(&g, c, random_move(&g, c, &r), &e), 0);
        /* The camera is Black's on all frames, so that one tile set spoils all. */
        scene_of_game(&was, &g, g.n - 1, BLACK);
        see(&g, g.n - 1, BLACK, &f, &before);
        see(&g, g.n, BLACK, &f, &after);
        spoil(&f, &r);
        reader_read_frame(&reader, &f, &after);
        diff_readings(&before, &after, cell_of_color(c, BLACK), &d);
        n[d.kind]++;
        legal = after.n_unknown == 0 && is_successor(&was, &after, cell_of_color(c, BLACK));
        ck_assert_msg(diff_is_legal(&d) == legal, "round %d: %s", k, diff_text(&d, text));
    }
    /* Everything that one cell can do wrong came up. */
    for (int kind = 0; kind < N_DIFF_KINDS; kind++)
        if (kind != DIFF_SIZE && kind != DIFF_SHADE_CHANGED && kind != DIFF_SHADE_UNREADABLE &&
            kind != DIFF_NO_POSITION)
            ck_assert_msg(n[kind] > 0, "kind %d never came up", kind);
    frame_release(&f);
    game_release(&g);
}
END_TEST

START_TEST(test_scenes)
{
    const uint8_t empty[9] = { 0 }, one[9] = { [4] = WHITE };
    struct scene a, b;
    struct diff d;

    scene_of_stones(&a, 3, 3, empty, -1, WHITE);
    scene_of_stones(&b, 3, 3, one, 4, WHITE);
    diff_scenes(&a, &b, CELL_OWN, &d);
    ck_assert_int_eq(d.kind, DIFF_MOVE);
    ck_assert_int_eq(d.marker, MARKER_RIGHT);
    ck_assert_int_eq(d.move, 4);
    b.mover_is_black = true;
    diff_scenes(&a, &b, CELL_OWN, &d);
    ck_assert_int_eq(d.kind, DIFF_SHADE_CHANGED);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("diff");
    TCase *tc = tap_case(s, "drawn");

    drawer_init(&drawer);
    reader_init(&reader, &drawer);
    tcase_add_loop_test(tc, test_fact, 0, (int)(sizeof facts / sizeof facts[0]));
    tcase_add_test(tc, test_shade);
    tcase_add_test(tc, test_unsure_marker);
    tcase_add_test(tc, test_move_of_a_fault);
    tcase_add_test(tc, test_scenes);
    tc = tap_case(s, "played");
    tcase_add_loop_test(tc, test_random_games, 0, (int)(sizeof sizes / sizeof sizes[0]));
    tcase_add_test(tc, test_one_cell_spoilt);
    return tap_run(s);
}
