/* videoworld bench ldm: how far held-out games go on from a frame and the codes of what comes. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gtp/bench_models.h"
#include "gtp/tools.h"
#include "model/ldm.h"
#include "model/token_clips.h"

enum { SAMPLES = 64 };

/* What became of step h, over all clips that reach it. */
struct step {
    long clips, right;  /* right: the board is that of the real frame */
    size_t *used;       /* (codes) how often each z^h was met */
};

struct bench {
    struct bench_models m;
    struct ldm l;
    struct token_clips clips;
    int H;
    int *id;             /* (SAMPLES, H+1, S) tokens of the real frames */
    int *from, *to;      /* (SAMPLES, S) frames h-1 and h of the clips that go on */
    int *at;             /* (SAMPLES, S) frame h as far as decoded from x_t and codes alone */
    uint8_t *px;         /* (SAMPLES, h, w, 3) it in pixels */
    int valid[SAMPLES], move[SAMPLES];
    int role[SAMPLES], code[SAMPLES];
    int clip[SAMPLES];   /* those that go on, in a row */
    struct train_sample samples[SAMPLES];
    struct step step[CLIP_MAX_HORIZON];
    long legal, best;    /* of first steps: z^1 on x_t is a legal move, the best one */
    double seconds;      /* decoding */
    long steps;
};

/* The board of frame h of clip i, as it was drawn. */
static void read_real(const struct bench *b, int i, int h, struct reading *out)
{
    bench_read(&b->m, b->clips.frames, i * (b->H + 1) + h, out);
}

/* Does z^1 on x_t, decoded, show a legal move, and the clip's own? */
static void judge_move(struct bench *b, int clip, const struct reading *decoded)
{
    struct reading before;
    int move;

    read_real(b, clip, 0, &before);
    move = bench_move(&before, decoded);
    b->legal += move >= 0;
    b->best += move == b->move[clip];
}

static void judge(struct bench *b, int n, int h)
{
    struct step *s = &b->step[h - 1];

    for (int k = 0; k < n; k++) {
        struct reading want, got;

        bench_read(&b->m, b->px, k, &got);
        read_real(b, b->clip[k], h, &want);
        s->clips++;
        s->right += bench_same_board(&want, &got);
        s->used[b->code[k]]++;
        if (h == 1)
            judge_move(b, b->clip[k], &got);
    }
}

/* Of the n clips that went on to h-1, those whose frame h counts, in a row; how many. */
static int go_on(struct bench *b, int n, int h)
{
    size_t S = (size_t)b->l.S, frame = S * sizeof *b->id;
    int left = 0;

    for (int k = 0; k < n; k++) {
        int i = b->clip[k];
        const int *id = b->id + (size_t)(i * (b->H + 1) + h - 1) * S;

        if (b->valid[i] <= h)
            continue;
        memcpy(b->from + (size_t)left * S, id, frame);
        memcpy(b->to + (size_t)left * S, id + S, frame);
        memmove(b->at + (size_t)left * S, b->at + (size_t)k * S, frame);
        b->role[left] = (h - 1) % LDM_ROLES;
        b->clip[left++] = i;
    }
    return left;
}

/* Step h of n clips: z^h from the real frames, put on what was decoded so far. */
static int run_step(struct bench *b, int n, int h, struct err *e)
{
    const struct frame_source *s = &b->m.clips.source;
    double start;

    if (ldm_encode(&b->l, b->from, b->to, b->role, n, b->code, e))
        return -1;
    start = bench_seconds();
    if (ldm_decode(&b->l, b->at, b->code, b->role, n, b->to, e))
        return -1;
    b->seconds += bench_seconds() - start;
    b->steps += n;
    memcpy(b->at, b->to, (size_t)(n * b->l.S) * sizeof *b->at);
    if (tokenizer_decode(&b->m.t, b->at, n, s->w, s->h, b->px, e))
        return -1;
    judge(b, n, h);
    return 0;
}

static int run_batch(struct bench *b, int n, struct err *e)
{
    size_t S = (size_t)b->l.S;

    if (token_clips_load(&b->clips, true, b->samples, n, b->id, b->valid, b->move, e))
        return -1;
    for (int i = 0; i < n; i++) {
        b->clip[i] = i;
        memcpy(b->at + (size_t)i * S, b->id + (size_t)(i * (b->H + 1)) * S, S * sizeof *b->at);
    }
    for (int h = 1; h <= b->H && (n = go_on(b, n, h)) > 0; h++)
        if (run_step(b, n, h, e))
            return -1;
    return 0;
}

