#include "engine/sgf_step.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A raw value fit for a message: short, one line, plain ASCII. */
static const char *quote(const char *raw, char buf[24])
{
    size_t n = 0;

    for (; *raw && n < 20; raw++)
        buf[n++] = *raw < ' ' || *raw > '~' ? '?' : *raw;
    strcpy(buf + n, *raw ? "..." : "");
    return buf;
}

static bool is_id(const struct sgf_prop *p, const char *id)
{
    return !strcmp(p->id, id);
}

/* --- numbers ------------------------------------------------------------- */

/* Reads digits; returns the byte behind them, NULL if there are none or too many. */
static const char *parse_digits(const char *p, long *value)
{
    const char *start = p;

    for (*value = 0; *p >= '0' && *p <= '9'; p++) {
        if (p - start == 9)
            return NULL;
        *value = *value * 10 + (*p - '0');
    }
    return p > start ? p : NULL;
}

static bool parse_int(const char *raw, long *value)
{
    const char *end = parse_digits(raw, value);

    return end && !*end;
}

/* "6.5", "-3", "+.5", "7."; no exponent, and nothing depends on the locale. */
bool sgf_parse_real(const char *raw, double *value)
{
    double mantissa = 0, scale = 1;
    const char *p = raw + (*raw == '-' || *raw == '+'), *dot = NULL;
    int digits = 0;

    for (; (*p >= '0' && *p <= '9') || (*p == '.' && !dot); p++) {
        if (*p == '.') {
            dot = p;
            continue;
        }
        mantissa = mantissa * 10 + (*p - '0');
        scale *= dot ? 10 : 1;
        digits++;
    }
    *value = (*raw == '-' ? -1 : 1) * mantissa / scale + 0.0; /* no -0 */
    return !*p && digits > 0 && digits <= 15;
}

/* --- the root ------------------------------------------------------------ */

static int read_size(const struct sgf *s, const struct sgf_value *v, struct sgf_header *h,
                     struct err *e)
{
    long w = 0, rows;
    const char *p = parse_digits(v->raw, &w);
    char buf[24];

    rows = w;
    if (p && *p == ':')
        p = parse_digits(p + 1, &rows);
    if (!p || *p)
        return sgf_err(s, v->at, e, "size '%s' is no number", quote(v->raw, buf));
    if (w < GAME_MIN || w > BOARD_MAX || rows < GAME_MIN || rows > BOARD_MAX)
        return sgf_err(s, v->at, e, "size '%s' is not within %d to %d", quote(v->raw, buf),
                       GAME_MIN, BOARD_MAX);
    h->w = (int)w;
    h->h = (int)rows;
    return 0;
}

int sgf_header(const struct sgf *s, const struct sgf_node *root, struct sgf_header *h,
               struct err *e)
{
    const struct sgf_prop *p;
    long value;
    char buf[24];

    *h = (struct sgf_header){ .w = 19, .h = 19, .format = 1 };
    for (p = root->prop; p; p = p->next) {
        const struct sgf_value *v = &p->value;

        if (is_id(p, "GM") && (!parse_int(v->raw, &value) || value != 1))
            return sgf_err(s, v->at, e, "game '%s' is not Go, which is 1", quote(v->raw, buf));
        if (is_id(p, "FF")) {
            if (!parse_int(v->raw, &value) || value < 1 || value > 4)
                return sgf_err(s, v->at, e, "file format '%s' is not 1 to 4", quote(v->raw, buf));
            h->format = (int)value;
        }
        if (is_id(p, "SZ") && read_size(s, v, h, e))
            return -1;
        if ((is_id(p, "KM") || is_id(p, "HA")) &&
            !v->raw[strspn(v->raw, " \t\r\n")])
            continue; /* some write so what they do not know */
        if (is_id(p, "KM")) {
            if (!sgf_parse_real(v->raw, &h->komi))
                return sgf_err(s, v->at, e, "komi '%s' is no number", quote(v->raw, buf));
            h->has_komi = true;
        }
        if (is_id(p, "HA")) {
            if (!parse_int(v->raw, &value))
                return sgf_err(s, v->at, e, "handicap '%s' is no number", quote(v->raw, buf));
            h->handicap = value > BOARD_AREA ? BOARD_AREA : (int)value;
        }
    }
    return 0;
}

