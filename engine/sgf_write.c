#include "engine/sgf.h"

#include <string.h>

#include "engine/file.h"

enum { LINE_WIDTH = 72 }; /* a line is broken at the next node after that many bytes */

/* Prints a string; returns its length. */
static size_t put(const char *text, FILE *f)
{
    size_t n = strlen(text);

    fwrite(text, 1, n, f);
    return n;
}

static size_t print_node(const struct sgf_node *n, FILE *f)
{
    size_t width = put(";", f);

    for (const struct sgf_prop *p = n->prop; p; p = p->next) {
        width += put(p->id, f);
        for (const struct sgf_value *v = &p->value; v; v = v->next)
            width += put("[", f) + put(v->raw, f) + put("]", f);
    }
    return width;
}

/* Does n stand in parentheses: a root, or one of several variations? */
static bool is_tree(const struct sgf_node *n, const struct sgf_node *root)
{
    return n == root || n->parent->child != n->parent->last;
}

void sgf_print(const struct sgf_node *root, enum sgf_style style, FILE *f)
{
    size_t width = 0;
    const struct sgf_node *n = root, *up, *next;

    for (; n; n = next) {
        if (style == SGF_LINES && width >= LINE_WIDTH) {
            put("\n", f);
            width = 0;
        }
        if (is_tree(n, root))
            width += put("(", f);
        width += print_node(n, f);
        next = sgf_next(n, root);
        if (n->child)
            continue;
        for (up = n; next ? up->parent != next->parent : up != root; up = up->parent)
            if (is_tree(up, root))
                width += put(")", f);
        width += put(")", f); /* of the variation before next, or of the root */
    }
    put("\n", f);
}

int sgf_write(const struct sgf *s, const char *path, enum sgf_style style, struct err *e)
{
    struct outfile o;

    if (outfile_open(&o, path, e))
        return -1;
    for (const struct sgf_node *n = s->first; n; n = n->next)
        sgf_print(n, style, o.f);
    return outfile_commit(&o, e);
}
