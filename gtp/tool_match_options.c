/* videoworld match: its options, from the command line and from an INI file. */
#include "config.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gtp/match_ini.h"
#include "gtp/numbers.h"
#include "gtp/tool_match.h"
#include "gtp/tools.h"

static const char help[] =
    "Usage: videoworld match [FILE.ini] [--engine NAME=COMMAND]... [OPTION]...\n"
    "   or: videoworld match --merge OUT RESULTS...\n"
    "Play GTP engines against each other: games in pairs of the same opening with colours\n"
    "swapped.  Who moves illegally, oversteps its clock, hangs, dies or answers nonsense loses\n"
    "that game, is started again, and the match goes on.  Ctrl-C ends it with a table of what\n"
    "was played.\n\n"
    "  -e, --engine=NAME=COMMAND  an engine, as the shell is to start it; two or more\n"
    "      --format=FORMAT        round-robin: all against all (default); gauntlet: the first\n"
    "                             against each of the others\n"
    "  -n, --games=N              how many between any two that meet (default 100)\n"
    "  -j, --jobs=N               games at once, each with its own engines (default 1)\n"
    "  -b, --size=N               of the board, 2 to 25 (default 9)\n"
    "  -k, --komi=F               points for White (default 7)\n"
    "Openings:\n"
    "  -p, --random-plies=N       random moves, off the edge, that begin each game\n"
    "                             (default 4)\n"
    "  -s, --seed=N               of these, and of --shuffle (default 1)\n"
    "      --openings=FILE        instead: the main lines of an SGF collection, in order\n"
    "      --opening-plies=N      at most so many moves of each (default all)\n"
    "      --shuffle              in another order\n"
    "The end of a game:\n"
    "      --time=CLOCK           60: seconds a game; 60+1: 1 more after each move; 60/5x10:\n"
    "                             then 5 byo-yomi periods of 10 s; 60/10:25: then 10 s for 25\n"
    "                             moves each (default none)\n"
    "      --margin-ms=N          by which a clock may be overstepped (default 100)\n"
    "  -t, --move-seconds=S       an engine that thinks longer has hung (default 60)\n"
    "  -m, --max-plies=N          then the score is taken (default 4 times the points)\n"
    "      --mercy=X,K            or when the same side was more than X points ahead, by area,\n"
    "                             after each of K plies in a row\n"
    "      --resign-winrate=P,K   a side has resigned when its own winrate was below P (0 to 1)\n"
    "                             at K of its moves in a row; needs --analyze\n"
    "      --analyze              ask for moves by kata- or lz-genmove_analyze where they are\n"
    "                             known; winrates, scores and visits go into the SGF\n"
    "  -R, --referee=COMMAND      a GTP engine whose final_score decides, for engines that\n"
    "                             pass with dead stones on the board (default: area score,\n"
    "                             every stone alive)\n"
    "Results:\n"
    "  -r, --results=FILE         append each game's result; the same command goes on where\n"
    "                             it ended, however that was\n"
    "  -g, --sgf=DIR              write each game there, made if absent\n"
    "      --shard=I/N            play only every Nth opening, from the Ith on: N such\n"
    "                             commands, I = 1 to N, anywhere, are the whole match\n"
    "      --sprt=ELO0,ELO1       end the match of two engines once it is decided whether the\n"
    "                             first is ELO0 or ELO1 above the second (alpha, beta 5 %)\n"
    "      --html=FILE            write the report as a page too, anew while the match goes on\n"
    "      --merge=OUT            join the RESULTS of one match, and OUT if it is there\n"
    "  -h, --help                 show this help\n\n"
    "FILE.ini has a section [match] with the long options' names as keys (flags: yes or no),\n"
    "and for each engine a section [engine NAME] with the key command and, if wanted, time and\n"
    "elo (its known strength).  Options on the command line override it.\n";

enum { OPT_FORMAT = 256, OPT_OPENINGS, OPT_OPENING_PLIES, OPT_SHUFFLE, OPT_TIME, OPT_MARGIN,
       OPT_MERCY, OPT_RESIGN, OPT_ANALYZE, OPT_SHARD,
       OPT_SPRT, OPT_HTML, OPT_MERGE };

