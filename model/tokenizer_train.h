/*
 * tokenizer_train: the tokenizer as a model that train.h trains, on pixels alone.
 *
 * A sample is a clip of horizon+1 frames.  Its loss is the mean over its DISTINCT
 * patches of the squared error (pixels in -1 .. 1): a marker that stands once in
 * a frame counts as much as the empty wood.  Copies of a patch among all samples
 * of a micro-batch are computed once, with the sum of their weights, which is
 * the same loss.
 *
 * Among the first steps (`continuous`) every other one does without rounding, the
 * rest go straight through it; evaluation always rounds.
 *
 * Metrics: "loss", and "mse" over all pixels, repeats included: PSNR is
 * 10 log10(4 / mse).
 */
#ifndef MODEL_TOKENIZER_TRAIN_H
#define MODEL_TOKENIZER_TRAIN_H

#include "model/source.h"
#include "model/tokenizer.h"
#include "model/train.h"

struct tokenizer_trainer {
    struct tokenizer *t;               /* with PARAMS_TRAIN; not owned, as the source */
    const struct frame_source *source;
    int horizon;
    int micro;                         /* samples at a time */
    int continuous;                    /* so many first steps, half of them without rounding */
    float commit;                      /* see tokenizer_backward; grows to that; init sets 0.3 */
    int loaded, ran;                   /* distinct patches loaded, and in the last pass */
    uint64_t held_out;                 /* samples evaluated, spread over the source's */
    uint8_t *frames;                   /* (micro, horizon+1, h, w, 3), owned */
    int *cell;                         /* (horizon+1, cells) the patches of a sample, owned */
    bool *seen;                        /* (max) is a patch in the sample at hand?  owned */
    float *host_weight, *host_share;   /* (max) owned */
    struct train_sample *samples;      /* (micro) owned */
    float *weight, *share;             /* (max) device: of a patch in the loss, and in all pixels */
    float *loss, *error;               /* (max) device */
    struct slots mem;
    struct train_model model;          /* for train_run */
};

/*
 * Prepares to train t on a source's clips; evaluation looks at up to `held_out`
 * samples.  t->max must hold all patches of `micro` samples: tokenizer_train_max.
 * On failure nothing is held.
 */
int tokenizer_train_init(struct tokenizer_trainer *r, struct tokenizer *t,
                         const struct frame_source *source, int horizon, int micro,
                         int continuous, uint64_t held_out, struct err *e);
void tokenizer_train_free(struct tokenizer_trainer *r);

int tokenizer_train_max(const struct tokenizer_config *c, const struct frame_source *source,
                        int horizon, int micro);

#endif
