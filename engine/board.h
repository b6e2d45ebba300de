/*
 * board: one position of Go, the rules of capture and simple ko.
 *
 * A board is a flat struct without pointers, so copying it is an assignment
 * (board_copy copies only the part in use).  Points are indices into a padded
 * array: one column of border between rows, one row above and below and a point
 * more, so that all eight neighbours of a point on the board exist.  Coordinates are x = 0 .. w-1
 * from the left and y = 0 .. h-1 from the TOP (SGF's way); text vertices count
 * rows from the bottom and skip the letter I (GTP's way).
 *
 * Suicide is illegal.  Positional superko needs a history: see game.h.
 */
#ifndef ENGINE_BOARD_H
#define ENGINE_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum color { EMPTY, BLACK, WHITE, BORDER };

static inline enum color color_other(enum color c)
{
    return (enum color)(BLACK + WHITE - (int)c);
}

enum {
    BOARD_MAX = 25,                     /* largest side; the smallest is 1 */
    BOARD_AREA = BOARD_MAX * BOARD_MAX, /* most points on the board */
    BOARD_POINTS = (BOARD_MAX + 2) * (BOARD_MAX + 1) + 1,
};

/* Moves that are no point of the board. */
enum { PASS = 0, RESIGN = -1, NO_POINT = -2 };

enum legality { LEGAL, OFF_BOARD, OCCUPIED, SUICIDE, KO, SUPERKO };

struct board {
    int16_t w, h;        /* columns, rows */
    int16_t stride;      /* w + 1: distance from a point to the one below */
    int16_t end;         /* one past the last index in use */
    int16_t ko;          /* point where simple ko forbids a recapture, or NO_POINT */
    int16_t ko_color;    /* the side that ko binds */
    int32_t captured[3]; /* stones of that colour taken so far */
    uint64_t hash;       /* Zobrist hash of the stones alone; 0 without any */
    int16_t n_empty;
    /* per point; private but for color[] */
    uint8_t color[BOARD_POINTS];
    int16_t empty[BOARD_AREA];       /* the n_empty empty points, in any order */
    int16_t empty_at[BOARD_POINTS];  /* where in empty[] a point stands */
    int16_t chain[BOARD_POINTS];     /* representative stone of the chain here */
    int16_t next[BOARD_POINTS];      /* next stone of the chain, circular */
    /* per chain, at its representative: pseudo-liberties (a liberty counts once
       for each stone it touches), their number, sum and sum of squares */
    int16_t lib_n[BOARD_POINTS];
    int32_t lib_sum[BOARD_POINTS];
    int32_t lib_sq[BOARD_POINTS];
};

/* Empties the board; 1 <= w, h <= BOARD_MAX. */
void board_init(struct board *b, int w, int h);
void board_copy(struct board *to, const struct board *from);

/* Sets up stones[h * w] (EMPTY, BLACK or WHITE), row-major from the top left,
   without captures: none are counted, no ko is left.  A chain without liberties
   or another value makes it return -1 and leaves an empty board. */
int board_set(struct board *b, const uint8_t *stones);
void board_get(const struct board *b, uint8_t *stones);

static inline int board_point(const struct board *b, int x, int y)
{
    return (y + 1) * b->stride + x + 1;
}
static inline int board_x(const struct board *b, int p)
{
    return p % b->stride - 1;
}
static inline int board_y(const struct board *b, int p)
{
    return p / b->stride - 1;
}
/* Row-major index of a point on the board, 0 .. w*h-1. */
static inline int board_index(const struct board *b, int p)
{
    return board_y(b, p) * b->w + board_x(b, p);
}
static inline int board_point_at(const struct board *b, int index)
{
    return board_point(b, index % b->w, index / b->w);
}
/* A move's number, row-major and w * h for a pass, as a point of b or PASS, and back. */
static inline int board_move_point(const struct board *b, int move)
{
    return move < b->w * b->h ? board_point_at(b, move) : PASS;
}
static inline int board_move_number(const struct board *b, int point)
{
    return point == PASS ? b->w * b->h : board_index(b, point);
}
/* The four neighbours of p, by dir 0 .. 3. */
static inline int board_neighbor(const struct board *b, int p, int dir)
{
    return dir == 0 ? p - b->stride : dir == 1 ? p - 1 : dir == 2 ? p + 1 : p + b->stride;
}

/* The share of one stone in the hash.  It depends on the place only, not on the
   size of the board or on anything drawn at run time. */
uint64_t board_key(const struct board *b, enum color c, int p);

/* Is p a point of the board?  Any integer may be asked about. */
static inline bool board_on(const struct board *b, int p)
{
    return p > 0 && p < b->end && b->color[p] != BORDER;
}

/* Is c at p (a point or PASS) legal but for superko? */
enum legality board_legality(const struct board *b, enum color c, int p);

/* Plays a move that board_legality called LEGAL; returns the stones taken. */
int board_play(struct board *b, enum color c, int p);

/* The hash the board would have after that legal move. */
uint64_t board_hash_after(const struct board *b, enum color c, int p);

/* Distinct liberties of the chain at p, which holds a stone. */
int board_liberties(const struct board *b, int p);

/* Tromp-Taylor area: owner[w * h] (may be NULL) gets BLACK, WHITE or EMPTY for
   a point that reaches both or none.  Returns black points minus white points. */
int board_area(const struct board *b, uint8_t *owner);

/* Text of a move: "D4", "pass", "resign", else "none".  buf holds at least 8 bytes. */
const char *board_vertex(const struct board *b, int p, char buf[8]);

/* Reads a vertex or "pass", in any case; NO_POINT if it is neither or off the board. */
int board_parse_vertex(const struct board *b, const char *s);

/* Is column x, row y of a w x h board marked on a wooden one (on small boards: none)? */
bool board_is_star(int w, int h, int x, int y);

/* Handicap points as GTP fixes them, 2 <= n <= 9.  Returns how many, or 0 when
   that number is not valid on this size. */
int board_handicap(const struct board *b, int n, int points[9]);

#endif
