#include "engine/corpus_game.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "engine/file.h"
#include "engine/game.h"
#include "engine/rng.h"
#include "engine/symmetry.h"

const char corpus_magic[8] = { 'V', 'W', 'C', 'O', 'R', 'P', 'U', 'S' };

static const char *const part_names[N_PARTS] = { "train", "held-out", "test" };

const char *corpus_part_name(enum corpus_part p)
{
    return part_names[p];
}

int corpus_part_named(const char *name)
{
    for (int p = 0; p < N_PARTS; p++)
        if (!strcmp(name, part_names[p]))
            return p;
    return -1;
}

/* --- a game's bytes ------------------------------------------------------- */

static int white_bit(const struct corpus_game *g)
{
    return corpus_unit(g->w, g->h) == 1 ? 0x80 : 0x8000;
}

static int code(const struct corpus_game *g, int at)
{
    int unit = corpus_unit(g->w, g->h);

    return (int)corpus_get(g->plies + (size_t)at * (size_t)unit, unit);
}

enum color corpus_color(const struct corpus_game *g, int ply)
{
    return code(g, 2 * ply) & white_bit(g) ? WHITE : BLACK;
}

int corpus_played(const struct corpus_game *g, int ply)
{
    return code(g, 2 * ply) & ~white_bit(g);
}

int corpus_best(const struct corpus_game *g, int ply)
{
    return code(g, 2 * ply + 1);
}

/* The prior at p, unchecked. */
static struct corpus_prior prior(const struct corpus_game *g, int ply, int i)
{
    const uint8_t *p = g->plies + corpus_prior_at(g, ply, i);
    int unit = corpus_unit(g->w, g->h);

    return (struct corpus_prior){ (int)corpus_get(p, unit), p[unit] };
}

int corpus_policy(const struct corpus_game *g, int ply, struct corpus_prior *list)
{
    int n = 0;

    for (; n < g->priors; n++) {
        list[n] = prior(g, ply, n);
        if (!list[n].share)
            break;
    }
    return n;
}

int corpus_chance(const struct corpus_game *g, int ply)
{
    return g->chances ? g->plies[corpus_chance_at(g, ply)] : 0;
}

int corpus_chance_of(double probability)
{
    return 1 + (int)lround(probability * (CORPUS_WON - 1));
}

bool corpus_decided(const struct corpus_game *g, int ply)
{
    int chance = corpus_chance(g, ply);

    return chance && (chance < corpus_chance_of(0.1) || chance > corpus_chance_of(0.9));
}

struct corpus_game corpus_game_head(const uint8_t *bytes)
{
    struct corpus_game g = {
        .result = (enum corpus_result)bytes[0],
        .priors = bytes[1] & ~CORPUS_CHANCES,
        .chances = bytes[1] & CORPUS_CHANCES,
        .w = bytes[2],
        .h = bytes[3],
        .n = (int)corpus_get(bytes + 4, 4),
        .plies = bytes + CORPUS_GAME_HEAD,
    };
    uint64_t komi = corpus_get(bytes + 8, 8);

    memcpy(&g.komi, &komi, 8);
    return g;
}

static uint64_t hash_turned(const struct corpus_game *g, int s)
{
    int w = s & 4 ? g->h : g->w, h = s & 4 ? g->w : g->h;
    uint64_t hash = splitmix64((uint64_t)(w << 8 | h));

    for (int i = 0; i < g->n; i++) {
        uint64_t move = (uint64_t)symmetry_move(s, g->w, g->h, corpus_played(g, i));

        hash = splitmix64(hash ^ (move << 1 | (corpus_color(g, i) == WHITE)));
    }
    return hash;
}

uint64_t corpus_hash(const struct corpus_game *g)
{
    uint64_t least = UINT64_MAX;

    for (int s = 0; s < N_SYMMETRIES; s++) {
        uint64_t hash = hash_turned(g, s);

        least = hash < least ? hash : least;
    }
    return splitmix64(least); /* the least of eight is not evenly spread */
}

enum corpus_part corpus_part_of(uint64_t hash)
{
    int percent = (int)(hash % 100);

    return percent < 96 ? PART_TRAIN : percent < 98 ? PART_HELD_OUT : PART_TEST;
}

/* The bytes of a record that make it the game it is: neither result nor policies. */
static size_t game_len(const struct corpus_record *r)
{
    struct corpus_game g = corpus_game_head(r->bytes);

    return corpus_game_bytes(g.w, g.h, g.n, 0, false);
}

