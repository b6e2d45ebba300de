#include "engine/sgf_tree.h"

#include <stdlib.h>
#include <string.h>

#include "engine/file.h"

/*
 * The reader works in its own copy of the text, where names and values are
 * closed with NUL bytes in place, so the tree points into it.  It keeps no
 * stack: a node that '(' opened remembers so, and ')' climbs to the nearest.
 */
struct parser {
    struct sgf *s;
    char *p;         /* the next byte; *end is NUL */
    const char *end;
    const char *bol; /* the first byte of the line that p is in */
    uint32_t line;
    struct err *e;
};

static const char bom[] = "\xef\xbb\xbf";

static struct sgf_pos here(const struct parser *ps)
{
    return (struct sgf_pos){ ps->line, (uint32_t)(ps->p - ps->bol) + 1 };
}

/* Steps over one byte, counting lines: "\n", "\r\n" and a lone "\r" end one. */
static void step(struct parser *ps)
{
    char c = *ps->p++;

    if (c == '\n' || (c == '\r' && *ps->p != '\n')) {
        ps->line++;
        ps->bol = ps->p;
    }
}

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(struct parser *ps)
{
    while (is_space(*ps->p))
        step(ps);
}

/* Between games also byte order marks and the Ctrl-Z of DOS. */
static void skip_between(struct parser *ps)
{
    for (;;) {
        skip_space(ps);
        if (*ps->p == '\x1a')
            ps->p++;
        else if (!strncmp(ps->p, bom, 3))
            ps->p += 3;
        else
            return;
    }
}

/* Goes to the first '(' that a ';' follows; back to where it was if there is none. */
static void skip_head(struct parser *ps)
{
    struct parser start = *ps;

    skip_between(ps);
    if (*ps->p == '(')
        return; /* what is wrong after this one is worth its own message */
    for (; ps->p < ps->end; step(ps)) {
        const char *q = ps->p + 1;

        if (*ps->p != '(')
            continue;
        while (is_space(*q))
            q++;
        if (*q == ';')
            return;
    }
    *ps = start;
    skip_between(ps);
}

/* What is wrong with the byte here, where WHAT was expected. */
static int unexpected(struct parser *ps, const char *what)
{
    unsigned char c = (unsigned char)*ps->p;

    if (!c && ps->p < ps->end)
        return sgf_err(ps->s, here(ps), ps->e, "NUL byte");
    if (!c)
        return sgf_err(ps->s, here(ps), ps->e, "expected %s, but the file ends", what);
    if (c < ' ' || c > '~')
        return sgf_err(ps->s, here(ps), ps->e, "expected %s, not byte 0x%02x", what, c);
    return sgf_err(ps->s, here(ps), ps->e, "expected %s, not '%c'", what, c);
}

