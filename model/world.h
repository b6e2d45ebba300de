/*
 * world: the world model (stage 3), after VideoWorld (arXiv 2501.09781): it reads a
 * frame, says what may happen next as codes, and writes the next frame.
 *
 * Frames are S = rows x cols tokens of the tokenizer, codes those of the LDM.  One
 * stack of layers reads a sequence of T = 2S + H tokens:
 *
 *     slots          hold                               predict
 *     0 .. S-1       x_t, whose cells see each other    -
 *     S              "start"                            z^1
 *     S+h, 1..H      z^h                                z^h+1
 *     S+H+i, 0..S-1  token i-1 of x_t+1 (for i = 0:     token i of x_t+1
 *                    what stands there already),
 *                    token i of x_t, and how
 *                    much z^1 acts on cell i
 *
 * Beyond x_t each slot sees itself and what is before it.  A slot also has a
 * learned vector of its place, and turns with row and column: that of the cell it
 * holds or predicts, the codes in a row of their own below the board.
 *
 * Codes are read where the move is seen, in the cells.  A query (the output o of
 * the slot that predicts) scores every cell x_s of x_t, and a code gains as much as
 * it acts on the cells that score:
 *
 *     [m, n] = M o + b         score[s] = v . (x_s (1 + m) + n)
 *     logits = W o + b + sum over s of acts[role][code][s] score[s]
 *
 * `acts` begins as what the codes were seen to change (world_set_acts) and learns
 * along.  There is one table a role: the camera's side moves, or the other.
 *
 * Targets, for comparison: WORLD_LDM as above.  WORLD_VIDEO: no codes, H = 0, the
 * next frame alone.  WORLD_STATE: a label instead of z^1 (code s acts on cell s)
 * and no next frame, H = 0.
 *
 * In a checkpoint: "kind" = "world", "target" = "state", "video" or "video+ldm",
 * "horizon", "rows", "cols", "tokens", "codes", "layers", "width", "heads", "hidden".
 */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include "model/block.h"
#include "model/checkpoint.h"

enum world_target { WORLD_STATE, WORLD_VIDEO, WORLD_LDM };

enum {
    WORLD_ROLES = 2,
    WORLD_HORIZON_MAX = 16,
    WORLD_SIDE_MAX = 64,       /* rows, cols */
    WORLD_TOKENS_MAX = 1 << 18,
    WORLD_CODES_MAX = 1 << 18,
};

struct world_config {
    enum world_target target;
    int horizon;               /* H: 1 .. with WORLD_LDM, else 0 */
    int rows, cols;            /* tokens of a frame; S = rows * cols */
    int tokens;                /* V: the tokenizer's codes */
    int codes;                 /* K: the LDM's codes; labels with WORLD_STATE; else 0 */
    int layers, width, heads, hidden; /* L, C, NH, F */
    char tokenizer[CHECKPOINT_HASH]; /* whose tokens they are; "": not told */
    char ldm[CHECKPOINT_HASH];       /* whose codes; "": not told, or none */
};

struct world {
    struct world_config config;
    int S, Q;             /* cells; queries: H, 1 or 0 of them */
    int T_codes, T;       /* slots up to the last query; of all */
    struct device *d;     /* not owned; must outlive it */
    struct params ps;
    struct stack s;
    struct param input;   /* (V + 1 + K + V, C): tokens of x_t, start, codes, tokens of x_t+1 */
    struct param place;   /* (T, C) */
    struct param copy;    /* (V, C): token i of x_t, where token i of x_t+1 is predicted */
    struct param mark;    /* (C, 1): times acts[0][z^1][i], there too; with codes only */
    struct param norm;    /* (C) */
    struct param ask, ask_b, score;       /* M (2C, C), (2C), v (1, C) */
    struct param code, code_b, acts[WORLD_ROLES]; /* W (K, C), (K), (K, S) each */
    struct param frame, frame_b;          /* (V, C), (V) */

    int max;              /* sequences at a time */
    int loaded_T;         /* T_codes or T: what world_upload laid out */
    struct stack_acts a;  /* (max, T, C) */
    struct block_seq q;
    int board_at;
    struct stack_cache cache; /* when only inferring: (max, T) */
    int n, steps;         /* boards seen; codes chosen since */
    bool fresh;           /* none has been chosen: w->logits are those of z^1 */
    /* device */
    int *span;            /* (T) */
    float *rope;          /* (T, C / NH) */
    int *id, *at, *below; /* (max, T) rows of input and of place; (max, S) rows of copy */
    act *x, *normed;      /* (max, T, C) the input on its way; the output, normed */
    float *rstd;          /* (max, T) */
    act *cells, *slots;   /* (max, S, C) outputs of x_t; slots that predict x_t+1 */
    act *query, *bent, *y;/* (Q, max, C), (Q, max, 2C), (Q, max, S, C) */
    act *scores, *logits; /* (Q, max, S), (Q, max, K) */
    int *first;           /* (max) z^1, */
    act *acted;           /* (max, S) how much it acts on each cell, */
    act *acted_part;      /* and of some cells in a row; only when inferring */
    act *tokens;          /* (max, S, V) logits of x_t+1 */
    int *best;            /* (max, S) */
    float *p;             /* (max, K); only when inferring, */
    float *odds;          /* (S, V) of the tokens of one board; then too, with WORLD_VIDEO */
    act *dnormed, *dcells, *dslots, *dquery, *dbent, *dy, *dscores, *dacted; /* gradients,
                             in training */
    struct slots mem;
    int *host_id, *host_at, *host_below; /* (max, T) twice, (max, S); owned */
    int *chosen;          /* (H, max) codes; owned */
};

