/*
 * match_analysis: what an engine says of the move that it makes.
 *
 * kata-genmove_analyze and lz-genmove_analyze answer lines of figures and then
 * "play V".  The last line of figures counts, and in it those of move V.
 * Winrates and scores are taken to be for the side that moves.
 */
#ifndef GTP_MATCH_ANALYSIS_H
#define GTP_MATCH_ANALYSIS_H

#include <stdbool.h>

struct match_analysis {
    bool has_winrate, has_score;
    double winrate; /* 0 .. 1 */
    double score;   /* points ahead */
    long visits;    /* 0: not told */
};

/* Takes a reply apart; lz: in that dialect, whose winrates are of 10,000.  move gets what
   stands behind "play", cut to 15 letters; -1: there is none.  Figures that are missing or
   no numbers are left out. */
int match_analysis_take(const char *reply, bool lz, char move[16], struct match_analysis *a);

#endif
