/*
 * clip: what training sees of a position: frames x_t .. x_{t+H}.
 *
 * All frames keep the mover's camera of t (see frame.h).  x_{t+1} shows the
 * board after the BEST move.  Where the best move was the one played, x_{t+2}
 * and on show the game as it went; where it was not, or the game ends, the clip
 * ends earlier: `valid` frames, 2 .. H+1, count, the others repeat the last
 * valid one.  A best move that is a pass shows no new stone and no marker.
 *
 * A symmetry acts on the boards before they are drawn, so a clip looks like
 * that of the turned game.  Nothing here keeps state: threads may draw at once,
 * each into its own clip and buffer.
 */
#ifndef RENDER_CLIP_H
#define RENDER_CLIP_H

#include <stddef.h>
#include <stdint.h>

#include "engine/corpus.h"
#include "engine/symmetry.h"
#include "render/draw.h"
#include "render/frame.h"

enum { CLIP_MAX_HORIZON = 16 };

struct clip {
    int w, h;       /* cells, after the symmetry */
    int horizon;    /* H; there are H+1 frames */
    int valid;      /* frames that count, 2 .. H+1 */
    int move;       /* the best move, after the symmetry: 0 .. w*h - 1, w*h a pass; a label, for
                       evaluation and the `state` target only */
    struct scene scene[CLIP_MAX_HORIZON + 1]; /* what the frames show */
};

/* Bytes of H+1 RGB frames of w x h cells, without padding. */
static inline size_t clip_bytes(int w, int h, int horizon)
{
    return (size_t)(horizon + 1) * (size_t)(w * h) * TILE_BYTES;
}

/* The scenes of the clip from pos; 0 <= symmetry < 8, 1 <= horizon <= CLIP_MAX_HORIZON. */
void clip_scenes(struct clip *c, const struct corpus *corpus, struct corpus_pos pos,
                 int symmetry, int horizon);

/*
 * What else might have come: the scenes of x_{t+1} after each move of the position's policy,
 * other (CORPUS_PRIORS), with how much of a whole each is worth, share (the same); how many.
 * first gets the scene of x_t.
 */
int clip_others(const struct corpus *corpus, struct corpus_pos pos, int symmetry,
                struct scene *first, struct scene *other, float *share);

/* Draws them: px is (H+1, h * TILE, w * TILE, 3), clip_bytes of them. */
void clip_draw(const struct clip *c, const struct drawer *d, uint8_t *px);

/* Both, for position i of a part; returns c->valid. */
int clip_make(struct clip *c, const struct corpus *corpus, enum corpus_part part, size_t i,
              int symmetry, int horizon, const struct drawer *d, uint8_t *px);

#endif
