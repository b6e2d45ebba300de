/*
 * The number of legal positions, found through the rules.
 *
 * Points are gone through in order; each is left empty or gets a stone of
 * either colour by a legal move that takes nothing.  Any part of a legal
 * position is legal itself (a chain of the part is a whole chain with its
 * liberty, or misses a stone, and there it has one), so each legal position is
 * reached in just one way and nothing else is.  The numbers for square boards
 * are those of Tromp and Farnebäck, Combinatorics of Go (2007).
 */
#include "engine/board.h"

#include <stdio.h>

#include "tests/slowgo.h"
#include "tests/tap.h"

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#if defined SANITIZED || defined __SANITIZE_ADDRESS__ || !defined __OPTIMIZE__
enum { IS_SLOW = 1 };
#else
enum { IS_SLOW = 0 };
#endif

/* Positions that agree with b on the first `index` points and are empty there after. */
static long count(const struct board *b, int index)
{
    int p = board_point_at(b, index);
    bool is_last = index + 1 == b->w * b->h;
    long n = is_last ? 1 : count(b, index + 1);

    for (int i = BLACK; i <= WHITE; i++) {
        enum color c = (enum color)i;
        struct board next;

        if (board_legality(b, c, p) != LEGAL)
            continue;
        if (board_hash_after(b, c, p) != (b->hash ^ board_key(b, c, p)))
            continue; /* it takes something */
        if (is_last) {
            n++;
            continue;
        }
        board_copy(&next, b);
        if (board_play(&next, c, p)) /* an assertion here would take most of the time */
            ck_abort_msg("a stone is taken that board_hash_after leaves");
        n += count(&next, index + 1);
    }
    return n;
}

static long count_size(int w, int h)
{
    struct board b;

    board_init(&b, w, h);
    return count(&b, 0);
}

/* The same by trying all 3^(w*h) colourings. */
static long count_slowly(int w, int h)
{
    struct slow g = { .w = w, .h = h };
    long n = 0;
    int i;

    do {
        n += slow_valid(&g);
        for (i = 0; i < w * h && g.s[i] == 2; i++)
            g.s[i] = 0;
        if (i < w * h)
            g.s[i]++;
    } while (i < w * h);
    return n;
}

START_TEST(test_square)
{
    ck_assert_int_eq(count_size(1, 1), 1);
    ck_assert_int_eq(count_size(2, 2), 57);
    ck_assert_int_eq(count_size(3, 3), 12675);
}
END_TEST

START_TEST(test_4x4)
{
    ck_assert_int_eq(count_size(4, 4), 24318165);
}
END_TEST

START_TEST(test_rectangles)
{
    for (int w = 1; w <= 10; w++)
        for (int h = 1; w * h <= (IS_SLOW ? 8 : 10); h++)
            ck_assert_int_eq(count_size(w, h), count_slowly(w, h));
}
END_TEST

START_TEST(test_3x4)
{
    long n = count_slowly(3, 4);

    ck_assert_int_eq(count_size(3, 4), n);
    ck_assert_int_eq(count_size(4, 3), n);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("count");
    TCase *c = tap_case(s, "legal positions");

    tcase_add_test(c, test_square);
    tcase_add_test(c, test_rectangles);
    if (IS_SLOW) {
        printf("# SKIP 3x4 and 4x4: too slow in this build, which is not optimised or sanitized\n");
        fflush(stdout);
    } else {
        tcase_add_test(c, test_3x4);
        tcase_add_test(c, test_4x4);
    }
    return tap_run(s);
}
