/*
 * sgf: game records as trees, read from and written to SGF FF[4] text.
 *
 * A struct sgf is a collection of game trees.  A node has properties, a
 * property an identifier and one or more values.  Nothing here knows Go:
 * sgf_game.h turns trees into games and back.  Everything hangs on one chain
 * of memory blocks that sgf_release frees, so nodes, properties and the
 * strings in them live exactly as long as their struct sgf.  Nothing is
 * recursive: neither depth nor number of variations is limited.
 *
 * Values are kept raw, as they stand between the brackets, still escaped, so
 * what is read is written back unchanged, whatever its charset and whether we
 * know the property or not; sgf_text gives them in readable form.
 *
 * What the reader takes, and what it refuses with "FILE:LINE:COLUMN: reason"
 * (both from 1; a column is a byte, so that of a tab or a UTF-8 byte is one):
 *  - Text before the first "(;" (a byte order mark, a mail's head) is skipped
 *    unless it starts with '(' itself.
 *    Between and after the games only white space (also Ctrl-Z, and the mark
 *    of a file appended) may stand.
 *  - Every '(' needs a ';' next, so "()" is refused; so are a node behind a
 *    variation, "(;(;);)", a tree or a value that is not closed, a name
 *    without value, and a NUL byte anywhere in a game.
 *  - FF[1] to FF[3] wrote "White[..]" for "W[..]": lower-case letters of names
 *    are dropped.  A name without a capital letter is refused.
 *  - A property that FF[4] gives one value (B, C, SZ, ...) may stand only once
 *    in a node and have only one; the values of all others are merged.
 *  - Charsets are bytes here.  In those where a byte of a letter can be ']' or
 *    '\' (Shift-JIS, GBK, Big5) such letters need the escape that SGF asks for.
 */
#ifndef ENGINE_SGF_H
#define ENGINE_SGF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/err.h"

enum {
    SGF_MAX_BYTES = 1 << 28, /* largest file that sgf_read takes */
    SGF_MAX_NAME = 64,       /* letters of a property's name, as written */
    SGF_MAX_PROPS = 512,     /* properties of one node */
};

/* A place in the source; line 0: made in memory. */
struct sgf_pos {
    uint32_t line, col;
};

struct sgf_value {
    const char *raw; /* NUL-terminated, escapes as in the file */
    struct sgf_value *next;
    struct sgf_pos at; /* the first byte after '[' */
};

struct sgf_prop {
    const char *id; /* capital letters and digits */
    struct sgf_prop *next;
    struct sgf_value value; /* the first of one or more */
    struct sgf_value *last; /* the last of them */
    struct sgf_pos at;
};

struct sgf_node {
    struct sgf_node *parent; /* NULL for a root */
    struct sgf_node *child;  /* the first one goes on with the main line */
    struct sgf_node *last;   /* the last child */
    struct sgf_node *next;   /* the next variation, or a root's next game */
    struct sgf_prop *prop;   /* in the order of the file */
    struct sgf_pos at;       /* its ';' */
    bool opens;              /* the reader's: '(' stood before it */
};

struct sgf {
    const char *name;              /* what messages call it */
    struct sgf_node *first, *last; /* the roots, linked by next */
    size_t n_games, n_nodes;
    struct sgf_block *block; /* private: the memory, newest first */
};

/* An empty collection; release it in any case.  name is copied. */
int sgf_init(struct sgf *s, const char *name, struct err *e);
void sgf_release(struct sgf *s);

/* Reads text[len] into s, uninitialised before.  On failure nothing is left to release. */
int sgf_parse(struct sgf *s, const char *name, const char *text, size_t len, struct err *e);

/* The same from a file, plain or gzip; "-" is stdin. */
int sgf_read(struct sgf *s, const char *path, struct err *e);

/* --- looking up ---------------------------------------------------------- */

const struct sgf_node *sgf_root(const struct sgf_node *n);

/* The node after n in the order of the file, in the subtree of top; NULL at its end. */
const struct sgf_node *sgf_next(const struct sgf_node *n, const struct sgf_node *top);

/* The property of that name, or NULL. */
const struct sgf_prop *sgf_get(const struct sgf_node *n, const char *id);

/* Its first value, raw, or NULL. */
const char *sgf_get_raw(const struct sgf_node *n, const char *id);

/* Sets "name:line:col: ..." (or "name: ..." when at.line is 0); returns -1. */
int sgf_err(const struct sgf *s, struct sgf_pos at, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* --- text ---------------------------------------------------------------- */

enum sgf_charset { SGF_UTF8, SGF_LATIN1, SGF_OTHER };
enum sgf_text { SGF_SIMPLE_TEXT, SGF_TEXT };

/* What CA in the root of n says; without CA, UTF-8 or Latin-1 by a text's bytes (SGF_UTF8). */
enum sgf_charset sgf_charset(const struct sgf_node *n);

/*
 * A raw value as readable text: escapes resolved, soft line breaks (an escaped
 * one) taken out, tabs and the like made spaces; line breaks become '\n' in
 * SGF_TEXT and spaces in SGF_SIMPLE_TEXT.  Latin-1, and what is said to be
 * UTF-8 but is not, becomes UTF-8; another charset's bytes stay.  The caller
 * frees it; NULL when out of memory.
 */
char *sgf_text(const char *raw, enum sgf_text kind, enum sgf_charset charset);

/* sgf_text of the first value of n's property id; NULL also if it has none. */
char *sgf_get_text(const struct sgf_node *n, const char *id, enum sgf_text kind);

/* --- building ------------------------------------------------------------ */

/* A new last child of parent, or with NULL a new game; NULL when out of memory. */
struct sgf_node *sgf_add_node(struct sgf *s, struct sgf_node *parent, struct err *e);

/* Appends a raw value to property id of n, which is made if absent. */
int sgf_add(struct sgf *s, struct sgf_node *n, const char *id, const char *raw, struct err *e);

/* Sets property id of n to one raw value (id is copied). */
int sgf_set(struct sgf *s, struct sgf_node *n, const char *id, const char *raw, struct err *e);

/* The same from plain text, which is escaped. */
int sgf_set_text(struct sgf *s, struct sgf_node *n, const char *id, const char *text,
                 struct err *e);

void sgf_remove(struct sgf_node *n, const char *id);

/* Keeps of a game only its main line: the first child of each node. */
void sgf_prune(struct sgf *s, struct sgf_node *root);

/* --- writing ------------------------------------------------------------- */

/* SGF_LINES breaks lines between nodes; SGF_COMPACT gives a game a line, save
   for line breaks inside values. */
enum sgf_style { SGF_LINES, SGF_COMPACT };

/* Prints one game; errors stay in f for outfile_commit. */
void sgf_print(const struct sgf_node *root, enum sgf_style style, FILE *f);

/* Writes all games of s to path, whole or not at all; "-" is stdout. */
int sgf_write(const struct sgf *s, const char *path, enum sgf_style style, struct err *e);

#endif
