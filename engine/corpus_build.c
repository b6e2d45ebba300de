/* corpus: building one from SGF, and writing it. */
#include "engine/corpus_game.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "engine/file.h"
#include "engine/sgf_game.h"

void corpus_builder_init(struct corpus_builder *b)
{
    memset(b, 0, sizeof *b);
}

void corpus_builder_release(struct corpus_builder *b)
{
    for (size_t i = 0; i < b->n; i++)
        free(b->record[i].bytes);
    free(b->record);
    corpus_builder_init(b);
}

struct corpus_game corpus_record_game(const struct corpus_record *r)
{
    return corpus_game_head(r->bytes);
}

static void put_move(uint8_t *plies, int unit, int at, int move)
{
    corpus_put(plies + (size_t)at * (size_t)unit, unit, (uint64_t)move);
}

void corpus_record_set_best(struct corpus_record *r, int ply, int move)
{
    struct corpus_game g = corpus_game_head(r->bytes);

    put_move(r->bytes + CORPUS_GAME_HEAD, corpus_unit(g.w, g.h), 2 * ply + 1, move);
}

int corpus_record_clear_policies(struct corpus_record *r, struct err *e)
{
    struct corpus_game g = corpus_game_head(r->bytes);
    size_t without = corpus_game_bytes(g.w, g.h, g.n, 0, false);
    size_t len = corpus_game_bytes(g.w, g.h, g.n, CORPUS_PRIORS, true);
    uint8_t *bytes = realloc(r->bytes, len);

    if (!bytes)
        return err_set(e, "out of memory");
    memset(bytes + without, 0, len - without);
    bytes[1] = CORPUS_PRIORS | CORPUS_CHANCES;
    r->bytes = bytes;
    r->len = len;
    return 0;
}

void corpus_record_set_policy(struct corpus_record *r, int ply, const struct corpus_prior *list,
                              int n, int chance)
{
    struct corpus_game g = corpus_game_head(r->bytes);
    int unit = corpus_unit(g.w, g.h);

    for (int i = 0; i < g.priors; i++) {
        uint8_t *p = r->bytes + CORPUS_GAME_HEAD + corpus_prior_at(&g, ply, i);

        corpus_put(p, unit, i < n ? (uint64_t)list[i].move : 0);
        p[unit] = (uint8_t)(i < n ? list[i].share : 0);
    }
    if (g.chances)
        r->bytes[CORPUS_GAME_HEAD + corpus_chance_at(&g, ply)] = (uint8_t)chance;
}

/* Takes the bytes of a game, which it frees on failure. */
static int add_record(struct corpus_builder *b, uint8_t *bytes, size_t len, struct err *e)
{
    struct corpus_game g = corpus_game_head(bytes);

    if (b->n == b->cap) {
        size_t cap = b->cap ? 2 * b->cap : 1024;
        struct corpus_record *r = realloc(b->record, cap * sizeof *r);

        if (!r) {
            free(bytes);
            return err_set(e, "out of memory");
        }
        b->record = r;
        b->cap = cap;
    }
    b->record[b->n++] = (struct corpus_record){ corpus_hash(&g), bytes, len };
    return 0;
}

int corpus_add_all(struct corpus_builder *b, const struct corpus *c, struct err *e)
{
    for (size_t i = 0; i < c->n_games; i++) {
        struct corpus_game g = corpus_game(c, i);
        size_t len = corpus_game_bytes(g.w, g.h, g.n, g.priors, g.chances);
        uint8_t *bytes = malloc(len);

        if (!bytes)
            return err_set(e, "out of memory");
        memcpy(bytes, c->bytes + c->offset[i], len);
        if (add_record(b, bytes, len, e))
            return -1;
    }
    return 0;
}

/* --- from SGF -------------------------------------------------------------- */

/* The main line while it is walked. */
struct line {
    const struct sgf *sgf;
    int w, h;
    int n;
    size_t cap;     /* plies allocated */
    uint8_t *bytes; /* a record's, its head still empty */
};

static int add_ply(struct line *l, enum color c, int played, int best, struct err *e)
{
    int unit = corpus_unit(l->w, l->h);

    if ((size_t)l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 128;
        uint8_t *bytes = realloc(l->bytes, corpus_game_bytes(l->w, l->h, (int)cap, 0, false));

        if (!bytes)
            return err_set(e, "out of memory");
        l->bytes = bytes;
        l->cap = cap;
    }
    put_move(l->bytes + CORPUS_GAME_HEAD, unit, 2 * l->n,
             played | (c == WHITE ? (unit == 1 ? 0x80 : 0x8000) : 0));
    put_move(l->bytes + CORPUS_GAME_HEAD, unit, 2 * l->n + 1, best);
    l->n++;
    return 0;
}

/* Takes a node of the main line, which the walk has just played. */
static int take_node(struct line *l, const struct sgf_walk *w, struct err *e)
{
    const struct sgf_node *second = w->node->parent ? w->node->next : NULL;
    const struct board *b = &w->game.board;
    enum color c, c2;
    int played, best, status;

    if (b->n_empty < b->w * b->h &&
        (w->game.handicap || (w->plies && w->game.ply[w->game.n - 1].kind == PLY_SETUP)))
        return sgf_err(l->sgf, w->node->at, e,
                       "setup stones: a corpus holds games from the empty board");
    status = sgf_move(l->sgf, w->node, b, &c, &played, e);
    if (status != 1)
        return status;
    best = played;
    if (second) {
        status = sgf_move(l->sgf, second, b, &c2, &best, e);
        if (status < 0)
            return -1;
        if (status == 0 || c2 != c)
            return sgf_err(l->sgf, second->at, e,
                           "the second variation is no move of the side to move");
    }
    return add_ply(l, c, board_move_number(b, played), board_move_number(b, best), e);
}

