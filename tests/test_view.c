/* The large board: geometry, marks, numbers, and that it always looks the same. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "engine/rng.h"
#include "render/view.h"
#include "render/view_text.h"
#include "tests/tap.h"

static struct err e;

static struct view random_view(int w, int h, int cell, bool coords, bool numbers)
{
    struct view v = { .w = w, .h = h, .cell = cell, .coords = coords, .last = -1 };
    struct rng r;

    rng_init(&r, (uint64_t)(w * 100 + h));
    for (int i = 0; i < w * h; i++) {
        v.stones[i] = (uint8_t)rng_below(&r, 3);
        if (v.stones[i])
            v.last = i;
        if (v.stones[i] && numbers)
            v.number[i] = (int16_t)(i * 13 + 1);
    }
    return v;
}

static struct image drawn(const struct view *v)
{
    struct image im;

    err_init(&e);
    ck_assert_msg(view_draw(v, &im, &e) == 0, "%s", e.msg);
    return im;
}

static uint32_t image_crc(const struct image *im)
{
    return (uint32_t)crc32(crc32(0, NULL, 0), im->px, (uInt)(im->w * im->h * 3));
}

static const uint8_t *at(const struct image *im, int x, int y)
{
    return im->px + ((ptrdiff_t)y * im->w + x) * 3;
}

/* Pixels that differ within [x0, x1) x [y0, y1). */
static int differing(const struct image *a, const struct image *b, int x0, int y0, int x1, int y1)
{
    int n = 0;

    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            n += memcmp(at(a, x, y), at(b, x, y), 3) != 0;
    return n;
}

START_TEST(every_size_is_drawn_and_fits)
{
    for (int i = 2; i <= BOARD_MAX; i++) {
        struct view v = random_view(i, 27 - i, VIEW_CELL_MIN, i % 2, i % 3);
        struct image im = drawn(&v);
        int w, h;

        view_size(&v, &w, &h);
        ck_assert(im.w == w && im.h == h);
        ck_assert(w > i * VIEW_CELL_MIN && h > (27 - i) * VIEW_CELL_MIN);
        image_release(&im);
    }
}
END_TEST

START_TEST(what_cannot_be_drawn_is_refused)
{
    static const struct {
        int w, h, cell;
        const char *why;
    } bad[] = {
        { 0, 9, 48, "cannot draw a board of 0x9" },
        { 9, 26, 48, "cannot draw a board of 9x26" },
        { 9, 9, VIEW_CELL_MIN - 1, "cells of 15 pixels are not in 16 .. 160" },
        { 9, 9, VIEW_CELL_MAX + 1, "cells of 161 pixels are not in 16 .. 160" },
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct view v = { .w = bad[i].w, .h = bad[i].h, .cell = bad[i].cell, .last = -1 };
        struct image im;

        err_init(&e);
        ck_assert_int_eq(view_draw(&v, &im, &e), -1);
        ck_assert_str_eq(e.msg, bad[i].why);
    }
}
END_TEST

START_TEST(stones_lie_on_their_crossings_in_their_colours)
{
    for (int cell = 24; cell <= 80; cell += 7) {
        struct view v = random_view(7, 5, cell, true, false);
        struct image im;
        int w, h, margin;

        v.last = -1;
        im = drawn(&v);
        view_size(&v, &w, &h);
        margin = (w - 7 * cell) / 2;
        for (int i = 0; i < 35; i++) {
            int x = margin + i % 7 * cell + cell / 2, y = margin + i / 7 * cell + cell / 2;
            /* Off the lines: a third of the way to the corner of the cell. */
            const uint8_t *px = at(&im, x + cell / 6, y + cell / 6);

            if (v.stones[i] == BLACK)
                ck_assert(px[0] < 60 && px[2] < 60);
            else if (v.stones[i] == WHITE)
                ck_assert(px[0] > 200 && px[2] > 200);
            else
                ck_assert(px[0] > px[2] + 40 && px[0] < 245);
        }
        image_release(&im);
    }
}
END_TEST

START_TEST(the_last_move_is_marked_on_its_stone_only)
{
    struct view v = random_view(9, 9, 48, true, false);
    int x = v.last % 9 * 48 + 40, y = v.last / 9 * 48 + 40, inside;
    struct image with = drawn(&v), without;

    v.last = -1;
    without = drawn(&v);
    inside = differing(&with, &without, x, y, x + 48, y + 48);
    ck_assert_int_gt(inside, 100);
    ck_assert_int_eq(differing(&with, &without, 0, 0, with.w, with.h), inside);
    image_release(&with);
    image_release(&without);
}
END_TEST

START_TEST(coordinates_stand_in_the_margin)
{
    struct view v = random_view(9, 9, 48, true, false);
    struct image with = drawn(&v);
    int dark[4] = { 0 }, m = 40;

    /* Ink darker than any wood, in the middle of each margin. */
    for (int y = 6; y < with.h - 6; y++)
        for (int x = 6; x < with.w - 6; x++) {
            int side = y < m               ? 0
                       : y >= with.h - m   ? 1
                       : x < m - 6         ? 2
                       : x >= with.w - m + 6 ? 3
                                           : -1;

            if (side >= 0 && at(&with, x, y)[0] < 150)
                dark[side]++;
        }
    for (int i = 0; i < 4; i++)
        ck_assert_msg(dark[i] > 9 * 10, "side %d: %d", i, dark[i]);
    v.coords = false;
    image_release(&with);
    with = drawn(&v);
    ck_assert_int_eq(with.w, 9 * 48 + 2 * 16);
    image_release(&with);
}
END_TEST

