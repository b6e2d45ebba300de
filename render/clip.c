#include "render/clip.h"

#include <assert.h>
#include <string.h>

/* The scene of board b, turned; `last` is the index of the stone just placed, or w * h. */
static void turn_scene(struct scene *s, const struct board *b, int symmetry, int last,
                       enum color camera)
{
    int w = b->w, h = b->h;

    s->w = symmetry & 4 ? h : w;
    s->h = symmetry & 4 ? w : h;
    s->marker = last < w * h ? symmetry_index(symmetry, w, h, last) : -1;
    s->mover_is_black = camera == BLACK;
    for (int y = 0, i = 0; y < h; y++)
        for (int x = 0; x < w; x++, i++)
            s->cells[symmetry_index(symmetry, w, h, i)] =
                (uint8_t)cell_of_color((enum color)b->color[board_point(b, x, y)], camera);
}

/* The move before ply; a pass where there is none. */
static int last_move(const struct corpus_game *g, int ply)
{
    return ply ? corpus_played(g, ply - 1) : g->w * g->h;
}

void clip_scenes(struct clip *c, const struct corpus *corpus, struct corpus_pos pos,
                 int symmetry, int horizon)
{
    struct corpus_game g = corpus_game(corpus, pos.game);
    enum color camera = corpus_color(&g, pos.ply);
    int best = corpus_best(&g, pos.ply);
    struct board b;

    assert(horizon >= 1 && horizon <= CLIP_MAX_HORIZON && pos.ply < g.n);
    corpus_replay(&g, pos.ply, &b);
    turn_scene(&c->scene[0], &b, symmetry, last_move(&g, pos.ply), camera);
    board_play(&b, camera, board_move_point(&b, best));
    turn_scene(&c->scene[1], &b, symmetry, best, camera);
    c->w = c->scene[0].w;
    c->h = c->scene[0].h;
    c->horizon = horizon;
    c->move = symmetry_move(symmetry, g.w, g.h, best);
    c->valid = 2;
    if (best == corpus_played(&g, pos.ply))
        for (int ply = pos.ply + 1; ply < g.n && c->valid <= horizon; ply++) {
            int move = corpus_played(&g, ply);

            board_play(&b, corpus_color(&g, ply), board_move_point(&b, move));
            turn_scene(&c->scene[c->valid++], &b, symmetry, move, camera);
        }
    for (int i = c->valid; i <= horizon; i++)
        c->scene[i] = c->scene[c->valid - 1];
}

int clip_others(const struct corpus *corpus, struct corpus_pos pos, int symmetry,
                struct scene *first, struct scene *other, float *share)
{
    struct corpus_game g = corpus_game(corpus, pos.game);
    enum color camera = corpus_color(&g, pos.ply);
    struct corpus_prior list[CORPUS_PRIORS];
    int n = corpus_policy(&g, pos.ply, list);
    struct board b, after;

    corpus_replay(&g, pos.ply, &b);
    turn_scene(first, &b, symmetry, last_move(&g, pos.ply), camera);
    for (int i = 0; i < n; i++) {
        after = b;
        board_play(&after, camera, board_move_point(&b, list[i].move));
        turn_scene(&other[i], &after, symmetry, list[i].move, camera);
        share[i] = (float)list[i].share / CORPUS_WHOLE;
    }
    return n;
}

void clip_draw(const struct clip *c, const struct drawer *d, uint8_t *px)
{
    size_t frame = clip_bytes(c->w, c->h, 0);
    int pitch = c->w * TILE * 3;

    scene_draw(&c->scene[0], d, px, pitch);
    for (int i = 1; i <= c->horizon; i++) {
        memcpy(px + frame, px, frame);
        px += frame;
        scene_redraw(&c->scene[i - 1], &c->scene[i], d, px, pitch);
    }
}

int clip_make(struct clip *c, const struct corpus *corpus, enum corpus_part part, size_t i,
              int symmetry, int horizon, const struct drawer *d, uint8_t *px)
{
    clip_scenes(c, corpus, corpus_at(corpus, part, i), symmetry, horizon);
    clip_draw(c, d, px);
    return c->valid;
}
