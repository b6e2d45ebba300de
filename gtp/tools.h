/*
 * tools: the subcommands of the program, one function each.
 *
 * argv[0] is the subcommand's name.  A tool prints its result on stdout, its
 * errors as "videoworld: message" on stderr, and returns the exit status:
 * 0 success, 1 failure, 2 wrong usage; main makes 128 + signal of a success that
 * a signal cut short.
 */
#ifndef GTP_TOOLS_H
#define GTP_TOOLS_H

#include <signal.h>
#include <stdbool.h>

#include "engine/err.h"

int tool_gtp(int argc, char **argv);
int tool_render(int argc, char **argv);
int tool_imagine(int argc, char **argv);
int tool_sgf(int argc, char **argv);
int tool_dataset(int argc, char **argv);
int tool_match(int argc, char **argv);
int tool_ladder(int argc, char **argv);
int tool_train(int argc, char **argv);
int tool_bench(int argc, char **argv);

/* Parts of `videoworld bench`, called by tool_bench with argv[0] their name. */
int bench_data(int argc, char **argv);
int bench_engine(int argc, char **argv);
int bench_go(int argc, char **argv);
int bench_ldm(int argc, char **argv);
int bench_ops(int argc, char **argv);
int bench_render(int argc, char **argv);
int bench_suite(int argc, char **argv);
int bench_tokenizer(int argc, char **argv);
int bench_world(int argc, char **argv);

/* Print "videoworld: ..." on stderr and return exit status 1 or 2. */
int tool_fail(const struct err *e);
int tool_usage(const char *tool, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A game's file without folder and ending, at most 3000 bytes of *name; "game" for "-". */
int tool_base_name(const char *file, const char **name);

/* While they are caught, ctrl-C, SIGTERM and SIGHUP set this to their number; the second one
   ends at once.  Catching clears it. */
extern volatile sig_atomic_t tool_stopped;
void tool_catch_signals(bool on);

#endif
