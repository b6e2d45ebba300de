/*
 * tool_train: what the stages of `videoworld train` share.
 *
 * A stage makes its model for the job's data and device and hands it to
 * train_job_run, which trains it: progress on stderr, log, checkpoints, ctrl-C.
 */
#ifndef GTP_TOOL_TRAIN_H
#define GTP_TOOL_TRAIN_H

#include "gtp/clips.h"
#include "model/grow.h"
#include "model/ops.h"
#include "model/parallel.h"
#include "model/train.h"

/* The options.  Numbers below 0: not given, the stage and its --config choose. */
struct train_job {
    const char *data, *output, *config, *init, *log, *plot, *device;
    int steps, batch, micro, warmup, threads, save_steps, eval_steps, eval_samples;
    double lr, save_seconds;
    uint64_t seed;
    enum dtype dtype;      /* of the weights in BASE.safetensors */
    bool resume;
    const char *levels;    /* of the tokenizer and the LDM; NULL: the default */
    int continuous;
    int patch, hidden;     /* of the tokenizer */
    const char *tokenizer; /* its weights, of the other stages */
    const char *ldm, *target; /* of the world model: weights; NULL: the default */
    const char *init_ldm;     /* whose codes those of `init` are; NULL: the same LDM's */
    int horizon, layers;
    double frame_share, later_weight, policy_share;
    double decided_share;
    double right_share;    /* of the LDM */
    int muon;              /* of both: 1, or 0 for AdamW */
    /* open while a stage runs */
    struct clips clips;
    struct parallel parallel;
    struct device *d;
};

struct train_stage {
    const char *name;
    int (*run)(struct train_job *j, struct err *e);
    const char *what;
};

/* The number given, or else the default. */
static inline int train_choose(int given, int otherwise)
{
    return given >= 0 ? given : otherwise;
}

/* Is there a run to go on with, and shall it be? */
static inline bool train_goes_on(const struct train_job *j)
{
    return j->resume && checkpoint_has_training(j->output);
}

/* Before a run that does not go on with another: m's params, which are seeded, get what of
   --init fits; stack and prefix as for grow_from. */
int train_job_begin(const struct train_job *j, const struct train_model *m,
                    const struct stack *stack, const char *prefix, struct err *e);

/*
 * Trains m, which has begun, by c with everything the options say about
 * files, saving and evaluating; meta (metas) describes the model.
 */
int train_job_run(struct train_job *j, const struct train_model *m, struct train_config *c,
                  const struct meta *meta, int metas, struct err *e);

/* Draws the log of m's run into the file j->plot, through gnuplot. */
int train_plot(const struct train_job *j, const struct train_model *m, struct err *e);

/* The flags for params_alloc; muon: the stage's own choice. */
static inline int train_params(const struct train_job *j, bool muon)
{
    return PARAMS_TRAIN | PARAMS_EMA | (train_choose(j->muon, muon) ? PARAMS_MUON : 0);
}

/* The stages. */
int train_tokenizer(struct train_job *j, struct err *e);
int train_ldm(struct train_job *j, struct err *e);
int train_world(struct train_job *j, struct err *e);

#endif
