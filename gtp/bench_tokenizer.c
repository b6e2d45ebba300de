/* videoworld bench tokenizer: what of held-out frames survives encoding and decoding. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gtp/bench_models.h"
#include "gtp/tools.h"
#include "model/token_clips.h"

enum { SAMPLES = 64, FRAMES = 2 * SAMPLES };

struct bench {
    struct bench_models m;
    uint8_t *px, *again;   /* (FRAMES, h, w, 3) */
    int *id;               /* (FRAMES, tokens) */
    size_t *used;          /* (codes) how often each code was met */
    struct train_sample samples[SAMPLES];
    long frames, right;
    double squares;        /* of the errors of bytes, summed */
    double encoding, decoding;
};

/* Is frame i the same board after it was encoded and decoded? */
static bool survives(const struct bench *b, int i)
{
    struct reading want, got;

    bench_read(&b->m, b->px, i, &want);
    bench_read(&b->m, b->again, i, &got);
    return bench_same_board(&want, &got);
}

static void compare(struct bench *b, int n)
{
    const struct frame_source *s = &b->m.clips.source;
    size_t bytes = source_bytes(s, 0), tokens = (size_t)tokenizer_tokens(&b->m.t, s->w, s->h);

    for (int i = 0; i < n; i++) {
        const uint8_t *px = b->px + (size_t)i * bytes, *again = b->again + (size_t)i * bytes;
        long sum = 0;

        for (size_t k = 0; k < bytes; k++)
            sum += (px[k] - again[k]) * (px[k] - again[k]);
        b->squares += (double)sum;
        b->right += survives(b, i);
        b->frames++;
    }
    for (size_t i = 0; i < (size_t)n * tokens; i++)
        b->used[b->id[i]]++;
}

/* Both frames of n positions. */
static int run_batch(struct bench *b, int n, struct err *e)
{
    const struct frame_source *s = &b->m.clips.source;
    double start;

    if (s->frames(s->self, true, b->samples, n, 1, b->px, NULL, NULL, e))
        return -1;
    start = bench_seconds();
    if (tokenizer_encode(&b->m.t, b->px, 2 * n, s->w, s->h, b->id, e))
        return -1;
    b->encoding += bench_seconds() - start;
    start = bench_seconds();
    if (tokenizer_decode(&b->m.t, b->id, 2 * n, s->w, s->h, b->again, e))
        return -1;
    b->decoding += bench_seconds() - start;
    compare(b, 2 * n);
    return 0;
}

/* Positions spread over the part, none twice. */
static int run_all(struct bench *b, int frames, struct err *e)
{
    const struct token_clips clips = { .source = &b->m.clips.source };
    int positions = (frames + 1) / 2, n;

    if (clips.source->held_out < (uint64_t)positions)
        positions = (int)clips.source->held_out;
    for (int at = 0; at < positions; at += n) {
        n = positions - at < SAMPLES ? positions - at : SAMPLES;
        token_clips_spread(&clips, (uint64_t)at, n, (uint64_t)positions, b->samples);
        if (run_batch(b, n, e))
            return -1;
    }
    return 0;
}

static void print_codes(const struct bench *b)
{
    double perplexity;
    int used = bench_codes_in_use(b->used, b->m.t.codes, &perplexity);

    printf("codes in use: %d of %d, perplexity %.2f\n", used, b->m.t.codes, perplexity);
}

/* All tiles that can occur on the board, drawn or not: do they have codes of their own? */
static int print_tiles(struct bench *b, struct err *e)
{
    bool place[N_PLACES] = { false };
    int *tile_of = calloc((size_t)b->m.t.codes, sizeof *tile_of), tiles = 0, codes = 0;
    int status = tile_of ? 0 : err_set(e, "out of memory");

    for (int i = 0; i < b->m.clips.w * b->m.clips.h; i++)
        place[draw_place(b->m.clips.w, b->m.clips.h, i % b->m.clips.w, i / b->m.clips.w)] = true;
    for (int i = 0; i < N_SHADES * N_PLACES * N_CONTENTS && !status; i++) {
        int shade = i / (N_PLACES * N_CONTENTS), p = i / N_CONTENTS % N_PLACES, id;

        if (!place[p])
            continue;
        status = tokenizer_encode(&b->m.t, drawer_tile(b->m.clips.drawer, (enum shade)shade, p,
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
    const struct frame_source *s = &b->m.clips.source;
    double mse = b->squares / ((double)b->frames * (double)source_bytes(s, 0));

    printf("frames: %ld of %s, %d x %d tokens each\n", b->frames,
           corpus_part_name(b->m.clips.held_out), patches_across(&b->m.t.patches, s->w),
           patches_across(&b->m.t.patches, s->h));
    printf("boards read back exactly: %ld (%.4f %%)\n", b->right,
           100.0 * (double)b->right / (double)b->frames);
    printf("PSNR: %.2f dB\n", 10 * log10(255 * 255 / mse));
    print_codes(b);
    if (b->m.t.config.patch == TILE && print_tiles(b, e))
        return -1;
    printf("frames/s: encode %.0f, decode %.0f, on %s\n", (double)b->frames / b->encoding,
           (double)b->frames / b->decoding, b->m.d->name);
    return 0;
}

static int open_all(struct bench *b, const struct bench_options *o, struct err *e)
{
    const struct frame_source *s = &b->m.clips.source;
    size_t bytes, ids;

    if (bench_open(&b->m, o, o->weights, e))
        return -1;
    bytes = FRAMES * source_bytes(s, 0);
    ids = FRAMES * (size_t)tokenizer_tokens(&b->m.t, s->w, s->h);
    b->px = malloc(bytes);
    b->again = malloc(bytes);
    b->id = calloc(ids, sizeof *b->id);
    b->used = calloc((size_t)b->m.t.codes, sizeof *b->used);
    return b->px && b->again && b->id && b->used ? 0 : err_set(e, "out of memory");
}

static int run(const struct bench_options *o, struct err *e)
{
    struct bench *b = calloc(1, sizeof *b);
    int failed;

    if (!b)
        return err_set(e, "out of memory");
    failed = open_all(b, o, e) || run_all(b, o->count, e) || print_all(b, e);
    bench_close(&b->m);
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
    "  -d, --data=FILE       the corpus\n"
    "  -w, --weights=FILE    the tokenizer (default: that which came with the program)\n"
    "  -n, --frames=N        so many, spread over the part, two a position (default 20000)\n";

int bench_tokenizer(int argc, char **argv)
{
    static const struct bench_usage usage = { "bench tokenizer", help, "frames",
                                              "go9-tokenizer.safetensors", "d:w:n:p:D:j:h", run };
    struct bench_options o = { .device = "auto", .part = PART_HELD_OUT, .count = 20000 };

    return bench_main(&o, &usage, argc, argv);
}
