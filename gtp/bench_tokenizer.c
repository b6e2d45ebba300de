/* videoworld bench tokenizer: what of held-out frames survives encoding and decoding. */
#include "config.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gtp/clips.h"
#include "gtp/tools.h"
#include "model/tokenizer.h"
#include "render/read.h"

enum { SAMPLES = 64, FRAMES = 2 * SAMPLES, PATCHES = 4096 };

struct options {
    const char *weights, *data, *device;
    enum corpus_part part;
    int frames, threads;
};

struct bench {
    struct clips clips;
    struct device *d;
    struct tokenizer t;
    struct reader reader;
    uint8_t *px, *again;   /* (FRAMES, h, w, 3) */
    int *id;               /* (FRAMES, tokens) */
    size_t *used;          /* (codes) how often each code was met */
    struct train_sample samples[SAMPLES];
    long frames, right;
    double squares;        /* of the errors of bytes, summed */
    double encoding, decoding;
};

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Is all that can be seen the same: stones, marker, shade of the wood? */
static bool same_board(struct bench *b, const uint8_t *px, const uint8_t *again)
{
    int w = b->clips.w, h = b->clips.h, pitch = w * TILE * 3;
    struct reading want, got;
    struct scene x, y;

    reader_read(&b->reader, px, pitch, w, h, &want);
    reader_read(&b->reader, again, pitch, w, h, &got);
    return !reading_to_scene(&want, &x, NULL) && !reading_to_scene(&got, &y, NULL) &&
           x.marker == y.marker && x.mover_is_black == y.mover_is_black &&
           !memcmp(x.cells, y.cells, (size_t)(w * h));
}

static void compare(struct bench *b, int n)
{
    const struct frame_source *s = &b->clips.source;
    size_t bytes = source_bytes(s, 0), tokens = (size_t)tokenizer_tokens(&b->t, s->w, s->h);

    for (int i = 0; i < n; i++) {
        const uint8_t *px = b->px + (size_t)i * bytes, *again = b->again + (size_t)i * bytes;
        long sum = 0;

        for (size_t k = 0; k < bytes; k++)
            sum += (px[k] - again[k]) * (px[k] - again[k]);
        b->squares += (double)sum;
        b->right += same_board(b, px, again);
        b->frames++;
    }
    for (size_t i = 0; i < (size_t)n * tokens; i++)
        b->used[b->id[i]]++;
}

/* Both frames of n positions. */
static int run_batch(struct bench *b, int n, struct err *e)
{
    const struct frame_source *s = &b->clips.source;
    double start;

    if (s->frames(s->self, true, b->samples, n, 1, b->px, NULL, NULL, e))
        return -1;
    start = seconds();
    if (tokenizer_encode(&b->t, b->px, 2 * n, s->w, s->h, b->id, e))
        return -1;
    b->encoding += seconds() - start;
    start = seconds();
    if (tokenizer_decode(&b->t, b->id, 2 * n, s->w, s->h, b->again, e))
        return -1;
    b->decoding += seconds() - start;
    compare(b, 2 * n);
    return 0;
}

/* Positions spread over the part. */
static int run_all(struct bench *b, int frames, struct err *e)
{
    uint64_t count = b->clips.source.held_out;
    int positions = (frames + 1) / 2, n;

    if (!count)
        return err_set(e, "there are no held-out positions");
    for (int at = 0; at < positions; at += n) {
        n = positions - at < SAMPLES ? positions - at : SAMPLES;
        for (int i = 0; i < n; i++)
            b->samples[i].index = (uint64_t)((double)(at + i) / positions * (double)count);
        if (run_batch(b, n, e))
            return -1;
    }
    return 0;
}

static void print_codes(const struct bench *b)
{
    double total = 0, entropy = 0;
    int used = 0;

    for (int i = 0; i < b->t.codes; i++)
        total += (double)b->used[i];
    for (int i = 0; i < b->t.codes; i++)
        if (b->used[i]) {
            entropy -= (double)b->used[i] / total * log((double)b->used[i] / total);
            used++;
        }
    printf("codes in use: %d of %d, perplexity %.2f\n", used, b->t.codes, exp(entropy));
}

/* All tiles that can occur on the board, drawn or not: do they have codes of their own? */
static int print_tiles(struct bench *b, struct err *e)
{
    bool place[N_PLACES] = { false };
    int *tile_of = calloc((size_t)b->t.codes, sizeof *tile_of), tiles = 0, codes = 0;
    int status = tile_of ? 0 : err_set(e, "out of memory");

    for (int i = 0; i < b->clips.w * b->clips.h; i++)
        place[draw_place(b->clips.w, b->clips.h, i % b->clips.w, i / b->clips.w)] = true;
    for (int i = 0; i < N_SHADES * N_PLACES * N_CONTENTS && !status; i++) {
        int shade = i / (N_PLACES * N_CONTENTS), p = i / N_CONTENTS % N_PLACES, id;

        if (!place[p])
            continue;
        status = tokenizer_encode(&b->t, drawer_tile(b->clips.drawer, (enum shade)shade, p,
                                                     (enum content)(i % N_CONTENTS)),
                                  1, TILE, TILE, &id, e);
        if (!status) {
            tiles++;
            codes += !tile_of[id]++;
        }
    }
    if (!status)
        printf("tiles that can occur: %d, with %d different codes\n", tiles, codes);
    free(tile_of);
    return status;
}

