/*
 * checkpoint_file: what the checkpoint_*.c files share.  Users see checkpoint.h.
 *
 * One table of blobs describes a file: it drives writing, and reading back of
 * training state.
 */
#ifndef MODEL_CHECKPOINT_FILE_H
#define MODEL_CHECKPOINT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"
#include "model/checkpoint.h"

/* Where a tensor's bytes come from: host memory, or f32 on the device, as they are,
   rounded to bf16, quantised row by row, or the scales of that. */
enum blob_kind { BLOB_HOST_I64, BLOB_HOST_F64, BLOB_F32, BLOB_BF16, BLOB_I8, BLOB_SCALES };

struct blob {
    const char *prefix, *name, *suffix; /* the tensor's name is the three in a row */
    enum blob_kind kind;
    int rows, cols;                     /* cols 1: a vector (rows) */
    size_t at;                          /* device kinds: elements from the start of the block */
    void *p;                            /* host memory, or the block on the device */
};

/* The longest name of a blob; prefixes and suffixes are short. */
enum { BLOB_NAME = 256 };
void blob_name(const struct blob *b, char name[BLOB_NAME]);

/* "F32", ... and the size of an element in the file. */
const char *blob_type(const struct blob *b);
size_t blob_width(const struct blob *b);

/*
 * Writes the list (which gets sorted: wide types first) as a safetensors file,
 * whole or not at all, and makes the rename durable.  d may be in use for nothing
 * else meanwhile.
 */
int checkpoint_write(const char *path, struct device *d, struct blob *list, int n,
                     const struct meta *meta, int metas, struct err *e);

/* Parses and checks a header of c; c->path, data and size are set.  Allocates into c. */
int checkpoint_parse_header(struct checkpoint *c, const char *text, size_t len, struct err *e);

/* No infinity and no NaN among n numbers. */
bool checkpoint_finite(const float *x, size_t n);

/* A hash of the registered tensors of a block of ps, names included, padding excluded. */
int checkpoint_hash(const struct params *ps, const float *block, uint64_t *hash, struct err *e);

/* The same of a block staged in host memory. */
uint64_t checkpoint_hash_host(const struct params *ps, const float *block);

/* The block that holds the master weights, or the averaged ones (NULL: there are none). */
float *checkpoint_block(const struct params *ps, bool ema);

/*
 * The options' metadata, then "step" and "weights", and more (n) lines; freed by
 * the caller.  `text` holds what the two point at.
 */
struct meta_text {
    char step[16], weights[CHECKPOINT_HASH];
};
struct meta *checkpoint_join_meta(const struct checkpoint_options *o, struct meta_text *text,
                                  int step, uint64_t weights, const struct meta *more, int n,
                                  struct err *e);

/* As hexadecimal digits. */
void checkpoint_hash_text(uint64_t hash, char text[CHECKPOINT_HASH]);

/* Is t of this shape?  A vector (cols 1) may be (rows) or (rows, 1).  If not, says so. */
int checkpoint_check_shape(const struct checkpoint *c, const struct tensor *t, int rows, int cols,
                           struct err *e);

#endif
