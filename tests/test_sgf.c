/* sgf: what the reader takes and refuses, text, trees, the writer. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/file.h"
#include "engine/sgf_game.h"
#include "tests/sgf_samples.h"
#include "tests/tap.h"

static struct sgf s;
static struct err e;

static void setup(void)
{
    err_init(&e);
}

static void parse(const char *text)
{
    ck_assert_msg(!sgf_parse(&s, "t", text, strlen(text), &e), "%s: %s", text, e.msg);
}

static void assert_refused(const char *text, size_t len, const char *message)
{
    err_init(&e);
    ck_assert_int_eq(sgf_parse(&s, "t", text, len, &e), -1);
    ck_assert_str_eq(e.msg, message);
}

static void assert_prints(enum sgf_style style, const char *text)
{
    size_t len;
    char *got = sample_print(&s, style, &len);

    ck_assert_str_eq(got, text);
    free(got);
}

/* Reads text, and writes it as one line a game. */
static void assert_becomes(const char *text, const char *printed)
{
    parse(text);
    assert_prints(SGF_COMPACT, printed);
    sgf_release(&s);
}

static void assert_text(const char *raw, const char *as_text, const char *as_simple)
{
    char *text = sgf_text(raw, SGF_TEXT, SGF_UTF8);
    char *simple = sgf_text(raw, SGF_SIMPLE_TEXT, SGF_UTF8);

    ck_assert_str_eq(text, as_text);
    ck_assert_str_eq(simple, as_simple);
    free(text);
    free(simple);
}

/* --- errors -------------------------------------------------------------- */

static const char *const errors[][2] = {
    { "", "t:1:1: no '(;' starts a game" },
    { " \n\n  ", "t:3:3: no '(;' starts a game" },
    { "mail (without) a game", "t:1:1: no '(;' starts a game" },
    { "()", "t:1:2: empty game tree '()'" },
    { "(;B[aa]())", "t:1:9: empty game tree '()'" },
    { "(B[aa])", "t:1:2: expected ';' after '(', not 'B'" },
    { "((;B[aa]))", "t:1:2: expected ';' after '(', not '('" },
    { "(", "t:1:1: the game tree is not closed" },
    { "\n (;B[aa](;W[bb])", "t:2:2: the game tree is not closed" },
    { "(;B[aa", "t:1:4: the value of 'B' is not closed" },
    { "(;C[a\\]", "t:1:4: the value of 'C' is not closed" },
    { "(;C[a\\", "t:1:4: the value of 'C' is not closed" },
    { "(;B)", "t:1:4: expected '[' after 'B', not ')'" },
    { "(;B;W[aa])", "t:1:4: expected '[' after 'B', not ';'" },
    { "(;White", "t:1:8: expected '[' after 'W', but the file ends" },
    { "(;white[aa])", "t:1:3: 'white' is no property name" },
    { "(;1B[aa])", "t:1:3: '1B' is no property name" },
    { "(;a1B[aa])", "t:1:3: 'a1B' is no property name" },
    { "(;B[aa]B[bb])", "t:1:8: property 'B' stands twice in one node" },
    { "(;B[aa]\n\tBlack[bb])", "t:2:2: property 'B' stands twice in one node" },
    { "(;B[aa][bb])", "t:1:8: property 'B' has more than one value" },
    { "(;SZ[9]C[x] [y])", "t:1:13: property 'C' has more than one value" },
    { "(;B[aa](;W[bb]);B[cc])", "t:1:16: a node behind a variation" },
    { "(;B[aa](;W[bb])C[x])", "t:1:16: expected '(' or ')', not 'C'" },
    { "(;B[aa] + )", "t:1:9: expected a property, ';', '(' or ')', not '+'" },
    { "(;B[aa]\xff)", "t:1:8: expected a property, ';', '(' or ')', not byte 0xff" },
    { "(;B[aa]) x", "t:1:10: expected the '(' of another game, not 'x'" },
    { "(;B[aa]))", "t:1:9: expected the '(' of another game, not ')'" },
    { "(;)\r\n(;)\r(;)\n(;)\n\n x", "t:6:2: expected the '(' of another game, not 'x'" },
    { "(;C[a\nb\\\r\nc]\n  x)", "t:4:3: 'x' is no property name" },
};

START_TEST(refuses)
{
    assert_refused(errors[_i][0], strlen(errors[_i][0]), errors[_i][1]);
}
END_TEST

