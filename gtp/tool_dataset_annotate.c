/* videoworld dataset --annotate and --policy: best moves and policies from GTP engines. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "engine/game.h"
#include "gtp/client.h"
#include "gtp/tool_dataset.h"
#include "gtp/tool_dataset_notes.h"
#include "gtp/tools.h"

enum {
    TRIES = 3,          /* starts of an engine without an answer between them */
    GRACE_MS = 1000,    /* for an engine to quit */
    PATIENCE = 120,     /* seconds for replies other than moves: networks load slowly */
};

/* What an engine was asked last. */
enum step { STEP_KNOWN, STEP_SIZE, STEP_CLEAR, STEP_KOMI, STEP_PLAY, STEP_ASK, STEP_UNDO };

/* An engine and the game it is at. */
struct worker {
    struct client client;
    enum step step;
    bool known;            /* it knows the command it is asked for first */
    int starts;            /* since its last answer */
    bool has_game, finished; /* finished: there was no game left for it */
    size_t at;             /* number of the game */
    struct corpus_game record;
    struct game game;      /* as set up in the engine */
};

struct run {
    const struct annotate *a;
    struct notes notes;
    size_t next;           /* the next game to hand out */
    size_t refused;        /* games that an engine would not go on with */
    struct worker *worker; /* a->jobs of them */
    struct client **clients;
    double start, shown;
    size_t old;            /* answers that were there before */
};

/* --- which position next ---------------------------------------------------- */

/* Is anything to be asked at ply or later? */
static bool is_open(const struct run *r, size_t game, int ply, int n)
{
    for (; ply < n; ply++)
        if (!notes_has(&r->notes, game, ply))
            return true;
    return false;
}

/* Hands the worker the next game with an open position; 0 if there is none, -1 on failure. */
static int take_game(struct run *r, struct worker *w, struct err *e)
{
    struct corpus_builder *b = r->notes.games;

    if (w->has_game)
        game_release(&w->game);
    w->has_game = false;
    for (; r->next < b->n; r->next++) {
        w->record = corpus_record_game(&b->record[r->next]);
        if (is_open(r, r->next, 0, w->record.n)) {
            w->at = r->next++;
            if (game_init(&w->game, w->record.w, w->record.h, w->record.komi, e))
                return -1;
            w->has_game = true;
            return 1;
        }
    }
    w->finished = true;
    return 0;
}

/* --- asking ------------------------------------------------------------------ */

static int send_play(struct worker *w, struct err *e)
{
    int ply = w->game.n;
    char vertex[8];

    w->step = STEP_PLAY;
    return client_send(&w->client, PATIENCE, e, "play %s %s",
                       corpus_color(&w->record, ply) == BLACK ? "b" : "w",
                       board_vertex(&w->game.board,
                                    board_move_point(&w->game.board, corpus_played(&w->record, ply)),
                                    vertex));
}

/* Starts the worker's game from its first move. */
static int send_size(struct worker *w, struct err *e)
{
    w->step = STEP_SIZE;
    game_undo_to(&w->game, 0, NULL);
    if (w->record.w == w->record.h)
        return client_send(&w->client, PATIENCE, e, "boardsize %d", w->record.w);
    return client_send(&w->client, PATIENCE, e, "rectangular_boardsize %d %d", w->record.w,
                       w->record.h);
}

static int next_game(struct run *r, struct worker *w, struct err *e)
{
    int status = take_game(r, w, e);

    return status > 0 ? send_size(w, e) : status;
}

/* The game stands where it is asked for: asks, plays on, or takes the next one. */
static int go_on(struct run *r, struct worker *w, struct err *e)
{
    enum color c = corpus_color(&w->record, w->game.n);
    bool policy = r->notes.kind == NOTES_POLICY;
    int ply = w->game.n;

    if (!is_open(r, w->at, ply, w->record.n))
        return next_game(r, w, e);
    /* kata-raw-nn takes no colour: of one that moves twice in a row it cannot be asked */
    if (policy && c != game_to_move(&w->game) && !notes_has(&r->notes, w->at, ply) &&
        notes_add(&r->notes, w->at, ply, &(struct notes_answer){ 0 }, e))
        return -1;
    if (notes_has(&r->notes, w->at, ply))
        return send_play(w, e);
    w->step = STEP_ASK;
    if (policy)
        return client_send(&w->client, r->a->timeout, e, "kata-raw-nn 0");
    return client_send(&w->client, r->a->timeout, e, "%s %s",
                       w->known ? "reg_genmove" : "genmove", c == BLACK ? "b" : "w");
}

