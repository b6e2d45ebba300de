/*
 * symmetry: the eight ways to turn and mirror a board.
 *
 * Symmetry s, 0 .. 7, is a sum: 1 mirrors left and right, 2 mirrors top and
 * bottom, then 4 swaps columns and rows.  0 changes nothing.  An index is
 * row-major from the top left, as everywhere; w and h are the sides BEFORE the
 * symmetry, and those with 4 turn a w x h board into an h x w one.
 */
#ifndef ENGINE_SYMMETRY_H
#define ENGINE_SYMMETRY_H

enum { N_SYMMETRIES = 8 };

/* Where the point at index of a w x h board goes. */
static inline int symmetry_index(int s, int w, int h, int index)
{
    int x = index % w, y = index / w;

    if (s & 1)
        x = w - 1 - x;
    if (s & 2)
        y = h - 1 - y;
    return s & 4 ? x * h + y : y * w + x;
}

/* The same for a move, where w * h is a pass, which stays one. */
static inline int symmetry_move(int s, int w, int h, int move)
{
    return move < w * h ? symmetry_index(s, w, h, move) : move;
}

/* The symmetry that undoes s. */
static inline int symmetry_inverse(int s)
{
    return s & 4 ? 4 | (s & 1) << 1 | (s & 2) >> 1 : s;
}

#endif
