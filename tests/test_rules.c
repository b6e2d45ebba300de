/*
 * The engine against slowgo in random games of many sizes: legality (with
 * superko judged by comparing whole positions), captures, liberties, hashes,
 * area; passes, moves twice in a row, setups and undo in between.
 */
#include "engine/game.h"

#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"
#include "tests/slowgo.h"
#include "tests/tap.h"

enum { MAX_PLIES = 600 };

/* A game and what slowgo says of it. */
struct run {
    struct game g;
    struct rng r;
    struct moment {
        struct slow pos;
        int captured[3];
        int base; /* positions from here on count for superko */
    } *m; /* m[0 .. g.n] */
    int superkos;
};

/* libcheck's own assertions write to a pipe each time, too slow for millions. */
static void require(const struct run *t, bool ok, const char *what)
{
    if (!ok)
        ck_abort_msg("%dx%d, ply %d: %s", t->g.board.w, t->g.board.h, t->g.n, what);
}

static int size_of(const struct run *t)
{
    return t->g.board.w * t->g.board.h;
}

static enum legality slow_legality(const struct run *t, int c, int p)
{
    const struct moment *now = &t->m[t->g.n];
    struct slow next = now->pos;
    int taken = slow_play(&next, c, p);

    if (now->pos.s[p])
        return OCCUPIED;
    if (taken < 0)
        return SUICIDE;
    for (int i = t->g.n - 1; i >= now->base; i--) {
        if (memcmp(t->m[i].pos.s, next.s, (size_t)size_of(t)))
            continue;
        return i == t->g.n - 1 && t->g.ply[i].color != (enum color)c ? KO : SUPERKO;
    }
    return LEGAL;
}

static void check_legality(struct run *t, int c, int index)
{
    struct board next;
    int p = board_point_at(&t->g.board, index);
    enum legality l = game_legality(&t->g, (enum color)c, p);

    require(t, l == slow_legality(t, c, index), "legality differs");
    t->superkos += l == SUPERKO;
    if (l != LEGAL && l != SUPERKO)
        return;
    board_copy(&next, &t->g.board);
    board_play(&next, (enum color)c, p);
    require(t, next.hash == board_hash_after(&t->g.board, (enum color)c, p), "hash_after is wrong");
}

/* Each point of a small board, some points of a large one. */
static void check_all_legality(struct run *t)
{
    int n = size_of(t), step = n <= 30 ? 1 : n / 12;

    for (int i = (int)rng_below(&t->r, (uint32_t)step); i < n; i += step) {
        check_legality(t, BLACK, i);
        check_legality(t, WHITE, i);
    }
}

static void check_liberties(const struct run *t)
{
    const struct slow *s = &t->m[t->g.n].pos;
    uint8_t seen[SLOW_MAX] = { 0 };
    int group[SLOW_MAX], liberties;

    for (int i = 0; i < size_of(t); i++) {
        if (!s->s[i] || seen[i])
            continue;
        for (int n = slow_group(s, i, group, &liberties); n-- > 0;)
            seen[group[n]] = 1;
        require(t, board_liberties(&t->g.board, board_point_at(&t->g.board, i)) == liberties,
                "liberties differ");
    }
}

static void check_board(const struct run *t)
{
    const struct board *b = &t->g.board;
    const struct moment *now = &t->m[t->g.n];
    uint8_t stones[BOARD_AREA], owner[BOARD_AREA], slow_owner[BOARD_AREA];
    size_t n = (size_t)size_of(t);
    struct board again;
    uint64_t hash = 0;
    int n_empty = 0;

    board_get(b, stones);
    require(t, !memcmp(stones, now->pos.s, n), "stones differ");
    require(t, !memcmp(game_stones(&t->g, t->g.n), stones, n), "history differs");
    require(t, b->captured[1] == now->captured[1] && b->captured[2] == now->captured[2],
            "captures differ");
    for (size_t i = 0; i < n; i++) {
        int p = board_point_at(b, (int)i);

        if (stones[i])
            hash ^= board_key(b, (enum color)stones[i], p);
        else
            n_empty += b->empty[b->empty_at[p]] == p;
    }
    require(t, b->hash == hash, "hash is not that of the stones");
    require(t, b->n_empty == n_empty, "list of empty points is wrong");
    require(t, board_area(b, owner) == slow_area(&now->pos, slow_owner), "area differs");
    require(t, !memcmp(owner, slow_owner, n), "owners differ");
    again.w = b->w;
    again.h = b->h;
    require(t, !board_set(&again, stones) && again.hash == hash, "board_set differs");
}

