#include "tests/corpus_kit.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/file.h"
#include "engine/game.h"
#include "engine/playout.h"
#include "engine/rng.h"

void kit_add(struct corpus_builder *b, const char *text)
{
    struct sgf s;
    struct err e;

    err_init(&e);
    ck_assert_msg(!sgf_parse(&s, "t", text, strlen(text), &e), "%s", e.msg);
    for (const struct sgf_node *root = s.first; root; root = root->next)
        ck_assert_msg(!corpus_add(b, &s, root, 7, &e), "%s", e.msg);
    sgf_release(&s);
}

uint8_t *kit_bytes(struct corpus_builder *b, size_t *len)
{
    char path[] = "/tmp/corpus-kit-XXXXXX", *buf;
    int fd = mkstemp(path);
    struct err e;

    err_init(&e);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_msg(!corpus_write(b, path, &e), "%s", e.msg);
    ck_assert_msg(!file_read(path, 1 << 28, &buf, len, &e), "%s", e.msg);
    unlink(path);
    return (uint8_t *)buf;
}

void kit_take(struct corpus *c, struct corpus_builder *b)
{
    struct err e;
    size_t len;
    uint8_t *bytes = kit_bytes(b, &len);

    err_init(&e);
    ck_assert_msg(!corpus_parse(c, "kit", bytes, len, &e), "%s", e.msg);
    corpus_builder_release(b);
}

void kit_corpus(struct corpus *c, const char *text)
{
    struct corpus_builder b;

    corpus_builder_init(&b);
    kit_add(&b, text);
    kit_take(c, &b);
}

void kit_policies(struct corpus_builder *b, int side)
{
    int pass = side * side;
    struct corpus_prior first[] = { { 0, 120 }, { pass, 120 }, { pass - 1, 5 } };
    struct corpus_prior second[CORPUS_PRIORS];
    char text[40];
    struct err e;

    err_init(&e);
    snprintf(text, sizeof text, "(;SZ[%d];B[aa];W[bb])", side);
    corpus_builder_init(b);
    kit_add(b, text);
    ck_assert_int_eq(corpus_record_clear_policies(&b->record[0], &e), 0);
    for (int i = 0; i < CORPUS_PRIORS; i++)
        second[i] = (struct corpus_prior){ pass - i, CORPUS_PRIORS - i };
    corpus_record_set_policy(&b->record[0], 0, second, CORPUS_PRIORS, 1); /* and no more */
    corpus_record_set_policy(&b->record[0], 0, first, 3, 200);
    corpus_record_set_policy(&b->record[0], 1, second, CORPUS_PRIORS, 0);
}

char *kit_sample(void)
{
    char path[1000], *buf;
    struct err e;
    size_t len;

    err_init(&e);
    snprintf(path, sizeof path, "%s/data/games9-sample.sgfs.gz", getenv("TEST_SRCDIR"));
    ck_assert_msg(!file_read(path, 1 << 28, &buf, &len, &e), "%s", e.msg);
    return buf;
}

/* The letters of a point, turned by hand rather than by symmetry.h. */
static void put_point(FILE *f, int w, int h, int x, int y, int s)
{
    if (s & 1)
        x = w - 1 - x;
    if (s & 2)
        y = h - 1 - y;
    fprintf(f, "%c%c", 'a' + (s & 4 ? y : x), 'a' + (s & 4 ? x : y));
}

char *kit_random_game(int w, int h, int n, uint64_t seed, int s)
{
    size_t len;
    char *text;
    FILE *f = open_memstream(&text, &len);
    struct game g;
    struct rng r;

    ck_assert_int_eq(game_init(&g, w, h, 7, NULL), 0);
    rng_init(&r, seed);
    fprintf(f, "(;SZ[%d:%d]KM[7]", s & 4 ? h : w, s & 4 ? w : h);
    for (int i = 0; i < n; i++) {
        enum color c = game_to_move(&g);
        int p = playout_move_game(&g, c, &r);

        ck_assert_int_eq(game_play(&g, c, p, NULL), 0);
        fprintf(f, ";%c[", c == BLACK ? 'B' : 'W');
        if (p != PASS)
            put_point(f, w, h, board_x(&g.board, p), board_y(&g.board, p), s);
        fprintf(f, "]");
    }
    fprintf(f, ")");
    fclose(f);
    game_release(&g);
    return text;
}
