/*
 * view: a large, pretty board for people.
 *
 * Not what the model sees (that is frame.h): real colours, a margin with
 * coordinates, shaded stones with soft shadows, the last move ringed, move
 * numbers if wanted.  Any board size, any cell size in VIEW_CELL_MIN ..
 * VIEW_CELL_MAX.  Integers only: the same picture on every machine.
 */
#ifndef RENDER_VIEW_H
#define RENDER_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/board.h"
#include "engine/err.h"
#include "engine/game.h"
#include "render/png.h"

enum { VIEW_CELL = 48, VIEW_CELL_MIN = 16, VIEW_CELL_MAX = 160 };

struct view {
    int w, h;                     /* cells; 1 .. BOARD_MAX */
    int cell;                     /* pixels from line to line */
    bool coords;                  /* letters below and above, numbers at the sides */
    int last;                     /* index of the stone to mark, or -1 */
    uint8_t stones[BOARD_AREA];   /* enum color; w * h, row-major from the top left */
    int16_t number[BOARD_AREA];   /* on the stone, 1 .. 9999; 0: none */
};

/* The position after the first `ply` plies of g, with coordinates, the last
   stone marked, no numbers, VIEW_CELL pixels a cell. */
void view_of_game(struct view *v, const struct game *g, int ply);

/* Numbers the stones of v that the moves among plies `from` .. `ply` placed:
   the first move of the game is 1. */
void view_number(struct view *v, const struct game *g, int from, int ply);

/* The picture's size in pixels. */
void view_size(const struct view *v, int *width, int *height);

/* Draws v into im, uninitialised before.  On failure (a size out of bounds, no
   memory) nothing is left to release. */
int view_draw(const struct view *v, struct image *im, struct err *e);

#endif
