#include "model/presets.h"

#include <string.h>

static const struct preset table[] = {
    /* name, layers, width, heads, hidden            weights of the layers */
    { "nano", { .L = 2, .C = 64, .NH = 2, .F = 192 } },     /* 0.1 M: tests */
    { "tiny", { .L = 6, .C = 96, .NH = 3, .F = 256 } },     /* 0.7 M: two cores learn it */
    { "small", { .L = 8, .C = 256, .NH = 8, .F = 640 } },   /* 6.0 M */
    { "base", { .L = 12, .C = 384, .NH = 6, .F = 1024 } },  /* 21 M */
    { "50m", { .L = 16, .C = 512, .NH = 8, .F = 1408 } },   /* 51 M: the paper's sizes */
    { "150m", { .L = 21, .C = 768, .NH = 12, .F = 2048 } }, /* 149 M */
    { "300m", { .L = 24, .C = 1024, .NH = 16, .F = 2688 } } /* 299 M */
};

enum { N = sizeof table / sizeof *table };

const struct preset *presets(int *n)
{
    *n = N;
    return table;
}

const struct preset *preset_find(const char *name, struct err *e)
{
    char names[128] = "";

    for (int i = 0; i < N; i++) {
        if (!strcmp(name, table[i].name))
            return &table[i];
        strcat(strcat(names, i ? ", " : ""), table[i].name);
    }
    err_set(e, "unknown size '%s': it is one of %s", name, names);
    return NULL;
}

/* The bytes (d given) or the number of weights (d NULL) of a stack. */
static int measure(const struct block_config *c, const struct device *d, size_t *n,
                   struct err *e)
{
    struct params ps;
    struct stack s;
    int failed = stack_init(&s, c, e);

    params_init(&ps);
    if (!failed) {
        stack_register(&s, &ps, "layers");
        *n = d ? params_bytes(&ps, d, PARAMS_TRAIN | PARAMS_EMA | PARAMS_MUON)
               : params_count(&ps);
        failed = ps.err.msg[0] ? err_set(e, "%s", ps.err.msg) : 0;
    }
    params_free(&ps);
    stack_free(&s);
    return failed;
}

int preset_params(const struct block_config *c, size_t *count, struct err *e)
{
    return measure(c, NULL, count, e);
}

int preset_memory(const struct block_config *c, enum dtype type, int B, int T, size_t *params,
                  size_t *acts, struct err *e)
{
    struct device d = { .act = type };

    *acts = stack_acts_bytes(c, &d, B, T, true);
    return measure(c, &d, params, e);
}
