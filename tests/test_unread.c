/* Frames that cannot be read: reported cell by cell, never guessed. */
#include "render/read.h"

#include <stdlib.h>
#include <string.h>

#include "tests/easel.h"
#include "tests/tap.h"

static struct drawer drawer;
static struct reader reader;

/* Between two contents the cell is unknown, and only that cell. */
START_TEST(test_blend)
{
    static const double shares[] = { 0.3, 0.4, 0.5, 0.6, 0.7 };
    static const enum content plain[] = { TILE_EMPTY, TILE_OWN, TILE_OTHER };
    struct easel b;
    struct rng r;

    rng_init(&r, 3);
    easel_init(&b, &drawer, &reader, 9, 9);
    for (int n = 0; n < 3000; n++) {
        struct scene s;
        struct reading in;
        int i = (int)rng_below(&r, 81), a = n % 3, c = (a + 1 + n / 3 % 2) % 3;

        random_scene(&s, 9, 9, &r);
        easel_draw(&b, &s);
        easel_blend(&b, &s, i, plain[a], plain[c], shares[n / 6 % 5]);
        easel_read(&b, &in);
        ck_assert_int_eq(in.cells[i], CELL_UNKNOWN);
        ck_assert(in.sure[i] <= 0);
        ck_assert_int_eq(in.n_unknown, 1);
        ck_assert_int_eq(count_wrong(&in, &s), 0);
        ck_assert_int_eq(in.mover_is_black, s.mover_is_black);
    }
    easel_release(&b);
}
END_TEST

/* Averages of whole frames: a cell is right or unknown, one that differs is unknown. */
START_TEST(test_two_frames)
{
    struct easel b, c;
    struct rng r;

    rng_init(&r, 4);
    easel_init(&b, &drawer, &reader, _i, _i);
    easel_init(&c, &drawer, &reader, _i, _i);
    for (int n = 0; n < 1000; n++) {
        struct scene s, t;
        struct reading in;

        random_scene(&s, _i, _i, &r);
        random_scene(&t, _i, _i, &r);
        t.mover_is_black = s.mover_is_black;
        easel_draw(&b, &s);
        easel_draw(&c, &t);
        damage_blend(&b.p, &c.p, 0.5, 0, 0, b.p.w, b.p.h);
        easel_read(&b, &in);
        /* What is not wrong by either frame is the same in both, or unknown. */
        ck_assert_int_eq(count_wrong(&in, &s), 0);
        ck_assert_int_eq(count_wrong(&in, &t), 0);
    }
    easel_release(&b);
    easel_release(&c);
}
END_TEST

/* A doubtful marker leaves the stone alone; so do two markers. */
START_TEST(test_marker)
{
    struct easel b;
    struct scene s, got;
    struct reading in;
    struct err e;
    struct rng r;

    rng_init(&r, 5);
    random_scene(&s, 9, 9, &r);
    s.marker = -1;
    s.cells[3 * 9 + 2] = CELL_OWN;
    s.cells[7] = CELL_OTHER;
    easel_init(&b, &drawer, &reader, 9, 9);
    easel_draw(&b, &s);
    easel_blend(&b, &s, 3 * 9 + 2, TILE_OWN, TILE_OWN_LAST, 0.5);
    easel_read(&b, &in);
    ck_assert_int_eq(in.n_unknown, 0);
    ck_assert_mem_eq(in.cells, s.cells, 81);
    ck_assert_int_eq(in.n_unsure_markers, 1);
    ck_assert_int_eq(in.marks[3 * 9 + 2], MARK_UNSURE);
    ck_assert_int_eq(in.marker, -1);
    err_init(&e);
    ck_assert_int_eq(reading_to_scene(&in, &got, &e), -1);
    ck_assert_str_eq(e.msg, "the marker at C6 is unclear");

    easel_blend(&b, &s, 3 * 9 + 2, TILE_OWN, TILE_OWN_LAST, 1);
    easel_read(&b, &in);
    ck_assert_int_eq(in.marker, 3 * 9 + 2);
    easel_blend(&b, &s, 7, TILE_OTHER, TILE_OTHER_LAST, 1);
    easel_read(&b, &in);
    ck_assert_int_eq(in.n_unknown, 0);
    ck_assert_int_eq(in.n_markers, 2);
    ck_assert_int_eq(in.marker, -1);
    err_init(&e);
    ck_assert_int_eq(reading_to_scene(&in, &got, &e), -1);
    ck_assert_str_eq(e.msg, "2 markers, one at H9");
    easel_release(&b);
}
END_TEST

/* Half one shade, half the other: the stones may be read, the shade is not. */
START_TEST(test_shade)
{
    struct easel b, c;
    struct scene s, got;
    struct reading in;
    struct err e;
    struct rng r;

    rng_init(&r, 6);
    easel_init(&b, &drawer, &reader, 9, 9);
    easel_init(&c, &drawer, &reader, 9, 9);
    for (int n = 0; n < 2000; n++) {
        random_scene(&s, 9, 9, &r);
        easel_draw(&b, &s);
        s.mover_is_black = !s.mover_is_black;
        easel_draw(&c, &s);
        damage_blend(&b.p, &c.p, 0.5, 0, 0, b.p.w, b.p.h);
        easel_read(&b, &in);
        ck_assert_int_eq(count_wrong(&in, &s), 0);
        err_init(&e);
        ck_assert_int_eq(reading_to_scene(&in, &got, &e), -1);
    }
    easel_release(&b);
    easel_release(&c);
}
END_TEST

