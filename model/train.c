#include "model/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"
#include "model/shuffle.h"
#include "model/train_log.h"

/* What the ranks sum once a step: the metrics, and then their votes. */
enum { FAILED = TRAIN_METRICS, STOP, SAVE, VOTES };

enum { ROW = 1024, STATE = 5 };

struct run {
    const struct train_model *m;
    const struct train_config *c;
    struct parallel *p;
    const struct train_host *host;
    struct params *ps;
    struct train_sample *samples; /* (micro) */
    struct train_log log;
    struct scalar state[STATE];   /* what is saved of the following */
    uint64_t position, seed, count;
    double sums[TRAIN_METRICS];   /* of metrics' means, over the steps since the last row */
    int64_t summed;               /* how many steps those are */
    double begun, saved;          /* by host->now */
    int first;                    /* the step this run began with */
};

/* --- one step's gradients --- */

static void draw(struct train_sample *s, uint64_t position, const struct train_model *m,
                 uint64_t seed)
{
    uint64_t epoch = position / m->samples, i = position % m->samples;

    s->index = shuffle(i, m->samples, splitmix64(seed) + epoch);
    s->random = splitmix64(splitmix64(seed ^ 0x6175676d656e74) + position); /* "augment" */
}

/* Loads up to c->micro samples from *at on, below end, and moves *at; n, or -1. */
static int load_next(const struct train_model *m, const struct train_config *c, uint64_t *at,
                     uint64_t end, struct train_sample *samples, struct err *e)
{
    int n = end - *at < (uint64_t)c->micro ? (int)(end - *at) : c->micro;

    for (int i = 0; i < n; i++)
        draw(&samples[i], (*at)++, m, c->seed);
    return n == 0 || m->load(m->self, samples, n, e) == 0 ? n : -1;
}

/* This rank's part of a global batch: its gradients and its metrics' sums. */
static int accumulate(const struct train_model *m, const struct train_config *c,
                      const struct parallel *p, uint64_t position,
                      struct train_sample *samples, double *sums, struct err *e)
{
    size_t begin, end;
    uint64_t at;
    int n, next;

    params_zero_grad(m->params);
    parallel_share(p, (size_t)c->batch, &begin, &end);
    at = position + begin;
    n = load_next(m, c, &at, position + end, samples, e);
    while (n > 0) {
        if (m->backward(m->self, n, e))
            return -1;
        next = load_next(m, c, &at, position + end, samples, e);
        if (next < 0 || m->losses(m->self, n, sums, e))
            return -1;
        n = next;
    }
    return n < 0 ? -1 : device_check(m->params->d, e);
}

/* The gradients over all ranks; v (VOTES) holds this rank's votes, then the sums. */
static int gather(const struct train_model *m, const struct train_config *c, struct parallel *p,
                  uint64_t position, struct train_sample *samples, double *v, struct err *e)
{
    int failed = accumulate(m, c, p, position, samples, v, e);

    v[FAILED] = failed != 0;
    if (parallel_sum_double(p, v, VOTES, e))
        return -1;
    if (v[FAILED] > 0)
        return parallel_agree(p, failed, e);
    return parallel_sum(p, m->params->g, m->params->len, e);
}

int train_gradients(const struct train_model *m, const struct train_config *c,
                    struct parallel *p, uint64_t position, struct train_sample *samples,
                    double *sums, struct err *e)
{
    double v[VOTES] = { 0 };

    if (gather(m, c, p, position, samples, v, e))
        return -1;
    memcpy(sums, v, (size_t)m->metrics * sizeof *sums);
    return 0;
}

/* --- saving and evaluating --- */

static double now(const struct run *r)
{
    return r->host->now ? r->host->now(r->host->user) : 0;
}

static struct checkpoint_training files(const struct run *r)
{
    return (struct checkpoint_training){ r->c->path, r->c->weights, r->state, STATE };
}

