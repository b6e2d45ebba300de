#include "engine/sgf_step.h"

#include <stdlib.h>
#include <string.h>

/* Starts a game as the root wants it; its setup is left to sgf_step. */
static int start(const struct sgf *s, const struct sgf_node *root, double komi, struct game *g,
                 struct sgf_header *h, struct err *e)
{
    if (sgf_header(s, root, h, e))
        return -1;
    if (game_init(g, h->w, h->h, h->has_komi ? h->komi : komi, e)) {
        game_release(g);
        return -1;
    }
    return 0;
}

/* --- one position -------------------------------------------------------- */

int sgf_to_game(const struct sgf *s, const struct sgf_node *node, double komi, struct game *g,
                struct err *e)
{
    const struct sgf_node **path, *n;
    struct sgf_header h;
    size_t depth = 0;
    int status = 0;

    for (n = node; n; n = n->parent)
        depth++;
    path = malloc(depth * sizeof *path);
    if (!path)
        return err_set(e, "out of memory");
    for (n = node; n; n = n->parent)
        path[--depth] = n;
    if (start(s, path[0], komi, g, &h, e)) {
        free(path);
        return -1;
    }
    do {
        status = sgf_step(s, path[depth], &h, g, e);
    } while (status >= 0 && path[depth++] != node);
    free(path);
    if (status < 0) {
        game_release(g);
        return -1;
    }
    return 0;
}

static bool has_move(const struct sgf_node *n)
{
    return sgf_get(n, "B") || sgf_get(n, "W");
}

const struct sgf_node *sgf_main_line(const struct sgf_node *root, int moves, int *played)
{
    const struct sgf_node *n = root;
    int count = has_move(root);

    while (n->child && !(moves >= 0 && count >= moves && has_move(n->child))) {
        n = n->child;
        count += has_move(n);
    }
    if (played)
        *played = count;
    return n;
}

int sgf_load_game(const char *path, int moves, double komi, struct game *g, struct err *e)
{
    struct sgf s;
    int status;

    if (sgf_read(&s, path, e))
        return -1;
    status = sgf_to_game(&s, sgf_main_line(s.first, moves, NULL), komi, g, e);
    sgf_release(&s);
    return status;
}

/* --- every variation ----------------------------------------------------- */

int sgf_walk_init(struct sgf_walk *w, const struct sgf *s, const struct sgf_node *root,
                  double komi, struct err *e)
{
    memset(w, 0, sizeof *w);
    w->sgf = s;
    w->root = root;
    return start(s, root, komi, &w->game, &w->header, e);
}

void sgf_walk_release(struct sgf_walk *w)
{
    game_release(&w->game);
    free(w->made);
    memset(w, 0, sizeof *w);
}

/* Goes back until a next variation stands beside the node gone back from; NULL if none does. */
static const struct sgf_node *climb(struct sgf_walk *w)
{
    const struct sgf_node *n = w->node;
    int left = w->game.n;

    for (; w->depth > 0; n = n->parent) {
        left -= w->made[--w->depth];
        if (w->depth > 0 && n->next) {
            game_undo_to(&w->game, left, NULL);
            return n->next;
        }
    }
    return NULL;
}

int sgf_walk_next(struct sgf_walk *w, struct err *e)
{
    const struct sgf_node *n;

    if (!w->node)
        n = w->root;
    else if (w->depth > 0 && w->node->child)
        n = w->node->child;
    else
        n = climb(w);
    if (!n)
        return 0;
    if (w->depth == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 256;
        uint8_t *made = realloc(w->made, cap);

        if (!made) {
            w->depth = 0;
            return err_set(e, "out of memory");
        }
        w->made = made;
        w->cap = cap;
    }
    w->node = n;
    w->plies = sgf_step(w->sgf, n, &w->header, &w->game, e);
    if (w->plies < 0) {
        w->depth = 0;
        w->plies = 0;
        return -1;
    }
    w->made[w->depth++] = (uint8_t)w->plies;
    return 1;
}
