/*
 * checkpoint: weights and training state in safetensors files.
 *
 * A file is 8 bytes of header length (little-endian), a JSON header, then the
 * tensors side by side; any safetensors library reads it.  The header is padded
 * by spaces so that the data begins at a multiple of 8, and tensors of wide
 * types come first, so each is aligned.  "__metadata__" holds strings: the
 * model's configuration and "step".
 *
 * Matrices are (out, in), vectors (out).  Types of weights: F32; BF16 (rounded
 * to nearest even); I8: each matrix as I8 "NAME" with F32 (out) "NAME.scales",
 * w[o][i] = q[o][i] scales[o], scales[o] = max_i |w[o][i]| / 127, so no weight is
 * off by more than half a scale; vectors stay F32.  Loading widens to f32.
 *
 * Writing goes beside the target, is synced and renamed: a name never holds half
 * a file.  A weight that is not finite is neither written nor loaded, so a run
 * that diverged cannot replace its last good file.
 *
 * Reading trusts nothing: lengths, JSON, names, types, shapes, offsets (no gap, no
 * overlap) and sizes are all checked before a tensor is touched, and a load that
 * fails leaves the params as they were.  Messages name the file and the tensor.
 *
 * Training.  BASE.safetensors holds weights for playing; BASE.train.safetensors
 * holds everything to go on: master weights "w.NAME", moments "m.NAME", "v.NAME",
 * average "ema.NAME", the caller's numbers "state.NAME", the same metadata.  It
 * suffices alone, and is written first: whichever instant a crash chooses, the
 * training file is whole and no older than the weights.  Both name the step and a
 * hash of the master weights; a weights file that does not match (crash between
 * the two renames) is noticed on resuming, and the trainer writes it again by
 * checkpoint_save.
 */
#ifndef MODEL_CHECKPOINT_H
#define MODEL_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"
#include "model/json.h"
#include "model/ops.h"
#include "model/params.h"

enum {
    CHECKPOINT_HEADER_MAX = 16 << 20, /* bytes of JSON */
    CHECKPOINT_DIMS_MAX = 8,
    CHECKPOINT_HASH = 20, /* bytes for one as text */
};

struct meta { /* one line of "__metadata__" */
    const char *key, *value;
};

/* --- writing ------------------------------------------------------------- */

struct checkpoint_options {
    enum dtype dtype;        /* DT_F32, DT_BF16 or DT_I8 */
    bool ema;                /* the averaged weights instead of the master weights */
    const struct meta *meta; /* (metas) configuration; not "step" or "weights", which we add */
    int metas;
};

/* Writes the weights of ps to path. */
int checkpoint_save(const char *path, const struct params *ps,
                    const struct checkpoint_options *o, struct err *e);

/* --- reading ------------------------------------------------------------- */

struct tensor {          /* one line of the header */
    const char *name;
    const char *type;    /* "F32", ... as in the file */
    int dims;
    int64_t shape[CHECKPOINT_DIMS_MAX];
    size_t count;        /* product of the shape */
    size_t begin, end;   /* its bytes, counted from the start of the data */
};

struct checkpoint {
    char *path;              /* for messages; owned */
    struct tensor *tensors;  /* (n) sorted by name */
    int n;
    struct meta *meta;       /* (metas) sorted by key */
    int metas;
    size_t data, size;       /* where the data begins; bytes of the whole file */
    int fd;                  /* -1: in memory */
    const unsigned char *mem;
    struct json json;        /* the parsed header, which owns all strings */
};

/*
 * Opens a file and checks all of its header.  checkpoint_open_memory does the
 * same with a file's bytes in memory (kept by the caller until the close).
 * On failure there is nothing to close.
 */
int checkpoint_open(struct checkpoint *c, const char *path, struct err *e);
int checkpoint_open_memory(struct checkpoint *c, const void *bytes, size_t size,
                           const char *name, struct err *e);
void checkpoint_close(struct checkpoint *c);

/* A tensor by name; NULL when there is none. */
const struct tensor *checkpoint_find(const struct checkpoint *c, const char *name);

