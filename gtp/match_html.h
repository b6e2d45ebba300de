/*
 * match_html: a match or tournament as one page for people.
 *
 * The page needs nothing but itself: no script, font or picture from anywhere, only links to the
 * games' SGF files if told where these are.  It follows the reader's light or dark theme, is
 * readable on a phone, and is well-formed XML too, whatever bytes the names hold.  It holds the
 * standings, a chart (for two players the score as the match went on, for more the ratings with
 * their error bars), the pairings, the faults, and every game.
 *
 * Nothing here reads a clock: the same games make the same page.
 */
#ifndef GTP_MATCH_HTML_H
#define GTP_MATCH_HTML_H

#include "gtp/match_table.h"
#include "gtp/text.h"

struct match_page {
    const char *title;
    const char *const *line; /* (lines) what was played, how */
    int lines;
    const char *const *name; /* (players), different */
    int players;
    const struct match_record *record; /* (n), in any order, of these players */
    size_t n;
    const struct match_table *table; /* of these players in this order, as */
    const struct ratings *ratings;
    int refresh;                   /* the reader's browser loads it anew after so many seconds;
                                      0: never, all games are played */
    const char *sgf_dir;           /* seen from the page, holding game-%06d.sgf; NULL: no links */
};

/* Adds the page to `out`. */
int match_html(const struct match_page *m, struct text *out, struct err *e);

/* Writes it to a file, whole or absent. */
int match_html_write(const struct match_page *m, const char *path, struct err *e);

#endif
