/* Reading frames: exact when they are clean, right when damaged, honest when spoilt. */
#include "render/read.h"

#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"
#include "tests/damage.h"
#include "tests/tap.h"

static struct drawer drawer;
static struct reader reader;

/* A frame and its pixels without padding, to be damaged. */
struct bench {
    struct frame f;
    struct picture p;
};

static void bench_init(struct bench *b, int w, int h)
{
    struct err e;

    err_init(&e);
    ck_assert_msg(frame_init(&b->f, w, h, &e) == 0, "%s", e.msg);
    b->p.w = w * TILE;
    b->p.h = h * TILE;
    b->p.px = malloc(picture_bytes(&b->p));
    ck_assert_ptr_nonnull(b->p.px);
}

static void bench_release(struct bench *b)
{
    frame_release(&b->f);
    free(b->p.px);
}

static void bench_draw(struct bench *b, const struct scene *s)
{
    frame_draw(&b->f, &drawer, s);
    for (int y = 0; y < b->p.h; y++)
        memcpy(b->p.px + (size_t)y * (size_t)b->p.w * 3,
               b->f.px + (size_t)y * (size_t)b->f.pitch, (size_t)b->p.w * 3);
}

static void bench_read(const struct bench *b, struct reading *out)
{
    reader_read(&reader, b->p.px, b->p.w * 3, b->f.w, b->f.h, out);
}

/* Any stones, of any density, legal or not; three in four have a marker. */
static void random_scene(struct scene *s, int w, int h, struct rng *r)
{
    uint32_t n = (uint32_t)(w * h), percent = rng_below(r, 101);

    s->w = w;
    s->h = h;
    s->marker = -1;
    s->mover_is_black = rng_below(r, 2);
    for (uint32_t i = 0; i < n; i++)
        s->cells[i] = (uint8_t)(rng_below(r, 100) < percent ? CELL_OWN + rng_below(r, 2)
                                                           : CELL_EMPTY);
    if (rng_below(r, 4)) {
        s->marker = (int)rng_below(r, n);
        s->cells[s->marker] = (uint8_t)(CELL_OWN + rng_below(r, 2));
    }
}

/* Everything in s was read, and nothing else. */
static void expect_scene(const struct reading *in, const struct scene *s, const char *what)
{
    struct scene got;
    struct err e;
    int n = s->w * s->h;

    err_init(&e);
    ck_assert_msg(reading_to_scene(in, &got, &e) == 0, "%s: %s", what, e.msg);
    ck_assert_msg(!memcmp(got.cells, s->cells, (size_t)n), "%s: wrong stones", what);
    ck_assert_msg(got.marker == s->marker, "%s: wrong marker", what);
    ck_assert_msg(got.mover_is_black == s->mover_is_black, "%s: wrong shade", what);
}

/* Cells read as something else than they are; unknown ones do not count. */
static int count_wrong(const struct reading *in, const struct scene *s)
{
    int n = 0;

    for (int i = 0; i < s->w * s->h; i++)
        n += in->cells[i] != CELL_UNKNOWN && in->cells[i] != s->cells[i];
    return n;
}

static float least_sure(const struct reading *in)
{
    float least = in->shade_sure;

    for (int i = 0; i < in->w * in->h; i++)
        least = in->sure[i] < least ? in->sure[i] : least;
    return least;
}

/* 20,000 boards of the usual sizes, 500 of every other, and some that are not square. */
static const struct {
    int w, h, boards;
} sizes[] = {
    { 9, 9, 20000 }, { 13, 13, 20000 }, { 19, 19, 20000 },
    { 1, 1, 500 }, { 1, 7, 500 }, { 2, 3, 500 }, { 25, 2, 500 }, { 7, 19, 500 },
};

static void read_clean(int w, int h, int boards)
{
    struct bench b;
    struct rng r;

    rng_init(&r, (uint64_t)(100 * w + h));
    bench_init(&b, w, h);
    for (int k = 0; k < boards; k++) {
        struct scene s;
        struct reading in;

        random_scene(&s, w, h, &r);
        frame_draw(&b.f, &drawer, &s);
        reader_read_frame(&reader, &b.f, &in);
        expect_scene(&in, &s, "clean");
        ck_assert(least_sure(&in) > 0.999f);
    }
    bench_release(&b);
}

