/* The strict reader of JSON: what it takes, and what it refuses and where. */
#include <stdlib.h>
#include <string.h>

#include "model/json.h"
#include "tests/tap.h"

/* Prints a value back, compactly, so that the tests are a table of texts. */
static void print(FILE *f, const struct json *j, const struct json_value *v)
{
    static const char *const words[] = { "null", "false", "true" };
    const struct json_value *x;

    if (v->type == JSON_INT) {
        fprintf(f, "%lld", (long long)v->u.i);
    } else if (v->type == JSON_STRING) {
        ck_assert_int_eq(json_write_string(f, v->u.s), 0);
    } else if (v->type < JSON_INT) {
        fputs(words[v->type], f);
    } else {
        fputc(v->type == JSON_ARRAY ? '[' : '{', f);
        for (x = json_first(j, v); x; x = json_next(j, x)) {
            if (v->type == JSON_OBJECT) {
                ck_assert_int_eq(json_write_string(f, x->key), 0);
                fputc(':', f);
            }
            print(f, j, x);
            if (x->next)
                fputc(',', f);
        }
        fputc(v->type == JSON_ARRAY ? ']' : '}', f);
    }
}

START_TEST(values_are_read)
{
    static const char *const texts[][2] = {
        { "{}", "{}" },
        { " [ ] ", "[]" },
        { "0", "0" },
        { "-0", "0" },
        { "9007199254740992", "9007199254740992" },
        { "-9007199254740992", "-9007199254740992" },
        { "\t\n\r [1, 2,[3 ,{\"a\":null}],true,false ]\n", "[1,2,[3,{\"a\":null}],true,false]" },
        { "{\"b\":1,\"a\":{\"b\":[{},{}]}}", "{\"b\":1,\"a\":{\"b\":[{},{}]}}" },
        { "\"\"", "\"\"" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\u0008\\u000c\\u000a\\u000d\\u0009\"" },
        { "\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\"", "\"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
        { "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"",
          "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"" },
        { "{\"\":1,\" \":2}", "{\"\":1,\" \":2}" },
        { "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]" },
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json j;
        struct err e;
        char *back;
        size_t n;
        FILE *f = open_memstream(&back, &n);

        err_init(&e);
        ck_assert_msg(!json_parse(&j, texts[i][0], strlen(texts[i][0]), 100, &e), "%s: %s",
                      texts[i][0], e.msg);
        print(f, &j, &j.v[0]);
        fclose(f);
        ck_assert_str_eq(back, texts[i][1]);
        free(back);
        json_free(&j);
    }
}
END_TEST

START_TEST(what_is_not_strict_is_refused)
{
    static const char *const texts[][2] = {
        { "", "byte 0: a value is expected" },
        { "  ", "byte 2: a value is expected" },
        { "{", "byte 1: a string is expected" },
        { "[", "byte 1: a value is expected" },
        { "[1", "byte 2: ',' or ']' is expected" },
        { "[1}", "byte 2: ',' or ']' is expected" },
        { "[1,]", "byte 3: a value is expected" },
        { "[,1]", "byte 1: a value is expected" },
        { "{\"a\":1,}", "byte 7: a string is expected" },
        { "{\"a\"1}", "byte 4: ':' is expected" },
        { "{\"a\":1 \"b\":2}", "byte 7: ',' or '}' is expected" },
        { "{a:1}", "byte 1: a string is expected" },
        { "{\"a\":1,\"b\":2,\"a\":3}", "byte 19: key \"a\" given twice" },
        { "[{\"\\u0061\":1,\"a\":2}]", "byte 19: key \"a\" given twice" },
        { "{} {}", "byte 3: something after the end" },
        { "1 1", "byte 2: something after the end" },
        { "01", "byte 0: a number that begins with 0" },
        { "-01", "byte 1: a number that begins with 0" },
        { "00", "byte 0: a number that begins with 0" },
        { "-", "byte 1: a value is expected" },
        { "+1", "byte 0: a value is expected" },
        { "1.0", "byte 1: a number that is not an integer" },
        { "1e3", "byte 1: a number that is not an integer" },
        { "9007199254740993", "byte 15: a number beyond 2^53" },
        { "99999999999999999999999999", "a number beyond 2^53" },
        { "NaN", "byte 0: a value is expected" },
        { "tru", "byte 0: a value is expected" },
        { "truefalse", "byte 4: something after the end" },
        { "'a'", "byte 0: a value is expected" },
        { "\"a", "byte 2: a string that does not end" },
        { "\"\\", "byte 2: bad escape" },
        { "\"\\x41\"", "byte 2: bad escape" },
        { "\"\\u12\"", "byte 5: bad \\u escape" },
        { "\"\\u0000\"", "the character NUL" },
        { "\"\\ud800\"", "lone surrogate" },
        { "\"\\ud800\\u0041\"", "lone surrogate" },
        { "\"\\udc00\\ud800\"", "lone surrogate" },
        { "\"\n\"", "byte 1: a control character in a string" },
        { "{\"\\u001b[2J\":1}", "a control character in a key" },
        { "{\"\x7f\":1}", "a control character in a key" },
        { "\"\xff\"", "byte 1: not UTF-8" },
        { "\"\xc0\x80\"", "not UTF-8" },         /* overlong */
        { "\"\xe0\x80\x80\"", "not UTF-8" },
        { "\"\xf0\x80\x80\x80\"", "not UTF-8" },
        { "\"\xed\xa0\x80\"", "not UTF-8" },     /* surrogate */
        { "\"\xf4\x90\x80\x80\"", "not UTF-8" }, /* beyond U+10FFFF */
        { "\"\xf5\x80\x80\x80\"", "not UTF-8" },
        { "\"\x80\"", "not UTF-8" },
        { "\"\xe2\x82", "not UTF-8" },           /* cut */
        { "\"\xe2(\xa1\"", "not UTF-8" },
        { "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", "byte 16: nested too deeply" },
        { "[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0]", "byte 39: too many values" },
        { "// no\n1", "byte 0: a value is expected" },
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json j;
        struct err e;

        err_init(&e);
        ck_assert_msg(json_parse(&j, texts[i][0], strlen(texts[i][0]), 20, &e) == -1,
                      "taken: %s", texts[i][0]);
        ck_assert_msg(strstr(e.msg, texts[i][1]) != NULL, "%s: %s", texts[i][0], e.msg);
        ck_assert_ptr_null(j.v);
    }
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
    struct json j;
    struct err e;

    err_init(&e);
    ck_assert_int_eq(json_parse(&j, "1\0", 2, 10, &e), -1);
    err_init(&e);
    ck_assert_int_eq(json_parse(&j, "\"a\0b\"", 5, 10, &e), -1);
}
END_TEST

START_TEST(text_is_read_to_its_length_only)
{
    struct json j;
    struct err e;
    const char *text = "[1,\"\xc3\xa9\",true]";

    for (size_t n = 0; n < strlen(text); n++) {
        char *cut = malloc(n ? n : 1); /* a sanitizer sees a byte too far */

        memcpy(cut, text, n);
        err_init(&e);
        ck_assert_int_eq(json_parse(&j, cut, n, 10, &e), -1);
        free(cut);
    }
}
END_TEST

START_TEST(strings_that_are_not_utf8_are_not_written)
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    ck_assert_int_eq(json_write_string(f, "ok\xc3"), -1);
    fclose(f);
    ck_assert_uint_eq(n, 0);
    free(text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("json");
    TCase *tc = tap_case(s, "json");

    tcase_add_test(tc, values_are_read);
    tcase_add_test(tc, what_is_not_strict_is_refused);
    tcase_add_test(tc, a_nul_byte_is_refused);
    tcase_add_test(tc, text_is_read_to_its_length_only);
    tcase_add_test(tc, strings_that_are_not_utf8_are_not_written);
    return tap_run(s);
}
