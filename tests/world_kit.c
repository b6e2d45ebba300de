#include "tests/world_kit.h"

#include <check.h>
#include <stdlib.h>

#include "engine/rng.h"

struct world_config kit_config(enum world_target target)
{
    return (struct world_config){
        .target = target, .horizon = target == WORLD_LDM ? KIT_H : 0, .rows = KIT_ROWS,
        .cols = KIT_COLS, .tokens = KIT_V, .codes = target == WORLD_VIDEO ? 0 : KIT_K,
        .layers = 2, .width = 16, .heads = 2, .hidden = 24 };
}

struct device *kit_device(void)
{
    struct err e;
    struct device *d;

    err_init(&e);
    d = device_open("cpu", 1, PRECISION_F32, &e);
    ck_assert_msg(d, "%s", e.msg);
    return d;
}

void kit_world(struct world *w, const struct world_config *c, struct device *d, int max,
               int flags, bool frames)
{
    struct rng r;
    struct err e;

    err_init(&e);
    ck_assert_msg(!world_init(w, c, d, max, flags, frames, &e), "%s", e.msg);
    rng_init(&r, 11);
    for (int i = 0; i < w->ps.n; i++) {
        struct param *p = w->ps.list[i].p;

        for (int k = 0; k < p->out * p->in; k++)
            p->w[k] = 0.6f * ((float)(rng_u64(&r) >> 40) / (float)(1 << 23) - 1) + (p->in == 1);
    }
    params_refresh(&w->ps);
}

void kit_numbers(int *x, int n, int limit, uint64_t seed)
{
    struct rng r;

    rng_init(&r, seed);
    for (int i = 0; i < n; i++)
        x[i] = (int)(rng_u64(&r) % (uint64_t)limit);
}
