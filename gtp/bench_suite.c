/* videoworld bench suite: questions of a .tst suite, put to a player or any GTP engine. */
#include "config.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "engine/file.h"
#include "gtp/bench_moves.h"
#include "gtp/stats.h"
#include "gtp/suite.h"
#include "gtp/tools.h"

struct options {
    struct mover_options mover;
    const char *suite, *json;
};

/* Questions of one board or kind. */
struct group {
    char name[SUITE_KIND + 16];
    double n, right;
};

struct answer {
    enum { NOT_ASKED, WRONG, RIGHT } is;
    char text[80]; /* what was said, or why nothing was asked */
};

struct bench {
    const struct options *o;
    struct suite suite;
    struct mover mover;
    struct answer *answer; /* (suite.n) */
    struct group *group;   /* (2 suite.n + 1): all, then boards, then kinds */
    int groups;
    double *ms;            /* (suite.n), of those asked */
    size_t asked;
    double median_ms;
};

/* --- asking ------------------------------------------------------------------ */

static int not_asked(struct answer *a, const char *what, const char *why)
{
    a->is = NOT_ASKED;
    snprintf(a->text, sizeof a->text, "%.32s: %.40s", what, why);
    a->text[strcspn(a->text, "\n")] = '\0';
    return 0;
}

/* 1: asked; 0: it cannot be, by somebody who does not know such positions. */
static int ask(struct bench *b, const struct suite_question *q, const struct game *g,
               struct answer *a, struct err *e)
{
    struct player *player = b->mover.player;
    struct move_choice choice;
    char board[32];

    snprintf(board, sizeof board, "%dx%d", q->w, q->h);
    if (player && player->accepts && !player->accepts(player, q->w, q->h))
        return not_asked(a, board, "not known to the player");
    for (size_t i = 0; i < q->n; i++) {
        const char *command = b->suite.command[q->first + i];
        int status = mover_tell(&b->mover, command, e);

        if (status > 0)
            return not_asked(a, command, text_str(&b->mover.client.reply));
        if (status < 0)
            return -1;
    }
    if (mover_ask(&b->mover, g, q->color, &choice, e))
        return -1;
    a->is = suite_right(q, choice.move) && game_legality(g, q->color, choice.move) == LEGAL
                ? RIGHT : WRONG;
    snprintf(a->text, sizeof a->text, "%s", choice.said);
    b->ms[b->asked++] = choice.ms;
    return 1;
}

static int ask_all(struct bench *b, struct err *e)
{
    for (size_t i = 0; i < b->suite.n; i++) {
        const struct suite_question *q = &b->suite.question[i];
        struct answer *a = &b->answer[i];
        struct game g;
        int status = suite_game(&b->suite, q, &g, e);

        if (!status)
            status = ask(b, q, &g, a, e);
        game_release(&g);
        if (status < 0)
            return -1;
        if (a->is == WRONG) {
            printf("FAIL %d: wanted %s, got %s\n", q->id, q->wanted, a->text);
            fflush(stdout);
        }
    }
    b->median_ms = median(b->ms, b->asked);
    return 0;
}

/* --- counting ---------------------------------------------------------------- */

static void count_in(struct bench *b, const char *name, bool right)
{
    int i = 0;

    while (i < b->groups && strcmp(b->group[i].name, name))
        i++;
    if (i == b->groups)
        snprintf(b->group[b->groups++].name, sizeof b->group[i].name, "%s", name);
    b->group[i].n++;
    b->group[i].right += right;
}

/* One round for each way to divide the questions, so that the groups of a round stand together. */
static void count(struct bench *b)
{
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < b->suite.n; i++) {
            const struct suite_question *q = &b->suite.question[i];
            char board[16];

            snprintf(board, sizeof board, "%dx%d", q->w, q->h);
            if (b->answer[i].is != NOT_ASKED && (round < 2 || *q->kind))
                count_in(b, round == 0 ? "all" : round == 1 ? board : q->kind,
                         b->answer[i].is == RIGHT);
        }
}

/* --- telling ----------------------------------------------------------------- */

/* The questions not asked, one line a reason. */
static void print_not_asked(const struct bench *b)
{
    const struct answer *a = b->answer;

    for (size_t i = 0; i < b->suite.n; i++) {
        size_t before = 0, n = 0;

        while (before < i && strcmp(a[before].text, a[i].text))
            before++;
        if (a[i].is != NOT_ASKED || before < i)
            continue;
        for (size_t k = i; k < b->suite.n; k++)
            n += a[k].is == NOT_ASKED && !strcmp(a[k].text, a[i].text);
        printf("not asked: %zu (%s)\n", n, a[i].text);
    }
}

