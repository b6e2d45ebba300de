#include "render/diff.h"

#include <stdio.h>
#include <string.h>

#include "engine/board.h"

static void add(struct diff *d, int index)
{
    d->cells[d->n++] = (int16_t)index;
}

/* Cells whose change from before to after is of one kind go to d. */
enum change { CHANGE_APPEARED, CHANGE_VANISHED, CHANGE_COLOR };

static void collect(struct diff *d, const struct reading *before, const struct reading *after,
                    enum change what)
{
    d->n = 0;
    for (int i = 0; i < d->w * d->h; i++) {
        int from = before->cells[i], to = after->cells[i];
        enum change is = from == CELL_EMPTY ? CHANGE_APPEARED
                         : to == CELL_EMPTY ? CHANGE_VANISHED
                                            : CHANGE_COLOR;

        if (from != to && is == what)
            add(d, i);
    }
}

static bool is_unreadable(struct diff *d, const struct reading *before,
                          const struct reading *after)
{
    for (int i = 0; i < d->w * d->h; i++)
        if (before->cells[i] == CELL_UNKNOWN || after->cells[i] == CELL_UNKNOWN)
            add(d, i);
    return d->n > 0;
}

static int set_board(struct board *b, const struct reading *in)
{
    uint8_t stones[BOARD_AREA];

    for (int i = 0; i < in->w * in->h; i++)
        stones[i] = (uint8_t)color_of_cell((enum cell)in->cells[i], BLACK);
    board_init(b, in->w, in->h);
    return board_set(b, stones);
}

/* The stones before that the rules took to get to b: all of them, or those that
   still stand after. */
static void collect_taken(struct diff *d, const struct reading *before, const struct board *b,
                          const struct reading *after, bool standing)
{
    d->n = 0;
    for (int i = 0; i < d->w * d->h; i++)
        if (before->cells[i] != CELL_EMPTY && b->color[board_point_at(b, i)] == EMPTY &&
            (!standing || after->cells[i] != CELL_EMPTY))
            add(d, i);
}

/* The one new stone stands at d->move and is the mover's; b is the board before. */
static enum diff_kind judge_move(struct diff *d, const struct reading *before,
                                 const struct reading *after, struct board *b, enum cell side)
{
    int p = board_point_at(b, d->move);
    enum color c = color_of_cell(side, BLACK);
    enum legality legality = board_legality(b, c, p);

    if (legality == LEGAL)
        board_play(b, c, p);
    d->n = 0;
    for (int i = 0; i < d->w * d->h; i++)
        if (after->cells[i] == CELL_EMPTY && b->color[board_point_at(b, i)] != EMPTY)
            add(d, i);
    if (d->n)
        return DIFF_VANISHED;
    collect_taken(d, before, b, after, true);
    if (d->n)
        return DIFF_CAPTURE_FORGOTTEN;
    if (legality != LEGAL) {
        add(d, d->move);
        return DIFF_SUICIDE;
    }
    collect_taken(d, before, b, after, false);
    return DIFF_MOVE;
}

static enum diff_kind judge(struct diff *d, const struct reading *before,
                            const struct reading *after, enum cell side)
{
    struct board b;

    if (before->w != after->w || before->h != after->h)
        return DIFF_SIZE;
    if (is_unreadable(d, before, after))
        return DIFF_UNREADABLE;
    if (before->shade_sure <= 0 || after->shade_sure <= 0)
        return DIFF_SHADE_UNREADABLE;
    if (before->mover_is_black != after->mover_is_black)
        return DIFF_SHADE_CHANGED;
    if (set_board(&b, before) < 0)
        return DIFF_NO_POSITION;
    collect(d, before, after, CHANGE_COLOR);
    if (d->n)
        return DIFF_COLOR_CHANGED;
    collect(d, before, after, CHANGE_APPEARED);
    if (d->n > 1)
        return DIFF_MANY_STONES;
    if (d->n == 1) {
        d->move = d->cells[0];
        if (after->cells[d->move] != side)
            return DIFF_WRONG_COLOR;
        return judge_move(d, before, after, &b, side);
    }
    collect(d, before, after, CHANGE_VANISHED);
    return d->n ? DIFF_VANISHED : DIFF_PASS;
}

static enum diff_marker judge_marker(const struct reading *after, int move)
{
    if (after->n_markers > 1)
        return MARKER_SEVERAL;
    if (after->n_unsure_markers)
        return MARKER_UNSURE;
    if (after->marker == move) /* both -1 after a pass */
        return MARKER_RIGHT;
    return after->marker < 0 ? MARKER_MISSING : MARKER_ELSEWHERE;
}

void diff_readings(const struct reading *before, const struct reading *after, enum cell side,
                   struct diff *d)
{
    d->w = after->w;
    d->h = after->h;
    d->n = 0;
    d->move = -1;
    d->kind = judge(d, before, after, side);
    d->marker = judge_marker(after, d->move);
}

void diff_scenes(const struct scene *before, const struct scene *after, enum cell side,
                 struct diff *d)
{
    struct reading a, b;

    reading_of_scene(&a, before);
    reading_of_scene(&b, after);
    diff_readings(&a, &b, side, d);
}

static const char *const kind_texts[N_DIFF_KINDS] = {
    [DIFF_PASS] = "pass",
    [DIFF_MOVE] = "move",
    [DIFF_SIZE] = "the boards differ in size",
    [DIFF_UNREADABLE] = "cannot read",
    [DIFF_SHADE_UNREADABLE] = "cannot read the shade of the wood",
    [DIFF_SHADE_CHANGED] = "the shade of the wood changed",
    [DIFF_NO_POSITION] = "no position to start from: stones without liberties",
    [DIFF_COLOR_CHANGED] = "stones changed colour:",
    [DIFF_MANY_STONES] = "two or more new stones:",
    [DIFF_WRONG_COLOR] = "a new stone of the wrong colour:",
    [DIFF_VANISHED] = "stones vanished without being captured:",
    [DIFF_CAPTURE_FORGOTTEN] = "captured stones still stand:",
    [DIFF_SUICIDE] = "suicide:",
};

static const char *const marker_texts[] = {
    [MARKER_RIGHT] = "",
    [MARKER_MISSING] = "; the marker is missing",
    [MARKER_ELSEWHERE] = "; the marker is where no stone was placed",
    [MARKER_SEVERAL] = "; more than one marker",
    [MARKER_UNSURE] = "; a marker is unclear",
};

const char *diff_text(const struct diff *d, char buf[DIFF_TEXT_MAX])
{
    enum { SHOWN = 8 };
    char at[8];
    int len = snprintf(buf, DIFF_TEXT_MAX, "%s", kind_texts[d->kind]);

    if (d->kind == DIFF_MOVE)
        len += snprintf(buf + len, (size_t)(DIFF_TEXT_MAX - len), " at %s%s",
                        read_vertex(d->w, d->h, d->move, at), d->n ? ", captures" : "");
    for (int i = 0; i < d->n && i < SHOWN; i++)
        len += snprintf(buf + len, (size_t)(DIFF_TEXT_MAX - len), " %s",
                        read_vertex(d->w, d->h, d->cells[i], at));
    if (d->n > SHOWN)
        len += snprintf(buf + len, (size_t)(DIFF_TEXT_MAX - len), " and %d more", d->n - SHOWN);
    if (diff_is_legal(d))
        snprintf(buf + len, (size_t)(DIFF_TEXT_MAX - len), "%s", marker_texts[d->marker]);
    return buf;
}
