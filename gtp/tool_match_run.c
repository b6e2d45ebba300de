/* videoworld match: many games at once, over engines that may do anything. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "gtp/tool_match.h"
#include "gtp/tools.h"

enum {
    TRIES = 3,       /* games in a row that an engine may fail to begin */
    GRACE_MS = 1000, /* for an engine to quit */
    POLL_MS = 200,   /* how soon ctrl-C is seen */
    SEATS = 3,       /* the engines, then the referee */
    PAGE_SECONDS = 10, /* from one page to the next */
};

/* A pair of engines, started when first needed, and the game they are at. */
struct slot {
    struct client client[SEATS];
    int engine[2]; /* which run in the first two; -1: none yet */
    struct match match;
    bool playing;
    int game, tries;
};

struct run {
    const struct match_job *j;
    struct match_results *results;
    struct match_show show;
    bool *done;           /* (numbers) played or being played, or no game of ours */
    int first;            /* all below are done */
    long *under_way;      /* (pairings) games being played */
    bool enough;          /* the match's `after` says so */
    double page_written;  /* client_now(), or 0 */
    struct slot *slot;    /* (jobs) */
    struct client **list; /* (jobs, SEATS) */
};

/* --- beginning a game -------------------------------------------------------- */

/* Stops what the last game left unusable. */
static void stop_unusable(struct client *c)
{
    if (c->pid > 0 && c->state != CLIENT_IDLE)
        client_stop(c, 0);
}

/* Seats an engine: keeps one that runs, ends another.  Waiting for that would take time from
   the clocks of the other slots. */
static int ready_engine(const struct match_job *j, struct slot *s, int seat, int engine,
                        struct err *e)
{
    struct client *c = &s->client[seat];

    stop_unusable(c);
    if (c->pid > 0 && s->engine[seat] != engine)
        client_stop(c, j->jobs == 1 ? GRACE_MS : 0);
    if (c->pid > 0)
        return 0;
    s->engine[seat] = engine;
    return client_start(c, j->engine[engine].name, j->engine[engine].command, NULL, NULL, e);
}

/* Gets the engines of a pairing to their seats. */
static int ready_slot(const struct match_job *j, struct slot *s, const struct match_pairing *x,
                      struct err *e)
{
    struct client *referee = &s->client[MATCH_REFEREE];

    if (s->engine[0] == x->engine[1] || s->engine[1] == x->engine[0]) {
        struct client other = s->client[0];
        int engine = s->engine[0];

        s->client[0] = s->client[1];
        s->engine[0] = s->engine[1];
        s->client[1] = other;
        s->engine[1] = engine;
    }
    if (ready_engine(j, s, 0, x->engine[0], e) || ready_engine(j, s, 1, x->engine[1], e))
        return -1;
    stop_unusable(referee);
    if (!j->referee || referee->pid > 0)
        return 0;
    return client_start(referee, "referee", j->referee, NULL, NULL, e);
}

static int begin_game(struct run *r, struct slot *s, struct err *e)
{
    const struct match_job *j = r->j;
    struct match_pairing x = match_game(&j->plan, s->game);
    struct match_rules rules = j->rules;
    struct game opening;
    int status;

    if (ready_slot(j, s, &x, e))
        return -1;
    rules.clock[0] = *match_engine_clock(j, x.engine[x.black]);
    rules.clock[1] = *match_engine_clock(j, x.engine[!x.black]);
    s->playing = true;
    status = match_opening(&j->openings, x.opening, &opening, e);
    if (!status)
        status = match_begin(&s->match, &rules, &opening, &s->client[x.black],
                             &s->client[!x.black],
                             j->referee ? &s->client[MATCH_REFEREE] : NULL, e);
    game_release(&opening);
    return status < 0 ? -1 : 0;
}

/* How many engines of a game the slot has. */
static int suits(const struct slot *s, const struct match_pairing *x)
{
    int n = 0;

    for (int i = 0; i < 2; i++)
        n += s->engine[i] == x->engine[0] || s->engine[i] == x->engine[1];
    return n;
}

