/* videoworld match: GTP engines against each other. */
#include "config.h"

#include <string.h>

#include "gtp/text.h"
#include "gtp/tool_match.h"
#include "gtp/tools.h"

/* What is said of the openings in the heading. */
static void write_openings(const struct match_job *j, struct text *t)
{
    char plies[24] = "all";

    if (!j->openings_path) {
        text_printf(t, "at most %d plies, %ld of them random, seed %llu\n", j->rules.max_plies,
                    j->random_plies, (unsigned long long)j->seed);
        return;
    }
    if (j->opening_plies >= 0)
        snprintf(plies, sizeof plies, "%ld", j->opening_plies);
    text_printf(t, "at most %d plies, the first %s those of %zu openings, %016llx\n",
                j->rules.max_plies, plies, j->openings.n, (unsigned long long)j->openings.hash);
}

/* Rules that most matches do without. */
static void write_rules(const struct match_job *j, struct text *t)
{
    const struct match_rules *r = &j->rules;

    if (r->mercy_plies)
        text_printf(t, "# scored when more than %g points ahead for %d plies\n", r->mercy_points,
                    r->mercy_plies);
    if (r->analyze)
        text_puts(t, "# with analysis\n");
    if (r->resign_moves)
        text_printf(t, "# resigned when winrates are below %g for %d moves\n", r->resign_below,
                    r->resign_moves);
}

/* What makes one match another, as the head of the results file. */
static void write_heading(const struct match_job *j, struct text *t)
{
    char clock[MATCH_CLOCK_TEXT];
    bool timed = false;

    text_printf(t, "%s\n# %dx%d, komi %g, ", MATCH_RESULTS_KIND, j->rules.size, j->rules.size,
                j->rules.komi);
    write_openings(j, t);
    if (j->plan.engines > 2)
        text_puts(t, j->plan.gauntlet ? "# gauntlet\n" : "# round-robin\n");
    write_rules(j, t);
    for (int i = 0; i < j->plan.engines; i++) {
        const struct clock_rules *c = match_engine_clock(j, i);

        text_printf(t, "# %s=%s\n", j->engine[i].name, j->engine[i].command);
        if (c->kind != CLOCK_NONE)
            text_printf(t, "# with clock %s\n", match_clock_text(c, clock));
        timed |= c->kind != CLOCK_NONE;
    }
    if (timed)
        text_printf(t, "# clocks may be overstepped by %g ms\n", 1000 * j->rules.margin);
    if (j->rules.move_seconds != MATCH_MOVE_SECONDS) /* as in files that say nothing of it */
        text_printf(t, "# a move of more than %g s has hung\n", j->rules.move_seconds);
    text_printf(t, "# referee: %s\n", j->referee ? j->referee : "none");
    text_puts(t, "# game\tBlack\tWhite\tresult\tend\tplies\tms of Black\tms of White\tfault\n");
}

int match_results_begin(const struct match_job *j, struct match_results *r, struct err *e)
{
    struct text heading;
    int status;

    text_init(&heading);
    write_heading(j, &heading);
    status = match_results_open(r, j->results, text_str(&heading), e);
    text_release(&heading);
    if (!status && r->n)
        fprintf(stderr, "%zu of %ld games were played before\n", r->n, match_wanted(j));
    return status;
}

static int run(const struct match_job *j, struct err *e)
{
    struct match_results r;
    bool stopped = false;
    int status = match_results_begin(j, &r, e);

    if (!status) {
        status = match_play(j, &r, &stopped, e);
        if (stopped)
            fprintf(stderr, "videoworld: stopped\n");
        if (match_report(j, &r, e))
            status = -1;
    }
    match_results_release(&r);
    return status;
}

static int merge(const char *out, char **files, int n, struct err *e)
{
    size_t games;

    if (match_results_merge(out, files, n, &games, e))
        return -1;
    fprintf(strcmp(out, "-") ? stdout : stderr, "%s: %zu games\n", out, games);
    return 0;
}

int tool_match(int argc, char **argv)
{
    struct match_job j;
    char **files;
    int n_files, status = match_options(&j, argc, argv, &files, &n_files);
    struct err e;

    err_init(&e);
    if (status < 0)
        status = (j.merge ? merge(j.merge, files, n_files, &e) : run(&j, &e)) ? tool_fail(&e) : 0;
    match_job_release(&j);
    return status;
}
