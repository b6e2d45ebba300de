/* videoworld dataset --policy: what an engine says of its moves at first sight. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gtp/tool_dataset.h"

/* Reads the number at *text, "NAN" being nought; -1 where there is none in 0 .. 1. */
static int take_number(const char **text, double *p)
{
    char *end;

    *p = strtod(*text, &end);
    if (end == *text)
        return -1;
    *text = end;
    if (isnan(*p))
        *p = 0;
    return *p >= 0 && *p <= 1 ? 0 : -1;
}

/* Keeps the moves of largest share, equals in order. */
static int keep(struct corpus_prior *list, int n, struct corpus_prior p)
{
    int at = n;

    while (at > 0 && list[at - 1].share < p.share)
        at--;
    if (at == CORPUS_PRIORS)
        return n;
    n += n < CORPUS_PRIORS;
    memmove(list + at + 1, list + at, (size_t)(n - at - 1) * sizeof *list);
    list[at] = p;
    return n;
}

/* The chance of c, 0 where nothing is told of it. */
static int read_chance(const char *reply, enum color c)
{
    const char *at = strstr(reply, "whiteWin ");
    double p;

    if (!at)
        return 0;
    at += strlen("whiteWin ");
    return take_number(&at, &p) ? 0 : corpus_chance_of(c == WHITE ? p : 1 - p);
}

int dataset_read_policy(const char *reply, const struct game *g, enum color c,
                        struct notes_answer *a)
{
    const struct board *b = &g->board;
    int cells = b->w * b->h;
    const char *at = strstr(reply, "policy\n");
    double p;

    if (!at)
        return -1;
    *a = (struct notes_answer){ .chance = read_chance(reply, c) };
    at += strlen("policy\n");
    for (int i = 0; i <= cells; i++) {
        struct corpus_prior prior = { .move = i };

        if (i == cells) {
            at += strspn(at, " \n");
            if (strncmp(at, "policyPass ", 11))
                return -1;
            at += 11;
        }
        if (take_number(&at, &p))
            return -1;
        prior.share = (int)lround(p * CORPUS_WHOLE);
        if (prior.share && game_legality(g, c, board_move_point(b, i)) == LEGAL)
            a->moves = keep(a->list, a->moves, prior);
    }
    return corpus_policy_holds(b, c, a->list, a->moves) ? 0 : -1;
}
