/*
 * view_text: numbers and capital letters in a stroke font of our own.
 *
 * There is no font file to find and no library to differ: a glyph is a few
 * lines and parabolas, drawn round-capped and smooth by integer arithmetic,
 * so a text has the same pixels on every machine.
 */
#ifndef RENDER_VIEW_TEXT_H
#define RENDER_VIEW_TEXT_H

#include "render/png.h"

struct rgb {
    int r, g, b; /* 0 .. 255 */
};

/* Lengths below are in 1/64 pixel from the left and the top of the picture. */
enum { TEXT_PIXEL = 64, TEXT_MAX = 8 };

/* Puts alpha (0 .. 255) of c over pixel x, y, which lies in the picture. */
void image_blend(struct image *im, int x, int y, struct rgb c, int alpha);

/* Draws s (0-9, A-Z; at most TEXT_MAX of them, anything else is a space), its
   middle at x, y, its letters `height` tall; what lies outside is cut off. */
void view_text(struct image *im, const char *s, int x, int y, int height, struct rgb c);

#endif
