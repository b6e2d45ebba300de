#include "model/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct json *j;
    const unsigned char *s;
    size_t at, len;
    char *out;              /* where the next string goes in j->text */
    int depth;
    int open[JSON_DEPTH];   /* the arrays and objects around us */
    int last[JSON_DEPTH];   /* their last child so far, 0 when none */
    struct err *e;
};

static int fail(const struct parser *p, const char *why)
{
    return err_set(p->e, "bad JSON at byte %zu: %s", p->at, why);
}

/* The next byte, -1 at the end. */
static int peek(const struct parser *p)
{
    return p->at < p->len ? p->s[p->at] : -1;
}

static int skip_space(struct parser *p)
{
    int c = peek(p);

    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        p->at++;
        c = peek(p);
    }
    return c;
}

/* Length of the UTF-8 character at s (n bytes left), 0 if it is none. */
static size_t utf8_length(const unsigned char *s, size_t n)
{
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t k = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
               s[0] < 0xf5 ? 4 : 0;
    uint32_t c;

    if (k <= 1 || k > n)
        return k > n ? 0 : k;
    c = s[0] & (0x7fu >> k);
    for (size_t i = 1; i < k; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    return c < least[k] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : k;
}

static void put_utf8(struct parser *p, uint32_t c)
{
    if (c < 0x80) {
        *p->out++ = (char)c;
        return;
    }
    if (c < 0x800) {
        *p->out++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *p->out++ = (char)(0xe0 | c >> 12);
        } else {
            *p->out++ = (char)(0xf0 | c >> 18);
            *p->out++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *p->out++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *p->out++ = (char)(0x80 | (c & 0x3f));
}

/* The four hex digits after "\u". */
static int hex4(struct parser *p, uint32_t *c)
{
    *c = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        int d = peek(p);

        if (d >= '0' && d <= '9')
            d -= '0';
        else if ((d | 32) >= 'a' && (d | 32) <= 'f')
            d = (d | 32) - 'a' + 10;
        else
            return fail(p, "bad \\u escape");
        *c = *c << 4 | (uint32_t)d;
    }
    return 0;
}

static int escape_unicode(struct parser *p)
{
    uint32_t c, low;

    if (hex4(p, &c))
        return -1;
    if (c >= 0xd800 && c < 0xe000) {
        if (c >= 0xdc00 || peek(p) != '\\' || p->at + 1 >= p->len || p->s[p->at + 1] != 'u')
            return fail(p, "lone surrogate");
        p->at += 2;
        if (hex4(p, &low))
            return -1;
        if (low < 0xdc00 || low >= 0xe000)
            return fail(p, "lone surrogate");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    if (c == 0)
        return fail(p, "the character NUL");
    put_utf8(p, c);
    return 0;
}

static int escape(struct parser *p)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = peek(p);
    const char *k = c > 0 ? strchr(from, c) : NULL;

    if (c == 'u') {
        p->at++;
        return escape_unicode(p);
    }
    if (!k)
        return fail(p, "bad escape");
    p->at++;
    *p->out++ = to[k - from];
    return 0;
}

static int string(struct parser *p, const char **s)
{
    *s = p->out;
    if (peek(p) != '"')
        return fail(p, "a string is expected");
    p->at++;
    for (;;) {
        int c = peek(p);
        size_t k;

        if (c < 0)
            return fail(p, "a string that does not end");
        if (c < 0x20)
            return fail(p, "a control character in a string");
        if (c == '"') {
            p->at++;
            *p->out++ = '\0';
            return 0;
        }
        if (c == '\\') {
            p->at++;
            if (escape(p))
                return -1;
            continue;
        }
        k = utf8_length(p->s + p->at, p->len - p->at);
        if (!k)
            return fail(p, "not UTF-8");
        memcpy(p->out, p->s + p->at, k);
        p->out += k;
        p->at += k;
    }
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static int number(struct parser *p, int64_t *value)
{
    bool negative = peek(p) == '-';
    int64_t v = 0;

    p->at += negative;
    if (!is_digit(peek(p)))
        return fail(p, "a value is expected");
    if (peek(p) == '0' && p->at + 1 < p->len && is_digit(p->s[p->at + 1]))
        return fail(p, "a number that begins with 0");
    for (; is_digit(peek(p)); p->at++) {
        v = v * 10 + (peek(p) - '0');
        if (v > (int64_t)1 << 53)
            return fail(p, "a number beyond 2^53");
    }
    if (peek(p) == '.' || (peek(p) | 32) == 'e')
        return fail(p, "a number that is not an integer");
    *value = negative ? -v : v;
    return 0;
}

static int literal(struct parser *p, enum json_type *type)
{
    static const struct {
        const char *word;
        enum json_type type;
    } words[] = { { "null", JSON_NULL }, { "false", JSON_FALSE }, { "true", JSON_TRUE } };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].word);

        if (n <= p->len - p->at && !memcmp(p->s + p->at, words[i].word, n)) {
            p->at += n;
            *type = words[i].type;
            return 0;
        }
    }
    return fail(p, "a value is expected");
}

