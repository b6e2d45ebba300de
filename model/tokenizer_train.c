#include "model/tokenizer_train.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = { "loss", "mse" };

/* Distinct patches of one sample, all its patches in r->cell; adds their weights. */
static void add_sample(struct tokenizer_trainer *r, const uint8_t *px)
{
    struct patches *p = &r->t->patches;
    int w = r->source->w, h = r->source->h, cells = patches_count(p, w, h);
    int frames = r->horizon + 1, distinct = 0, n = 0, before = p->n;

    for (int f = 0; f < frames; f++, px += (size_t)(w * h) * 3)
        for (int c = 0; c < cells; c++) {
            int k = patches_add(p, px, w, h, c);

            if (k >= before) { /* new in this batch */
                r->host_weight[k] = r->host_share[k] = 0;
                r->seen[k] = false;
                before = k + 1;
            }
            distinct += !r->seen[k];
            r->seen[k] = true;
            r->cell[n++] = k;
        }
    for (int i = 0; i < n; i++) {
        int k = r->cell[i];

        r->host_share[k] += 1.0f / (float)n;
        if (r->seen[k])
            r->host_weight[k] += 1.0f / (float)distinct;
        r->seen[k] = false;
    }
}

static int gather(struct tokenizer_trainer *r, bool held_out, const struct train_sample *s,
                  int n, struct err *e)
{
    struct tokenizer *t = r->t;
    struct device *d = t->d;
    size_t clip = source_bytes(r->source, r->horizon), bytes;

    if (r->source->frames(r->source->self, held_out, s, n, r->horizon, r->frames, NULL, NULL, e))
        return -1;
    patches_clear(&t->patches);
    for (int i = 0; i < n; i++)
        add_sample(r, r->frames + (size_t)i * clip);
    r->loaded = t->patches.n;
    bytes = (size_t)r->loaded * sizeof(float);
    tokenizer_upload(t, r->loaded);
    d->ops->upload(d, r->weight, r->host_weight, bytes);
    d->ops->upload(d, r->share, r->host_share, bytes);
    return 0;
}

static int load(void *self, const struct train_sample *s, int n, struct err *e)
{
    return gather(self, false, s, n, e);
}

/* In the first steps every other one does without rounding: a gradient straight through the
   quantiser cannot pull apart two patches that share a code. */
static bool rounds(const struct tokenizer_trainer *r)
{
    return r->t->ps.step >= r->continuous || r->t->ps.step % 2;
}

/* It grows meanwhile: codes that are held from the start do not spread. */
static float commitment(const struct tokenizer_trainer *r)
{
    int step = r->t->ps.step;

    return step < r->continuous ? r->commit * (float)step / (float)r->continuous : r->commit;
}

/* The losses of what was loaded; with grad, for training, their gradient in t->dy. */
static void forward(struct tokenizer_trainer *r, bool grad)
{
    struct tokenizer *t = r->t;
    struct device *d = t->d;
    int n = r->ran = r->loaded, C = t->config.patch * t->config.patch * 3;

    tokenizer_forward(t, n, !grad || rounds(r));
    if (grad)
        d->ops->zero(d, t->dy, (size_t)n * (size_t)C * dtype_size(d->act));
    d->ops->pixel_loss(d, r->loss, grad ? t->dy : NULL, t->y, t->x, r->weight, n, C, PIXEL_L2, 1);
    d->ops->pixel_loss(d, r->error, NULL, t->y, t->x, r->share, n, C, PIXEL_L2, 1);
}

static int backward(void *self, int n, struct err *e)
{
    struct tokenizer_trainer *r = self;

    (void)n, (void)e;
    forward(r, true);
    tokenizer_backward(r->t, r->ran, r->weight, rounds(r) ? commitment(r) : 0);
    return 0;
}

static int losses(void *self, int n, double *sums, struct err *e)
{
    struct tokenizer_trainer *r = self;
    struct device *d = r->t->d;

    (void)n, (void)e;
    sums[0] += d->ops->sum(d, r->loss, (size_t)r->ran);
    sums[1] += d->ops->sum(d, r->error, (size_t)r->ran);
    return 0;
}

static int evaluate(void *self, uint64_t first, uint64_t n, double *sums, struct err *e)
{
    struct tokenizer_trainer *r = self;

    for (uint64_t at = 0; at < n; at += (uint64_t)r->micro) {
        int k = n - at < (uint64_t)r->micro ? (int)(n - at) : r->micro;

        for (int i = 0; i < k; i++) {
            uint64_t number = first + at + (uint64_t)i;
            double part = (double)number / (double)r->held_out;

            r->samples[i] = (struct train_sample){
                (uint64_t)(part * (double)r->source->held_out), 0 };
        }
        if (gather(r, true, r->samples, k, e))
            return -1;
        forward(r, false);
        losses(r, k, sums, e);
    }
    return 0;
}

int tokenizer_train_max(const struct tokenizer_config *c, const struct frame_source *source,
                        int horizon, int micro)
{
    struct patches p = { .side = c->patch };
    int64_t n = (int64_t)micro * (horizon + 1) * patches_count(&p, source->w, source->h);

    return n < INT_MAX ? (int)n : INT_MAX; /* tokenizer_init refuses far fewer */
}

static int alloc(struct tokenizer_trainer *r, struct err *e)
{
    int max = r->t->max, n = 0;
    struct slot s[4];

    s[n++] = (struct slot){ &r->weight, SHAPE(max), SLOT_F32, "weight" };
    s[n++] = (struct slot){ &r->share, SHAPE(max), SLOT_F32, "share" };
    s[n++] = (struct slot){ &r->loss, SHAPE(max), SLOT_F32, "loss" };
    s[n++] = (struct slot){ &r->error, SHAPE(max), SLOT_F32, "error" };
    r->frames = malloc((size_t)r->micro * source_bytes(r->source, r->horizon));
    r->cell = calloc((size_t)max, sizeof *r->cell);
    r->seen = calloc((size_t)max, sizeof *r->seen);
    r->host_weight = calloc((size_t)max, sizeof *r->host_weight);
    r->host_share = calloc((size_t)max, sizeof *r->host_share);
    r->samples = calloc((size_t)r->micro, sizeof *r->samples);
    if (!r->frames || !r->cell || !r->seen || !r->host_weight || !r->host_share || !r->samples)
        return err_set(e, "out of memory");
    return slots_alloc(&r->mem, r->t->d, s, n, e);
}

int tokenizer_train_init(struct tokenizer_trainer *r, struct tokenizer *t,
                         const struct frame_source *source, int horizon, int micro,
                         int continuous, uint64_t held_out, struct err *e)
{
    *r = (struct tokenizer_trainer){ .t = t, .source = source, .horizon = horizon,
                                     .micro = micro, .continuous = continuous,
                                     .commit = 0.3f };
    r->held_out = held_out < source->held_out ? held_out : source->held_out;
    r->model = (struct train_model){ r, &t->ps, source->samples, r->held_out, 2, names,
                                     load, backward, losses, evaluate };
    if (t->max < tokenizer_train_max(&t->config, source, horizon, micro))
        return err_set(e, "no room for the patches of %d samples", micro);
    if (!alloc(r, e))
        return 0;
    tokenizer_train_free(r);
    return -1;
}

void tokenizer_train_free(struct tokenizer_trainer *r)
{
    free(r->frames);
    free(r->cell);
    free(r->seen);
    free(r->host_weight);
    free(r->host_share);
    free(r->samples);
    if (r->t)
        slots_free(&r->mem, r->t->d);
    *r = (struct tokenizer_trainer){ 0 };
}