/* Takes the engine's policy. */
static int take_policy(struct run *r, struct worker *w, struct err *e)
{
    enum color c = corpus_color(&w->record, w->game.n);
    struct notes_answer a;

    if (dataset_read_policy(text_str(&w->client.reply), &w->game, c, &a))
        return err_set(e, "%s: no policy but '%.60s'", r->a->command,
                       text_str(&w->client.reply));
    w->starts = 0;
    return notes_add(&r->notes, w->at, w->game.n, &a, e) ? -1 : go_on(r, w, e);
}

/* Takes the engine's move. */
static int take_move(struct run *r, struct worker *w, struct err *e)
{
    const struct board *b = &w->game.board;
    enum color c = corpus_color(&w->record, w->game.n);
    int p = board_parse_vertex(b, text_str(&w->client.reply));
    bool legal = p != NO_POINT && game_legality(&w->game, c, p) == LEGAL;
    bool resigns = !strcasecmp(text_str(&w->client.reply), "resign");
    struct notes_answer a = { .moves = legal, .list = { { .share = CORPUS_WHOLE } } };

    if (p == NO_POINT && !resigns)
        return err_set(e, "%s: no move but '%.60s'", r->a->command, text_str(&w->client.reply));
    w->starts = 0;
    if (legal)
        a.list[0].move = board_move_number(b, p);
    if (notes_add(&r->notes, w->at, w->game.n, &a, e))
        return -1;
    if (!w->known && !resigns) {
        w->step = STEP_UNDO;
        return client_send(&w->client, PATIENCE, e, "undo");
    }
    return go_on(r, w, e);
}

/* It is known whether the engine has the command. */
static int begin(struct run *r, struct worker *w, bool known, struct err *e)
{
    w->known = known;
    if (r->notes.kind == NOTES_POLICY && !known)
        return err_set(e, "%s: does not know kata-raw-nn, so it has no policy to tell",
                       r->a->command);
    return w->has_game ? send_size(w, e) : next_game(r, w, e);
}

/* The engine said '?'. */
static int refused(struct run *r, struct worker *w, struct err *e)
{
    switch (w->step) {
    case STEP_KNOWN:
        return begin(r, w, false, e);
    case STEP_PLAY: /* other rules, say: what is open stays as it was */
        r->refused++;
        return next_game(r, w, e);
    default:
        return err_set(e, "%s: refused: '%.200s'", r->a->command, text_str(&w->client.reply));
    }
}

/* A reply is in. */
static int take_reply(struct run *r, struct worker *w, struct err *e)
{
    int ply = w->has_game ? w->game.n : 0;

    if (!w->client.ok)
        return refused(r, w, e);
    switch (w->step) {
    case STEP_KNOWN:
        return begin(r, w, !strcmp(text_str(&w->client.reply), "true"), e);
    case STEP_SIZE:
        w->step = STEP_CLEAR;
        return client_send(&w->client, PATIENCE, e, "clear_board");
    case STEP_CLEAR:
        w->step = STEP_KOMI;
        return client_send(&w->client, PATIENCE, e, "komi %g", w->record.komi);
    case STEP_PLAY:
        if (game_play(&w->game, corpus_color(&w->record, ply),
                      board_move_point(&w->game.board, corpus_played(&w->record, ply)), e))
            return -1;
        return go_on(r, w, e);
    case STEP_ASK:
        return r->notes.kind == NOTES_POLICY ? take_policy(r, w, e) : take_move(r, w, e);
    case STEP_KOMI:
    case STEP_UNDO:
        return go_on(r, w, e);
    }
    return -1;
}

/* --- the engines -------------------------------------------------------------- */

static int start(struct run *r, struct worker *w, struct err *e)
{
    w->starts++;
    w->step = STEP_KNOWN;
    if (client_start(&w->client, r->a->command, r->a->command, NULL, NULL, e))
        return -1;
    return client_send(&w->client, PATIENCE, e, "known_command %s",
                       r->notes.kind == NOTES_POLICY ? "kata-raw-nn" : "reg_genmove");
}

/* An engine failed: says so and starts it again, unless that was tried often enough. */
static int restart(struct run *r, struct worker *w, struct err *e)
{
    if (w->starts >= TRIES)
        return err_set(e, "%s", w->client.error.msg);
    fprintf(stderr, "videoworld: %s; started again\n", w->client.error.msg);
    client_stop(&w->client, 0);
    return start(r, w, e);
}

static void show_progress(struct run *r, bool last)
{
    double now = client_now(), spent = now - r->start;
    size_t all = r->notes.first[r->notes.games->n], mine = r->notes.n_answered - r->old;
    bool tty = isatty(STDERR_FILENO);

    if (!last && now - r->shown < (tty ? 1 : 30))
        return;
    r->shown = now;
    fprintf(stderr, "%s%zu of %zu positions answered, %.1f a second, %.0f minutes left%s",
            tty ? "\r" : "", r->notes.n_answered, all, (double)mine / (spent > 0 ? spent : 1),
            mine ? (double)(all - r->notes.n_answered) * spent / (double)mine / 60 : 0.0,
            tty && !last ? "   " : "\n");
}

