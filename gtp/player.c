#include "gtp/player.h"

#include "gtp/numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    struct player *(*make)(const struct player_options *o, struct err *e);
} players[] = {
    { "world", player_world_new },
    { "random", player_random_new },
};

enum { N_PLAYERS = sizeof players / sizeof players[0] };

struct player *player_make(const char *name, const struct player_options *o, struct err *e)
{
    char known[128] = "";
    size_t n = 0;

    for (int i = 0; i < N_PLAYERS; i++) {
        if (!strcmp(name, players[i].name))
            return players[i].make(o, e);
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "",
                              players[i].name);
    }
    err_set(e, "no player '%s' (there is: %s)", name, known);
    return NULL;
}

struct player *player_new(const char *name, uint64_t seed, struct err *e)
{
    return player_make(name, &(struct player_options){ .seed = seed }, e);
}

void player_free(struct player *p)
{
    if (p)
        p->free(p);
}

static int find(const struct player *p, const char *name, struct err *e)
{
    for (int i = 0; p->params[i]; i++)
        if (!strcmp(p->params[i], name))
            return i;
    return err_set(e, "unknown parameter '%s'", name);
}

int player_get(struct player *p, const char *name, char *buf, size_t size, struct err *e)
{
    int i = find(p, name, e);

    if (i >= 0)
        p->get(p, i, buf, size);
    return i < 0 ? -1 : 0;
}

int player_set(struct player *p, const char *name, const char *value, struct err *e)
{
    int i = find(p, name, e);

    return i < 0 ? -1 : p->set(p, i, value, e);
}

bool player_may(const struct player_request *r, int point)
{
    const struct board *b = &r->game->board;
    int i = point == PASS ? b->w * b->h : board_index(b, point);

    return (!r->allowed || r->allowed[i]) && game_legality(r->game, r->color, point) == LEGAL;
}

int player_parse_seed(const char *value, uint64_t *seed, struct err *e)
{
    return number_seed(value, seed) ? err_set(e, "seed is no number from 0 to 2^64-1: '%s'", value)
                                    : 0;
}
