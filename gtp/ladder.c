#include "gtp/ladder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double per_elo = 2.302585092994046 / 400;

/* How much a game of a and b lowers the climber's variance, under covariance c (n, n); factor gets
   w / (1 + w v). */
static double gain(const struct ladder *l, const struct ratings *r, const double *c, int a, int b,
                   double *factor)
{
    int n = l->n, me = l->climber;
    double p = 1 / (1 + exp(-per_elo * (r->elo[a] - r->elo[b])));
    double w = per_elo * per_elo * p * (1 - p);
    double v = c[a * n + a] - 2 * c[a * n + b] + c[b * n + b];
    double with = c[me * n + a] - c[me * n + b];

    *factor = w / (1 + w * v);
    return *factor * with * with;
}

/* A game of a and b has been played, in effect. */
static void learn(const struct ladder *l, const struct ratings *r, double *c, double *with, int a,
                  int b)
{
    double factor;

    gain(l, r, c, a, b, &factor);
    for (int i = 0; i < l->n; i++)
        with[i] = c[i * l->n + a] - c[i * l->n + b];
    for (int i = 0; i < l->n; i++)
        for (int j = 0; j < l->n; j++)
            c[i * l->n + j] -= factor * with[i] * with[j];
}

/* The fastest rung that the climber has not met; -1: none. */
static int unmet(const struct ladder *l)
{
    int best = -1, me = l->climber;

    for (int i = 0; i < l->n; i++) {
        int at = i < me ? i * l->n + me : me * l->n + i;

        if (i != me && l->played[at] + l->under_way[at] == 0 &&
            (best < 0 || l->seconds[i] < l->seconds[best]))
            best = i;
    }
    return best;
}

static void most_telling(const struct ladder *l, const struct ratings *r, const double *c, int *a,
                         int *b)
{
    double best = -1, factor;

    for (int i = 0; i < l->n; i++)
        for (int j = i + 1; j < l->n; j++) {
            double g = gain(l, r, c, i, j, &factor) / (l->seconds[i] + l->seconds[j]);

            if ((l->calibrate || i == l->climber || j == l->climber) && g > best) {
                best = g;
                *a = i;
                *b = j;
            }
        }
}

int ladder_choose(const struct ladder *l, const struct ratings *r, int *a, int *b, struct err *e)
{
    int n = l->n, rung = unmet(l);
    double *c, *with;

    if (rung >= 0) {
        *a = rung < l->climber ? rung : l->climber;
        *b = rung < l->climber ? l->climber : rung;
        return 0;
    }
    c = malloc(((size_t)n * (size_t)n + (size_t)n) * sizeof *c);
    if (!c)
        return err_set(e, "out of memory");
    with = c + n * n;
    for (int i = 0; i < n; i++)
        memcpy(c + i * n, r->covariance + i * (n + 1), (size_t)n * sizeof *c);
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            for (long k = 0; k < l->under_way[i * n + j]; k++)
                learn(l, r, c, with, i, j);
    most_telling(l, r, c, a, b);
    free(c);
    return 0;
}
