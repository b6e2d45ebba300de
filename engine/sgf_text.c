#include "engine/sgf.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum sgf_charset sgf_charset(const struct sgf_node *n)
{
    const char *ca = sgf_get_raw(sgf_root(n), "CA");
    static const char *const latin1[] = { "ISO-8859-1", "ISO8859-1", "Latin-1", "Latin1",
                                          "US-ASCII", "ASCII" };

    if (!ca || !*ca || !strcasecmp(ca, "UTF-8") || !strcasecmp(ca, "UTF8"))
        return SGF_UTF8;
    for (size_t i = 0; i < sizeof latin1 / sizeof latin1[0]; i++)
        if (!strcasecmp(ca, latin1[i]))
            return SGF_LATIN1;
    return SGF_OTHER;
}

/* Well-formed UTF-8, without overlong forms, surrogates or what is past U+10FFFF? */
static bool is_utf8(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    while (*p) {
        int more = *p < 0x80 ? 0 : *p >= 0xc2 && *p < 0xe0 ? 1 : (*p & 0xf0) == 0xe0 ? 2
                 : *p >= 0xf0 && *p < 0xf5 ? 3 : -1;

        if (more < 0 || (*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
            (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
            return false;
        for (p++; more > 0; more--, p++)
            if ((*p & 0xc0) != 0x80)
                return false;
    }
    return true;
}

/* Bytes of the line break at p, of whatever system: 0, 1 or 2. */
static size_t line_break(const char *p)
{
    if (*p != '\n' && *p != '\r')
        return 0;
    return (p[1] == '\n' || p[1] == '\r') && p[1] != p[0] ? 2 : 1;
}

char *sgf_text(const char *raw, enum sgf_text kind, enum sgf_charset charset)
{
    bool widen = charset == SGF_LATIN1 || (charset == SGF_UTF8 && !is_utf8(raw));
    char *text = malloc(strlen(raw) * (widen ? 2 : 1) + 1), *to = text;
    size_t n;

    while (text && *raw) {
        bool escaped = *raw == '\\' && raw[1];

        raw += escaped;
        n = line_break(raw);
        if (n) {
            if (!escaped)
                *to++ = kind == SGF_TEXT ? '\n' : ' ';
            raw += n;
        } else if (*raw == '\t' || *raw == '\v' || *raw == '\f') {
            *to++ = ' ';
            raw++;
        } else if (widen && (unsigned char)*raw >= 0x80) {
            *to++ = (char)(0xc0 | (unsigned char)*raw >> 6);
            *to++ = (char)(0x80 | (*raw++ & 0x3f));
        } else {
            *to++ = *raw++;
        }
    }
    if (text)
        *to = '\0';
    return text;
}

char *sgf_get_text(const struct sgf_node *n, const char *id, enum sgf_text kind)
{
    const char *raw = sgf_get_raw(n, id);

    return raw ? sgf_text(raw, kind, sgf_charset(n)) : NULL;
}
