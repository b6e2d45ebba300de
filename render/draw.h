/*
 * draw: the tiles that frames are made of, 16 x 16 pixels each, RGB.
 *
 * A cell of a frame looks like its tile and like nothing else: a tile depends
 * only on the shade of the wood, on the place (which grid lines leave the
 * crossing, and the star point) and on the content (stone, last-move marker).
 * So an unchanged cell always has the same bytes, wherever it stands and
 * whatever its neighbours do.  The grid lines cross at the middle of the tile
 * and a stone stays inside it.
 *
 * Tiles are computed by integer supersampling alone, the same on every
 * machine.  A drawer holds all of them; it is a flat struct without pointers,
 * read-only once made, so threads may share it.
 */
#ifndef RENDER_DRAW_H
#define RENDER_DRAW_H

#include <stdint.h>

enum {
    TILE = 16,                   /* pixels a side */
    TILE_BYTES = TILE * TILE * 3,
};

/* The wood tells who the mover, drawn in black stones, really is. */
enum shade { SHADE_WHITE, SHADE_BLACK, N_SHADES };

/* Which lines leave the crossing: a sum of these, or PLACE_STAR alone. */
enum place {
    PLACE_LEFT = 1,
    PLACE_RIGHT = 2,
    PLACE_UP = 4,
    PLACE_DOWN = 8,
    PLACE_INNER = 15,
    PLACE_STAR = 16, /* all four lines and a dot */
    N_PLACES
};

/* OWN is the mover's, drawn black; OTHER is drawn white.  LAST: with marker. */
enum content {
    TILE_EMPTY,
    TILE_OWN,
    TILE_OTHER,
    TILE_OWN_LAST,
    TILE_OTHER_LAST,
    N_CONTENTS
};

struct drawer {
    uint8_t tile[N_SHADES][N_PLACES][N_CONTENTS][TILE_BYTES];
};

/* Draws all tiles; takes some 20 ms.  Nothing to release. */
void drawer_init(struct drawer *d);

/* The pixels of a tile: rows from the top, 3 * TILE bytes each, no padding. */
static inline const uint8_t *drawer_tile(const struct drawer *d, enum shade shade,
                                         int place, enum content content)
{
    return d->tile[shade][place][content];
}

/* The place of column x, row y on a w x h board. */
int draw_place(int w, int h, int x, int y);

#endif