/* --- points -------------------------------------------------------------- */

/* The point that two letters name, or NO_POINT. */
static int read_point(const struct board *b, const char *p)
{
    int x = p[0] - 'a', y = p[1] - 'a';

    return x < 0 || x >= b->w || y < 0 || y >= b->h ? NO_POINT : board_point(b, x, y);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Refuses a value that names no point of the board. */
static int refuse_point(const struct sgf *s, const struct sgf_value *v, const char *what,
                        const struct board *b, struct err *e)
{
    const char *raw = v->raw;
    char buf[24];

    if (is_letter(raw[0]) && is_letter(raw[1]) &&
        (!raw[2] || (raw[2] == ':' && is_letter(raw[3]) && is_letter(raw[4]) && !raw[5])))
        return sgf_err(s, v->at, e, "%s '%s' is off the %dx%d board", what, raw, b->w, b->h);
    return sgf_err(s, v->at, e, "%s '%s' is no point", what, quote(raw, buf));
}

static int read_move(const struct sgf *s, const struct sgf_value *v, const struct board *b,
                     int *point, struct err *e)
{
    const char *raw = v->raw;

    *point = PASS;
    if (!*raw || (!strcmp(raw, "tt") && b->w <= 19 && b->h <= 19))
        return 0;
    *point = strlen(raw) == 2 ? read_point(b, raw) : NO_POINT;
    return *point == NO_POINT ? refuse_point(s, v, "move", b, e) : 0;
}

int sgf_move(const struct sgf *s, const struct sgf_node *n, const struct board *b, enum color *c,
             int *point, struct err *e)
{
    const struct sgf_prop *p = sgf_get(n, "B"), *w = sgf_get(n, "W");

    if (!p && !w)
        return 0;
    if (p && w)
        return sgf_err(s, w->at, e, "both B and W in one node");
    *c = p ? BLACK : WHITE;
    return read_move(s, p ? &p->value : &w->value, b, point, e) ? -1 : 1;
}

/* --- setup --------------------------------------------------------------- */

struct setup {
    uint8_t stones[BOARD_AREA]; /* the position it makes */
    bool set[BOARD_AREA];       /* by this node */
    int black[BOARD_AREA];      /* the points of AB */
    int n_black, n_white;
    enum color to_move;         /* EMPTY without PL */
};

/* Puts color c (EMPTY for AE) on a point or a rectangle of points. */
static int set_points(const struct sgf *s, const struct sgf_value *v, enum color c,
                      const struct board *b, struct setup *set, struct err *e)
{
    const char *raw = v->raw;
    size_t len = strlen(raw);
    int from = NO_POINT, to;

    if (len == 2 || (len == 5 && raw[2] == ':'))
        from = read_point(b, raw);
    to = len == 5 ? read_point(b, raw + 3) : from;
    if (from == NO_POINT || to == NO_POINT)
        return refuse_point(s, v, "point", b, e);
    if (board_x(b, from) > board_x(b, to) || board_y(b, from) > board_y(b, to))
        return sgf_err(s, v->at, e, "rectangle '%s' is not upper left to lower right", raw);
    for (int y = board_y(b, from); y <= board_y(b, to); y++)
        for (int x = board_x(b, from); x <= board_x(b, to); x++) {
            int i = y * b->w + x;

            if (set->set[i])
                return sgf_err(s, v->at, e, "point '%c%c' is set twice", 'a' + x, 'a' + y);
            set->set[i] = true;
            set->stones[i] = (uint8_t)c;
            if (c == BLACK)
                set->black[set->n_black++] = board_point(b, x, y);
            set->n_white += c == WHITE;
        }
    return 0;
}

static int read_player(const struct sgf *s, const struct sgf_value *v, enum color *c,
                       struct err *e)
{
    static const char *const names[] = { "B", "W", "black", "white", "1", "2" };
    char buf[24];

    for (int i = 0; i < 6; i++)
        if (!strcasecmp(v->raw, names[i])) {
            *c = i % 2 ? WHITE : BLACK;
            return 0;
        }
    return sgf_err(s, v->at, e, "player '%s' is neither B nor W", quote(v->raw, buf));
}

/* Collects AB, AW, AE and PL of a node.  1 if there is something to set up, else 0. */
static int read_setup(const struct sgf *s, const struct sgf_node *n, const struct game *g,
                      struct setup *set, struct err *e)
{
    bool any = false;

    board_get(&g->board, set->stones);
    memset(set->set, 0, sizeof set->set);
    set->n_black = set->n_white = 0;
    set->to_move = EMPTY;
    for (const struct sgf_prop *p = n->prop; p; p = p->next) {
        enum color c = is_id(p, "AB") ? BLACK : is_id(p, "AW") ? WHITE : EMPTY;

        if (is_id(p, "PL") && read_player(s, &p->value, &set->to_move, e))
            return -1;
        if (c == EMPTY && !is_id(p, "AE"))
            continue;
        any = true;
        for (const struct sgf_value *v = &p->value; v; v = v->next)
            if (set_points(s, v, c, &g->board, set, e))
                return -1;
    }
    return any || (set->to_move != EMPTY && set->to_move != game_to_move(g));
}

/* The side to move after a setup that does not say. */
static enum color guess_to_move(const struct sgf_node *n, const struct game *g)
{
    if (n->child && sgf_get(n->child, "B"))
        return BLACK;
    return n->child && sgf_get(n->child, "W") ? WHITE : game_to_move(g);
}

/* Sets up what a node says; returns the plies that makes. */
static int play_setup(const struct sgf *s, const struct sgf_node *n, int handicap, struct game *g,
                      struct err *e)
{
    struct setup set;
    struct err why;
    int any = read_setup(s, n, g, &set, e), failed;

    if (any < 0)
        return -1;
    if (handicap >= 2 && set.n_black < handicap && !set.n_white)
        return sgf_err(s, sgf_get(n, "HA")->value.at, e,
                       "handicap of %d stones, but %d in AB", handicap, set.n_black);
    if (!any)
        return 0;
    err_init(&why);
    if (handicap && handicap == set.n_black && !set.n_white && set.to_move != BLACK) {
        failed = game_handicap(g, set.black, handicap, &why);
        any = 0;
    } else {
        failed = game_setup(g, set.stones,
                            set.to_move != EMPTY ? set.to_move : guess_to_move(n, g), &why);
    }
    return failed ? sgf_err(s, n->at, e, "cannot set up: %s", why.msg) : any;
}

/* --- nodes --------------------------------------------------------------- */

/* What a node holds of what we play. */
enum { HAS_MOVE = 1, HAS_SETUP = 2 };

static int scan(const struct sgf *s, const struct sgf_node *n, struct err *e)
{
    int has = 0;

    for (const struct sgf_prop *p = n->prop; p; p = p->next) {
        if (is_id(p, "B") || is_id(p, "W"))
            has |= HAS_MOVE;
        else if (is_id(p, "AB") || is_id(p, "AW") || is_id(p, "AE") || is_id(p, "PL"))
            has |= HAS_SETUP;
        else if (n->parent &&
                 (is_id(p, "SZ") || is_id(p, "GM") || is_id(p, "KM") || is_id(p, "HA")))
            return sgf_err(s, p->at, e, "property '%s' outside the root", p->id);
    }
    if (has == (HAS_MOVE | HAS_SETUP))
        return sgf_err(s, n->at, e, "a move and a setup in one node");
    return has;
}

int sgf_step(const struct sgf *s, const struct sgf_node *n, const struct sgf_header *h,
             struct game *g, struct err *e)
{
    int has = scan(s, n, e), point, handicap = n->parent ? 0 : h->handicap;
    enum legality legal;
    const struct sgf_value *v;
    struct err why;
    enum color c;
    char buf[24];

    if (has < 0)
        return -1;
    if (has & HAS_SETUP || handicap >= 2)
        return play_setup(s, n, handicap, g, e);
    if (!has)
        return 0;
    if (sgf_move(s, n, &g->board, &c, &point, e) < 0)
        return -1;
    err_init(&why);
    if (!game_play(g, c, point, &why))
        return 1;
    v = &sgf_get(n, c == BLACK ? "B" : "W")->value;
    legal = game_legality(g, c, point);
    if (legal == LEGAL)
        return sgf_err(s, v->at, e, "%s", why.msg);
    return sgf_err(s, v->at, e, "illegal move '%s': %s", quote(v->raw, buf),
                   legality_text(legal));
}
