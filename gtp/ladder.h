/*
 * ladder: which game tells most about how strong one player is.
 *
 * Method: greedy optimal design.  Around the ratings estimated so far (rating.h) errors are
 * taken as normal.  A game of i and j then has the information w = k^2 p (1 - p), k = ln 10 /
 * 400, on their difference d, and would lower the climber's variance by
 *
 *     w c^2 / (1 + w v),  c = cov(climber, d),  v = var(d)        (Sherman and Morrison)
 *
 * which is divided by the seconds it takes.  So the climber meets rungs of about its own
 * strength whose ratings are well known and who play fast; and where rungs may play each
 * other, those whose own ratings are the weakest link do.
 */
#ifndef GTP_LADDER_H
#define GTP_LADDER_H

#include "gtp/rating.h"

struct ladder {
    int n, climber;        /* players; who climbs */
    bool calibrate;        /* rungs may play each other */
    const double *seconds; /* (n) what a player's moves of a game take; all above 0 */
    /* (n, n) games of i and j, at [i * n + j] where i < j */
    const long *played;    /* with a result */
    const long *under_way; /* without one yet */
};

/*
 * The pairing (*a, *b), *a < *b, to play next: first the climber against every rung once, the
 * fastest first, then what tells most.  r: from all results so far.
 */
int ladder_choose(const struct ladder *l, const struct ratings *r, int *a, int *b, struct err *e);

#endif
