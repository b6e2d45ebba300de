/*
 * sgf_step: what the sources of sgf_game share.  Users include sgf_game.h alone.
 */
#ifndef ENGINE_SGF_STEP_H
#define ENGINE_SGF_STEP_H

#include "engine/sgf_game.h"

/* Plays what node n, the root included, says onto g.  Returns the plies that made, 0 or 1,
   or -1 with g as it was. */
int sgf_step(const struct sgf *s, const struct sgf_node *n, const struct sgf_header *h,
             struct game *g, struct err *e);

/* Reads a decimal number without exponent, of at most 15 digits. */
bool sgf_parse_real(const char *raw, double *value);

#endif
