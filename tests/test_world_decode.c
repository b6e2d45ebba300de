/* The world model inferring: the same numbers as at once, drafts, changes, refusals. */
#include <string.h>

#include "model/world.h"
#include "tests/tap.h"
#include "tests/world_kit.h"

enum { N = KIT_N };

static struct err e;
static struct device *d;

static void setup(void)
{
    err_init(&e);
    d = kit_device();
}

static void teardown(void)
{
    device_close(d);
}

/* What the model says of the sample, computed at once: probabilities (Q, N, K). */
static void forward_codes(struct world *w, const struct kit_sample *s, float *p)
{
    world_upload(w, s->from, s->code, w->config.target == WORLD_STATE ? NULL : s->next, N);
    world_forward(w, N);
    if (w->Q)
        d->ops->softmax(d, p, w->logits, w->Q * N, w->config.codes, 1);
}

START_TEST(decoding_equals_forward)
{
    struct world_config c = kit_config((enum world_target)_i);
    float want[KIT_H * N * KIT_K] = { 0 }, got[KIT_H * N * KIT_K] = { 0 };
    struct world w, decoder;
    struct kit_sample s;

    kit_world(&w, &c, d, N, PARAMS_TRAIN, true);
    kit_world(&decoder, &c, d, N + 2, 0, true);
    s = kit_sample(&w);
    forward_codes(&w, &s, want);
    kit_tell_codes(&decoder, &s, got);
    kit_near(want, got, KIT_H * N * KIT_K, "probabilities");
    if (c.target != WORLD_STATE) {
        ck_assert_int_eq(world_frame(&decoder, NULL, NULL, s.next, NULL, &e), 0);
        forward_codes(&w, &s, want);
        d->ops->argmax(d, w.best, w.tokens, N * KIT_S, KIT_V);
        ck_assert_mem_eq(w.best, s.next, sizeof s.next);
    }
    world_free(&w);
    world_free(&decoder);
}
END_TEST

START_TEST(a_board_does_not_hang_on_the_others)
{
    struct world_config c = kit_config(WORLD_LDM);
    float all[KIT_H * N * KIT_K], alone[KIT_K];
    int frames[N * KIT_S], frame[KIT_S];
    struct kit_sample s;
    struct world w;

    kit_world(&w, &c, d, N, 0, true);
    s = kit_sample(&w);
    kit_tell_codes(&w, &s, all);
    ck_assert_int_eq(world_frame(&w, s.next, NULL, frames, NULL, &e), 0);
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(world_see(&w, s.from + i * KIT_S, 1, &e), 0);
        ck_assert_int_eq(world_codes(&w, alone, &e), 0);
        kit_near(alone, all + i * KIT_K, KIT_K, "first");
        ck_assert_int_eq(world_next_code(&w, &s.code[i * KIT_H], alone, &e), 0);
        kit_near(alone, all + (N + i) * KIT_K, KIT_K, "second");
        ck_assert_int_eq(world_next_code(&w, &s.code[i * KIT_H + 1], NULL, &e), 0);
        ck_assert_int_eq(world_frame(&w, NULL, NULL, frame, NULL, &e), 0);
        ck_assert_mem_eq(frame, frames + i * KIT_S, sizeof frame);
    }
    world_free(&w);
}
END_TEST

START_TEST(codes_can_be_taken_back)
{
    struct world_config c = kit_config(WORLD_LDM);
    float first[N * KIT_K], again[N * KIT_K], p[KIT_H * N * KIT_K];
    int frame[N * KIT_S], other[N * KIT_S];
    struct kit_sample s;
    struct world w;

    kit_world(&w, &c, d, N, 0, true);
    s = kit_sample(&w);
    kit_tell_codes(&w, &s, p);
    ck_assert_int_eq(world_frame(&w, NULL, NULL, frame, NULL, &e), 0);
    world_back(&w, 0);
    ck_assert_int_eq(world_next_code(&w, s.code, first, &e), 0);
    ck_assert_int_eq(world_next_code(&w, s.code + 3, NULL, &e), 0);
    ck_assert_int_eq(world_frame(&w, NULL, NULL, other, NULL, &e), 0);
    world_back(&w, 0);
    for (int i = 0; i < N; i++)
        other[i] = s.code[i * KIT_H];
    ck_assert_int_eq(world_next_code(&w, other, again, &e), 0);
    kit_near(again, p + N * KIT_K, N * KIT_K, "after going back");
    for (int i = 0; i < N; i++)
        other[i] = s.code[i * KIT_H + 1];
    ck_assert_int_eq(world_next_code(&w, other, NULL, &e), 0);
    ck_assert_int_eq(world_frame(&w, NULL, NULL, other, NULL, &e), 0);
    ck_assert_mem_eq(other, frame, sizeof frame);
    world_free(&w);
}
END_TEST

