/*
 * clips: a corpus of games as the frames that models learn from.
 *
 * The implementation of model/source.h by engine/corpus.h and render/clip.h:
 * samples are the positions of the corpus, those to train on of its part
 * "train", turned by one of the symmetries that keep the board's shape; those
 * held out of another part, never turned.  The label is the best move; what else might have
 * come next are the moves of the position's policy.  Positions to train on whose game is
 * decided may be thinned out.
 */
#ifndef GTP_CLIPS_H
#define GTP_CLIPS_H

#include "engine/corpus.h"
#include "model/source.h"
#include "render/draw.h"

struct clips {
    struct corpus corpus;
    enum corpus_part held_out;
    int w, h;               /* cells of every board */
    struct drawer *drawer;  /* owned */
    size_t *kept;           /* source.samples: which positions to train on; NULL: all; owned */
    struct frame_source source;
};

/* Opens a corpus file, all of one size.  c must not move: the source points to it.  On
   failure nothing is left to release. */
int clips_open(struct clips *c, const char *path, enum corpus_part held_out, struct err *e);
/* Keeps of the positions to train on that are decided (corpus.h) a share, evenly; -1 where none
   is left. */
int clips_thin(struct clips *c, double share, struct err *e);
void clips_release(struct clips *c);

#endif
