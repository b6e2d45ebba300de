/*
 * client_said: of a client, what went to and fro, and messages that end in it.
 */
#ifndef GTP_CLIENT_SAID_H
#define GTP_CLIENT_SAID_H

#include "gtp/client.h"

/* Remembers a line, and tells it to c's log. */
void client_note(struct client *c, enum client_way way, const char *line, size_t len);

/* c fails for good, saying why; what it failed of first stays. */
void client_fail(struct client *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
