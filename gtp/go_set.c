#include "gtp/go_set.h"

#include <stdlib.h>
#include <string.h>

#include "engine/file.h"

enum { MAX_BYTES = 1 << 28, FIELDS = 7 };

/* A line being read. */
struct row {
    const char *path;
    size_t line;
    char *field[FIELDS];
};

int go_set_index(const struct board *b, int point)
{
    return point == PASS ? GO_SET_PASS : board_index(b, point);
}

int go_set_point(const struct board *b, int index)
{
    return index == GO_SET_PASS ? PASS : board_point_at(b, index);
}

int go_set_game(const struct go_position *p, struct game *g, struct err *e)
{
    if (game_init(g, GO_SET_SIZE, GO_SET_SIZE, GO_SET_KOMI, e))
        return -1;
    for (int i = 0; i < p->n; i++)
        if (game_play(g, i % 2 ? WHITE : BLACK, go_set_point(&g->board, p->move[i]), e))
            return -1;
    return 0;
}

/* --- fields ------------------------------------------------------------------ */

/* Cuts the line at its tabs. */
static int split(struct row *r, char *line, struct err *e)
{
    int n = 0;

    for (char *next = line; next; n++) {
        char *tab = strchr(next, '\t');

        if (tab)
            *tab = '\0';
        if (n < FIELDS)
            r->field[n] = next;
        next = tab ? tab + 1 : NULL;
    }
    if (n == FIELDS)
        return 0;
    return err_set(e, "%s:%zu: %d fields where %d are due", r->path, r->line, n, FIELDS);
}

/* A whole number of lo .. hi that ends with the text, or with `more` where that is not 0. */
static int take_number(const char **text, int lo, int hi, char more, int *v)
{
    char *end;
    long n;

    if (**text != '-' && (**text < '0' || **text > '9'))
        return -1;
    n = strtol(*text, &end, 10);
    *v = (int)n;
    if (end == *text || n < lo || n > hi || *end != more)
        return -1;
    *text = end + (more != '\0');
    return 0;
}

/* A move of the side to move of g, which is legal, as an index; -1 if it is none. */
static int take_move(const struct game *g, const char *text)
{
    int p = board_parse_vertex(&g->board, text);

    if (p == NO_POINT || game_legality(g, game_to_move(g), p) != LEGAL)
        return -1;
    return go_set_index(&g->board, p);
}

/* Plays the moves on g, which is empty. */
static int take_moves(struct go_position *p, const struct row *r, char *text, struct game *g,
                      struct err *e)
{
    p->move = malloc(strlen(text) / 2 + 1);
    if (!p->move)
        return err_set(e, "out of memory");
    while (*text) {
        char *space = strchr(text, ' ');
        int move;

        if (space)
            *space = '\0';
        move = take_move(g, text);
        if (move < 0)
            return err_set(e, "%s:%zu: move %d, '%.8s', is not legal", r->path, r->line, p->n + 1,
                           text);
        p->move[p->n++] = (uint8_t)move;
        if (game_play(g, game_to_move(g), go_set_point(&g->board, move), e))
            return -1;
        text = space ? space + 1 : "";
    }
    return 0;
}

/* 82 numbers, -1 for exactly the illegal moves of g; *most gets the largest. */
static int take_labels(const struct row *r, const char *what, const char *text,
                       const struct game *g, int16_t *label, int *most, struct err *e)
{
    *most = 0;
    for (int i = 0; i < GO_SET_MOVES; i++) {
        int point = go_set_point(&g->board, i), v;
        bool legal = game_legality(g, game_to_move(g), point) == LEGAL;
        char vertex[8];

        if (take_number(&text, -1, GO_SET_ONE, i < GO_SET_PASS ? ' ' : '\0', &v))
            return err_set(e, "%s:%zu: %s %d of %d is no number of -1 .. %d, or not the last",
                           r->path, r->line, what, i + 1, GO_SET_MOVES, GO_SET_ONE);
        if (legal != (v >= 0))
            return err_set(e, "%s:%zu: %s %d for %s, which is %s", r->path, r->line, what, v,
                           board_vertex(&g->board, point, vertex), legal ? "legal" : "illegal");
        label[i] = (int16_t)v;
        *most = v > *most ? v : *most;
    }
    return 0;
}

/* --- lines ------------------------------------------------------------------- */

static int take_fields(struct go_position *p, const struct row *r, struct game *g, struct err *e)
{
    const char *win = r->field[4], *side = r->field[2];
    size_t id = strlen(r->field[0]);

    if (id == 0 || id >= sizeof p->id)
        return err_set(e, "%s:%zu: an id has 1 to %zu letters", r->path, r->line, sizeof p->id - 1);
    memcpy(p->id, r->field[0], id + 1);
    if (take_moves(p, r, r->field[1], g, e))
        return -1;
    p->to_move = game_to_move(g);
    if (strcmp(side, p->to_move == BLACK ? "b" : "w"))
        return err_set(e, "%s:%zu: '%.8s' is not the side to move", r->path, r->line, side);
    p->best = take_move(g, r->field[3]);
    if (p->best < 0)
        return err_set(e, "%s:%zu: best move '%.8s' is not legal", r->path, r->line, r->field[3]);
    if (take_number(&win, 0, GO_SET_ONE, '\0', &p->win))
        return err_set(e, "%s:%zu: '%.20s' is no number of 0 .. %d", r->path, r->line, win,
                       GO_SET_ONE);
    if (take_labels(r, "prior", r->field[5], g, p->prior, &p->max_prior, e) ||
        take_labels(r, "value", r->field[6], g, p->value, &p->max_value, e))
        return -1;
    return p->max_prior > 0 ? 0 : err_set(e, "%s:%zu: all priors are 0", r->path, r->line);
}

static int take_line(struct go_position *p, struct row *r, char *line, struct err *e)
{
    struct game g;
    int status;

    if (split(r, line, e))
        return -1;
    status = game_init(&g, GO_SET_SIZE, GO_SET_SIZE, GO_SET_KOMI, e) || take_fields(p, r, &g, e);
    game_release(&g);
    return status ? -1 : 0;
}

/* All lines of the text, which is len bytes. */
static int take_text(struct go_set *s, const char *path, char *text, size_t len, struct err *e)
{
    struct row r = { .path = path };
    size_t lines = 0;
    char *end;

    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    if (len && text[len - 1] != '\n')
        return err_set(e, "%s:%zu: the last line has no end", path, lines + 1);
    if (!lines)
        return err_set(e, "%s: no positions", path);
    if (strlen(text) != len)
        return err_set(e, "%s: a NUL byte", path);
    s->position = calloc(lines, sizeof *s->position);
    if (!s->position)
        return err_set(e, "out of memory");
    for (; (end = strchr(text, '\n')); text = end + 1) {
        *end = '\0';
        r.line++;
        if (take_line(&s->position[s->n++], &r, text, e))
            return -1;
    }
    return 0;
}

int go_set_read(struct go_set *s, const char *path, struct err *e)
{
    char *text;
    size_t len;
    int status;

    *s = (struct go_set){ 0 };
    if (file_read(path, MAX_BYTES, &text, &len, e))
        return -1;
    status = take_text(s, path, text, len, e);
    free(text);
    return status;
}

void go_set_release(struct go_set *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->position[i].move);
    free(s->position);
    *s = (struct go_set){ 0 };
}