START_TEST(refuses_nul_bytes)
{
    assert_refused("(;C[a\0b])", 9, "t:1:6: NUL byte");
    assert_refused("(;C[a\\\0b])", 10, "t:1:7: NUL byte");
    assert_refused("(;\0B[aa])", 9, "t:1:3: NUL byte");
    assert_refused("(\0;B[aa])", 9, "t:1:2: NUL byte");
    assert_refused("(;B\0[aa])", 9, "t:1:4: NUL byte");
    assert_refused("(;B[aa])\0", 9, "t:1:9: NUL byte");
    assert_refused("\xff\xfe(\0;\0)\0", 8, "t:1:1: no '(;' starts a game"); /* UTF-16 */
}
END_TEST

START_TEST(limits_names_and_properties)
{
    char text[8000] = "(;", *p = text + 2;

    for (int i = 0; i < SGF_MAX_PROPS; i++)
        p += sprintf(p, "X%d[]", i);
    strcpy(p, ")");
    parse(text);
    sgf_release(&s);
    strcpy(p, "\nY[])");
    assert_refused(text, strlen(text), "t:2:1: more than 512 properties in one node");
    sprintf(text, "(;B%064d[])", 0);
    sprintf(text + 500, "t:1:3: 'B%064d...' is too long a name", 0);
    assert_refused(text, strlen(text), text + 500);
}
END_TEST

START_TEST(names_the_file)
{
    char path[] = "/tmp/test_sgf-XXXXXX", message[100];
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");

    fputs("(;\n;B[aa)", f);
    fclose(f);
    snprintf(message, sizeof message, "%s:2:3: the value of 'B' is not closed", path);
    ck_assert_int_eq(sgf_read(&s, path, &e), -1);
    ck_assert_str_eq(e.msg, message);
    remove(path);
    err_init(&e);
    ck_assert_int_eq(sgf_read(&s, path, &e), -1);
    ck_assert(strstr(e.msg, "No such file or directory"));
}
END_TEST

/* --- what is read -------------------------------------------------------- */

START_TEST(reads_practical_files)
{
    assert_becomes("\xef\xbb\xbf(;B[aa])", "(;B[aa])\n");
    assert_becomes("From: me\n(hello) ( ;B[aa])", "(;B[aa])\n");
    assert_becomes("(;B[aa])\x1a", "(;B[aa])\n");
    assert_becomes("(;B[aa])\n\xef\xbb\xbf(;W[bb]) \v\f", "(;B[aa])\n(;W[bb])\n");
    assert_becomes(" ( ; B [aa] W\n[bb] AB [cc]\t[dd] ; ) ", "(;B[aa]W[bb]AB[cc][dd];)\n");
}
END_TEST

START_TEST(drops_small_letters_of_old_names)
{
    assert_becomes("(;White[aa]BlackRank[9d];iNiT[x];KM1x[2])", "(;W[aa]BR[9d];NT[x];KM1[2])\n");
}
END_TEST

START_TEST(merges_lists_that_stand_twice)
{
    assert_becomes("(;AB[aa]AW[bb]AB[cc][dd]XX[1]AB[ee]XX[2])",
                   "(;AB[aa][cc][dd][ee]AW[bb]XX[1][2])\n");
}
END_TEST

START_TEST(keeps_values_as_they_are)
{
    assert_becomes("(;C[ \\]\\\\ \\: : [ ( ; \\\n \t\r\n]ZZ[][ ][\xff])",
                   "(;C[ \\]\\\\ \\: : [ ( ; \\\n \t\r\n]ZZ[][ ][\xff])\n");
}
END_TEST

START_TEST(one_variation_in_parentheses_is_none)
{
    assert_becomes("(;B[aa](;W[bb](;B[cc])))", "(;B[aa];W[bb];B[cc])\n");
    assert_becomes("(;(;(;)(;))(;;))", "(;(;(;)(;))(;;))\n");
}
END_TEST

START_TEST(links_nodes)
{
    const struct sgf_node *r, *n;

    parse("(;N[r];N[a](;N[b];N[c])(;N[d]\n(;N[e])(;N[f])))(;N[s])");
    r = s.first;
    n = r->child;
    ck_assert_uint_eq(s.n_games, 2);
    ck_assert_uint_eq(s.n_nodes, 8);
    ck_assert_ptr_eq(r->next, s.last);
    ck_assert_ptr_null(r->parent);
    ck_assert_str_eq(sgf_get_raw(n->child->child, "N"), "c");
    ck_assert_str_eq(sgf_get_raw(n->child->next, "N"), "d");
    ck_assert_ptr_eq(n->last, n->child->next);
    ck_assert_str_eq(sgf_get_raw(n->last->last, "N"), "f");
    ck_assert_ptr_eq(sgf_root(n->last->last), r);
    ck_assert_int_eq((int)n->last->child->at.line, 2);
    ck_assert_int_eq((int)n->last->child->prop->at.col, 3);
    ck_assert_int_eq((int)n->last->child->prop->value.at.col, 5);
    for (n = r; *sgf_get_raw(n, "N") != 'f'; n = sgf_next(n, r))
        ;
    ck_assert_ptr_null(sgf_next(n, r));
    ck_assert_ptr_null(sgf_get(r, "B"));
    sgf_release(&s);
}
END_TEST

