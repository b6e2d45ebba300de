#include "config.h"

#include "gtp/match_results.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sgf_game.h"

bool match_name_ok(const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < ' ')
            return false;
    return n >= 1 && n < MATCH_NAME && name[0] != ' ' && name[n - 1] != ' ';
}

static int keep(struct match_results *r, const struct match_record *record, struct err *e)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 64;
        struct match_record *more = realloc(r->record, cap * sizeof *more);

        if (!more)
            return err_set(e, "out of memory");
        r->record = more;
        r->cap = cap;
    }
    r->record[r->n++] = *record;
    return 0;
}

/* --- reading ----------------------------------------------------------------- */

int match_record_read(const char *line, struct match_record *g, struct err *e)
{
    struct sgf_result result;
    char end[16];
    int at = 0;

    *g = (struct match_record){ 0 };
    if (sscanf(line, "%d\t%31[^\t]\t%31[^\t]\t%23[^\t]\t%15[^\t]\t%d\t%lf\t%lf\t%n", &g->game,
               g->black, g->white, g->result, end, &g->plies, &g->black_ms, &g->white_ms,
               &at) != 8 || !at || !line[at])
        return err_set(e, "no game but '%.40s'", line);
    result = sgf_result(g->result);
    g->end = (enum match_end)match_end_named(end);
    if (result.ending == SGF_UNKNOWN || result.ending == SGF_VOID || match_end_named(end) < 0 ||
        g->game < 0 || g->plies < 0)
        return err_set(e, "no result but '%s %s'", g->result, end);
    g->winner = result.winner;
    return 0;
}

/* Takes the line of a game, ended by NUL. */
static int take_line(struct match_results *r, const char *line, size_t number, struct err *e)
{
    struct match_record g;
    struct err why;

    err_init(&why);
    if (match_record_read(line, &g, &why))
        return err_set(e, "%s:%zu: %s", r->journal.path, number, why.msg);
    return keep(r, &g, e);
}

/* Compares the file's beginning with the heading, of which a kill may have left a part. */
static int take_heading(struct match_results *r, const char *text, const char *heading,
                        struct err *e)
{
    size_t same = 0, line;

    while (text[same] && text[same] == heading[same])
        same++;
    if (!heading[same])
        return 0;
    if (!text[same])
        return journal_add(&r->journal, heading + same, true, e);
    for (line = same; line && text[line - 1] != '\n'; line--)
        ;
    return err_set(e, "'%s' is of another match: it says '%.*s' where this one says '%.*s'",
                   r->journal.path, (int)strcspn(text + line, "\n"), text + line,
                   (int)strcspn(heading + line, "\n"), heading + line);
}

/* Where a game stands. */
struct place {
    int game;
    size_t line;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    return x->game != y->game ? (x->game > y->game) - (x->game < y->game)
                              : (x->line > y->line) - (x->line < y->line);
}

/* The games stand in lines `first` and on: none twice? */
static int check_once(const struct match_results *r, size_t first, struct err *e)
{
    struct place *list = malloc((r->n + 1) * sizeof *list), twice = { 0, SIZE_MAX };

    if (!list)
        return err_set(e, "out of memory");
    for (size_t i = 0; i < r->n; i++)
        list[i] = (struct place){ r->record[i].game, first + i };
    qsort(list, r->n, sizeof *list, compare_places);
    for (size_t i = 1; i < r->n; i++)
        if (list[i].game == list[i - 1].game && list[i].line < twice.line)
            twice = list[i];
    free(list);
    return twice.line == SIZE_MAX ? 0 : err_set(e, "%s:%zu: game %d stands there twice",
                                                r->journal.path, twice.line, twice.game);
}

static int take_games(struct match_results *r, char *text, size_t heading, struct err *e)
{
    size_t number = 1, first = 1;
    char *line = text, *end;

    for (; (end = strchr(line, '\n')); line = end + 1, number++) {
        *end = '\0';
        first += line < text + heading;
        if (line >= text + heading && take_line(r, line, number, e))
            return -1;
    }
    return check_once(r, first, e);
}

int match_results_open(struct match_results *r, const char *path, const char *heading,
                       struct err *e)
{
    char *text;
    int status;

    *r = (struct match_results){ .journal = { .fd = -1 } };
    if (!path)
        return 0;
    r->has_file = true;
    if (journal_open(&r->journal, path, MATCH_RESULTS_KIND, &text, e))
        return -1;
    status = take_heading(r, text, heading, e);
    if (!status)
        status = take_games(r, text, strlen(heading), e);
    free(text);
    return status;
}

void match_results_release(struct match_results *r)
{
    journal_release(&r->journal);
    free(r->record);
    *r = (struct match_results){ .journal = { .fd = -1 } };
}

/* --- adding ------------------------------------------------------------------ */

int match_results_add(struct match_results *r, const struct match_record *g, const char *fault,
                      struct err *e)
{
    char line[1024];
    size_t start;

    if (r->has_file) {
        start = (size_t)snprintf(line, sizeof line, "%d\t%s\t%s\t%s\t%s\t%d\t%.3f\t%.3f\t",
                                 g->game, g->black, g->white, g->result, match_end_name(g->end),
                                 g->plies, g->black_ms, g->white_ms);
        snprintf(line + start, sizeof line - start - 1, "%s", *fault ? fault : "-");
        for (char *c = line + start; *c; c++)
            if ((unsigned char)*c < ' ')
                *c = ' ';
        strcat(line, "\n");
        if (journal_add(&r->journal, line, true, e))
            return -1;
    }
    return keep(r, g, e);
}
