#include "render/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/draw.h"
#include "render/view_text.h"

/* Lengths that are no pixels are in 1/64 pixel, as in view_text.h. */
enum {
    PIXEL = TEXT_PIXEL,
    SUB = 8, /* samples a side of a pixel */
};

static const struct rgb board_wood = { 226, 182, 116 };
static const struct rgb board_line = { 78, 54, 26 };
static const struct rgb label = { 112, 80, 42 };
static const struct rgb ink_black = { 24, 24, 28 };
static const struct rgb ink_white = { 250, 250, 246 };
static const struct rgb accent = { 10, 130, 255 }, accent_on_black = { 110, 185, 255 };

/* What of a picture is the same for all stones of a colour. */
struct sprite {
    int size;      /* pixels a side */
    uint8_t *px;   /* (size, size, 4): RGB and alpha, owned */
};

static int clamp(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* What no eye can tell makes files a tenth smaller. */
static int even(int v)
{
    return v / 2 * 2;
}

static int int_sqrt(int v)
{
    int r = 0;

    for (int bit = 1 << 15; bit; bit >>= 1)
        if ((r + bit) * (int64_t)(r + bit) <= v)
            r += bit;
    return r;
}

void view_of_game(struct view *v, const struct game *g, int ply)
{
    int p = ply > 0 ? game_stone_placed(g, ply) : NO_POINT;

    memset(v, 0, sizeof *v);
    v->w = g->board.w;
    v->h = g->board.h;
    v->cell = VIEW_CELL;
    v->coords = true;
    v->last = p == NO_POINT ? -1 : board_index(&g->board, p);
    memcpy(v->stones, game_stones(g, ply), (size_t)(v->w * v->h));
}

void view_number(struct view *v, const struct game *g, int from, int ply)
{
    int moves = 0;

    for (int i = 1; i <= ply; i++) {
        const uint8_t *before = game_stones(g, i - 1), *after = game_stones(g, i);
        bool setup = g->ply[i - 1].kind == PLY_SETUP;
        int p = game_stone_placed(g, i);

        for (int k = 0; setup && k < v->w * v->h; k++)
            if (before[k] != after[k]) /* no move's any more */
                v->number[k] = 0;
        moves += !setup;
        if (p == NO_POINT || i < from)
            continue;
        p = board_index(&g->board, p);
        if (v->stones[p] != EMPTY)
            v->number[p] = (int16_t)(moves % 10000);
    }
}

static int margin(const struct view *v)
{
    return v->coords ? v->cell * 5 / 6 : v->cell / 3;
}

void view_size(const struct view *v, int *width, int *height)
{
    *width = v->w * v->cell + 2 * margin(v);
    *height = v->h * v->cell + 2 * margin(v);
}

/* --- wood ------------------------------------------------------------------ */

/* A random number 0 .. 255 for a point of a lattice. */
static int lattice(int x, int y, int layer)
{
    uint32_t h = (uint32_t)x * 0x9e3779b1u ^ (uint32_t)y * 0x85ebca6bu ^
                 (uint32_t)layer * 0xc2b2ae35u;

    h = (h ^ (h >> 15)) * 0x2c1b3c6du;
    h = (h ^ (h >> 12)) * 0x297a2d39u;
    return (int)((h ^ (h >> 15)) >> 24);
}

/* Smooth noise, -128 .. 127; x and y in 1/256 of a lattice step, not negative. */
static int noise(int x, int y, int layer)
{
    int i = x >> 8, j = y >> 8, u = x & 255, v = y & 255, a, b;

    u = u * u * (768 - 2 * u) >> 16;
    v = v * v * (768 - 2 * v) >> 16;
    a = lattice(i, j, layer) * (256 - u) + lattice(i + 1, j, layer) * u;
    b = lattice(i, j + 1, layer) * (256 - u) + lattice(i + 1, j + 1, layer) * u;
    return ((a * (256 - v) + b * v) >> 16) - 128;
}

/* Long grain that wanders a little, in broad bands and fine streaks. */
static struct rgb wood_at(int x, int y)
{
    int bend = noise(x / 3, y, 0) * 4;
    int bands = noise(x * 7 + bend + 1024, y / 6, 1);
    int streaks = noise(x * 60 + bend * 4 + 4096, y / 3, 2);
    int v = even((bands * 14 + streaks * 9) / 128);

    return (struct rgb){ board_wood.r + v, board_wood.g + v, board_wood.b + v };
}

static void draw_wood(struct image *im, int cell)
{
    for (int y = 0; y < im->h; y++)
        for (int x = 0; x < im->w; x++)
            image_blend(im, x, y, wood_at(x * VIEW_CELL / cell, y * VIEW_CELL / cell), 255);
    /* A lit and a shaded edge make it a board. */
    for (int i = 0; i < 1 + cell / 32; i++) {
        for (int x = i; x < im->w - i; x++) {
            image_blend(im, x, i, ink_white, 90);
            image_blend(im, x, im->h - 1 - i, board_line, 110);
        }
        for (int y = i; y < im->h - i; y++) {
            image_blend(im, i, y, ink_white, 90);
            image_blend(im, im->w - 1 - i, y, board_line, 110);
        }
    }
}

/* --- lines and labels ------------------------------------------------------- */

static int line_width(const struct view *v)
{
    return v->cell < 36 ? 1 : v->cell / 36;
}

/* The middle of line i, so that lines cover whole pixels. */
static int line_at(const struct view *v, int i)
{
    int px = margin(v) + i * v->cell + v->cell / 2;

    return px * PIXEL + line_width(v) % 2 * (PIXEL / 2);
}

static void fill(struct image *im, int x0, int y0, int x1, int y1, struct rgb c)
{
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            image_blend(im, x, y, c, 255);
}

/* A disc, or with a hole of radius `hole` a ring. */
static void draw_ring(struct image *im, int cx, int cy, int radius, int hole, struct rgb c)
{
    int reach = radius / PIXEL + 2;

    for (int y = cy / PIXEL - reach; y <= cy / PIXEL + reach; y++) {
        for (int x = cx / PIXEL - reach; x <= cx / PIXEL + reach; x++) {
            int n = 0;

            for (int i = 0; i < SUB * SUB; i++) {
                int dx = x * PIXEL + (2 * (i % SUB) + 1) * PIXEL / (2 * SUB) - cx;
                int dy = y * PIXEL + (2 * (i / SUB) + 1) * PIXEL / (2 * SUB) - cy;
                int d2 = dx * dx + dy * dy;

                n += d2 <= radius * radius && d2 >= hole * hole;
            }
            if (n)
                image_blend(im, x, y, c, n * 255 / (SUB * SUB));
        }
    }
}

static void draw_grid(struct image *im, const struct view *v)
{
    int lw = line_width(v), left = line_at(v, 0) / PIXEL - lw / 2;
    int right = line_at(v, v->w - 1) / PIXEL - lw / 2;
    int bottom = line_at(v, v->h - 1) / PIXEL - lw / 2;

    for (int x = 0; x < v->w; x++)
        fill(im, line_at(v, x) / PIXEL - lw / 2, left, line_at(v, x) / PIXEL - lw / 2 + lw,
             bottom + lw, board_line);
    for (int y = 0; y < v->h; y++)
        fill(im, left, line_at(v, y) / PIXEL - lw / 2, right + lw,
             line_at(v, y) / PIXEL - lw / 2 + lw, board_line);
    for (int y = 0; y < v->h; y++)
        for (int x = 0; x < v->w; x++)
            if (draw_place(v->w, v->h, x, y) == PLACE_STAR)
                draw_ring(im, line_at(v, x), line_at(v, y), v->cell * PIXEL / 13, 0, board_line);
}

static void draw_coords(struct image *im, const struct view *v)
{
    int size = v->cell < 28 ? 7 * PIXEL : v->cell * PIXEL / 4; /* smaller is not legible */
    int near = (margin(v) + v->cell / 24) * PIXEL / 2; /* from the edge of the picture */

    for (int x = 0; x < v->w; x++) {
        char s[2] = { (char)('A' + x + (x >= 8)), '\0' };

        view_text(im, s, line_at(v, x), near, size, label);
        view_text(im, s, line_at(v, x), im->h * PIXEL - near, size, label);
    }
    for (int y = 0; y < v->h; y++) {
        char s[12];

        snprintf(s, sizeof s, "%d", v->h - y);
        view_text(im, s, near, line_at(v, y), size, label);
        view_text(im, s, im->w * PIXEL - near, line_at(v, y), size, label);
    }
}

/* --- stones ------------------------------------------------------------------ */

static int stone_radius(int cell)
{
    return cell * PIXEL * 31 / 64;
}

/* The light comes from the upper left and above; 256 is full in the face. */
static struct rgb stone_at(enum color c, int x, int y, int radius)
{
    int z = int_sqrt(clamp(radius * radius - (x * x + y * y) * 15 / 16, 0, radius * radius));
    int face = (-x - y + 2 * z) * 105 / radius, half = (face + 256) / 2;
    int glint = clamp(face, 0, 256), v;

    if (c == WHITE) {
        v = even(254 - (256 - half) * (256 - half) * 120 / 65536);
        return (struct rgb){ v, v, v - 5 };
    }
    for (int i = 0; i < 4; i++)
        glint = glint * glint / 256;
    v = even(16 + half * half * 34 / 65536 + glint * 70 / 256);
    return (struct rgb){ v, v, v + 3 };
}

/* A stone in the middle of its sprite. */
static void make_stone(struct sprite *s, enum color c, int cell)
{
    int radius = stone_radius(cell);
    uint8_t *to = s->px;

    for (int py = 0; py < s->size; py++) {
        for (int px = 0; px < s->size; px++, to += 4) {
            int x = px * PIXEL - s->size * PIXEL / 2, y = py * PIXEL - s->size * PIXEL / 2, n = 0;
            struct rgb col = stone_at(c, x + PIXEL / 2, y + PIXEL / 2, radius);

            for (int i = 0; i < SUB * SUB; i++) {
                int dx = x + (2 * (i % SUB) + 1) * PIXEL / (2 * SUB);
                int dy = y + (2 * (i / SUB) + 1) * PIXEL / (2 * SUB);

                n += dx * dx + dy * dy <= radius * radius;
            }
            to[0] = (uint8_t)col.r;
            to[1] = (uint8_t)col.g;
            to[2] = (uint8_t)col.b;
            to[3] = (uint8_t)(n * 255 / (SUB * SUB));
        }
    }
}

/* A soft dark disc, thrown a little to the right and down. */
static void make_shadow(struct sprite *s, int cell)
{
    int soft = cell * PIXEL / 8, radius = stone_radius(cell);
    uint8_t *to = s->px;

    for (int py = 0; py < s->size; py++) {
        for (int px = 0; px < s->size; px++, to += 4) {
            int x = px * PIXEL + PIXEL / 2 - s->size * PIXEL / 2 - cell * PIXEL / 20;
            int y = py * PIXEL + PIXEL / 2 - s->size * PIXEL / 2 - cell * PIXEL / 14;
            int t = clamp((radius + soft - int_sqrt(x * x + y * y)) * 128 / soft, 0, 256);

            to[0] = 40;
            to[1] = 22;
            to[2] = 6;
            to[3] = (uint8_t)((t * t * (768 - 2 * t) >> 16) * 120 / 256);
        }
    }
}

static int sprite_init(struct sprite *s, int size, struct err *e)
{
    s->size = size;
    s->px = malloc((size_t)size * (size_t)size * 4);
    return s->px ? 0 : err_set(e, "out of memory");
}

static void stamp(struct image *im, const struct sprite *s, int cx, int cy)
{
    const uint8_t *px = s->px;

    for (int y = cy - s->size / 2; y < cy - s->size / 2 + s->size; y++)
        for (int x = cx - s->size / 2; x < cx - s->size / 2 + s->size; x++, px += 4)
            if (px[3] && x >= 0 && y >= 0 && x < im->w && y < im->h)
                image_blend(im, x, y, (struct rgb){ px[0], px[1], px[2] }, px[3]);
}

/* The number of a stone, and the mark of the last. */
static void draw_mark(struct image *im, const struct view *v, int i, int cx, int cy)
{
    bool last = i == v->last, black = v->stones[i] == BLACK;
    struct rgb mark = black ? accent_on_black : accent;
    char s[12];

    if (v->number[i]) {
        int n = v->number[i];
        int size = v->cell * PIXEL * (n < 10 ? 26 : n < 100 ? 24 : n < 1000 ? 19 : 15) / 64;

        snprintf(s, sizeof s, "%d", n);
        view_text(im, s, cx, cy, size, last ? mark : black ? ink_white : ink_black);
    } else if (last) {
        draw_ring(im, cx, cy, v->cell * PIXEL / 4, v->cell * PIXEL * 11 / 64, mark);
    }
}

static void draw_stones(struct image *im, const struct view *v, const struct sprite sprite[3])
{
    /* All shadows first: none falls on a neighbour. */
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < v->w * v->h; i++) {
            int cx = line_at(v, i % v->w), cy = line_at(v, i / v->w);

            if (v->stones[i] == EMPTY)
                continue;
            stamp(im, &sprite[pass ? v->stones[i] : EMPTY], cx / PIXEL, cy / PIXEL);
            if (pass)
                draw_mark(im, v, i, cx, cy);
        }
    }
}

