/*
 * tool_dataset: what the sources of `videoworld dataset` share.
 */
#ifndef GTP_TOOL_DATASET_H
#define GTP_TOOL_DATASET_H

#include <stdbool.h>

#include "engine/corpus.h"
#include "engine/game.h"
#include "gtp/tool_dataset_notes.h"

struct export {
    const char *dir;
    const char *corpus;     /* the file */
    bool raw;               /* one file of RGB pixels, else PNG files */
    enum corpus_part part;
    long clips;             /* spread evenly over the part */
    int horizon;
};

/* Writes clips and a clips.json beside them. */
int dataset_export(const struct export *x, struct err *e);

struct annotate {
    const char *output;  /* answers are kept in OUTPUT.annotations and OUTPUT.policies */
    const char *command; /* starts a GTP engine */
    long jobs;           /* engines at once */
    double timeout;      /* seconds for a reply */
};

/*
 * Makes the engine's moves the best moves of all games in b, the move played
 * where it resigns or has no legal answer.  Finishes b.  Each answer is
 * appended to the side file at once, and those found there are not asked again.
 */
int dataset_annotate(const struct annotate *a, struct corpus_builder *b, struct err *e);

/* The same for policies and the mover's chances: what the engine, which has to know
   kata-raw-nn, thinks of at first sight. */
int dataset_ask_policies(const struct annotate *a, struct corpus_builder *b, struct err *e);

/* Reads a reply to kata-raw-nn of color c's position: of the moves the likeliest that are legal,
   but for those that would have no share; the chance where it is told; -1 where there is no
   policy. */
int dataset_read_policy(const char *reply, const struct game *g, enum color c,
                        struct notes_answer *a);

#endif
