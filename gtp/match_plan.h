/*
 * match_plan: which games a tournament consists of, by number.
 *
 * Every pairing of engines plays the same openings, each twice with colours
 * swapped.  Pairings are all (round robin) or those of the first engine
 * (gauntlet), in the order of the engines.  A game's number tells it all:
 *
 *     number = (opening * pairings + pairing) * 2 + half
 *
 * and in half 0 the pairing's first engine is Black.  So numbers stay what
 * they are when more games are wanted later, an odd number of games per
 * pairing leaves out some numbers of the last opening, and going through the
 * numbers all pairings progress alike.
 *
 * A shard i of n has the openings k with k % n == i - 1.
 */
#ifndef GTP_MATCH_PLAN_H
#define GTP_MATCH_PLAN_H

#include <stdbool.h>

enum {
    MATCH_ENGINES = 64,         /* most in a tournament */
    MATCH_MAX_GAMES = 10000000, /* highest number of a game */
};

struct match_plan {
    int engines;       /* 2 .. MATCH_ENGINES */
    bool gauntlet;
    long games;        /* of each pairing */
    int shard, shards; /* 1 of 1: all */
};

struct match_pairing {
    int number;    /* of the pairing */
    int engine[2]; /* the lower one first */
    int black;     /* 0 or 1: which of them is Black */
    int opening;
};

static inline int match_pairings(const struct match_plan *p)
{
    return p->gauntlet ? p->engines - 1 : p->engines * (p->engines - 1) / 2;
}

/* The games of this shard. */
static inline long match_shard_games(const struct match_plan *p)
{
    long openings = p->games / 2, before = p->shard - 1, odd = p->games % 2;
    long mine = openings > before ? (openings - before + p->shards - 1) / p->shards : 0;

    return match_pairings(p) * (2 * mine + (odd && openings % p->shards == before));
}

/* All games have a number below this. */
static inline long match_numbers(const struct match_plan *p)
{
    return (p->games + 1) / 2 * 2 * match_pairings(p);
}

static inline struct match_pairing match_game(const struct match_plan *p, int game)
{
    int pairings = match_pairings(p), i = 0, left;
    struct match_pairing x = { .number = game / 2 % pairings, .black = game % 2,
                               .opening = game / 2 / pairings };

    left = x.number; /* pairings before it with engine i */
    while (!p->gauntlet && left >= p->engines - 1 - i)
        left -= p->engines - 1 - i++;
    x.engine[0] = i;
    x.engine[1] = i + 1 + left;
    return x;
}

/* Is there a game of that number, and is it this shard's? */
static inline bool match_has_game(const struct match_plan *p, int game)
{
    struct match_pairing x = match_game(p, game);

    return 2L * x.opening + x.black < p->games && x.opening % p->shards == p->shard - 1;
}

#endif
