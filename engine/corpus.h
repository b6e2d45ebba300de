/*
 * corpus: many games in one compact file, to train on and to evaluate with.
 *
 * Of each game: size, komi, who won, and ply by ply the move played and the
 * best move known (in SGF: the second variation's, if there is one, else the one
 * played).  A position is a game and a ply, 0 .. n-1: the board before that ply's
 * move.  The board after the last move is no position,
 * as no best move of it is known.  A ply may have a policy besides: what else a
 * player thought of there, how much of it, and what the mover's chances were.
 *
 * A game belongs to one of three parts by a hash of its size and moves alone,
 * the same in all eight symmetries: adding files moves no game, and a game that
 * comes again, turned or with other best moves, is in the same part.  Of 100
 * games about 96 are for training, 2 held out (to watch training by), 2 for the
 * final test.
 *
 * A move is an index, row-major from the top left, and w * h is a pass.
 *
 * The file: "VWCORPUS", version (u32: 2 if there are chances, else 1), games
 * (u32), their bytes (u64), the games, CRC-32 of all before it (u32);
 * little-endian.  A game: result, P, w, h (u8 each), plies (u32), komi (f64), then
 * per ply the move played and the best: a byte each where w * h < 127, else two;
 * the highest bit of the move played says White.  Then per ply the priors, of which
 * P & 127 says how many (0 or CORPUS_PRIORS): a move and its share (u8), the larger
 * first, noughts where there are fewer.  Then, if P & 128, per ply the chance (u8).
 * Games are ordered by part, hash and content, so the same games give the same
 * bytes in whatever order they came.  None is there twice: what is kept is the one
 * of which more policies and chances are known, with the result if any has one.
 */
#ifndef ENGINE_CORPUS_H
#define ENGINE_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/board.h"
#include "engine/err.h"
#include "engine/sgf.h"

enum {
    CORPUS_MAX_BYTES = 1 << 30, /* largest file that is read */
    CORPUS_PRIORS = 6,          /* most of a ply */
    CORPUS_WHOLE = 255,         /* what the shares of a ply add up to, at most, but for rounding */
    CORPUS_WON = 255,           /* largest chance; the smallest is 1, and 0 that it is not known */
};

enum corpus_part { PART_TRAIN, PART_HELD_OUT, PART_TEST, N_PARTS };

/* "train", "held-out", "test"; the part of that name, or -1. */
const char *corpus_part_name(enum corpus_part p);
int corpus_part_named(const char *name);

/* --- reading --------------------------------------------------------------- */

struct corpus {
    uint8_t *bytes;          /* the whole file, owned */
    size_t len;
    size_t n_games;
    size_t *offset;          /* n_games: where in bytes a game starts, owned */
    size_t *first;           /* n_games + 1: positions in the games before, owned */
    size_t part[N_PARTS + 1]; /* the games of part p are part[p] .. part[p + 1] - 1 */
};

/* Who won, as the record says. */
enum corpus_result { CORPUS_UNKNOWN, CORPUS_BLACK, CORPUS_WHITE, CORPUS_DRAW, N_CORPUS_RESULTS };

/* A game of a corpus; holds as long as the corpus. */
struct corpus_game {
    int w, h;
    int n;          /* plies, at least 1 */
    int priors;     /* room for them at each ply: 0 or CORPUS_PRIORS */
    bool chances;   /* room for them too */
    double komi;
    enum corpus_result result;
    const uint8_t *plies; /* private */
};

/* A move of a policy. */
struct corpus_prior {
    int move, share; /* 1 .. CORPUS_WHOLE */
};

struct corpus_pos {
    size_t game;
    int ply;
};

/*
 * Reads a file (gzip too).  All of it is checked: sizes, CRC, order, parts, and
 * by replay that every move played and every best move is legal (superko apart,
 * which the writer has checked).  On failure nothing is left to release.  An
 * open corpus is read-only: threads may share it.
 */
int corpus_open(struct corpus *c, const char *path, struct err *e);