int corpus_compare(const struct corpus_record *a, const struct corpus_record *b)
{
    enum corpus_part pa = corpus_part_of(a->hash), pb = corpus_part_of(b->hash);
    size_t la = game_len(a), lb = game_len(b);

    if (pa != pb)
        return pa < pb ? -1 : 1;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (la != lb)
        return la < lb ? -1 : 1;
    return memcmp(a->bytes + 2, b->bytes + 2, la - 2);
}

/* --- checking ------------------------------------------------------------- */

/* Is a move of c at that index possible? */
static bool is_legal(const struct board *b, enum color c, int move)
{
    return move <= b->w * b->h && board_legality(b, c, board_move_point(b, move)) == LEGAL;
}

bool corpus_policy_holds(const struct board *b, enum color c, const struct corpus_prior *list,
                         int n)
{
    int last = CORPUS_WHOLE, sum = 0;

    for (int i = 0; i < n; i++) {
        if (list[i].share < 1 || list[i].share > last || !is_legal(b, c, list[i].move))
            return false;
        for (int k = 0; k < i; k++)
            if (list[k].move == list[i].move)
                return false;
        last = list[i].share;
        sum += last;
    }
    return sum <= CORPUS_WHOLE + CORPUS_PRIORS / 2;
}

/* A policy that holds, and noughts behind it. */
static bool policy_is_right(const struct corpus_game *g, const struct board *b, int ply)
{
    struct corpus_prior list[CORPUS_PRIORS];
    int n = corpus_policy(g, ply, list);

    for (int i = n; i < g->priors; i++)
        if (prior(g, ply, i).share || prior(g, ply, i).move)
            return false;
    return corpus_policy_holds(b, corpus_color(g, ply), list, n);
}

static int check_plies(const struct corpus_game *g, struct board *b, size_t number,
                       const char *name, struct err *e)
{
    board_init(b, g->w, g->h);
    for (int i = 0; i < g->n; i++) {
        enum color c = corpus_color(g, i);

        if (!is_legal(b, c, corpus_best(g, i)) || !is_legal(b, c, corpus_played(g, i)))
            return err_set(e, "'%s': game %zu has an illegal move at ply %d", name, number, i);
        if (!policy_is_right(g, b, i))
            return err_set(e, "'%s': game %zu has a wrong policy at ply %d", name, number, i);
        board_play(b, c, board_move_point(b, corpus_played(g, i)));
    }
    return 0;
}

/* Checks the game at bytes, of which `left` remain; r becomes its record. */
static int check_game(const uint8_t *bytes, size_t left, size_t number, const char *name,
                      struct board *scratch, struct corpus_record *r, struct err *e)
{
    struct corpus_game g;

    if (left < CORPUS_GAME_HEAD)
        return err_set(e, "'%s': game %zu is cut off", name, number);
    g = corpus_game_head(bytes);
    if (bytes[0] >= N_CORPUS_RESULTS || (g.priors ? g.priors != CORPUS_PRIORS : g.chances) ||
        g.w < GAME_MIN || g.w > BOARD_MAX || g.h < GAME_MIN || g.h > BOARD_MAX || g.n < 1 ||
        g.n > GAME_MAX_PLIES || !isfinite(g.komi))
        return err_set(e, "'%s': game %zu has a wrong head", name, number);
    r->len = corpus_game_bytes(g.w, g.h, g.n, g.priors, g.chances);
    if (left < r->len)
        return err_set(e, "'%s': game %zu is cut off", name, number);
    r->bytes = (uint8_t *)bytes;
    if (check_plies(&g, scratch, number, name, e))
        return -1;
    r->hash = corpus_hash(&g);
    return 0;
}

/* Fills the tables from the games, which lie between head and tail. */
static int index_games(struct corpus *c, const char *name, struct board *scratch, struct err *e)
{
    size_t at = CORPUS_HEAD, end = c->len - CORPUS_TAIL;
    struct corpus_record last = { 0 }, r = { 0 };

    for (size_t i = 0; i < c->n_games; i++) {
        if (check_game(c->bytes + at, end - at, i, name, scratch, &r, e))
            return -1;
        if (i > 0 && corpus_compare(&last, &r) >= 0)
            return err_set(e, "'%s': game %zu is out of order or there twice", name, i);
        c->offset[i] = at;
        c->first[i + 1] = c->first[i] + (size_t)corpus_game_head(r.bytes).n;
        for (int p = corpus_part_of(r.hash) + 1; p <= N_PARTS; p++)
            c->part[p] = i + 1;
        at += r.len;
        last = r;
    }
    return at == end ? 0 : err_set(e, "'%s': bytes behind the last game", name);
}

