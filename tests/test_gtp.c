/* The protocol layer: lines, preprocessing, ids, framing, failing descriptors. */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtp/gtp.h"
#include "tests/tap.h"

/* --- toy commands -------------------------------------------------------------- */

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

static struct gtp *session(int in, int out)
{
    struct gtp *g = gtp_new(in, out, NULL);

    ck_assert_ptr_nonnull(g);
    ck_assert_int_eq(gtp_add(g, toys), 0);
    return g;
}

/* What a session answers to these bytes; the caller frees. */
static char *answer(const char *in, size_t n)
{
    struct gtp *g = session(-1, -1);
    char *out;

    ck_assert_int_eq(gtp_feed(g, in, n, NULL), 0);
    ck_assert_int_eq(gtp_serve(g, NULL), 0);
    out = strdup(gtp_output(g, NULL));
    gtp_free(g);
    return out;
}

static void check(const char *in, size_t n, const char *want)
{
    char *got = answer(in, n);

    ck_assert_str_eq(got, want);
    free(got);
}

/* --- framing and preprocessing --------------------------------------------------- */

static const struct {
    const char *in, *out;
} exchanges[] = {
    { "protocol_version\n", "= 2\n\n" },
    { "7 protocol_version\n", "=7 2\n\n" },
    { "8 castle e4 # hm\n", "?8 unknown command\n\n" },
    { "Protocol_version\n", "? unknown command\n\n" },
    { "echo\n", "=\n\n" },
    { "3 echo\n", "=3\n\n" },
    { "echo a  b\tc \n", "= a|b|c\n\n" },
    { "\t echo a\n", "= a\n\n" },
    { "007 echo a\n", "=007 a\n\n" },
    { "123456789012345678901234567890 echo a\n", "=123456789012345678901234567890 a\n\n" },
    { "12echo a\n", "=12 a\n\n" },
    { "12\n", "?12 unknown command\n\n" },
    { "-1 echo a\n", "? unknown command\n\n" },
    { "rest a b  c   d # e\n", "= [b  c   d][][]\n\n" },
    { "fail\n", "? it failed\n\n" },
    { "5 fail\n", "?5 it failed\n\n" },
    { "untidy\n", "=\n a b\n  c\n\n" },
    { "4 untidy\n", "=4\n a b\n  c\n\n" },
    /* blank lines, comments */
    { "\n\n  \n\t\n# echo a\n  # b\n1 echo c#d\n", "=1 c\n\n" },
    { "# interrupt\n1 echo c\n", "=1 c\n\n" },
    /* CR LF and other control characters */
    { "echo a\r\n\r\n2 echo b\r\n", "= a\n\n=2 b\n\n" },
    { "e\x01" "ch\x1bo a\x7f\n", "= a\n\n" },
    { "\r1\r2 echo a\n", "=12 a\n\n" },
    /* what is not ASCII is passed on */
    { "echo \xc3\xa9 \xff\n", "= \xc3\xa9|\xff\n\n" },
    /* the end of input in mid-line */
    { "1 echo a\n2 echo b", "=1 a\n\n=2 b\n\n" },
    { "1 echo a\n  # b", "=1 a\n\n" },
    { "", "" },
    /* known_command */
    { "known_command quit\n", "= true\n\n" },
    { "known_command echo\n", "= true\n\n" },
    { "known_command castle\n", "= false\n\n" },
    { "known_command\n", "= false\n\n" },
    { "1 quit\n2 echo a\n", "=1\n\n" },
    { "list_commands\n",
      "= protocol_version\nknown_command\nlist_commands\nquit\necho\nrest\nsize\nfail\nuntidy\n"
      "stream\nwork\nlate\n\n" },
    /* answers as it goes */
    { "9 stream\n", "=9\ntick\n\n" },
    { "9 stream\n\n1 echo\n", "=9\ntick\n\n=1\n\n" },
    { "9 late\n1 echo\n", "=9\n\n=1\n\n" },
    /* "# interrupt" counts when nothing but blank lines and comments is before it */
    { "work\n", "= done\n\n" },
    { "work\n# interrupt\n", "= interrupted\n\n" },
    { "work\n\n# no\n  #  interrupt \r\n1 echo\n", "= interrupted\n\n=1\n\n" },
    { "work\n1 echo\n# interrupt\n", "= done\n\n=1\n\n" },
    { "work\n# interrupted\n", "= done\n\n" },
    { "work\n# interrupt", "= done\n\n" }, /* a line ends with its newline */
};

