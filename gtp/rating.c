#include "gtp/rating.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double z95 = 1.959963984540054;
static const double elo_unit = 400 / 2.302585092994046; /* Elo in which odds grow e-fold */

/* What is sought, in natural units: ratings, then the advantage, then ln v. */
struct fit {
    int n, dim;           /* players; n + 2 */
    int advantage, draws; /* places: n, n + 1 */
    const struct rating_count *count;
    size_t n_counts;
    const int *group;
    bool *fixed;     /* (dim) */
    bool *loose;     /* (n) by group: no anchor holds it; false where there is no such group */
    double *prior;   /* (n, n) games that it adds to each pairing */
    double *x, *trial, *gradient, *step; /* (dim) */
    double *h;       /* (dim, dim) minus the second derivatives, then their Cholesky factor */
};

/* --- the likelihood ---------------------------------------------------------- */

/* Games whose d is the sum of the parameters `plus` less `minus`; -1: none. */
struct games {
    int plus[2], minus;
    double won, drawn, lost;
    bool draws; /* they may be drawn */
};

static double log_z(double d, double v)
{
    double a = fabs(d) / 2;

    return a + log1p(v * exp(-a) + exp(-2 * a));
}

static double distance(const struct games *g, const double *x)
{
    double d = 0;

    for (int k = 0; k < 2; k++)
        d += g->plus[k] < 0 ? 0 : x[g->plus[k]];
    return g->minus < 0 ? d : d - x[g->minus];
}

static double games_likelihood(const struct fit *f, const struct games *g, const double *x)
{
    double d = distance(g, x), v = g->draws ? exp(x[f->draws]) : 0;

    return (g->won - g->lost) * d / 2 + (g->draws ? g->drawn * x[f->draws] : 0) -
           (g->won + g->drawn + g->lost) * log_z(d, v);
}

/* Adds the derivatives: those of an exponential family, whose statistics are half the wins less
   half the losses, and the draws. */
static void add_games(struct fit *f, const struct games *g)
{
    double d = distance(g, f->x), v = g->draws ? exp(f->x[f->draws]) : 0, z = log_z(d, v);
    double win = exp(d / 2 - z), loss = exp(-d / 2 - z), draw = v * exp(-z);
    double n = g->won + g->drawn + g->lost, mean = (win - loss) / 2;
    double dd = n * ((win + loss) / 4 - mean * mean), dv = -n * mean * draw;
    int at[3] = { g->plus[0], g->plus[1], g->minus }, sign[3] = { 1, 1, -1 }, dim = f->dim;

    for (int i = 0; i < 3; i++) {
        if (at[i] < 0)
            continue;
        f->gradient[at[i]] += sign[i] * ((g->won - g->lost) / 2 - n * mean);
        for (int j = 0; j < 3; j++)
            if (at[j] >= 0)
                f->h[at[i] * dim + at[j]] += sign[i] * sign[j] * dd;
        f->h[at[i] * dim + f->draws] += sign[i] * dv;
        f->h[f->draws * dim + at[i]] += sign[i] * dv;
    }
    f->gradient[f->draws] += g->drawn - n * draw;
    f->h[f->draws * dim + f->draws] += n * draw * (1 - draw);
}

/* Number k of all the games there are, the prior's too; false: there is none. */
static bool games_at(const struct fit *f, size_t k, struct games *g)
{
    size_t pairs = (size_t)f->n * (size_t)f->n;

    if (k < f->n_counts) {
        const struct rating_count *c = &f->count[k];

        *g = (struct games){ { c->black, f->advantage }, c->white, c->won, c->drawn, c->lost,
                             !f->fixed[f->draws] };
        return true;
    }
    k -= f->n_counts;
    if (k < pairs) {
        double half = f->prior[k] / 2;

        *g = (struct games){ { (int)k / f->n, -1 }, (int)k % f->n, half, 0, half, false };
        return true;
    }
    *g = k == pairs ? (struct games){ { f->advantage, -1 }, -1, 0.5, 0, 0.5, false } :
                      (struct games){ { -1, -1 }, -1, 0.25, 0.5, 0.25, true };
    return k - pairs < (f->fixed[f->draws] ? 1 : 2);
}

