/* Tiles, scenes and frames: what they look like, and that they always do. */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "engine/rng.h"
#include "render/frame.h"
#include "tests/tap.h"

static struct drawer drawer; /* made once by main, read-only */

static struct err e;

/* A frame of s, to be released. */
static struct frame drawn(const struct scene *s)
{
    struct frame f;

    err_init(&e);
    ck_assert_msg(frame_init(&f, s->w, s->h, &e) == 0, "%s", e.msg);
    frame_draw(&f, &drawer, s);
    return f;
}

static uint32_t frame_crc(const struct frame *f)
{
    uLong crc = crc32(0, NULL, 0);

    for (int y = 0; y < f->h * TILE; y++)
        crc = crc32(crc, f->px + (ptrdiff_t)y * f->pitch, (uInt)(f->w * TILE * 3));
    return (uint32_t)crc;
}

static bool same_cell(const struct frame *a, const struct frame *b, int x, int y)
{
    for (int row = y * TILE; row < (y + 1) * TILE; row++)
        if (memcmp(a->px + (ptrdiff_t)row * a->pitch + x * TILE * 3,
                   b->px + (ptrdiff_t)row * b->pitch + x * TILE * 3, TILE * 3) != 0)
            return false;
    return true;
}

/* A third each of empty, own and other cells; one stone marked if there is any. */
static struct scene random_scene(int w, int h, bool black, uint64_t seed)
{
    struct scene s = { .w = w, .h = h, .marker = -1, .mover_is_black = black };
    struct rng r;

    rng_init(&r, seed);
    for (int i = 0; i < w * h; i++) {
        s.cells[i] = (uint8_t)rng_below(&r, 3);
        if (s.cells[i])
            s.marker = i;
    }
    return s;
}

static const uint8_t *tile_px(int shade, int place, int content, int x, int y)
{
    return drawer_tile(&drawer, (enum shade)shade, place, (enum content)content) +
           (y * TILE + x) * 3;
}

START_TEST(every_tile_is_unlike_every_other)
{
    const uint8_t *t = drawer.tile[0][0][0];
    int n = N_SHADES * N_PLACES * N_CONTENTS;

    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            int pi = i / N_CONTENTS % N_PLACES, pj = j / N_CONTENTS % N_PLACES;
            /* A star point is hidden under a stone. */
            bool star = (pi == PLACE_INNER && pj == PLACE_STAR) ||
                        (pi == PLACE_STAR && pj == PLACE_INNER);

            if (star && i % N_CONTENTS != TILE_EMPTY)
                continue;
            ck_assert_msg(memcmp(t + i * TILE_BYTES, t + j * TILE_BYTES, TILE_BYTES) != 0,
                          "tiles %d and %d", i, j);
        }
}
END_TEST

START_TEST(lines_leave_the_crossing_where_the_place_says)
{
    static const struct {
        int bit, x, y;
    } arm[] = {
        { PLACE_LEFT, 0, 7 }, { PLACE_RIGHT, 15, 8 }, { PLACE_UP, 7, 0 }, { PLACE_DOWN, 8, 15 },
    };

    for (int s = 0; s < N_SHADES; s++)
        for (int place = 0; place < PLACE_STAR; place++)
            for (int i = 0; i < 4; i++) {
                int line = tile_px(s, place, TILE_EMPTY, arm[i].x, arm[i].y)[0];
                int wood = tile_px(s, 0, TILE_EMPTY, arm[i].x, arm[i].y)[0];

                if (place & arm[i].bit)
                    ck_assert_msg(line < wood - 40, "place %d has line %d", place, i);
                else
                    ck_assert_msg(line == wood, "place %d lacks line %d", place, i);
            }
}
END_TEST

START_TEST(places_are_right_for_every_size)
{
    for (int w = 2; w <= BOARD_MAX; w++)
        for (int h = 2; h <= BOARD_MAX; h++)
            for (int i = 0; i < w * h; i++) {
                int x = i % w, y = i / w, p = draw_place(w, h, x, y);
                int arms = (x > 0) * PLACE_LEFT + (x < w - 1) * PLACE_RIGHT +
                           (y > 0) * PLACE_UP + (y < h - 1) * PLACE_DOWN;

                if (board_is_star(w, h, x, y))
                    arms = PLACE_STAR;
                ck_assert_msg(p == arms, "%dx%d at %d,%d: %d, not %d", w, h, x, y, p, arms);
            }
}
END_TEST