START_TEST(test_clean)
{
    read_clean(sizes[_i].w, sizes[_i].h, sizes[_i].boards);
}
END_TEST

START_TEST(test_clean_square)
{
    read_clean(_i, _i, 500);
}
END_TEST

/* Harm that must not matter: light, then blur, JPEG and noise; 0 is none of it. */
static const struct harm {
    const char *name;
    int boards;
    double contrast, brightness; /* percent off */
    int box, gauss;              /* pixels a side */
    int quality;
    double sigma;
} harms[] = {
    { "noise of sigma 20", 2000, 0, 0, 0, 0, 0, 20 },
    { "box blur 3x3", 2000, 0, 0, 3, 0, 0, 0 },
    { "box blur 5x5", 2000, 0, 0, 5, 0, 0, 0 },
    { "gaussian blur 3x3", 2000, 0, 0, 0, 3, 0, 0 },
    { "gaussian blur 5x5", 2000, 0, 0, 0, 5, 0, 0 },
    { "JPEG of quality 50", 2000, 0, 0, 0, 0, 50, 0 },
    { "JPEG of quality 30", 500, 0, 0, 0, 0, 30, 0 },
    { "10 % brighter", 2000, 0, 10, 0, 0, 0, 0 },
    { "10 % darker", 2000, 0, -10, 0, 0, 0, 0 },
    { "10 % more contrast", 2000, 10, 0, 0, 0, 0, 0 },
    { "10 % less contrast", 2000, -10, 0, 0, 0, 0, 0 },
    { "more contrast and brighter", 500, 10, 10, 0, 0, 0, 0 },
    { "less contrast and brighter", 500, -10, 10, 0, 0, 0, 0 },
    { "more contrast and darker", 500, 10, -10, 0, 0, 0, 0 },
    { "less contrast and darker", 500, -10, -10, 0, 0, 0, 0 },
    { "blur and noise", 500, 0, 0, 5, 0, 0, 20 },
    { "blur and JPEG", 500, 0, 0, 5, 0, 50, 0 },
    { "brighter and JPEG", 500, 0, 10, 0, 0, 50, 0 },
    { "brighter and noise", 500, 0, 10, 0, 0, 0, 20 },
};

static void do_harm(const struct harm *h, struct picture *p, struct rng *r)
{
    static const int gauss3[] = { 1, 2, 1 }, gauss5[] = { 1, 4, 6, 4, 1 };
    const int *gauss = h->gauss == 3 ? gauss3 : gauss5;

    if (h->contrast != 0 || h->brightness != 0)
        damage_light(p, 1 + h->contrast / 100, h->brightness / 100);
    if (h->box)
        damage_box(p, h->box);
    if (h->gauss)
        damage_blur(p, gauss, h->gauss, gauss, h->gauss);
    if (h->quality)
        damage_jpeg(p, h->quality, 1);
    if (h->sigma > 0)
        damage_noise(p, h->sigma, r);
}

START_TEST(test_harm)
{
    static const int sides[] = { 9, 13, 19 };
    static const int shares[] = { 80, 15, 5 }; /* percent of the boards */

    for (int k = 0; k < 3; k++) {
        struct bench b;
        struct rng r;

        rng_init(&r, (uint64_t)(1000 * k + _i));
        bench_init(&b, sides[k], sides[k]);
        for (int n = 0; n < harms[_i].boards * shares[k] / 100; n++) {
            struct scene s;
            struct reading in;

            random_scene(&s, sides[k], sides[k], &r);
            bench_draw(&b, &s);
            do_harm(&harms[_i], &b.p, &r);
            bench_read(&b, &in);
            expect_scene(&in, &s, harms[_i].name);
        }
        bench_release(&b);
    }
}
END_TEST

