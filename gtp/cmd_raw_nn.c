/* kata-raw-nn: the player's evaluation without any search, in KataGo's form. */
#include "gtp/cmd.h"

#include <math.h>
#include <strings.h>

enum { RAW_VISITS = 100 }; /* for a player whose evaluation is a sample */

struct raw {
    struct gtp *g;
    struct commands *c;
    enum color color;
    int symmetry;
    bool told;
};

static void put_policy(struct raw *w, const struct analysis *a)
{
    const struct board *b = &w->c->game.board;
    double prior[BOARD_AREA + 1];

    for (int i = 0; i < b->w * b->h; i++)
        prior[i] = game_legality(&w->c->game, w->color, board_point_at(b, i)) == LEGAL ? 0 : -1;
    prior[b->w * b->h] = 0;
    for (int i = 0; i < a->n; i++) {
        int p = a->candidate[i].point;

        prior[p == PASS ? b->w * b->h : board_index(b, p)] = a->candidate[i].prior;
    }
    gtp_puts(w->g, "policy\n");
    for (int i = 0; i < b->w * b->h; i++) {
        if (prior[i] < 0)
            gtp_puts(w->g, "    NAN ");
        else
            gtp_printf(w->g, "%8.6f ", prior[i]);
        if (i % b->w == b->w - 1)
            gtp_puts(w->g, "\n");
    }
    gtp_printf(w->g, "policyPass %8.6f\n", prior[b->w * b->h]);
}

/* KataGo tells everything from White's side. */
static void report(void *ctx, const struct analysis *a)
{
    struct raw *w = ctx;
    const struct board *b = &w->c->game.board;
    double sign = w->color == WHITE ? 1 : -1;
    double win = w->color == WHITE ? a->winrate : 1 - a->winrate;

    if (w->told)
        return;
    w->told = true;
    gtp_printf(w->g, "symmetry %d\nwhiteWin %.6f\nwhiteLoss %.6f\nnoResult %.6f\n", w->symmetry,
               win, 1 - win, 0.0);
    gtp_printf(w->g, "whiteLead %.3f\n", sign * a->lead + 0.0);
    put_policy(w, a);
    gtp_puts(w->g, "whiteOwnership\n");
    for (int i = 0; a->ownership && i < b->w * b->h; i++)
        gtp_printf(w->g, "%9.7f%s", sign * (double)a->ownership[i] + 0.0,
                   i % b->w == b->w - 1 ? "\n" : " ");
}

/* One report, the last: nothing is asked for before. */
static int poll(void *ctx)
{
    const struct raw *w = ctx;

    return gtp_broken(w->g) ? POLL_STOP : 0;
}

static int evaluate(struct raw *w)
{
    struct commands *c = w->c;
    struct player_request r = {
        .game = &c->game, .color = w->color, .visits = RAW_VISITS, .seconds = INFINITY,
        .ownership = true, .symmetry = w->symmetry, .raw = true, .poll = poll, .report = report, .ctx = w,
    };
    struct err e;

    w->told = false;
    err_init(&e);
    return c->player->analyse(c->player, &r, &e) ? gtp_fail(w->g, "%s", e.msg) : 0;
}

/* "kata-raw-nn [colour] 0-7|all" */
static int run_raw_nn(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    struct raw w = { .g = g, .c = c, .color = game_to_move(&c->game) };
    int i = !cmd_color(gtp_arg(g, 0), &w.color);
    bool all = !strcasecmp(gtp_arg(g, i), "all");

    if (gtp_argc(g) != i + 1)
        return cmd_syntax(g);
    if (!all && (cmd_int(gtp_arg(g, i), &w.symmetry) || w.symmetry < 0 || w.symmetry > 7))
        return cmd_syntax(g);
    if (!all)
        return evaluate(&w);
    for (w.symmetry = 0; w.symmetry < 8; w.symmetry++)
        if (evaluate(&w))
            return -1;
    return 0;
}

const struct gtp_command cmd_raw_nn[] = {
    { "kata-raw-nn", run_raw_nn },
    { NULL, NULL },
};
