/*
 * journal: a text file that only grows, line by line.
 *
 * What is added is written at once, so a kill at any moment loses at most the
 * line being written; a last line without its end is cut off at the next
 * opening.  A journal begins with words that tell its kind, so that no other
 * file is touched.  With `sync` a line is on the disk when journal_add returns.  The
 * file is locked while it is open: nobody else can open it as a journal.
 */
#ifndef GTP_JOURNAL_H
#define GTP_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/err.h"

struct journal {
    char *path; /* owned */
    int fd;
};

/* Cuts off the text of a journal, *len bytes of PATH, behind its last line's end: what follows was
   torn.  A NUL byte before it is an error, with the line's number. */
int journal_whole(char *text, size_t *len, const char *path, struct err *e);

/* Opens or makes PATH, which begins with `kind` or has to be begun so.  *text gets its whole
   lines; the caller frees it.  On failure it is NULL.  Release j in any case. */
int journal_open(struct journal *j, const char *path, const char *kind, char **text,
                 struct err *e);
void journal_release(struct journal *j);

/* Adds one or more lines, their ends included. */
int journal_add(struct journal *j, const char *lines, bool sync, struct err *e);

#endif
