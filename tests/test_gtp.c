/* The protocol layer: preprocessing, ids, framing, long lines, the log. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/gtp_toys.h"
#include "tests/tap.h"

/* What a session answers to these bytes; the caller frees. */
static char *answer(const char *in, size_t n)
{
    struct gtp *g = toy_session(-1, -1);
    char *out;

    ck_assert_int_eq(gtp_feed(g, in, n, NULL), 0);
    ck_assert_int_eq(gtp_serve(g, NULL), 0);
    out = strdup(gtp_output(g, NULL));
    gtp_free(g);
    return out;
}

static void check(const char *in, size_t n, const char *want)
{
    char *got = answer(in, n);

    ck_assert_str_eq(got, want);
    free(got);
}

/* --- framing and preprocessing --------------------------------------------------- */

static const struct {
    const char *in, *out;
} exchanges[] = {
    { "protocol_version\n", "= 2\n\n" },
    { "7 protocol_version\n", "=7 2\n\n" },
    { "8 castle e4 # hm\n", "?8 unknown command\n\n" },
    { "Protocol_version\n", "? unknown command\n\n" },
    { "echo\n", "=\n\n" },
    { "3 echo\n", "=3\n\n" },
    { "echo a  b\tc \n", "= a|b|c\n\n" },
    { "\t echo a\n", "= a\n\n" },
    { "007 echo a\n", "=007 a\n\n" },
    { "123456789012345678901234567890 echo a\n", "=123456789012345678901234567890 a\n\n" },
    { "12echo a\n", "=12 a\n\n" },
    { "12\n", "?12 unknown command\n\n" },
    { "-1 echo a\n", "? unknown command\n\n" },
    { "rest a b  c   d # e\n", "= [b  c   d][][]\n\n" },
    { "fail\n", "? it failed\n\n" },
    { "5 fail\n", "?5 it failed\n\n" },
    { "untidy\n", "=\n a b\n  c\n\n" },
    { "4 untidy\n", "=4\n a b\n  c\n\n" },
    /* blank lines, comments */
    { "\n\n  \n\t\n# echo a\n  # b\n1 echo c#d\n", "=1 c\n\n" },
    { "# interrupt\n1 echo c\n", "=1 c\n\n" },
    /* CR LF and other control characters */
    { "echo a\r\n\r\n2 echo b\r\n", "= a\n\n=2 b\n\n" },
    { "e\x01" "ch\x1bo a\x7f\n", "= a\n\n" },
    { "\r1\r2 echo a\n", "=12 a\n\n" },
    /* what is not ASCII is passed on */
    { "echo \xc3\xa9 \xff\n", "= \xc3\xa9|\xff\n\n" },
    /* the end of input in mid-line */
    { "1 echo a\n2 echo b", "=1 a\n\n=2 b\n\n" },
    { "1 echo a\n  # b", "=1 a\n\n" },
    { "", "" },
    /* known_command */
    { "known_command quit\n", "= true\n\n" },
    { "known_command echo\n", "= true\n\n" },
    { "known_command castle\n", "= false\n\n" },
    { "known_command\n", "= false\n\n" },
    { "1 quit\n2 echo a\n", "=1\n\n" },
    { "list_commands\n",
      "= protocol_version\nknown_command\nlist_commands\nquit\necho\nrest\nsize\nfail\nuntidy\n"
      "stream\nwork\nlate\n\n" },
    /* answers as it goes */
    { "9 stream\n", "=9\ntick\n\n" },
    { "9 stream\n\n1 echo\n", "=9\ntick\n\n=1\n\n" },
    { "9 late\n1 echo\n", "=9\n\n=1\n\n" },
    /* "# interrupt" counts when nothing but blank lines and comments is before it */
    { "work\n", "= done\n\n" },
    { "work\n# interrupt\n", "= interrupted\n\n" },
    { "work\n\n# no\n  #  interrupt \r\n1 echo\n", "= interrupted\n\n=1\n\n" },
    { "work\n1 echo\n# interrupt\n", "= done\n\n=1\n\n" },
    { "work\n# interrupted\n", "= done\n\n" },
    { "work\n# interrupt", "= done\n\n" }, /* a line ends with its newline */
};

START_TEST(exchange)
{
    check(exchanges[_i].in, strlen(exchanges[_i].in), exchanges[_i].out);
}
END_TEST

START_TEST(nul_bytes_are_dropped)
{
    static const char in[] = "\0" "1\0" "2 e\0cho a\0b\0\n\0\n3 echo\0";

    check(in, sizeof in - 1, "=12 ab\n\n=3\n\n");
}
END_TEST

