#include "config.h"

#include "gtp/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/file.h"

enum { MAX_BYTES = 1 << 30 };

/* Is it of our kind, or the beginning of one that was torn? */
static int check_kind(const struct journal *j, const char *text, size_t len, const char *kind,
                      struct err *e)
{
    size_t n = strlen(kind);

    if (!memcmp(text, kind, len < n ? len : n))
        return 0;
    return err_set(e, "'%s' is another file: it does not begin with '%s'", j->path, kind);
}

int journal_whole(char *text, size_t *len, const char *path, struct err *e)
{
    size_t number = 1;

    while (*len && text[*len - 1] != '\n')
        --*len;
    text[*len] = '\0';
    if (strlen(text) == *len)
        return 0;
    for (const char *p = text; *p; p++)
        number += *p == '\n';
    return err_set(e, "%s:%zu: a NUL byte: the file is damaged", path, number);
}

/* Cuts off what stands behind the last line's end, in memory and on disk. */
static int cut(struct journal *j, char *text, size_t len, struct err *e)
{
    size_t whole = len;

    if (journal_whole(text, &whole, j->path, e))
        return -1;
    if (whole < len && ftruncate(j->fd, (off_t)whole))
        return err_set(e, "cannot cut '%s': %s", j->path, strerror(errno));
    return 0;
}

int journal_open(struct journal *j, const char *path, const char *kind, char **text,
                 struct err *e)
{
    struct stat is;
    size_t len;

    *text = NULL;
    *j = (struct journal){ .path = strdup(path), .fd = -1 };
    if (!j->path)
        return err_set(e, "out of memory");
    if (!strcmp(path, "-"))
        return err_set(e, "'-' is no file to add to");
    j->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (j->fd < 0)
        return err_set(e, "cannot open '%s': %s", path, strerror(errno));
    if (!file_take(j->fd))
        return err_set(e, "'%s' is in use by another process", path);
    if (fstat(j->fd, &is) || !S_ISREG(is.st_mode)) /* a pipe would be read for ever */
        return err_set(e, "'%s' is no file to add to", path);
    if (file_read(path, MAX_BYTES, text, &len, e))
        return -1;
    if ((size_t)is.st_size != len)
        err_set(e, "'%s' is packed: it cannot be added to", path);
    else if (!check_kind(j, *text, len, kind, e) && !cut(j, *text, len, e))
        return 0;
    free(*text);
    *text = NULL;
    return -1;
}

void journal_release(struct journal *j)
{
    if (j->fd >= 0)
        close(j->fd);
    free(j->path);
    *j = (struct journal){ .fd = -1 };
}

int journal_add(struct journal *j, const char *lines, bool sync, struct err *e)
{
    size_t len = strlen(lines), at = 0;

    while (at < len) { /* more than once only on a full disk or a signal */
        ssize_t got = write(j->fd, lines + at, len - at);

        if (got < 0 && errno != EINTR)
            return err_set(e, "cannot write '%s': %s", j->path, strerror(errno));
        at += got < 0 ? 0 : (size_t)got;
    }
    if (sync && file_sync(j->fd))
        return err_set(e, "cannot write '%s': %s", j->path, strerror(errno));
    return 0;
}
