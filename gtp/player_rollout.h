/*
 * rollout: games that a policy plays on against itself, for analysis.
 *
 * The choices of a position are the candidates.  A visit takes one of them, plays
 * it, and lets the policy go on for both sides until two passes, without imagining
 * each frame in full; the area then tells who has won.  Candidates get visits in
 * proportion to their probability.  The first line of each follows the likeliest
 * moves and is its variation; later ones are drawn by probability.
 *
 * A winrate is (wins + 1) / (lines + 2), so 1/2 where nothing was played yet.
 */
#ifndef GTP_PLAYER_ROLLOUT_H
#define GTP_PLAYER_ROLLOUT_H

#include "engine/rng.h"
#include "gtp/player.h"
#include "gtp/player_policy.h"

struct rollout_sums {
    long n;                    /* lines played */
    double wins, lead;         /* sums, of the colour asked */
    float own[BOARD_AREA];     /* sums of area, its points +1 */
};

struct rollouts {
    struct rng *rng;           /* not owned; set by the user */
    /* the last request's; owned */
    int n;
    struct candidate *candidate;
    struct rollout_sums *sums;    /* (n + 1): of each candidate, then of all */
    float *ownership;          /* (n + 1, h, w) */
    long visits;
};

/*
 * Takes p's choices that r allows as candidates, those hardly likely left out where r restricts
 * them, but r->least if there are so many moves; plays lines until there are `visits` or r->poll
 * says stop; reports as r wants, at the end in any case.  Leaves p looking at another position.
 */
int rollouts_play(struct rollouts *l, struct policy *p, const struct player_request *r, long visits,
               struct err *e);
void rollouts_release(struct rollouts *l);

#endif
