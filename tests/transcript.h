/*
 * transcript: a conversation with an engine as a text file (tests/gtp/NAME.tst).
 *
 *     $ --seed=1 --boardsize=9       arguments of `videoworld gtp`, first line
 *     # a comment
 *     @ game.sgf (;GM[1]FF[4])       makes a file in the folder the engine runs in
 *     > 7 protocol_version           sent; \r \t \n \0 \\ as in C
 *     =7 2                           what must come back, line by line, ...
 *                                    ... up to a blank line, which must come too
 *     > kata-analyze b 10
 *     =
 *     ~+ info move .*                one or more lines match this extended regex
 *     ! name                         then this is sent, here in the middle
 *
 *     <                              another reply comes, to the line sent last
 *     = VideoWorld
 *
 *     >> # nothing                   sent without any reply to come
 *
 * A regex matches a whole line; "~ regex" is for one line.  At the end input is
 * closed, and the engine must say nothing more and exit with status 0.
 */
#ifndef TESTS_TRANSCRIPT_H
#define TESTS_TRANSCRIPT_H

#include <stdbool.h>

enum step_kind { STEP_FILE, STEP_SEND, STEP_EXACT, STEP_MATCH, STEP_MATCHES, STEP_END };

struct step {
    enum step_kind kind;
    bool command;  /* STEP_SEND: begins an exchange that has a reply */
    int line;      /* of the file */
    char *text;    /* unescaped where it is sent or written */
    int len;
};

struct transcript {
    char *path;
    char *args;    /* after '$', or "" */
    struct step *step;
    int n;
};

/* Fail the running libcheck test when the file is not well formed. */
void transcript_read(struct transcript *t, const char *path);
void transcript_free(struct transcript *t);

/* Runs it against program; fails the running test at the first difference. */
void transcript_run(const struct transcript *t, const char *program);

/* The name of the command that a STEP_SEND sends, into buf; "" if it is none. */
const char *transcript_command(const struct step *s, char buf[64]);

#endif
