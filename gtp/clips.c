#include "gtp/clips.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/clip.h"

/* The symmetry of a sample: any of eight on a square board, else of four. */
static int symmetry_of(const struct clips *c, uint64_t random)
{
    return (int)(random % (c->w == c->h ? N_SYMMETRIES : N_SYMMETRIES / 2));
}

/* The position of a sample that is there. */
static struct corpus_pos position(const struct clips *c, enum corpus_part part, uint64_t index)
{
    size_t i = (size_t)index;

    return corpus_at(&c->corpus, part, part == PART_TRAIN && c->kept ? c->kept[i] : i);
}

static int frames(void *self, bool held_out, const struct train_sample *s, int n, int horizon,
                  uint8_t *px, int *valid, int *move, struct err *e)
{
    const struct clips *c = self;
    enum corpus_part part = held_out ? c->held_out : PART_TRAIN;
    uint64_t count = held_out ? c->source.held_out : c->source.samples;
    struct clip clip;

    for (int i = 0; i < n; i++, px += source_bytes(&c->source, horizon)) {
        if (s[i].index >= count)
            return err_set(e, "there is no clip %llu", (unsigned long long)s[i].index);
        clip_scenes(&clip, &c->corpus, position(c, part, s[i].index),
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

/* The frames after the moves of a sample's policy, from px on; how many. */
static int draw_others(const struct clips *c, struct corpus_pos pos, int symmetry, uint8_t *px,
                       float *share)
{
    struct scene scene[1 + CORPUS_PRIORS];
    size_t frame = source_bytes(&c->source, 0);
    int n = clip_others(&c->corpus, pos, symmetry, scene, scene + 1, share);
    int pitch = c->source.w * 3;

    if (n)
        scene_draw(&scene[0], c->drawer, px, pitch);
    for (int i = 0; i < n; i++, px += frame) {
        if (i)
            memcpy(px, px - frame, frame);
        scene_redraw(&scene[i], &scene[i + 1], c->drawer, px, pitch);
    }
    return n;
}

static int other_frames(void *self, const struct train_sample *s, int n, uint8_t *px, int *others,
                        float *share, struct err *e)
{
    const struct clips *c = self;
    for (int i = 0; i < n; i++) {
        if (s[i].index >= c->source.samples)
            return err_set(e, "there is no clip %llu", (unsigned long long)s[i].index);
        others[i] = draw_others(c, position(c, PART_TRAIN, s[i].index),
                                symmetry_of(c, s[i].random), px, share);
        px += (size_t)others[i] * source_bytes(&c->source, 0);
        share += others[i];
    }
    return 0;
}

static bool has_policies(const struct corpus *c)
{
    for (size_t i = 0; i < c->n_games; i++)
        if (corpus_game(c, i).priors)
            return true;
    return false;
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
        .moves = c->w * c->h + 1, .max_horizon = CLIP_MAX_HORIZON, .frames = frames,
        .max_others = has_policies(&c->corpus) ? CORPUS_PRIORS : 0, .others = other_frames };
    return 0;
}

int clips_thin(struct clips *c, double share, struct err *e)
{
    size_t n = corpus_count(&c->corpus, PART_TRAIN), kept = 0, decided = 0;

    free(c->kept);
    c->kept = malloc(n * sizeof *c->kept);
    if (!c->kept)
        return err_set(e, "out of memory");
    for (size_t i = 0; i < n; i++) {
        struct corpus_pos p = corpus_at(&c->corpus, PART_TRAIN, i);
        struct corpus_game g = corpus_game(&c->corpus, p.game);

        if (corpus_decided(&g, p.ply)) {
            double before = floor((double)decided * share);

            decided++;
            if (floor((double)decided * share) == before)
                continue;
        }
        c->kept[kept++] = i;
    }
    c->source.samples = kept;
    return kept ? 0 : err_set(e, "every position to train on is decided");
}

void clips_release(struct clips *c)
{
    free(c->kept);
    corpus_release(&c->corpus);
    free(c->drawer);
    memset(c, 0, sizeof *c);
}
