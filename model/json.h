/*
 * json: a small strict reader of JSON (RFC 8259) for text that is not trusted.
 *
 * Refused, with the byte where it happens: anything but UTF-8, the character
 * NUL, lone surrogates, control characters in keys (so keys may be shown in
 * messages), a key given twice in an object, numbers that are not integers within
 * +-2^53, nesting deeper than JSON_DEPTH, more values than the
 * caller allows, anything after the value.  It does not recurse; memory is about
 * 40 bytes a value and one copy of the text.
 *
 * Values lie in one array in the order of the text, the root first; a value's
 * children are a chain:
 *
 *     for (v = json_first(j, object); v; v = json_next(j, v))
 *         if (!strcmp(v->key, "shape")) ...
 */
#ifndef MODEL_JSON_H
#define MODEL_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/err.h"

enum { JSON_DEPTH = 16 };

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_INT, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
    enum json_type type;
    int n;           /* children of an array or object */
    const char *key; /* of a member; NULL elsewhere */
    union {
        int64_t i;     /* JSON_INT */
        const char *s; /* JSON_STRING, NUL at its end */
        int first;     /* arrays and objects: index of the first child, 0 when none */
    } u;
    int next;        /* index of the next child of the same parent, 0 when none */
};

struct json {
    struct json_value *v; /* (n), owned; v[0] is the root */
    int n, cap, max;
    char *text;           /* all strings, owned */
};

/* Parses len bytes of s, at most max values.  On failure there is nothing to free. */
int json_parse(struct json *j, const char *s, size_t len, int max, struct err *e);
void json_free(struct json *j);

static inline const struct json_value *json_first(const struct json *j,
                                                  const struct json_value *parent)
{
    return parent->u.first ? &j->v[parent->u.first] : NULL;
}

static inline const struct json_value *json_next(const struct json *j,
                                                 const struct json_value *v)
{
    return v->next ? &j->v[v->next] : NULL;
}

/* Writes s as a JSON string, quotes included; -1, and nothing written, if s is not UTF-8. */
int json_write_string(FILE *f, const char *s);

#endif
