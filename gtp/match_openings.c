#include "gtp/match_openings.h"

#include <stdlib.h>
#include <string.h>

#include "engine/playout.h"
#include "engine/rng.h"

/* --- random ones --------------------------------------------------------------- */

void match_openings_random(struct match_openings *o, int size, double komi, int plies,
                           uint64_t seed)
{
    *o = (struct match_openings){ .size = size, .komi = komi, .plies = plies, .seed = seed };
}

/* Is it a pass, or a point of the edge of a board that has an inside? */
static bool is_poor(const struct board *b, int p)
{
    int x = board_x(b, p), y = board_y(b, p);

    return p == PASS || (b->w >= 5 && (x == 0 || y == 0 || x == b->w - 1 || y == b->h - 1));
}

/* Stones on the edge are half wasted, so one of them too many would decide the game. */
static int random_move(const struct game *g, struct rng *r)
{
    int p = PASS;

    for (int tries = 0; tries < 100; tries++) {
        p = playout_move_game(g, game_to_move(g), r);
        if (!is_poor(&g->board, p))
            break;
    }
    return p;
}

static int random_opening(const struct match_openings *o, int k, struct game *g, struct err *e)
{
    struct rng r;

    if (game_init(g, o->size, o->size, o->komi, e))
        return -1;
    rng_init(&r, splitmix64(o->seed ^ splitmix64((uint64_t)k)));
    while (g->n < o->plies && !game_over(g))
        if (game_play(g, game_to_move(g), random_move(g, &r), e))
            return -1;
    return 0;
}

/* --- those of a file ------------------------------------------------------------ */

static int take_passes_off(struct game *g, struct err *e)
{
    while (g->n && g->ply[g->n - 1].point == PASS)
        if (game_undo(g, e))
            return -1;
    return 0;
}

/* Checks the opening that ends at a node and mixes it into the hash. */
static int check_opening(struct match_openings *o, const struct sgf_node *node, struct err *e)
{
    const struct sgf_node *root = sgf_root(node);
    struct game g;
    int status = 0;

    if (sgf_to_game(&o->sgf, node, o->komi, &g, e))
        return -1;
    if (g.board.w != o->size || g.board.h != o->size)
        status = sgf_err(&o->sgf, root->at, e, "an opening of %dx%d for a match on %dx%d",
                         g.board.w, g.board.h, o->size, o->size);
    if (!status && g.handicap)
        status = sgf_err(&o->sgf, root->at, e, "an opening with handicap stones");
    for (int i = 0; i < g.n && !status; i++) {
        if (g.ply[i].kind == PLY_SETUP)
            status = sgf_err(&o->sgf, root->at, e, "an opening with setup stones");
        o->hash = splitmix64(o->hash ^ (uint64_t)(g.ply[i].point * 4 + (int)g.ply[i].color));
    }
    o->hash = splitmix64(o->hash + 1);
    game_release(&g);
    return status;
}

static void shuffle_nodes(struct match_openings *o)
{
    struct rng r;

    rng_init(&r, o->seed);
    for (size_t i = o->n; i > 1; i--) {
        size_t k = rng_below(&r, (uint32_t)i);
        const struct sgf_node *node = o->node[i - 1];

        o->node[i - 1] = o->node[k];
        o->node[k] = node;
    }
}

int match_openings_read(struct match_openings *o, const char *path, int size, double komi,
                        int plies, bool shuffle, uint64_t seed, struct err *e)
{
    match_openings_random(o, size, komi, plies, seed);
    if (sgf_read(&o->sgf, path, e))
        return -1;
    o->node = calloc(o->sgf.n_games + 1, sizeof *o->node);
    if (!o->node)
        return err_set(e, "out of memory");
    for (const struct sgf_node *root = o->sgf.first; root; root = root->next)
        o->node[o->n++] = sgf_main_line(root, plies, NULL);
    if (!o->n)
        return err_set(e, "'%s' holds no games", path);
    if (shuffle)
        shuffle_nodes(o);
    for (size_t i = 0; i < o->n; i++)
        if (check_opening(o, o->node[i], e))
            return -1;
    return 0;
}

void match_openings_release(struct match_openings *o)
{
    sgf_release(&o->sgf);
    free(o->node);
    *o = (struct match_openings){ 0 };
}

int match_opening(const struct match_openings *o, int k, struct game *g, struct err *e)
{
    if (!o->n)
        return random_opening(o, k, g, e);
    if (sgf_to_game(&o->sgf, o->node[(size_t)k % o->n], o->komi, g, e)) {
        memset(g, 0, sizeof *g);
        return -1;
    }
    g->komi = o->komi;
    return take_passes_off(g, e);
}
