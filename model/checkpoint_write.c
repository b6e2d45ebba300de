#include "model/checkpoint_file.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/file.h"

void blob_name(const struct blob *b, char name[BLOB_NAME])
{
    snprintf(name, BLOB_NAME, "%s%s%s", b->prefix, b->name, b->suffix);
}

const char *blob_type(const struct blob *b)
{
    static const char *const names[] = {
        [BLOB_HOST_I64] = "I64", [BLOB_HOST_F64] = "F64", [BLOB_F32] = "F32",
        [BLOB_BF16] = "BF16",    [BLOB_I8] = "I8",        [BLOB_SCALES] = "F32",
    };

    return names[b->kind];
}

size_t blob_width(const struct blob *b)
{
    static const size_t width[] = {
        [BLOB_HOST_I64] = 8, [BLOB_HOST_F64] = 8, [BLOB_F32] = 4,
        [BLOB_BF16] = 2,     [BLOB_I8] = 1,       [BLOB_SCALES] = 4,
    };

    return width[b->kind];
}

/* Elements in the file. */
static size_t blob_count(const struct blob *b)
{
    return b->kind == BLOB_SCALES ? (size_t)b->rows : (size_t)b->rows * (size_t)b->cols;
}

/* --- the header ------------------------------------------------------------ */

static int write_meta(FILE *f, const struct meta *meta, int n, struct err *e)
{
    for (int i = 0; i < n; i++) {
        if (i)
            fputc(',', f);
        if (json_write_string(f, meta[i].key))
            return err_set(e, "a metadata key is not UTF-8");
        fputc(':', f);
        if (json_write_string(f, meta[i].value))
            return err_set(e, "metadata '%s' is not UTF-8", meta[i].key);
    }
    return 0;
}

static int write_lines(FILE *f, const struct blob *list, int n, size_t *data, struct err *e)
{
    char name[BLOB_NAME];

    *data = 0;
    for (int i = 0; i < n; i++) {
        const struct blob *b = &list[i];
        size_t bytes = blob_count(b) * blob_width(b);

        blob_name(b, name);
        fputc(',', f);
        if (json_write_string(f, name))
            return err_set(e, "a tensor's name is not UTF-8");
        fprintf(f, ":{\"dtype\":\"%s\",\"shape\":[%d", blob_type(b), b->rows);
        if (b->kind != BLOB_SCALES && b->cols > 1)
            fprintf(f, ",%d", b->cols);
        fprintf(f, "],\"data_offsets\":[%zu,%zu]}", *data, *data + bytes);
        *data += bytes;
    }
    return 0;
}

/* Our own reader must like what we are about to write. */
static int check_header(const char *path, const char *text, size_t len, size_t data,
                        struct err *e)
{
    struct checkpoint c = { .fd = -1, .data = 8 + len, .size = 8 + len + data };
    int failed;

    if (len > CHECKPOINT_HEADER_MAX)
        return err_set(e, "cannot write '%s': too many tensors", path);
    c.path = strdup(path);
    failed = !c.path ? err_set(e, "out of memory") : checkpoint_parse_header(&c, text, len, e);
    checkpoint_close(&c);
    return failed;
}

/* The JSON, padded to a multiple of 8, to be freed by the caller. */
static int make_header(const char *path, const struct blob *list, int n, const struct meta *meta,
                       int metas, char **text, size_t *len, struct err *e)
{
    FILE *f = open_memstream(text, len);
    size_t data = 0;
    int failed;

    if (!f)
        return err_set(e, "out of memory");
    fputs("{\"__metadata__\":{", f);
    failed = write_meta(f, meta, metas, e);
    fputc('}', f);
    failed = failed || write_lines(f, list, n, &data, e);
    fputc('}', f);
    fflush(f);
    while (*len % 8) {
        fputc(' ', f);
        fflush(f);
    }
    if (ferror(f))
        failed = err_set(e, "out of memory");
    if (fclose(f))
        failed = err_set(e, "out of memory");
    if (failed || check_header(path, *text, *len, data, e)) {
        free(*text);
        return -1;
    }
    return 0;
}

/* --- the data -------------------------------------------------------------- */