START_TEST(stones_are_black_and_white_and_the_marker_neither)
{
    for (int s = 0; s < N_SHADES; s++) {
        const uint8_t *own = tile_px(s, PLACE_INNER, TILE_OWN, 8, 12);
        const uint8_t *other = tile_px(s, PLACE_INNER, TILE_OTHER, 8, 12);

        ck_assert(own[0] < 70 && own[1] < 70 && own[2] < 70);
        ck_assert(other[0] > 210 && other[1] > 210 && other[2] > 210);
        for (int c = TILE_OWN_LAST; c <= TILE_OTHER_LAST; c++) {
            const uint8_t *mark = tile_px(s, PLACE_INNER, c, 8, 8);

            ck_assert(mark[2] > mark[0] + 150);
            ck_assert_mem_eq(tile_px(s, PLACE_INNER, c, 8, 13),
                             tile_px(s, PLACE_INNER, c - 2, 8, 13), 3);
        }
    }
}
END_TEST

START_TEST(both_woods_are_wood_and_far_apart)
{
    int sum[N_SHADES][3] = { { 0 } };

    for (int s = 0; s < N_SHADES; s++)
        for (int i = 0; i < TILE_BYTES; i++)
            sum[s][i % 3] += drawer_tile(&drawer, (enum shade)s, 0, TILE_EMPTY)[i];
    for (int c = 0; c < 3; c++)
        ck_assert(sum[SHADE_WHITE][c] > sum[SHADE_BLACK][c] + 30 * TILE * TILE);
    for (int s = 0; s < N_SHADES; s++)
        ck_assert(sum[s][0] > sum[s][1] && sum[s][1] > sum[s][2]);
}
END_TEST

START_TEST(a_cell_changes_only_its_own_pixels)
{
    struct scene a = random_scene(5, 4, true, 1), b;

    for (int i = 0; i < a.w * a.h; i++)
        for (int c = 0; c < N_CONTENTS; c++) {
            struct frame f, g;

            b = a;
            b.cells[i] = (uint8_t)(c > 2 ? c - 2 : c);
            b.marker = c > 2 ? i : -1;
            a.marker = -1;
            f = drawn(&a);
            g = drawn(&b);
            for (int k = 0; k < a.w * a.h; k++)
                ck_assert_int_eq(same_cell(&f, &g, k % a.w, k / a.w),
                                 k != i || c == a.cells[i]);
            frame_release(&f);
            frame_release(&g);
        }
}
END_TEST

START_TEST(a_frame_is_16_pixels_a_cell_and_made_of_tiles)
{
    struct scene s = random_scene(9, 9, false, 2);
    struct frame f = drawn(&s);

    ck_assert_int_eq(f.pitch, 144 * 3);
    for (int i = 0; i < 81; i++)
        for (int row = 0; row < TILE; row++)
            ck_assert_mem_eq(f.px + (i / 9 * TILE + row) * f.pitch + i % 9 * TILE * 3,
                             drawer_tile(&drawer, SHADE_WHITE, draw_place(9, 9, i % 9, i / 9),
                                         scene_content(&s, i)) + row * TILE * 3,
                             TILE * 3);
    frame_release(&f);
}
END_TEST

START_TEST(drawing_again_gives_the_same_bytes)
{
    static struct drawer second;
    struct scene s = random_scene(13, 7, true, 3), t = random_scene(13, 7, false, 4);
    struct frame f = drawn(&s);
    uint32_t crc = frame_crc(&f);

    drawer_init(&second);
    ck_assert_mem_eq(&second, &drawer, sizeof drawer);
    frame_draw(&f, &second, &t);
    ck_assert_uint_ne(frame_crc(&f), crc);
    frame_draw(&f, &second, &s);
    ck_assert_uint_eq(frame_crc(&f), crc);
    frame_release(&f);
}
END_TEST

