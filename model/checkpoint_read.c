#include "model/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/checkpoint_file.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors are little-endian");

enum { VALUES_MAX = 1 << 20, CHUNK = 1 << 15 };

/* --- the header ------------------------------------------------------------ */

/* Bytes of an element; 0 for a type that is not known. */
static size_t type_size(const char *name)
{
    static const struct {
        const char *name;
        size_t size;
    } types[] = {
        { "F64", 8 }, { "I64", 8 }, { "U64", 8 }, { "F32", 4 }, { "I32", 4 },
        { "U32", 4 }, { "F16", 2 }, { "BF16", 2 }, { "I16", 2 }, { "U16", 2 },
        { "F8_E4M3", 1 }, { "F8_E5M2", 1 }, { "I8", 1 }, { "U8", 1 }, { "BOOL", 1 },
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, name))
            return types[i].size;
    return 0;
}

/* Fails with the file's and the tensor's name. */
static int bad_tensor(const struct checkpoint *c, const char *name, const char *why, struct err *e)
{
    return err_set(e, "'%s': tensor '%.100s': %s", c->path, name, why);
}

/* The members of one tensor's object; what is missing is NULL. */
struct members {
    const struct json_value *dtype, *shape, *offsets;
};

static int find_members(const struct checkpoint *c, const struct json_value *o,
                        struct members *m, struct err *e)
{
    const struct json_value *v;

    memset(m, 0, sizeof *m);
    if (o->type != JSON_OBJECT)
        return bad_tensor(c, o->key, "not an object", e);
    for (v = json_first(&c->json, o); v; v = json_next(&c->json, v)) {
        if (!strcmp(v->key, "dtype") && v->type == JSON_STRING)
            m->dtype = v;
        else if (!strcmp(v->key, "shape") && v->type == JSON_ARRAY)
            m->shape = v;
        else if (!strcmp(v->key, "data_offsets") && v->type == JSON_ARRAY && v->n == 2)
            m->offsets = v;
        else
            return bad_tensor(c, o->key, "not just dtype, shape and two data_offsets", e);
    }
    return m->dtype && m->shape && m->offsets
               ? 0
               : bad_tensor(c, o->key, "dtype, shape or data_offsets missing", e);
}

static int parse_tensor(const struct checkpoint *c, const struct json_value *o,
                        struct tensor *t, struct err *e)
{
    const struct json_value *v;
    struct members m;
    size_t size, bytes;

    if (find_members(c, o, &m, e))
        return -1;
    t->name = o->key;
    t->type = m.dtype->u.s;
    t->count = 1;
    size = type_size(t->type);
    if (!size)
        return bad_tensor(c, t->name, "its dtype is not known", e);
    if (m.shape->n > CHECKPOINT_DIMS_MAX)
        return bad_tensor(c, t->name, "more than 8 dimensions", e);
    for (v = json_first(&c->json, m.shape); v; v = json_next(&c->json, v)) {
        if (v->type != JSON_INT || v->u.i < 0)
            return bad_tensor(c, t->name, "its shape is not made of sizes", e);
        if (__builtin_mul_overflow(t->count, (size_t)v->u.i, &t->count))
            return bad_tensor(c, t->name, "its shape is too large", e);
        t->shape[t->dims++] = v->u.i;
    }
    if (__builtin_mul_overflow(t->count, size, &bytes))
        return bad_tensor(c, t->name, "its shape is too large", e);
    v = json_first(&c->json, m.offsets);
    if (v->type != JSON_INT || v->u.i < 0)
        return bad_tensor(c, t->name, "bad data_offsets", e);
    t->begin = (size_t)v->u.i;
    v = json_next(&c->json, v);
    if (v->type != JSON_INT || v->u.i < 0 || (size_t)v->u.i < t->begin)
        return bad_tensor(c, t->name, "bad data_offsets", e);
    t->end = (size_t)v->u.i;
    if (t->end > c->size - c->data)
        return bad_tensor(c, t->name, "its data lie beyond the end of the file", e);
    if (t->end - t->begin != bytes)
        return bad_tensor(c, t->name, "its data_offsets do not match dtype and shape", e);
    return 0;
}

static int parse_meta(struct checkpoint *c, const struct json_value *o, struct err *e)
{
    const struct json_value *v;

    if (o->type != JSON_OBJECT)
        return err_set(e, "'%s': __metadata__ is not an object", c->path);
    c->meta = calloc((size_t)o->n + 1, sizeof *c->meta);
    if (!c->meta)
        return err_set(e, "out of memory");
    for (v = json_first(&c->json, o); v; v = json_next(&c->json, v)) {
        if (v->type != JSON_STRING)
            return err_set(e, "'%s': __metadata__ '%.100s' is not a string", c->path, v->key);
        c->meta[c->metas++] = (struct meta){ v->key, v->u.s };
    }
    return 0;
}

static int by_place(const void *pa, const void *pb)
{
    const struct tensor *a = pa, *b = pb;

    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct meta *)a)->key, ((const struct meta *)b)->key);
}

