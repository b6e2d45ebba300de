#include "render/film.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* --- strip ----------------------------------------------------------------- */

enum { GAP_SHADE = 34 };

static void strip_release(struct strip *s)
{
    free(s->band);
    memset(s, 0, sizeof *s);
}

/* The dark rows between two rows of frames. */
static int strip_gap(struct strip *s, struct err *e)
{
    memset(s->band, GAP_SHADE, (size_t)s->pitch);
    return png_writer_rows(&s->png, s->band, 0, STRIP_GAP, e);
}

int strip_open(struct strip *s, const char *path, int w, int h, int n, int columns,
               struct err *e)
{
    int64_t width, height;

    memset(s, 0, sizeof *s);
    if (w < 1 || h < 1 || n < 1 || columns < 1)
        return err_set(e, "cannot write '%s': %d frames of %dx%d", path, n, w, h);
    columns = columns < n ? columns : n;
    width = STRIP_GAP + (int64_t)columns * (w + STRIP_GAP);
    height = STRIP_GAP + ((int64_t)n + columns - 1) / columns * (h + STRIP_GAP);
    if (width > INT_MAX / 4 || height > INT_MAX / 4 || width * h > PNG_MAX_PIXELS)
        return err_set(e, "cannot write '%s': a strip of %lldx%lld pixels is too large", path,
                       (long long)width, (long long)height);
    s->w = w;
    s->h = h;
    s->n = n;
    s->columns = columns;
    s->pitch = (int)width * 3;
    s->band = malloc((size_t)s->pitch * (size_t)h);
    if (!s->band)
        return err_set(e, "out of memory for '%s'", path);
    if (png_writer_open(&s->png, path, (int)width, (int)height, e)) {
        strip_release(s);
        return -1;
    }
    if (strip_gap(s, e)) {
        strip_abort(s);
        return -1;
    }
    return 0;
}

int strip_add(struct strip *s, const uint8_t *px, int pitch, struct err *e)
{
    int column = s->done % s->columns;
    uint8_t *to = s->band + (STRIP_GAP + column * (s->w + STRIP_GAP)) * 3;

    if (s->done == s->n)
        return err_set(e, "more than the %d frames announced", s->n);
    if (column == 0)
        memset(s->band, GAP_SHADE, (size_t)s->pitch * (size_t)s->h);
    for (int y = 0; y < s->h; y++)
        memcpy(to + (ptrdiff_t)y * s->pitch, px + (ptrdiff_t)y * pitch, (size_t)s->w * 3);
    s->done++;
    if (s->done % s->columns && s->done < s->n)
        return 0;
    return png_writer_rows(&s->png, s->band, s->pitch, s->h, e) || strip_gap(s, e) ? -1 : 0;
}

int strip_commit(struct strip *s, struct err *e)
{
    int status = png_writer_commit(&s->png, e);

    strip_release(s);
    return status;
}

void strip_abort(struct strip *s)
{
    png_writer_abort(&s->png);
    strip_release(s);
}

/* --- film ------------------------------------------------------------------ */

struct rect {
    int x, y, w, h;
};

static uint8_t *put16(uint8_t *to, uint32_t v)
{
    to[0] = (uint8_t)(v >> 8);
    to[1] = (uint8_t)v;
    return to + 2;
}

static uint8_t *put32(uint8_t *to, uint32_t v)
{
    return put16(put16(to, v >> 16), v & 0xffff);
}

static int write_ihdr(struct film *f, struct err *e)
{
    uint8_t data[13], *to = put32(put32(data, (uint32_t)f->w), (uint32_t)f->h);

    *to++ = 8; /* bits */
    *to++ = 2; /* RGB */
    memset(to, 0, 3);
    return png_writer_chunk(&f->png, "IHDR", data, sizeof data, e);
}

static int write_actl(struct film *f, int loops, struct err *e)
{
    uint8_t data[8];

    put32(put32(data, (uint32_t)f->n), (uint32_t)loops);
    return png_writer_chunk(&f->png, "acTL", data, sizeof data, e);
}

/* What changes, where, for how long; the pixels replace those before. */
static int write_fctl(struct film *f, struct rect r, int delay, struct err *e)
{
    uint8_t data[26], *to = put32(data, f->seq++);

    to = put32(put32(to, (uint32_t)r.w), (uint32_t)r.h);
    to = put32(put32(to, (uint32_t)r.x), (uint32_t)r.y);
    to = put16(put16(to, (uint32_t)delay), 1000);
    to[0] = 0; /* dispose: leave */
    to[1] = 0; /* blend: replace */
    return png_writer_chunk(&f->png, "fcTL", data, sizeof data, e);
}

