#include "gtp/match.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/sgf_game.h"
#include "gtp/stats.h"

enum {
    PATIENCE = 120, /* seconds for replies other than moves: networks load slowly */
};

/* What a seat was asked last; up to ASKED_CLOCK one follows the other.  ASKED_KNOWS is asked
   for each of the commands below. */
enum { ASKED_NOTHING, ASKED_NAME, ASKED_SIZE, ASKED_CLEAR, ASKED_KOMI, ASKED_KNOWS,
       ASKED_CLOCK = ASKED_KNOWS + 6, ASKED_PLAY, ASKED_LEFT, ASKED_MOVE, ASKED_SCORE };

/* By the bits of KNOWS_...; the first four are asked where there is a clock, the others for
   analysis. */
static const char *const wanted[] = {
    "time_settings", "time_left", "kgs-time_settings", "kata-time_settings",
    "kata-genmove_analyze", "lz-genmove_analyze",
};
enum { N_WANTED = sizeof wanted / sizeof wanted[0], WANTED_CLOCK = 4 };
_Static_assert(ASKED_CLOCK == ASKED_KNOWS + N_WANTED, "one question a command");

static const char *const end_names[N_MATCH_ENDS] = {
    [MATCH_ON] = "on",           [MATCH_SCORE] = "score",     [MATCH_OWN_SCORE] = "own-score",
    [MATCH_RESIGN] = "resign",   [MATCH_MERCY] = "mercy",     [MATCH_GIVEN_UP] = "given-up",
    [MATCH_TIME] = "time",       [MATCH_ILLEGAL] = "illegal", [MATCH_NO_MOVE] = "no-move",
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
    for (int i = 0; i < 2; i++)
        clock_start(&m->seat[i].clock, &rules->clock[i]);
    m->ply = calloc((size_t)plies + 1, sizeof *m->ply);
    if (!m->ply)
        return err_set(e, "out of memory");
    return game_copy(&m->game, opening, e) ? -1 : match_step(m, e);
}

void match_release(struct match *m)
{
    game_release(&m->game);
    free(m->ply);
    m->ply = NULL;
}

/* --- ending ------------------------------------------------------------------ */

