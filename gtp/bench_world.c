/* videoworld bench world: what the world model says of held-out positions, one at a time. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gtp/bench_models.h"
#include "gtp/stats.h"
#include "gtp/tools.h"
#include "model/ldm.h"
#include "model/token_clips.h"
#include "model/world.h"

enum { PLAIN = 50 }; /* frames also written cell by cell, to compare */

/* What frames showed. */
struct tally {
    long legible, legal, best;
};

struct bench {
    struct bench_models m;
    struct world w;
    struct ldm l;              /* with target video+ldm */
    int positions;
    /* the position looked at */
    uint8_t *real, *px;        /* (2, h, w, 3) x_t and x_t+1, (h, w, 3) what was made up */
    int *x, *y;                /* (S) their tokens */
    int *draft, *out, *plain;  /* (S) x_t+1 by the LDM, by the world model, by it cell by cell */
    float *p;                  /* (K) of the code asked for last */
    struct reading before;     /* of x_t */
    int move;                  /* the best one */
    int wanted, likeliest;     /* z^1 or the label */
    int drafted;               /* the draft's move, or -1 */
    /* of all */
    double nats;
    size_t *met;               /* (K) how often each z^1 or label was the right one */
    long hits, legal_labels;
    struct tally drafts, frames;
    long as_drafted, passes, compared, identical;
    double *sooner, *ms;       /* (positions) milliseconds to the draft, to the frame */
};

/* --- what is timed --- */

static int show(struct bench *b, const int *id, struct err *e)
{
    const struct frame_source *s = &b->m.clips.source;

    return tokenizer_decode(&b->m.t, id, 1, s->w, s->h, b->px, e);
}

/* From pixels to the likeliest z^1 or label, and what the LDM makes of it: the draft. */
static int think(struct bench *b, struct err *e)
{
    const struct frame_source *s = &b->m.clips.source;
    int role = 0;

    if (tokenizer_encode(&b->m.t, b->real, 1, s->w, s->h, b->x, e) ||
        world_see(&b->w, b->x, 1, e) || (b->w.Q && world_codes(&b->w, b->p, e)))
        return -1;
    b->likeliest = world_likeliest(b->p, b->w.config.codes);
    if (b->w.config.target == WORLD_LDM)
        return ldm_decode(&b->l, b->x, &b->likeliest, &role, 1, b->draft, e) ||
               show(b, b->draft, e) ? -1 : 0;
    memcpy(b->draft, b->x, (size_t)b->w.S * sizeof *b->x);
    return 0;
}

/* The other codes, each the likeliest after those before it, and the next frame. */
static int imagine(struct bench *b, struct err *e)
{
    int H = b->w.config.horizon, code = b->likeliest, passes;

    for (int h = 1; h <= H; h++) {
        if (world_next_code(&b->w, &code, h < H ? b->p : NULL, e))
            return -1;
        code = world_likeliest(b->p, b->w.config.codes);
    }
    if (world_frame(&b->w, b->draft, NULL, b->out, &passes, e))
        return -1;
    b->passes += passes;
    return show(b, b->out, e);
}

/* --- what is judged --- */

/* The frame in b->px; returns its move, or -1. */
static int judge_frame(const struct bench *b, struct tally *t)
{
    struct reading after;
    struct scene scene;
    int move;

    bench_read(&b->m, b->px, 0, &after);
    move = bench_move(&b->before, &after);
    t->legible += !reading_to_scene(&after, &scene, NULL);
    t->legal += move >= 0;
    t->best += move == b->move;
    return move;
}

/* Labels are moves: may the likeliest be played? */
static bool label_is_legal(const struct bench *b, uint64_t sample)
{
    const struct clips *c = &b->m.clips;
    struct corpus_pos at = corpus_at(&c->corpus, c->held_out, (size_t)sample);
    struct corpus_game g = corpus_game(&c->corpus, at.game);
    struct board board;

    corpus_replay(&g, at.ply, &board);
    return board_legality(&board, corpus_color(&g, at.ply),
                          board_move_point(&board, b->likeliest)) == LEGAL;
}

/* What z^1 or the label should have been. */
static int judge_code(struct bench *b, uint64_t sample, struct err *e)
{
    bool state = b->w.config.target == WORLD_STATE;
    int role = 0;

    b->wanted = b->move;
    if (!state && ldm_encode(&b->l, b->x, b->y, &role, 1, &b->wanted, e))
        return -1;
    b->nats -= log(fmax((double)b->p[b->wanted], 1e-30));
    b->met[b->wanted]++;
    b->hits += b->likeliest == b->wanted;
    b->legal_labels += state && label_is_legal(b, sample);
    return 0;
}

