/*
 * Training state: resuming bit by bit, the pair of files, and writers killed at
 * random instants.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/file.h"
#include "engine/rng.h"
#include "tests/checkpoint_fixture.h"
#include "tests/tap.h"

/* --- a run: a linear layer learns random pairs on the CPU --- */

enum { BATCH = 4 };

struct run {
    struct device *d;
    struct tiny t;
    struct slots mem;
    act *x, *y, *dy, *want;
    float *loss;
    struct rng rng;   /* where the data come from */
    uint64_t seen;    /* position in the data */
    double best;
    struct scalar scalars[3];
    struct checkpoint_training files;
};

static void run_init(struct run *r, const char *path)
{
    struct slot t[] = {
        { &r->x, SHAPE(BATCH, 5), SLOT_ACT, "x" },
        { &r->y, SHAPE(BATCH, 3), SLOT_ACT, "y" },
        { &r->want, SHAPE(BATCH, 3), SLOT_ACT, "want" },
        { &r->loss, SHAPE(BATCH), SLOT_F32, "loss" },
        { &r->dy, SHAPE(BATCH, 3), SLOT_ACT | SLOT_GRAD, "dy" },
    };

    memset(r, 0, sizeof *r);
    r->d = device_open_cpu(1, PRECISION_F32, &e);
    ck_assert_ptr_nonnull(r->d);
    tiny_init(&r->t, r->d, PARAMS_TRAIN | PARAMS_EMA, 9);
    ck_assert_int_eq(slots_alloc(&r->mem, r->d, t, 5, &e), 0);
    rng_init(&r->rng, 1);
    r->best = 1e9;
    r->scalars[0] = (struct scalar){ "rng", SCALAR_I64, r->rng.s, 4 };
    r->scalars[1] = (struct scalar){ "seen", SCALAR_I64, &r->seen, 1 };
    r->scalars[2] = (struct scalar){ "best", SCALAR_F64, &r->best, 1 };
    r->files = (struct checkpoint_training){ path, plain, r->scalars, 3 };
}

static void run_release(struct run *r)
{
    slots_free(&r->mem, r->d);
    params_free(&r->t.ps);
    device_close(r->d);
}

static void put_random(struct run *r, act *to, int n)
{
    float host[32];

    for (int i = 0; i < n; i++)
        host[i] = (float)rng_double(&r->rng) - 0.5f;
    r->d->ops->upload(r->d, to, host, (size_t)n * sizeof *host);
}

static void run_steps(struct run *r, int n)
{
    static const struct adamw o = { .lr = 0.01f, .beta1 = 0.9f, .beta2 = 0.99f, .eps = 1e-8f,
                                    .decay = 0.1f, .scale = 1 };
    const struct ops *ops = r->d->ops;

    for (int i = 0; i < n; i++) {
        double loss;

        params_zero_grad(&r->t.ps);
        slots_zero(&r->mem, r->d);
        put_random(r, r->x, 5 * BATCH);
        put_random(r, r->want, 3 * BATCH);
        ops->linear(r->d, r->y, r->x, &r->t.a, &r->t.bias, NULL, BATCH);
        ops->pixel_loss(r->d, r->loss, r->dy, r->y, r->want, NULL, BATCH, 3, PIXEL_L2, 1);
        ops->linear_backward(r->d, NULL, &r->t.a, &r->t.bias, r->dy, r->x, NULL, BATCH);
        params_step(&r->t.ps, &o, 0.5f);
        params_ema(&r->t.ps, 0.9f);
        loss = ops->sum(r->d, r->loss, BATCH);
        r->best = loss < r->best ? loss : r->best;
        r->seen += BATCH;
    }
    ck_assert_int_eq(device_check(r->d, &e), 0);
}

START_TEST(a_resumed_run_is_bit_exact)
{
    const char *path = in_folder("x.safetensors");
    struct run whole, first, second;
    bool behind = true;

    run_init(&whole, path);
    run_steps(&whole, 25);
    run_init(&first, path);
    run_steps(&first, 10);
    ck_assert_int_eq(checkpoint_save_training(&first.files, &first.t.ps, &e), 0);
    run_release(&first);
    run_init(&second, path);
    run_steps(&second, 3); /* whatever it was before */
    ck_assert_int_eq(checkpoint_load_training(&second.files, &second.t.ps, &behind, NULL, &e), 0);
    ck_assert(!behind);
    ck_assert_int_eq(second.t.ps.step, 10);
    run_steps(&second, 15);
    ck_assert(tiny_equal(&whole.t, &second.t));
    ck_assert_mem_eq(&whole.rng, &second.rng, sizeof whole.rng);
    ck_assert_uint_eq(whole.seen, second.seen);
    ck_assert(whole.best == second.best);
    ck_assert(whole.best < 1e9);
    run_release(&whole);
    run_release(&second);
}
END_TEST