static int save(struct run *r, struct err *e)
{
    struct checkpoint_training f = files(r);
    int failed = device_check(r->ps->d, e);

    /* Nothing is overwritten unless the step went well everywhere. */
    if (parallel_agree(r->p, failed, e))
        return -1;
    if (r->p->rank == 0)
        failed = (r->log.f && train_log_sync(&r->log, e)) ||
                 checkpoint_save_training(&f, r->ps, e);
    r->saved = now(r);
    return parallel_agree(r->p, failed, e);
}

/* The metrics' means over the held-out samples, by the averaged weights if there are any. */
static int evaluate(struct run *r, double *means, struct err *e)
{
    const struct train_model *m = r->m;
    size_t begin, end;
    int failed = 0;

    memset(means, 0, TRAIN_METRICS * sizeof *means);
    parallel_share(r->p, m->held_out, &begin, &end);
    if (r->c->ema > 0)
        params_swap_ema(r->ps);
    if (end > begin)
        failed = m->evaluate(m->self, begin, end - begin, means, e);
    if (r->c->ema > 0)
        params_swap_ema(r->ps);
    failed = failed || device_check(r->ps->d, e);
    if (parallel_agree(r->p, failed, e) ||
        parallel_sum_double(r->p, means, TRAIN_METRICS, e))
        return -1;
    for (int i = 0; i < m->metrics; i++)
        means[i] /= (double)m->held_out;
    return 0;
}

/* --- the log --- */

/* Append to a text of at most ROW bytes. */
static void append_name(char *text, const char *prefix, const char *name)
{
    size_t n = strlen(text);

    snprintf(text + n, ROW - n, ",%s%s", prefix, name);
}

static void append_number(char *text, double x)
{
    size_t n = strlen(text);

    snprintf(text + n, ROW - n, ",%.6g", x);
}

static void log_header(const struct run *r, char *text)
{
    strcpy(text, "step,epoch,lr,norm");
    for (int i = 0; i < r->m->metrics; i++)
        append_name(text, "", r->m->names[i]);
    for (int i = 0; i < r->m->metrics; i++)
        append_name(text, "held_", r->m->names[i]);
    append_name(text, "", "samples_per_second");
}

static int log_row(struct run *r, const struct train_progress *x, struct err *e)
{
    char text[ROW];
    int failed = 0;

    snprintf(text, sizeof text, "%d,%.6g,%.6g,%.6g", x->step, x->epoch, (double)x->lr, x->norm);
    for (int i = 0; i < r->m->metrics; i++)
        append_number(text, r->sums[i] / (double)r->summed);
    for (int i = 0; i < r->m->metrics; i++) {
        if (x->held_out)
            append_number(text, x->held_out[i]);
        else
            append_name(text, "", "");
    }
    append_number(text, x->speed);
    memset(r->sums, 0, sizeof r->sums);
    r->summed = 0;
    if (r->log.f)
        failed = train_log_row(&r->log, text, e);
    return parallel_agree(r->p, failed, e);
}

/* --- one step --- */

static bool every(int step, int steps)
{
    return steps > 0 && step % steps == 0;
}

static bool time_to_save(const struct run *r)
{
    return r->p->rank == 0 && r->c->save_seconds > 0 && r->host->now &&
           now(r) - r->saved >= r->c->save_seconds;
}

/* Gradients and their step; v (VOTES) gets the metrics' means and the votes. */
static int update(struct run *r, double *v, struct train_progress *x, struct err *e)
{
    const struct train_config *c = r->c;
    struct adamw o = { .beta1 = c->beta1, .beta2 = c->beta2, .eps = c->eps, .decay = c->decay,
                       .scale = 1.0f / (float)c->batch };
    int step = r->ps->step;
    float turns = (float)(1 + step) / (float)(10 + step);

    v[STOP] = r->host->stop && *r->host->stop;
    v[SAVE] = time_to_save(r);
    if (gather(r->m, c, r->p, r->position, r->samples, v, e))
        return err_set(e, "step %d failed", step + 1);
    for (int i = 0; i < r->m->metrics; i++) {
        v[i] /= c->batch;
        if (!isfinite(v[i]))
            return err_set(e, "step %d: %s is %g", step + 1, r->m->names[i], v[i]);
    }
    x->lr = o.lr = ops_schedule(step, c->warmup, c->steps, c->lr, c->final_lr);
    x->norm = params_step(r->ps, &o, c->clip);
    /* A device's own failure, which the others do not see, waits for the next vote. */
    if (!isfinite(x->norm) && !r->ps->d->err.msg[0])
        return err_set(e, "step %d: the gradient's norm is %g", step + 1, x->norm);
    if (c->ema > 0)
        params_ema(r->ps, turns < c->ema ? turns : c->ema);
    r->position += (uint64_t)c->batch;
    for (int i = 0; i < r->m->metrics; i++)
        r->sums[i] += v[i];
    r->summed++;
    return 0;
}

