#include "gtp/gtp.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gtp/text.h"

enum { MAX_TABLES = 16 };

struct gtp {
    struct lines in;
    int out;
    struct text sent; /* the output, when out < 0 */
    void *ctx;
    const struct gtp_command *table[MAX_TABLES];
    int n_tables;
    FILE *log, *notes;
    double (*now)(void);
    struct err err;   /* why writing failed */
    bool quit, broken;
    /* the command being run */
    struct text raw;  /* its line, preprocessed */
    struct text line; /* the same, cut into words */
    size_t id_len;    /* digits at the start of raw */
    size_t *word;     /* where in line the words start, the command's first */
    size_t word_cap;
    int n_words;
    struct text reply;
    bool failed, begun;
};

/* --- the session's own commands ------------------------------------------- */

static const struct gtp_command *find(const struct gtp *g, const char *name)
{
    for (int t = 0; t < g->n_tables; t++)
        for (const struct gtp_command *c = g->table[t]; c->name; c++)
            if (!strcmp(c->name, name))
                return c;
    return NULL;
}

static int run_protocol_version(struct gtp *g, void *ctx)
{
    (void)ctx;
    gtp_puts(g, "2");
    return 0;
}

static int run_known_command(struct gtp *g, void *ctx)
{
    (void)ctx;
    gtp_puts(g, find(g, gtp_arg(g, 0)) ? "true" : "false");
    return 0;
}

static int run_list_commands(struct gtp *g, void *ctx)
{
    (void)ctx;
    for (int t = 0; t < g->n_tables; t++)
        for (const struct gtp_command *c = g->table[t]; c->name; c++)
            gtp_printf(g, "%s\n", c->name);
    return 0;
}

static int run_quit(struct gtp *g, void *ctx)
{
    (void)ctx;
    g->quit = true;
    return 0;
}

static const struct gtp_command own_commands[] = {
    { "protocol_version", run_protocol_version },
    { "known_command", run_known_command },
    { "list_commands", run_list_commands },
    { "quit", run_quit },
    { NULL, NULL },
};

/* --- making and freeing ---------------------------------------------------- */

struct gtp *gtp_new(int in, int out, void *ctx)
{
    struct gtp *g = calloc(1, sizeof *g);

    if (!g)
        return NULL;
    lines_init(&g->in, in);
    g->out = out;
    g->ctx = ctx;
    err_init(&g->err);
    gtp_add(g, own_commands);
    return g;
}

void gtp_free(struct gtp *g)
{
    if (!g)
        return;
    lines_release(&g->in);
    text_release(&g->sent);
    text_release(&g->raw);
    text_release(&g->line);
    text_release(&g->reply);
    free(g->word);
    free(g);
}

int gtp_add(struct gtp *g, const struct gtp_command *table)
{
    if (g->n_tables == MAX_TABLES)
        return -1;
    g->table[g->n_tables++] = table;
    return 0;
}

void gtp_log(struct gtp *g, FILE *log, double (*now)(void))
{
    g->log = log;
    g->now = now;
}

void gtp_notes(struct gtp *g, FILE *to)
{
    g->notes = to;
}

int gtp_feed(struct gtp *g, const char *bytes, size_t n, struct err *e)
{
    return lines_feed(&g->in, bytes, n, e);
}

const char *gtp_output(const struct gtp *g, size_t *n)
{
    if (n)
        *n = g->sent.len;
    return text_str(&g->sent);
}

/* --- writing ---------------------------------------------------------------- */

/* One line of the log for each line of s; bytes that do not print as \xNN. */
static void log_text(struct gtp *g, char way, const char *s, size_t n)
{
    double t;

    if (!g->log)
        return;
    t = g->now();
    do {
        fprintf(g->log, "%.3f %c ", t, way);
        for (; n && *s != '\n'; s++, n--)
            if ((unsigned char)*s < ' ' || *s == 0x7f)
                fprintf(g->log, "\\x%02x", (unsigned char)*s);
            else
                putc(*s, g->log);
        putc('\n', g->log);
        if (n)
            s++, n--;
    } while (n);
    fflush(g->log);
}

