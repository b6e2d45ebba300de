/* What the LDM and the world model learn from frames: a dot jumps to another cell, and the code has
   to say where. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"
#include "model/ldm_train.h"
#include "model/world_train.h"
#include "tests/tap.h"

enum { ROWS = 3, COLS = 4, S = ROWS * COLS };

static const struct ldm_config plain = {
    .rows = ROWS, .cols = COLS, .layers = 2, .width = 16, .heads = 2, .hidden = 24,
    .tokens = { .D = 2, .levels = { 4, 3 } }, .code = { .D = 3, .levels = { 5, 5, 3 } },
};

static struct device *d;
static struct err e;

static void setup(void)
{
    err_init(&e);
    d = device_open("cpu", 1, PRECISION_F32, &e);
    ck_assert_msg(d, "%s", e.msg);
}

static void teardown(void)
{
    device_close(d);
}

enum { PATCH = 2, CLIPS = 256 };

enum { FRAME = S * PATCH * PATCH * 3 };

static void draw_dot(uint8_t *px, int cell)
{
    int y = cell / COLS * PATCH, x = cell % COLS * PATCH;

    memset(px, 0, FRAME);
    for (int k = 0; k < PATCH * PATCH; k++)
        memset(px + ((y + k / PATCH) * COLS * PATCH + x + k % PATCH) * 3, 255, 3);
}

static int draw_dots(void *self, bool held_out, const struct train_sample *s, int n, int horizon,
                     uint8_t *px, int *valid, int *move, struct err *err)
{
    (void)self, (void)err, (void)move;
    for (int i = 0; i < n * (horizon + 1); i++) {
        uint64_t at = s[i / (horizon + 1)].index + (held_out ? 1000 : 0);

        draw_dot(px + (size_t)i * FRAME,
                 (int)(splitmix64(at * 7 + (uint64_t)(i % (horizon + 1))) % S));
    }
    for (int i = 0; valid && i < n; i++)
        valid[i] = horizon + 1;
    return 0;
}

/* Sample i has i % 3 others: to cell i % S, worth 0.4, and the one after it, worth 0.1. */
static int other_dots(void *self, const struct train_sample *s, int n, uint8_t *px, int *others,
                      float *share, struct err *err)
{
    (void)self, (void)err;
    for (int i = 0; i < n; i++) {
        others[i] = (int)(s[i].index % 3);
        for (int k = 0; k < others[i]; k++, px += FRAME, share++) {
            draw_dot(px, (int)((s[i].index + (uint64_t)k) % S));
            *share = k ? 0.1f : 0.4f;
        }
    }
    return 0;
}

static const struct frame_source source = {
    .samples = CLIPS, .held_out = 64, .w = COLS * PATCH, .h = ROWS * PATCH, .moves = 1,
    .max_horizon = 2, .frames = draw_dots };

/* A random one, but black and white are different tokens. */
static void open_tokenizer(struct tokenizer *t)
{
    struct tokenizer_config tc = { PATCH, 8, 2, { 4, 3 } };
    enum { PIXELS = PATCH * PATCH * 3 };
    uint8_t px[2 * PIXELS] = { 0 };
    int id[2] = { 0 };

    memset(px + PIXELS, 255, PIXELS);
    ck_assert_int_eq(tokenizer_init(t, &tc, d, 64, 0, &e), 0);
    for (uint64_t seed = 1; id[0] == id[1]; seed++) {
        ck_assert_int_eq(params_seed(&t->ps, seed, &e), 0);
        ck_assert_int_eq(tokenizer_encode(t, px, 2, PATCH, PATCH, id, &e), 0);
        ck_assert_uint_lt(seed, 1000);
    }
}

/* What was loaded, decoded: how many steps come out wrong. */
static int count_wrong(struct ldm_trainer *r)
{
    int code[2 * 16], got[2 * 16 * S], wrong = 0;

    ck_assert_int_eq(ldm_encode(r->l, r->from, r->to, r->role, r->steps, code, &e), 0);
    ck_assert_int_eq(ldm_decode(r->l, r->from, code, r->role, r->steps, got, &e), 0);
    for (int i = 0; i < r->steps; i++)
        wrong += memcmp(got + i * S, r->to + i * S, S * sizeof *got) != 0;
    return wrong;
}

