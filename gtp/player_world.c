/*
 * The model's player: it looks at the position (player_policy.h), imagines the
 * next frame of the likeliest choice, and plays what that frame shows.  Where the
 * frame shows no legal move it goes on to the next choice.  No search, and no
 * value: what it says of winning comes from games that it plays on against itself,
 * and only when it is asked to analyse.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gtp/numbers.h"
#include "gtp/player.h"
#include "gtp/player_rollout.h"
#include "gtp/player_policy.h"

/* How much of the probability is tried: to move, the likeliest codes will do; ALL is more than
   there is. */
static const double MOVE_COVER = 0.8, ANALYSIS_COVER = 0.99, ALL = 2;

enum {
    TRIES = 10,      /* frames imagined for a move, */
    VIEWS_TRIED = 4, /* and for one choice */
    MOVE_VISITS = 4, /* games played on when a move is to be analysed */
    ANALYSIS_VISITS = 4096,
};

struct world_player {
    struct player base;
    struct policy *policy;
    struct rollouts rollouts;/* games played on */
    bool at_odds;            /* of the empty board the models imagine no legal move */
    uint64_t seed;
    struct rng rng;
    double temperature;      /* 0: the likeliest move */
    int symmetries;          /* views: 1 .. 8 */
    int tried;               /* frames imagined for the last move */
    bool first_legal;        /* the first choice of the last move, frame and all */
    char said[512];          /* about the last move */
};

/* --- choosing -------------------------------------------------------------- */

static bool allowed(const struct player_request *r, const struct policy_choice *c)
{
    return c->legal && (!r->allowed || r->allowed[c->move]);
}

/* The order in which to try choices: order (n), by probability, or drawn by temperature. */
static void order_choices(struct world_player *p, const struct policy_position *q, int *order)
{
    double key[POLICY_GUESSES];

    for (int i = 0; i < q->n; i++) {
        double u = ((double)(rng_u64(&p->rng) >> 11) + 0.5) / 9007199254740992.0;

        /* the largest of log p / T + Gumbel noise is a draw from p^(1/T) */
        key[i] = p->temperature > 0 ? log(q->choice[i].p) / p->temperature - log(-log(u))
                                    : q->choice[i].p;
        order[i] = i;
        for (int k = i; k > 0 && key[order[k]] > key[order[k - 1]]; k--) {
            int swap = order[k];

            order[k] = order[k - 1];
            order[k - 1] = swap;
        }
    }
}

static void say(struct world_player *p, const struct policy_position *q, int move, bool imagined)
{
    char buf[8], diff[DIFF_TEXT_MAX];
    int H = p->policy->m.w.config.horizon;
    size_t n;

    n = (size_t)snprintf(p->said, sizeof p->said, "%s", board_vertex(&q->game->board, move, buf));
    if (imagined && !q->frame.px) {
        snprintf(p->said + n, sizeof p->said - n, ", a label");
        return;
    }
    if (imagined)
        n += (size_t)snprintf(p->said + n, sizeof p->said - n, ": imagined %s%s",
                              diff_text(&q->frame.diff, diff), H ? ", codes" : "");
    for (int h = 0; imagined && h < H && n < sizeof p->said; h++)
        n += (size_t)snprintf(p->said + n, sizeof p->said - n, " %d", q->frame.codes[h]);
    if (imagined && q->frame.voters > 1 && n < sizeof p->said)
        n += (size_t)snprintf(p->said + n, sizeof p->said - n, ", %d of %d agree",
                              q->frame.votes, q->frame.voters);
    if (n < sizeof p->said)
        snprintf(p->said + n, sizeof p->said - n, ", %d frame%s imagined%s", p->tried,
                 p->tried == 1 ? "" : "s",
                 imagined ? "" : ", none shows a legal move");
}

/* Any move there is, if all choices fail: a pass, unless some moves were asked for. */
static int last_resort(const struct player_request *r)
{
    const struct board *b = &r->game->board;

    if (!r->allowed)
        return PASS;
    for (int i = 0; i < b->n_empty; i++)
        if (player_may(r, b->empty[i]))
            return b->empty[i];
    return PASS;
}

/* Imagines choice i until a frame shows a move that is allowed; done: the first attempt is in
   q->frame already.  1: none did. */
static int imagine_choice(struct world_player *p, const struct player_request *r,
                          struct policy_position *q, int i, bool done, struct err *e)
{
    int status;