static int compare_plain(struct bench *b, struct err *e)
{
    if (world_frame(&b->w, NULL, NULL, b->plain, NULL, e))
        return -1;
    b->compared++;
    b->identical += !memcmp(b->plain, b->out, (size_t)b->w.S * sizeof *b->out);
    return 0;
}

/* --- the run --- */

static int load(struct bench *b, const struct train_sample *at, struct err *e)
{
    const struct frame_source *s = &b->m.clips.source;

    if (s->frames(s->self, true, at, 1, 1, b->real, NULL, &b->move, e) ||
        tokenizer_encode(&b->m.t, b->real + source_bytes(s, 0), 1, s->w, s->h, b->y, e))
        return -1;
    bench_read(&b->m, b->real, 0, &b->before);
    return 0;
}

static int run_position(struct bench *b, int i, const struct train_sample *at, struct err *e)
{
    int every = b->positions > PLAIN ? b->positions / PLAIN : 1, move;
    double start = bench_seconds();

    if (think(b, e))
        return -1;
    b->ms[i] = b->sooner[i] = 1e3 * (bench_seconds() - start);
    if (b->w.config.target == WORLD_LDM)
        b->drafted = judge_frame(b, &b->drafts);
    if (b->w.Q && judge_code(b, at->index, e))
        return -1;
    if (b->w.config.target == WORLD_STATE)
        return 0;
    start = bench_seconds();
    if (imagine(b, e))
        return -1;
    b->ms[i] += 1e3 * (bench_seconds() - start);
    move = judge_frame(b, &b->frames);
    b->as_drafted += move >= 0 && move == b->drafted;
    return i % every == 0 ? compare_plain(b, e) : 0;
}

static int run_all(struct bench *b, struct err *e)
{
    const struct token_clips clips = { .source = &b->m.clips.source };

    for (int i = 0; i < b->positions; i++) {
        struct train_sample at;

        token_clips_spread(&clips, (uint64_t)i, 1, (uint64_t)b->positions, &at);
        if (load(b, &at, e) || run_position(b, i, &at, e))
            return -1;
    }
    return 0;
}

/* --- the report --- */

static void print_frames(const struct bench *b, const char *what, const struct tally *t)
{
    long n = b->positions;

    printf("%s: legible %ld (%.2f %%), legal %ld (%.2f %%), the best move %ld (%.2f %%)\n", what,
           t->legible, bench_percent(t->legible, n), t->legal, bench_percent(t->legal, n),
           t->best, bench_percent(t->best, n));
}

/* How often the code or label that is met most would be right. */
static long commonest(const struct bench *b)
{
    size_t most = 0;

    for (int i = 0; i < b->w.config.codes; i++)
        most = b->met[i] > most ? b->met[i] : most;
    return (long)most;
}

/* Beside what always the same answer, or the answers' frequencies, would reach. */
static void print_codes(const struct bench *b)
{
    bool state = b->w.config.target == WORLD_STATE;
    long n = b->positions;
    double perplexity;

    bench_codes_in_use(b->met, b->w.config.codes, &perplexity);
    printf("cross-entropy of %s: %.4f (by frequency alone %.4f)\n", state ? "the label" : "z^1",
           b->nats / (double)n, log(perplexity));
    printf("the likeliest is right: %ld (%.2f %%; always the commonest %.2f %%)\n", b->hits,
           bench_percent(b->hits, n), bench_percent(commonest(b), n));
    if (state)
        printf("the likeliest label: legal %ld (%.2f %%)\n", b->legal_labels,
               bench_percent(b->legal_labels, n));
    else
        print_frames(b, "the likeliest z^1, decoded by the LDM", &b->drafts);
}

static void print_imagined(const struct bench *b)
{
    long n = b->positions;

    print_frames(b, "the frame imagined", &b->frames);
    if (b->w.config.target == WORLD_LDM)
        printf("the frame imagined shows the draft's move: %ld (%.2f %%)\n", b->as_drafted,
               bench_percent(b->as_drafted, n));
    printf("passes a frame: %.3f of %d; the same as cell by cell: %ld of %ld\n",
           (double)b->passes / (double)n, b->w.S, b->identical, b->compared);
}

static void print_all(struct bench *b)
{
    const struct world_config *c = &b->w.config;

    printf("positions: %d of %s, target %s, horizon %d, %.1f M weights\n", b->positions,
           corpus_part_name(b->m.clips.held_out), world_target_name(c->target), c->horizon,
           (double)params_count(&b->w.ps) / 1e6);
    if (b->w.Q)
        print_codes(b);
    if (c->target != WORLD_STATE)
        print_imagined(b);
    printf("median ms from pixels:");
    if (b->w.Q)
        printf(" %.2f to the likeliest %s%s", median(b->sooner, (size_t)b->positions),
               c->target == WORLD_STATE ? "label" : "z^1 decoded",
               c->target == WORLD_LDM ? "," : "");
    if (c->target != WORLD_STATE)
        printf(" %.2f to the frame imagined", median(b->ms, (size_t)b->positions));
    printf(", on %s\n", b->m.d->name);
}

