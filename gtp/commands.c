#include "gtp/commands.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gtp/cmd.h"

struct commands *commands_new(struct player *p, const struct commands_options *o,
                              struct err *e)
{
    struct commands *c = calloc(1, sizeof *c);

    if (!c) {
        err_set(e, "out of memory");
        return NULL;
    }
    c->o = *o;
    c->player = p;
    c->max_time = o->max_time;
    if (!cmd_accepts(c, o->size, o->size))
        err_set(e, "player %s knows no boards of %dx%d", p->name, o->size, o->size);
    else if (!game_init(&c->game, o->size, o->size, o->komi, e))
        return c;
    commands_free(c);
    return NULL;
}

void commands_free(struct commands *c)
{
    if (!c)
        return;
    game_release(&c->game);
    free(c);
}

int commands_add(struct commands *c, struct gtp *g)
{
    const struct gtp_command *const tables[] = {
        cmd_core,   cmd_setup, cmd_time,     cmd_sgf,    cmd_rules,
        cmd_params, cmd_gogui, cmd_analysis, cmd_raw_nn,
    };

    (void)c;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (gtp_add(g, tables[i]))
            return -1;
    return 0;
}

/* --- arguments -------------------------------------------------------------- */

int cmd_syntax(struct gtp *g)
{
    return gtp_fail(g, "syntax error");
}

int cmd_argc(struct gtp *g, int least, int most)
{
    int n = gtp_argc(g);

    return n < least || n > most ? cmd_syntax(g) : 0;
}

int cmd_int(const char *s, int *v)
{
    char *end;
    long l;

    if (!isdigit((unsigned char)s[s[0] == '-' || s[0] == '+']))
        return -1;
    errno = 0;
    l = strtol(s, &end, 10);
    if (*end)
        return -1;
    /* Too large is a number still, and out of any range. */
    *v = l > INT_MAX ? INT_MAX : l < INT_MIN ? INT_MIN : (int)l;
    return 0;
}

int cmd_float(const char *s, double *v)
{
    char *end;

    /* strtod also takes hexadecimal, "inf" and "nan", which no client means. */
    if (!*s || s[strspn(s, "+-.0123456789eE")])
        return -1;
    *v = strtod(s, &end) + 0.0; /* no -0 */
    return *end || !isfinite(*v) ? -1 : 0;
}

int cmd_bool(const char *s, bool *v)
{
    if (strcasecmp(s, "true") && strcasecmp(s, "false"))
        return -1;
    *v = !strcasecmp(s, "true");
    return 0;
}

int cmd_color(const char *s, enum color *c)
{
    if (!strcasecmp(s, "b") || !strcasecmp(s, "black"))
        *c = BLACK;
    else if (!strcasecmp(s, "w") || !strcasecmp(s, "white"))
        *c = WHITE;
    else
        return -1;
    return 0;
}

int cmd_vertex(struct gtp *g, const struct board *b, const char *s, const char *bad, int *p)
{
    *p = board_parse_vertex(b, s);
    if (*p != NO_POINT)
        return 0;
    if (isalpha((unsigned char)s[0]) && s[1] && !s[1 + strspn(s + 1, "0123456789")])
        return gtp_fail(g, "%s", bad);
    return cmd_syntax(g);
}

/* --- moves ------------------------------------------------------------------ */

struct thinking {
    struct gtp *g;
    const struct commands *c;
    const struct cmd_think *t;
    double deadline;
};

static int think_poll(void *ctx)
{
    const struct thinking *k = ctx;
    int bits = k->t->poll ? k->t->poll(k->t->ctx) : 0;

    if (k->c->o.now() >= k->deadline || gtp_broken(k->g) || gtp_interrupted(k->g))
        bits |= POLL_STOP;
    return bits;
}

static void think_report(void *ctx, const struct analysis *a)
{
    const struct thinking *k = ctx;

    k->t->report(k->t->ctx, a);
}

int cmd_think(struct gtp *g, struct commands *c, const struct cmd_think *t, bool play,
              int *move)
{
    struct clock *clock = &c->clock[t->color];
    double start = c->o.now(), cpu = c->o.cpu();
    double seconds = fmin(c->max_time, clock_allowance(clock, c->game.board.n_empty / 3));
    struct thinking k = { g, c, t, start + seconds };
    struct player_request r = {
        .game = &c->game, .color = t->color, .allowed = t->allowed,
        .visits = c->max_visits, .seconds = seconds, .ownership = t->ownership,
        .moves_ownership = t->moves_ownership, .symmetry = -1, .least = t->least,
        .poll = think_poll,
        .report = t->report ? think_report : NULL, .ctx = &k,
    };
    struct err e;
    int status;

    err_init(&e);
    status = c->player->genmove(c->player, &r, move, &e);
    c->move_cpu += c->o.cpu() - cpu;
    c->thought.plies = status ? -1 : c->game.n;
    c->thought.move = *move;
    c->thought.play = play && *move != RESIGN;
    c->thought.color = t->color;
    if (play)
        clock_spend(clock, c->o.now() - start);
    return status ? gtp_fail(g, "%s", e.msg) : 0;
}

bool cmd_thought(const struct commands *c)
{
    const struct ply *last = c->game.n ? &c->game.ply[c->game.n - 1] : NULL;

    if (!c->thought.play)
        return c->thought.plies == c->game.n;
    return last && c->thought.plies == c->game.n - 1 && last->kind == PLY_MOVE &&
           last->point == c->thought.move && last->color == c->thought.color;
}

bool cmd_accepts(const struct commands *c, int w, int h)
{
    return !c->player->accepts || c->player->accepts(c->player, w, h);
}

void cmd_restart_clocks(struct commands *c)
{
    for (int i = BLACK; i <= WHITE; i++) {
        struct clock_rules r = c->clock[i].rules;

        if (c->time_told)
            clock_start(&c->clock[i], &r);
        else /* what time_left said was of the last game */
            c->clock[i] = (struct clock){ 0 };
    }
}

void cmd_take_game(struct commands *c, struct game *g)
{
    game_release(&c->game);
    c->game = *g;
    *g = (struct game){ 0 };
    c->thought.plies = -1;
}