    for (int k = 0; k < VIEWS_TRIED && p->tried < TRIES; k++) {
        status = k || !done ? policy_imagine(p->policy, q, i, k, e) : 0;
        if (status)
            return status;
        p->tried++;
        if (q->frame.legal && (!r->allowed || r->allowed[q->frame.move]))
            return 0;
    }
    return 1;
}

/* The first of the ordered choices that may be played; q->n: none. */
static int first_allowed(const struct player_request *r, const struct policy_position *q,
                         const int *order)
{
    int i = 0;

    while (i < q->n && !allowed(r, &q->choice[order[i]]))
        i++;
    return i;
}

/* The first choice in order whose imagined frame shows an allowed move; q->frame is that of the
   first that is allowed. */
static int imagine_move(struct world_player *p, const struct player_request *r,
                        struct policy_position *q, const int *order, int *move, struct err *e)
{
    int first = first_allowed(r, q, order), status;

    p->tried = 0;
    p->first_legal = q->n > 0 && q->choice[order[0]].legal;
    for (int i = first; i < q->n && p->tried < TRIES; i++) {
        if (!allowed(r, &q->choice[order[i]]))
            continue;
        if (p->tried && r->poll && r->poll(r->ctx) & POLL_STOP)
            break;
        status = imagine_choice(p, r, q, order[i], i == first, e);
        if (status < 0)
            return -1;
        p->first_legal &= i > 0 || (!status && p->tried == 1);
        if (!status) {
            *move = board_move_point(&r->game->board, q->frame.move);
            say(p, q, *move, true);
            return 0;
        }
    }
    *move = first < q->n ? board_move_point(&r->game->board, q->choice[order[first]].move)
                         : last_resort(r);
    say(p, q, *move, false);
    return 0;
}

/* At temperature T a move of probability p is drawn as p^(1/T): what is hardly likely counts. */
static double move_cover(double temperature)
{
    return 1 - (1 - MOVE_COVER) * pow(0.01, temperature);
}

static struct policy_question question(const struct world_player *p,
                                       const struct player_request *r, bool analysis)
{
    double cover = r->allowed || r->least ? ALL
                   : analysis ? ANALYSIS_COVER : move_cover(p->temperature);

    return (struct policy_question){ .game = r->game, .color = r->color, .cover = cover,
                                     .views = r->symmetry >= 0 ? -r->symmetry : p->symmetries };
}

/* --- the interface ----------------------------------------------------------- */

/* What genmoves works with. */
struct together {
    struct policy_question *q; /* (n) */
    int (*order)[POLICY_GUESSES], *choice; /* (n) */
};

static int choose_together(struct world_player *p, const struct player_request *r, int n,
                           struct together *w, struct player_move *to, struct err *e)
{
    for (int i = 0; i < n; i++)
        w->q[i] = question(p, &r[i], r[i].report);
    if (policy_look(p->policy, w->q, n, e))
        return -1;
    for (int i = 0; i < n; i++) {
        const struct policy_position *q = &p->policy->position[i];
        int first;

        order_choices(p, q, w->order[i]);
        first = first_allowed(&r[i], q, w->order[i]);
        w->choice[i] = first < q->n ? w->order[i][first] : -1;
    }
    if (policy_imagine_all(p->policy, w->choice, n, e))
        return -1;
    for (int i = 0; i < n; i++) {
        if (imagine_move(p, &r[i], &p->policy->position[i], w->order[i], &to[i].move, e))
            return -1;
        to[i].first_legal = p->first_legal;
    }
    return 0;
}

static int world_genmoves(struct player *base, const struct player_request *r, int n,
                          struct player_move *to, struct err *e)
{
    struct together w = { calloc((size_t)n, sizeof *w.q), calloc((size_t)n, sizeof *w.order),
                          calloc((size_t)n, sizeof *w.choice) };
    int status = w.q && w.order && w.choice
        ? choose_together((struct world_player *)base, r, n, &w, to, e)
        : err_set(e, "out of memory");

    free(w.q);
    free(w.order);
    free(w.choice);
    return status;
}

static int world_genmove(struct player *base, const struct player_request *r, int *move,
                         struct err *e)
{
    struct world_player *p = (struct world_player *)base;
    struct player_move m;

    if (world_genmoves(base, r, 1, &m, e))
        return -1;
    *move = m.move;
    return r->report ? rollouts_play(&p->rollouts, p->policy, r,
                                     r->visits ? r->visits : MOVE_VISITS, e) : 0;
}

