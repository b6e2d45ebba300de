/* match_html and what it stands on: counts, well-formed pages, right numbers, names escaped. */
#include "config.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/file.h"
#include "gtp/html.h"
#include "gtp/match_html.h"
#include "gtp/match_table.h"
#include "tests/tap.h"

/* --- a tiny tournament ------------------------------------------------------- */

static const char *const names[] = { "alpha", "<b>&\"'\xff", "gamma" };

static struct match_record game(int number, int black, int white, const char *result,
                                enum match_end end, double black_ms)
{
    struct match_record g = { .game = number, .end = end, .plies = 10 * (number + 1),
                              .black_ms = black_ms, .white_ms = 8,
                              .winner = *result == 'B' ? BLACK : *result == 'W' ? WHITE : EMPTY };

    snprintf(g.black, sizeof g.black, "%s", names[black]);
    snprintf(g.white, sizeof g.white, "%s", names[white]);
    snprintf(g.result, sizeof g.result, "%s", result);
    return g;
}

/* In no order of numbers. */
static size_t tournament(struct match_record g[5])
{
    g[0] = game(3, 1, 0, "B+F", MATCH_ILLEGAL, 30);
    g[1] = game(0, 0, 1, "B+3.5", MATCH_SCORE, 2);
    g[2] = game(2, 0, 1, "0", MATCH_SCORE, 5);
    g[3] = game(1, 1, 0, "W+R", MATCH_RESIGN, 20);
    g[4] = game(4, 2, 0, "W+F", MATCH_HANG, 0);
    return 5;
}

START_TEST(counts)
{
    struct match_record g[5];
    struct match_table t;
    struct err e;
    size_t n = tournament(g);

    err_init(&e);
    ck_assert(!match_table_count(&t, names, 3, g, n, &e));
    ck_assert(t.tally[0].games == 5 && t.tally[0].won == 3 && t.tally[0].drawn == 1 &&
              t.tally[0].lost == 1);
    ck_assert(t.tally[1].won == 1 && t.tally[1].drawn == 1 && t.tally[1].lost == 2);
    ck_assert(t.tally[0].faults == 1 && t.tally[0].fault[MATCH_ILLEGAL] == 1);
    ck_assert(t.tally[1].faults == 0 && t.tally[2].fault[MATCH_HANG] == 1);
    ck_assert(t.tally[0].ms == 8);  /* 2, 5, 8, 8, 8 */
    ck_assert(t.tally[1].ms == 14); /* 8, 8, 20, 30 */
    ck_assert(t.tally[2].ms == 0);
    ck_assert(t.count[1].won == 1 && t.count[1].drawn == 1 && t.count[1].lost == 0);
    ck_assert(t.count[3].won == 1 && t.count[3].drawn == 0 && t.count[3].lost == 1);
    ck_assert(t.count[3].black == 1 && t.count[3].white == 0);
    ck_assert(t.black == 2 && t.white == 2 && t.drawn == 1);
    ck_assert(t.plies == 30);
    match_table_release(&t);
}
END_TEST

START_TEST(strangers)
{
    struct match_record g[5];
    struct match_table t;
    struct err e;
    size_t n = tournament(g);

    err_init(&e);
    ck_assert(match_table_count(&t, names, 2, g, n, &e) == -1);
    ck_assert(strstr(e.msg, "game 4") && strstr(e.msg, "gamma"));
    match_table_release(&t);
    strcpy(g[1].white, g[1].black);
    err_init(&e);
    ck_assert(match_table_count(&t, names, 3, g, n, &e) == -1);
    match_table_release(&t);
}
END_TEST

/* --- text -------------------------------------------------------------------- */

#define FFFD "\xef\xbf\xbd"

