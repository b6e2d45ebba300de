/* The training loop: it learns, repeats itself, allocates nothing, and stops when it must. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "tests/tap.h"
#include "tests/train_fixture.h"

/* Calls of malloc and its kin by our own code; the linker leads them here (--wrap). */
static long allocations;
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);

void *__wrap_malloc(size_t n)
{
    allocations++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    allocations++;
    return __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    allocations++;
    return __real_aligned_alloc(align, n);
}

/* --- learning --- */

struct seen {
    int steps, held_out;
    double first, last, held;
    double speed, left;
    float lr;
};

static void watch(void *user, const struct train_progress *p)
{
    struct seen *s = user;

    if (s->steps++ == 0)
        s->first = p->loss[0];
    s->last = p->loss[0];
    ck_assert(p->loss[1] == TOY_T - 1);
    if (p->held_out) {
        s->held_out++;
        s->held = p->held_out[0];
        ck_assert(p->held_out[1] == TOY_T - 1);
    }
    s->speed = p->speed;
    s->left = p->seconds_left;
    s->lr = p->lr;
}

START_TEST(the_loss_falls_far_below_chance)
{
    struct train_config c = toy_config(400);
    struct seen s = { 0 };
    double chance = log(TOY_V), first_guess = log(TOY_STRIDES) / (TOY_T - 1);

    c.eval_steps = 150;
    host.user = &s;
    host.progress = watch;
    run_well(&c, false);
    printf("# loss %.3f to %.3f, held out %.3f; chance %.3f, at best %.3f\n", s.first, s.last,
           s.held, chance, first_guess);
    ck_assert_int_eq(s.steps, 400);
    ck_assert_int_eq(s.held_out, 3); /* 150, 300, the last */
    ck_assert(s.first > 0.8 * chance);
    ck_assert(s.last < 0.25 * chance && s.held < 0.25 * chance);
    ck_assert(s.last > 0.5 * first_guess && s.held > 0.5 * first_guess);
}
END_TEST

static double ticks(void *user)
{
    return ((struct seen *)user)->steps * 0.5;
}

START_TEST(speed_and_time_left_are_told)
{
    struct train_config c = toy_config(12);
    struct seen s = { 0 };

    host = (struct train_host){ .user = &s, .now = ticks, .progress = watch };
    run_well(&c, false);
    /* at the 12th report 11 ticks of half a second have passed */
    ck_assert_double_eq_tol(s.speed, 12 * 16 / 5.5, 1e-9);
    ck_assert_double_eq_tol(s.left, 0, 1e-9);
    ck_assert_float_eq(s.lr, ops_schedule(11, c.warmup, c.steps, c.lr, c.final_lr));
}
END_TEST

START_TEST(micro_batches_add_up)
{
    struct train_config c = toy_config(1);
    struct train_sample samples[16];
    double one[2] = { 0 }, many[2] = { 0 };
    struct toy other;

    c.micro = 16;
    ck_assert_msg(!toy_init(&toy, 2, 16, &e) && !toy_init(&other, 2, 16, &e), "%s", e.msg);
    ck_assert_int_eq(train_gradients(&toy.model, &c, &alone, 40, samples, one, &e), 0);
    c.micro = 3;
    ck_assert_int_eq(train_gradients(&other.model, &c, &alone, 40, samples, many, &e), 0);
    ck_assert_int_eq(toy.loads, 1);
    ck_assert_int_eq(other.loads, 6);
    ck_assert_double_eq_tol(one[0], many[0], 1e-5);
    for (size_t i = 0; i < toy.ps.len; i++)
        ck_assert_float_eq_tol(toy.ps.g[i], other.ps.g[i], 2e-5f);
    toy_free(&toy);
    toy_free(&other);
}
END_TEST

/* --- memory --- */

struct memory {
    int steps;
    long calls;
    size_t bytes, peak, heap;
};

static size_t heap(void)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    return mallinfo2().uordblks;
#else
    return 0;
#endif
}

static void count_memory(void *user, const struct train_progress *p)
{
    struct memory *m = user;

    m->steps++;
    if (p->step > 1) {
        ck_assert_int_eq(allocations, m->calls);
        ck_assert_uint_eq(toy.d->bytes, m->bytes);
        ck_assert_uint_eq(toy.d->bytes_peak, m->peak);
    }
    if (p->step > 2)
        ck_assert_uint_eq(heap(), m->heap);
    m->calls = allocations;
    m->bytes = toy.d->bytes;
    m->peak = toy.d->bytes_peak;
    m->heap = heap();
}

