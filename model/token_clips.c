#include "model/token_clips.h"

#include <stdlib.h>

int token_clips_init(struct token_clips *c, const struct frame_source *source,
                     struct tokenizer *t, int horizon, int max, struct err *e)
{
    *c = (struct token_clips){ .source = source, .t = t, .horizon = horizon, .max = max };
    if (horizon < 1 || horizon > source->max_horizon)
        return err_set(e, "a horizon of %d is not 1 to %d", horizon, source->max_horizon);
    c->cols = patches_across(&t->patches, source->w);
    c->rows = patches_across(&t->patches, source->h);
    c->frames = malloc((size_t)max * source_bytes(source, horizon < source->max_others
                                                              ? source->max_others : horizon));
    return c->frames ? 0 : err_set(e, "out of memory");
}

void token_clips_free(struct token_clips *c)
{
    free(c->frames);
    *c = (struct token_clips){ 0 };
}

int token_clips_load(struct token_clips *c, bool held_out, const struct train_sample *s, int n,
                     int *id, int *valid, int *move, struct err *e)
{
    const struct frame_source *from = c->source;

    return from->frames(from->self, held_out, s, n, c->horizon, c->frames, valid, move, e) ||
           tokenizer_encode(c->t, c->frames, n * (c->horizon + 1), from->w, from->h, id, e)
        ? -1 : 0;
}

int token_clips_others(struct token_clips *c, const struct train_sample *s, int n, int *id,
                       int *others, float *share, struct err *e)
{
    const struct frame_source *from = c->source;
    int frames = 0;

    if (from->others(from->self, s, n, c->frames, others, share, e))
        return -1;
    for (int i = 0; i < n; i++)
        frames += others[i];
    if (frames && tokenizer_encode(c->t, c->frames, frames, from->w, from->h, id, e))
        return -1;
    return frames;
}

void token_clips_spread(const struct token_clips *c, uint64_t first, int n, uint64_t of,
                        struct train_sample *s)
{
    for (int i = 0; i < n; i++) {
        double part = (double)(first + (uint64_t)i) / (double)of;

        s[i] = (struct train_sample){ (uint64_t)(part * (double)c->source->held_out), 0 };
    }
}