static void fill_progress(const struct run *r, struct train_progress *x)
{
    double seconds = now(r) - r->begun;
    int done = r->ps->step - r->first;

    x->step = r->ps->step;
    x->steps = r->c->steps;
    x->epoch = (double)r->position / (double)r->m->samples;
    if (seconds > 0) {
        x->speed = (double)done * r->c->batch / seconds;
        x->seconds_left = seconds / done * (x->steps - x->step);
    }
}

/* Step k and what is due after it; *stopped tells that a rank was asked to stop. */
static int step(struct run *r, int k, bool *stopped, struct err *e)
{
    const struct train_config *c = r->c;
    double v[VOTES] = { 0 }, means[TRAIN_METRICS];
    struct train_progress x = { .loss = v };
    bool last = k == c->steps;

    if (update(r, v, &x, e))
        return -1;
    *stopped = v[STOP] > 0;
    if (r->m->held_out && (every(k, c->eval_steps) || (last && c->eval_steps))) {
        if (evaluate(r, means, e))
            return -1;
        x.held_out = means;
    }
    fill_progress(r, &x);
    if ((last || x.held_out || every(k, c->log_steps ? c->log_steps : 1)) && log_row(r, &x, e))
        return -1;
    if (c->path && (last || *stopped || v[SAVE] > 0 || every(k, c->save_steps))) {
        if (save(r, e))
            return -1;
        x.saved = true;
    }
    if (r->p->rank == 0 && r->host->progress)
        r->host->progress(r->host->user, &x);
    return 0;
}

/* --- the run --- */

static int check(const struct train_model *m, const struct train_config *c, struct err *e)
{
    const struct params *ps = m->params;
    struct range {
        const char *name;
        double x, lo, hi;
    } ranges[] = {
        { "number of training samples", (double)m->samples, 1, (double)SHUFFLE_MAX },
        { "number of metrics", m->metrics, 1, TRAIN_METRICS },
        { "number of steps", c->steps, 0, 1 << 30 },
        { "batch", c->batch, 1, 1 << 24 },
        { "micro-batch", c->micro, 1, 1 << 24 },
        { "learning rate", (double)c->lr, 0, 1e3 },
        { "final learning rate", (double)c->final_lr, 0, 1e3 },
        { "warm-up", c->warmup, 0, 1 << 30 },
        { "weight decay", (double)c->decay, 0, 1e3 },
        { "first beta", (double)c->beta1, 0, 0.9999999 },
        { "second beta", (double)c->beta2, 0, 0.9999999 },
        { "epsilon", (double)c->eps, 0, 1 },
        { "clipping", (double)c->clip, 0, 1e30 },
        { "decay of the average", (double)c->ema, 0, 0.9999999 },
    };

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (!(ranges[i].x >= ranges[i].lo && ranges[i].x <= ranges[i].hi))
            return err_set(e, "cannot train: %s is %g, not %g to %g", ranges[i].name, ranges[i].x,
                           ranges[i].lo, ranges[i].hi);
    if (!ps->g || (c->ema > 0 && !ps->ema))
        return err_set(e, "cannot train: the params are not for training%s",
                       ps->g ? " with an average" : "");
    return 0;
}

