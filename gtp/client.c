#include "gtp/client.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gtp/client_said.h"
#include "gtp/process.h"

enum {
    CHUNK = 1 << 16,
    MAX_STDERR_LINE = 4096, /* of a longer one the rest is dropped */
};

double client_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- starting and stopping --------------------------------------------------- */

static void release(struct client *c)
{
    process_close(&c->in);
    process_close(&c->out);
    process_close(&c->err);
    text_release(&c->reply);
    text_release(&c->unsent);
    text_release(&c->out_line);
    text_release(&c->err_line);
    free(c->name);
    memset(c, 0, sizeof *c);
    c->in = c->out = c->err = -1;
}

int client_start(struct client *c, const char *name, const char *command, client_log_fn *log,
                 void *log_arg, struct err *e)
{
    memset(c, 0, sizeof *c);
    c->in = c->out = c->err = -1;
    c->log = log;
    c->log_arg = log_arg;
    text_init(&c->reply);
    text_init(&c->unsent);
    text_init(&c->out_line);
    text_init(&c->err_line);
    c->name = strdup(name);
    if (c->name)
        c->pid = process_start(command, &c->in, &c->out, &c->err);
    if (c->pid > 0)
        return 0;
    err_set(e, "%s: cannot start '%s': %s", name, command, strerror(errno));
    c->pid = 0;
    release(c);
    return -1;
}

/* --- reading ------------------------------------------------------------------ */

/* Takes "=12 text" or "?12 text" as the beginning of the reply. */
static void begin_reply(struct client *c, const char *line, size_t len)
{
    const char *p = line + 1;
    char *end;
    long id;

    if (len == 0 || (*line != '=' && *line != '?')) {
        client_fail(c, "no reply but '%.60s'", line);
        return;
    }
    id = *p >= '0' && *p <= '9' ? strtol(p, &end, 10) : -1;
    if (id < 0) {
        client_fail(c, "the reply has no id where %d is due", c->id);
        return;
    }
    if (id != c->id) {
        client_fail(c, "the reply has id %ld where %d is due", id, c->id);
        return;
    }
    while (*end == ' ' || *end == '\t')
        end++;
    c->ok = *line == '=';
    c->in_reply = true;
    text_clear(&c->reply);
    text_puts(&c->reply, end);
}

static void take_out_line(struct client *c)
{
    const char *line = text_str(&c->out_line);
    size_t len = c->out_line.len;

    if (len)
        client_note(c, CLIENT_FROM, line, len);
    if (c->state == CLIENT_IDLE && len) {
        client_fail(c, "output that nobody asked for");
    } else if (c->state == CLIENT_BUSY && len && !c->in_reply) {
        begin_reply(c, line, len);
    } else if (c->in_reply && len) {
        text_puts(&c->reply, "\n");
        text_add(&c->reply, line, len);
    } else if (c->in_reply) { /* the blank line that ends it */
        while (c->reply.len && strchr(" \t\n", c->reply.s[c->reply.len - 1]))
            c->reply.s[--c->reply.len] = '\0';
        c->in_reply = false;
        c->seconds = client_now() - c->sent;
        c->state = CLIENT_IDLE;
    }
    if (c->reply.len > CLIENT_MAX_REPLY)
        client_fail(c, "a reply of more than %d bytes", CLIENT_MAX_REPLY);
    if (c->reply.failed || c->out_line.failed)
        client_fail(c, "out of memory");
    text_clear(&c->out_line);
}

static void take_out(struct client *c, const char *buf, size_t n)
{
    for (size_t i = 0; i < n && c->state != CLIENT_FAILED; i++) {
        unsigned char ch = (unsigned char)buf[i];
        size_t from = i;

        if (ch == '\n') {
            take_out_line(c);
        } else if (ch >= ' ' || ch == '\t') {
            while (i + 1 < n && ((unsigned char)buf[i + 1] >= ' ' || buf[i + 1] == '\t'))
                i++;
            text_add(&c->out_line, buf + from, i + 1 - from);
            if (c->out_line.len > CLIENT_MAX_REPLY)
                client_fail(c, "a line of more than %d bytes", CLIENT_MAX_REPLY);
        }
    }
}

static void flush_err_line(struct client *c)
{
    if (c->err_line.len)
        client_note(c, CLIENT_STDERR, c->err_line.s, c->err_line.len);
    text_clear(&c->err_line);
}

static void take_err(struct client *c, const char *buf, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char ch = (unsigned char)buf[i];

        if (ch == '\n')
            flush_err_line(c);
        else if (c->err_line.len < MAX_STDERR_LINE && (ch >= ' ' || ch == '\t'))
            text_add(&c->err_line, buf + i, 1);
    }
}

