/* The policy, with the weights that come with us: views, choices, frames. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"
#include "gtp/player_policy.h"
#include "tests/tap.h"

enum { TOGETHER = 5 };

static struct err e;
static struct policy *policy;
static struct game g;

static void setup(void)
{
    struct policy_options o = { .device = "cpu", .threads = 1, .positions = TOGETHER };

    err_init(&e);
    policy = policy_open(&o, &e);
    ck_assert_msg(policy, "%s", e.msg);
    ck_assert_int_eq(game_init(&g, policy->w, policy->h, 7, &e), 0);
}

static void teardown(void)
{
    policy_close(policy);
    game_release(&g);
}

/* Some legal moves, the same for a seed, turned by a symmetry. */
static void play_some(struct game *to, int n, uint64_t seed, int symmetry)
{
    struct game plain;
    struct rng r;

    rng_init(&r, seed);
    ck_assert_int_eq(game_init(&plain, g.board.w, g.board.h, 7, &e), 0);
    while (plain.n < n) {
        int i = (int)rng_below(&r, (uint32_t)(g.board.w * g.board.h));
        int turned = symmetry_index(symmetry, g.board.w, g.board.h, i);
        enum color c = game_to_move(&plain);

        if (game_play(&plain, c, board_point_at(&plain.board, i), NULL))
            continue;
        ck_assert_int_eq(game_play(to, c, board_point_at(&to->board, turned), &e), 0);
    }
    game_release(&plain);
}

/* What is seen when the side to move is asked about. */
static struct policy_position *look_at(const struct game *game, int views, double cover)
{
    struct policy_question q = { game, game_to_move(game), views, cover };

    ck_assert_msg(!policy_look(policy, &q, 1, &e), "%s", e.msg);
    return policy->position;
}

/* p (moves): how likely each move is. */
static void look(const struct game *game, int views, double *p)
{
    const struct policy_position *q = look_at(game, views, 0.9);
    int moves = policy->w * policy->h + 1;

    memset(p, 0, (size_t)moves * sizeof *p);
    for (int i = 0; i < q->n; i++)
        if (q->choice[i].move >= 0)
            p[q->choice[i].move] += q->choice[i].p;
}

START_TEST(a_view_is_the_turned_board)
{
    double view[BOARD_AREA + 1], turned[BOARD_AREA + 1];
    int area = policy->w * policy->h;
    struct game other;

    ck_assert_int_eq(game_init(&other, policy->w, policy->h, 7, &e), 0);
    play_some(&g, 25, 5, 0);
    play_some(&other, 25, 5, _i);
    look(&g, -_i, view);
    look(&other, 0, turned);
    for (int i = 0; i <= area; i++)
        ck_assert_double_eq_tol(view[i], turned[symmetry_move(_i, policy->w, policy->h, i)],
                                1e-4);
    game_release(&other);
}
END_TEST

START_TEST(all_views_together_know_no_direction)
{
    double p[BOARD_AREA + 1];
    int area = policy->w * policy->h;

    look(&g, POLICY_VIEWS, p); /* the empty board */
    for (int s = 1; s < N_SYMMETRIES; s++)
        for (int i = 0; i < area; i++)
            ck_assert_double_eq_tol(p[i], p[symmetry_index(s, policy->w, policy->h, i)], 1e-4);
}
END_TEST

START_TEST(choices_are_different_moves_the_likeliest_first)
{
    bool seen[BOARD_AREA + 1] = { false };
    const struct policy_position *q;
    double sum = 0;

    play_some(&g, 30, 9, 0);
    q = look_at(&g, POLICY_VIEWS, 0.95);
    ck_assert_int_gt(q->n, 1);
    for (int i = 0; i < q->n; i++) {
        const struct policy_choice *c = &q->choice[i];

        sum += c->p;
        ck_assert(i == 0 || c->p <= c[-1].p);
        ck_assert(c->move >= -1 && c->move <= policy->w * policy->h);
        if (c->move < 0)
            continue;
        ck_assert(!seen[c->move]);
        seen[c->move] = true;
        if (c->move < policy->w * policy->h)
            ck_assert_int_eq(c->legal, game_legality(&g, game_to_move(&g),
                             board_point_at(&g.board, c->move)) == LEGAL);
    }
    ck_assert(sum > 0.5 && sum < 1 + 1e-6);
}
END_TEST

