/*
 * png: RGB pictures in memory, and as PNG files (libpng).
 *
 * Reading takes any PNG: palettes, grey and 16 bits become 8-bit RGB, what is
 * transparent shows white behind it; gamma and colour profiles are ignored, so
 * the stored values arrive as they are.  Files may be hostile: a picture over
 * PNG_MAX_PIXELS is refused before memory is taken for it, and damage is an
 * error, never half a picture.
 *
 * Writing is row by row, so a picture may be larger than memory, and goes
 * through an outfile: the file is whole or absent.
 */
#ifndef RENDER_PNG_H
#define RENDER_PNG_H

#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"
#include "engine/file.h"

enum {
    PNG_MAX_PIXELS = 64 << 20,    /* read */
    PNG_MAX_BYTES = 256 << 20,    /* of a file read */
};

struct image {
    int w, h;
    uint8_t *px; /* (h, w, 3) without padding, owned */
};

/* A black picture; fails over PNG_MAX_PIXELS.  On failure nothing is left to
   release. */
int image_init(struct image *im, int w, int h, struct err *e);
void image_release(struct image *im);

/* Fills im, uninitialised before.  name stands in messages. */
int png_read_memory(struct image *im, const void *data, size_t len, const char *name,
                    struct err *e);
int png_read_file(struct image *im, const char *path, struct err *e);

/* w x h pixels, pitch bytes from row to row. */
int png_write_file(const char *path, int w, int h, const uint8_t *px, int pitch, struct err *e);

/*
 * A PNG file being written: png_writer_open, then png_writer_rows until all h
 * rows are there, then png_writer_commit.  After a failure only
 * png_writer_abort is allowed; commit and abort release the writer.  It must
 * not be moved meanwhile: libpng points to it.
 */
struct png_writer {
    struct outfile out;
    int w, h;
    int rows;            /* written so far */
    void *png, *info;    /* libpng's, owned */
    struct err *e;       /* of the call in progress */
};

int png_writer_open(struct png_writer *p, const char *path, int w, int h, struct err *e);
int png_writer_rows(struct png_writer *p, const uint8_t *px, int pitch, int n, struct err *e);
int png_writer_commit(struct png_writer *p, struct err *e);
void png_writer_abort(struct png_writer *p);

/*
 * The same chunk by chunk, for what libpng does not know: open without a
 * picture (the signature is written), then chunks as they come, with their
 * CRCs.  Commit and abort as above.
 */
int png_writer_open_chunks(struct png_writer *p, const char *path, struct err *e);
int png_writer_chunk(struct png_writer *p, const char type[5], const uint8_t *data, size_t n,
                     struct err *e);

#endif
