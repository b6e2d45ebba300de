#include "render/view_text.h"

#include <stdbool.h>
#include <string.h>

/*
 * A glyph is 12 units tall and `width` wide; y goes down.  Strokes: M x y
 * moves, L x y draws a line, Q x y x y a parabola by its control point and
 * end.  A coordinate is one digit, 0 .. 9 and a .. c for 10 .. 12.
 */
static const struct glyph {
    char name;
    int8_t width;
    const char *strokes;
} glyphs[] = {
    { '0', 7, "M30L40Q7074L78Q7c4cL3cQ0c08L04Q0030" },
    { '1', 3, "M03L30L3c" },
    { '2', 7, "M03Q0030L40Q7073Q7649L0cL7c" },
    { '3', 7, "M02Q1030L40Q7073Q7646L36M46Q7679Q7c4cL3cQ1c0a" },
    { '4', 7, "M5cL50L09L79" },
    { '5', 7, "M60L10L06Q1444Q7478Q7c3cQ1c0a" },
    { '6', 7, "M71Q6040Q0007L08Q0c3cL4cQ7c78Q7545L35Q0508" },
    { '7', 7, "M00L70L2c" },
    { '8', 7, "M30L40Q7073Q7646L36Q0603Q0030M36Q0609Q0c3cL4cQ7c79Q7646" },
    { '9', 7, "M0bQ1c3cQ7c75L74Q7040L30Q0004Q0737L47Q7774" },
    { 'A', 8, "M0cL40L8cM28L68" },
    { 'B', 8, "M0cL00L40Q7073Q7646L06M46Q8689Q8c4cL0c" },
    { 'C', 8, "M82Q7040Q0006Q0c4cQ7c8a" },
    { 'D', 8, "M00L0cL3cQ8c86Q8030L00" },
    { 'E', 7, "M70L00L0cL7cM06L66" },
    { 'F', 7, "M70L00L0cM06L66" },
    { 'G', 8, "M82Q7040Q0006Q0c4cQ8c87L57" },
    { 'H', 8, "M00L0cM80L8cM06L86" },
    { 'I', 0, "M00L0c" },
    { 'J', 6, "M60L69Q6c3cQ0c09" },
    { 'K', 8, "M00L0cM80L07M34L8c" },
    { 'L', 7, "M00L0cL7c" },
    { 'M', 10, "M0cL00L58La0Lac" },
    { 'N', 8, "M0cL00L8cL80" },
    { 'O', 8, "M40Q8086Q8c4cQ0c06Q0040" },
    { 'P', 8, "M0cL00L40Q8083Q8646L06" },
    { 'Q', 8, "M40Q8086Q8c4cQ0c06Q0040M59L8c" },
    { 'R', 8, "M0cL00L40Q8083Q8646L06M46L8c" },
    { 'S', 8, "M82Q7040Q0003Q0646Q8689Q8c4cQ1c0a" },
    { 'T', 8, "M00L80M40L4c" },
    { 'U', 8, "M00L08Q0c4cQ8c88L80" },
    { 'V', 8, "M00L4cL80" },
    { 'W', 12, "M00L3cL62L9cLc0" },
    { 'X', 8, "M00L8cM80L0c" },
    { 'Y', 8, "M00L46L80M46L4c" },
    { 'Z', 8, "M00L80L0cL8c" },
};

enum {
    EM = 12,
    GAP = 4,       /* units between glyphs */
    BENDS = 8,     /* lines that a parabola becomes */
    MAX_LINES = TEXT_MAX * 96,
    SUB = 8,       /* samples a side of a pixel */
};

struct seg {
    int ax, ay, dx, dy;
};

struct path {
    struct seg seg[MAX_LINES];
    int n;
    int x, y;              /* the pen */
    int left, top, scale;  /* of the glyph: where, and its height */
};

static void line_to(struct path *p, int x, int y)
{
    if (p->n < MAX_LINES)
        p->seg[p->n++] = (struct seg){ p->x, p->y, x - p->x, y - p->y };
    p->x = x;
    p->y = y;
}

static void bend_to(struct path *p, int cx, int cy, int x, int y)
{
    int ax = p->x, ay = p->y;

    for (int t = 1; t <= BENDS; t++) {
        int u = BENDS - t, n = BENDS * BENDS;

        line_to(p, (u * u * ax + 2 * u * t * cx + t * t * x) / n,
                (u * u * ay + 2 * u * t * cy + t * t * y) / n);
    }
}

