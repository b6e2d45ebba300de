#include "render/png.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/*
 * libpng reports errors by longjmp.  Whatever is needed after the jump lives
 * in a struct that outlives it, and the functions that call setjmp have no
 * variables that change in between.
 */

static int check_size(int64_t w, int64_t h, const char *what, struct err *e)
{
    if (w < 1 || h < 1 || w > INT_MAX || h > INT_MAX)
        return err_set(e, "%s: a picture of %lldx%lld", what, (long long)w, (long long)h);
    if (w > PNG_MAX_PIXELS / h)
        return err_set(e, "%s: %lldx%lld is more than %d megapixels", what, (long long)w,
                       (long long)h, PNG_MAX_PIXELS >> 20);
    return 0;
}

int image_init(struct image *im, int w, int h, struct err *e)
{
    memset(im, 0, sizeof *im);
    if (check_size(w, h, "cannot draw", e))
        return -1;
    im->px = calloc((size_t)w * (size_t)h, 3);
    if (!im->px)
        return err_set(e, "out of memory for a picture of %dx%d", w, h);
    im->w = w;
    im->h = h;
    return 0;
}

void image_release(struct image *im)
{
    free(im->px);
    memset(im, 0, sizeof *im);
}

/* --- reading --------------------------------------------------------------- */

struct source {
    png_structp png;
    png_infop info;
    const uint8_t *data;
    size_t left;
    const char *name;
    struct err *e;
    int w, h, channels;
    uint8_t *px; /* (h, w, channels), owned */
};

static void read_error(png_structp png, png_const_charp msg)
{
    struct source *r = png_get_error_ptr(png);

    err_set(r->e, "cannot read '%s': %s", r->name, msg);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp msg)
{
    (void)png;
    (void)msg;
}

static void read_bytes(png_structp png, png_bytep to, size_t n)
{
    struct source *r = png_get_io_ptr(png);

    if (n > r->left)
        png_error(png, "it ends in the middle");
    memcpy(to, r->data, n);
    r->data += n;
    r->left -= n;
}

/* Header: asks libpng for 8-bit RGB or RGBA and takes the memory. */
static int read_header(struct source *r)
{
    png_uint_32 w, h;

    if (setjmp(png_jmpbuf(r->png)))
        return -1;
    png_set_read_fn(r->png, r, read_bytes);
    /* Our own limit has a clearer message than libpng's. */
    png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(r->png, r->info);
    w = png_get_image_width(r->png, r->info);
    h = png_get_image_height(r->png, r->info);
    if (check_size(w, h, r->name, r->e))
        return -1;
    png_set_expand(r->png);
    png_set_scale_16(r->png);
    png_set_gray_to_rgb(r->png);
    png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    r->w = (int)w;
    r->h = (int)h;
    r->channels = png_get_channels(r->png, r->info);
    if ((r->channels != 3 && r->channels != 4) || png_get_bit_depth(r->png, r->info) != 8)
        png_error(r->png, "strange pixels");
    r->px = calloc((size_t)w * h, (size_t)r->channels);
    if (!r->px)
        png_error(r->png, "out of memory");
    return 0;
}

static int read_pixels(struct source *r)
{
    size_t row = (size_t)r->w * (size_t)r->channels;

    if (setjmp(png_jmpbuf(r->png)))
        return -1;
    for (int pass = png_get_interlace_type(r->png, r->info) == PNG_INTERLACE_NONE ? 6 : 0;
         pass < 7; pass++)
        for (int y = 0; y < r->h; y++)
            png_read_row(r->png, r->px + (size_t)y * row, NULL);
    png_read_end(r->png, NULL);
    return 0;
}

/* RGBA to RGB over white, in place. */
static void flatten(uint8_t *px, size_t n)
{
    uint8_t *to = px;

    for (size_t i = 0; i < n; i++, px += 4)
        for (int c = 0; c < 3; c++)
            *to++ = (uint8_t)((px[c] * px[3] + 255 * (255 - px[3]) + 127) / 255);
}

int png_read_memory(struct image *im, const void *data, size_t len, const char *name,
                    struct err *e)
{
    struct source r = { .data = data, .left = len, .name = name, .e = e };
    int status = -1;

    memset(im, 0, sizeof *im);
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, read_error, ignore_warning);
    if (r.png)
        r.info = png_create_info_struct(r.png);
    if (!r.info)
        err_set(e, "out of memory reading '%s'", name);
    else if (read_header(&r) == 0)
        status = read_pixels(&r);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    if (status) {
        free(r.px);
        return -1;
    }
    if (r.channels == 4)
        flatten(r.px, (size_t)r.w * (size_t)r.h);
    im->w = r.w;
    im->h = r.h;
    im->px = r.px;
    return 0;
}