static void check(struct run *t)
{
    check_board(t);
    check_liberties(t);
    check_all_legality(t);
}

/* Tries c at a random empty point or passes; tells slowgo too. */
static void move(struct run *t, int c)
{
    struct moment *now = &t->m[t->g.n], *next = now + 1;
    int n = t->g.board.n_empty, p = PASS, taken = 0;

    *next = *now;
    for (int tries = 0; n && tries < 20 && rng_below(&t->r, 40); tries++) {
        p = t->g.board.empty[rng_below(&t->r, (uint32_t)n)];
        if (game_legality(&t->g, (enum color)c, p) == LEGAL)
            break;
        p = PASS;
    }
    if (p != PASS)
        taken = slow_play(&next->pos, c, board_index(&t->g.board, p));
    next->captured[3 - c] += taken;
    require(t, !game_play(&t->g, (enum color)c, p, NULL), "a legal move is refused");
    require(t, t->g.ply[t->g.n - 1].taken == taken, "stones taken differ");
}

/* Sets up an earlier position, with a stone more or less. */
static void setup(struct run *t)
{
    struct moment *now = &t->m[t->g.n], *next = now + 1;
    int i = (int)rng_below(&t->r, (uint32_t)t->g.n + 1);
    int p = (int)rng_below(&t->r, (uint32_t)size_of(t));

    *next = *now;
    next->pos = t->m[i].pos;
    next->pos.s[p] = (uint8_t)rng_below(&t->r, 3);
    next->base = t->g.n + 1;
    require(t, (game_setup(&t->g, next->pos.s, BLACK, NULL) == 0) == slow_valid(&next->pos),
            "setup of a dead chain, or a good one refused");
}

static void play_game(struct run *t, int plies)
{
    int c = BLACK, steps = plies;

    check(t);
    while (t->g.n < plies && steps-- > 0) {
        uint32_t what = rng_below(&t->r, 1000);

        if (what < 4) {
            setup(t);
        } else if (what < 14) {
            for (int n = (int)rng_below(&t->r, 4); n >= 0 && t->g.n; n--)
                require(t, !game_undo(&t->g, NULL), "undo fails");
        } else {
            move(t, c);
            c = what < 100 ? c : 3 - c; /* sometimes twice in a row */
        }
        check(t);
    }
    while (t->g.n) {
        require(t, !game_undo(&t->g, NULL), "undo fails");
        check(t);
    }
    require(t, game_undo(&t->g, NULL) == -1, "undo of nothing");
}

static const struct {
    int w, h, games, plies;
} sizes[] = {
    { 2, 2, 100, 60 },  { 2, 3, 50, 100 }, { 3, 2, 50, 100 }, { 3, 3, 30, 200 },
    { 4, 3, 20, 250 },  { 2, 7, 20, 200 }, { 5, 5, 6, 300 },  { 7, 6, 4, 300 },
    { 9, 9, 4, 300 },   { 13, 5, 3, 300 }, { 13, 13, 2, 400 }, { 19, 19, 1, 600 },
    { 25, 2, 3, 200 },  { 2, 25, 3, 200 }, { 25, 25, 1, 500 }, { 17, 24, 1, 500 },
};

START_TEST(test_size)
{
    struct run t = { 0 };

    t.m = calloc(MAX_PLIES + 2, sizeof *t.m);
    ck_assert_ptr_nonnull(t.m);
    rng_init(&t.r, (uint64_t)_i + 1);
    ck_assert_int_eq(game_init(&t.g, sizes[_i].w, sizes[_i].h, 0, NULL), 0);
    t.m[0].pos.w = sizes[_i].w;
    t.m[0].pos.h = sizes[_i].h;
    for (int game = 0; game < sizes[_i].games; game++)
        play_game(&t, sizes[_i].plies);
    /* small boards must have tried what this is about */
    ck_assert(sizes[_i].w * sizes[_i].h > 12 || t.superkos > 100);
    game_release(&t.g);
    free(t.m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rules");
    TCase *c = tap_case(s, "against flood fill");

    tcase_add_loop_test(c, test_size, 0, sizeof sizes / sizeof sizes[0]);
    return tap_run(s);
}
