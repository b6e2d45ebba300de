/*
 * world_train: the world model as a model that train.h trains, on the tokens of clips.
 *
 * A sample is a clip x_t .. x_t+H.  With WORLD_LDM its codes z^1 .. z^H come from the LDM,
 * as far as the clip counts; its loss is the cross-entropy of each, that of z^1 with
 * weight one, of the others `later`, and that of the tokens of x_t+1, the sum over its
 * cells, where those that do not change count `same`.  With WORLD_VIDEO there is the latter
 * alone, with WORLD_STATE the cross-entropy of the label.
 *
 * Where the source tells what else might have come next, z^1 has several targets: its own code
 * with weight 1 - `other`, and those of the others with `other` times their shares.  In
 * evaluation it has its own alone.
 *
 * The next frame doubles the sequence: with WORLD_LDM only a share of the optimiser's steps
 * learn it, spread evenly; the others end with the query for z^H.  Evaluation looks at both.
 *
 * Metrics, as far as the target has them: "loss"; "code", the cross-entropy of z^1 or the
 * label, and "accuracy", how often it was the likeliest; "frame", the loss of x_t+1,
 * "changed", the share of its changed cells that are right, and "exact", the share of frames
 * without a wrong token (each given those before it).  What only a share of the steps
 * learns is reported by the inverse share, so that the log's means are right.
 */
#ifndef MODEL_WORLD_TRAIN_H
#define MODEL_WORLD_TRAIN_H

#include "model/ldm.h"
#include "model/token_clips.h"
#include "model/train.h"
#include "model/world.h"

enum world_metric {
    WORLD_LOSS, WORLD_CODE, WORLD_ACCURACY, WORLD_FRAME, WORLD_CHANGED, WORLD_EXACT,
    WORLD_METRICS
};

struct world_trainer {
    struct world *w;               /* with PARAMS_TRAIN; not owned, as the following */
    struct ldm *ldm;               /* NULL but with WORLD_LDM */
    struct token_clips clips;      /* owned */
    int micro;                     /* samples at a time */
    float later, same, other;      /* see above; init sets 0.25, 0.5 and 0.5 */
    int targets;                   /* of a code: its own, and the others' */
    double frame_share;            /* of steps; init sets 0.25 where frames can be learned */
    uint64_t held_out;             /* samples evaluated */
    bool frames;                   /* the samples loaded last have x_t+1 */
    double sums[WORLD_METRICS];    /* of the last pass */
    /* host, owned */
    int *id, *valid, *move;        /* (micro, clips.horizon+1, S), (micro), (micro) */
    int *from, *next, *got;        /* (micro, S) */
    int *code, *best;              /* (micro, H), (micro) */
    int *x, *y, *role, *z;         /* (micro H, S) twice, (micro H) twice: the LDM's steps */
    int *target, *wanted;          /* (Q, micro, targets), (micro, S) */
    float *weight, *cell_weight;   /* the same */
    int *others;                   /* (micro) */
    float *share;                  /* (micro, targets - 1) */
    struct train_sample *samples;  /* (micro) */
    /* device */
    int *d_target, *d_wanted, *d_best;
    float *d_weight, *d_cell_weight, *loss, *cell_loss;
    struct slots mem;
    struct train_model model;      /* for train_run */
};

/* On failure nothing is held. */
int world_train_init(struct world_trainer *r, struct world *w, const struct frame_source *source,
                     struct tokenizer *t, struct ldm *ldm, int micro, uint64_t held_out,
                     struct err *e);
void world_train_free(struct world_trainer *r);

/*
 * Looks at `samples` clips to train on and sets the model's acts: with WORLD_LDM how often
 * each cell changed under each code, a table a role; with WORLD_STATE label s acts on cell s,
 * if there are as many cells as labels but one (a pass, that acts on none).
 */
int world_train_measure(struct world_trainer *r, int samples, struct err *e);

/* Of `samples` clips spread over those to train on, draws number at and, up to micro, those
   behind it.  How many steps that makes, in r->x, y, role and z; or -1. */
int world_train_draw(struct world_trainer *r, int at, int samples, struct err *e);

/*
 * The weights were learned with the codes of another LDM, `was`.  What they say of a code of
 * it they shall say of that one of r->ldm which most of the same steps have, in `samples`
 * clips to train on: steps of the own side's moves, and of the other's for what acts there.
 * A code not met gets what is said of one not met.  *known gets how many were met; both LDMs
 * must have as many codes.
 */
int world_train_translate(struct world_trainer *r, struct ldm *was, int samples, int *known,
                          struct err *e);

#endif
