/*
 * match_ini: a tournament written down as an INI file.
 *
 *     [match]
 *     games = 200             ; the names of the long options
 *     time = 60+1
 *     [engine NAME]
 *     command = gnugo --mode gtp
 *         --level 10          ; indented: goes on with the line before
 *
 * Read by inih, whose rules hold: comments begin with ';' or '#' at the start
 * of a line, or with ';' behind a blank; a line has less than 200 bytes.
 * Here only sections are known; what a key means is the caller's.
 */
#ifndef GTP_MATCH_INI_H
#define GTP_MATCH_INI_H

#include <stdbool.h>

#include "engine/err.h"

/* Told each key and value.  engine: the NAME of [engine NAME], NULL in [match]; more: the value
   goes on with that of the same key before.  -1 with a reason refuses it. */
typedef int match_ini_fn(void *arg, const char *engine, const char *key, const char *value,
                         bool more, struct err *e);

/* Errors say "FILE:LINE: reason". */
int match_ini_read(const char *path, match_ini_fn *take, void *arg, struct err *e);

#endif