static double group_sum(const struct fit *f, int group, const double *x)
{
    double sum = 0;

    for (int i = 0; i < f->n; i++)
        sum += f->group[i] == group ? x[i] : 0;
    return sum;
}

static double likelihood(const struct fit *f, const double *x)
{
    struct games g;
    double sum = 0;

    for (size_t k = 0; games_at(f, k, &g); k++)
        sum += games_likelihood(f, &g, x);
    for (int i = 0; i < f->n; i++)
        if (f->loose[i])
            sum -= pow(group_sum(f, i, x), 2) / 2;
    return sum;
}

/* The games leave the mean of a group open, so it is held at 0: by a term that does not touch
   what they do tell. */
static void add_means(struct fit *f)
{
    for (int i = 0; i < f->n; i++) {
        if (!f->loose[f->group[i]])
            continue;
        f->gradient[i] -= group_sum(f, f->group[i], f->x);
        for (int j = 0; j < f->n; j++)
            f->h[i * f->dim + j] += f->group[i] == f->group[j];
    }
}

static void differentiate(struct fit *f)
{
    struct games g;

    for (int i = 0; i < f->dim * f->dim; i++)
        f->h[i] = 0;
    for (int i = 0; i < f->dim; i++)
        f->gradient[i] = 0;
    for (size_t k = 0; games_at(f, k, &g); k++)
        add_games(f, &g);
    add_means(f);
    for (int i = 0; i < f->dim; i++) {
        if (!f->fixed[i])
            continue;
        f->gradient[i] = 0;
        for (int j = 0; j < f->dim; j++)
            f->h[i * f->dim + j] = f->h[j * f->dim + i] = i == j;
    }
}

/* --- its maximum ------------------------------------------------------------- */

/* h = L L^T, in place. */
static bool factorise(double *h, int n)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double s = h[i * n + j];

            for (int k = 0; k < j; k++)
                s -= h[i * n + k] * h[j * n + k];
            if (i == j && !(s > 0))
                return false;
            h[i * n + j] = i == j ? sqrt(s) : s / h[j * n + j];
        }
    return true;
}

/* L L^T x = b, in place. */
static void solve(const double *l, int n, double *b)
{
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++)
            b[i] -= l[i * n + k] * b[k];
        b[i] /= l[i * n + i];
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            b[i] -= l[k * n + i] * b[k];
        b[i] /= l[i * n + i];
    }
}

/* Goes a Newton step, or as much of it as helps.  Returns how far, -1 on failure. */
static double advance(struct fit *f)
{
    double before = likelihood(f, f->x), size = 0, part = 1;

    differentiate(f);
    if (!factorise(f->h, f->dim))
        return -1;
    memcpy(f->step, f->gradient, (size_t)f->dim * sizeof *f->step);
    solve(f->h, f->dim, f->step);
    for (int i = 0; i < f->dim; i++)
        size = fmax(size, fabs(f->step[i]));
    if (size < 1e-9) /* likelihoods cannot tell so near steps apart */
        return size;
    for (; part > 1e-12; part /= 2) {
        for (int i = 0; i < f->dim; i++)
            f->trial[i] = f->x[i] + part * f->step[i];
        if (likelihood(f, f->trial) > before - 1e-12 * fabs(before))
            break;
    }
    memcpy(f->x, f->trial, (size_t)f->dim * sizeof *f->x);
    return part * size;
}

/* --- what is asked ----------------------------------------------------------- */

static double played(const struct rating_count *c)
{
    return c->won + c->drawn + c->lost;
}

static int check_counts(int n, const struct rating_count *c, size_t n_counts,
                        const double *anchor, struct err *e)
{
    if (n < 1)
        return err_set(e, "no players to rate");
    for (; n_counts; n_counts--, c++) {
        if (!(c->won >= 0 && c->drawn >= 0 && c->lost >= 0) || !isfinite(played(c)))
            return err_set(e, "no numbers of games: %g, %g, %g", c->won, c->drawn, c->lost);
        if (c->black < 0 || c->black >= n || c->white < 0 || c->white >= n ||
            (c->black == c->white && played(c) > 0))
            return err_set(e, "no two of %d players: %d and %d", n, c->black, c->white);
    }
    for (int i = 0; anchor && i < n; i++)
        if (isinf(anchor[i]))
            return err_set(e, "player %d has an infinite rating", i);
    return 0;
}