START_TEST(a_frame_of_a_size_that_no_board_has_is_refused)
{
    static const int bad[][2] = { { 0, 9 }, { 9, 0 }, { -1, 9 }, { 26, 9 }, { 9, 26 } };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct frame f;

        err_init(&e);
        ck_assert_int_eq(frame_init(&f, bad[i][0], bad[i][1], &e), -1);
        ck_assert(strstr(e.msg, "cannot draw a board of"));
    }
}
END_TEST

/* --- scenes of games ---------------------------------------------------------- */

/* Black D4 (3,5 from the top of 9x9), White C3, Black passes, a setup, White A9. */
static struct game small_game(void)
{
    struct game g;
    uint8_t stones[81] = { 0 };

    err_init(&e);
    ck_assert_int_eq(game_init(&g, 9, 9, 7, &e), 0);
    ck_assert_int_eq(game_play(&g, BLACK, board_parse_vertex(&g.board, "D4"), &e), 0);
    ck_assert_int_eq(game_play(&g, WHITE, board_parse_vertex(&g.board, "C3"), &e), 0);
    ck_assert_int_eq(game_play(&g, BLACK, PASS, &e), 0);
    stones[40] = BLACK;
    ck_assert_int_eq(game_setup(&g, stones, WHITE, &e), 0);
    ck_assert_int_eq(game_play(&g, WHITE, board_parse_vertex(&g.board, "A9"), &e), 0);
    return g;
}

START_TEST(the_marker_is_on_the_last_stone_only)
{
    /* None at the start, after a pass and after a setup. */
    static const int marker[] = { -1, 5 * 9 + 3, 6 * 9 + 2, -1, -1, 0 };
    struct game g = small_game();

    for (int ply = 0; ply <= g.n; ply++) {
        struct scene s;

        scene_of_game(&s, &g, ply, BLACK);
        ck_assert_int_eq(s.marker, marker[ply]);
        for (int i = 0; i < 81; i++)
            ck_assert_int_eq(scene_content(&s, i) >= TILE_OWN_LAST, i == marker[ply]);
    }
    game_release(&g);
}
END_TEST

START_TEST(the_camera_is_drawn_black_and_shades_the_wood)
{
    struct game g = small_game();

    for (int ply = 0; ply <= g.n; ply++) {
        struct scene b, w;
        const uint8_t *stones = game_stones(&g, ply);

        scene_of_game(&b, &g, ply, BLACK);
        scene_of_game(&w, &g, ply, WHITE);
        ck_assert(b.mover_is_black && !w.mover_is_black);
        ck_assert(scene_shade(&b) == SHADE_BLACK && scene_shade(&w) == SHADE_WHITE);
        for (int i = 0; i < 81; i++) {
            ck_assert_int_eq(b.cells[i], stones[i] == BLACK   ? CELL_OWN
                                         : stones[i] == WHITE ? CELL_OTHER
                                                              : CELL_EMPTY);
            ck_assert_int_eq(b.cells[i] + w.cells[i], stones[i] ? CELL_OWN + CELL_OTHER : 0);
            ck_assert_int_eq(color_of_cell((enum cell)b.cells[i], BLACK), stones[i]);
            ck_assert_int_eq(color_of_cell((enum cell)w.cells[i], WHITE), stones[i]);
        }
    }
    game_release(&g);
}
END_TEST

START_TEST(the_camera_of_a_clip_is_the_side_to_move)
{
    static const enum color camera[] = { BLACK, WHITE, BLACK, WHITE, WHITE, BLACK };
    struct game g = small_game();

    for (int ply = 0; ply <= g.n; ply++)
        ck_assert_int_eq(scene_camera(&g, ply), camera[ply]);
    game_release(&g);
}
END_TEST

START_TEST(a_move_leaves_all_other_cells_of_a_clip_alone)
{
    struct game g = small_game();
    struct scene s, t;
    struct frame f, h;

    scene_of_game(&s, &g, 1, WHITE);
    scene_of_game(&t, &g, 2, WHITE);
    f = drawn(&s);
    h = drawn(&t);
    for (int i = 0; i < 81; i++) /* the new stone, and the one that loses its marker */
        ck_assert_int_eq(same_cell(&f, &h, i % 9, i / 9), i != s.marker && i != t.marker);
    frame_release(&f);
    frame_release(&h);
    game_release(&g);
}
END_TEST

