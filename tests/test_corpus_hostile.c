/* corpus: hostile files. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "engine/corpus.h"
#include "engine/rng.h"
#include "tests/corpus_kit.h"
#include "tests/tap.h"

static struct err e;
static struct corpus c;

static void setup(void)
{
    err_init(&e);
}

/* Two games; with some luck of one part. */
static uint8_t *two_games(size_t *len)
{
    struct corpus_builder b;
    uint8_t *bytes;

    corpus_builder_init(&b);
    kit_add(&b, "(;SZ[9];B[aa];W[bb])(;SZ[9];B[bb];W[cc];B[ef])");
    bytes = kit_bytes(&b, len);
    corpus_builder_release(&b);
    return bytes;
}

static uint8_t *copy(const uint8_t *from, size_t len)
{
    uint8_t *to = malloc(len ? len : 1);

    memcpy(to, from, len);
    return to;
}

static void fix_crc(uint8_t *bytes, size_t len)
{
    uLong crc = crc32_z(crc32_z(0, NULL, 0), bytes, len - 4);

    for (int i = 0; i < 4; i++, crc >>= 8)
        bytes[len - 4 + (size_t)i] = (uint8_t)crc;
}

START_TEST(refuses_each_truncation_and_addition)
{
    size_t len;
    uint8_t *bytes = two_games(&len);

    for (size_t n = 0; n < len; n++) {
        err_init(&e);
        ck_assert_int_eq(corpus_parse(&c, "t", copy(bytes, n), n, &e), -1);
        ck_assert_msg(!strncmp(e.msg, "'t' ", 4), "%s", e.msg);
        if (n < 30)
            continue;
        fix_crc(bytes, n); /* and a tail that fits */
        err_init(&e);
        ck_assert_int_eq(corpus_parse(&c, "t", copy(bytes, n), n, &e), -1);
        free(bytes);
        bytes = two_games(&len);
    }
    bytes = realloc(bytes, len + 1);
    bytes[len] = 0;
    ck_assert_int_eq(corpus_parse(&c, "t", bytes, len + 1, &e), -1);
}
END_TEST

START_TEST(refuses_each_changed_byte)
{
    size_t len;
    uint8_t *bytes = two_games(&len);

    for (size_t i = 0; i < len; i++)
        for (int bit = 0; bit < 8; bit++) {
            uint8_t *bad = copy(bytes, len);

            bad[i] ^= (uint8_t)(1 << bit);
            if (corpus_parse(&c, "t", bad, len, &e) != -1)
                ck_abort_msg("byte %zu bit %d", i, bit);
        }
    free(bytes);
}
END_TEST

/* A byte changed and the CRC made right. */
static const struct {
    size_t at;
    uint8_t value;
    const char *message;
} changes[] = {
    { 0, 'X', "'t' is no corpus file" },
    { 8, 3, "'t' is of version 3, but only 1 to 2 are known" },
    { 12, 1, "'t': bytes behind the last game" },
    { 12, 3, "'t' cannot hold 3 games" },
    { 12, 200, "'t' cannot hold 200 games" },
    { 15, 200, "'t' cannot hold 3355443202 games" },
    { 16, 0, "'t' holds 42 bytes of games where its head says 0" },
    { 23, 1, "'t' holds 42 bytes of games where its head says 72057594037927978" },
    { 24, N_CORPUS_RESULTS, "'t': game 0 has a wrong head" },
    { 25, 1, "'t': game 0 has a wrong head" },
    { 26, 0, "'t': game 0 has a wrong head" },
    { 26, 1, "'t': game 0 has a wrong head" },
    { 26, 26, "'t': game 0 has a wrong head" },
    { 27, 255, "'t': game 0 has a wrong head" },
    { 28, 0, "'t': game 0 has a wrong head" },
    { 28, 200, "'t': game 0 is cut off" },
    { 31, 127, "'t': game 0 has a wrong head" },
    { 31, 255, "'t': game 0 has a wrong head" },
    { 40, 82, "'t': game 0 has an illegal move at ply 0" },
    { 41, 82, "'t': game 0 has an illegal move at ply 0" },
    { 41, 0x80, "'t': game 0 has an illegal move at ply 0" },
};

START_TEST(refuses_wrong_values)
{
    size_t len;
    uint8_t *bytes = two_games(&len);

    ck_assert_uint_eq(len, 28 + 2 * 16 + 10);
    bytes[changes[_i].at] = changes[_i].value;
    fix_crc(bytes, len);
    ck_assert_int_eq(corpus_parse(&c, "t", bytes, len, &e), -1);
    ck_assert_str_eq(e.msg, changes[_i].message);
}
END_TEST

