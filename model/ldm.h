/*
 * ldm: the latent dynamics model: what changes from one frame to the next, as a
 * code (stage 2), after VideoWorld (arXiv 2501.09781).
 *
 * Frames are rows x cols tokens of the tokenizer.  A step is a pair of frames
 * (x, y) that follow each other; its role says whether the camera's own side
 * moves (steps 1, 3, 5 of a clip) or the other (2, 4).
 *
 *     encoder  what x and y show in a cell together, and where: m = silu((E[x] + F[y]) M + b);
 *              a query (one a role) attends to the cells, by keys m K and values
 *              m V + place P; linear, then FSQ: z (D numbers), the code.
 *     decoder  the code as waves (ops->waves) points, multiplied with `place`, at cells:
 *              G[x] + (place (1 + s) + t) W + place W', (s, t) linear in them; an MLP of the
 *              waves scales and shifts every norm of a stack of layers (FiLM) with 3x3
 *              convolutions; each cell then says which token stands there in y, digit
 *              by digit (a token is D_t numbers of few values each: see ops->fsq), so the
 *              cost does not grow with the number of tokens.
 *
 * `place` are fixed functions of row and column: waves, and a ramp.  The first two
 * numbers of a code start as the row and column that the query looks at, and the
 * decoder starts pointing there: a product of waves is a peak where both agree.
 * Where to look, and what happens there, is learned; without that start the code's
 * few numbers took over 100,000 clips to tell places apart.  There are no labels of
 * moves anywhere: a code means whatever rebuilds y.
 *
 * A clip x_t .. x_{t+H} is H steps: z^h comes from x_{t+h-1} and x_{t+h}, and x_{t+h} is
 * decoded from x_{t+h-1} and z^h, so from x_t and z^1 .. z^h.  (The paper's query h
 * sees all frames t .. t+h; two of them say all there is, and one LDM serves every H.)
 *
 * In a checkpoint: "kind" = "ldm", "rows", "cols", "width", "heads", "hidden",
 * "layers", "tokens" = "8,5,5,5" (the tokenizer's levels), "levels".
 */
#ifndef MODEL_LDM_H
#define MODEL_LDM_H

#include "model/block.h"
#include "model/checkpoint.h"
#include "model/tokenizer.h"

enum {
    LDM_ROLES = 2,        /* the camera's side moves; the other */
    LDM_WAVES = 16,       /* numbers of `place` a direction, the ramp among them */
    LDM_PLACE = 2 * LDM_WAVES,
    LDM_CODE_WAVES = 12,  /* of a number of the code */
    LDM_LIFT = 128,       /* hidden width of the MLP on them */
    LDM_SIDE_MAX = 64,    /* rows, cols */
    LDM_CODES_MAX = 1 << 18,
};

struct ldm_config {
    int rows, cols;       /* tokens of a frame; S = rows * cols */
    int layers, width, heads, hidden; /* L, C, NH, F of the decoder's stack */
    struct tokenizer_config tokens, code; /* only D and levels are read */
    char tokenizer[CHECKPOINT_HASH];      /* whose tokens they are; "": not told */
};

struct ldm {
    struct ldm_config config;
    char hash[CHECKPOINT_HASH]; /* of the file that it was read from; else "" */
    int tokens, codes;    /* products of the levels: tokens are 0 .. tokens-1, codes 0 .. codes-1 */
    int S;                /* cells of a frame */
    struct device *d;     /* not owned; must outlive it */
    struct params ps;
    struct stack dec;
    struct param from_e, to_e, mix, mix_b; /* encoder: (V, C) twice, (C, C), (C) */
    struct param query, key, value, place_e; /* (roles, PLACE), (PLACE, C) twice, (PLACE, PLACE) */
    struct param out_e, out_eb;            /* (D, PLACE), (D) */
    struct param from_d, place_d, point_d; /* decoder: (V, C), (C, PLACE) twice */
    struct param role_d;                   /* (roles, C) */
    struct param point, point_b;           /* (2 PLACE, D waves), (2 PLACE) */
    struct param lift1, lift1_b, lift2, lift2_b; /* (LIFT, D waves), (LIFT), (C, LIFT), (C) */
    struct param norm_d;                        /* (C) */
    struct param digit[TOKENIZER_LEVELS_MAX];   /* (levels of the digit, C) */
    struct param digit_b[TOKENIZER_LEVELS_MAX];