/* --- the same bytes on every machine --------------------------------------------- */

static const struct {
    int w, h;
    uint32_t black, white;
} golden[] = {
    { 2, 2, 0x7511e703, 0xda86b6f1 },
    { 3, 3, 0x73a1dcb6, 0x38745a68 },
    { 4, 4, 0x68fed642, 0x72c8be73 },
    { 5, 5, 0x15d2768d, 0x06f5caf0 },
    { 6, 6, 0x92aec5cc, 0x0e17a32c },
    { 7, 7, 0x6d222353, 0x1522ae1d },
    { 8, 8, 0x793bf7fd, 0x95a1dc5c },
    { 9, 9, 0xfbac673b, 0xf4b4e430 },
    { 10, 10, 0xd0229423, 0x29a8fe91 },
    { 11, 11, 0xa52ea429, 0x5516d87c },
    { 12, 12, 0x1639a3e0, 0x5b1b5198 },
    { 13, 13, 0xe35b73d4, 0x7e52f9f5 },
    { 14, 14, 0xa10b1ac6, 0xb087ebe6 },
    { 15, 15, 0x563b01df, 0x5a8087a9 },
    { 16, 16, 0xea1cf9e1, 0xc543e85c },
    { 17, 17, 0x749af34b, 0xece531ee },
    { 18, 18, 0x1cb7e7ba, 0x8ab725b3 },
    { 19, 19, 0xa5b5b248, 0x32ee31dc },
    { 20, 20, 0x814bbdb5, 0xc37adc37 },
    { 21, 21, 0x2d8c5380, 0x093a4506 },
    { 22, 22, 0xd43aadc3, 0xb1d02367 },
    { 23, 23, 0x6fdc8062, 0x6674c07e },
    { 24, 24, 0x072fe25d, 0x18bef85b },
    { 25, 25, 0x24d49d7e, 0xae4722f6 },
    { 1, 1, 0x1c5d00b5, 0x194dde03 },
    { 2, 25, 0x11f816a8, 0xc17bf371 },
    { 25, 2, 0x9397aca8, 0x520d778e },
    { 13, 9, 0x50f66579, 0x8725f50a },
    { 7, 19, 0xc62898f0, 0xee2488f3 },
};

START_TEST(frames_have_the_bytes_they_always_had)
{
    int w = golden[_i].w, h = golden[_i].h;

    for (int black = 0; black < 2; black++) {
        struct scene s = random_scene(w, h, black, (uint64_t)(w * 100 + h));
        struct frame f = drawn(&s);
        uint32_t want = black ? golden[_i].black : golden[_i].white;

        ck_assert_msg(frame_crc(&f) == want, "{ %d, %d }: %s 0x%08x, not 0x%08x", w, h,
                      black ? "black" : "white", frame_crc(&f), want);
        frame_release(&f);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("draw");
    TCase *t = tap_case(s, "tiles");

    drawer_init(&drawer);
    tcase_add_test(t, every_tile_is_unlike_every_other);
    tcase_add_test(t, lines_leave_the_crossing_where_the_place_says);
    tcase_add_test(t, places_are_right_for_every_size);
    tcase_add_test(t, stones_are_black_and_white_and_the_marker_neither);
    tcase_add_test(t, both_woods_are_wood_and_far_apart);
    t = tap_case(s, "frames");
    tcase_add_test(t, a_cell_changes_only_its_own_pixels);
    tcase_add_test(t, a_frame_is_16_pixels_a_cell_and_made_of_tiles);
    tcase_add_test(t, drawing_again_gives_the_same_bytes);
    tcase_add_test(t, a_frame_of_a_size_that_no_board_has_is_refused);
    t = tap_case(s, "scenes");
    tcase_add_test(t, the_marker_is_on_the_last_stone_only);
    tcase_add_test(t, the_camera_is_drawn_black_and_shades_the_wood);
    tcase_add_test(t, the_camera_of_a_clip_is_the_side_to_move);
    tcase_add_test(t, a_move_leaves_all_other_cells_of_a_clip_alone);
    t = tap_case(s, "golden");
    tcase_add_loop_test(t, frames_have_the_bytes_they_always_had, 0,
                        (int)(sizeof golden / sizeof golden[0]));
    return tap_run(s);
}
