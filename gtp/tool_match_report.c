/* videoworld match: its report. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "gtp/elo.h"
#include "gtp/match_html.h"
#include "gtp/tool_match.h"

int match_name_width(const struct match_job *j)
{
    int width = 6;

    for (int i = 0; i < j->plan.engines; i++)
        if ((int)strlen(j->engine[i].name) > width)
            width = (int)strlen(j->engine[i].name);
    return width;
}

const char *match_ms_text(double ms, char buf[24])
{
    snprintf(buf, 24, "%.*f", ms < 10 ? 2 : ms < 100 ? 1 : 0, ms);
    return buf;
}

/* --- two engines ------------------------------------------------------------------- */

/* The first engine's points, opening by opening. */
static int tally_openings(const struct match_results *r, const char *name, struct elo_tally *t,
                          struct err *e)
{
    const struct match_record **by = match_table_sort(r->record, r->n);

    if (!by)
        return err_set(e, "out of memory");
    for (size_t i = 0, next; i < r->n; i = next) {
        double points = 0;

        for (next = i; next < r->n && by[next]->game / 2 == by[i]->game / 2; next++)
            points += 0.5 * match_half_points(by[next], name);
        elo_add(t, (int)(next - i), points);
    }
    free(by);
    return 0;
}

static void print_side(const struct match_table *t, int engine, const char *name, int width)
{
    struct match_count as[2] = { match_as(t, engine, BLACK), match_as(t, engine, WHITE) };
    const struct match_tally *all = &t->tally[engine];
    char black[40], white[40], both[40], ms[24];

    snprintf(both, sizeof both, "%ld-%ld-%ld", all->won, all->drawn, all->lost);
    printf("%-*s  %12s  %12s  %12s  %5.1f %%  %6ld  %7s\n", width, name,
           match_count_text(&as[0], black), match_count_text(&as[1], white), both,
           100 * match_share(all), all->faults, match_ms_text(all->ms, ms));
}

static int print_two(const struct match_job *j, const struct match_results *r,
                     const struct match_table *table, const struct ratings *ratings,
                     struct err *e)
{
    const char *name = j->engine[0].name;
    struct elo_tally t = { 0 };
    struct elo elo;
    int width = match_name_width(j);

    if (tally_openings(r, name, &t, e))
        return -1;
    printf("%-*s  %12s  %12s  %12s  %7s  %6s  %7s\n", width, "engine", "as Black", "as White",
           "won-dr.-lost", "score", "faults", "ms/move");
    for (int i = 0; i < 2; i++)
        print_side(table, i, j->engine[i].name, width);
    elo = elo_estimate(&t);
    printf("%s scores %.1f %% (%.1f to %.1f), Elo %+.0f (%+.0f to %+.0f); 95 %% intervals from "
           "%ld openings\n", name, 100 * elo.score.mean, 100 * elo.score.low,
           100 * elo.score.high, elo.difference.mean, elo.difference.low, elo.difference.high,
           t.n);
    printf("LOS, that %s is the stronger: %.1f %%\n", name, 100 * rating_los(ratings, 0, 1));
    return j->sprt.alpha > 0 ? match_print_sprt(j, r, e) : 0;
}

/* --- any number ---------------------------------------------------------------------- */

static void print_faults(const struct match_tally *s, const char *name)
{
    const char *comma = "";

    if (!s->faults)
        return;
    printf("faults of %s: ", name);
    for (int i = 0; i < N_MATCH_ENDS; i++)
        if (s->fault[i]) {
            printf("%s%ld %s", comma, s->fault[i], match_end_name((enum match_end)i));
            comma = ", ";
        }
    printf("\n");
}

static void print_games(const struct match_results *r, const struct match_table *t,
                        const struct ratings *ratings)
{
    struct interval black = rating_black(ratings);
    long unrefereed = 0;

    for (size_t i = 0; i < r->n; i++)
        unrefereed += r->record[i].end == MATCH_OWN_SCORE;
    printf("%.1f plies a game; Black won %ld, White %ld, drawn %ld\n", t->plies, t->black,
           t->white, t->drawn);
    printf("playing Black is worth Elo %+.0f (%+.0f to %+.0f); %.1f %% of games between equals are "
           "draws\n", black.mean, black.low, black.high, 100 * rating_draws(ratings));
    if (unrefereed)
        printf("the referee gave no score for %ld games, which our own area score decided\n",
               unrefereed);
}

