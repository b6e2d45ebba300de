#include "engine/game.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t area(const struct game *g)
{
    return (size_t)g->board.w * (size_t)g->board.h;
}

static uint8_t *stones_row(const struct game *g, int ply)
{
    return g->stones + (size_t)ply * area(g);
}

/* --- life --------------------------------------------------------------- */

int game_init(struct game *g, int w, int h, double komi, struct err *e)
{
    memset(g, 0, sizeof *g);
    g->komi = komi;
    return game_clear(g, w, h, e);
}

void game_release(struct game *g)
{
    free(g->ply);
    free(g->stones);
    g->ply = NULL;
    g->stones = NULL;
    g->n = g->cap = 0;
}

int game_clear(struct game *g, int w, int h, struct err *e)
{
    uint8_t *stones;

    if (w < GAME_MIN || w > BOARD_MAX || h < GAME_MIN || h > BOARD_MAX)
        return err_set(e, "board size %dx%d is not within %d to %d", w, h, GAME_MIN, BOARD_MAX);
    stones = calloc((size_t)(w * h), 1);
    if (!stones)
        return err_set(e, "out of memory");
    free(g->stones);
    free(g->ply);
    g->stones = stones;
    g->ply = NULL;
    g->n = g->cap = 0;
    g->handicap = 0;
    g->first = BLACK;
    board_init(&g->board, w, h);
    g->start_hash = g->board.hash;
    return 0;
}

int game_copy(struct game *to, const struct game *from, struct err *e)
{
    size_t n = (size_t)from->n, bytes = (n + 1) * area(from);

    *to = *from;
    to->cap = from->n;
    to->ply = n ? malloc(n * sizeof *to->ply) : NULL;
    to->stones = malloc(bytes);
    if ((n && !to->ply) || !to->stones) {
        game_release(to);
        return err_set(e, "out of memory");
    }
    if (n)
        memcpy(to->ply, from->ply, n * sizeof *to->ply);
    memcpy(to->stones, from->stones, bytes);
    return 0;
}

/* Makes room for one more ply. */
static int reserve(struct game *g, struct err *e)
{
    int cap = g->cap < 32 ? 64 : g->cap * 2;
    struct ply *ply;
    uint8_t *stones;

    if (g->n >= GAME_MAX_PLIES)
        return err_set(e, "the game is longer than %d moves", GAME_MAX_PLIES);
    if (g->n < g->cap)
        return 0;
    ply = realloc(g->ply, (size_t)cap * sizeof *ply);
    if (!ply)
        return err_set(e, "out of memory");
    g->ply = ply;
    stones = realloc(g->stones, ((size_t)cap + 1) * area(g));
    if (!stones)
        return err_set(e, "out of memory");
    g->stones = stones;
    g->cap = cap;
    return 0;
}

/* --- moves -------------------------------------------------------------- */

enum legality game_legality(const struct game *g, enum color c, int p)
{
    enum legality l = board_legality(&g->board, c, p);
    uint64_t hash;

    if (l != LEGAL || p == PASS)
        return l;
    hash = board_hash_after(&g->board, c, p);
    for (int i = g->n - 1; i >= 0; i--) {
        if (g->ply[i].hash == hash)
            return SUPERKO;
        if (g->ply[i].kind == PLY_SETUP)
            return LEGAL;
    }
    return hash == g->start_hash ? SUPERKO : LEGAL;
}

const char *legality_text(enum legality l)
{
    static const char *const text[] = {
        [LEGAL] = "legal",     [OFF_BOARD] = "off the board", [OCCUPIED] = "occupied",
        [SUICIDE] = "suicide", [KO] = "ko",                   [SUPERKO] = "superko",
    };

    return text[l];
}

/* Writes down what the board has become as the next ply; there is room. */
static void record(struct game *g, struct ply ply)
{
    const struct board *b = &g->board;

    ply.ko = b->ko;
    ply.ko_color = b->ko_color;
    memcpy(ply.captured, b->captured, sizeof ply.captured);
    ply.hash = b->hash;
    g->ply[g->n++] = ply;
    board_get(b, stones_row(g, g->n));
}

int game_play(struct game *g, enum color c, int p, struct err *e)
{
    enum legality l = game_legality(g, c, p);
    struct ply ply = { .kind = PLY_MOVE, .color = c, .point = p, .to_move = color_other(c) };

    if (l != LEGAL)
        return err_set(e, "illegal move: %s", legality_text(l));
    if (reserve(g, e))
        return -1;
    ply.taken = board_play(&g->board, c, p);
    record(g, ply);
    return 0;
}

int game_undo_to(struct game *g, int ply, struct err *e)
{
    struct board *b = &g->board;

    if (ply < 0 || ply > g->n)
        return err_set(e, "cannot undo");
    if (ply == g->n)
        return 0;
    g->n = ply;
    board_set(b, stones_row(g, g->n));
    if (g->n > 0) {
        const struct ply *last = &g->ply[g->n - 1];

        b->ko = last->ko;
        b->ko_color = last->ko_color;
        memcpy(b->captured, last->captured, sizeof b->captured);
    }
    return 0;
}

