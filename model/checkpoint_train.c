#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/file.h"
#include "model/checkpoint.h"
#include "model/checkpoint_file.h"

enum { BLOCKS = 4 };

/* The blocks of a training file. */
struct blocks {
    int n;
    const char *prefix[BLOCKS]; /* of the tensors' names */
    const char *key[BLOCKS];    /* of the hash in the metadata */
    float *p[BLOCKS];           /* on the device */
    float *host[BLOCKS];        /* staged while loading */
};

static void list_blocks(struct blocks *b, const struct params *ps)
{
    memset(b, 0, sizeof *b);
    b->prefix[0] = "w.", b->key[0] = "weights", b->p[0] = checkpoint_block(ps, false);
    b->prefix[1] = "m.", b->key[1] = "hash.m", b->p[1] = ps->m;
    b->prefix[2] = "v.", b->key[2] = "hash.v", b->p[2] = ps->v;
    b->n = 3;
    if (ps->ema) {
        b->prefix[3] = "ema.", b->key[3] = "hash.ema", b->p[3] = checkpoint_block(ps, true);
        b->n = 4;
    }
}

/* Every tensor of a training file, for writing and for reading back; NULL when no memory. */
static struct blob *list_training(const struct checkpoint_training *t, const struct params *ps,
                                  const struct blocks *b, int *n)
{
    struct blob *list = malloc((size_t)(b->n * ps->n + t->n + 1) * sizeof *list);

    *n = 0;
    for (int k = 0; list && k < b->n; k++)
        for (int i = 0; i < ps->n; i++) {
            const struct params_entry *x = &ps->list[i];

            list[(*n)++] = (struct blob){ b->prefix[k], x->p->name, "", BLOB_F32, x->p->out,
                                          x->p->in, x->at, b->p[k] };
        }
    for (int i = 0; list && i < t->n; i++) {
        const struct scalar *s = &t->scalars[i];

        list[(*n)++] = (struct blob){ "state.", s->name, "",
                                      s->type == SCALAR_F64 ? BLOB_HOST_F64 : BLOB_HOST_I64,
                                      s->n, 1, 0, s->p };
    }
    return list;
}

/* "x/base.safetensors" to "x/base.train.safetensors", to be freed by the caller. */
static char *training_path(const char *path, struct err *e)
{
    static const char end[] = ".safetensors";
    size_t n = strlen(path), k = sizeof end - 1;
    char *s;

    if (n <= k || strcmp(path + n - k, end) || path[n - k - 1] == '/') {
        err_set(e, "'%s' does not end in '%s'", path, end);
        return NULL;
    }
    s = malloc(n + sizeof ".train");
    if (!s)
        err_set(e, "out of memory");
    else
        snprintf(s, n + sizeof ".train", "%.*s.train%s", (int)(n - k), path, end);
    return s;
}

bool checkpoint_has_training(const char *path)
{
    char *training = training_path(path, NULL);
    bool there = training && access(training, F_OK) == 0;

    free(training);
    return there;
}

int checkpoint_can_save(const char *path, struct err *e)
{
    char *training = training_path(path, e);
    const char *const target[] = { path, training };
    struct outfile o;
    struct stat is;
    int failed = training ? 0 : -1;

    for (int i = 0; i < 2 && !failed; i++) {
        if (!stat(target[i], &is) && S_ISDIR(is.st_mode))
            failed = err_set(e, "cannot write '%s': it is a folder", target[i]);
        else
            failed = outfile_open(&o, target[i], e);
        if (!failed)
            outfile_abort(&o);
    }
    free(training);
    return failed;
}

/* --- saving ---------------------------------------------------------------- */

/* Removes what writers of path left behind when they were killed. */
static void sweep(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    DIR *dir = folder ? opendir(folder) : NULL;
    size_t n = strlen(base);
    struct dirent *x;

    while (dir && (x = readdir(dir)))
        if (!strncmp(x->d_name, base, n) && !strncmp(x->d_name + n, ".tmp-", 5) &&
            strspn(x->d_name + n + 5, "0123456789-") == strlen(x->d_name + n + 5))
            unlinkat(dirfd(dir), x->d_name, 0);
    if (dir)
        closedir(dir);
    free(folder);
}

