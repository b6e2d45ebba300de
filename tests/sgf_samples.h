/*
 * sgf_samples: the sample files of tests/sgf, and what SGF tests do with trees.
 * Failures are libcheck's.
 */
#ifndef TESTS_SGF_SAMPLES_H
#define TESTS_SGF_SAMPLES_H

#include "engine/sgf_game.h"

enum { N_SAMPLES = 7 };
extern const char *const sample_names[N_SAMPLES];

/* The whole file; the caller frees it. */
char *sample_text(const char *name, size_t *len);

/* The same parsed; release s. */
void sample_read(struct sgf *s, const char *name);

/* All games of s as text, which the caller frees. */
char *sample_print(const struct sgf *s, enum sgf_style style, size_t *len);

/* Fails unless both have the same nodes with the same properties and values. */
void sample_assert_same(const struct sgf *a, const struct sgf *b);

/* Walks every game as far as it is legal, prints, reads that again, normalises. */
void sample_use(struct sgf *s);

#endif
