#include "gtp/suite.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/file.h"
#include "engine/sgf_game.h"

enum { MAX_BYTES = 1 << 26, START_SIZE = 19 };

/* A file being read. */
struct reader {
    struct suite *s;
    const char *path;
    size_t line;
    struct game game;     /* the position so far */
    enum { NOWHERE, SIZED, SET_UP } at;
    bool asked;           /* a question of this position was read, */
    bool open;            /* and the last one has no answer yet */
    size_t first;         /* the position's first command */
    char kind[SUITE_KIND], note[80];
};

/* --- commands ---------------------------------------------------------------- */

static int read_color(const char *word, enum color *c)
{
    if (!strcasecmp(word, "b") || !strcasecmp(word, "black"))
        *c = BLACK;
    else if (!strcasecmp(word, "w") || !strcasecmp(word, "white"))
        *c = WHITE;
    else
        return -1;
    return 0;
}

static int run_play(struct game *g, const char *words, struct err *e)
{
    char color[8], vertex[8], more[2];
    enum color c;
    int p;

    if (sscanf(words, "%7s %7s %1s", color, vertex, more) != 2 || read_color(color, &c))
        return err_set(e, "'play %.40s' has no colour and move", words);
    p = board_parse_vertex(&g->board, vertex);
    if (p == NO_POINT)
        return err_set(e, "'%s' is no move on this board", vertex);
    return game_play(g, c, p, e);
}

static int run_loadsgf(struct game *g, const char *words, struct err *e)
{
    char path[512], more[2];
    int move = 0, n = sscanf(words, "%511s %d %1s", path, &move, more);
    struct game loaded;

    if (n < 1 || n > 2 || (n == 2 && move < 1))
        return err_set(e, "'loadsgf %.80s' has no file name, or no number of a move", words);
    if (sgf_load_game(path, n == 2 ? move - 1 : -1, g->komi, &loaded, e))
        return -1;
    game_release(g);
    *g = loaded;
    return 0;
}

/* Carries out a command on g. */
static int run_command(struct game *g, const char *command, struct err *e)
{
    char more[2];
    double komi;
    int size;

    if (sscanf(command, "boardsize %d %1s", &size, more) == 1)
        return game_clear(g, size, size, e);
    if (!strcmp(command, "clear_board"))
        return game_clear(g, g->board.w, g->board.h, e);
    if (sscanf(command, "komi %lf %1s", &komi, more) == 1 && komi > -1e6 && komi < 1e6) {
        g->komi = komi;
        return 0;
    }
    if (!strncmp(command, "play ", 5))
        return run_play(g, command + 5, e);
    if (!strncmp(command, "loadsgf ", 8))
        return run_loadsgf(g, command + 8, e);
    return err_set(e, "'%.80s' is no command of a suite", command);
}

int suite_game(const struct suite *s, const struct suite_question *q, struct game *g,
               struct err *e)
{
    if (game_init(g, START_SIZE, START_SIZE, 0, e))
        return -1;
    for (size_t i = 0; i < q->n; i++)
        if (run_command(g, s->command[q->first + i], e))
            return -1;
    return 0;
}

bool suite_right(const struct suite_question *q, int move)
{
    bool named = false;

    for (int i = 0; i < q->n_points; i++)
        named |= q->point[i] == move;
    return move >= PASS && named != q->except;
}

/* --- lines ------------------------------------------------------------------- */

static void *grow(void *array, size_t n, size_t size)
{
    /* whenever n is a power of two, the array doubles */
    return n & (n - 1) ? array : realloc(array, (n ? 2 * n : 1) * size);
}

/* "loadsgf FILE ...", FILE now beside the suite; else a copy of the line. */
static char *resolved(const struct reader *r, const char *line, struct err *e)
{
    const char *slash = strrchr(r->path, '/');
    size_t dir = slash ? (size_t)(slash - r->path) + 1 : 0, word = 0;
    char *s;

    if (!strncmp(line, "loadsgf ", 8) && line[8] != '/')
        word = 8;
    else
        dir = 0;
    if (strcspn(r->path, " \t") < dir) {
        err_set(e, "GTP cannot name a file in a folder with a blank in its name");
        return NULL;
    }
    s = malloc(strlen(line) + dir + 1);
    if (!s) {
        err_set(e, "out of memory");
        return NULL;
    }
    memcpy(s, line, word);
    memcpy(s + word, r->path, dir);
    strcpy(s + word + dir, line + word);
    return s;
}

/* Does the command stand where it may?  Keeps count of the position's beginning. */
static int follow_order(struct reader *r, const char *line, struct err *e)
{
    bool sized = !strncmp(line, "boardsize ", 10), loaded = !strncmp(line, "loadsgf ", 8);
    bool cleared = !strcmp(line, "clear_board");

    if (sized || loaded) {
        r->first = r->s->commands;
        r->asked = false;
        r->at = sized ? SIZED : SET_UP;
        return 0;
    }
    if (r->at == NOWHERE)
        return err_set(e, "a position begins with boardsize or loadsgf");
    if (r->at == SIZED && !cleared)
        return err_set(e, "boardsize is not followed by clear_board");
    if (r->asked || (r->at == SET_UP && cleared))
        return err_set(e, "'%.40s' after the position's beginning", line);
    r->at = SET_UP;
    return 0;
}

static int take_command(struct reader *r, const char *line, struct err *e)
{
    struct suite *s = r->s;
    char **list, *command;

    if (follow_order(r, line, e))
        return -1;
    list = grow(s->command, s->commands, sizeof *list);
    if (!list)
        return err_set(e, "out of memory");
    s->command = list;
    command = resolved(r, line, e);
    if (!command)
        return -1;
    s->command[s->commands++] = command;
    return run_command(&r->game, command, e);
}

