/* videoworld ladder: what it has found. */
#include "config.h"

#include <math.h>
#include <stdio.h>

#include "gtp/gnuplot.h"
#include "gtp/tool_ladder.h"

/* Rungs whose interval is wider are not drawn. */
static const double FAR = 800;

static const char *elo_text(struct interval i, char buf[64])
{
    if (!isfinite(i.low) || !isfinite(i.high))
        return "unknown";
    if (i.low == i.high)
        snprintf(buf, 64, "%.0f, given", i.mean);
    else
        snprintf(buf, 64, "%.0f (%.0f to %.0f)", i.mean, i.low, i.high);
    return buf;
}

static void print_rungs(const struct ladder_job *j, const struct match_table *t,
                        const struct ratings *ratings)
{
    const struct match_job *m = &j->match;
    int width = match_name_width(m);
    char elo[64], count[40];

    printf("%-*s  %-22s  %12s  %7s\n", width, "rung", "Elo", "won-dr.-lost", "score");
    for (int i = 1; i < m->plan.engines; i++) {
        struct match_count c = match_against(t, 0, i);
        long n = match_count_games(&c);

        printf("%-*s  %-22s  %12s", width, m->engine[i].name, elo_text(rating_of(ratings, i), elo),
               match_count_text(&c, count));
        if (n)
            printf("  %5.1f %%", 100 * match_count_points(&c) / (double)n);
        printf("\n");
    }
}

static void print_climber(const struct ladder_job *j, const struct match_table *t,
                          const struct ratings *ratings, size_t games)
{
    struct interval i = rating_of(ratings, 0);
    long own = t->tally[0].games;

    printf("%s: Elo %.0f (%.0f to %.0f, 95 %%) after %ld games", j->match.engine[0].name, i.mean,
           i.low, i.high, own);
    if ((long)games > own)
        printf(" of its own and %ld between rungs", (long)games - own);
    if (i.high - i.low > 2 * j->within)
        printf("; not yet within %.0f", j->within);
    printf("\n");
}

/* --- the picture ------------------------------------------------------------- */

/* A name as the last field of a line of data: in double quotes, which it cannot hold itself. */
static void add_label(struct text *t, const char *name)
{
    text_puts(t, "\"");
    for (; *name; name++)
        text_printf(t, "%c", *name == '"' ? '\'' : *name);
    text_puts(t, "\"\n");
}

/* The rung's Elo, if it is drawn. */
static bool is_drawn(const struct match_table *table, const struct ratings *ratings, int rung,
                     struct interval *elo)
{
    struct match_count c = match_against(table, 0, rung);

    *elo = rating_of(ratings, rung);
    return match_count_games(&c) > 0 && elo->high - elo->low < FAR;
}

static void widen(struct interval *range, struct interval elo)
{
    range->low = fmin(range->low, elo.low);
    range->high = fmax(range->high, elo.high);
}

/* From the least to the greatest Elo that is drawn, and a margin: never empty. */
static void add_range(const struct ladder_job *j, const struct match_table *table,
                      const struct ratings *ratings, struct text *t)
{
    struct interval range = rating_of(ratings, 0), elo;
    double margin;

    for (int i = 1; i < j->match.plan.engines; i++)
        if (is_drawn(table, ratings, i, &elo))
            widen(&range, elo);
    margin = fmax(50, 0.08 * (range.high - range.low));
    text_printf(t, "set xrange [%.1f:%.1f]; ", range.low - margin, range.high + margin);
}

/* The rungs, a line each: Elo and score in percent, their intervals, the name; how many. */
static int add_rungs(const struct ladder_job *j, const struct match_table *table,
                     const struct ratings *ratings, struct text *t)
{
    struct interval elo, s;
    int rungs = 0;

    text_puts(t, "$rungs << EOD\n");
    for (int i = 1; i < j->match.plan.engines; i++) {
        struct match_count c = match_against(table, 0, i);
        double n = (double)match_count_games(&c);

        if (!is_drawn(table, ratings, i, &elo))
            continue;
        s = interval_rate(match_count_points(&c) / n, n);
        text_printf(t, "%.1f %.1f %.1f %.1f %.1f %.1f ", elo.mean, 100 * s.mean, elo.low, elo.high,
                    100 * s.low, 100 * s.high);
        add_label(t, j->match.engine[i].name);
        rungs++;
    }
    text_puts(t, "EOD\n");
    return rungs;
}

/* The scores, each with its interval, over the rungs' Elo; the curve that the climber's Elo
   means. */
static void write_script(const struct ladder_job *j, const struct match_table *table,
                         const struct ratings *ratings, struct text *t)
{
    struct interval me = rating_of(ratings, 0);
    char title[160];
    int rungs;

    snprintf(title, sizeof title, "%s: Elo %.0f (%.0f to %.0f)", j->match.engine[0].name, me.mean,
             me.low, me.high);
    text_puts(t, "set terminal pngcairo noenhanced size 1000,600; set grid; set key off; "
                 "set xlabel 'Elo of the rung'; set ylabel 'score, %'; set yrange [0:105]; ");
    add_range(j, table, ratings, t);
    text_puts(t, "set title ");
    gnuplot_quote(t, title);
    text_puts(t, "\n");
    rungs = add_rungs(j, table, ratings, t);
    text_printf(t, "curve(e, x) = 100 / (1 + 10 ** ((x - e) / 400))\n"
                "set datafile separator whitespace\n"
                "plot curve(%.1f, x) lw 2 lc rgb '#1f5fa8', "
                "curve(%.1f, x) dt '-' lc rgb '#1f5fa8', "
                "curve(%.1f, x) dt '-' lc rgb '#1f5fa8'", me.mean, me.low, me.high);
    if (rungs)
        text_puts(t, ", $rungs using 1:2:3:4:5:6 with xyerrorbars pt 7 lc rgb '#c4401c', "
                     "$rungs using 1:($2 + 4):7 with labels left offset 0.5,0");
    text_puts(t, "\n");
}

static int plot(const struct ladder_job *j, const struct match_table *t,
                const struct ratings *ratings, struct err *e)
{
    struct text script;
    int status;

    text_init(&script);
    write_script(j, t, ratings, &script);
    status = gnuplot_draw(j->plot, &script, e);
    text_release(&script);
    return status;
}

int ladder_report(const struct ladder_job *j, const struct match_results *r, struct err *e)
{
    struct ratings ratings;
    struct match_table t;
    int status;

    if (!r->n)
        return 0;
    status = match_rate(&j->match, r, &t, &ratings, e);
    if (!status) {
        print_rungs(j, &t, &ratings);
        print_climber(j, &t, &ratings, r->n);
        status = j->plot ? plot(j, &t, &ratings, e) : 0;
    }
    ratings_release(&ratings);
    match_table_release(&t);
    return status;
}
