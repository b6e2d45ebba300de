/*
 * train: the loop that trains every model here.
 *
 * A model is a table of functions (struct train_model): load a few samples of
 * the training data, run forward and backward on them, give the losses.  The
 * loop does the rest: which samples, micro-batches, ranks, schedule, step,
 * average, evaluation, log, checkpoints.
 *
 * Data.  Step s takes the `batch` samples at positions s*batch .. of an endless
 * row of epochs; each epoch is a permutation of the training data by shuffle().
 * So one number says where a run stands.  A global batch is shared among the
 * ranks, and each rank's share is cut into micro-batches of at most `micro`.
 * sample.random depends on seed and position alone: augmentation drawn from it
 * is the same for any number of ranks, and after a restart.
 *
 * Gradients.  A model adds the gradients of the SUM of its samples' losses; the
 * loop sums over micro-batches and ranks and divides by `batch`, once.
 *
 * Memory.  From the second step on a step allocates nothing, if the model does
 * not; evaluating and saving do.
 *
 * Restart.  Everything that decides the next steps is in the checkpoint: on the
 * CPU with the same threads, ranks and configuration, a run that was killed and
 * resumed ends in the same bytes as one that was not.  The log's rows after the
 * checkpoint are cut, and written again.
 *
 * Errors.  A loss or gradient that is not finite ends the run, before it reaches
 * the weights or a file: the last checkpoint stays.  Whatever fails on one rank
 * fails on all (see parallel.h).
 */
#ifndef MODEL_TRAIN_H
#define MODEL_TRAIN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/err.h"
#include "model/checkpoint.h"
#include "model/parallel.h"
#include "model/params.h"

enum { TRAIN_METRICS = 8 };

struct train_sample {
    uint64_t index;  /* in the training data */
    uint64_t random; /* for what is drawn at random for it */
};

struct train_model {
    void *self;                /* passed to the functions */
    struct params *params;     /* with PARAMS_TRAIN; with PARAMS_EMA to average */
    uint64_t samples;          /* in the training data, 1 .. SHUFFLE_MAX */
    uint64_t held_out;         /* samples kept for evaluation; 0: none */
    int metrics;               /* numbers a sample is judged by, 1 .. TRAIN_METRICS */
    const char *const *names;  /* (metrics) for the log; the first is the loss */

    /* Makes s[0] .. s[n-1] the current micro-batch; called ahead, while the device may still
       be busy with the one before (whose losses are not yet read). */
    int (*load)(void *self, const struct train_sample *s, int n, struct err *e);
    /* Forward and backward of the n samples loaded last. */
    int (*backward)(void *self, int n, struct err *e);
    /* Adds to sums (metrics) those of the n samples of the last backward. */
    int (*losses)(void *self, int n, double *sums, struct err *e);
    /* Adds to sums (metrics) those of held-out samples first .. first+n-1; forward only. */
    int (*evaluate)(void *self, uint64_t first, uint64_t n, double *sums, struct err *e);
};

struct train_config {
    int steps;              /* in all; the schedule ends there */
    int batch;              /* samples a step, over all ranks */
    int micro;              /* samples at a time on one rank */
    float lr, final_lr;     /* see ops_schedule */
    int warmup;             /* steps */
    float decay;            /* of matrices (AdamW) */
    float beta1, beta2, eps;
    float clip;             /* of the gradient's norm; 0: never */
    float ema;              /* decay of the average; 0: none.  In its first steps the average
                               forgets faster: min(ema, (1 + step) / (10 + step)) */
    uint64_t seed;          /* of the order of samples and of what is drawn for them */
    int save_steps;         /* checkpoint every so many steps; 0: only at the end */
    double save_seconds;    /* and every so many seconds; 0: never */
    int eval_steps;         /* evaluate every so many steps; 0: never */
    int log_steps;          /* a row in the log every so many; 0: every step */
    struct checkpoint_options weights; /* what weights.path holds; meta describes the model */
    const char *path;       /* "BASE.safetensors"; NULL: nothing is saved */
    const char *log;        /* CSV file, of rank 0; NULL: none */
};

/* What became of a step; told on rank 0. */
struct train_progress {
    int step, steps;        /* steps done, in all */
    double epoch;           /* samples seen / samples there are */
    float lr;
    double norm;            /* of the gradient, before clipping */
    const double *loss;     /* (metrics) means of this step */
    const double *held_out; /* (metrics) means, if this step was evaluated, else NULL */
    double speed;           /* samples a second since this run started or resumed; 0: unknown */
    double seconds_left;
    bool saved;             /* a checkpoint was written */
};

/* The world outside; every part may be NULL. */
struct train_host {
    void *user;                             /* passed to the functions */
    double (*now)(void *user);              /* seconds; only differences count */
    void (*progress)(void *user, const struct train_progress *p);
    const volatile sig_atomic_t *stop;      /* not 0: save and end; any rank's will do */
};

/*
 * Trains until config->steps or a stop.  The model's params have been seeded,
 * the same on all ranks.  With resume it goes on from the checkpoint at
 * config->path, which rank 0 reads, if there is one.  Returns -1 on failure;
 * the params are then those of the last good step.
 */
int train_run(const struct train_model *m, const struct train_config *c, struct parallel *p,
              const struct train_host *host, bool resume, struct err *e);

/*
 * The gradients of the global batch that starts at `position`: sums over its
 * samples and all ranks, left in the params; and the metrics' sums (metrics).
 * train_run is made of this; here for tests and measurements.  samples is room
 * for c->micro of them.
 */
int train_gradients(const struct train_model *m, const struct train_config *c,
                    struct parallel *p, uint64_t position, struct train_sample *samples,
                    double *sums, struct err *e);

#endif
