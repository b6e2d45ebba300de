/*
 * match: one game of Go between two GTP engines, with a third as referee or none.
 *
 * A match is a state machine over clients that somebody else started and
 * polls: call match_step whenever client_poll has returned, until it says that
 * the game is over.  Each engine is greeted ("name"), set up (boardsize,
 * clear_board, komi, then the plies of the opening by play), and asked for its
 * moves by genmove; what one moves the other is told by play.  Both are set up
 * at once.  Nothing here waits, prints or keeps a file.
 *
 * The game ends by two passes, a resignation, after max_plies, or by a fault:
 * whoever moves illegally, does not answer in time, dies, answers nonsense or
 * refuses a legal move has lost ("B+F").  An engine that does not even answer
 * the greeting, or does not play on that board or with that komi, has not
 * begun: MATCH_NO_START is no result.
 *
 * The score is our own area score (every stone alive), or with a referee what
 * its final_score says of the game played to it; when that is no score, our
 * own counts (MATCH_OWN_SCORE) and `fault` says why.
 *
 * After a game the clients stay usable unless they were at fault, failed, or
 * are busy still: those are to be stopped.
 */
#ifndef GTP_MATCH_H
#define GTP_MATCH_H

#include "engine/game.h"
#include "engine/rng.h"
#include "gtp/client.h"

enum match_end {
    MATCH_ON, /* not over */
    MATCH_SCORE,
    MATCH_OWN_SCORE, /* ours, since the referee gave none */
    MATCH_RESIGN,
    /* faults */
    MATCH_ILLEGAL, /* an illegal move */
    MATCH_NO_MOVE, /* genmove answered by something else */
    MATCH_REFUSED, /* a legal move of the other, or another command, refused */
    MATCH_HANG,    /* no reply in time */
    MATCH_BROKEN,  /* it died, or broke the protocol */
    /* no game */
    MATCH_NO_START,
    N_MATCH_ENDS
};

enum { MATCH_REFEREE = 2 }; /* the seat after Black's and White's */

struct match_rules {
    int size;
    double komi;
    int max_plies;       /* those of the opening included */
    double move_seconds; /* most for a move */
};

/* A client and what it has been told. */
struct match_seat {
    struct client *client; /* not owned; NULL: there is no referee */
    int asked;             /* private: its last command */
    bool waiting;          /* private: for the reply */
    int known;             /* plies it knows */
};

struct match {
    struct match_rules rules;
    struct match_seat seat[3]; /* Black, White, referee */
    struct game game;
    double *seconds;           /* by ply: what each move took, 0 in the opening; owned */
    enum match_end end;
    enum color winner;         /* EMPTY: a draw, or no game */
    enum color at_fault;       /* EMPTY: nobody */
    char result[24];           /* "B+3.5", "W+R", "B+F", "0" */
    struct err fault;          /* what went wrong, the referee's too; "" if nothing */
    bool scoring;              /* private: it is the referee's turn */
};

/* "score", "illegal", ... and back; -1 if there is none of that name. */
const char *match_end_name(enum match_end end);
int match_end_named(const char *name);

static inline bool match_is_fault(enum match_end end)
{
    return end >= MATCH_ILLEGAL && end <= MATCH_BROKEN;
}

/* An opening of n random moves, off the edge while there is room, the same for the same
   seed; g is uninitialised before and to be released in any case. */
int match_opening(const struct match_rules *rules, int n, uint64_t seed, struct game *g,
                  struct err *e);

/* Begins a game from the position of `opening`, which is copied.  The clients are idle and
   stay until the game is over; referee may be NULL.  Release m in any case. */
int match_begin(struct match *m, const struct match_rules *rules, const struct game *opening,
                struct client *black, struct client *white, struct client *referee,
                struct err *e);

/* Takes the replies that are in and sends what comes next.  1: the game is over, 0: it goes
   on, -1: it cannot (memory). */
int match_step(struct match *m, struct err *e);

void match_release(struct match *m);

/* The median of the seconds a colour's own moves took; 0 if it made none. */
double match_median(const struct match *m, enum color c);

#endif
