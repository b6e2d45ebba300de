/* videoworld match: ending it when it has shown enough. */
#include "config.h"

#include <stdlib.h>

#include "gtp/tool_match.h"

/* Pairs of games by what the first engine scored in them, as sprt.h wants them. */
static int count_pairs(const struct match_job *j, const struct match_results *r,
                       long pairs[SPRT_SCORES], struct err *e)
{
    size_t openings = (size_t)match_numbers(&j->plan) / 2 + 1;
    uint8_t *seen = calloc(openings, 1), *points = calloc(openings, 1); /* half points */

    for (int i = 0; i < SPRT_SCORES; i++)
        pairs[i] = 0;
    for (size_t i = 0; seen && points && i < r->n; i++) {
        const struct match_record *g = &r->record[i];
        size_t k = (size_t)g->game / 2;
        enum color first = match_game(&j->plan, g->game).black == 0 ? BLACK : WHITE;

        if (k >= openings)
            continue;
        points[k] += g->winner == first ? 2 : g->winner == EMPTY;
        if (++seen[k] == 2)
            pairs[points[k]]++;
    }
    free(seen);
    free(points);
    return seen && points ? 0 : err_set(e, "out of memory");
}

int match_sprt_after(void *arg, const struct match_job *j, const struct match_results *r,
                     struct err *e)
{
    long pairs[SPRT_SCORES];

    (void)arg;
    if (count_pairs(j, r, pairs, e))
        return -1;
    return sprt_look(&j->sprt, pairs).verdict != SPRT_GO_ON;
}

int match_print_sprt(const struct match_job *j, const struct match_results *r, struct err *e)
{
    static const char *const verdicts[] = {
        [SPRT_GO_ON] = "not decided",
        [SPRT_H0] = "the lower is accepted",
        [SPRT_H1] = "the higher is accepted",
    };
    struct sprt_state s;
    long pairs[SPRT_SCORES];

    if (count_pairs(j, r, pairs, e))
        return -1;
    s = sprt_look(&j->sprt, pairs);
    printf("SPRT, Elo %+g or %+g: %s; log-likelihood ratio %.2f of %.2f to %.2f; pairs by points "
           "(0 to 2): %ld-%ld-%ld-%ld-%ld\n", j->sprt.elo0, j->sprt.elo1, verdicts[s.verdict],
           s.llr, s.lower, s.upper, pairs[0], pairs[1], pairs[2], pairs[3], pairs[4]);
    return 0;
}
