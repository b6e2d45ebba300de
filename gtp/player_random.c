/*
 * The random player: each legal move that fills no own eye is as likely as the
 * next.  It passes when there is none, or when the opponent has passed and the
 * stones as they stand win.  Its analysis is what random play from each of
 * those moves comes to, so its figures mean what they say.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/playout.h"
#include "gtp/numbers.h"
#include "gtp/player.h"

enum { ANALYSIS_VISITS = 100000, RESIGN_VISITS = 100 };

struct random_player {
    struct player base;
    uint64_t seed;
    struct rng rng;
    double resign;          /* resigns below this chance to win; 0: never */
    char said[128];         /* about the last move */
    /* the last request's figures */
    int n;
    struct candidate *cand; /* (n): in the order of play, */
    struct candidate *out;  /* (n): best first */
    int32_t *owned;         /* (1 or 1 + n, h, w): how often a point became the colour's
                               less the enemy's, in all and after each move; or NULL */
    float *ownership;       /* the same shares of the visits */
    bool each;              /* after each move too */
    long visits;
    double winrate, lead;
};

static void clear(struct random_player *p)
{
    free(p->cand);
    free(p->out);
    free(p->owned);
    free(p->ownership);
    p->cand = p->out = NULL;
    p->owned = NULL;
    p->ownership = NULL;
    p->n = 0;
    p->visits = 0;
    p->winrate = 0.5;
    p->lead = 0;
}

/* --- what could be played ---------------------------------------------------- */

static double score_for(enum color c, double black)
{
    return c == BLACK ? black : -black;
}

static void add(struct random_player *p, int point)
{
    p->cand[p->n++] = (struct candidate){ .point = point, .pv_n = 1, .pv = { point } };
}

/* Adds the points that may be played; with eyes, even own eyes. */
static void add_points(struct random_player *p, const struct player_request *r, bool eyes)
{
    const struct board *b = &r->game->board;

    for (int i = 0; i < b->n_empty; i++)
        if (player_may(r, b->empty[i]) && (eyes || !playout_is_eye(b, r->color, b->empty[i])))
            add(p, b->empty[i]);
}

static void shuffle(struct random_player *p)
{
    for (int i = p->n; i > 1; i--) {
        int j = (int)rng_below(&p->rng, (uint32_t)i);
        struct candidate c = p->cand[i - 1];

        p->cand[i - 1] = p->cand[j];
        p->cand[j] = c;
    }
}

/* Lists the candidates, their priors and room for their figures. */
static int prepare(struct random_player *p, const struct player_request *r, struct err *e)
{
    const struct board *b = &r->game->board;
    size_t area = (size_t)b->w * (size_t)b->h, most = (size_t)b->n_empty + 1;
    bool win = game_passed(r->game) && score_for(r->color, game_score(r->game)) > 0 &&
               player_may(r, PASS);

    clear(p);
    p->cand = malloc(most * sizeof *p->cand);
    p->out = malloc(most * sizeof *p->out);
    if (!p->cand || !p->out)
        return err_set(e, "out of memory");
    add_points(p, r, false);
    if (!p->n && r->allowed) /* it is told to: then even into an eye */
        add_points(p, r, true);
    shuffle(p);
    if (win || (!p->n && player_may(r, PASS)))
        add(p, PASS);
    for (int i = 0; i < p->n; i++)
        p->cand[i].prior = win ? p->cand[i].point == PASS : 1.0 / p->n;
    p->each = r->moves_ownership;
    if (!r->ownership && !p->each)
        return 0;
    area *= p->each ? (size_t)p->n + 1 : 1;
    p->owned = calloc(area, sizeof *p->owned);
    p->ownership = calloc(area, sizeof *p->ownership);
    return p->owned && p->ownership ? 0 : err_set(e, "out of memory");
}

/* --- playing it out ---------------------------------------------------------- */

static double mean(double old, double x, long n)
{
    return old + (x - old) / (double)n;
}

static void add_ownership(int32_t *owned, const uint8_t *owner, int area, enum color c)
{
    for (int i = 0; i < area; i++)
        owned[i] += owner[i] == EMPTY ? 0 : owner[i] == c ? 1 : -1;
}

/* One random game that begins with the candidate whose turn it is. */
static void visit(struct random_player *p, const struct player_request *r)
{
    const struct game *g = r->game;
    int i = (int)(p->visits % p->n), area = g->board.w * g->board.h;
    struct candidate *k = &p->cand[i];
    uint8_t owner[BOARD_AREA];
    struct board b;
    double lead, win;

    board_copy(&b, &g->board);
    board_play(&b, r->color, k->point);
    if (k->point != PASS || !game_passed(r->game)) /* two passes end the game */
        playout_run(&b, color_other(r->color), 3 * area + 10, &p->rng);
    lead = score_for(r->color, board_area(&b, owner) - g->komi);
    win = lead > 0 ? 1 : lead < 0 ? 0 : 0.5;
    p->visits++;
    k->visits++;
    k->winrate = mean(k->winrate, win, k->visits);
    k->lead = mean(k->lead, lead, k->visits);
    p->winrate = mean(p->winrate, win, p->visits);
    p->lead = mean(p->lead, lead, p->visits);
    if (p->owned)
        add_ownership(p->owned, owner, area, r->color);
    if (p->each)
        add_ownership(p->owned + (i + 1) * area, owner, area, r->color);
}

/* Wilson's lower bound of a chance seen as x in n trials, at 95 %. */
static double lower_bound(double x, long n)
{
    double z = 1.96, m = (double)n;

    return n ? (x + z * z / (2 * m) - z * sqrt(x * (1 - x) / m + z * z / (4 * m * m))) /
               (1 + z * z / m) : 0;
}

