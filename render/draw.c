#include "render/draw.h"

#include <stdbool.h>
#include <stdlib.h>

#include "engine/board.h"

/*
 * Lengths are in units of 1/16 pixel with the origin at the middle of the
 * tile, where SUB x SUB samples a pixel fall on odd numbers.
 */
enum {
    SUB = 8,
    UNIT = 2 * SUB,            /* one pixel */
    LINE = UNIT * 5 / 8,       /* half a grid line's width */
    DOT = UNIT * 11 / 4,       /* radius of a star point */
    STONE = UNIT * 15 / 2,     /* radius of a stone: half a pixel of wood around it */
    MARK = UNIT * 15 / 4,      /* radius of the marker */
};

struct rgb {
    int r, g, b;
};

static const struct rgb wood[N_SHADES] = {
    [SHADE_WHITE] = { 240, 212, 158 },
    [SHADE_BLACK] = { 206, 150, 84 },
};
static const struct rgb line[N_SHADES] = {
    [SHADE_WHITE] = { 104, 82, 50 },
    [SHADE_BLACK] = { 72, 46, 20 },
};
/* Blue: far from wood, black and white in at least one channel each. */
static const struct rgb mark = { 10, 130, 255 };

/* Straight grain along the columns; sums to zero over the period of a tile. */
static const int8_t grain[TILE] = { 0, 2, 3, 1, -2, -5, -3, 1, 3, 2, 0, -3, -4, 0, 3, 2 };

static int clamp(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Wood at a pixel: the grain and a little noise, without a seam at the border. */
static struct rgb wood_at(enum shade shade, int px, int py)
{
    uint32_t n = (uint32_t)(py * TILE + px + 1) * 2654435761u;
    int v = grain[px] + (int)((n >> 24) % 5) - 2;
    struct rgb c = wood[shade];

    return (struct rgb){ c.r + v, c.g + v, c.b + v };
}

static bool on_grid(int place, int x, int y)
{
    if (place == PLACE_STAR && x * x + y * y <= DOT * DOT)
        return true;
    if (place == PLACE_STAR)
        place = PLACE_INNER;
    if (abs(y) <= LINE && ((place & PLACE_LEFT && x <= LINE) ||
                           (place & PLACE_RIGHT && x >= -LINE)))
        return true;
    return abs(x) <= LINE && ((place & PLACE_UP && y <= LINE) ||
                              (place & PLACE_DOWN && y >= -LINE));
}

/* A ball lit from the upper left. */
static struct rgb stone_at(bool black, int x, int y)
{
    int hx = x + STONE * 3 / 8, hy = y + STONE * 3 / 8; /* from the highlight */
    int far = hx * hx + hy * hy, edge = x * x + y * y;
    int v;

    if (black) {
        v = 22 + 62 * clamp(STONE * STONE - far, 0, STONE * STONE) / (STONE * STONE);
        return (struct rgb){ v, v, v + 3 };
    }
    v = 252 - 20 * far / (STONE * STONE) - 26 * clamp(edge * 4 / (STONE * STONE) - 2, 0, 1);
    return (struct rgb){ v, v, v - 4 };
}

static struct rgb sample(enum shade shade, int place, enum content content, struct rgb ground,
                         int x, int y)
{
    int d2 = x * x + y * y;
    bool last = content == TILE_OWN_LAST || content == TILE_OTHER_LAST;

    if (last && d2 <= MARK * MARK)
        return mark;
    if (content != TILE_EMPTY && d2 <= STONE * STONE)
        return stone_at(content == TILE_OWN || content == TILE_OWN_LAST, x, y);
    return on_grid(place, x, y) ? line[shade] : ground;
}

static void draw_tile(uint8_t *px, enum shade shade, int place, enum content content)
{
    for (int py = 0; py < TILE; py++) {
        for (int qx = 0; qx < TILE; qx++, px += 3) {
            struct rgb ground = wood_at(shade, qx, py), sum = { 0, 0, 0 };

            for (int i = 0; i < SUB * SUB; i++) {
                int x = (qx - TILE / 2) * UNIT + i % SUB * 2 + 1;
                int y = (py - TILE / 2) * UNIT + i / SUB * 2 + 1;
                struct rgb c = sample(shade, place, content, ground, x, y);

                sum.r += c.r;
                sum.g += c.g;
                sum.b += c.b;
            }
            px[0] = (uint8_t)((sum.r + SUB * SUB / 2) / (SUB * SUB));
            px[1] = (uint8_t)((sum.g + SUB * SUB / 2) / (SUB * SUB));
            px[2] = (uint8_t)((sum.b + SUB * SUB / 2) / (SUB * SUB));
        }
    }
}

void drawer_init(struct drawer *d)
{
    for (int s = 0; s < N_SHADES; s++)
        for (int p = 0; p < N_PLACES; p++)
            for (int c = 0; c < N_CONTENTS; c++)
                draw_tile(d->tile[s][p][c], (enum shade)s, p, (enum content)c);
}

int draw_place(int w, int h, int x, int y)
{
    if (board_is_star(w, h, x, y))
        return PLACE_STAR;
    return (x > 0 ? PLACE_LEFT : 0) | (x < w - 1 ? PLACE_RIGHT : 0) |
           (y > 0 ? PLACE_UP : 0) | (y < h - 1 ? PLACE_DOWN : 0);
}