/* Makes one with all weights zero, for up to `max` boards at a time; flags as for
   params_alloc: without PARAMS_TRAIN it only infers, with it it only trains.  frames false:
   in training, sequences end with the last query.  On failure nothing is held. */
int world_init(struct world *w, const struct world_config *c, struct device *d, int max,
               int flags, bool frames, struct err *e);
void world_free(struct world *w);

/* How much each code acts on each cell of a role, (K, S), in place of noughts. */
void world_set_acts(struct world *w, int role, const float *acts);

/* Of code k is said what was said of old[0][k]; what it does in role 1, of old[1][k]: (K) each.
   With codes only. */
int world_set_codes(struct world *w, int *const old[WORLD_ROLES], struct err *e);

/* The metadata of its checkpoints; points into itself and into c. */
enum { WORLD_METAS = 13 };
struct world_meta {
    char number[9][16];
    struct meta list[WORLD_METAS];
};
void world_describe(const struct world_config *c, struct world_meta *m);

const char *world_target_name(enum world_target t);
int world_target_named(const char *name); /* -1: there is none */

int world_save(const struct world *w, const char *path, enum dtype dtype, struct err *e);
/* Reads one to infer with; a file of another kind, or of sizes out of bounds, is refused. */
int world_load(struct world *w, const char *path, struct device *d, int max, struct err *e);

/*
 * --- inferring, on the host: see boards, ask for codes, choose some, see what follows.
 *
 * Numbers out of range, and calls out of this order, are refused:
 *     world_see, then world_codes, then world_next_code H times, then world_frame.
 *     WORLD_STATE: world_see, world_codes.  WORLD_VIDEO: world_see, world_changes, world_frame.
 * world_back(w, h) forgets all codes but the first h, to choose others instead; what may
 * come next was told when those h were chosen.
 */

/* Reads n <= w->max boards, tokens (n, S), in place of those before. */
int world_see(struct world *w, const int *tokens, int n, struct err *e);

/* p (n, K): how likely each z^1 is (each label, with WORLD_STATE). */
int world_codes(struct world *w, float *p, struct err *e);

/* Chooses z^h, code (n), one more a board; p (n, K) gets how likely each z^h+1 is.  After the
   last, z^H, there is none: p must be NULL; it may be NULL before. */
int world_next_code(struct world *w, const int *code, float *p, struct err *e);
void world_back(struct world *w, int steps);

/* Of n probabilities the largest, the first among equals. */
static inline int world_likeliest(const float *p, int n)
{
    int best = 0;

    for (int i = 1; i < n; i++)
        if (p[i] > p[best])
            best = i;
    return best;
}

/*
 * With WORLD_VIDEO, which has no codes: still (n, S) is the next frame if nothing happens.  p (n,
 * S+1) gets how likely x_t+1 first differs from it in cell s, and with the token (n, S) that is
 * likeliest there; p[S], how likely it is the same.  They sum to at most 1: other tokens are
 * left out.
 */
int world_changes(struct world *w, const int *still, float *p, int *token, struct err *e);

/*
 * The next frames, out (n, S): each cell's likeliest token after those before it, greedily,
 * all codes being chosen.  draft (n, S) is a guess at them: all are checked in one pass, and
 * only what follows the first wrong one is computed again, so a right draft takes one pass.
 * Without (NULL) it takes S.  The result does not depend on the draft (up to the order of
 * sums), but for its first given[i] cells (given NULL: none), which are taken as they are.
 * passes, if not NULL, gets how many it took.
 */
int world_frame(struct world *w, const int *draft, const int *given, int *out, int *passes,
                struct err *e);

/* Rows of the table `input`. */
static inline int world_row_start(const struct world *w)
{
    return w->config.tokens;
}

static inline int world_row_code(const struct world *w, int code)
{
    return w->config.tokens + 1 + code;
}

static inline int world_row_next(const struct world *w, int token)
{
    return w->config.tokens + 1 + w->config.codes + token;
}

/* --- parts, for training: on the device, n <= max sequences --- */

/* Lays out x_t: from (n, S), codes: code (n, H) (not read where H = 0), and x_t+1: next (n, S);
   without next (NULL) the sequences end with the last query. */
void world_upload(struct world *w, const int *from, const int *code, const int *next, int n);

/* To w->logits, query by query (Q, n, K), and w->tokens (n, S, V) when there is a next frame. */
void world_forward(struct world *w, int n);

/* Adds what z^1 does to `rows` slots (rows, C) that predict cells: acted (rows) times mark. */
void world_mark(struct world *w, act *slots, const act *acted, int rows);

/* From the gradients of both, which stand in their places; adds into the params' gradients. */
void world_backward(struct world *w, int n);

/* The part of world_forward that asks: from w->cells (n, S, C) and w->query (Q, n, C), for
   steps first .. first+Q-1 (from 1), to w->logits. */
void world_ask(struct world *w, int n, int first, int Q);

#endif
