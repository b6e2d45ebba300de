#include "gtp/elo.h"

#include <math.h>

void elo_add(struct elo_tally *t, int games, double points)
{
    t->n++;
    t->games += games;
    t->points += points;
    t->points_2 += points * points;
    t->games_2 += (double)games * games;
    t->both += games * points;
}

double elo_of_score(double score)
{
    return score <= 0 ? -INFINITY : score >= 1 ? INFINITY : 400 * log10(score / (1 - score));
}

/* By how much the games tell less (above 1) or more than as many coins. */
static double design_effect(const struct elo_tally *t)
{
    double k = (double)t->n, n = (double)t->games, s = t->points / n, b = n * s * (1 - s), v;

    if (t->n < 2 || b <= 0)
        return 1;
    v = k / (k - 1) * fmax(0, t->points_2 - 2 * s * t->both + s * s * t->games_2);
    return (k * v / b + 1) / (k + 1);
}

struct elo elo_estimate(const struct elo_tally *t)
{
    double n = (double)t->games;
    struct elo r;

    r.score = interval_rate(t->points / n, n / design_effect(t));
    r.difference = (struct interval){ elo_of_score(r.score.mean), elo_of_score(r.score.low),
                                      elo_of_score(r.score.high) };
    return r;
}
