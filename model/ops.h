/*
 * ops: one table of operations, two machines.
 *
 * Everything the three models compute goes through a `struct device`: a place
 * (CPU or one CUDA GPU) with a table of operations.  Model code never asks
 * which one it has.  There are no tensor objects: an operation takes pointers
 * into the device's memory and sizes; shapes are in the comments, row-major,
 * the last index running fastest.
 *
 * Types.  Parameters, their gradients, statistics and losses are f32.
 * Activations and their gradients are `act`, the device's own activation type
 * (bf16 on CUDA and on CPUs that multiply it faster, f32 on others);
 * act_at does their pointer arithmetic.  Products take them as they are and
 * accumulate in f32; other operations compute in f32.
 *
 * Backward operations ADD into gradients (parameters and activations alike);
 * zero them once a step.  But linear's dx is added to what its caller
 * names, and swiglu and attention write: nothing else reads what they read.
 *
 * Errors.  Operations return nothing: the first failure sticks in d->err and
 * later operations on that device do nothing.  Check once a step with
 * device_check, which also waits for the device to finish.
 *
 * Order.  Operations of one device run in the order they were called; a
 * device is used by one thread at a time.  Same inputs and thread count: same
 * result, bit by bit, on the CPU.
 */
#ifndef MODEL_OPS_H
#define MODEL_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"

enum dtype { DT_F32, DT_BF16, DT_I8, DT_I32, DT_U8 };

static inline size_t dtype_size(enum dtype t)
{
    return t == DT_F32 || t == DT_I32 ? 4 : t == DT_BF16 ? 2 : 1;
}

typedef struct act act; /* activations, in the device's type; opaque to users */

struct ops;

struct device {
    const struct ops *ops;
    enum dtype act;  /* DT_F32 or DT_BF16 */
    char name[96];   /* "cpu (oneDNN 2.6.3, f32, 2 threads)" */
    struct err err;  /* sticky; "" while all is well */
    size_t bytes;      /* of its memory in use now, the backend's own scratch included */
    size_t bytes_peak; /* the most there ever was */
};

static inline act *act_at(const struct device *d, const act *a, size_t n)
{
    return (act *)((uintptr_t)a + n * dtype_size(d->act));
}

/*
 * A parameter tensor: a matrix (out, in) as in PyTorch, or a vector (out, 1).
 * The storage belongs to whoever made it.
 */
struct param {
    const char *name; /* as in checkpoints, "blocks.3.attn.qkv.weight" */
    int out, in;
    float *w;         /* (out, in) master weights */
    float *g;         /* (out, in) gradients; NULL when only inferring */
    act *c;           /* (out, in) the copy that products read; == w where act is f32 */
    void *packed;     /* the device's own layout for inference, or NULL (ops->pack) */
};

/* How one attention is laid out; strides are in elements of act. */
struct attn {
    int B, NH, HS;   /* batch, heads, head size: a multiple of 8, at most 128 */
    int Tq, Tk;      /* queries, keys */
    const int *span; /* (Tq), device memory: query t sees keys 0 .. span[t]-1, 1 <= span <= Tk.
                        Causal is t+1; a bidirectional prefix of P is max(P, t+1); causal over
                        frames of S cells is (t/S + 1) * S; full is Tk. */
    size_t q_row, k_row, v_row, o_row;         /* from one token to the next */
    size_t q_batch, k_batch, v_batch, o_batch; /* from one sequence to the next */
};

/* Squared error, or sqrt(d^2 + eps^2) - eps with eps = 1/255 (Charbonnier). */
enum pixel_loss { PIXEL_L2, PIXEL_CHARBONNIER };

/* One step of AdamW (Loshchilov and Hutter, arXiv 1711.05101), bias-corrected. */
struct adamw {
    float lr, beta1, beta2, eps;
    float decay; /* decoupled: w -= lr * decay * w */
    float scale; /* gradients are multiplied by this first (clipping, averaging) */
    int step;    /* 1 for the first */
};