/* --- text ---------------------------------------------------------------- */

START_TEST(converts_text)
{
    assert_text("", "", "");
    assert_text("a\\]b\\\\c\\:d\\xe", "a]b\\c:dxe", "a]b\\c:dxe");
    assert_text("soft\\\nbreak\\\r\nhere\\\rtoo\\\n\rnow", "softbreakheretoonow",
                "softbreakheretoonow");
    assert_text("1\n2\r\n3\r4\n\r5\n\n6", "1\n2\n3\n4\n5\n\n6", "1 2 3 4 5  6");
    assert_text("a\tb\vc\fd\\\te", "a b c d e", "a b c d e");
    assert_text("end\\", "end\\", "end\\");
    assert_text("Zo\xc3\xab", "Zo\xc3\xab", "Zo\xc3\xab");
}
END_TEST

static const struct {
    const char *raw;
    enum sgf_charset charset;
    const char *text;
} charsets[] = {
    { "J\xfcrgen", SGF_LATIN1, "J\xc3\xbcrgen" },
    { "\x80\xff", SGF_LATIN1, "\xc2\x80\xc3\xbf" },
    { "J\xfcrgen", SGF_UTF8, "J\xc3\xbcrgen" }, /* no UTF-8: taken as Latin-1 */
    { "\xe7\x8e\x8b", SGF_UTF8, "\xe7\x8e\x8b" },
    { "\xf0\x9f\x98\x80", SGF_UTF8, "\xf0\x9f\x98\x80" },
    { "\xe7\x8e", SGF_UTF8, "\xc3\xa7\xc2\x8e" },
    { "\xc0\x80", SGF_UTF8, "\xc3\x80\xc2\x80" },         /* overlong */
    { "\xed\xa0\x80", SGF_UTF8, "\xc3\xad\xc2\xa0\xc2\x80" }, /* surrogate */
    { "\xb0\xa1", SGF_OTHER, "\xb0\xa1" },
};

START_TEST(converts_charsets)
{
    char *text = sgf_text(charsets[_i].raw, SGF_TEXT, charsets[_i].charset);

    ck_assert_str_eq(text, charsets[_i].text);
    free(text);
}
END_TEST

START_TEST(reads_charset_of_the_root)
{
    static const struct {
        const char *text;
        enum sgf_charset charset;
    } cases[] = {
        { "(;;)", SGF_UTF8 },          { "(;CA[utf-8];)", SGF_UTF8 },
        { "(;CA[ISO-8859-1];)", SGF_LATIN1 }, { "(;CA[GB2312];)", SGF_OTHER },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        parse(cases[i].text);
        ck_assert_int_eq(sgf_charset(s.first->child), cases[i].charset);
        sgf_release(&s);
    }
}
END_TEST

/* --- building and writing ------------------------------------------------ */

START_TEST(builds_trees)
{
    struct sgf_node *r, *n;

    ck_assert_int_eq(sgf_init(&s, "made", &e), 0);
    r = sgf_add_node(&s, NULL, &e);
    ck_assert_int_eq(sgf_set(&s, r, "SZ", "9", &e), 0);
    n = sgf_add_node(&s, r, &e);
    ck_assert_int_eq(sgf_add(&s, n, "AB", "aa", &e), 0);
    ck_assert_int_eq(sgf_add(&s, n, "AB", "bb", &e), 0);
    ck_assert_int_eq(sgf_set_text(&s, n, "C", "a]b\\c:d\n", &e), 0);
    n = sgf_add_node(&s, r, &e);
    ck_assert_int_eq(sgf_set(&s, n, "W", "cc", &e), 0);
    assert_prints(SGF_COMPACT, "(;SZ[9](;AB[aa][bb]C[a\\]b\\\\c:d\n])(;W[cc]))\n");
    ck_assert_int_eq(sgf_set(&s, r->child, "AB", "dd", &e), 0);
    sgf_remove(r->child, "C");
    sgf_remove(r->child, "XX");
    sgf_prune(&s, r);
    assert_prints(SGF_COMPACT, "(;SZ[9];AB[dd])\n");
    ck_assert_uint_eq(s.n_nodes, 2);
    sgf_err(&s, n->at, &e, "no place");
    ck_assert_str_eq(e.msg, "made: no place");
    sgf_release(&s);
    sgf_release(&s); /* twice is harmless */
}
END_TEST