int view_draw(const struct view *v, struct image *im, struct err *e)
{
    struct sprite sprite[3] = { { 0, NULL }, { 0, NULL }, { 0, NULL } };
    int width, height, odd = line_width(v) % 2, status = -1;

    memset(im, 0, sizeof *im);
    if (v->w < 1 || v->h < 1 || v->w > BOARD_MAX || v->h > BOARD_MAX)
        return err_set(e, "cannot draw a board of %dx%d", v->w, v->h);
    if (v->cell < VIEW_CELL_MIN || v->cell > VIEW_CELL_MAX)
        return err_set(e, "cells of %d pixels are not in %d .. %d", v->cell, VIEW_CELL_MIN,
                       VIEW_CELL_MAX);
    view_size(v, &width, &height);
    if (image_init(im, width, height, e))
        return -1;
    /* Sizes as odd as the lines are wide, so that a stone sits on its crossing. */
    if (sprite_init(&sprite[EMPTY], 2 * v->cell / 2 * 2 + odd, e) == 0 &&
        sprite_init(&sprite[BLACK], v->cell / 2 * 2 + odd, e) == 0 &&
        sprite_init(&sprite[WHITE], v->cell / 2 * 2 + odd, e) == 0) {
        make_shadow(&sprite[EMPTY], v->cell);
        make_stone(&sprite[BLACK], BLACK, v->cell);
        make_stone(&sprite[WHITE], WHITE, v->cell);
        draw_wood(im, v->cell);
        draw_grid(im, v);
        if (v->coords)
            draw_coords(im, v);
        draw_stones(im, v, sprite);
        status = 0;
    }
    for (int i = 0; i < 3; i++)
        free(sprite[i].px);
    if (status)
        image_release(im);
    return status;
}
