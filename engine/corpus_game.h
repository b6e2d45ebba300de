/*
 * corpus_game: what the reader and the builder of a corpus share about a game's
 * bytes.  Users include corpus.h alone.
 */
#ifndef ENGINE_CORPUS_GAME_H
#define ENGINE_CORPUS_GAME_H

#include "engine/corpus.h"

enum {
    CORPUS_VERSION = 2,    /* the newest; of files without chances it is 1 */
    CORPUS_HEAD = 24,      /* bytes before the games */
    CORPUS_GAME_HEAD = 16, /* of a game before its plies */
    CORPUS_TAIL = 4,       /* after the games */
    CORPUS_CHANCES = 128,  /* in the byte that counts priors: chances follow them */
};

extern const char corpus_magic[8];

static inline uint64_t corpus_get(const uint8_t *p, int bytes)
{
    uint64_t v = 0;

    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

static inline void corpus_put(uint8_t *p, int bytes, uint64_t v)
{
    for (int i = 0; i < bytes; i++, v >>= 8)
        p[i] = (uint8_t)v;
}

/* Bytes of one move on that board. */
static inline int corpus_unit(int w, int h)
{
    return w * h < 127 ? 1 : 2;
}

/* The head of a game, unchecked. */
struct corpus_game corpus_game_head(const uint8_t *bytes);

static inline size_t corpus_game_bytes(int w, int h, int n, int priors, bool chances)
{
    size_t unit = (size_t)corpus_unit(w, h);

    return CORPUS_GAME_HEAD + (size_t)n * (2 * unit + (size_t)priors * (unit + 1) + chances);
}

/* Where in a game's plies prior i of a ply is. */
static inline size_t corpus_prior_at(const struct corpus_game *g, int ply, int i)
{
    size_t unit = (size_t)corpus_unit(g->w, g->h);

    return (size_t)g->n * 2 * unit + ((size_t)ply * (size_t)g->priors + (size_t)i) * (unit + 1);
}

/* The same of a ply's chance, which is behind them all. */
static inline size_t corpus_chance_at(const struct corpus_game *g, int ply)
{
    return corpus_prior_at(g, g->n, 0) + (size_t)ply;
}

uint64_t corpus_hash(const struct corpus_game *g);
enum corpus_part corpus_part_of(uint64_t hash);

/* Orders by part, hash and content but for result and policies: < 0, 0, > 0. */
int corpus_compare(const struct corpus_record *a, const struct corpus_record *b);

#endif
