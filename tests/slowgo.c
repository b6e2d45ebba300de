#include "tests/slowgo.h"

#include <string.h>

void slow_draw(struct slow *g, const char *rows)
{
    int n = 0;

    memset(g, 0, sizeof *g);
    for (const char *c = rows; *c; c++) {
        if (*c == '\n' || *c == ' ')
            continue;
        g->h += c == rows || c[-1] == '\n';
        g->s[n++] = *c == 'X' ? 1 : *c == 'O' ? 2 : 0;
    }
    g->w = n / g->h;
}

/* The points beside p; returns how many. */
static int around(const struct slow *g, int p, int near[4])
{
    int x = p % g->w, y = p / g->w, n = 0;

    if (x > 0)
        near[n++] = p - 1;
    if (x < g->w - 1)
        near[n++] = p + 1;
    if (y > 0)
        near[n++] = p - g->w;
    if (y < g->h - 1)
        near[n++] = p + g->w;
    return n;
}

int slow_group(const struct slow *g, int p, int *group, int *liberties)
{
    uint8_t seen[SLOW_MAX] = { 0 };
    int n = 0, near[4];

    *liberties = 0;
    group[n++] = p;
    seen[p] = 1;
    for (int i = 0; i < n; i++) {
        for (int k = around(g, group[i], near); k-- > 0;) {
            if (seen[near[k]])
                continue;
            if (g->s[near[k]] == g->s[p])
                group[n++] = near[k];
            else if (g->s[near[k]] == 0)
                ++*liberties;
            else
                continue;
            seen[near[k]] = 1;
        }
    }
    return n;
}

int slow_play(struct slow *g, int c, int p)
{
    struct slow before = *g;
    int near[4], group[SLOW_MAX], liberties, taken = 0;

    if (g->s[p])
        return -1;
    g->s[p] = (uint8_t)c;
    for (int k = around(g, p, near); k-- > 0;) {
        int n;

        if (g->s[near[k]] != 3 - c)
            continue;
        n = slow_group(g, near[k], group, &liberties);
        if (liberties)
            continue;
        taken += n;
        while (n-- > 0)
            g->s[group[n]] = 0;
    }
    slow_group(g, p, group, &liberties);
    if (liberties)
        return taken;
    *g = before;
    return -1;
}

int slow_valid(const struct slow *g)
{
    int group[SLOW_MAX], liberties;

    for (int p = 0; p < g->w * g->h; p++) {
        if (!g->s[p])
            continue;
        slow_group(g, p, group, &liberties);
        if (!liberties)
            return 0;
    }
    return 1;
}

int slow_area(const struct slow *g, uint8_t *owner)
{
    int group[SLOW_MAX], liberties, near[4], score = 0;

    for (int p = 0; p < g->w * g->h; p++) {
        int reach[3] = { 0 }, n = g->s[p] ? 0 : slow_group(g, p, group, &liberties);

        reach[g->s[p]] = 1;
        for (int i = 0; i < n; i++)
            for (int k = around(g, group[i], near); k-- > 0;)
                reach[g->s[near[k]]] = 1;
        owner[p] = reach[1] == reach[2] ? 0 : reach[1] ? 1 : 2;
        score += owner[p] == 1 ? 1 : owner[p] == 2 ? -1 : 0;
    }
    return score;
}