START_TEST(what_is_imagined_is_the_choice)
{
    static const int views[] = { 0, 1, POLICY_VIEWS };
    int same = 0, legal = 0, all = 0;

    for (int n = 0; n < 40; n += 2, all++) {
        struct policy_position *q;

        ck_assert_int_eq(game_clear(&g, policy->w, policy->h, &e), 0);
        play_some(&g, n, 100 + (uint64_t)n, 0);
        q = look_at(&g, views[_i], 0.8);
        ck_assert_int_eq(policy_imagine(policy, q, 0, 0, &e), 0);
        same += q->frame.move == q->choice[0].move;
        legal += q->frame.legal;
        ck_assert(q->frame.passes >= 1 && q->frame.passes <= policy->m.S);
        ck_assert(q->frame.votes >= 1 && q->frame.votes <= q->frame.voters);
        ck_assert_int_le(q->frame.voters, 2 * q->views);
    }
    ck_assert_int_ge(same, all - 2);
    ck_assert_int_ge(legal, all - 2);
}
END_TEST

/* Makes all drafts of q wrong in a corner, so that all views are asked. */
static void spoil(const struct policy_position *q)
{
    int S = policy->m.S;

    for (int i = q->first_guess; i < q->first_guess + q->n_guesses; i++)
        policy->drafts[i * S + S - 1] = policy->drafts[i * S]; /* the corners differ */
}

/* Wrong drafts are outvoted: with all of them spoiled the frames still agree. */
START_TEST(views_vote_where_the_draft_is_doubted)
{
    int legal = 0, all = 0;

    for (int n = 2; n < 22; n += 2, all++) {
        struct policy_position *q;

        ck_assert_int_eq(game_clear(&g, policy->w, policy->h, &e), 0);
        play_some(&g, n, 300 + (uint64_t)n, 0);
        q = look_at(&g, POLICY_VIEWS, 0.8);
        spoil(q);
        ck_assert_int_eq(policy_imagine(policy, q, 0, 0, &e), 0);
        ck_assert_int_gt(q->frame.voters, 2);
        ck_assert_int_ge(q->frame.votes, q->frame.voters / 2);
        legal += q->frame.legal && q->frame.move == q->choice[0].move;
    }
    ck_assert_int_ge(legal, all - 1);
}
END_TEST

static void same(const struct policy_position *a, const struct policy_position *b, bool imagined)
{
    ck_assert_int_eq(a->n, b->n);
    for (int i = 0; i < a->n; i++) {
        ck_assert_int_eq(a->choice[i].move, b->choice[i].move);
        ck_assert_int_eq(a->choice[i].legal, b->choice[i].legal);
        ck_assert_double_eq_tol(a->choice[i].p, b->choice[i].p, 1e-5);
    }
    if (!imagined)
        return;
    ck_assert_int_eq(a->frame.view, b->frame.view);
    ck_assert_int_eq(a->frame.move, b->frame.move);
    ck_assert_int_eq(a->frame.legal, b->frame.legal);
    ck_assert_int_eq(a->frame.votes, b->frame.votes);
    ck_assert_int_eq(a->frame.voters, b->frame.voters);
    ck_assert_mem_eq(&a->frame.reading.cells, &b->frame.reading.cells, sizeof a->frame.reading.cells);
    ck_assert_mem_eq(a->frame.codes, b->frame.codes,
                     (size_t)policy->m.w.config.horizon * sizeof *a->frame.codes);
}

