/* tool_match: what the parts of `videoworld match` tell each other. */
#ifndef GTP_TOOL_MATCH_H
#define GTP_TOOL_MATCH_H

#include <stdint.h>
#include <stdio.h>

#include "engine/err.h"
#include "gtp/match_openings.h"
#include "gtp/match_plan.h"
#include "gtp/match_table.h"
#include "gtp/sprt.h"
#include "gtp/text.h"

struct match_engine {
    char name[MATCH_NAME];
    char *command;            /* owned */
    struct clock_rules clock; /* its own, if it has one */
    bool has_clock, has_elo;
    double elo;               /* a known strength, to measure others by */
    bool from_file;           /* the command line may replace it */
};

struct match_job;

/* Told after each game, and before the first if there are games already: 1 ends the match, 0
   goes on, -1 fails. */
typedef int match_after_fn(void *arg, const struct match_job *j, const struct match_results *r,
                           struct err *e);

/* Chooses the pairing (match_plan.h) of the next game, -1: none; under_way: (pairings) games
   that are being played. */
typedef int match_choose_fn(void *arg, const struct match_job *j, const struct match_results *r,
                            const long *under_way);

struct match_job {
    struct match_engine engine[MATCH_ENGINES];
    struct match_plan plan;
    struct match_rules rules;  /* but the clocks, which are by engine: */
    struct clock_rules clock;  /* of those without their own */
    struct match_openings openings;
    char *referee;             /* a command, or NULL: our own area score; owned like all these */
    char *results, *sgf;       /* paths, or NULL */
    char *openings_path;
    char *html;                /* a path for the report as a page */
    char *merge;               /* a path: this is no match, but to join results */
    long jobs;
    long random_plies, opening_plies; /* -1: not said */
    bool shuffle;
    uint64_t seed;
    struct sprt sprt;          /* alpha 0: none */
    match_after_fn *after;     /* or NULL */
    match_choose_fn *choose;   /* or NULL: all pairings progress alike */
    void *arg;                 /* of both */
    long most;                 /* games that there will be, for whoever watches; 0: all */
};

static inline const struct clock_rules *match_engine_clock(const struct match_job *j, int engine)
{
    return j->engine[engine].has_clock ? &j->engine[engine].clock : &j->clock;
}

/* How many games there will be. */
static inline long match_wanted(const struct match_job *j)
{
    return j->most ? j->most : match_shard_games(&j->plan);
}

/* --- tool_match_options.c ------------------------------------------------------ */

/* Takes the command line, and an INI file that it names.  -1: go on, else the exit status.
   *files gets what else was named (to merge), *n_files of them.  Release j in any case. */
int match_options(struct match_job *j, int argc, char **argv, char ***files, int *n_files);
void match_job_release(struct match_job *j);

/* --- tool_match.c -------------------------------------------------------------- */

/* Opens the results, and says how many games there are already.  Release r in any case. */
int match_results_begin(const struct match_job *j, struct match_results *r, struct err *e);

/* --- tool_match_run.c ---------------------------------------------------------- */

/* Plays the games that are not among the results yet, until all are, or `after` says so, or
   ctrl-C, which sets *stopped. */
int match_play(const struct match_job *j, struct match_results *r, bool *stopped, struct err *e);

/* --- tool_match_sgf.c ---------------------------------------------------------- */

/* Makes the folder for the games, and takes away half-written ones of earlier runs. */
int match_sgf_begin(const struct match_job *j, struct err *e);

/* Writes DIR/game-NUMBER.sgf. */
int match_sgf_write(const struct match_job *j, const struct match *m, const struct match_record *g,
                    struct err *e);

/* --- tool_match_show.c --------------------------------------------------------- */

/* What is shown on stderr while games are played: on a terminal a line that changes, elsewhere a
   line a game. */
struct match_show {
    bool live;
    double start;     /* client_now() */
    size_t before;    /* games that were there then */
};

void match_show_begin(struct match_show *s, const struct match_job *j,
                      const struct match_results *r);

/* The game just added, and what went wrong in it. */
void match_show_game(const struct match_show *s, const struct match_job *j,
                     const struct match_results *r, const char *fault);

/* A line of its own, which the one that changes makes room for. */
void match_show_note(const struct match_show *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void match_show_end(const struct match_show *s);

/* --- tool_match_report.c, tool_match_table.c ----------------------------------- */

/* As many digits as tell something. */
const char *match_ms_text(double ms, char buf[24]);

/* What is played: "9x9, komi 7, ...". */
void match_settings(const struct match_job *j, struct text *t);

/* Writes the page of j->html, as the games stand now; refresh as match_html.h has it. */
int match_page_write(const struct match_job *j, const struct match_results *r, int refresh,
                     struct err *e);

/* The final report, on stdout, and as a page if wanted. */
int match_report(const struct match_job *j, const struct match_results *r, struct err *e);

/* The width of the longest name, 6 at least. */
int match_name_width(const struct match_job *j);

/* Counts and rates all games, engines with a known Elo being anchors; release both in any
   case. */
int match_rate(const struct match_job *j, const struct match_results *r, struct match_table *t,
               struct ratings *ratings, struct err *e);

/* The report's part for more than two engines: standings and a cross table. */
void match_print_standings(const struct match_job *j, const struct match_table *t,
                           const struct ratings *ratings);

/* --- tool_match_sprt.c --------------------------------------------------------- */

/* A match_after_fn: has the test of j->sprt come to a verdict? */
int match_sprt_after(void *arg, const struct match_job *j, const struct match_results *r,
                     struct err *e);

/* The report's line for it. */
int match_print_sprt(const struct match_job *j, const struct match_results *r, struct err *e);

#endif