START_TEST(exchange)
{
    check(exchanges[_i].in, strlen(exchanges[_i].in), exchanges[_i].out);
}
END_TEST

START_TEST(nul_bytes_are_dropped)
{
    static const char in[] = "\0" "1\0" "2 e\0cho a\0b\0\n\0\n3 echo\0";

    check(in, sizeof in - 1, "=12 ab\n\n=3\n\n");
}
END_TEST

/* --- long input ------------------------------------------------------------------ */

/* "id command", then n bytes of c, then tail. */
static char *long_line(const char *head, char c, size_t n, const char *tail, size_t *len)
{
    size_t h = strlen(head), t = strlen(tail);
    char *s = malloc(h + n + t + 1);

    memcpy(s, head, h);
    memset(s + h, c, n);
    memcpy(s + h + n, tail, t + 1);
    *len = h + n + t;
    return s;
}

START_TEST(a_line_of_a_megabyte_works)
{
    size_t n;
    char *in = long_line("1 size ", 'x', 1 << 20, "\n2 echo a\n", &n);

    check(in, n, "=1 1 1048576\n\n=2 a\n\n");
    free(in);
}
END_TEST

START_TEST(a_megabyte_of_arguments_works)
{
    size_t n;
    char *in = long_line("1 size ", 'x', 1 << 20, "\n2 echo a\n", &n);

    for (size_t i = 8; i < 1 << 20; i += 2)
        in[i] = ' ';
    check(in, n, "=1 524285 1048576\n\n=2 a\n\n");
    free(in);
}
END_TEST

START_TEST(a_line_too_long_is_answered_and_left)
{
    size_t n;
    char *in = long_line("1 size ", 'x', LINES_MAX, "\n2 echo a\n", &n);

    check(in, n, "?1 line too long\n\n=2 a\n\n");
    free(in);
    in = long_line("# ", 'x', 3 * (size_t)LINES_MAX, "\n2 echo a\n", &n);
    check(in, n, "=2 a\n\n");
    free(in);
    in = long_line("1 size ", 'x', LINES_MAX, "", &n); /* and no end of it */
    check(in, n, "?1 line too long\n\n");
    free(in);
}
END_TEST

START_TEST(the_longest_line_works)
{
    size_t n;
    char *in = long_line("1 size ", 'x', LINES_MAX - 7, "\n2 echo a\n", &n), want[64];

    snprintf(want, sizeof want, "=1 1 %d\n\n=2 a\n\n", LINES_MAX - 7);
    check(in, n, want);
    free(in);
}
END_TEST

/* A file that holds these bytes, open for reading at its start. */
static int file_of(const char *s, size_t n)
{
    FILE *f = tmpfile();

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(s, 1, n, f), n);
    rewind(f);
    return fileno(f);
}

START_TEST(memory_is_bounded)
{
    size_t n, len;
    char *in = long_line("1 x", 'x', 12 * (size_t)LINES_MAX, "\nnext\n", &n), *line;
    struct lines l;

    lines_init(&l, file_of(in, n));
    ck_assert_int_eq(lines_next(&l, &line, &len), LINES_LONG);
    ck_assert_uint_eq(len, LINES_HEAD);
    ck_assert(!memcmp(line, "1 xxx", 5));
    ck_assert_uint_le(l.cap, 2 * (size_t)LINES_MAX);
    ck_assert_int_eq(lines_next(&l, &line, &len), LINES_LINE);
    ck_assert_uint_eq(len, 4);
    ck_assert_int_eq(lines_next(&l, &line, &len), LINES_EOF);
    lines_release(&l);
    free(in);
}
END_TEST

/* --- descriptors ----------------------------------------------------------------- */

enum { MANY = 10000 };

START_TEST(ten_thousand_commands_at_once)
{
    char *in = malloc(32 * MANY), *want = malloc(32 * MANY), *got = malloc(32 * MANY);
    size_t n = 0, w = 0;
    FILE *out = tmpfile();
    struct gtp *g;

    for (int i = 0; i < MANY; i++) {
        n += (size_t)sprintf(in + n, "%d echo x %d\n", i, i);
        w += (size_t)sprintf(want + w, "=%d x|%d\n\n", i, i);
    }
    g = session(file_of(in, n), fileno(out));
    ck_assert_int_eq(gtp_serve(g, NULL), 0);
    rewind(out);
    ck_assert_uint_eq(fread(got, 1, 32 * MANY, out), w);
    ck_assert(!memcmp(got, want, w));
    gtp_free(g);
    fclose(out);
    free(in);
    free(want);
    free(got);
}
END_TEST