/* Reads once from an end of a pipe, which is closed when nothing will come any more. */
static void read_from(struct client *c, int *fd,
                      void (*take)(struct client *, const char *, size_t))
{
    char buf[CHUNK];
    ssize_t n = read(*fd, buf, sizeof buf);

    if (n > 0)
        take(c, buf, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        process_close(fd);
}

/* --- writing ------------------------------------------------------------------ */

static void write_unsent(struct client *c)
{
    while (c->unsent_at < c->unsent.len) {
        ssize_t n = write(c->in, c->unsent.s + c->unsent_at, c->unsent.len - c->unsent_at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            process_close(&c->in); /* its end of output, if any, tells more */
        if (n < 0)
            return;
        c->unsent_at += (size_t)n;
    }
    text_clear(&c->unsent);
    c->unsent_at = 0;
}

static int send_command(struct client *c, double limit, struct err *e, const char *fmt, va_list ap)
{
    struct text line;

    if (c->state == CLIENT_FAILED)
        return err_set(e, "%s", c->error.msg);
    if (c->state == CLIENT_BUSY || c->pid <= 0)
        return err_set(e, "%s", c->pid > 0 ? "a command before the last one's reply" :
                       "no engine to send a command to");
    text_init(&line);
    text_printf(&line, "%d ", ++c->id);
    text_vprintf(&line, fmt, ap);
    client_note(c, CLIENT_TO, text_str(&line), line.len);
    text_puts(&line, "\n");
    text_add(&c->unsent, text_str(&line), line.len);
    if (line.failed || c->unsent.failed)
        client_fail(c, "out of memory");
    text_release(&line);
    if (c->state == CLIENT_FAILED)
        return err_set(e, "%s", c->error.msg);
    c->state = CLIENT_BUSY;
    c->in_reply = false;
    c->sent = client_now();
    c->deadline = limit < 0 ? -1 : c->sent + limit;
    if (c->in >= 0)
        write_unsent(c);
    return 0;
}

int client_send(struct client *c, double limit, struct err *e, const char *fmt, ...)
{
    va_list ap;
    int status;

    va_start(ap, fmt);
    status = send_command(c, limit, e, fmt, ap);
    va_end(ap);
    return status;
}

/* --- serving ------------------------------------------------------------------ */

/* How an engine whose output has ended ended itself, as far as it has. */
static void fail_ended(struct client *c)
{
    siginfo_t info = { 0 };

    /* Its status usually comes at once after its streams end; leave it for client_stop. */
    for (int i = 0; i < 20; i++) {
        if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid)
            break;
        nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
    }
    flush_err_line(c);
    if (info.si_pid && info.si_code == CLD_EXITED)
        client_fail(c, "ended with status %d", info.si_status);
    else if (info.si_pid)
        client_fail(c, "was killed by signal %d", info.si_status);
    else
        client_fail(c, "closed its output");
}

/* After reading: has it died or overrun its time? */
static void judge(struct client *c)
{
    double now = client_now();

    if (c->state == CLIENT_FAILED)
        return;
    if (c->out < 0) {
        while (c->err >= 0) { /* what it said last; never waits */
            struct pollfd p = { .fd = c->err, .events = POLLIN };

            if (poll(&p, 1, 0) <= 0 || client_now() > now + 0.1)
                break;
            read_from(c, &c->err, take_err);
        }
        fail_ended(c);
    } else if (c->state == CLIENT_BUSY && c->deadline >= 0 && now >= c->deadline) {
        c->late = true;
        client_fail(c, "no reply within %.3g s", c->deadline - c->sent);
    }
}

static int add_fd(struct pollfd *p, int fd, short events)
{
    *p = (struct pollfd){ .fd = fd, .events = events };
    return fd >= 0;
}

/* One round of a client over its three polled streams. */
static void serve(struct client *c, const struct pollfd p[3])
{
    if (p[0].revents && c->in >= 0)
        write_unsent(c);
    if (p[2].revents && c->err >= 0)
        read_from(c, &c->err, take_err);
    if (p[1].revents && c->out >= 0)
        read_from(c, &c->out, take_out);
    judge(c);
}

static bool is_served(const struct client *c)
{
    return c && c->pid > 0 && c->state != CLIENT_FAILED;
}

/* Milliseconds until `until` or the first deadline; -1: for ever. */
static int wait_ms(struct client **clients, size_t n, double until)
{
    double left;

    for (size_t i = 0; i < n; i++)
        if (is_served(clients[i]) && clients[i]->state == CLIENT_BUSY &&
            clients[i]->deadline >= 0 && (until < 0 || clients[i]->deadline < until))
            until = clients[i]->deadline;
    if (until < 0)
        return -1;
    left = ceil(1000 * (until - client_now()));
    return left < 0 ? 0 : left > 1e6 ? 1000000 : (int)left;
}

/* poll over those of n descriptors that are open: it refuses more than a process may have.
   asked: room for n. */
static int poll_open(struct pollfd *p, size_t n, struct pollfd *asked, int ms)
{
    size_t k = 0;
    int status;

    for (size_t i = 0; i < n; i++)
        if (p[i].fd >= 0)
            asked[k++] = p[i];
    status = poll(asked, (nfds_t)k, ms);
    k = 0;
    for (size_t i = 0; i < n; i++)
        p[i].revents = status > 0 && p[i].fd >= 0 ? asked[k++].revents : 0;
    return status;
}

/* Polls and serves once; p: room for 6n.  How many stopped being busy. */
static int serve_once(struct client **clients, size_t n, struct pollfd *p, double until)
{
    int done = 0, status;

    for (size_t i = 0; i < n; i++) {
        bool yes = is_served(clients[i]);
        struct client *c = clients[i];

        add_fd(&p[3 * i], yes && c->unsent_at < c->unsent.len ? c->in : -1, POLLOUT);
        add_fd(&p[3 * i + 1], yes ? c->out : -1, POLLIN);
        add_fd(&p[3 * i + 2], yes ? c->err : -1, POLLIN);
    }
    status = poll_open(p, 3 * n, p + 3 * n, wait_ms(clients, n, until));
    for (size_t i = 0; i < n; i++) {
        bool busy = is_served(clients[i]) && clients[i]->state == CLIENT_BUSY;

        if (is_served(clients[i]) && status < 0 && errno != EINTR)
            client_fail(clients[i], "cannot wait for it: %s", strerror(errno));
        else if (is_served(clients[i])) /* after a signal too: deadlines are looked at */
            serve(clients[i], p + 3 * i);
        done += busy && clients[i]->state != CLIENT_BUSY;
    }
    return done;
}

static bool any_busy(struct client **clients, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_served(clients[i]) && clients[i]->state == CLIENT_BUSY)
            return true;
    return false;
}

