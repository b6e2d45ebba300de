/*
 * bench_models: what the parts of `videoworld bench` that look at models share.
 *
 * They open a corpus, a device and the tokenizer, take clips spread over one part
 * of the corpus, and read boards back from what models make of them.  Options
 * come before that, in one struct; a part names those it has.
 */
#ifndef GTP_BENCH_MODELS_H
#define GTP_BENCH_MODELS_H

#include "gtp/clips.h"
#include "model/tokenizer.h"
#include "render/clip.h"
#include "render/diff.h"
#include "render/read.h"

struct bench_options {
    const char *data, *device;
    /* files, weights the model that is looked at; NULL: those that policy_weights finds, which
       for ldm may stay NULL */
    const char *tokenizer, *ldm, *weights;
    enum corpus_part part;
    int count;                             /* clips, frames or positions */
    int horizon, threads;
};

/* A part, and how it is called. */
struct bench_usage {
    const char *name;   /* "bench ldm" */
    const char *help;   /* up to what it has of its own; -p, -D, -j and -h all have */
    const char *count;  /* what is counted, --clips */
    const char *model;  /* the name of its own model among those that policy_weights finds */
    const char *shorts; /* for getopt_long: of d data, w weights, t tokenizer, l ldm, n count,
                           H horizon, p part, D device, j threads, h help; the long names follow */
    int (*run)(const struct bench_options *o, struct err *e);
};

/* Parses the options into o, which holds the defaults, and runs; the exit status. */
int bench_main(struct bench_options *o, const struct bench_usage *u, int argc, char **argv);

struct bench_models {
    struct clips clips;
    struct device *d;
    struct tokenizer t;
    struct reader reader;
};

/* With that tokenizer.  m must be zeroed and must not move; it is closed after a failure too. */
int bench_open(struct bench_models *m, const struct bench_options *o, const char *tokenizer,
               struct err *e);
void bench_close(struct bench_models *m);

/* The clips to look at: those asked for, or all of the part, if it has fewer. */
static inline int bench_count(const struct bench_models *m, const struct bench_options *o)
{
    uint64_t all = m->clips.source.held_out;

    return all < (uint64_t)o->count ? (int)all : o->count;
}

/* Does a model of rows x cols tokens (named "the LDM") fit the tokenizer and the boards? */
int bench_fits(const struct bench_models *m, const char *what, int rows, int cols, int tokens,
               struct err *e);

/* The board that frame i of px (.., h, w, 3) shows. */
void bench_read(const struct bench_models *m, const uint8_t *px, int i, struct reading *out);

/* Is all that can be seen the same, and clear: stones, marker, shade of the wood? */
bool bench_same_board(const struct reading *a, const struct reading *b);

/* The camera's move between two frames, as a label; -1: they show none that is legal. */
int bench_move(const struct reading *before, const struct reading *after);

/* How many of n codes were met, by how often each was; perplexity may be NULL. */
int bench_codes_in_use(const size_t *used, int n, double *perplexity);

/* part of whole in percent; of nothing it is 0. */
static inline double bench_percent(long part, long whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

double bench_seconds(void); /* monotonic */

#endif
