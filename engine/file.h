/*
 * file: reading whole files, and writing files that are whole or absent.
 *
 * Output goes to a temporary file beside its target and is renamed onto it at
 * the end, so a full disk, a crash or a signal never leaves half a file under
 * the real name.  A target that exists and is no regular file (a pipe,
 * /dev/full) is written directly, "-" means stdout.
 */
#ifndef ENGINE_FILE_H
#define ENGINE_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "engine/err.h"

/*
 * Reads all of path ("-": stdin), unpacking gzip as it goes, into a buffer the
 * caller frees, with a NUL byte after its *len bytes.  Fails on I/O errors,
 * damaged gzip, or content over max bytes.
 */
int file_read(const char *path, size_t max, char **buf, size_t *len, struct err *e);

struct outfile {
    FILE *f;    /* write here; errors may be left to outfile_commit */
    char *path; /* the target, owned */
    char *tmp;  /* the file beside it, owned; NULL when written directly */
};

/* Opens for writing.  On failure nothing is left to release. */
int outfile_open(struct outfile *o, const char *path, struct err *e);

/*
 * Flushes, syncs, closes and renames.  On any failure (also of earlier writes
 * to o->f) removes the temporary file.  Releases o in both cases.
 */
int outfile_commit(struct outfile *o, struct err *e);

/* Gives up: removes the temporary file and releases o. */
void outfile_abort(struct outfile *o);

#endif