START_TEST(a_training_step_allocates_nothing)
{
    struct run r;
    size_t bytes, peak;

    run_init(&r, "x.safetensors");
    run_steps(&r, 1); /* the device's scratch grows once */
    bytes = r.d->bytes;
    peak = device_bytes_peak(r.d);
    run_steps(&r, 5);
    ck_assert_uint_eq(r.d->bytes, bytes);
    ck_assert_uint_eq(device_bytes_peak(r.d), peak);
    run_release(&r);
}
END_TEST

START_TEST(a_run_saved_while_swapped_is_the_same)
{
    const char *path = in_folder("x.safetensors");
    struct checkpoint_training files = { path, plain, NULL, 0 };
    struct tiny t, back;
    bool behind;

    tiny_init(&t, &fake.d, PARAMS_TRAIN | PARAMS_EMA, 1);
    tiny_init(&back, &fake.d, PARAMS_TRAIN | PARAMS_EMA, 2);
    tiny_scramble(&t, 3);
    params_swap_ema(&t.ps);
    params_swap_ema(&back.ps);
    ck_assert_int_eq(checkpoint_save_training(&files, &t.ps, &e), 0);
    ck_assert_int_eq(checkpoint_load_training(&files, &back.ps, &behind, NULL, &e), 0);
    params_swap_ema(&t.ps);
    ck_assert(!back.ps.swapped);
    ck_assert(tiny_equal(&t, &back));
    params_free(&t.ps);
    params_free(&back.ps);
}
END_TEST

START_TEST(copies_for_products_are_restored)
{
    const char *path = in_folder("x.safetensors");
    struct checkpoint_training files = { path, plain, NULL, 0 };
    struct tiny t, back;
    bool behind;

    fake_init(&fake, DT_BF16);
    tiny_init(&t, &fake.d, PARAMS_TRAIN, 1);
    tiny_init(&back, &fake.d, PARAMS_TRAIN, 2);
    ck_assert_int_eq(checkpoint_save_training(&files, &t.ps, &e), 0);
    ck_assert_int_eq(checkpoint_load_training(&files, &back.ps, &behind, NULL, &e), 0);
    ck_assert_mem_eq(t.ps.c, back.ps.c, 2 * t.ps.len);
    params_free(&t.ps);
    params_free(&back.ps);
}
END_TEST

/* --- the pair of files --- */

static void copy_file(const char *from, const char *to)
{
    char *bytes;
    size_t n;
    FILE *f;

    ck_assert_int_eq(file_read(from, 1 << 20, &bytes, &n, &e), 0);
    f = fopen(to, "wb");
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
    free(bytes);
}

START_TEST(a_crash_between_the_two_renames_is_noticed_and_mended)
{
    static const char *const why[] = { "has step 7, the training file 8", "has weights",
                                       "ends within its header", "No such file" };
    char weights[128], state[128];
    struct checkpoint_training files = { weights, plain, NULL, 0 };
    struct tiny t, back;

    strcpy(weights, in_folder("x.safetensors"));
    strcpy(state, in_folder("x.train.safetensors"));
    tiny_init(&t, &fake.d, PARAMS_TRAIN, 1);
    for (int i = 0; i < 4; i++) {
        struct err how;
        bool behind;

        unlink(weights);
        t.ps.step = i == 0 ? 7 : 8;
        t.a.w[0] = 1;
        if (i < 2)
            ck_assert_int_eq(checkpoint_save(weights, &t.ps, &plain, &e), 0);
        if (i == 2) {
            ck_assert_int_eq(truncate(state, 100), 0);
            copy_file(state, weights);
        }
        t.ps.step = 8;
        t.a.w[0] = 2;
        files.path = in_folder("y.safetensors"); /* step 8 gets only as far as the first file */
        ck_assert_int_eq(checkpoint_save_training(&files, &t.ps, &e), 0);
        files.path = weights;
        copy_file(in_folder("y.train.safetensors"), state);

        tiny_init(&back, &fake.d, PARAMS_TRAIN, 2);
        err_init(&how);
        ck_assert_int_eq(checkpoint_load_training(&files, &back.ps, &behind, &how, &e), 0);
        ck_assert(behind);
        ck_assert_msg(strstr(how.msg, why[i]) != NULL, "%s", how.msg);
        ck_assert(tiny_equal(&t, &back)); /* the training file suffices */
        ck_assert_int_eq(checkpoint_save(weights, &back.ps, &plain, &e), 0);
        ck_assert_int_eq(checkpoint_load_training(&files, &back.ps, &behind, NULL, &e), 0);
        ck_assert(!behind);
        params_free(&back.ps);
    }
    params_free(&t.ps);
}
END_TEST