bool corpus_is(const void *bytes, size_t len)
{
    return len >= sizeof corpus_magic && !memcmp(bytes, corpus_magic, sizeof corpus_magic);
}

static int check_head(const struct corpus *c, const char *name, struct err *e)
{
    const uint8_t *p = c->bytes;
    uint64_t games;

    if (!corpus_is(p, c->len))
        return err_set(e, "'%s' is no corpus file", name);
    if (c->len < CORPUS_HEAD + CORPUS_TAIL)
        return err_set(e, "'%s' is cut off in its head", name);
    if (corpus_get(p + 8, 4) < 1 || corpus_get(p + 8, 4) > CORPUS_VERSION)
        return err_set(e, "'%s' is of version %llu, but only 1 to %d are known", name,
                       (unsigned long long)corpus_get(p + 8, 4), CORPUS_VERSION);
    games = corpus_get(p + 16, 8);
    if (games != c->len - CORPUS_HEAD - CORPUS_TAIL)
        return err_set(e, "'%s' holds %zu bytes of games where its head says %llu", name,
                       c->len - CORPUS_HEAD - CORPUS_TAIL, (unsigned long long)games);
    if (crc32_z(crc32_z(0, NULL, 0), p, c->len - CORPUS_TAIL) !=
        corpus_get(p + c->len - CORPUS_TAIL, 4))
        return err_set(e, "'%s' is damaged: its CRC is wrong", name);
    if (corpus_get(p + 12, 4) > games / (CORPUS_GAME_HEAD + 2))
        return err_set(e, "'%s' cannot hold %llu games", name,
                       (unsigned long long)corpus_get(p + 12, 4));
    return 0;
}

int corpus_parse(struct corpus *c, const char *name, uint8_t *bytes, size_t len, struct err *e)
{
    struct board *scratch;
    int status;

    *c = (struct corpus){ .bytes = bytes, .len = len };
    if (check_head(c, name, e)) {
        corpus_release(c);
        return -1;
    }
    c->n_games = (size_t)corpus_get(bytes + 12, 4);
    c->offset = calloc(c->n_games + 1, sizeof *c->offset);
    c->first = calloc(c->n_games + 1, sizeof *c->first);
    scratch = malloc(sizeof *scratch);
    if (c->offset && c->first && scratch)
        status = index_games(c, name, scratch, e);
    else
        status = err_set(e, "out of memory");
    free(scratch);
    if (status)
        corpus_release(c);
    return status;
}

int corpus_open(struct corpus *c, const char *path, struct err *e)
{
    char *buf;
    size_t len;

    if (file_read(path, CORPUS_MAX_BYTES, &buf, &len, e))
        return -1;
    return corpus_parse(c, path, (uint8_t *)buf, len, e);
}

void corpus_release(struct corpus *c)
{
    free(c->bytes);
    free(c->offset);
    free(c->first);
    memset(c, 0, sizeof *c);
}

/* --- looking up ----------------------------------------------------------- */

size_t corpus_count(const struct corpus *c, enum corpus_part p)
{
    return c->first[c->part[p + 1]] - c->first[c->part[p]];
}

size_t corpus_games(const struct corpus *c, enum corpus_part p)
{
    return c->part[p + 1] - c->part[p];
}

struct corpus_pos corpus_at(const struct corpus *c, enum corpus_part p, size_t i)
{
    size_t low = c->part[p], high = c->part[p + 1];

    i += c->first[low];
    while (high - low > 1) { /* first[low] <= i < first[high] */
        size_t mid = low + (high - low) / 2;

        if (c->first[mid] <= i)
            low = mid;
        else
            high = mid;
    }
    return (struct corpus_pos){ .game = low, .ply = (int)(i - c->first[low]) };
}

struct corpus_game corpus_game(const struct corpus *c, size_t i)
{
    return corpus_game_head(c->bytes + c->offset[i]);
}

void corpus_replay(const struct corpus_game *g, int ply, struct board *b)
{
    board_init(b, g->w, g->h);
    for (int i = 0; i < ply; i++)
        board_play(b, corpus_color(g, i), board_move_point(b, corpus_played(g, i)));
}
