/*
 * client: GTP engines that we start, ask and outlive.
 *
 * An engine is a command for /bin/sh, in a process group of its own, its
 * standard streams piped.  Nothing here blocks longer than asked, whatever the
 * engine does: it may die, hang, flood any stream, close its input, answer
 * late or nonsense.  Everything happens in client_poll, which serves any
 * number of engines at once: it writes what waits to be written, reads
 * replies, and drains stderr always.
 *
 * One command at a time: client_send, then client_poll until the state is no
 * longer CLIENT_BUSY; client_ask does both.  Each command has an id, which the
 * reply must echo; CR LF is taken as LF, control characters and blank lines
 * between replies are dropped.  Any breach (end of output, silence past the
 * limit, output nobody asked for, a wrong id, a reply that is too long) makes
 * the client CLIENT_FAILED for good, with a message that ends in the last lines
 * that went to and fro.  Then stop it, and start another.
 *
 * The program must ignore SIGPIPE.
 */
#ifndef GTP_CLIENT_H
#define GTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/err.h"
#include "gtp/text.h"

enum {
    CLIENT_LAST = 6,             /* lines remembered for messages */
    CLIENT_LAST_BYTES = 96,      /* kept of each */
    CLIENT_MAX_REPLY = 16 << 20, /* bytes */
};

enum client_state {
    CLIENT_IDLE,   /* no command yet, or its reply is in */
    CLIENT_BUSY,   /* a command is out */
    CLIENT_FAILED, /* error says why; only client_stop helps */
};

/* Which way a line went: to the engine, from it, or over its stderr. */
enum client_way { CLIENT_TO, CLIENT_FROM, CLIENT_STDERR };

/* Told each line, without its end. */
typedef void client_log_fn(void *arg, enum client_way way, const char *line, size_t len);

struct client {
    enum client_state state;
    bool ok;                /* the reply began with '=', not '?' */
    struct text reply;      /* its text: no id, lines joined by LF, none at the end */
    double seconds;         /* from client_send to the reply's end */
    struct err error;       /* of CLIENT_FAILED */
    bool late;              /* it failed for want of a reply in time */
    /* private */
    char *name;             /* owned */
    pid_t pid;              /* 0: none */
    int in, out, err;       /* our ends of its streams; -1: closed */
    int id;
    double sent, deadline;  /* monotonic seconds; deadline < 0: none */
    bool in_reply;
    struct text unsent;     /* from unsent_at on */
    size_t unsent_at;
    struct text out_line, err_line; /* the line in the making */
    client_log_fn *log;
    void *log_arg;
    char last[CLIENT_LAST][CLIENT_LAST_BYTES + 8];
    unsigned n_last;
};

/*
 * Starts `command`; name stands in messages.  log may be NULL.  That the
 * command exists is not known yet: the first reply tells.  On failure nothing
 * is left to stop.
 */
int client_start(struct client *c, const char *name, const char *command, client_log_fn *log,
                 void *log_arg, struct err *e);

/*
 * Asks an idle or failed engine to quit, waits up to grace_ms for it to end, then
 * kills its process group; releases c.  Harmless on a stopped or zeroed client.
 * Returns its wait status, -1 if it was none.
 */
int client_stop(struct client *c, int grace_ms);

/* Queues a command (no id, no line end) to be answered within limit seconds, < 0: without
   limit.  -1, with the client failed or busy, sets e. */
int client_send(struct client *c, double limit, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Serves the n clients (NULL and stopped ones are passed over) until one that was
 * busy is no longer, or timeout_ms is over (< 0: never, but at once when none is
 * busy).  Returns how many are idle or failed that were busy before.
 */
int client_poll(struct client **clients, size_t n, int timeout_ms);

/* Sends and waits.  0: c->ok and c->reply hold the reply, be it '=' or '?'; -1: e is set. */
int client_ask(struct client *c, double limit, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Sets e to what is wrong with an engine, in the form of CLIENT_FAILED's messages: its name
   first, the last lines last.  Returns -1. */
int client_err(const struct client *c, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Nobody has listened since then: if it is busy, that does not count as its time. */
void client_forgive(struct client *c, double since);

/* Monotonic seconds, the clock of deadlines. */
double client_now(void);

#endif