static int save_state(const char *path, const struct checkpoint_training *t,
                      const struct params *ps, struct err *e)
{
    struct meta_text text;
    struct meta more[BLOCKS], *meta = NULL;
    char hashes[BLOCKS][CHECKPOINT_HASH];
    uint64_t hash = 0, weights = 0;
    struct blocks b;
    struct blob *list;
    int n, failed = -1;

    list_blocks(&b, ps);
    for (int k = 0; k < b.n; k++) {
        if (checkpoint_hash(ps, b.p[k], &hash, e))
            return -1;
        if (k == 0)
            weights = hash;
        checkpoint_hash_text(hash, hashes[k]);
        more[k] = (struct meta){ b.key[k], hashes[k] };
    }
    list = list_training(t, ps, &b, &n);
    if (!list)
        return err_set(e, "out of memory");
    meta = checkpoint_join_meta(&t->weights, &text, ps->step, weights, more + 1, b.n - 1, e);
    if (meta)
        failed = checkpoint_write(path, ps->d, list, n, meta, t->weights.metas + 1 + b.n, e);
    free(meta);
    free(list);
    return failed;
}

int checkpoint_save_training(const struct checkpoint_training *t, const struct params *ps,
                             struct err *e)
{
    char *path = training_path(t->path, e);
    int failed;

    if (!path)
        return -1;
    if (!ps->m) {
        free(path);
        return err_set(e, "cannot write '%s': the params are not for training", t->path);
    }
    sweep(path);
    sweep(t->path);
    failed = save_state(path, t, ps, e) || checkpoint_save(t->path, ps, &t->weights, e);
    free(path);
    return failed ? -1 : 0;
}

/* --- loading --------------------------------------------------------------- */

/* The file's metadata must be ours, and nothing but "step" and the hashes beside it. */
static int check_meta(const struct checkpoint *c, const struct checkpoint_training *t,
                      const struct blocks *b, int *step, struct err *e)
{
    const struct checkpoint_options *o = &t->weights;

    for (int i = 0; i < o->metas; i++) {
        const char *is = checkpoint_meta(c, o->meta[i].key);

        if (!is || strcmp(is, o->meta[i].value))
            return err_set(e, "'%s': its '%s' is %.100s, not %s", c->path, o->meta[i].key,
                           is ? is : "missing", o->meta[i].value);
    }
    for (int k = 0; k < b->n; k++)
        if (!checkpoint_meta(c, b->key[k]))
            return err_set(e, "'%s': __metadata__ '%s' is missing", c->path, b->key[k]);
    if (checkpoint_meta_int(c, "step", 0, INT_MAX, step, e))
        return -1;
    if (c->metas != o->metas + 1 + b->n)
        return err_set(e, "'%s': its __metadata__ has more than this run's", c->path);
    return 0;
}

static int check_tensors(const struct checkpoint *c, const struct blob *list, int n,
                         struct err *e)
{
    char name[BLOB_NAME];

    for (int i = 0; i < n; i++) {
        const struct tensor *t;

        blob_name(&list[i], name);
        t = checkpoint_find(c, name);
        if (!t)
            return err_set(e, "'%s': tensor '%s' is missing", c->path, name);
        if (strcmp(t->type, blob_type(&list[i])))
            return err_set(e, "'%s': tensor '%s' is %s, not %s", c->path, name, t->type,
                           blob_type(&list[i]));
        if (checkpoint_check_shape(c, t, list[i].rows, list[i].cols, e))
            return -1;
    }
    for (int i = 0, k; i < c->n && c->n != n; i++) {
        for (k = 0; k < n; k++) {
            blob_name(&list[k], name);
            if (!strcmp(name, c->tensors[i].name))
                break;
        }
        if (k == n)
            return err_set(e, "'%s': tensor '%.100s' is not one of this run", c->path,
                           c->tensors[i].name);
    }
    return 0;
}

/* Reads the blocks to host memory, the scalars to (scalars), and compares the hashes. */
static int stage(const struct checkpoint *c, const struct params *ps, const struct blob *list,
                 int n, struct blocks *b, char *scalars, struct err *e)
{
    char name[BLOB_NAME], text[CHECKPOINT_HASH];

    for (int i = 0; i < n; i++) {
        const struct blob *x = &list[i];
        const struct tensor *t;
        int k = 0;

        blob_name(x, name);
        t = checkpoint_find(c, name);
        if (x->kind != BLOB_F32) {
            if (checkpoint_read_bytes(c, t, scalars, e))
                return -1;
            scalars += 8 * (size_t)x->rows;
            continue;
        }
        while (b->p[k] != x->p)
            k++;
        if (checkpoint_read(c, t, b->host[k] + x->at, e))
            return -1;
    }
    for (int k = 0; k < b->n; k++) {
        checkpoint_hash_text(checkpoint_hash_host(ps, b->host[k]), text);
        if (strcmp(text, checkpoint_meta(c, b->key[k])))
            return err_set(e, "'%s' is damaged: the hash of its '%s' tensors is not as written",
                           c->path, b->prefix[k]);
    }
    return 0;
}

