/* The log of a training run as a picture, drawn by gnuplot. */
#include "config.h"

#include <string.h>

#include "gtp/gnuplot.h"
#include "gtp/tool_train.h"

enum { CURVE_POINTS = 50 }; /* of a curve, about */

static const char *const colors[TRAIN_METRICS] = {
    "#1f5fa8", "#c4401c", "#2b8a3e", "#8e44ad", "#b8860b", "#0e8c8c", "#d63384", "#555555"
};

/* The metrics that are shares, 0 to 1, and stand on the right; the others are losses. */
static bool is_share(const char *name)
{
    return !strcmp(name, "accuracy") || !strcmp(name, "changed") || !strcmp(name, "exact");
}

/* A metric's two curves in one colour: of the training samples, as means over `mean` steps, and
   of those held out. */
static void add_curves(struct text *t, const struct train_job *j, const char *name, int color,
                       int mean)
{
    const char *axes = is_share(name) ? "x1y2" : "x1y1";

    text_puts(t, color ? ", " : "plot ");
    gnuplot_quote(t, j->log);
    text_printf(t, " using ((ceil(column('step')/%d.0)-0.5)*%d):'%s' smooth unique axes %s"
                " with lines lw 1 lc rgb '%s' dt '-' title '%s, training', ", mean, mean, name,
                axes, colors[color], name);
    gnuplot_quote(t, j->log);
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
                 "set datafile separator ','; set grid; set key outside top right horizontal; "
                 "set xlabel 'step'; set ylabel 'loss'; set logscale y; set ytics nomirror; ");
    if (shares)
        text_puts(t, "set y2range [0:1]; set y2tics; set y2label 'share'; ");
    text_printf(t, "set xrange [0:%d]; set title ", m->params->step);
    gnuplot_quote(t, j->output);
    text_puts(t, "; ");
    for (int i = 0; i < m->metrics; i++)
        add_curves(t, j, m->names[i], i, mean);
}

int train_plot(const struct train_job *j, const struct train_model *m, struct err *e)
{
    struct text script;
    int failed;

    text_init(&script);
    write_script(&script, j, m);
    failed = gnuplot_draw(j->plot, &script, e);
    text_release(&script);
    return failed;
}
