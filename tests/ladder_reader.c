#include "tests/ladder_reader.h"

enum {
    MAX_DEPTH = 160,    /* ladders across 19x19 and back take some 80 plies */
    MAX_NODES = 200000, /* no ladder of the suite takes a hundredth of that */
};

struct reading {
    enum color winner; /* of every ko */
    int prey, depth;
    enum color runner; /* the prey's colour */
    long nodes;
    bool gave_up;
};

static bool attack(struct reading *r, const struct board *b);

/* --- chains ------------------------------------------------------------------ */

/* The stones of the chain at p into stones[BOARD_AREA]; returns how many. */
static int chain(const struct board *b, int p, int16_t *stones)
{
    bool seen[BOARD_POINTS] = { false };
    int n = 0;

    stones[n++] = (int16_t)p;
    seen[p] = true;
    for (int i = 0; i < n; i++)
        for (int d = 0; d < 4; d++) {
            int q = board_neighbor(b, stones[i], d);

            if (b->color[q] == b->color[p] && !seen[q]) {
                seen[q] = true;
                stones[n++] = (int16_t)q;
            }
        }
    return n;
}

static void add_once(int *list, int *n, int max, int p)
{
    for (int i = 0; i < *n && i < max; i++)
        if (list[i] == p)
            return;
    if (*n < max)
        list[*n] = p;
    ++*n;
}

int ladder_liberties(const struct board *b, int p, int *libs, int max)
{
    int16_t stones[BOARD_AREA];
    int n = 0, size = chain(b, p, stones);

    for (int i = 0; i < size; i++)
        for (int d = 0; d < 4; d++) {
            int q = board_neighbor(b, stones[i], d);

            if (b->color[q] == EMPTY)
                add_once(libs, &n, max, q);
        }
    return n;
}

/* What may save a chain in atari: its liberty, and those of attackers in atari. */
static int rescues(const struct board *b, int prey, int *moves, int max)
{
    int16_t stones[BOARD_AREA];
    int n = 0, lib, size = chain(b, prey, stones);

    ladder_liberties(b, prey, &lib, 1);
    add_once(moves, &n, max, lib);
    for (int i = 0; i < size; i++)
        for (int d = 0; d < 4; d++) {
            int q = board_neighbor(b, stones[i], d);

            if (b->color[q] == color_other(b->color[prey]) && board_liberties(b, q) == 1) {
                ladder_liberties(b, q, &lib, 1);
                add_once(moves, &n, max, lib);
            }
        }
    return n < max ? n : max;
}

/* --- reading ----------------------------------------------------------------- */

/* The board after c's move; false if that is illegal, unless by a ko that c wins. */
static bool play(const struct reading *r, const struct board *b, enum color c, int p,
                 struct board *to)
{
    enum legality l = board_legality(b, c, p);

    if (l != LEGAL && (l != KO || r->winner != c))
        return false;
    board_copy(to, b);
    if (l == KO)
        to->ko = NO_POINT;
    board_play(to, c, p);
    return true;
}

static bool out_of_time(struct reading *r)
{
    if (++r->nodes > MAX_NODES || r->depth > MAX_DEPTH)
        r->gave_up = true;
    return r->gave_up;
}

/* Is the prey, in atari and to move, caught? */
static bool defend(struct reading *r, const struct board *b)
{
    enum { MAX_RESCUES = 16 };
    int moves[MAX_RESCUES], n = rescues(b, r->prey, moves, MAX_RESCUES);
    struct board after;
    bool caught = true;

    r->depth++;
    for (int i = 0; i < n && caught && !out_of_time(r); i++)
        if (play(r, b, r->runner, moves[i], &after))
            caught = attack(r, &after);
    r->depth--;
    return caught;
}

/* Is the prey caught, the attacker to move? */
static bool attack(struct reading *r, const struct board *b)
{
    enum color c = color_other(r->runner);
    int libs[2], n = ladder_liberties(b, r->prey, libs, 2);
    struct board after;
    bool caught = false;

    if (n > 2)
        return false;
    r->depth++;
    for (int i = 0; i < n && !caught && !out_of_time(r); i++)
        if (play(r, b, c, libs[i], &after))
            caught = n == 1 || defend(r, &after);
    r->depth--;
    return caught;
}

static bool caught(const struct board *b, int prey, enum color winner, bool *gave_up)
{
    struct reading r = { .winner = winner, .prey = prey, .runner = (enum color)b->color[prey] };
    bool is = attack(&r, b);

    *gave_up |= r.gave_up;
    return is;
}

enum ladder ladder_attack(const struct board *b, int prey)
{
    bool gave_up = false;
    bool surely = caught(b, prey, (enum color)b->color[prey], &gave_up);
    bool maybe = caught(b, prey, color_other((enum color)b->color[prey]), &gave_up);

    if (gave_up || surely != maybe)
        return LADDER_UNCLEAR;
    return surely ? LADDER_CAUGHT : LADDER_FREE;
}

/* The prey's best reply to a board, runner to move: first where it most likely is. */
static enum ladder best_reply(const struct board *b, int prey)
{
    enum color runner = (enum color)b->color[prey];
    enum ladder worst = ladder_attack(b, prey); /* a pass */
    struct board after;
    int libs[2], n = ladder_liberties(b, prey, libs, 2);

    n = n < 2 ? n : 2;
    for (int i = 0; i < n + b->n_empty && worst != LADDER_FREE; i++) {
        int p = i < n ? libs[i] : b->empty[i - n];
        enum ladder fate;

        if (board_legality(b, runner, p) != LEGAL)
            continue;
        board_copy(&after, b);
        board_play(&after, runner, p);
        fate = ladder_attack(&after, prey);
        worst = fate == LADDER_CAUGHT ? worst : fate;
    }
    return worst;
}

enum ladder ladder_after(const struct board *b, enum color c, int move, int prey)
{
    struct board after;

    board_copy(&after, b);
    board_play(&after, c, move);
    if (after.color[prey] == EMPTY)
        return LADDER_CAUGHT;
    return c == b->color[prey] ? ladder_attack(&after, prey) : best_reply(&after, prey);
}