/* Positions of all kinds at once, one not imagined, one with drafts in doubt: each is seen, and
   its frame imagined, as if it were alone. */
START_TEST(many_together_are_as_each_alone)
{
    static const int views[TOGETHER] = { POLICY_VIEWS, 1, -3, 5, POLICY_VIEWS };
    static const int choice[TOGETHER] = { 0, 0, 1, -1, 0 };
    struct policy_position together[TOGETHER];
    struct policy_question q[TOGETHER];
    struct game game[TOGETHER];

    for (int i = 0; i < TOGETHER; i++) {
        ck_assert_int_eq(game_init(&game[i], policy->w, policy->h, 7, &e), 0);
        play_some(&game[i], 7 * i + 5, 50 + (uint64_t)i, 0);
        q[i] = (struct policy_question){ &game[i], game_to_move(&game[i]), views[i], 0.9 };
    }
    ck_assert_msg(!policy_look(policy, q, TOGETHER, &e), "%s", e.msg);
    spoil(&policy->position[TOGETHER - 1]);
    ck_assert_msg(!policy_imagine_all(policy, choice, TOGETHER, &e), "%s", e.msg);
    memcpy(together, policy->position, sizeof together);
    ck_assert_int_gt(together[TOGETHER - 1].frame.voters, 2);
    for (int i = 0; i < TOGETHER; i++) {
        struct policy_position *alone = look_at(&game[i], views[i], 0.9);

        if (i == TOGETHER - 1)
            spoil(alone);
        if (choice[i] >= 0)
            ck_assert_int_eq(policy_imagine(policy, alone, choice[i], 0, &e), 0);
        same(&together[i], alone, choice[i] >= 0);
        game_release(&game[i]);
    }
    ck_assert_int_eq(policy_look(policy, q, TOGETHER + 1, &e), -1);
    ck_assert_str_eq(e.msg, "6 positions at a time are not 1 to 5");
}
END_TEST

START_TEST(another_size_is_refused)
{
    struct policy_question q = { .color = BLACK, .views = 1, .cover = 0.9 };
    struct game small;

    ck_assert_int_eq(game_init(&small, 7, 9, 7, &e), 0);
    q.game = &small;
    ck_assert_int_eq(policy_look(policy, &q, 1, &e), -1);
    ck_assert_str_eq(e.msg, "the model knows boards of 9x9, not of 7x9");
    game_release(&small);
}
END_TEST

START_TEST(what_cannot_be_opened_is_told)
{
    struct policy_options none = { .weights = "/nowhere" }, mixed = { .world = NULL };
    char folder[4096], tokenizer[5000];

    ck_assert_ptr_null(policy_open(&none, &e));
    ck_assert_str_eq(e.msg, "cannot open '/nowhere/go9-tokenizer.safetensors': "
                            "No such file or directory");
    err_init(&e);
    ck_assert_int_eq(policy_weights(folder, sizeof folder, &e), 0);
    snprintf(tokenizer, sizeof tokenizer, "%s/go9-tokenizer.safetensors", folder);
    mixed.ldm = tokenizer;
    mixed.device = "cpu";
    ck_assert_ptr_null(policy_open(&mixed, &e));
    ck_assert_msg(strstr(e.msg, "ldm") || strstr(e.msg, "LDM"), "%s", e.msg);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("policy");
    TCase *tc = tap_case(s, "policy");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_view_is_the_turned_board, 0, N_SYMMETRIES);
    tcase_add_test(tc, all_views_together_know_no_direction);
    tcase_add_test(tc, choices_are_different_moves_the_likeliest_first);
    tcase_add_loop_test(tc, what_is_imagined_is_the_choice, 0, 3);
    tcase_add_test(tc, views_vote_where_the_draft_is_doubted);
    tcase_add_test(tc, many_together_are_as_each_alone);
    tcase_add_test(tc, another_size_is_refused);
    tcase_add_test(tc, what_cannot_be_opened_is_told);
    return tap_run(s);
}
