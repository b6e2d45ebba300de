/* The commands every engine has: board, moves, score. */
#include "gtp/cmd.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

static int run_name(struct gtp *g, void *ctx)
{
    (void)ctx;
    gtp_puts(g, "VideoWorld");
    return 0;
}

static int run_version(struct gtp *g, void *ctx)
{
    const struct commands *c = ctx;

    gtp_puts(g, c->o.version);
    return 0;
}

/* "N", or "W H". */
static int run_boardsize(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    int w, h;

    if (cmd_argc(g, 1, 2))
        return -1;
    if (cmd_int(gtp_arg(g, 0), &w) || cmd_int(gtp_arg(g, gtp_argc(g) - 1), &h))
        return cmd_syntax(g);
    if (!cmd_accepts(c, w, h) || game_clear(&c->game, w, h, NULL))
        return gtp_fail(g, "unacceptable size");
    cmd_restart_clocks(c);
    return 0;
}

static int run_rectangular_boardsize(struct gtp *g, void *ctx)
{
    return cmd_argc(g, 2, 2) ? -1 : run_boardsize(g, ctx);
}

static int run_clear_board(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    struct err e;

    err_init(&e);
    if (game_clear(&c->game, c->game.board.w, c->game.board.h, &e))
        return gtp_fail(g, "%s", e.msg);
    cmd_restart_clocks(c);
    return 0;
}

static int run_komi(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    double komi;

    if (cmd_argc(g, 1, 1))
        return -1;
    if (cmd_float(gtp_arg(g, 0), &komi))
        return cmd_syntax(g);
    if (fabs(komi) > CMD_KOMI_MAX)
        return gtp_fail(g, "unacceptable komi");
    c->game.komi = komi;
    return 0;
}

static int run_get_komi(struct gtp *g, void *ctx)
{
    const struct commands *c = ctx;

    gtp_printf(g, "%.10g", c->game.komi);
    return 0;
}

static int run_play(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    enum color color;
    int p;

    if (cmd_argc(g, 2, 2))
        return -1;
    if (cmd_color(gtp_arg(g, 0), &color))
        return cmd_syntax(g);
    if (cmd_vertex(g, &c->game.board, gtp_arg(g, 1), "illegal move", &p))
        return -1;
    if (game_legality(&c->game, color, p) != LEGAL)
        return gtp_fail(g, "illegal move");
    struct err e;
    err_init(&e);
    return game_play(&c->game, color, p, &e) ? gtp_fail(g, "%s", e.msg) : 0;
}

/* genmove plays its move, reg_genmove and kata-search only tell it. */
static int think(struct gtp *g, struct commands *c, bool play)
{
    struct cmd_think t = { 0 };
    struct err e;
    char buf[8];
    int move;

    if (cmd_argc(g, 1, 1))
        return -1;
    if (cmd_color(gtp_arg(g, 0), &t.color))
        return cmd_syntax(g);
    if (cmd_think(g, c, &t, play, &move))
        return -1;
    err_init(&e);
    if (play && move != RESIGN && game_play(&c->game, t.color, move, &e))
        return gtp_fail(g, "%s", e.msg);
    gtp_puts(g, board_vertex(&c->game.board, move, buf));
    return 0;
}

static int run_genmove(struct gtp *g, void *ctx)
{
    return think(g, ctx, true);
}

static int run_reg_genmove(struct gtp *g, void *ctx)
{
    return think(g, ctx, false);
}

/* Moves that could be taken back; a setup is where the game starts. */
static int moves_back(const struct game *g)
{
    int n = 0;

    while (n < g->n && g->ply[g->n - 1 - n].kind == PLY_MOVE)
        n++;
    return n;
}

static int undo(struct gtp *g, struct commands *c, int n)
{
    if (n > moves_back(&c->game))
        return gtp_fail(g, "cannot undo");
    while (n-- > 0)
        game_undo(&c->game, NULL);
    return 0;
}

static int run_undo(struct gtp *g, void *ctx)
{
    return undo(g, ctx, 1);
}

static int run_gg_undo(struct gtp *g, void *ctx)
{
    int n = 1;

    if (cmd_argc(g, 0, 1))
        return -1;
    if (gtp_argc(g) && (cmd_int(gtp_arg(g, 0), &n) || n < 0))
        return cmd_syntax(g);
    return undo(g, ctx, n);
}

static int run_showboard(struct gtp *g, void *ctx)
{
    const struct commands *c = ctx;
    char *drawn = game_draw(&c->game);

    if (!drawn)
        return gtp_fail(g, "out of memory");
    gtp_printf(g, "\n%s", drawn);
    free(drawn);
    return 0;
}

static int run_final_score(struct gtp *g, void *ctx)
{
    const struct commands *c = ctx;
    char buf[24];

    gtp_puts(g, score_text(game_score(&c->game), buf));
    return 0;
}

/* Whatever is on the board counts, so every stone is alive. */
static int run_final_status_list(struct gtp *g, void *ctx)
{
    const struct commands *c = ctx;
    const struct board *b = &c->game.board;
    const char *status = gtp_arg(g, 0), *space = "";
    char buf[8];

    if (cmd_argc(g, 1, 1))
        return -1;
    if (!strcasecmp(status, "dead") || !strcasecmp(status, "seki"))
        return 0;
    if (strcasecmp(status, "alive"))
        return cmd_syntax(g);
    for (int i = 0; i < b->w * b->h; i++) {
        int p = board_point_at(b, i);

        if (b->color[p] == EMPTY)
            continue;
        gtp_printf(g, "%s%s", space, board_vertex(b, p, buf));
        space = " ";
    }
    return 0;
}

/* Nothing goes on between commands, so there is nothing to halt. */
static int run_stop(struct gtp *g, void *ctx)
{
    (void)g;
    (void)ctx;
    return 0;
}

const struct gtp_command cmd_core[] = {
    { "name", run_name },
    { "version", run_version },
    { "boardsize", run_boardsize },
    { "rectangular_boardsize", run_rectangular_boardsize },
    { "clear_board", run_clear_board },
    { "komi", run_komi },
    { "get_komi", run_get_komi },
    { "play", run_play },
    { "genmove", run_genmove },
    { "reg_genmove", run_reg_genmove },
    { "kata-search", run_reg_genmove },
    { "undo", run_undo },
    { "gg-undo", run_gg_undo },
    { "showboard", run_showboard },
    { "final_score", run_final_score },
    { "final_status_list", run_final_status_list },
    { "stop", run_stop },
    { NULL, NULL },
};