/* Of the same samples, with r->right = 0, those are left that came out wrong. */
static void check_what_is_kept(struct ldm_trainer *r)
{
    struct train_sample samples[16];
    double sums[LDM_TRAIN_METRICS] = { 0 };
    int all = 0, right = 0;

    for (uint64_t at = 0; at < CLIPS; at += 16) {
        int wrong;

        for (uint64_t i = 0; i < 16; i++)
            samples[i] = (struct train_sample){ .index = at + i, .random = i };
        r->right = 1;
        ck_assert_int_eq(r->model.load(r, samples, 16, &e), 0);
        ck_assert_int_eq(r->steps, 32);
        wrong = count_wrong(r);
        r->right = 0;
        ck_assert_int_eq(r->model.load(r, samples, 16, &e), 0);
        ck_assert_int_eq(r->steps, wrong ? wrong : 1);
        ck_assert_int_eq(count_wrong(r), wrong);
        all += wrong;
        right += 32 - wrong;
    }
    /* the metrics are means over what was kept, whatever is loaded before they are asked */
    ck_assert_int_eq(r->model.backward(r, 16, &e), 0);
    r->right = 1;
    ck_assert_int_eq(r->model.load(r, samples, 16, &e), 0);
    ck_assert_int_eq(r->model.losses(r, 16, sums, &e), 0);
    ck_assert_msg(sums[1] == 0 && sums[2] >= 0 && sums[2] <= 16, "%g %g", sums[1], sums[2]);
    ck_assert_msg(all > 0 && right > 0, "%d wrong, %d right tell nothing", all, right);
}

/* Is the encoder asked to change in a step of r? */
static bool moves_the_encoder(struct ldm_trainer *r)
{
    const struct param *p = &r->l->out_e;
    float sum = 0;

    params_zero_grad(&r->l->ps);
    ck_assert_int_eq(r->model.backward(r, 16, &e), 0);
    for (int i = 0; i < p->out * p->in; i++)
        sum += fabsf(p->g[i]);
    return sum > 0;
}

static void check_the_encoder_rests(struct ldm_trainer *r)
{
    int step = r->l->ps.step;

    ck_assert(moves_the_encoder(r)); /* rounded: by commitment */
    r->rest = step;
    ck_assert(!moves_the_encoder(r));
    r->closed = step + 1;
    ck_assert(moves_the_encoder(r)); /* with noise: as the decoder wants */
}

START_TEST(a_nano_run_learns_where_a_dot_goes)
{
    struct train_config c = { .steps = 400, .batch = 16, .micro = 16, .lr = 5e-3f,
                              .final_lr = 1e-4f, .warmup = 10, .beta1 = 0.9f, .beta2 = 0.99f,
                              .eps = 1e-8f, .clip = 1, .seed = 1 };
    struct parallel alone = { .size = 1 };
    struct train_host host = { 0 };
    double sums[LDM_TRAIN_METRICS] = { 0 };
    struct ldm_trainer r;
    struct tokenizer t;
    struct ldm dots;

    open_tokenizer(&t);
    ck_assert_int_eq(ldm_init(&dots, &plain, d, 32, PARAMS_TRAIN, &e), 0);
    ck_assert_int_eq(ldm_train_seed(&dots, &t, 1, &e), 0);
    ck_assert_msg(!ldm_train_init(&r, &dots, &source, &t, 2, 16, 64, &e), "%s", e.msg);
    r.continuous = 100;
    r.closed = 200;
    ck_assert_msg(!train_run(&r.model, &c, &alone, &host, false, &e), "%s", e.msg);
    ck_assert_int_eq(r.model.evaluate(&r, 0, 64, sums, &e), 0);
    /* Guessing one of 12 cells would give less than 0.1. */
    ck_assert_msg(sums[1] / 64 > 0.8, "%g of the frames exact", sums[1] / 64);
    dots.digit_b[0].w[0] += 3; /* so that something comes out wrong again */
    params_refresh(&dots.ps);
    check_what_is_kept(&r);
    check_the_encoder_rests(&r);
    ldm_train_free(&r);
    ldm_free(&dots);
    tokenizer_free(&t);
}
END_TEST

/* --- the codes of another LDM: here with the first of their numbers the other way round --- */

enum { K = 75, SEEN = 40 };

static int mirrored(int code)
{
    return code / 5 * 5 + 4 - code % 5;
}

