/*
 * elo: what the points of a match say about the difference in strength.
 *
 * Games are counted by opening: the two games of an opening, colours swapped,
 * depend on each other (an opening good for Black gives 1-1 whoever plays), so
 * their points are one observation; a game without its partner is one too.
 *
 * Method.  With k observations of n_i games and P_i points, N games in all,
 * the score is s = sum P_i / N and the variance of its sum is estimated as
 *     v = k / (k - 1) * sum (P_i - n_i s)^2         (ratio estimator)
 * against b = N s (1 - s) of independent games without draws.  The design
 * effect d = (k v / b + 1) / (k + 1), drawn a little towards 1 because short
 * matches know their variance badly (and 1 if b is 0 or k < 2), makes of N
 * games N / d effective ones; the score's interval is Wilson's for these
 * (stats.h).  The difference is 400 log10(s / (1 - s)), its error bars are
 * that curve at the ends of the score's interval: unsymmetric, and infinite
 * where the match has been one-sided.
 */
#ifndef GTP_ELO_H
#define GTP_ELO_H

#include "gtp/stats.h"

/* Sums over the observations; zeroed: none yet. */
struct elo_tally {
    long n;     /* observations */
    long games;
    double points;
    double points_2, games_2, both; /* sums of P^2, n^2, n P */
};

struct elo {
    struct interval score, difference;
};

/* Adds an opening of which `games` (1 or 2) were played, with the points made in them
   (1 a win, 1/2 a draw). */
void elo_add(struct elo_tally *t, int games, double points);

/* Needs one game. */
struct elo elo_estimate(const struct elo_tally *t);

/* The difference that a score of 0 .. 1 means; infinite at the ends. */
double elo_of_score(double score);

#endif
