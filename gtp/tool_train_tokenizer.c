/* videoworld train tokenizer. */
#include "config.h"

#include <string.h>

#include "gtp/tool_train.h"
#include "model/tokenizer_train.h"

/* A sample is x_t and x_t+1: together they show markers on both sides' stones. */
enum { HORIZON = 1 };

static const struct size {
    const char *name;
    int hidden, steps, batch;
} sizes[] = {
    { "nano", 128, 1000, 16 },
    { "small", 128, 5000, 32 },
};

static const struct size *find_size(const char *name, struct err *e)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (!strcmp(name, sizes[i].name))
            return &sizes[i];
    err_set(e, "unknown size of tokenizer '%s': it is nano or small", name);
    return NULL;
}

static int run(struct train_job *j, struct tokenizer *t, struct train_config *c, int continuous,
               struct err *e)
{
    struct tokenizer_trainer r;
    struct tokenizer_meta meta;
    int failed;

    tokenizer_describe(&t->config, &meta);
    if (params_seed(&t->ps, j->seed, e) ||
        tokenizer_train_init(&r, t, &j->clips.source, HORIZON, c->micro, continuous,
                             (uint64_t)train_choose(j->eval_samples, 500), e))
        return -1;
    failed = train_job_begin(j, &r.model, NULL, NULL, e) ||
             train_job_run(j, &r.model, c, meta.list, 4, e);
    tokenizer_train_free(&r);
    return failed ? -1 : 0;
}

int train_tokenizer(struct train_job *j, struct err *e)
{
    struct tokenizer_config config = { .patch = train_choose(j->patch, 16) };
    struct train_config c = { .final_lr = 1e-5f, .beta1 = 0.9f, .beta2 = 0.99f, .eps = 1e-8f,
                              .clip = 1, .ema = 0.995f };
    const struct size *size = find_size(j->config ? j->config : "small", e);
    struct tokenizer t;
    int failed;

    if (!size || tokenizer_parse_levels(&config, j->levels ? j->levels : "8,5,5,5", e))
        return -1;
    config.hidden = train_choose(j->hidden, size->hidden);
    c.steps = train_choose(j->steps, size->steps);
    c.batch = train_choose(j->batch, size->batch);
    c.micro = train_choose(j->micro, c.batch < 64 ? c.batch : 64);
    c.lr = j->lr > 0 ? (float)j->lr : 5e-3f;
    c.warmup = train_choose(j->warmup, c.steps / 50);
    if (tokenizer_init(&t, &config, j->d,
                       tokenizer_train_max(&config, &j->clips.source, HORIZON, c.micro),
                       PARAMS_TRAIN | PARAMS_EMA, e))
        return -1;
    failed = run(j, &t, &c, train_choose(j->continuous, c.steps / 4 * 3), e);
    tokenizer_free(&t);
    return failed;
}
