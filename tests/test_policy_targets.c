/* Players of the targets video and state, of models made by hand: one sees a stone appear in
   one cell of any frame and nothing else change, the other knows one label. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/rng.h"
#include "gtp/player_policy.h"
#include "tests/tap.h"

enum { SIDE = 9, S = SIDE * SIDE, C = 64, WHERE = 3 * SIDE + 1 };

static struct err e;
static struct game g;
static char folder[] = "/tmp/test_policy_targets-XXXXXX";
static char files[3][sizeof folder + 2]; /* tokenizer, video, state */

/* The token of Black's stone with the marker, on the move. */
static int stone_token(void)
{
    struct scene s = { .w = SIDE, .h = SIDE, .marker = WHERE, .mover_is_black = true };
    uint8_t *px = malloc(S * TILE_BYTES);
    struct tokenizer t;
    struct drawer drawer;
    struct device *d = device_open("cpu", 1, PRECISION_F32, &e);
    int tokens[S];

    drawer_init(&drawer);
    s.cells[WHERE] = CELL_OWN;
    scene_draw(&s, &drawer, px, SIDE * TILE * 3);
    ck_assert_msg(d && !tokenizer_load(&t, files[0], d, 256, &e), "%s", e.msg);
    ck_assert_int_eq(tokenizer_encode(&t, px, 1, SIDE * TILE, SIDE * TILE, tokens, &e), 0);
    tokenizer_free(&t);
    device_close(d);
    free(px);
    return tokens[WHERE];
}

static void noughts(struct world *w)
{
    for (int i = 0; i < w->ps.n; i++) {
        struct param *p = w->ps.list[i].p;

        memset(p->w, 0, (size_t)p->out * (size_t)p->in * sizeof *p->w);
    }
    for (int i = 0; i < C; i++)
        w->norm.w[i] = 1;
}

/* Each cell becomes what it was, but for WHERE, which becomes Black's stone. */
static void set_video(struct world *w)
{
    int stone = stone_token();
    struct rng r;

    rng_init(&r, 3);
    for (int i = 0; i < w->config.tokens * C; i++) {
        w->copy.w[i] = rng_below(&r, 2) ? 1 : -1;
        w->frame.w[i] = 0.5f * w->copy.w[i];
    }
    for (int i = 0; i < C; i++)
        w->place.w[(S + WHERE) * C + i] = 3 * w->copy.w[stone * C + i];
}

static void make(const char *path, enum world_target target)
{
    struct world_config c = { .target = target, .rows = SIDE, .cols = SIDE, .tokens = 1000,
                              .codes = target == WORLD_STATE ? S + 1 : 0, .layers = 1,
                              .width = C, .heads = 2, .hidden = C };
    struct device *d = device_open("cpu", 1, PRECISION_F32, &e);
    struct world w;

    ck_assert_msg(d && !world_init(&w, &c, d, 1, 0, true, &e), "%s", e.msg);
    noughts(&w);
    if (target == WORLD_VIDEO)
        set_video(&w);
    else
        w.code_b.w[WHERE] = 12;
    ck_assert_msg(!world_save(&w, path, DT_F32, &e), "%s", e.msg);
    world_free(&w);
    device_close(d);
}

static void setup(void)
{
    char weights[4096];

    err_init(&e);
    ck_assert_msg(!policy_weights(weights, sizeof weights, &e), "%s", e.msg);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (int i = 0; i < 3; i++)
        snprintf(files[i], sizeof files[i], "%s/%d", folder, i);
    strcat(weights, "/go9-tokenizer.safetensors");
    ck_assert_int_eq(symlink(weights, files[0]), 0);
    make(files[1], WORLD_VIDEO);
    make(files[2], WORLD_STATE);
    ck_assert_int_eq(game_init(&g, SIDE, SIDE, 7, &e), 0);
}

static void teardown(void)
{
    for (int i = 0; i < 3; i++)
        unlink(files[i]);
    rmdir(folder);
    game_release(&g);
}

static struct policy *open_policy(enum world_target target)
{
    struct policy_options o = { .tokenizer = files[0], .ldm = "/nowhere", .device = "cpu",
                                .world = files[target == WORLD_VIDEO ? 1 : 2], .threads = 1,
                                .positions = 2 };
    struct policy *p = policy_open(&o, &e);

    ck_assert_msg(p, "%s", e.msg);
    return p;
}

static void play(const char *vertex)
{
    int point = board_parse_vertex(&g.board, vertex);

    ck_assert_msg(!game_play(&g, game_to_move(&g), point, &e), "%s", e.msg);
}

START_TEST(video_shows_the_first_change)
{
    struct policy *p = open_policy(WORLD_VIDEO);
    struct policy_position *of = p->position;
    struct policy_question q = { &g, BLACK, 1, 0.8 };

    ck_assert_msg(!policy_look(p, &q, 1, &e), "%s", e.msg);
    ck_assert_int_eq(of->choice[0].move, WHERE);
    ck_assert(of->choice[0].legal);
    ck_assert_double_gt(of->choice[0].p, 0.99);
    ck_assert_int_eq(policy_imagine(p, of, 0, 0, &e), 0);
    ck_assert(of->frame.legal);
    ck_assert_int_eq(of->frame.move, WHERE);
    ck_assert_int_eq(of->frame.diff.marker, MARKER_RIGHT);
    ck_assert_int_eq(of->frame.voters, 1);
    policy_close(p);
}
END_TEST

