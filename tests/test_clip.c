/* clip: what the frames of a position show. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/clip.h"
#include "tests/corpus_kit.h"
#include "tests/tap.h"

static struct drawer drawer;
static struct corpus c;
static struct clip clip;

static void setup(void)
{
    drawer_init(&drawer);
}

static void teardown(void)
{
    corpus_release(&c);
}

/* A corpus of one game, and its clip from ply. */
static int from(const char *text, int ply, int symmetry, int horizon)
{
    kit_corpus(&c, text);
    clip_scenes(&clip, &c, (struct corpus_pos){ 0, ply }, symmetry, horizon);
    return clip.valid;
}

/* Frame i is this: rows of '.', 'x' own, 'o' other, capital with marker. */
static void shows(int i, bool mover_is_black, const char *drawn)
{
    const struct scene *s = &clip.scene[i];
    char got[BOARD_AREA + BOARD_MAX + 1], *p = got;

    for (int y = 0; y < s->h; y++) {
        for (int x = 0; x < s->w; x++)
            *p++ = ".xo  .XO"[s->cells[y * s->w + x] + 5 * (s->marker == y * s->w + x)];
        *p++ = y + 1 < s->h ? ' ' : '\0';
    }
    ck_assert_str_eq(got, drawn);
    ck_assert_int_eq(s->mover_is_black, mover_is_black);
}

#define GAME "(;SZ[3];B[bb];W[ab];B[aa];W[ca];B[];W[ac])"

START_TEST(the_camera_is_the_movers)
{
    ck_assert_int_eq(from(GAME, 0, 0, 3), 4);
    shows(0, true, "... ... ...");
    shows(1, true, "... .X. ...");
    shows(2, true, "... Ox. ...");
    shows(3, true, "X.. ox. ...");
    corpus_release(&c);
    ck_assert_int_eq(from(GAME, 1, 0, 3), 4);
    shows(0, false, "... .O. ...");
    shows(1, false, "... Xo. ...");
    shows(2, false, "O.. xo. ...");
    shows(3, false, "o.X xo. ...");
}
END_TEST

START_TEST(a_pass_shows_nothing_new)
{
    ck_assert_int_eq(from(GAME, 3, 0, 3), 4);
    shows(1, false, "o.X xo. ...");
    shows(2, false, "o.x xo. ...");
    shows(3, false, "o.x xo. X..");
    corpus_release(&c);
    ck_assert_int_eq(from(GAME, 4, 0, 1), 2);
    ck_assert_int_eq(clip.move, 9);
    shows(0, true, "x.O ox. ...");
    shows(1, true, "x.o ox. ...");
    corpus_release(&c);
    ck_assert_int_eq(from(GAME, 5, 0, 1), 2); /* after a pass: no marker */
    shows(0, false, "o.x xo. ...");
}
END_TEST

START_TEST(the_game_ends_the_clip)
{
    ck_assert_int_eq(from(GAME, 4, 0, 5), 3);
    shows(2, true, "x.o ox. O..");
    for (int i = 3; i <= 5; i++)
        shows(i, true, "x.o ox. O..");
    corpus_release(&c);
    ck_assert_int_eq(from(GAME, 5, 0, 2), 2);
    shows(1, false, "o.x xo. X..");
    shows(2, false, "o.x xo. X..");
}
END_TEST

START_TEST(another_best_move_cuts_the_clip)
{
    ck_assert_int_eq(from("(;SZ[3];B[bb](;W[ab];B[aa])(;W[cc]))", 1, 0, 3), 2);
    ck_assert_int_eq(clip.move, 8);
    shows(1, false, "... .o. ..X");
    shows(2, false, "... .o. ..X");
    shows(3, false, "... .o. ..X");
    corpus_release(&c);
    /* before it: the best move was played, and what followed was played too */
    ck_assert_int_eq(from("(;SZ[3];B[bb](;W[ab];B[aa])(;W[cc]))", 0, 0, 3), 4);
    shows(2, true, "... Ox. ...");
    shows(3, true, "X.. ox. ...");
}
END_TEST