#define ORTHOGONALISE_A 3.4445f
#define ORTHOGONALISE_B (-4.7750f)
#define ORTHOGONALISE_C 2.0315f
enum { ORTHOGONALISE_STEPS = 5, CROSS_ENTROPY_TARGETS = 8 };

/* Two matrices, and three squares of the shorter side. */
static inline size_t orthogonalise_work(int rows, int cols)
{
    size_t side = (size_t)(rows < cols ? rows : cols);

    return 2 * (size_t)rows * (size_t)cols + 3 * side * side;
}

struct ops {
    /* --- memory, for allocation once: zeroed, aligned to 64 bytes; NULL and d->err on failure */
    void *(*alloc)(struct device *d, size_t bytes);
    void (*free)(struct device *d, void *p); /* NULL is fine */
    void (*upload)(struct device *d, void *dst, const void *src, size_t bytes);
    void (*download)(struct device *d, void *dst, const void *src, size_t bytes); /* waits */
    void (*copy)(struct device *d, void *dst, const void *src, size_t bytes);
    /* rows of `width` bytes, which begin dst_stride and src_stride bytes apart */
    void (*copy_rows)(struct device *d, void *dst, size_t dst_stride, const void *src,
                      size_t src_stride, size_t width, size_t rows);
    void (*zero)(struct device *d, void *p, size_t bytes);
    void (*sync)(struct device *d);
    void (*close)(struct device *d); /* frees d; what was allocated must be freed before */

    /* --- between types and element by element, n elements */
    void (*to_act)(struct device *d, act *y, const float *x, size_t n);
    void (*from_act)(struct device *d, float *y, const act *x, size_t n);
    void (*add)(struct device *d, act *y, const act *x, const act *r, size_t n); /* y may be x */
    void (*silu)(struct device *d, act *y, const act *x, size_t n); /* x / (1 + exp(-x)) */
    void (*silu_backward)(struct device *d, act *dx, const act *dy, const act *x, size_t n);

    /* --- linear: y (N, out) = x (N, in) w^T + b + r (N, out).  b, r may be NULL; y may be r */
    void (*linear)(struct device *d, act *y, const act *x, const struct param *w,
                   const struct param *b, const act *r, int N);
    /* dx (N, in) = dy w + r (N, in); w->g += dy^T x; b->g += column sums of dy.
       dx, b, r may be NULL; r may be dx, to add.  A residual's gradient is dy itself. */
    void (*linear_backward)(struct device *d, act *dx, const struct param *w,
                            const struct param *b, const act *dy, const act *x, const act *r,
                            int N);
    /* Lays w out for inference, once; linear then reads w->packed.  unpack frees that. */
    void (*pack)(struct device *d, struct param *w);
    void (*unpack)(struct device *d, struct param *w);

    /* --- RMSNorm (arXiv 1910.07467): rstd[n] = 1 / sqrt(mean_c x[n,c]^2 + 1e-6),
           y (N, C) = x rstd[n] g[c]; rstd may be NULL when only inferring */
    void (*rmsnorm)(struct device *d, act *y, float *rstd, const act *x, const struct param *g,
                    int N, int C);
    void (*rmsnorm_backward)(struct device *d, act *dx, const struct param *g, const act *dy,
                             const act *x, const float *rstd, int N, int C);

    /* --- modulate (FiLM, arXiv 1709.07871): m (B, 2C) holds scale, then shift;
           y (B, T, C) = x (1 + m[b,c]) + m[b,C+c] */
    void (*modulate)(struct device *d, act *y, const act *x, const act *m, int B, int T, int C);
    void (*modulate_backward)(struct device *d, act *dx, act *dm, const act *dy, const act *x,
                              const act *m, int B, int T, int C);

    /* --- SwiGLU (arXiv 2002.05202): x (N, 2F) holds gate, then up; y (N, F) = silu(gate) up;
           the backward writes dx (N, 2F) */
    void (*swiglu)(struct device *d, act *y, const act *x, int N, int F);
    void (*swiglu_backward)(struct device *d, act *dx, const act *dy, const act *x, int N, int F);

