#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/file.h"
#include "engine/rng.h"
#include "gtp/tool_dataset_notes.h"

enum { MAX_BYTES = 1 << 30 };

static const char head[] = "# videoworld annotations 1: ";

static uint64_t key_of(const struct corpus_game *g)
{
    uint64_t key, komi;

    memcpy(&komi, &g->komi, 8);
    key = splitmix64(splitmix64((uint64_t)(g->w << 8 | g->h)) ^ komi);
    for (int i = 0; i < g->n; i++)
        key = splitmix64(key ^ (uint64_t)(corpus_played(g, i) << 1 |
                                          (corpus_color(g, i) == WHITE)));
    return key;
}

static int compare_keys(const void *a, const void *b)
{
    const struct notes_key *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

/* --- an answer ------------------------------------------------------------- */

/* Notes it in memory. */
static void mark(struct notes *n, size_t game, int ply, int move)
{
    uint8_t *done = &n->answered[n->first[game] + (size_t)ply];

    if (!*done) {
        n->n_answered++;
        n->n_kept += move < 0;
    }
    *done = 1;
    if (move >= 0)
        corpus_record_set_best(&n->games->record[game], ply, move);
}

static int write_line(struct notes *n, const char *line, struct err *e)
{
    size_t len = strlen(line), at = 0;

    while (at < len) { /* more than once only on a full disk or a signal */
        ssize_t got = write(n->fd, line + at, len - at);

        if (got < 0 && errno != EINTR)
            return err_set(e, "cannot write '%s': %s", n->path, strerror(errno));
        at += got < 0 ? 0 : (size_t)got;
    }
    return 0;
}

int notes_add(struct notes *n, size_t game, int ply, int move, struct err *e)
{
    struct corpus_game g = corpus_record_game(&n->games->record[game]);
    char line[80], vertex[8] = "none";
    struct board b;

    board_init(&b, g.w, g.h);
    if (move >= 0)
        board_vertex(&b, corpus_point(&b, move), vertex);
    snprintf(line, sizeof line, "%016llx %d %s\n", (unsigned long long)key_of(&g), ply, vertex);
    if (write_line(n, line, e))
        return -1;
    mark(n, game, ply, move);
    return 0;
}

/* --- reading --------------------------------------------------------------- */

/* Takes a line, ended by NUL; answers for other games are passed over. */
static int take_line(struct notes *n, const char *line, size_t number, struct err *e)
{
    unsigned long long key;
    struct notes_key want, *found;
    struct corpus_game g;
    struct board b;
    char vertex[8];
    int ply, move = NO_POINT;

    if (sscanf(line, "%16llx %d %7s", &key, &ply, vertex) != 3)
        return err_set(e, "%s:%zu: no answer but '%.40s'", n->path, number, line);
    want.key = key;
    found = bsearch(&want, n->keys, n->games->n, sizeof want, compare_keys);
    if (!found)
        return 0;
    g = corpus_record_game(&n->games->record[found->game]);
    if (ply < 0 || ply >= g.n)
        return err_set(e, "%s:%zu: the game has no ply %d", n->path, number, ply);
    corpus_replay(&g, ply, &b);
    if (strcmp(vertex, "none"))
        move = board_parse_vertex(&b, vertex);
    if (strcmp(vertex, "none") && (move == NO_POINT ||
        board_legality(&b, corpus_color(&g, ply), move) != LEGAL))
        return err_set(e, "%s:%zu: '%s' is no legal move there", n->path, number, vertex);
    mark(n, found->game, ply, move == NO_POINT ? -1 : corpus_move(&b, move));
    return 0;
}

/* Takes all whole lines; *whole gets their bytes. */
static int take_lines(struct notes *n, char *text, const char *command, size_t *whole,
                      struct err *e)
{
    size_t number = 0;
    char *end;

    *whole = 0;
    for (; (end = strchr(text, '\n')); text = end + 1) {
        *end = '\0';
        *whole += (size_t)(end - text) + 1;
        if (number++ == 0) {
            if (strncmp(text, head, sizeof head - 1))
                return err_set(e, "'%s' is no file of annotations", n->path);
            if (strcmp(text + sizeof head - 1, command))
                return err_set(e, "'%s' holds the answers of '%s', not of '%s'", n->path,
                               text + sizeof head - 1, command);
        } else if (take_line(n, text, number, e)) {
            return -1;
        }
    }
    return 0;
}

static int read_back(struct notes *n, const char *command, struct err *e)
{
    char *text;
    size_t len, whole;
    int status;

    if (file_read(n->path, MAX_BYTES, &text, &len, e))
        return -1;
    status = take_lines(n, text, command, &whole, e);
    free(text);
    if (status)
        return -1;
    if (whole < len && ftruncate(n->fd, (off_t)whole))
        return err_set(e, "cannot cut '%s': %s", n->path, strerror(errno));
    if (whole == 0 &&
        (write_line(n, head, e) || write_line(n, command, e) || write_line(n, "\n", e)))
        return -1;
    return 0;
}

static int make_tables(struct notes *n, struct err *e)
{
    struct corpus_builder *b = n->games;

    n->first = calloc(b->n + 1, sizeof *n->first);
    n->keys = calloc(b->n + 1, sizeof *n->keys);
    if (!n->first || !n->keys)
        return err_set(e, "out of memory");
    for (size_t i = 0; i < b->n; i++) {
        struct corpus_game g = corpus_record_game(&b->record[i]);

        n->first[i + 1] = n->first[i] + (size_t)g.n;
        n->keys[i] = (struct notes_key){ key_of(&g), i };
    }
    qsort(n->keys, b->n, sizeof *n->keys, compare_keys);
    n->answered = calloc(n->first[b->n] + 1, 1);
    return n->answered ? 0 : err_set(e, "out of memory");
}

int notes_open(struct notes *n, const char *path, const char *command,
               struct corpus_builder *games, struct err *e)
{
    *n = (struct notes){ .games = games, .fd = -1 };
    if (strchr(command, '\n'))
        return err_set(e, "the engine's command has more than one line");
    n->path = strdup(path);
    if (!n->path || make_tables(n, e))
        return err_set(e, "out of memory");
    n->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (n->fd < 0)
        return err_set(e, "cannot open '%s': %s", path, strerror(errno));
    if (flock(n->fd, LOCK_EX | LOCK_NB))
        return err_set(e, "'%s' is in use by another process", path);
    return read_back(n, command, e);
}

void notes_release(struct notes *n)
{
    if (n->fd >= 0)
        close(n->fd);
    free(n->path);
    free(n->first);
    free(n->keys);
    free(n->answered);
    *n = (struct notes){ .fd = -1 };
}
