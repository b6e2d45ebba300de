/*
 * bench_moves: what the benches share that ask for single moves: whom to ask
 * (a player of ours or any GTP engine), the options that say so, JSON.
 */
#ifndef GTP_BENCH_MOVES_H
#define GTP_BENCH_MOVES_H

#include <stdio.h>

#include "gtp/client.h"
#include "gtp/player.h"

struct mover_options {
    const char *engine, *player; /* a command; else the name of one of our players */
    struct player_options p;
    double timeout;              /* seconds an engine may take for a move */
};

/* What these options are by default, and their part of --help. */
extern const struct mover_options mover_defaults;
#define MOVER_LONG_OPTIONS                                                                       \
    { "engine", required_argument, NULL, 'e' }, { "player", required_argument, NULL, 'p' },      \
    { "weights", required_argument, NULL, 'w' }, { "device", required_argument, NULL, 'D' },     \
    { "threads", required_argument, NULL, 'j' }, { "seed", required_argument, NULL, 'S' },       \
    { "timeout", required_argument, NULL, 't' }, { "move-seconds", required_argument, NULL, 't' }
#define MOVER_SHORT_OPTIONS "e:p:w:D:j:S:t:"
#define MOVER_HELP                                                                               \
    "  -e, --engine=COMMAND ask this GTP engine, by reg_genmove or genmove\n"                     \
    "  -p, --player=NAME    else this player of ours (default world)\n"                           \
    "  -w, --weights=DIR    folder of its weights\n"                                              \
    "  -D, --device=NAME    where it computes: auto (default), cpu, cuda or cuda:N\n"             \
    "  -j, --threads=N      of the CPU (default: all cores)\n"                                    \
    "  -S, --seed=N         of its random numbers (default 1)\n"                                  \
    "  -t, --timeout=S      seconds for a move of the engine, or --move-seconds (default 60)\n"

/* Takes option c; -1: text is no value for it. */
int mover_option(struct mover_options *o, int c, const char *text);

/* Who is asked, as the tables call it. */
const char *mover_name(const struct mover_options *o);

/* One who is asked. */
struct mover {
    const struct mover_options *o;
    struct player *player; /* or, without one, */
    struct client client;
    bool can_reg;          /* the engine knows reg_genmove */
};

/* What it chose. */
struct move_choice {
    int move;      /* a point, PASS or RESIGN; NO_POINT: what it said is no move */
    bool wrong;    /* a legal move, but the player's first choice was none */
    double ms;
    char said[16]; /* the engine's word, or the vertex */
};

/* Stop it in any case; in_order: it may take its time to quit. */
int mover_start(struct mover *m, const struct mover_options *o, struct err *e);
void mover_stop(struct mover *m, bool in_order);

/* Has an engine (a player needs none) obey a command: 0 it did, 1 it refused, and reply() of
   its client says why, -1 it failed. */
int mover_tell(struct mover *m, const char *command, struct err *e);

/* How many positions can be asked about together: an engine always one. */
int mover_batch(const struct mover *m);

/* Asks for the moves of n <= mover_batch positions g[i], c[i] to move; ms is what each took on
   the average. */
int mover_ask_all(struct mover *m, const struct game *g, const enum color *c, int n,
                  struct move_choice *to, struct err *e);

/* Asks for a move in g; an engine has been told of that position.  An engine that fails is an
   error, one that answers '?' or nonsense is not. */
int mover_ask(struct mover *m, const struct game *g, enum color c, struct move_choice *to,
              struct err *e);

/* A string of JSON, with its quotes. */
void json_string(FILE *f, const char *s);

#endif
