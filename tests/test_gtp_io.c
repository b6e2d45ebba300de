/* The protocol layer on real descriptors: pipes, sockets, what fails. */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/gtp_toys.h"
#include "tests/tap.h"

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
    g = toy_session(toy_file(in, n), fileno(out));
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
        struct gtp *g = toy_session(fd[1], fd[1]);
        int status;

        close(fd[0]);
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
    struct gtp *g = toy_session(-1, fd);
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
    g = toy_session(fd[0], fd[1]); /* nobody writes; the reader is about to go */
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
    g = toy_session(fd, -1);
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
        struct gtp *g = toy_session(toy_file(in, 9 * MANY), fd[1]);

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

int main(void)
{
    Suite *s = suite_create("gtp_io");
    TCase *t = tap_case(s, "gtp_io");

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
    return tap_run(s);
}
