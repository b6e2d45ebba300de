/* videoworld train world. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gtp/tool_train.h"
#include "model/presets.h"
#include "model/world_train.h"

enum { TOKENIZER_ROOM = 4096, LDM_ROOM = 64, MEASURED = 20000, METAS = WORLD_METAS };

/* What a stage needs while it runs. */
struct models {
    struct tokenizer t;
    struct ldm l;
    struct world w;
    bool ldm;
};

static int choose_target(const struct train_job *j, struct world_config *c, struct err *e)
{
    int target = world_target_named(j->target ? j->target : "video+ldm");

    if (target < 0)
        return err_set(e, "unknown target '%s': it is state, video or video+ldm", j->target);
    c->target = (enum world_target)target;
    if (target == WORLD_LDM && !j->ldm)
        return err_set(e, "which LDM?  --ldm=FILE is needed, or --target=state or video");
    if (target != WORLD_LDM && j->horizon > 0)
        return err_set(e, "target %s has no codes: its horizon is 0", j->target);
    if (j->init_ldm && (target != WORLD_LDM || !j->init))
        return err_set(e, "--init-ldm tells whose codes --init has: target video+ldm and --init "
                       "go with it");
    c->horizon = target == WORLD_LDM ? train_choose(j->horizon, 5) : 0;
    return 0;
}

/* The sizes of the world model, by the size's name and by the models before it. */
static int configure(const struct train_job *j, const struct models *m, struct world_config *c,
                     struct err *e)
{
    const struct preset *p = preset_find(j->config ? j->config : "small", e);
    const struct frame_source *s = &j->clips.source;

    if (!p)
        return -1;
    c->layers = train_choose(j->layers, p->block.L);
    c->width = p->block.C;
    c->heads = p->block.NH;
    c->hidden = p->block.F;
    c->cols = patches_across(&m->t.patches, s->w);
    c->rows = patches_across(&m->t.patches, s->h);
    c->tokens = m->t.codes;
    memcpy(c->tokenizer, m->t.hash, sizeof m->t.hash);
    if (c->target == WORLD_LDM)
        memcpy(c->ldm, m->l.hash, sizeof m->l.hash);
    c->codes = c->target == WORLD_LDM ? m->l.codes : c->target == WORLD_STATE ? s->moves : 0;
    return 0;
}

static void schedule(const struct train_job *j, const struct world_config *w,
                     struct train_config *c)
{
    bool nano = j->config && !strcmp(j->config, "nano");

    *c = (struct train_config){ .final_lr = 1e-5f, .beta1 = 0.9f, .beta2 = 0.98f, .eps = 1e-8f,
                                .decay = 0.05f, .clip = 1, .ema = 0.999f };
    c->steps = train_choose(j->steps, nano ? 1000 : 20000);
    c->batch = train_choose(j->batch, nano ? 32 : 128);
    c->micro = train_choose(j->micro, c->batch < 16 ? c->batch : 16); /* what a cache holds */
    c->lr = j->lr > 0 ? (float)j->lr : 1.5e-3f * sqrtf(128 / (float)w->width);
    c->warmup = train_choose(j->warmup, c->steps / 50);
}

/* Weights without codes would leave acts of ours to be translated. */
static int check_codes(const char *init, struct err *e)
{
    struct checkpoint c;
    bool there;

    if (checkpoint_open(&c, init, e))
        return -1;
    there = checkpoint_find(&c, "code.weight");
    checkpoint_close(&c);
    return there ? 0 : err_set(e, "'%s' says nothing of codes: --init-ldm is not for it", init);
}

/* What --init says of the codes of another LDM, it shall say of those of ours. */
static int translate(const struct train_job *j, struct world_trainer *r, struct err *e)
{
    struct ldm was;
    int known, failed;

    if (ldm_load(&was, j->init_ldm, j->d, LDM_ROOM, e))
        return -1;
    failed = world_train_translate(r, &was, MEASURED, &known, e);
    if (!failed && j->parallel.rank == 0)
        fprintf(stderr, "videoworld: %d codes are those of '%s' for the same\n", known, j->init_ldm);
    ldm_free(&was);
    return failed;
}

static int begin(const struct train_job *j, struct world_trainer *r, struct err *e)
{
    if (train_goes_on(j))
        return 0;
    return (j->init_ldm && check_codes(j->init, e)) || world_train_measure(r, MEASURED, e) ||
           train_job_begin(j, &r->model, &r->w->s, "layers", e) ||
           (j->init_ldm && translate(j, r, e)) ? -1 : 0;
}

static int run(struct train_job *j, struct models *m, struct train_config *c, struct err *e)
{
    struct world_trainer r;
    struct world_meta meta;
    int failed;

    world_describe(&m->w.config, &meta);
    if (params_seed(&m->w.ps, j->seed, e) ||
        world_train_init(&r, &m->w, &j->clips.source, &m->t, m->ldm ? &m->l : NULL, c->micro,
                         (uint64_t)train_choose(j->eval_samples, 1000), e))
        return -1;
    if (m->ldm && j->frame_share >= 0)
        r.frame_share = j->frame_share;
    if (j->later_weight >= 0)
        r.later = (float)j->later_weight;
    if (j->policy_share >= 0)
        r.other = (float)j->policy_share;
    failed = begin(j, &r, e) || train_job_run(j, &r.model, c, meta.list, METAS, e);
    world_train_free(&r);
    return failed ? -1 : 0;
}

static int with_models(struct train_job *j, struct models *m, struct world_config *config,
                       struct err *e)
{
    struct train_config c;
    bool frames = config->target == WORLD_VIDEO || j->frame_share != 0;
    int failed;

    if (configure(j, m, config, e))
        return -1;
    schedule(j, config, &c);
    if (world_init(&m->w, config, j->d, c.micro, train_params(j, true), frames, e))
        return -1;
    failed = run(j, m, &c, e);
    world_free(&m->w);
    return failed;
}

int train_world(struct train_job *j, struct err *e)
{
    struct world_config config = { 0 };
    struct models m = { .ldm = false };
    int failed;

    if (choose_target(j, &config, e))
        return -1;
    if (!j->tokenizer)
        return err_set(e, "which tokenizer?  --tokenizer=FILE is needed");
    if (tokenizer_load(&m.t, j->tokenizer, j->d, TOKENIZER_ROOM, e))
        return -1;
    m.ldm = config.target == WORLD_LDM;
    failed = m.ldm && ldm_load(&m.l, j->ldm, j->d, LDM_ROOM, e);
    if (!failed) {
        failed = (m.ldm && checkpoint_check_hash(j->ldm, m.l.config.tokenizer, j->tokenizer,
                                                 m.t.hash, e)) ||
                 with_models(j, &m, &config, e);
        if (m.ldm)
            ldm_free(&m.l);
    }
    tokenizer_free(&m.t);
    return failed ? -1 : 0;
}
