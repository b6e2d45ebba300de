/* The tokenizer: gradients, tokens and files, on pictures of no game. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/rng.h"
#include "model/tokenizer.h"
#include "model/tokenizer_train.h"
#include "tests/tap.h"

static const struct tokenizer_config plain = { 4, 24, 4, { 8, 5, 5, 5 } };

static struct device *open_cpu(void)
{
    struct err e;
    struct device *d;

    err_init(&e);
    d = device_open("cpu", 1, PRECISION_F32, &e);
    ck_assert_msg(d, "%s", e.msg);
    return d;
}

static void make(struct tokenizer *t, const struct tokenizer_config *c, struct device *d, int max,
                 int flags)
{
    struct err e;

    err_init(&e);
    ck_assert_msg(!tokenizer_init(t, c, d, max, flags, &e) && !params_seed(&t->ps, 5, &e), "%s",
                  e.msg);
}

/* n frames of noise, the same for the same seed. */
static uint8_t *noise(int n, int w, int h, uint64_t seed)
{
    size_t bytes = (size_t)(n * w * h) * 3;
    uint8_t *px = malloc(bytes);
    struct rng r;

    ck_assert(px);
    rng_init(&r, seed);
    for (size_t i = 0; i < bytes; i++)
        px[i] = (uint8_t)rng_u64(&r);
    return px;
}

/* --- patches --- */

START_TEST(frames_are_cut_and_put_together_again)
{
    static const int sizes[][3] = { { 12, 8, 4 }, { 13, 9, 4 }, { 3, 2, 5 }, { 144, 144, 36 } };
    int w = sizes[_i][0], h = sizes[_i][1], side = sizes[_i][2];
    uint8_t *px = noise(1, w, h, 1), *again = calloc((size_t)(w * h), 3);
    struct patches p;
    struct err e;

    err_init(&e);
    ck_assert_int_eq(patches_init(&p, side, 64, &e), 0);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < patches_count(&p, w, h); i++)
            ck_assert_int_eq(patches_add(&p, px, w, h, i), i);
    ck_assert_int_eq(p.n, patches_count(&p, w, h));
    for (int i = 0; i < p.n; i++)
        patches_paste(&p, p.px + (size_t)(i * side * side) * 3, again, w, h, i);
    ck_assert_mem_eq(px, again, (size_t)(w * h) * 3);
    patches_release(&p);
    free(px);
    free(again);
}
END_TEST

START_TEST(a_full_set_of_patches_knows_its_own)
{
    uint8_t *px = noise(1, 12, 4, 2);
    struct patches p;
    struct err e;

    err_init(&e);
    ck_assert_int_eq(patches_init(&p, 4, 2, &e), 0);
    ck_assert_int_eq(patches_add(&p, px, 12, 4, 0), 0);
    ck_assert_int_eq(patches_add(&p, px, 12, 4, 1), 1);
    ck_assert_int_eq(patches_add(&p, px, 12, 4, 2), -1);
    ck_assert_int_eq(patches_add(&p, px, 12, 4, 1), 1);
    patches_clear(&p);
    ck_assert_int_eq(patches_add(&p, px, 12, 4, 2), 0);
    patches_release(&p);
    free(px);
}
END_TEST

/* --- gradients --- */

/* The loss without rounding; t->dy gets its gradient. */
static double loss_of(struct tokenizer *t, int n, float *loss)
{
    struct device *d = t->d;
    int C = t->config.patch * t->config.patch * 3;

    tokenizer_forward(t, n, false);
    d->ops->zero(d, t->dy, (size_t)(n * C) * dtype_size(d->act));
    d->ops->pixel_loss(d, loss, t->dy, t->y, t->x, NULL, n, C, PIXEL_L2, 1);
    return d->ops->sum(d, loss, (size_t)n);
}

static void check_tensor(struct tokenizer *t, struct param *p, int n, float *loss)
{
    const float step = 1e-2f;

    for (int k = 0; k < 6; k++) {
        int i = (int)(splitmix64((uint64_t)k) % (uint64_t)(p->out * p->in));
        float w = p->w[i];
        double up, down, want;

        p->w[i] = w + step;
        up = loss_of(t, n, loss);
        p->w[i] = w - step;
        down = loss_of(t, n, loss);
        p->w[i] = w;
        want = (up - down) / (2 * (double)step);
        ck_assert_msg(fabs(want - (double)p->g[i]) < 1e-3 * (1 + 10 * fabs(want)),
                      "%s[%d]: %g, by differences %g", p->name, i, (double)p->g[i], want);
    }
}

