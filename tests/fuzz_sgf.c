/*
 * Fuzz target: whatever parses must print, and the print must parse to the
 * same print again; every variation is played as far as it is legal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sgf_game.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct sgf *s, size_t *len)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, len);

    for (const struct sgf_node *root = s->first; root; root = root->next)
        sgf_print(root, SGF_LINES, f);
    if (fclose(f))
        abort();
    return text;
}

static void walk(const struct sgf *s, struct sgf_node *root)
{
    struct sgf_walk w;
    struct err e;

    err_init(&e);
    if (sgf_walk_init(&w, s, root, 7, &e))
        return;
    while (sgf_walk_next(&w, &e) == 1)
        ;
    sgf_walk_release(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sgf s, again;
    struct err e;
    char *first, *second;
    size_t n1 = 0, n2 = 0;

    err_init(&e);
    if (sgf_parse(&s, "fuzz", (const char *)data, size, &e))
        return 0;
    for (struct sgf_node *root = s.first; root; root = root->next)
        walk(&s, root);
    first = print(&s, &n1);
    if (sgf_parse(&again, "print", first, n1, &e))
        abort();
    second = print(&again, &n2);
    if (n1 != n2 || memcmp(first, second, n1))
        abort();
    for (struct sgf_node *root = s.first; root; root = root->next)
        sgf_normalize(&s, root, &e);
    free(first);
    free(second);
    sgf_release(&s);
    sgf_release(&again);
    return 0;
}
