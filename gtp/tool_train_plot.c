/* The log of a training run as a picture, drawn by gnuplot. */
#include "config.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/file.h"
#include "gtp/text.h"
#include "gtp/tool_train.h"

extern char **environ;

enum { CURVE_POINTS = 50 }; /* of a curve, about */

static const char *const colors[TRAIN_METRICS] = {
    "#1f5fa8", "#c4401c", "#2b8a3e", "#8e44ad", "#b8860b", "#0e8c8c", "#d63384", "#555555"
};

/* The metrics that are shares, 0 to 1, and stand on the right; the others are losses. */
static bool is_share(const char *name)
{
    return !strcmp(name, "accuracy") || !strcmp(name, "changed") || !strcmp(name, "exact");
}

/* A text as gnuplot takes it: quoted, and each quote in it twice. */
static void add_quoted(struct text *t, const char *s)
{
    text_puts(t, "'");
    for (; *s; s++)
        text_printf(t, *s == '\'' ? "''" : "%c", *s);
    text_puts(t, "'");
}

/* A metric's two curves in one colour: of the training samples, as means over `mean` steps, and
   of those held out. */
static void add_curves(struct text *t, const struct train_job *j, const char *name, int color,
                       int mean)
{
    const char *axes = is_share(name) ? "x1y2" : "x1y1";

    text_puts(t, color ? ", " : "plot ");
    add_quoted(t, j->log);
    text_printf(t, " using ((ceil(column('step')/%d.0)-0.5)*%d):'%s' smooth unique axes %s"
                " with lines lw 1 lc rgb '%s' dt '-' title '%s, training', ", mean, mean, name,
                axes, colors[color], name);
    add_quoted(t, j->log);
    text_printf(t, " using 'step':'held_%s' axes %s with linespoints lw 2 lc rgb '%s' pt 7 ps 0.6"
                " title '%s, held out'", name, axes, colors[color], name);
}

static void write_script(struct text *t, const struct train_job *j, const struct train_model *m)
{
    int mean = m->params->step / CURVE_POINTS + 1;
    bool shares = false;

    for (int i = 0; i < m->metrics; i++)
        shares = shares || is_share(m->names[i]);
    text_puts(t, "set terminal pngcairo noenhanced size 1200,800; "
                 "set datafile separator ','; set grid; set key outside bottom horizontal; "
                 "set xlabel 'step'; set ylabel 'loss'; set logscale y; set ytics nomirror; ");
    if (shares)
        text_puts(t, "set y2range [0:1]; set y2tics; set y2label 'share'; ");
    text_printf(t, "set xrange [0:%d]; set title ", m->params->step);
    add_quoted(t, j->output);
    text_puts(t, "; ");
    for (int i = 0; i < m->metrics; i++)
        add_curves(t, j, m->names[i], i, mean);
}

/* Runs gnuplot; its picture goes to f. */
static int run_gnuplot(char *script, FILE *f, struct err *e)
{
    char *argv[] = { "gnuplot", "-e", script, NULL };
    posix_spawn_file_actions_t actions;
    int status, failed;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
    posix_spawn_file_actions_adddup2(&actions, fileno(f), STDOUT_FILENO);
    failed = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return err_set(e, "cannot start gnuplot: %s", strerror(failed));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_set(e, "cannot wait for gnuplot: %s", strerror(errno));
    return status ? err_set(e, "gnuplot failed") : 0;
}

int train_plot(const struct train_job *j, const struct train_model *m, struct err *e)
{
    struct text script;
    struct outfile o;
    int failed;

    text_init(&script);
    write_script(&script, j, m);
    if (script.failed)
        failed = err_set(e, "out of memory");
    else if (!(failed = outfile_open(&o, j->plot, e))) {
        failed = run_gnuplot(script.s, o.f, e);
        if (failed)
            outfile_abort(&o);
        else
            failed = outfile_commit(&o, e);
    }
    text_release(&script);
    return failed;
}
