/*
 * tool_dataset_notes: the answers of an engine, kept in a journal (journal.h).
 *
 * The first line names the command that answers; each other line is an answer:
 * "KEY PLY VERTEX" for a best move, "KEY PLY VERTEX:SHARE,VERTEX:SHARE ... CHANCE" for a
 * policy, "none" where there is none.  CHANCE, the mover's, is not there where it is not
 * known (nor in older files).  KEY is a hash of the game's size, komi and moves, of
 * policies also of its best moves, by which games may differ there.
 */
#ifndef GTP_TOOL_DATASET_NOTES_H
#define GTP_TOOL_DATASET_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/corpus.h"
#include "gtp/journal.h"

enum notes_kind { NOTES_BEST, NOTES_POLICY };

struct notes {
    enum notes_kind kind;
    struct corpus_builder *games; /* finished, their moves all different */
    struct journal journal;
    size_t *first;                /* games + 1: positions in the games before, owned */
    uint8_t *answered;            /* by position, owned */
    struct notes_key {
        uint64_t key;
        size_t game;
    } *keys;                      /* ascending, owned */
    size_t n_answered, n_kept;    /* of all positions; where the engine had none to give */
};

/* Opens or makes PATH and takes its answers into the games, which for policies have room.
   Release in any case. */
int notes_open(struct notes *n, enum notes_kind kind, const char *path, const char *command,
               struct corpus_builder *games, struct err *e);
void notes_release(struct notes *n);

static inline bool notes_has(const struct notes *n, size_t game, int ply)
{
    return n->answered[n->first[game] + (size_t)ply];
}

/* An answer: a policy and the mover's chance (0: not known), or the best move alone; no moves
   where the one played shall stand. */
struct notes_answer {
    int moves;
    struct corpus_prior list[CORPUS_PRIORS];
    int chance;
};

int notes_add(struct notes *n, size_t game, int ply, const struct notes_answer *a, struct err *e);

#endif