START_TEST(a_best_pass_cuts_the_clip)
{
    ck_assert_int_eq(from("(;SZ[3];B[bb](;W[ab];B[aa])(;W[]))", 1, 0, 2), 2);
    ck_assert_int_eq(clip.move, 9);
    shows(0, false, "... .O. ...");
    shows(1, false, "... .o. ...");
}
END_TEST

START_TEST(captures_are_gone)
{
    ck_assert_int_eq(from("(;SZ[3];B[ba];W[aa];B[ab])", 1, 0, 2), 3);
    shows(1, false, "Xo. ... ...");
    shows(2, false, ".o. O.. ...");
}
END_TEST

START_TEST(two_moves_in_a_row)
{
    ck_assert_int_eq(from("(;SZ[3];B[ba];B[aa];W[cc])", 0, 0, 3), 4);
    shows(2, true, "Xx. ... ...");
    shows(3, true, "xx. ... ..O");
}
END_TEST

/* Every clip of a game, turned, is that of the turned game, to the last byte. */
START_TEST(symmetries_are_those_of_the_game)
{
    static const int sides[][2] = { { 5, 5 }, { 6, 4 } };
    int w = sides[_i % 2][0], h = sides[_i % 2][1], s = _i / 2;
    char *text = kit_random_game(w, h, 60, 3, 0), *turned = kit_random_game(w, h, 60, 3, s);
    uint8_t *a = malloc(clip_bytes(w, h, 4)), *b = malloc(clip_bytes(w, h, 4));
    struct clip other;
    struct corpus t;

    kit_corpus(&c, text);
    kit_corpus(&t, turned);
    for (int ply = 0; ply < 60; ply++) {
        struct corpus_pos pos = { 0, ply };

        clip_scenes(&clip, &c, pos, s, 4);
        clip_scenes(&other, &t, pos, 0, 4);
        ck_assert(clip.w == (s & 4 ? h : w) && clip.h == (s & 4 ? w : h));
        ck_assert(clip.w == other.w && clip.h == other.h);
        ck_assert_int_eq(clip.move, other.move);
        ck_assert_int_eq(clip.valid, other.valid);
        clip_draw(&clip, &drawer, a);
        clip_draw(&other, &drawer, b);
        ck_assert_int_eq(memcmp(a, b, clip_bytes(w, h, 4)), 0);
    }
    corpus_release(&t);
    free(text);
    free(turned);
    free(a);
    free(b);
}
END_TEST

START_TEST(symmetries_have_inverses)
{
    for (int s = 0; s < N_SYMMETRIES; s++)
        for (int i = 0; i <= 20; i++) {
            int to = symmetry_move(s, 5, 4, i);

            ck_assert_int_eq(symmetry_move(symmetry_inverse(s), s & 4 ? 4 : 5, s & 4 ? 5 : 4,
                                           to), i);
        }
}
END_TEST

/* The pixels are those of frames drawn whole, and of the game's own scenes. */
START_TEST(pixels_are_those_of_frames)
{
    char *text = kit_sample();
    uint8_t *px = malloc(clip_bytes(9, 9, 5));
    struct frame f;
    size_t n;

    kit_corpus(&c, text);
    ck_assert_int_eq(frame_init(&f, 9, 9, NULL), 0);
    n = corpus_count(&c, PART_TRAIN);
    for (size_t i = 0; i < n; i += 97) {
        clip_make(&clip, &c, PART_TRAIN, i, (int)(i % 8), 5, &drawer, px);
        for (int k = 0; k <= 5; k++) {
            frame_draw(&f, &drawer, &clip.scene[k]);
            for (int y = 0; y < 144; y++)
                if (memcmp(f.px + y * f.pitch, px + (size_t)k * clip_bytes(9, 9, 0) + y * 432,
                           432))
                    ck_abort_msg("position %zu frame %d row %d", i, k, y);
        }
    }
    frame_release(&f);
    free(px);
    free(text);
}
END_TEST

