/* videoworld match: two GTP engines against each other. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gtp/text.h"
#include "gtp/tool_match.h"
#include "gtp/tools.h"

static const char help[] =
    "Usage: videoworld match --engine NAME=COMMAND --engine NAME=COMMAND [OPTION]...\n"
    "Play GTP engines against each other: games in pairs of the same opening with colours\n"
    "swapped.  Who moves illegally, hangs, dies or answers nonsense loses that game, is\n"
    "started again, and the match goes on.  Ctrl-C ends it with a table of what was played.\n\n"
    "  -e, --engine=NAME=COMMAND  an engine, as the shell is to start it; twice\n"
    "  -n, --games=N              how many (default 100)\n"
    "  -j, --jobs=N               games at once, each with its own pair of engines (default 1)\n"
    "  -b, --size=N               of the board, 2 to 25 (default 9)\n"
    "  -k, --komi=F               points for White (default 7)\n"
    "  -p, --random-plies=N       random moves, off the edge, that begin each game\n"
    "                             (default 4)\n"
    "  -s, --seed=N               of these (default 1)\n"
    "  -t, --move-seconds=S       an engine that thinks longer has hung (default 60)\n"
    "  -m, --max-plies=N          then the score is taken (default 4 times the points)\n"
    "  -R, --referee=COMMAND      a GTP engine whose final_score decides, for engines that\n"
    "                             pass with dead stones on the board (default: area score,\n"
    "                             every stone alive)\n"
    "  -r, --results=FILE         append each game's result; the same command goes on where\n"
    "                             it ended, however that was\n"
    "  -g, --sgf=DIR              write each game there, made if absent\n"
    "  -h, --help                 show this help\n";

static const struct option options[] = {
    { "engine", required_argument, NULL, 'e' },
    { "games", required_argument, NULL, 'n' },
    { "jobs", required_argument, NULL, 'j' },
    { "size", required_argument, NULL, 'b' },
    { "komi", required_argument, NULL, 'k' },
    { "random-plies", required_argument, NULL, 'p' },
    { "seed", required_argument, NULL, 's' },
    { "move-seconds", required_argument, NULL, 't' },
    { "max-plies", required_argument, NULL, 'm' },
    { "referee", required_argument, NULL, 'R' },
    { "results", required_argument, NULL, 'r' },
    { "sgf", required_argument, NULL, 'g' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

/* --- the command line -------------------------------------------------------- */

static int take_real(const char *text, double min, double max, double *v)
{
    char *end;

    *v = strtod(text, &end);
    return end == text || *end || !(*v >= min && *v <= max) ? -1 : 0;
}

static int take_whole(const char *text, long min, long max, long *v)
{
    char *end;

    errno = 0;
    *v = strtol(text, &end, 10);
    return errno || end == text || *end || *v < min || *v > max ? -1 : 0;
}

static int take_int(const char *text, long min, long max, int *v)
{
    long n = 0;
    int status = take_whole(text, min, max, &n);

    *v = (int)n;
    return status;
}

/* "NAME=COMMAND"; names differ, and neither has more than one line. */
static int take_engine(struct match_job *j, const char *text)
{
    const char *is = strchr(text, '=');
    int i = j->command[0] != NULL;
    size_t len;

    if (!is || !is[1] || strchr(text, '\n') || j->command[1])
        return -1;
    len = (size_t)(is - text);
    if (len >= MATCH_NAME)
        return -1;
    memcpy(j->name[i], text, len);
    j->name[i][len] = '\0';
    j->command[i] = is + 1;
    return !match_name_ok(j->name[i]) || (i && !strcmp(j->name[0], j->name[1])) ? -1 : 0;
}

