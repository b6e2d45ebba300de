/*
 * rating: how strong many players are, from the games between any of them.
 *
 * Model (R. R. Davidson, JASA 65, 1970, for draws; Davidson and R. J. Beaver, Biometrics 33,
 * 1977, for the order): with d = r_black + a - r_white, in units of 400 / ln 10 Elo, the chances
 * that Black wins, nobody does and White wins are as e^(d/2) : v : e^(-d/2).  The ratings r, the
 * first player's advantage a and the draws' weight v are estimated together.  So the difference
 * of two ratings says how many games one wins for each it loses (10 at 400 Elo); where draws are
 * many it is above the logistic Elo of their score.  Without a single draw v is 0.
 *
 * Method: Newton's on the penalised log-likelihood, which is concave, from 0.  The covariance is
 * the inverse of minus its second derivatives, as in R. Coulom's BayesElo; D. R. Hunter (Ann.
 * Stat. 32, 2004) says when the maximum exists and is one.  The penalty, which makes that always
 * so, is a prior in the form of games (BayesElo's are draws): a player brings half a game more,
 * spread over its opponents as its games are, half won and half lost, colours forgotten.  For two
 * players that is half a win for each: w : l, alike with both colours, is a difference of
 * 400 log10((w + 1/2) / (l + 1/2)), nearly unbiased (Haldane, Ann. Hum. Genet. 20, 1956).  The
 * advantage has half a win for either colour between equals, the draws' weight, where there are
 * draws, half a draw and half a decided game.
 *
 * What games do not connect cannot be compared: `group` tells.  A group in which ratings are
 * given (anchors) stands where they put it, and all such are one; any other has mean zero.
 *
 * Games count as independent.  The two games of an opening are not quite, which makes the bars
 * of a match of such pairs too wide, if anything (elo.h looks at the pairs).
 *
 * All intervals are of 95 %, normal.
 */
#ifndef GTP_RATING_H
#define GTP_RATING_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/err.h"
#include "gtp/stats.h"

/* Some games, maybe none, of `black` against `white` (players, from 0; two, where there are
   games); the same two may have any number of counts. */
struct rating_count {
    int black, white;
    double won, drawn, lost; /* by Black */
};

struct ratings {
    int n;              /* players */
    int groups;
    int *group;         /* (n) from 0, owned */
    double *elo;        /* (n), owned */
    double black;       /* the first player's advantage, Elo */
    double draw;        /* v */
    double *covariance; /* (n + 1, n + 1) of the ratings and the advantage, Elo^2, owned;
                           of ratings against the mean of their group if that has no anchor,
                           of use within a group only */
    bool *known;        /* (n) it has games, or is an anchor; owned */
};

/* anchor: (n) a given rating, or NAN; NULL: there are none.  Release r in any case. */
int ratings_estimate(struct ratings *r, int n, const struct rating_count *count, size_t n_counts,
                     const double *anchor, struct err *e);
void ratings_release(struct ratings *r);

/* Of player i; infinite if it has no games and is no anchor. */
struct interval rating_of(const struct ratings *r, int i);

/* By how much i is above j; infinite if nothing connects them. */
struct interval rating_difference(const struct ratings *r, int i, int j);

struct interval rating_black(const struct ratings *r);

/* The likelihood that i is stronger than j; 1/2 if nothing connects them. */
double rating_los(const struct ratings *r, int i, int j);

/* The share of draws between equals. */
double rating_draws(const struct ratings *r);

#endif