/* To nearest, ties to even; what would round to infinity becomes the largest number. */
static void to_bf16(uint16_t *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, &x[i], sizeof bits);
        bits += 0x7fff + (bits >> 16 & 1);
        y[i] = (uint16_t)(bits >> 16);
        if ((y[i] & 0x7fff) == 0x7f80)
            y[i]--;
    }
}

static float row_scale(const float *x, int cols)
{
    float most = 0;

    for (int i = 0; i < cols; i++)
        most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    return most / 127;
}

static void to_i8(signed char *y, const float *x, int rows, int cols)
{
    for (int r = 0; r < rows; r++, x += cols, y += cols) {
        double scale = (double)row_scale(x, cols);

        for (int i = 0; i < cols; i++)
            y[i] = (signed char)(scale > 0 ? fmax(-127, fmin(127, rint((double)x[i] / scale))) : 0);
    }
}

static int write_data(FILE *f, struct device *d, const struct blob *b, float *host, void *file,
                      struct err *e)
{
    size_t count = (size_t)b->rows * (size_t)b->cols;
    const void *bytes = file;
    char name[BLOB_NAME];

    if (b->kind == BLOB_HOST_I64 || b->kind == BLOB_HOST_F64) {
        fwrite(b->p, 8, count, f);
        return 0;
    }
    d->ops->download(d, host, (const float *)b->p + b->at, count * sizeof *host);
    if (d->err.msg[0])
        return err_set(e, "%s", d->err.msg);
    if (!checkpoint_finite(host, count)) {
        blob_name(b, name);
        return err_set(e, "tensor '%s' holds a value that is not finite: not saved", name);
    }
    if (b->kind == BLOB_BF16) {
        to_bf16(file, host, count);
    } else if (b->kind == BLOB_I8) {
        to_i8(file, host, b->rows, b->cols);
    } else if (b->kind == BLOB_SCALES) {
        for (int r = 0; r < b->rows; r++)
            ((float *)file)[r] = row_scale(host + (size_t)r * (size_t)b->cols, b->cols);
    } else {
        bytes = host;
    }
    fwrite(bytes, blob_width(b), blob_count(b), f);
    return 0;
}

static int write_all(FILE *f, struct device *d, const struct blob *list, int n,
                     const char *header, size_t len, struct err *e)
{
    uint64_t length = len;
    size_t most = 1;
    float *host;
    void *file;
    int failed = 0;

    for (int i = 0; i < n; i++)
        if ((size_t)list[i].rows * (size_t)list[i].cols > most)
            most = (size_t)list[i].rows * (size_t)list[i].cols;
    host = malloc(most * sizeof *host);
    file = malloc(most * sizeof *host);
    if (!host || !file) {
        failed = err_set(e, "out of memory");
    } else {
        fwrite(&length, sizeof length, 1, f);
        fwrite(header, 1, len, f);
        for (int i = 0; i < n && !failed && !ferror(f); i++)
            failed = write_data(f, d, &list[i], host, file, e);
    }
    free(host);
    free(file);
    return failed;
}

/* --- the file -------------------------------------------------------------- */

/* Wide types first, so that all data are aligned; then in the order of the blocks. */
static int by_width(const void *pa, const void *pb)
{
    const struct blob *a = pa, *b = pb;

    if (blob_width(a) != blob_width(b))
        return blob_width(a) > blob_width(b) ? -1 : 1;
    if (strcmp(a->prefix, b->prefix))
        return strcmp(a->prefix, b->prefix);
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* After a rename, so that it survives a loss of power.  Not every file system can. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        file_sync(fd);
        close(fd);
    }
    free(folder);
}

int checkpoint_write(const char *path, struct device *d, struct blob *list, int n,
                     const struct meta *meta, int metas, struct err *e)
{
    struct outfile o;
    char *header;
    size_t len;

    qsort(list, (size_t)n, sizeof *list, by_width);
    if (make_header(path, list, n, meta, metas, &header, &len, e))
        return -1;
    if (outfile_open(&o, path, e)) {
        free(header);
        return -1;
    }
    if (write_all(o.f, d, list, n, header, len, e)) {
        outfile_abort(&o);
        free(header);
        return -1;
    }
    free(header);
    if (outfile_commit(&o, e))
        return -1;
    sync_folder(path);
    return 0;
}
