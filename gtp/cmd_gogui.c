/* What GoGui and gomill add. */
#include "gtp/cmd.h"

/* For GoGui's analyze dialog: type/label/command. */
static int run_analyze_commands(struct gtp *g, void *ctx)
{
    (void)ctx;
    gtp_puts(g, "plist/Suggested Move/reg_genmove %m\n"
                "string/Explain Last Move/gomill-explain_last_move\n"
                "string/Final Score/final_score\n"
                "plist/Stones Alive/final_status_list alive\n"
                "plist/Stones Dead/final_status_list dead\n"
                "string/Rules/kata-get-rules\n"
                "string/Parameters/kata-list-params\n"
                "string/Get Parameter/kata-get-param %s\n"
                "none/Set Parameter/kata-set-param %s\n"
                "string/Evaluate/kata-raw-nn %m 0\n"
                "string/Describe Engine/gomill-describe_engine\n"
                "string/Time for Moves/cputime\n");
    return 0;
}

/* Colour and vertex pairs, all played or none. */
static int run_play_sequence(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    int before = c->game.n, status = 0;

    if (gtp_argc(g) % 2)
        return cmd_syntax(g);
    for (int i = 0; i < gtp_argc(g) && !status; i += 2) {
        enum color color;
        int p;

        if (cmd_color(gtp_arg(g, i), &color))
            status = cmd_syntax(g);
        else if (cmd_vertex(g, &c->game.board, gtp_arg(g, i + 1), "illegal move", &p))
            status = -1;
        else if (game_play(&c->game, color, p, NULL))
            status = gtp_fail(g, "illegal move");
    }
    while (status && c->game.n > before)
        game_undo(&c->game, NULL);
    return status;
}

/* That it is known tells GoGui that "# interrupt" works. */
static int run_interrupt(struct gtp *g, void *ctx)
{
    (void)g;
    (void)ctx;
    return 0;
}

static int run_describe_engine(struct gtp *g, void *ctx)
{
    const struct commands *c = ctx;
    char buf[1024];

    c->player->describe(c->player, buf, sizeof buf);
    gtp_printf(g, "VideoWorld %s\n%s\n", c->o.version, buf);
    gtp_printf(g, "maxVisits=%ld maxTime=%.10g", c->max_visits, c->max_time);
    for (int i = 0; c->player->params[i]; i++) {
        c->player->get(c->player, i, buf, sizeof buf);
        gtp_printf(g, " %s=%s", c->player->params[i], buf);
    }
    return 0;
}

static int run_explain_last_move(struct gtp *g, void *ctx)
{
    const struct commands *c = ctx;
    char buf[4096] = "";

    if (cmd_thought(c))
        c->player->explain(c->player, buf, sizeof buf);
    gtp_puts(g, buf);
    return 0;
}

const struct gtp_command cmd_gogui[] = {
    { "gogui-analyze_commands", run_analyze_commands },
    { "gogui-play_sequence", run_play_sequence },
    { "gogui-interrupt", run_interrupt },
    { "gomill-describe_engine", run_describe_engine },
    { "gomill-explain_last_move", run_explain_last_move },
    { NULL, NULL },
};
