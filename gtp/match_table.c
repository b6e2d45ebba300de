#include "gtp/match_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gtp/stats.h"

static int find(const char *const *name, int players, const char *who)
{
    for (int i = 0; i < players; i++)
        if (!strcmp(name[i], who))
            return i;
    return -1;
}

int match_half_points(const struct match_record *g, const char *name)
{
    return g->winner == EMPTY ? 1 : !strcmp(g->winner == BLACK ? g->black : g->white, name) ? 2 : 0;
}

/* --- counting ---------------------------------------------------------------- */

static void count_tally(struct match_tally *s, const struct match_record *g, enum color mine)
{
    s->games++;
    s->won += g->winner == mine;
    s->drawn += g->winner == EMPTY;
    s->lost += g->winner == color_other(mine);
    if (match_is_fault(g->end) && g->winner != mine) {
        s->fault[g->end]++;
        s->faults++;
    }
}

static int count_game(struct match_table *t, const char *const *name,
                      const struct match_record *g, struct err *e)
{
    int black = find(name, t->players, g->black), white = find(name, t->players, g->white);
    struct rating_count *c;

    if (black < 0 || white < 0 || black == white)
        return err_set(e, "game %d, '%s' against '%s', is not of two of the players", g->game,
                       g->black, g->white);
    count_tally(&t->tally[black], g, BLACK);
    count_tally(&t->tally[white], g, WHITE);
    c = &t->count[black * t->players + white];
    *(g->winner == BLACK ? &c->won : g->winner == WHITE ? &c->lost : &c->drawn) += 1;
    *(g->winner == BLACK ? &t->black : g->winner == WHITE ? &t->white : &t->drawn) += 1;
    t->plies += g->plies;
    return 0;
}

static void find_medians(struct match_table *t, const char *const *name,
                         const struct match_record *record, size_t n, double *ms)
{
    for (int i = 0; i < t->players; i++) {
        size_t timed = 0;

        for (size_t k = 0; k < n; k++) {
            const struct match_record *g = &record[k];
            double one = !strcmp(g->black, name[i]) ? g->black_ms :
                         !strcmp(g->white, name[i]) ? g->white_ms : 0;

            if (one > 0)
                ms[timed++] = one;
        }
        t->tally[i].ms = median(ms, timed);
    }
}

int match_table_count(struct match_table *t, const char *const *name, int players,
                      const struct match_record *record, size_t n, struct err *e)
{
    size_t m = (size_t)players;
    double *ms = calloc(n + 1, sizeof *ms);

    *t = (struct match_table){ .players = players, .tally = calloc(m + 1, sizeof *t->tally),
                               .count = calloc(m * m + 1, sizeof *t->count) };
    if (!ms || !t->tally || !t->count) {
        free(ms);
        return err_set(e, "out of memory");
    }
    for (int i = 0; i < players * players; i++) {
        t->count[i].black = i / players;
        t->count[i].white = i % players;
    }
    find_medians(t, name, record, n, ms);
    free(ms);
    for (size_t k = 0; k < n; k++)
        if (count_game(t, name, &record[k], e))
            return -1;
    t->plies /= n ? (double)n : 1;
    return 0;
}

void match_table_release(struct match_table *t)
{
    free(t->tally);
    free(t->count);
    *t = (struct match_table){ 0 };
}

/* Adds the games of a count to those of its Black, or of its White. */
static void add(struct match_count *to, const struct rating_count *c, bool as_white)
{
    to->won += lround(as_white ? c->lost : c->won);
    to->drawn += lround(c->drawn);
    to->lost += lround(as_white ? c->won : c->lost);
}

struct match_count match_against(const struct match_table *t, int player, int other)
{
    struct match_count c = { 0 };

    add(&c, &t->count[player * t->players + other], false);
    add(&c, &t->count[other * t->players + player], true);
    return c;
}

struct match_count match_as(const struct match_table *t, int player, enum color color)
{
    struct match_count c = { 0 };

    for (int i = 0; i < t->players; i++)
        add(&c, &t->count[color == BLACK ? player * t->players + i : i * t->players + player],
            color == WHITE);
    return c;
}

/* --- in order ---------------------------------------------------------------- */

static int compare_games(const void *a, const void *b)
{
    const struct match_record *const *x = a, *const *y = b;

    return ((*x)->game > (*y)->game) - ((*x)->game < (*y)->game);
}

const struct match_record **match_table_sort(const struct match_record *record, size_t n)
{
    const struct match_record **by = calloc(n + 1, sizeof *by);

    if (!by)
        return NULL;
    for (size_t i = 0; i < n; i++)
        by[i] = &record[i];
    qsort(by, n, sizeof *by, compare_games);
    return by;
}