/* Takes one option; -1: its value is wrong. */
static int take_option(struct match_job *j, int opt, const char *arg)
{
    long seed = 0;
    int status = 0;

    switch (opt) {
    case 'e': return take_engine(j, arg);
    case 'n': return take_whole(arg, 1, 1000000, &j->games);
    case 'j': return take_whole(arg, 1, 256, &j->jobs);
    case 'b': return take_int(arg, 2, 25, &j->rules.size);
    case 'k': return take_real(arg, -1000, 1000, &j->rules.komi);
    case 'p': return take_whole(arg, 0, 1000, &j->random_plies);
    case 's':
        status = take_whole(arg, 0, 1L << 62, &seed);
        j->seed = (uint64_t)seed;
        return status;
    case 't': return take_real(arg, 0.001, 1e6, &j->rules.move_seconds);
    case 'm': return take_int(arg, 1, GAME_MAX_PLIES, &j->rules.max_plies);
    case 'R': j->referee = arg; return *arg && !strchr(arg, '\n') ? 0 : -1;
    case 'r': j->results = arg; return 0;
    default: j->sgf = arg; return 0;
    }
}

/* -1: go on; else the exit status. */
static int parse_options(struct match_job *j, int argc, char **argv)
{
    int opt;

    opterr = 0;
    optind = 1;
    while ((opt = getopt_long(argc, argv, "e:n:j:b:k:p:s:t:m:R:r:g:h", options, NULL)) != -1) {
        if (opt == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (opt == '?')
            return tool_usage("match", "unknown or incomplete option '%s'", argv[optind - 1]);
        if (take_option(j, opt, optarg))
            return tool_usage("match", "'%s' is no value for -%c", optarg, opt);
    }
    if (optind < argc)
        return tool_usage("match", "unexpected argument '%s'", argv[optind]);
    if (!j->command[1])
        return tool_usage("match", "two engines are needed, by --engine NAME=COMMAND");
    if (!j->rules.max_plies)
        j->rules.max_plies = 4 * j->rules.size * j->rules.size;
    if (j->random_plies >= j->rules.max_plies)
        return tool_usage("match", "%ld random plies leave none of %d to play", j->random_plies,
                          j->rules.max_plies);
    return -1;
}

/* --- the match --------------------------------------------------------------- */

/* What makes one match another, as the head of the results file. */
static void write_heading(const struct match_job *j, struct text *t)
{
    text_printf(t, "# videoworld match 1\n"
                "# %dx%d, komi %g, at most %d plies, %ld of them random, seed %llu\n",
                j->rules.size, j->rules.size, j->rules.komi, j->rules.max_plies, j->random_plies,
                (unsigned long long)j->seed);
    for (int i = 0; i < 2; i++)
        text_printf(t, "# %s=%s\n", j->name[i], j->command[i]);
    text_printf(t, "# referee: %s\n", j->referee ? j->referee : "none");
    text_puts(t, "# game\tBlack\tWhite\tresult\tend\tplies\tms of Black\tms of White\tfault\n");
}

static int run(const struct match_job *j, struct err *e)
{
    struct match_results r;
    struct text heading;
    bool stopped = false;
    int status;

    text_init(&heading);
    write_heading(j, &heading);
    status = match_results_open(&r, j->results, text_str(&heading), e);
    text_release(&heading);
    if (!status) {
        if (r.n)
            fprintf(stderr, "%zu of %ld games were played before\n", r.n, j->games);
        status = match_play(j, &r, &stopped, e);
        if (stopped)
            fprintf(stderr, "videoworld: stopped\n");
        if (match_print_table(j, &r, e))
            status = -1;
    }
    match_results_release(&r);
    return status;
}

int tool_match(int argc, char **argv)
{
    struct match_job j = {
        .rules = { .size = 9, .komi = 7, .move_seconds = 60 },
        .games = 100, .jobs = 1, .random_plies = 4, .seed = 1,
    };
    int status = parse_options(&j, argc, argv);
    struct err e;

    if (status >= 0)
        return status;
    err_init(&e);
    return run(&j, &e) ? tool_fail(&e) : 0;
}
