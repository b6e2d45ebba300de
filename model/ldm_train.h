/*
 * ldm_train: the LDM as a model that train.h trains, on the tokens of clips alone.
 *
 * A sample is a clip of horizon+1 frames; each pair of frames that follow each
 * other, and count, is a step.  Its loss is the cross-entropy of the digits of y's
 * tokens, summed over the cells that change, and with weight LDM_SAME over those that
 * do not (1 once codes are closed); a sample's loss is the mean over its steps.  Most
 * steps, a stone placed and the marker moved, are soon learned: to spend the time on the
 * others, of those that come out right only a part, `right`, may be kept.
 *
 * Codes are learned with noise in place of rounding (Balle et al., arXiv 1611.01704): a
 * random number of up to half a step of FSQ either way, whose size grows over the first
 * `continuous` steps of the run.  So the decoder's gradient is true, and it drives
 * apart what rounding would confuse.  From step `closed` on codes are rounded: then the
 * encoder is only held near them (commitment, see tokenizer_backward), until it rests at
 * step `rest`, and the decoder learns on.  Rounded from the start a code learns nothing,
 * since no gradient can tell apart what shares a code; the straight-through one, between
 * the points where the decoder ever looks, leads codes astray.
 *
 * Metrics, of steps kept: "loss"; "exact", the share of steps decoded without a wrong token;
 * "changed", the share of changed cells that are right.
 */
#ifndef MODEL_LDM_TRAIN_H
#define MODEL_LDM_TRAIN_H

#include "model/ldm.h"
#include "model/token_clips.h"
#include "model/train.h"

enum { LDM_TRAIN_METRICS = 3 };

struct ldm_trainer {
    struct ldm *l;                  /* with PARAMS_TRAIN; not owned, as the tokenizer */
    struct token_clips clips;       /* owned */
    int micro;                      /* samples at a time; l->max >= micro * horizon */
    int continuous, closed, rest;   /* steps of the optimiser; init sets rest to never */
    float commit;                   /* once closed; init sets 0.3 */
    float right;                    /* part kept of what comes out right; init sets 1 */
    uint64_t held_out;              /* samples evaluated */
    int steps;                      /* (of clips) loaded last */
    double sums[LDM_TRAIN_METRICS]; /* of the last pass */
    /* host, owned */
    int *id, *valid;                /* (micro, H+1, S), (micro) */
    int *from, *to, *role, *got;    /* (max, S), (max, S), (max), (max, S) */
    int *digit;                     /* (max, S) */
    float *weight, *share;          /* (max, S) of cells, (max) of steps in their clip */
    float *noise;                   /* (max, D) up to half a step of FSQ either way */
    float *luck;                    /* (max) 0 .. 1: below `right` a step stays */
    struct train_sample *samples;   /* (micro) */
    /* device */
    int *want[TOKENIZER_LEVELS_MAX]; /* (max, S) */
    float *cell_weight, *loss;      /* (max, S) */
    float *staged;                  /* (max, D) noise */
    act *d_noise;
    struct slots mem;
    struct train_model model;       /* for train_run */
};

/* Starts l anew, as ldm_seed, by what the tokenizer's tokens look like. */
int ldm_train_seed(struct ldm *l, struct tokenizer *t, uint64_t seed, struct err *e);

/* On failure nothing is held. */
int ldm_train_init(struct ldm_trainer *r, struct ldm *l, const struct frame_source *source,
                   struct tokenizer *t, int horizon, int micro, uint64_t held_out,
                   struct err *e);
void ldm_train_free(struct ldm_trainer *r);

#endif
