/*
 * gtp: the Go Text Protocol, version 2, without any Go.
 *
 * A session reads lines, cuts them into id, command and arguments, looks the
 * command up in the caller's tables, runs it and frames its reply:
 *
 *     "=12 D4\n\n"    "=\n\n" (nothing to say)    "?12 illegal move\n\n"
 *
 * Input is preprocessed as the specification orders: control characters except
 * HT and LF are dropped (CR and NUL too), '#' starts a comment, HT becomes a
 * space, blank lines are skipped.  Ids are echoed digit by digit.  A line over
 * LINES_MAX bytes is answered "line too long" and the session goes on.  Each
 * reply is written out before the next line is looked at, and holds no blank
 * line and no control character whatever the command put into it.
 *
 * The session itself answers protocol_version, known_command, list_commands
 * and quit, which come first in list_commands.
 *
 * A command may answer as it goes (the analysis commands do): gtp_begin writes
 * "=id", each gtp_line one line more, and the framing closes the reply when
 * the command returns.  Meanwhile gtp_waiting tells whether the controller has
 * sent another line, gtp_interrupted whether that is GoGui's "# interrupt".
 */
#ifndef GTP_GTP_H
#define GTP_GTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "engine/err.h"
#include "gtp/lines.h"

struct gtp;

/* Runs one command: 0 when it succeeded, -1 after gtp_fail. */
typedef int gtp_run_fn(struct gtp *g, void *ctx);

struct gtp_command {
    const char *name; /* NULL ends a table */
    gtp_run_fn *run;
};

/*
 * A session between two descriptors, which stay the caller's.  in < 0: there
 * is no input but gtp_feed's.  out < 0: output is kept for gtp_output.  ctx is
 * handed to the commands.  NULL when out of memory.
 */
struct gtp *gtp_new(int in, int out, void *ctx);
void gtp_free(struct gtp *g);

/* Adds a table, which must outlive the session.  -1 when there are too many. */
int gtp_add(struct gtp *g, const struct gtp_command *table);

/*
 * Copies every line in ('>') and out ('<') to log, with the time by now() in
 * seconds, flushed line by line.  log stays the caller's, who learns of a
 * full disk from ferror.
 */
void gtp_log(struct gtp *g, FILE *log, double (*now)(void));

/* Notes go to `to` too, behind "videoworld: ". */
void gtp_notes(struct gtp *g, FILE *to);

/* Appends input; what is fed is read before the descriptor. */
int gtp_feed(struct gtp *g, const char *bytes, size_t n, struct err *e);

/* Serves until quit or end of input (0), or until reading or writing fails (-1). */
int gtp_serve(struct gtp *g, struct err *e);

/* What was written with out < 0, NUL-terminated; *n may be NULL. */
const char *gtp_output(const struct gtp *g, size_t *n);

/* --- for commands ---------------------------------------------------------- */

const char *gtp_name(const struct gtp *g); /* of the command itself */
int gtp_argc(const struct gtp *g);
/* Argument i from 0; "" beyond the last. */
const char *gtp_arg(const struct gtp *g, int i);
/* The text of the line from argument i on, spaces as they were. */
const char *gtp_rest(const struct gtp *g, int i);

/* Adds to the reply. */
void gtp_printf(struct gtp *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void gtp_puts(struct gtp *g, const char *s);
/* Replaces the reply by an error; returns -1. */
int gtp_fail(struct gtp *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A line for people, in the log and where gtp_notes says. */
void gtp_note(struct gtp *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Answers as it goes, see above.  After gtp_begin a failing command only ends
   its reply: the error is a note. */
void gtp_begin(struct gtp *g);
void gtp_line(struct gtp *g, const char *s);

/* Is another line there?  Waits up to timeout_ms (< 0: until there is). */
enum lines_state gtp_waiting(struct gtp *g, int timeout_ms);
bool gtp_interrupted(struct gtp *g);
/* The controller no longer reads: nothing is worth finishing. */
bool gtp_broken(const struct gtp *g);

#endif
