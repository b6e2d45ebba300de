#include "engine/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* --- reading ------------------------------------------------------------- */

enum {
    FIRST_SIZE = 1 << 16, /* of a buffer that then doubles */
    GZIP_SLACK = 1 << 16, /* what gzip may add: less than this and 1/1024 of the data */
    CHUNK = 1 << 24,      /* bytes for one call of read or inflate */
};

struct bytes {
    char *p;
    size_t n, cap;
};

/* Makes room for one more byte and the NUL behind; NULL when out of memory. */
static char *reserve(struct bytes *b)
{
    size_t cap = b->cap ? b->cap : FIRST_SIZE;
    char *p;

    if (b->p && b->n + 1 < b->cap)
        return b->p + b->n;
    if (b->p)
        cap *= 2;
    p = realloc(b->p, cap);
    if (!p)
        return NULL;
    b->p = p;
    b->cap = cap;
    return p + b->n;
}

static size_t room(const struct bytes *b)
{
    size_t left = b->cap - b->n - 1;

    return left < CHUNK ? left : CHUNK;
}

static int too_large(const char *path, size_t max, struct err *e)
{
    return err_set(e, "'%s' is larger than %zu bytes", path, max);
}

/* Reads fd to its end, or until limit is passed. */
static int read_all(int fd, const char *path, size_t limit, struct bytes *b, struct err *e)
{
    for (;;) {
        char *p = reserve(b);
        ssize_t got;

        if (!p)
            return err_set(e, "out of memory reading '%s'", path);
        got = read(fd, p, room(b));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(e, "cannot read '%s': %s", path, strerror(errno));
        b->n += (size_t)got;
        if (got == 0 || b->n > limit)
            return 0;
    }
}

static bool is_gzip(const char *p, size_t n)
{
    return n >= 2 && (unsigned char)p[0] == 0x1f && (unsigned char)p[1] == 0x8b;
}

/* May these bytes stand behind a gzip member?  Zeros pad to blocks of a tape. */
static bool is_padding(const char *p, size_t n)
{
    while (n > 0 && !*p)
        p++, n--;
    return n == 0;
}

/* Unpacks all members of from; z is initialised. */
static int unpack(z_stream *z, const struct bytes *from, const char *path, size_t max,
                  struct bytes *to, struct err *e)
{
    size_t used = 0; /* of from */

    for (;;) {
        char *p = reserve(to);
        size_t in = from->n - used < CHUNK ? from->n - used : CHUNK, out;
        int status;

        if (!p)
            return err_set(e, "out of memory reading '%s'", path);
        out = room(to);
        z->next_in = (Bytef *)from->p + used;
        z->avail_in = (uInt)in;
        z->next_out = (Bytef *)p;
        z->avail_out = (uInt)out;
        status = inflate(z, Z_NO_FLUSH);
        used += in - z->avail_in;
        to->n += out - z->avail_out;
        if (to->n > max)
            return too_large(path, max, e);
        if (status == Z_BUF_ERROR)
            return err_set(e, "cannot read '%s': its gzip data ends in the middle", path);
        if (status == Z_STREAM_END) {
            if (is_padding(from->p + used, from->n - used))
                return 0;
            if (!is_gzip(from->p + used, from->n - used))
                return err_set(e, "cannot read '%s': garbage behind its gzip data", path);
            status = inflateReset(z);
        }
        if (status != Z_OK)
            return err_set(e, "cannot read '%s': %s", path, z->msg ? z->msg : zError(status));
    }
}

/* Replaces gzip in b by what it holds. */
static int gunzip(struct bytes *b, const char *path, size_t max, struct err *e)
{
    z_stream z = { 0 };
    struct bytes plain = { 0 };
    int status = inflateInit2(&z, 15 + 16); /* the largest window; gzip heads only */

    if (status != Z_OK)
        return err_set(e, "cannot read '%s': %s", path, zError(status));
    status = unpack(&z, b, path, max, &plain, e);
    inflateEnd(&z);
    free(b->p);
    *b = plain;
    return status;
}

