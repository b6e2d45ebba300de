/*
 * player: whatever makes moves, behind one small interface.
 *
 * A player is asked with a request: a game, a colour (which need not be the
 * side to move), the moves it may choose from, and limits.  It never changes
 * the game.  While it thinks it calls poll often, at least once an evaluation
 * (some 50 ms), and does what poll says: report its figures, or stop.  Clocks,
 * time limits, the interval between reports and "has the controller sent
 * something?" are all behind poll, so a player needs no clock of its own.
 *
 * All figures are seen from the colour asked: winrates are its chances, leads
 * its points, ownership its points +1.
 *
 * Parameters are named values that can be read and changed at any time
 * (kata-get-param, kata-set-param, --set).
 */
#ifndef GTP_PLAYER_H
#define GTP_PLAYER_H

#include "engine/err.h"
#include "engine/game.h"

enum { PLAYER_PV = 32 }; /* most moves of a variation */

/* One move the player considers. */
struct candidate {
    int point;           /* or PASS */
    long visits;         /* evaluations spent on it */
    double prior;        /* probability before any search; all priors sum to 1 */
    double winrate, lcb; /* 0 .. 1; lcb: a bound it is hardly below */
    double utility;      /* what the player maximises, -1 .. 1 */
    double lead;         /* points, komi included */
    int pv_n;            /* at least 1 */
    int pv[PLAYER_PV];   /* the variation, beginning with point */
    long pv_visits[PLAYER_PV];
    const float *ownership; /* (h, w) after the move, or NULL */
};

/* What a player thinks of a position; lives until its next request. */
struct analysis {
    int n;
    const struct candidate *candidate; /* best first */
    long visits;
    double winrate, utility, lead;
    const float *ownership; /* (h, w), from the top left, -1 .. 1, or NULL */
};

/* A move chosen beside others. */
struct player_move {
    int move;         /* as genmove's */
    bool first_legal; /* the first choice was a legal move */
};

enum { POLL_REPORT = 1, POLL_STOP = 2 }; /* bits of poll's answer */

struct player_request {
    const struct game *game;
    enum color color;
    const uint8_t *allowed; /* a flag for each point, (h, w), and one for the pass; NULL: all */
    long visits;            /* most evaluations; 0: as the player likes */
    int least;              /* candidates wanted at least, if so many moves are allowed */
    double seconds;         /* what there is to spend, INFINITY if no clock runs; a
                               hint for planning, since poll enforces it */
    bool ownership;         /* wanted: of the position, */
    bool moves_ownership;   /* and after each move */
    int symmetry;           /* look through this one of the 8 only; < 0: as it likes */
    bool raw;               /* one evaluation's figures, nothing played on from there */
    int (*poll)(void *ctx);
    void (*report)(void *ctx, const struct analysis *a); /* NULL: nobody listens */
    void *ctx;
};

struct player {
    const char *name;
    /*
     * Chooses a move: an allowed legal point, PASS (also when nothing else is
     * left) or RESIGN.  Even when poll says stop at once it moves, after the
     * first evaluation.  With report set it reports at least once and with
     * its last figures.
     */
    int (*genmove)(struct player *p, const struct player_request *r, int *move, struct err *e);
    /*
     * Chooses moves in n positions together, at most the `positions` it was made with: the moves
     * that genmove would choose.  Neither polls nor reports.  NULL: it can only do one at a time.
     */
    int (*genmoves)(struct player *p, const struct player_request *r, int n,
                    struct player_move *to, struct err *e);
    /*
     * Analyses until told to stop or until there is nothing to add; reports
     * when told to and with its last figures.  Told to stop before it began,
     * it reports nothing.
     */
    int (*analyse)(struct player *p, const struct player_request *r, struct err *e);
    /* Was its last genmove's first choice a legal move?  NULL: always. */
    bool (*first_legal)(struct player *p);
    /* Does it know boards of that size?  NULL: all. */
    bool (*accepts)(struct player *p, int w, int h);
    /* Why it made its last move, one or more lines, into buf; "" if it has nothing to say. */
    void (*explain)(struct player *p, char *buf, size_t size);
    /* The configuration in words, one or more lines. */
    void (*describe)(struct player *p, char *buf, size_t size);
    /* Names, NULL at the end; get fills buf and set reads value for the i-th. */
    const char *const *params;
    void (*get)(struct player *p, int i, char *buf, size_t size);
    int (*set)(struct player *p, int i, const char *value, struct err *e);
    void (*free)(struct player *p);
};

struct player_options {
    uint64_t seed;
    const char *weights; /* folder; NULL: looked for, see policy_weights */
    const char *device;  /* as device_open; NULL: auto */
    int threads;         /* 0: all cores */
    int positions;       /* most that genmoves is to be asked about; 0: one */
};

/* Makes the player of that name ("world", "random").  NULL with the names known in e. */
struct player *player_make(const char *name, const struct player_options *o, struct err *e);
struct player *player_new(const char *name, uint64_t seed, struct err *e);
void player_free(struct player *p);

/* Reads or sets a parameter by name; -1 if there is none of that name, or (set)
   the value is refused. */
int player_get(struct player *p, const char *name, char *buf, size_t size, struct err *e);
int player_set(struct player *p, const char *name, const char *value, struct err *e);

/* --- for players ------------------------------------------------------------ */

/* May the request's colour choose this point (or PASS)?  Asks superko too. */
bool player_may(const struct player_request *r, int point);

/* Reads a parameter "seed". */
int player_parse_seed(const char *value, uint64_t *seed, struct err *e);

/* One player a file. */
struct player *player_random_new(const struct player_options *o, struct err *e);
struct player *player_world_new(const struct player_options *o, struct err *e);

#endif
