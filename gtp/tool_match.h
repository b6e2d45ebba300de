/* tool_match: what the parts of `videoworld match` tell each other. */
#ifndef GTP_TOOL_MATCH_H
#define GTP_TOOL_MATCH_H

#include <stdint.h>

#include "engine/err.h"
#include "gtp/match_results.h"

struct match_job {
    char name[2][MATCH_NAME];
    const char *command[2];
    const char *referee; /* a command, or NULL: our own area score */
    const char *results; /* paths, or NULL */
    const char *sgf;
    struct match_rules rules;
    long games, jobs, random_plies;
    uint64_t seed;
};

/* Games 2i and 2i + 1 have opening i; in the even one the first engine is Black. */
static inline int match_black(int game)
{
    return game % 2;
}

/* Plays the games that are not among the results yet, until all are or ctrl-C, which sets
   *stopped. */
int match_play(const struct match_job *j, struct match_results *r, bool *stopped, struct err *e);

/* A line on stderr for the game just added, and what went wrong in it. */
void match_show_game(const struct match_job *j, const struct match_results *r, const char *fault);

/* The final table. */
int match_print_table(const struct match_job *j, const struct match_results *r, struct err *e);

#endif
