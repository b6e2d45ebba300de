/*
 * params: all parameters of a model in a few contiguous blocks.
 *
 * The `struct param`s live inside the model's own structs.  The model registers
 * each by params_add, then params_alloc lays them out: the matrices of hidden
 * layers first, then other matrices, then vectors, every tensor aligned to 32
 * elements, and the same layout in each block.  So clipping, EMA and an
 * all-reduce are one call over (len) elements, AdamW is two (only matrices, in > 1,
 * are decayed).  Padding is zero in every block and stays zero.
 *
 *     params_init(&ps);
 *     params_add(&ps, &b->qkv, 3 * C, C, init_normal(0.02f), "blocks.%d.attn.qkv.weight", l);
 *     params_hidden(&ps, 3);
 *     params_add(&ps, &b->norm, C, 1, init_value(1), "blocks.%d.norm.weight", l);
 *     if (params_alloc(&ps, d, PARAMS_TRAIN | PARAMS_EMA, e) || params_seed(&ps, 42, e))
 *         return -1;
 *
 * Registering cannot fail on the spot: the first error (a name given twice, no
 * memory) sticks in ps->err and params_alloc reports it.  Errors of the device
 * stick in the device.  The registered structs must not move.
 */
#ifndef MODEL_PARAMS_H
#define MODEL_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"
#include "model/ops.h"
#include "model/slots.h"

/* How a tensor starts: mean + std times a normal number. */
struct init {
    float mean, std;
};

static inline struct init init_zero(void) { return (struct init){ 0, 0 }; }
static inline struct init init_value(float x) { return (struct init){ x, 0 }; }
static inline struct init init_normal(float std) { return (struct init){ 0, std }; }

struct params_entry {
    struct param *p;
    struct init init;
    int hidden; /* matrices of hidden layers that it is, one below the other; or 0 */
    size_t at;  /* where it begins in each block, in elements */
};

struct params {
    struct params_entry *list; /* (n) in the order of params_add */
    int n, cap;
    struct device *d;          /* where they are; NULL before params_alloc */
    size_t len;                /* elements of each block, padding included */
    size_t hidden, decayed;    /* the first so many elements are such matrices; any matrices */
    float *w;                  /* (len) master weights */
    float *g, *m, *v;          /* (len) gradients, AdamW's moments; NULL without PARAMS_TRAIN */
    float *ema;                /* (len) averaged weights; NULL without PARAMS_EMA */
    act *c;                    /* (len) the copy for products; == w where act is f32 */
    act *work;                 /* for Muon; NULL without PARAMS_MUON */
    int step;                  /* optimiser steps taken */
    bool swapped;              /* w and ema have changed places (params_swap_ema) */
    struct slots mem;          /* mem.bytes: the memory of all blocks */
    struct err err;
};

/* For params_alloc; 0: only w and c.  PARAMS_MUON: params_step uses Muon where it can. */
enum { PARAMS_TRAIN = 1, PARAMS_EMA = 2, PARAMS_MUON = 4 };

void params_init(struct params *ps);

/*
 * Registers p as (out, in), a vector having in = 1.  The name, made as by
 * printf, is copied; it must be new, and not end in ".scales" (checkpoints use
 * that for int8).
 */
void params_add(struct params *ps, struct param *p, int out, int in, struct init init,
                const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* Says that what was added last is n matrices (out / n, in) of a hidden layer, one below the
   other: neither embeddings nor the last layer. */
void params_hidden(struct params *ps, int n);

/* The bytes params_alloc would take on d, of which only the type of activations is read. */
size_t params_bytes(struct params *ps, const struct device *d, int flags);

/* Allocates the blocks, zeroed, and points every param into them. */
int params_alloc(struct params *ps, struct device *d, int flags, struct err *e);

/*
 * Starts anew: w by each tensor's init, ema = w, moments and step zero.  The
 * numbers of a tensor depend on (seed, name) alone and are the same on every
 * machine; "normal" is the sum of twelve uniform numbers, which needs no libm.
 */
int params_seed(struct params *ps, uint64_t seed, struct err *e);

/* Frees names, blocks and packed copies, and clears the params; also after a failure. */
void params_free(struct params *ps);

/* By name; NULL when there is none. */
struct param *params_find(const struct params *ps, const char *name);

/* Numbers to be trained, without padding. */
size_t params_count(const struct params *ps);

void params_zero_grad(struct params *ps);

/*
 * One step of AdamW.  Gradients are multiplied by o->scale; where their norm
 * then exceeds clip (> 0) they are shortened to it.  o->step is not read: ps
 * counts.  Returns that norm before clipping.  A norm that is not finite, or a
 * device in error, changes nothing.
 *
 * With PARAMS_MUON, matrices of hidden layers take a step of Muon instead (Jordan and
 * others, 2024; with weight decay and a size that suits AdamW's rate: Liu and others,
 * arXiv 2502.16982), which uses up their gradients:
 *     m = 0.95 m + 0.05 g                    (AdamW's m; v stays as it is)
 *     w -= lr (0.4 sqrt(max(out, in)) orthogonalise(0.95 m + 0.05 g) + decay w)
 */
double params_step(struct params *ps, const struct adamw *o, float clip);

/* ema = decay ema + (1 - decay) w */
void params_ema(struct params *ps, float decay);

/*
 * Exchanges w and ema, for evaluating or saving the averaged weights; call it
 * again to go on training.  Clears the gradients, whose block serves as scratch
 * (so it needs PARAMS_TRAIN and PARAMS_EMA; without them it does nothing).
 */
void params_swap_ema(struct params *ps);

/* After w was written: makes c anew, and packs again what had been packed. */
void params_refresh(struct params *ps);

#endif