/* Compresses the rectangle of f->last behind four bytes of room in f->packed. */
static int pack(struct film *f, struct rect r, size_t *n, struct err *e)
{
    uint8_t *to = f->raw;
    uLongf len = (uLongf)(f->packed_max - 4);

    for (int y = r.y; y < r.y + r.h; y++) {
        *to++ = 0; /* no filter: tiles repeat byte by byte, which deflate sees best */
        memcpy(to, f->last + ((size_t)y * (size_t)f->w + (size_t)r.x) * 3, (size_t)r.w * 3);
        to += r.w * 3;
    }
    if (compress2(f->packed + 4, &len, f->raw, (uLong)(to - f->raw), 9) != Z_OK)
        return err_set(e, "out of memory compressing a frame");
    *n = len;
    return 0;
}

/* The smallest rectangle outside which px equals the frame before; one pixel
   when nothing changed, for APNG knows no empty one. */
static struct rect changed(const struct film *f, const uint8_t *px, int pitch)
{
    int x0 = f->w, x1 = 0, y0 = f->h, y1 = 0;

    for (int y = 0; y < f->h; y++) {
        const uint8_t *a = px + (ptrdiff_t)y * pitch, *b = f->last + (size_t)y * (size_t)f->w * 3;
        int from = 0, to = f->w * 3;

        if (!memcmp(a, b, (size_t)f->w * 3))
            continue;
        while (a[from] == b[from])
            from++;
        while (a[to - 1] == b[to - 1])
            to--;
        x0 = from / 3 < x0 ? from / 3 : x0;
        x1 = (to + 2) / 3 > x1 ? (to + 2) / 3 : x1;
        y0 = y < y0 ? y : y0;
        y1 = y + 1;
    }
    if (y1 == 0)
        return (struct rect){ 0, 0, 1, 1 };
    return (struct rect){ x0, y0, x1 - x0, y1 - y0 };
}

static void film_release(struct film *f)
{
    free(f->last);
    free(f->raw);
    free(f->packed);
    memset(f, 0, sizeof *f);
}

int film_open(struct film *f, const char *path, int w, int h, int n, int loops, struct err *e)
{
    size_t size = (size_t)w * (size_t)h * 3;

    memset(f, 0, sizeof *f);
    if (w < 1 || h < 1 || n < 1 || loops < 0 || w > PNG_MAX_PIXELS / h)
        return err_set(e, "cannot write '%s': %d frames of %dx%d", path, n, w, h);
    f->w = w;
    f->h = h;
    f->n = n;
    f->packed_max = compressBound((uLong)(size + (size_t)h)) + 4;
    f->last = calloc(size, 1);
    f->raw = malloc(size + (size_t)h);
    f->packed = malloc(f->packed_max);
    if (!f->last || !f->raw || !f->packed) {
        film_release(f);
        return err_set(e, "out of memory for '%s'", path);
    }
    if (png_writer_open_chunks(&f->png, path, e)) {
        film_release(f);
        return -1;
    }
    if (write_ihdr(f, e) || write_actl(f, loops, e)) {
        film_abort(f);
        return -1;
    }
    return 0;
}

int film_add(struct film *f, const uint8_t *px, int pitch, int delay, struct err *e)
{
    struct rect r = { 0, 0, f->w, f->h };
    size_t n = 0;

    if (f->done == f->n)
        return err_set(e, "more than the %d frames announced", f->n);
    if (delay < 0 || delay > FILM_DELAY_MAX)
        return err_set(e, "a delay of %d ms is not in 0 .. %d", delay, FILM_DELAY_MAX);
    if (f->done > 0)
        r = changed(f, px, pitch);
    for (int y = 0; y < f->h; y++)
        memcpy(f->last + (size_t)y * (size_t)f->w * 3, px + (ptrdiff_t)y * pitch,
               (size_t)f->w * 3);
    if (write_fctl(f, r, delay, e) || pack(f, r, &n, e))
        return -1;
    if (f->done++ == 0)
        return png_writer_chunk(&f->png, "IDAT", f->packed + 4, n, e);
    put32(f->packed, f->seq++);
    return png_writer_chunk(&f->png, "fdAT", f->packed, n + 4, e);
}

int film_commit(struct film *f, struct err *e)
{
    int status;

    if (f->done < f->n)
        err_set(e, "cannot write '%s': %d of %d frames", f->png.out.path, f->done, f->n);
    if (f->done < f->n || png_writer_chunk(&f->png, "IEND", NULL, 0, e)) {
        film_abort(f);
        return -1;
    }
    status = png_writer_commit(&f->png, e);
    film_release(f);
    return status;
}

void film_abort(struct film *f)
{
    png_writer_abort(&f->png);
    film_release(f);
}
