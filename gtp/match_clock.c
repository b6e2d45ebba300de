#include "gtp/match_clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double most_seconds = 1e6;

/* --- the notation ------------------------------------------------------------- */

/* Reads a number of lo .. most_seconds; "0x1" and "nan" are none. */
static int take_seconds(const char **text, double lo, double *v)
{
    size_t digits = strspn(*text, "0123456789.");
    char *end;

    *v = strtod(*text, &end);
    if (!digits || end != *text + digits || !(*v >= lo && *v <= most_seconds))
        return -1;
    *text = end;
    return 0;
}

static int take_count(const char **text, int *v)
{
    size_t digits = strspn(*text, "0123456789");

    *v = digits && digits < 6 ? atoi(*text) : 0;
    *text += digits;
    return *v >= 1 ? 0 : -1;
}

/* "5x10" or "10:25". */
static int take_overtime(const char **text, struct clock_rules *r)
{
    if ((*text)[strspn(*text, "0123456789")] == 'x') {
        r->kind = CLOCK_BYOYOMI;
        return take_count(text, &r->stones) || *(*text)++ != 'x' ||
               take_seconds(text, 0.001, &r->period) ? -1 : 0;
    }
    r->kind = CLOCK_CANADIAN;
    return take_seconds(text, 0.001, &r->period) || *(*text)++ != ':' ||
           take_count(text, &r->stones) ? -1 : 0;
}

int match_clock_parse(const char *text, struct clock_rules *r)
{
    int status = 0;

    *r = (struct clock_rules){ .cap = INFINITY, .longest = INFINITY };
    if (!strcmp(text, "none"))
        return 0;
    r->kind = CLOCK_ABSOLUTE;
    if (take_seconds(&text, 0, &r->main))
        return -1;
    if (*text == '+') {
        text++;
        r->kind = CLOCK_FISCHER;
        status = take_seconds(&text, 0.001, &r->period);
    } else if (*text == '/') {
        text++;
        status = take_overtime(&text, r);
    }
    if (r->main <= 0 && (r->kind == CLOCK_ABSOLUTE || r->kind == CLOCK_FISCHER))
        return -1;
    return status || *text ? -1 : 0;
}

const char *match_clock_text(const struct clock_rules *r, char buf[MATCH_CLOCK_TEXT])
{
    switch (r->kind) {
    case CLOCK_NONE: snprintf(buf, MATCH_CLOCK_TEXT, "none"); break;
    case CLOCK_ABSOLUTE: snprintf(buf, MATCH_CLOCK_TEXT, "%.10g", r->main); break;
    case CLOCK_FISCHER: snprintf(buf, MATCH_CLOCK_TEXT, "%.10g+%.10g", r->main, r->period); break;
    case CLOCK_BYOYOMI:
        snprintf(buf, MATCH_CLOCK_TEXT, "%.10g/%dx%.10g", r->main, r->stones, r->period);
        break;
    case CLOCK_CANADIAN:
        snprintf(buf, MATCH_CLOCK_TEXT, "%.10g/%.10g:%d", r->main, r->period, r->stones);
        break;
    }
    return buf;
}

const char *match_clock_overtime(const struct clock_rules *r, char buf[MATCH_CLOCK_TEXT])
{
    *buf = '\0';
    if (r->kind == CLOCK_FISCHER)
        snprintf(buf, MATCH_CLOCK_TEXT, "%.10g fischer", r->period);
    else if (r->kind == CLOCK_BYOYOMI)
        snprintf(buf, MATCH_CLOCK_TEXT, "%dx%.10g byo-yomi", r->stones, r->period);
    else if (r->kind == CLOCK_CANADIAN)
        snprintf(buf, MATCH_CLOCK_TEXT, "%d/%.10g Canadian", r->stones, r->period);
    return buf;
}

/* --- what an engine is told ---------------------------------------------------- */

/* The dialect in which an engine hears of its clock. */
enum dialect { DIALECT_NONE, DIALECT_PLAIN, DIALECT_KGS, DIALECT_KATA };

