#include "model/grow.h"

#include <stdio.h>
#include <string.h>

/* How many layers there were, how many there are: more. */
struct growth {
    const char *prefix;
    int was, is;
};

/* Layer l was this one. */
static int layer_was(const struct growth *g, int l)
{
    return (int)((int64_t)l * g->was / g->is);
}

/* Does a layer's tensor write to the stream? */
static bool writes(const char *part)
{
    return !strcmp(part, "attn.proj.weight") || !strcmp(part, "mlp.down.weight");
}

/* See struct checkpoint_source. */
static bool name_was(const void *self, const char *name, char *was, size_t size)
{
    const struct growth *g = self;
    size_t n = strlen(g->prefix);
    int l, from, end = 0;

    if (strncmp(name, g->prefix, n) || sscanf(name + n, ".%d.%n", &l, &end) != 1 || !end) {
        snprintf(was, size, "%s", name);
        return true;
    }
    from = layer_was(g, l);
    snprintf(was, size, "%s.%d.%s", g->prefix, from, name + n + end);
    return !(l > 0 && from == layer_was(g, l - 1) && writes(name + n + end));
}

int grow_from(const char *path, struct params *ps, const struct stack *stack, const char *prefix,
              int *loaded, struct err *e)
{
    struct growth g = { prefix, 0, stack ? stack->config.L : 0 };
    struct checkpoint_source source = { name_was, &g };
    struct checkpoint c;
    bool deeper;
    int failed;

    if (checkpoint_open(&c, path, e))
        return -1;
    deeper = stack && checkpoint_meta(&c, "layers") &&
             !checkpoint_meta_int(&c, "layers", 1, g.is - 1, &g.was, NULL);
    failed = checkpoint_load_fitting(&c, ps, deeper ? &source : NULL, loaded, e);
    checkpoint_close(&c);
    return failed;
}