/* A session in a child process; returns our end of a socket to it. */
static int start(pid_t *pid)
{
    int fd[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    *pid = fork();
    if (*pid == 0) {
        struct gtp *g = gtp_new(fd[1], fd[1], NULL);
        int status;

        close(fd[0]);
        gtp_add(g, toys);
        status = gtp_serve(g, NULL);
        gtp_free(g);
        _exit(status ? 1 : 0);
    }
    close(fd[1]);
    return fd[0];
}

static void send_text(int fd, const char *s)
{
    ck_assert_int_eq(write(fd, s, strlen(s)), (ssize_t)strlen(s));
}

/* Reads exactly this text, waiting for it. */
static void expect(int fd, const char *want)
{
    char got[512];
    size_t n = 0, len = strlen(want);

    while (n < len) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        ssize_t r;

        ck_assert_msg(poll(&p, 1, 60000) > 0, "no answer");
        r = read(fd, got + n, len - n);
        ck_assert_msg(r > 0, "the session ended");
        n += (size_t)r;
    }
    got[n] = '\0';
    ck_assert_str_eq(got, want);
}

static void finish(int fd, pid_t pid)
{
    int status;

    shutdown(fd, SHUT_WR);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    close(fd);
}

START_TEST(input_byte_by_byte)
{
    pid_t pid;
    int fd = start(&pid);

    for (const char *s = "1 echo a\r\n\n# b\n2 echo\tb\n3 ec"; *s; s++) {
        ck_assert_int_eq(write(fd, s, 1), 1);
        if (*s == '\n')
            usleep(1000);
    }
    expect(fd, "=1 a\n\n=2 b\n\n");
    send_text(fd, "ho c");
    finish(fd, pid);
}
END_TEST

START_TEST(each_reply_comes_before_the_next_command)
{
    pid_t pid;
    int fd = start(&pid);

    for (int i = 0; i < 100; i++) {
        send_text(fd, "1 echo a\n");
        expect(fd, "=1 a\n\n");
    }
    finish(fd, pid);
}
END_TEST

/* After the ticks that were under way, exactly this. */
static void expect_after_ticks(int fd, const char *want)
{
    char c;

    while (recv(fd, &c, 1, MSG_PEEK) == 1 && c == 't')
        expect(fd, "tick\n");
    expect(fd, want);
}

static const char *const stops[] = { "\n", "\r\n", " \t\n", "# stop\n", "# interrupt\n" };

START_TEST(any_line_stops_a_stream)
{
    pid_t pid;
    int fd = start(&pid);

    send_text(fd, "8 stream\n");
    expect(fd, "=8\ntick\ntick\n");
    send_text(fd, stops[_i]);
    expect_after_ticks(fd, "\n");
    send_text(fd, "9 stream\n");
    expect(fd, "=9\ntick\n");
    send_text(fd, "4 echo x\n");
    expect_after_ticks(fd, "\n=4 x\n\n");
    send_text(fd, "stream\n");
    expect(fd, "=\ntick\n");
    finish(fd, pid); /* the end of input stops it too */
}
END_TEST

/* Half a line is not a line yet. */
START_TEST(half_a_line_does_not_stop_a_stream)
{
    pid_t pid;
    int fd = start(&pid);

    send_text(fd, "stream\n4 echo");
    for (int i = 0; i < 20; i++)
        expect(fd, i ? "tick\n" : "=\ntick\n");
    send_text(fd, " x\n");
    expect_after_ticks(fd, "\n=4 x\n\n");
    finish(fd, pid);
}
END_TEST

/* The error of a session writing to fd while 1000 commands wait. */
static void fails_to_write(int fd, const char *why)
{
    struct gtp *g = session(-1, fd);
    struct err e;
    size_t n;

    err_init(&e);
    for (int i = 0; i < 1000; i++)
        gtp_feed(g, "1 echo a\n", 9, NULL);
    ck_assert_int_eq(gtp_serve(g, &e), -1);
    ck_assert_str_eq(e.msg, why);
    ck_assert(gtp_broken(g));
    gtp_output(g, &n);
    ck_assert_uint_eq(n, 0);
    gtp_free(g);
}

START_TEST(a_closed_pipe_ends_the_session)
{
    int fd[2];

    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(fd), 0);
    close(fd[0]);
    fails_to_write(fd[1], "cannot write reply: Broken pipe");
    close(fd[1]);
}
END_TEST

