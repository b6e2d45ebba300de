/*
 * game: a board with its whole history, and the rules that need one.
 *
 * A game is a list of plies: moves, passes and setups.  Every position is
 * kept (one byte a point), so the stones after any earlier ply can be looked
 * up and undo is exact back to the start.  Area scoring (Tromp-Taylor),
 * positional superko, no suicide; two moves of one colour in a row are legal.
 * A setup starts superko anew.  Positions are compared by their 64-bit hashes.
 */
#ifndef ENGINE_GAME_H
#define ENGINE_GAME_H

#include "engine/board.h"
#include "engine/err.h"

enum {
    GAME_MIN = 2, /* smallest side of a game's board */
    GAME_MAX_PLIES = 100000,
};

enum ply_kind { PLY_MOVE, PLY_SETUP };

struct ply {
    enum ply_kind kind;
    enum color color;    /* who moved; for a setup, EMPTY */
    int point;           /* a point or PASS; for a setup, NO_POINT */
    int taken;           /* stones captured by the move */
    enum color to_move;  /* who is expected to move next */
    int16_t ko, ko_color;       /* of the board after the ply */
    int32_t captured[3];        /* likewise */
    uint64_t hash;              /* likewise */
};

struct game {
    struct board board; /* the current position; read only for users */
    double komi;        /* points added to White; survives game_clear */
    int handicap;       /* stones placed before the first move, 0 if none */
    enum color first;   /* who moves at the start */
    int n;              /* plies so far, at most GAME_MAX_PLIES */
    struct ply *ply;    /* ply[0 .. n-1], owned */
    uint8_t *stones;    /* (n + 1) x w*h: the positions after 0 .. n plies, owned */
    int cap;            /* plies allocated */
    uint64_t start_hash; /* of the position before the first ply */
};

/* An empty w x h board, 2 <= w, h <= 25, Black to move.  Release in any case;
   a game may be released twice. */
int game_init(struct game *g, int w, int h, double komi, struct err *e);
void game_release(struct game *g);

/* Empties the board, of a new size perhaps, and forgets history and handicap;
   keeps komi.  On failure nothing changes. */
int game_clear(struct game *g, int w, int h, struct err *e);

/* A full, independent copy of from; to is uninitialised before.  Release to in
   any case. */
int game_copy(struct game *to, const struct game *from, struct err *e);

/* Legality with superko.  A pass is always legal. */
enum legality game_legality(const struct game *g, enum color c, int p);
const char *legality_text(enum legality l);

/* Plays; -1 if illegal ("illegal move: superko"), the game too long or memory
   short, and nothing changes then. */
int game_play(struct game *g, enum color c, int p, struct err *e);

/* Takes back the last ply; -1 at the start. */
int game_undo(struct game *g, struct err *e);

/* Goes back to the position after the first `ply` plies at once, much cheaper than
   one by one; -1 unless 0 <= ply <= n. */
int game_undo_to(struct game *g, int ply, struct err *e);

/* Replaces the position by stones[w * h], row-major from the top left, as one
   ply; prisoners stay counted.  Fails on a chain without liberties and changes
   nothing then. */
int game_setup(struct game *g, const uint8_t *stones, enum color to_move, struct err *e);

/* Places free or fixed handicap on an empty board; White is to move after.
   The stones become the start of the game: they are no ply, and earlier plies
   (passes, say) are forgotten.  Fails and changes nothing if the board is not
   empty or a point is taken twice, off the board, or would fill it. */
int game_handicap(struct game *g, const int *points, int n, struct err *e);

enum color game_to_move(const struct game *g);

/* The position after the first `ply` plies, 0 .. n: w*h bytes, row-major from
   the top left; valid until the game changes. */
const uint8_t *game_stones(const struct game *g, int ply);

/* The point of ply number `ply` (1 .. n) if it placed a stone, else NO_POINT. */
int game_stone_placed(const struct game *g, int ply);

/* The last ply was a pass. */
bool game_passed(const struct game *g);

/* Two passes in a row, of whatever colours, end the game. */
bool game_over(const struct game *g);

/* Area score with komi, from Black's side. */
double game_score(const struct game *g);

/* "B+3.5", "W+12", "0" (a draw) into buf; returns buf. */
const char *score_text(double score, char buf[24]);

/* A drawn board as text, rows from the top, with coordinates: X Black, O White,
   + a star point, the last stone placed in parentheses, the captures beside the
   lowest rows.  Lines end in LF, none is blank.  Caller frees; NULL when memory
   is short. */
char *game_draw(const struct game *g);

#endif
