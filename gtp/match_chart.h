/*
 * match_chart: what came out, as one SVG picture inside an HTML page.
 *
 * The page's style sheet gives the colours, by class: grid, label, value,
 * band, line, bar, dot.
 */
#ifndef GTP_MATCH_CHART_H
#define GTP_MATCH_CHART_H

#include "gtp/match_results.h"
#include "gtp/rating.h"
#include "gtp/text.h"

/* Each player's rating with its error bar, in the given order (n player numbers), those that
   have none left out. */
void match_chart_ratings(struct text *t, const struct ratings *r, const char *const *name,
                         const int *order, int n);

/* For n > 0 games, sorted by number and all of that player: its score after each opening, with
   the 95 % interval that elo.h gives. */
void match_chart_score(struct text *t, const char *name, const struct match_record *const *game,
                       size_t n);

#endif