/* scene_of_game, with its own history, sees the same. */
START_TEST(scenes_are_those_of_the_game)
{
    char *text = kit_random_game(9, 9, 100, 8, 0);
    struct scene s;
    struct game g;

    kit_corpus(&c, text);
    free(text);
    ck_assert_int_eq(game_init(&g, 9, 9, 7, NULL), 0);
    for (int ply = 0; ply < 100; ply++) {
        struct corpus_game r = corpus_game(&c, 0);

        ck_assert_int_eq(game_play(&g, corpus_color(&r, ply),
                                   board_move_point(&g.board, corpus_played(&r, ply)), NULL), 0);
    }
    for (int ply = 0; ply + 3 < 100; ply++) {
        clip_scenes(&clip, &c, (struct corpus_pos){ 0, ply }, 0, 3);
        ck_assert_int_eq(clip.valid, 4);
        for (int k = 0; k <= 3; k++) {
            scene_of_game(&s, &g, ply + k, scene_camera(&g, ply));
            ck_assert_int_eq(s.marker, clip.scene[k].marker);
            ck_assert_int_eq(s.mover_is_black, clip.scene[k].mover_is_black);
            ck_assert_int_eq(memcmp(s.cells, clip.scene[k].cells, 81), 0);
        }
    }
    game_release(&g);
}
END_TEST

/* What the moves of a policy would lead to: a capture, a stone, a pass. */
START_TEST(others_are_what_else_might_come)
{
    struct corpus_prior list[] = { { 3, 153 }, { 8, 51 }, { 9, 51 } };
    struct scene first, other[CORPUS_PRIORS];
    float share[CORPUS_PRIORS];
    struct corpus_builder b;

    corpus_builder_init(&b);
    kit_add(&b, "(;SZ[3];B[ba];W[aa];B[cc])");
    ck_assert_int_eq(corpus_record_clear_policies(&b.record[0], NULL), 0);
    corpus_record_set_policy(&b.record[0], 2, list, 3, 0);
    kit_take(&c, &b);
    ck_assert_int_eq(clip_others(&c, (struct corpus_pos){ 0, 1 }, 0, &first, other, share), 0);
    clip_scenes(&clip, &c, (struct corpus_pos){ 0, 2 }, _i, 1);
    ck_assert_int_eq(clip_others(&c, (struct corpus_pos){ 0, 2 }, _i, &first, other, share), 3);
    ck_assert(share[0] == 0.6f && share[1] == 0.2f && share[2] == 0.2f);
    ck_assert_mem_eq(first.cells, clip.scene[0].cells, 9);
    ck_assert_mem_eq(other[1].cells, clip.scene[1].cells, 9); /* which was played */
    ck_assert_int_eq(first.marker, clip.scene[0].marker);
    ck_assert_int_eq(other[1].marker, clip.scene[1].marker);
    clip.scene[0] = first;
    clip.scene[1] = other[0];
    clip.scene[2] = other[2];
    if (_i == 0) {
        shows(0, true, "Ox. ... ...");
        shows(1, true, ".x. X.. ...");
        shows(2, true, "ox. ... ...");
    } else { /* turned, the same move takes the same stone */
        int corner = symmetry_index(_i, 3, 3, 0);

        ck_assert(first.cells[corner] && !other[0].cells[corner] && other[2].cells[corner]);
        ck_assert_int_eq(other[0].marker, symmetry_index(_i, 3, 3, 3));
        ck_assert_int_eq(other[2].marker, -1);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("clip");
    TCase *tc = tap_case(s, "clip");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_camera_is_the_movers);
    tcase_add_test(tc, a_pass_shows_nothing_new);
    tcase_add_test(tc, the_game_ends_the_clip);
    tcase_add_test(tc, another_best_move_cuts_the_clip);
    tcase_add_test(tc, a_best_pass_cuts_the_clip);
    tcase_add_test(tc, captures_are_gone);
    tcase_add_test(tc, two_moves_in_a_row);
    tcase_add_loop_test(tc, symmetries_are_those_of_the_game, 0, 2 * N_SYMMETRIES);
    tcase_add_test(tc, symmetries_have_inverses);
    tcase_add_test(tc, pixels_are_those_of_frames);
    tcase_add_test(tc, scenes_are_those_of_the_game);
    tcase_add_loop_test(tc, others_are_what_else_might_come, 0, N_SYMMETRIES);
    return tap_run(s);
}
