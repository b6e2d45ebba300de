/*
 * Fuzz target: two pictures made of tiles and damage, as the input says, are
 * read, turned into scenes where possible, and compared.  What is said to be a
 * move must be playable.
 */
#include <stdlib.h>
#include <string.h>

#include "render/diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *p;
    size_t n;
};

static int take(struct input *in)
{
    if (!in->n)
        return 0;
    in->n--;
    return *in->p++;
}

/* Tiles chosen by the input, then `take` many bytes of raw damage. */
static void paint(const struct drawer *d, struct input *in, int w, int h, uint8_t *px)
{
    int pitch = w * TILE * 3, damage;
    enum shade shade = take(in) & 1 ? SHADE_BLACK : SHADE_WHITE;

    for (int i = 0; i < w * h; i++) {
        const uint8_t *tile = drawer_tile(d, shade, draw_place(w, h, i % w, i / w),
                                          (enum content)(take(in) % N_CONTENTS));

        for (int y = 0; y < TILE; y++)
            memcpy(px + (i / w * TILE + y) * pitch + i % w * TILE * 3, tile + y * TILE * 3,
                   TILE * 3);
    }
    damage = take(in);
    for (int i = 0; i < damage; i++) {
        int at = (take(in) << 8 | take(in)) % (h * TILE * pitch), n = take(in) * 4;
        int value = take(in);

        for (int k = at; k < at + n && k < h * TILE * pitch; k++)
            px[k] = (uint8_t)value;
    }
}

static void check_move(const struct scene *before, const struct diff *d, enum cell side)
{
    struct board b;
    uint8_t stones[BOARD_AREA];

    for (int i = 0; i < before->w * before->h; i++)
        stones[i] = color_of_cell((enum cell)before->cells[i], BLACK);
    board_init(&b, before->w, before->h);
    if (board_set(&b, stones) ||
        board_legality(&b, side == CELL_OWN ? BLACK : WHITE, board_point_at(&b, d->move)) != LEGAL)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct drawer drawer;
    static struct reader reader;
    static uint8_t px[BOARD_AREA * TILE_BYTES];
    static bool ready;
    struct input in = { data, size };
    struct reading r[2];
    struct scene s[2];
    struct diff d;
    struct err e;
    char text[DIFF_TEXT_MAX];
    int w = 1 + take(&in) % 5, h = 1 + take(&in) % 5, ok = 1;
    enum cell side = take(&in) & 1 ? CELL_OWN : CELL_OTHER;

    if (!ready) {
        drawer_init(&drawer);
        reader_init(&reader, &drawer);
        ready = true;
    }
    for (int i = 0; i < 2; i++) {
        paint(&drawer, &in, w, h, px);
        reader_read(&reader, px, w * TILE * 3, w, h, &r[i]);
        err_init(&e);
        if (reading_to_scene(&r[i], &s[i], &e)) {
            ok = 0;
            if (!e.msg[0])
                abort();
        }
    }
    diff_readings(&r[0], &r[1], side, &d);
    diff_text(&d, text);
    if (ok && d.kind == DIFF_MOVE)
        check_move(&s[0], &d, side);
    return 0;
}
