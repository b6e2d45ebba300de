/* tool_ladder: what the parts of `videoworld ladder` tell each other. */
#ifndef GTP_TOOL_LADDER_H
#define GTP_TOOL_LADDER_H

#include "gtp/tool_match.h"

struct ladder_job {
    struct match_job match;  /* engine 0 climbs, the others are rungs */
    double within;           /* Elo: half of the interval that will do */
    long most;               /* games */
    bool calibrate;
    char *katago, *plot;     /* or NULL; owned */
    char *program;           /* this program's path, quoted for the shell; owned */
};

/* --- tool_ladder_options.c */

/* Takes the command line.  -1: go on, else the exit status.  Release j in any case. */
int ladder_options(struct ladder_job *j, int argc, char **argv);
void ladder_job_release(struct ladder_job *j);

/* --- tool_ladder_report.c */

/* The rungs, and one line for the climber, on stdout; the picture, if wanted. */
int ladder_report(const struct ladder_job *j, const struct match_results *r, struct err *e);

#endif