/* A new value, hung onto the innermost array or object; its index, or -1. */
static int add(struct parser *p, const char *key)
{
    struct json *j = p->j;

    if (j->n == j->max)
        return fail(p, "too many values");
    if (j->n == j->cap) {
        int cap = j->cap ? 2 * j->cap : 256;
        struct json_value *grown = realloc(j->v, (size_t)cap * sizeof *grown);

        if (!grown)
            return err_set(p->e, "out of memory");
        j->v = grown;
        j->cap = cap;
    }
    memset(&j->v[j->n], 0, sizeof j->v[j->n]);
    j->v[j->n].key = key;
    if (p->depth) {
        int up = p->open[p->depth - 1], *last = &p->last[p->depth - 1];

        if (*last)
            j->v[*last].next = j->n;
        else
            j->v[up].u.first = j->n;
        *last = j->n;
        j->v[up].n++;
    }
    return j->n++;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int unique_keys(struct parser *p, int object)
{
    const struct json_value *o = &p->j->v[object], *v;
    const char **keys;
    int n = 0, bad = -1;

    if (o->n < 2)
        return 0;
    keys = malloc((size_t)o->n * sizeof *keys);
    if (!keys)
        return err_set(p->e, "out of memory");
    for (v = json_first(p->j, o); v; v = json_next(p->j, v))
        keys[n++] = v->key;
    qsort(keys, (size_t)n, sizeof *keys, compare_keys);
    for (int i = 1; i < n && bad < 0; i++)
        if (!strcmp(keys[i - 1], keys[i]))
            bad = i;
    if (bad >= 0)
        err_set(p->e, "bad JSON at byte %zu: key \"%.100s\" given twice", p->at, keys[bad]);
    free(keys);
    return bad >= 0 ? -1 : 0;
}

/* One value; of arrays and objects only the beginning, which is then p's innermost. */
static int begin_value(struct parser *p, const char *key)
{
    int c = skip_space(p), i = add(p, key);
    struct json_value *v;

    if (i < 0)
        return -1;
    v = &p->j->v[i];
    if (c == '"') {
        v->type = JSON_STRING;
        return string(p, &v->u.s);
    }
    if (c == '-' || is_digit(c)) {
        v->type = JSON_INT;
        return number(p, &v->u.i);
    }
    if (c != '{' && c != '[')
        return literal(p, &v->type);
    if (p->depth == JSON_DEPTH)
        return fail(p, "nested too deeply");
    p->at++;
    v->type = c == '{' ? JSON_OBJECT : JSON_ARRAY;
    p->open[p->depth] = i;
    p->last[p->depth++] = 0;
    return 0;
}

/* Goes on after a value or after '{' or '['.  1: another value comes; 0: all done. */
static int next_value(struct parser *p, const char **key)
{
    while (p->depth) {
        int i = p->open[p->depth - 1], c = skip_space(p);
        bool object = p->j->v[i].type == JSON_OBJECT, first = !p->j->v[i].n;

        *key = NULL;
        if (c == (object ? '}' : ']')) {
            p->at++;
            if (object && unique_keys(p, i))
                return -1;
            p->depth--;
            continue;
        }
        if (!first) {
            if (c != ',')
                return fail(p, object ? "',' or '}' is expected" : "',' or ']' is expected");
            p->at++;
            c = skip_space(p);
        }
        if (object) {
            if (string(p, key))
                return -1;
            for (const char *k = *key; *k; k++)
                if ((unsigned char)*k < 0x20 || *k == 0x7f)
                    return fail(p, "a control character in a key");
            if (skip_space(p) != ':')
                return fail(p, "':' is expected");
            p->at++;
        }
        return 1;
    }
    return 0;
}

int json_parse(struct json *j, const char *s, size_t len, int max, struct err *e)
{
    struct parser p = { .j = j, .s = (const unsigned char *)s, .len = len, .e = e };
    const char *key = NULL;
    int more;

    memset(j, 0, sizeof *j);
    j->max = max;
    j->text = malloc(len + 1); /* no string grows by decoding */
    if (!j->text)
        return err_set(e, "out of memory");
    p.out = j->text;
    do
        more = begin_value(&p, key) ? -1 : next_value(&p, &key);
    while (more > 0);
    if (more == 0 && skip_space(&p) >= 0)
        more = fail(&p, "something after the end");
    if (more < 0)
        json_free(j);
    return more;
}

void json_free(struct json *j)
{
    free(j->v);
    free(j->text);
    memset(j, 0, sizeof *j);
}

int json_write_string(FILE *f, const char *s)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t n = strlen(s), k;

    for (size_t i = 0; i < n; i += k) {
        k = utf8_length(u + i, n - i);
        if (!k)
            return -1;
    }
    putc('"', f);
    for (size_t i = 0; i < n; i++) {
        if (u[i] == '"' || u[i] == '\\')
            fprintf(f, "\\%c", u[i]);
        else if (u[i] < 0x20)
            fprintf(f, "\\u%04x", u[i]);
        else
            putc(u[i], f);
    }
    putc('"', f);
    return 0;
}