/* Puts a blend of two contents at cell i. */
static void put_blend(struct bench *b, const struct scene *s, int i, enum content a,
                      enum content c, double share)
{
    int x = i % s->w, y = i / s->w, place = draw_place(s->w, s->h, x, y);
    const uint8_t *from = drawer_tile(&drawer, scene_shade(s), place, a);
    const uint8_t *to = drawer_tile(&drawer, scene_shade(s), place, c);

    for (int row = 0; row < TILE; row++) {
        uint8_t *px = b->p.px + ((size_t)(y * TILE + row) * (size_t)b->p.w + (size_t)x * TILE) * 3;

        for (int j = row * TILE * 3; j < (row + 1) * TILE * 3; j++)
            *px++ = (uint8_t)(from[j] * (1 - share) + to[j] * share + 0.5);
    }
}

/* Between two contents the cell is unknown, and only that cell. */
START_TEST(test_blend)
{
    static const double shares[] = { 0.3, 0.4, 0.5, 0.6, 0.7 };
    static const enum content plain[] = { TILE_EMPTY, TILE_OWN, TILE_OTHER };
    struct bench b;
    struct rng r;

    rng_init(&r, 3);
    bench_init(&b, 9, 9);
    for (int n = 0; n < 3000; n++) {
        struct scene s;
        struct reading in;
        int i = (int)rng_below(&r, 81), a = n % 3, c = (a + 1 + n / 3 % 2) % 3;

        random_scene(&s, 9, 9, &r);
        bench_draw(&b, &s);
        put_blend(&b, &s, i, plain[a], plain[c], shares[n / 6 % 5]);
        bench_read(&b, &in);
        ck_assert_int_eq(in.cells[i], CELL_UNKNOWN);
        ck_assert(in.sure[i] <= 0);
        ck_assert_int_eq(in.n_unknown, 1);
        ck_assert_int_eq(count_wrong(&in, &s), 0);
        ck_assert_int_eq(in.mover_is_black, s.mover_is_black);
    }
    bench_release(&b);
}
END_TEST

/* Averages of whole frames: a cell is right or unknown, one that differs is unknown. */
START_TEST(test_two_frames)
{
    struct bench b, c;
    struct rng r;

    rng_init(&r, 4);
    bench_init(&b, _i, _i);
    bench_init(&c, _i, _i);
    for (int n = 0; n < 1000; n++) {
        struct scene s, t;
        struct reading in;

        random_scene(&s, _i, _i, &r);
        random_scene(&t, _i, _i, &r);
        t.mover_is_black = s.mover_is_black;
        bench_draw(&b, &s);
        bench_draw(&c, &t);
        damage_blend(&b.p, &c.p, 0.5, 0, 0, b.p.w, b.p.h);
        bench_read(&b, &in);
        /* What is not wrong by either frame is the same in both, or unknown. */
        ck_assert_int_eq(count_wrong(&in, &s), 0);
        ck_assert_int_eq(count_wrong(&in, &t), 0);
    }
    bench_release(&b);
    bench_release(&c);
}
END_TEST

/* A doubtful marker leaves the stone alone; so do two markers. */
START_TEST(test_marker)
{
    struct bench b;
    struct scene s, got;
    struct reading in;
    struct err e;
    struct rng r;

    rng_init(&r, 5);
    random_scene(&s, 9, 9, &r);
    s.marker = -1;
    s.cells[3 * 9 + 2] = CELL_OWN;
    s.cells[7] = CELL_OTHER;
    bench_init(&b, 9, 9);
    bench_draw(&b, &s);
    put_blend(&b, &s, 3 * 9 + 2, TILE_OWN, TILE_OWN_LAST, 0.5);
    bench_read(&b, &in);
    ck_assert_int_eq(in.n_unknown, 0);
    ck_assert_mem_eq(in.cells, s.cells, 81);
    ck_assert_int_eq(in.n_unsure_markers, 1);
    ck_assert_int_eq(in.marks[3 * 9 + 2], MARK_UNSURE);
    ck_assert_int_eq(in.marker, -1);
    err_init(&e);
    ck_assert_int_eq(reading_to_scene(&in, &got, &e), -1);
    ck_assert_str_eq(e.msg, "the marker at C6 is unclear");

    put_blend(&b, &s, 3 * 9 + 2, TILE_OWN, TILE_OWN_LAST, 1);
    bench_read(&b, &in);
    ck_assert_int_eq(in.marker, 3 * 9 + 2);
    put_blend(&b, &s, 7, TILE_OTHER, TILE_OTHER_LAST, 1);
    bench_read(&b, &in);
    ck_assert_int_eq(in.n_unknown, 0);
    ck_assert_int_eq(in.n_markers, 2);
    ck_assert_int_eq(in.marker, -1);
    err_init(&e);
    ck_assert_int_eq(reading_to_scene(&in, &got, &e), -1);
    ck_assert_str_eq(e.msg, "2 markers, one at H9");
    bench_release(&b);
}
END_TEST