int file_read(const char *path, size_t max, char **buf, size_t *len, struct err *e)
{
    bool is_stdin = !strcmp(path, "-");
    struct bytes b = { 0 };
    size_t slack = GZIP_SLACK + max / 1024;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC), status;

    if (fd < 0)
        return err_set(e, "cannot open '%s': %s", path, strerror(errno));
    status = read_all(fd, path, max < SIZE_MAX - slack ? max + slack : SIZE_MAX, &b, e);
    if (!is_stdin)
        close(fd);
    if (!status && is_gzip(b.p, b.n))
        status = gunzip(&b, path, max, e);
    else if (!status && b.n > max)
        status = too_large(path, max, e);
    if (status) {
        free(b.p);
        return -1;
    }
    b.p[b.n] = '\0';
    *buf = b.p;
    *len = b.n;
    return 0;
}

/* --- writing ------------------------------------------------------------- */

static void release(struct outfile *o)
{
    free(o->path);
    free(o->tmp);
    memset(o, 0, sizeof *o);
}

/* Makes a new file beside o->path; returns its descriptor, or -1 with errno set. */
static int open_beside(struct outfile *o)
{
    size_t size = strlen(o->path) + 48;
    int fd = -1;

    o->tmp = malloc(size);
    if (!o->tmp)
        return -1;
    /* not mkstemp, whose files only the owner may read; the umask shall decide */
    for (int i = 0; i < 1000; i++) {
        snprintf(o->tmp, size, "%s.tmp-%ld-%d", o->path, (long)getpid(), i);
        fd = open(o->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            break;
    }
    if (fd < 0) {
        free(o->tmp);
        o->tmp = NULL;
    }
    return fd;
}

/* Prepares to replace the regular file path, through symbolic links. */
static int open_instead(struct outfile *o, const char *path, mode_t mode)
{
    int fd;

    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS))
        return -1;
    free(o->path);
    o->path = realpath(path, NULL);
    fd = o->path ? open_beside(o) : -1;
    if (fd >= 0)
        fchmod(fd, mode & 0777); /* as it was; where that cannot be, the umask's */
    return fd;
}

/* The descriptor to write to, or -1 with errno set. */
static int open_target(struct outfile *o, const char *path)
{
    struct stat st;

    if (!strcmp(path, "-")) {
        fflush(stdout); /* what was printed before comes before */
        return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    }
    if (stat(path, &st)) {
        if (errno != ENOENT)
            return -1;
        if (*path && lstat(path, &st))
            return open_beside(o);
        errno = ENOENT; /* no name, or a symbolic link to nowhere, which stays */
        return -1;
    }
    if (S_ISREG(st.st_mode))
        return open_instead(o, path, st.st_mode);
    return open(path, O_WRONLY | O_TRUNC | O_CLOEXEC); /* a directory refuses */
}

int outfile_open(struct outfile *o, const char *path, struct err *e)
{
    int fd;

    memset(o, 0, sizeof *o);
    o->path = strdup(path);
    fd = o->path ? open_target(o, path) : -1;
    if (fd >= 0)
        o->f = fdopen(fd, "wb");
    if (o->f)
        return 0;
    err_set(e, "cannot write '%s': %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (o->tmp)
        unlink(o->tmp);
    release(o);
    return -1;
}

int file_sync(int fd)
{
    int status;

    do {
        status = fsync(fd);
    } while (status && errno == EINTR);
    return status && errno != EINVAL && errno != ENOTSUP ? -1 : 0;
}

int outfile_commit(struct outfile *o, struct err *e)
{
    int failed = ferror(o->f), why = 0;

    /* Of an earlier error errno is stale.  What is written is lost already: one more byte meets
       the cause again. */
    errno = 0;
    if (failed)
        fputc(0, o->f);
    if (fflush(o->f) || (!failed && o->tmp && file_sync(fileno(o->f))))
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

/* --- locks ----------------------------------------------------------------- */

/* Is path still the open file? */
static bool is_named(int fd, const char *path)
{
    struct stat open_one, named;

    return !fstat(fd, &open_one) && !stat(path, &named) &&
           open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

bool file_take(int fd)
{
    return !flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK;
}

int file_lock(const char *path, struct err *e)
{
    for (int tries = 1;; tries++) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        bool taken;

        if (fd < 0)
            return err_set(e, "cannot write '%s': %s", path, strerror(errno));
        taken = file_take(fd);
        /* locked just as its last holder removed it?  Once more, unless names never fit here */
        if (taken && (is_named(fd, path) || tries == 10))
            return fd;
        close(fd);
        if (!taken)
            return err_set(e, "'%s' is in use by another process", path);
    }
}

void file_unlock(int fd, const char *path)
{
    unlink(path); /* first, while nobody else can hold it */
    close(fd);
}
