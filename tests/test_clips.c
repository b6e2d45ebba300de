/* clips: which positions of a corpus are learned. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "engine/game.h"
#include "gtp/clips.h"
#include "render/frame.h"
#include "tests/corpus_kit.h"
#include "tests/tap.h"

enum { PLIES = 9, FRAME = 9 * TILE * 9 * TILE * 3 };

static const char path[] = "test_clips.vwc";
static struct clips c;
static struct err e;

/* A game to train on: at even plies Black has all chances, at odd ones White a half. */
static void setup(void)
{
    struct corpus_builder b;

    err_init(&e);
    corpus_builder_init(&b);
    kit_add(&b, "(;SZ[9];B[aa];W[ba];B[ca];W[da];B[ea];W[fa];B[ga];W[ha];B[ia])");
    ck_assert_int_eq(corpus_record_clear_policies(&b.record[0], &e), 0);
    for (int ply = 0; ply < PLIES; ply++)
        corpus_record_set_policy(&b.record[0], ply, NULL, 0,
                                 corpus_chance_of(ply % 2 ? 0.5 : 1));
    ck_assert_msg(!corpus_write(&b, path, &e), "%s", e.msg);
    corpus_builder_release(&b);
    ck_assert_msg(!clips_open(&c, path, PART_HELD_OUT, &e), "%s", e.msg);
    ck_assert_uint_eq(c.source.samples, PLIES);
}

static void teardown(void)
{
    clips_release(&c);
    unlink(path);
}

/* The ply of a sample, by what is on its board: one stone more a ply. */
static int ply_of(uint64_t index)
{
    static uint8_t px[2 * FRAME], want[FRAME];
    struct train_sample s = { .index = index };
    struct scene scene;
    struct game g;
    int ply = -1;

    ck_assert_int_eq(c.source.frames(&c, false, &s, 1, 1, px, NULL, NULL, &e), 0);
    ck_assert_int_eq(game_init(&g, 9, 9, 7, &e), 0);
    for (int i = 0; i < PLIES; i++) {
        scene_of_game(&scene, &g, i, scene_camera(&g, i));
        scene_draw(&scene, c.drawer, want, 9 * TILE * 3);
        if (!memcmp(px, want, FRAME))
            ply = i;
        ck_assert_int_eq(game_play(&g, i % 2 ? WHITE : BLACK, board_point_at(&g.board, i), &e), 0);
    }
    game_release(&g);
    return ply;
}

static const struct {
    double share;
    int n, ply[PLIES];
} thinned[] = {
    { 1, 9, { 0, 1, 2, 3, 4, 5, 6, 7, 8 } },
    { 0.5, 6, { 1, 2, 3, 5, 6, 7 } },
    { 0.2, 5, { 1, 3, 5, 7, 8 } },
    { 0, 4, { 1, 3, 5, 7 } },
};

START_TEST(keeps_a_share_of_what_is_decided)
{
    ck_assert_msg(!clips_thin(&c, thinned[_i].share, &e), "%s", e.msg);
    ck_assert_uint_eq(c.source.samples, (uint64_t)thinned[_i].n);
    for (int i = 0; i < thinned[_i].n; i++)
        ck_assert_int_eq(ply_of((uint64_t)i), thinned[_i].ply[i]);
}
END_TEST

START_TEST(no_sample_behind_the_last)
{
    static uint8_t px[2 * FRAME];
    struct train_sample s = { .index = 4 };
    float share[CORPUS_PRIORS];
    int others;

    ck_assert_int_eq(clips_thin(&c, 0, &e), 0);
    ck_assert_int_eq(c.source.frames(&c, false, &s, 1, 1, px, NULL, NULL, &e), -1);
    ck_assert_str_eq(e.msg, "there is no clip 4");
    ck_assert_int_eq(c.source.others(&c, &s, 1, px, &others, share, &e), -1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("clips");
    TCase *tc = tap_case(s, "thinning");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, keeps_a_share_of_what_is_decided, 0,
                        (int)(sizeof thinned / sizeof *thinned));
    tcase_add_test(tc, no_sample_behind_the_last);
    return tap_run(s);
}