static int print_all(struct bench *b, struct err *e)
{
    const struct frame_source *s = &b->clips.source;
    double mse = b->squares / ((double)b->frames * (double)source_bytes(s, 0));

    printf("frames: %ld of %s, %d x %d tokens each\n", b->frames,
           corpus_part_name(b->clips.held_out), patches_across(&b->t.patches, s->w),
           patches_across(&b->t.patches, s->h));
    printf("boards read back exactly: %ld (%.4f %%)\n", b->right,
           100.0 * (double)b->right / (double)b->frames);
    printf("PSNR: %.2f dB\n", 10 * log10(255 * 255 / mse));
    print_codes(b);
    if (b->t.config.patch == TILE && print_tiles(b, e))
        return -1;
    printf("frames/s: encode %.0f, decode %.0f, on %s\n", (double)b->frames / b->encoding,
           (double)b->frames / b->decoding, b->d->name);
    return 0;
}

static int open_all(struct bench *b, const struct options *o, struct err *e)
{
    const struct frame_source *s = &b->clips.source;
    size_t bytes, ids;

    if (clips_open(&b->clips, o->data, o->part, e))
        return -1;
    b->d = device_open(o->device, o->threads, PRECISION_AUTO, e);
    if (!b->d || tokenizer_load(&b->t, o->weights, b->d, PATCHES, e))
        return -1;
    reader_init(&b->reader, b->clips.drawer);
    bytes = FRAMES * source_bytes(s, 0);
    ids = FRAMES * (size_t)tokenizer_tokens(&b->t, s->w, s->h);
    b->px = malloc(bytes);
    b->again = malloc(bytes);
    b->id = calloc(ids, sizeof *b->id);
    b->used = calloc((size_t)b->t.codes, sizeof *b->used);
    return b->px && b->again && b->id && b->used ? 0 : err_set(e, "out of memory");
}

static int run(const struct options *o, struct err *e)
{
    struct bench *b = calloc(1, sizeof *b);
    int failed;

    if (!b)
        return err_set(e, "out of memory");
    failed = open_all(b, o, e) || run_all(b, o->frames, e) || print_all(b, e);
    tokenizer_free(&b->t);
    if (b->d)
        device_close(b->d);
    if (b->clips.drawer)
        clips_release(&b->clips);
    free(b->px);
    free(b->again);
    free(b->id);
    free(b->used);
    free(b);
    return failed ? -1 : 0;
}

static const char help[] =
    "Usage: videoworld bench tokenizer --data=FILE [OPTION]...\n"
    "Encode and decode frames of a corpus that were not trained on: how many boards are read\n"
    "back exactly (stones, marker and shade of the wood), PSNR, codes, speed.\n\n"
    "  -d, --data=FILE     the corpus\n"
    "  -w, --weights=FILE  the tokenizer (default weights/go9-tokenizer.safetensors)\n"
    "  -n, --frames=N      so many, spread over the part, two a position (default 20000)\n"
    "  -p, --part=NAME     train, held-out (default) or test\n"
    "  -D, --device=NAME   auto (default), cpu, cuda or cuda:N\n"
    "  -j, --threads=N     of the CPU (default: all cores)\n"
    "  -h, --help          show this help\n";

static int parse_int(const char *text, int lo, int hi, int *v)
{
    char *end;
    long n = strtol(text, &end, 10);

    *v = (int)n;
    return end == text || *end || n < lo || n > hi ? -1 : 0;
}

static int set_option(struct options *o, int c, const char *text)
{
    int part;

    switch (c) {
    case 'd': o->data = text; return 0;
    case 'w': o->weights = text; return 0;
    case 'D': o->device = text; return 0;
    case 'n': return parse_int(text, 1, 1 << 30, &o->frames);
    case 'j': return parse_int(text, 0, 1024, &o->threads);
    default:
        part = corpus_part_named(text);
        o->part = (enum corpus_part)part;
        return part < 0 ? -1 : 0;
    }
}

int bench_tokenizer(int argc, char **argv)
{
    static const struct option longs[] = {
        { "data", required_argument, NULL, 'd' }, { "weights", required_argument, NULL, 'w' },
        { "frames", required_argument, NULL, 'n' }, { "part", required_argument, NULL, 'p' },
        { "device", required_argument, NULL, 'D' }, { "threads", required_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
    };
    struct options o = { .weights = "weights/go9-tokenizer.safetensors", .device = "auto",
                         .part = PART_HELD_OUT, .frames = 20000 };
    struct err e;
    int c;

    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, "d:w:n:p:D:j:h", longs, NULL)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (c == '?')
            return tool_usage("bench tokenizer", "unknown or incomplete option '%s'",
                              argv[optind - 1]);
        if (set_option(&o, c, optarg))
            return tool_usage("bench tokenizer", "'%s' is no value for -%c", optarg, c);
    }
    if (optind < argc || !o.data)
        return tool_usage("bench tokenizer", "one corpus is needed, by --data");
    err_init(&e);
    return run(&o, &e) ? tool_fail(&e) : 0;
}
