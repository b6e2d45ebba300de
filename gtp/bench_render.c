/* videoworld bench render: frames drawn, read and compared a second, on one core. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/game.h"
#include "engine/rng.h"
#include "gtp/numbers.h"
#include "gtp/tools.h"
#include "render/diff.h"
#include "render/draw.h"
#include "render/frame.h"
#include "render/read.h"

enum { PLIES = 128 }; /* of the random game that is drawn again and again */

struct bench {
    const struct drawer *drawer;
    const struct reader *reader;
    struct scene scenes[PLIES + 1];
    struct frame frames[PLIES + 1];
    struct reading readings[PLIES + 1];
    enum cell side[PLIES + 1]; /* who made scene i of scene i - 1 */
};

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int random_move(const struct game *g, struct rng *r)
{
    for (int tries = 0; tries < 32; tries++) {
        int p = g->board.empty[rng_below(r, (uint32_t)g->board.n_empty)];

        if (game_legality(g, game_to_move(g), p) == LEGAL)
            return p;
    }
    return PASS;
}

/* The scenes of a random game, from Black's side; passes do not end it. */
static int play(struct bench *b, int size, uint64_t seed, struct err *e)
{
    struct game g;
    struct rng r;

    rng_init(&r, seed);
    if (game_init(&g, size, size, 7, e) < 0)
        return -1;
    scene_of_game(&b->scenes[0], &g, 0, BLACK);
    for (int i = 1; i <= PLIES; i++) {
        b->side[i] = cell_of_color(game_to_move(&g), BLACK);
        if (game_play(&g, game_to_move(&g), random_move(&g, &r), e) < 0) {
            game_release(&g);
            return -1;
        }
        scene_of_game(&b->scenes[i], &g, i, BLACK);
    }
    game_release(&g);
    return 0;
}

static void release(struct bench *b)
{
    for (int i = 0; i <= PLIES; i++)
        if (b->frames[i].surface)
            frame_release(&b->frames[i]);
}

static int prepare(struct bench *b, int size, uint64_t seed, struct err *e)
{
    for (int i = 0; i <= PLIES; i++)
        if (frame_init(&b->frames[i], size, size, e) < 0)
            return -1;
    return play(b, size, seed, e);
}

static void draw_one(struct bench *b, int i)
{
    frame_draw(&b->frames[i], b->drawer, &b->scenes[i]);
}

static void read_one(struct bench *b, int i)
{
    reader_read_frame(b->reader, &b->frames[i], &b->readings[i]);
}

static void diff_one(struct bench *b, int i)
{
    struct diff d;

    diff_readings(&b->readings[i - 1], &b->readings[i], b->side[i], &d);
}

/* How often a second `one` is done, over the game's frames in turn. */
static double rate(struct bench *b, void (*one)(struct bench *b, int i), double seconds)
{
    double start = cpu_seconds(), spent;
    long n = 0;

    do {
        for (int i = 1; i <= PLIES; i++)
            one(b, i);
        n += PLIES;
        spent = cpu_seconds() - start;
    } while (spent < seconds);
    return (double)n / spent;
}

static int measure(const struct drawer *drawer, const struct reader *reader, int size,
                   double seconds, uint64_t seed, struct err *e)
{
    struct bench *b = calloc(1, sizeof *b);
    double drawn, read, compared;

    if (!b)
        return err_set(e, "out of memory");
    b->drawer = drawer;
    b->reader = reader;
    if (prepare(b, size, seed, e) < 0) {
        release(b);
        free(b);
        return -1;
    }
    draw_one(b, 0);
    drawn = rate(b, draw_one, seconds);
    read_one(b, 0);
    read = rate(b, read_one, seconds);
    compared = rate(b, diff_one, seconds);
    printf("%dx%d\t%.0f\t%.0f\t%.0f\n", size, size, drawn, read, compared);
    release(b);
    free(b);
    return 0;
}

static void print_help(void)
{
    printf("Usage: videoworld bench render [OPTION]...\n"
           "Count the frames of a random game drawn, read back and compared a second,\n"
           "on one core.\n\n"
           "  -z, --size=N     one board size, %d to %d (default: 9, 13 and 19)\n"
           "  -t, --seconds=S  processor time for each number (default: 1)\n"
           "  -s, --seed=N     seed of the random game (default: 1)\n"
           "  -h, --help       show this help\n", GAME_MIN, BOARD_MAX);
}

struct options {
    int size; /* 0: the usual ones */
    double seconds;
    uint64_t seed;
};

/* Returns -1 to go on, else the exit status. */
static int parse(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        { "size", required_argument, NULL, 'z' }, { "seconds", required_argument, NULL, 't' },
        { "seed", required_argument, NULL, 's' }, { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, "z:t:s:h", longs, NULL)) != -1) {
        if (c == 'h') {
            print_help();
            return 0;
        }
        if (c == '?')
            return tool_usage("bench render", "unknown or incomplete option '%s'",
                              argv[optind - 1]);
        if (c == 'z' ? number_int(optarg, GAME_MIN, BOARD_MAX, &o->size)
            : c == 't' ? number_real(optarg, 0.01, 3600, &o->seconds)
                       : number_seed(optarg, &o->seed))
            return tool_usage("bench render", "'%s' is no value for -%c", optarg, c);
    }
    if (optind < argc)
        return tool_usage("bench render", "unexpected argument '%s'", argv[optind]);
    return -1;
}

int bench_render(int argc, char **argv)
{
    static const int usual[] = { 9, 13, 19 };
    struct options o = { .seconds = 1, .seed = 1 };
    int status = parse(&o, argc, argv), failed = 0;
    struct drawer *drawer;
    struct reader *reader;
    struct err e;

    if (status >= 0)
        return status;
    err_init(&e);
    drawer = malloc(sizeof *drawer);
    reader = malloc(sizeof *reader);
    if (drawer && reader) {
        drawer_init(drawer);
        reader_init(reader, drawer);
        printf("board\tdrawn/s\tread/s\tcompared/s\n");
        for (int i = 0; i < 3 && !failed; i++)
            if (!o.size || i == 0)
                failed = measure(drawer, reader, o.size ? o.size : usual[i], o.seconds, o.seed,
                                 &e) < 0;
    } else {
        failed = err_set(&e, "out of memory") < 0;
    }
    free(drawer);
    free(reader);
    return failed ? tool_fail(&e) : 0;
}
