/*
 * match_results: the games of a match, kept in a journal (journal.h).
 *
 * The file begins with a heading, lines that start with '#' and say what is
 * being played; a file with another heading is refused, so results of
 * different matches never mix.  Every other line is a game, fields separated
 * by tabs:
 *
 *   number, Black, White, result, end, plies, median ms of Black's moves, of
 *   White's, and what went wrong ("-": nothing)
 *
 * A game is written, and on the disk, when it is over, so the same match goes
 * on after any interruption with no game lost or played twice.
 */
#ifndef GTP_MATCH_RESULTS_H
#define GTP_MATCH_RESULTS_H

#include <stddef.h>

#include "gtp/journal.h"
#include "gtp/match.h"

#define MATCH_RESULTS_KIND "# videoworld match 1"

enum { MATCH_NAME = 32 }; /* bytes of an engine's name, the NUL included */

struct match_record {
    int game;                              /* its number, from 0 */
    char black[MATCH_NAME], white[MATCH_NAME];
    char result[24];                       /* as struct match has it */
    enum color winner;                     /* EMPTY: a draw */
    enum match_end end;
    int plies;
    double black_ms, white_ms;
};

struct match_results {
    bool has_file;
    struct journal journal;
    struct match_record *record; /* in the order of the file, owned */
    size_t n, cap;
};

/* Reads the games that PATH holds; NULL: there is no file, all is kept in memory only.
   heading: one or more lines.  Release in any case. */
int match_results_open(struct match_results *r, const char *path, const char *heading,
                       struct err *e);
void match_results_release(struct match_results *r);

/* Adds a game and what went wrong in it ("": nothing). */
int match_results_add(struct match_results *r, const struct match_record *record,
                      const char *fault, struct err *e);

/*
 * Joins files of the same heading, as shards of a match leave them, into `out`, by the numbers
 * of their games.  `out` is one of them if it is there, and none that goes on playing; it is
 * replaced as a whole.  A game that stands in two files must be the same in both.  *games gets
 * how many there are.
 */
int match_results_merge(const char *out, char **paths, int n, size_t *games, struct err *e);

/* Reads the line of a game, without its end. */
int match_record_read(const char *line, struct match_record *g, struct err *e);

/* Can it stand in the file: 1 to MATCH_NAME - 1 bytes, no control characters, no blank at either
   end? */
bool match_name_ok(const char *name);

#endif