/* The next game of the pairing that the match's `choose` names. */
static int choose_pairing(const struct run *r)
{
    const struct match_plan *p = &r->j->plan;
    int pairing = r->j->choose(r->j->arg, r->j, r->results, r->under_way);

    for (long i = 2L * pairing; pairing >= 0 && i < match_numbers(p);
         i += i % 2 ? 2L * match_pairings(p) - 1 : 1)
        if (!r->done[i])
            return (int)i;
    return -1;
}

/* The game to play next: of those of one opening's length from the first that is left, so that
   all pairings progress alike, one for which the slot has the engines; -1: none is left. */
static int choose_game(struct run *r, const struct slot *s)
{
    long end = match_numbers(&r->j->plan);
    int best = -1, most = -1;

    while (r->first < end && r->done[r->first])
        r->first++;
    if (end > r->first + 2L * match_pairings(&r->j->plan))
        end = r->first + 2L * match_pairings(&r->j->plan);
    if (r->j->choose)
        return choose_pairing(r);
    for (int i = r->first; i < end && most < 2; i++) {
        struct match_pairing x = match_game(&r->j->plan, i);

        if (!r->done[i] && suits(s, &x) > most) {
            most = suits(s, &x);
            best = i;
        }
    }
    return best;
}

static int next_game(struct run *r, struct slot *s, struct err *e)
{
    int game = tool_stopped || r->enough ? -1 : choose_game(r, s);

    if (game < 0)
        return 0;
    r->done[game] = true;
    r->under_way[match_game(&r->j->plan, game).number]++;
    s->game = game;
    s->tries = 0;
    return begin_game(r, s, e);
}

/* --- ending a game ----------------------------------------------------------- */

/* Asks whether these games are enough. */
static int ask_after(struct run *r, struct err *e)
{
    int status = r->j->after ? r->j->after(r->j->arg, r->j, r->results, e) : 0;

    r->enough = status > 0;
    return status < 0 ? -1 : 0;
}

/* The page as the match goes on, now and then; one that cannot be written is no reason to end. */
static void renew_page(struct run *r)
{
    double now = client_now();
    struct err e;

    if (!r->j->html || (r->page_written > 0 && now - r->page_written < PAGE_SECONDS))
        return;
    r->page_written = now;
    err_init(&e);
    if (match_page_write(r->j, r->results, PAGE_SECONDS, &e))
        match_show_note(&r->show, "videoworld: warning: %s", e.msg);
}

static int record_game(struct run *r, struct slot *s, struct err *e)
{
    const struct match *m = &s->match;
    struct match_pairing x = match_game(&r->j->plan, s->game);
    struct match_record g = {
        .game = s->game, .winner = m->winner, .end = m->end, .plies = m->game.n,
        .black_ms = 1000 * match_median(m, BLACK), .white_ms = 1000 * match_median(m, WHITE),
    };

    strcpy(g.black, r->j->engine[x.engine[x.black]].name);
    strcpy(g.white, r->j->engine[x.engine[!x.black]].name);
    strcpy(g.result, m->result);
    /* the SGF first: a kill between the two has the game played, and written, again */
    if ((r->j->sgf && match_sgf_write(r->j, m, &g, e)) ||
        match_results_add(r->results, &g, m->fault.msg, e))
        return -1;
    match_show_game(&r->show, r->j, r->results, m->fault.msg);
    renew_page(r);
    return ask_after(r, e);
}

/* The game is over: notes it, stops who was at fault, and goes on with the next one, or with
   the same when an engine did not start. */
static int end_game(struct run *r, struct slot *s, struct err *e)
{
    struct match *m = &s->match;
    bool no_start = m->end == MATCH_NO_START;
    int status = 0;

    s->playing = false;
    if (no_start && ++s->tries == TRIES)
        status = err_set(e, "%s", m->fault.msg);
    if (no_start && !status)
        match_show_note(&r->show, "videoworld: %s; started again", m->fault.msg);
    if (!no_start) {
        r->under_way[match_game(&r->j->plan, s->game).number]--;
        status = record_game(r, s, e);
    }
    if (m->at_fault != EMPTY)
        client_stop(m->seat[m->at_fault == WHITE].client, 0);
    if (m->end == MATCH_OWN_SCORE)
        client_stop(&s->client[MATCH_REFEREE], 0);
    match_release(m);
    if (status || tool_stopped)
        return status;
    return no_start ? begin_game(r, s, e) : next_game(r, s, e);
}