/* Plays through all of a game, taking its main line. */
static int take_game(struct line *l, struct sgf_walk *w, struct err *e)
{
    const struct sgf_node *main = w->root; /* the next node of the main line */
    int more;

    while ((more = sgf_walk_next(w, e)) == 1) {
        if (w->node != main)
            continue;
        if (take_node(l, w, e))
            return -1;
        main = main->child;
    }
    return more;
}

static enum corpus_result result_of(const struct sgf_node *root)
{
    const char *raw = sgf_get_raw(root, "RE");
    struct sgf_result r;

    if (!raw)
        return CORPUS_UNKNOWN;
    r = sgf_result(raw);
    if (r.ending == SGF_DRAW)
        return CORPUS_DRAW;
    return r.winner == BLACK ? CORPUS_BLACK : r.winner == WHITE ? CORPUS_WHITE : CORPUS_UNKNOWN;
}

/* Moves the line's bytes into b as a record. */
static int add_line(struct corpus_builder *b, struct line *l, double komi,
                    enum corpus_result result, struct err *e)
{
    size_t len = corpus_game_bytes(l->w, l->h, l->n, 0, false);
    uint8_t *bytes = realloc(l->bytes, len);
    uint64_t bits;

    bytes = bytes ? bytes : l->bytes;
    l->bytes = NULL;
    memcpy(&bits, &komi, 8);
    bytes[0] = (uint8_t)result;
    bytes[1] = 0;
    bytes[2] = (uint8_t)l->w;
    bytes[3] = (uint8_t)l->h;
    corpus_put(bytes + 4, 4, (uint64_t)l->n);
    corpus_put(bytes + 8, 8, bits);
    return add_record(b, bytes, len, e);
}

int corpus_add(struct corpus_builder *b, const struct sgf *s, const struct sgf_node *root,
               double komi, struct err *e)
{
    struct line l = { .sgf = s };
    struct sgf_walk w;
    int status;

    if (sgf_walk_init(&w, s, root, komi, e))
        return -1;
    l.w = w.header.w;
    l.h = w.header.h;
    komi = w.game.komi + 0.0; /* no negative zero */
    status = take_game(&l, &w, e);
    sgf_walk_release(&w);
    if (!status && l.n == 0)
        b->empty++;
    else if (!status)
        status = add_line(b, &l, komi, result_of(root), e);
    free(l.bytes);
    return status;
}

/* --- the file -------------------------------------------------------------- */

/* Of how many plies a policy is known, or a chance. */
static int thoughts(const struct corpus_record *r)
{
    struct corpus_game g = corpus_record_game(r);
    struct corpus_prior list[CORPUS_PRIORS];
    int n = 0;

    for (int ply = 0; ply < g.n; ply++)
        n += (corpus_policy(&g, ply, list) > 0) + (corpus_chance(&g, ply) > 0);
    return n;
}

static int compare_records(const void *a, const void *b)
{
    const struct corpus_record *x = a, *y = b;
    int order = corpus_compare(x, y);

    if (!order) /* of games that are there twice the first is kept */
        order = thoughts(y) - thoughts(x);
    if (!order)
        order = (x->len < y->len) - (x->len > y->len);
    return order ? order : memcmp(x->bytes, y->bytes, x->len);
}

void corpus_finish(struct corpus_builder *b)
{
    size_t kept = 0;

    if (b->n)
        qsort(b->record, b->n, sizeof *b->record, compare_records);
    for (size_t i = 0; i < b->n; i++) {
        if (kept && !corpus_compare(&b->record[kept - 1], &b->record[i])) {
            uint8_t *result = &b->record[kept - 1].bytes[0];

            *result = *result == CORPUS_UNKNOWN ? b->record[i].bytes[0] : *result;
            free(b->record[i].bytes);
            b->twice++;
        } else {
            b->record[kept++] = b->record[i];
        }
    }
    b->n = kept;
}

static void put(struct outfile *o, const uint8_t *bytes, size_t len, uLong *crc)
{
    *crc = crc32_z(*crc, bytes, len);
    fwrite(bytes, 1, len, o->f); /* errors stay for outfile_commit */
}

int corpus_write(struct corpus_builder *b, const char *path, struct err *e)
{
    uint8_t head[CORPUS_HEAD], tail[CORPUS_TAIL];
    uLong crc = crc32_z(0, NULL, 0);
    struct outfile o;
    uint64_t total = 0;
    bool chances = false;

    corpus_finish(b);
    for (size_t i = 0; i < b->n; i++) {
        total += b->record[i].len;
        chances |= corpus_record_game(&b->record[i]).chances;
    }
    if (b->n > UINT32_MAX)
        return err_set(e, "cannot write '%s': too many games", path);
    if (outfile_open(&o, path, e))
        return -1;
    memcpy(head, corpus_magic, 8);
    corpus_put(head + 8, 4, chances ? CORPUS_VERSION : 1);
    corpus_put(head + 12, 4, b->n);
    corpus_put(head + 16, 8, total);
    put(&o, head, sizeof head, &crc);
    for (size_t i = 0; i < b->n; i++)
        put(&o, b->record[i].bytes, b->record[i].len, &crc);
    corpus_put(tail, CORPUS_TAIL, crc);
    fwrite(tail, 1, sizeof tail, o.f);
    return outfile_commit(&o, e);
}