void match_settings(const struct match_job *j, struct text *t)
{
    char clock[MATCH_CLOCK_TEXT];

    text_printf(t, "%dx%d, komi %g, ", j->rules.size, j->rules.size, j->rules.komi);
    if (j->openings_path)
        text_printf(t, "%zu openings of '%s'", j->openings.n, j->openings_path);
    else
        text_printf(t, "%ld random plies first (seed %llu)", j->random_plies,
                    (unsigned long long)j->seed);
    if (j->clock.kind != CLOCK_NONE)
        text_printf(t, ", clock %s", match_clock_text(&j->clock, clock));
}

/* --- as a page ------------------------------------------------------------------------ */

/* The folder of a file, links resolved, of malloc; NULL if there is none. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("."), *folder;

    folder = name ? realpath(name, NULL) : NULL;
    free(name);
    return folder;
}

/* Folder `to` seen from folder `from`, both beginning with '/'. */
static void write_way(struct text *t, const char *from, const char *to)
{
    size_t n = 0, same = 0; /* same: what they have in common, whole names */
    bool up = false;

    for (; from[n] == to[n] && from[n]; n++)
        if (from[n] == '/')
            same = n;
    if ((!from[n] || from[n] == '/') && (!to[n] || to[n] == '/'))
        same = n;
    for (const char *p = from + same; *p; p++)
        if (*p == '/' && p[1]) {
            text_puts(t, up ? "/.." : "..");
            up = true;
        }
    to += same;
    to += *to == '/';
    text_puts(t, !*to ? (up ? "" : ".") : up ? "/" : "");
    text_puts(t, to);
}

/* Where the SGF folder is, seen from the page: both are named from where we are. */
static void write_sgf_dir(const struct match_job *j, struct text *t)
{
    char *page = folder_of(j->html), *games = realpath(j->sgf, NULL);

    if (page && games)
        write_way(t, page, games);
    else
        text_puts(t, j->sgf);
    free(page);
    free(games);
}

static int write_page(const struct match_job *j, const struct match_results *r,
                      const struct match_table *t, const struct ratings *ratings, int refresh,
                      struct err *e)
{
    struct text title, settings, dir;
    const char *line[1], *name[MATCH_ENGINES];
    struct match_page page = {
        .line = line, .lines = 1, .name = name, .players = j->plan.engines, .record = r->record,
        .n = r->n, .table = t, .ratings = ratings, .refresh = refresh,
    };
    int status;

    text_init(&title);
    text_init(&settings);
    text_init(&dir);
    for (int i = 0; i < j->plan.engines; i++)
        name[i] = j->engine[i].name;
    if (j->plan.engines == 2)
        text_printf(&title, "%s – %s", name[0], name[1]);
    else
        text_printf(&title, "%s of %d engines", j->plan.gauntlet ? "Gauntlet" : "Tournament",
                    j->plan.engines);
    match_settings(j, &settings);
    if (j->sgf)
        write_sgf_dir(j, &dir);
    page.title = text_str(&title);
    line[0] = text_str(&settings);
    page.sgf_dir = j->sgf ? text_str(&dir) : NULL;
    status = title.failed || settings.failed || dir.failed ? err_set(e, "out of memory") :
             match_html_write(&page, j->html, e);
    text_release(&title);
    text_release(&settings);
    text_release(&dir);
    return status;
}

int match_page_write(const struct match_job *j, const struct match_results *r, int refresh,
                     struct err *e)
{
    struct match_table t;
    struct ratings ratings;
    int status = match_rate(j, r, &t, &ratings, e) ||
                 write_page(j, r, &t, &ratings, refresh, e) ? -1 : 0;

    ratings_release(&ratings);
    match_table_release(&t);
    return status;
}

/* --- the report ------------------------------------------------------------------------ */

static int print_report(const struct match_job *j, const struct match_results *r,
                        const struct match_table *t, const struct ratings *ratings,
                        struct err *e)
{
    struct text settings;

    text_init(&settings);
    match_settings(j, &settings);
    printf("%zu of %ld games, %s\n", r->n, match_shard_games(&j->plan), text_str(&settings));
    text_release(&settings);
    if (!r->n)
        return 0;
    if (j->plan.engines > 2)
        match_print_standings(j, t, ratings);
    else if (print_two(j, r, t, ratings, e))
        return -1;
    print_games(r, t, ratings);
    for (int i = 0; i < j->plan.engines; i++)
        print_faults(&t->tally[i], j->engine[i].name);
    return 0;
}

int match_report(const struct match_job *j, const struct match_results *r, struct err *e)
{
    struct match_table t;
    struct ratings ratings;
    int status = match_rate(j, r, &t, &ratings, e) || print_report(j, r, &t, &ratings, e) ? -1 : 0;

    if (!status && j->html)
        status = write_page(j, r, &t, &ratings, 0, e);
    ratings_release(&ratings);
    match_table_release(&t);
    return status;
}
