/* Film strips, and animations taken apart chunk by chunk by a reader of our own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "engine/file.h"
#include "engine/rng.h"
#include "render/film.h"
#include "render/frame.h"
#include "tests/tap.h"

static struct err e;
static char dir[] = "/tmp/test_film-XXXXXX";
static char path[64];

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

/* The first n + 1 frames of a random game on a 9x7 board; Black's camera, or the mover's. */
enum { N = 12, FW = 9 * TILE, FH = 7 * TILE, FRAME = FW * FH * 3 };

static uint8_t *random_frames(bool mover)
{
    uint8_t *px = malloc((size_t)N * FRAME);
    struct drawer *d = malloc(sizeof *d);
    struct frame f;
    struct game g;
    struct rng r;

    drawer_init(d);
    rng_init(&r, 5);
    ck_assert_int_eq(game_init(&g, 9, 7, 7, &e), 0);
    ck_assert_int_eq(frame_init(&f, 9, 7, &e), 0);
    for (int i = 0; i < N; i++) {
        struct scene s;
        int p;

        scene_of_game(&s, &g, i, mover ? scene_camera(&g, i) : BLACK);
        frame_draw(&f, d, &s);
        for (int y = 0; y < FH; y++)
            memcpy(px + i * FRAME + y * FW * 3, f.px + y * f.pitch, FW * 3);
        do {
            p = board_point_at(&g.board, (int)rng_below(&r, 63));
        } while (game_legality(&g, game_to_move(&g), p) != LEGAL);
        ck_assert_int_eq(game_play(&g, game_to_move(&g), i == 4 || i == 5 ? PASS : p, &e), 0);
    }
    frame_release(&f);
    game_release(&g);
    free(d);
    return px;
}

/* --- strips ------------------------------------------------------------------------ */

START_TEST(a_strip_holds_every_frame_in_its_place)
{
    static const int columns[] = { 1, 5, 12, 100 };
    uint8_t *px = random_frames(true);

    for (int i = 0; i < 4; i++) {
        int cols = columns[i] < N ? columns[i] : N, rows = (N + cols - 1) / cols;
        struct strip s;
        struct image im;
        int dark = 0;

        ck_assert_msg(strip_open(&s, path, FW, FH, N, columns[i], &e) == 0, "%s", e.msg);
        for (int k = 0; k < N; k++)
            ck_assert_int_eq(strip_add(&s, px + k * FRAME, FW * 3, &e), 0);
        ck_assert_msg(strip_commit(&s, &e) == 0, "%s", e.msg);
        ck_assert_int_eq(png_read_file(&im, path, &e), 0);
        ck_assert_int_eq(im.w, STRIP_GAP + cols * (FW + STRIP_GAP));
        ck_assert_int_eq(im.h, STRIP_GAP + rows * (FH + STRIP_GAP));
        for (int k = 0; k < N; k++)
            for (int y = 0; y < FH; y++)
                ck_assert_mem_eq(im.px + ((STRIP_GAP + k / cols * (FH + STRIP_GAP) + y) * im.w +
                                          STRIP_GAP + k % cols * (FW + STRIP_GAP)) * 3,
                                 px + k * FRAME + y * FW * 3, FW * 3);
        for (int k = 0; k < im.w * im.h; k++)
            dark += im.px[k * 3] == 34 && im.px[k * 3 + 1] == 34 && im.px[k * 3 + 2] == 34;
        ck_assert_int_ge(dark, im.w * im.h - N * FW * FH);
        image_release(&im);
    }
    free(px);
}
END_TEST

START_TEST(a_strip_takes_exactly_the_frames_announced)
{
    uint8_t *px = random_frames(false);
    struct strip s;

    ck_assert_int_eq(strip_open(&s, path, FW, FH, 3, 2, &e), 0);
    ck_assert_int_eq(strip_add(&s, px, FW * 3, &e), 0);
    ck_assert_int_eq(strip_commit(&s, &e), -1);
    ck_assert_int_ne(access(path, F_OK), 0);
    err_init(&e);
    ck_assert_int_eq(strip_open(&s, path, FW, FH, 1, 2, &e), 0);
    ck_assert_int_eq(strip_add(&s, px, FW * 3, &e), 0);
    ck_assert_int_eq(strip_add(&s, px, FW * 3, &e), -1);
    strip_abort(&s);
    ck_assert_int_ne(access(path, F_OK), 0);
    err_init(&e);
    ck_assert_int_eq(strip_open(&s, path, 1 << 20, 1 << 20, 1 << 20, 1 << 20, &e), -1);
    ck_assert_msg(strstr(e.msg, "too large"), "%s", e.msg);
    free(px);
}
END_TEST

/* --- films -------------------------------------------------------------------------- */

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

