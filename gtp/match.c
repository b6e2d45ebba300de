#include "gtp/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/playout.h"
#include "engine/sgf_game.h"
#include "gtp/stats.h"

enum {
    PATIENCE = 120, /* seconds for replies other than moves: networks load slowly */
};

/* What a seat was asked last; up to ASKED_KOMI one follows the other. */
enum { ASKED_NOTHING, ASKED_NAME, ASKED_SIZE, ASKED_CLEAR, ASKED_KOMI, ASKED_PLAY, ASKED_MOVE,
       ASKED_SCORE };

static const char *const end_names[N_MATCH_ENDS] = {
    [MATCH_ON] = "on",           [MATCH_SCORE] = "score",     [MATCH_OWN_SCORE] = "own-score",
    [MATCH_RESIGN] = "resign",   [MATCH_ILLEGAL] = "illegal", [MATCH_NO_MOVE] = "no-move",
    [MATCH_REFUSED] = "refused", [MATCH_HANG] = "hang",       [MATCH_BROKEN] = "broken",
    [MATCH_NO_START] = "no-start",
};

const char *match_end_name(enum match_end end)
{
    return end_names[end];
}

int match_end_named(const char *name)
{
    for (int i = 0; i < N_MATCH_ENDS; i++)
        if (!strcmp(name, end_names[i]))
            return i;
    return -1;
}

/* --- beginning --------------------------------------------------------------- */

/* Is it a pass, or a point of the edge of a board that has an inside? */
static bool is_poor(const struct board *b, int p)
{
    int x = board_x(b, p), y = board_y(b, p);

    return p == PASS || (b->w >= 5 && (x == 0 || y == 0 || x == b->w - 1 || y == b->h - 1));
}

/* Stones on the edge are half wasted, so one of them too many would decide the game. */
static int random_move(const struct game *g, struct rng *r)
{
    int p = PASS;

    for (int tries = 0; tries < 100; tries++) {
        p = playout_move_game(g, game_to_move(g), r);
        if (!is_poor(&g->board, p))
            break;
    }
    return p;
}

int match_opening(const struct match_rules *rules, int n, uint64_t seed, struct game *g,
                  struct err *e)
{
    struct rng r;

    if (game_init(g, rules->size, rules->size, rules->komi, e))
        return -1;
    rng_init(&r, seed);
    while (g->n < n && !game_over(g))
        if (game_play(g, game_to_move(g), random_move(g, &r), e))
            return -1;
    return 0;
}

int match_begin(struct match *m, const struct match_rules *rules, const struct game *opening,
                struct client *black, struct client *white, struct client *referee,
                struct err *e)
{
    int plies = opening->n > rules->max_plies ? opening->n : rules->max_plies;

    memset(m, 0, sizeof *m);
    m->rules = *rules;
    m->seat[0].client = black;
    m->seat[1].client = white;
    m->seat[MATCH_REFEREE].client = referee;
    err_init(&m->fault);
    m->seconds = calloc((size_t)plies + 1, sizeof *m->seconds);
    if (!m->seconds)
        return err_set(e, "out of memory");
    return game_copy(&m->game, opening, e) ? -1 : match_step(m, e);
}

void match_release(struct match *m)
{
    game_release(&m->game);
    free(m->seconds);
    m->seconds = NULL;
}

/* --- ending ------------------------------------------------------------------ */

static void end_game(struct match *m, enum match_end end, enum color winner)
{
    m->end = end;
    m->winner = winner;
    snprintf(m->result, sizeof m->result, "%c+%c", winner == BLACK ? 'B' : 'W',
             end == MATCH_RESIGN ? 'R' : 'F');
}

/* A seat is Black's if it is the first. */
static enum color seat_color(const struct match *m, const struct match_seat *s)
{
    return s == &m->seat[0] ? BLACK : WHITE;
}

static void end_score(struct match *m, double score)
{
    m->end = MATCH_SCORE;
    m->winner = score > 0 ? BLACK : score < 0 ? WHITE : EMPTY;
    score_text(score, m->result);
}

/* Something is wrong with a seat, and m->fault says what: an engine has lost, a referee is not
   needed. */
static void end_fault(struct match *m, struct match_seat *s, enum match_end end)
{
    if (s == &m->seat[MATCH_REFEREE]) {
        end_score(m, game_score(&m->game));
        m->end = MATCH_OWN_SCORE;
        return;
    }
    m->at_fault = seat_color(m, s);
    end_game(m, end, color_other(m->at_fault));
    if (end != MATCH_NO_START)
        return;
    m->winner = EMPTY;
    m->result[0] = '\0';
}

static void take_failure(struct match *m, struct match_seat *s)
{
    err_set(&m->fault, "%s", s->client->error.msg);
    end_fault(m, s, s->asked <= ASKED_NAME ? MATCH_NO_START :
                    s->client->late ? MATCH_HANG : MATCH_BROKEN);
}

/* No move will be made any more. */
static void finish(struct match *m)
{
    if (m->seat[MATCH_REFEREE].client)
        m->scoring = true;
    else
        end_score(m, game_score(&m->game));
}

/* --- replies ----------------------------------------------------------------- */

