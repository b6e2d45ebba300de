#include "gtp/clips.h"

#include <stdlib.h>
#include <string.h>

#include "render/clip.h"

/* The symmetry of a sample: any of eight on a square board, else of four. */
static int symmetry_of(const struct clips *c, uint64_t random)
{
    return (int)(random % (c->w == c->h ? N_SYMMETRIES : N_SYMMETRIES / 2));
}

static int frames(void *self, bool held_out, const struct train_sample *s, int n, int horizon,
                  uint8_t *px, int *valid, int *move, struct err *e)
{
    const struct clips *c = self;
    enum corpus_part part = held_out ? c->held_out : PART_TRAIN;
    size_t count = corpus_count(&c->corpus, part);
    struct clip clip;

    for (int i = 0; i < n; i++, px += source_bytes(&c->source, horizon)) {
        if (s[i].index >= count)
            return err_set(e, "there is no clip %llu", (unsigned long long)s[i].index);
        clip_scenes(&clip, &c->corpus, corpus_at(&c->corpus, part, (size_t)s[i].index),
                    held_out ? 0 : symmetry_of(c, s[i].random), horizon > 0 ? horizon : 1);
        clip.horizon = horizon;
        clip_draw(&clip, c->drawer, px);
        if (valid)
            valid[i] = clip.valid <= horizon + 1 ? clip.valid : horizon + 1;
        if (move)
            move[i] = clip.move;
    }
    return 0;
}

static int check_sizes(struct clips *c, const char *path, struct err *e)
{
    for (size_t i = 0; i < c->corpus.n_games; i++) {
        struct corpus_game g = corpus_game(&c->corpus, i);

        if (i == 0) {
            c->w = g.w;
            c->h = g.h;
        }
        if (g.w != c->w || g.h != c->h)
            return err_set(e, "'%s' has boards of several sizes: models learn from one", path);
    }
    if (!corpus_count(&c->corpus, PART_TRAIN))
        return err_set(e, "'%s' has no positions to train on", path);
    return 0;
}

int clips_open(struct clips *c, const char *path, enum corpus_part held_out, struct err *e)
{
    struct err why;

    memset(c, 0, sizeof *c);
    err_init(&why);
    if (corpus_open(&c->corpus, path, &why))
        return err_set(e, "%s%s", why.msg, strstr(path, ".sgf") ?
                       ": make one of it by 'videoworld dataset'" : "");
    c->held_out = held_out;
    c->drawer = malloc(sizeof *c->drawer);
    if (!c->drawer || check_sizes(c, path, e)) {
        clips_release(c);
        return err_set(e, "out of memory");
    }
    drawer_init(c->drawer);
    c->source = (struct frame_source){
        .self = c, .samples = corpus_count(&c->corpus, PART_TRAIN),
        .held_out = corpus_count(&c->corpus, held_out), .w = c->w * TILE, .h = c->h * TILE,
        .moves = c->w * c->h + 1, .max_horizon = CLIP_MAX_HORIZON, .frames = frames };
    return 0;
}

void clips_release(struct clips *c)
{
    corpus_release(&c->corpus);
    free(c->drawer);
    memset(c, 0, sizeof *c);
}
