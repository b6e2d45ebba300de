/*
 * block: the transformer layer that all three models are stacked from.
 *
 * Pre-norm, as in Llama (arXiv 2302.13971): RMSNorm, attention with rotary
 * positions over row and column, SwiGLU, no biases.  Two options: a depthwise
 * 3x3 convolution over the cells of a board beside the attention's input (after
 * ResTNet, arXiv 2410.05347), and adaptive norms, scaled and shifted by a
 * conditioning vector a sequence (FiLM, arXiv 1709.07871; starting as identity).
 *
 *     h = norm1(x)          (h = modulate(h, film1(cond)))   (h = h + conv3(h) on boards)
 *     x = x + proj(attention(rope(qkv(h))))
 *     h = norm2(x)          (h = modulate(h, film2(cond)))
 *     x = x + down(swiglu(up(h)))
 *
 * A stack has L layers over sequences of T tokens of width C, B at a time.  The
 * geometry of a sequence (who sees whom, positions, where boards lie) is a
 * struct block_seq; its arrays belong to the caller.  Activations live in a
 * struct stack_acts, allocated once for the largest B and T.
 *
 * Decoding keeps each layer's turned q, k, v of the tokens so far in a struct
 * stack_cache; stack_decode adds tokens behind them, and lowering cache->T takes
 * tokens back.  It gives the same numbers as stack_forward over all tokens at
 * once (up to the order of sums).
 */
#ifndef MODEL_BLOCK_H
#define MODEL_BLOCK_H

#include "model/ops.h"
#include "model/params.h"
#include "model/slots.h"

struct block_config {
    int L;     /* layers */
    int C;     /* width */
    int NH;    /* heads; C / NH is the head size, a multiple of 8, at most 128 */
    int F;     /* hidden width of the SwiGLU */
    int cond;  /* size of the conditioning vector, 0: none */
    bool conv; /* the 3x3 convolution over boards */
};

struct block {
    struct param norm1, norm2;   /* (C) */
    struct param qkv;            /* (3C, C) */
    struct param proj;           /* (C, C) */
    struct param up, down;       /* (2F, C), (C, F) */
    struct param conv;           /* (C, 9), with config.conv */
    struct param film1, film1_b; /* (2C, cond), (2C), with config.cond */
    struct param film2, film2_b;
};

struct stack {
    struct block_config config;
    struct block *layer; /* (L), owned */
};

/* Checks the configuration and makes the layers; params are registered by
   stack_register under "PREFIX.0.attn.qkv.weight" and so on.  Free the params
   before the stack, in which they live. */
int stack_init(struct stack *s, const struct block_config *config, struct err *e);
void stack_register(struct stack *s, struct params *ps, const char *prefix);
void stack_free(struct stack *s);

/* How B sequences of T tokens are laid out. */
struct block_seq {
    int B, T;
    const int *span;       /* (T), device: token t sees keys 0 .. span[t]-1, see struct attn */
    const float *rope;     /* (T, C / NH), device: from ops_rope_table */
    int boards, H, W;      /* boards of H x W cells, read with config.conv only */
    const int *board_at;   /* (boards), host, ascending: the token that is each board's first cell */
    const act *cond;       /* (B, cond), device, with config.cond */
};

struct stack_acts {
    int B, T;              /* the most that fits */
    bool train;            /* all layers are kept, and gradients are there */
    act *x;                /* (L+1 or 2, B, T, C) the residual stream; x[0] is the input */
    act *out;              /* (B, T, C) the output: the last x, set by forward and decode */
    /* of each layer when training, else of one: (B, T, ..) */
    act *n1, *f1, *c1;     /* norm, modulated, convolved: (C) each */
    act *qkv, *o, *mid;    /* (3C), (C), (C) */
    act *n2, *f2, *u, *s;  /* (C), (C), (2F), (F) */
    act *m1, *m2;          /* (B, 2C) scale and shift */
    float *rstd1, *rstd2;  /* (B, T) */
    float *lse;            /* (B, NH, T) */
    /* gradients, of one layer at a time */
    act *dx;               /* (B, T, C) of the stream: put that of the output here */
    act *dn, *df, *dqkv, *dout, *du, *ds, *dm;
    struct slots mem;
};

int stack_acts_alloc(struct stack_acts *a, const struct stack *s, struct device *d, int B, int T,
                     bool train, struct err *e);
void stack_acts_free(struct stack_acts *a, struct device *d);

/* The bytes that would take on d, of which only the type of activations is read. */
size_t stack_acts_bytes(const struct block_config *c, const struct device *d, int B, int T,
                        bool train);

/* From a->x (B, T, C) to a->out, for q->B <= a->B and q->T <= a->T. */
void stack_forward(const struct stack *s, struct stack_acts *a, struct device *d,
                   const struct block_seq *q);

/* From the gradient of the output in a->dx to that of the input, in the same
   place; adds into the params' gradients and, if not NULL, dcond (B, cond). */
void stack_backward(const struct stack *s, struct stack_acts *a, struct device *d,
                    const struct block_seq *q, act *dcond);

struct stack_cache {
    int B, T_max;
    int T;               /* tokens so far; lower it to take some back */
    act *qkv;            /* (L, B, T_max, 3C) */
    struct slots mem;
};

int stack_cache_alloc(struct stack_cache *c, const struct stack *s, struct device *d, int B,
                      int T_max, struct err *e);
void stack_cache_free(struct stack_cache *c, struct device *d);

/*
 * Adds q->T tokens behind the c->T of each of the c->B sequences (q->B equals
 * c->B): from a->x to a->out, both (B, q->T, C).  q->span and q->rope are those
 * of the new tokens alone, spans counted from the start of the sequence.  A
 * board must lie within one call.
 */
void stack_decode(const struct stack *s, struct stack_acts *a, struct stack_cache *c,
                  struct device *d, const struct block_seq *q);

#endif
