/* videoworld bench engine: random playouts a second. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/playout.h"
#include "gtp/numbers.h"
#include "gtp/tools.h"

struct options {
    int size;       /* 0: 9, 13 and 19 */
    long playouts;  /* 0: for `seconds` */
    double seconds; /* of processor time, a row */
    uint64_t seed;
};

struct result {
    long playouts, moves, black; /* `black`: playouts with more black points */
    double seconds;
};

static void print_help(void)
{
    printf("Usage: videoworld bench engine [OPTION]...\n"
           "Measure random playouts from the empty board to two passes (or three moves a\n"
           "point), with their area count, on one core.  No own eye is filled.\n\n"
           "  -z, --size=N      one board size, 2 to 25 (default: 9, 13 and 19)\n"
           "  -t, --seconds=S   processor time for each row (default: 1)\n"
           "  -n, --playouts=N  play N of them for each row, however long it takes\n"
           "  -s, --seed=N      seed of the random numbers (default: 1)\n"
           "  -h, --help        show this help\n\n"
           "Published, for the order: libego 6,000 to 7,000 on 19x19 with a core of an i7\n"
           "(A. Huang, computer-go list, 26 October 2011); Many Faces of Go 55,000 on 9x9\n"
           "with a core of a Core 2 at 2.3 GHz, before it got its knowledge (D. Fotland,\n"
           "computer-go list, 24 August 2009).\n");
}

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One playout with the rules of board.h: simple ko. */
static int play_board(struct board *b, const struct board *empty, struct rng *r)
{
    board_copy(b, empty);
    return playout_run(b, BLACK, 3 * b->w * b->h, r);
}

/* One playout as a game: superko, and every position kept. */
static int play_game(struct game *g, struct rng *r, struct err *e)
{
    int limit = 3 * g->board.w * g->board.h;

    if (game_clear(g, g->board.w, g->board.h, e))
        return -1;
    while (g->n < limit && !game_over(g)) {
        enum color c = game_to_move(g);

        if (game_play(g, c, playout_move_game(g, c, r), e))
            return -1;
    }
    return g->n;
}

static int measure(const struct options *o, int size, bool superko, struct result *res,
                   struct err *e)
{
    struct board empty, b;
    struct game g;
    struct rng r;
    double start;
    int moves = 0;

    *res = (struct result){ 0 };
    board_init(&empty, size, size);
    if (game_init(&g, size, size, 0, e))
        return -1;
    rng_init(&r, o->seed);
    start = cpu_seconds();
    do {
        moves = superko ? play_game(&g, &r, e) : play_board(&b, &empty, &r);
        if (moves < 0)
            break;
        res->playouts++;
        res->moves += moves;
        res->black += board_area(superko ? &g.board : &b, NULL) > 0;
        if (o->playouts ? res->playouts >= o->playouts : res->playouts % 16 == 0)
            res->seconds = cpu_seconds() - start;
    } while (o->playouts ? res->playouts < o->playouts : res->seconds < o->seconds);
    game_release(&g);
    return moves < 0 ? -1 : 0;
}

/* Returns -1 to go on, else the exit status. */
static int parse(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        { "size", required_argument, NULL, 'z' },     { "seconds", required_argument, NULL, 't' },
        { "playouts", required_argument, NULL, 'n' }, { "seed", required_argument, NULL, 's' },
        { "help", no_argument, NULL, 'h' },           { NULL, 0, NULL, 0 },
    };
    int c;

    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, "z:t:n:s:h", longs, NULL)) != -1) {
        if (c == 'h') {
            print_help();
            return 0;
        }
        if (c == '?')
            return tool_usage("bench engine", "unknown or incomplete option '%s'",
                              argv[optind - 1]);
        if (c == 'z' ? number_int(optarg, GAME_MIN, BOARD_MAX, &o->size)
            : c == 't' ? number_real(optarg, 0.01, 3600, &o->seconds)
            : c == 'n' ? number_whole(optarg, 1, 1000000000, &o->playouts)
                       : number_seed(optarg, &o->seed))
            return tool_usage("bench engine", "'%s' is no value for -%c", optarg, c);
    }
    if (optind < argc)
        return tool_usage("bench engine", "unexpected argument '%s'", argv[optind]);
    return -1;
}

int bench_engine(int argc, char **argv)
{
    struct options o = { .seconds = 1, .seed = 1 };
    static const int sizes[] = { 9, 13, 19 };
    struct err e;
    int status = parse(&o, argc, argv);

    if (status >= 0)
        return status;
    err_init(&e);
    printf("Random playouts on one core, seed %llu\n", (unsigned long long)o.seed);
    printf("board  ko       playouts/s    moves/s  playouts  moves each  black wins\n");
    for (int i = 0; i < (o.size ? 1 : 3); i++) {
        int size = o.size ? o.size : sizes[i];

        for (int superko = 0; superko < 2; superko++) {
            struct result r;
            double n;

            if (measure(&o, size, superko, &r, &e))
                return tool_fail(&e);
            n = (double)r.playouts;
            printf("%2dx%-2d  %-7s  %10.0f  %9.0f  %8ld  %10.1f  %9.1f%%\n", size, size,
                   superko ? "superko" : "simple", n / r.seconds, (double)r.moves / r.seconds,
                   r.playouts, (double)r.moves / n, 100 * (double)r.black / n);
            fflush(stdout);
        }
    }
    return 0;
}
