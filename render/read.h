/*
 * read: what a frame shows, from its pixels alone.
 *
 * Works on any RGB picture of w x h cells, TILE pixels a cell: drawn frames,
 * PNG files, the output of a network's decoder.  Each cell is compared with the
 * tiles that can stand at its place, on means over 4 x 4 pixels, which noise
 * and blur hardly move.  A reading never guesses: a cell that lies between two
 * contents, looks like none of them, or drowns in noise is CELL_UNKNOWN.
 *
 * Stone and marker are judged apart: a doubtful marker leaves the stone's
 * colour alone, a doubtful stone has no marker.
 *
 * A reader is a flat struct without pointers, read-only once made, so threads
 * may share it.
 */
#ifndef RENDER_READ_H
#define RENDER_READ_H

#include "engine/board.h"
#include "engine/err.h"
#include "render/draw.h"
#include "render/frame.h"

enum { CELL_UNKNOWN = CELL_OTHER + 1 };

enum mark { MARK_NO, MARK_YES, MARK_UNSURE };

enum {
    READ_BLOCK = 4,                                /* pixels a side */
    READ_BLOCKS = TILE / READ_BLOCK,
    READ_FEATURES = READ_BLOCKS * READ_BLOCKS * 3, /* sums over blocks, R G B */
};

struct reader {
    /* per shade, place and content: sums over blocks, roughness inside blocks */
    int16_t feature[N_SHADES][N_PLACES][N_CONTENTS][READ_FEATURES];
    int32_t rough[N_SHADES][N_PLACES][N_CONTENTS];
    /* squared distance between the features of two contents */
    int32_t apart[N_SHADES][N_PLACES][N_CONTENTS][N_CONTENTS];
};

struct reading {
    int w, h;
    int n_unknown;             /* cells that are CELL_UNKNOWN */
    int n_markers;             /* cells that are MARK_YES: 0, 1, or a faulty frame */
    int n_unsure_markers;      /* cells that are MARK_UNSURE */
    int marker;                /* the one cell with MARK_YES, else -1 */
    bool mover_is_black;       /* from the shade of the wood */
    float shade_sure;          /* confidence in that, 0 (not readable) .. 1 */
    uint8_t cells[BOARD_AREA]; /* enum cell or CELL_UNKNOWN, row-major from the top left */
    uint8_t marks[BOARD_AREA]; /* enum mark */
    float sure[BOARD_AREA];    /* confidence in cells[], 0 (exactly when unknown) .. 1 */
};

void reader_init(struct reader *r, const struct drawer *d);

/* The board size of a picture of width x height pixels; fails when that is no
   whole number of cells, or not 1 .. BOARD_MAX of them. */
int read_size(int width, int height, int *w, int *h, struct err *e);

/* Reads w x h cells, 1 .. BOARD_MAX, whose rows of pixels start pitch bytes
   apart at px.  Always gives a reading, if need be one of unknown cells. */
void reader_read(const struct reader *r, const uint8_t *px, int pitch, int w, int h,
                 struct reading *out);

static inline void reader_read_frame(const struct reader *r, const struct frame *f,
                                     struct reading *out)
{
    reader_read(r, f->px, f->pitch, f->w, f->h, out);
}

/* The reading that a faultless frame of s gives, without any pixels. */
void reading_of_scene(struct reading *out, const struct scene *s);

/* A cell's name among people, "D4", as in GTP; returns buf. */
const char *read_vertex(int w, int h, int index, char buf[8]);

/* The scene that was read.  Fails when anything in it is unsure, and names it:
   "cannot read D4 and 2 more", "the marker at D4 is unclear". */
int reading_to_scene(const struct reading *in, struct scene *s, struct err *e);

#endif