static int alloc(struct bench *b, struct err *e)
{
    size_t S = (size_t)b->w.S, bytes = source_bytes(&b->m.clips.source, 0);
    size_t positions = (size_t)b->positions;
    int **tokens[] = { &b->x, &b->y, &b->draft, &b->out, &b->plain };
    bool failed = false;

    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        *tokens[i] = calloc(S, sizeof **tokens[i]);
        failed = failed || !*tokens[i];
    }
    b->p = calloc((size_t)b->w.config.codes + 1, sizeof *b->p);
    b->met = calloc((size_t)b->w.config.codes + 1, sizeof *b->met);
    b->real = malloc(2 * bytes);
    b->px = malloc(bytes);
    b->sooner = calloc(positions, sizeof *b->sooner);
    b->ms = calloc(positions, sizeof *b->ms);
    return failed || !b->p || !b->met || !b->real || !b->px || !b->sooner || !b->ms
        ? err_set(e, "out of memory") : 0;
}

/* The LDM, where the codes are its. */
static int open_ldm(struct bench *b, const struct bench_options *o, struct err *e)
{
    const struct world_config *c = &b->w.config;
    const char *path = o->ldm;

    if (c->target != WORLD_LDM)
        return 0;
    if (!path)
        return err_set(e, "no LDM found that came with the program: name one by --ldm");
    if (ldm_load(&b->l, path, b->m.d, 1, e) ||
        bench_fits(&b->m, "the LDM", b->l.config.rows, b->l.config.cols, b->l.tokens, e))
        return -1;
    if (b->l.codes != c->codes)
        return err_set(e, "the LDM has %d codes, the world model %d", b->l.codes, c->codes);
    return checkpoint_check_hash(path, b->l.config.tokenizer, o->tokenizer, b->m.t.hash, e) ||
           checkpoint_check_hash(o->weights, c->ldm, path, b->l.hash, e) ? -1 : 0;
}

static int open_all(struct bench *b, const struct bench_options *o, struct err *e)
{
    const struct world_config *c = &b->w.config;

    if (bench_open(&b->m, o, o->tokenizer, e) ||
        world_load(&b->w, o->weights, b->m.d, 1, e) ||
        bench_fits(&b->m, "the world model", c->rows, c->cols, c->tokens, e) ||
        checkpoint_check_hash(o->weights, c->tokenizer, o->tokenizer, b->m.t.hash, e) ||
        open_ldm(b, o, e))
        return -1;
    if (c->target == WORLD_STATE && c->codes != b->m.clips.source.moves)
        return err_set(e, "the world model has %d labels, the boards have %d", c->codes,
                       b->m.clips.source.moves);
    b->positions = bench_count(&b->m, o);
    return alloc(b, e);
}

static void close_all(struct bench *b)
{
    void *owned[] = { b->real, b->px, b->x, b->y, b->draft, b->out, b->plain, b->p, b->met,
                      b->sooner, b->ms };

    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    ldm_free(&b->l);
    world_free(&b->w);
    bench_close(&b->m);
}

static int run(const struct bench_options *o, struct err *e)
{
    struct bench *b = calloc(1, sizeof *b);
    int failed;

    if (!b)
        return err_set(e, "out of memory");
    failed = open_all(b, o, e) || run_all(b, e);
    if (!failed)
        print_all(b);
    close_all(b);
    free(b);
    return failed ? -1 : 0;
}

static const char help[] =
    "Usage: videoworld bench world --data=FILE [OPTION]...\n"
    "Ask the world model about positions that were not trained on, one at a time: how likely\n"
    "the right code or label, whether the frames made of it show the best move and a legal\n"
    "one, how long it takes.\n\n"
    "  -d, --data=FILE       the corpus\n"
    "  -w, --weights=FILE    the world model, of any target\n"
    "  -l, --ldm=FILE        its LDM\n"
    "  -t, --tokenizer=FILE  its tokenizer (default of each: that which came with the program)\n"
    "  -n, --positions=N     so many, spread over the part (default 2000)\n";

int bench_world(int argc, char **argv)
{
    static const struct bench_usage usage = { "bench world", help, "positions",
                                              "go9-small.safetensors", "d:w:t:l:n:p:D:j:h", run };
    struct bench_options o = { .device = "auto", .part = PART_HELD_OUT, .count = 2000 };

    return bench_main(&o, &usage, argc, argv);
}