/* In eight views it is one of eight cells. */
START_TEST(views_are_turned_back)
{
    enum world_target target = _i ? WORLD_STATE : WORLD_VIDEO;
    struct policy *p = open_policy(target);
    struct policy_position *of = p->position;
    struct policy_question q = { &g, BLACK, POLICY_VIEWS, 0.8 };

    ck_assert_msg(!policy_look(p, &q, 1, &e), "%s", e.msg);
    ck_assert_int_eq(of->n, N_SYMMETRIES);
    for (int i = 0; i < of->n; i++) {
        const struct policy_choice *c = &of->choice[i];
        int found = 0;

        ck_assert_double_eq_tol(c->p, 0.125, 0.01);
        ck_assert(c->legal);
        for (int s = 0; s < N_SYMMETRIES; s++)
            found += symmetry_index(s, SIDE, SIDE, WHERE) == c->move;
        ck_assert_int_eq(found, 1);
        ck_assert_int_eq(policy_imagine(p, of, i, 0, &e), 0);
        ck_assert_int_eq(of->frame.move, c->move);
        ck_assert_int_eq(of->frame.diff.move, c->move);
        ck_assert(of->frame.legal);
        ck_assert_int_eq(of->frame.px != NULL, target == WORLD_VIDEO);
        ck_assert_int_eq(policy_imagine(p, of, i, 1, &e), 1); /* one view each */
    }
    policy_close(p);
}
END_TEST

/* Drafts are as nothing had happened up to their cell, and differ there. */
START_TEST(drafts_begin_as_the_pass_does)
{
    struct policy *p = open_policy(WORLD_VIDEO);
    struct policy_position *of = p->position;
    struct policy_question q = { .game = &g, .color = BLACK, .views = 1, .cover = 2 };
    int marker;

    play("E5");
    play("C3");
    marker = 2 + 6 * SIDE;
    ck_assert_msg(!policy_look(p, &q, 1, &e), "%s", e.msg);
    ck_assert_int_gt(of->n_guesses, 3);
    for (int i = 0; i < of->n_guesses; i++) {
        const int *still = p->m.still + p->guess_frame[i] * S, *draft = p->drafts + i * S;
        int at = p->guess_code[i];

        ck_assert_mem_eq(draft, still, (size_t)at * sizeof *draft);
        ck_assert(at == S || draft[at] != still[at]);
    }
    /* the marker is no longer there where nothing happens; the model lets it stand */
    for (int i = 0; i < S; i++)
        ck_assert_int_eq(p->m.still[i] == p->m.seen[i], i != marker);
    ck_assert_int_eq(of->choice[0].move, WHERE);
    ck_assert_int_eq(policy_imagine(p, of, 0, 0, &e), 0);
    ck_assert_int_ne(of->frame.diff.marker, MARKER_RIGHT);
    policy_close(p);
}
END_TEST

/* Two positions at once: in one the label is legal, in the other a stone stands there. */
START_TEST(labels_are_judged_by_the_rules)
{
    struct policy *p = open_policy(WORLD_STATE);
    struct policy_question q[2] = { { &g, WHITE, 1, 0.8 }, { NULL, WHITE, 1, 0.8 } };
    int choice[2] = { 0, 0 };
    struct game other;

    ck_assert_int_eq(game_init(&other, SIDE, SIDE, 7, &e), 0);
    play("B6"); /* WHERE */
    q[1].game = &other;
    ck_assert_msg(!policy_look(p, q, 2, &e), "%s", e.msg);
    ck_assert_msg(!policy_imagine_all(p, choice, 2, &e), "%s", e.msg);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(p->position[i].choice[0].move, WHERE);
        ck_assert_int_eq(p->position[i].choice[0].legal, i == 1);
        ck_assert_int_eq(p->position[i].frame.legal, i == 1);
        ck_assert_ptr_null(p->position[i].frame.px);
    }
    game_release(&other);
    policy_close(p);
}
END_TEST

START_TEST(other_boards_than_the_labels_are_refused)
{
    struct policy_options o = { .tokenizer = files[0], .ldm = files[0], .world = files[2],
                                .device = "cpu", .threads = 1 };
    struct world_config c = { .target = WORLD_STATE, .rows = SIDE, .cols = SIDE, .tokens = 1000,
                              .codes = S, .layers = 1, .width = C, .heads = 2, .hidden = C };
    struct device *d = device_open("cpu", 1, PRECISION_F32, &e);
    struct world w;

    ck_assert_msg(d && !world_init(&w, &c, d, 1, 0, true, &e), "%s", e.msg);
    ck_assert_msg(!world_save(&w, files[2], DT_F32, &e), "%s", e.msg);
    ck_assert_ptr_null(policy_open(&o, &e));
    ck_assert_msg(strstr(e.msg, "has 81 labels, which are not the moves of 9x9"), "%s", e.msg);
    world_free(&w);
    device_close(d);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("policy_targets");
    TCase *tc = tap_case(s, "policy_targets");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, video_shows_the_first_change);
    tcase_add_loop_test(tc, views_are_turned_back, 0, 2);
    tcase_add_test(tc, drafts_begin_as_the_pass_does);
    tcase_add_test(tc, labels_are_judged_by_the_rules);
    tcase_add_test(tc, other_boards_than_the_labels_are_refused);
    return tap_run(s);
}
