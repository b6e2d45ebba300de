#include "model/slots.h"

#include <string.h>

enum { ALIGN = 64 };

size_t shape_count(const int64_t *shape, size_t dims)
{
    size_t n = 1;

    for (size_t i = 0; i < dims; i++) {
        if (shape[i] < 0)
            return SIZE_MAX;
        if (__builtin_mul_overflow(n, (size_t)shape[i], &n))
            return SIZE_MAX;
    }
    return n;
}

/* Bytes of one tensor, rounded up to the alignment; SIZE_MAX when too many. */
static size_t slot_bytes(const struct device *d, const struct slot *s)
{
    static const enum dtype type[] = { [SLOT_F32] = DT_F32, [SLOT_I32] = DT_I32,
                                       [SLOT_U8] = DT_U8 };
    int kind = s->kind & ~SLOT_GRAD;
    size_t bytes;

    if (__builtin_mul_overflow(s->n, dtype_size(kind == SLOT_ACT ? d->act : type[kind]), &bytes) ||
        bytes > SIZE_MAX / 2)
        return SIZE_MAX;
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* Total of the tensors that are SLOT_GRAD (or not); sets *bad to the one that does not fit. */
static size_t total(const struct device *d, const struct slot *table, int n, int grad,
                    const struct slot **bad)
{
    size_t sum = 0;

    for (int i = 0; i < n; i++) {
        size_t bytes = slot_bytes(d, &table[i]);

        if ((table[i].kind & SLOT_GRAD) != grad)
            continue;
        if (bytes == SIZE_MAX || bytes > SIZE_MAX / 2 - sum) {
            *bad = &table[i];
            return SIZE_MAX;
        }
        sum += bytes;
    }
    return sum;
}

size_t slots_bytes(const struct device *d, const struct slot *table, int n)
{
    const struct slot *bad;
    size_t grad = total(d, table, n, SLOT_GRAD, &bad);
    size_t rest = total(d, table, n, 0, &bad);

    return grad == SIZE_MAX || rest == SIZE_MAX ? SIZE_MAX : grad + rest;
}

static void set_pointer(const struct slot *s, void *value)
{
    memcpy(s->p, &value, sizeof value); /* s->p is a float **, an int **, ... */
}

int slots_alloc(struct slots *s, struct device *d, const struct slot *table, int n,
                struct err *e)
{
    const struct slot *bad = NULL;
    size_t grad = total(d, table, n, SLOT_GRAD, &bad), rest = total(d, table, n, 0, &bad);
    size_t at[2] = { grad, 0 };

    memset(s, 0, sizeof *s);
    for (int i = 0; i < n; i++)
        set_pointer(&table[i], NULL);
    if (bad)
        return err_set(e, "tensor '%s' is too large", bad->name);
    if (grad + rest == 0)
        return 0;
    s->base = d->ops->alloc(d, grad + rest);
    if (!s->base) {
        device_check(d, e);
        return err_set(e, "cannot allocate %zu bytes", grad + rest);
    }
    s->bytes = grad + rest;
    s->grad_bytes = grad;
    for (int i = 0; i < n; i++) {
        size_t *next = &at[(table[i].kind & SLOT_GRAD) != 0];

        if (!table[i].n)
            continue;
        set_pointer(&table[i], (char *)s->base + *next);
        *next += slot_bytes(d, &table[i]);
    }
    return 0;
}

void slots_zero(const struct slots *s, struct device *d)
{
    if (s->grad_bytes)
        d->ops->zero(d, s->base, s->grad_bytes);
}

void slots_free(struct slots *s, struct device *d)
{
    if (s->base)
        d->ops->free(d, s->base);
    memset(s, 0, sizeof *s);
}
