/* videoworld match: the table of a tournament. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gtp/tool_match.h"

int match_rate(const struct match_job *j, const struct match_results *r, struct match_table *t,
               struct ratings *ratings, struct err *e)
{
    const char *name[MATCH_ENGINES];
    double anchor[MATCH_ENGINES];
    int n = j->plan.engines;

    memset(ratings, 0, sizeof *ratings);
    for (int i = 0; i < n; i++) {
        name[i] = j->engine[i].name;
        anchor[i] = j->engine[i].has_elo ? j->engine[i].elo : NAN;
    }
    return match_table_count(t, name, n, r->record, r->n, e) ||
           ratings_estimate(ratings, n, t->count, (size_t)n * (size_t)n, anchor, e) ? -1 : 0;
}

/* --- standings ------------------------------------------------------------------- */

/* What the order goes by. */
struct place {
    int engine;
    double elo, share;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->elo != y->elo)
        return x->elo < y->elo ? 1 : -1;
    if (x->share != y->share)
        return x->share < y->share ? 1 : -1;
    return x->engine - y->engine;
}

/* The engines, the strongest first. */
static void rank(const struct match_table *t, const struct ratings *ratings, struct place *place)
{
    for (int i = 0; i < t->players; i++)
        place[i] = (struct place){ i, rating_of(ratings, i).mean, match_share(&t->tally[i]) };
    qsort(place, (size_t)t->players, sizeof *place, compare_places);
}

static const char *elo_text(struct interval elo, char buf[64])
{
    if (!isfinite(elo.low) || !isfinite(elo.high))
        snprintf(buf, 64, "-");
    else if (elo.low == elo.high)
        snprintf(buf, 64, "%+.0f (given)", elo.mean);
    else /* + 0.0: no "-0" */
        snprintf(buf, 64, "%+.0f (%+.0f to %+.0f)", round(elo.mean) + 0.0, round(elo.low) + 0.0,
                 round(elo.high) + 0.0);
    return buf;
}

/* How likely an engine is stronger than the one below it. */
static const char *los_text(const struct ratings *ratings, const struct place *p, bool last,
                            char buf[16])
{
    if (last || ratings->group[p[0].engine] != ratings->group[p[1].engine])
        snprintf(buf, 16, "-");
    else
        snprintf(buf, 16, "%.1f %%", 100 * rating_los(ratings, p[0].engine, p[1].engine));
    return buf;
}

static void print_standings(const struct match_job *j, const struct match_table *t,
                            const struct ratings *ratings, const struct place *place)
{
    int width = match_name_width(j), n = j->plan.engines;

    printf("   # %-*s  %24s  %7s  %12s  %7s  %6s  %7s\n", width, "engine", "Elo (95 %)", "LOS",
           "won-dr.-lost", "score", "faults", "ms/move");
    for (int i = 0; i < n; i++) {
        const struct match_tally *x = &t->tally[place[i].engine];
        char elo[64], los[16], all[40], ms[24];

        snprintf(all, sizeof all, "%ld-%ld-%ld", x->won, x->drawn, x->lost);
        printf("%4d %-*s  %24s  %7s  %12s  %5.1f %%  %6ld  %7s\n", i + 1, width,
               j->engine[place[i].engine].name,
               elo_text(rating_of(ratings, place[i].engine), elo),
               los_text(ratings, &place[i], i + 1 == n, los), all, 100 * place[i].share,
               x->faults, match_ms_text(x->ms, ms));
    }
}

/* --- the cross table ---------------------------------------------------------------- */

/* Points of games, "5.5/10". */
static const char *cell_text(const struct match_table *t, int engine, int other, char buf[48])
{
    struct match_count c = match_against(t, engine, other);

    if (engine != other && match_count_games(&c))
        snprintf(buf, 48, "%.10g/%ld", match_count_points(&c), match_count_games(&c));
    else
        snprintf(buf, 48, "-");
    return buf;
}

static void print_cross_table(const struct match_job *j, const struct match_table *t,
                              const struct place *place)
{
    int width = match_name_width(j), n = j->plan.engines, cell = 5;
    char buf[48];

    for (int i = 0; i < n * n; i++) {
        int len = (int)strlen(cell_text(t, i / n, i % n, buf));

        cell = len > cell ? len : cell;
    }
    printf("   # %-*s", width, "against");
    for (int k = 0; k < n; k++)
        printf("  %*d", cell, k + 1);
    printf("\n");
    for (int i = 0; i < n; i++) {
        printf("%4d %-*s", i + 1, width, j->engine[place[i].engine].name);
        for (int k = 0; k < n; k++)
            printf("  %*s", cell, cell_text(t, place[i].engine, place[k].engine, buf));
        printf("\n");
    }
}

void match_print_standings(const struct match_job *j, const struct match_table *t,
                           const struct ratings *ratings)
{
    struct place place[MATCH_ENGINES];

    rank(t, ratings, place);
    print_standings(j, t, ratings, place);
    print_cross_table(j, t, place);
    printf("Elo by maximum likelihood; LOS: that an engine is stronger than the next\n");
    if (ratings->groups > 1)
        printf("not all engines are connected by games: only Elo of those that are can be "
               "compared\n");
}
