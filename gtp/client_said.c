#include "gtp/client_said.h"

#include <stdarg.h>
#include <string.h>

void client_note(struct client *c, enum client_way way, const char *line, size_t len)
{
    static const char *const signs[] = { "> ", "< ", "! " };
    char *to = c->last[c->n_last++ % CLIENT_LAST];
    size_t kept = len < CLIENT_LAST_BYTES ? len : CLIENT_LAST_BYTES;

    if (c->log)
        c->log(c->log_arg, way, line, len);
    memcpy(to, signs[way], 2);
    if (kept)
        memcpy(to + 2, line, kept);
    strcpy(to + 2 + kept, kept < len ? "..." : "");
}

/* Adds the newest lines that keep t within max bytes. */
static void add_last(const struct client *c, struct text *t, size_t max)
{
    unsigned first = c->n_last > CLIENT_LAST ? c->n_last - CLIENT_LAST : 0;

    for (; first < c->n_last; first++) {
        size_t bytes = t->len + 12;

        for (unsigned i = first; i < c->n_last; i++)
            bytes += strlen(c->last[i % CLIENT_LAST]) + 3;
        if (bytes < max)
            break;
    }
    for (unsigned i = first; i < c->n_last; i++)
        text_printf(t, "%s%s", i == first ? "; last lines: " : " | ", c->last[i % CLIENT_LAST]);
}

static void explain(const struct client *c, struct err *e, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void explain(const struct client *c, struct err *e, const char *fmt, va_list ap)
{
    struct text t;

    text_init(&t);
    text_printf(&t, "%s: ", c->name);
    text_vprintf(&t, fmt, ap);
    add_last(c, &t, sizeof e->msg);
    err_set(e, "%s", t.failed ? "out of memory" : text_str(&t));
    text_release(&t);
}

int client_err(const struct client *c, struct err *e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (e)
        explain(c, e, fmt, ap);
    va_end(ap);
    return -1;
}

void client_fail(struct client *c, const char *fmt, ...)
{
    va_list ap;

    if (c->state == CLIENT_FAILED)
        return;
    c->state = CLIENT_FAILED;
    va_start(ap, fmt);
    explain(c, &c->error, fmt, ap);
    va_end(ap);
}
