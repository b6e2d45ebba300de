/* Games from and into files. */
#include "gtp/cmd.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sgf_game.h"

/*
 * Argument 0 as a file name: the rest of the line, which may hold spaces, less
 * a number at its end if there is one (then *number gets it) and less quotes
 * around it.  NULL when out of memory.
 */
static char *file_name(struct gtp *g, int *number)
{
    int last = gtp_argc(g) - 1, n;
    const char *s = gtp_rest(g, 0);
    size_t len = strlen(s);
    char *name;

    if (number && last > 0 && !cmd_int(gtp_arg(g, last), &n)) {
        *number = n;
        len -= strlen(gtp_arg(g, last));
        while (len && s[len - 1] == ' ')
            len--;
    }
    if (len > 1 && s[0] == '"' && s[len - 1] == '"') {
        s++;
        len -= 2;
    }
    name = malloc(len + 1);
    if (name) {
        memcpy(name, s, len);
        name[len] = '\0';
    }
    return name;
}

/* "loadsgf F [n]": the position before move n. */
static int run_loadsgf(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    int move = INT_MIN;
    struct game game;
    struct err e;
    char *name;
    int failed;

    if (gtp_argc(g) < 1)
        return cmd_syntax(g);
    name = file_name(g, &move);
    if (!name)
        return gtp_fail(g, "out of memory");
    if (move < 0 && move != INT_MIN) {
        free(name);
        return cmd_syntax(g);
    }
    err_init(&e);
    /* "-" would be stdin, where the commands come from */
    failed = !strcmp(name, "-") ? err_set(&e, "no file '-'")
                                : sgf_load_game(name, move > 0 ? move - 1 : move, c->game.komi,
                                                &game, &e);
    free(name);
    if (!failed && fabs(game.komi) > CMD_KOMI_MAX) {
        failed = err_set(&e, "komi %g is beyond %d", game.komi, CMD_KOMI_MAX);
        game_release(&game);
    }
    if (!failed && !cmd_accepts(c, game.board.w, game.board.h)) {
        failed = err_set(&e, "player %s knows no boards of %dx%d", c->player->name,
                         game.board.w, game.board.h);
        game_release(&game);
    }
    if (failed) {
        gtp_note(g, "%s", e.msg);
        return gtp_fail(g, "cannot load file");
    }
    cmd_take_game(c, &game);
    return 0;
}

/* The game as a tree of one line, with its result if it has ended. */
static int make_record(const struct commands *c, struct sgf *s, struct err *e)
{
    char result[24], program[128];
    struct sgf_info info = {
        .rules = "Chinese", /* as written: area scoring, positional superko, no suicide */
        .program = program,
        .result = game_over(&c->game) ? score_text(game_score(&c->game), result) : NULL,
    };

    snprintf(program, sizeof program, "VideoWorld:%s", c->o.version);
    if (sgf_init(s, "game", e))
        return -1;
    return sgf_from_game(s, &c->game, &info, e) ? 0 : -1;
}

static int print_record(struct gtp *g, const struct sgf *s)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    int failed = !f;

    if (f) {
        sgf_print(s->first, SGF_LINES, f);
        failed = ferror(f);
        failed |= fclose(f);
    }
    if (failed)
        gtp_fail(g, "out of memory");
    else
        gtp_puts(g, text);
    free(text);
    return failed ? -1 : 0;
}

/* "printsgf": as the reply; "printsgf F": into a file, whole or not at all. */
static int run_printsgf(struct gtp *g, void *ctx)
{
    struct commands *c = ctx;
    char *name = NULL;
    struct sgf s;
    struct err e;
    int status;

    err_init(&e);
    if (gtp_argc(g) && !(name = file_name(g, NULL)))
        return gtp_fail(g, "out of memory");
    if (make_record(c, &s, &e))
        status = gtp_fail(g, "%s", e.msg);
    else if (!name || !strcmp(name, "-"))
        status = print_record(g, &s);
    else
        status = sgf_write(&s, name, SGF_LINES, &e) ? gtp_fail(g, "%s", e.msg) : 0;
    sgf_release(&s);
    free(name);
    return status;
}

const struct gtp_command cmd_sgf[] = {
    { "loadsgf", run_loadsgf },
    { "printsgf", run_printsgf },
    { NULL, NULL },
};