/* Half one shade, half the other: the stones may be read, the shade is not. */
START_TEST(test_shade)
{
    struct bench b, c;
    struct scene s, got;
    struct reading in;
    struct err e;
    struct rng r;

    rng_init(&r, 6);
    bench_init(&b, 9, 9);
    bench_init(&c, 9, 9);
    for (int n = 0; n < 2000; n++) {
        random_scene(&s, 9, 9, &r);
        bench_draw(&b, &s);
        s.mover_is_black = !s.mover_is_black;
        bench_draw(&c, &s);
        damage_blend(&b.p, &c.p, 0.5, 0, 0, b.p.w, b.p.h);
        bench_read(&b, &in);
        ck_assert_int_eq(count_wrong(&in, &s), 0);
        err_init(&e);
        ck_assert_int_eq(reading_to_scene(&in, &got, &e), -1);
    }
    bench_release(&b);
    bench_release(&c);
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
    struct bench b;
    struct rng r;
    int unknown = 0, even[17];

    for (int i = 0; i < 17; i++)
        even[i] = 1;
    rng_init(&r, 7);
    bench_init(&b, 9, 9);
    for (int n = 0; n < 500; n++) {
        struct scene s;
        struct reading in;

        random_scene(&s, 9, 9, &r);
        bench_draw(&b, &s);
        damage_blur(&b.p, even, spoils[_i].smear_x, even, spoils[_i].smear_y);
        damage_noise(&b.p, spoils[_i].sigma, &r);
        bench_read(&b, &in);
        unknown += in.n_unknown;
        ck_assert_msg(count_wrong(&in, &s) == 0, "%s: guessed", spoils[_i].name);
    }
    ck_assert_int_ge(unknown, 500 * 81 / 100 * spoils[_i].unknown);
    bench_release(&b);
}
END_TEST

/* Pictures that are no boards: nothing in them is read. */
static void foreign(struct picture *p, int n, struct rng *r)
{
    int c[3] = { n / 5 % 6 * 51, n / 30 % 6 * 51, n / 180 % 6 * 51 };

    for (int i = 0; i < p->w * p->h; i++) {
        int x = i % p->w, y = i / p->w;

        for (int k = 0; k < 3; k++) {
            int v[] = { (int)rng_below(r, 256), c[k], (x + y) * 255 / (p->w + p->h),
                        (x / 8 + y / 8) % 2 ? 255 : c[k], (x + k * y) * 7 % 256 };

            p->px[3 * i + k] = (uint8_t)v[n % 5];
        }
    }
}

START_TEST(test_foreign)
{
    struct bench b;
    struct rng r;

    rng_init(&r, 8);
    bench_init(&b, _i, _i);
    for (int n = 0; n < 1080; n++) {
        struct reading in;
        struct scene s;
        struct err e;

        foreign(&b.p, n, &r);
        bench_read(&b, &in);
        ck_assert_msg(in.n_unknown == _i * _i, "picture %d: %d cells read", n,
                      _i * _i - in.n_unknown);
        ck_assert(in.shade_sure <= 0);
        ck_assert_int_eq(in.n_markers, 0);
        err_init(&e);
        ck_assert_int_eq(reading_to_scene(&in, &s, &e), -1);
    }
    bench_release(&b);
}
END_TEST

