/*
 * err: why something failed.
 *
 * A function that can fail takes a `struct err *` and returns -1 after
 * err_set.  The first failure wins: a message already set is kept, so callers
 * may pass one err down a whole chain of calls and report once.  Messages are
 * lower case, name the file or value at fault, and end without a full stop.
 * Libraries never print and never exit.
 */
#ifndef ENGINE_ERR_H
#define ENGINE_ERR_H

struct err {
    char msg[512]; /* "" while nothing has failed */
};

/* Clears e, so that it can be used (again). */
void err_init(struct err *e);

/* Sets the message unless one is set already; e may be NULL.  Returns -1. */
int err_set(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
