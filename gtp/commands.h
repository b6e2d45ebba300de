/*
 * commands: what an engine does when GTP's commands arrive.
 *
 * A struct commands is one engine: a game, a player that makes its moves, two
 * clocks.  It is the ctx of a GTP session; commands_add registers everything.
 * The rules are those of game.h, whatever a client calls them: kata-set-rules
 * says in its reply where a named set differs from what is played.
 *
 * Komi survives boardsize and clear_board.  A failed command changes nothing.
 */
#ifndef GTP_COMMANDS_H
#define GTP_COMMANDS_H

#include "gtp/gtp.h"
#include "gtp/player.h"

struct commands;

struct commands_options {
    int size;              /* of the first board */
    double komi;
    const char *version;   /* what version answers; outlives the commands */
    double max_time;       /* most seconds for a move, whatever the clock allows */
    double (*now)(void);   /* seconds of a clock that runs steadily */
    double (*cpu)(void);   /* seconds of processor time used so far */
};

/* p stays the caller's and outlives the commands.  NULL on failure. */
struct commands *commands_new(struct player *p, const struct commands_options *o,
                              struct err *e);
void commands_free(struct commands *c);

/* Adds all commands to a session made with ctx = c. */
int commands_add(struct commands *c, struct gtp *g);

/* Sets a parameter (kata-set-param), its own or the player's. */
int commands_set(struct commands *c, const char *name, const char *value, struct err *e);

#endif