START_TEST(every_letter_and_digit_is_unlike_every_other)
{
    static const char set[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct image im[36];

    for (int i = 0; i < 36; i++) {
        char s[2] = { set[i], '\0' };
        int ink = 0;

        err_init(&e);
        ck_assert_int_eq(image_init(&im[i], 24, 24, &e), 0);
        view_text(&im[i], s, 12 * TEXT_PIXEL, 12 * TEXT_PIXEL, 16 * TEXT_PIXEL,
                  (struct rgb){ 255, 255, 255 });
        for (int p = 0; p < 24 * 24; p++)
            ink += im[i].px[p * 3] > 128;
        ck_assert_msg(ink >= 14 && ink < 150, "%c: %d pixels", set[i], ink);
        for (int k = 0; k < i; k++)
            ck_assert_msg(differing(&im[i], &im[k], 0, 0, 24, 24) > 10, "%c and %c", set[i],
                          set[k]);
    }
    for (int i = 0; i < 36; i++)
        image_release(&im[i]);
}
END_TEST

START_TEST(text_outside_the_picture_is_cut_off)
{
    static const int where[][2] = { { 0, 0 }, { 20, 5 }, { -100, 3 }, { 5, 200 }, { 10, -9 } };
    struct image im;

    err_init(&e);
    ck_assert_int_eq(image_init(&im, 20, 10, &e), 0);
    for (size_t i = 0; i < sizeof where / sizeof where[0]; i++)
        view_text(&im, "WMW8A WX and more than fits", where[i][0] * TEXT_PIXEL,
                  where[i][1] * TEXT_PIXEL, 12 * TEXT_PIXEL, (struct rgb){ 9, 9, 9 });
    image_release(&im);
}
END_TEST

START_TEST(a_stone_set_up_has_no_number)
{
    uint8_t stones[9] = { [0] = WHITE, [1] = BLACK, [8] = WHITE };
    struct game g;
    struct view v;

    err_init(&e);
    ck_assert_int_eq(game_init(&g, 3, 3, 7, &e), 0);
    ck_assert_int_eq(game_play(&g, BLACK, board_point(&g.board, 0, 0), &e), 0);
    ck_assert_int_eq(game_play(&g, WHITE, board_point(&g.board, 2, 2), &e), 0);
    ck_assert_int_eq(game_setup(&g, stones, BLACK, &e), 0);
    view_of_game(&v, &g, 3);
    view_number(&v, &g, 0, 3);
    ck_assert(!v.number[0] && !v.number[1] && v.number[8] == 2);
    game_release(&g);
}
END_TEST

START_TEST(a_game_gives_stones_last_move_and_numbers)
{
    struct game g;
    struct view v;

    err_init(&e);
    ck_assert_int_eq(game_init(&g, 5, 4, 7, &e), 0);
    /* White's A4 is taken by the fifth move; then White comes back elsewhere. */
    for (int i = 0; i < 6; i++) {
        static const char *const move[] = { "B4", "A4", "E1", "pass", "A3", "E4" };

        ck_assert_int_eq(game_play(&g, i % 2 ? WHITE : BLACK,
                                   board_parse_vertex(&g.board, move[i]), &e), 0);
    }
    view_of_game(&v, &g, 6);
    ck_assert(v.w == 5 && v.h == 4 && v.cell == VIEW_CELL && v.coords && v.last == 4);
    ck_assert_mem_eq(v.stones, game_stones(&g, 6), 20);
    view_number(&v, &g, 3, 6);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(v.number[i], i == 19 ? 3 : i == 5 ? 5 : i == 4 ? 6 : 0);
    view_of_game(&v, &g, 4);
    ck_assert(v.last == -1 && v.stones[0] == WHITE);
    game_release(&g);
}
END_TEST

static const struct {
    int w, h, cell;
    bool coords, numbers;
    uint32_t crc;
} golden[] = {
    { 9, 9, 48, true, false, 0x4934c6b8 },
    { 9, 9, 48, false, false, 0x23d8c873 },
    { 19, 19, 24, true, true, 0x21f07a74 },
    { 25, 2, 33, true, true, 0xa5458ab9 },
    { 2, 13, 64, true, false, 0x43278d83 },
    { 5, 6, 160, true, true, 0x18d5b378 },
    { 13, 13, 16, true, true, 0x135b94d1 },
};

START_TEST(views_have_the_bytes_they_always_had)
{
    struct view v = random_view(golden[_i].w, golden[_i].h, golden[_i].cell, golden[_i].coords,
                                golden[_i].numbers);
    struct image im = drawn(&v);

    ck_assert_msg(image_crc(&im) == golden[_i].crc, "view %d: 0x%08x, not 0x%08x", _i,
                  image_crc(&im), golden[_i].crc);
    image_release(&im);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("view");
    TCase *t = tap_case(s, "view");

    tcase_add_test(t, every_size_is_drawn_and_fits);
    tcase_add_test(t, what_cannot_be_drawn_is_refused);
    tcase_add_test(t, stones_lie_on_their_crossings_in_their_colours);
    tcase_add_test(t, the_last_move_is_marked_on_its_stone_only);
    tcase_add_test(t, coordinates_stand_in_the_margin);
    tcase_add_test(t, every_letter_and_digit_is_unlike_every_other);
    tcase_add_test(t, text_outside_the_picture_is_cut_off);
    tcase_add_test(t, a_stone_set_up_has_no_number);
    tcase_add_test(t, a_game_gives_stones_last_move_and_numbers);
    tcase_add_loop_test(t, views_have_the_bytes_they_always_had, 0,
                        (int)(sizeof golden / sizeof golden[0]));
    return tap_run(s);
}
