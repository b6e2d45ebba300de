/* client: engines good and bad. */
#include "config.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtp/client.h"
#include "tests/tap.h"

/* Answers every command by itself; reads with its id. */
#define ECHO "while read -r id cmd; do printf '=%s %s\\n\\n' \"$id\" \"$cmd\"; done"

static struct client c;
static struct err e;

static void setup(void)
{
    signal(SIGPIPE, SIG_IGN);
    err_init(&e);
}

static void start(const char *command)
{
    ck_assert_msg(!client_start(&c, "toy", command, NULL, NULL, &e), "%s", e.msg);
}

/* The engine fails at this command with a message that holds text, within 2 s of the limit. */
static void assert_fails(const char *command, double limit, const char *text)
{
    double begin = client_now();

    start(command);
    ck_assert_int_eq(client_ask(&c, limit, &e, "name"), -1);
    ck_assert_msg(strstr(e.msg, text) != NULL, "'%s' does not say '%s'", e.msg, text);
    ck_assert_int_eq(c.state, CLIENT_FAILED);
    ck_assert(client_now() - begin < limit + 2);
    err_init(&e);
    ck_assert_int_eq(client_send(&c, 1, &e, "name"), -1); /* and stays so */
    ck_assert_msg(strstr(e.msg, text) != NULL, "%s", e.msg);
    client_stop(&c, 0);
    ck_assert(client_now() - begin < limit + 4);
}

START_TEST(asks_and_stops)
{
    start(ECHO);
    for (int i = 0; i < 100; i++) {
        char want[32];

        snprintf(want, sizeof want, "play b A%d", i);
        ck_assert_msg(!client_ask(&c, 10, &e, "play b A%d", i), "%s", e.msg);
        ck_assert(c.ok);
        ck_assert_str_eq(text_str(&c.reply), want);
        ck_assert(c.seconds >= 0 && c.seconds < 10);
    }
    ck_assert_int_eq(client_stop(&c, 5000), 0);
    ck_assert_int_eq(client_stop(&c, 5000), -1);
}
END_TEST

static const struct {
    const char *command, *reply;
    bool ok;
} replies[] = {
    { "read l; printf '=1 a b\\n\\n'; cat", "a b", true },
    { "read l; printf '?1 no\\n\\n'; cat", "no", false },
    { "read l; printf '=1\\n\\n'; cat", "", true },
    { "read l; printf '=1 a\\r\\n\\r\\n'; cat", "a", true },
    { "read l; printf '=1 a\\nb c\\n\\n'; cat", "a\nb c", true },
    { "read l; printf '=1\\na\\nb\\n\\n'; cat", "\na\nb", true },
    { "read l; printf '\\n\\n=1 a\\n\\n\\n'; cat", "a", true },
    { "read l; printf '=1\\ta\\001\\002\\n\\n'; cat", "a", true },
    { "read l; printf '=1 '; sleep 0.1; printf 'a'; sleep 0.1; printf '\\n\\n'; cat", "a", true },
    { "echo starting >&2; read l; printf '=1 a\\n\\n'; cat", "a", true },
    { "head -c 3000000 /dev/zero | tr '\\0' '\\n' >&2; read l; printf '=1 a\\n\\n'; cat", "a",
      true },
    { "head -c 3000000 /dev/zero >&2; read l; printf '=1 a\\n\\n'; cat", "a", true },
};

START_TEST(takes_replies)
{
    start(replies[_i].command);
    ck_assert_msg(!client_ask(&c, 20, &e, "x"), "%s", e.msg);
    ck_assert_str_eq(text_str(&c.reply), replies[_i].reply);
    ck_assert_int_eq(c.ok, replies[_i].ok);
    client_stop(&c, 0);
}
END_TEST

