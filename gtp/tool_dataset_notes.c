#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"
#include "gtp/tool_dataset_notes.h"

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

int notes_add(struct notes *n, size_t game, int ply, int move, struct err *e)
{
    struct corpus_game g = corpus_record_game(&n->games->record[game]);
    char line[80], vertex[8] = "none";
    struct board b;

    board_init(&b, g.w, g.h);
    if (move >= 0)
        board_vertex(&b, board_move_point(&b, move), vertex);
    snprintf(line, sizeof line, "%016llx %d %s\n", (unsigned long long)key_of(&g), ply, vertex);
    if (journal_add(&n->journal, line, false, e))
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
        return err_set(e, "%s:%zu: no answer but '%.40s'", n->journal.path, number, line);
    want.key = key;
    found = bsearch(&want, n->keys, n->games->n, sizeof want, compare_keys);
    if (!found)
        return 0;
    g = corpus_record_game(&n->games->record[found->game]);
    if (ply < 0 || ply >= g.n)
        return err_set(e, "%s:%zu: the game has no ply %d", n->journal.path, number, ply);
    corpus_replay(&g, ply, &b);
    if (strcmp(vertex, "none"))
        move = board_parse_vertex(&b, vertex);
    if (strcmp(vertex, "none") && (move == NO_POINT ||
        board_legality(&b, corpus_color(&g, ply), move) != LEGAL))
        return err_set(e, "%s:%zu: '%s' is no legal move there", n->journal.path, number, vertex);
    mark(n, found->game, ply, move == NO_POINT ? -1 : board_move_number(&b, move));
    return 0;
}

static int take_lines(struct notes *n, char *text, const char *command, struct err *e)
{
    size_t number = 0;
    char *end;

    for (; (end = strchr(text, '\n')); text = end + 1) {
        *end = '\0';
        if (number++ == 0) {
            if (strcmp(text + sizeof head - 1, command))
                return err_set(e, "'%s' holds the answers of '%s', not of '%s'", n->journal.path,
                               text + sizeof head - 1, command);
        } else if (take_line(n, text, number, e)) {
            return -1;
        }
    }
    return 0;
}

static int write_head(struct notes *n, const char *command, struct err *e)
{
    size_t size = sizeof head + strlen(command) + 1;
    char *line = malloc(size);
    int status;

    if (!line)
        return err_set(e, "out of memory");
    snprintf(line, size, "%s%s\n", head, command);
    status = journal_add(&n->journal, line, false, e);
    free(line);
    return status;
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
    char *text;
    int status;

    *n = (struct notes){ .games = games, .journal = { .fd = -1 } };
    if (strchr(command, '\n'))
        return err_set(e, "the engine's command has more than one line");
    if (make_tables(n, e) || journal_open(&n->journal, path, head, &text, e))
        return -1;
    status = *text ? take_lines(n, text, command, e) : write_head(n, command, e);
    free(text);
    return status;
}

void notes_release(struct notes *n)
{
    journal_release(&n->journal);
    free(n->first);
    free(n->keys);
    free(n->answered);
    *n = (struct notes){ .journal = { .fd = -1 } };
}
