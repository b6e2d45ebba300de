/* videoworld match: what it tells of the games. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gtp/elo.h"
#include "gtp/stats.h"
#include "gtp/tool_match.h"

/* Won, drawn, lost. */
struct count {
    long won, drawn, lost;
};

/* One engine's games. */
struct side {
    struct count as[2], all; /* as Black, as White, together */
    long fault[N_MATCH_ENDS], faults;
    double *ms; /* (games) medians of a game's moves, owned */
    size_t n_ms;
};

static void count(struct count *c, enum color winner, enum color mine)
{
    c->won += winner == mine;
    c->drawn += winner == EMPTY;
    c->lost += winner == color_other(mine);
}

static enum color color_of(const struct match_record *g, const char *name)
{
    return strcmp(g->black, name) ? WHITE : BLACK;
}

/* --- while it goes on -------------------------------------------------------- */

void match_show_game(const struct match_job *j, const struct match_results *r, const char *fault)
{
    const struct match_record *g = &r->record[r->n - 1];
    struct count c = { 0 };

    for (size_t i = 0; i < r->n; i++)
        count(&c, r->record[i].winner, color_of(&r->record[i], j->name[0]));
    if (*fault)
        fprintf(stderr, "videoworld: game %d: %s\n", g->game, fault);
    fprintf(stderr, "%zu of %ld: game %d, %s - %s %s, %d plies; %s %ld-%ld-%ld\n", r->n, j->games,
            g->game, g->black, g->white, g->result, g->plies, j->name[0], c.won, c.drawn, c.lost);
}

/* --- the table --------------------------------------------------------------- */

static int sum_side(struct side *s, const struct match_results *r, const char *name,
                    struct err *e)
{
    s->ms = calloc(r->n + 1, sizeof *s->ms);
    if (!s->ms)
        return err_set(e, "out of memory");
    for (size_t i = 0; i < r->n; i++) {
        const struct match_record *g = &r->record[i];
        enum color mine = color_of(g, name);
        double ms = mine == BLACK ? g->black_ms : g->white_ms;

        count(&s->as[mine == WHITE], g->winner, mine);
        count(&s->all, g->winner, mine);
        if (ms > 0)
            s->ms[s->n_ms++] = ms;
        if (match_is_fault(g->end) && g->winner != mine) {
            s->fault[g->end]++;
            s->faults++;
        }
    }
    return 0;
}

static int compare_games(const void *a, const void *b)
{
    const struct match_record *const *x = a, *const *y = b;

    return ((*x)->game > (*y)->game) - ((*x)->game < (*y)->game);
}

/* The first engine's points, opening by opening. */
static int tally_openings(const struct match_results *r, const char *name, struct elo_tally *t,
                          struct err *e)
{
    const struct match_record **by = calloc(r->n + 1, sizeof *by);

    if (!by)
        return err_set(e, "out of memory");
    for (size_t i = 0; i < r->n; i++)
        by[i] = &r->record[i];
    qsort(by, r->n, sizeof *by, compare_games);
    for (size_t i = 0, next; i < r->n; i = next) {
        double points = 0;

        for (next = i; next < r->n && by[next]->game / 2 == by[i]->game / 2; next++)
            points += by[next]->winner == EMPTY ? 0.5 :
                      by[next]->winner == color_of(by[next], name);
        elo_add(t, (int)(next - i), points);
    }
    free(by);
    return 0;
}

static const char *count_text(const struct count *c, char buf[40])
{
    snprintf(buf, 40, "%ld-%ld-%ld", c->won, c->drawn, c->lost);
    return buf;
}

/* As many digits as tell something. */
static const char *ms_text(double ms, char buf[24])
{
    snprintf(buf, 24, "%.*f", ms < 10 ? 2 : ms < 100 ? 1 : 0, ms);
    return buf;
}

static void print_side(const struct side *s, const char *name, int width)
{
    long n = s->all.won + s->all.drawn + s->all.lost;
    char black[40], white[40], all[40], ms[24];

    printf("%-*s  %12s  %12s  %12s  %5.1f %%  %6ld  %7s\n", width, name,
           count_text(&s->as[0], black), count_text(&s->as[1], white), count_text(&s->all, all),
           n ? 100 * ((double)s->all.won + 0.5 * (double)s->all.drawn) / (double)n : 0.0,
           s->faults, ms_text(median(s->ms, s->n_ms), ms));
}

static void print_faults(const struct side *s, const char *name)
{
    const char *comma = "";

    if (!s->faults)
        return;
    printf("faults of %s: ", name);
    for (int i = 0; i < N_MATCH_ENDS; i++)
        if (s->fault[i]) {
            printf("%s%ld %s", comma, s->fault[i], match_end_name((enum match_end)i));
            comma = ", ";
        }
    printf("\n");
}

static void print_elo(const char *name, const struct elo_tally *t)
{
    struct elo elo = elo_estimate(t);

    printf("%s scores %.1f %% (%.1f to %.1f), Elo %+.0f (%+.0f to %+.0f); 95 %% intervals from "
           "%ld openings\n", name, 100 * elo.score.mean, 100 * elo.score.low,
           100 * elo.score.high, elo.difference.mean, elo.difference.low, elo.difference.high,
           t->n);
}

static void print_games(const struct match_results *r)
{
    long black = 0, draws = 0, unrefereed = 0;
    double plies = 0;

    for (size_t i = 0; i < r->n; i++) {
        black += r->record[i].winner == BLACK;
        draws += r->record[i].winner == EMPTY;
        unrefereed += r->record[i].end == MATCH_OWN_SCORE;
        plies += r->record[i].plies;
    }
    printf("%.1f plies a game; Black won %ld, White %ld, drawn %ld\n", plies / (double)r->n,
           black, (long)r->n - black - draws, draws);
    if (unrefereed)
        printf("the referee gave no score for %ld games, which our own area score decided\n",
               unrefereed);
}

int match_print_table(const struct match_job *j, const struct match_results *r, struct err *e)
{
    size_t a = strlen(j->name[0]), b = strlen(j->name[1]);
    int width = (int)(a > b ? a : b), status;
    struct side side[2] = { 0 };
    struct elo_tally t = { 0 };

    width = width > 6 ? width : 6;
    status = sum_side(&side[0], r, j->name[0], e) || sum_side(&side[1], r, j->name[1], e) ||
             tally_openings(r, j->name[0], &t, e) ? -1 : 0;
    printf("%zu of %ld games, %dx%d, komi %g, %ld random plies first (seed %llu)\n", r->n,
           j->games, j->rules.size, j->rules.size, j->rules.komi, j->random_plies,
           (unsigned long long)j->seed);
    if (!status && r->n) {
        printf("%-*s  %12s  %12s  %12s  %7s  %6s  %7s\n", width, "engine", "as Black", "as White",
               "won-dr.-lost", "score", "faults", "ms/move");
        for (int i = 0; i < 2; i++)
            print_side(&side[i], j->name[i], width);
        print_elo(j->name[0], &t);
        print_games(r);
        for (int i = 0; i < 2; i++)
            print_faults(&side[i], j->name[i]);
    }
    free(side[0].ms);
    free(side[1].ms);
    return status;
}