START_TEST(gradients_are_those_of_finite_differences)
{
    enum { N = 6 };
    struct device *d = open_cpu();
    uint8_t *px = noise(1, 4 * N, 4, 3);
    struct tokenizer t;
    float *loss = d->ops->alloc(d, N * sizeof *loss);
    int moved = 0;

    make(&t, &plain, d, N, PARAMS_TRAIN);
    for (int i = 0; i < N; i++)
        patches_add(&t.patches, px, 4 * N, 4, i);
    tokenizer_upload(&t, N);
    params_zero_grad(&t.ps);
    loss_of(&t, N, loss);
    tokenizer_backward(&t, N, NULL, 0);
    for (int i = 0; i < t.ps.n; i++) {
        struct param *p = t.ps.list[i].p;

        for (int k = 0; k < p->out * p->in && moved == i; k++)
            moved += p->g[k] != 0;
        check_tensor(&t, p, N, loss);
    }
    ck_assert_int_eq(moved, t.ps.n);
    d->ops->free(d, loss);
    tokenizer_free(&t);
    device_close(d);
    free(px);
}
END_TEST

/* --- tokens --- */

START_TEST(tokens_do_not_depend_on_what_stands_around)
{
    enum { W = 22, H = 18, FRAMES = 5 };
    struct device *d = open_cpu();
    uint8_t *px = noise(FRAMES, W, H, 4);
    int id[FRAMES * 30], alone[30], few[FRAMES * 30], cells;
    struct tokenizer t, small;
    struct err e;

    err_init(&e);
    make(&t, &plain, d, 1000, 0);
    make(&small, &plain, d, 3, 0);
    cells = tokenizer_tokens(&t, W, H);
    ck_assert_int_eq(cells, 30);
    ck_assert_int_eq(tokenizer_encode(&t, px, FRAMES, W, H, id, &e), 0);
    ck_assert_int_eq(tokenizer_encode(&small, px, FRAMES, W, H, few, &e), 0);
    ck_assert_mem_eq(id, few, sizeof id);
    for (int f = 0; f < FRAMES; f++) {
        ck_assert_int_eq(tokenizer_encode(&t, px + f * W * H * 3, 1, W, H, alone, &e), 0);
        ck_assert_mem_eq(alone, id + f * cells, sizeof alone);
    }
    px[0] ^= 255; /* of the first patch of the first frame */
    ck_assert_int_eq(tokenizer_encode(&t, px, 1, W, H, alone, &e), 0);
    ck_assert_mem_eq(alone + 1, id + 1, sizeof alone - sizeof *alone);
    tokenizer_free(&t);
    tokenizer_free(&small);
    device_close(d);
    free(px);
}
END_TEST

START_TEST(decoding_draws_what_forward_draws)
{
    static const struct tokenizer_config configs[] = {
        { 4, 24, 4, { 8, 5, 5, 5 } }, { 16, 32, 6, { 8, 8, 8, 5, 5, 5 } },
        { 36, 16, 6, { 8, 8, 8, 5, 5, 5 } }, { 5, 8, 1, { 64 } },
    };
    enum { SIDE = 40, N = 101 };
    struct device *d = open_cpu();
    const struct tokenizer_config *c = &configs[_i];
    uint8_t *px = noise(1, SIDE, SIDE, 6), *again = calloc(SIDE * SIDE, 3), *few;
    struct tokenizer t, small;
    int id[N], cells, bytes = c->patch * c->patch * 3;
    struct err e;

    err_init(&e);
    make(&t, c, d, N, 0);
    make(&small, c, d, 2, 0);
    cells = tokenizer_tokens(&t, SIDE, SIDE);
    ck_assert_int_eq(tokenizer_encode(&t, px, 1, SIDE, SIDE, id, &e), 0);
    for (int i = 0; i < cells; i++)
        ck_assert(id[i] >= 0 && id[i] < t.codes);
    ck_assert_int_eq(tokenizer_decode(&t, id, 1, SIDE, SIDE, again, &e), 0);
    few = calloc(SIDE * SIDE, 3);
    ck_assert_int_eq(tokenizer_decode(&small, id, 1, SIDE, SIDE, few, &e), 0);
    ck_assert_mem_eq(again, few, SIDE * SIDE * 3);
    for (int i = 0; i < cells; i++)
        patches_add(&t.patches, px, SIDE, SIDE, i);
    tokenizer_upload(&t, cells);
    tokenizer_forward(&t, cells, true);
    d->ops->unpatchify(d, t.px, t.y, cells, 1, 1, c->patch);
    d->ops->download(d, t.patches.px, t.px, (size_t)(cells * bytes));
    for (int i = 0; i < cells; i++)
        patches_paste(&t.patches, t.patches.px + (size_t)i * (size_t)bytes, few, SIDE, SIDE, i);
    ck_assert_mem_eq(again, few, SIDE * SIDE * 3);
    tokenizer_free(&t);
    tokenizer_free(&small);
    device_close(d);
    free(px);
    free(again);
    free(few);
}
END_TEST

