/* A run that was stopped or killed goes on to the bytes that it would have reached. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/rng.h"
#include "tests/tap.h"
#include "tests/train_fixture.h"

struct stopper {
    volatile sig_atomic_t stop;
    int at, saved;
};

static void stop_at(void *user, const struct train_progress *p)
{
    struct stopper *s = user;

    s->saved += p->saved;
    if (p->step == s->at)
        s->stop = 1; /* as a signal would during the step after this one */
}

START_TEST(a_stopped_run_saves_and_goes_on_where_it_was)
{
    struct train_config c = toy_config(25);
    struct stopper s = { .at = 8 };
    char paths[256];

    c.log_steps = 5;
    c.eval_steps = 10;
    name_files(&c, paths, "whole");
    run_well(&c, false);
    name_files(&c, paths, "cut");
    host = (struct train_host){ .user = &s, .progress = stop_at, .stop = &s.stop };
    ck_assert_msg(!run(&c, false), "%s", e.msg);
    ck_assert_int_eq(toy.ps.step, 9);
    ck_assert_int_eq(s.saved, 1);
    toy_free(&toy);
    host = (struct train_host){ 0 };
    run_well(&c, true);
    assert_same_runs("whole", "cut");
    run_well(&c, true); /* nothing left to do, nothing changed */
    assert_same_runs("whole", "cut");
}
END_TEST

/* A training process that tells each step by a byte on the pipe. */
static void tell(void *user, const struct train_progress *p)
{
    char byte = (char)p->step;

    if (write(*(int *)user, &byte, 1) != 1)
        _exit(3);
}

static pid_t start(struct train_config *c, int *from)
{
    int ends[2];
    pid_t child;

    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(ends[0]);
        host = (struct train_host){ .user = &ends[1], .progress = tell };
        if (toy_init(&toy, 2, c->micro, &e) ||
            train_run(&toy.model, c, &alone, &host, true, &e)) {
            printf("# %s\n", e.msg);
            fflush(stdout);
            _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    *from = ends[0];
    return child;
}

/* Kills a run again and again, after a few steps or (k = 0) while it starts, until it is done. */
START_TEST(a_killed_run_ends_in_the_same_bytes)
{
    struct train_config c = toy_config(70);
    char paths[256];
    int from, status, kills = 0, starts = 0;
    struct rng r;
    pid_t child;

    rng_init(&r, (uint64_t)time(NULL));
    c.log_steps = 4;
    c.eval_steps = 16;
    c.save_steps = 3;
    name_files(&c, paths, "whole");
    /* In a process of its own too: OpenMP's threads do not survive a fork. */
    child = start(&c, &from);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    close(from);
    name_files(&c, paths, "cut");
    do {
        int steps = (int)rng_below(&r, 12);
        struct timespec wait = { 0, (long)rng_below(&r, steps ? 8000000 : 40000000) };
        char byte;

        child = start(&c, &from);
        starts++;
        while (steps > 0 && read(from, &byte, 1) == 1)
            steps--;
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        close(from);
        kills += WIFSIGNALED(status);
        ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    } while (WIFSIGNALED(status));
    printf("# %d kills in 70 steps\n", kills);
    ck_assert_int_gt(kills, 2);
    assert_same_runs("whole", "cut");
}
END_TEST

START_TEST(another_runs_checkpoint_is_refused)
{
    struct train_config c = toy_config(4), other;
    char paths[256];

    name_files(&c, paths, "x");
    run_well(&c, false);
    other = c;
    other.seed = 99;
    ck_assert_int_eq(run(&other, true), -1);
    ck_assert_msg(strstr(e.msg, "with seed 3, not 99") != NULL, "%s", e.msg);
    toy_free(&toy);
    err_init(&e);
    ck_assert_int_eq(toy_init(&toy, 2, c.micro, &e), 0);
    toy.model.samples--;
    ck_assert_int_eq(train_run(&toy.model, &c, &alone, &host, true, &e), -1);
    ck_assert_msg(strstr(e.msg, "on 100 samples, not 99") != NULL, "%s", e.msg);
    toy_free(&toy);
}
END_TEST

/* As a damaged checkpoint might tell it. */
START_TEST(who_is_beyond_the_last_step_is_done)
{
    struct train_config c = toy_config(4);

    ck_assert_int_eq(toy_init(&toy, 2, c.micro, &e), 0);
    toy.ps.step = INT_MAX;
    ck_assert_msg(!train_run(&toy.model, &c, &alone, &host, true, &e), "%s", e.msg);
    ck_assert_int_eq(toy.loads, 0);
    toy_free(&toy);
}
END_TEST

/* --- the log --- */

static void put(const char *name, const char *text)
{
    FILE *f = fopen(in_folder(name), "wb");

    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

START_TEST(the_log_is_cut_behind_the_checkpoint)
{
    struct train_config c = toy_config(10);
    char paths[256], *text;
    size_t n;
    int rows = 0;

    c.eval_steps = 4;
    name_files(&c, paths, "whole");
    run_well(&c, false);
    text = slurp("whole.csv", &n);
    ck_assert_ptr_eq(strstr(text, "step,epoch,lr,norm,loss,tokens,held_loss,held_tokens,"
                                  "samples_per_second\n1,0.16,"), text);
    for (size_t i = 0; i < n; i++)
        rows += text[i] == '\n';
    ck_assert_int_eq(rows, 11);
    ck_assert_ptr_nonnull(strstr(text, "\n3,0.48,"));
    ck_assert_ptr_nonnull(strstr(text, "9,,,0\n")); /* no held-out figure in most rows */

    /* a run of fewer steps, then rows that it never had and a torn one */
    c.steps = 10;
    name_files(&c, paths, "cut");
    {
        struct stopper s = { .at = 5 };

        host = (struct train_host){ .user = &s, .progress = stop_at, .stop = &s.stop };
        run_well(&c, false);
        host = (struct train_host){ 0 };
    }
    free(text);
    text = slurp("cut.csv", &n);
    text = realloc(text, n + 64);
    ck_assert_ptr_nonnull(text);
    strcpy(text + n, "7,1,1,1,1,1,,,0\n8,1,1");
    put("cut.csv", text);
    run_well(&c, true);
    assert_same_runs("whole", "cut");
    free(text);

    put("cut.csv", "a,b\n1,2\n");
    ck_assert_int_eq(run(&c, true), -1);
    ck_assert_msg(strstr(e.msg, "is not the log of such a run") != NULL, "%s", e.msg);
    toy_free(&toy);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("resume");
    TCase *tc = tap_case(s, "resume");

    tcase_add_checked_fixture(tc, train_setup, train_teardown);
    tcase_add_test(tc, a_stopped_run_saves_and_goes_on_where_it_was);
    tcase_add_test(tc, a_killed_run_ends_in_the_same_bytes);
    tcase_add_test(tc, another_runs_checkpoint_is_refused);
    tcase_add_test(tc, who_is_beyond_the_last_step_is_done);
    tcase_add_test(tc, the_log_is_cut_behind_the_checkpoint);
    return tap_run(s);
}
