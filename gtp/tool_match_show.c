/* videoworld match: what it tells while games are played. */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gtp/text.h"
#include "gtp/tool_match.h"

enum { LINE = 79 }; /* columns of the line that changes */

/* The games of a pairing so far, for its first engine. */
static struct match_count score_of(const struct match_job *j, const struct match_results *r,
                                   const struct match_pairing *x)
{
    struct match_count c = { 0 };

    for (size_t i = 0; i < r->n; i++) {
        struct match_pairing y = match_game(&j->plan, r->record[i].game);

        if (y.number == x->number)
            match_count(&c, r->record[i].winner, y.black == 0 ? BLACK : WHITE);
    }
    return c;
}

/* The points of each engine of its games, "a 3.5/10". */
static void add_scores(struct text *t, const struct match_job *j, const struct match_results *r)
{
    struct match_count c[MATCH_ENGINES] = { 0 };

    for (size_t i = 0; i < r->n; i++) {
        struct match_pairing x = match_game(&j->plan, r->record[i].game);

        for (int k = 0; k < 2; k++)
            match_count(&c[x.engine[k]], r->record[i].winner, x.black == k ? BLACK : WHITE);
    }
    for (int i = 0; i < j->plan.engines; i++)
        text_printf(t, ", %s %.10g/%ld", j->engine[i].name, match_count_points(&c[i]),
                    match_count_games(&c[i]));
}

/* What will be needed if the rest goes as what was played. */
static void add_time_left(struct text *t, const struct match_show *s, const struct match_job *j,
                          const struct match_results *r)
{
    double played = (double)(r->n - s->before), left = (double)match_wanted(j);
    long seconds;

    if (played < 1 || left <= (double)r->n)
        return;
    seconds = (long)((client_now() - s->start) / played * (left - (double)r->n));
    text_printf(t, ", %ld:%02ld:%02ld left", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static void show_line(const struct match_show *s, const struct match_job *j,
                      const struct match_results *r)
{
    struct match_pairing x = match_game(&j->plan, 0);
    struct match_count c;
    struct text t;
    char buf[40];

    text_init(&t);
    text_printf(&t, "%zu of %ld games", r->n, match_wanted(j));
    add_time_left(&t, s, j, r);
    if (j->plan.engines == 2) {
        c = score_of(j, r, &x);
        text_printf(&t, ", %s %s", j->engine[0].name, match_count_text(&c, buf));
    } else {
        add_scores(&t, j, r);
    }
    fprintf(stderr, "\r%.*s\033[K", LINE, text_str(&t));
    fflush(stderr);
    text_release(&t);
}

static void print_line(const struct match_job *j, const struct match_results *r)
{
    const struct match_record *g = &r->record[r->n - 1];
    struct match_pairing x = match_game(&j->plan, g->game);
    struct match_count c = score_of(j, r, &x);
    const char *against = j->plan.engines == 2 ? "" : j->engine[x.engine[1]].name;
    char buf[40];

    fprintf(stderr, "%zu of %ld: game %d, %s - %s %s, %d plies; %s %s%s%s\n", r->n,
            match_wanted(j), g->game, g->black, g->white, g->result, g->plies,
            j->engine[x.engine[0]].name, match_count_text(&c, buf), *against ? " against " : "",
            against);
}

/* --- for others ------------------------------------------------------------------ */

void match_show_begin(struct match_show *s, const struct match_job *j,
                      const struct match_results *r)
{
    const char *term = getenv("TERM");

    *s = (struct match_show){ .live = isatty(STDERR_FILENO) && (!term || strcmp(term, "dumb")),
                              .start = client_now(), .before = r->n };
    if (s->live)
        show_line(s, j, r);
}

void match_show_game(const struct match_show *s, const struct match_job *j,
                     const struct match_results *r, const char *fault)
{
    if (*fault)
        match_show_note(s, "videoworld: game %d: %s", r->record[r->n - 1].game, fault);
    if (s->live)
        show_line(s, j, r);
    else
        print_line(j, r);
}

void match_show_note(const struct match_show *s, const char *fmt, ...)
{
    va_list ap;

    if (s->live)
        fputs("\r\033[K", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

void match_show_end(const struct match_show *s)
{
    if (s->live)
        fputc('\n', stderr);
}