static void merge(int *group, int n, int a, int b)
{
    if (a > b)
        merge(group, n, b, a);
    else
        for (int i = 0; i < n; i++)
            group[i] = group[i] == b ? a : group[i];
}

/* Fills in groups and which players are known at all. */
static void find_groups(struct ratings *r, const struct rating_count *c, size_t n_counts,
                        const double *anchor)
{
    int first = -1; /* anchor */

    for (int i = 0; i < r->n; i++)
        r->group[i] = i;
    for (int i = 0; anchor && i < r->n; i++) {
        if (isnan(anchor[i]))
            continue;
        first = first < 0 ? i : first;
        r->group[i] = first;
        r->known[i] = true;
    }
    for (size_t k = 0; k < n_counts; k++)
        if (played(&c[k]) > 0) {
            merge(r->group, r->n, r->group[c[k].black], r->group[c[k].white]);
            r->known[c[k].black] = r->known[c[k].white] = true;
        }
    for (int i = 0; i < r->n; i++) /* without gaps: a group is named by its first player */
        r->group[i] = r->group[i] == i ? r->groups++ : r->group[r->group[i]];
}

/* The prior's games: half a game a player, spread as its games are. */
static void spread_prior(struct fit *f)
{
    double *games = f->trial; /* (n) borrowed */

    for (int i = 0; i < f->n; i++)
        games[i] = 0;
    for (size_t k = 0; k < f->n_counts; k++) {
        games[f->count[k].black] += played(&f->count[k]);
        games[f->count[k].white] += played(&f->count[k]);
    }
    for (size_t k = 0; k < f->n_counts; k++) {
        const struct rating_count *c = &f->count[k];

        if (played(c) > 0)
            f->prior[c->black * f->n + c->white] +=
                0.5 * played(c) * (1 / games[c->black] + 1 / games[c->white]);
    }
}

/* Fixes what is given, and starts the rest at the anchors' mean. */
static void start(struct fit *f, const double *anchor)
{
    double sum = 0, anchors = 0;

    for (int i = 0; i < f->n; i++) {
        f->fixed[i] = anchor && !isnan(anchor[i]);
        sum += f->fixed[i] ? anchor[i] / elo_unit : 0;
        anchors += f->fixed[i];
        f->loose[f->group[i]] = true;
    }
    for (int i = 0; i < f->n; i++)
        if (f->fixed[i])
            f->loose[f->group[i]] = false;
    for (int i = 0; i < f->n; i++)
        f->x[i] = f->fixed[i] ? anchor[i] / elo_unit :
                  f->loose[f->group[i]] ? 0 : sum / anchors;
    f->fixed[f->draws] = true;
    for (size_t k = 0; k < f->n_counts; k++)
        if (f->count[k].drawn > 0)
            f->fixed[f->draws] = false;
}

/* --- what is answered -------------------------------------------------------- */

/* Inverts: column by column. */
static void fill_covariance(struct ratings *r, const struct fit *f)
{
    int n = f->n;

    for (int i = 0; i <= n; i++) {
        memset(f->step, 0, (size_t)f->dim * sizeof *f->step);
        f->step[i] = !f->fixed[i];
        solve(f->h, f->dim, f->step);
        for (int j = 0; j <= n; j++)
            r->covariance[i * (n + 1) + j] = f->step[j] * elo_unit * elo_unit;
    }
    for (int i = 0; i < n; i++) { /* less the part of the means, see add_means */
        double size = 0;

        for (int j = 0; j < n; j++)
            size += f->group[j] == f->group[i];
        for (int j = 0; j < n; j++)
            if (f->loose[f->group[i]] && f->group[j] == f->group[i])
                r->covariance[i * (n + 1) + j] -= elo_unit * elo_unit / (size * size);
    }
}

