/* What benches of moves share: players and engines asked, options, JSON. */
#include "config.h"

#include "gtp/bench_moves.h"
#include "gtp/numbers.h"
#include "gtp/tools.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PATIENCE = 120, /* seconds for replies other than moves: networks load slowly */
    GRACE_MS = 1000,
    POLL_MS = 500,      /* a signal just before a wait is seen so late */
};

const struct mover_options mover_defaults = { .player = "world", .p = { .seed = 1 },
                                              .timeout = 60 };

/* --- options ----------------------------------------------------------------- */

int mover_option(struct mover_options *o, int c, const char *text)
{
    switch (c) {
    case 'e': o->engine = text; return 0;
    case 'p': o->player = text; return 0;
    case 'w': o->p.weights = text; return 0;
    case 'D': o->p.device = text; return 0;
    case 'j': return number_int(text, 0, 1024, &o->p.threads);
    case 't': return number_real(text, 0.001, 1e6, &o->timeout);
    default: return number_seed(text, &o->p.seed);
    }
}

const char *mover_name(const struct mover_options *o)
{
    return o->engine ? o->engine : o->player;
}

/* --- asking ------------------------------------------------------------------ */

/* Waits for the engine's reply, or for a signal, so that no engine is left behind. */
static int ask(struct mover *m, double limit, const char *command, struct err *e)
{
    struct client *c = &m->client;

    if (client_send(c, limit, e, "%s", command))
        return -1;
    while (c->state == CLIENT_BUSY && !tool_stopped)
        client_poll(&c, 1, POLL_MS);
    if (c->state == CLIENT_BUSY)
        return err_set(e, "stopped");
    return c->state == CLIENT_FAILED ? err_set(e, "%s", c->error.msg) : 0;
}

int mover_start(struct mover *m, const struct mover_options *o, struct err *e)
{
    *m = (struct mover){ .o = o };
    if (!o->engine) {
        m->player = player_make(o->player, &o->p, e);
        return m->player ? 0 : -1;
    }
    tool_catch_signals(true);
    if (client_start(&m->client, "engine", o->engine, NULL, NULL, e) ||
        ask(m, PATIENCE, "known_command reg_genmove", e))
        return -1;
    m->can_reg = m->client.ok && !strcasecmp(text_str(&m->client.reply), "true");
    return 0;
}

void mover_stop(struct mover *m, bool in_order)
{
    client_stop(&m->client, in_order ? GRACE_MS : 0);
    if (m->o && m->o->engine)
        tool_catch_signals(false);
    player_free(m->player);
    m->player = NULL;
}

int mover_tell(struct mover *m, const char *command, struct err *e)
{
    if (m->player)
        return 0;
    if (ask(m, PATIENCE, command, e))
        return -1;
    return !m->client.ok;
}

static int never_stop(void *ctx)
{
    (void)ctx;
    return 0;
}

static struct player_request request(const struct game *g, enum color c)
{
    return (struct player_request){ .game = g, .color = c, .seconds = INFINITY, .symmetry = -1,
                                    .poll = never_stop };
}

static void said(struct move_choice *to, const struct game *g, const struct player_move *m,
                 double ms)
{
    char vertex[8];

    *to = (struct move_choice){ .move = m->move, .wrong = !m->first_legal, .ms = ms };
    snprintf(to->said, sizeof to->said, "%s", board_vertex(&g->board, to->move, vertex));
}

static int ask_player(struct mover *m, const struct game *g, enum color c,
                      struct move_choice *to, struct err *e)
{
    struct player_request r = request(g, c);
    struct player_move move = { .first_legal = true };
    double start = client_now();

    if (m->player->genmove(m->player, &r, &move.move, e))
        return -1;
    if (m->player->first_legal)
        move.first_legal = m->player->first_legal(m->player);
    said(to, g, &move, 1000 * (client_now() - start));
    return 0;
}

int mover_batch(const struct mover *m)
{
    return m->player && m->player->genmoves && m->o->p.positions > 1 ? m->o->p.positions : 1;
}

/* By the player's genmoves; r and move have n of each. */
static int ask_together(struct mover *m, const struct game *g, const enum color *c, int n,
                        struct player_request *r, struct player_move *move,
                        struct move_choice *to, struct err *e)
{
    double start = client_now();

    for (int i = 0; i < n; i++)
        r[i] = request(&g[i], c[i]);
    if (m->player->genmoves(m->player, r, n, move, e))
        return -1;
    for (int i = 0; i < n; i++)
        said(&to[i], &g[i], &move[i], 1000 * (client_now() - start) / n);
    return 0;
}

int mover_ask_all(struct mover *m, const struct game *g, const enum color *c, int n,
                  struct move_choice *to, struct err *e)
{
    struct player_request *r;
    struct player_move *move;
    int status;

    if (n == 1)
        return mover_ask(m, g, *c, to, e);
    r = calloc((size_t)n, sizeof *r);
    move = calloc((size_t)n, sizeof *move);
    status = r && move ? ask_together(m, g, c, n, r, move, to, e)
                       : err_set(e, "out of memory");
    free(r);
    free(move);
    return status;
}

int mover_ask(struct mover *m, const struct game *g, enum color c, struct move_choice *to,
              struct err *e)
{
    char word[sizeof to->said] = "", more[2] = "", command[16];

    *to = (struct move_choice){ .move = NO_POINT };
    if (m->player)
        return ask_player(m, g, c, to, e);
    snprintf(command, sizeof command, "%s %s", m->can_reg ? "reg_genmove" : "genmove",
             c == BLACK ? "b" : "w");
    if (ask(m, m->o->timeout, command, e))
        return -1;
    to->ms = 1000 * m->client.seconds;
    if (sscanf(text_str(&m->client.reply), "%15s%1s", word, more) == 1 && m->client.ok)
        to->move = strcasecmp(word, "resign") ? board_parse_vertex(&g->board, word) : RESIGN;
    snprintf(to->said, sizeof to->said, "%s", m->client.ok && *word ? word : "no move");
    return 0;
}

/* --- JSON -------------------------------------------------------------------- */

void json_string(FILE *f, const char *s)
{
    fputc('"', f);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            fputc('\\', f);
        if ((unsigned char)*s < ' ')
            fprintf(f, "\\u%04x", (unsigned)*s);
        else
            fputc(*s, f);
    }
    fputc('"', f);
}
