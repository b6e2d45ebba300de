#include "gtp/lines.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 1 << 16 };

void lines_init(struct lines *l, int fd)
{
    *l = (struct lines){ .fd = fd, .eof = fd < 0 };
}

void lines_release(struct lines *l)
{
    free(l->buf);
    lines_init(l, -1);
}

/* Room for n more bytes behind end, moving what is unread to the front. */
static int make_room(struct lines *l, size_t n)
{
    size_t cap = l->cap ? l->cap : CHUNK;
    char *buf;

    if (l->end + n <= l->cap)
        return 0;
    if (l->start) {
        memmove(l->buf, l->buf + l->start, l->end - l->start);
        l->end -= l->start;
        l->scanned -= l->start;
        l->start = 0;
    }
    while (cap < l->end + n)
        cap *= 2;
    if (cap == l->cap)
        return 0;
    buf = realloc(l->buf, cap);
    if (!buf)
        return -1;
    l->buf = buf;
    l->cap = cap;
    return 0;
}

int lines_feed(struct lines *l, const char *bytes, size_t n, struct err *e)
{
    if (make_room(l, n))
        return err_set(e, "out of memory");
    if (n)
        memcpy(l->buf + l->end, bytes, n);
    l->end += n;
    return 0;
}

static int fail(struct lines *l, int error)
{
    l->error = error;
    l->eof = true;
    return 0;
}

/* Reads once; 1 if bytes came, 0 if none came in time or will ever. */
static int fill(struct lines *l, int timeout_ms)
{
    struct pollfd p = { .fd = l->fd, .events = POLLIN };
    ssize_t n;

    if (l->eof)
        return 0;
    if (make_room(l, CHUNK))
        return fail(l, ENOMEM);
    do
        n = poll(&p, 1, timeout_ms);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n ? fail(l, errno) : 0;
    n = read(l->fd, l->buf + l->end, CHUNK);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 1;
    if (n <= 0)
        return fail(l, n ? errno : 0);
    l->end += (size_t)n;
    return 1;
}

/* The newline that ends the line at start, or NULL; drops the rest of a line
   that is too long. */
static char *find_newline(struct lines *l)
{
    char *at = l->end > l->scanned ? memchr(l->buf + l->scanned, '\n', l->end - l->scanned)
                                   : NULL;
    size_t held = (at ? (size_t)(at - l->buf) : l->end) - l->start;

    if (held > LINES_MAX || (l->skipping && held > LINES_HEAD)) {
        l->skipping = true;
        l->start += held - LINES_HEAD;
        memmove(l->buf + l->start, l->buf + l->start - (held - LINES_HEAD), LINES_HEAD);
    }
    l->scanned = at ? (size_t)(at - l->buf) : l->end;
    return at;
}

enum lines_state lines_poll(struct lines *l, int timeout_ms)
{
    while (!find_newline(l))
        if (!fill(l, timeout_ms)) {
            if (!l->eof)
                return LINES_NONE;
            return find_newline(l) || l->end > l->start ? LINES_READY : LINES_END;
        }
    return LINES_READY;
}

enum lines_kind lines_next(struct lines *l, char **line, size_t *len)
{
    enum lines_kind kind;

    while (lines_poll(l, -1) == LINES_NONE)
        ;
    kind = l->skipping ? LINES_LONG : LINES_LINE;
    if (l->start == l->end)
        return LINES_EOF;
    *line = l->buf + l->start;
    *len = l->scanned - l->start;
    l->start = l->scanned + (l->scanned < l->end);
    l->scanned = l->start;
    l->skipping = false;
    return kind;
}

/* 1: "# interrupt"; 0: blank or another comment; -1: a command. */
static int kind_of(const char *s, size_t n)
{
    static const char word[] = "interrupt";

    while (n && (unsigned char)*s <= ' ')
        s++, n--;
    while (n && (unsigned char)s[n - 1] <= ' ')
        n--;
    if (n == 0)
        return 0;
    if (*s != '#')
        return -1;
    do
        s++, n--;
    while (n && *s == ' ');
    return n == sizeof word - 1 && !memcmp(s, word, n);
}

bool lines_interrupt(struct lines *l)
{
    size_t at, n;
    char *nl;

    while (l->end - l->start < LINES_MAX && fill(l, 0))
        ;
    if (l->skipping)
        return false;
    for (at = l->start; at < l->end; at += n + 1) {
        nl = memchr(l->buf + at, '\n', l->end - at);
        if (!nl)
            return false;
        n = (size_t)(nl - (l->buf + at));
        switch (kind_of(l->buf + at, n)) {
        case 1:
            return true;
        case -1:
            return false;
        }
    }
    return false;
}
