/* PNG in (all kinds, hostile ones too) and out. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <png.h>

#include "render/png.h"
#include "tests/tap.h"

static struct err e;
static char dir[] = "/tmp/test_png-XXXXXX";
static char path[64]; /* in dir; absent before each test that uses it */

static void setup(void)
{
    err_init(&e);
    strcpy(dir + sizeof dir - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/a.png", dir);
}

static void teardown(void)
{
    unlink(path);
    /* Fails when a temporary file was left behind. */
    ck_assert_int_eq(rmdir(dir), 0);
}

/* --- PNG files of every kind, made by libpng ------------------------------------- */

struct bytes {
    uint8_t *data;
    size_t n;
};

static void append(png_structp png, png_bytep data, size_t n)
{
    struct bytes *b = png_get_io_ptr(png);

    b->data = realloc(b->data, b->n + n);
    memcpy(b->data + b->n, data, n);
    b->n += n;
}

static void flush(png_structp png)
{
    (void)png;
}

enum { W = 13, H = 9 };

/* Sample c of pixel x, y of a test picture, in `bits` bits. */
static int sample(int x, int y, int c, int bits)
{
    return (x * 37 + y * 101 + c * 59 + x * y) & ((1 << bits) - 1);
}

struct kind {
    int type, bits;
    bool interlaced, trns;
};

static int channels_of(int type)
{
    return type == PNG_COLOR_TYPE_RGB         ? 3
           : type == PNG_COLOR_TYPE_RGB_ALPHA ? 4
           : type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                                               : 1;
}

static struct bytes make_png(struct kind k)
{
    struct bytes b = { NULL, 0 };
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    int channels = channels_of(k.type);
    uint8_t rows[H][W * 8] = { { 0 } }, *row[H];
    png_color colors[256];
    png_byte alpha[256];

    png_set_write_fn(png, &b, append, flush);
    png_set_IHDR(png, info, W, H, k.bits, k.type,
                 k.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
    for (int i = 0; i < 256; i++) {
        colors[i] = (png_color){ (png_byte)i, (png_byte)(i * 7), (png_byte)(255 - i) };
        alpha[i] = (png_byte)(i * 3);
    }
    if (k.type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, colors, 1 << k.bits);
    if (k.trns)
        png_set_tRNS(png, info, alpha, 1 << k.bits, NULL);
    png_set_gAMA(png, info, 1.0); /* must change nothing */
    for (int y = 0; y < H; y++) {
        row[y] = rows[y];
        for (int i = 0; i < W * channels; i++) {
            int v = sample(i / channels, y, i % channels, k.bits < 8 ? k.bits : 8);

            if (k.bits == 16)
                rows[y][2 * i] = rows[y][2 * i + 1] = (uint8_t)v;
            else
                rows[y][i * k.bits / 8] |= (uint8_t)(v << ((8 - k.bits) - i * k.bits % 8));
        }
    }
    png_write_info(png, info);
    png_write_image(png, row);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return b;
}

/* The colour that reading must give. */
static void expected(struct kind k, int x, int y, int rgb[3])
{
    int bits = k.bits < 8 ? k.bits : 8, channels = channels_of(k.type), alpha = 255;

    for (int c = 0; c < 3; c++)
        rgb[c] = sample(x, y, channels < 3 ? 0 : c, bits) * 255 / ((1 << bits) - 1);
    if (channels % 2 == 0)
        alpha = sample(x, y, channels - 1, bits);
    if (k.type == PNG_COLOR_TYPE_PALETTE) {
        int i = sample(x, y, 0, bits);

        rgb[0] = i;
        rgb[1] = i * 7 & 255;
        rgb[2] = 255 - i;
        if (k.trns)
            alpha = i * 3 & 255;
    }
    for (int c = 0; c < 3; c++)
        rgb[c] = (rgb[c] * alpha + 255 * (255 - alpha) + 127) / 255;
}

static const struct kind kinds[] = {
    { PNG_COLOR_TYPE_RGB, 8, false, false },        { PNG_COLOR_TYPE_RGB, 8, true, false },
    { PNG_COLOR_TYPE_RGB, 16, false, false },       { PNG_COLOR_TYPE_RGB_ALPHA, 8, false, false },
    { PNG_COLOR_TYPE_RGB_ALPHA, 8, true, false },   { PNG_COLOR_TYPE_RGB_ALPHA, 16, true, false },
    { PNG_COLOR_TYPE_GRAY, 1, false, false },       { PNG_COLOR_TYPE_GRAY, 2, true, false },
    { PNG_COLOR_TYPE_GRAY, 4, false, false },       { PNG_COLOR_TYPE_GRAY, 8, false, false },
    { PNG_COLOR_TYPE_GRAY, 16, true, false },       { PNG_COLOR_TYPE_GRAY_ALPHA, 8, false, false },
    { PNG_COLOR_TYPE_GRAY_ALPHA, 16, true, false }, { PNG_COLOR_TYPE_PALETTE, 1, false, false },
    { PNG_COLOR_TYPE_PALETTE, 2, true, true },      { PNG_COLOR_TYPE_PALETTE, 4, false, true },
    { PNG_COLOR_TYPE_PALETTE, 8, false, false },    { PNG_COLOR_TYPE_PALETTE, 8, true, true },
};

START_TEST(every_kind_of_png_becomes_rgb)
{
    struct kind k = kinds[_i];
    struct bytes b = make_png(k);
    struct image im;

    err_init(&e);
    ck_assert_msg(png_read_memory(&im, b.data, b.n, "x", &e) == 0, "%s", e.msg);
    ck_assert(im.w == W && im.h == H);
    for (int i = 0; i < W * H; i++) {
        int rgb[3];

        expected(k, i % W, i / W, rgb);
        for (int c = 0; c < 3; c++)
            ck_assert_msg(im.px[i * 3 + c] == rgb[c], "type %d, %d bits, pixel %d: %d, not %d",
                          k.type, k.bits, i, im.px[i * 3 + c], rgb[c]);
    }
    image_release(&im);
    free(b.data);
}
END_TEST

/* --- hostile files ------------------------------------------------------------------ */

static void refuse(const void *data, size_t n, const char *why)
{
    struct image im;

    err_init(&e);
    ck_assert_int_eq(png_read_memory(&im, data, n, "x.png", &e), -1);
    ck_assert_msg(strstr(e.msg, why) && strstr(e.msg, "x.png"), "%s", e.msg);
    ck_assert_ptr_null(im.px);
}

START_TEST(what_is_no_png_is_refused)
{
    refuse("", 0, "it ends in the middle");
    refuse("\x89PNG\r\n\x1a", 7, "it ends in the middle");
    refuse("GIF89a..........", 16, "Not a PNG file");
}
END_TEST

START_TEST(a_png_cut_short_anywhere_is_refused)
{
    static const int some[] = { 0, 4, 13, 17 };

    for (int i = 0; i < 4; i++) {
        struct bytes b = make_png(kinds[some[i]]);

        for (size_t n = 0; n < b.n; n++) {
            /* A copy of its own size, so that reading past the end is seen. */
            uint8_t *cut = malloc(n + !n);

            memcpy(cut, b.data, n);
            refuse(cut, n, "");
            free(cut);
        }
        free(b.data);
    }
}
END_TEST

START_TEST(a_damaged_png_is_refused_or_read_but_never_worse)
{
    static const int some[] = { 1, 5, 8, 14 };

    for (int i = 0; i < 4; i++) {
        struct bytes b = make_png(kinds[some[i]]);

        for (size_t at = 0; at < b.n * 8; at++) {
            struct image im;

            b.data[at / 8] ^= (uint8_t)(1 << at % 8);
            err_init(&e);
            if (png_read_memory(&im, b.data, b.n, "x", &e))
                ck_assert(e.msg[0] && !im.px);
            else
                ck_assert(!e.msg[0] && im.px);
            image_release(&im);
            b.data[at / 8] ^= (uint8_t)(1 << at % 8);
        }
        free(b.data);
    }
}
END_TEST

static struct bytes header_of_size(uint32_t w, uint32_t h)
{
    struct bytes b = make_png(kinds[0]);
    uint32_t crc = 0;

    for (int i = 0; i < 4; i++) {
        b.data[16 + i] = (uint8_t)(w >> (24 - 8 * i));
        b.data[20 + i] = (uint8_t)(h >> (24 - 8 * i));
    }
    crc = 0xffffffff;
    for (int i = 12; i < 29; i++) {
        crc ^= b.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    for (int i = 0; i < 4; i++)
        b.data[29 + i] = (uint8_t)(~crc >> (24 - 8 * i));
    return b;
}

START_TEST(a_picture_too_large_is_refused_before_memory_is_taken)
{
    static const struct {
        uint32_t w, h;
        const char *why;
    } big[] = {
        { 8193, 8192, "8193x8192 is more than 64 megapixels" },
        { 67108865, 1, "67108865x1 is more than 64 megapixels" },
        { 0x7fffffff, 0x7fffffff, "is more than 64 megapixels" },
        { 0, 5, "Image width is zero" },
        { 0x80000000u, 5, "" },
    };

    for (size_t i = 0; i < sizeof big / sizeof big[0]; i++) {
        struct bytes b = header_of_size(big[i].w, big[i].h);
        struct image im;

        err_init(&e);
        ck_assert_int_eq(png_read_memory(&im, b.data, b.n, "x.png", &e), -1);
        ck_assert_msg(strstr(e.msg, big[i].why) || strstr(e.msg, "Invalid IHDR"), "%s", e.msg);
        free(b.data);
    }
}
END_TEST

START_TEST(images_have_limits)
{
    struct image im;

    err_init(&e);
    ck_assert_int_eq(image_init(&im, 8193, 8192, &e), -1);
    ck_assert_str_eq(e.msg, "cannot draw: 8193x8192 is more than 64 megapixels");
    err_init(&e);
    ck_assert_int_eq(image_init(&im, 0, 8, &e), -1);
    ck_assert_int_eq(image_init(&im, 8, -1, &e), -1);
}
END_TEST

/* --- files -------------------------------------------------------------------------- */

static uint8_t *test_pixels(void)
{
    uint8_t *px = malloc(W * H * 3);

    for (int i = 0; i < W * H * 3; i++)
        px[i] = (uint8_t)sample(i / 3 % W, i / 3 / W, i % 3, 8);
    return px;
}

START_TEST(what_is_written_is_read_back)
{
    uint8_t *px = test_pixels();
    struct image im;

    ck_assert_msg(png_write_file(path, W, H, px, W * 3, &e) == 0, "%s", e.msg);
    ck_assert_msg(png_read_file(&im, path, &e) == 0, "%s", e.msg);
    ck_assert(im.w == W && im.h == H);
    ck_assert_mem_eq(im.px, px, W * H * 3);
    image_release(&im);
    /* A part of a picture: the pitch is the whole's. */
    ck_assert_int_eq(png_write_file(path, 5, H - 1, px + W * 3 + 6, W * 3, &e), 0);
    ck_assert_int_eq(png_read_file(&im, path, &e), 0);
    for (int y = 0; y < H - 1; y++)
        ck_assert_mem_eq(im.px + y * 15, px + (y + 1) * W * 3 + 6, 15);
    image_release(&im);
    free(px);
}
END_TEST

START_TEST(rows_must_be_as_many_as_announced)
{
    uint8_t *px = test_pixels();
    struct png_writer p;

    ck_assert_int_eq(png_writer_open(&p, path, W, H, &e), 0);
    ck_assert_int_eq(png_writer_rows(&p, px, W * 3, H - 1, &e), 0);
    ck_assert_int_eq(png_writer_commit(&p, &e), -1);
    ck_assert_msg(strstr(e.msg, "8 of 9 rows"), "%s", e.msg);
    ck_assert_int_ne(access(path, F_OK), 0);

    err_init(&e);
    ck_assert_int_eq(png_writer_open(&p, path, W, H, &e), 0);
    ck_assert_int_eq(png_writer_rows(&p, px, W * 3, H, &e), 0);
    ck_assert_int_eq(png_writer_rows(&p, px, W * 3, 1, &e), -1);
    ck_assert_msg(strstr(e.msg, "more than 9 rows"), "%s", e.msg);
    png_writer_abort(&p);
    ck_assert_int_ne(access(path, F_OK), 0);
    free(px);
}
END_TEST

START_TEST(what_cannot_be_written_says_so)
{
    uint8_t *px = test_pixels();

    ck_assert_int_eq(png_write_file("/nowhere/at/all.png", W, H, px, W * 3, &e), -1);
    ck_assert_msg(strstr(e.msg, "cannot write '/nowhere/at/all.png'"), "%s", e.msg);
    err_init(&e);
    ck_assert_int_eq(png_write_file(path, 0, H, px, 0, &e), -1);
    if (access("/dev/full", W_OK) == 0) {
        err_init(&e);
        ck_assert_int_eq(png_write_file("/dev/full", W, H, px, W * 3, &e), -1);
        ck_assert_msg(strstr(e.msg, "No space left"), "%s", e.msg);
    }
    free(px);
}
END_TEST

START_TEST(a_file_that_is_not_there_says_so)
{
    struct image im;

    ck_assert_int_eq(png_read_file(&im, path, &e), -1);
    ck_assert_msg(strstr(e.msg, "a.png") && strstr(e.msg, "No such file"), "%s", e.msg);
    ck_assert_ptr_null(im.px);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("png");
    TCase *t = tap_case(s, "reading");

    tcase_add_loop_test(t, every_kind_of_png_becomes_rgb, 0,
                        (int)(sizeof kinds / sizeof kinds[0]));
    tcase_add_test(t, what_is_no_png_is_refused);
    tcase_add_test(t, a_png_cut_short_anywhere_is_refused);
    tcase_add_test(t, a_damaged_png_is_refused_or_read_but_never_worse);
    tcase_add_test(t, a_picture_too_large_is_refused_before_memory_is_taken);
    tcase_add_test(t, images_have_limits);
    t = tap_case(s, "files");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_is_written_is_read_back);
    tcase_add_test(t, rows_must_be_as_many_as_announced);
    tcase_add_test(t, what_cannot_be_written_says_so);
    tcase_add_test(t, a_file_that_is_not_there_says_so);
    return tap_run(s);
}