static int world_analyse(struct player *base, const struct player_request *r, struct err *e)
{
    struct world_player *p = (struct world_player *)base;
    long visits = r->raw ? 0 : r->visits ? r->visits : ANALYSIS_VISITS;
    struct policy_question q = question(p, r, true);

    if (r->poll(r->ctx) & POLL_STOP)
        return 0;
    return policy_look(p->policy, &q, 1, e) ||
           rollouts_play(&p->rollouts, p->policy, r, visits, e) ? -1 : 0;
}

static bool world_first_legal(struct player *base)
{
    return ((struct world_player *)base)->first_legal;
}

static bool world_accepts(struct player *base, int w, int h)
{
    const struct policy *q = ((struct world_player *)base)->policy;

    return w == q->w && h == q->h;
}

static void world_explain(struct player *base, char *buf, size_t size)
{
    snprintf(buf, size, "%s", ((struct world_player *)base)->said);
}

static void world_tell(struct player *base, char *buf, size_t size)
{
    const struct world_player *p = (struct world_player *)base;
    const struct policy *q = p->policy;
    enum world_target target = q->m.w.config.target;
    bool plain = target == WORLD_LDM;

    snprintf(buf, size, "world model %s (%zu weights%s%s), on %s%s", q->world_path,
             params_count(&q->m.w.ps), plain ? "" : ", target ",
             plain ? "" : world_target_name(target), q->d->name, p->at_odds
             ? "; beware: of the empty board it imagines no legal move; are tokenizer, LDM and "
               "world model of one training?" : "");
}

static const char *const params[] = { "seed", "temperature", "symmetries", NULL };

static void world_get(struct player *base, int i, char *buf, size_t size)
{
    const struct world_player *p = (struct world_player *)base;

    if (i == 0)
        snprintf(buf, size, "%" PRIu64, p->seed);
    else if (i == 1)
        snprintf(buf, size, "%g", p->temperature);
    else
        snprintf(buf, size, "%d", p->symmetries);
}

static int world_set(struct player *base, int i, const char *value, struct err *e)
{
    struct world_player *p = (struct world_player *)base;

    if (i == 0) {
        if (player_parse_seed(value, &p->seed, e))
            return -1;
        rng_init(&p->rng, p->seed);
        return 0;
    }
    if (i == 1)
        return number_real(value, 0, 100, &p->temperature)
            ? err_set(e, "temperature is no number from 0 to 100: '%s'", value) : 0;
    return number_int(value, 1, POLICY_VIEWS, &p->symmetries)
        ? err_set(e, "symmetries is no number from 1 to %d: '%s'", POLICY_VIEWS, value) : 0;
}

static void world_free_player(struct player *base)
{
    struct world_player *p = (struct world_player *)base;

    rollouts_release(&p->rollouts);
    policy_close(p->policy);
    free(p);
}

/* Models that were not trained for each other, or hardly, imagine what cannot be read. */
static int try_out(struct world_player *p, struct err *e)
{
    struct policy_question q = { .color = BLACK, .views = 1, .cover = MOVE_COVER };
    struct policy_position *of = &p->policy->position[0];
    struct game g;
    int status;

    if (game_init(&g, p->policy->w, p->policy->h, 0, e))
        return -1;
    q.game = &g;
    status = policy_look(p->policy, &q, 1, e);
    p->at_odds = !status && !(of->n && of->choice[0].legal);
    of->game = NULL;
    game_release(&g);
    return status;
}

struct player *player_world_new(const struct player_options *o, struct err *e)
{
    struct policy_options policy = { .weights = o->weights, .device = o->device,
                                     .threads = o->threads, .positions = o->positions };
    struct world_player *p = calloc(1, sizeof *p);

    if (!p) {
        err_set(e, "out of memory");
        return NULL;
    }
    p->policy = policy_open(&policy, e);
    if (!p->policy || try_out(p, e)) {
        policy_close(p->policy);
        free(p);
        return NULL;
    }
    p->base = (struct player){
        .name = "world", .genmove = world_genmove, .genmoves = world_genmoves,
        .analyse = world_analyse, .first_legal = world_first_legal, .accepts = world_accepts,
        .explain = world_explain, .describe = world_tell,
        .params = params, .get = world_get, .set = world_set, .free = world_free_player,
    };
    p->seed = o->seed;
    p->symmetries = POLICY_VIEWS;
    rng_init(&p->rng, o->seed);
    p->rollouts.rng = &p->rng;
    return &p->base;
}
