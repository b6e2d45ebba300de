/* videoworld ladder: its options, and the rungs when nobody names any. */
#include "config.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gtp/numbers.h"
#include "gtp/tool_ladder.h"
#include "gtp/tools.h"

static const char help[] =
    "Usage: videoworld ladder [FILE.ini] [OPTION]...\n"
    "Rate an engine by games against others whose strength is known: openings with colours\n"
    "swapped, each against the rung that tells most about it at the time, until its Elo is\n"
    "known well enough.  Faults, clocks, referee and results are as in 'videoworld match'.\n\n"
    "FILE.ini is one of 'videoworld match': its first engine climbs, the others are rungs, and\n"
    "those with a key elo fix the scale.  Without a file 'videoworld gtp' climbs; the rungs are\n"
    "the built-in random player, GNU Go levels 1 and 10 (1800) if it is installed, which then is\n"
    "the referee too, and KataGo at 1, 2, 4, 8, 16, 24, 64 and 256 visits if it is on PATH or\n"
    "named.\n\n"
    "  -e, --engine=NAME=COMMAND  climbs instead (without FILE.ini)\n"
    "  -K, --katago=COMMAND       KataGo with its network and configuration, as in 'katago gtp\n"
    "                             -model NET -config FILE'; rules and visits are added\n"
    "  -a, --anchor=RUNG=ELO      the known strength of a rung; any number of them\n"
    "  -w, --within=ELO           end when the 95 % interval is no wider than twice this\n"
    "                             (default 50)\n"
    "  -n, --games=N              or after so many (default 1000)\n"
    "  -c, --calibrate            let rungs play each other where that tells more: for rungs\n"
    "                             whose strength is not known\n"
    "  -P, --plot=FILE            a picture of it, PNG, by gnuplot\n"
    "  -j, --jobs=N, -p, --random-plies=N, -s, --seed=N, -t, --move-seconds=S,\n"
    "  -R, --referee=COMMAND, -r, --results=FILE, -g, --sgf=DIR   as in 'videoworld match'\n"
    "  -h, --help                 show this help\n";

