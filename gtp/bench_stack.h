/*
 * bench_stack: a stack of one of the presets' sizes with everything a training
 * step needs, and the operations of that size, each timed alone.  The input and
 * the gradient are noise.
 */
#ifndef GTP_BENCH_STACK_H
#define GTP_BENCH_STACK_H

#include "gtp/bench_profile.h"
#include "model/presets.h"

struct bench {
    struct device *d;   /* not owned */
    double seconds;     /* to spend on each figure */
    int B, T;           /* sequences, tokens of each */
    int N, most;        /* B T rows; the longest row of a buffer */
    double pairs;       /* (query, key) that see each other in a sequence */
    struct params ps;
    struct stack s;
    struct stack_acts a;
    struct block_seq q;
    act *in, *out, *din; /* (N, most) noise, results, gradients */
    act *noise;          /* (N, C) the gradient of a step's output */
    float *rope;         /* (T, HS) */
    int *span;           /* (T) */
    struct slots mem;
    struct param *w;     /* the matrix that is multiplied */
};

/*
 * The first half of T tokens sees itself, as a board does, the rest is causal;
 * T = 2 81 + 5 is a 9x9 board, 5 codes and the next board.  -1 and e on failure;
 * release in any case.
 */
int bench_init(struct bench *b, struct device *d, const struct block_config *c, int B, int T,
               double seconds, struct err *e);
void bench_release(struct bench *b);

/* Runs fn on b as often as fits b->seconds (at least twice): the best time of one. */
double bench_best(struct bench *b, void (*fn)(struct bench *));

/* What can be timed. */
void bench_forward(struct bench *b);  /* of b->w */
void bench_backward(struct bench *b); /* of b->w: both gradients */
void bench_attention(struct bench *b);
void bench_attention_backward(struct bench *b);
void bench_step(struct bench *b);     /* forward, backward, AdamW, average */
void bench_copy(struct bench *b);     /* the others move memory: (N, C), SwiGLU (N, 2F) */
void bench_copy_weights(struct bench *b);
void bench_add(struct bench *b);
void bench_rmsnorm(struct bench *b);
void bench_rmsnorm_backward(struct bench *b);
void bench_swiglu(struct bench *b);
void bench_swiglu_backward(struct bench *b);
void bench_rope(struct bench *b);
void bench_adamw(struct bench *b);    /* all weights */

/* Additions and multiplications of a training step: of its products, and with attention's. */
double bench_product_flops(const struct bench *b);
double bench_flops(const struct bench *b);

/* The fastest of three square products on d, FLOP/s; 0 and e on failure. */
double bench_peak(struct device *d, double seconds, struct err *e);

#endif
