#include "tests/sgf_samples.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "engine/file.h"

const char *const sample_names[N_SAMPLES] = {
    "format1.sgf", "handicap19.sgf", "latin1.sgf", "mail.sgf",
    "old_names.sgf", "setup.sgf", "variations.sgf",
};

char *sample_text(const char *name, size_t *len)
{
    const char *dir = getenv("TEST_SRCDIR");
    char path[1000], *text;
    struct err e;

    err_init(&e);
    snprintf(path, sizeof path, "%s/sgf/%s", dir ? dir : "tests", name);
    ck_assert_msg(!file_read(path, SGF_MAX_BYTES, &text, len, &e), "%s", e.msg);
    return text;
}

void sample_read(struct sgf *s, const char *name)
{
    struct err e;
    size_t len;
    char *text = sample_text(name, &len);

    err_init(&e);
    ck_assert_msg(!sgf_parse(s, name, text, len, &e), "%s", e.msg);
    free(text);
}

char *sample_print(const struct sgf *s, enum sgf_style style, size_t *len)
{
    char *text;
    FILE *f = open_memstream(&text, len);

    for (const struct sgf_node *root = s->first; root; root = root->next)
        sgf_print(root, style, f);
    ck_assert_int_eq(fclose(f), 0);
    return text;
}

static void assert_same_node(const struct sgf_node *a, const struct sgf_node *b)
{
    const struct sgf_prop *p = a->prop, *q = b->prop;

    for (; p && q; p = p->next, q = q->next) {
        const struct sgf_value *v = &p->value, *w = &q->value;

        ck_assert_str_eq(p->id, q->id);
        for (; v && w; v = v->next, w = w->next)
            ck_assert_str_eq(v->raw, w->raw);
        ck_assert(!v && !w);
    }
    ck_assert(!p && !q);
    ck_assert(!a->child == !b->child && !a->next == !b->next);
}

void sample_assert_same(const struct sgf *a, const struct sgf *b)
{
    const struct sgf_node *r = a->first, *q = b->first;

    ck_assert_uint_eq(a->n_games, b->n_games);
    ck_assert_uint_eq(a->n_nodes, b->n_nodes);
    for (; r; r = r->next, q = q->next) {
        const struct sgf_node *n = r, *m = q;

        for (; n && m; n = sgf_next(n, r), m = sgf_next(m, q))
            assert_same_node(n, m);
        ck_assert(!n && !m);
    }
}

void sample_use(struct sgf *s)
{
    struct sgf again;
    struct sgf_walk w;
    struct err e;
    size_t len;
    char *text = sample_print(s, SGF_LINES, &len);

    err_init(&e);
    ck_assert_msg(!sgf_parse(&again, "again", text, len, &e), "%s in\n%s", e.msg, text);
    sample_assert_same(s, &again);
    for (struct sgf_node *root = s->first; root; root = root->next) {
        err_init(&e);
        if (sgf_walk_init(&w, s, root, 0, &e))
            continue;
        while (sgf_walk_next(&w, &e) == 1)
            ;
        sgf_walk_release(&w);
        ck_assert_int_eq(sgf_normalize(s, root, &e), 0);
    }
    sgf_release(&again);
    free(text);
}