static const char stopped[] = "stopped; the same command goes on from there";

/* Goes on until all engines are idle for want of games. */
static int work(struct run *r, struct err *e)
{
    size_t n = (size_t)r->a->jobs, busy;

    for (size_t i = 0; i < n; i++)
        if (start(r, &r->worker[i], e))
            return -1;
    do {
        client_poll(r->clients, n, 1000);
        if (tool_stopped)
            return err_set(e, "%s", stopped);
        busy = 0;
        for (size_t i = 0; i < n; i++) {
            struct worker *w = &r->worker[i];

            if (!w->finished && w->client.state == CLIENT_FAILED && restart(r, w, e))
                return -1;
            if (!w->finished && w->client.state == CLIENT_IDLE && take_reply(r, w, e))
                return -1;
            busy += !w->finished;
        }
        show_progress(r, false);
    } while (busy);
    return 0;
}

static int run_engines(struct run *r, struct err *e)
{
    size_t n = (size_t)r->a->jobs;
    int status;

    r->worker = calloc(n, sizeof *r->worker);
    r->clients = calloc(n, sizeof *r->clients);
    if (r->worker && r->clients) {
        for (size_t i = 0; i < n; i++)
            r->clients[i] = &r->worker[i].client;
        tool_catch_signals(true); /* so that no engine is left behind */
        status = work(r, e);
        for (size_t i = 0; i < n; i++) {
            client_stop(&r->worker[i].client, status ? 0 : GRACE_MS);
            if (r->worker[i].has_game)
                game_release(&r->worker[i].game);
        }
        if (!status && tool_stopped) /* while they were stopping */
            status = err_set(e, "%s", stopped);
        tool_catch_signals(false);
    } else {
        status = err_set(e, "out of memory");
    }
    free(r->worker);
    free(r->clients);
    return status;
}

/* Every best move is the one played, and games that now are alike are one. */
static void forget_bests(struct corpus_builder *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct corpus_game g = corpus_record_game(&b->record[i]);

        for (int ply = 0; ply < g.n; ply++)
            corpus_record_set_best(&b->record[i], ply, corpus_played(&g, ply));
    }
    corpus_finish(b);
}

/* All games have room for policies, none of which is known, and are different. */
static int forget_policies(struct corpus_builder *b, struct err *e)
{
    for (size_t i = 0; i < b->n; i++)
        if (corpus_record_clear_policies(&b->record[i], e))
            return -1;
    corpus_finish(b);
    return 0;
}

/* What is not among the notes of that path is asked. */
static int ask(struct run *r, enum notes_kind kind, const char *path, struct corpus_builder *b,
               struct err *e)
{
    static const char *const none[] = { "the move played stands (no legal answer)",
                                        "it thinks of nothing" };
    int status = notes_open(&r->notes, kind, path, r->a->command, b, e);
    size_t all;

    if (!status) {
        all = r->notes.first[b->n];
        r->old = r->notes.n_answered;
        if (r->old < all)
            status = run_engines(r, e);
        if (r->old < all && !status)
            show_progress(r, true);
        if (!status)
            printf("%zu positions: %zu answered before, %zu now; in %zu %s, %zu games refused\n",
                   all, r->old, r->notes.n_answered - r->old, r->notes.n_kept, none[kind],
                   r->refused);
    }
    notes_release(&r->notes);
    return status;
}

static int ask_all(const struct annotate *a, enum notes_kind kind, struct corpus_builder *b,
                   struct err *e)
{
    static const char *const ends[] = { ".annotations", ".policies" };
    struct run r = { .a = a, .start = client_now(), .shown = client_now() };
    size_t size = strlen(a->output) + strlen(ends[kind]) + 1;
    char *path = malloc(size);
    int status;

    if (!path)
        return err_set(e, "out of memory");
    snprintf(path, size, "%s%s", a->output, ends[kind]);
    status = ask(&r, kind, path, b, e);
    free(path);
    return status;
}

int dataset_annotate(const struct annotate *a, struct corpus_builder *b, struct err *e)
{
    forget_bests(b);
    return ask_all(a, NOTES_BEST, b, e);
}

int dataset_ask_policies(const struct annotate *a, struct corpus_builder *b, struct err *e)
{
    return forget_policies(b, e) ? -1 : ask_all(a, NOTES_POLICY, b, e);
}
