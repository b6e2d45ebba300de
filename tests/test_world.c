/* The world model: gradients, sequences cut and cached, drafts, files. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/world.h"
#include "tests/tap.h"
#include "tests/world_kit.h"

enum { N = KIT_N };

static struct err e;
static struct device *d;

static void setup(void)
{
    err_init(&e);
    d = kit_device();
}

static void teardown(void)
{
    device_close(d);
}

/* --- gradients --- */

/* The loss; the logits become its gradient. */
static double loss_of(struct world *w, const struct kit_sample *s, bool frames)
{
    int codes = w->Q * N;
    float *loss = malloc(N * KIT_S * sizeof *loss * 4);
    double sum = 0;

    world_upload(w, s->from, s->code, frames ? s->next : NULL, N);
    world_forward(w, N);
    if (codes) {
        d->ops->cross_entropy(d, loss, w->logits, s->target, NULL, codes, 1, w->config.codes, 1,
                              true);
        sum += d->ops->sum(d, loss, (size_t)codes);
    }
    if (frames) {
        d->ops->cross_entropy(d, loss, w->tokens, s->wanted, NULL, N * KIT_S, 1, KIT_V, 1, true);
        sum += d->ops->sum(d, loss, N * KIT_S);
    }
    free(loss);
    return sum;
}

/* By differences over one and two steps, which together are right to the fourth order. */
static double slope(struct world *w, float *x, float step, const struct kit_sample *s, bool frames)
{
    float was = *x;
    double at[4];

    for (int i = 0; i < 4; i++) {
        *x = was + step * (float)(i < 2 ? i - 2 : i - 1);
        at[i] = loss_of(w, s, frames);
    }
    *x = was;
    return (8 * (at[2] - at[1]) - (at[3] - at[0])) / (12 * (double)step);
}

static int check_tensor(struct world *w, struct param *p, const struct kit_sample *s, bool frames)
{
    const float step = 4e-3f;
    int moved = 0;

    for (int k = 0; k < p->out * p->in; k += 1 + p->out * p->in / 40) {
        double want = slope(w, &p->w[k], step, s, frames);

        moved += p->g[k] != 0;
        if (fabs(want - (double)p->g[k]) > 2e-3 + 1e-2 * fabs(want))
            ck_abort_msg("%s[%d]: %g, by differences %g", p->name, k, (double)p->g[k], want);
    }
    return moved;
}

static const struct gradient_case {
    enum world_target target;
    bool frames;
} gradient_cases[] = {
    { WORLD_STATE, false }, { WORLD_VIDEO, true }, { WORLD_LDM, true }, { WORLD_LDM, false },
};

START_TEST(gradients_are_those_of_finite_differences)
{
    const struct gradient_case *g = &gradient_cases[_i];
    struct world_config c = kit_config(g->target);
    struct kit_sample s;
    struct world w;

    kit_world(&w, &c, d, N, PARAMS_TRAIN, g->frames);
    s = kit_sample(&w);
    params_zero_grad(&w.ps);
    loss_of(&w, &s, g->frames);
    world_backward(&w, N);
    for (int i = 0; i < w.ps.n; i++) {
        struct param *p = w.ps.list[i].p;
        bool idle = !g->frames && (p == &w.copy || p == &w.mark || p == &w.frame ||
                                    p == &w.frame_b);

        ck_assert_msg((check_tensor(&w, p, &s, g->frames) > 0) != idle, "%s", p->name);
    }
    world_free(&w);
}
END_TEST

/* --- the same numbers, however they are computed --- */

START_TEST(a_sequence_that_is_cut_gives_the_same_codes)
{
    struct world_config c = kit_config(WORLD_LDM);
    struct kit_sample s;
    struct world w;
    float cut[KIT_H * N * KIT_K];

    kit_world(&w, &c, d, N, PARAMS_TRAIN, true);
    s = kit_sample(&w);
    world_upload(&w, s.from, s.code, NULL, N);
    world_forward(&w, N);
    ck_assert_int_eq(w.q.T, KIT_S + KIT_H);
    memcpy(cut, w.logits, sizeof cut);
    world_upload(&w, s.from, s.code, s.next, N);
    world_forward(&w, N);
    ck_assert_int_eq(w.q.T, 2 * KIT_S + KIT_H);
    kit_near(cut, (const float *)w.logits, KIT_H * N * KIT_K, "logits");
    world_free(&w);
}
END_TEST

/* --- refusals --- */

