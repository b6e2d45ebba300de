#include "engine/sgf_tree.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* One block of the memory of a collection; n bytes of it are in use. */
struct sgf_block {
    struct sgf_block *older;
    size_t n, size;
    max_align_t data[];
};

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 22 };

void *sgf_alloc(struct sgf *s, size_t size, struct err *e)
{
    struct sgf_block *b = s->block;
    char *p;

    size = (size + sizeof(void *) - 1) & ~(sizeof(void *) - 1);
    if (!b || b->size - b->n < size) {
        size_t want = b ? b->size * 2 : FIRST_BLOCK;

        if (want > LARGEST_BLOCK)
            want = LARGEST_BLOCK;
        if (want < size)
            want = size;
        b = malloc(sizeof *b + want);
        if (!b) {
            err_set(e, "out of memory reading '%s'", s->name);
            return NULL;
        }
        b->older = s->block;
        b->n = 0;
        b->size = want;
        s->block = b;
    }
    p = (char *)b->data + b->n;
    b->n += size;
    return p;
}

static const char *copy_string(struct sgf *s, const char *text, struct err *e)
{
    size_t size = strlen(text) + 1;
    char *p = sgf_alloc(s, size, e);

    return p ? memcpy(p, text, size) : NULL;
}

int sgf_init(struct sgf *s, const char *name, struct err *e)
{
    memset(s, 0, sizeof *s);
    s->name = name; /* for the message, should there be no memory for the copy */
    s->name = copy_string(s, name, e);
    return s->name ? 0 : -1;
}

void sgf_release(struct sgf *s)
{
    while (s->block) {
        struct sgf_block *older = s->block->older;

        free(s->block);
        s->block = older;
    }
    memset(s, 0, sizeof *s);
}

struct sgf_node *sgf_new_node(struct sgf *s, struct sgf_node *parent, struct sgf_pos at,
                              struct err *e)
{
    struct sgf_node *n = sgf_alloc(s, sizeof *n, e);
    struct sgf_node **last = parent ? &parent->last : &s->last;

    if (!n)
        return NULL;
    memset(n, 0, sizeof *n);
    n->parent = parent;
    n->at = at;
    if (*last)
        (*last)->next = n;
    else if (parent)
        parent->child = n;
    else
        s->first = n;
    *last = n;
    s->n_nodes++;
    s->n_games += !parent;
    return n;
}

struct sgf_node *sgf_add_node(struct sgf *s, struct sgf_node *parent, struct err *e)
{
    return sgf_new_node(s, parent, (struct sgf_pos){ 0, 0 }, e);
}

const struct sgf_node *sgf_root(const struct sgf_node *n)
{
    while (n->parent)
        n = n->parent;
    return n;
}

const struct sgf_node *sgf_next(const struct sgf_node *n, const struct sgf_node *top)
{
    if (n->child)
        return n->child;
    while (n != top && !n->next)
        n = n->parent;
    return n == top ? NULL : n->next;
}

const struct sgf_prop *sgf_get(const struct sgf_node *n, const char *id)
{
    const struct sgf_prop *p = n->prop;

    while (p && strcmp(p->id, id))
        p = p->next;
    return p;
}

const char *sgf_get_raw(const struct sgf_node *n, const char *id)
{
    const struct sgf_prop *p = sgf_get(n, id);

    return p ? p->value.raw : NULL;
}

int sgf_err(const struct sgf *s, struct sgf_pos at, struct err *e, const char *fmt, ...)
{
    char why[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    if (!at.line)
        return err_set(e, "%s: %s", s->name, why);
    return err_set(e, "%s:%lu:%lu: %s", s->name, (unsigned long)at.line, (unsigned long)at.col,
                   why);
}

/* Where the property id of n hangs, or where it would. */
static struct sgf_prop **prop_link(struct sgf_node *n, const char *id)
{
    struct sgf_prop **link = &n->prop;

    while (*link && strcmp((*link)->id, id))
        link = &(*link)->next;
    return link;
}

int sgf_add(struct sgf *s, struct sgf_node *n, const char *id, const char *raw, struct err *e)
{
    struct sgf_prop **link = prop_link(n, id), *p = *link;
    const char *text = copy_string(s, raw, e);
    struct sgf_value *v;

    if (!text)
        return -1;
    if (p) {
        v = sgf_alloc(s, sizeof *v, e);
        if (!v)
            return -1;
        *v = (struct sgf_value){ .raw = text };
        p->last->next = v;
        p->last = v;
        return 0;
    }
    p = sgf_alloc(s, sizeof *p, e);
    if (!p)
        return -1;
    *p = (struct sgf_prop){ .id = copy_string(s, id, e), .value.raw = text, .last = &p->value };
    if (!p->id)
        return -1;
    *link = p;
    return 0;
}

int sgf_set(struct sgf *s, struct sgf_node *n, const char *id, const char *raw, struct err *e)
{
    struct sgf_prop *p = *prop_link(n, id);
    const char *text;

    if (!p)
        return sgf_add(s, n, id, raw, e);
    text = copy_string(s, raw, e);
    if (!text)
        return -1;
    p->value.raw = text;
    p->value.next = NULL;
    p->last = &p->value;
    return 0;
}

int sgf_set_text(struct sgf *s, struct sgf_node *n, const char *id, const char *text,
                 struct err *e)
{
    char *raw = malloc(2 * strlen(text) + 1), *p = raw;
    int status;

    if (!raw)
        return err_set(e, "out of memory");
    for (; *text; text++) {
        if (*text == ']' || *text == '\\')
            *p++ = '\\';
        *p++ = *text;
    }
    *p = '\0';
    status = sgf_set(s, n, id, raw, e);
    free(raw);
    return status;
}

void sgf_remove(struct sgf_node *n, const char *id)
{
    struct sgf_prop **link = prop_link(n, id);

    if (*link)
        *link = (*link)->next;
}

void sgf_prune(struct sgf *s, struct sgf_node *root)
{
    const struct sgf_node *n;
    size_t before = 0, after = 1;

    for (n = root; n; n = sgf_next(n, root))
        before++;
    for (struct sgf_node *m = root; m->child; m = m->child) {
        m->child->next = NULL;
        m->last = m->child;
        after++;
    }
    s->n_nodes -= before - after;
}