/* A metadata string; NULL when there is none. */
const char *checkpoint_meta(const struct checkpoint *c, const char *key);

/* A metadata string that must be there and be an integer, lo <= *v <= hi. */
int checkpoint_meta_int(const struct checkpoint *c, const char *key, int lo, int hi, int *v,
                        struct err *e);

/*
 * Weights are known by their hash, "weights" in the metadata; a model that was trained on the
 * tokens or codes of others names theirs, as "tokenizer" and "ldm".  hash gets one of these, ""
 * where a file does not tell (files before 2026-12 do not).
 */
void checkpoint_hash_of(const struct checkpoint *c, const char *key, char hash[CHECKPOINT_HASH]);

/* The model in file `path` was trained with weights of hash `was`: an error if those in file
   `with`, of hash `is`, are others.  "" is taken for the right one. */
int checkpoint_check_hash(const char *path, const char *was, const char *with, const char *is,
                          struct err *e);

/* Reads all of an F32, BF16 or (with its scales) I8 tensor, as f32, to host memory. */
int checkpoint_read(const struct checkpoint *c, const struct tensor *t, float *out,
                    struct err *e);

/* Reads the bytes of any tensor as they are. */
int checkpoint_read_bytes(const struct checkpoint *c, const struct tensor *t, void *out,
                          struct err *e);

/*
 * Loads all weights of ps: each must be there in its shape, and nothing else.
 * w and c are set, ema (if any) = w; the step, moments and gradients stay as they
 * are.  checkpoint_load opens, loads and closes.
 */
int checkpoint_load_params(const struct checkpoint *c, struct params *ps, struct err *e);

/* Writes the name in a file, size bytes of room, of what is `name` in the params that begin with
   it; false: what is there counts, but begins as zeros. */
struct checkpoint_source {
    bool (*name_of)(const void *self, const char *name, char *source, size_t size);
    const void *self;
};

/*
 * To begin with the weights of another model: loads those of c that have the name (by source,
 * if not NULL) and shape of one of ps, which keeps the others; *loaded gets how many.  None is
 * an error.
 */
int checkpoint_load_fitting(const struct checkpoint *c, struct params *ps,
                            const struct checkpoint_source *source, int *loaded, struct err *e);
int checkpoint_load(const char *path, struct params *ps, struct err *e);

/* --- training state ------------------------------------------------------ */

/* Numbers of the caller that are saved and restored: a random state, a position in the data. */
struct scalar {
    const char *name;
    enum { SCALAR_I64, SCALAR_F64 } type; /* I64 serves uint64_t as well */
    void *p;                              /* n of int64_t, uint64_t or double */
    int n;
};

struct checkpoint_training {
    const char *path;                /* "BASE.safetensors" */
    struct checkpoint_options weights; /* how BASE.safetensors is written */
    const struct scalar *scalars;    /* (n) */
    int n;
};

/*
 * Writes BASE.train.safetensors, then BASE.safetensors.  One process does this for
 * a BASE; leftovers of writers that were killed (BASE*.tmp-PID-N) are removed.
 */
int checkpoint_save_training(const struct checkpoint_training *t, const struct params *ps,
                             struct err *e);

/*
 * Restores w, c, m, v, ema, ps->step and every scalar, bit by bit, from
 * BASE.train.safetensors; all or nothing.  The options' meta must equal the
 * file's.  *behind is set when BASE.safetensors is not of the same weights, or of
 * another type; `why` (may be NULL) then says how; the trainer should write it again.
 */
int checkpoint_load_training(const struct checkpoint_training *t, struct params *ps,
                             bool *behind, struct err *why, struct err *e);

/* Is there a BASE.train.safetensors beside path "BASE.safetensors"? */
bool checkpoint_has_training(const char *path);

/* 0: both files can be written, to be known before hours of training; neither is touched. */
int checkpoint_can_save(const char *path, struct err *e);

/* The part of it that reads an opened training file; t->path is not used. */
int checkpoint_load_state(const struct checkpoint *c, const struct checkpoint_training *t,
                          struct params *ps, struct err *e);

#endif
