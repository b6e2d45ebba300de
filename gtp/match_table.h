/*
 * match_table: the games of a match or tournament, counted.
 *
 * Players are numbered by their place in a list of names.
 */
#ifndef GTP_MATCH_TABLE_H
#define GTP_MATCH_TABLE_H

#include <stdio.h>

#include "gtp/match_results.h"
#include "gtp/rating.h"

/* Won, drawn, lost. */
struct match_count {
    long won, drawn, lost;
};

/* Counts a game of the engine that had the colour `mine`. */
static inline void match_count(struct match_count *c, enum color winner, enum color mine)
{
    c->won += winner == mine;
    c->drawn += winner == EMPTY;
    c->lost += winner == color_other(mine);
}

static inline long match_count_games(const struct match_count *c)
{
    return c->won + c->drawn + c->lost;
}

static inline double match_count_points(const struct match_count *c)
{
    return (double)c->won + 0.5 * (double)c->drawn;
}

static inline const char *match_count_text(const struct match_count *c, char buf[40])
{
    snprintf(buf, 40, "%ld-%ld-%ld", c->won, c->drawn, c->lost);
    return buf;
}

/* One player's games. */
struct match_tally {
    long games, won, drawn, lost;
    long faults, fault[N_MATCH_ENDS]; /* games it lost by a fault: all, and by kind */
    double ms;                        /* a move, median of its games' medians; 0: none known */
};

struct match_table {
    int players;
    struct match_tally *tally;  /* (players), owned */
    struct rating_count *count; /* (players, players) Black's, White's, owned; made for
                                   ratings_estimate */
    long black, drawn, white;   /* games won by Black, by nobody, by White */
    double plies;               /* a game, on average */
};

/* Fails if a game is by somebody whom `name` does not list, or by one against itself.  Release t
   in any case. */
int match_table_count(struct match_table *t, const char *const *name, int players,
                      const struct match_record *record, size_t n, struct err *e);
void match_table_release(struct match_table *t);

/* A player's games against another, and all of one colour. */
struct match_count match_against(const struct match_table *t, int player, int other);
struct match_count match_as(const struct match_table *t, int player, enum color c);

/* The share of points; 0 without games. */
static inline double match_share(const struct match_tally *t)
{
    return t->games ? ((double)t->won + 0.5 * (double)t->drawn) / (double)t->games : 0;
}

/* The records in the order of their numbers, in an array that the caller frees; NULL: no
   memory. */
const struct match_record **match_table_sort(const struct match_record *record, size_t n);

/* What the player of that name made of a game that it played: 0, 1 or 2 half points. */
int match_half_points(const struct match_record *g, const char *name);

#endif
