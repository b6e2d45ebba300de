/* From the codes of one LDM to those of another. */
#include "model/world_train.h"

#include <stdlib.h>

/* Steps as new code x number of codes + old code, of each role. */
struct pairs {
    uint64_t *list[WORLD_ROLES];
    int *old[WORLD_ROLES]; /* (K) */
    int *z;                /* (micro H) */
    size_t n[WORLD_ROLES];
};

static int collect(struct world_trainer *r, struct ldm *was, int samples, struct pairs *p,
                   struct err *e)
{
    uint64_t K = (uint64_t)r->w->config.codes;

    for (int at = 0; at < samples; at += r->micro) {
        int steps = world_train_draw(r, at, samples, e);

        if (steps < 0 || ldm_encode(was, r->x, r->y, r->role, steps, p->z, e))
            return -1;
        for (int i = 0; i < steps; i++)
            p->list[r->role[i]][p->n[r->role[i]]++] = (uint64_t)r->z[i] * K + (uint64_t)p->z[i];
    }
    return 0;
}

static int compare_pairs(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* old (K): of each new code the old one met most with it, or else one met with none; how many of
   the first kind. */
static int match_codes(uint64_t *list, size_t n, int K, int *old)
{
    uint64_t codes = (uint64_t)K;
    bool *met = calloc((size_t)K, sizeof *met);
    size_t most = 0;
    int known = 0, none = 0;

    if (!met)
        return -1;
    for (int k = 0; k < K; k++)
        old[k] = -1;
    qsort(list, n, sizeof *list, compare_pairs);
    for (size_t i = 0, j; i < n; i = j) {
        int *to = &old[list[i] / codes];

        for (j = i; j < n && list[j] == list[i]; j++)
            ;
        met[list[i] % codes] = true;
        known += *to < 0;
        if (*to < 0 || j - i > most) {
            *to = (int)(list[i] % codes);
            most = j - i;
        }
    }
    while (none < K - 1 && met[none])
        none++;
    for (int k = 0; k < K; k++)
        if (old[k] < 0)
            old[k] = none;
    free(met);
    return known;
}

static int translate(struct world_trainer *r, struct ldm *was, int samples, struct pairs *p,
                     int *known, struct err *e)
{
    int K = r->w->config.codes;

    if (collect(r, was, samples, p, e))
        return -1;
    for (int role = 0; role < WORLD_ROLES; role++) {
        int n = match_codes(p->list[role], p->n[role], K, p->old[role]);

        if (n < 0)
            return err_set(e, "out of memory");
        if (!role)
            *known = n;
    }
    return world_set_codes(r->w, p->old, e);
}

int world_train_translate(struct world_trainer *r, struct ldm *was, int samples, int *known,
                          struct err *e)
{
    size_t K = (size_t)r->w->config.codes, H = (size_t)r->w->config.horizon;
    struct pairs p = { .n = { 0 } };
    bool there = true;
    int failed = -1;

    if (!r->ldm || was->codes != r->w->config.codes || was->S != r->w->S ||
        was->tokens != r->w->config.tokens)
        return err_set(e, "the LDM translated from has %d codes for %d cells of %d tokens, the "
                       "world model %d, %d and %d", was->codes, was->S, was->tokens,
                       r->w->config.codes, r->w->S, r->w->config.tokens);
    p.z = calloc((size_t)r->micro * H, sizeof *p.z);
    for (int role = 0; role < WORLD_ROLES; role++) {
        p.list[role] = calloc((size_t)samples * H, sizeof **p.list);
        p.old[role] = calloc(K, sizeof **p.old);
        there = there && p.list[role] && p.old[role];
    }
    if (there && p.z)
        failed = translate(r, was, samples, &p, known, e);
    else
        err_set(e, "out of memory");
    free(p.z);
    for (int role = 0; role < WORLD_ROLES; role++) {
        free(p.list[role]);
        free(p.old[role]);
    }
    return failed;
}
