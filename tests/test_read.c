/* Reading frames: exact when they are clean, right when damaged. */
#include "render/read.h"

#include <stdlib.h>
#include <string.h>

#include "tests/easel.h"
#include "tests/tap.h"

static struct drawer drawer;
static struct reader reader;

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
    struct easel b;
    struct rng r;

    rng_init(&r, (uint64_t)(100 * w + h));
    easel_init(&b, &drawer, &reader, w, h);
    for (int k = 0; k < boards / EASEL_FEWER; k++) {
        struct scene s;
        struct reading in;

        random_scene(&s, w, h, &r);
        frame_draw(&b.f, &drawer, &s);
        reader_read_frame(&reader, &b.f, &in);
        expect_scene(&in, &s, "clean");
        ck_assert(least_sure(&in) > 0.999f);
    }
    easel_release(&b);
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
        struct easel b;
        struct rng r;

        rng_init(&r, (uint64_t)(1000 * k + _i));
        easel_init(&b, &drawer, &reader, sides[k], sides[k]);
        for (int n = 0; n < harms[_i].boards * shares[k] / 100 / EASEL_FEWER; n++) {
            struct scene s;
            struct reading in;

            random_scene(&s, sides[k], sides[k], &r);
            easel_draw(&b, &s);
            do_harm(&harms[_i], &b.p, &r);
            easel_read(&b, &in);
            expect_scene(&in, &s, harms[_i].name);
        }
        easel_release(&b);
    }
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
    struct easel b;
    struct rng r;

    rng_init(&r, 9);
    easel_init(&b, &drawer, &reader, 5, 6);
    for (int n = 0; n < 1000; n++) {
        struct scene s;
        struct reading from_pixels, from_scene;

        random_scene(&s, 5, 6, &r);
        easel_draw(&b, &s);
        easel_read(&b, &from_pixels);
        reading_of_scene(&from_scene, &s);
        expect_scene(&from_scene, &s, "without pixels");
        ck_assert_mem_eq(from_pixels.cells, from_scene.cells, 30);
        ck_assert_mem_eq(from_pixels.marks, from_scene.marks, 30);
        ck_assert_int_eq(from_pixels.n_markers, from_scene.n_markers);
    }
    easel_release(&b);
}
END_TEST

/* Rows of pixels may be further apart than they are long. */
START_TEST(test_pitch)
{
    enum { W = 5, H = 4, PITCH = W * TILE * 3 + 37 };
    static uint8_t px[H * TILE * PITCH];
    struct easel b;
    struct rng r;

    rng_init(&r, 10);
    easel_init(&b, &drawer, &reader, W, H);
    for (int n = 0; n < 100; n++) {
        struct scene s;
        struct reading in;

        random_scene(&s, W, H, &r);
        easel_draw(&b, &s);
        memset(px, (int)rng_below(&r, 256), sizeof px);
        for (int y = 0; y < H * TILE; y++)
            memcpy(px + y * PITCH, b.p.px + y * W * TILE * 3, (size_t)W * TILE * 3);
        reader_read(&reader, px, PITCH, W, H, &in);
        expect_scene(&in, &s, "with padding");
    }
    easel_release(&b);
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
    tcase_add_test(tc, test_pitch);
    tcase_add_loop_test(tc, test_size, 0, COUNT(pixels));
    tc = tap_case(s, "harmed");
    tcase_add_loop_test(tc, test_harm, 0, COUNT(harms));
    return tap_run(s);
}
