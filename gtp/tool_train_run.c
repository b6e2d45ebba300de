/* One run of training: its files, its progress line, its end by ctrl-C. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gtp/tool_train.h"
#include "gtp/tools.h"

struct view {
    const struct train_job *job;
    const struct train_model *model;
    bool plots;    /* none has failed */
    bool tty;
    double shown;  /* when the last line was printed */
    int width;     /* of the line that stands on the terminal */
    double begun;
};

static double now(void *user)
{
    struct timespec t;

    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Appends "loss 0.0123" and the like, an error of pixels in -1 .. 1 as PSNR. */
static void add_metrics(char *line, size_t size, const struct train_model *m, const double *x)
{
    for (int i = 0; i < m->metrics; i++) {
        size_t n = strlen(line);

        if (!strcmp(m->names[i], "mse"))
            snprintf(line + n, size - n, " PSNR %.2f dB", 10 * log10(4 / x[i]));
        else
            snprintf(line + n, size - n, " %s %.5g", m->names[i], x[i]);
    }
}

static void add_time(char *line, size_t size, double seconds)
{
    size_t n = strlen(line);
    long s = (long)ceil(seconds);

    snprintf(line + n, size - n, ", %ld:%02ld:%02ld left", s / 3600, s / 60 % 60, s % 60);
}

/* A picture that cannot be drawn is told once, and ends no training. */
static void plot(struct view *v)
{
    struct err e;

    err_init(&e);
    if (v->plots && train_plot(v->job, v->model, &e)) {
        fprintf(stderr, "videoworld: warning: no plot: %s\n", e.msg);
        v->plots = false;
    }
}

static void show(void *user, const struct train_progress *p)
{
    struct view *v = user;
    bool lasting = p->held_out || p->step == p->steps;
    char line[512];
    int width;

    if (!lasting && now(NULL) - v->shown < (v->tty ? 0.5 : 30))
        return;
    v->shown = now(NULL);
    snprintf(line, sizeof line, "step %d of %d, %.0f samples/s,", p->step, p->steps, p->speed);
    add_metrics(line, sizeof line, v->model, p->loss);
    if (p->held_out) {
        strcat(line, ", held out");
        add_metrics(line, sizeof line, v->model, p->held_out);
    }
    add_time(line, sizeof line, p->seconds_left);
    width = (int)strlen(line);
    if (v->tty)
        fprintf(stderr, "\r%-*s%s", v->width, line, lasting ? "\n" : "");
    else
        fprintf(stderr, "%s\n", line);
    v->width = lasting ? 0 : width;
    if (p->held_out && p->step < p->steps)
        plot(v);
}

static int run(struct train_job *j, const struct train_model *m, const struct train_config *c,
               struct err *e)
{
    struct view v = { .job = j, .model = m, .plots = j->plot && j->parallel.rank == 0,
                      .tty = isatty(STDERR_FILENO), .begun = now(NULL) };
    struct train_host host = { &v, now, show, &tool_stopped };
    int failed;

    tool_catch_signals(true);
    failed = train_run(m, c, &j->parallel, &host, j->resume, e);
    tool_catch_signals(false);
    if (v.width)
        fprintf(stderr, "\n");
    if (!failed)
        plot(&v);
    if (!failed && j->parallel.rank == 0)
        printf("%s: %zu weights, step %d of %d, %.0f seconds of training on %s\n", j->output,
               params_count(m->params), m->params->step, c->steps, now(NULL) - v.begun,
               j->d->name);
    return failed;
}

int train_job_begin(const struct train_job *j, const struct train_model *m,
                    const struct stack *stack, const char *prefix, struct err *e)
{
    int loaded;

    if (!j->init || train_goes_on(j))
        return 0;
    if (grow_from(j->init, m->params, stack, prefix, &loaded, e))
        return -1;
    if (j->parallel.rank == 0)
        fprintf(stderr, "videoworld: %d of %d tensors from %s\n", loaded, m->params->n, j->init);
    return 0;
}

int train_job_run(struct train_job *j, const struct train_model *m, struct train_config *c,
                  const struct meta *meta, int metas, struct err *e)
{
    c->seed = j->seed;
    c->path = j->output;
    c->log = j->log;
    c->save_steps = train_choose(j->save_steps, 0);
    c->save_seconds = j->save_seconds;
    c->eval_steps = train_choose(j->eval_steps, c->steps >= 10 ? c->steps / 10 : 1);
    c->log_steps = c->steps >= 200 ? c->steps / 200 : 1;
    c->weights = (struct checkpoint_options){ j->dtype, c->ema > 0, meta, metas };
    return run(j, m, c, e);
}
