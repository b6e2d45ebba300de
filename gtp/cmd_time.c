/* Time settings of all dialects, and processor time. */
#include "gtp/cmd.h"

#include <math.h>
#include <strings.h>

static void start_clocks(struct commands *c, const struct clock_rules *r)
{
    c->time_told = true;
    clock_start(&c->clock[BLACK], r);
    clock_start(&c->clock[WHITE], r);
}

/* Argument i as seconds, 0 or more; KataGo asks for 2^31 - 1 at least. */
static int seconds(struct gtp *g, int i, double *v)
{
    return cmd_float(gtp_arg(g, i), v) || *v < 0 || *v > 1e10 ? -1 : 0;
}

static int count(struct gtp *g, int i, int *v)
{
    return cmd_int(gtp_arg(g, i), v) || *v < 0 ? -1 : 0;
}

/* Main time, overtime and stones as arguments i to i + 2. */
static int canadian(struct gtp *g, int i, struct clock_rules *r)
{
    if (seconds(g, i, &r->main) || seconds(g, i + 1, &r->period) || count(g, i + 2, &r->stones))
        return -1;
    r->kind = CLOCK_CANADIAN;
    if (r->period <= 0)
        r->kind = CLOCK_ABSOLUTE;
    else if (r->stones == 0)
        r->kind = CLOCK_NONE; /* GTP's way to say: no limit */
    return 0;
}

static const struct clock_rules no_limit = { .cap = INFINITY, .longest = INFINITY };

static int run_time_settings(struct gtp *g, void *ctx)
{
    struct clock_rules r = no_limit;

    if (cmd_argc(g, 3, 3))
        return -1;
    if (canadian(g, 0, &r))
        return cmd_syntax(g);
    start_clocks(ctx, &r);
    return 0;
}

/* A time where any negative one means that there is none. */
static int optional(struct gtp *g, int i, double *v)
{
    if (cmd_float(gtp_arg(g, i), v))
        return -1;
    if (*v < 0)
        *v = INFINITY;
    return 0;
}

/* kgs-time_settings and what kata-time_settings has beyond it. */
static int kinds(struct gtp *g, struct commands *c, bool kata)
{
    const char *kind = gtp_arg(g, 0);
    struct clock_rules r = no_limit;
    int n = gtp_argc(g), bad = 0;

    if (!strcasecmp(kind, "none") && n == 1) {
        ;
    } else if (!strcasecmp(kind, "absolute") && n == 2) {
        r.kind = CLOCK_ABSOLUTE;
        bad = seconds(g, 1, &r.main);
    } else if (!strcasecmp(kind, "canadian") && n == 4) {
        bad = canadian(g, 1, &r);
    } else if (!strcasecmp(kind, "byoyomi") && n == 4) {
        bad = canadian(g, 1, &r);
        r.kind = r.stones && r.period > 0 ? CLOCK_BYOYOMI : CLOCK_ABSOLUTE;
    } else if (kata && !strcasecmp(kind, "fischer") && n == 3) {
        r.kind = CLOCK_FISCHER;
        bad = seconds(g, 1, &r.main) || seconds(g, 2, &r.period);
    } else if (kata && !strcasecmp(kind, "fischer-capped") && n == 5) {
        r.kind = CLOCK_FISCHER;
        bad = seconds(g, 1, &r.main) || seconds(g, 2, &r.period) || optional(g, 3, &r.cap) ||
              optional(g, 4, &r.longest) || r.cap < r.main;
    } else {
        bad = -1;
    }
    if (bad)
        return cmd_syntax(g);
    start_clocks(c, &r);
    return 0;
}

static int run_kgs_time_settings(struct gtp *g, void *ctx)
{
    return kinds(g, ctx, false);
}

static int run_kata_time_settings(struct gtp *g, void *ctx)
{
    return kinds(g, ctx, true);
}

static int run_kata_list_time_settings(struct gtp *g, void *ctx)
{
    (void)ctx;
    gtp_puts(g, "none absolute byoyomi canadian fischer fischer-capped");
    return 0;
}

static int run_time_left(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    enum color color;
    double left;
    int stones;

    if (cmd_argc(g, 3, 3))
        return -1;
    /* A referee may report a clock a little below zero. */
    if (cmd_color(gtp_arg(g, 0), &color) || cmd_float(gtp_arg(g, 1), &left) ||
        count(g, 2, &stones))
        return cmd_syntax(g);
    if (c->clock[color].rules.kind == CLOCK_NONE) {
        if (c->time_told)
            return 0; /* "no limit" stays no limit */
        /* Never told how time is kept: what is left is all there is. */
        struct clock_rules r = no_limit;

        r.kind = stones ? CLOCK_CANADIAN : CLOCK_ABSOLUTE;
        r.stones = stones;
        clock_start(&c->clock[color], &r);
    }
    clock_left(&c->clock[color], left, stones);
    return 0;
}

/* Of making moves, all processors together. */
static int run_cputime(struct gtp *g, void *ctx)
{
    const struct commands *c = ctx;

    gtp_printf(g, "%.3f", c->move_cpu);
    return 0;
}

const struct gtp_command cmd_time[] = {
    { "time_settings", run_time_settings },
    { "time_left", run_time_left },
    { "kgs-time_settings", run_kgs_time_settings },
    { "kata-time_settings", run_kata_time_settings },
    { "kata-list_time_settings", run_kata_list_time_settings },
    { "cputime", run_cputime },
    { "gomill-cpu_time", run_cputime },
    { NULL, NULL },
};