static int take_question(struct reader *r, int id, const char *color, struct err *e)
{
    struct suite *s = r->s;
    struct suite_question *list, *q;

    if (r->at != SET_UP)
        return err_set(e, "a question without a position");
    for (size_t i = 0; i < s->n; i++)
        if (s->question[i].id == id)
            return err_set(e, "id %d stands here for the second time", id);
    list = grow(s->question, s->n, sizeof *list);
    if (!list)
        return err_set(e, "out of memory");
    s->question = list;
    q = &s->question[s->n++];
    *q = (struct suite_question){ .id = id, .w = r->game.board.w, .h = r->game.board.h,
                                  .first = r->first, .n = s->commands - r->first };
    memcpy(q->kind, r->kind, sizeof q->kind);
    memcpy(q->note, r->note, sizeof q->note);
    r->asked = r->open = true;
    return read_color(color, &q->color) ? err_set(e, "'%s' is no colour", color) : 0;
}

/* One answer of len letters. */
static int take_answer(struct reader *r, struct suite_question *q, const char *text, size_t len,
                       struct err *e)
{
    char word[8] = "";
    int p = NO_POINT;
    enum legality l;

    if (len < sizeof word) {
        memcpy(word, text, len);
        p = board_parse_vertex(&r->game.board, word);
    }
    if (p == NO_POINT)
        return err_set(e, "'%.*s' is no move on this board", (int)(len < 20 ? len : 20), text);
    l = game_legality(&r->game, q->color, p);
    if (l != LEGAL)
        return err_set(e, "%s is illegal: %s", word, legality_text(l));
    if (q->n_points == SUITE_POINTS)
        return err_set(e, "more than %d answers", SUITE_POINTS);
    q->point[q->n_points++] = p;
    return 0;
}

/* "[A1|B2]" or "[!A1|B2]". */
static int take_answers(struct reader *r, const char *text, struct err *e)
{
    struct suite_question *q = r->s->n ? &r->s->question[r->s->n - 1] : NULL;
    const char *end = strchr(text, ']');

    if (!q || !r->open)
        return err_set(e, "an answer without a question");
    if (*text != '[' || !end || (end[1] && strcmp(end + 1, "*")))
        return err_set(e, "'%.40s' is no list of answers in brackets", text);
    text++;
    if (end - text >= SUITE_WANTED)
        return err_set(e, "more than %d letters of answers", SUITE_WANTED - 1);
    memcpy(q->wanted, text, (size_t)(end - text));
    q->except = *text == '!';
    r->open = false;
    for (text += q->except; text <= end;) {
        size_t len = strcspn(text, "|]");

        if (take_answer(r, q, text, len, e))
            return -1;
        text += len + 1;
    }
    return 0;
}

/* "# word: note" */
static void take_comment(struct reader *r, const char *text)
{
    size_t len;

    text += strspn(text, " ");
    len = strspn(text, "abcdefghijklmnopqrstuvwxyz-");
    if (!len || len >= SUITE_KIND || text[len] != ':')
        return;
    memset(r->kind, 0, sizeof r->kind);
    memcpy(r->kind, text, len);
    text += len + 1;
    text += strspn(text, " ");
    snprintf(r->note, sizeof r->note, "%s", text);
}

static int take_line(struct reader *r, const char *line, struct err *e)
{
    char color[8], more[2];
    int id;

    if (!strncmp(line, "#?", 2))
        return take_answers(r, line + 2 + strspn(line + 2, " "), e);
    if (r->open)
        return err_set(e, "a question is not followed by its answers");
    if (*line == '#')
        take_comment(r, line + 1);
    if (*line == '#' || !*line)
        return 0;
    if (sscanf(line, "%d reg_genmove %7s %1s", &id, color, more) == 2 && id >= 0)
        return take_question(r, id, color, e);
    return take_command(r, line, e);
}

/* --- files ------------------------------------------------------------------- */

static int take_lines(struct reader *r, char *text, struct err *e)
{
    for (char *end; (end = strchr(text, '\n')); text = end + 1) {
        struct err why;

        err_init(&why);
        r->line++;
        *end = '\0';
        for (char *last = end; last > text && strchr(" \t\r", last[-1]);)
            *--last = '\0';
        if (take_line(r, text, &why))
            return err_set(e, "%s:%zu: %s", r->path, r->line, why.msg);
    }
    if (*text)
        return err_set(e, "%s:%zu: the last line has no end", r->path, r->line + 1);
    if (r->open)
        return err_set(e, "%s:%zu: the last question has no answers", r->path, r->line);
    return r->s->n ? 0 : err_set(e, "%s: no questions", r->path);
}

int suite_read(struct suite *s, const char *path, struct err *e)
{
    struct reader r = { .s = s, .path = path };
    char *text;
    size_t len;
    int status;

    *s = (struct suite){ 0 };
    if (file_read(path, MAX_BYTES, &text, &len, e))
        return -1;
    if (strlen(text) != len)
        status = err_set(e, "%s: a NUL byte", path);
    else
        status = game_init(&r.game, START_SIZE, START_SIZE, 0, e);
    if (!status)
        status = take_lines(&r, text, e);
    game_release(&r.game);
    free(text);
    return status;
}

void suite_release(struct suite *s)
{
    for (size_t i = 0; i < s->commands; i++)
        free(s->command[i]);
    free(s->command);
    free(s->question);
    *s = (struct suite){ 0 };
}
