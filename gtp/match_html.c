#include "gtp/match_html.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/file.h"
#include "gtp/html.h"
#include "gtp/match_chart.h"
#include "gtp/match_table.h"

static const char style[] =
    ":root{color-scheme:light dark;--page:#fbfaf8;--text:#24221f;--soft:#6d6860;--rule:#ddd8cf;"
    "--card:#fff;--accent:#8a5a1c;--band:#c98f3f40;--good:#e3efdc;--bad:#f6e0dc}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#1b1a18;--text:#e9e5de;--soft:#a29c92;"
    "--rule:#3b3833;--card:#242220;--accent:#e0aa5e;--band:#e0aa5e38;--good:#2c3a28;"
    "--bad:#432b28}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--page);color:var(--text);line-height:1.5;"
    "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif}\n"
    "main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem;overflow-wrap:anywhere}\n"
    "h2{font-size:1.1rem;margin:2.2rem 0 .6rem}\n"
    "p{margin:.2rem 0;overflow-wrap:anywhere}.wide+p{margin-top:.5rem;font-size:.85rem}\n"
    ".soft,figcaption,.label,th{color:var(--soft)}\n"
    ".warn{border-left:3px solid var(--accent);padding-left:.7rem;margin:1rem 0}\n"
    ".wide{overflow-x:auto;background:var(--card);border:1px solid var(--rule);"
    "border-radius:.5rem}\n"
    ".games{max-height:32rem;overflow-y:auto}.games thead th{position:sticky;top:0;"
    "background:var(--card)}\n"
    "table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;"
    "min-width:100%}\n"
    "th,td{padding:.35rem .7rem;text-align:right;white-space:nowrap}\n"
    "th{font-weight:500;font-size:.8rem}tbody tr{border-top:1px solid var(--rule)}\n"
    ".name{text-align:left}tbody th{font-weight:600;font-size:.9rem;color:var(--text)}\n"
    ".won{font-weight:600}\n"
    ".cross th:first-child{position:sticky;left:0;background:var(--card)}\n"
    ".cross td,.cross thead th+th{text-align:center}\n"
    ".good{background:var(--good)}.bad{background:var(--bad)}\n"
    "a{color:var(--accent)}\n"
    "figure{margin:1.5rem 0 0}figcaption{font-size:.85rem;margin-top:.3rem}\n"
    "svg{display:block;width:100%;max-width:36rem;height:auto;font-size:13px}\n"
    "svg text{fill:var(--text);paint-order:stroke;stroke:var(--page);stroke-width:5px}"
    "svg .label,svg .value{fill:var(--soft);font-size:12px}\n"
    ".grid{stroke:var(--rule)}.even{stroke:var(--soft);stroke-dasharray:4 4}\n"
    ".band{fill:var(--band)}.line,.bar{fill:none;stroke:var(--accent);stroke-width:2}\n"
    ".dot{fill:var(--accent)}\n";

/* What the parts of a page share. */
struct page {
    const struct match_page *m;
    int *order; /* (players) by group, then rating, owned */
    const struct match_record **game; /* (n) by number, owned */
    struct text *out;
};

static void put(struct page *p, const char *before, const char *text, const char *after)
{
    text_puts(p->out, before);
    html_text(p->out, text);
    text_puts(p->out, after);
}

static void open_table(struct page *p, const char *title, const char *class, const char *head)
{
    text_printf(p->out, "<h2>%s</h2>\n<div class=\"wide %s\"><table>\n<thead><tr>%s", title, class,
                head);
}

static void close_table(struct page *p)
{
    text_puts(p->out, "</tbody></table></div>\n");
}

static const char *name_at(const struct page *p, int place)
{
    return p->m->name[p->order[place]];
}

/* --- what was played --------------------------------------------------------- */

static void put_summary(struct page *p)
{
    const struct match_table *t = p->m->table;
    struct interval black = rating_black(p->m->ratings);

    text_printf(p->out, "<p class=\"soft\">%zu games of %d players, %.1f plies on average. Black "
                "won %ld, White %ld, drawn %ld.", p->m->n, p->m->players, t->plies, t->black,
                t->white, t->drawn);
    if (p->m->n) {
        text_puts(p->out, " Playing first is worth ");
        html_number(p->out, black.mean, 0);
        text_printf(p->out, " &#177; %.0f Elo.", black.high - black.mean);
    }
    text_puts(p->out, "</p>\n");
    if (p->m->ratings->groups > 1)
        text_printf(p->out, "<p class=\"warn\">The players fall into %d groups without games "
                    "between them: ratings compare within a group only.</p>\n",
                    p->m->ratings->groups);
}