/* --- long input ------------------------------------------------------------------ */

/* "id command", then n bytes of c, then tail. */
static char *long_line(const char *head, char c, size_t n, const char *tail, size_t *len)
{
    size_t h = strlen(head), t = strlen(tail);
    char *s = malloc(h + n + t + 1);

    memcpy(s, head, h);
    memset(s + h, c, n);
    memcpy(s + h + n, tail, t + 1);
    *len = h + n + t;
    return s;
}

START_TEST(a_line_of_a_megabyte_works)
{
    size_t n;
    char *in = long_line("1 size ", 'x', 1 << 20, "\n2 echo a\n", &n);

    check(in, n, "=1 1 1048576\n\n=2 a\n\n");
    free(in);
}
END_TEST

START_TEST(a_megabyte_of_arguments_works)
{
    size_t n;
    char *in = long_line("1 size ", 'x', 1 << 20, "\n2 echo a\n", &n);

    for (size_t i = 8; i < 1 << 20; i += 2)
        in[i] = ' ';
    check(in, n, "=1 524285 1048576\n\n=2 a\n\n");
    free(in);
}
END_TEST

START_TEST(a_line_too_long_is_answered_and_left)
{
    size_t n;
    char *in = long_line("1 size ", 'x', LINES_MAX, "\n2 echo a\n", &n);

    check(in, n, "?1 line too long\n\n=2 a\n\n");
    free(in);
    in = long_line("# ", 'x', 3 * (size_t)LINES_MAX, "\n2 echo a\n", &n);
    check(in, n, "=2 a\n\n");
    free(in);
    in = long_line("1 size ", 'x', LINES_MAX, "", &n); /* and no end of it */
    check(in, n, "?1 line too long\n\n");
    free(in);
}
END_TEST

START_TEST(the_longest_line_works)
{
    size_t n;
    char *in = long_line("1 size ", 'x', LINES_MAX - 7, "\n2 echo a\n", &n), want[64];

    snprintf(want, sizeof want, "=1 1 %d\n\n=2 a\n\n", LINES_MAX - 7);
    check(in, n, want);
    free(in);
}
END_TEST

START_TEST(memory_is_bounded)
{
    size_t n, len;
    char *in = long_line("1 x", 'x', 12 * (size_t)LINES_MAX, "\nnext\n", &n), *line;
    struct lines l;

    lines_init(&l, toy_file(in, n));
    ck_assert_int_eq(lines_next(&l, &line, &len), LINES_LONG);
    ck_assert_uint_eq(len, LINES_HEAD);
    ck_assert(!memcmp(line, "1 xxx", 5));
    ck_assert_uint_le(l.cap, 2 * (size_t)LINES_MAX);
    ck_assert_int_eq(lines_next(&l, &line, &len), LINES_LINE);
    ck_assert_uint_eq(len, 4);
    ck_assert_int_eq(lines_next(&l, &line, &len), LINES_EOF);
    lines_release(&l);
    free(in);
}
END_TEST

/* --- the log --------------------------------------------------------------------- */

static double fake_time;

static double fake_now(void)
{
    return fake_time += 0.5;
}

START_TEST(the_log_tells_all)
{
    struct gtp *g = toy_session(-1, -1);
    static const char in[] = "1 echo a\r\n\nstream\nlate\n";
    char *text = NULL;
    size_t n;
    FILE *log = open_memstream(&text, &n);

    fake_time = 0;
    gtp_log(g, log, fake_now);
    gtp_feed(g, in, sizeof in - 1, NULL);
    ck_assert_int_eq(gtp_serve(g, NULL), 0);
    fclose(log);
    ck_assert_str_eq(text, "0.500 > 1 echo a\\x0d\n"
                           "1.000 < =1 a\n1.000 < \n"
                           "1.500 > \n"
                           "2.000 > stream\n"
                           "2.500 < =\n3.000 < tick\n3.500 < \n"
                           "4.000 > late\n4.500 < =\n5.000 # too late\n5.500 < \n");
    free(text);
    gtp_free(g);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("gtp");
    TCase *t = tap_case(s, "gtp");

    tcase_add_loop_test(t, exchange, 0, sizeof exchanges / sizeof exchanges[0]);
    tcase_add_test(t, nul_bytes_are_dropped);
    tcase_add_test(t, a_line_of_a_megabyte_works);
    tcase_add_test(t, a_megabyte_of_arguments_works);
    tcase_add_test(t, a_line_too_long_is_answered_and_left);
    tcase_add_test(t, the_longest_line_works);
    tcase_add_test(t, memory_is_bounded);
    tcase_add_test(t, the_log_tells_all);
    return tap_run(s);
}
