/*
 * clock: what time one side has, and how much of it a move may take.
 *
 * No clock is read here: seconds spent are told.  All times are seconds.
 */
#ifndef GTP_CLOCK_H
#define GTP_CLOCK_H

#include <stdbool.h>

enum clock_kind {
    CLOCK_NONE,
    CLOCK_ABSOLUTE, /* main time and no more */
    CLOCK_CANADIAN, /* then `stones` moves in each `period` */
    CLOCK_BYOYOMI,  /* then `stones` periods, each lost only when used up */
    CLOCK_FISCHER,  /* `period` is added after each move, up to `cap` */
};

struct clock_rules {
    enum clock_kind kind;
    double main, period;
    int stones;     /* moves a period, or with byo-yomi the number of periods */
    double cap;     /* Fischer: most a clock can hold; INFINITY without */
    double longest; /* most for one move; INFINITY without */
};

struct clock {
    struct clock_rules rules;
    double left;   /* of the main time or, in overtime, of the period */
    bool overtime;
    int stones;    /* in overtime: moves or periods left */
};

/* Sets a clock to its start. */
void clock_start(struct clock *c, const struct clock_rules *r);

/* What the controller says is left; stones 0 means main time (GTP's time_left). */
void clock_left(struct clock *c, double seconds, int stones);

/* One move took so long.  False when that was too long. */
bool clock_spend(struct clock *c, double seconds);

/* The most that the next move may take; INFINITY without a clock. */
double clock_most(const struct clock *c);

/* Seconds to spend on a move when about `moves` more of one's own are to come;
   INFINITY without a clock, 0 when time is up. */
double clock_allowance(const struct clock *c, int moves);

#endif
