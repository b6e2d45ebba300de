/*
 * file: reading whole files, and writing files that are whole or absent.
 *
 * Output goes to a temporary file beside its target ("TARGET.tmp-PID-N"), is
 * synced, and renamed onto the target at the end, so a full disk, a crash or a
 * signal never leaves half a file under the real name: after a power failure
 * the old file or the new one is there (the directory is not synced, so either
 * may be).  A target that exists keeps its permissions, is refused when it may
 * not be written, and is replaced where a symbolic link points, the link
 * staying; a link to nowhere is refused.  A target that is no regular file (a
 * pipe, /dev/full) is written directly, "-" means stdout.
 */
#ifndef ENGINE_FILE_H
#define ENGINE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "engine/err.h"

/*
 * Reads all of path ("-": stdin), unpacking it if it starts like gzip (all its
 * members), into a buffer the caller frees, with a NUL byte after its *len
 * bytes.  Fails on I/O errors, damaged gzip, or content over max bytes.
 * Signals do not disturb it.
 */
int file_read(const char *path, size_t max, char **buf, size_t *len, struct err *e);

struct outfile {
    FILE *f;    /* write here; errors may be left to outfile_commit */
    char *path; /* the target, links resolved, owned */
    char *tmp;  /* the file beside it, owned; NULL when written directly */
};

/* Opens for writing.  On failure nothing is left to release. */
int outfile_open(struct outfile *o, const char *path, struct err *e);

/*
 * Flushes, syncs, closes and renames.  On any failure (also of earlier writes
 * to o->f) removes the temporary file.  Releases o in both cases.
 */
int outfile_commit(struct outfile *o, struct err *e);

/* Gives up: removes the temporary file and releases o.  Harmless on a released o. */
void outfile_abort(struct outfile *o);

/* fsync, where the file system knows it, whatever signals come; -1 and errno on failure. */
int file_sync(int fd);

/* Locks an open file for this process; false when another one has it.  Where the file system
   knows no locks nothing is locked, and that is no error. */
bool file_take(int fd);

/*
 * A lock between processes on the file path, which is made for it, and removed
 * by file_unlock; whoever dies holding it leaves the file, but no lock.  A
 * descriptor, or -1 at once when another process has it; as file_take.
 */
int file_lock(const char *path, struct err *e);
void file_unlock(int fd, const char *path);

#endif
