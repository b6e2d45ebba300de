/*
 * text: a string that grows.
 *
 * s is NULL while nothing was ever added, else NUL-terminated after len bytes
 * (which may hold NUL bytes themselves).  Running out of memory is sticky:
 * what does not fit is dropped and `failed` stays set until text_release, so a
 * whole reply may be built before asking once.
 */
#ifndef GTP_TEXT_H
#define GTP_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *s; /* owned */
    size_t len, cap;
    bool failed;
};

static inline const char *text_str(const struct text *t)
{
    return t->s ? t->s : "";
}

void text_init(struct text *t);
void text_release(struct text *t);

/* Makes it empty; keeps the memory. */
void text_clear(struct text *t);

void text_add(struct text *t, const char *s, size_t n);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *t, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

#endif
