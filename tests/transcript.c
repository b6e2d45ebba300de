#include "config.h"

#include "tests/transcript.h"

#include <check.h>
#include <ctype.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- reading --------------------------------------------------------------------- */

/* Resolves backslashes in place; returns the length. */
static int unescape(char *s)
{
    char *to = s;

    for (char *from = s; *from; from++) {
        if (*from != '\\' || !from[1]) {
            *to++ = *from;
            continue;
        }
        switch (*++from) {
        case 'r': *to++ = '\r'; break;
        case 't': *to++ = '\t'; break;
        case 'n': *to++ = '\n'; break;
        case '0': *to++ = '\0'; break;
        default: *to++ = *from;
        }
    }
    *to = '\0';
    return (int)(to - s);
}

static void add(struct transcript *t, enum step_kind kind, int line, const char *text)
{
    struct step *s;

    if (t->n % 64 == 0)
        t->step = realloc(t->step, (size_t)(t->n + 64) * sizeof *t->step);
    s = &t->step[t->n++];
    *s = (struct step){ .kind = kind, .line = line, .text = strdup(text) };
    s->len = kind == STEP_SEND || kind == STEP_FILE ? unescape(s->text) : (int)strlen(s->text);
}

/* One line; *open tells whether a reply is being listed. */
static void read_line(struct transcript *t, const char *s, int line, bool *open)
{
    if (*open && !*s) {
        add(t, STEP_END, line, "");
        *open = false;
    } else if (*open && !strncmp(s, "~ ", 2)) {
        add(t, STEP_MATCH, line, s + 2);
    } else if (*open && !strncmp(s, "~+ ", 3)) {
        add(t, STEP_MATCHES, line, s + 3);
    } else if (*open && *s == '!') {
        add(t, STEP_SEND, line, s + (s[1] == ' ' ? 2 : 1));
    } else if (*open) {
        add(t, STEP_EXACT, line, s);
    } else if (!strncmp(s, "> ", 2)) {
        add(t, STEP_SEND, line, s + 2);
        t->step[t->n - 1].command = *open = true;
    } else if (!strcmp(s, "<")) {
        *open = true;
    } else if (!strncmp(s, ">>", 2)) {
        add(t, STEP_SEND, line, s + (s[2] == ' ' ? 3 : 2));
    } else if (!strncmp(s, "@ ", 2)) {
        add(t, STEP_FILE, line, s + 2);
    } else if (!strncmp(s, "$ ", 2) && t->n == 0) {
        free(t->args);
        t->args = strdup(s + 2);
    } else if (*s && *s != '#') {
        ck_abort_msg("%s:%d: not understood: %s", t->path, line, s);
    }
}

void transcript_read(struct transcript *t, const char *path)
{
    FILE *f = fopen(path, "r");
    char *s = NULL;
    size_t size = 0;
    bool open = false;
    int line = 0;

    ck_assert_msg(f != NULL, "cannot open %s", path);
    *t = (struct transcript){ .path = strdup(path), .args = strdup("") };
    while (getline(&s, &size, f) >= 0) {
        s[strcspn(s, "\n")] = '\0';
        read_line(t, s, ++line, &open);
    }
    ck_assert_msg(!open, "%s: no blank line at the end", path);
    ck_assert_msg(t->n > 0, "%s: nothing in it", path);
    free(s);
    fclose(f);
}

void transcript_free(struct transcript *t)
{
    for (int i = 0; i < t->n; i++)
        free(t->step[i].text);
    free(t->step);
    free(t->path);
    free(t->args);
}

const char *transcript_command(const struct step *s, char buf[64])
{
    const char *p = s->text;
    size_t n;

    p += strspn(p, " \t");
    p += strspn(p, "0123456789");
    p += strspn(p, " \t");
    n = strcspn(p, " \t\r#");
    snprintf(buf, 64, "%.*s", (int)(n < 63 ? n : 63), p);
    return buf;
}

/* --- running --------------------------------------------------------------------- */

struct run {
    const struct transcript *t;
    const struct step *now;
    pid_t pid;
    int in, out;       /* to and from the engine */
    char *buf;         /* what came and was not read yet */
    size_t n, cap;
    char *line;        /* the line last read */
    const char *again; /* the regex of the last "~+" while lines may match it */
};

