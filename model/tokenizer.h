/*
 * tokenizer: frames into tokens and back, patch by patch (stage 1).
 *
 * A patch of P x P pixels goes through a small MLP to D numbers, which FSQ
 * (Mentzer et al., arXiv 2309.15505) rounds to one of levels[0] .. levels[D-1]
 * values each; their combination is the token.  Another MLP makes the patch
 * again from the rounded numbers:
 *
 *     x (768) -> silu(x w1 + b1) (hidden) -> z (D) -> FSQ -> q (D)
 *     q -> silu(q w3 + b3) (hidden) -> y (768)               for P = 16
 *
 * A token depends on its patch alone: a patch that does not change keeps it,
 * wherever it stands.  So each distinct patch is computed once (patches.h).
 *
 * Tokens of a frame are row-major from the top left; a frame that is no whole
 * number of patches is filled up with zeros.  With P = 36 a frame of 144 x 144 has
 * 4 x 4 tokens, the paper's setting.
 *
 * In a checkpoint: "kind" = "tokenizer", "patch", "hidden", "levels" = "8,5,5,5".
 */
#ifndef MODEL_TOKENIZER_H
#define MODEL_TOKENIZER_H

#include "model/checkpoint.h"
#include "model/ops.h"
#include "model/params.h"
#include "model/patches.h"
#include "model/slots.h"

enum {
    TOKENIZER_LEVELS_MAX = 8,       /* D */
    TOKENIZER_CODES_MAX = 1 << 24,
    TOKENIZER_PATCH_MAX = 128,
    TOKENIZER_HIDDEN_MAX = 4096,
};

struct tokenizer_config {
    int patch;                        /* P, 2 .. TOKENIZER_PATCH_MAX */
    int hidden;                       /* 1 .. TOKENIZER_HIDDEN_MAX */
    int D;                            /* 1 .. TOKENIZER_LEVELS_MAX */
    int levels[TOKENIZER_LEVELS_MAX]; /* (D) each 2 .. 64 */
};

/* "8,5,5,5" into levels and D. */
int tokenizer_parse_levels(struct tokenizer_config *c, const char *text, struct err *e);

struct tokenizer {
    struct tokenizer_config config;
    char hash[CHECKPOINT_HASH]; /* of the file that it was read from; else "" */
    int codes;            /* product of the levels: tokens are 0 .. codes-1 */
    struct device *d;     /* not owned; must outlive it */
    struct params ps;
    struct param w1, b1, w2, b2;  /* encoder: (hidden, C), (hidden), (D, hidden), (D) */
    struct param w3, b3, w4, b4;  /* decoder: (hidden, D), (hidden), (C, hidden), (C) */

    struct patches patches;  /* those in work, on the host; room for `max` */
    int max;
    /* device, (max, ..), C = P P 3 */
    uint8_t *px;             /* (C) */
    act *x, *h1, *s1, *z;    /* (C) the patch, (hidden) twice, (D) */
    act *q, *h3, *s3, *y;    /* (D) rounded, (hidden) twice, (C) the patch again */
    int *id;
    act *dy, *dh, *ds, *dq, *dz; /* gradients; NULL without training.  dh, ds serve twice */
    act *b;                  /* (D) not rounded, with training */
    float *pull;             /* of b towards q, with training */
    struct slots mem;
    int *host_id;            /* (max) owned */
};

/*
 * Makes one with all weights zero (params_seed gives others), for up to `max`
 * patches at a time; flags as for params_alloc.  On failure nothing is held.
 */
int tokenizer_init(struct tokenizer *t, const struct tokenizer_config *c, struct device *d,
                   int max, int flags, struct err *e);
void tokenizer_free(struct tokenizer *t);

/* The metadata of its checkpoints; points into itself. */
struct tokenizer_meta {
    char patch[16], hidden[16], levels[TOKENIZER_LEVELS_MAX * 4];
    struct meta list[4];
};
void tokenizer_describe(const struct tokenizer_config *c, struct tokenizer_meta *m);

/* Writes the weights, or reads them into a new one for inference.  A file of another kind, or
   of sizes out of bounds, is refused. */
int tokenizer_save(const struct tokenizer *t, const char *path, enum dtype dtype, struct err *e);
int tokenizer_load(struct tokenizer *t, const char *path, struct device *d, int max,
                   struct err *e);

/* Tokens of a frame of w x h pixels. */
static inline int tokenizer_tokens(const struct tokenizer *t, int w, int h)
{
    return patches_count(&t->patches, w, h);
}

/* px (n, h, w, 3) to id (n, tokens), and back; host memory.  Any n; a token that is none is
   refused. */
int tokenizer_encode(struct tokenizer *t, const uint8_t *px, int n, int w, int h, int *id,
                     struct err *e);
int tokenizer_decode(struct tokenizer *t, const int *id, int n, int w, int h, uint8_t *px,
                     struct err *e);

/* --- parts, for training: on the device, n <= max patches --- */

/* Uploads the first n of t->patches to t->x. */
void tokenizer_upload(struct tokenizer *t, int n);

/* From t->x to t->y; without quantise nothing is rounded.  t->id gets the tokens. */
void tokenizer_forward(struct tokenizer *t, int n, bool quantise);

/*
 * From the gradient of t->y in t->dy; adds into the params' gradients.  With
 * commit > 0, for a forward that rounded, the gradient of commit * weight (n) *
 * mean (b - q)^2 comes on top: it holds the numbers before rounding near those
 * after it, so that a token does not hang on the last bit of a sum (the
 * commitment of van den Oord et al., arXiv 1711.00937).
 */
void tokenizer_backward(struct tokenizer *t, int n, const float *weight, float commit);

#endif