START_TEST(a_full_disk_ends_the_session)
{
    int fd = open("/dev/full", O_WRONLY);

    if (fd < 0)
        return;
    fails_to_write(fd, "cannot write reply: No space left on device");
    close(fd);
}
END_TEST

START_TEST(a_reader_gone_ends_a_stream)
{
    int fd[2];
    struct gtp *g;

    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(fd), 0);
    g = session(fd[0], fd[1]); /* nobody writes; the reader is about to go */
    gtp_feed(g, "stream\n", 7, NULL);
    close(fd[0]);
    ck_assert_int_eq(gtp_serve(g, NULL), -1);
    gtp_free(g);
    close(fd[1]);
}
END_TEST

START_TEST(unreadable_input_is_an_error)
{
    struct gtp *g;
    struct err e;
    int fd = open("/", O_RDONLY);

    err_init(&e);
    g = session(fd, -1);
    ck_assert_int_eq(gtp_serve(g, &e), -1);
    ck_assert_str_eq(e.msg, "cannot read commands: Is a directory");
    gtp_free(g);
    close(fd);
}
END_TEST

START_TEST(a_slow_reader_is_waited_for)
{
    char *in = malloc(9 * MANY);
    int fd[2], r;
    size_t n = 0;
    char buf[4096];
    pid_t pid;

    for (int i = 0; i < MANY; i++)
        memcpy(in + 9 * i, "1 echo a\n", 9);
    ck_assert_int_eq(pipe2(fd, O_NONBLOCK), 0); /* writing fails with EAGAIN at times */
    pid = fork();
    if (pid == 0) {
        struct gtp *g = session(file_of(in, 9 * MANY), fd[1]);

        close(fd[0]);
        _exit(gtp_serve(g, NULL) ? 1 : 0);
    }
    close(fd[1]);
    usleep(50000);
    while ((r = (int)read(fd[0], buf, sizeof buf)) != 0)
        n += r > 0 ? (size_t)r : 0;
    ck_assert_uint_eq(n, 6 * MANY);
    waitpid(pid, &r, 0);
    ck_assert_int_eq(r, 0);
    close(fd[0]);
    free(in);
}
END_TEST

/* --- the log --------------------------------------------------------------------- */

static double fake_time;

static double fake_now(void)
{
    return fake_time += 0.5;
}

START_TEST(the_log_tells_all)
{
    struct gtp *g = session(-1, -1);
    static const char in[] = "1 echo a\r\n\nstream\nlate\n";
    char *text = NULL;
    size_t n;
    FILE *log = open_memstream(&text, &n);

    fake_time = 0;
    gtp_log(g, log, fake_now);
    gtp_feed(g, in, sizeof in - 1, NULL);
    ck_assert_int_eq(gtp_serve(g, NULL), 0);
    fclose(log);
    ck_assert_str_eq(text, "0.500 > 1 echo a\\x0d\n"
                           "1.000 < =1 a\n1.000 < \n"
                           "1.500 > \n"
                           "2.000 > stream\n"
                           "2.500 < =\n3.000 < tick\n3.500 < \n"
                           "4.000 > late\n4.500 < =\n5.000 # too late\n5.500 < \n");
    free(text);
    gtp_free(g);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("gtp");
    TCase *t = tap_case(s, "gtp");

    tcase_add_loop_test(t, exchange, 0, sizeof exchanges / sizeof exchanges[0]);
    tcase_add_test(t, nul_bytes_are_dropped);
    tcase_add_test(t, a_line_of_a_megabyte_works);
    tcase_add_test(t, a_megabyte_of_arguments_works);
    tcase_add_test(t, a_line_too_long_is_answered_and_left);
    tcase_add_test(t, the_longest_line_works);
    tcase_add_test(t, memory_is_bounded);
    tcase_add_test(t, ten_thousand_commands_at_once);
    tcase_add_test(t, input_byte_by_byte);
    tcase_add_test(t, each_reply_comes_before_the_next_command);
    tcase_add_loop_test(t, any_line_stops_a_stream, 0, sizeof stops / sizeof stops[0]);
    tcase_add_test(t, half_a_line_does_not_stop_a_stream);
    tcase_add_test(t, a_closed_pipe_ends_the_session);
    tcase_add_test(t, a_full_disk_ends_the_session);
    tcase_add_test(t, a_reader_gone_ends_a_stream);
    tcase_add_test(t, unreadable_input_is_an_error);
    tcase_add_test(t, a_slow_reader_is_waited_for);
    tcase_add_test(t, the_log_tells_all);
    return tap_run(s);
}