/* --- drafts --- */

START_TEST(a_frame_is_the_same_for_any_draft)
{
    struct world_config c = kit_config(_i % 2 ? WORLD_VIDEO : WORLD_LDM);
    int plain[N * KIT_S], draft[N * KIT_S], got[N * KIT_S], passes, varied = 0;
    float p[KIT_H * N * KIT_K];
    struct kit_sample s;
    struct world w;

    kit_world(&w, &c, d, N, 0, true);
    s = kit_sample(&w);
    kit_numbers(s.from, N * KIT_S, KIT_V, 100 + (uint64_t)_i);
    kit_tell_codes(&w, &s, p);
    ck_assert_int_eq(world_frame(&w, NULL, NULL, plain, &passes, &e), 0);
    ck_assert_int_eq(passes, KIT_S);
    ck_assert_int_eq(world_frame(&w, plain, NULL, got, &passes, &e), 0);
    ck_assert_mem_eq(got, plain, sizeof got);
    ck_assert_int_eq(passes, 1);
    for (int round = 0; round < N * KIT_S; round++) {
        memcpy(draft, plain, sizeof draft);
        if (round < 10)
            kit_numbers(draft, N * KIT_S, KIT_V, (uint64_t)round);
        else
            draft[round] = (draft[round] + 1) % KIT_V;
        ck_assert_int_eq(world_frame(&w, draft, NULL, got, &passes, &e), 0);
        ck_assert_mem_eq(got, plain, sizeof got);
        ck_assert(passes >= 1 && passes <= KIT_S);
        if (round == N * KIT_S - 1) /* the last cell of all, which no other is told after */
            ck_assert_int_eq(passes, 1);
        varied += passes > 1;
    }
    ck_assert_int_gt(varied, 5);
    world_free(&w);
}
END_TEST

/* p (S): how likely the token in each cell of next is after those before it. */
static void forward_odds(struct world *w, const int *from, const int *next, float *p)
{
    float odds[KIT_S * KIT_V];

    world_upload(w, from, NULL, next, 1);
    world_forward(w, 1);
    d->ops->softmax(d, odds, w->tokens, KIT_S, KIT_V, 1);
    for (int s = 0; s < KIT_S; s++)
        p[s] = odds[s * KIT_V + next[s]];
}

/* Against the probability of each frame that differs there, and in all of a cell's tokens. */
START_TEST(changes_are_told_as_the_product_of_what_comes_before)
{
    struct world_config c = kit_config(WORLD_VIDEO);
    float p[N * (KIT_S + 1)], odds[KIT_S];
    int token[N * KIT_S], next[KIT_S], frame[N * KIT_S];
    struct world w, whole;
    struct kit_sample s;

    kit_world(&whole, &c, d, N, PARAMS_TRAIN, true);
    kit_world(&w, &c, d, N, 0, true);
    s = kit_sample(&w);
    ck_assert_int_eq(world_see(&w, s.from, N, &e), 0);
    ck_assert_msg(!world_changes(&w, s.next, p, token, &e), "%s", e.msg);
    for (int i = 0; i < N; i++)
        for (int k = 0; k <= KIT_S; k++) { /* the first k cells as they are */
            const int *still = s.next + i * KIT_S;
            float same = 1, most = 0;
            int best = -1;

            memcpy(next, still, sizeof next);
            forward_odds(&whole, s.from + i * KIT_S, next, odds);
            for (int j = 0; j < k; j++)
                same *= odds[j];
            for (int v = 0; v < KIT_V && k < KIT_S; v++) {
                next[k] = v;
                forward_odds(&whole, s.from + i * KIT_S, next, odds);
                if (v != still[k] && odds[k] > most) {
                    most = odds[k];
                    best = v;
                }
            }
            ck_assert_float_eq_tol(p[i * (KIT_S + 1) + k], k < KIT_S ? same * most : same, 1e-5f);
            ck_assert(k == KIT_S || token[i * KIT_S + k] == best);
        }
    /* and frames are written as ever after that */
    ck_assert_int_eq(world_frame(&w, s.next, NULL, frame, NULL, &e), 0);
    world_free(&w);
    world_free(&whole);
}
END_TEST

