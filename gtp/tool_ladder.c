/* videoworld ladder: how strong an engine is, by games with engines of known strength. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "gtp/ladder.h"
#include "gtp/tool_ladder.h"
#include "gtp/tools.h"

/* What a game is thought to take as long as none was played. */
static const double UNKNOWN_SECONDS = 5;

/* --- what to play next -------------------------------------------------------- */

/* Games by pairing, i < j at [i * n + j], and what a player's moves of one take. */
struct counts {
    long played[MATCH_ENGINES * MATCH_ENGINES], under_way[MATCH_ENGINES * MATCH_ENGINES];
    double seconds[MATCH_ENGINES];
    long timed[MATCH_ENGINES];
};

static int at(const struct match_job *m, const struct match_pairing *x)
{
    return x->engine[0] * m->plan.engines + x->engine[1];
}

static void add_time(struct counts *c, int engine, double ms, int plies)
{
    c->seconds[engine] += 1e-3 * ms * plies / 2;
    c->timed[engine]++;
}

/* Any game of a pairing says who it is. */
static struct match_pairing pairing(const struct match_job *m, int number)
{
    return match_game(&m->plan, 2 * number);
}

static void count(const struct match_job *m, const struct match_results *r,
                  const long *under_way, struct counts *c)
{
    for (int i = 0; i < match_pairings(&m->plan); i++) {
        struct match_pairing x = pairing(m, i);

        c->under_way[at(m, &x)] = under_way[i];
    }
    for (size_t i = 0; i < r->n; i++) {
        const struct match_record *g = &r->record[i];
        struct match_pairing x = match_game(&m->plan, g->game);

        c->played[at(m, &x)]++;
        add_time(c, x.engine[x.black], g->black_ms, g->plies);
        add_time(c, x.engine[!x.black], g->white_ms, g->plies);
    }
    for (int i = 0; i < m->plan.engines; i++)
        c->seconds[i] = c->timed[i] ? c->seconds[i] / (double)c->timed[i] + 1e-3
                                    : UNKNOWN_SECONDS;
}

/* The pairing that tells most; one whose opening has been played by one side only goes first. */
static int choose_pairing(const struct ladder_job *j, const struct match_results *r,
                          const struct counts *c)
{
    const struct match_job *m = &j->match;
    struct ladder l = { m->plan.engines, 0, j->calibrate, c->seconds, c->played, c->under_way };
    struct ratings ratings;
    struct match_table t;
    int a = -1, b = -1;

    for (int i = 0; i < match_pairings(&m->plan); i++) {
        struct match_pairing x = pairing(m, i);

        if ((c->played[at(m, &x)] + c->under_way[at(m, &x)]) % 2)
            return i;
    }
    if (!match_rate(m, r, &t, &ratings, NULL))
        ladder_choose(&l, &ratings, &a, &b, NULL);
    ratings_release(&ratings);
    match_table_release(&t);
    for (int i = 0; i < match_pairings(&m->plan); i++) {
        struct match_pairing x = pairing(m, i);

        if (x.engine[0] == a && x.engine[1] == b)
            return i;
    }
    return -1;
}

/* A match_choose_fn; without memory nothing more is played. */
static int choose(void *arg, const struct match_job *m, const struct match_results *r,
                  const long *under_way)
{
    struct counts *c = calloc(1, sizeof *c);
    int number = -1;

    if (c) {
        count(m, r, under_way, c);
        number = choose_pairing(arg, r, c);
    }
    free(c);
    return number;
}

/* --- enough? -------------------------------------------------------------------- */

/* Has the climber met every rung? */
static bool all_met(const struct match_table *t)
{
    for (int i = 1; i < t->players; i++) {
        struct match_count c = match_against(t, 0, i);

        if (!match_count_games(&c))
            return false;
    }
    return true;
}

/* Is the opening of the last game finished? */
static bool is_whole(const struct match_results *r)
{
    int opening = r->record[r->n - 1].game / 2, games = 0;

    for (size_t i = 0; i < r->n; i++)
        games += r->record[i].game / 2 == opening;
    return games == 2;
}

/* A match_after_fn: is the interval narrow enough, or have so many games been played? */
static int enough(void *arg, const struct match_job *m, const struct match_results *r,
                  struct err *e)
{
    const struct ladder_job *j = arg;
    struct ratings ratings;
    struct match_table t;
    int status = match_rate(m, r, &t, &ratings, e);

    if (!status && (long)r->n >= j->most) {
        status = 1;
    } else if (!status && all_met(&t) && is_whole(r)) {
        struct interval i = rating_of(&ratings, 0);

        status = i.high - i.low <= 2 * j->within;
    }
    ratings_release(&ratings);
    match_table_release(&t);
    return status;
}

/* --- all of it ---------------------------------------------------------------- */

static int climb(struct ladder_job *j, struct err *e)
{
    struct match_results r;
    bool stopped = false;
    int status;

    j->match.choose = choose;
    j->match.after = enough;
    j->match.arg = j;
    j->match.most = j->most;
    status = match_results_begin(&j->match, &r, e);
    if (!status) {
        status = match_play(&j->match, &r, &stopped, e);
        if (stopped)
            fprintf(stderr, "videoworld: stopped\n");
        if (!status && j->match.html)
            status = match_page_write(&j->match, &r, 0, e);
        if (ladder_report(j, &r, e))
            status = -1;
    }
    match_results_release(&r);
    return status;
}

int tool_ladder(int argc, char **argv)
{
    struct ladder_job j;
    int status = ladder_options(&j, argc, argv);
    struct err e;

    err_init(&e);
    if (status < 0)
        status = climb(&j, &e) ? tool_fail(&e) : 0;
    ladder_job_release(&j);
    return status;
}
