/*
 * playout: random play that does not fill its own eyes.
 *
 * The moves of the `random` player and of the bench.  The same board (made by
 * the same calls), colour and generator give the same move.
 */
#ifndef ENGINE_PLAYOUT_H
#define ENGINE_PLAYOUT_H

#include "engine/board.h"
#include "engine/game.h"
#include "engine/rng.h"

/* Is the empty point p an eye of c: all neighbours c's, and of the diagonals
   at most one the enemy's, none beside an edge? */
bool playout_is_eye(const struct board *b, enum color c, int p);

/* A move of c, each legal one that fills no eye being as likely; PASS if there
   is none.  The first knows simple ko only, the second superko too. */
int playout_move(const struct board *b, enum color c, struct rng *r);
int playout_move_game(const struct game *g, enum color c, struct rng *r);

/* Plays on in turn, c first, until two passes in a row or for `limit` moves,
   passes counted.  Returns the moves made. */
int playout_run(struct board *b, enum color c, int limit, struct rng *r);

#endif
