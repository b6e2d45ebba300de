/*
 * sgf_game: SGF trees into games, and games into SGF trees.
 *
 * Errors name the place: "game.sgf:3:14: move 'zz' is off the 9x9 board".
 * What a node can say, and what is refused:
 *  - Root: GM 1 or absent; FF 1 to 4; SZ 2 to 25, also columns:rows ("9:13"),
 *    19 when absent; KM a decimal number; HA a whole number.  HA[n], n >= 2,
 *    is refused where the root's AB has fewer stones and AW none: stones
 *    would be missing.  These four (GM, SZ, KM, HA) elsewhere than in the root
 *    are refused.
 *  - B, W: "" is a pass; so is "tt" on boards up to 19x19.  An illegal move
 *    (occupied, suicide, ko, positional superko) is an error.  Either colour
 *    may move at any time.
 *  - AB, AW, AE, in any node: points and rectangles ("aa:cc", upper left to
 *    lower right); no point twice in a node.  Stones may replace stones, but
 *    no chain may be left without liberties.  PL "B" or "W", "black", "1" and
 *    the like.  A setup is one ply of the game, save that HA[n] with its n
 *    black stones and nothing else is the game's handicap, White to move.
 *    Without PL the side of the move in the first child, if any, is to move.
 *  - One line of play has at most GAME_MAX_PLIES moves and setups.
 *  - A node has at most one of B, W and a setup: their order would be unclear.
 *  - All else (rules, results, time, comments, markup) is left to the reader.
 */
#ifndef ENGINE_SGF_GAME_H
#define ENGINE_SGF_GAME_H

#include "engine/game.h"
#include "engine/sgf.h"

/* What a root says. */
struct sgf_header {
    int w, h;
    bool has_komi;
    double komi;  /* 0 without KM */
    int handicap; /* HA, 0 if absent */
    int format;   /* FF, 1 if absent, as the standard has it */
};

int sgf_header(const struct sgf *s, const struct sgf_node *root, struct sgf_header *h,
               struct err *e);

/*
 * The position at `node`: g, uninitialised before, becomes the game from the
 * root to there.  komi holds where the root names none.  On failure nothing is
 * left to release.
 */
int sgf_to_game(const struct sgf *s, const struct sgf_node *node, double komi, struct game *g,
                struct err *e);

/* The node of the main line before move `moves` + 1, or its last node when
   moves < 0 or the line has fewer; *played (may be NULL) gets the moves up to there. */
const struct sgf_node *sgf_main_line(const struct sgf_node *root, int moves, int *played);

/* The main line of the first game of a file, `moves` moves of it (all if < 0):
   what GTP's "loadsgf F n" needs with moves = n - 1.  As sgf_to_game otherwise. */
int sgf_load_game(const char *path, int moves, double komi, struct game *g, struct err *e);

/* The move of a node on a board of b's size: 1 with its colour and point (or PASS)
   if it has one, 0 if not, -1 if it is none of this board's. */
int sgf_move(const struct sgf *s, const struct sgf_node *n, const struct board *b, enum color *c,
             int *point, struct err *e);

/* --- every variation once ------------------------------------------------- */

/*
 * Walks one game depth first, main line before variations, playing and
 * undoing, so each node is played once.  After each sgf_walk_next that
 * returned 1, `game` is the position after `node`, and node's children hold
 * the moves recorded for that position, the main line's first:
 *
 *     sgf_walk_init(&w, &s, root, komi, e);
 *     while ((r = sgf_walk_next(&w, e)) == 1)
 *         use(&w.game, w.node, w.plies);
 *     sgf_walk_release(&w);
 *
 * The position before the node is game_stones(&w.game, w.game.n - w.plies).
 */
struct sgf_walk {
    const struct sgf *sgf;
    const struct sgf_node *root;
    struct sgf_header header;
    const struct sgf_node *node; /* NULL before the first */
    struct game game;
    int plies;         /* that node made: 0 or 1 */
    size_t depth, cap; /* private */
    uint8_t *made;     /* private: the plies of each node from the root to here */
};

/* On failure nothing is left to release. */
int sgf_walk_init(struct sgf_walk *w, const struct sgf *s, const struct sgf_node *root,
                  double komi, struct err *e);

/* 1: at the next node; 0: there is none; -1: the next node is refused.  After 0 and -1 the
   walk is over, and node and game say nothing. */
int sgf_walk_next(struct sgf_walk *w, struct err *e);

void sgf_walk_release(struct sgf_walk *w);

/* --- results ------------------------------------------------------------- */

enum sgf_ending { SGF_UNKNOWN, SGF_DRAW, SGF_SCORE, SGF_RESIGN, SGF_TIME, SGF_FORFEIT, SGF_WIN,
                  SGF_VOID };

struct sgf_result {
    enum sgf_ending ending;
    enum color winner; /* EMPTY without one */
    double margin;     /* of SGF_SCORE */
};

/* Reads an RE value ("B+3.5", "W+R", "0", "Void", any case); what it does not know is SGF_UNKNOWN. */
struct sgf_result sgf_result(const char *raw);

/* --- games into SGF ------------------------------------------------------- */

/* What the game itself does not know, all plain text; NULL is left out. */
struct sgf_info {
    const char *black, *white; /* PB, PW */
    const char *result;        /* RE, as score_text gives it, or "B+R" */
    const char *rules;         /* RU */
    const char *date;          /* DT; no clock is asked */
    const char *event;         /* EV */
    const char *program;       /* AP, "name:version" */
    const char *comment;       /* C of the root */
};

/* Adds g as one more game to s, which is initialised: handicap, setups, moves; info may be
   NULL.  Returns its root, or NULL when out of memory (or komi is 1e9 or more). */
struct sgf_node *sgf_from_game(struct sgf *s, const struct game *g, const struct sgf_info *info,
                               struct err *e);

/* Makes a game that was read clean FF[4]: FF, GM and SZ said in the root, passes as "". */
int sgf_normalize(struct sgf *s, struct sgf_node *root, struct err *e);

#endif