static const struct {
    const char *command;
    double limit;
    const char *text;
} bad[] = {
    { "exit 3", 20, "ended with status 3" },
    { "no-such-engine-anywhere", 20, "ended with status 127" },
    { "no-such-engine-anywhere", 20, "not found" },
    { "read l; echo 'no weights here' >&2; exit 1", 20, "! no weights here" },
    { "read l; kill -9 $$", 20, "was killed by signal 9" },
    { "read l; printf '=1 half'; exit 0", 20, "ended with status 0" },
    { "exec sleep 100", 0.2, "no reply within 0.2 s; last lines: > 1 name" },
    { "trap '' TERM HUP INT; sleep 100; sleep 100", 0.2, "no reply" },
    { "exec >&-; sleep 100", 20, "closed its output" },
    { "exec <&-; sleep 100", 0.3, "no reply" },
    { "read l; echo hello; sleep 100", 20, "no reply but 'hello'" },
    { "read l; printf '=2 a\\n\\n'; sleep 100", 20, "the reply has id 2 where 1 is due" },
    { "read l; printf '= a\\n\\n'; sleep 100", 20, "the reply has no id where 1 is due" },
    { "yes", 20, "no reply but 'y'" },
    { "yes ''", 0.5, "no reply within" },
    { "yes >&2", 0.5, "no reply within" },
    { "cat /dev/zero", 0.5, "no reply within" },
    { "tr '\\0' x </dev/zero", 20, "a line of more than" },
    { "read l; echo '=1'; yes", 20, "a reply of more than" },
    { "sleep 1; read l; printf '=1 late\\n\\n'; cat", 0.2, "no reply within" },
};

START_TEST(outlives_bad_engines)
{
    assert_fails(bad[_i].command, bad[_i].limit, bad[_i].text);
}
END_TEST

START_TEST(refuses_what_nobody_asked_for)
{
    start("read l; printf '=1 a\\n\\n=7 b\\n\\n'; cat");
    if (!client_ask(&c, 10, &e, "x")) /* both at once, or one after the other */
        ck_assert_int_eq(client_ask(&c, 10, &e, "y"), -1);
    ck_assert_msg(strstr(e.msg, "output that nobody asked for") ||
                  strstr(e.msg, "has id 7 where 2 is due"), "%s", e.msg);
    client_stop(&c, 0);
}
END_TEST

/* An engine that reads nothing does not block us, however much there is to say. */
START_TEST(writing_does_not_block)
{
    size_t n = 1 << 20;
    char *text = malloc(n + 1);

    memset(text, 'x', n);
    text[n] = '\0';
    start("exec sleep 100");
    ck_assert_int_eq(client_ask(&c, 0.3, &e, "%s", text), -1);
    ck_assert_msg(strstr(e.msg, "no reply within 0.3 s") != NULL, "%s", e.msg);
    client_stop(&c, 0);
    err_init(&e);
    start("read -r id cmd; printf '=%s %s\\n\\n' \"$id\" \"$cmd\"; cat");
    ck_assert_msg(!client_ask(&c, 60, &e, "%s", text), "%s", e.msg);
    ck_assert_str_eq(text_str(&c.reply), text);
    client_stop(&c, 0);
    free(text);
}
END_TEST

START_TEST(one_command_at_a_time)
{
    start(ECHO);
    ck_assert_int_eq(client_send(&c, 5, &e, "a"), 0);
    ck_assert_int_eq(client_send(&c, 5, &e, "b"), -1);
    ck_assert_str_eq(e.msg, "a command before the last one's reply");
    err_init(&e);
    client_stop(&c, 1000);
    ck_assert_int_eq(client_send(&c, 5, &e, "a"), -1);
    ck_assert_str_eq(e.msg, "no engine to send a command to");
}
END_TEST

START_TEST(serves_many_at_once)
{
    enum { N = 12 };
    struct client many[N], *list[N + 1] = { NULL };
    int done = 0, failed = 0;
    double begin;

    for (int i = 0; i < N; i++) {
        list[i] = &many[i];
        ck_assert_int_eq(client_start(&many[i], "toy", i % 3 == 2 ? "read l; exit 1" :
            "read -r id cmd; sleep 0.5; printf '=%s %s\\n\\n' \"$id\" \"$cmd\"; cat", NULL, NULL,
            &e), 0);
    }
    begin = client_now();
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(client_send(&many[i], 20, &e, "x%d", i), 0);
    while (done < N && client_now() < begin + 20) {
        client_poll(list, N + 1, 1000);
        done = failed = 0;
        for (int i = 0; i < N; i++) {
            done += many[i].state != CLIENT_BUSY;
            failed += many[i].state == CLIENT_FAILED;
        }
    }
    ck_assert_int_eq(done, N);
    ck_assert_int_eq(failed, N / 3);
    for (int i = 0; i < N; i++)
        client_stop(&many[i], 1000);
    ck_assert_int_eq(client_poll(list, N + 1, -1), 0); /* nobody is left to wait for */
}
END_TEST

START_TEST(poll_ends_in_time)
{
    struct client *list[] = { &c };
    double begin;

    start("exec sleep 100");
    ck_assert_int_eq(client_send(&c, -1, &e, "x"), 0);
    begin = client_now();
    ck_assert_int_eq(client_poll(list, 1, 200), 0);
    ck_assert(client_now() - begin >= 0.199);
    ck_assert_int_eq(c.state, CLIENT_BUSY);
    client_stop(&c, 0);
}
END_TEST