/* Nothing can go wrong any more but the device. */
static int restore(const struct checkpoint_training *t, struct params *ps, struct blocks *b,
                   const char *scalars, int step, struct err *e)
{
    struct device *d = ps->d;

    ps->swapped = false;
    b->p[0] = ps->w;
    b->p[3] = ps->ema;
    for (int k = 0; k < b->n; k++)
        d->ops->upload(d, b->p[k], b->host[k], ps->len * sizeof(float));
    for (int i = 0; i < t->n; i++) {
        size_t bytes = 8 * (size_t)t->scalars[i].n;

        memcpy(t->scalars[i].p, scalars, bytes);
        scalars += bytes;
    }
    ps->step = step;
    params_refresh(ps);
    return device_check(d, e);
}

int checkpoint_load_state(const struct checkpoint *c, const struct checkpoint_training *t,
                          struct params *ps, struct err *e)
{
    size_t bytes = 1;
    struct blocks b;
    struct blob *list;
    char *scalars;
    int n, step, failed = -1;

    if (!ps->m)
        return err_set(e, "cannot load '%s': the params are not for training", c->path);
    list_blocks(&b, ps);
    list = list_training(t, ps, &b, &n);
    if (!list)
        return err_set(e, "out of memory");
    if (check_meta(c, t, &b, &step, e) || check_tensors(c, list, n, e)) {
        free(list);
        return -1;
    }
    for (int i = 0; i < t->n; i++)
        bytes += 8 * (size_t)t->scalars[i].n;
    scalars = malloc(bytes);
    for (int k = 0; k < b.n; k++)
        b.host[k] = calloc(ps->len + 1, sizeof(float));
    if (scalars && b.host[0] && b.host[1] && b.host[2] && (b.n < 4 || b.host[3]))
        failed = stage(c, ps, list, n, &b, scalars, e) || restore(t, ps, &b, scalars, step, e);
    else
        err_set(e, "out of memory");
    for (int k = 0; k < b.n; k++)
        free(b.host[k]);
    free(scalars);
    free(list);
    return failed ? -1 : 0;
}

/* Are the tensors of that type, but for those that are always f32? */
static bool has_type(const struct checkpoint *c, enum dtype type)
{
    const char *want = type == DT_BF16 ? "BF16" : type == DT_I8 ? "I8" : "F32";
    bool some = false, others = false;

    for (int i = 0; i < c->n; i++) {
        bool is = !strcmp(c->tensors[i].type, want);

        some |= is;
        others |= !is && strcmp(c->tensors[i].type, "F32");
    }
    return some && !others;
}

/* Is the weights file at path of the state in c, and of that type?  If not, err says why. */
static int check_pair(const struct checkpoint *c, const char *path, enum dtype type,
                      struct err *e)
{
    static const char *const keys[] = { "step", "weights" };
    struct checkpoint w;
    int failed = 0;

    if (checkpoint_open(&w, path, e))
        return -1;
    for (int i = 0; i < 2 && !failed; i++) {
        const char *is = checkpoint_meta(&w, keys[i]), *want = checkpoint_meta(c, keys[i]);

        if (!is || strcmp(is, want))
            failed = err_set(e, "'%s' has %s %.40s, the training file %.40s", path, keys[i],
                             is ? is : "missing", want);
    }
    if (!failed && !has_type(&w, type))
        failed = err_set(e, "'%s' holds weights of another type", path);
    checkpoint_close(&w);
    return failed;
}

int checkpoint_load_training(const struct checkpoint_training *t, struct params *ps,
                             bool *behind, struct err *why, struct err *e)
{
    char *path = training_path(t->path, e);
    struct checkpoint c;
    int failed;

    if (!path)
        return -1;
    failed = checkpoint_open(&c, path, e);
    free(path);
    if (failed)
        return -1;
    failed = checkpoint_load_state(&c, t, ps, e);
    if (!failed)
        *behind = check_pair(&c, t->path, t->weights.dtype, why) != 0;
    checkpoint_close(&c);
    return failed;
}
