#include "gtp/clock.h"

#include <math.h>

/* Kept back for the way between engine and referee. */
static const double lag = 0.1;

void clock_start(struct clock *c, const struct clock_rules *r)
{
    c->rules = *r;
    c->left = r->main;
    c->overtime = false;
    c->stones = 0;
}

void clock_left(struct clock *c, double seconds, int stones)
{
    c->left = seconds > 0 ? seconds : 0;
    c->overtime = stones > 0;
    c->stones = stones;
}

/* Main time is used up by `over` seconds more. */
static bool spend_overtime(struct clock *c, double over)
{
    if (c->rules.kind == CLOCK_BYOYOMI) {
        double gone = over > c->left ? ceil((over - c->left) / c->rules.period) : 0;

        c->left = c->rules.period;
        if (!(gone < c->stones)) {
            c->stones = 1;
            return false;
        }
        c->stones -= (int)gone;
        return true;
    }
    c->left -= over;
    if (c->left < 0) {
        c->left = 0;
        return false;
    }
    if (--c->stones <= 0) {
        c->stones = c->rules.stones;
        c->left = c->rules.period;
    }
    return true;
}

bool clock_spend(struct clock *c, double seconds)
{
    const struct clock_rules *r = &c->rules;

    if (r->kind == CLOCK_NONE)
        return true;
    if (c->overtime)
        return spend_overtime(c, seconds);
    if (seconds <= c->left) {
        c->left -= seconds;
        if (r->kind == CLOCK_FISCHER)
            c->left = fmin(c->left + r->period, r->cap);
        return true;
    }
    seconds -= c->left;
    c->left = 0;
    if ((r->kind != CLOCK_CANADIAN && r->kind != CLOCK_BYOYOMI) || r->stones <= 0)
        return false;
    c->overtime = true;
    c->stones = r->stones;
    c->left = r->period;
    return spend_overtime(c, seconds);
}

double clock_most(const struct clock *c)
{
    const struct clock_rules *r = &c->rules;

    switch (r->kind) {
    case CLOCK_NONE: return INFINITY;
    case CLOCK_CANADIAN: return c->left + (!c->overtime && r->stones > 0 ? r->period : 0);
    case CLOCK_BYOYOMI: return c->left + (c->overtime ? c->stones - 1 : r->stones) * r->period;
    default: return c->left;
    }
}

double clock_allowance(const struct clock *c, int moves)
{
    const struct clock_rules *r = &c->rules;
    double most = c->left, share;

    if (moves < 1)
        moves = 1;
    switch (r->kind) {
    case CLOCK_NONE:
        return INFINITY;
    case CLOCK_ABSOLUTE:
        share = c->left / moves;
        break;
    case CLOCK_FISCHER:
        share = c->left / moves + r->period;
        break;
    case CLOCK_CANADIAN:
        if (c->overtime) {
            share = c->left / (c->stones > 0 ? c->stones : 1);
        } else {
            share = c->left / moves + (r->stones > 0 ? r->period / r->stones : 0);
            most += r->stones > 0 ? r->period : 0;
        }
        break;
    default: /* CLOCK_BYOYOMI: a period comes back with every move */
        share = c->overtime ? c->left : c->left / moves + (r->stones > 0 ? r->period : 0);
        most += !c->overtime && r->stones > 0 ? r->period : 0;
    }
    /* Never more than is there, less what the way takes. */
    share = fmin(share, most - fmin(lag, most / 2));
    return fmax(fmin(share, r->longest), 0);
}
