/* Handicap and positions that were not played. */
#include "gtp/cmd.h"

#include <string.h>

static bool is_empty(const struct game *g)
{
    return g->board.n_empty == g->board.w * g->board.h;
}

/* --- handicap ----------------------------------------------------------------- */

/* Puts black stones down and tells where. */
static int place(struct gtp *g, struct commands *c, const int *points, int n)
{
    struct err e;
    char buf[8];

    err_init(&e);
    if (game_handicap(&c->game, points, n, &e))
        return gtp_fail(g, "%s", e.msg);
    for (int i = 0; i < n; i++)
        gtp_printf(g, "%s%s", i ? " " : "", board_vertex(&c->game.board, points[i], buf));
    return 0;
}

static int run_fixed_handicap(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    int n, points[9];

    if (cmd_argc(g, 1, 1))
        return -1;
    if (cmd_int(gtp_arg(g, 0), &n))
        return cmd_syntax(g);
    if (!is_empty(&c->game))
        return gtp_fail(g, "board not empty");
    if (n < 2 || n > 9 || board_handicap(&c->game.board, n, points) != n)
        return gtp_fail(g, "invalid number of stones");
    return place(g, c, points, n);
}

static int distance(const struct board *b, int p, int q)
{
    int dx = board_x(b, p) - board_x(b, q), dy = board_y(b, p) - board_y(b, q);

    return dx * dx + dy * dy;
}

static int line(int x, int size)
{
    return x < size - 1 - x ? x + 1 : size - x;
}

/* How much a point likes to be taken next, given its distance to the nearest
   stone: far from the others, and on the third or fourth line. */
static int wish(const struct board *b, int p, int nearest)
{
    int x = line(board_x(b, p), b->w), y = line(board_y(b, p), b->h);
    int low = x < y ? x : y;

    return 4 * nearest - (low < 3 ? 16 * (3 - low) : low > 4 ? 2 * (low - 4) : 0);
}

/* Where Black would want n stones: the handicap points first, then spread out. */
static void free_handicap(const struct board *b, int n, int *points)
{
    int area = b->w * b->h, have = 0, near[BOARD_AREA];

    for (int k = n < 9 ? n : 9; k >= 2 && !have; k--)
        have = board_handicap(b, k, points);
    for (int i = 0; i < area; i++) {
        near[i] = b->w + b->h;
        for (int k = 0; k < have; k++) {
            int d = distance(b, board_point_at(b, i), points[k]);

            near[i] = d < near[i] ? d : near[i];
        }
    }
    for (; have < n; have++) {
        int best = -1;

        for (int i = 0; i < area; i++)
            if (near[i] > 0 && (best < 0 || wish(b, board_point_at(b, i), near[i]) >
                                            wish(b, board_point_at(b, best), near[best])))
                best = i;
        points[have] = board_point_at(b, best);
        for (int i = 0; i < area; i++) {
            int d = distance(b, board_point_at(b, i), points[have]);

            near[i] = d < near[i] ? d : near[i];
        }
    }
}

static int run_place_free_handicap(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    int n, points[BOARD_AREA];

    if (cmd_argc(g, 1, 1))
        return -1;
    if (cmd_int(gtp_arg(g, 0), &n))
        return cmd_syntax(g);
    if (!is_empty(&c->game))
        return gtp_fail(g, "board not empty");
    if (n < 2 || n >= c->game.board.n_empty)
        return gtp_fail(g, "invalid number of stones");
    free_handicap(&c->game.board, n, points);
    return place(g, c, points, n);
}

static int run_set_free_handicap(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    const struct board *b = &c->game.board;
    int n = gtp_argc(g), points[BOARD_AREA];

    if (!is_empty(&c->game))
        return gtp_fail(g, "board not empty");
    if (n < 2 || n >= b->n_empty)
        return gtp_fail(g, "bad vertex list");
    for (int i = 0; i < n; i++) {
        points[i] = board_parse_vertex(b, gtp_arg(g, i));
        if (points[i] == NO_POINT || points[i] == PASS)
            return gtp_fail(g, "bad vertex list");
    }
    /* Of what is left, only a point named twice can be wrong. */
    if (game_handicap(&c->game, points, n, NULL))
        return gtp_fail(g, "bad vertex list");
    return 0;
}

/* --- positions ---------------------------------------------------------------- */

/* Reads colour and vertex pairs into stones. */
static int read_stones(struct gtp *g, const struct board *b, uint8_t *stones)
{
    enum color color;
    int p;

    if (gtp_argc(g) % 2)
        return cmd_syntax(g);
    memset(stones, EMPTY, (size_t)b->w * (size_t)b->h);
    for (int i = 0; i < gtp_argc(g); i += 2) {
        if (cmd_color(gtp_arg(g, i), &color))
            return cmd_syntax(g);
        if (cmd_vertex(g, b, gtp_arg(g, i + 1), "invalid position", &p))
            return -1;
        if (p == PASS)
            return cmd_syntax(g);
        if (stones[board_index(b, p)] != EMPTY)
            return gtp_fail(g, "invalid position");
        stones[board_index(b, p)] = (uint8_t)color;
    }
    return 0;
}

/* A new game that starts with the stones named, Black to move. */
static int set_up(struct gtp *g, struct commands *c)
{
    const struct board *b = &c->game.board;
    uint8_t stones[BOARD_AREA];
    struct game fresh;

    if (read_stones(g, b, stones))
        return -1;
    if (game_init(&fresh, b->w, b->h, c->game.komi, NULL) ||
        (gtp_argc(g) && game_setup(&fresh, stones, BLACK, NULL))) {
        game_release(&fresh);
        return gtp_fail(g, "invalid position");
    }
    cmd_take_game(c, &fresh);
    return 0;
}

static int run_set_position(struct gtp *g, void *ctx)
{
    return set_up(g, ctx);
}

static int run_gogui_setup(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;

    if (!is_empty(&c->game))
        return gtp_fail(g, "board not empty");
    return set_up(g, c);
}

static int run_gogui_setup_player(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    struct game *game = &c->game;
    enum color color;

    if (cmd_argc(g, 1, 1))
        return -1;
    if (cmd_color(gtp_arg(g, 0), &color))
        return cmd_syntax(g);
    if (game->n == 0)
        game->first = color;
    else if (game->ply[game->n - 1].kind == PLY_SETUP)
        game->ply[game->n - 1].to_move = color;
    else
        return gtp_fail(g, "moves were played already");
    return 0;
}

const struct gtp_command cmd_setup[] = {
    { "fixed_handicap", run_fixed_handicap },
    { "place_free_handicap", run_place_free_handicap },
    { "set_free_handicap", run_set_free_handicap },
    { "set_position", run_set_position },
    { "gogui-setup", run_gogui_setup },
    { "gogui-setup_player", run_gogui_setup_player },
    { NULL, NULL },
};