struct chunk {
    const uint8_t *data;
    uint32_t n;
    char type[5];
};

/* Steps over the next chunk, whose CRC must be right. */
static struct chunk next_chunk(const uint8_t **at, const uint8_t *end)
{
    struct chunk c = { NULL, 0, "" };

    ck_assert(end - *at >= 12);
    c.n = get32(*at);
    ck_assert((size_t)(end - *at) >= 12 + (size_t)c.n);
    memcpy(c.type, *at + 4, 4);
    c.data = *at + 8;
    ck_assert_uint_eq(get32(c.data + c.n), crc32(crc32(0, NULL, 0), *at + 4, c.n + 4));
    *at += 12 + c.n;
    return c;
}

/* What a film's reader knows. */
struct player {
    uint8_t *file, *canvas;
    const uint8_t *at, *end;
    uint32_t seq;
    int x, y, w, h, delay; /* of the frame just shown */
};

static struct player open_film(int frames, int loops)
{
    struct player p = { .seq = 0 };
    struct chunk c;
    char *text;
    size_t n;

    ck_assert_int_eq(file_read(path, 1 << 24, &text, &n, &e), 0);
    p.file = (uint8_t *)text;
    p.at = p.file + 8;
    p.end = p.file + n;
    ck_assert_mem_eq(p.file, "\x89PNG\r\n\x1a\n", 8);
    c = next_chunk(&p.at, p.end);
    ck_assert(!strcmp(c.type, "IHDR") && get32(c.data) == FW && get32(c.data + 4) == FH);
    ck_assert_mem_eq(c.data + 8, "\x08\x02\0\0\0", 5);
    c = next_chunk(&p.at, p.end);
    ck_assert(!strcmp(c.type, "acTL") && c.n == 8);
    ck_assert(get32(c.data) == (uint32_t)frames && get32(c.data + 4) == (uint32_t)loops);
    p.canvas = calloc(FRAME, 1);
    return p;
}

/* Shows the next frame on the canvas. */
static void play(struct player *p, bool first)
{
    struct chunk c = next_chunk(&p->at, p->end);
    uLongf n;
    uint8_t *raw;

    ck_assert(!strcmp(c.type, "fcTL") && c.n == 26 && get32(c.data) == p->seq++);
    p->w = (int)get32(c.data + 4);
    p->h = (int)get32(c.data + 8);
    p->x = (int)get32(c.data + 12);
    p->y = (int)get32(c.data + 16);
    p->delay = c.data[20] << 8 | c.data[21];
    ck_assert_int_eq(c.data[22] << 8 | c.data[23], 1000);
    ck_assert(c.data[24] == 0 && c.data[25] == 0);
    ck_assert(p->w > 0 && p->h > 0 && p->x >= 0 && p->y >= 0);
    ck_assert(p->x + p->w <= FW && p->y + p->h <= FH);
    if (first)
        ck_assert(p->w == FW && p->h == FH);
    c = next_chunk(&p->at, p->end);
    ck_assert_str_eq(c.type, first ? "IDAT" : "fdAT");
    if (!first) {
        ck_assert_uint_eq(get32(c.data), p->seq++);
        c.data += 4;
        c.n -= 4;
    }
    n = (uLongf)(p->h * (p->w * 3 + 1));
    raw = malloc(n);
    ck_assert_int_eq(uncompress(raw, &n, c.data, c.n), Z_OK);
    ck_assert_int_eq(n, p->h * (p->w * 3 + 1));
    for (int y = 0; y < p->h; y++) {
        ck_assert_int_eq(raw[y * (p->w * 3 + 1)], 0);
        memcpy(p->canvas + ((p->y + y) * FW + p->x) * 3, raw + y * (p->w * 3 + 1) + 1,
               (size_t)p->w * 3);
    }
    free(raw);
}

static void close_film(struct player *p)
{
    struct chunk c = next_chunk(&p->at, p->end);

    ck_assert(!strcmp(c.type, "IEND") && c.n == 0 && p->at == p->end);
    free(p->file);
    free(p->canvas);
}

static void write_film(const uint8_t *px, int n, int loops)
{
    struct film f;

    ck_assert_msg(film_open(&f, path, FW, FH, n, loops, &e) == 0, "%s", e.msg);
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(film_add(&f, px + i * FRAME, FW * 3, 100 + i, &e), 0);
    ck_assert_msg(film_commit(&f, &e) == 0, "%s", e.msg);
}

START_TEST(a_film_shows_every_frame_in_turn)
{
    for (int mover = 0; mover < 2; mover++) {
        uint8_t *px = random_frames(mover);
        struct player p;

        write_film(px, N, 3);
        p = open_film(N, 3);
        for (int i = 0; i < N; i++) {
            play(&p, i == 0);
            ck_assert_int_eq(p.delay, 100 + i);
            ck_assert_mem_eq(p.canvas, px + i * FRAME, FRAME);
        }
        close_film(&p);
        free(px);
    }
}
END_TEST

