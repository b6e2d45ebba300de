/* Named parameters: the engine's own two and the player's. */
#include "gtp/cmd.h"

#include <string.h>

/* maxVisits, maxTime: KataGo's names for limits of one move or analysis. */
static int run_kata_list_params(struct gtp *g, void *ctx)
{
    const struct commands *c = ctx;

    gtp_puts(g, "maxVisits maxTime");
    for (int i = 0; c->player->params[i]; i++)
        gtp_printf(g, " %s", c->player->params[i]);
    return 0;
}

static int run_kata_get_param(struct gtp *g, void *ctx)
{
    const struct commands *c = ctx;
    const char *name = gtp_arg(g, 0);
    char buf[256];
    struct err e;

    if (cmd_argc(g, 1, 1))
        return -1;
    err_init(&e);
    if (!strcmp(name, "maxVisits"))
        gtp_printf(g, "%ld", c->max_visits);
    else if (!strcmp(name, "maxTime"))
        gtp_printf(g, "%.10g", c->max_time);
    else if (player_get(c->player, name, buf, sizeof buf, &e))
        return gtp_fail(g, "%s", e.msg);
    else
        gtp_puts(g, buf);
    return 0;
}

int commands_set(struct commands *c, const char *name, const char *value, struct err *e)
{
    double seconds;
    int visits;

    if (!strcmp(name, "maxVisits")) {
        if (cmd_int(value, &visits) || visits < 0)
            return err_set(e, "maxVisits is no number of visits, or 0: '%s'", value);
        c->max_visits = visits;
        return 0;
    }
    if (!strcmp(name, "maxTime")) {
        if (cmd_float(value, &seconds) || seconds < 0)
            return err_set(e, "maxTime is no number of seconds: '%s'", value);
        c->max_time = seconds;
        return 0;
    }
    return player_set(c->player, name, value, e);
}

static int run_kata_set_param(struct gtp *g, void *ctx)
{
    struct err e;

    if (cmd_argc(g, 2, 2))
        return -1;
    err_init(&e);
    if (commands_set(ctx, gtp_arg(g, 0), gtp_arg(g, 1), &e))
        return gtp_fail(g, "%s", e.msg);
    return 0;
}

const struct gtp_command cmd_params[] = {
    { "kata-list-params", run_kata_list_params },
    { "kata-get-param", run_kata_get_param },
    { "kata-set-param", run_kata_set_param },
    { NULL, NULL },
};
