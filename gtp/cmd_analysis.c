/*
 * The analysis commands of Leela Zero and KataGo.
 *
 *     kata-analyze [colour] [cs] key value ...
 *
 * lz-analyze and kata-analyze go on until any line arrives; the genmove and
 * search ones end by themselves with "play V" and are stopped only by
 * "# interrupt".  A line of figures comes as soon as there are some, then every
 * interval, and at the end.
 */
#include "gtp/cmd.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "gtp/text.h"

struct analyze {
    struct gtp *g;
    struct commands *c;
    bool lz;             /* Leela Zero's scale: integers of 10,000 */
    enum color color;
    double interval;     /* seconds between lines */
    int least, most;     /* moves on a line */
    bool root, ownership, moves_ownership, pv_visits;
    bool avoids, allows; /* the colour asked has such lists */
    uint8_t allowed[BOARD_AREA + 1];
    double last;         /* when a line was sent */
    bool told;
    struct text line;
};

/* --- arguments ---------------------------------------------------------------- */

/* "avoid|allow COLOUR V,V,... DEPTH" at argument i.  What is to hold deeper than
   for the next move concerns a search, and none is made beyond it. */
static int read_restriction(struct analyze *a, int i)
{
    const struct board *b = &a->c->game.board;
    bool allow = !strcmp(gtp_arg(a->g, i), "allow"), mine;
    const char *s = gtp_arg(a->g, i + 2);
    enum color color;
    int depth;

    if (cmd_color(gtp_arg(a->g, i + 1), &color) || cmd_int(gtp_arg(a->g, i + 3), &depth) ||
        depth < 1)
        return cmd_syntax(a->g);
    mine = color == a->color;
    if (mine && (a->allows || (allow && a->avoids)))
        return gtp_fail(a->g, "allow cannot be combined");
    if (mine && (allow || !a->avoids))
        memset(a->allowed, !allow, sizeof a->allowed);
    while (*s) {
        size_t n = strcspn(s, ",");
        char vertex[8] = "";
        int p;

        if (n >= sizeof vertex)
            return cmd_syntax(a->g);
        memcpy(vertex, s, n);
        s += n + (s[n] == ',');
        if (!n)
            continue;
        if (cmd_vertex(a->g, b, vertex, "syntax error", &p))
            return -1;
        if (mine)
            a->allowed[p == PASS ? b->w * b->h : board_index(b, p)] = allow;
    }
    a->avoids |= mine && !allow;
    a->allows |= mine && allow;
    return 0;
}

static int read_interval(struct analyze *a, const char *s)
{
    double cs;

    if (cmd_float(s, &cs) || cs < 0 || cs > 1e10)
        return -1;
    a->interval = fmax(cs / 100, 0.01);
    return 0;
}

/* The key at argument i with its value; the number of words, or -1. */
static int read_key(struct analyze *a, int i)
{
    const char *key = gtp_arg(a->g, i), *value = gtp_arg(a->g, i + 1);
    struct {
        const char *key;
        bool *flag;
    } flags[] = {
        { "rootInfo", &a->root },
        { "ownership", &a->ownership },
        { "movesOwnership", &a->moves_ownership },
        { "pvVisits", &a->pv_visits },
    };
    int *count = !strcmp(key, "minmoves") ? &a->least : !strcmp(key, "maxmoves") ? &a->most
                                                                                 : NULL;

    if (!strcmp(key, "interval"))
        return read_interval(a, value) ? cmd_syntax(a->g) : 2;
    if (count)
        return cmd_int(value, count) || *count < 0 ? cmd_syntax(a->g) : 2;
    if (!strcmp(key, "avoid") || !strcmp(key, "allow"))
        return read_restriction(a, i) ? -1 : 4;
    for (size_t k = 0; !a->lz && k < sizeof flags / sizeof flags[0]; k++)
        if (!strcmp(key, flags[k].key))
            return cmd_bool(value, flags[k].flag) ? cmd_syntax(a->g) : 2;
    return gtp_fail(a->g, "unsupported key '%s'", key);
}

static int read_arguments(struct analyze *a, struct gtp *g, struct commands *c)
{
    int i = 0, n;

    *a = (struct analyze){
        .g = g, .c = c, .lz = gtp_name(g)[0] == 'l', .color = game_to_move(&c->game),
        .interval = 1, .most = BOARD_AREA + 1,
    };
    text_init(&a->line);
    /* The interval may stand on either side of the colour. */
    i += !read_interval(a, gtp_arg(g, i));
    i += !cmd_color(gtp_arg(g, i), &a->color);
    if (i < 2)
        i += !read_interval(a, gtp_arg(g, i));
    for (; i < gtp_argc(g); i += n) {
        n = read_key(a, i);
        if (n < 0)
            return -1;
    }
    return 0;
}

/* --- a line of figures --------------------------------------------------------- */

static void put_ownership(struct text *t, const char *key, const struct board *b,
                          const float *own)
{
    text_printf(t, " %s", key);
    for (int i = 0; i < b->w * b->h; i++)
        text_printf(t, " %.4f", (double)own[i]);
}

/* 0 .. 10000 */
static long per_myriad(double x)
{
    return lround(10000 * fmin(fmax(x, 0), 1));
}