static void note(struct gtp *g, const char *s, size_t n)
{
    log_text(g, '#', s, n);
    if (g->notes)
        fprintf(g->notes, "videoworld: %.*s\n", (int)n, s);
}

static void write_all(struct gtp *g, const char *s, size_t n)
{
    struct pollfd p = { .fd = g->out, .events = POLLOUT };
    ssize_t w;

    if (g->out < 0) {
        text_add(&g->sent, s, n);
        return;
    }
    while (n && !g->broken) {
        w = write(g->out, s, n);
        if (w >= 0) {
            s += w;
            n -= (size_t)w;
        } else if (errno == EAGAIN) {
            poll(&p, 1, -1);
        } else if (errno != EINTR) {
            g->broken = true;
            err_set(&g->err, "cannot write reply: %s", strerror(errno));
        }
    }
}

/* Text as it may be sent: no control characters, no blank lines. */
static void clean(struct text *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->len; i++) {
        char c = t->s[i];

        if (c == '\n') {
            while (n && t->s[n - 1] == ' ')
                n--;
            if (i && n && t->s[n - 1] == '\n')
                continue;
        } else if ((unsigned char)c < ' ' || c == 0x7f) {
            c = ' ';
        }
        t->s[n++] = c;
    }
    while (n && (t->s[n - 1] == '\n' || t->s[n - 1] == ' '))
        n--;
    if (t->s) {
        t->len = n;
        t->s[n] = '\0';
    }
}

/* Sends what stands in reply, between head and tail, in one write. */
static void send_reply(struct gtp *g, char status, const char *tail)
{
    struct text t;

    text_init(&t);
    if (status) {
        text_add(&t, &status, 1);
        text_add(&t, text_str(&g->raw), g->id_len);
        if (g->reply.len && g->reply.s[0] != '\n')
            text_puts(&t, " ");
    }
    text_add(&t, text_str(&g->reply), g->reply.len);
    text_puts(&t, tail);
    if (t.failed) {
        g->broken = true;
        err_set(&g->err, "out of memory");
    } else {
        write_all(g, t.s, t.len);
        log_text(g, '<', t.s, t.len);
    }
    text_release(&t);
    text_clear(&g->reply);
}

/* Ends the reply of a command that returned status. */
static void finish(struct gtp *g, int status)
{
    if (g->reply.failed) {
        text_release(&g->reply);
        status = gtp_fail(g, "out of memory");
    }
    clean(&g->reply);
    if (!g->begun) {
        send_reply(g, status || g->failed ? '?' : '=', "\n\n");
        return;
    }
    if (g->reply.len)
        note(g, g->reply.s, g->reply.len);
    text_clear(&g->reply);
    send_reply(g, 0, "\n");
}

/* --- reading ---------------------------------------------------------------- */

/* The specification's preprocessing; s[n] may be written.  Returns the length. */
static size_t preprocess(char *s, size_t n)
{
    size_t len = 0;

    for (size_t i = 0; i < n && s[i] != '#'; i++) {
        char c = s[i] == '\t' ? ' ' : s[i];

        if (((unsigned char)c < ' ' || c == 0x7f) || (c == ' ' && len == 0))
            continue;
        s[len++] = c;
    }
    while (len && s[len - 1] == ' ')
        len--;
    s[len] = '\0';
    return len;
}

static int add_word(struct gtp *g, size_t at)
{
    if ((size_t)g->n_words == g->word_cap) {
        size_t cap = g->word_cap ? 2 * g->word_cap : 64;
        size_t *word = realloc(g->word, cap * sizeof *word);

        if (!word)
            return -1;
        g->word = word;
        g->word_cap = cap;
    }
    g->word[g->n_words++] = at;
    return 0;
}

