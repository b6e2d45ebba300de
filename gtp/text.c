#include "gtp/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_init(struct text *t)
{
    *t = (struct text){ 0 };
}

void text_release(struct text *t)
{
    free(t->s);
    text_init(t);
}

void text_clear(struct text *t)
{
    t->len = 0;
    if (t->s)
        t->s[0] = '\0';
}

/* Room for n more bytes and the NUL. */
static bool grow(struct text *t, size_t n)
{
    size_t cap = t->cap ? t->cap : 128;
    char *s;

    if (t->failed || n > (size_t)-1 / 4 - t->len)
        return !(t->failed = true);
    if (t->len + n < t->cap)
        return true;
    while (cap <= t->len + n)
        cap *= 2;
    s = realloc(t->s, cap);
    if (!s)
        return !(t->failed = true);
    t->s = s;
    t->cap = cap;
    return true;
}

void text_add(struct text *t, const char *s, size_t n)
{
    if (!grow(t, n))
        return;
    if (n)
        memcpy(t->s + t->len, s, n);
    t->len += n;
    t->s[t->len] = '\0';
}

void text_puts(struct text *t, const char *s)
{
    text_add(t, s, strlen(s));
}

void text_vprintf(struct text *t, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0 || !grow(t, (size_t)n)) {
        t->failed = true;
        return;
    }
    vsnprintf(t->s + t->len, (size_t)n + 1, fmt, ap);
    t->len += (size_t)n;
}

void text_printf(struct text *t, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    text_vprintf(t, fmt, ap);
    va_end(ap);
}