static void print_table(const struct bench *b)
{
    printf("%zu of %zu questions of %s, %s: median %.2f ms a move\n", b->asked, b->suite.n,
           b->o->suite, mover_name(&b->o->mover), b->median_ms);
    if (b->groups)
        printf("%-15s %5s %5s  %s\n", "", "n", "right", "right %");
    for (int i = 0; i < b->groups; i++) {
        const struct group *s = &b->group[i];
        struct interval r = interval_rate(s->right / s->n, s->n);

        printf("%-15s %5.0f %5.0f  %.1f (%.1f to %.1f)\n", s->name, s->n, s->right, 100 * r.mean,
               100 * r.low, 100 * r.high);
    }
    print_not_asked(b);
}

static void write_groups(const struct bench *b, FILE *f)
{
    for (int i = 0; i < b->groups; i++) {
        const struct group *s = &b->group[i];
        struct interval r = interval_rate(s->right / s->n, s->n);

        fprintf(f, "%s\n    { \"name\": ", i ? "," : "");
        json_string(f, s->name);
        fprintf(f, ", \"questions\": %.0f, \"right\": %.0f,\n      "
                "\"share\": { \"mean\": %.6f, \"low\": %.6f, \"high\": %.6f } }",
                s->n, s->right, r.mean, r.low, r.high);
    }
}

static void write_answers(const struct bench *b, FILE *f)
{
    static const char *const words[] = { "not asked", "wrong", "right" };

    for (size_t i = 0; i < b->suite.n; i++) {
        const struct answer *a = &b->answer[i];

        fprintf(f, "%s\n    { \"id\": %d, \"is\": \"%s\", \"wanted\": ", i ? "," : "",
                b->suite.question[i].id, words[a->is]);
        json_string(f, b->suite.question[i].wanted);
        fprintf(f, ", \"%s\": ", a->is == NOT_ASKED ? "why" : "got");
        json_string(f, a->text);
        fprintf(f, " }");
    }
}

static int write_json(const struct bench *b, const char *path, struct err *e)
{
    struct outfile out;

    if (outfile_open(&out, path, e))
        return -1;
    fprintf(out.f, "{\n  \"suite\": ");
    json_string(out.f, b->o->suite);
    fprintf(out.f, ",\n  \"%s\": ", b->o->mover.engine ? "engine" : "player");
    json_string(out.f, mover_name(&b->o->mover));
    fprintf(out.f, ",\n  \"questions\": %zu,\n  \"asked\": %zu,\n  \"median_ms\": %.4f,\n"
            "  \"groups\": [", b->suite.n, b->asked, b->median_ms);
    write_groups(b, out.f);
    fprintf(out.f, "\n  ],\n  \"answers\": [");
    write_answers(b, out.f);
    fprintf(out.f, "\n  ]\n}\n");
    return outfile_commit(&out, e);
}

/* --- the bench --------------------------------------------------------------- */

static int open_all(struct bench *b, struct err *e)
{
    if (suite_read(&b->suite, b->o->suite, e))
        return -1;
    b->answer = calloc(b->suite.n, sizeof *b->answer);
    b->group = calloc(2 * b->suite.n + 1, sizeof *b->group);
    b->ms = calloc(b->suite.n, sizeof *b->ms);
    if (!b->answer || !b->group || !b->ms)
        return err_set(e, "out of memory");
    return mover_start(&b->mover, &b->o->mover, e);
}

static int run(const struct options *o, struct err *e)
{
    struct bench b = { .o = o };
    int status = open_all(&b, e) || ask_all(&b, e) ? -1 : 0;

    if (!status) {
        count(&b);
        print_table(&b);
        status = o->json ? write_json(&b, o->json, e) : 0;
    }
    mover_stop(&b.mover, !status);
    suite_release(&b.suite);
    free(b.answer);
    free(b.group);
    free(b.ms);
    return status;
}

static const char help[] =
    "Usage: videoworld bench suite [OPTION]... FILE.tst\n"
    "Put the questions of a suite in GNU Go's regression format (boardsize, clear_board, komi,\n"
    "play or loadsgf, then 'ID reg_genmove COLOR' and '#? [ANSWERS]'): the wrong answers, and\n"
    "how many are right, in all, by board and by kind, with 95 % intervals in brackets.\n"
    "Positions that an engine refuses are named and not counted.\n\n"
    MOVER_HELP
    "  -J, --json=FILE      the figures and all answers as JSON too\n"
    "  -h, --help           show this help\n";

int bench_suite(int argc, char **argv)
{
    static const struct option longs[] = {
        MOVER_LONG_OPTIONS, { "json", required_argument, NULL, 'J' },
        { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
    };
    struct options o = { .mover = mover_defaults };
    struct err e;
    int c;

    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, MOVER_SHORT_OPTIONS "J:h", longs, NULL)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (c == '?')
            return tool_usage("bench suite", "unknown or incomplete option '%s'",
                              argv[optind - 1]);
        if (c == 'J')
            o.json = optarg;
        else if (mover_option(&o.mover, c, optarg))
            return tool_usage("bench suite", "'%s' is no value for -%c", optarg, c);
    }
    if (optind + 1 != argc)
        return tool_usage("bench suite", "one suite is needed");
    o.suite = argv[optind];
    err_init(&e);
    return run(&o, &e) ? tool_fail(&e) : 0;
}
