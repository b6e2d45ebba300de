/*
 * match_table: the games of a match or tournament, counted.
 *
 * Players are numbered by their place in a list of names.
 */
#ifndef GTP_MATCH_TABLE_H
#define GTP_MATCH_TABLE_H

#include "gtp/match_results.h"
#include "gtp/rating.h"

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

/* The records in the order of their numbers, in an array that the caller frees; NULL: no
   memory. */
const struct match_record **match_table_sort(const struct match_record *record, size_t n);

/* What the player of that name made of a game that it played: 0, 1 or 2 half points. */
int match_half_points(const struct match_record *g, const char *name);

#endif