static int run_all(struct bench *b, int clips, struct err *e)
{
    for (int at = 0, n; at < clips; at += n) {
        n = clips - at < SAMPLES ? clips - at : SAMPLES;
        token_clips_spread(&b->clips, (uint64_t)at, n, (uint64_t)clips, b->samples);
        if (run_batch(b, n, e))
            return -1;
    }
    return 0;
}

static void print_all(const struct bench *b)
{
    long clips = b->step[0].clips;

    printf("clips: %ld of %s, %d codes for what happens between two of %d x %d tokens\n", clips,
           corpus_part_name(b->m.clips.held_out), b->l.codes, b->clips.cols, b->clips.rows);
    for (int h = 1; h <= b->H; h++) {
        const struct step *s = &b->step[h - 1];
        double perplexity;
        int used = bench_codes_in_use(s->used, b->l.codes, &perplexity);

        printf("step %d: %ld clips, boards exactly right %ld (%.2f %%), codes in use %d, "
               "perplexity %.1f\n", h, s->clips, s->right, bench_percent(s->right, s->clips),
               used, perplexity);
    }
    printf("z^1 on x_t is a legal move: %ld (%.2f %%), the best one: %ld (%.2f %%)\n", b->legal,
           bench_percent(b->legal, clips), b->best, bench_percent(b->best, clips));
    printf("steps/s: decode %.0f, on %s\n", (double)b->steps / b->seconds, b->m.d->name);
}

static int open_all(struct bench *b, const struct bench_options *o, struct err *e)
{
    const struct frame_source *s = &b->m.clips.source;
    size_t S, H = (size_t)o->horizon;
    bool failed = false;

    b->H = o->horizon;
    if (bench_open(&b->m, o, o->tokenizer, e) || ldm_load(&b->l, o->weights, b->m.d, SAMPLES, e) ||
        bench_fits(&b->m, "the LDM", b->l.config.rows, b->l.config.cols, b->l.tokens, e) ||
        checkpoint_check_hash(o->weights, b->l.config.tokenizer, o->tokenizer, b->m.t.hash, e) ||
        token_clips_init(&b->clips, s, &b->m.t, b->H, SAMPLES, e))
        return -1;
    S = (size_t)b->l.S;
    b->id = calloc(SAMPLES * (H + 1) * S, sizeof *b->id);
    b->from = calloc(SAMPLES * S, sizeof *b->from);
    b->to = calloc(SAMPLES * S, sizeof *b->to);
    b->at = calloc(SAMPLES * S, sizeof *b->at);
    b->px = malloc(SAMPLES * source_bytes(s, 0));
    for (size_t h = 0; h < H; h++) {
        b->step[h].used = calloc((size_t)b->l.codes, sizeof *b->step[h].used);
        failed = failed || !b->step[h].used;
    }
    return failed || !b->id || !b->from || !b->to || !b->at || !b->px
        ? err_set(e, "out of memory") : 0;
}

static void close_all(struct bench *b)
{
    for (int h = 0; h < CLIP_MAX_HORIZON; h++)
        free(b->step[h].used);
    free(b->id);
    free(b->from);
    free(b->to);
    free(b->at);
    free(b->px);
    token_clips_free(&b->clips);
    ldm_free(&b->l);
    bench_close(&b->m);
}

static int run(const struct bench_options *o, struct err *e)
{
    struct bench *b = calloc(1, sizeof *b);
    int failed;

    if (!b)
        return err_set(e, "out of memory");
    failed = open_all(b, o, e) || run_all(b, bench_count(&b->m, o), e);
    if (!failed)
        print_all(b);
    close_all(b);
    free(b);
    return failed ? -1 : 0;
}

static const char help[] =
    "Usage: videoworld bench ldm --data=FILE [OPTION]...\n"
    "Tell games that were not trained on as codes, and decode them again from their first\n"
    "frame alone: of each step of a clip how many boards are read back exactly (stones,\n"
    "marker and shade of the wood) and how many codes are in use; how often the first code on\n"
    "the first frame is the best move.\n\n"
    "  -d, --data=FILE       the corpus\n"
    "  -w, --weights=FILE    the LDM (default: that which came with the program)\n"
    "  -t, --tokenizer=FILE  its tokenizer (default: likewise)\n"
    "  -n, --clips=N         so many, spread over the part (default 5000)\n"
    "  -H, --horizon=N       steps of a clip (default 5)\n";

int bench_ldm(int argc, char **argv)
{
    static const struct bench_usage usage = { "bench ldm", help, "clips", "go9-ldm.safetensors",
                                              "d:w:t:n:H:p:D:j:h", run };
    struct bench_options o = { .device = "auto", .part = PART_HELD_OUT, .count = 5000,
                               .horizon = 5 };

    return bench_main(&o, &usage, argc, argv);
}