static const struct option options[] = {
    { "engine", required_argument, NULL, 'e' },
    { "katago", required_argument, NULL, 'K' },
    { "anchor", required_argument, NULL, 'a' },
    { "within", required_argument, NULL, 'w' },
    { "games", required_argument, NULL, 'n' },
    { "calibrate", no_argument, NULL, 'c' },
    { "plot", required_argument, NULL, 'P' },
    { "jobs", required_argument, NULL, 'j' },
    { "random-plies", required_argument, NULL, 'p' },
    { "seed", required_argument, NULL, 's' },
    { "move-seconds", required_argument, NULL, 't' },
    { "referee", required_argument, NULL, 'R' },
    { "results", required_argument, NULL, 'r' },
    { "sgf", required_argument, NULL, 'g' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static const int visits[] = { 1, 2, 4, 8, 16, 24, 64, 256 };

enum { GAMES_A_PAIRING = 2000, WORDS = 256 };

/* The command line of 'videoworld match' that ours comes to. */
struct words {
    char *word[WORDS + 1]; /* NULL behind the last; owned */
    int n;
    const char *anchor[WORDS];
    int n_anchors;
    bool has_file, has_engine, has_referee;
    bool failed;           /* too many, or no memory */
};

static void add(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct words *w, const char *fmt, ...)
{
    va_list ap;

    if (w->n == WORDS) {
        w->failed = true;
        return;
    }
    va_start(ap, fmt);
    if (vasprintf(&w->word[w->n], fmt, ap) < 0)
        w->failed = true;
    else
        w->n++;
    va_end(ap);
    w->word[w->n] = NULL;
}

static void words_release(struct words *w)
{
    for (int i = 0; i < w->n; i++)
        free(w->word[i]);
}

/* --- the rungs that there are -------------------------------------------------- */

/* Where a program is, on PATH or where Debian keeps games; false: nowhere. */
static bool find_program(const char *name, char full[4096])
{
    const char *path = getenv("PATH");

    for (; path && *path; path += strcspn(path, ":"), path += *path == ':') {
        int n = (int)strcspn(path, ":");

        snprintf(full, 4096, "%.*s/%s", n, path, name);
        if (n && !access(full, X_OK))
            return true;
    }
    snprintf(full, 4096, "/usr/games/%s", name);
    return !access(full, X_OK);
}

/* This very program, quoted for the shell. */
static char *find_self(void)
{
    char path[4096], *quoted;
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    path[n > 0 ? n : 0] = '\0';
    if (n <= 0 || strchr(path, '\''))
        return strdup("videoworld");
    return asprintf(&quoted, "'%s'", path) < 0 ? NULL : quoted;
}

static void add_gnugo(struct words *w)
{
    static const char gtp[] = "--mode gtp --chinese-rules --positional-superko";
    char path[4096];

    if (!find_program("gnugo", path))
        return;
    add(w, "--engine=gnugo-1=%s %s --level 1", path, gtp);
    add(w, "--engine=gnugo-10=%s %s --level 10", path, gtp);
    if (!w->has_referee)
        add(w, "--referee=%s %s", path, gtp);
}

static void add_katago(struct words *w, const char *command)
{
    char path[4096];

    if (!command && !find_program("katago", path))
        return;
    for (size_t i = 0; i < sizeof visits / sizeof *visits; i++)
        add(w, "--engine=katago-%d=%s -override-config maxVisits=%d,numSearchThreads=1,"
            "ponderingEnabled=false,koRule=POSITIONAL,scoringRule=AREA,taxRule=NONE,"
            "multiStoneSuicideLegal=false,hasButton=false,friendlyPassOk=false", visits[i],
            command ? command : "katago gtp", visits[i]);
}

static void add_rungs(const struct ladder_job *j, struct words *w)
{
    if (!w->has_engine)
        add(w, "--engine=videoworld=%s gtp -j 1", j->program);
    add(w, "--engine=random=%s gtp -p random", j->program);
    add_gnugo(w);
    add_katago(w, j->katago);
}

/* --- options ------------------------------------------------------------------- */

static int take_text(char **to, const char *text)
{
    free(*to);
    *to = strdup(text);
    return *to && **to ? 0 : -1;
}

static int take_option(struct ladder_job *j, struct words *w, int opt, const char *arg)
{
    switch (opt) {
    case 'K': return take_text(&j->katago, arg);
    case 'P': return take_text(&j->plot, arg);
    case 'c': j->calibrate = true; return 0;
    case 'w': return number_real(arg, 1, 10000, &j->within);
    case 'n': return number_whole(arg, 1, 1000000, &j->most);
    case 'a':
        if (w->n_anchors == WORDS)
            return -1;
        w->anchor[w->n_anchors++] = arg;
        return 0;
    default: /* what match has too */
        w->has_engine |= opt == 'e';
        w->has_referee |= opt == 'R';
        add(w, "-%c%s", opt, arg);
        return *arg ? 0 : -1;
    }
}

static int take_command_line(struct ladder_job *j, struct words *w, int argc, char **argv)
{
    int opt;

    opterr = 0;
    optind = 1;
    while ((opt = getopt_long(argc, argv, "e:K:a:w:n:cP:j:p:s:t:R:r:g:h", options, NULL)) != -1) {
        if (opt == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (opt == '?')
            return tool_usage("ladder", "unknown or incomplete option '%s'", argv[optind - 1]);
        if (take_option(j, w, opt, optarg))
            return tool_usage("ladder", "'%s' is no value for -%c", optarg, opt);
    }
    if (optind < argc - 1)
        return tool_usage("ladder", "what is '%s'?", argv[optind + 1]);
    if (optind < argc) {
        w->has_file = true;
        add(w, "%s", argv[optind]);
    }
    if (w->has_file && (w->has_engine || j->katago))
        return tool_usage("ladder", "the engines are those of the file, or of the options");
    return -1;
}

/* "RUNG=ELO" */
static int take_anchor(struct match_job *m, const char *text)
{
    const char *is = strrchr(text, '=');
    double elo;

    for (int i = 1; is && i < m->plan.engines; i++) {
        struct match_engine *x = &m->engine[i];

        if (strlen(x->name) != (size_t)(is - text) || strncmp(x->name, text, strlen(x->name)))
            continue;
        if (number_real(is + 1, -10000, 10000, &elo))
            break;
        x->has_elo = true;
        x->elo = elo;
        return 0;
    }
    return -1;
}

/* Who fixes the scale. */
static int set_anchors(struct match_job *m, const struct words *w)
{
    bool anchored = false;

    for (int i = 1; i < m->plan.engines && !w->has_file; i++)
        if (!strcmp(m->engine[i].name, "gnugo-10")) {
            m->engine[i].has_elo = true;
            m->engine[i].elo = 1800;
        }
    for (int i = 0; i < w->n_anchors; i++)
        if (take_anchor(m, w->anchor[i]))
            return tool_usage("ladder", "'%s' is no rung with its Elo", w->anchor[i]);
    m->engine[0].has_elo = false;
    for (int i = 1; i < m->plan.engines; i++)
        anchored |= m->engine[i].has_elo;
    return anchored ? -1 : tool_usage("ladder", "no rung's Elo is known: say one by --anchor");
}

int ladder_options(struct ladder_job *j, int argc, char **argv)
{
    struct words w = { 0 };
    char **files = NULL;
    int status, n_files;

    *j = (struct ladder_job){ .within = 50, .most = 1000, .program = find_self() };
    add(&w, "match");
    status = take_command_line(j, &w, argc, argv);
    if (status < 0 && !w.has_file)
        add_rungs(j, &w);
    if (status < 0) {
        add(&w, "--format=%s", j->calibrate ? "round-robin" : "gauntlet");
        add(&w, "--games=%d", GAMES_A_PAIRING);
        if (w.failed || !j->program)
            status = tool_usage("ladder", "too many options");
        else
            status = match_options(&j->match, w.n, w.word, &files, &n_files);
    }
    if (status < 0)
        status = set_anchors(&j->match, &w);
    words_release(&w);
    return status;
}

void ladder_job_release(struct ladder_job *j)
{
    match_job_release(&j->match);
    free(j->katago);
    free(j->plot);
    free(j->program);
}