static int climb(struct fit *f, struct err *e)
{
    for (int tries = 0; tries < 200; tries++) {
        double size = advance(f);

        if (!(size >= 0))
            break;
        if (size < 1e-9)
            return 0;
    }
    return err_set(e, "no ratings: the likelihood has no clear maximum");
}

static int fit(struct ratings *r, struct fit *f, const double *anchor, struct err *e)
{
    size_t n = (size_t)f->n, dim = (size_t)f->dim;
    int status;

    f->fixed = calloc(dim + n, sizeof *f->fixed);
    f->prior = calloc(n * n + 4 * dim + dim * dim, sizeof *f->prior);
    if (!f->fixed || !f->prior)
        return err_set(e, "out of memory");
    f->loose = f->fixed + dim;
    f->x = f->prior + n * n;
    f->trial = f->x + dim;
    f->gradient = f->trial + dim;
    f->step = f->gradient + dim;
    f->h = f->step + dim;
    start(f, anchor);
    spread_prior(f);
    status = climb(f, e);
    if (status)
        return status;
    for (int i = 0; i < f->n; i++)
        r->elo[i] = f->fixed[i] ? anchor[i] : f->x[i] * elo_unit;
    r->black = f->x[f->advantage] * elo_unit;
    r->draw = f->fixed[f->draws] ? 0 : exp(f->x[f->draws]);
    fill_covariance(r, f);
    return 0;
}

int ratings_estimate(struct ratings *r, int n, const struct rating_count *count, size_t n_counts,
                     const double *anchor, struct err *e)
{
    struct fit f = { .n = n, .dim = n + 2, .advantage = n, .draws = n + 1, .count = count,
                     .n_counts = n_counts };
    size_t players = (size_t)n, side = players + 1;
    int status;

    *r = (struct ratings){ .n = n };
    if (check_counts(n, count, n_counts, anchor, e))
        return -1;
    r->group = calloc(players, sizeof *r->group);
    r->known = calloc(players, sizeof *r->known);
    r->elo = calloc(players, sizeof *r->elo);
    r->covariance = calloc(side * side, sizeof *r->covariance);
    if (!r->group || !r->known || !r->elo || !r->covariance)
        return err_set(e, "out of memory");
    find_groups(r, count, n_counts, anchor);
    f.group = r->group;
    status = fit(r, &f, anchor, e);
    free(f.fixed);
    free(f.prior);
    return status;
}

void ratings_release(struct ratings *r)
{
    free(r->group);
    free(r->known);
    free(r->elo);
    free(r->covariance);
    *r = (struct ratings){ 0 };
}

static struct interval normal(double mean, double variance)
{
    double half = z95 * sqrt(fmax(0, variance));

    return (struct interval){ mean, mean - half, mean + half };
}

static double covariance(const struct ratings *r, int i, int j)
{
    return r->covariance[i * (r->n + 1) + j];
}

/* Of the difference; infinite if nothing connects them. */
static double variance(const struct ratings *r, int i, int j)
{
    if (i == j)
        return 0;
    if (r->group[i] != r->group[j])
        return INFINITY;
    return covariance(r, i, i) + covariance(r, j, j) - 2 * covariance(r, i, j);
}

struct interval rating_of(const struct ratings *r, int i)
{
    return normal(r->elo[i], r->known[i] ? covariance(r, i, i) : INFINITY);
}

struct interval rating_difference(const struct ratings *r, int i, int j)
{
    return normal(r->elo[i] - r->elo[j], variance(r, i, j));
}

struct interval rating_black(const struct ratings *r)
{
    return normal(r->black, covariance(r, r->n, r->n));
}

double rating_los(const struct ratings *r, int i, int j)
{
    double d = r->elo[i] - r->elo[j], v = variance(r, i, j);

    if (v <= 0)
        return d > 0 ? 1 : d < 0 ? 0 : 0.5;
    return erfc(-d / sqrt(2 * v)) / 2;
}

double rating_draws(const struct ratings *r)
{
    return r->draw / (2 + r->draw);
}
