/*
 * cmd: shared by the files that hold the commands (cmd_*.c); private to them.
 *
 * Each file has one table.  A command gets the session for its arguments and
 * reply and a struct commands as ctx.  Arguments that are missing, too many or
 * no numbers are a "syntax error"; commands without arguments ignore some.
 */
#ifndef GTP_CMD_H
#define GTP_CMD_H

#include "gtp/clock.h"
#include "gtp/commands.h"

enum { CMD_KOMI_MAX = 10000 };

struct commands {
    struct commands_options o;
    struct game game;
    struct player *player;
    struct clock clock[3];  /* BLACK, WHITE */
    bool time_told;         /* time settings came, if only to say that there are none */
    double move_cpu;        /* processor seconds spent on moves so far */
    double max_time;        /* most seconds for a move, whatever the clock allows */
    long max_visits;        /* of a move or analysis; 0: as the player likes */
    struct {
        int plies, move;    /* what it chose last, and after how many plies; -1: nothing */
        bool play;          /* to be played */
        enum color color;
    } thought;
};

extern const struct gtp_command cmd_core[], cmd_setup[], cmd_time[], cmd_sgf[], cmd_rules[],
    cmd_params[], cmd_gogui[], cmd_analysis[], cmd_raw_nn[];

/* "syntax error"; returns -1. */
int cmd_syntax(struct gtp *g);

/* Exactly `least` to `most` arguments?  Otherwise a syntax error. */
int cmd_argc(struct gtp *g, int least, int most);

/* Arguments as values: 0, or -1 without a reply. */
int cmd_int(const char *s, int *v);
int cmd_float(const char *s, double *v);  /* finite */
int cmd_bool(const char *s, bool *v);     /* true or false, in any case */
int cmd_color(const char *s, enum color *c);

/* A point or PASS: 0; -1 after gtp_fail: what looks like a vertex but is none of
   this board's is `bad`, all else a syntax error. */
int cmd_vertex(struct gtp *g, const struct board *b, const char *s, const char *bad, int *p);

/* What the player is asked for its next move, beside the limits of clock and
   parameters.  poll adds bits of its own; poll and report may be NULL. */
struct cmd_think {
    enum color color;
    const uint8_t *allowed;
    bool ownership, moves_ownership;
    int least;
    int (*poll)(void *ctx);
    void (*report)(void *ctx, const struct analysis *a);
    void *ctx;
};

/* The player's move, its time booked to the clock if it is going to be played.
   -1 after gtp_fail. */
int cmd_think(struct gtp *g, struct commands *c, const struct cmd_think *t, bool play,
              int *move);

/* Is what the player thought last of the game's last move, or of the next? */
bool cmd_thought(const struct commands *c);

/* Does the player know boards of that size? */
bool cmd_accepts(const struct commands *c, int w, int h);

/* A new game begins: the clocks start anew. */
void cmd_restart_clocks(struct commands *c);

/* g becomes the engine's game, the old one is released; g is left empty. */
void cmd_take_game(struct commands *c, struct game *g);

#endif