START_TEST(a_step_allocates_nothing)
{
    struct train_config c = toy_config(30);
    char paths[256];
    struct memory m = { 0 };

    name_files(&c, paths, "x");
    c.path = NULL;
    host.user = &m;
    host.progress = count_memory;
    run_well(&c, false);
    ck_assert_int_eq(m.steps, 30);
    ck_assert_int_gt(allocations, 0); /* the counting works */
}
END_TEST

/* --- repeating --- */

START_TEST(the_same_seed_gives_the_same_bytes)
{
    struct train_config c = toy_config(20);
    char paths[256];

    name_files(&c, paths, "a");
    run_well(&c, false);
    name_files(&c, paths, "b");
    run_well(&c, false);
    assert_same_runs("a", "b");
    c.seed++;
    name_files(&c, paths, "c");
    run_well(&c, false);
    ck_assert(!same_files("a.safetensors", "c.safetensors"));
}
END_TEST

/* --- refusing --- */

START_TEST(what_is_not_finite_ends_the_run_and_keeps_the_checkpoint)
{
    static const struct {
        enum toy_fault fault;
        const char *why;
    } cases[] = {
        { TOY_LOSS, "step 12: loss is " },
        { TOY_GRADIENT, "step 12: the gradient's norm is " },
        { TOY_DEVICE, "caught fire" },
        { TOY_LOAD, "cannot read sample" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct train_config c = toy_config(20);
        struct checkpoint_training f;
        char paths[256];
        struct err why;
        int step;
        struct checkpoint saved;

        err_init(&e);
        err_init(&why);
        c.save_steps = 5;
        name_files(&c, paths, "x");
        f = (struct checkpoint_training){ .path = c.path };
        ck_assert_int_eq(toy_init(&toy, 2, c.micro, &e), 0);
        toy.fault = cases[i].fault;
        toy.fault_at = 2 * 11 + 2; /* two micro-batches a step: in step 12 */
        ck_assert_int_eq(train_run(&toy.model, &c, &alone, &host, false, &e), -1);
        ck_assert_msg(strstr(e.msg, cases[i].why) != NULL, "%s", e.msg);
        ck_assert_int_eq(toy.ps.step, 11);
        for (size_t k = 0; k < toy.ps.len; k++)
            ck_assert(isfinite(toy.ps.w[k]));
        ck_assert(checkpoint_has_training(f.path));
        ck_assert_msg(!checkpoint_open(&saved, f.path, &why), "%s", why.msg);
        ck_assert_int_eq(checkpoint_meta_int(&saved, "step", 0, 100, &step, &why), 0);
        ck_assert_int_eq(step, 10);
        checkpoint_close(&saved);
        toy_free(&toy);
        /* and it goes on from there */
        err_init(&e);
        run_well(&c, true);
    }
}
END_TEST

START_TEST(bad_configurations_are_refused)
{
    static const struct {
        size_t at;
        bool real;
        double x;
        const char *why;
    } cases[] = {
        { offsetof(struct train_config, batch), false, 0, "batch is 0" },
        { offsetof(struct train_config, micro), false, -1, "micro-batch is -1" },
        { offsetof(struct train_config, steps), false, -5, "number of steps is -5" },
        { offsetof(struct train_config, lr), true, NAN, "learning rate is " },
        { offsetof(struct train_config, beta1), true, 1, "first beta is 1" },
        { offsetof(struct train_config, ema), true, -1, "decay of the average is -1" },
    };

    ck_assert_int_eq(toy_init(&toy, 2, 8, &e), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct train_config c = toy_config(3);
        float real = (float)cases[i].x;
        int whole = cases[i].real ? 0 : (int)cases[i].x;

        memcpy((char *)&c + cases[i].at, cases[i].real ? (void *)&real : (void *)&whole, 4);
        err_init(&e);
        ck_assert_int_eq(train_run(&toy.model, &c, &alone, &host, false, &e), -1);
        ck_assert_msg(strstr(e.msg, cases[i].why) != NULL, "%s", e.msg);
    }
    toy_free(&toy);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("train");
    TCase *tc = tap_case(s, "train");

    tcase_add_checked_fixture(tc, train_setup, train_teardown);
    tcase_add_test(tc, the_loss_falls_far_below_chance);
    tcase_add_test(tc, speed_and_time_left_are_told);
    tcase_add_test(tc, micro_batches_add_up);
    tcase_add_test(tc, a_step_allocates_nothing);
    tcase_add_test(tc, the_same_seed_gives_the_same_bytes);
    tcase_add_test(tc, what_is_not_finite_ends_the_run_and_keeps_the_checkpoint);
    tcase_add_test(tc, bad_configurations_are_refused);
    return tap_run(s);
}