START_TEST(what_is_given_is_not_corrected)
{
    struct world_config c = kit_config(WORLD_VIDEO);
    int given[N] = { 2, 0, KIT_S }, plain[N * KIT_S], got[N * KIT_S], again[N * KIT_S];
    struct kit_sample s;
    struct world w;

    kit_world(&w, &c, d, N, 0, true);
    s = kit_sample(&w);
    ck_assert_int_eq(world_see(&w, s.from, N, &e), 0);
    ck_assert_int_eq(world_frame(&w, NULL, NULL, plain, NULL, &e), 0);
    for (int i = 0; i < N * KIT_S; i++)
        s.next[i] = (plain[i] + 1) % KIT_V; /* wrong everywhere */
    ck_assert_int_eq(world_frame(&w, s.next, given, got, NULL, &e), 0);
    for (int i = 0; i < N; i++)
        ck_assert_mem_eq(got + i * KIT_S, s.next + i * KIT_S,
                         (size_t)given[i] * sizeof *got);
    ck_assert_mem_eq(got + KIT_S, plain + KIT_S, KIT_S * sizeof *got); /* none given */
    /* what is written behind does not hang on the draft there */
    memcpy(again, got, sizeof again);
    again[KIT_S - 1] = (again[KIT_S - 1] + 1) % KIT_V;
    ck_assert_int_eq(world_frame(&w, again, given, again, NULL, &e), 0);
    ck_assert_mem_eq(again, got, sizeof got);
    ck_assert_int_eq(world_frame(&w, got, NULL, again, NULL, &e), 0);
    ck_assert_mem_eq(again, plain, sizeof plain);
    given[0] = KIT_S + 1;
    ck_assert_int_eq(world_frame(&w, s.next, given, got, NULL, &e), -1);
    world_free(&w);
}
END_TEST

START_TEST(calls_out_of_order_and_numbers_out_of_range_are_refused)
{
    struct world_config c = kit_config(WORLD_LDM);
    float p[N * KIT_K];
    int bad[N] = { 0, KIT_K, 0 }, frame[N * KIT_S];
    struct kit_sample s;
    struct world w;

    kit_world(&w, &c, d, N, 0, true);
    s = kit_sample(&w);
    ck_assert_int_eq(world_codes(&w, p, &e), -1);
    ck_assert_int_eq(world_next_code(&w, s.code, p, &e), -1);
    ck_assert_int_eq(world_frame(&w, NULL, NULL, frame, NULL, &e), -1);
    ck_assert_int_eq(world_see(&w, s.from, 0, &e), -1);
    ck_assert_int_eq(world_see(&w, s.from, N + 1, &e), -1);
    s.from[5] = KIT_V;
    ck_assert_int_eq(world_see(&w, s.from, N, &e), -1);
    s.from[5] = -1;
    ck_assert_int_eq(world_see(&w, s.from, N, &e), -1);
    s.from[5] = 0;
    ck_assert_int_eq(world_see(&w, s.from, N, &e), 0);
    ck_assert_int_eq(world_next_code(&w, bad, p, &e), -1);
    ck_assert_int_eq(world_frame(&w, NULL, NULL, frame, NULL, &e), -1);
    ck_assert_int_eq(world_next_code(&w, s.code, p, &e), 0);
    ck_assert_int_eq(world_codes(&w, p, &e), -1);
    ck_assert_int_eq(world_next_code(&w, s.code, p, &e), -1); /* nothing follows the last */
    ck_assert_int_eq(world_next_code(&w, s.code, NULL, &e), 0);
    ck_assert_int_eq(world_next_code(&w, s.code, NULL, &e), -1);
    s.next[2] = KIT_V;
    ck_assert_int_eq(world_frame(&w, s.next, NULL, frame, NULL, &e), -1);
    ck_assert_int_eq(world_frame(&w, NULL, NULL, frame, NULL, &e), 0);
    world_free(&w);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("world_decode");
    TCase *c = tcase_create("world_decode");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, decoding_equals_forward, 0, 3);
    tcase_add_test(c, a_board_does_not_hang_on_the_others);
    tcase_add_test(c, codes_can_be_taken_back);
    tcase_add_loop_test(c, a_frame_is_the_same_for_any_draft, 0, 6);
    tcase_add_test(c, changes_are_told_as_the_product_of_what_comes_before);
    tcase_add_test(c, what_is_given_is_not_corrected);
    tcase_add_test(c, calls_out_of_order_and_numbers_out_of_range_are_refused);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return tap_run(suite());
}
