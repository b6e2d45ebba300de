/* videoworld match: many games at once, over engines that may do anything. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "engine/sgf_game.h"
#include "gtp/tool_match.h"
#include "gtp/tools.h"

enum {
    TRIES = 3,       /* games in a row that an engine may fail to begin */
    GRACE_MS = 1000, /* for an engine to quit */
    POLL_MS = 200,   /* how soon ctrl-C is seen */
    SEATS = 3,       /* the engines, then the referee */
};

/* A set of engines and the game they are at. */
struct slot {
    struct client client[SEATS];
    struct match match;
    bool playing;
    int game, tries;
};

struct run {
    const struct match_job *j;
    struct match_results *results;
    bool *done;           /* (games) played or being played */
    struct slot *slot;    /* (jobs) */
    struct client **list; /* (jobs, SEATS) */
};

/* --- beginning a game -------------------------------------------------------- */

/* Stops what the last game left unusable and starts what is missing. */
static int ready_client(const struct match_job *j, struct slot *s, int seat, struct err *e)
{
    struct client *c = &s->client[seat];

    if (c->pid > 0 && c->state != CLIENT_IDLE)
        client_stop(c, 0);
    if (c->pid > 0)
        return 0;
    return seat == MATCH_REFEREE ? client_start(c, "referee", j->referee, NULL, NULL, e) :
           client_start(c, j->name[seat], j->command[seat], NULL, NULL, e);
}

static int begin_game(struct run *r, struct slot *s, struct err *e)
{
    const struct match_job *j = r->j;
    int black = match_black(s->game), status;
    struct game opening;

    for (int i = 0; i < SEATS; i++)
        if ((i != MATCH_REFEREE || j->referee) && ready_client(j, s, i, e))
            return -1;
    s->playing = true;
    status = match_opening(&j->rules, (int)j->random_plies,
                           splitmix64(j->seed ^ splitmix64((uint64_t)s->game / 2)), &opening, e);
    if (!status)
        status = match_begin(&s->match, &j->rules, &opening, &s->client[black],
                             &s->client[!black], j->referee ? &s->client[MATCH_REFEREE] : NULL, e);
    game_release(&opening);
    return status < 0 ? -1 : 0;
}

/* Hands the slot the next game that is not played. */
static int next_game(struct run *r, struct slot *s, struct err *e)
{
    for (int i = 0; i < r->j->games && !tool_stopped; i++)
        if (!r->done[i]) {
            r->done[i] = true;
            s->game = i;
            s->tries = 0;
            return begin_game(r, s, e);
        }
    return 0;
}

/* --- ending a game ----------------------------------------------------------- */

/* Writes DIR/game-NUMBER.sgf. */
static int write_sgf(const struct run *r, const struct slot *s, const struct match_record *g,
                     struct err *e)
{
    const char *dir = r->j->sgf;
    size_t size = strlen(dir) + 32;
    char *path = malloc(size), date[16], comment[1024];
    time_t now = time(NULL);
    struct sgf_info info = { .black = g->black, .white = g->white, .result = g->result,
                             .rules = "Tromp-Taylor", .date = date, .comment = comment,
                             .program = PACKAGE_NAME ":" PACKAGE_VERSION };
    struct sgf sgf;
    int status = -1;

    if (!path)
        return err_set(e, "out of memory");
    snprintf(path, size, "%s/game-%06d.sgf", dir, g->game);
    strftime(date, sizeof date, "%Y-%m-%d", localtime(&now));
    snprintf(comment, sizeof comment, "%s; median %.2f ms a move for Black, %.2f for White%s%s",
             match_end_name(g->end), g->black_ms, g->white_ms, *s->match.fault.msg ? "\n" : "",
             s->match.fault.msg);
    if (!sgf_init(&sgf, path, e)) {
        if (sgf_from_game(&sgf, &s->match.game, &info, e))
            status = sgf_write(&sgf, path, SGF_LINES, e);
        sgf_release(&sgf);
    }
    free(path);
    return status;
}

static int record_game(struct run *r, struct slot *s, struct err *e)
{
    const struct match *m = &s->match;
    int black = match_black(s->game);
    struct match_record g = {
        .game = s->game, .winner = m->winner, .end = m->end, .plies = m->game.n,
        .black_ms = 1000 * match_median(m, BLACK), .white_ms = 1000 * match_median(m, WHITE),
    };

    strcpy(g.black, r->j->name[black]);
    strcpy(g.white, r->j->name[!black]);
    strcpy(g.result, m->result);
    /* the SGF first: a kill between the two has the game played, and written, again */
    if ((r->j->sgf && write_sgf(r, s, &g, e)) ||
        match_results_add(r->results, &g, m->fault.msg, e))
        return -1;
    match_show_game(r->j, r->results, m->fault.msg);
    return 0;
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
        fprintf(stderr, "videoworld: %s; started again\n", m->fault.msg);
    if (!no_start)
        status = record_game(r, s, e);
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

    for (size_t i = 0; i < jobs; i++)
        if (next_game(r, &r->slot[i], e))
            return -1;
    do {
        client_poll(r->list, jobs * SEATS, POLL_MS);
        playing = 0;
        for (size_t i = 0; i < jobs && !tool_stopped; i++) {
            struct slot *s = &r->slot[i];
            int over = s->playing ? match_step(&s->match, e) : 0;

            if (over < 0 || (over && end_game(r, s, e)))
                return -1;
            playing += s->playing;
        }
    } while (playing && !tool_stopped);
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
}

/* Which games are played already. */
static int mark_done(struct run *r, struct err *e)
{
    for (size_t i = 0; i < r->results->n; i++) {
        const struct match_record *g = &r->results->record[i];

        if (strcmp(g->black, r->j->name[match_black(g->game)]))
            return err_set(e, "game %d of the results has another Black than this match", g->game);
        if (g->game < r->j->games)
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

    if (j->sgf && mkdir(j->sgf, 0777) && errno != EEXIST)
        return err_set(e, "cannot make '%s': %s", j->sgf, strerror(errno));
    r.done = calloc((size_t)j->games, sizeof *r.done);
    r.slot = calloc(jobs, sizeof *r.slot);
    r.list = calloc(jobs * SEATS, sizeof *r.list);
    status = r.done && r.slot && r.list ? mark_done(&r, e) : err_set(e, "out of memory");
    for (size_t i = 0; i < jobs * SEATS && !status; i++)
        r.list[i] = &r.slot[i / SEATS].client[i % SEATS];
    tool_catch_signals(true);
    if (!status)
        status = play_all(&r, e);
    *stopped = tool_stopped;
    release(&r, status || tool_stopped ? 0 : GRACE_MS);
    tool_catch_signals(false);
    return status;
}