/* Takes a seat's move. */
static int take_move(struct match *m, struct match_seat *s, struct err *e)
{
    struct game *g = &m->game;
    enum color c = seat_color(m, s);
    const char *reply = text_str(&s->client->reply);
    char word[16] = "", more[2] = "";
    enum legality legality;
    int p;

    if (sscanf(reply, "%15s%1s", word, more) == 1 && !strcasecmp(word, "resign")) {
        end_game(m, MATCH_RESIGN, color_other(c));
        return 0;
    }
    p = *more ? NO_POINT : board_parse_vertex(&g->board, word);
    if (p == NO_POINT) {
        client_err(s->client, &m->fault, "no move but '%.60s'", reply);
        end_fault(m, s, MATCH_NO_MOVE);
        return 0;
    }
    legality = game_legality(g, c, p);
    if (legality != LEGAL) {
        client_err(s->client, &m->fault, "illegal move %s: %s", word, legality_text(legality));
        end_fault(m, s, MATCH_ILLEGAL);
        return 0;
    }
    m->seconds[g->n] = s->client->seconds;
    if (game_play(g, c, p, e))
        return -1;
    s->known = g->n;
    if (game_over(g) || g->n >= m->rules.max_plies)
        finish(m);
    return 0;
}

/* Takes the referee's score. */
static void take_score(struct match *m, struct match_seat *s)
{
    struct sgf_result r = sgf_result(text_str(&s->client->reply));

    if (r.ending == SGF_DRAW || r.ending == SGF_SCORE) {
        end_score(m, r.winner == WHITE ? -r.margin : r.margin);
        return;
    }
    client_err(s->client, &m->fault, "no score but '%.60s', so our own counts",
               text_str(&s->client->reply));
    end_fault(m, s, MATCH_NO_MOVE);
}

static int take_reply(struct match *m, struct match_seat *s, struct err *e)
{
    s->waiting = false;
    if (!s->client->ok && s->asked != ASKED_NAME) {
        client_err(s->client, &m->fault, "refused: '%.60s'", text_str(&s->client->reply));
        end_fault(m, s, s->asked < ASKED_PLAY ? MATCH_NO_START :
                        s->asked == ASKED_MOVE ? MATCH_NO_MOVE : MATCH_REFUSED);
    } else if (s->asked == ASKED_PLAY) {
        s->known++;
    } else if (s->asked == ASKED_MOVE) {
        return take_move(m, s, e);
    } else if (s->asked == ASKED_SCORE) {
        take_score(m, s);
    }
    return 0;
}

/* --- commands ---------------------------------------------------------------- */

static void send_setup(struct match *m, struct match_seat *s)
{
    struct client *c = s->client;

    switch (++s->asked) {
    case ASKED_NAME: client_send(c, PATIENCE, NULL, "name"); break;
    case ASKED_SIZE: client_send(c, PATIENCE, NULL, "boardsize %d", m->rules.size); break;
    case ASKED_CLEAR: client_send(c, PATIENCE, NULL, "clear_board"); break;
    default: client_send(c, PATIENCE, NULL, "komi %.10g", m->rules.komi); break;
    }
}

static void send_play(struct match *m, struct match_seat *s)
{
    const struct ply *ply = &m->game.ply[s->known];
    char vertex[8];

    s->asked = ASKED_PLAY;
    client_send(s->client, PATIENCE, NULL, "play %s %s", ply->color == BLACK ? "b" : "w",
                board_vertex(&m->game.board, ply->point, vertex));
}

/* Sends what comes next, if the seat has to wait for nobody.  That sending fails shows in
   the client's state. */
static void send_next(struct match *m, struct match_seat *s)
{
    const struct game *g = &m->game;
    enum color c = game_to_move(g);

    s->waiting = true;
    if (s->asked < ASKED_KOMI) {
        send_setup(m, s);
    } else if (s->known < g->n) {
        send_play(m, s);
    } else if (m->scoring) {
        s->asked = ASKED_SCORE;
        client_send(s->client, PATIENCE, NULL, "final_score");
    } else if (c == seat_color(m, s)) {
        s->asked = ASKED_MOVE;
        client_send(s->client, m->rules.move_seconds, NULL, "genmove %s", c == BLACK ? "b" : "w");
    } else {
        s->waiting = false;
    }
}

/* Serves one seat.  A reply may end the game or call the referee. */
static int step_seat(struct match *m, struct match_seat *s, struct err *e)
{
    if (s->client->state == CLIENT_FAILED) {
        take_failure(m, s);
        return 0;
    }
    if (s->client->state == CLIENT_BUSY)
        return 0;
    if (s->waiting && take_reply(m, s, e))
        return -1;
    if (m->end == MATCH_ON && m->scoring == (s == &m->seat[MATCH_REFEREE]))
        send_next(m, s);
    return 0;
}

int match_step(struct match *m, struct err *e)
{
    /* The side to move is served first, so the other hears of its move at once. */
    int first = game_to_move(&m->game) == WHITE;

    for (int i = 0; i < 2 && m->end == MATCH_ON && !m->scoring; i++)
        if (step_seat(m, &m->seat[i ^ first], e))
            return -1;
    if (m->end == MATCH_ON && m->scoring && step_seat(m, &m->seat[MATCH_REFEREE], e))
        return -1;
    return m->end != MATCH_ON;
}

/* --- times ------------------------------------------------------------------- */

double match_median(const struct match *m, enum color c)
{
    double *mine = calloc((size_t)m->game.n + 1, sizeof *mine), result;
    size_t n = 0;

    for (int i = 0; mine && i < m->game.n; i++)
        if (m->game.ply[i].color == c && m->seconds[i] > 0)
            mine[n++] = m->seconds[i];
    result = median(mine, n);
    free(mine);
    return result;
}