/* The tensors must fill the data from end to end. */
static int check_places(struct checkpoint *c, struct err *e)
{
    size_t at = 0;

    qsort(c->tensors, (size_t)c->n, sizeof *c->tensors, by_place);
    for (int i = 0; i < c->n; i++) {
        const struct tensor *t = &c->tensors[i];

        if (t->begin < at)
            return bad_tensor(c, t->name, "its data overlap another's", e);
        if (t->begin > at)
            return bad_tensor(c, t->name, "a gap before its data", e);
        at = t->end;
    }
    if (at != c->size - c->data)
        return err_set(e, "'%s': %zu bytes after the last tensor", c->path,
                       c->size - c->data - at);
    return 0;
}

int checkpoint_parse_header(struct checkpoint *c, const char *text, size_t len, struct err *e)
{
    const struct json_value *root, *v;
    struct err why;

    err_init(&why);
    if (!len || text[0] != '{')
        return err_set(e, "'%s' is not a safetensors file: the header does not begin with '{'",
                       c->path);
    if (json_parse(&c->json, text, len, VALUES_MAX, &why))
        return err_set(e, "'%s': %s", c->path, why.msg);
    root = &c->json.v[0];
    c->tensors = calloc((size_t)root->n + 1, sizeof *c->tensors);
    if (!c->tensors)
        return err_set(e, "out of memory");
    for (v = json_first(&c->json, root); v; v = json_next(&c->json, v)) {
        if (!strcmp(v->key, "__metadata__")) {
            if (parse_meta(c, v, e))
                return -1;
        } else if (parse_tensor(c, v, &c->tensors[c->n], e)) {
            return -1;
        } else {
            c->n++;
        }
    }
    if (check_places(c, e))
        return -1;
    qsort(c->tensors, (size_t)c->n, sizeof *c->tensors, by_name);
    if (c->metas)
        qsort(c->meta, (size_t)c->metas, sizeof *c->meta, by_key);
    return 0;
}

/* --- the bytes ------------------------------------------------------------- */