/* Frames too far gone: no cell is guessed wrong, and enough are reported. */
static const struct {
    const char *name;
    int smear_x, smear_y; /* motion blur, pixels */
    double sigma;
    int unknown; /* percent of all cells at least */
} spoils[] = {
    { "motion blur along rows", 17, 0, 0, 30 },
    { "motion blur along columns", 0, 17, 0, 30 },
    { "noise of sigma 80", 0, 0, 80, 99 },
};

START_TEST(test_spoilt)
{
    struct easel b;
    struct rng r;
    int unknown = 0, even[17];

    for (int i = 0; i < 17; i++)
        even[i] = 1;
    rng_init(&r, 7);
    easel_init(&b, &drawer, &reader, 9, 9);
    for (int n = 0; n < 500; n++) {
        struct scene s;
        struct reading in;

        random_scene(&s, 9, 9, &r);
        easel_draw(&b, &s);
        damage_blur(&b.p, even, spoils[_i].smear_x, even, spoils[_i].smear_y);
        damage_noise(&b.p, spoils[_i].sigma, &r);
        easel_read(&b, &in);
        unknown += in.n_unknown;
        ck_assert_msg(count_wrong(&in, &s) == 0, "%s: guessed", spoils[_i].name);
    }
    ck_assert_int_ge(unknown, 500 * 81 / 100 * spoils[_i].unknown);
    easel_release(&b);
}
END_TEST

/* Pictures that are no boards: nothing in them is read. */
static void foreign(struct picture *p, int n, struct rng *r)
{
    int c[3] = { n / 5 % 6 * 51, n / 30 % 6 * 51, n / 180 % 6 * 51 };

    for (int i = 0; i < p->w * p->h; i++) {
        int x = i % p->w, y = i / p->w;

        for (int k = 0; k < 3; k++) {
            int v[] = { (int)rng_below(r, 256), c[k] + (int)rng_below(r, 5),
                        (x + y) * 255 / (p->w + p->h), (x / 8 + y / 8) % 2 ? 255 : c[k],
                        (x + k * y) * 7 % 256 };

            p->px[3 * i + k] = (uint8_t)(v[n % 5] > 255 ? 255 : v[n % 5]);
        }
    }
}

START_TEST(test_foreign)
{
    struct easel b;
    struct rng r;

    rng_init(&r, 8);
    easel_init(&b, &drawer, &reader, _i, _i);
    for (int n = 0; n < 1080; n++) {
        struct reading in;
        struct scene s;
        struct err e;

        foreign(&b.p, n, &r);
        easel_read(&b, &in);
        ck_assert_msg(in.n_unknown == _i * _i, "picture %d: %d cells read", n,
                      _i * _i - in.n_unknown);
        ck_assert(in.shade_sure <= 0);
        ck_assert_int_eq(in.n_markers, 0);
        err_init(&e);
        ck_assert_int_eq(reading_to_scene(&in, &s, &e), -1);
    }
    easel_release(&b);
}
END_TEST

START_TEST(test_names_the_cell)
{
    struct easel b;
    struct scene s = { .w = 9, .h = 9, .marker = -1 };
    struct reading in;
    struct err e;

    err_init(&e);
    easel_init(&b, &drawer, &reader, 9, 9);
    easel_draw(&b, &s);
    easel_blend(&b, &s, 5 * 9 + 3, TILE_EMPTY, TILE_OWN, 0.5);
    easel_read(&b, &in);
    ck_assert_int_eq(reading_to_scene(&in, &s, &e), -1);
    ck_assert_str_eq(e.msg, "cannot read D4");
    easel_blend(&b, &s, 8 * 9 + 8, TILE_EMPTY, TILE_OTHER, 0.5);
    easel_read(&b, &in);
    err_init(&e);
    ck_assert_int_eq(reading_to_scene(&in, &s, &e), -1);
    ck_assert_str_eq(e.msg, "cannot read D4 and 1 more");
    easel_release(&b);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])

int main(void)
{
    Suite *s = suite_create("unread");
    TCase *tc = tap_case(s, "spoilt");

    drawer_init(&drawer);
    reader_init(&reader, &drawer);
    tcase_add_test(tc, test_blend);
    tcase_add_loop_test(tc, test_two_frames, 2, 10);
    tcase_add_test(tc, test_marker);
    tcase_add_test(tc, test_shade);
    tcase_add_loop_test(tc, test_spoilt, 0, COUNT(spoils));
    tcase_add_loop_test(tc, test_foreign, 1, 10);
    tcase_add_test(tc, test_names_the_cell);
    return tap_run(s);
}