static void start(struct run *r, const char *program)
{
    int in[2], out[2];
    char command[1024];

    ck_assert_int_eq(pipe(in), 0);
    ck_assert_int_eq(pipe(out), 0);
    snprintf(command, sizeof command, "exec '%s' gtp --player random %s 2>stderr", program, r->t->args);
    r->pid = fork();
    if (r->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    r->in = in[1];
    r->out = out[0];
}

static void send_step(struct run *r)
{
    const struct step *s = r->now;

    ck_assert_msg(write(r->in, s->text, (size_t)s->len) == s->len && write(r->in, "\n", 1) == 1,
                  "%s:%d: the engine does not listen", r->t->path, s->line);
}

/* Reads more output; false at its end. */
static bool more(struct run *r)
{
    struct pollfd p = { .fd = r->out, .events = POLLIN };
    ssize_t n;

    if (r->n + 4096 > r->cap)
        r->buf = realloc(r->buf, r->cap += 65536);
    ck_assert_msg(poll(&p, 1, 120000) > 0, "%s:%d: no answer", r->t->path, r->now->line);
    n = read(r->out, r->buf + r->n, 4096);
    ck_assert_int_ge(n, 0);
    r->n += (size_t)n;
    return n > 0;
}

/* The next line that was printed. */
static const char *get_line(struct run *r)
{
    char *end;

    while (!r->n || !(end = memchr(r->buf, '\n', r->n)))
        ck_assert_msg(more(r), "%s:%d: the engine ended", r->t->path, r->now->line);
    free(r->line);
    r->line = strndup(r->buf, (size_t)(end - r->buf));
    r->n -= (size_t)(end - r->buf) + 1;
    memmove(r->buf, end + 1, r->n);
    return r->line;
}

static bool matches(const struct run *r, const char *pattern, const char *s)
{
    char whole[4096];
    regex_t re;
    bool yes;

    snprintf(whole, sizeof whole, "^(%s)$", pattern);
    ck_assert_msg(!regcomp(&re, whole, REG_EXTENDED | REG_NOSUB), "%s:%d: bad regex: %s",
                  r->t->path, r->now->line, pattern);
    yes = !regexec(&re, s, 0, NULL, 0);
    regfree(&re);
    return yes;
}

/* Does line s satisfy the step? */
static bool fits(const struct run *r, const char *s)
{
    if (r->now->kind == STEP_MATCH || r->now->kind == STEP_MATCHES)
        return matches(r, r->now->text, s);
    return !strcmp(s, r->now->text);
}

static void check_line(struct run *r)
{
    const char *s = get_line(r);

    while (r->again && !fits(r, s) && matches(r, r->again, s))
        s = get_line(r);
    ck_assert_msg(fits(r, s), "%s:%d: expected: %s\n got: %s", r->t->path, r->now->line,
                  r->now->kind == STEP_END ? "the end of the reply" : r->now->text, s);
    r->again = r->now->kind == STEP_MATCHES ? r->now->text : NULL;
}

static void make_file(const struct step *s)
{
    char name[64];
    size_t n = strcspn(s->text, " ");
    FILE *f;

    snprintf(name, sizeof name, "%.*s", (int)n, s->text);
    f = fopen(name, "w");
    ck_assert_ptr_nonnull(f);
    fwrite(s->text + n + 1, 1, (size_t)s->len - n - 1, f);
    fclose(f);
}

static void finish(struct run *r)
{
    int status;

    close(r->in);
    while (more(r))
        ;
    ck_assert_msg(r->n == 0, "%s: printed after the last reply: %.*s", r->t->path, (int)r->n,
                  r->buf);
    close(r->out);
    ck_assert_int_eq(waitpid(r->pid, &status, 0), r->pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: exit status %x",
                  r->t->path, (unsigned)status);
    free(r->buf);
    free(r->line);
}

void transcript_run(const struct transcript *t, const char *program)
{
    struct run r = { .t = t };

    signal(SIGPIPE, SIG_IGN);
    start(&r, program);
    for (int i = 0; i < t->n; i++) {
        r.now = &t->step[i];
        if (r.now->kind == STEP_FILE)
            make_file(r.now);
        else if (r.now->kind == STEP_SEND)
            send_step(&r);
        else
            check_line(&r);
    }
    finish(&r);
}