/* Another run's file, a damaged one, one without a tensor: refused, nothing touched. */
START_TEST(what_does_not_fit_is_refused_whole)
{
    static const struct meta other[] = { { "model", "tiny \"x\"" }, { "layers", "3" } };
    static const struct meta fewer[] = { { "layers", "2" } };
    int64_t position = 5, four[4] = { 1, 2, 3, 4 };
    double real = 5;
    struct scalar saved = { "position", SCALAR_I64, &position, 1 };
    const struct {
        int flags;
        const struct meta *meta;
        int metas;
        struct scalar s;
        int scalars;
        const char *why;
    } cases[] = {
        { PARAMS_TRAIN, plain.meta, 2, saved, 1, NULL },
        { PARAMS_TRAIN | PARAMS_EMA, plain.meta, 2, saved, 1, "'hash.ema' is missing" },
        { 0, plain.meta, 2, saved, 1, "the params are not for training" },
        { PARAMS_TRAIN, other, 2, saved, 1, "its 'layers' is 2, not 3" },
        { PARAMS_TRAIN, fewer, 1, saved, 1, "has more than this run's" },
        { PARAMS_TRAIN, plain.meta, 2, saved, 0, "tensor 'state.position' is not one of this run" },
        { PARAMS_TRAIN, plain.meta, 2, { "rng", SCALAR_I64, four, 4 }, 1,
          "tensor 'state.rng' is missing" },
        { PARAMS_TRAIN, plain.meta, 2, { "position", SCALAR_I64, four, 4 }, 1,
          "tensor 'state.position' is (1), not (4, 1)" },
        { PARAMS_TRAIN, plain.meta, 2, { "position", SCALAR_F64, &real, 1 }, 1,
          "tensor 'state.position' is I64, not F64" },
    };
    struct checkpoint_training files = { in_folder("x.safetensors"), plain, &saved, 1 };
    struct tiny t, back, before;

    tiny_init(&t, &fake.d, PARAMS_TRAIN, 1);
    tiny_scramble(&t, 1);
    ck_assert_int_eq(checkpoint_save_training(&files, &t.ps, &e), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool behind, fits = !cases[i].why;

        position = 6;
        real = 6;
        err_init(&e);
        tiny_init(&back, &fake.d, cases[i].flags, 2);
        tiny_init(&before, &fake.d, cases[i].flags, 2);
        files.weights.meta = cases[i].meta;
        files.weights.metas = cases[i].metas;
        files.scalars = &cases[i].s;
        files.n = cases[i].scalars;
        ck_assert_int_eq(checkpoint_load_training(&files, &back.ps, &behind, NULL, &e),
                         fits ? 0 : -1);
        ck_assert_msg(fits || strstr(e.msg, cases[i].why), "%s", e.msg);
        ck_assert(tiny_equal(&back, fits ? &t : &before));
        ck_assert_int_eq(position, fits ? 5 : 6);
        ck_assert(real == 6 && four[0] == 1);
        params_free(&back.ps);
        params_free(&before.ps);
    }
    params_free(&t.ps);
}
END_TEST

START_TEST(damaged_state_is_refused)
{
    const char *path = in_folder("x.safetensors"), *state = in_folder("x.train.safetensors");
    uint64_t position = 5;
    struct scalar s = { "position", SCALAR_I64, &position, 1 };
    struct checkpoint_training files = { path, plain, &s, 1 };
    struct checkpoint c;
    struct tiny t, before;
    char *bytes;
    size_t n, at;

    tiny_init(&t, &fake.d, PARAMS_TRAIN | PARAMS_EMA, 1);
    tiny_init(&before, &fake.d, PARAMS_TRAIN | PARAMS_EMA, 1);
    ck_assert_int_eq(checkpoint_save_training(&files, &t.ps, &e), 0);
    ck_assert_int_eq(file_read(state, 1 << 20, &bytes, &n, &e), 0);
    ck_assert_int_eq(checkpoint_open(&c, state, &e), 0);
    at = c.data + 8; /* after the position */
    checkpoint_close(&c);
    ck_assert_uint_eq(n - at, 4 * 26 * sizeof(float));
    for (; at < n; at++) {
        bytes[at] ^= 1;
        err_init(&e);
        ck_assert_int_eq(checkpoint_open_memory(&c, bytes, n, "f", &e), 0);
        ck_assert_int_eq(checkpoint_load_state(&c, &files, &t.ps, &e), -1);
        ck_assert_msg(strstr(e.msg, "'f' is damaged: the hash of its") != NULL, "%s", e.msg);
        ck_assert(tiny_equal(&t, &before));
        checkpoint_close(&c);
        bytes[at] ^= 1;
    }
    free(bytes);
    params_free(&t.ps);
    params_free(&before.ps);
}
END_TEST

