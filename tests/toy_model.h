/*
 * toy_model: a small model built from the transformer block, for tests of
 * training.  A sample is a sequence x, x + s, x + 2s, .. modulo TOY_V of a random
 * start and stride; the model predicts the next token from those before it.
 * sample.random shifts the whole sequence.
 */
#ifndef TESTS_TOY_MODEL_H
#define TESTS_TOY_MODEL_H

#include "model/block.h"
#include "model/train.h"

enum { TOY_T = 10, TOY_V = 16, TOY_STRIDES = 4, TOY_SAMPLES = 100, TOY_HELD_OUT = 21 };

/* Things that can be made to go wrong. */
enum toy_fault {
    TOY_FINE,
    TOY_LOAD,       /* load fails */
    TOY_DEVICE,     /* the device fails in backward */
    TOY_LOSS,       /* a loss that is not a number */
    TOY_GRADIENT,   /* a finite loss, a gradient that is not */
    TOY_EVALUATE,   /* evaluate fails */
};

struct toy {
    struct device *d;
    struct params ps;
    struct param embed, norm, head; /* (V, C), (C), (V, C) */
    struct stack s;
    struct stack_acts a;
    struct block_seq q;
    int micro;
    int *id, *target, *span;        /* (micro, T), (micro, T), (T) on the device */
    float *rope, *weight;           /* (T, HS), (micro, T) */
    float *rstd, *loss;             /* (micro, T) */
    act *n, *dn, *logits;           /* (micro, T, C), same, (micro, T, V) */
    struct slots mem;
    int host_id[64 * TOY_T], host_target[64 * TOY_T];
    enum toy_fault fault;
    int fault_at;                   /* at the load or backward of this number, from 1 */
    int loads, backwards;           /* so far */
    struct train_model model;       /* for train_run */
};

/* Opens a CPU of so many threads, seeds the weights; micro <= 64.  -1 and e on failure. */
int toy_init(struct toy *t, int threads, int micro, struct err *e);
void toy_free(struct toy *t);

/* A configuration that trains it well; no files. */
struct train_config toy_config(int steps);

#endif
