/* corpus_kit: corpora out of SGF text, for tests. */
#ifndef TESTS_CORPUS_KIT_H
#define TESTS_CORPUS_KIT_H

#include "engine/corpus.h"

/* Adds all games of text; a test failure if that fails. */
void kit_add(struct corpus_builder *b, const char *text);

/* The bytes that corpus_write writes of b; the caller frees them. */
uint8_t *kit_bytes(struct corpus_builder *b, size_t *len);

/* A corpus of what b holds, which is released. */
void kit_take(struct corpus *c, struct corpus_builder *b);

/* A corpus of the games in text. */
void kit_corpus(struct corpus *c, const char *text);

/* Begins b with one game of two plies, A19 and B18 or A9 and B8, on a board of side 9 or 19, with a
   policy of three and one of CORPUS_PRIORS moves, the first mover's chance being 200. */
void kit_policies(struct corpus_builder *b, int side);

/* The text of tests/data/games9-sample.sgfs.gz; the caller frees it. */
char *kit_sample(void);

/* One game, as SGF text without variations: moves of a made-up w x h game of n plies by seed,
   turned by symmetry s.  The caller frees it. */
char *kit_random_game(int w, int h, int n, uint64_t seed, int s);

#endif