static const struct option options[] = {
    { "engine", required_argument, NULL, 'e' },
    { "format", required_argument, NULL, OPT_FORMAT },
    { "games", required_argument, NULL, 'n' },
    { "jobs", required_argument, NULL, 'j' },
    { "size", required_argument, NULL, 'b' },
    { "komi", required_argument, NULL, 'k' },
    { "random-plies", required_argument, NULL, 'p' },
    { "seed", required_argument, NULL, 's' },
    { "openings", required_argument, NULL, OPT_OPENINGS },
    { "opening-plies", required_argument, NULL, OPT_OPENING_PLIES },
    { "shuffle", no_argument, NULL, OPT_SHUFFLE },
    { "time", required_argument, NULL, OPT_TIME },
    { "margin-ms", required_argument, NULL, OPT_MARGIN },
    { "move-seconds", required_argument, NULL, 't' },
    { "max-plies", required_argument, NULL, 'm' },
    { "mercy", required_argument, NULL, OPT_MERCY },
    { "resign-winrate", required_argument, NULL, OPT_RESIGN },
    { "analyze", no_argument, NULL, OPT_ANALYZE },
    { "referee", required_argument, NULL, 'R' },
    { "results", required_argument, NULL, 'r' },
    { "sgf", required_argument, NULL, 'g' },
    { "shard", required_argument, NULL, OPT_SHARD },
    { "sprt", required_argument, NULL, OPT_SPRT },
    { "html", required_argument, NULL, OPT_HTML },
    { "merge", required_argument, NULL, OPT_MERGE },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};
static const char letters[] = "e:n:j:b:k:p:s:t:m:R:r:g:h";

/* --- values ------------------------------------------------------------------ */

/* A text of one line that is not empty, kept as a copy. */
static int take_text(const char *text, char **v)
{
    if (!*text || strchr(text, '\n'))
        return -1;
    free(*v);
    *v = strdup(text);
    return *v ? 0 : -1;
}

/* "X,K": a number of min .. max and a whole one. */
static int take_real_and_count(const char *text, double min, double max, double *x, int *k)
{
    const char *comma = strchr(text, ',');
    char first[32];

    if (!comma || (size_t)(comma - text) >= sizeof first)
        return -1;
    memcpy(first, text, (size_t)(comma - text));
    first[comma - text] = '\0';
    return number_real(first, min, max, x) || number_int(comma + 1, 1, GAME_MAX_PLIES, k) ? -1 : 0;
}

/* "I/N" */
static int take_shard(const char *text, struct match_plan *p)
{
    char *slash;
    long i = strtol(text, &slash, 10);

    if (*slash != '/' || number_int(slash + 1, 1, 1000000, &p->shards) || i < 1 || i > p->shards)
        return -1;
    p->shard = (int)i;
    return 0;
}

/* --- engines ----------------------------------------------------------------- */

/* The engine of that name, which is made if it is not there; NULL: it cannot be. */
static struct match_engine *find_engine(struct match_job *j, const char *name)
{
    struct match_engine *x;

    for (int i = 0; i < j->plan.engines; i++)
        if (!strcmp(j->engine[i].name, name))
            return &j->engine[i];
    if (!match_name_ok(name) || j->plan.engines == MATCH_ENGINES)
        return NULL;
    x = &j->engine[j->plan.engines++];
    strcpy(x->name, name);
    return x;
}

/* "NAME=COMMAND"; names differ, but one from a file may be replaced. */
static int take_engine(struct match_job *j, const char *text)
{
    const char *is = strchr(text, '=');
    struct match_engine *x;
    char name[MATCH_NAME];

    if (!is || (size_t)(is - text) >= sizeof name)
        return -1;
    memcpy(name, text, (size_t)(is - text));
    name[is - text] = '\0';
    x = find_engine(j, name);
    if (!x || (x->command && !x->from_file))
        return -1;
    x->from_file = false;
    return take_text(is + 1, &x->command);
}

/* "NAME=COMMAND" with the name of one that has a command already. */
static bool is_taken(const struct match_job *j, const char *text)
{
    for (int i = 0; i < j->plan.engines; i++) {
        size_t n = strlen(j->engine[i].name);

        if (!strncmp(text, j->engine[i].name, n) && text[n] == '=')
            return j->engine[i].command != NULL;
    }
    return false;
}

/* --- one option --------------------------------------------------------------- */

static int take_seed(const char *arg, uint64_t *v)
{
    long seed = 0;
    int status = number_whole(arg, 0, 1L << 62, &seed);

    *v = (uint64_t)seed;
    return status;
}

static int take_format(struct match_job *j, const char *arg)
{
    j->plan.gauntlet = !strcmp(arg, "gauntlet");
    return j->plan.gauntlet || !strcmp(arg, "round-robin") ? 0 : -1;
}

static int take_margin(struct match_job *j, const char *arg)
{
    double ms;

    if (number_real(arg, 0, 1e6, &ms))
        return -1;
    j->rules.margin = 1e-3 * ms;
    return 0;
}