static int digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Reads the i-th point after a command. */
static void point(const struct path *p, const char *s, int i, int *x, int *y)
{
    *x = p->left + digit(s[2 * i + 1]) * p->scale / EM;
    *y = p->top + digit(s[2 * i + 2]) * p->scale / EM;
}

static void add_glyph(struct path *p, const char *s)
{
    int x, y, cx, cy;

    while (*s) {
        point(p, s, 0, &x, &y);
        if (*s == 'Q') {
            cx = x;
            cy = y;
            point(p, s, 1, &x, &y);
            bend_to(p, cx, cy, x, y);
            s += 5;
        } else {
            if (*s == 'M') {
                p->x = x;
                p->y = y;
            }
            line_to(p, x, y);
            s += 3;
        }
    }
}

static const struct glyph *find_glyph(char c)
{
    static const struct glyph space = { ' ', 4, "" };

    for (size_t i = 0; i < sizeof glyphs / sizeof glyphs[0]; i++)
        if (glyphs[i].name == c)
            return &glyphs[i];
    return &space;
}

/* Is the point nearer than r to a line of the path? */
static bool near(const struct path *p, int x, int y, int r)
{
    for (int i = 0; i < p->n; i++) {
        const struct seg *s = &p->seg[i];
        int64_t px = x - s->ax, py = y - s->ay, len2, dot, cross;

        len2 = (int64_t)s->dx * s->dx + (int64_t)s->dy * s->dy;
        dot = px * s->dx + py * s->dy;
        cross = px * s->dy - py * s->dx;
        if (dot > len2) {
            px -= s->dx;
            py -= s->dy;
        }
        if (dot > 0 && dot < len2 ? cross * cross <= (int64_t)r * r * len2
                                  : px * px + py * py <= (int64_t)r * r)
            return true;
    }
    return false;
}

/* 0 .. 255: how much of the pixel at x, y (its corner) the pen covers. */
static int coverage(const struct path *p, int x, int y, int r)
{
    int half = TEXT_PIXEL / 2, n = 0;

    /* Most pixels are clearly outside or inside. */
    if (!near(p, x + half, y + half, r + TEXT_PIXEL))
        return 0;
    if (r > TEXT_PIXEL && near(p, x + half, y + half, r - TEXT_PIXEL))
        return 255;
    for (int i = 0; i < SUB * SUB; i++)
        n += near(p, x + (2 * (i % SUB) + 1) * half / SUB, y + (2 * (i / SUB) + 1) * half / SUB,
                  r);
    return n * 255 / (SUB * SUB);
}

void image_blend(struct image *im, int x, int y, struct rgb c, int alpha)
{
    uint8_t *px = im->px + ((size_t)y * (size_t)im->w + (size_t)x) * 3;

    px[0] = (uint8_t)((px[0] * (255 - alpha) + c.r * alpha + 127) / 255);
    px[1] = (uint8_t)((px[1] * (255 - alpha) + c.g * alpha + 127) / 255);
    px[2] = (uint8_t)((px[2] * (255 - alpha) + c.b * alpha + 127) / 255);
}

void view_text(struct image *im, const char *s, int x, int y, int height, struct rgb c)
{
    struct path p = { .n = 0, .scale = height };
    int width = -GAP, pen = height / 17, x0, x1, y0, y1;

    for (int i = 0; s[i] && i < TEXT_MAX; i++)
        width += find_glyph(s[i])->width + GAP;
    p.left = x - width * height / EM / 2;
    p.top = y - height / 2;
    x0 = (p.left - pen) / TEXT_PIXEL - 1;
    y0 = (p.top - pen) / TEXT_PIXEL - 1;
    x1 = (p.left + width * height / EM + pen) / TEXT_PIXEL + 1;
    y1 = (p.top + height + pen) / TEXT_PIXEL + 1;
    for (int i = 0; s[i] && i < TEXT_MAX; i++) {
        add_glyph(&p, find_glyph(s[i])->strokes);
        p.left += (find_glyph(s[i])->width + GAP) * height / EM;
    }
    for (int py = y0 < 0 ? 0 : y0; py <= y1 && py < im->h; py++) {
        for (int px = x0 < 0 ? 0 : x0; px <= x1 && px < im->w; px++) {
            int a = coverage(&p, px * TEXT_PIXEL, py * TEXT_PIXEL, pen);

            if (a)
                image_blend(im, px, py, c, a);
        }
    }
}
