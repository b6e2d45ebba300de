/*
 * imagine: tokenizer, LDM and world model together: what a frame may turn into.
 *
 * A frame is seen as tokens; the world model tells how likely each code z^1 is.  A
 * code is tried out by the LDM's decoder, which is fast: a draft of the next
 * frame.  Then the world model itself writes the next frame, given z^1 and the
 * codes after it that it finds likeliest; the draft is what it checks first.
 *
 * The targets that are there for comparison know no codes.  With "video" what is told is
 * where the next frame first differs from one in which nothing happens; a cell of tokens, or
 * S for nowhere, stands for a code, and its draft is what the world model itself writes from
 * there on.  With "state" labels of moves stand for codes, and no frame is ever imagined.
 *
 * Frames are RGB pictures (h, w, 3) in host memory, of the one size that the models
 * were trained on.  The camera's own side moves: role 0.
 */
#ifndef MODEL_IMAGINE_H
#define MODEL_IMAGINE_H

#include "model/ldm.h"
#include "model/tokenizer.h"
#include "model/world.h"

struct imagine_files {
    const char *tokenizer, *ldm, *world; /* safetensors; ldm is read with video+ldm alone */
};

struct imagination {
    struct tokenizer t;
    struct ldm l;
    struct world w;
    int pixels_w, pixels_h;  /* of a frame */
    int S, K;                /* tokens of a frame; codes, or what stands for them */
    int max;                 /* frames seen at a time */
    int n;                   /* seen last */
    int *seen;               /* (max, S) their tokens; owned, as the rest */
    int *still, *change;     /* (max, S) if nothing happens; what first differs there */
    int *from, *role;        /* (max or drafts, S), (drafts) */
    int *step;               /* (max) */
    float *p;                /* (max, K) */
};

enum { IMAGINE_DRAFTS = 64 }; /* computed at a time */

/* Reads the files, which must fit each other; d must outlive m.  On failure nothing is held. */
int imagine_open(struct imagination *m, const struct imagine_files *f, struct device *d, int max,
                 struct err *e);
void imagine_close(struct imagination *m);

/* Sees n <= max frames px in place of those before: p (n, K) gets how likely each z^1 is.  still:
   what would follow them if nothing happened, needed with video alone. */
int imagine_see(struct imagination *m, const uint8_t *px, const uint8_t *still, int n, float *p,
                struct err *e);

/* What the LDM (with video, the world model) makes of n pairs, any number: seen frame[i] changed
   by code[i]; out (n, S) tokens.  Refused with state. */
int imagine_draft(struct imagination *m, const int *frame, const int *code, int n, int *out,
                  struct err *e);

/*
 * Imagines what follows n <= max pairs of a frame that was seen, frame[i], and a code z^1, the
 * first of codes (n, H), which get z^2 .. z^H, each the likeliest after those before.
 * draft (n, S) as imagine_draft gives it; out (n, S) the world model's own next frames,
 * passes (may be NULL) how many they took: none with video, where drafts are its own.
 */
int imagine_next(struct imagination *m, const int *frame, int n, int *codes, const int *draft,
                 int *out, int *passes, struct err *e);

/* The pictures of n frames of tokens. */
int imagine_show(struct imagination *m, const int *tokens, int n, uint8_t *px, struct err *e);

#endif
