/*
 * imagine: tokenizer, LDM and world model together: what a frame may turn into.
 *
 * A frame is seen as tokens; the world model tells how likely each code z^1 is.  A
 * code is tried out by the LDM's decoder, which is fast: a draft of the next
 * frame.  Then the world model itself writes the next frame, given z^1 and the
 * codes after it that it finds likeliest; the draft is what it checks first.
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
    const char *tokenizer, *ldm, *world; /* safetensors */
};

struct imagination {
    struct tokenizer t;
    struct ldm l;
    struct world w;
    int pixels_w, pixels_h;  /* of a frame */
    int S, K;                /* tokens of a frame; codes */
    int max;                 /* frames seen at a time */
    int n;                   /* seen last */
    int *seen;               /* (max, S) their tokens; owned, as the rest */
    int *from, *role;        /* (max or drafts, S), (drafts) */
    int *step;               /* (max) */
    float *p;                /* (max, K) */
};

enum { IMAGINE_DRAFTS = 64 }; /* computed at a time */

/*
 * Reads the three files, which must fit each other; d must outlive m.  A world model with
 * another target than video+ldm is refused: it has no codes to choose from.  On failure
 * nothing is held.
 */
int imagine_open(struct imagination *m, const struct imagine_files *f, struct device *d, int max,
                 struct err *e);
void imagine_close(struct imagination *m);

/* Sees n <= max frames px in place of those before: p (n, K) gets how likely each z^1 is. */
int imagine_see(struct imagination *m, const uint8_t *px, int n, float *p, struct err *e);

/* What the LDM makes of n pairs, any number: seen frame[i] changed by code[i]; out (n, S)
   tokens. */
int imagine_draft(struct imagination *m, const int *frame, const int *code, int n, int *out,
                  struct err *e);

/*
 * Imagines what follows n <= max pairs of a frame that was seen, frame[i], and a code z^1, the
 * first of codes (n, H), which get z^2 .. z^H, each the likeliest after those before.
 * draft (n, S) as imagine_draft gives it; out (n, S) the world model's own next frames,
 * passes (may be NULL) how many they took.
 */
int imagine_next(struct imagination *m, const int *frame, int n, int *codes, const int *draft,
                 int *out, int *passes, struct err *e);

/* The pictures of n frames of tokens. */
int imagine_show(struct imagination *m, const int *tokens, int n, uint8_t *px, struct err *e);

#endif
