#include "engine/sgf_step.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- results ------------------------------------------------------------- */

struct sgf_result sgf_result(const char *raw)
{
    static const struct {
        const char *word;
        enum sgf_ending ending;
    } words[] = {
        { "", SGF_WIN },      { "R", SGF_RESIGN }, { "Resign", SGF_RESIGN },
        { "T", SGF_TIME },    { "Time", SGF_TIME },
        { "F", SGF_FORFEIT }, { "Forfeit", SGF_FORFEIT },
    };
    struct sgf_result r = { SGF_UNKNOWN, EMPTY, 0 };

    if (!strcmp(raw, "0") || !strcasecmp(raw, "draw") || !strcasecmp(raw, "jigo"))
        r.ending = SGF_DRAW;
    if (!strcasecmp(raw, "void"))
        r.ending = SGF_VOID;
    if (!*raw || !strchr("BbWw", *raw) || raw[1] != '+')
        return r;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcasecmp(raw + 2, words[i].word))
            r.ending = words[i].ending;
    if (r.ending == SGF_UNKNOWN && raw[2] != '-' && raw[2] != '+' &&
        sgf_parse_real(raw + 2, &r.margin))
        r.ending = SGF_SCORE;
    if (r.ending != SGF_UNKNOWN)
        r.winner = *raw == 'B' || *raw == 'b' ? BLACK : WHITE;
    else
        r.margin = 0;
    return r;
}

/* --- games into SGF ------------------------------------------------------ */

/* A komi without trailing zeros, of as many digits as sgf_header reads. */
static int add_komi(struct sgf *s, struct sgf_node *root, double komi, struct err *e)
{
    char buf[32], *end;

    if (!(komi > -1e9 && komi < 1e9))
        return err_set(e, "komi %g is too large for SGF", komi);
    end = buf + snprintf(buf, sizeof buf, "%.6f", komi) - 1;
    while (*end == '0')
        *end-- = '\0';
    if (*end == '.')
        *end = '\0';
    return sgf_set(s, root, "KM", buf, e);
}

static const char *size_text(int w, int h, char buf[32])
{
    if (w == h)
        snprintf(buf, 32, "%d", w);
    else
        snprintf(buf, 32, "%d:%d", w, h);
    return buf;
}

/* The two letters of a row-major index. */
static const char *point_text(const struct game *g, int index, char buf[3])
{
    buf[0] = (char)('a' + index % g->board.w);
    buf[1] = (char)('a' + index / g->board.w);
    buf[2] = '\0';
    return buf;
}

/* Writes what changes from one position to another as AB, AW and AE. */
static int add_stones(struct sgf *s, struct sgf_node *n, const struct game *g,
                      const uint8_t *from, const uint8_t *to, struct err *e)
{
    static const char *const ids[] = { [EMPTY] = "AE", [BLACK] = "AB", [WHITE] = "AW" };
    int area = g->board.w * g->board.h;
    char buf[3];

    for (int i = 0; i < area; i++)
        if (from[i] != to[i] && sgf_add(s, n, ids[to[i]], point_text(g, i, buf), e))
            return -1;
    return 0;
}

static int add_player(struct sgf *s, struct sgf_node *n, enum color c, struct err *e)
{
    return sgf_set(s, n, "PL", c == BLACK ? "B" : "W", e);
}

static int add_ply(struct sgf *s, struct sgf_node *n, const struct game *g, int i, struct err *e)
{
    const struct ply *p = &g->ply[i];
    char buf[3] = "";

    if (p->kind == PLY_SETUP)
        return add_stones(s, n, g, game_stones(g, i), game_stones(g, i + 1), e) ||
               add_player(s, n, p->to_move, e) ? -1 : 0;
    if (p->point != PASS)
        point_text(g, board_index(&g->board, p->point), buf);
    return sgf_set(s, n, p->color == BLACK ? "B" : "W", buf, e);
}

static int add_info(struct sgf *s, struct sgf_node *root, const struct sgf_info *info,
                    struct err *e)
{
    const struct {
        const char *id, *text;
    } table[] = {
        { "AP", info->program }, { "EV", info->event }, { "DT", info->date },
        { "PB", info->black },   { "PW", info->white }, { "RU", info->rules },
        { "RE", info->result },  { "C", info->comment },
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].text && sgf_set_text(s, root, table[i].id, table[i].text, e))
            return -1;
    return 0;
}

/* Fills the root; returns the plies that stand in it, or -1. */
static int add_root(struct sgf *s, struct sgf_node *root, const struct game *g,
                    const struct sgf_info *info, struct err *e)
{
    static const uint8_t nothing[BOARD_AREA];
    char buf[32];

    if (sgf_set(s, root, "GM", "1", e) || sgf_set(s, root, "FF", "4", e) ||
        sgf_set(s, root, "CA", "UTF-8", e) ||
        sgf_set(s, root, "SZ", size_text(g->board.w, g->board.h, buf), e) ||
        add_komi(s, root, g->komi, e) ||
        (info && add_info(s, root, info, e)))
        return -1;
    if (g->handicap) {
        snprintf(buf, sizeof buf, "%d", g->handicap);
        return sgf_set(s, root, "HA", buf, e) ||
               add_stones(s, root, g, nothing, game_stones(g, 0), e) ||
               (g->first == BLACK && add_player(s, root, BLACK, e)) ? -1 : 0;
    }
    if (g->n && g->ply[0].kind == PLY_SETUP)
        return add_ply(s, root, g, 0, e) ? -1 : 1;
    return g->first == WHITE ? add_player(s, root, WHITE, e) : 0;
}

struct sgf_node *sgf_from_game(struct sgf *s, const struct game *g, const struct sgf_info *info,
                               struct err *e)
{
    struct sgf_node *root = sgf_add_node(s, NULL, e), *n = root;
    int i = root ? add_root(s, root, g, info, e) : -1;

    if (i < 0)
        return NULL;
    for (; i < g->n; i++) {
        n = sgf_add_node(s, n, e);
        if (!n || add_ply(s, n, g, i, e))
            return NULL;
    }
    return root;
}

/* --- cleaning ------------------------------------------------------------ */

/* Passes on boards where "tt" is no point. */
static int clean_passes(struct sgf *s, struct sgf_node *n, struct err *e)
{
    static const char *const ids[] = { "B", "W" };

    for (int i = 0; i < 2; i++) {
        const char *raw = sgf_get_raw(n, ids[i]);

        if (raw && !strcmp(raw, "tt") && sgf_set(s, n, ids[i], "", e))
            return -1;
    }
    return 0;
}

int sgf_normalize(struct sgf *s, struct sgf_node *root, struct err *e)
{
    static const char *const ids[] = { "GM", "FF", "SZ" };
    struct sgf_prop *rest, *p;
    struct sgf_header h;
    char size[32];

    if (sgf_header(s, root, &h, e))
        return -1;
    for (int i = 0; i < 3; i++)
        sgf_remove(root, ids[i]);
    rest = root->prop;
    root->prop = NULL;
    if (sgf_set(s, root, "GM", "1", e) || sgf_set(s, root, "FF", "4", e) ||
        sgf_set(s, root, "SZ", size_text(h.w, h.h, size), e))
        return -1;
    for (p = root->prop; p->next;)
        p = p->next;
    p->next = rest;
    if (h.w > 19 || h.h > 19)
        return 0;
    for (struct sgf_node *n = root; n; n = (struct sgf_node *)sgf_next(n, root))
        if (clean_passes(s, n, e))
            return -1;
    return 0;
}