int game_undo(struct game *g, struct err *e)
{
    return game_undo_to(g, g->n - 1, e);
}

int game_setup(struct game *g, const uint8_t *stones, enum color to_move, struct err *e)
{
    struct ply ply = {
        .kind = PLY_SETUP, .color = EMPTY, .point = NO_POINT, .to_move = to_move,
    };
    struct board b;

    b.w = g->board.w;
    b.h = g->board.h;
    if (board_set(&b, stones))
        return err_set(e, "the position has a chain without liberties");
    if (reserve(g, e))
        return -1;
    memcpy(b.captured, g->board.captured, sizeof b.captured);
    board_copy(&g->board, &b);
    record(g, ply);
    return 0;
}

int game_handicap(struct game *g, const int *points, int n, struct err *e)
{
    uint8_t stones[BOARD_AREA] = { 0 };
    struct board *b = &g->board;
    char name[8];

    if (b->n_empty != (int)area(g))
        return err_set(e, "board not empty");
    if (n < 1 || n >= (int)area(g))
        return err_set(e, "invalid number of stones");
    for (int i = 0; i < n; i++) {
        if (!board_on(b, points[i]))
            return err_set(e, "handicap stone off the board");
        if (stones[board_index(b, points[i])])
            return err_set(e, "two handicap stones on %s", board_vertex(b, points[i], name));
        stones[board_index(b, points[i])] = BLACK;
    }
    board_set(b, stones); /* one colour and an empty point: never without liberties */
    g->n = 0;
    g->handicap = n;
    g->first = WHITE;
    g->start_hash = b->hash;
    board_get(b, stones_row(g, 0));
    return 0;
}

/* --- looking ------------------------------------------------------------ */

enum color game_to_move(const struct game *g)
{
    return g->n ? g->ply[g->n - 1].to_move : g->first;
}

const uint8_t *game_stones(const struct game *g, int ply)
{
    return stones_row(g, ply);
}

int game_stone_placed(const struct game *g, int ply)
{
    const struct ply *p = &g->ply[ply - 1];

    return p->kind == PLY_MOVE && p->point != PASS ? p->point : NO_POINT;
}

static bool is_pass(const struct ply *p)
{
    return p->kind == PLY_MOVE && p->point == PASS;
}

bool game_passed(const struct game *g)
{
    return g->n >= 1 && is_pass(&g->ply[g->n - 1]);
}

bool game_over(const struct game *g)
{
    return game_passed(g) && g->n >= 2 && is_pass(&g->ply[g->n - 2]);
}

double game_score(const struct game *g)
{
    return board_area(&g->board, NULL) - g->komi;
}

const char *score_text(double score, char buf[24])
{
    if (score == 0)
        strcpy(buf, "0");
    else
        snprintf(buf, 24, "%c+%.10g", score > 0 ? 'B' : 'W', score > 0 ? score : -score);
    return buf;
}

/* --- drawing ------------------------------------------------------------ */

static void draw_letters(const struct board *b, FILE *f)
{
    char name[8];

    fprintf(f, "  ");
    for (int x = 0; x < b->w; x++)
        fprintf(f, " %c", board_vertex(b, board_point(b, x, 0), name)[0]);
    fprintf(f, "\n");
}

static void draw_row(const struct game *g, int y, int last, FILE *f)
{
    const struct board *b = &g->board;
    int row = b->h - y;

    fprintf(f, "%2d", row);
    for (int x = 0; x <= b->w; x++) {
        int p = board_point(b, x, y); /* x == w: the border, for the last gap */
        char before = p == last ? '(' : x > 0 && p - 1 == last ? ')' : ' ';

        fputc(before, f);
        if (x == b->w)
            break;
        fputc(b->color[p] == EMPTY && board_is_star(b->w, b->h, x, y) ? '+'
                                                                      : ".XO"[b->color[p]], f);
    }
    fprintf(f, "%d", row);
    if (row == 2)
        fprintf(f, "    WHITE (O) has captured %d stones", (int)b->captured[BLACK]);
    if (row == 1)
        fprintf(f, "    BLACK (X) has captured %d stones", (int)b->captured[WHITE]);
    fprintf(f, "\n");
}

char *game_draw(const struct game *g)
{
    int last = g->n ? game_stone_placed(g, g->n) : NO_POINT;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    int failed;

    if (!f)
        return NULL;
    draw_letters(&g->board, f);
    for (int y = 0; y < g->board.h; y++)
        draw_row(g, y, last, f);
    draw_letters(&g->board, f);
    failed = ferror(f);
    if (fclose(f) || failed) {
        free(text);
        return NULL;
    }
    return text;
}