START_TEST(escapes)
{
    static const char *const cases[][2] = {
        { "plain", "plain" },
        { "<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;" },
        { "\xc3\xa9 \xe7\xa2\x81 \xf0\x9f\x98\x80", "\xc3\xa9 \xe7\xa2\x81 \xf0\x9f\x98\x80" },
        { "a\xff" "b\xc3", "a" FFFD "b" FFFD },
        { "\xc0\xbc", FFFD FFFD },                 /* '<' too long */
        { "\xed\xa0\x80", FFFD FFFD FFFD },        /* a surrogate */
        { "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD }, /* above U+10FFFF */
        { "\xef\xbf\xbf", FFFD FFFD FFFD },        /* no character */
        { "\x01\t\x7f\n", FFFD "\t" FFFD "\n" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text t;

        text_init(&t);
        html_text(&t, cases[i][0]);
        ck_assert_str_eq(text_str(&t), cases[i][1]);
        text_release(&t);
    }
}
END_TEST

START_TEST(paths)
{
    struct text t;

    text_init(&t);
    html_path(&t, "../a b/c-1.~_?#%\"<\xc3\xa9");
    ck_assert_str_eq(text_str(&t), "../a%20b/c-1.~_%3F%23%25%22%3C%C3%A9");
    text_clear(&t);
    html_path(&t, "javascript:x");
    ck_assert_str_eq(text_str(&t), "javascript%3Ax");
    text_release(&t);
}
END_TEST

START_TEST(numbers)
{
    static const struct {
        double x;
        int digits;
        const char *text;
    } cases[] = { { 1.5, 1, "1.5" }, { -0.4, 0, "0" }, { -12.6, 0, "&#8722;13" },
                  { INFINITY, 0, "&#8211;" }, { NAN, 2, "&#8211;" } };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text t;

        text_init(&t);
        html_number(&t, cases[i].x, cases[i].digits);
        ck_assert_str_eq(text_str(&t), cases[i].text);
        text_release(&t);
    }
}
END_TEST

/* --- pages ------------------------------------------------------------------- */

enum { DEPTH = 32 };

/* Reads the tag after '<'; opens, or closes what is open.  Returns behind it, NULL if wrong. */
static const char *take_tag(const char *s, char open[DEPTH][16], int *depth)
{
    bool closes = *s == '/';
    size_t n;

    s += closes;
    n = strcspn(s, " />");
    if (!n || n > 15 || !isalpha((unsigned char)*s))
        return NULL;
    if (closes)
        return *depth && !strncmp(open[--*depth], s, n) && !open[*depth][n] && s[n] == '>' ?
               s + n + 1 : NULL;
    if (*depth == DEPTH)
        return NULL;
    memcpy(open[*depth], s, n);
    open[(*depth)++][n] = '\0';
    for (s += n; *s == ' ';) { /* attribute="value" */
        s += 1 + strcspn(s + 1, "=<>\"");
        if (strncmp(s, "=\"", 2))
            return NULL;
        s += 2 + strcspn(s + 2, "\"<");
        if (*s++ != '"')
            return NULL;
    }
    *depth -= *s == '/';
    s += *s == '/';
    return *s == '>' ? s + 1 : NULL;
}

/* Is it well-formed XML, as far as our pages go? */
static void assert_well_formed(const char *page)
{
    static const char doctype[] = "<!DOCTYPE html>\n";
    char open[DEPTH][16];
    int depth = 0;

    ck_assert(!strncmp(page, doctype, strlen(doctype)));
    for (const char *s = page + strlen(doctype); *s;) {
        const char *at = s;

        if (*s == '<')
            s = take_tag(s + 1, open, &depth);
        else if (*s == '&')
            s = s[1] && strcspn(s, ";") < 8 && strchr("#aglq", s[1]) ? strchr(s, ';') : NULL;
        else
            s = *s == '>' ? NULL : s + 1;
        if (!s)
            ck_abort_msg("not well-formed at: %.60s", at);
    }
    ck_assert_int_eq(depth, 0);
}

/* The page of some of the tournament. */
static void make(struct text *page, int players, const struct match_record *g, size_t n,
                 const char *sgf_dir)
{
    const char *const lines[] = { "9x9 & so on", "second <line>" };
    struct match_page m = { .title = "A \"title\"", .line = lines, .lines = 2, .name = names,
                            .players = players, .record = g, .n = n, .sgf_dir = sgf_dir };
    struct match_table t;
    struct ratings r;
    struct err e;

    err_init(&e);
    ck_assert(!match_table_count(&t, names, players, g, n, &e));
    ck_assert_msg(!ratings_estimate(&r, players, t.count, (size_t)(players * players), NULL, &e),
                  "%s", e.msg);
    m.table = &t;
    m.ratings = &r;
    text_init(page);
    ck_assert_msg(!match_html(&m, page, &e), "%s", e.msg);
    ratings_release(&r);
    match_table_release(&t);
    assert_well_formed(text_str(page));
}

static int occurrences(const char *s, const char *what)
{
    int n = 0;

    for (; (s = strstr(s, what)); s += strlen(what))
        n++;
    return n;
}

#define assert_has(page, what) \
    ck_assert_msg(strstr(text_str(page), what) != NULL, "the page lacks '%s'", what)

START_TEST(tournament_page)
{
    struct match_record g[5];
    size_t n = tournament(g);
    struct text page;

    make(&page, 3, g, n, "../my games");
    assert_has(&page, "<title>A &quot;title&quot;</title>");
    assert_has(&page, "<p>9x9 &amp; so on</p>\n<p>second &lt;line&gt;</p>");
    assert_has(&page, "5 games of 3 players, 30.0 plies on average. Black won 2, White 2, drawn 1");
    assert_has(&page, "&lt;b&gt;&amp;&quot;&#39;" FFFD);
    ck_assert(!strstr(page.s, "<b>") && !strchr(page.s, '\xff'));
    assert_has(&page, "<tr><td>1</td><th scope=\"row\" class=\"name\">alpha</th>");
    assert_has(&page, "<td>5</td><td>3&#8211;1&#8211;1</td><td>70.0 %</td><td>1</td>"
               "<td>8.00</td>");
    assert_has(&page, "<td class=\"bad\">0&#8211;0&#8211;1</td>");
    assert_has(&page, "<td class=\"good\">2&#8211;1&#8211;1</td>");
    assert_has(&page, "<td class=\"bad\">1&#8211;1&#8211;2</td>");
    assert_has(&page, "href=\"../my%20games/game-000003.sgf\"");
    ck_assert_int_eq(occurrences(page.s, ">SGF</a>"), 5);
    ck_assert_int_eq(occurrences(page.s, "<svg"), 1);
    ck_assert_int_eq(occurrences(page.s, "<circle"), 3);
    ck_assert_int_eq(occurrences(page.s, "http"), 0); /* nothing from elsewhere */
    ck_assert(strstr(page.s, "game-000003") < strstr(page.s, "game-000004"));
    assert_has(&page, "Games lost by a fault");
    ck_assert(!strstr(page.s, "class=\"warn\""));
    text_release(&page);
}
END_TEST

START_TEST(match_page)
{
    struct match_record g[5];
    struct text page;

    tournament(g);
    make(&page, 2, g + 1, 3, NULL); /* without the faults */
    ck_assert_int_eq(occurrences(page.s, "<svg"), 1);
    ck_assert_int_eq(occurrences(page.s, "class=\"band\""), 1);
    assert_has(&page, "Score of alpha by games played");
    ck_assert(!strstr(page.s, "SGF") && !strstr(page.s, "lost by a fault"));
    /* 2 and 1/2 points of 3: TOP + PLOT / 6 */
    assert_has(&page, "<circle class=\"dot\" cx=\"428.0\" cy=\"40.0\"");
    text_release(&page);
}
END_TEST

/* No games, one player, players that nothing connects. */
START_TEST(little_to_tell)
{
    struct match_record g[5];
    struct text page;

    tournament(g);
    make(&page, 2, g, 0, "x");
    ck_assert(!strstr(page.s, "<svg") && !strstr(page.s, "nan") && !strstr(page.s, "inf"));
    text_release(&page);
    make(&page, 1, g, 0, NULL);
    text_release(&page);
    make(&page, 3, g, 4, NULL);
    assert_has(&page, "2 groups");
    ck_assert_int_eq(occurrences(page.s, "<circle"), 2);
    text_release(&page);
}
END_TEST

/* Thousands of games make one chart of a bounded size. */
START_TEST(many_games)
{
    enum { N = 5000 };
    struct match_record *g = calloc(N, sizeof *g);
    struct text page;

    ck_assert(g != NULL);
    for (int i = 0; i < N; i++)
        g[i] = game(i, i & 1, !(i & 1), i % 3 ? "B+1" : "W+1", MATCH_SCORE, 1);
    make(&page, 2, g, N, NULL);
    ck_assert(strstr(page.s, "</svg>") - strstr(page.s, "<svg") < 20000);
    ck_assert_int_eq(occurrences(page.s, "<tr>"), N + 7); /* heads, and two tables of two players */
    text_release(&page);
    free(g);
}
END_TEST

START_TEST(written_whole)
{
    struct match_page m = { .title = "t", .name = names, .players = 1 };
    char path[] = "match-html-XXXXXX", *read;
    struct match_table t;
    struct ratings r;
    struct err e;
    size_t len;

    err_init(&e);
    ck_assert(mkstemp(path) >= 0 && !ratings_estimate(&r, 1, NULL, 0, NULL, &e));
    ck_assert(!match_table_count(&t, names, 1, NULL, 0, &e));
    m.table = &t;
    m.ratings = &r;
    ck_assert(!match_html_write(&m, path, &e));
    ck_assert(!file_read(path, 1 << 20, &read, &len, &e));
    assert_well_formed(read);
    ck_assert(match_html_write(&m, "no/such/folder/x.html", &e) == -1 && e.msg[0]);
    err_init(&e);
    ck_assert(match_html_write(&m, "/dev/full", &e) == -1 && e.msg[0]);
    free(read);
    unlink(path);
    ratings_release(&r);
    match_table_release(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("match_html");
    TCase *tc = tap_case(s, "match_html");

    tcase_add_test(tc, counts);
    tcase_add_test(tc, strangers);
    tcase_add_test(tc, escapes);
    tcase_add_test(tc, paths);
    tcase_add_test(tc, numbers);
    tcase_add_test(tc, tournament_page);
    tcase_add_test(tc, match_page);
    tcase_add_test(tc, little_to_tell);
    tcase_add_test(tc, many_games);
    tcase_add_test(tc, written_whole);
    return tap_run(s);
}