static void end_game(struct match *m, enum match_end end, enum color winner)
{
    char how = end == MATCH_RESIGN || end == MATCH_GIVEN_UP ? 'R' : end == MATCH_TIME ? 'T' : 'F';

    m->end = end;
    m->winner = winner;
    snprintf(m->result, sizeof m->result, "%c+%c", winner == BLACK ? 'B' : 'W', how);
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

/* The most that a seat's next move may take before it has lost on time. */
static double most_time(const struct match *m, const struct match_seat *s)
{
    return clock_most(&s->clock) + m->rules.margin;
}

static void end_time(struct match *m, struct match_seat *s)
{
    client_err(s->client, &m->fault, "over its time: %.3g s were left", clock_most(&s->clock));
    end_fault(m, s, MATCH_TIME);
}

static void take_failure(struct match *m, struct match_seat *s)
{
    if (s->asked == ASKED_MOVE && s->client->late && most_time(m, s) <= m->rules.move_seconds) {
        end_time(m, s);
        return;
    }
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

/* Has one side been so far ahead for so long that the game is over? */
static bool is_mercy(struct match *m)
{
    double score;
    enum color ahead;

    if (!m->rules.mercy_plies)
        return false;
    score = game_score(&m->game);
    ahead = fabs(score) <= m->rules.mercy_points ? EMPTY : score > 0 ? BLACK : WHITE;
    m->ahead_plies = ahead == EMPTY ? 0 : ahead == m->ahead ? m->ahead_plies + 1 : 1;
    m->ahead = ahead;
    return m->ahead_plies >= m->rules.mercy_plies;
}

/* The game after a move of the seat: does it go on? */
static void judge(struct match *m, struct match_seat *s)
{
    const struct match_analysis *said = &m->ply[m->game.n - 1].said;

    s->low = said->has_winrate && said->winrate < m->rules.resign_below ? s->low + 1 : 0;
    if (game_over(&m->game) || m->game.n >= m->rules.max_plies) {
        finish(m);
    } else if (m->rules.resign_moves && s->low >= m->rules.resign_moves) {
        end_game(m, MATCH_GIVEN_UP, color_other(seat_color(m, s)));
    } else if (is_mercy(m)) {
        end_score(m, game_score(&m->game));
        m->end = MATCH_MERCY;
    }
}

/* --- replies ----------------------------------------------------------------- */

/* Is the seat asked for its moves by an analysis command? */
static bool analyzes(const struct match_seat *s)
{
    return s->knows & (KNOWS_KATA_GENMOVE | KNOWS_LZ_GENMOVE);
}

/* Reads a move: a point, PASS, or NO_POINT, which is also that of "resign". */
static int read_move(const struct match *m, const struct match_seat *s, char word[16],
                     struct match_analysis *said)
{
    const char *reply = text_str(&s->client->reply);
    char more[2] = "";

    *said = (struct match_analysis){ 0 };
    *word = '\0';
    if (analyzes(s))
        match_analysis_take(reply, !(s->knows & KNOWS_KATA_GENMOVE), word, said);
    else if (sscanf(reply, "%15s%1s", word, more) == 2)
        *word = '\0';
    return board_parse_vertex(&m->game.board, word);
}

/* Plays a legal move, for which the time was there. */
static int accept_move(struct match *m, struct match_seat *s, int p,
                       const struct match_analysis *said, struct err *e)
{
    struct game *g = &m->game;

    m->ply[g->n] = (struct match_ply){
        .seconds = s->client->seconds, .timed = s->clock.rules.kind != CLOCK_NONE,
        .left = s->clock.left, .stones = s->clock.overtime ? s->clock.stones : 0, .said = *said,
    };
    if (game_play(g, seat_color(m, s), p, e))
        return -1;
    s->known = g->n;
    judge(m, s);
    return 0;
}

/* Takes a seat's move. */
static int take_move(struct match *m, struct match_seat *s, struct err *e)
{
    enum color c = seat_color(m, s);
    struct match_analysis said;
    enum legality legality;
    char word[16];
    int p = read_move(m, s, word, &said);

    if (!strcasecmp(word, "resign")) {
        end_game(m, MATCH_RESIGN, color_other(c));
        return 0;
    }
    if (p == NO_POINT) {
        client_err(s->client, &m->fault, "no move but '%.60s'", text_str(&s->client->reply));
        end_fault(m, s, MATCH_NO_MOVE);
        return 0;
    }
    if (s->client->seconds > most_time(m, s)) {
        end_time(m, s);
        return 0;
    }
    match_clock_spend(&s->clock, s->client->seconds, m->rules.margin);
    legality = game_legality(&m->game, c, p);
    if (legality != LEGAL) {
        client_err(s->client, &m->fault, "illegal move %s: %s", word, legality_text(legality));
        end_fault(m, s, MATCH_ILLEGAL);
        return 0;
    }
    return accept_move(m, s, p, &said, e);
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

/* May the last command be refused?  Whether one of the others is known is a question, and
   what time is left only helps. */
static bool may_refuse(const struct match_seat *s)
{
    return s->asked == ASKED_NAME || s->asked == ASKED_LEFT ||
           (s->asked >= ASKED_KNOWS && s->asked < ASKED_CLOCK);
}

static int take_reply(struct match *m, struct match_seat *s, struct err *e)
{
    const char *reply = text_str(&s->client->reply);

    s->waiting = false;
    if (!s->client->ok && !may_refuse(s)) {
        client_err(s->client, &m->fault, "refused: '%.60s'", reply);
        end_fault(m, s, s->asked < ASKED_PLAY ? MATCH_NO_START :
                        s->asked == ASKED_MOVE ? MATCH_NO_MOVE : MATCH_REFUSED);
    } else if (s->asked >= ASKED_KNOWS && s->asked < ASKED_CLOCK) {
        if (s->client->ok && !strcasecmp(reply, "true"))
            s->knows |= 1u << (s->asked - ASKED_KNOWS);
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

static bool is_engine(const struct match *m, const struct match_seat *s)
{
    return s != &m->seat[MATCH_REFEREE];
}

/* What a seat is to be asked next to set it up, ASKED_PLAY if nothing more. */
static int next_setup(const struct match *m, const struct match_seat *s)
{
    bool timed = is_engine(m, s) && s->clock.rules.kind != CLOCK_NONE;
    bool analyze = is_engine(m, s) && m->rules.analyze;
    int next = s->asked + 1;

    if (next >= ASKED_KNOWS && next < ASKED_KNOWS + WANTED_CLOCK && !timed)
        next = ASKED_KNOWS + WANTED_CLOCK;
    if (next >= ASKED_KNOWS + WANTED_CLOCK && next < ASKED_CLOCK && !analyze)
        next = ASKED_CLOCK;
    return next == ASKED_CLOCK && !timed ? ASKED_PLAY : next;
}

/* Tells an engine its clock, if it can be told. */
static void send_clock(struct match *m, struct match_seat *s)
{
    char command[MATCH_CLOCK_TEXT];

    if (!match_clock_command(&s->clock.rules, s->knows, command)) {
        client_send(s->client, PATIENCE, NULL, "%s", command);
        return;
    }
    client_err(s->client, &m->fault, "knows no command that could tell it its clock, %s",
               match_clock_text(&s->clock.rules, command));
    end_fault(m, s, MATCH_NO_START);
}

static void send_setup(struct match *m, struct match_seat *s)
{
    struct client *c = s->client;

    s->asked = next_setup(m, s);
    switch (s->asked) {
    case ASKED_NAME: client_send(c, PATIENCE, NULL, "name"); break;
    case ASKED_SIZE: client_send(c, PATIENCE, NULL, "boardsize %d", m->rules.size); break;
    case ASKED_CLEAR: client_send(c, PATIENCE, NULL, "clear_board"); break;
    case ASKED_KOMI: client_send(c, PATIENCE, NULL, "komi %.10g", m->rules.komi); break;
    case ASKED_CLOCK: send_clock(m, s); break;
    default:
        client_send(c, PATIENCE, NULL, "known_command %s", wanted[s->asked - ASKED_KNOWS]);
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

/* Asks for a move, having said what time there is for it. */
static void send_genmove(struct match *m, struct match_seat *s)
{
    const char *color = seat_color(m, s) == BLACK ? "b" : "w";
    double limit = fmin(m->rules.move_seconds, most_time(m, s));
    char left[MATCH_CLOCK_TEXT];

    if (s->clock.rules.kind != CLOCK_NONE && s->knows & KNOWS_TIME_LEFT &&
        s->asked != ASKED_LEFT) {
        s->asked = ASKED_LEFT;
        client_send(s->client, PATIENCE, NULL, "time_left %s %s", color,
                    match_clock_left(&s->clock, s->knows, left));
        return;
    }
    s->asked = ASKED_MOVE;
    if (s->knows & KNOWS_KATA_GENMOVE)
        client_send(s->client, limit, NULL, "kata-genmove_analyze %s", color);
    else if (s->knows & KNOWS_LZ_GENMOVE)
        client_send(s->client, limit, NULL, "lz-genmove_analyze %s 100", color);
    else
        client_send(s->client, limit, NULL, "genmove %s", color);
}

/* Sends what comes next, if the seat has to wait for nobody.  That sending fails shows in
   the client's state. */
static void send_next(struct match *m, struct match_seat *s)
{
    const struct game *g = &m->game;

    s->waiting = true;
    if (s->asked < ASKED_PLAY && next_setup(m, s) < ASKED_PLAY) {
        send_setup(m, s);
    } else if (s->known < g->n) {
        send_play(m, s);
    } else if (m->scoring) {
        s->asked = ASKED_SCORE;
        client_send(s->client, PATIENCE, NULL, "final_score");
    } else if (game_to_move(g) == seat_color(m, s)) {
        send_genmove(m, s);
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
        if (m->game.ply[i].color == c && m->ply[i].seconds > 0)
            mine[n++] = m->ply[i].seconds;
    result = median(mine, n);
    free(mine);
    return result;
}
