/* match_results: many files into one. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/file.h"
#include "gtp/match_results.h"

enum { MAX_BYTES = 1 << 30 };

/* A game's line, in the text of the file that it is from. */
struct line {
    int game;
    const char *text, *path;
};

struct merge {
    char **text;        /* (files) what they hold, lines ended by NUL; owned */
    int n_texts;
    char *heading;      /* of the first; owned */
    const char *path;   /* the first */
    struct line *line;  /* owned */
    size_t n, cap;
};

static size_t heading_length(const char *text)
{
    const char *p = text, *end;

    while (*p == '#' && (end = strchr(p, '\n')))
        p = end + 1;
    return (size_t)(p - text);
}

/* The first file's heading is that of all. */
static int take_heading(struct merge *m, const char *text, const char *path, struct err *e)
{
    size_t len = heading_length(text);

    if (strncmp(text, MATCH_RESULTS_KIND "\n", sizeof MATCH_RESULTS_KIND))
        return err_set(e, "'%s' holds no results of a match", path);
    if (!m->heading) {
        m->heading = strndup(text, len);
        m->path = path;
        return m->heading ? 0 : err_set(e, "out of memory");
    }
    if (strlen(m->heading) == len && !memcmp(m->heading, text, len))
        return 0;
    return err_set(e, "'%s' is of another match than '%s'", path, m->path);
}

static int add_line(struct merge *m, const char *text, const char *path, size_t number,
                    struct err *e)
{
    struct match_record g;
    struct err why;

    err_init(&why);
    if (match_record_read(text, &g, &why))
        return err_set(e, "%s:%zu: %s", path, number, why.msg);
    if (m->n == m->cap) {
        size_t cap = m->cap ? 2 * m->cap : 1024;
        struct line *more = realloc(m->line, cap * sizeof *more);

        if (!more)
            return err_set(e, "out of memory");
        m->line = more;
        m->cap = cap;
    }
    m->line[m->n++] = (struct line){ g.game, text, path };
    return 0;
}

/* A last line without end was torn. */
static int read_whole(const char *path, char **text, struct err *e)
{
    size_t len;

    if (file_read(path, MAX_BYTES, text, &len, e))
        return -1;
    if (!journal_whole(*text, &len, path, e))
        return 0;
    free(*text);
    return -1;
}

/* Takes a file's text, which now is the merge's. */
static int take_file(struct merge *m, char *text, const char *path, struct err *e)
{
    char *line, *end;
    size_t number = 1;

    m->text[m->n_texts++] = text;
    if (take_heading(m, text, path, e))
        return -1;
    for (line = text; (end = strchr(line, '\n')); line = end + 1, number++) {
        *end = '\0';
        if (*line != '#' && add_line(m, line, path, number, e))
            return -1;
    }
    return 0;
}

static int compare_lines(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    return (x->game > y->game) - (x->game < y->game);
}

/* Sorts the games and drops repetitions. */
static int order(struct merge *m, struct err *e)
{
    size_t kept = 0;

    if (m->n)
        qsort(m->line, m->n, sizeof *m->line, compare_lines);
    for (size_t i = 0; i < m->n; i++) {
        const struct line *last = kept ? &m->line[kept - 1] : NULL;

        if (last && last->game == m->line[i].game) {
            if (strcmp(last->text, m->line[i].text))
                return err_set(e, "game %d is another in '%s' than in '%s'", last->game,
                               m->line[i].path, last->path);
            continue;
        }
        m->line[kept++] = m->line[i];
    }
    m->n = kept;
    return 0;
}

static int write_out(const struct merge *m, const char *path, struct err *e)
{
    struct outfile o;

    if (outfile_open(&o, path, e))
        return -1;
    fputs(m->heading, o.f);
    for (size_t i = 0; i < m->n; i++)
        fprintf(o.f, "%s\n", m->line[i].text);
    return outfile_commit(&o, e);
}

int match_results_merge(const char *out, char **paths, int n, size_t *games, struct err *e)
{
    struct journal j = { .fd = -1 }; /* locks `out` against a match that writes to it */
    struct merge m = { .text = calloc((size_t)n + 1, sizeof *m.text) };
    int status = m.text ? 0 : err_set(e, "out of memory");
    char *text;

    if (!status && !access(out, F_OK))
        status = journal_open(&j, out, MATCH_RESULTS_KIND, &text, e) ||
                 take_file(&m, text, out, e) ? -1 : 0;
    for (int i = 0; i < n && !status; i++)
        status = read_whole(paths[i], &text, e) || take_file(&m, text, paths[i], e) ? -1 : 0;
    if (!status)
        status = order(&m, e) || write_out(&m, out, e) ? -1 : 0;
    *games = m.n;
    for (int i = 0; i < m.n_texts; i++)
        free(m.text[i]);
    free(m.text);
    free(m.heading);
    free(m.line);
    journal_release(&j);
    return status;
}
