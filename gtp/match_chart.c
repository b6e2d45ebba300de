#include "gtp/match_chart.h"

#include <math.h>

#include "gtp/elo.h"
#include "gtp/html.h"
#include "gtp/match_table.h"

enum { WIDTH = 440, MARGIN = 12 }; /* of every chart, in its own units; text is 13 high */

static void open_svg(struct text *t, int height, const char *label)
{
    text_printf(t, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, height);
    html_text(t, label);
    text_puts(t, "\">\n");
}

/* --- ratings ----------------------------------------------------------------- */

enum { ROW = 38, AXIS = 24 };

struct scale {
    double low, high, step; /* Elo; ticks are multiples of step */
};

/* About five steps of 1, 2 or 5 times a power of ten. */
static double nice_step(double range)
{
    double step = pow(10, floor(log10(range / 4))), times = range / 4 / step;

    return step * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

static struct scale scale_of(const struct ratings *r)
{
    struct scale s = { INFINITY, -INFINITY, 1 };

    for (int i = 0; i < r->n; i++) {
        struct interval bar = rating_of(r, i);

        if (!r->known[i])
            continue;
        s.low = fmin(s.low, bar.low);
        s.high = fmax(s.high, bar.high);
    }
    s.low = floor(s.low / 10) * 10; /* so there is a range even if all are exact and alike */
    s.high = floor(s.high / 10) * 10 + 10;
    s.step = nice_step(s.high - s.low);
    return s;
}

static double across(const struct scale *s, double elo)
{
    return MARGIN + (WIDTH - 2 * MARGIN) * (elo - s->low) / (s->high - s->low);
}

static void draw_axis(struct text *t, const struct scale *s, int bottom)
{
    for (double k = ceil(s->low / s->step); k * s->step <= s->high; k++) {
        double x = across(s, k * s->step);

        text_printf(t, "<path class=\"grid\" d=\"M%.1f 0V%d\"/>", x, bottom);
        text_printf(t, "<text class=\"label\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", x,
                    bottom + 17, x < 24 ? "start" : x > WIDTH - 24 ? "end" : "middle");
        html_number(t, k * s->step, 0);
        text_puts(t, "</text>\n");
    }
}

static void draw_bar(struct text *t, const struct scale *s, struct interval bar, const char *name,
                     int top)
{
    int y = top + 27;

    text_printf(t, "<text x=\"%d\" y=\"%d\">", MARGIN, top + 15);
    html_text(t, name);
    text_printf(t, "</text><text class=\"value\" x=\"%d\" y=\"%d\" text-anchor=\"end\">",
                WIDTH - MARGIN, top + 15);
    html_number(t, bar.mean, 0);
    if (bar.high > bar.mean)
        text_printf(t, " &#177; %.0f</text>", bar.high - bar.mean);
    else
        text_puts(t, " given</text>");
    text_printf(t, "<path class=\"bar\" d=\"M%.1f %dH%.1fM%.1f %dv8M%.1f %dv8\"/>",
                across(s, bar.low), y, across(s, bar.high), across(s, bar.low), y - 4,
                across(s, bar.high), y - 4);
    text_printf(t, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%d\" r=\"4\"/>\n", across(s, bar.mean),
                y);
}

void match_chart_ratings(struct text *t, const struct ratings *r, const char *const *name,
                         const int *order, int n)
{
    struct scale s = scale_of(r);
    int known = 0, row = 0;

    for (int i = 0; i < n; i++)
        known += r->known[order[i]];
    if (!known)
        return;
    open_svg(t, known * ROW + AXIS, "Elo of each player, with 95 % error bars");
    draw_axis(t, &s, known * ROW + 4);
    for (int i = 0; i < n; i++)
        if (r->known[order[i]])
            draw_bar(t, &s, rating_of(r, order[i]), name[order[i]], ROW * row++);
    text_puts(t, "</svg>\n");
}

/* --- the score --------------------------------------------------------------- */

enum { LEFT = 44, TOP = 10, PLOT = 180, POINTS = 200 }; /* PLOT high; at most POINTS drawn */

struct point {
    size_t games;
    struct interval score;
};

/* Fills in the score after some of the openings, the last always; returns of how many. */
static int follow(const struct match_record *const *game, size_t n, const char *name,
                  struct point p[POINTS])
{
    struct elo_tally tally = { 0 };
    int points = 0;

    for (size_t i = 0, next; i < n; i = next) {
        int halves = 0;

        for (next = i; next < n && game[next]->game / 2 == game[i]->game / 2; next++)
            halves += match_half_points(game[next], name);
        elo_add(&tally, (int)(next - i), halves / 2.0);
        if (next * POINTS / n > i * POINTS / n)
            p[points++] = (struct point){ next, elo_estimate(&tally).score };
    }
    return points;
}

static double right(size_t games, size_t n)
{
    return LEFT + (double)(WIDTH - LEFT - MARGIN) * (double)games / (double)n;
}

static double down(double score)
{
    return TOP + PLOT * (1 - score);
}

static void draw_frame(struct text *t, size_t n)
{
    double step = fmax(1, nice_step((double)n));

    for (int percent = 0; percent <= 100; percent += 25)
        text_printf(t, "<path class=\"grid%s\" d=\"M%d %.1fH%d\"/><text class=\"label\" x=\"%d\" "
                    "y=\"%.1f\" text-anchor=\"end\">%d %%</text>\n", percent == 50 ? " even" : "",
                    LEFT, down(percent / 100.0), WIDTH - MARGIN, LEFT - 6,
                    down(percent / 100.0) + 4.5, percent);
    for (double k = 0; k * step <= (double)n; k++) {
        double x = right((size_t)(k * step), n);

        text_printf(t, "<text class=\"label\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%.0f</text>\n",
                    x, TOP + PLOT + 18, x > WIDTH - 24 ? "end" : "middle", k * step);
    }
}

void match_chart_score(struct text *t, const char *name, const struct match_record *const *game,
                       size_t n)
{
    struct point p[POINTS];
    int points = follow(game, n, name, p);

    open_svg(t, TOP + PLOT + AXIS, "Score by games played, with its 95 % interval");
    draw_frame(t, n);
    text_puts(t, "<path class=\"band\" d=\"");
    for (int i = 0; i < points; i++)
        text_printf(t, "%c%.1f %.1f", i ? 'L' : 'M', right(p[i].games, n), down(p[i].score.high));
    for (int i = points - 1; i >= 0; i--)
        text_printf(t, "L%.1f %.1f", right(p[i].games, n), down(p[i].score.low));
    text_puts(t, "Z\"/>\n<path class=\"line\" d=\"");
    for (int i = 0; i < points; i++)
        text_printf(t, "%c%.1f %.1f", i ? 'L' : 'M', right(p[i].games, n), down(p[i].score.mean));
    text_printf(t, "\"/><circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n</svg>\n",
                right(n, n), down(p[points - 1].score.mean));
}
