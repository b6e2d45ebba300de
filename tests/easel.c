#include "tests/easel.h"

#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

void easel_init(struct easel *b, const struct drawer *drawer, const struct reader *reader,
                int w, int h)
{
    struct err e;

    b->drawer = drawer;
    b->reader = reader;
    err_init(&e);
    ck_assert_msg(frame_init(&b->f, w, h, &e) == 0, "%s", e.msg);
    b->p.w = w * TILE;
    b->p.h = h * TILE;
    b->p.px = malloc(picture_bytes(&b->p));
    ck_assert_ptr_nonnull(b->p.px);
}

void easel_release(struct easel *b)
{
    frame_release(&b->f);
    free(b->p.px);
}

void easel_draw(struct easel *b, const struct scene *s)
{
    frame_draw(&b->f, b->drawer, s);
    for (int y = 0; y < b->p.h; y++)
        memcpy(b->p.px + (size_t)y * (size_t)b->p.w * 3,
               b->f.px + (size_t)y * (size_t)b->f.pitch, (size_t)b->p.w * 3);
}

void easel_read(const struct easel *b, struct reading *out)
{
    reader_read(b->reader, b->p.px, b->p.w * 3, b->f.w, b->f.h, out);
}

void random_scene(struct scene *s, int w, int h, struct rng *r)
{
    uint32_t n = (uint32_t)(w * h), percent = rng_below(r, 101);

    s->w = w;
    s->h = h;
    s->marker = -1;
    s->mover_is_black = rng_below(r, 2);
    for (uint32_t i = 0; i < n; i++)
        s->cells[i] = (uint8_t)(rng_below(r, 100) < percent ? CELL_OWN + rng_below(r, 2)
                                                           : CELL_EMPTY);
    if (rng_below(r, 4)) {
        s->marker = (int)rng_below(r, n);
        s->cells[s->marker] = (uint8_t)(CELL_OWN + rng_below(r, 2));
    }
}

int count_wrong(const struct reading *in, const struct scene *s)
{
    int n = 0;

    for (int i = 0; i < s->w * s->h; i++)
        n += in->cells[i] != CELL_UNKNOWN && in->cells[i] != s->cells[i];
    return n;
}

void easel_blend(struct easel *b, const struct scene *s, int i, enum content from,
                 enum content to, double share)
{
    int x = i % s->w, y = i / s->w, place = draw_place(s->w, s->h, x, y);
    const uint8_t *a = drawer_tile(b->drawer, scene_shade(s), place, from);
    const uint8_t *c = drawer_tile(b->drawer, scene_shade(s), place, to);

    for (int row = 0; row < TILE; row++) {
        uint8_t *px = b->p.px + ((size_t)(y * TILE + row) * (size_t)b->p.w + (size_t)x * TILE) * 3;

        for (int j = row * TILE * 3; j < (row + 1) * TILE * 3; j++)
            *px++ = (uint8_t)(a[j] * (1 - share) + c[j] * share + 0.5);
    }
}