static void put_candidate(struct analyze *a, const struct candidate *k, int order)
{
    const struct board *b = &a->c->game.board;
    struct text *t = &a->line;
    char buf[8];

    text_printf(t, "%sinfo move %s visits %ld", order ? " " : "", board_vertex(b, k->point, buf),
                k->visits);
    if (a->lz)
        text_printf(t, " winrate %ld prior %ld lcb %ld", per_myriad(k->winrate),
                    per_myriad(k->prior), per_myriad(k->lcb));
    else
        text_printf(t, " utility %.6f winrate %.6f scoreMean %.4f scoreLead %.4f prior %.6f"
                    " lcb %.6f", k->utility, k->winrate, k->lead, k->lead, k->prior, k->lcb);
    text_printf(t, " order %d pv", order);
    for (int i = 0; i < k->pv_n; i++)
        text_printf(t, " %s", board_vertex(b, k->pv[i], buf));
    /* Behind pv, where KataGo has them and who asks for them looks. */
    if (a->pv_visits) {
        text_puts(t, " pvVisits");
        for (int i = 0; i < k->pv_n; i++)
            text_printf(t, " %ld", k->pv_visits[i]);
    }
    if (a->moves_ownership && k->ownership)
        put_ownership(t, "movesOwnership", b, k->ownership);
}

static void report(void *ctx, const struct analysis *r)
{
    struct analyze *a = ctx;
    int n = 0;

    text_clear(&a->line);
    for (int i = 0; i < r->n && n < a->most; i++)
        if (r->candidate[i].visits > 0 || n < a->least)
            put_candidate(a, &r->candidate[i], n++);
    a->last = a->c->o.now();
    a->told = true;
    if (!n)
        return;
    if (a->root)
        text_printf(&a->line, " rootInfo visits %ld utility %.6f winrate %.6f scoreMean %.4f"
                    " scoreLead %.4f", r->visits, r->utility, r->winrate, r->lead, r->lead);
    if (a->ownership && r->ownership)
        put_ownership(&a->line, "ownership", &a->c->game.board, r->ownership);
    if (a->line.failed) {
        gtp_note(a->g, "out of memory");
        return;
    }
    gtp_line(a->g, text_str(&a->line));
}

/* Is it time for a line? */
static int poll_report(void *ctx)
{
    const struct analyze *a = ctx;

    return !a->told || a->c->o.now() - a->last >= a->interval ? POLL_REPORT : 0;
}

/* The same, and any line ends it.  At the end of input, nobody being there to
   end it, one line of figures is the answer. */
static int poll_analyze(void *ctx)
{
    struct analyze *a = ctx;
    enum lines_state state = gtp_waiting(a->g, 0);

    return poll_report(ctx) | (state == LINES_READY || (state == LINES_END && a->told) ||
                               gtp_broken(a->g) ? POLL_STOP : 0);
}

/* --- the commands -------------------------------------------------------------- */

static int run_analyze(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    struct analyze a;
    struct player_request r;
    struct err e;
    int status = read_arguments(&a, g, c);

    if (!status) {
        gtp_begin(g);
        r = (struct player_request){
            .game = &c->game, .color = a.color, .visits = c->max_visits, .seconds = INFINITY,
            .allowed = a.avoids || a.allows ? a.allowed : NULL, .ownership = a.ownership,
            .moves_ownership = a.moves_ownership, .symmetry = -1, .least = a.least,
            .poll = poll_analyze,
            .report = report, .ctx = &a,
        };
        err_init(&e);
        status = c->player->analyse(c->player, &r, &e);
        if (status)
            gtp_note(g, "%s", e.msg);
        /* A player with nothing to add waits to be told, like one that goes on. */
        while (gtp_waiting(g, -1) == LINES_NONE)
            ;
    }
    text_release(&a.line);
    return status;
}

static int think(struct gtp *g, struct commands *c, bool play)
{
    struct analyze a;
    struct cmd_think t;
    struct err e;
    char buf[8];
    int move, status = read_arguments(&a, g, c);

    if (!status) {
        gtp_begin(g);
        t = (struct cmd_think){
            .color = a.color, .allowed = a.avoids || a.allows ? a.allowed : NULL,
            .ownership = a.ownership, .moves_ownership = a.moves_ownership, .least = a.least,
            .poll = poll_report, .report = report, .ctx = &a,
        };
        err_init(&e);
        status = cmd_think(g, c, &t, play, &move);
        if (!status && play && move != RESIGN && game_play(&c->game, a.color, move, &e))
            status = gtp_fail(g, "%s", e.msg);
        if (!status) {
            text_clear(&a.line);
            text_printf(&a.line, "play %s", board_vertex(&c->game.board, move, buf));
            gtp_line(g, text_str(&a.line));
        }
    }
    text_release(&a.line);
    return status;
}

static int run_genmove_analyze(struct gtp *g, void *ctx)
{
    return think(g, ctx, true);
}

static int run_search_analyze(struct gtp *g, void *ctx)
{
    return think(g, ctx, false);
}

const struct gtp_command cmd_analysis[] = {
    { "lz-analyze", run_analyze },
    { "kata-analyze", run_analyze },
    { "lz-genmove_analyze", run_genmove_analyze },
    { "kata-genmove_analyze", run_genmove_analyze },
    { "kata-search_analyze", run_search_analyze },
    { NULL, NULL },
};