START_TEST(what_is_no_token_is_refused)
{
    static const int bad[] = { -1, 1000, 1 << 30 };
    struct device *d = open_cpu();
    struct tokenizer t;
    uint8_t px[4 * 4 * 3];
    struct err e;

    err_init(&e);
    make(&t, &plain, d, 4, 0);
    ck_assert_int_eq(tokenizer_decode(&t, &bad[_i], 1, 4, 4, px, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "is no token: they are 0 to 999"));
    tokenizer_free(&t);
    device_close(d);
}
END_TEST

/* --- configurations and files --- */

START_TEST(levels_are_read_or_refused)
{
    static const struct {
        const char *text;
        int D;
    } cases[] = {
        { "8,5,5,5", 4 }, { "8,8,8,5,5,5", 6 }, { "2", 1 }, { "", 0 }, { "8,", 0 }, { ",8", 0 },
        { "8,1", 0 }, { "65", 0 }, { "8 5", 0 }, { "2,2,2,2,2,2,2,2,2", 0 }, { "-8", 0 },
        { "64,64,64,64,64", 0 }, { "8,x", 0 },
    };
    struct tokenizer_config c;
    struct err e;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        err_init(&e);
        ck_assert_msg(tokenizer_parse_levels(&c, cases[i].text, &e) == (cases[i].D ? 0 : -1),
                      "'%s'", cases[i].text);
        ck_assert(!cases[i].D == !!e.msg[0]);
        if (cases[i].D)
            ck_assert_int_eq(c.D, cases[i].D);
    }
}
END_TEST

START_TEST(a_saved_tokenizer_gives_the_same_tokens)
{
    enum { W = 40, H = 36, N = 90 };
    char path[] = "/tmp/test_tokenizer-XXXXXX";
    struct device *d = open_cpu();
    uint8_t *px = noise(1, W, H, 7);
    struct tokenizer t, again;
    int id[N], same[N], fd = mkstemp(path);
    struct err e;

    err_init(&e);
    ck_assert(fd >= 0);
    close(fd);
    make(&t, &plain, d, 100, 0);
    ck_assert_msg(!tokenizer_save(&t, path, DT_F32, &e) &&
                  !tokenizer_load(&again, path, d, 50, &e), "%s", e.msg);
    ck_assert_int_eq(again.config.patch, 4);
    ck_assert_int_eq(again.config.hidden, 24);
    ck_assert_int_eq(again.codes, 1000);
    ck_assert_int_eq(tokenizer_encode(&t, px, 1, W, H, id, &e), 0);
    ck_assert_int_eq(tokenizer_encode(&again, px, 1, W, H, same, &e), 0);
    ck_assert_mem_eq(id, same, sizeof id);
    tokenizer_free(&t);
    tokenizer_free(&again);
    device_close(d);
    remove(path);
    free(px);
}
END_TEST

START_TEST(other_files_are_refused)
{
    static const struct {
        struct meta meta[4];
        const char *why;
    } cases[] = {
        { { { "kind", "ldm" }, { "patch", "4" }, { "hidden", "24" }, { "levels", "8,5,5,5" } },
          "holds no tokenizer but kind ldm" },
        { { { "sort", "x" }, { "patch", "4" }, { "hidden", "24" }, { "levels", "8,5,5,5" } },
          "holds no tokenizer" },
        { { { "kind", "tokenizer" }, { "patch", "4" }, { "hidden", "24" }, { "level", "8" } },
          "does not name its levels" },
        { { { "kind", "tokenizer" }, { "patch", "4" }, { "hidden", "24" }, { "levels", "8,0" } },
          "are no levels" },
        { { { "kind", "tokenizer" }, { "patch", "9999" }, { "hidden", "24" }, { "levels", "8" } },
          "patch" },
        { { { "kind", "tokenizer" }, { "patch", "8" }, { "hidden", "24" },
            { "levels", "8,5,5,5" } }, "encoder.0.weight" },
        { { { "kind", "tokenizer" }, { "patch", "4" }, { "hidden", "24" },
            { "levels", "8,5,5,5,5" } }, "encoder.1" },
    };
    char path[] = "/tmp/test_tokenizer-XXXXXX";
    struct checkpoint_options o = { DT_F32, false, cases[_i].meta, 4 };
    struct device *d = open_cpu();
    struct tokenizer t, again;
    int fd = mkstemp(path);
    struct err e;

    err_init(&e);
    ck_assert(fd >= 0);
    close(fd);
    make(&t, &plain, d, 10, 0);
    ck_assert_int_eq(checkpoint_save(path, &t.ps, &o, &e), 0);
    ck_assert_int_eq(tokenizer_load(&again, path, d, 10, &e), -1);
    ck_assert_msg(strstr(e.msg, cases[_i].why), "%s", e.msg);
    ck_assert_msg(strstr(e.msg, path), "%s", e.msg);
    tokenizer_free(&t);
    device_close(d);
    remove(path);
}
END_TEST

