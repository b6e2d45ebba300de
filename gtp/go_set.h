/*
 * go_set: labelled 9x9 positions to measure players by.
 *
 * A file of one position a line, fields separated by tabs, lines ended by LF:
 *
 *   id; moves so far, Black first, alternating, separated by spaces; side to
 *   move, b or w; best move; the mover's win probability; priors; values
 *
 * Probabilities are whole numbers of 1/10000.  Priors (what a network thinks of
 * each move before any search) and values (the mover's win probability after
 * it) are 82 numbers, row-major from A9, then the pass; -1: illegal.  Komi is 7.
 *
 * Reading is strict: every move is played by our rules, priors and values are
 * there for exactly the legal moves, and errors name the line.
 */
#ifndef GTP_GO_SET_H
#define GTP_GO_SET_H

#include <stddef.h>
#include <stdint.h>

#include "engine/game.h"

enum {
    GO_SET_SIZE = 9,
    GO_SET_PASS = GO_SET_SIZE * GO_SET_SIZE, /* the index of a pass */
    GO_SET_MOVES,
    GO_SET_ONE = 10000, /* a probability of 1 */
    GO_SET_KOMI = 7,
};

struct go_position {
    char id[24];
    int n;              /* moves so far */
    uint8_t *move;      /* (n) their indices, 0 .. GO_SET_PASS; owned */
    enum color to_move;
    int best;           /* index of the best move */
    int win;
    int16_t prior[GO_SET_MOVES], value[GO_SET_MOVES];
    int max_prior, max_value; /* the largest; max_prior > 0 */
};

struct go_set {
    struct go_position *position; /* owned */
    size_t n;
};

/* Reads a file of at least one position.  Release s in any case. */
int go_set_read(struct go_set *s, const char *path, struct err *e);
void go_set_release(struct go_set *s);

/* The position as a game; g is uninitialised before, release it in any case. */
int go_set_game(const struct go_position *p, struct game *g, struct err *e);

/* Between a move of the board (a point or PASS) and its index. */
int go_set_index(const struct board *b, int point);
int go_set_point(const struct board *b, int index);

#endif
