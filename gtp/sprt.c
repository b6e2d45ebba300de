#include "gtp/sprt.h"

#include <math.h>

int sprt_check(const struct sprt *s, struct err *e)
{
    if (!(s->elo0 < s->elo1 && fabs(s->elo0) <= SPRT_FAR && fabs(s->elo1) <= SPRT_FAR))
        return err_set(e, "elo0 (%g) must be below elo1 (%g), both within %d of 0", s->elo0,
                       s->elo1, SPRT_FAR);
    if (!(s->alpha > 0 && s->beta > 0 && s->alpha + s->beta < 1))
        return err_set(e, "alpha (%g) and beta (%g) must be above 0 and their sum below 1",
                       s->alpha, s->beta);
    return 0;
}

/* The x that makes the shares p those of mean `score`.  The sum falls from +inf to -inf between
   the poles of its outer terms, which are there since no p is 0. */
static double solve(const double p[SPRT_SCORES], double score)
{
    double low = -1 / (1 - score), high = 1 / score;

    for (;;) {
        double x = low + (high - low) / 2, sum = 0;

        if (!(low < x && x < high))
            return x;
        for (int i = 0; i < SPRT_SCORES; i++)
            sum += p[i] * (i / 4.0 - score) / (1 + x * (i / 4.0 - score));
        *(sum > 0 ? &low : &high) = x;
    }
}

double sprt_llr(double elo0, double elo1, const long pairs[SPRT_SCORES])
{
    double s0 = 1 / (1 + pow(10, -elo0 / 400)), s1 = 1 / (1 + pow(10, -elo1 / 400));
    double p[SPRT_SCORES], n = 0, seen = 0, x0, x1, llr = 0;

    for (int i = 0; i < SPRT_SCORES; i++) {
        p[i] = pairs[i] ? (double)pairs[i] : 1e-3;
        n += p[i];
        seen += (double)pairs[i];
    }
    if (seen <= 0)
        return 0;
    for (int i = 0; i < SPRT_SCORES; i++)
        p[i] /= n;
    x0 = solve(p, s0);
    x1 = solve(p, s1);
    for (int i = 0; i < SPRT_SCORES; i++)
        llr += p[i] * (log1p(x0 * (i / 4.0 - s0)) - log1p(x1 * (i / 4.0 - s1)));
    return n * llr;
}

struct sprt_state sprt_look(const struct sprt *s, const long pairs[SPRT_SCORES])
{
    struct sprt_state t = { .lower = log(s->beta / (1 - s->alpha)),
                            .upper = log((1 - s->beta) / s->alpha) };

    t.llr = sprt_llr(s->elo0, s->elo1, pairs);
    t.verdict = t.llr >= t.upper ? SPRT_H1 : t.llr <= t.lower ? SPRT_H0 : SPRT_GO_ON;
    return t;
}
