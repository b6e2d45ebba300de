/*
 * sprt: has a match shown yet that one engine is stronger by so much?
 *
 * A sequential test of H0, "the first is elo0 above the second", against H1, "it is elo1 above",
 * elo0 < elo1, looked at after every pair of games: it ends once the log-likelihood ratio leaves
 * the two bounds of Wald (Ann. Math. Stat. 16, 1945), ln(beta / (1 - alpha)) and
 * ln((1 - beta) / alpha).  Then H1 is accepted where H0 holds with a chance of alpha or so, H0
 * where H1 holds with one of beta.
 *
 * What is observed are pairs of games of one opening, colours swapped, by what the first engine
 * scored in them: 0, 1/2, 1, 3/2 or 2 points.  Half a pair tells nothing yet and is not counted.
 * Elo are logistic ones: elo says that the score per game is s = 1 / (1 + 10^(-elo / 400)), draws
 * being half a point, whatever the shares of the five results are.
 *
 * Method: the generalised ratio, in which each hypothesis is represented by the likeliest shares
 * of the five results that have its score (M. Van den Bergh, "Comments on normalized Elo" and
 * "A maximum likelihood estimator for multinomial distributions", as in Stockfish's fishtest).
 * With p_i the shares seen and a_i = i / 4 these are p_i / (1 + x (a_i - s)), where x solves
 *     sum p_i (a_i - s) / (1 + x (a_i - s)) = 0,
 * so no normal approximation is made.  A result never seen counts as a thousandth of a pair.
 */
#ifndef GTP_SPRT_H
#define GTP_SPRT_H

#include "engine/err.h"

enum {
    SPRT_SCORES = 5, /* of a pair: 0, 1/2, 1, 3/2, 2 points */
    SPRT_FAR = 2000  /* Elo: more than that is no hypothesis */
};

struct sprt {
    double elo0, elo1;  /* elo0 < elo1, within SPRT_FAR */
    double alpha, beta; /* above 0, sum below 1 */
};

enum sprt_verdict { SPRT_GO_ON, SPRT_H0, SPRT_H1 };

struct sprt_state {
    double llr;          /* of H1 over H0 */
    double lower, upper; /* H0 is accepted at or below, H1 at or above */
    enum sprt_verdict verdict;
};

/* Does it make a test? */
int sprt_check(const struct sprt *s, struct err *e);

/* pairs: how many ended with each score.  No pairs: 0. */
double sprt_llr(double elo0, double elo1, const long pairs[SPRT_SCORES]);

struct sprt_state sprt_look(const struct sprt *s, const long pairs[SPRT_SCORES]);

#endif