    /* --- depthwise 3x3 convolution over cells, zero outside: x, y, r (B, H, W, C), boards
           `batch` elements apart (>= H*W*C: cells may be a part of longer sequences), taps
           k (C, 9) row-major; y = sum of taps + r.  r may be NULL or x; y is neither x nor r */
    void (*conv3)(struct device *d, act *y, const act *x, const struct param *k, const act *r,
                  int B, int H, int W, int C, size_t batch);
    void (*conv3_backward)(struct device *d, act *dx, const struct param *k, const act *dy,
                           const act *x, int B, int H, int W, int C, size_t batch);

    /* --- rotary positions (arXiv 2104.09864) over row and column, in place: the first half of
           a head's dimensions turns by the row, the second by the column; dimensions (2i, 2i+1)
           are a pair.  table (T, HS) f32 holds cos, sin of each pair (ops_rope_table).
           x: tokens `row` elements apart, sequences `batch` apart, NH heads of HS side by side.
           inverse turns back: the backward of the turn. */
    void (*rope)(struct device *d, act *x, const float *table, int B, int T, int NH, int HS,
                 size_t row, size_t batch, bool inverse);

    /* --- attention: o[t] = sum over s < span[t] of softmax_s(q[t].k[s] / sqrt(HS)) v[s];
           lse (B, NH, Tq) f32 gets the log of the softmax's denominator (NULL: not wanted) */
    void (*attention)(struct device *d, act *o, float *lse, const act *q, const act *k,
                      const act *v, const struct attn *a);
    /* writes dq, dk, dv, laid out as q, k, v; dout as o */
    void (*attention_backward)(struct device *d, act *dq, act *dk, act *dv, const act *dout,
                               const act *o, const float *lse, const act *q, const act *k,
                               const act *v, const struct attn *a);

    /* --- embedding: y (N, C) = table[id[n]]; id (N) i32, 0 <= id < V, table (V, C) */
    void (*embed)(struct device *d, act *y, const struct param *table, const int *id, int N);
    void (*embed_backward)(struct device *d, const struct param *table, const act *dy,
                           const int *id, int N);

    /* --- patches: px (B, H*P, W*P, 3) u8 <-> tokens (B, H*W, P*P*3) = px / 127.5 - 1; on the
           way back rounded to nearest and cut to 0 .. 255 */
    void (*patchify)(struct device *d, act *y, const uint8_t *px, int B, int H, int W, int P);
    void (*unpatchify)(struct device *d, uint8_t *px, const act *x, int B, int H, int W, int P);

    /* --- FSQ (arXiv 2309.15505): x (N, D), levels[D] in host memory, 1 <= D <= 8, each level
           count 2 <= L <= 64.  half = (L-1)(1+1e-3)/2, offset = L even ? 1/2 : 0,
           shift = atanh(offset / half), bounded = tanh(x + shift) half - offset;
           y = round(bounded) / (L/2), index = sum_i (round_i + L_i/2) prod_{j<i} L_j
           (integer L/2), in range even where x is NaN.  quantise false skips the rounding; index
           may be NULL. */
    void (*fsq)(struct device *d, act *y, int *index, const act *x, const int *levels, int D,
                int N, bool quantise);
    /* straight through the rounding: dx += dy (1 - tanh^2(x + shift)) half / (L/2) */
    void (*fsq_backward)(struct device *d, act *dx, const act *dy, const act *x,
                         const int *levels, int D, int N);
    /* y (N, D) from the indices alone */
    void (*fsq_decode)(struct device *d, act *y, const int *index, const int *levels, int D,
                       int N);

    /* --- waves: x (N), y (N, K): y[n,k] = cos(pi (k+1) (x[n]+1) / 2).  For x in -1 .. 1 they are
           a basis of smooth functions (NeRF's encoding, arXiv 2003.08934, with cosines alone) */
    void (*waves)(struct device *d, act *y, const act *x, int N, int K);
    void (*waves_backward)(struct device *d, act *dx, const act *dy, const act *x, int N, int K);