int client_poll(struct client **clients, size_t n, int timeout_ms)
{
    double until = timeout_ms < 0 ? -1 : client_now() + 1e-3 * timeout_ms;
    struct pollfd few[48], *p = few;
    int done;

    if (until < 0 && !any_busy(clients, n))
        return 0;
    if (6 * n > sizeof few / sizeof few[0]) {
        p = calloc(6 * n, sizeof *p);
        if (!p) {
            done = 0;
            for (size_t i = 0; i < n; i++)
                if (is_served(clients[i])) {
                    done += clients[i]->state == CLIENT_BUSY;
                    client_fail(clients[i], "out of memory");
                }
            return done;
        }
    }
    do
        done = serve_once(clients, n, p, until);
    while (done == 0 && (until < 0 ? any_busy(clients, n) : client_now() < until));
    if (p != few)
        free(p);
    return done;
}

void client_forgive(struct client *c, double since)
{
    double seconds;

    if (!is_served(c) || c->state != CLIENT_BUSY)
        return;
    seconds = client_now() - fmax(since, c->sent);
    c->sent += seconds;
    if (c->deadline >= 0)
        c->deadline += seconds;
}

int client_ask(struct client *c, double limit, struct err *e, const char *fmt, ...)
{
    va_list ap;
    int status;

    va_start(ap, fmt);
    status = send_command(c, limit, e, fmt, ap);
    va_end(ap);
    if (status)
        return -1;
    while (c->state == CLIENT_BUSY)
        client_poll(&c, 1, -1);
    return c->state == CLIENT_FAILED ? err_set(e, "%s", c->error.msg) : 0;
}

/* Has it ended?  Waits until then or `until`, draining its streams. */
static bool wait_end(struct client *c, double until, int *status)
{
    for (;;) {
        struct pollfd p[2];
        char buf[CHUNK];

        if (waitpid(c->pid, status, WNOHANG) == c->pid)
            return true;
        if (client_now() >= until)
            return false;
        add_fd(&p[0], c->out, POLLIN);
        add_fd(&p[1], c->err, POLLIN);
        poll(p, 2, 5);
        if (p[0].revents && read(c->out, buf, sizeof buf) <= 0)
            process_close(&c->out);
        if (p[1].revents && c->err >= 0)
            read_from(c, &c->err, take_err);
    }
}

int client_stop(struct client *c, int grace_ms)
{
    double now = client_now();
    int status = -1;

    if (c->pid <= 0)
        return -1;
    if (c->in >= 0 && c->unsent_at == c->unsent.len && c->state != CLIENT_BUSY &&
        write(c->in, "quit\n", 5) < 0)
        process_close(&c->in); /* it is gone, or does not listen */
    process_close(&c->in);
    if (!wait_end(c, now + 1e-3 * grace_ms, &status)) {
        kill(-c->pid, SIGKILL);
        while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
            ;
    } else {
        kill(-c->pid, SIGKILL); /* what it may have left behind */
    }
    flush_err_line(c);
    release(c);
    return status;
}
