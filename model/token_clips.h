/*
 * token_clips: clips of a source as tokens: what the LDM and the world model learn from.
 *
 * Frames are drawn by the source and tokenized at once; nothing is kept.
 */
#ifndef MODEL_TOKEN_CLIPS_H
#define MODEL_TOKEN_CLIPS_H

#include "model/source.h"
#include "model/tokenizer.h"

struct token_clips {
    const struct frame_source *source; /* not owned, as the tokenizer */
    struct tokenizer *t;
    int horizon;                       /* H */
    int max;                           /* clips at a time */
    int rows, cols;                    /* tokens of a frame */
    uint8_t *frames;                   /* (max, H+1 or max_others, h, w, 3) owned */
};

int token_clips_init(struct token_clips *c, const struct frame_source *source,
                     struct tokenizer *t, int horizon, int max, struct err *e);
void token_clips_free(struct token_clips *c);

/*
 * The clips of s[0] .. s[n-1], n <= max: id (n, H+1, rows * cols) tokens, valid (n) and move
 * (n) as in source.h; both may be NULL.
 */
int token_clips_load(struct token_clips *c, bool held_out, const struct train_sample *s, int n,
                     int *id, int *valid, int *move, struct err *e);

/* What else might have come next in samples to train on, where the source tells: id (up to
   n * max_others, rows * cols), others (n) and share as in source.h.  Returns how many, or -1. */
int token_clips_others(struct token_clips *c, const struct train_sample *s, int n, int *id,
                       int *others, float *share, struct err *e);

/* Samples first .. first+n-1 of `of` that are spread evenly over the held-out ones. */
void token_clips_spread(const struct token_clips *c, uint64_t first, int n, uint64_t of,
                        struct train_sample *s);

#endif
