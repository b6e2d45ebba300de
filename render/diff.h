/*
 * diff: what happened between two frames of one camera.
 *
 * A legal successor shows either nothing new (a pass), or one new stone of the
 * side that moved, the stones it captures gone, and nothing else changed.
 * Anything else is a fault with a name, and cells.  The side is OWN for the
 * first frame after the camera's, then OTHER, and so on: a clip keeps its
 * camera while the sides take turns.
 *
 * Faults are looked for in the order of enum diff_kind and the first one found
 * is told, so the answer is always the same.  Ko and superko need a history
 * and are not judged: ask game_legality.  A wrong marker is told beside the
 * rest and makes no move illegal; callers decide what it means to them.
 */
#ifndef RENDER_DIFF_H
#define RENDER_DIFF_H

#include "render/frame.h"
#include "render/read.h"

enum diff_kind {
    DIFF_PASS,
    DIFF_MOVE,
    DIFF_SIZE,              /* the boards differ in size */
    DIFF_UNREADABLE,        /* cells that cannot be read, before or after */
    DIFF_SHADE_UNREADABLE,  /* the wood's shade cannot be read, before or after */
    DIFF_SHADE_CHANGED,     /* the camera's side is another one */
    DIFF_NO_POSITION,       /* before: a chain without liberties */
    DIFF_COLOR_CHANGED,     /* stones became the other side's */
    DIFF_MANY_STONES,       /* two or more new stones, of any colour */
    DIFF_WRONG_COLOR,       /* the new stone is not of the side that moved */
    DIFF_VANISHED,          /* stones gone that no move captured */
    DIFF_CAPTURE_FORGOTTEN, /* stones without liberties still standing */
    DIFF_SUICIDE,           /* the new stone has no liberties and takes none */
    N_DIFF_KINDS
};

enum diff_marker {
    MARKER_RIGHT,     /* at the new stone; after a pass: none */
    MARKER_MISSING,
    MARKER_ELSEWHERE, /* one, where no stone was placed */
    MARKER_SEVERAL,
    MARKER_UNSURE     /* there is a mark that cannot be read */
};

struct diff {
    enum diff_kind kind;
    enum diff_marker marker; /* says something for a pass and a move only */
    int w, h;                /* of the frame after */
    int move;                /* index of the new stone if there is exactly one, else -1 */
    int n;                   /* cells concerned: a move's captures, or those at fault */
    int16_t cells[BOARD_AREA]; /* their indices, ascending */
};

static inline bool diff_is_legal(const struct diff *d)
{
    return d->kind == DIFF_PASS || d->kind == DIFF_MOVE;
}

/* side is CELL_OWN or CELL_OTHER: who moved in between. */
void diff_readings(const struct reading *before, const struct reading *after, enum cell side,
                   struct diff *d);
void diff_scenes(const struct scene *before, const struct scene *after, enum cell side,
                 struct diff *d);

enum { DIFF_TEXT_MAX = 160 };

/* For people: "move at D4, captures D5 E5", "two or more new stones: D4 E5",
   "move at D4; the marker is missing".  Returns buf. */
const char *diff_text(const struct diff *d, char buf[DIFF_TEXT_MAX]);

#endif
