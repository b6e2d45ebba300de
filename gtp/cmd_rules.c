/*
 * The rules: asked for, and named by clients.
 *
 * One rule set is played.  A client may name any well-known one, since most
 * name some at every game's start; the reply then says what is played instead
 * where that differs.  A JSON dictionary says exactly what it wants, so a value
 * that is not played is refused.
 */
#include "gtp/cmd.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    RULE_SCORING,
    RULE_KO,
    RULE_TAX,
    RULE_SUICIDE,
    RULE_BUTTON,
    RULE_BONUS,
    RULE_FRIENDLY,
    N_RULES,
};

static const struct {
    const char *key, *played; /* as kata-get-rules says it */
    bool quoted;
    const char *words;        /* what is played, in words */
} rule[N_RULES] = {
    [RULE_SCORING] = { "scoring", "AREA", true, "area scoring" },
    [RULE_KO] = { "ko", "POSITIONAL", true, "positional superko" },
    [RULE_TAX] = { "tax", "NONE", true, "no group tax" },
    [RULE_SUICIDE] = { "suicide", "false", false, "no suicide" },
    [RULE_BUTTON] = { "hasButton", "false", false, "no button" },
    [RULE_BONUS] = { "whiteHandicapBonus", "0", true, "no handicap bonus" },
    [RULE_FRIENDLY] = { "friendlyPassOk", "false", false, "every stone on the board alive" },
};

/* What the names mean, as KataGo has them. */
static const struct {
    const char *name, *value[N_RULES];
} sets[] = {
    { "tromp-taylor", { "AREA", "POSITIONAL", "NONE", "true", "false", "0", "false" } },
    { "chinese", { "AREA", "SIMPLE", "NONE", "false", "false", "N", "true" } },
    { "chinese-ogs", { "AREA", "POSITIONAL", "NONE", "false", "false", "N", "true" } },
    { "chinese-kgs", { "AREA", "POSITIONAL", "NONE", "false", "false", "N", "true" } },
    { "japanese", { "TERRITORY", "SIMPLE", "SEKI", "false", "false", "0", "true" } },
    { "korean", { "TERRITORY", "SIMPLE", "SEKI", "false", "false", "0", "true" } },
    { "stone-scoring", { "AREA", "SIMPLE", "ALL", "false", "false", "0", "true" } },
    { "aga", { "AREA", "SITUATIONAL", "NONE", "false", "false", "N-1", "true" } },
    { "bga", { "AREA", "SITUATIONAL", "NONE", "false", "false", "N-1", "true" } },
    { "new-zealand", { "AREA", "SITUATIONAL", "NONE", "true", "false", "0", "true" } },
    { "aga-button", { "AREA", "SITUATIONAL", "NONE", "false", "true", "N-1", "true" } },
};

enum { N_SETS = sizeof sets / sizeof sets[0] };

static int run_kata_get_rules(struct gtp *g, void *ctx)
{
    (void)ctx;
    for (int i = 0; i < N_RULES; i++) {
        const char *quote = rule[i].quoted ? "\"" : "";

        gtp_printf(g, "%s\"%s\":%s%s%s", i ? "," : "{", rule[i].key, quote, rule[i].played,
                   quote);
    }
    gtp_puts(g, "}");
    return 0;
}

/* Equal names: any case, '-' and '_' alike. */
static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char x[2] = { *a == '_' ? '-' : *a }, y[2] = { *b == '_' ? '-' : *b };

        if (strcasecmp(x, y))
            return false;
    }
    return *a == *b;
}

/* Accepts a set by name; the reply tells where it is played otherwise. */
static int take_name(struct gtp *g, const char *name)
{
    int s = 0, left = 0;

    while (s < N_SETS && !same_name(name, sets[s].name))
        s++;
    if (s == N_SETS)
        return gtp_fail(g, "unknown rules '%s'", name);
    for (int i = 0; i < N_RULES; i++)
        left += strcmp(sets[s].value[i], rule[i].played) != 0;
    for (int i = 0, n = 0; i < N_RULES; i++)
        if (strcmp(sets[s].value[i], rule[i].played)) {
            gtp_printf(g, "%s%s", n == 0 ? "played with " : left == 1 ? " and " : ", ",
                       rule[i].words);
            n++;
            left--;
        }
    return 0;
}

/* --- JSON ------------------------------------------------------------------- */

static const char *skip_spaces(const char *s)
{
    return s + strspn(s, " ");
}

/* A string or a bare word at s into buf; NULL if there is none or it is too
   long.  Returns what follows. */
static const char *json_word(const char *s, char buf[64])
{
    bool quoted = *s == '"';
    size_t n = quoted ? strcspn(s + 1, "\"\\") : strcspn(s, " ,:{}[]\"\\");

    s += quoted;
    if (n >= 64 || (!quoted && !n) || (quoted && s[n] != '"'))
        return NULL;
    memcpy(buf, s, n);
    buf[n] = '\0';
    return skip_spaces(s + n + quoted);
}

static int check_rule(struct gtp *g, const char *key, const char *value)
{
    int i = 0;

    while (i < N_RULES && strcmp(key, rule[i].key))
        i++;
    if (i == N_RULES)
        return gtp_fail(g, "unknown rule '%s'", key);
    if (strcasecmp(value, rule[i].played))
        return gtp_fail(g, "%s %s is not supported, only %s", key, value, rule[i].played);
    return 0;
}

/* {"key": value, ...} with values that are strings, numbers or booleans. */
static int take_json(struct gtp *g, const char *s)
{
    char key[64], value[64];

    s = skip_spaces(s + 1);
    while (*s != '}') {
        s = json_word(s, key);
        if (!s || *s != ':')
            return cmd_syntax(g);
        s = json_word(skip_spaces(s + 1), value);
        if (!s || (*s != ',' && *s != '}'))
            return cmd_syntax(g);
        if (check_rule(g, key, value))
            return -1;
        if (*s == ',') {
            s = skip_spaces(s + 1);
            if (*s == '}')
                return cmd_syntax(g);
        }
    }
    return *skip_spaces(s + 1) ? cmd_syntax(g) : 0;
}

static int run_kata_set_rules(struct gtp *g, void *ctx)
{
    (void)ctx;
    if (gtp_arg(g, 0)[0] == '{')
        return take_json(g, gtp_rest(g, 0));
    return cmd_argc(g, 1, 1) ? -1 : take_name(g, gtp_arg(g, 0));
}

/* KGS has four names, and its Chinese is the one with superko. */
static int run_kgs_rules(struct gtp *g, void *ctx)
{
    static const char *const names[] = { "chinese", "aga", "japanese", "new_zealand" };
    const char *name = gtp_arg(g, 0);

    (void)ctx;
    if (cmd_argc(g, 1, 1))
        return -1;
    for (int i = 0; i < 4; i++)
        if (same_name(name, names[i]))
            return take_name(g, i ? name : "chinese-kgs");
    return gtp_fail(g, "unknown rules '%s'", name);
}

const struct gtp_command cmd_rules[] = {
    { "kata-get-rules", run_kata_get_rules },
    { "kata-set-rules", run_kata_set_rules },
    { "kgs-rules", run_kgs_rules },
    { NULL, NULL },
};
