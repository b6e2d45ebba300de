/*
 * sgf_tree: what the SGF sources share about the tree and its memory.  Users
 * include sgf.h alone.
 */
#ifndef ENGINE_SGF_TREE_H
#define ENGINE_SGF_TREE_H

#include "engine/sgf.h"

/* Memory that lives as long as s, aligned for pointers; NULL when out of memory. */
void *sgf_alloc(struct sgf *s, size_t size, struct err *e);

/* sgf_add_node with a place in the source. */
struct sgf_node *sgf_new_node(struct sgf *s, struct sgf_node *parent, struct sgf_pos at,
                              struct err *e);

#endif