static void open_mirrored(struct ldm *m, bool mirror)
{
    ck_assert_int_eq(ldm_init(m, &plain, d, 32, PARAMS_TRAIN, &e), 0);
    ck_assert_int_eq(ldm_seed(m, 1, NULL, 0, &e), 0);
    for (int i = 0; i < m->query.out * m->query.in; i++)
        m->query.w[i] *= 1000; /* looks at one cell, so there are many codes */
    for (int i = 0; mirror && i < LDM_PLACE; i++)
        m->out_e.w[i] = -m->out_e.w[i];
    params_refresh(&m->ps);
}

/* Are rows `first` + k of p what rows first + old[k] of `was` were? */
static void check_rows(const struct param *p, const float *was, int first, const int *old)
{
    for (int k = 0; k < K; k++)
        if (memcmp(p->w + (first + k) * p->in, was + (first + old[k]) * p->in,
                   (size_t)p->in * sizeof *was))
            ck_abort_msg("what %s says of code %d is not what it said of %d", p->name, k, old[k]);
}

/* Of each code of a role the one that `was` has for the same, or the first that it never has. */
static void find_old(struct world_trainer *r, int of_role, int *old)
{
    bool met[K] = { false };
    int none = 0;

    for (int at = 0; at < SEEN; at += 16) {
        int steps = world_train_draw(r, at, SEEN, &e);

        for (int i = 0; i < steps; i++)
            met[r->z[i]] |= r->role[i] == of_role;
    }
    while (none < K - 1 && met[mirrored(none)])
        none++;
    for (int k = 0; k < K; k++)
        old[k] = met[k] ? mirrored(k) : none;
}

START_TEST(a_world_model_is_translated_to_the_codes_of_another_ldm)
{
    struct world_config wc = { .target = WORLD_LDM, .horizon = 2, .rows = ROWS, .cols = COLS,
                               .tokens = 12, .codes = K, .layers = 1, .width = 16, .heads = 2,
                               .hidden = 16 };
    int old[2][K], known, all = 0;
    struct world_trainer r;
    struct ldm was, now;
    struct tokenizer t;
    struct world w;
    float *before;

    open_tokenizer(&t);
    open_mirrored(&was, true);
    open_mirrored(&now, false);
    ck_assert_msg(!world_init(&w, &wc, d, 16, PARAMS_TRAIN | PARAMS_EMA, true, &e), "%s", e.msg);
    ck_assert_int_eq(params_seed(&w.ps, 1, &e), 0);
    for (size_t i = 0; i < w.ps.len; i++)
        w.ps.w[i] = (float)i; /* each row its own */
    ck_assert_int_eq(world_train_init(&r, &w, &source, &t, &now, 16, 64, &e), 0);
    before = malloc(w.ps.len * sizeof *before);
    memcpy(before, w.ps.w, w.ps.len * sizeof *before);
    find_old(&r, 0, old[0]);
    find_old(&r, 1, old[1]);
    ck_assert_msg(!world_train_translate(&r, &was, SEEN, &known, &e), "%s", e.msg);
    check_rows(&w.code, before + (w.code.w - w.ps.w), 0, old[0]);
    check_rows(&w.code_b, before + (w.code_b.w - w.ps.w), 0, old[0]);
    check_rows(&w.input, before + (w.input.w - w.ps.w), world_row_code(&w, 0), old[0]);
    check_rows(&w.acts[0], before + (w.acts[0].w - w.ps.w), 0, old[0]);
    check_rows(&w.acts[1], before + (w.acts[1].w - w.ps.w), 0, old[1]);
    ck_assert_mem_eq(w.ps.ema, w.ps.w, w.ps.len * sizeof *before);
    ck_assert_mem_eq(w.place.w, before + (w.place.w - w.ps.w), (size_t)w.place.in * sizeof *before);
    for (int k = 0; k < K; k++)
        all += old[0][k] == mirrored(k);
    ck_assert_msg(known > 5 && known <= all, "%d known, %d mirrored", known, all);

    was.codes = 2;
    ck_assert_int_eq(world_train_translate(&r, &was, SEEN, &known, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "translated from has 2 codes"));
    free(before);
    world_train_free(&r);
    world_free(&w);
    ldm_free(&now);
    ldm_free(&was);
    tokenizer_free(&t);
}
END_TEST

/* --- what else might come next --- */