START_TEST(impossible_sizes_are_refused)
{
    struct world_config good = kit_config(WORLD_LDM), c[11];
    struct world w;

    for (int i = 0; i < 11; i++)
        c[i] = good;
    c[0].horizon = 0;
    c[1].horizon = WORLD_HORIZON_MAX + 1;
    c[2].rows = 0;
    c[3].cols = WORLD_SIDE_MAX + 1;
    c[4].tokens = 1;
    c[5].codes = 0;
    c[6].layers = 0;
    c[7].width = 12;
    c[8].target = WORLD_STATE; /* with a horizon */
    c[9].heads = 0;
    c[10].hidden = 0;
    for (int i = 0; i < 11; i++) {
        err_init(&e);
        ck_assert_msg(world_init(&w, &c[i], d, N, 0, true, &e) && e.msg[0], "case %d", i);
    }
    ck_assert_int_eq(world_init(&w, &good, d, 0, 0, true, &e), -1);
}
END_TEST

/* --- files --- */

static void temporary(char *path)
{
    strcpy(path, "/tmp/videoworld-world-XXXXXX");
    close(mkstemp(path));
}

START_TEST(what_was_saved_says_the_same)
{
    struct world_config c = kit_config((enum world_target)_i);
    float want[KIT_H * N * KIT_K] = { 0 }, got[KIT_H * N * KIT_K] = { 0 };
    int frame[N * KIT_S] = { 0 }, again[N * KIT_S] = { 0 };
    struct world w, loaded;
    struct kit_sample s;
    char path[64];

    temporary(path);
    kit_world(&w, &c, d, N, 0, true);
    s = kit_sample(&w);
    ck_assert_msg(!world_save(&w, path, DT_F32, &e), "%s", e.msg);
    ck_assert_msg(!world_load(&loaded, path, d, N, &e), "%s", e.msg);
    ck_assert_mem_eq(&loaded.config, &c, sizeof c);
    kit_tell_codes(&w, &s, want);
    kit_tell_codes(&loaded, &s, got);
    kit_near(want, got, KIT_H * N * KIT_K, "probabilities");
    if (c.target != WORLD_STATE) {
        ck_assert_int_eq(world_frame(&w, NULL, NULL, frame, NULL, &e), 0);
        ck_assert_int_eq(world_frame(&loaded, NULL, NULL, again, NULL, &e), 0);
    }
    ck_assert_mem_eq(frame, again, sizeof frame);
    world_free(&w);
    world_free(&loaded);
    unlink(path);
}
END_TEST

START_TEST(hostile_files_are_refused)
{
    struct world_config c = kit_config(WORLD_LDM);
    static const struct meta lies[] = {
        { "kind", "ldm" }, { "target", "videos" }, { "horizon", "-1" }, { "horizon", "17" },
        { "horizon", "1" }, { "rows", "0" }, { "rows", "65" }, { "cols", "3" },
        { "tokens", "262144" }, { "tokens", "6" }, { "codes", "x" }, { "codes", "10" },
        { "layers", "512" }, { "layers", "1" }, { "width", "16384" }, { "heads", "3" },
        { "heads", "0" }, { "hidden", "65536" }, { "target", "video" }, { "cols", NULL },
        { "hidden", "1000" },
    };
    struct world w, loaded;
    char path[64];

    temporary(path);
    kit_world(&w, &c, d, N, 0, true);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct world_meta m;
        struct checkpoint_options o = { DT_F32, false, m.list, WORLD_METAS };

        world_describe(&c, &m);
        for (int k = 0; k < o.metas; k++)
            if (!strcmp(m.list[k].key, lies[i].key)) {
                if (lies[i].value)
                    m.list[k] = lies[i];
                else
                    m.list[k] = m.list[--o.metas];
            }
        ck_assert_msg(!checkpoint_save(path, &w.ps, &o, &e), "%s", e.msg);
        ck_assert_msg(world_load(&loaded, path, d, N, &e), "%s = %s", lies[i].key,
                      lies[i].value ? lies[i].value : "nothing");
        ck_assert_msg(strstr(e.msg, path) || strstr(e.msg, "world") || strstr(e.msg, "width"),
                      "%s", e.msg);
        err_init(&e);
    }
    world_free(&w);
    unlink(path);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("world");
    TCase *c = tcase_create("world");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, gradients_are_those_of_finite_differences, 0,
                        sizeof gradient_cases / sizeof *gradient_cases);
    tcase_add_test(c, a_sequence_that_is_cut_gives_the_same_codes);
    tcase_add_test(c, impossible_sizes_are_refused);
    tcase_add_loop_test(c, what_was_saved_says_the_same, 0, 3);
    tcase_add_test(c, hostile_files_are_refused);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return tap_run(suite());
}