/* "ELO0,ELO1" */
static int take_sprt(struct match_job *j, const char *arg)
{
    struct sprt s = { .alpha = 0.05, .beta = 0.05 };
    char *comma;

    s.elo0 = strtod(arg, &comma);
    if (comma == arg || *comma != ',' || number_real(comma + 1, -SPRT_FAR, SPRT_FAR, &s.elo1) ||
        sprt_check(&s, NULL))
        return -1;
    j->sprt = s;
    j->after = match_sprt_after;
    return 0;
}

/* Takes one option; -1: its value is wrong. */
static int take_option(struct match_job *j, int opt, const char *arg)
{
    struct match_rules *r = &j->rules;

    switch (opt) {
    case 'e': return take_engine(j, arg);
    case OPT_FORMAT: return take_format(j, arg);
    case 'n': return number_whole(arg, 1, 1000000, &j->plan.games);
    case 'j': return number_whole(arg, 1, 256, &j->jobs);
    case 'b': return number_int(arg, 2, 25, &r->size);
    case 'k': return number_real(arg, -1000, 1000, &r->komi);
    case 'p': return number_whole(arg, 0, 1000, &j->random_plies);
    case 's': return take_seed(arg, &j->seed);
    case OPT_OPENINGS: return take_text(arg, &j->openings_path);
    case OPT_OPENING_PLIES: return number_whole(arg, 0, GAME_MAX_PLIES, &j->opening_plies);
    case OPT_SHUFFLE: j->shuffle = true; return 0;
    case OPT_TIME: return match_clock_parse(arg, &j->clock);
    case OPT_MARGIN: return take_margin(j, arg);
    case 't': return number_real(arg, 0.001, 1e6, &r->move_seconds);
    case 'm': return number_int(arg, 1, GAME_MAX_PLIES, &r->max_plies);
    case OPT_MERCY: return take_real_and_count(arg, 0, 1e4, &r->mercy_points, &r->mercy_plies);
    case OPT_RESIGN: return take_real_and_count(arg, 0, 1, &r->resign_below, &r->resign_moves);
    case OPT_ANALYZE: r->analyze = true; return 0;
    case 'R': return take_text(arg, &j->referee);
    case 'r': return take_text(arg, &j->results);
    case 'g': return take_text(arg, &j->sgf);
    case OPT_SHARD: return take_shard(arg, &j->plan);
    case OPT_SPRT: return take_sprt(j, arg);
    case OPT_HTML: return strcmp(arg, "-") ? take_text(arg, &j->html) : -1; /* written often */
    default: return take_text(arg, &j->merge);
    }
}

/* --- the INI file -------------------------------------------------------------- */

/* A key of a section [engine NAME]. */
static int take_engine_key(struct match_job *j, const char *name, const char *key,
                           const char *value, bool more, struct err *e)
{
    struct match_engine *x = find_engine(j, name);
    char command[8192];
    int status = -1;

    if (!x)
        return err_set(e, "'%s' is no name for an engine, or there are too many", name);
    x->from_file = true;
    if (!strcmp(key, "command")) {
        if (snprintf(command, sizeof command, "%s%s%s", more ? x->command : "", more ? " " : "",
                     value) >= (int)sizeof command)
            return err_set(e, "the command of '%s' is longer than %zu bytes", name,
                           sizeof command - 1);
        status = take_text(command, &x->command);
    } else if (!more && !strcmp(key, "time")) {
        x->has_clock = true;
        status = match_clock_parse(value, &x->clock);
    } else if (!more && !strcmp(key, "elo")) {
        x->has_elo = true;
        status = number_real(value, -10000, 10000, &x->elo);
    } else if (!more) {
        return err_set(e, "an engine has no '%s', but command, time and elo", key);
    }
    return status ? err_set(e, "'%s' is no value for %s", value, key) : 0;
}

/* A key of [match]: a long option. */
static int take_match_key(struct match_job *j, const char *key, const char *value, struct err *e)
{
    const struct option *o = options;
    int status = 0;

    while (o->name && strcmp(o->name, key))
        o++;
    if (!o->name || o->val == 'e' || o->val == 'h' || o->val == OPT_MERGE)
        return err_set(e, "unknown key '%s'", key);
    if (o->has_arg || !strcmp(value, "yes"))
        status = take_option(j, o->val, value);
    else if (strcmp(value, "no"))
        status = -1;
    return status ? err_set(e, "'%s' is no value for %s", value, key) : 0;
}

static int take_key(void *arg, const char *engine, const char *key, const char *value, bool more,
                    struct err *e)
{
    if (engine)
        return take_engine_key(arg, engine, key, value, more, e);
    if (more)
        return err_set(e, "'%s' has one line only", key);
    return take_match_key(arg, key, value, e);
}

