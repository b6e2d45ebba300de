#include "gtp/match_ini.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    FILE *f;
    int line;      /* that was read last */
    bool indented; /* it begins with a blank */
    bool begun;    /* its section has a key already */
    match_ini_fn *take;
    void *arg;
    const char *path;
    struct err *e;
    bool failed;
};

static int fail(struct reader *r, const char *why)
{
    if (!r->failed)
        err_set(r->e, "%s:%d: %s", r->path, r->line, why);
    r->failed = true;
    return 0; /* inih's sign of failure */
}

/* fgets for inih, which would take the rest of a long line for a line of its own. */
static char *read_line(char *buf, int size, void *arg)
{
    struct reader *r = arg;
    size_t len;

    if (r->failed || !fgets(buf, size, r->f))
        return NULL;
    r->line++;
    len = strlen(buf);
    r->indented = *buf == ' ' || *buf == '\t';
    r->begun &= buf[strspn(buf, " \t")] != '[' || (r->indented && r->begun);
    if (len + 1 < (size_t)size || buf[len - 1] == '\n')
        return buf;
    fail(r, "a line of more bytes than are allowed; go on in an indented one");
    return NULL;
}

/* inih leaves comments in lines that go on: cuts one off. */
static void cut_comment(char *value)
{
    for (char *p = value; *p; p++)
        if (*p == ';' && p > value && strchr(" \t", p[-1])) {
            while (p > value && strchr(" \t", p[-1]))
                p--;
            *p = '\0';
            return;
        }
}

static int hand_on(struct reader *r, const char *engine, const char *key, const char *value,
                   bool more)
{
    char *whole = strdup(value);
    struct err why;
    int status;

    if (!whole)
        return fail(r, "out of memory");
    if (more)
        cut_comment(whole);
    err_init(&why);
    status = r->take(r->arg, engine, key, whole, more, &why);
    free(whole);
    return status ? fail(r, why.msg) : 1;
}

/* inih calls this for the line just read: 1, or 0 for failure. */
static int take_key(void *arg, const char *section, const char *key, const char *value)
{
    struct reader *r = arg;
    const char *engine = NULL;
    bool more = r->indented && r->begun;

    if (r->failed)
        return 0;
    if (!key || !value) /* as an inih that was built otherwise may tell */
        return key ? fail(r, "a key without a value") : 1;
    r->begun = true;
    if (!strncmp(section, "engine ", 7))
        engine = section + 7 + strspn(section + 7, " \t");
    else if (strcmp(section, "match"))
        return fail(r, *section ? "an unknown section; there are [match] and [engine NAME]" :
                       "a key before the first section, [match] or [engine NAME]");
    return hand_on(r, engine, key, value, more);
}

int match_ini_read(const char *path, match_ini_fn *take, void *arg, struct err *e)
{
    struct reader r = { .f = fopen(path, "r"), .take = take, .arg = arg, .path = path, .e = e };
    int bad;

    if (!r.f)
        return err_set(e, "cannot open '%s': %s", path, strerror(errno));
    bad = ini_parse_stream(read_line, &r, take_key, &r);
    if (!r.failed && ferror(r.f)) {
        err_set(e, "cannot read '%s': %s", path, strerror(errno));
        r.failed = true;
    } else if (!r.failed && bad) {
        r.line = bad;
        fail(&r, "neither a [section] nor 'key = value'");
    }
    fclose(r.f);
    return r.failed ? -1 : 0;
}
