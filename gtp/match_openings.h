/*
 * match_openings: the positions that games of a match begin from.
 *
 * Either random moves, the same for the same seed and number, or the main
 * lines of the games of an SGF collection, in order and again from the first
 * when they are used up.  Only moves are taken: a game with handicap or other
 * setup stones is refused, since GTP engines could not be told them as moves, and
 * so is one of another size.  Passes at the end are left out.
 */
#ifndef GTP_MATCH_OPENINGS_H
#define GTP_MATCH_OPENINGS_H

#include <stdint.h>

#include "engine/sgf_game.h"

struct match_openings {
    int size;          /* of the board */
    double komi;
    int plies;         /* random ones, or most of a game's main line */
    uint64_t seed;
    /* private */
    struct sgf sgf;
    const struct sgf_node **node; /* (n) where each opening ends; owned */
    size_t n;                     /* 0: random ones */
    uint64_t hash;
};

/* Openings of n random moves, off the edge while there is room. */
void match_openings_random(struct match_openings *o, int size, double komi, int plies,
                           uint64_t seed);

/* Those of a file, `plies` moves at most of each; `shuffle`: in another order, by the seed.
   Release in any case. */
int match_openings_read(struct match_openings *o, const char *path, int size, double komi,
                        int plies, bool shuffle, uint64_t seed, struct err *e);
void match_openings_release(struct match_openings *o);

/* The opening of number k, 0 or more.  g is uninitialised before; release it in any case. */
int match_opening(const struct match_openings *o, int k, struct game *g, struct err *e);

#endif
