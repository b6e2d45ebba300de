/*
 * source: where clips of frames come from, as the models see it.
 *
 * A clip is H+1 RGB frames of one film, x_t .. x_{t+H}.  A source has samples to
 * train on and samples held out; each names one clip.  Whoever implements it
 * knows what the pictures show, the models do not.
 */
#ifndef MODEL_SOURCE_H
#define MODEL_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/err.h"
#include "model/train.h"

struct frame_source {
    void *self;        /* passed to frames */
    uint64_t samples;  /* to train on */
    uint64_t held_out; /* kept for evaluation */
    int w, h;          /* pixels of a frame, the same for all */
    int moves;         /* labels are 0 .. moves-1 */
    int max_horizon;
    int max_others;    /* of a sample; 0: there are none */

    /*
     * The clips of s[0] .. s[n-1], of the held-out samples or of the others:
     * px (n, horizon+1, h, w, 3); 0 <= horizon <= max_horizon.  valid (n) gets how
     * many frames of each clip count, the others repeat the last of them; move (n)
     * the label, for evaluation and for training by labels only.  Both may be NULL.
     * A sample to train on is turned as s->random says; held-out ones are as they
     * are.  The same arguments give the same bytes.  One thread calls at a time.
     */
    int (*frames)(void *self, bool held_out, const struct train_sample *s, int n, int horizon,
                  uint8_t *px, int *valid, int *move, struct err *e);

    /*
     * What else might have come next in samples to train on: the frames x_{t+1} instead of that
     * of the clip, one after the other, px (up to n * max_others, h, w, 3), turned like the clip.
     * others (n) gets how many each sample has, share (as px) how much of a whole each is worth,
     * in 0 .. 1.  NULL where there are none.
     */
    int (*others)(void *self, const struct train_sample *s, int n, uint8_t *px, int *others,
                  float *share, struct err *e);
};

static inline size_t source_bytes(const struct frame_source *s, int horizon)
{
    return (size_t)(horizon + 1) * (size_t)(s->w * s->h) * 3;
}

#endif
