/*
 * match: one game of Go between two GTP engines, with a third as referee or none.
 *
 * A match is a state machine over clients that somebody else started and
 * polls: call match_step whenever client_poll has returned, until it says that
 * the game is over.  Each engine is greeted ("name"), set up (boardsize,
 * clear_board, komi, its clock, then the plies of the opening by play), and
 * asked for its moves by genmove; what one moves the other is told by play.
 * Both are set up at once.  Nothing here waits, prints or keeps a file.
 *
 * The game ends by two passes, a resignation, after max_plies, by a rule of
 * the match (see struct match_rules), or by a fault: whoever moves illegally,
 * oversteps its clock, does not answer in time, dies, answers nonsense or
 * refuses a legal move has lost ("B+F", "B+T").  An engine that does not even
 * answer the greeting, or does not play on that board, with that komi or that
 * clock, has not begun: MATCH_NO_START is no result.
 *
 * A side with a clock (match_clock.h) is told it at the start and, if it knows
 * time_left, before each of its moves; the time from genmove to the reply is
 * taken from it.  With `analyze` an engine that knows kata-genmove_analyze or
 * lz-genmove_analyze is asked for its moves by that, for the figures.
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
#include "gtp/client.h"
#include "gtp/match_analysis.h"
#include "gtp/match_clock.h"

enum match_end {
    MATCH_ON, /* not over */
    MATCH_SCORE,
    MATCH_OWN_SCORE, /* ours, since the referee gave none */
    MATCH_RESIGN,
    MATCH_MERCY,    /* scored before its end, as one side was so far ahead */
    MATCH_GIVEN_UP, /* its own winrates were so low that it has resigned */
    /* faults */
    MATCH_TIME,    /* it overstepped its clock */
    MATCH_ILLEGAL, /* an illegal move */
    MATCH_NO_MOVE, /* genmove answered by something else */
    MATCH_REFUSED, /* a legal move of the other, or another command, refused */
    MATCH_HANG,    /* no reply in time */
    MATCH_BROKEN,  /* it died, or broke the protocol */
    /* no game */
    MATCH_NO_START,
    N_MATCH_ENDS
};

enum {
    MATCH_REFEREE = 2,       /* the seat after Black's and White's */
    MATCH_MOVE_SECONDS = 60, /* what move_seconds is unless told otherwise */
};

struct match_rules {
    int size;
    double komi;
    int max_plies;       /* those of the opening included */
    double move_seconds; /* most for a move, whatever the clock says */
    struct clock_rules clock[2]; /* Black's, White's; zeroed: none */
    double margin;       /* seconds by which a clock may be overstepped */
    bool analyze;
    /* Scores the game as it stands when the same side has been more than so many points ahead,
       by our own area score, after each of so many plies in a row; 0 plies: never. */
    double mercy_points;
    int mercy_plies;
    /* Has a side resign whose own winrate was below this at each of so many of its moves in a
       row; 0 moves: never. */
    double resign_below;
    int resign_moves;
};

/* A client and what it has been told. */
struct match_seat {
    struct client *client; /* not owned; NULL: there is no referee */
    struct clock clock;    /* an engine's */
    unsigned knows;        /* private: KNOWS_..., as far as the game needs it */
    int asked;             /* private: its last command */
    bool waiting;          /* private: for the reply */
    int known;             /* plies it knows */
    int low;               /* private: own moves in a row with a winrate below resign_below */
};

/* What is noted of a ply beside the game; zeroed for those of the opening. */
struct match_ply {
    double seconds;
    bool timed;      /* the mover has a clock, on which then were left: */
    double left;     /* seconds, of main time or of the period */
    int stones;      /* in overtime: moves or periods */
    struct match_analysis said;
};

struct match {
    struct match_rules rules;
    struct match_seat seat[3]; /* Black, White, referee */
    struct game game;
    struct match_ply *ply;     /* by ply; owned */
    enum match_end end;
    enum color winner;         /* EMPTY: a draw, or no game */
    enum color at_fault;       /* EMPTY: nobody */
    char result[24];           /* "B+3.5", "W+R", "B+F", "0" */
    struct err fault;          /* what went wrong, the referee's too; "" if nothing */
    bool scoring;              /* private: it is the referee's turn */
    enum color ahead;          /* private: by more than mercy_points, since ... */
    int ahead_plies;           /* private: ... so many plies */
};

/* "score", "illegal", ... and back; -1 if there is none of that name. */
const char *match_end_name(enum match_end end);
int match_end_named(const char *name);

static inline bool match_is_fault(enum match_end end)
{
    return end >= MATCH_TIME && end <= MATCH_BROKEN;
}

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
