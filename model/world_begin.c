/* A world model that begins with the weights of another. */
#include "model/world.h"

#include <stdio.h>

/* How many layers there were, how many there are: as many or more. */
struct depth {
    int was, is;
};

/* Layer l was this one. */
static int layer_was(const struct depth *d, int l)
{
    return (int)((int64_t)l * d->was / d->is);
}

static void name_was(const void *self, const char *name, char *was, size_t size)
{
    int l, end = 0;

    if (sscanf(name, "layers.%d.%n", &l, &end) == 1 && end)
        snprintf(was, size, "layers.%d.%s", layer_was(self, l), name + end);
    else
        snprintf(was, size, "%s", name);
}

static void zero(struct world *w, struct param *p)
{
    w->d->ops->zero(w->d, p->w, (size_t)p->out * (size_t)p->in * sizeof *p->w);
}

/* A layer that is there twice adds nothing, the second time. */
static void silence(struct world *w, const struct depth *d)
{
    for (int l = 1; l < d->is; l++) {
        struct block *b = &w->s.layer[l];

        if (layer_was(d, l) != layer_was(d, l - 1))
            continue;
        zero(w, &b->proj);
        zero(w, &b->down);
    }
    world_weights_set(w);
}

int world_begin(struct world *w, const char *path, int *loaded, struct err *e)
{
    struct depth d = { 0, w->config.layers };
    struct checkpoint_source source = { name_was, &d };
    struct checkpoint c;
    bool deeper;
    int failed;

    if (checkpoint_open(&c, path, e))
        return -1;
    deeper = checkpoint_meta(&c, "layers") &&
             !checkpoint_meta_int(&c, "layers", 1, d.is, &d.was, NULL) && d.was < d.is;
    failed = checkpoint_load_fitting(&c, &w->ps, deeper ? &source : NULL, loaded, e);
    checkpoint_close(&c);
    if (failed)
        return -1;
    if (deeper)
        silence(w, &d);
    return device_check(w->d, e);
}