static int better(const void *va, const void *vb)
{
    const struct candidate *a = va, *b = vb;

    if (!a->visits != !b->visits)
        return a->visits ? -1 : 1;
    if (a->winrate != b->winrate)
        return a->winrate > b->winrate ? -1 : 1;
    if (a->lead != b->lead)
        return a->lead > b->lead ? -1 : 1;
    return a->point - b->point;
}

/* Block b of the ownership: 0 in all, 1 + i after move i. */
static const float *ownership(struct random_player *p, int b, int area, long visits)
{
    float *own = p->ownership + b * area;

    for (int i = 0; i < area; i++)
        own[i] = (float)p->owned[b * area + i] / (float)visits;
    return own;
}

static void report(struct random_player *p, const struct player_request *r)
{
    int area = r->game->board.w * r->game->board.h;
    struct analysis a = {
        .n = p->n, .candidate = p->out, .visits = p->visits, .winrate = p->winrate,
        .utility = 2 * p->winrate - 1, .lead = p->lead,
        .ownership = p->owned ? ownership(p, 0, area, p->visits) : NULL,
    };

    for (int i = 0; i < p->n; i++) {
        struct candidate *k = &p->out[i];

        *k = p->cand[i];
        if (!k->visits) { /* nothing known of it alone */
            k->winrate = p->winrate;
            k->lead = p->lead;
        }
        k->lcb = lower_bound(k->winrate, k->visits);
        k->utility = 2 * k->winrate - 1;
        k->pv_visits[0] = k->visits;
        if (p->each && k->visits)
            k->ownership = ownership(p, i + 1, area, k->visits);
    }
    qsort(p->out, (size_t)p->n, sizeof *p->out, better);
    r->report(r->ctx, &a);
}

/* Up to `visits` random games, `least` of them whatever poll says. */
static void play_out(struct random_player *p, const struct player_request *r, long visits,
                     long least)
{
    long told = 0;

    while (p->n && p->visits < visits) {
        int bits = r->poll(r->ctx);

        if ((bits & POLL_STOP) && p->visits >= least)
            break;
        if (r->report && (bits & POLL_REPORT) && p->visits > told) {
            report(p, r);
            told = p->visits;
        }
        visit(p, r);
    }
    if (r->report && p->visits > told)
        report(p, r);
}

/* --- the interface ----------------------------------------------------------- */

static int choose(struct random_player *p)
{
    if (!p->n)
        return PASS;
    if (p->cand[p->n - 1].point == PASS) /* listed only when it is the choice */
        return PASS;
    return p->cand[rng_below(&p->rng, (uint32_t)p->n)].point;
}

static int random_genmove(struct player *base, const struct player_request *r, int *move,
                          struct err *e)
{
    struct random_player *p = (struct random_player *)base;
    long visits = r->report ? 4L * r->game->board.n_empty + 4 : 0;
    char buf[8];

    if (prepare(p, r, e))
        return -1;
    if (p->resign > 0 && visits < RESIGN_VISITS)
        visits = RESIGN_VISITS;
    if (visits && r->visits)
        visits = r->visits;
    play_out(p, r, visits, 1);
    *move = choose(p);
    if (p->visits && p->winrate < p->resign && r->game->n > r->game->board.w * r->game->board.h / 2)
        *move = RESIGN;
    snprintf(p->said, sizeof p->said, "%s: one of %d moves, at random",
             board_vertex(&r->game->board, *move, buf), p->n);
    return 0;
}

static int random_analyse(struct player *base, const struct player_request *r, struct err *e)
{
    struct random_player *p = (struct random_player *)base;

    if (prepare(p, r, e))
        return -1;
    play_out(p, r, r->visits ? r->visits : ANALYSIS_VISITS, 0);
    return 0;
}

static void random_explain(struct player *base, char *buf, size_t size)
{
    snprintf(buf, size, "%s", ((struct random_player *)base)->said);
}

static void random_describe(struct player *base, char *buf, size_t size)
{
    struct random_player *p = (struct random_player *)base;

    snprintf(buf, size, "random player, seed %" PRIu64, p->seed);
}

static const char *const params[] = { "seed", "resignThreshold", NULL };

static void random_get(struct player *base, int i, char *buf, size_t size)
{
    struct random_player *p = (struct random_player *)base;

    if (i == 0)
        snprintf(buf, size, "%" PRIu64, p->seed);
    else
        snprintf(buf, size, "%g", p->resign);
}

static int random_set(struct player *base, int i, const char *value, struct err *e)
{
    struct random_player *p = (struct random_player *)base;

    if (i == 0) {
        if (player_parse_seed(value, &p->seed, e))
            return -1;
        rng_init(&p->rng, p->seed);
        return 0;
    }
    return number_real(value, 0, 1, &p->resign)
        ? err_set(e, "resignThreshold is no number from 0 to 1: '%s'", value) : 0;
}

static void random_free(struct player *base)
{
    clear((struct random_player *)base);
    free(base);
}

struct player *player_random_new(const struct player_options *o, struct err *e)
{
    struct random_player *p = calloc(1, sizeof *p);

    if (!p) {
        err_set(e, "out of memory");
        return NULL;
    }
    p->base = (struct player){
        .name = "random", .genmove = random_genmove, .analyse = random_analyse,
        .explain = random_explain, .describe = random_describe, .params = params,
        .get = random_get, .set = random_set, .free = random_free,
    };
    p->seed = o->seed;
    rng_init(&p->rng, o->seed);
    clear(p);
    return &p->base;
}