    int max;              /* steps at a time */
    struct stack_acts da;              /* (max, S, C) */
    struct block_seq seq;
    int board_at;
    /* device */
    int *span;                         /* (S) */
    float *rope;                       /* (S, C / NH) */
    act *place;                        /* (max S, PLACE): the same for each step */
    int *from, *to, *role, *code;      /* (max, S), (max, S), (max), (max) */
    act *pair, *mix_in, *mix_out;      /* (max S, C) */
    act *ask, *k, *v, *asked;          /* (max, PLACE), (max S, PLACE) twice, (max, PLACE) */
    act *z, *q, *b;                    /* (max, D) before FSQ, after it, not rounded */
    float *lse, *rstd;                 /* (max), (max S) */
    int *best;                         /* (max S) likeliest values of a digit */
    act *wave, *m, *pointed;       /* (max, D waves), (max, 2 PLACE), (max S, PLACE) */
    act *h, *s, *cond;             /* (max, LIFT) twice, (max, C) */
    act *n;                        /* (max S, C) normed */
    act *logits[TOKENIZER_LEVELS_MAX]; /* (max S, levels of the digit) */
    act *d1, *d2;                  /* (max S, C) gradients; NULL without training, as the rest */
    act *dask, *dk, *dv, *dasked, *dz, *dq, *dh, *ds, *dcond, *dwave, *dm, *dpointed, *dplace;
    float *pull;                   /* (max) */
    struct slots mem;
    int *digits;                   /* (max S) host, owned */
};

/* Makes one with all weights zero, for up to `max` steps at a time; flags as for
   params_alloc.  On failure nothing is held. */
int ldm_init(struct ldm *l, const struct ldm_config *c, struct device *d, int max, int flags,
             struct err *e);
void ldm_free(struct ldm *l);

/* Starts anew, as params_seed, with codes that point, and (look given) tokens that start as
   what they look like: look (V, pixels) numbers, random projections of which replace E, F and
   G, -F being E but for a half.  So what is learned of one marker holds for others. */
int ldm_seed(struct ldm *l, uint64_t seed, const float *look, int pixels, struct err *e);

/* The metadata of its checkpoints; points into itself and into c. */
enum { LDM_METAS = 10 };
struct ldm_meta {
    char number[6][16], levels[2][TOKENIZER_LEVELS_MAX * 4];
    struct meta list[LDM_METAS];
};
void ldm_describe(const struct ldm_config *c, struct ldm_meta *m);

int ldm_save(const struct ldm *l, const char *path, enum dtype dtype, struct err *e);
/* Reads one for inference; a file of another kind, or of sizes out of bounds, is refused. */
int ldm_load(struct ldm *l, const char *path, struct device *d, int max, struct err *e);

/* Host memory, any n: from, to (n, S) tokens, role (n) 0 or 1, code (n).  Numbers out of range
   are refused. */
int ldm_encode(struct ldm *l, const int *from, const int *to, const int *role, int n, int *code,
               struct err *e);
/* The likeliest token of each cell of y. */
int ldm_decode(struct ldm *l, const int *from, const int *code, const int *role, int n, int *to,
               struct err *e);

/* --- parts, for training: on the device, n <= max steps --- */

/* Uploads n steps to l->from, l->to, l->role. */
void ldm_upload(struct ldm *l, const int *from, const int *to, const int *role, int n);

/* From l->from, l->to, l->role to l->q (and l->code, when rounding); then from l->from,
   l->role, l->q to l->logits. */
void ldm_encode_device(struct ldm *l, int n, bool quantise);
void ldm_decode_device(struct ldm *l, int n);

/* The likeliest tokens of n decoded steps, to host memory (n, S). */
void ldm_read_tokens(struct ldm *l, int n, int *to);

/* From the gradient of the logits, which stands in l->logits; adds into the params' gradients.
   through: what the decoder wants of the code goes on to the encoder.  commit as in
   tokenizer_backward, with weight one a step. */
void ldm_backward(struct ldm *l, int n, bool through, float commit);

#endif