START_TEST(a_film_holds_only_what_changes)
{
    uint8_t *px = random_frames(false);
    struct player p;

    memcpy(px + FRAME, px, FRAME);        /* nothing */
    memcpy(px + 2 * FRAME, px, FRAME);
    px[2 * FRAME + 5 * FW * 3 + 20] ^= 1; /* one byte of pixel 6, 5 */
    memcpy(px + 3 * FRAME, px, FRAME);
    px[3 * FRAME] ^= 1;                   /* and both corners */
    px[4 * FRAME - 1] ^= 1;
    write_film(px, 4, 0);
    p = open_film(4, 0);
    play(&p, true);
    play(&p, false);
    ck_assert(p.w == 1 && p.h == 1);
    play(&p, false);
    ck_assert(p.x == 6 && p.y == 5 && p.w == 1 && p.h == 1);
    play(&p, false);
    ck_assert(p.w == FW && p.h == FH);
    ck_assert_mem_eq(p.canvas, px + 3 * FRAME, FRAME);
    close_film(&p);
    free(px);
}
END_TEST

START_TEST(a_film_of_one_frame_is_a_picture)
{
    uint8_t *px = random_frames(false);
    struct image im;

    write_film(px, 1, 0);
    ck_assert_msg(png_read_file(&im, path, &e) == 0, "%s", e.msg);
    ck_assert_mem_eq(im.px, px, FRAME);
    image_release(&im);
    free(px);
}
END_TEST

START_TEST(who_knows_no_animation_sees_the_first_frame)
{
    uint8_t *px = random_frames(true);
    struct image im;

    write_film(px, N, 0);
    ck_assert_msg(png_read_file(&im, path, &e) == 0, "%s", e.msg);
    ck_assert_mem_eq(im.px, px, FRAME);
    image_release(&im);
    free(px);
}
END_TEST

START_TEST(a_film_takes_exactly_what_was_announced)
{
    uint8_t *px = random_frames(false);
    struct film f;

    ck_assert_int_eq(film_open(&f, path, FW, FH, 2, 0, &e), 0);
    ck_assert_int_eq(film_add(&f, px, FW * 3, 0, &e), 0);
    ck_assert_int_eq(film_commit(&f, &e), -1);
    ck_assert_msg(strstr(e.msg, "1 of 2 frames"), "%s", e.msg);
    ck_assert_int_ne(access(path, F_OK), 0);
    err_init(&e);
    ck_assert_int_eq(film_open(&f, path, FW, FH, 1, 0, &e), 0);
    ck_assert_int_eq(film_add(&f, px, FW * 3, FILM_DELAY_MAX + 1, &e), -1);
    film_abort(&f);
    err_init(&e);
    ck_assert_int_eq(film_open(&f, path, FW, FH, 1, 0, &e), 0);
    ck_assert_int_eq(film_add(&f, px, FW * 3, FILM_DELAY_MAX, &e), 0);
    ck_assert_int_eq(film_add(&f, px, FW * 3, 0, &e), -1);
    film_abort(&f);
    ck_assert_int_ne(access(path, F_OK), 0);
    err_init(&e);
    ck_assert_int_eq(film_open(&f, path, FW, FH, 0, 0, &e), -1);
    free(px);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    uint8_t *px = random_frames(true);
    struct film f;
    int failed = 0;

    if (access("/dev/full", W_OK) == 0) {
        ck_assert_int_eq(film_open(&f, "/dev/full", FW, FH, N, 0, &e), 0);
        for (int i = 0; i < N && !failed; i++)
            failed = film_add(&f, px + i * FRAME, FW * 3, 0, &e);
        if (failed)
            film_abort(&f);
        else
            failed = film_commit(&f, &e);
        ck_assert_int_eq(failed, -1);
        ck_assert_msg(strstr(e.msg, "No space left"), "%s", e.msg);
    }
    free(px);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("film");
    TCase *t = tap_case(s, "strip");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_strip_holds_every_frame_in_its_place);
    tcase_add_test(t, a_strip_takes_exactly_the_frames_announced);
    t = tap_case(s, "film");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_film_shows_every_frame_in_turn);
    tcase_add_test(t, a_film_holds_only_what_changes);
    tcase_add_test(t, a_film_of_one_frame_is_a_picture);
    tcase_add_test(t, who_knows_no_animation_sees_the_first_frame);
    tcase_add_test(t, a_film_takes_exactly_what_was_announced);
    tcase_add_test(t, a_full_disk_is_an_error);
    return tap_run(s);
}