/* Cuts raw into id and words. */
static int split(struct gtp *g)
{
    struct text *t = &g->line;
    size_t i;

    g->n_words = 0;
    g->id_len = strspn(g->raw.s, "0123456789");
    text_clear(t);
    text_add(t, g->raw.s, g->raw.len);
    if (t->failed)
        return -1;
    for (i = g->id_len; i < t->len; i++) {
        if (t->s[i] == ' ')
            t->s[i] = '\0';
        else if ((i == g->id_len || t->s[i - 1] == '\0') && add_word(g, i))
            return -1;
    }
    return 0;
}

static void run_line(struct gtp *g, const char *s, size_t n, bool too_long)
{
    const struct gtp_command *c;

    log_text(g, '>', s, n);
    text_clear(&g->raw);
    text_add(&g->raw, s, n);
    text_clear(&g->reply);
    g->failed = g->begun = false;
    g->id_len = 0;
    if (g->raw.failed) {
        text_release(&g->raw);
        finish(g, gtp_fail(g, "out of memory"));
        return;
    }
    if (!n || !(g->raw.len = preprocess(g->raw.s, n)))
        return;
    if (split(g)) {
        text_release(&g->line);
        g->n_words = 0;
        finish(g, gtp_fail(g, "out of memory"));
        return;
    }
    c = find(g, gtp_name(g));
    if (too_long)
        finish(g, gtp_fail(g, "line too long"));
    else if (!c)
        finish(g, gtp_fail(g, "unknown command"));
    else
        finish(g, c->run(g, g->ctx));
}

int gtp_serve(struct gtp *g, struct err *e)
{
    enum lines_kind kind;
    char *s;
    size_t n;

    while (!g->quit && !g->broken && (kind = lines_next(&g->in, &s, &n)) != LINES_EOF)
        run_line(g, s, n, kind == LINES_LONG);
    if (g->broken)
        return err_set(e, "%s", g->err.msg);
    if (g->in.error)
        return err_set(e, "cannot read commands: %s", strerror(g->in.error));
    return 0;
}

/* --- for commands ----------------------------------------------------------- */

static const char *word(const struct gtp *g, int i)
{
    return i >= 0 && i < g->n_words ? g->line.s + g->word[i] : "";
}

const char *gtp_name(const struct gtp *g)
{
    return word(g, 0);
}

int gtp_argc(const struct gtp *g)
{
    return g->n_words > 0 ? g->n_words - 1 : 0;
}

const char *gtp_arg(const struct gtp *g, int i)
{
    return i < 0 ? "" : word(g, i + 1);
}

const char *gtp_rest(const struct gtp *g, int i)
{
    return i >= 0 && i < gtp_argc(g) ? g->raw.s + g->word[i + 1] : "";
}

void gtp_printf(struct gtp *g, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    text_vprintf(&g->reply, fmt, ap);
    va_end(ap);
}

void gtp_puts(struct gtp *g, const char *s)
{
    text_puts(&g->reply, s);
}

int gtp_fail(struct gtp *g, const char *fmt, ...)
{
    va_list ap;

    g->failed = true;
    text_clear(&g->reply);
    va_start(ap, fmt);
    text_vprintf(&g->reply, fmt, ap);
    va_end(ap);
    return -1;
}

void gtp_note(struct gtp *g, const char *fmt, ...)
{
    struct text t;
    va_list ap;

    text_init(&t);
    va_start(ap, fmt);
    text_vprintf(&t, fmt, ap);
    va_end(ap);
    note(g, text_str(&t), t.len);
    text_release(&t);
}

void gtp_begin(struct gtp *g)
{
    g->begun = true;
    text_clear(&g->reply);
    send_reply(g, '=', "\n");
}

void gtp_line(struct gtp *g, const char *s)
{
    text_clear(&g->reply);
    text_puts(&g->reply, s);
    clean(&g->reply);
    if (g->reply.len)
        send_reply(g, 0, "\n");
}

enum lines_state gtp_waiting(struct gtp *g, int timeout_ms)
{
    return lines_poll(&g->in, timeout_ms);
}

bool gtp_interrupted(struct gtp *g)
{
    return lines_interrupt(&g->in);
}

bool gtp_broken(const struct gtp *g)
{
    return g->broken;
}
