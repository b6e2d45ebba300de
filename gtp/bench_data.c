/* videoworld bench data: clips drawn from a corpus a second, on one core. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/corpus.h"
#include "engine/rng.h"
#include "gtp/numbers.h"
#include "gtp/tools.h"
#include "render/clip.h"

struct bench {
    struct corpus corpus;
    struct drawer *drawer;
    struct clip clip;
    uint8_t *px;
};

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Positions of the training part in random order and symmetry, a second. */
static double rate(struct bench *b, int horizon, bool draw, double seconds)
{
    size_t n = corpus_count(&b->corpus, PART_TRAIN);
    double start = cpu_seconds(), spent;
    struct rng r;
    long done = 0;

    rng_init(&r, 1);
    do {
        for (int i = 0; i < 100; i++, done++) {
            struct corpus_pos pos = corpus_at(&b->corpus, PART_TRAIN,
                                              rng_below(&r, (uint32_t)n));

            clip_scenes(&b->clip, &b->corpus, pos, (int)rng_below(&r, N_SYMMETRIES), horizon);
            if (draw)
                clip_draw(&b->clip, b->drawer, b->px);
        }
        spent = cpu_seconds() - start;
    } while (spent < seconds);
    return (double)done / spent;
}

static int measure(struct bench *b, const char *path, double seconds, struct err *e)
{
    static const int horizons[] = { 1, 3, 5 };

    if (!corpus_count(&b->corpus, PART_TRAIN))
        return err_set(e, "'%s' has no positions to train on", path);
    printf("horizon\tclips/s\tframes/s\twithout drawing/s\n");
    for (int i = 0; i < 3; i++) {
        double clips = rate(b, horizons[i], true, seconds);

        printf("%d\t%.0f\t%.0f\t%.0f\n", horizons[i], clips, clips * (horizons[i] + 1),
               rate(b, horizons[i], false, seconds));
    }
    return 0;
}

static int run(const char *path, double seconds, struct err *e)
{
    struct bench *b = calloc(1, sizeof *b);
    double start = cpu_seconds();
    int status;

    if (!b)
        return err_set(e, "out of memory");
    status = corpus_open(&b->corpus, path, e);
    if (!status) {
        printf("opened in %.2f s\n", cpu_seconds() - start);
        b->drawer = malloc(sizeof *b->drawer);
        b->px = malloc(clip_bytes(BOARD_MAX, BOARD_MAX, CLIP_MAX_HORIZON));
        if (b->drawer && b->px) {
            drawer_init(b->drawer);
            status = measure(b, path, seconds, e);
        } else {
            status = err_set(e, "out of memory");
        }
        corpus_release(&b->corpus);
    }
    free(b->drawer);
    free(b->px);
    free(b);
    return status;
}

static const char help[] =
    "Usage: videoworld bench data [OPTION]... FILE\n"
    "Count the clips drawn a second from a corpus file (see 'videoworld dataset'), replay\n"
    "of the game included, on one core: random positions of the training part in random\n"
    "symmetries.\n\n"
    "  -t, --seconds=S  processor time for each number (default: 1)\n"
    "  -h, --help       show this help\n";

int bench_data(int argc, char **argv)
{
    static const struct option longs[] = {
        { "seconds", required_argument, NULL, 't' }, { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    double seconds = 1;
    struct err e;
    int c;

    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, "t:h", longs, NULL)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (c == '?')
            return tool_usage("bench data", "unknown or incomplete option '%s'",
                              argv[optind - 1]);
        if (number_real(optarg, 0.01, 3600, &seconds))
            return tool_usage("bench data", "'%s' is no value for -t", optarg);
    }
    if (argc - optind != 1)
        return tool_usage("bench data", "one corpus file is needed");
    err_init(&e);
    return run(argv[optind], seconds, &e) ? tool_fail(&e) : 0;
}
