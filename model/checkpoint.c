#include "model/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"
#include "model/checkpoint_file.h"

static size_t param_count(const struct param *p)
{
    return (size_t)p->out * (size_t)p->in;
}

float *checkpoint_block(const struct params *ps, bool ema)
{
    return ema != ps->swapped ? ps->ema : ps->w;
}

/* --- hashes ---------------------------------------------------------------- */

static uint64_t hash_tensor(const char *name, const float *x, size_t n)
{
    uint64_t h = splitmix64(n), word = 0;

    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    for (size_t i = 0; i < n; i += 2) {
        word = 0;
        memcpy(&word, &x[i], n - i < 2 ? 4 : 8);
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    return splitmix64(h);
}

uint64_t checkpoint_hash_host(const struct params *ps, const float *block)
{
    uint64_t sum = 0; /* does not depend on the order of the tensors */

    for (int i = 0; i < ps->n; i++)
        sum += hash_tensor(ps->list[i].p->name, block + ps->list[i].at,
                           param_count(ps->list[i].p));
    return sum;
}

int checkpoint_hash(const struct params *ps, const float *block, uint64_t *hash, struct err *e)
{
    size_t most = 1;
    float *host;

    *hash = 0;
    for (int i = 0; i < ps->n; i++)
        if (param_count(ps->list[i].p) > most)
            most = param_count(ps->list[i].p);
    host = malloc(most * sizeof *host);
    if (!host)
        return err_set(e, "out of memory");
    for (int i = 0; i < ps->n; i++) {
        const struct params_entry *x = &ps->list[i];
        size_t n = param_count(x->p);

        ps->d->ops->download(ps->d, host, block + x->at, n * sizeof *host);
        *hash += hash_tensor(x->p->name, host, n);
    }
    free(host);
    return device_check(ps->d, e);
}

void checkpoint_hash_text(uint64_t hash, char text[CHECKPOINT_HASH])
{
    snprintf(text, CHECKPOINT_HASH, "%016llx", (unsigned long long)hash);
}

/* --- saving weights -------------------------------------------------------- */

struct meta *checkpoint_join_meta(const struct checkpoint_options *o, struct meta_text *text,
                                  int step, uint64_t weights, const struct meta *more, int n,
                                  struct err *e)
{
    struct meta *all = malloc((size_t)(o->metas + 2 + n) * sizeof *all);
    int k = o->metas;

    if (!all) {
        err_set(e, "out of memory");
        return NULL;
    }
    if (k)
        memcpy(all, o->meta, (size_t)k * sizeof *all);
    snprintf(text->step, sizeof text->step, "%d", step);
    checkpoint_hash_text(weights, text->weights);
    all[k++] = (struct meta){ "step", text->step };
    all[k++] = (struct meta){ "weights", text->weights };
    for (int i = 0; i < n; i++)
        all[k++] = more[i];
    return all;
}

/* The tensors of a weights file. */
static int list_weights(struct blob *list, const struct params *ps, float *block, enum dtype dtype)
{
    int n = 0;

    for (int i = 0; i < ps->n; i++) {
        const struct param *p = ps->list[i].p;
        struct blob b = { "", p->name, "", BLOB_F32, p->out, p->in, ps->list[i].at, block };

        if (dtype == DT_BF16)
            b.kind = BLOB_BF16;
        if (dtype == DT_I8 && p->in > 1) {
            b.kind = BLOB_SCALES;
            b.suffix = ".scales";
            list[n++] = b;
            b.kind = BLOB_I8;
            b.suffix = "";
        }
        list[n++] = b;
    }
    return n;
}

int checkpoint_save(const char *path, const struct params *ps,
                    const struct checkpoint_options *o, struct err *e)
{
    float *block = checkpoint_block(ps, o->ema);
    struct meta_text text;
    struct meta *meta;
    struct blob *list;
    uint64_t hash = 0;
    int failed;

    if (o->dtype != DT_F32 && o->dtype != DT_BF16 && o->dtype != DT_I8)
        return err_set(e, "cannot write '%s': weights are f32, bf16 or int8", path);
    if (!block)
        return err_set(e, "cannot write '%s': there are no averaged weights", path);
    if (checkpoint_hash(ps, checkpoint_block(ps, false), &hash, e))
        return -1;
    meta = checkpoint_join_meta(o, &text, ps->step, hash, NULL, 0, e);
    list = malloc((size_t)(2 * ps->n + 1) * sizeof *list);
    if (meta && list)
        failed = checkpoint_write(path, ps->d, list, list_weights(list, ps, block, o->dtype),
                                  meta, o->metas + 2, e);
    else
        failed = err_set(e, "out of memory");
    free(meta);
    free(list);
    return failed;
}

/* --- loading weights ------------------------------------------------------- */

int checkpoint_check_shape(const struct checkpoint *c, const struct tensor *t, int rows, int cols,
                           struct err *e)
{
    char is[160] = "", *at = is;

    if ((t->dims == 2 && t->shape[0] == rows && t->shape[1] == cols) ||
        (t->dims == 1 && t->shape[0] == rows && cols == 1))
        return 0;
    for (int i = 0; i < t->dims; i++)
        at += snprintf(at, sizeof is - (size_t)(at - is), "%s%lld", i ? ", " : "",
                       (long long)t->shape[i]);
    return err_set(e, "'%s': tensor '%.100s' is (%s), not (%d, %d)", c->path, t->name, is, rows,
                   cols);
}

static bool has_scales(const struct tensor *t)
{
    return !strcmp(t->type, "I8");
}

/* Does t belong to a param of ps, as its weights or their scales? */
static bool is_known(const struct checkpoint *c, const struct params *ps, const struct tensor *t)
{
    size_t n = strlen(t->name), k = strlen(".scales");
    const struct param *p = NULL;
    const struct tensor *base;

    if (params_find(ps, t->name))
        return true;
    for (int i = 0; i < ps->n && !p; i++) {
        const char *name = ps->list[i].p->name;

        if (n > k && strlen(name) == n - k && !strncmp(name, t->name, n - k) &&
            !strcmp(t->name + n - k, ".scales"))
            p = ps->list[i].p;
    }
    base = p ? checkpoint_find(c, p->name) : NULL;
    return base && has_scales(base);
}

/* Exactly the tensors of ps, in their shapes. */
static int check_weights(const struct checkpoint *c, const struct params *ps, struct err *e)
{
    int used = ps->n;

    for (int i = 0; i < ps->n; i++) {
        const struct param *p = ps->list[i].p;
        const struct tensor *t = checkpoint_find(c, p->name);

        if (!t)
            return err_set(e, "'%s': tensor '%s' is missing", c->path, p->name);
        if (checkpoint_check_shape(c, t, p->out, p->in, e))
            return -1;
        used += has_scales(t);
    }
    for (int i = 0; i < c->n && c->n != used; i++)
        if (!is_known(c, ps, &c->tensors[i]))
            return err_set(e, "'%s': tensor '%.100s' is not one of this model", c->path,
                           c->tensors[i].name);
    return 0;
}

/* Weights become those of host (len). */
static int take_weights(struct params *ps, const float *host, struct err *e)
{
    struct device *d = ps->d;
    size_t bytes = ps->len * sizeof *host;

    d->ops->upload(d, ps->w, host, bytes);
    if (ps->ema)
        d->ops->copy(d, ps->ema, ps->w, bytes);
    ps->swapped = false;
    params_refresh(ps);
    return device_check(d, e);
}

int checkpoint_load_params(const struct checkpoint *c, struct params *ps, struct err *e)
{
    float *host;
    int failed = 0;

    if (check_weights(c, ps, e))
        return -1;
    host = calloc(ps->len + 1, sizeof *host); /* so that a failure touches nothing */
    if (!host)
        return err_set(e, "out of memory");
    for (int i = 0; i < ps->n && !failed; i++)
        failed = checkpoint_read(c, checkpoint_find(c, ps->list[i].p->name),
                                 host + ps->list[i].at, e);
    failed = failed || take_weights(ps, host, e);
    free(host);
    return failed ? -1 : 0;
}

int checkpoint_load_fitting(const struct checkpoint *c, struct params *ps,
                            const struct checkpoint_source *source, int *loaded, struct err *e)
{
    float *host = calloc(ps->len + 1, sizeof *host);
    int failed = 0;

    if (!host)
        return err_set(e, "out of memory");
    *loaded = 0;
    ps->d->ops->download(ps->d, host, ps->w, ps->len * sizeof *host);
    for (int i = 0; i < ps->n && !failed; i++) {
        const struct param *p = ps->list[i].p;
        float *w = host + ps->list[i].at;
        const struct tensor *t;
        char name[256];
        bool zero = source && !source->name_of(source->self, p->name, name, sizeof name);

        t = checkpoint_find(c, source ? name : p->name);
        if (!t || checkpoint_check_shape(c, t, p->out, p->in, NULL))
            continue;
        if (zero)
            memset(w, 0, (size_t)p->out * (size_t)p->in * sizeof *w);
        else
            failed = checkpoint_read(c, t, w, e);
        ++*loaded;
    }
    if (!failed && !*loaded)
        failed = err_set(e, "'%s' has no weights of this model", c->path);
    failed = failed || take_weights(ps, host, e);
    free(host);
    return failed ? -1 : 0;
}

int checkpoint_load(const char *path, struct params *ps, struct err *e)
{
    struct checkpoint c;
    int failed;

    if (checkpoint_open(&c, path, e))
        return -1;
    failed = checkpoint_load_params(&c, ps, e);
    checkpoint_close(&c);
    return failed;
}
