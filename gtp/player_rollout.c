#include "gtp/player_rollout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double COVER = 0.8; /* of the probability of a move within a line */
static const double SHOWN = 0.99; /* of that of all candidates there might be */

void rollouts_release(struct rollouts *l)
{
    free(l->candidate);
    free(l->sums);
    free(l->ownership);
    *l = (struct rollouts){ .rng = l->rng };
}

static void add(struct rollouts *l, int point, double prior)
{
    l->candidate[l->n++] = (struct candidate){ .point = point, .prior = prior, .pv_n = 1,
                                               .pv = { point } };
}

static bool is_candidate(const struct rollouts *l, int point)
{
    for (int i = 0; i < l->n; i++)
        if (l->candidate[i].point == point)
            return true;
    return false;
}

/* Moves that may be made of which the model does not think, up to `most` candidates; they are
   all alike. */
static void add_unthought(struct rollouts *l, const struct player_request *r, int most,
                          double prior)
{
    const struct board *b = &r->game->board;

    for (int i = 0; i < b->n_empty && l->n < most; i++)
        if (player_may(r, b->empty[i]) && !is_candidate(l, b->empty[i]))
            add(l, b->empty[i], prior);
    if (!l->n && player_may(r, PASS))
        add(l, PASS, prior);
}

static bool may_choose(const struct player_request *r, const struct policy_choice *c)
{
    return c->legal && (!r->allowed || r->allowed[c->move]);
}

static int prepare(struct rollouts *l, const struct policy *p, const struct player_request *r,
                   struct err *e)
{
    const struct policy_position *q = p->position;
    size_t area = (size_t)(p->w * p->h), n = (size_t)q->n + area + 2;
    bool wide = r->allowed || r->least;
    double sum = 0, all = 0;

    rollouts_release(l);
    l->candidate = calloc(n, sizeof *l->candidate);
    l->sums = calloc(n, sizeof *l->sums);
    l->ownership = calloc(n * area, sizeof *l->ownership);
    if (!l->candidate || !l->sums || !l->ownership)
        return err_set(e, "out of memory");
    for (int i = 0; i < q->n; i++)
        all += may_choose(r, &q->choice[i]) ? q->choice[i].p : 0;
    /* of restricted moves, or where many are wanted, all codes were tried: see player_world.c */
    for (int i = 0; i < q->n && (!wide || sum < SHOWN * all || l->n < r->least); i++) {
        const struct policy_choice *c = &q->choice[i];

        if (!may_choose(r, c))
            continue;
        add(l, board_move_point(&r->game->board, c->move), c->p);
        sum += c->p;
    }
    if (l->n)
        add_unthought(l, r, r->least, 0);
    else
        add_unthought(l, r, (int)area, 1);
    sum = 0;
    for (int i = 0; i < l->n; i++)
        sum += l->candidate[i].prior;
    for (int i = 0; i < l->n; i++)
        l->candidate[i].prior /= sum;
    return 0;
}

/* --- one line --- */

/* A legal choice: the likeliest, or drawn; without any a pass. */
static int choose(const struct policy_position *q, struct rng *rng, bool draw)
{
    double sum = 0, at;
    int move = q->game->board.w * q->game->board.h;

    for (int i = 0; i < q->n; i++)
        sum += q->choice[i].legal ? q->choice[i].p : 0;
    at = draw ? sum * rng_double(rng) : 0;
    for (int i = 0; i < q->n; i++) {
        if (!q->choice[i].legal)
            continue;
        move = q->choice[i].move;
        at -= q->choice[i].p;
        if (at < 0)
            break;
    }
    return move;
}

/* Plays g on to its end.  1: poll said stop before. */
static int play_on(struct policy *p, struct rng *rng, const struct player_request *r,
                   struct game *g, bool draw, struct candidate *pv, struct err *e)
{
    int most = g->n + 2 * g->board.w * g->board.h;

    while (!game_over(g) && g->n < most) {
        struct policy_question q = { g, game_to_move(g), -(int)rng_below(rng, N_SYMMETRIES),
                                     COVER };
        int point;

        if (r->poll(r->ctx) & POLL_STOP)
            return 1;
        if (policy_look(p, &q, 1, e))
            return -1;
        point = board_move_point(&g->board, choose(p->position, rng, draw));
        if (game_play(g, q.color, point, e))
            return -1;
        if (pv && pv->pv_n < PLAYER_PV)
            pv->pv[pv->pv_n++] = point;
    }
    return 0;
}