START_TEST(test_names_the_cell)
{
    struct bench b;
    struct scene s = { .w = 9, .h = 9, .marker = -1 };
    struct reading in;
    struct err e;

    err_init(&e);
    bench_init(&b, 9, 9);
    bench_draw(&b, &s);
    put_blend(&b, &s, 5 * 9 + 3, TILE_EMPTY, TILE_OWN, 0.5);
    bench_read(&b, &in);
    ck_assert_int_eq(reading_to_scene(&in, &s, &e), -1);
    ck_assert_str_eq(e.msg, "cannot read D4");
    put_blend(&b, &s, 8 * 9 + 8, TILE_EMPTY, TILE_OTHER, 0.5);
    bench_read(&b, &in);
    err_init(&e);
    ck_assert_int_eq(reading_to_scene(&in, &s, &e), -1);
    ck_assert_str_eq(e.msg, "cannot read D4 and 1 more");
    bench_release(&b);
}
END_TEST

static const struct {
    int width, height, w, h; /* w 0: no frame */
} pixels[] = {
    { 144, 144, 9, 9 }, { 304, 304, 19, 19 }, { 32, 400, 2, 25 }, { 16, 16, 1, 1 },
    { 145, 144, 0, 0 }, { 144, 140, 0, 0 }, { 0, 16, 0, 0 }, { 416, 16, 0, 0 },
    { -16, 16, 0, 0 }, { 16, 0, 0, 0 },
};

START_TEST(test_size)
{
    struct err e;
    int w = 0, h = 0;

    err_init(&e);
    ck_assert_int_eq(read_size(pixels[_i].width, pixels[_i].height, &w, &h, &e),
                     pixels[_i].w ? 0 : -1);
    ck_assert_int_eq(w, pixels[_i].w);
    ck_assert_int_eq(h, pixels[_i].h);
    ck_assert_int_eq(e.msg[0] == '\0', pixels[_i].w != 0);
}
END_TEST

/* What a frame gives is what the scene says without pixels. */
START_TEST(test_reading_of_scene)
{
    struct bench b;
    struct rng r;

    rng_init(&r, 9);
    bench_init(&b, 5, 6);
    for (int n = 0; n < 1000; n++) {
        struct scene s;
        struct reading from_pixels, from_scene;

        random_scene(&s, 5, 6, &r);
        bench_draw(&b, &s);
        bench_read(&b, &from_pixels);
        reading_of_scene(&from_scene, &s);
        expect_scene(&from_scene, &s, "without pixels");
        ck_assert_mem_eq(from_pixels.cells, from_scene.cells, 30);
        ck_assert_mem_eq(from_pixels.marks, from_scene.marks, 30);
        ck_assert_int_eq(from_pixels.n_markers, from_scene.n_markers);
    }
    bench_release(&b);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])

int main(void)
{
    Suite *s = suite_create("read");
    TCase *tc = tap_case(s, "clean");

    drawer_init(&drawer);
    reader_init(&reader, &drawer);
    tcase_add_loop_test(tc, test_clean, 0, COUNT(sizes));
    tcase_add_loop_test(tc, test_clean_square, 2, BOARD_MAX + 1);
    tcase_add_test(tc, test_reading_of_scene);
    tcase_add_loop_test(tc, test_size, 0, COUNT(pixels));
    tc = tap_case(s, "harmed");
    tcase_add_loop_test(tc, test_harm, 0, COUNT(harms));
    tc = tap_case(s, "spoilt");
    tcase_add_test(tc, test_blend);
    tcase_add_loop_test(tc, test_two_frames, 2, 10);
    tcase_add_test(tc, test_marker);
    tcase_add_test(tc, test_shade);
    tcase_add_loop_test(tc, test_spoilt, 0, COUNT(spoils));
    tcase_add_loop_test(tc, test_foreign, 1, 10);
    tcase_add_test(tc, test_names_the_cell);
    return tap_run(s);
}
