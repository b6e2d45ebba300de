#include "model/train_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/file.h"

enum { LOG_MAX = 1 << 30 };

/* Writes those rows of old text that are whole and of steps up to keep. */
static int keep_rows(FILE *f, const char *path, char *text, const char *header, int keep,
                     struct err *e)
{
    char *line = text, *end = strchr(line, '\n');

    if (!end)
        return 0; /* torn in its first line */
    *end = '\0';
    if (strcmp(line, header))
        return err_set(e, "'%s' is not the log of such a run: its columns are '%.200s'", path,
                       line);
    for (line = end + 1; (end = strchr(line, '\n')); line = end + 1) {
        char *behind;
        long step = strtol(line, &behind, 10);

        if (behind == line || *behind != ',' || step > keep)
            break;
        fwrite(line, 1, (size_t)(end + 1 - line), f);
    }
    return 0;
}

static int rewrite(const char *path, const char *header, int keep, struct err *e)
{
    char *text = NULL;
    size_t len;
    struct outfile o;
    int failed = 0;

    if (keep >= 0 && access(path, F_OK) == 0 && file_read(path, LOG_MAX, &text, &len, e))
        return -1;
    if (outfile_open(&o, path, e)) {
        free(text);
        return -1;
    }
    fprintf(o.f, "%s\n", header);
    if (text)
        failed = keep_rows(o.f, path, text, header, keep, e);
    free(text);
    if (failed) {
        outfile_abort(&o);
        return -1;
    }
    return outfile_commit(&o, e);
}

int train_log_open(struct train_log *l, const char *path, const char *header, int keep,
                   struct err *e)
{
    *l = (struct train_log){ .path = path };
    if (rewrite(path, header, keep, e))
        return -1;
    l->f = fopen(path, "ab");
    return l->f ? 0 : err_set(e, "cannot write '%s': %s", path, strerror(errno));
}

int train_log_row(struct train_log *l, const char *row, struct err *e)
{
    if (fprintf(l->f, "%s\n", row) < 0 || fflush(l->f))
        return err_set(e, "cannot write '%s': %s", l->path, strerror(errno));
    return 0;
}

int train_log_sync(struct train_log *l, struct err *e)
{
    if (file_sync(fileno(l->f)))
        return err_set(e, "cannot write '%s': %s", l->path, strerror(errno));
    return 0;
}

int train_log_close(struct train_log *l, struct err *e)
{
    FILE *f = l->f;

    l->f = NULL;
    if (f && fclose(f))
        return err_set(e, "cannot write '%s': %s", l->path, strerror(errno));
    return 0;
}