int png_read_file(struct image *im, const char *path, struct err *e)
{
    char *data;
    size_t len;
    int status;

    memset(im, 0, sizeof *im);
    if (file_read(path, PNG_MAX_BYTES, &data, &len, e))
        return -1;
    status = png_read_memory(im, data, len, path, e);
    free(data);
    return status;
}

/* --- writing --------------------------------------------------------------- */

static void write_error(png_structp png, png_const_charp msg)
{
    struct png_writer *p = png_get_error_ptr(png);

    err_set(p->e, "cannot write '%s': %s", p->out.path, msg);
    png_longjmp(png, 1);
}

static void write_bytes(png_structp png, png_bytep data, size_t n)
{
    struct png_writer *p = png_get_io_ptr(png);

    errno = 0;
    if (fwrite(data, 1, n, p->out.f) != n)
        png_error(png, errno ? strerror(errno) : "write error");
}

static void flush_nothing(png_structp png)
{
    (void)png; /* outfile_commit flushes */
}

static void release(struct png_writer *p)
{
    png_structp png = p->png;
    png_infop info = p->info;

    png_destroy_write_struct(&png, &info);
    p->png = p->info = NULL;
}

static int open_writer(struct png_writer *p, const char *path, struct err *e)
{
    memset(p, 0, sizeof *p);
    p->e = e;
    if (outfile_open(&p->out, path, e))
        return -1;
    p->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, p, write_error, ignore_warning);
    if (p->png)
        p->info = png_create_info_struct(p->png);
    if (!p->info) {
        png_writer_abort(p);
        return err_set(e, "out of memory writing '%s'", path);
    }
    png_set_write_fn(p->png, p, write_bytes, flush_nothing);
    return 0;
}

static int write_header(struct png_writer *p)
{
    if (setjmp(png_jmpbuf((png_structp)p->png)))
        return -1;
    if (p->w) {
        png_set_user_limits(p->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
        png_set_IHDR(p->png, p->info, (png_uint_32)p->w, (png_uint_32)p->h, 8,
                     PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                     PNG_FILTER_TYPE_DEFAULT);
        /* Repeated rows and tiles: what the row above had, then matches, packs best. */
        png_set_filter(p->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
        png_set_compression_strategy(p->png, 0);
        png_write_info(p->png, p->info);
    } else {
        png_write_sig(p->png);
    }
    return 0;
}

int png_writer_open(struct png_writer *p, const char *path, int w, int h, struct err *e)
{
    if (w < 1 || h < 1 || w > INT_MAX / 4)
        return err_set(e, "cannot write '%s': a picture of %dx%d", path, w, h);
    if (open_writer(p, path, e))
        return -1;
    p->w = w;
    p->h = h;
    if (write_header(p)) {
        png_writer_abort(p);
        return -1;
    }
    return 0;
}

int png_writer_open_chunks(struct png_writer *p, const char *path, struct err *e)
{
    if (open_writer(p, path, e))
        return -1;
    if (write_header(p)) {
        png_writer_abort(p);
        return -1;
    }
    return 0;
}

int png_writer_rows(struct png_writer *p, const uint8_t *px, int pitch, int n, struct err *e)
{
    p->e = e;
    if (n > p->h - p->rows)
        return err_set(e, "cannot write '%s': more than %d rows", p->out.path, p->h);
    if (setjmp(png_jmpbuf((png_structp)p->png)))
        return -1;
    for (int y = 0; y < n; y++)
        png_write_row(p->png, px + (ptrdiff_t)y * pitch);
    p->rows += n;
    return 0;
}

int png_writer_chunk(struct png_writer *p, const char type[5], const uint8_t *data, size_t n,
                     struct err *e)
{
    p->e = e;
    if (setjmp(png_jmpbuf((png_structp)p->png)))
        return -1;
    png_write_chunk(p->png, (png_const_bytep)type, data, n);
    return 0;
}

static int write_end(struct png_writer *p)
{
    if (setjmp(png_jmpbuf((png_structp)p->png)))
        return -1;
    if (p->w)
        png_write_end(p->png, NULL);
    return 0;
}

int png_writer_commit(struct png_writer *p, struct err *e)
{
    p->e = e;
    if (p->rows < p->h)
        err_set(e, "cannot write '%s': %d of %d rows", p->out.path, p->rows, p->h);
    if (p->rows < p->h || write_end(p)) {
        png_writer_abort(p);
        return -1;
    }
    release(p);
    return outfile_commit(&p->out, e);
}

void png_writer_abort(struct png_writer *p)
{
    release(p);
    outfile_abort(&p->out);
}

int png_write_file(const char *path, int w, int h, const uint8_t *px, int pitch, struct err *e)
{
    struct png_writer p;

    if (png_writer_open(&p, path, w, h, e))
        return -1;
    if (png_writer_rows(&p, px, pitch, h, e)) {
        png_writer_abort(&p);
        return -1;
    }
    return png_writer_commit(&p, e);
}
