/*
 * Fuzz target: any bytes as a checkpoint.  Opens them, reads every tensor, and
 * loads them as weights and as training state of a tiny model.  What is refused
 * must have a reason and leave the model alone; what is taken must be finite.
 */
#include <math.h>
#include <stdlib.h>

#include "model/checkpoint.h"
#include "tests/fake_device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void read_all(const struct checkpoint *c)
{
    for (int i = 0; i < c->n; i++) {
        const struct tensor *t = &c->tensors[i];
        struct err e;
        float *x = malloc((t->count + 1) * sizeof *x);

        err_init(&e);
        demand(checkpoint_find(c, t->name) == t);
        if (x && checkpoint_read(c, t, x, &e)) {
            demand(e.msg[0]);
        } else if (x) {
            for (size_t k = 0; k < t->count; k++)
                demand(isfinite(x[k]));
        }
        free(x);
    }
    for (int i = 0; i < c->metas; i++)
        demand(checkpoint_meta(c, c->meta[i].key) == c->meta[i].value);
}

/* Loads c as weights, or as state; a failure must not have touched the model. */
static void load(const struct checkpoint *c, struct device *d, bool state)
{
    static const struct meta config[] = { { "model", "tiny \"x\"" }, { "layers", "2" } };
    uint64_t position = 99;
    struct scalar s = { "position", SCALAR_I64, &position, 1 };
    struct checkpoint_training t = { "", { DT_F32, false, config, 2 }, &s, 1 };
    struct tiny model, before;
    struct err e;

    err_init(&e);
    tiny_init(&model, d, PARAMS_TRAIN | PARAMS_EMA, 1);
    tiny_init(&before, d, PARAMS_TRAIN | PARAMS_EMA, 1);
    if (state ? checkpoint_load_state(c, &t, &model.ps, &e)
              : checkpoint_load_params(c, &model.ps, &e)) {
        demand(e.msg[0]);
        demand(tiny_equal(&model, &before));
        demand(position == 99);
    } else {
        for (size_t i = 0; i < model.ps.len; i++)
            demand(isfinite(model.ps.w[i]));
    }
    params_free(&model.ps);
    params_free(&before.ps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct checkpoint c;
    struct fake fake;
    struct err e;

    err_init(&e);
    fake_init(&fake, DT_F32);
    if (checkpoint_open_memory(&c, data, size, "input", &e)) {
        demand(e.msg[0]);
        return 0;
    }
    read_all(&c);
    load(&c, &fake.d, false);
    load(&c, &fake.d, true);
    checkpoint_close(&c);
    demand(fake.live == 0);
    return 0;
}
