/*
 * policy: what the model would play: a position drawn, imagined, and read again.
 *
 * The position is drawn as the mover sees it, in some of the eight turns of the
 * board (views).  In each view the world model tells how likely every code z^1
 * is; the likely codes are decoded to drafts of the next frame, which are read
 * and compared with the frame that was seen.  Drafts with the same new stone, in
 * whatever view, are one choice, as likely as they are together (the mean over
 * views).  What shows no single new stone is a choice too, a bad one.
 *
 * policy_imagine then lets the world model itself write the next frame of a
 * choice, in the view where it is likeliest.  Where that is another frame than the
 * draft, which is rare, it writes one in every view that shows the choice, if three or
 * more do; these frames and the drafts of these views vote, and the frame whose board
 * most of them show is taken.  What that frame shows is the move.
 *
 * Several positions can be looked at together, and their first frames imagined
 * together: that is faster, and gives what each alone gives.
 *
 * A world model that was trained without codes, for comparison, plays too (imagine.h): of target
 * video the drafts are its own frames; of target state labels are choices, and stand for frames.
 *
 * Moves are indices, row-major from the top left; w * h is a pass.
 */
#ifndef GTP_PLAYER_POLICY_H
#define GTP_PLAYER_POLICY_H

#include "engine/symmetry.h"
#include "model/imagine.h"
#include "render/diff.h"
#include "render/read.h"

enum {
    POLICY_VIEWS = N_SYMMETRIES,
    POLICY_CODES = 64,                           /* most codes tried a view */
    POLICY_GUESSES = POLICY_VIEWS * POLICY_CODES,
};

struct policy_options {
    const char *weights;   /* folder; NULL: look for it, see policy_weights */
    const char *tokenizer, *ldm, *world; /* files instead of the folder's; or NULL */
    const char *device;    /* as device_open */
    int threads;
    int positions;         /* most looked at together; 0: one */
};

struct policy_choice {
    int move;              /* what it shows; -1: nothing that can be read as a move */
    bool legal;            /* by the game's rules */
    enum diff_kind kind;   /* of the first draft that showed it */
    double p;              /* all choices sum to at most 1 */
    int guess[POLICY_VIEWS]; /* its likeliest guess in each view; -1: none shows it */
};

/* What the world model imagined of a choice. */
struct policy_frame {
    const uint8_t *seen, *px; /* (h, w, 3) x_t and x_t+1 in the choice's view; px NULL: a label */
    struct reading reading;   /* of px */
    struct diff diff;         /* from what was seen to px, on the board */
    int view;
    int codes[WORLD_HORIZON_MAX]; /* (H) */
    int passes;               /* forward passes it took to write it and those beside it */
    int votes, voters;        /* frames and drafts that show its board, of those asked: 1 of 1 as
                                 a rule */
    int move;                 /* the index on the board, not in the view; or -1 */
    bool legal;               /* the frame is a successor, and the rules allow the move */
};

struct policy_view {
    int symmetry;
    struct scene scene;       /* what is drawn */
    struct reading reading;   /* of it */
};

/* One position, looked at. */
struct policy_position {
    const struct game *game;
    enum color color;
    int views, first;         /* its views are frames first, first + 1 .. of those seen */
    struct policy_view view[POLICY_VIEWS];
    /* guesses, codes of views: those of the policy from first_guess on */
    int first_guess, n_guesses;
    int n;
    struct policy_choice choice[POLICY_GUESSES]; /* likeliest first */
    struct policy_frame frame;
    uint8_t *px;              /* (h, w, 3) of the frame; owned, as next */
    int *next;                /* (2, S) its tokens, and those of the draft it was made from */
};

struct policy {
    struct device *d;         /* owned, as the rest */
    struct imagination m;
    char *world_path;
    struct drawer drawer;
    struct reader reader;
    int w, h;                 /* cells of a board */
    int most;                 /* positions at a time */
    struct policy_position *position; /* (most) */
    uint8_t *seen;            /* (most views, h, w, 3) frames */
    uint8_t *still;           /* the same after a pass; with target video, else NULL */
    float *p;                 /* (most views, K) */
    int *guess_frame, *guess_code; /* (most guesses) frame: of those seen */
    int *drafts;              /* (most guesses, S) */
    /* frames being written: after what, from what draft, by what codes */
    int *next_from, *next, *next_draft, *next_code; /* (n), (n, S), (n, S), (n, H) */
    uint8_t *px;              /* (h, w, 3) of a draft */
};

static inline size_t policy_frame_bytes(const struct policy *p)
{
    return (size_t)(p->w * p->h) * TILE_BYTES;
}

/* A position to look at: colour c's move in game, a board of the policy's size, which must
   outlive what is done with the position. */
struct policy_question {
    const struct game *game;
    enum color color;
    int views;                /* the first so many turns; < 1: the one turn -views */
    double cover;             /* a view's codes are tried until so much probability is covered */
};

/* Finds the weights and opens the device.  NULL and e on failure. */
struct policy *policy_open(const struct policy_options *o, struct err *e);
void policy_close(struct policy *p);

/* Looks at n <= p->most positions: p->position[i] gets what is seen in q[i], and the choices. */
int policy_look(struct policy *p, const struct policy_question *q, int n, struct err *e);

/* Imagines choice i of `of`, one of p->position, into its frame: attempt 0 as said above; 1 and
   on: in the view alone where it is next to likeliest, and so on.  1: there are fewer such
   views. */
int policy_imagine(struct policy *p, struct policy_position *of, int i, int attempt,
                   struct err *e);

/* Attempt 0 of choice[i] of p->position[i], i < n, together; choice[i] < 0: not of this one. */
int policy_imagine_all(struct policy *p, const int *choice, int n, struct err *e);

/*
 * The folder of the weights, into buf: $VIDEOWORLD_WEIGHTS; beside an installed program
 * ../share/videoworld; of a program in its build tree, the source's weights/.  -1 and e say
 * where was looked.
 */
int policy_weights(char *buf, size_t size, struct err *e);

#endif