/* The code of the step from a dot to another. */
static int code_of(struct world_trainer *r, struct tokenizer *t, const int *first, int cell)
{
    int id[S], own = 0, code;
    uint8_t px[FRAME];

    draw_dot(px, cell);
    ck_assert_int_eq(tokenizer_encode(t, px, 1, COLS * PATCH, ROWS * PATCH, id, &e), 0);
    ck_assert_int_eq(ldm_encode(r->ldm, first, id, &own, 1, &code, &e), 0);
    return code;
}

/* Sample i's targets and weights of z^1, which was loaded i-th of n. */
static void check_first_code(struct world_trainer *r, struct tokenizer *t, int i)
{
    const int *target = r->target + i * r->targets, others = i % 3;
    const float *weight = r->weight + i * r->targets;

    ck_assert_int_eq(target[0], r->code[i * 2]);
    ck_assert_float_eq_tol(weight[0], others ? 0.7f : 1, 1e-6f);
    for (int k = 0; k < others; k++) {
        float share = others == 1 ? 1 : k ? 0.2f : 0.8f; /* of 0.4 and 0.1 */

        ck_assert_int_eq(target[1 + k], code_of(r, t, r->from + i * S, (i + k) % S));
        ck_assert_float_eq_tol(weight[1 + k], 0.3f * share, 1e-6f);
    }
    for (int k = others + 1; k < r->targets; k++)
        ck_assert(target[k] == -1 && weight[k] == 0);
}

START_TEST(what_else_might_come_shares_the_first_code)
{
    struct world_config wc = { .target = WORLD_LDM, .horizon = 2, .rows = ROWS, .cols = COLS,
                               .tokens = 12, .codes = K, .layers = 1, .width = 16, .heads = 2,
                               .hidden = 16 };
    struct frame_source with_others = source;
    struct train_sample samples[8];
    double sums[WORLD_METRICS] = { 0 };
    struct world_trainer r;
    struct tokenizer t;
    struct world w;
    struct ldm dots;

    with_others.max_others = 3;
    with_others.others = other_dots;
    open_tokenizer(&t);
    open_mirrored(&dots, false);
    ck_assert_msg(!world_init(&w, &wc, d, 8, PARAMS_TRAIN, true, &e), "%s", e.msg);
    ck_assert_int_eq(params_seed(&w.ps, 1, &e), 0);
    ck_assert_msg(!world_train_init(&r, &w, &with_others, &t, &dots, 8, 64, &e), "%s", e.msg);
    ck_assert_int_eq(r.targets, 4);
    r.other = 0.3f;
    for (uint64_t i = 0; i < 8; i++)
        samples[i] = (struct train_sample){ .index = i, .random = i };
    ck_assert_int_eq(r.model.load(&r, samples, 8, &e), 0);
    for (int i = 0; i < 8; i++)
        check_first_code(&r, &t, i);
    for (int i = 8; i < 16; i++) { /* of z^2 there is but what came */
        ck_assert_int_eq(r.target[i * 4], r.code[(i - 8) * 2 + 1]);
        ck_assert(r.weight[i * 4] == r.later && r.target[i * 4 + 1] == -1);
    }
    ck_assert_int_eq(r.model.backward(&r, 8, &e), 0);
    ck_assert_int_eq(r.model.evaluate(&r, 0, 8, sums, &e), 0);
    for (int i = 0; i < 8; i++)
        ck_assert(r.weight[i * 4] == 1 && r.target[i * 4 + 1] == -1);
    for (uint64_t i = 0; i < 8; i++)
        samples[i].index = 3 * i;
    ck_assert_int_eq(r.model.load(&r, samples, 8, &e), 0); /* where nothing else might come */
    ck_assert(r.weight[7 * 4] == 1 && r.target[7 * 4 + 1] == -1);
    world_train_free(&r);
    with_others.max_others = CROSS_ENTROPY_TARGETS;
    ck_assert_int_eq(world_train_init(&r, &w, &with_others, &t, &dots, 8, 64, &e), -1);
    ck_assert_str_eq(e.msg, "the data tell 8 other frames, of which there may be 7");
    world_free(&w);
    ldm_free(&dots);
    tokenizer_free(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("learning");
    TCase *tc = tcase_create("learning");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_nano_run_learns_where_a_dot_goes);
    tcase_add_test(tc, a_world_model_is_translated_to_the_codes_of_another_ldm);
    tcase_add_test(tc, what_else_might_come_shares_the_first_code);
    suite_add_tcase(s, tc);
    return tap_run(s);
}
