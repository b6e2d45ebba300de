/*
 * slowgo: the rules of Go once more, by flood fill, slow and plainly right.
 *
 * Tests hold engine/board against it.  Points are row-major indices from the
 * top left; nothing here calls the engine.
 */
#ifndef TESTS_SLOWGO_H
#define TESTS_SLOWGO_H

#include <stdint.h>

enum { SLOW_MAX = 25 * 25 };

struct slow {
    int w, h;
    uint8_t s[SLOW_MAX]; /* 0 empty, 1 black, 2 white */
};

/* A position from rows of X, O and any other character for empty, top first,
   each ended by a newline or the end; blanks are skipped. */
void slow_draw(struct slow *g, const char *rows);

/* Collects in group[] the points joined to p that hold the same as p.  Returns
   how many; *liberties gets the distinct empty points around them. */
int slow_group(const struct slow *g, int p, int *group, int *liberties);

/* Puts c on p and takes what has no liberty.  Returns the stones taken, or -1
   and leaves g alone if p is occupied or the move is suicide. */
int slow_play(struct slow *g, int c, int p);

/* Does every chain have a liberty? */
int slow_valid(const struct slow *g);

/* Tromp-Taylor: owner[] gets 0, 1 or 2 for each point; returns black - white. */
int slow_area(const struct slow *g, uint8_t *owner);

#endif