static int is_name(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Reads a name; *stop is where to close it when the '[' behind has been seen. */
static const char *read_name(struct parser *ps, char **stop)
{
    char *start = ps->p, *end = start, *to = start;

    while (is_name(*end) && end - start <= SGF_MAX_NAME)
        end++;
    while (*ps->p >= 'a' && ps->p < end)
        ps->p++;
    if (end - start > SGF_MAX_NAME || ps->p == end || *ps->p < 'A') {
        ps->p = start;
        sgf_err(ps->s, here(ps), ps->e, end - start > SGF_MAX_NAME ? "'%.*s...' is too long a name"
                : "'%.*s' is no property name", (int)(end - start), start);
        return NULL;
    }
    for (; ps->p < end; ps->p++)
        if (*ps->p < 'a')
            *to++ = *ps->p;
    *stop = to;
    return start;
}

/* Reads one value from its '['. */
static const char *read_value(struct parser *ps, const char *id)
{
    struct sgf_pos at = here(ps);
    char *start = ++ps->p;

    for (;; step(ps)) {
        if (*ps->p == ']')
            break;
        if (*ps->p == '\\' && ps->p[1])
            step(ps);
        if (*ps->p)
            continue;
        if (ps->p < ps->end)
            unexpected(ps, "text");
        else
            sgf_err(ps->s, at, ps->e, "the value of '%s' is not closed", id);
        return NULL;
    }
    *ps->p++ = '\0';
    return start;
}

/* Does FF[4] give this property one value, not a list? */
static int is_single(const char *id)
{
    static const char singles[] =
        " AN AP B BL BM BR BT C CA CP DM DO DT EV FF FG GB GC GM GN GW HA HO IT KM KO MN N OB ON"
        " OT OW PB PC PL PM PW RE RO RU SO ST SZ TE TM UC US V W WL WR WT ";
    char key[5] = " ";
    size_t n = strlen(id);

    if (n > 2)
        return 0;
    memcpy(key + 1, id, n);
    key[n + 1] = ' ';
    key[n + 2] = '\0';
    return strstr(singles, key) != NULL;
}

/* Hangs one more value on prop, whose first is taken if it is new. */
static int put_value(struct parser *ps, struct sgf_prop *prop, struct sgf_pos at)
{
    struct sgf_value *v = &prop->value;

    if (v->raw) {
        if (is_single(prop->id))
            return sgf_err(ps->s, at, ps->e, "property '%s' has more than one value", prop->id);
        v = sgf_alloc(ps->s, sizeof *v, ps->e);
        if (!v)
            return -1;
        prop->last->next = v;
    }
    *v = (struct sgf_value){ .at = { at.line, at.col + 1 } };
    v->raw = read_value(ps, prop->id);
    prop->last = v;
    return v->raw ? 0 : -1;
}

/* The property of that name in node, new or old; *count counts the new ones. */
static struct sgf_prop *take_prop(struct parser *ps, struct sgf_node *node, const char *id,
                                  struct sgf_pos at, int *count)
{
    struct sgf_prop **link = &node->prop;

    for (; *link; link = &(*link)->next) {
        if (strcmp((*link)->id, id))
            continue;
        if (!is_single(id))
            return *link;
        sgf_err(ps->s, at, ps->e, "property '%s' stands twice in one node", id);
        return NULL;
    }
    if (++*count > SGF_MAX_PROPS) {
        sgf_err(ps->s, at, ps->e, "more than %d properties in one node", SGF_MAX_PROPS);
        return NULL;
    }
    *link = sgf_alloc(ps->s, sizeof **link, ps->e);
    if (*link)
        **link = (struct sgf_prop){ .id = id, .at = at };
    return *link;
}

/* Reads all properties that follow a ';'. */
static int read_props(struct parser *ps, struct sgf_node *node)
{
    int count = 0;

    for (skip_space(ps); is_name(*ps->p); skip_space(ps)) {
        struct sgf_pos at = here(ps);
        struct sgf_prop *prop;
        char *stop;
        const char *id = read_name(ps, &stop);

        if (!id)
            return -1;
        skip_space(ps);
        if (*ps->p != '[') {
            char what[SGF_MAX_NAME + 24];

            snprintf(what, sizeof what, "'[' after '%.*s'", (int)(stop - id), id);
            return unexpected(ps, what);
        }
        *stop = '\0'; /* perhaps onto the '[' itself, which has done its duty */
        prop = take_prop(ps, node, id, at, &count);
        if (!prop)
            return -1;
        do {
            if (put_value(ps, prop, here(ps)))
                return -1;
            skip_space(ps);
        } while (*ps->p == '[');
    }
    return 0;
}

/* Reads one game from its '('. */
static int read_tree(struct parser *ps)
{
    struct sgf_pos start = here(ps);
    struct sgf_node *n = NULL; /* the parent of the next node */
    bool opened = true, closed = false; /* was the byte before '(' or ')'? */

    for (ps->p++;;) {
        skip_space(ps);
        if (*ps->p == ';' && !closed) {
            n = sgf_new_node(ps->s, n, here(ps), ps->e);
            if (!n)
                return -1;
            n->opens = opened;
            opened = false;
            ps->p++;
            if (read_props(ps, n))
                return -1;
        } else if (*ps->p == ';') {
            return sgf_err(ps->s, here(ps), ps->e, "a node behind a variation");
        } else if (*ps->p == '(' && !opened) {
            ps->p++;
            opened = true;
            closed = false;
        } else if (*ps->p == ')' && !opened) {
            ps->p++;
            closed = true;
            while (!n->opens)
                n = n->parent;
            n = n->parent;
            if (!n)
                return 0;
        } else if (*ps->p == ')') {
            return sgf_err(ps->s, here(ps), ps->e, "empty game tree '()'");
        } else if (ps->p == ps->end) {
            return sgf_err(ps->s, start, ps->e, "the game tree is not closed");
        } else {
            return unexpected(ps, opened ? "';' after '('"
                                         : closed ? "'(' or ')'" : "a property, ';', '(' or ')'");
        }
    }
}

static int read_collection(struct parser *ps)
{
    skip_head(ps);
    if (*ps->p != '(')
        return sgf_err(ps->s, here(ps), ps->e, "no '(;' starts a game");
    while (ps->p < ps->end) {
        if (*ps->p != '(')
            return unexpected(ps, "the '(' of another game");
        if (read_tree(ps))
            return -1;
        skip_between(ps);
    }
    return 0;
}

int sgf_parse(struct sgf *s, const char *name, const char *text, size_t len, struct err *e)
{
    struct parser ps = { .s = s, .line = 1, .e = e };

    if (sgf_init(s, name, e))
        return -1;
    if (len > SGF_MAX_BYTES) {
        err_set(e, "'%s' is larger than %d bytes", name, SGF_MAX_BYTES);
    } else if ((ps.p = sgf_alloc(s, len + 1, e))) {
        memcpy(ps.p, text, len);
        ps.p[len] = '\0';
        ps.bol = ps.p;
        ps.end = ps.p + len;
        if (!read_collection(&ps))
            return 0;
    }
    sgf_release(s);
    return -1;
}

int sgf_read(struct sgf *s, const char *path, struct err *e)
{
    char *text;
    size_t len;
    int status;

    if (file_read(path, SGF_MAX_BYTES, &text, &len, e))
        return -1;
    status = sgf_parse(s, strcmp(path, "-") ? path : "standard input", text, len, e);
    free(text);
    return status;
}