/* --- all games --------------------------------------------------------------- */

static int play_all(struct run *r, struct err *e)
{
    size_t jobs = (size_t)r->j->jobs, playing;

    if (r->results->n && ask_after(r, e))
        return -1;
    for (size_t i = 0; i < jobs; i++)
        if (next_game(r, &r->slot[i], e))
            return -1;
    do {
        double since;

        client_poll(r->list, jobs * SEATS, POLL_MS);
        since = client_now();
        playing = 0;
        for (size_t i = 0; i < jobs && !tool_stopped && !r->enough; i++) {
            struct slot *s = &r->slot[i];
            int over = s->playing ? match_step(&s->match, e) : 0;

            if (over < 0 || (over && end_game(r, s, e)))
                return -1;
            playing += s->playing;
        }
        for (size_t i = 0; i < jobs * SEATS; i++) /* what was written may have taken a while */
            client_forgive(r->list[i], since);
    } while (playing && !tool_stopped && !r->enough);
    return 0;
}

static void release(struct run *r, int grace_ms)
{
    for (long i = 0; r->slot && i < r->j->jobs; i++) {
        struct slot *s = &r->slot[i];

        for (int k = 0; k < SEATS; k++)
            client_stop(&s->client[k], s->client[k].state == CLIENT_IDLE ? grace_ms : 0);
        if (s->playing)
            match_release(&s->match);
    }
    free(r->slot);
    free(r->list);
    free(r->done);
    free(r->under_way);
}

/* Which games are played already, or not to be played here. */
static int mark_done(struct run *r, struct err *e)
{
    const struct match_plan *p = &r->j->plan;
    long numbers = match_numbers(p);

    for (int i = 0; i < numbers; i++)
        r->done[i] = !match_has_game(p, i);
    for (size_t i = 0; i < r->results->n; i++) {
        const struct match_record *g = &r->results->record[i];
        struct match_pairing x = match_game(p, g->game);

        if (strcmp(g->black, r->j->engine[x.engine[x.black]].name) ||
            strcmp(g->white, r->j->engine[x.engine[!x.black]].name))
            return err_set(e, "game %d of the results is between other engines than here",
                           g->game);
        if (g->game < numbers)
            r->done[g->game] = true;
    }
    return 0;
}

int match_play(const struct match_job *j, struct match_results *results, bool *stopped,
               struct err *e)
{
    size_t jobs = (size_t)j->jobs;
    struct run r = { .j = j, .results = results };
    int status;

    if (j->sgf && match_sgf_begin(j, e))
        return -1;
    r.done = calloc((size_t)match_numbers(&j->plan), sizeof *r.done);
    r.slot = calloc(jobs, sizeof *r.slot);
    r.list = calloc(jobs * SEATS, sizeof *r.list);
    r.under_way = calloc((size_t)match_pairings(&j->plan), sizeof *r.under_way);
    status = r.done && r.slot && r.list && r.under_way ? mark_done(&r, e)
                                                       : err_set(e, "out of memory");
    for (size_t i = 0; i < jobs * SEATS && !status; i++) {
        r.list[i] = &r.slot[i / SEATS].client[i % SEATS];
        r.slot[i / SEATS].engine[0] = r.slot[i / SEATS].engine[1] = -1;
    }
    match_show_begin(&r.show, j, results);
    tool_catch_signals(true);
    if (!status)
        status = play_all(&r, e);
    *stopped = tool_stopped;
    match_show_end(&r.show);
    release(&r, status || tool_stopped ? 0 : GRACE_MS);
    tool_catch_signals(false);
    return status;
}