    /* --- cross-entropy: logits (N, V), targets (N, M) i32 (-1: ignored), weight (N, M) or NULL
           (ones), 1 <= M <= CROSS_ENTROPY_TARGETS:
           loss[n] = sum_m weight[n,m] * -log softmax(logits[n])[target[n,m]].
           With grad, logits become scale times the gradient of sum_n loss[n]. */
    void (*cross_entropy)(struct device *d, float *loss, act *logits, const int *target,
                          const float *weight, int N, int M, int V, float scale, bool grad);
    /* id (N): the largest logit, the first among equals */
    void (*argmax)(struct device *d, int *id, const act *logits, int N, int V);
    /* p (N, V) f32 = softmax(logits / temperature), temperature > 0 */
    void (*softmax)(struct device *d, float *p, const act *logits, int N, int V,
                    float temperature);

    /* --- pixel loss: x, y (N, C), weight (N) or NULL: loss[n] = weight[n] mean_c f(x - y);
           dx += scale times the gradient of sum_n loss[n] (dx may be NULL) */
    void (*pixel_loss)(struct device *d, float *loss, act *dx, const act *x, const act *y,
                       const float *weight, int N, int C, enum pixel_loss kind, float scale);

    /* --- reductions to the host in a fixed order (they wait), and the optimiser, n elements */
    double (*sum)(struct device *d, const float *x, size_t n);
    double (*sum_squares)(struct device *d, const float *x, size_t n);
    /* c gets the new w in act, unless c is w */
    void (*adamw)(struct device *d, float *w, float *m, float *v, const float *g, act *c,
                  size_t n, const struct adamw *o);
    /* y = a x + b y */
    void (*mix)(struct device *d, float *y, float a, const float *x, float b, size_t n);
    /*
     * x (rows, cols) = U S V^T becomes nearly U V^T, whatever its size: five steps of
     *     x = a x + b (x x^T) x + c (x x^T)^2 x,
     * the quintic iteration of Muon (Jordan and others, 2024), in the type of acts; singular
     * values that were above a hundredth of x's norm come out between 0.6 and 1.2.
     * work: orthogonalise_work(rows, cols) elements.
     */
    void (*orthogonalise)(struct device *d, float *x, act *work, int rows, int cols);

    /* --- decoding as one launch: record the operations between begin and end, then replay them
           with the same pointers.  begin returns false where there is nothing to gain (CPU). */
    bool (*graph_begin)(struct device *d);
    void *(*graph_end)(struct device *d);
    void (*graph_launch)(struct device *d, void *graph);
    void (*graph_free)(struct device *d, void *graph);
};

enum precision { PRECISION_AUTO, PRECISION_F32, PRECISION_BF16 };

/*
 * Opens "cpu", "cuda", "cuda:N" or "auto" (a GPU when the program was built
 * with CUDA and the machine has a driver and one, else the CPU).  threads 0
 * means all cores.  precision is the CPU's type of activations: AUTO is
 * bf16 where the processor multiplies it faster, else f32.  NULL and e on failure.
 */
struct device *device_open(const char *which, int threads, enum precision precision,
                           struct err *e);
void device_close(struct device *d);

/* Waits for d, then returns 0, or -1 with its first error in e. */
int device_check(struct device *d, struct err *e);

/* The most bytes d ever had in use, scratch and workspaces included. */
size_t device_bytes_peak(const struct device *d);

/* For backends: call these where memory of d is got and given back. */
void device_got(struct device *d, size_t bytes);
void device_gave(struct device *d, size_t bytes);

/* The backends behind device_open. */
struct device *device_open_cpu(int threads, enum precision precision, struct err *e);
struct device *device_open_cuda(int index, struct err *e);
int device_cuda_count(void); /* GPUs that can be used; 0 also without a driver or CUDA */

/*
 * Host: cos, sin of the rotary positions, table (T, HS), HS a multiple of 4.
 * Pair i of a half turns by position * theta^(-i / (HS/4)), i = 0 .. HS/4-1.
 */
void ops_rope_table(float *table, const int *row, const int *col, int T, int HS, float theta);

/* Host: learning rate of a step: linear warm-up, then half a cosine down to final_lr. */
float ops_schedule(int step, int warmup, int total, float lr, float final_lr);

#endif