static bool is_whole(double v)
{
    return v == floor(v);
}

static enum dialect dialect(const struct clock_rules *r, unsigned knows)
{
    enum dialect plain = knows & KNOWS_TIME_SETTINGS ? DIALECT_PLAIN : DIALECT_NONE;
    enum dialect kgs = knows & KNOWS_KGS_TIME ? DIALECT_KGS : plain;

    if (r->kind == CLOCK_FISCHER)
        return knows & KNOWS_KATA_TIME ? DIALECT_KATA : plain;
    if (r->kind == CLOCK_BYOYOMI)
        return knows & KNOWS_KATA_TIME ? DIALECT_KATA : kgs;
    if (knows & KNOWS_KATA_TIME && !(plain && is_whole(r->main) && is_whole(r->period)))
        return DIALECT_KATA;
    return plain ? plain : kgs;
}

/* What an engine that knows only time_settings is to believe, whole seconds. */
static void simplify(const struct clock_rules *r, double *main, double *period, int *stones)
{
    *main = floor(r->main);
    *period = floor(r->period);
    *stones = r->kind == CLOCK_CANADIAN ? r->stones : r->kind == CLOCK_ABSOLUTE ? 0 : 1;
    if (r->kind == CLOCK_FISCHER) {
        *period = fmin(*period, *main);
        *main -= *period;
    }
}

int match_clock_command(const struct clock_rules *r, unsigned knows, char buf[MATCH_CLOCK_TEXT])
{
    enum dialect d = dialect(r, knows);
    const char *who = d == DIALECT_KATA ? "kata" : "kgs";
    double main = r->main, period = r->period;
    int stones = r->stones;

    if (d != DIALECT_KATA)
        simplify(r, &main, &period, &stones);
    if (d == DIALECT_NONE || (r->period > 0 && period <= 0) || main + period <= 0)
        return -1;
    if (d == DIALECT_PLAIN)
        snprintf(buf, MATCH_CLOCK_TEXT, "time_settings %.0f %.0f %d", main, period, stones);
    else if (r->kind == CLOCK_ABSOLUTE)
        snprintf(buf, MATCH_CLOCK_TEXT, "%s-time_settings absolute %.10g", who, main);
    else if (r->kind == CLOCK_FISCHER)
        snprintf(buf, MATCH_CLOCK_TEXT, "kata-time_settings fischer %.10g %.10g", main, period);
    else
        snprintf(buf, MATCH_CLOCK_TEXT, "%s-time_settings %s %.10g %.10g %d", who,
                 r->kind == CLOCK_BYOYOMI ? "byoyomi" : "canadian", main, period, r->stones);
    return 0;
}

const char *match_clock_left(const struct clock *c, unsigned knows, char buf[MATCH_CLOCK_TEXT])
{
    const struct clock_rules *r = &c->rules;
    bool plain = dialect(r, knows) == DIALECT_PLAIN, overtime = c->overtime;
    double left = c->left;
    int stones = overtime ? c->stones : 0;

    /* Main time is over: the next move is the first in overtime. */
    if (!overtime && left <= 0 && (r->kind == CLOCK_BYOYOMI || r->kind == CLOCK_CANADIAN)) {
        left = r->period;
        stones = r->stones;
    }
    if (plain && stones && r->kind == CLOCK_BYOYOMI)
        stones = 1;
    if (plain && r->kind == CLOCK_FISCHER) {
        double period = fmin(floor(r->period), floor(r->main));

        if (left >= period + 1)
            left -= period;
        else
            stones = 1;
    }
    snprintf(buf, MATCH_CLOCK_TEXT, "%.*f %d", knows & KNOWS_KATA_TIME ? 3 : 0,
             knows & KNOWS_KATA_TIME ? left : floor(left), stones);
    return buf;
}

/* --- spending ------------------------------------------------------------------ */

bool match_clock_spend(struct clock *c, double seconds, double margin)
{
    double most = clock_most(c);

    if (seconds > most && seconds <= most + margin)
        seconds = most;
    return clock_spend(c, seconds);
}
