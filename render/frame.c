#include "render/frame.h"

#include <assert.h>
#include <string.h>

#include <SDL.h>

void scene_of_stones(struct scene *s, int w, int h, const uint8_t *stones, int marker,
                     enum color camera)
{
    s->w = w;
    s->h = h;
    s->marker = marker;
    s->mover_is_black = camera == BLACK;
    for (int i = 0; i < w * h; i++)
        s->cells[i] = (uint8_t)cell_of_color((enum color)stones[i], camera);
}

void scene_of_game(struct scene *s, const struct game *g, int ply, enum color camera)
{
    int p = ply > 0 ? game_stone_placed(g, ply) : NO_POINT;
    int marker = p == NO_POINT ? -1 : board_index(&g->board, p);

    scene_of_stones(s, g->board.w, g->board.h, game_stones(g, ply), marker, camera);
}

enum color scene_camera(const struct game *g, int ply)
{
    if (ply < g->n && g->ply[ply].kind == PLY_MOVE)
        return g->ply[ply].color;
    return ply > 0 ? g->ply[ply - 1].to_move : g->first;
}

int frame_init(struct frame *f, int w, int h, struct err *e)
{
    memset(f, 0, sizeof *f);
    if (w < 1 || h < 1 || w > BOARD_MAX || h > BOARD_MAX)
        return err_set(e, "cannot draw a board of %dx%d", w, h);
    /* A plain memory surface: needs no SDL_Init and no display. */
    f->surface = SDL_CreateRGBSurfaceWithFormat(0, w * TILE, h * TILE, 24,
                                                SDL_PIXELFORMAT_RGB24);
    if (!f->surface)
        return err_set(e, "cannot create a frame of %dx%d: %s", w, h, SDL_GetError());
    f->w = w;
    f->h = h;
    f->pitch = f->surface->pitch;
    f->px = f->surface->pixels;
    return 0;
}

void frame_release(struct frame *f)
{
    SDL_FreeSurface(f->surface);
    memset(f, 0, sizeof *f);
}

static void draw_cell(const struct scene *s, const struct drawer *d, int x, int y, uint8_t *px,
                      int pitch)
{
    const uint8_t *tile = drawer_tile(d, scene_shade(s), draw_place(s->w, s->h, x, y),
                                      scene_content(s, y * s->w + x));
    uint8_t *to = px + (size_t)y * TILE * (size_t)pitch + (size_t)x * TILE * 3;

    for (int row = 0; row < TILE; row++, tile += TILE * 3, to += pitch)
        memcpy(to, tile, TILE * 3);
}

void scene_draw(const struct scene *s, const struct drawer *d, uint8_t *px, int pitch)
{
    for (int y = 0; y < s->h; y++)
        for (int x = 0; x < s->w; x++)
            draw_cell(s, d, x, y, px, pitch);
}

void scene_redraw(const struct scene *before, const struct scene *s, const struct drawer *d,
                  uint8_t *px, int pitch)
{
    assert(before->w == s->w && before->h == s->h && before->mover_is_black == s->mover_is_black);
    for (int y = 0, i = 0; y < s->h; y++)
        for (int x = 0; x < s->w; x++, i++)
            if (scene_content(before, i) != scene_content(s, i))
                draw_cell(s, d, x, y, px, pitch);
}

void frame_draw(struct frame *f, const struct drawer *d, const struct scene *s)
{
    assert(f->w == s->w && f->h == s->h);
    scene_draw(s, d, f->px, f->pitch);
}
