#include "engine/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

int file_read(const char *path, size_t max, char **buf, size_t *len, struct err *e)
{
    int is_stdin = !strcmp(path, "-");
    gzFile f;
    size_t cap = 65536, n = 0;
    char *b = NULL;

    errno = 0;
    f = is_stdin ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rb");
    if (!f)
        return err_set(e, "cannot open '%s': %s", path, errno ? strerror(errno) : "out of memory");
    for (;;) {
        char *grown = n + 1 < cap && b ? b : realloc(b, b ? (cap *= 2) : cap);
        int got;

        if (!grown) {
            err_set(e, "out of memory reading '%s'", path);
            goto fail;
        }
        b = grown;
        got = gzread(f, b + n, (unsigned)(cap - n - 1 < 1 << 24 ? cap - n - 1 : 1 << 24));
        if (got < 0) {
            int code;
            const char *why = gzerror(f, &code);

            err_set(e, "cannot read '%s': %s", path, code == Z_ERRNO ? strerror(errno) : why);
            goto fail;
        }
        n += (size_t)got;
        if (n > max) {
            err_set(e, "'%s' is larger than %zu bytes", path, max);
            goto fail;
        }
        if (got == 0)
            break;
    }
    if (gzclose(f) != Z_OK) {
        free(b);
        return err_set(e, "cannot read '%s': it ends in the middle", path);
    }
    b[n] = '\0';
    *buf = b;
    *len = n;
    return 0;
fail:
    gzclose(f);
    free(b);
    return -1;
}

/* Not a regular file but something to write into: a pipe, a terminal, /dev/full. */
static int is_special(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static void release(struct outfile *o)
{
    free(o->path);
    free(o->tmp);
    memset(o, 0, sizeof *o);
}

int outfile_open(struct outfile *o, const char *path, struct err *e)
{
    int fd = -1;

    memset(o, 0, sizeof *o);
    o->path = strdup(path);
    if (!o->path)
        return err_set(e, "out of memory");
    if (!strcmp(path, "-")) {
        fd = dup(STDOUT_FILENO);
    } else if (is_special(path)) {
        o->f = fopen(path, "wb");
    } else {
        size_t size = strlen(path) + 16;

        o->tmp = malloc(size);
        if (!o->tmp) {
            release(o);
            return err_set(e, "out of memory");
        }
        snprintf(o->tmp, size, "%s.tmp-XXXXXX", path);
        fd = mkstemp(o->tmp);
        if (fd >= 0) {
            mode_t mask = umask(0);

            umask(mask);
            fchmod(fd, 0666 & ~mask); /* mkstemp's 0600 is for secrets */
        }
    }
    if (fd >= 0)
        o->f = fdopen(fd, "wb");
    if (!o->f) {
        err_set(e, "cannot write '%s': %s", path, strerror(errno));
        if (fd >= 0) {
            close(fd);
            if (o->tmp)
                unlink(o->tmp);
        }
        release(o);
        return -1;
    }
    return 0;
}

int outfile_commit(struct outfile *o, struct err *e)
{
    int failed = ferror(o->f), why = errno;

    if (!failed && fflush(o->f))
        failed = 1, why = errno;
    if (!failed && o->tmp && fsync(fileno(o->f)))
        failed = 1, why = errno;
    if (fclose(o->f) && !failed)
        failed = 1, why = errno;
    if (!failed && o->tmp && rename(o->tmp, o->path))
        failed = 1, why = errno;
    if (failed) {
        err_set(e, "cannot write '%s': %s", o->path, why ? strerror(why) : "write error");
        if (o->tmp)
            unlink(o->tmp);
    }
    release(o);
    return failed ? -1 : 0;
}

void outfile_abort(struct outfile *o)
{
    if (o->f)
        fclose(o->f);
    if (o->tmp)
        unlink(o->tmp);
    release(o);
}