static void count(struct rollout_sums *s, double lead, const uint8_t *owner, int area,
                  enum color color)
{
    s->n++;
    s->lead += lead;
    s->wins += lead > 0 ? 1 : lead < 0 ? 0 : 0.5;
    for (int i = 0; i < area; i++)
        s->own[i] += owner[i] == EMPTY ? 0 : owner[i] == color ? 1 : -1;
}

/* A line that begins with candidate i. */
static int visit(struct rollouts *l, struct policy *p, const struct player_request *r, int i,
                 struct err *e)
{
    struct candidate *c = &l->candidate[i], pv = *c;
    bool first = !l->sums[i].n;
    uint8_t owner[BOARD_AREA];
    struct game g;
    double lead;
    int area = p->w * p->h, status;

    if (game_copy(&g, r->game, e))
        return -1;
    status = game_play(&g, r->color, c->point, e);
    pv.pv_n = 1;
    if (!status)
        status = play_on(p, l->rng, r, &g, !first, &pv, e);
    if (!status) {
        lead = board_area(&g.board, owner) - g.komi;
        lead = r->color == BLACK ? lead : -lead;
        count(&l->sums[i], lead, owner, area, r->color);
        count(&l->sums[l->n], lead, owner, area, r->color);
        l->visits++;
        if (first)
            *c = pv;
    }
    game_release(&g);
    return status;
}

/* --- figures --- */

static double winrate(const struct rollout_sums *s)
{
    return (s->wins + 1) / ((double)s->n + 2);
}

static const float *ownership(const struct rollouts *l, int i, int area)
{
    float *own = l->ownership + i * area;
    const struct rollout_sums *s = &l->sums[i];

    for (int k = 0; k < area; k++)
        own[k] = s->n ? s->own[k] / (float)s->n : 0;
    return own;
}

static void report(struct rollouts *l, const struct player_request *r, int area)
{
    const struct rollout_sums *all = &l->sums[l->n];
    struct analysis a = {
        .n = l->n, .candidate = l->candidate, .visits = l->visits + l->n,
        .winrate = winrate(all), .utility = 2 * winrate(all) - 1,
        .lead = all->n ? all->lead / (double)all->n : 0,
        .ownership = r->ownership ? ownership(l, l->n, area) : NULL,
    };

    for (int i = 0; i < l->n; i++) {
        struct candidate *c = &l->candidate[i];
        const struct rollout_sums *s = &l->sums[i];
        double n = (double)s->n + 2, w = winrate(s);

        c->visits = s->n + 1; /* that it was looked at counts too */
        c->winrate = w;
        c->lcb = fmax(0, w - 1.96 * sqrt(w * (1 - w) / n));
        c->utility = 2 * w - 1;
        c->lead = s->n ? s->lead / (double)s->n : a.lead;
        for (int k = 0; k < c->pv_n; k++)
            c->pv_visits[k] = k ? 1 : c->visits;
        c->ownership = r->moves_ownership && s->n ? ownership(l, i, area) : NULL;
    }
    r->report(r->ctx, &a);
}

/* The candidate with the fewest visits for its probability. */
static int next_candidate(const struct rollouts *l)
{
    int best = 0;

    for (int i = 1; i < l->n; i++)
        if (l->candidate[i].prior / (double)(l->sums[i].n + 1) >
            l->candidate[best].prior / (double)(l->sums[best].n + 1))
            best = i;
    return best;
}

int rollouts_play(struct rollouts *l, struct policy *p, const struct player_request *r, long visits,
               struct err *e)
{
    int area = p->w * p->h, status = 0;

    if (prepare(l, p, r, e))
        return -1;
    while (!status && l->n && l->visits < visits) {
        if (r->poll(r->ctx) & POLL_REPORT)
            report(l, r, area);
        status = visit(l, p, r, next_candidate(l), e);
    }
    if (status >= 0 && l->n)
        report(l, r, area);
    return status < 0 ? -1 : 0;
}