/* The same from len bytes of malloc, which c takes, also on failure. */
int corpus_parse(struct corpus *c, const char *name, uint8_t *bytes, size_t len, struct err *e);

/* Do len bytes begin like a corpus file? */
bool corpus_is(const void *bytes, size_t len);

void corpus_release(struct corpus *c);

/* Positions, and games, of a part. */
size_t corpus_count(const struct corpus *c, enum corpus_part p);
size_t corpus_games(const struct corpus *c, enum corpus_part p);

/* Position i, 0 .. corpus_count - 1, of a part; O(log games). */
struct corpus_pos corpus_at(const struct corpus *c, enum corpus_part p, size_t i);

/* Game i, 0 .. n_games - 1, of all parts. */
struct corpus_game corpus_game(const struct corpus *c, size_t i);

/* Who moves at ply, what was played and what is best.  Labels: for evaluation and for the
   `state` target only. */
enum color corpus_color(const struct corpus_game *g, int ply);
int corpus_played(const struct corpus_game *g, int ply);
int corpus_best(const struct corpus_game *g, int ply);

/* What was thought of at ply, list (CORPUS_PRIORS), the most likely first; how many. */
int corpus_policy(const struct corpus_game *g, int ply, struct corpus_prior *list);

/* The mover's chance to win, 1 .. CORPUS_WON, and the nearest to a probability; 0: not known. */
int corpus_chance(const struct corpus_game *g, int ply);
int corpus_chance_of(double probability);

/* Is it known that the mover's chance is below 10 or above 90 %? */
bool corpus_decided(const struct corpus_game *g, int ply);

/* Is that a policy of c there: n moves that are legal (superko apart), each once, shares
   descending, and no more than a whole together, but for rounding? */
bool corpus_policy_holds(const struct board *b, enum color c, const struct corpus_prior *list,
                         int n);

/* The board before ply, 0 .. n (n: the end); some microseconds on 9x9. */
void corpus_replay(const struct corpus_game *g, int ply, struct board *b);

/* --- building -------------------------------------------------------------- */

/* A game of a builder. */
struct corpus_record {
    uint64_t hash;  /* of size and moves, the same in all symmetries */
    uint8_t *bytes; /* as in the file, owned */
    size_t len;
};

struct corpus_builder {
    struct corpus_record *record; /* owned */
    size_t n, cap;
    size_t empty;  /* games without a move, left out */
    size_t twice;  /* games that were there already; known after corpus_finish */
};

void corpus_builder_init(struct corpus_builder *b);
void corpus_builder_release(struct corpus_builder *b);

/*
 * Adds the main line of a game with the second variation at each node as best
 * move.  Every variation is played through.  Refused, with the place: what
 * sgf_walk refuses, setup stones and handicap, a second variation that is no
 * move of the same side.  komi holds where the game names none.  On failure
 * nothing is added.
 */
int corpus_add(struct corpus_builder *b, const struct sgf *s, const struct sgf_node *root,
               double komi, struct err *e);

/* Adds all games of a corpus, with their best moves.  On failure some of them are added. */
int corpus_add_all(struct corpus_builder *b, const struct corpus *c, struct err *e);

/* What a record holds; holds until the builder changes. */
struct corpus_game corpus_record_game(const struct corpus_record *r);

/* Sets the best move of a ply: one that is legal there, which nobody checks. */
void corpus_record_set_best(struct corpus_record *r, int ply, int move);

/* Makes room for policies, all empty; what was there is lost. */
int corpus_record_clear_policies(struct corpus_record *r, struct err *e);

/* Sets the policy of a ply and the mover's chance (0: not known), for which there is room: a
   policy that holds, which nobody checks. */
void corpus_record_set_policy(struct corpus_record *r, int ply, const struct corpus_prior *list,
                              int n, int chance);

/* Sorts, and drops games that are there twice (moves, bests and komi alike): those with policies
   stay. */
void corpus_finish(struct corpus_builder *b);

/* Finishes and writes the file, whole or not at all. */
int corpus_write(struct corpus_builder *b, const char *path, struct err *e);

#endif