static void put_head(struct page *p)
{
    text_puts(p->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    if (p->m->refresh)
        text_printf(p->out, "<meta http-equiv=\"refresh\" content=\"%d\"/>\n", p->m->refresh);
    put(p, "<title>", p->m->title, "</title>\n<style>\n");
    text_puts(p->out, style);
    put(p, "</style>\n</head>\n<body>\n<main>\n<h1>", p->m->title, "</h1>\n");
    for (int i = 0; i < p->m->lines; i++)
        put(p, "<p>", p->m->line[i], "</p>\n");
    put_summary(p);
}

/* --- standings --------------------------------------------------------------- */

/* Elo, and how likely the player is stronger than the next. */
static void put_rating(struct page *p, int place)
{
    const struct ratings *r = p->m->ratings;
    int i = p->order[place], next = place + 1 < p->m->players ? p->order[place + 1] : -1;
    struct interval elo = rating_of(r, i);

    text_puts(p->out, "<td>");
    html_number(p->out, r->known[i] ? elo.mean : INFINITY, 0);
    text_puts(p->out, "</td><td>");
    if (r->known[i] && elo.high > elo.mean)
        text_printf(p->out, "&#177; %.0f", elo.high - elo.mean);
    else if (r->known[i])
        text_puts(p->out, "given");
    text_puts(p->out, "</td><td>");
    if (next >= 0 && r->group[next] == r->group[i])
        text_printf(p->out, "%.1f %%", 100 * rating_los(r, i, next));
    text_puts(p->out, "</td>");
}

static void put_standing(struct page *p, int place)
{
    const struct match_tally *s = &p->m->table->tally[p->order[place]];

    text_printf(p->out, "<tr><td>%d</td>", place + 1);
    put(p, "<th scope=\"row\" class=\"name\">", name_at(p, place), "</th>");
    put_rating(p, place);
    text_printf(p->out, "<td>%ld</td><td>%ld&#8211;%ld&#8211;%ld</td><td>", s->games, s->won,
                s->drawn, s->lost);
    if (s->games)
        text_printf(p->out, "%.1f %%", 100 * match_share(s));
    text_printf(p->out, "</td><td>%ld</td><td>", s->faults);
    html_number(p->out, s->ms > 0 ? s->ms : INFINITY, s->ms < 10 ? 2 : s->ms < 100 ? 1 : 0);
    text_puts(p->out, "</td></tr>\n");
}

static void put_standings(struct page *p)
{
    open_table(p, "Standings", "",
               "<th></th><th class=\"name\">Player</th><th>Elo</th><th>95 %</th>"
               "<th>above next</th><th>Games</th><th>W&#8211;D&#8211;L</th><th>Score</th>"
               "<th>Faults</th><th>ms/move</th></tr></thead>\n<tbody>\n");
    for (int i = 0; i < p->m->players; i++)
        put_standing(p, i);
    close_table(p);
    text_puts(p->out, "<p class=\"soft\">&#8220;Above next&#8221; is the likelihood of being "
              "stronger than the next player; ms/move the median over games.</p>\n");
}

static void put_chart(struct page *p)
{
    if (!p->m->n)
        return;
    text_puts(p->out, "<figure>\n");
    if (p->m->players == 2) {
        match_chart_score(p->out, name_at(p, 0), p->game, p->m->n);
        put(p, "<figcaption>Score of ", name_at(p, 0), " by games played; the band holds the true "
            "score with 95 %, counting openings.</figcaption>\n");
    } else {
        match_chart_ratings(p->out, p->m->ratings, p->m->name, p->order, p->m->players);
        text_puts(p->out, "<figcaption>Elo with 95 % error bars.</figcaption>\n");
    }
    text_puts(p->out, "</figure>\n");
}

/* --- pairings and faults ----------------------------------------------------- */

/* Won, drawn, lost by one against another, maybe itself. */
static void put_pairing(struct page *p, int one, int other)
{
    struct match_count c = match_against(p->m->table, one, other);

    if (match_count_games(&c))
        text_printf(p->out, "<td%s>%ld&#8211;%ld&#8211;%ld</td>",
                    c.won > c.lost ? " class=\"good\"" : c.won < c.lost ? " class=\"bad\"" : "",
                    c.won, c.drawn, c.lost);
    else
        text_puts(p->out, one == other ? "<td class=\"soft\">&#183;</td>" : "<td></td>");
}

static void put_pairings(struct page *p)
{
    open_table(p, "Pairings", "cross", "<th class=\"name\">won&#8211;drawn&#8211;lost</th>");
    for (int i = 0; i < p->m->players; i++) {
        put(p, "<th title=\"", name_at(p, i), "\">");
        text_printf(p->out, "%d</th>", i + 1);
    }
    text_puts(p->out, "</tr></thead>\n<tbody>\n");
    for (int i = 0; i < p->m->players; i++) {
        text_printf(p->out, "<tr><th scope=\"row\" class=\"name\">%d ", i + 1);
        put(p, "", name_at(p, i), "</th>");
        for (int j = 0; j < p->m->players; j++)
            put_pairing(p, p->order[i], p->order[j]);
        text_puts(p->out, "</tr>\n");
    }
    close_table(p);
}

static void put_faults(struct page *p)
{
    long all = 0;

    for (int i = 0; i < p->m->players; i++)
        all += p->m->table->tally[i].faults;
    if (!all)
        return;
    open_table(p, "Games lost by a fault", "", "<th class=\"name\">Player</th>");
    for (int k = 0; k < N_MATCH_ENDS; k++)
        if (match_is_fault((enum match_end)k))
            put(p, "<th>", match_end_name((enum match_end)k), "</th>");
    text_puts(p->out, "</tr></thead>\n<tbody>\n");
    for (int i = 0; i < p->m->players; i++) {
        const struct match_tally *s = &p->m->table->tally[p->order[i]];

        if (!s->faults)
            continue;
        put(p, "<tr><th scope=\"row\" class=\"name\">", name_at(p, i), "</th>");
        for (int k = 0; k < N_MATCH_ENDS; k++)
            if (match_is_fault((enum match_end)k))
                text_printf(p->out, "<td>%ld</td>", s->fault[k]);
        text_puts(p->out, "</tr>\n");
    }
    close_table(p);
}

/* --- games ------------------------------------------------------------------- */

static void put_link(struct page *p, int game)
{
    if (!p->m->sgf_dir)
        return;
    text_puts(p->out, "<td><a href=\"");
    html_path(p->out, p->m->sgf_dir);
    text_printf(p->out, "/game-%06d.sgf\">SGF</a></td>", game);
}

static void put_player(struct page *p, const char *name, bool won)
{
    put(p, won ? "<td class=\"name won\">" : "<td class=\"name\">", name, "</td>");
}

static void put_games(struct page *p)
{
    open_table(p, "Games", "games",
               "<th>No.</th><th class=\"name\">Black</th><th class=\"name\">White</th>"
               "<th class=\"name\">Result</th><th class=\"name\">End</th><th>Plies</th>");
    text_puts(p->out, p->m->sgf_dir ? "<th>Record</th></tr></thead>\n<tbody>\n" :
              "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < p->m->n; i++) {
        const struct match_record *g = p->game[i];

        text_printf(p->out, "<tr><td>%d</td>", g->game);
        put_player(p, g->black, g->winner == BLACK);
        put_player(p, g->white, g->winner == WHITE);
        put(p, "<td class=\"name\">", g->result, "</td>");
        put(p, "<td class=\"name\">", match_end_name(g->end), "</td>");
        text_printf(p->out, "<td>%d</td>", g->plies);
        put_link(p, g->game);
        text_puts(p->out, "</tr>\n");
    }
    close_table(p);
}

/* --- the page ---------------------------------------------------------------- */

static bool stands_before(const struct ratings *r, int a, int b)
{
    return r->group[a] != r->group[b] ? r->group[a] < r->group[b] : r->elo[a] > r->elo[b];
}

/* By insertion: the players are few, and equals keep their order. */
static void sort_players(struct page *p)
{
    for (int i = 0; i < p->m->players; i++) {
        int at = i;

        for (; at && stands_before(p->m->ratings, i, p->order[at - 1]); at--)
            p->order[at] = p->order[at - 1];
        p->order[at] = i;
    }
}

static void put_page(struct page *p)
{
    sort_players(p);
    put_head(p);
    put_standings(p);
    put_chart(p);
    put_pairings(p);
    put_faults(p);
    put_games(p);
    text_puts(p->out, "</main>\n</body>\n</html>\n");
}

int match_html(const struct match_page *m, struct text *out, struct err *e)
{
    struct page p = { .m = m, .order = calloc((size_t)m->players + 1, sizeof *p.order),
                      .game = match_table_sort(m->record, m->n), .out = out };
    int status = 0;

    if (p.order && p.game)
        put_page(&p);
    if (!p.order || !p.game || out->failed)
        status = err_set(e, "out of memory");
    free(p.order);
    free(p.game);
    return status;
}

int match_html_write(const struct match_page *m, const char *path, struct err *e)
{
    struct outfile o;
    struct text page;
    int status;

    text_init(&page);
    status = match_html(m, &page, e);
    if (!status)
        status = outfile_open(&o, path, e);
    if (!status) {
        fwrite(page.s, 1, page.len, o.f);
        status = outfile_commit(&o, e);
    }
    text_release(&page);
    return status;
}