static int read_at(const struct checkpoint *c, size_t at, void *out, size_t n, struct err *e)
{
    if (c->fd < 0) {
        if (n)
            memcpy(out, c->mem + at, n);
        return 0;
    }
    while (n) {
        ssize_t got = pread(c->fd, out, n < 1 << 30 ? n : 1 << 30, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(e, "cannot read '%s': %s", c->path, strerror(errno));
        if (got == 0)
            return err_set(e, "cannot read '%s': it has become shorter", c->path);
        out = (char *)out + got;
        at += (size_t)got;
        n -= (size_t)got;
    }
    return 0;
}

/* c->fd or c->mem, c->size and c->path are set. */
static int read_header(struct checkpoint *c, struct err *e)
{
    uint64_t len;
    char *text;
    int failed;

    if (c->size < sizeof len)
        return err_set(e, "'%s' is not a safetensors file: only %zu bytes", c->path, c->size);
    if (read_at(c, 0, &len, sizeof len, e))
        return -1;
    if (len > CHECKPOINT_HEADER_MAX)
        return err_set(e, "'%s' is not a safetensors file: a header of %llu bytes", c->path,
                       (unsigned long long)len);
    if (len > c->size - sizeof len)
        return err_set(e, "'%s' ends within its header", c->path);
    c->data = sizeof len + (size_t)len;
    text = malloc((size_t)len + 1);
    if (!text)
        return err_set(e, "out of memory");
    failed = read_at(c, sizeof len, text, (size_t)len, e) ||
             checkpoint_parse_header(c, text, (size_t)len, e);
    free(text);
    return failed ? -1 : 0;
}

int checkpoint_open(struct checkpoint *c, const char *path, struct err *e)
{
    struct stat st;

    memset(c, 0, sizeof *c);
    c->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (c->fd < 0)
        return err_set(e, "cannot open '%s': %s", path, strerror(errno));
    c->path = strdup(path);
    if (!c->path)
        err_set(e, "out of memory");
    else if (fstat(c->fd, &st))
        err_set(e, "cannot read '%s': %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        err_set(e, "'%s' is not a regular file", path);
    else if ((c->size = (size_t)st.st_size, !read_header(c, e)))
        return 0;
    checkpoint_close(c);
    return -1;
}

int checkpoint_open_memory(struct checkpoint *c, const void *bytes, size_t size,
                           const char *name, struct err *e)
{
    memset(c, 0, sizeof *c);
    c->fd = -1;
    c->mem = bytes;
    c->size = size;
    c->path = strdup(name);
    if (!c->path)
        err_set(e, "out of memory");
    else if (!read_header(c, e))
        return 0;
    checkpoint_close(c);
    return -1;
}

void checkpoint_close(struct checkpoint *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c->path);
    free(c->tensors);
    free(c->meta);
    json_free(&c->json);
    memset(c, 0, sizeof *c);
    c->fd = -1;
}

const struct tensor *checkpoint_find(const struct checkpoint *c, const char *name)
{
    struct tensor key = { .name = name };

    return c->n ? bsearch(&key, c->tensors, (size_t)c->n, sizeof key, by_name) : NULL;
}

const char *checkpoint_meta(const struct checkpoint *c, const char *key)
{
    struct meta k = { key, NULL }, *found;

    found = c->metas ? bsearch(&k, c->meta, (size_t)c->metas, sizeof k, by_key) : NULL;
    return found ? found->value : NULL;
}

int checkpoint_meta_int(const struct checkpoint *c, const char *key, int lo, int hi, int *v,
                        struct err *e)
{
    const char *s = checkpoint_meta(c, key);
    char *end;
    long x;

    if (!s)
        return err_set(e, "'%s': __metadata__ '%s' is missing", c->path, key);
    errno = 0;
    x = strtol(s, &end, 10);
    if (!strchr("-0123456789", s[0]) || !s[0] || *end || errno || x < lo || x > hi)
        return err_set(e, "'%s': __metadata__ '%s' is not an integer from %d to %d", c->path, key,
                       lo, hi);
    *v = (int)x;
    return 0;
}

void checkpoint_hash_of(const struct checkpoint *c, const char *key, char hash[CHECKPOINT_HASH])
{
    const char *s = checkpoint_meta(c, key);

    snprintf(hash, CHECKPOINT_HASH, "%s", s ? s : "");
}

int checkpoint_check_hash(const char *path, const char *was, const char *with, const char *is,
                          struct err *e)
{
    if (!*was || !*is || !strcmp(was, is))
        return 0;
    return err_set(e, "'%s' was trained with other weights than those of '%s'", path, with);
}

/* --- tensors --------------------------------------------------------------- */

int checkpoint_read_bytes(const struct checkpoint *c, const struct tensor *t, void *out,
                          struct err *e)
{
    return read_at(c, c->data + t->begin, out, t->end - t->begin, e);
}

static int read_bf16(const struct checkpoint *c, const struct tensor *t, float *out,
                     struct err *e)
{
    uint16_t chunk[CHUNK];

    for (size_t i = 0, n; i < t->count; i += n) {
        n = t->count - i < CHUNK ? t->count - i : CHUNK;
        if (read_at(c, c->data + t->begin + 2 * i, chunk, 2 * n, e))
            return -1;
        for (size_t k = 0; k < n; k++) {
            uint32_t bits = (uint32_t)chunk[k] << 16;

            memcpy(&out[i + k], &bits, sizeof bits);
        }
    }
    return 0;
}

/* The scales of an I8 tensor (rows, ...): F32 (rows); NULL and e when they are not right. */
static const struct tensor *find_scales(const struct checkpoint *c, const struct tensor *t,
                                        struct err *e)
{
    const struct tensor *s = NULL;
    size_t size = strlen(t->name) + sizeof ".scales";
    char *name = malloc(size);

    if (!name) {
        err_set(e, "out of memory");
        return NULL;
    }
    strcat(strcpy(name, t->name), ".scales");
    s = checkpoint_find(c, name);
    free(name);
    if (s && t->dims && !strcmp(s->type, "F32") && s->dims == 1 && s->shape[0] == t->shape[0])
        return s;
    bad_tensor(c, t->name, "I8 without F32 '.scales', one for each row", e);
    return NULL;
}

static int read_i8(const struct checkpoint *c, const struct tensor *t, float *out,
                   struct err *e)
{
    const struct tensor *s = find_scales(c, t, e);
    signed char chunk[CHUNK];
    size_t cols;
    float scale;

    if (!s) /* a tensor without dimensions, too, has none */
        return -1;
    cols = t->count ? t->count / (size_t)t->shape[0] : 0;
    for (size_t row = 0; row * cols < t->count; row++) {
        if (read_at(c, c->data + s->begin + row * sizeof scale, &scale, sizeof scale, e))
            return -1;
        for (size_t i = 0, n; i < cols; i += n) {
            n = cols - i < CHUNK ? cols - i : CHUNK;
            if (read_at(c, c->data + t->begin + row * cols + i, chunk, n, e))
                return -1;
            for (size_t k = 0; k < n; k++)
                out[row * cols + i + k] = scale * (float)chunk[k];
        }
    }
    return 0;
}

bool checkpoint_finite(const float *x, size_t n)
{
    uint32_t bad = 0, bits;

    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, &x[i], sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}

int checkpoint_read(const struct checkpoint *c, const struct tensor *t, float *out,
                    struct err *e)
{
    int failed;

    if (!strcmp(t->type, "F32"))
        failed = checkpoint_read_bytes(c, t, out, e);
    else if (!strcmp(t->type, "BF16"))
        failed = read_bf16(c, t, out, e);
    else if (!strcmp(t->type, "I8"))
        failed = read_i8(c, t, out, e);
    else
        return bad_tensor(c, t->name, "its dtype is not F32, BF16 or I8", e);
    if (!failed && !checkpoint_finite(out, t->count))
        return bad_tensor(c, t->name, "a value that is not finite", e);
    return failed;
}
