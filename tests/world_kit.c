#include "tests/world_kit.h"

#include <check.h>
#include <math.h>
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

struct kit_sample kit_sample(const struct world *w)
{
    struct kit_sample s;

    kit_numbers(s.from, KIT_N * KIT_S, KIT_V, 1);
    kit_numbers(s.next, KIT_N * KIT_S, KIT_V, 2);
    kit_numbers(s.code, KIT_N * KIT_H, KIT_K, 3);
    kit_numbers(s.target, KIT_H * KIT_N, w->config.codes ? w->config.codes : 1, 4);
    kit_numbers(s.wanted, KIT_N * KIT_S, KIT_V, 5);
    s.target[1] = s.wanted[4] = -1;
    return s;
}

void kit_near(const float *x, const float *y, int n, const char *what)
{
    for (int i = 0; i < n; i++)
        if (!(fabsf(x[i] - y[i]) < 2e-4f))
            ck_abort_msg("%s[%d]: %g and %g", what, i, (double)x[i], (double)y[i]);
}

void kit_tell_codes(struct world *w, const struct kit_sample *s, float *p)
{
    int H = w->config.horizon, K = w->config.codes, code[KIT_N];
    struct err e;

    err_init(&e);
    ck_assert_msg(!world_see(w, s->from, KIT_N, &e), "%s", e.msg);
    if (w->Q)
        ck_assert_int_eq(world_codes(w, p, &e), 0);
    for (int h = 1; h <= H; h++) {
        for (int i = 0; i < KIT_N; i++)
            code[i] = s->code[i * H + h - 1];
        ck_assert_int_eq(world_next_code(w, code, h < H ? p + h * KIT_N * K : NULL, &e), 0);
    }
}