/* Also the engine's children are gone when it has been stopped. */
/* The reply is there all the while in which nobody listens, beyond the limit. */
START_TEST(what_nobody_heard_is_forgiven)
{
    struct client *list[] = { &c };

    for (int forgive = 0; forgive < 2; forgive++) {
        double since;

        start(ECHO);
        ck_assert_msg(!client_ask(&c, 20, &e, "name"), "%s", e.msg); /* it runs */
        ck_assert_int_eq(client_send(&c, 2, &e, "name"), 0);
        since = client_now();
        usleep(2500000);
        if (forgive)
            client_forgive(&c, since);
        ck_assert_int_eq(client_poll(list, 1, -1), 1);
        ck_assert_int_eq(c.state, CLIENT_IDLE);
        ck_assert(forgive ? c.seconds < 2 : c.seconds > 2);
        client_forgive(&c, since); /* of one that is idle nothing changes */
        ck_assert_int_eq(client_stop(&c, 5000), 0);
    }
}
END_TEST

START_TEST(stopping_leaves_no_process)
{
    pid_t child;
    int status;

    start("trap '' TERM; sleep 100 & read -r id l; printf '=%s %s\\n\\n' \"$id\" $!; "
          "while :; do sleep 100; done");
    ck_assert_msg(!client_ask(&c, 10, &e, "child"), "%s", e.msg);
    child = (pid_t)atol(text_str(&c.reply));
    ck_assert_int_gt(child, 1);
    ck_assert_int_eq(kill(child, 0), 0);
    status = client_stop(&c, 100);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    for (int i = 0; i < 500; i++) { /* it may be a zombie until init takes it */
        char path[64], state = 'X';
        FILE *f;

        snprintf(path, sizeof path, "/proc/%ld/stat", (long)child);
        f = fopen(path, "r");
        if (f && fscanf(f, "%*d %*s %c", &state) != 1)
            state = 'X';
        if (f)
            fclose(f);
        if (state == 'X' || state == 'Z')
            return;
        usleep(10000);
    }
    ck_abort_msg("the engine's child lives");
}
END_TEST

static int open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

START_TEST(leaves_no_descriptor_open)
{
    int before = open_files();

    for (int i = 0; i < 20; i++) {
        start(i % 2 ? "exit 1" : ECHO);
        client_ask(&c, 10, &e, "x");
        client_stop(&c, 1000);
    }
    ck_assert_int_eq(open_files(), before);
}
END_TEST

struct seen {
    int to, from, err;
    char last[100];
};

static void see(void *arg, enum client_way way, const char *line, size_t len)
{
    struct seen *s = arg;

    s->to += way == CLIENT_TO;
    s->from += way == CLIENT_FROM;
    s->err += way == CLIENT_STDERR;
    snprintf(s->last, sizeof s->last, "%.*s", (int)len, line);
}

START_TEST(the_log_is_told_each_line)
{
    struct seen s = { 0 };

    ck_assert_int_eq(client_start(&c, "toy", "read l; echo one >&2; echo two >&2; sleep 0.3; "
                                  "printf '=1 a\\nb\\n\\n'; cat", see, &s, &e), 0);
    ck_assert_msg(!client_ask(&c, 10, &e, "x"), "%s", e.msg);
    ck_assert(s.to == 1 && s.from == 2 && s.err == 2);
    ck_assert_str_eq(s.last, "b");
    client_stop(&c, 1000);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

int main(void)
{
    Suite *s = suite_create("client");
    TCase *tc = tap_case(s, "client");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, asks_and_stops);
    tcase_add_loop_test(tc, takes_replies, 0, N(replies));
    tcase_add_loop_test(tc, outlives_bad_engines, 0, N(bad));
    tcase_add_test(tc, refuses_what_nobody_asked_for);
    tcase_add_test(tc, writing_does_not_block);
    tcase_add_test(tc, one_command_at_a_time);
    tcase_add_test(tc, serves_many_at_once);
    tcase_add_test(tc, poll_ends_in_time);
    tcase_add_test(tc, what_nobody_heard_is_forgiven);
    tcase_add_test(tc, stopping_leaves_no_process);
    tcase_add_test(tc, leaves_no_descriptor_open);
    tcase_add_test(tc, the_log_is_told_each_line);
    return tap_run(s);
}
