#include "engine/playout.h"

#include <string.h>

bool playout_is_eye(const struct board *b, enum color c, int p)
{
    int up = p - b->stride, down = p + b->stride;
    int count[4] = { 0 };

    for (int dir = 0; dir < 4; dir++) {
        int q = b->color[board_neighbor(b, p, dir)];

        if (q != (int)c && q != BORDER)
            return false;
    }
    count[b->color[up - 1]]++;
    count[b->color[up + 1]]++;
    count[b->color[down - 1]]++;
    count[b->color[down + 1]]++;
    return count[color_other(c)] + (count[BORDER] > 0) < 2;
}

/* g may be NULL: then superko is not looked at. */
static bool is_good(const struct board *b, const struct game *g, enum color c, int p)
{
    if (playout_is_eye(b, c, p))
        return false;
    return (g ? game_legality(g, c, p) : board_legality(b, c, p)) == LEGAL;
}

static int pick(const struct board *b, const struct game *g, enum color c, struct rng *r)
{
    int16_t left[BOARD_AREA];
    int n = b->n_empty, i;

    if (n == 0)
        return PASS;
    /* the first try mostly succeeds; only then draw without putting back */
    i = (int)rng_below(r, (uint32_t)n);
    if (is_good(b, g, c, b->empty[i]))
        return b->empty[i];
    memcpy(left, b->empty, (size_t)n * sizeof left[0]);
    while (--n > 0) {
        left[i] = left[n];
        i = (int)rng_below(r, (uint32_t)n);
        if (is_good(b, g, c, left[i]))
            return left[i];
    }
    return PASS;
}

int playout_move(const struct board *b, enum color c, struct rng *r)
{
    return pick(b, NULL, c, r);
}

int playout_move_game(const struct game *g, enum color c, struct rng *r)
{
    return pick(&g->board, g, c, r);
}

int playout_run(struct board *b, enum color c, int limit, struct rng *r)
{
    int n = 0, passes = 0;

    while (n < limit && passes < 2) {
        int p = pick(b, NULL, c, r);

        passes = p == PASS ? passes + 1 : 0;
        board_play(b, c, p);
        c = color_other(c);
        n++;
    }
    return n;
}
