/*
 * gtp_toys: commands to try the protocol layer with, and sessions that have them.
 *
 *     echo A B    "A|B"                       fail     an error, after some text
 *     rest A B    raw text of arguments       untidy   blank lines, control characters
 *     size A B    their number and length     stream   ticks until a line comes
 *     work        "done", or "interrupted"    late     fails after it began to answer
 */
#ifndef TESTS_GTP_TOYS_H
#define TESTS_GTP_TOYS_H

#include "gtp/gtp.h"

struct gtp *toy_session(int in, int out);

/* A file that holds these bytes, open for reading at its start. */
int toy_file(const char *s, size_t n);

#endif
