/*
 * frame: the pictures the model sees, and what they show.
 *
 * A scene says what is to be seen, without pixels: the stones from the side
 * of a camera, the last stone placed, and who the camera's side is.  The
 * camera is the side to move at time t of a clip: its stones are OWN and drawn
 * black, the others OTHER and drawn white; all frames t .. t+H of the clip
 * keep the camera of t.
 *
 * A frame is an RGB picture of w x h cells, TILE pixels a cell and no margin
 * (9x9: 144 x 144), on an SDL software surface that it owns.  Equal scenes
 * give equal bytes.
 */
#ifndef RENDER_FRAME_H
#define RENDER_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/board.h"
#include "engine/err.h"
#include "engine/game.h"
#include "render/draw.h"

enum cell { CELL_EMPTY, CELL_OWN, CELL_OTHER };

struct scene {
    int w, h;                  /* cells; 1 .. BOARD_MAX */
    int marker;                /* index of the last stone placed, or -1 */
    bool mover_is_black;       /* the camera's side really is Black */
    uint8_t cells[BOARD_AREA]; /* enum cell; w * h, row-major from the top left */
};

static inline enum cell cell_of_color(enum color c, enum color camera)
{
    return c == EMPTY ? CELL_EMPTY : c == camera ? CELL_OWN : CELL_OTHER;
}

static inline enum color color_of_cell(enum cell c, enum color camera)
{
    return c == CELL_EMPTY ? EMPTY : c == CELL_OWN ? camera : color_other(camera);
}

/* The position after the first `ply` plies of g, 0 .. g->n, seen by camera.
   Marked is the stone that ply placed: none at ply 0, after a pass or setup. */
void scene_of_game(struct scene *s, const struct game *g, int ply, enum color camera);

/* From raw stones[w * h] (enum color), row-major from the top left; marker is
   the index of a stone, or -1. */
void scene_of_stones(struct scene *s, int w, int h, const uint8_t *stones, int marker,
                     enum color camera);

/* Who moves after the first `ply` plies, or is to where none has moved: the camera of a clip from
   there. */
enum color scene_camera(const struct game *g, int ply);

/* The content of a cell; a marker on an empty cell is not drawn. */
static inline enum content scene_content(const struct scene *s, int index)
{
    int c = s->cells[index];

    return (enum content)(c && index == s->marker ? c + TILE_OWN_LAST - TILE_OWN : c);
}

static inline enum shade scene_shade(const struct scene *s)
{
    return s->mover_is_black ? SHADE_BLACK : SHADE_WHITE;
}

struct SDL_Surface;

struct frame {
    int w, h;                    /* cells */
    int pitch;                   /* bytes from one row of pixels to the next */
    uint8_t *px;                 /* h * TILE rows of w * TILE RGB pixels, in the surface */
    struct SDL_Surface *surface; /* owned */
};

/* A black picture of w x h cells, 1 .. BOARD_MAX.  On failure nothing is left
   to release. */
int frame_init(struct frame *f, int w, int h, struct err *e);
void frame_release(struct frame *f);

/* Draws all of s into RGB memory: s->h * TILE rows of s->w * TILE pixels, pitch
   bytes from row to row. */
void scene_draw(const struct scene *s, const struct drawer *d, uint8_t *px, int pitch);

/* The same where px shows `before`, of the same size and shade: draws what changed. */
void scene_redraw(const struct scene *before, const struct scene *s, const struct drawer *d,
                  uint8_t *px, int pitch);

/* Draws all of s into f, which has its size. */
void frame_draw(struct frame *f, const struct drawer *d, const struct scene *s);

#endif
