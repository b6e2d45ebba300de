/* videoworld gtp: the engine that graphical boards and referees start. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gtp/commands.h"
#include "gtp/numbers.h"
#include "gtp/tools.h"

static const char help[] =
    "Usage: videoworld gtp [OPTION]...\n"
    "Play Go over the Go Text Protocol, version 2, on standard input and output.\n\n"
    "  -p, --player=NAME           who makes the moves: world (the default), which learned\n"
    "                              9x9 by watching, or random, on any board\n"
    "  -w, --weights=DIR           folder of the world player's weights (default: those that\n"
    "                              came with the program, or $VIDEOWORLD_WEIGHTS)\n"
    "  -D, --device=NAME           where it computes: auto (default), cpu, cuda or cuda:N\n"
    "  -j, --threads=N             of the CPU (default: all cores)\n"
    "  -s, --seed=N                seed of its random numbers (default: another every time)\n"
    "  -b, --boardsize=N           size of the first board, 2 to 25 (default 9)\n"
    "  -k, --komi=F                points for White (default 7)\n"
    "  -t, --max-time=SECONDS      most for a move, whatever the clock (default 10)\n"
    "  -S, --set=NAME=VALUE        set a parameter, as kata-set-param does\n"
    "  -v, --override-version=TEXT what the command version answers; some clients\n"
    "                              want a number of 0.15 or more\n"
    "  -l, --log=FILE              append every line in and out, with the time, to FILE\n"
    "  -h, --help                  show this help\n";

struct options {
    const char *player, *version, *log;
    struct player_options p;
    int size;
    double komi, max_time;
    const char *set[32]; /* "NAME=VALUE", in order */
    int n_set;
};

static double seconds(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double now(void)
{
    return seconds(CLOCK_MONOTONIC);
}

static double wall(void)
{
    return seconds(CLOCK_REALTIME);
}

static double cpu(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

/* 0: go on; 1: help was shown; -1: wrong usage, told. */
static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
        { "player", required_argument, NULL, 'p' },
        { "weights", required_argument, NULL, 'w' },
        { "device", required_argument, NULL, 'D' },
        { "threads", required_argument, NULL, 'j' },
        { "seed", required_argument, NULL, 's' },
        { "boardsize", required_argument, NULL, 'b' },
        { "komi", required_argument, NULL, 'k' },
        { "max-time", required_argument, NULL, 't' },
        { "set", required_argument, NULL, 'S' },
        { "override-version", required_argument, NULL, 'v' },
        { "log", required_argument, NULL, 'l' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int opt, bad = 0;

    opterr = 0;
    while (!bad && (opt = getopt_long(argc, argv, ":p:w:D:j:s:b:k:t:S:v:l:h", options, NULL)) != -1) {
        switch (opt) {
        case 'p': o->player = optarg; break;
        case 'w': o->p.weights = optarg; break;
        case 'D': o->p.device = optarg; break;
        case 'j': bad = number_int(optarg, 0, 1024, &o->p.threads); break;
        case 's': bad = number_seed(optarg, &o->p.seed); break;
        case 'b': bad = number_int(optarg, 2, 25, &o->size); break;
        case 'k': bad = number_real(optarg, -10000, 10000, &o->komi); break;
        case 't': bad = number_real(optarg, 0, 1e10, &o->max_time); break;
        case 'S':
            bad = !strchr(optarg, '=') || o->n_set == 32;
            if (!bad)
                o->set[o->n_set++] = optarg;
            break;
        case 'v': o->version = optarg; break;
        case 'l': o->log = optarg; break;
        case 'h': fputs(help, stdout); return 1;
        case ':':
            tool_usage("gtp", "option '%s' needs a value", argv[optind - 1]);
            return -1;
        default:
            tool_usage("gtp", "unknown option '%s'", argv[optind - 1]);
            return -1;
        }
        if (bad)
            tool_usage("gtp", "bad value '%s' for '%s'", optarg,
                       argv[optind - 1] == optarg ? argv[optind - 2] : argv[optind - 1]);
    }
    if (!bad && optind < argc) {
        tool_usage("gtp", "unexpected argument '%s'", argv[optind]);
        return -1;
    }
    return bad ? -1 : 0;
}

static int set_params(struct commands *c, const struct options *o, struct err *e)
{
    for (int i = 0; i < o->n_set; i++) {
        const char *value = strchr(o->set[i], '=') + 1;
        char name[64];

        snprintf(name, sizeof name, "%.*s", (int)(value - 1 - o->set[i]), o->set[i]);
        if (commands_set(c, name, value, e))
            return -1;
    }
    return 0;
}

static FILE *open_log(const char *path, struct err *e)
{
    FILE *f = fopen(path, "a");

    if (!f)
        err_set(e, "cannot open '%s': %s", path, strerror(errno));
    else
        fprintf(f, "# videoworld %s gtp, process %ld; seconds since 1970, > in, < out\n",
                PACKAGE_VERSION, (long)getpid());
    return f;
}

static int serve(const struct options *o, struct commands *c, struct err *e)
{
    struct gtp *g = gtp_new(STDIN_FILENO, STDOUT_FILENO, c);
    FILE *log = NULL;
    int status = -1;

    if (!g || commands_add(c, g)) {
        gtp_free(g);
        return err_set(e, "out of memory");
    }
    if (!o->log || (log = open_log(o->log, e))) {
        if (log)
            gtp_log(g, log, wall);
        gtp_notes(g, stderr);
        status = gtp_serve(g, e);
    }
    gtp_free(g);
    if (log && (ferror(log) | fclose(log)) && !status)
        status = err_set(e, "cannot write '%s'", o->log);
    return status;
}

/* Who plays, with which weights, on which machine. */
static void greet(struct player *p, uint64_t seed)
{
    char told[512];

    p->describe(p, told, sizeof told);
    fprintf(stderr, "videoworld: %s\n"
            "videoworld: version %s, player %s, seed %" PRIu64 ", waiting for GTP commands\n",
            told, PACKAGE_VERSION, p->name, seed);
}

int tool_gtp(int argc, char **argv)
{
    struct options o = {
        .player = "world", .version = PACKAGE_VERSION, .size = 9, .komi = 7, .max_time = 10,
    };
    struct commands_options co;
    struct commands *c = NULL;
    struct player *p;
    struct err e;
    int status;

    o.p.seed = (uint64_t)(wall() * 1e6) ^ (uint64_t)getpid() << 40;
    status = parse_options(argc, argv, &o);
    if (status)
        return status > 0 ? 0 : 2;
    err_init(&e);
    co = (struct commands_options){
        .size = o.size, .komi = o.komi, .version = o.version, .max_time = o.max_time,
        .now = now, .cpu = cpu,
    };
    p = player_make(o.player, &o.p, &e);
    if (p)
        c = commands_new(p, &co, &e);
    if (!c || set_params(c, &o, &e)) {
        status = -1;
    } else {
        greet(p, o.p.seed);
        status = serve(&o, c, &e);
    }
    commands_free(c);
    player_free(p);
    return status ? tool_fail(&e) : 0;
}
