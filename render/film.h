/*
 * film: many frames in one file, as a strip to look at or as an animation.
 *
 * A strip is one PNG with the frames in rows, left to right, a dark gap around
 * each.  A film is an animated PNG (APNG), which browsers play: the first frame
 * whole, then only the rectangle that changed.  Both take pictures of one size,
 * as many as were announced at the start, and keep only a row of a strip or the
 * last frame of a film in memory, so a long game costs no more than a short
 * one.  The files are whole or absent.
 *
 * Either is opened, given its frames one by one, and committed or aborted.
 * After a failure only abort is allowed; commit and abort release everything.
 * An open one must not be moved.
 */
#ifndef RENDER_FILM_H
#define RENDER_FILM_H

#include <stdint.h>

#include "engine/err.h"
#include "render/png.h"

enum {
    STRIP_GAP = 4,       /* pixels between frames and around all */
    FILM_DELAY_MAX = 65535,
};

struct strip {
    struct png_writer png;
    int w, h;            /* pixels of a frame */
    int n, columns;      /* frames announced, in a row */
    int done;            /* frames added */
    int pitch;           /* of band */
    uint8_t *band;       /* (h, pitch): the row of frames in the making, owned */
};

/* n frames of w x h pixels, at most `columns` in a row. */
int strip_open(struct strip *s, const char *path, int w, int h, int n, int columns,
               struct err *e);
int strip_add(struct strip *s, const uint8_t *px, int pitch, struct err *e);
int strip_commit(struct strip *s, struct err *e);
void strip_abort(struct strip *s);

struct film {
    struct png_writer png;
    int w, h;            /* pixels of a frame */
    int n, done;         /* frames announced, added */
    uint32_t seq;        /* APNG's number of the next fcTL or fdAT chunk */
    uint8_t *last;       /* (h, w, 3): the frame before, owned */
    uint8_t *raw;        /* rows of a rectangle, each after its filter byte, owned */
    uint8_t *packed;     /* room for a sequence number and raw compressed, owned */
    size_t packed_max;
};

/* n frames of w x h pixels, played `loops` times, 0 for ever. */
int film_open(struct film *f, const char *path, int w, int h, int n, int loops, struct err *e);

/* The next frame stays for delay milliseconds, 0 .. FILM_DELAY_MAX. */
int film_add(struct film *f, const uint8_t *px, int pitch, int delay, struct err *e);
int film_commit(struct film *f, struct err *e);
void film_abort(struct film *f);

#endif