START_TEST(text_survives_writing)
{
    char text[256], *back;

    for (int i = 0; i < 255; i++)
        text[i] = (char)(i + 1);
    memset(&text['\t' - 1], 'x', 5); /* white space is converted on purpose */
    text[255] = '\0';
    ck_assert_int_eq(sgf_init(&s, "made", &e), 0);
    ck_assert_int_eq(sgf_set_text(&s, sgf_add_node(&s, NULL, &e), "C", text, &e), 0);
    back = sgf_text(sgf_get_raw(s.first, "C"), SGF_TEXT, SGF_OTHER);
    ck_assert_str_eq(back, text);
    free(back);
    sgf_release(&s);
}
END_TEST

START_TEST(breaks_lines_between_nodes)
{
    char *text, *line;
    size_t len, lines = 0;

    sample_read(&s, "handicap19.sgf");
    text = sample_print(&s, SGF_LINES, &len);
    for (line = strstr(text, "\n;") + 1; *line; line = strchr(line, '\n') + 1) {
        ck_assert_int_eq(*line, ';');
        ck_assert_uint_le(strcspn(line, "\n"), 80);
        lines++;
    }
    ck_assert_uint_gt(lines, 8);
    free(text);
    text = sample_print(&s, SGF_COMPACT, &len);
    ck_assert_ptr_eq(strchr(strchr(text, '\n') + 1, '\n'), NULL);
    free(text);
    sgf_release(&s);
}
END_TEST

START_TEST(samples_round_trip)
{
    const char *name = sample_names[_i];
    struct sgf again;
    char *first, *second;
    size_t n1, n2;

    for (enum sgf_style style = SGF_LINES; style <= SGF_COMPACT; style++) {
        sample_read(&s, name);
        first = sample_print(&s, style, &n1);
        ck_assert_msg(!sgf_parse(&again, "again", first, n1, &e), "%s: %s", name, e.msg);
        sample_assert_same(&s, &again);
        second = sample_print(&again, style, &n2);
        ck_assert_uint_eq(n1, n2);
        ck_assert_int_eq(memcmp(first, second, n1), 0);
        sgf_release(&s);
        sgf_release(&again);
        free(first);
        free(second);
    }
}
END_TEST

START_TEST(writes_files)
{
    char path[] = "/tmp/test_sgf-XXXXXX", *text;
    size_t len;
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    parse("(;B[aa])(;W[bb])");
    ck_assert_int_eq(sgf_write(&s, path, SGF_LINES, &e), 0);
    ck_assert_int_eq(file_read(path, 100, &text, &len, &e), 0);
    ck_assert_str_eq(text, "(;B[aa])\n(;W[bb])\n");
    free(text);
    remove(path);
    ck_assert_int_eq(sgf_write(&s, "/dev/full", SGF_LINES, &e), -1);
    ck_assert_str_eq(e.msg, "cannot write '/dev/full': No space left on device");
    sgf_release(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sgf");
    TCase *t = tap_case(suite, "read");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_loop_test(t, refuses, 0, sizeof errors / sizeof errors[0]);
    tcase_add_test(t, refuses_nul_bytes);
    tcase_add_test(t, limits_names_and_properties);
    tcase_add_test(t, names_the_file);
    tcase_add_test(t, reads_practical_files);
    tcase_add_test(t, drops_small_letters_of_old_names);
    tcase_add_test(t, merges_lists_that_stand_twice);
    tcase_add_test(t, keeps_values_as_they_are);
    tcase_add_test(t, one_variation_in_parentheses_is_none);
    tcase_add_test(t, links_nodes);

    t = tap_case(suite, "text");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, converts_text);
    tcase_add_loop_test(t, converts_charsets, 0, sizeof charsets / sizeof charsets[0]);
    tcase_add_test(t, reads_charset_of_the_root);

    t = tap_case(suite, "write");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, builds_trees);
    tcase_add_test(t, text_survives_writing);
    tcase_add_test(t, breaks_lines_between_nodes);
    tcase_add_loop_test(t, samples_round_trip, 0, N_SAMPLES);
    tcase_add_test(t, writes_files);
    return tap_run(suite);
}