START_TEST(paths_must_end_in_safetensors)
{
    static const char *const paths[] = { "x", ".safetensors", "a/.safetensors",
                                         "x.safetensors.gz" };
    struct tiny t;
    bool behind;

    tiny_init(&t, &fake.d, PARAMS_TRAIN, 1);
    for (int i = 0; i < 4; i++) {
        struct checkpoint_training files = { paths[i], plain, NULL, 0 };

        err_init(&e);
        ck_assert_int_eq(checkpoint_save_training(&files, &t.ps, &e), -1);
        ck_assert_ptr_nonnull(strstr(e.msg, "does not end in '.safetensors'"));
        ck_assert_int_eq(checkpoint_load_training(&files, &t.ps, &behind, NULL, &e), -1);
    }
    params_free(&t.ps);
}
END_TEST

/* --- killed writers --- */

/* Saves steps 1, 2, 3, ... of weights that all equal the step, for ever. */
static void save_for_ever(const struct checkpoint_training *files, struct params *ps)
{
    for (;;) {
        ps->step++;
        for (int i = 0; i < ps->n; i++)
            for (int k = 0; k < ps->list[i].p->out * ps->list[i].p->in; k++)
                ps->list[i].p->w[k] = (float)ps->step;
        if (checkpoint_save_training(files, ps, &e))
            _exit(1);
    }
}

START_TEST(a_writer_killed_at_any_instant_leaves_whole_files)
{
    enum { KILLS = 120 };
    const char *path = in_folder("x.safetensors");
    struct checkpoint_training files = { path, plain, NULL, 0 };
    struct params ps;
    struct param w;
    struct rng r;
    int between = 0, leftovers = 0, mixed = 0;

    rng_init(&r, (uint64_t)time(NULL));
    params_init(&ps);
    params_add(&ps, &w, 100, 200, init_zero(), "w");
    ck_assert_int_eq(params_alloc(&ps, &fake.d, PARAMS_TRAIN, &e), 0);
    ck_assert_int_eq(checkpoint_save_training(&files, &ps, &e), 0);
    for (int i = 0; i < KILLS; i++) {
        struct timespec wait = { 0, (long)rng_below(&r, 100000000) };
        struct checkpoint c;
        bool behind;
        int status, step, last = ps.step;
        pid_t child = fork();

        ck_assert_int_ge(child, 0);
        if (child == 0)
            save_for_ever(&files, &ps);
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFSIGNALED(status));

        ck_assert_msg(!checkpoint_load_training(&files, &ps, &behind, NULL, &e), "%s", e.msg);
        ck_assert_int_ge(ps.step, last);
        for (int k = 0; k < 100 * 200; k++)
            mixed += w.w[k] != (float)ps.step;
        ck_assert_int_eq(mixed, 0);
        ck_assert_msg(!checkpoint_open(&c, path, &e), "%s", e.msg);
        ck_assert_int_eq(checkpoint_meta_int(&c, "step", 0, 1 << 30, &step, &e), 0);
        ck_assert_int_eq(behind, step != ps.step);
        ck_assert_int_le(step, ps.step); /* never ahead of the state */
        checkpoint_close(&c);
        between += behind;
        leftovers += count_files("x.*tmp");
    }
    printf("# %d steps saved; of %d kills %d came between the files, %d left a temporary one\n",
           ps.step, KILLS, between, leftovers);
    fflush(stdout);
    ck_assert_int_eq(checkpoint_save_training(&files, &ps, &e), 0);
    ck_assert_int_eq(count_files("x"), 2); /* the leftovers are swept away */
    params_free(&ps);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("training");
    TCase *state = tap_case(s, "state"), *kills = tap_case(s, "kills");

    tcase_add_checked_fixture(state, setup, teardown);
    tcase_add_checked_fixture(kills, setup, teardown);
    tcase_add_test(state, a_resumed_run_is_bit_exact);
    tcase_add_test(state, a_training_step_allocates_nothing);
    tcase_add_test(state, a_run_saved_while_swapped_is_the_same);
    tcase_add_test(state, copies_for_products_are_restored);
    tcase_add_test(state, a_crash_between_the_two_renames_is_noticed_and_mended);
    tcase_add_test(state, what_does_not_fit_is_refused_whole);
    tcase_add_test(state, damaged_state_is_refused);
    tcase_add_test(state, paths_must_end_in_safetensors);
    tcase_add_test(kills, a_writer_killed_at_any_instant_leaves_whole_files);
    return tap_run(s);
}