/* --- the command line -------------------------------------------------------- */

static int take_command_line(struct match_job *j, int argc, char **argv)
{
    int opt, at = 0;

    optind = 1;
    while ((opt = getopt_long(argc, argv, letters, options, &at)) != -1) {
        if (!take_option(j, opt, optarg))
            continue;
        if (opt == 'e' && is_taken(j, optarg))
            return tool_usage("match", "two engines of one name: '%s'", optarg);
        if (opt < 256)
            return tool_usage("match", "'%s' is no value for -%c", optarg, opt);
        return tool_usage("match", "'%s' is no value for --%s", optarg, options[at].name);
    }
    return -1;
}

/* Are all needed options there, and do they fit together? */
static int check_options(const struct match_job *j)
{
    for (int i = 0; i < j->plan.engines; i++)
        if (!j->engine[i].command)
            return tool_usage("match", "the engine %s has no command", j->engine[i].name);
    if (j->plan.engines < 2)
        return tool_usage("match", "two engines are needed, by --engine NAME=COMMAND");
    if (match_numbers(&j->plan) > MATCH_MAX_GAMES)
        return tool_usage("match", "more than %d games", MATCH_MAX_GAMES);
    if (j->openings_path && j->random_plies >= 0)
        return tool_usage("match", "openings are those of a file or random, not both");
    if (!j->openings_path && (j->shuffle || j->opening_plies >= 0))
        return tool_usage("match", "--shuffle and --opening-plies go with --openings");
    if (j->rules.resign_moves && !j->rules.analyze)
        return tool_usage("match", "--resign-winrate needs --analyze");
    if (j->sprt.alpha > 0 && (j->plan.engines != 2 || j->plan.shards > 1))
        return tool_usage("match", "--sprt is for two engines, and not for shards");
    return -1;
}

static int fill_in(struct match_job *j)
{
    int status = check_options(j);
    struct err e;

    if (status >= 0)
        return status;
    err_init(&e);
    if (!j->rules.max_plies)
        j->rules.max_plies = 4 * j->rules.size * j->rules.size;
    if (j->openings_path) {
        if (match_openings_read(&j->openings, j->openings_path, j->rules.size, j->rules.komi,
                                (int)j->opening_plies, j->shuffle, j->seed, &e))
            return tool_fail(&e);
        return -1;
    }
    if (j->random_plies < 0)
        j->random_plies = 4;
    if (j->random_plies >= j->rules.max_plies)
        return tool_usage("match", "%ld random plies leave none of %d to play", j->random_plies,
                          j->rules.max_plies);
    match_openings_random(&j->openings, j->rules.size, j->rules.komi, (int)j->random_plies,
                          j->seed);
    return -1;
}

/* Looks through the command line for what comes before all else.  *merge: files are to be
   joined.  -1: go on. */
static int look_through(int argc, char **argv, bool *merge)
{
    int opt;

    opterr = 0;
    optind = 1;
    while ((opt = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        if (opt == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (opt == '?')
            return tool_usage("match", "unknown or incomplete option '%s'", argv[optind - 1]);
        *merge |= opt == OPT_MERGE;
    }
    return -1;
}

int match_options(struct match_job *j, int argc, char **argv, char ***files, int *n_files)
{
    bool merge = false;
    int status = look_through(argc, argv, &merge);
    struct err e;

    *j = (struct match_job){
        .plan = { .games = 100, .shard = 1, .shards = 1 }, .jobs = 1, .seed = 1,
        .rules = { .size = 9, .komi = 7, .move_seconds = MATCH_MOVE_SECONDS, .margin = 0.1 },
        .clock = { .cap = INFINITY, .longest = INFINITY }, .random_plies = -1, .opening_plies = -1,
    };
    if (status >= 0)
        return status;
    err_init(&e);
    *files = argv + optind;
    *n_files = argc - optind;
    if (merge)
        return *n_files ? take_command_line(j, argc, argv) :
               tool_usage("match", "no results to merge");
    if (*n_files > 1)
        return tool_usage("match", "unexpected argument '%s'", (*files)[1]);
    if (*n_files && match_ini_read(**files, take_key, j, &e))
        return tool_fail(&e);
    status = take_command_line(j, argc, argv);
    return status >= 0 ? status : fill_in(j);
}

void match_job_release(struct match_job *j)
{
    for (int i = 0; i < j->plan.engines; i++)
        free(j->engine[i].command);
    match_openings_release(&j->openings);
    free(j->referee);
    free(j->results);
    free(j->sgf);
    free(j->openings_path);
    free(j->html);
    free(j->merge);
}
