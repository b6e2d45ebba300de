#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"
#include "gtp/numbers.h"
#include "gtp/tool_dataset_notes.h"

static const char *const heads[] = { "# videoworld annotations 1: ", "# videoworld policies 1: " };

enum {
    MOVES_MAX = CORPUS_PRIORS * 9, /* of "A10:255," and its end */
    ANSWER_MAX = MOVES_MAX + sizeof " 255",
};

static uint64_t key_of(const struct corpus_game *g, enum notes_kind kind)
{
    uint64_t key, komi;

    memcpy(&komi, &g->komi, 8);
    key = splitmix64(splitmix64((uint64_t)(g->w << 8 | g->h)) ^ komi);
    for (int i = 0; i < g->n; i++)
        key = splitmix64(key ^ (uint64_t)(corpus_played(g, i) << 1 |
                                          (corpus_color(g, i) == WHITE)));
    for (int i = 0; i < g->n && kind == NOTES_POLICY; i++)
        key = splitmix64(key ^ (uint64_t)corpus_best(g, i));
    return key;
}

static int compare_keys(const void *a, const void *b)
{
    const struct notes_key *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

/* --- an answer ------------------------------------------------------------- */

/* Notes it in memory. */
static void mark(struct notes *n, size_t game, int ply, const struct notes_answer *a)
{
    struct corpus_record *r = &n->games->record[game];
    uint8_t *done = &n->answered[n->first[game] + (size_t)ply];

    if (!*done) {
        n->n_answered++;
        n->n_kept += !a->moves;
    }
    *done = 1;
    if (n->kind == NOTES_POLICY)
        corpus_record_set_policy(r, ply, a->list, a->moves, a->chance);
    else if (a->moves)
        corpus_record_set_best(r, ply, a->list[0].move);
}

/* An answer as it stands in a line. */
static void put_answer(const struct notes *n, const struct board *b,
                       const struct notes_answer *a, char *text)
{
    char vertex[8];

    if (!a->moves)
        text += sprintf(text, "none");
    for (int i = 0; i < a->moves; i++) {
        board_vertex(b, board_move_point(b, a->list[i].move), vertex);
        text += n->kind == NOTES_BEST ? sprintf(text, "%s", vertex)
                                      : sprintf(text, "%s%s:%d", i ? "," : "", vertex,
                                                a->list[i].share);
    }
    if (a->chance)
        sprintf(text, " %d", a->chance);
}

int notes_add(struct notes *n, size_t game, int ply, const struct notes_answer *a, struct err *e)
{
    struct corpus_game g = corpus_record_game(&n->games->record[game]);
    char line[ANSWER_MAX + 40], answer[ANSWER_MAX];
    struct board b;

    board_init(&b, g.w, g.h);
    put_answer(n, &b, a, answer);
    snprintf(line, sizeof line, "%016llx %d %s\n", (unsigned long long)key_of(&g, n->kind), ply,
             answer);
    if (journal_add(&n->journal, line, false, e))
        return -1;
    mark(n, game, ply, a);
    return 0;
}

/* --- reading --------------------------------------------------------------- */

/* Reads "VERTEX", or "VERTEX:SHARE" of a policy. */
static int take_prior(const struct notes *n, const struct board *b, const char *text,
                      struct corpus_prior *p)
{
    char vertex[8];
    int end = 0, point;

    if (sscanf(text, "%7[^:]%n", vertex, &end) != 1)
        return -1;
    point = board_parse_vertex(b, vertex);
    if (point == NO_POINT)
        return -1;
    p->move = board_move_number(b, point);
    p->share = CORPUS_WHOLE;
    if (n->kind == NOTES_BEST)
        return text[end] ? -1 : 0;
    return text[end] == ':' ? number_int(text + end + 1, 1, CORPUS_WHOLE, &p->share) : -1;
}

/* Reads the moves of an answer, a text that it takes apart; -1 if they cannot be. */
static int take_moves(const struct notes *n, const struct corpus_game *g, int ply, char *text,
                      struct notes_answer *a)
{
    int most = n->kind == NOTES_BEST ? 1 : CORPUS_PRIORS;
    struct board b;

    if (!strcmp(text, "none"))
        return 0;
    corpus_replay(g, ply, &b);
    for (char *next; text; text = next, a->moves++) {
        next = strchr(text, ',');
        if (next)
            *next++ = '\0';
        if (a->moves == most || take_prior(n, &b, text, &a->list[a->moves]))
            return -1;
    }
    return corpus_policy_holds(&b, corpus_color(g, ply), a->list, a->moves) ? 0 : -1;
}

/* Reads what a line may end with: the chance of a policy. */
static int take_chance(const struct notes *n, const char *text, struct notes_answer *a)
{
    if (!*text)
        return 0;
    return n->kind == NOTES_POLICY && *text == ' '
               ? number_int(text + 1, 1, CORPUS_WON, &a->chance) : -1;
}

/* Takes a line, ended by NUL; answers for other games are passed over. */
static int take_line(struct notes *n, const char *line, size_t number, struct err *e)
{
    struct notes_answer a = { 0 };
    unsigned long long key;
    struct notes_key want, *found;
    struct corpus_game g;
    char moves[MOVES_MAX], told[MOVES_MAX];
    int ply, end = 0;

    if (sscanf(line, "%16llx %d %53s%n", &key, &ply, moves, &end) != 3 || /* 53: MOVES_MAX - 1 */
        take_chance(n, line + end, &a))
        return err_set(e, "%s:%zu: no answer but '%.40s'", n->journal.path, number, line);
    want.key = key;
    found = bsearch(&want, n->keys, n->games->n, sizeof want, compare_keys);
    if (!found)
        return 0;
    g = corpus_record_game(&n->games->record[found->game]);
    if (ply < 0 || ply >= g.n)
        return err_set(e, "%s:%zu: the game has no ply %d", n->journal.path, number, ply);
    strcpy(told, moves);
    if (take_moves(n, &g, ply, moves, &a))
        return err_set(e, n->kind == NOTES_BEST ? "%s:%zu: '%s' is no legal move there"
                                                : "%s:%zu: '%s' is no policy there",
                       n->journal.path, number, told);
    mark(n, found->game, ply, &a);
    return 0;
}

static int take_lines(struct notes *n, char *text, const char *command, struct err *e)
{
    size_t number = 0, skip = strlen(heads[n->kind]);
    char *end;

    for (; (end = strchr(text, '\n')); text = end + 1) {
        *end = '\0';
        if (number++ == 0) {
            if (strcmp(text + skip, command))
                return err_set(e, "'%s' holds the answers of '%s', not of '%s'", n->journal.path,
                               text + skip, command);
        } else if (take_line(n, text, number, e)) {
            return -1;
        }
    }
    return 0;
}

static int write_head(struct notes *n, const char *command, struct err *e)
{
    size_t size = strlen(heads[n->kind]) + strlen(command) + 2;
    char *line = malloc(size);
    int status;

    if (!line)
        return err_set(e, "out of memory");
    snprintf(line, size, "%s%s\n", heads[n->kind], command);
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
        n->keys[i] = (struct notes_key){ key_of(&g, n->kind), i };
    }
    qsort(n->keys, b->n, sizeof *n->keys, compare_keys);
    n->answered = calloc(n->first[b->n] + 1, 1);
    return n->answered ? 0 : err_set(e, "out of memory");
}

int notes_open(struct notes *n, enum notes_kind kind, const char *path, const char *command,
               struct corpus_builder *games, struct err *e)
{
    char *text;
    int status;

    *n = (struct notes){ .kind = kind, .games = games, .journal = { .fd = -1 } };
    if (strchr(command, '\n'))
        return err_set(e, "the engine's command has more than one line");
    if (make_tables(n, e) || journal_open(&n->journal, path, heads[kind], &text, e))
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