/* The numbers that go into the checkpoint. */
static void list_state(struct run *r)
{
    int n = 0;

    r->state[n++] = (struct scalar){ "position", SCALAR_I64, &r->position, 1 };
    r->state[n++] = (struct scalar){ "seed", SCALAR_I64, &r->seed, 1 };
    r->state[n++] = (struct scalar){ "samples", SCALAR_I64, &r->count, 1 };
    r->state[n++] = (struct scalar){ "log.sums", SCALAR_F64, r->sums, TRAIN_METRICS };
    r->state[n++] = (struct scalar){ "log.steps", SCALAR_I64, &r->summed, 1 };
}

/* Rank 0 reads the checkpoint; a weights file left behind by a crash is written anew. */
static int load(struct run *r, struct err *e)
{
    struct checkpoint_training f = files(r);
    bool behind = false;

    if (checkpoint_load_training(&f, r->ps, &behind, NULL, e))
        return -1;
    if (r->seed != r->c->seed)
        return err_set(e, "'%s' is of a run with seed %llu, not %llu", f.path,
                       (unsigned long long)r->seed, (unsigned long long)r->c->seed);
    if (r->count != r->m->samples)
        return err_set(e, "'%s' is of a run on %llu samples, not %llu", f.path,
                       (unsigned long long)r->count, (unsigned long long)r->m->samples);
    return behind ? checkpoint_save(f.path, r->ps, &f.weights, e) : 0;
}

/* All ranks get what rank 0 has read. */
static int spread(struct run *r, struct err *e)
{
    struct params *ps = r->ps;
    float *block[] = { ps->w, ps->m, ps->v, ps->ema };
    int failed = 0;

    for (int i = 0; i < STATE && !failed; i++)
        failed = parallel_broadcast_host(r->p, r->state[i].p, 8 * (size_t)r->state[i].n, e);
    failed = failed || parallel_broadcast_host(r->p, &ps->step, sizeof ps->step, e);
    for (int i = 0; i < 4 && !failed; i++)
        failed = block[i] && parallel_broadcast(r->p, block[i], ps->len, e);
    params_refresh(ps);
    return failed ? -1 : 0;
}

static int resume(struct run *r, bool *resumed, struct err *e)
{
    int there = r->p->rank == 0 && checkpoint_has_training(r->c->path), failed;

    if (parallel_broadcast_host(r->p, &there, sizeof there, e))
        return -1;
    *resumed = there;
    if (!there)
        return 0;
    failed = r->p->rank == 0 && load(r, e);
    return parallel_agree(r->p, failed, e) || spread(r, e) ? -1 : 0;
}

static int open_log(struct run *r, bool resumed, struct err *e)
{
    char header[ROW];
    int failed = 0;

    log_header(r, header);
    if (r->c->log && r->p->rank == 0)
        failed = train_log_open(&r->log, r->c->log, header, resumed ? r->ps->step : -1, e);
    return parallel_agree(r->p, failed, e);
}

static int loop(struct run *r, struct err *e)
{
    bool stopped = false;

    r->begun = r->saved = now(r);
    r->first = r->ps->step;
    /* By a count of its own: a failed device's does not move, and the ranks keep in step. */
    for (int k = r->first; !stopped && k < r->c->steps; k++)
        if (step(r, k + 1, &stopped, e))
            return -1;
    return parallel_agree(r->p, device_check(r->ps->d, e), e);
}

int train_run(const struct train_model *m, const struct train_config *c, struct parallel *p,
              const struct train_host *host, bool resume_it, struct err *e)
{
    struct run r = { .m = m, .c = c, .p = p, .host = host, .ps = m->params, .seed = c->seed,
                     .count = m->samples };
    bool resumed = false;
    int failed = check(m, c, e);

    if (!failed) {
        r.samples = calloc((size_t)c->micro, sizeof *r.samples);
        failed = r.samples ? 0 : err_set(e, "out of memory");
    }
    failed = parallel_agree(p, failed, e);
    list_state(&r);
    if (!failed && resume_it && c->path)
        failed = resume(&r, &resumed, e);
    failed = failed || open_log(&r, resumed, e) || loop(&r, e);
    if (r.log.f)
        failed |= train_log_close(&r.log, e);
    free(r.samples);
    return failed ? -1 : 0;
}
