/*
 * suite: questions about positions, in the format of GNU Go's regression tests.
 *
 *   # escape: prey D4, the ladder is broken
 *   boardsize 9
 *   clear_board
 *   play black E5
 *   ...
 *   10 reg_genmove white
 *   #? [E4]
 *
 * A position begins with boardsize and clear_board, or with loadsgf FILE [MOVE],
 * the file's name being relative to the suite's folder; komi and play follow.
 * Then come its questions, each with an id of its own and, in the next line, the
 * right answers: [E4], [E4|D3], or [!E4|D3], all but these.  (A * after them,
 * GNU Go's mark of failures it knows of, is passed over.)  A comment that begins
 * with one word and a colon names the kind of all questions up to the next
 * such comment, and says what they are about.  Other comments and blank lines
 * mean nothing.
 *
 * Blanks at the end of a line mean nothing.  Reading is strict: each move, asked
 * or answered, is legal by our rules, and errors name the line.
 */
#ifndef GTP_SUITE_H
#define GTP_SUITE_H

#include <stddef.h>

#include "engine/game.h"

enum { SUITE_POINTS = 16, SUITE_KIND = 16, SUITE_WANTED = 80 };

struct suite_question {
    int id;
    char kind[SUITE_KIND];     /* "" without one */
    char note[80];             /* what stands after the kind's colon, perhaps cut */
    enum color color;          /* who is asked */
    int w, h;                  /* of its board */
    size_t first, n;           /* its position's commands in the suite */
    bool except;               /* right is all but the points */
    int n_points;
    int point[SUITE_POINTS];   /* or PASS */
    char wanted[SUITE_WANTED]; /* as the file says it, without brackets */
};

struct suite {
    struct suite_question *question; /* owned, as all below */
    size_t n;
    char **command; /* ready to send: file names from where we are */
    size_t commands;
};

/* Reads a file of at least one question.  Release s in any case. */
int suite_read(struct suite *s, const char *path, struct err *e);
void suite_release(struct suite *s);

/* The position of a question; g is uninitialised before, release it in any case. */
int suite_game(const struct suite *s, const struct suite_question *q, struct game *g,
               struct err *e);

/* Is a move (point or PASS; else it is wrong) a right answer? */
bool suite_right(const struct suite_question *q, int move);

#endif
