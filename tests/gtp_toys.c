#include "tests/gtp_toys.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static int run_echo(struct gtp *g, void *ctx)
{
    (void)ctx;
    for (int i = 0; i < gtp_argc(g); i++)
        gtp_printf(g, "%s%s", i ? "|" : "", gtp_arg(g, i));
    return 0;
}

static int run_rest(struct gtp *g, void *ctx)
{
    (void)ctx;
    gtp_printf(g, "[%s][%s][%s]", gtp_rest(g, 1), gtp_rest(g, 9), gtp_arg(g, 9));
    return 0;
}

static int run_size(struct gtp *g, void *ctx)
{
    (void)ctx;
    gtp_printf(g, "%d %zu", gtp_argc(g), strlen(gtp_rest(g, 0)));
    return 0;
}

static int run_fail(struct gtp *g, void *ctx)
{
    (void)ctx;
    gtp_puts(g, "this is forgotten");
    return gtp_fail(g, "it %s", "failed");
}

static int run_untidy(struct gtp *g, void *ctx)
{
    (void)ctx;
    gtp_puts(g, "\n\n a\tb \r\n\n\n\x01 c\n  \n\n");
    return 0;
}

/* Ticks until another line comes: an analysis. */
static int run_stream(struct gtp *g, void *ctx)
{
    (void)ctx;
    gtp_begin(g);
    do
        gtp_line(g, "tick\n\n");
    while (gtp_waiting(g, 1) == LINES_NONE && !gtp_broken(g));
    return 0;
}

/* Runs until interrupted, or for so many rounds. */
static int run_work(struct gtp *g, void *ctx)
{
    int n = 0;

    (void)ctx;
    while (n < 100 && !gtp_interrupted(g))
        n++;
    gtp_puts(g, n < 100 ? "interrupted" : "done");
    return 0;
}

static int run_late(struct gtp *g, void *ctx)
{
    (void)ctx;
    gtp_begin(g);
    return gtp_fail(g, "too late");
}

static const struct gtp_command toys[] = {
    { "echo", run_echo }, { "rest", run_rest },   { "size", run_size },
    { "fail", run_fail }, { "untidy", run_untidy }, { "stream", run_stream },
    { "work", run_work }, { "late", run_late },   { NULL, NULL },
};

struct gtp *toy_session(int in, int out)
{
    struct gtp *g = gtp_new(in, out, NULL);

    ck_assert_ptr_nonnull(g);
    ck_assert_int_eq(gtp_add(g, toys), 0);
    return g;
}

int toy_file(const char *s, size_t n)
{
    FILE *f = tmpfile();

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(s, 1, n, f), n);
    rewind(f);
    return fileno(f);
}