/* --- training --- */

enum { SIDE = 12, KINDS = 6 };

/* Frames of 3 x 3 patches out of KINDS, which are noise. */
static int toy_frames(void *self, bool held_out, const struct train_sample *s, int n, int horizon,
                      uint8_t *px, int *valid, int *move, struct err *e)
{
    const struct patches *kinds = self;

    (void)e, (void)valid, (void)move;
    for (int i = 0; i < n * (horizon + 1); i++, px += SIDE * SIDE * 3)
        for (int cell = 0; cell < 9; cell++) {
            uint64_t k = splitmix64(s[i / (horizon + 1)].index * 99 + (uint64_t)(i * 9 + cell) +
                                    held_out) % KINDS;

            patches_paste(kinds, kinds->px + k * 4 * 4 * 3, px, SIDE, SIDE, cell);
        }
    return 0;
}

START_TEST(too_many_samples_at_a_time_are_refused)
{
    const struct tokenizer_config c = { .patch = 2, .hidden = 1, .D = 1, .levels = { 2 } };
    const struct frame_source source = { .w = 304, .h = 304 };
    struct device *d = open_cpu();
    struct tokenizer t;
    struct err e;

    err_init(&e);
    ck_assert_int_eq(tokenizer_train_max(&c, &source, 1, 1 << 16), INT_MAX);
    ck_assert_int_eq(tokenizer_init(&t, &c, d, INT_MAX, PARAMS_TRAIN, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "patches at a time are not 1 to 16777216"));
    device_close(d);
}
END_TEST

START_TEST(it_learns_by_watching)
{
    struct tokenizer_config c = { 4, 32, 3, { 4, 4, 4 } };
    struct train_config run = { .steps = 400, .batch = 8, .micro = 8, .lr = 1e-2f, .beta1 = 0.9f,
                                .beta2 = 0.99f, .eps = 1e-8f, .clip = 1, .ema = 0.99f, .seed = 1 };
    struct train_host host = { 0 };
    struct parallel one = { .size = 1 };
    struct device *d = open_cpu();
    uint8_t *px = noise(1, 4 * KINDS, 4, 8);
    struct frame_source source = { .samples = 1000, .held_out = 100, .w = SIDE, .h = SIDE,
                                   .moves = 1, .max_horizon = 4, .frames = toy_frames };
    struct tokenizer_trainer r;
    struct patches kinds;
    struct tokenizer t;
    double before[2] = { 0 }, after[2] = { 0 };
    struct err e;

    err_init(&e);
    ck_assert_int_eq(patches_init(&kinds, 4, KINDS, &e), 0);
    for (int i = 0; i < KINDS; i++)
        patches_add(&kinds, px, 4 * KINDS, 4, i);
    source.self = &kinds;
    make(&t, &c, d, tokenizer_train_max(&c, &source, 1, 8), PARAMS_TRAIN | PARAMS_EMA);
    ck_assert_int_eq(tokenizer_train_init(&r, &t, &source, 1, 8, 0, 50, &e), 0);
    ck_assert_int_eq((int)r.model.held_out, 50);
    ck_assert_int_eq(r.model.evaluate(&r, 0, 50, before, &e), 0);
    ck_assert_msg(!train_run(&r.model, &run, &one, &host, false, &e), "%s", e.msg);
    ck_assert_int_eq(r.model.evaluate(&r, 0, 50, after, &e), 0);
    /* noise of bytes has a mean square of 1/3; each kind gets a code of its own */
    ck_assert_msg(before[1] / 50 > 0.3, "%g", before[1] / 50);
    ck_assert_msg(after[1] / 50 < 0.01, "%g", after[1] / 50);
    tokenizer_train_free(&r);
    tokenizer_free(&t);
    patches_release(&kinds);
    device_close(d);
    free(px);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tokenizer");
    TCase *c = tap_case(s, "tokenizer");

    tcase_add_loop_test(c, frames_are_cut_and_put_together_again, 0, 4);
    tcase_add_test(c, a_full_set_of_patches_knows_its_own);
    tcase_add_test(c, gradients_are_those_of_finite_differences);
    tcase_add_test(c, tokens_do_not_depend_on_what_stands_around);
    tcase_add_loop_test(c, decoding_draws_what_forward_draws, 0, 4);
    tcase_add_loop_test(c, what_is_no_token_is_refused, 0, 3);
    tcase_add_test(c, levels_are_read_or_refused);
    tcase_add_test(c, a_saved_tokenizer_gives_the_same_tokens);
    tcase_add_loop_test(c, other_files_are_refused, 0, 7);
    tcase_add_test(c, too_many_samples_at_a_time_are_refused);
    tcase_add_test(c, it_learns_by_watching);
    return tap_run(s);
}