/* Of the game of kit_policies, whose policies begin at byte 44. */
static const struct {
    size_t at;
    uint8_t value;
    const char *message;
} wrong_policies[] = {
    { 25, 5, "'t': game 0 has a wrong head" },
    { 25, 128, "'t': game 0 has a wrong head" },            /* chances and no policies */
    { 25, 6, "'t': bytes behind the last game" },           /* policies and no chances */
    { 44, 82, "'t': game 0 has a wrong policy at ply 0" },  /* no such move */
    { 44, 81, "'t': game 0 has a wrong policy at ply 0" },  /* twice the same */
    { 45, 119, "'t': game 0 has a wrong policy at ply 0" }, /* less than what follows */
    { 47, 0, "'t': game 0 has a wrong policy at ply 0" },   /* something behind the end */
    { 50, 3, "'t': game 0 has a wrong policy at ply 0" },
    { 49, 19, "'t': game 0 has a wrong policy at ply 0" },  /* more than a whole */
    { 56, 0, "'t': game 0 has a wrong policy at ply 1" },   /* occupied */
};

START_TEST(refuses_wrong_policies)
{
    struct corpus_builder b;
    uint8_t *bytes;
    size_t len;

    kit_policies(&b, 9);
    bytes = kit_bytes(&b, &len);
    corpus_builder_release(&b);
    ck_assert_uint_eq(len, 28 + 16 + 2 * (2 + 2 * CORPUS_PRIORS + 1));
    bytes[wrong_policies[_i].at] = wrong_policies[_i].value;
    fix_crc(bytes, len);
    ck_assert_int_eq(corpus_parse(&c, "t", bytes, len, &e), -1);
    ck_assert_str_eq(e.msg, wrong_policies[_i].message);
}
END_TEST

START_TEST(refuses_a_komi_that_is_no_number)
{
    double komis[] = { (double)NAN, (double)INFINITY };
    size_t len;
    uint8_t *bytes = two_games(&len);

    memcpy(bytes + 32, &komis[_i], 8);
    fix_crc(bytes, len);
    ck_assert_int_eq(corpus_parse(&c, "t", bytes, len, &e), -1);
    ck_assert_str_eq(e.msg, "'t': game 0 has a wrong head");
}
END_TEST

/* Games swapped, or one twice. */
START_TEST(refuses_disorder)
{
    size_t len, second;
    uint8_t *bytes = two_games(&len), *bad = copy(bytes, len);
    size_t one = 16 + 2 * 2, other = 16 + 2 * 3;
    bool short_first = bytes[28] == 2;

    second = 24 + (short_first ? one : other);
    memcpy(bad + 24, bytes + second, len - 4 - second);
    memcpy(bad + 24 + (len - 4 - second), bytes + 24, second - 24);
    fix_crc(bad, len);
    ck_assert_int_eq(corpus_parse(&c, "t", bad, len, &e), -1);
    ck_assert_str_eq(e.msg, "'t': game 1 is out of order or there twice");
    free(bytes);
}
END_TEST

/* Plays a game through and reads its policies and chances. */
static void read_all(const struct corpus_game *g)
{
    struct corpus_prior list[CORPUS_PRIORS];
    static struct board b;

    for (int ply = 0; ply < g->n; ply++) {
        int n = corpus_policy(g, ply, list), chance = corpus_chance(g, ply);

        ck_assert(chance >= 0 && chance <= CORPUS_WON);
        corpus_replay(g, ply, &b);
        ck_assert(corpus_policy_holds(&b, corpus_color(g, ply), list, n));
    }
    corpus_replay(g, g->n, &b);
}

/* Whatever bytes change: refused, or a corpus all of whose positions can be replayed. */
START_TEST(mutations_do_no_harm)
{
    size_t len, taken = 0;
    struct corpus_builder games;
    uint8_t *bytes;
    struct rng r;

    if (_i) {
        kit_policies(&games, 9);
        bytes = kit_bytes(&games, &len);
        corpus_builder_release(&games);
    } else {
        bytes = two_games(&len);
    }
    rng_init(&r, 1);
    for (int round = 0; round < 20000; round++) {
        uint8_t *bad = copy(bytes, len);

        for (uint32_t k = rng_below(&r, 3) + 1; k > 0; k--)
            bad[12 + rng_below(&r, (uint32_t)len - 16)] =
                (uint8_t)(rng_below(&r, 2) ? rng_below(&r, 256) : rng_below(&r, 12));
        fix_crc(bad, len);
        if (corpus_parse(&c, "t", bad, len, &e))
            continue;
        taken++;
        for (size_t i = 0; i < c.n_games; i++) {
            struct corpus_game g = corpus_game(&c, i);

            read_all(&g);
        }
        corpus_release(&c);
    }
    ck_assert_uint_gt(taken, 500);
    free(bytes);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

int main(void)
{
    Suite *s = suite_create("corpus_hostile");
    TCase *tc = tap_case(s, "files");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, refuses_each_truncation_and_addition);
    tcase_add_test(tc, refuses_each_changed_byte);
    tcase_add_loop_test(tc, refuses_wrong_values, 0, N(changes));
    tcase_add_loop_test(tc, refuses_a_komi_that_is_no_number, 0, 2);
    tcase_add_test(tc, refuses_disorder);
    tcase_add_loop_test(tc, mutations_do_no_harm, 0, 2);
    tcase_add_loop_test(tc, refuses_wrong_policies, 0, N(wrong_policies));
    return tap_run(s);
}
