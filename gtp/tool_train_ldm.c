/* videoworld train ldm. */
#include "config.h"

#include "gtp/tool_train.h"
#include "model/ldm_train.h"

#include <string.h>

/* Steps of both sides' moves; the LDM takes a clip step by step, so two are enough. */
enum { HORIZON = 2, TOKENIZER_ROOM = 4096 };

static const struct size {
    const char *name;
    struct ldm_config ldm;
    int steps, batch;
} sizes[] = {
    { "nano", { .width = 32, .heads = 2, .hidden = 96, .layers = 2 }, 1000, 32 },
    { "small", { .width = 64, .heads = 2, .hidden = 192, .layers = 4 }, 20000, 64 },
};

static const struct size *find_size(const char *name, struct err *e)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (!strcmp(name, sizes[i].name))
            return &sizes[i];
    err_set(e, "unknown size of LDM '%s': it is nano or small", name);
    return NULL;
}

static int run(struct train_job *j, struct tokenizer *t, struct ldm *l, struct train_config *c,
               struct err *e)
{
    struct ldm_trainer r;
    struct ldm_meta meta;
    int failed;

    ldm_describe(&l->config, &meta);
    if (ldm_train_seed(l, t, j->seed, e) ||
        ldm_train_init(&r, l, &j->clips.source, t, HORIZON, c->micro,
                       (uint64_t)train_choose(j->eval_samples, 1000), e))
        return -1;
    r.continuous = train_choose(j->continuous, c->steps / 5);
    r.closed = r.continuous + (int)(c->steps * 3LL / 10);
    if (j->init) { /* at rest the encoder gets no gradient and no decay: codes stay */
        r.closed = train_choose(j->continuous, 0);
        r.continuous = 0;
        r.rest = r.closed + r.closed / 5;
        c->decay = 0;
    }
    if (j->right_share >= 0)
        r.right = (float)j->right_share;
    failed = train_job_begin(j, &r.model, &l->dec, "decoder.blocks", e) ||
             train_job_run(j, &r.model, c, meta.list, LDM_METAS, e);
    ldm_train_free(&r);
    return failed ? -1 : 0;
}

static int with_tokenizer(struct train_job *j, struct tokenizer *t, const struct size *size,
                          struct train_config *c, struct err *e)
{
    const struct frame_source *s = &j->clips.source;
    struct ldm_config config = size->ldm;
    struct ldm l;
    int failed;

    config.cols = patches_across(&t->patches, s->w);
    config.rows = patches_across(&t->patches, s->h);
    config.layers = train_choose(j->layers, config.layers);
    config.tokens = t->config;
    memcpy(config.tokenizer, t->hash, sizeof t->hash);
    if (tokenizer_parse_levels(&config.code, j->levels ? j->levels : "11,11,3", e) ||
        ldm_init(&l, &config, j->d, c->micro * HORIZON, train_params(j, false), e))
        return -1;
    failed = run(j, t, &l, c, e);
    ldm_free(&l);
    return failed;
}

int train_ldm(struct train_job *j, struct err *e)
{
    struct train_config c = { .final_lr = 1e-5f, .beta1 = 0.9f, .beta2 = 0.99f, .eps = 1e-8f,
                              .decay = 0.01f, .clip = 1, .ema = 0.998f };
    const struct size *size = find_size(j->config ? j->config : "small", e);
    struct tokenizer t;
    int failed;

    if (!size)
        return -1;
    if (!j->tokenizer)
        return err_set(e, "which tokenizer?  --tokenizer=FILE is needed");
    c.steps = train_choose(j->steps, size->steps);
    c.batch = train_choose(j->batch, size->batch);
    c.micro = train_choose(j->micro, c.batch < 64 ? c.batch : 64);
    c.lr = j->lr > 0 ? (float)j->lr : 3e-3f;
    c.warmup = train_choose(j->warmup, c.steps / 50);
    if (tokenizer_load(&t, j->tokenizer, j->d, TOKENIZER_ROOM, e))
        return -1;
    failed = with_tokenizer(j, &t, size, &c, e);
    tokenizer_free(&t);
    return failed;
}
