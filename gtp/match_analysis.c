#include "gtp/match_analysis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The line before `line` in text, or NULL. */
static const char *line_before(const char *text, const char *line)
{
    if (line == text)
        return NULL;
    for (line--; line > text && line[-1] != '\n'; line--)
        ;
    return line;
}

/* The figures of a move in a line: from behind its name up to the next "info", the pv or the
   line's end; *len is their length. */
static const char *find_move(const char *line, const char *move, size_t *len)
{
    size_t width = strcspn(line, "\n"), n = strlen(move);
    const char *end = line + width;

    for (const char *p = line; p + 10 + n < end; p++) {
        if (strncmp(p, "info move ", 10) || strncasecmp(p + 10, move, n) || p[10 + n] != ' ')
            continue;
        p += 10 + n;
        for (*len = 0; p + *len < end; ++*len)
            if (!strncmp(p + *len, " info ", 6) || !strncmp(p + *len, " pv ", 4))
                break;
        return p;
    }
    return NULL;
}

/* The number behind a key. */
static bool find_number(const char *figures, size_t len, const char *key, double *v)
{
    char find[24];
    size_t n = (size_t)snprintf(find, sizeof find, " %s ", key);
    char *end;

    for (size_t i = 0; i + n < len; i++)
        if (!strncmp(figures + i, find, n)) {
            *v = strtod(figures + i + n, &end);
            return end != figures + i + n && *v > -1e9 && *v < 1e9;
        }
    return false;
}

static void take_figures(const char *figures, size_t len, bool lz, struct match_analysis *a)
{
    double visits;

    a->has_winrate = find_number(figures, len, "winrate", &a->winrate);
    if (lz)
        a->winrate /= 10000;
    a->has_winrate &= a->winrate >= 0 && a->winrate <= 1;
    a->has_score = find_number(figures, len, "scoreLead", &a->score) ||
                   find_number(figures, len, "scoreMean", &a->score);
    if (find_number(figures, len, "visits", &visits) && visits >= 0)
        a->visits = (long)visits;
}

int match_analysis_take(const char *reply, bool lz, char move[16], struct match_analysis *a)
{
    const char *line = reply + strlen(reply), *figures;
    size_t len;

    *a = (struct match_analysis){ 0 };
    *move = '\0';
    while (line && strncmp(line, "play ", 5))
        line = line_before(reply, line);
    if (!line || sscanf(line + 5, "%15s", move) != 1)
        return -1;
    while ((line = line_before(reply, line)))
        if (!strncmp(line, "info ", 5)) {
            figures = find_move(line, move, &len);
            if (figures)
                take_figures(figures, len, lz, a);
            break;
        }
    return 0;
}
