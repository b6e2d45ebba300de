/*
 * lines: the bytes of a descriptor cut into lines, without ever blocking
 * longer than asked, so that "is another line waiting?" can be asked in the
 * middle of a long computation.
 *
 * Memory is bounded: of a line longer than LINES_MAX only the first LINES_HEAD
 * bytes are kept, the rest is read and dropped up to its newline.  At the end
 * of input a last line without newline counts as a line.
 */
#ifndef GTP_LINES_H
#define GTP_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/err.h"

enum {
    LINES_MAX = 4 << 20, /* longest line, bytes without the newline */
    LINES_HEAD = 256,
};

struct lines {
    int fd;             /* -1: nothing but what lines_feed gave; not owned */
    char *buf;          /* owned; unread bytes are start .. end-1 */
    size_t start, end, cap;
    size_t scanned;     /* no newline in start .. scanned-1 */
    bool skipping;      /* the line in buf was too long: its head is left */
    bool eof;
    int error;          /* errno of a failed read, ENOMEM; then eof is set too */
};

enum lines_state {
    LINES_NONE,  /* no whole line yet */
    LINES_READY, /* lines_next would not block */
    LINES_END,   /* no line will come any more */
};

/* Reads from fd; release in any case. */
void lines_init(struct lines *l, int fd);
void lines_release(struct lines *l);

/* Appends bytes as if they had been read: for tests and fuzzing. */
int lines_feed(struct lines *l, const char *bytes, size_t n, struct err *e);

/* Waits up to timeout_ms (0: looks only; < 0: as long as it takes). */
enum lines_state lines_poll(struct lines *l, int timeout_ms);

/* What lines_next found. */
enum lines_kind { LINES_EOF, LINES_LINE, LINES_LONG };

/*
 * Waits for the next line.  *line is its first byte, *len its length without
 * newline; of a LINES_LONG line only the head.  Valid until the next call of
 * any function here.  A failed read is an end of input with l->error set.
 */
enum lines_kind lines_next(struct lines *l, char **line, size_t *len);

/*
 * Is "# interrupt" among the whole lines that wait, with nothing but blank
 * lines and comments before it?  Reads what is there, waits for nothing.
 */
bool lines_interrupt(struct lines *l);

#endif
