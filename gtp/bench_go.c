/* videoworld bench go: how well a player, ours or any GTP engine, chooses its moves. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/file.h"
#include "gtp/bench_moves.h"
#include "gtp/go_set.h"
#include "gtp/numbers.h"
#include "gtp/stats.h"
#include "gtp/tools.h"

struct options {
    struct mover_options mover;
    const char *set, *json;
    int first;
    bool verbose;
};

enum { BATCH = 16, MOST_BATCH = 256 }; /* positions that our own model is asked about together */

/* What a player chose. */
struct choice {
    int index;  /* as go_set has it; -1: no move at all */
    bool wrong; /* a legal move, but the player's first choice was none */
    double ms;
};

/* Sums over positions of one kind. */
struct group {
    const char *name;
    double n, legal, best;
    double action, action_2; /* prior of the move / largest prior, and squares */
    double regret, regret_2; /* largest value - value of the move, and squares */
};

enum { ALL, EARLY, MIDDLE, LATE, OPEN, N_GROUPS };

struct bench {
    const struct options *o;
    struct go_set set;
    int count;           /* positions asked */
    struct mover mover;
    long resigned;
    struct group group[N_GROUPS];
    double *ms;            /* (count) */
    double median_ms, seconds;
    double shown;
};

/* --- asking ------------------------------------------------------------------ */

/* Sends a command that an engine has to obey. */
static int tell(struct bench *b, const char *command, struct err *e)
{
    int status = mover_tell(&b->mover, command, e);

    return status > 0 ? client_err(&b->mover.client, e, "'%s' refused", command) : status;
}

static int set_up(struct bench *b, const struct game *g, struct err *e)
{
    char line[32], vertex[8];

    snprintf(line, sizeof line, "boardsize %d", GO_SET_SIZE);
    if (tell(b, line, e) || tell(b, "clear_board", e))
        return -1;
    snprintf(line, sizeof line, "komi %d", GO_SET_KOMI);
    if (tell(b, line, e))
        return -1;
    for (int i = 0; i < g->n; i++) {
        snprintf(line, sizeof line, "play %s %s", g->ply[i].color == BLACK ? "b" : "w",
                 board_vertex(&g->board, g->ply[i].point, vertex));
        if (tell(b, line, e))
            return -1;
    }
    return 0;
}

/* n positions and what was chosen in them. */
struct batch {
    int n;
    struct game game[MOST_BATCH];
    enum color color[MOST_BATCH];
    struct move_choice move[MOST_BATCH];
};

/* The games of positions from `first` on, as many as go together. */
static int batch_init(struct batch *t, struct bench *b, int first, struct err *e)
{
    int most = mover_batch(&b->mover);

    for (t->n = 0; t->n < most && first + t->n < b->count; t->n++) {
        const struct go_position *p = &b->set.position[first + t->n];

        if (go_set_game(p, &t->game[t->n], e)) {
            game_release(&t->game[t->n]);
            return -1;
        }
        t->color[t->n] = p->to_move;
    }
    return 0;
}

static void batch_release(struct batch *t)
{
    while (t->n > 0)
        game_release(&t->game[--t->n]);
}

/* What is no move, or '?', is an illegal choice; an engine that fails ends the bench. */
static void take(struct bench *b, const struct move_choice *m, const struct game *g,
                 struct choice *c)
{
    c->index = m->move == RESIGN || m->move == NO_POINT ? -1 : go_set_index(&g->board, m->move);
    c->wrong = m->wrong;
    c->ms = m->ms;
    b->resigned += m->move == RESIGN;
}

/* --- counting ---------------------------------------------------------------- */

/* What a choice is worth. */
struct worth {
    bool legal, first_legal, best;
    double action, regret;
};

static struct worth judge(const struct go_position *p, const struct choice *c)
{
    bool legal = c->index >= 0 && p->prior[c->index] >= 0;

    return (struct worth){
        .legal = legal,
        .first_legal = legal && !c->wrong,
        .best = c->index == p->best,
        .action = legal ? (double)p->prior[c->index] / p->max_prior : 0,
        .regret = (p->max_value - (legal ? p->value[c->index] : 0)) / (double)GO_SET_ONE,
    };
}

static void add(struct group *s, const struct worth *w)
{
    s->n++;
    s->legal += w->first_legal;
    s->best += w->best;
    s->action += w->action;
    s->action_2 += w->action * w->action;
    s->regret += w->regret;
    s->regret_2 += w->regret * w->regret;
}

static void count(struct bench *b, const struct go_position *p, const struct worth *w)
{
    add(&b->group[ALL], w);
    add(&b->group[p->n < 20 ? EARLY : p->n < 40 ? MIDDLE : LATE], w);
    if (p->win >= GO_SET_ONE / 10 && p->win <= GO_SET_ONE - GO_SET_ONE / 10)
        add(&b->group[OPEN], w);
}

/* A position's line, fields separated by tabs. */
static void print_position(const struct go_position *p, const struct game *g,
                           const struct move_choice *m, const struct worth *w)
{
    char best[8];

    printf("%s\t%d\t%s\t%s\t%s\t%.3f\t%.4f\n", p->id, p->n, m->said,
           board_vertex(&g->board, go_set_point(&g->board, p->best), best),
           w->first_legal ? "legal" : w->legal ? "not at first" : "illegal", w->action, w->regret);
}

static void show_progress(struct bench *b, int done)
{
    double now = client_now();

    if (b->o->verbose || !isatty(STDERR_FILENO) || (now - b->shown < 1 && done < b->count))
        return;
    b->shown = now;
    fprintf(stderr, "\r%d of %d positions, %.1f %% best%s", done, b->count,
            100 * b->group[ALL].best / b->group[ALL].n, done < b->count ? "" : "\n");
}

/* Asks about the batch that begins with position i. */
static int ask(struct bench *b, struct batch *t, int i, struct err *e)
{
    double start;

    if (batch_init(t, b, i, e) || (b->mover.o->engine && set_up(b, t->game, e)))
        return -1;
    start = client_now();
    if (mover_ask_all(&b->mover, t->game, t->color, t->n, t->move, e))
        return -1;
    b->seconds += client_now() - start;
    for (int k = 0; k < t->n; k++) {
        const struct go_position *p = &b->set.position[i + k];
        struct choice c;
        struct worth w;

        take(b, &t->move[k], &t->game[k], &c);
        w = judge(p, &c);
        count(b, p, &w);
        if (b->o->verbose)
            print_position(p, &t->game[k], &t->move[k], &w);
        b->ms[i + k] = c.ms;
    }
    return 0;
}

static int ask_all(struct bench *b, struct err *e)
{
    struct batch *t = calloc(1, sizeof *t);
    int failed = t ? 0 : err_set(e, "out of memory");

    for (int i = 0, n; i < b->count && !failed; i += n) {
        failed = ask(b, t, i, e);
        n = t->n;
        batch_release(t);
        if (!failed)
            show_progress(b, i + n);
    }
    free(t);
    b->median_ms = median(b->ms, (size_t)b->count);
    return failed;
}

/* --- telling ----------------------------------------------------------------- */

enum { N_MEASURES = 4 };

static const struct measure {
    const char *title, *key;
    double scale;
    int digits;
} measures[N_MEASURES] = {
    { "legal %", "legal", 100, 1 },
    { "best move %", "best_move", 100, 1 },
    { "action value %", "action_value", 100, 1 },
    { "value regret", "value_regret", 1, 4 },
};

static void measure(const struct group *s, struct interval m[N_MEASURES])
{
    m[0] = interval_rate(s->legal / s->n, s->n);
    m[1] = interval_rate(s->best / s->n, s->n);
    m[2] = interval_mean(s->action, s->action_2, s->n);
    m[3] = interval_mean(s->regret, s->regret_2, s->n);
}

static void print_table(struct bench *b)
{
    int together = mover_batch(&b->mover);

    printf("%d positions of %s, %s: ", b->count, b->o->set, mover_name(&b->o->mover));
    if (together > 1)
        printf("%.1f positions/s, %d together", b->count / b->seconds, together);
    else
        printf("median %.2f ms a move", b->median_ms);
    printf("\n%-12s %5s", "", "n");
    for (int k = 0; k < N_MEASURES; k++)
        printf("  %-*s", k < N_MEASURES - 1 ? 23 : 0, measures[k].title);
    printf("\n");
    for (int i = 0; i < N_GROUPS; i++) {
        const struct group *s = &b->group[i];
        struct interval m[N_MEASURES];

        if (s->n < 1)
            continue;
        printf("%-12s %5.0f", s->name, s->n);
        measure(s, m);
        for (int k = 0; k < N_MEASURES; k++) {
            const struct measure *f = &measures[k];
            char buf[40];

            snprintf(buf, sizeof buf, "%.*f (%.*f to %.*f)", f->digits, f->scale * m[k].mean,
                     f->digits, f->scale * m[k].low, f->digits, f->scale * m[k].high);
            printf("  %-*s", k < N_MEASURES - 1 ? 23 : 0, buf);
        }
        printf("\n");
    }
    if (b->resigned)
        printf("resigned: %ld, counted as illegal\n", b->resigned);
}

static void write_group(FILE *f, const struct group *s)
{
    struct interval m[N_MEASURES];

    measure(s, m);
    fprintf(f, "    { \"name\": ");
    json_string(f, s->name);
    fprintf(f, ", \"positions\": %.0f", s->n);
    for (int k = 0; k < N_MEASURES; k++)
        fprintf(f, ",\n      \"%s\": { \"mean\": %.6f, \"low\": %.6f, \"high\": %.6f }",
                measures[k].key, m[k].mean, m[k].low, m[k].high);
    fprintf(f, " }");
}

static int write_json(struct bench *b, const char *path, struct err *e)
{
    const char *comma = "";
    struct outfile out;

    if (outfile_open(&out, path, e))
        return -1;
    fprintf(out.f, "{\n  \"set\": ");
    json_string(out.f, b->o->set);
    fprintf(out.f, ",\n  \"%s\": ", b->o->mover.engine ? "engine" : "player");
    json_string(out.f, mover_name(&b->o->mover));
    fprintf(out.f, ",\n  \"batch\": %d,\n  \"median_ms\": %.4f,\n  \"positions_per_second\": %.4f,\n"
            "  \"resigned\": %ld,\n  \"groups\": [\n", mover_batch(&b->mover), b->median_ms,
            b->count / b->seconds, b->resigned);
    for (int i = 0; i < N_GROUPS; i++)
        if (b->group[i].n > 0) {
            fputs(comma, out.f);
            write_group(out.f, &b->group[i]);
            comma = ",\n";
        }
    fprintf(out.f, "\n  ]\n}\n");
    return outfile_commit(&out, e);
}

/* --- the bench --------------------------------------------------------------- */

static int open_all(struct bench *b, struct err *e)
{
    static const char *const names[N_GROUPS] = { "all", "ply 0-19", "ply 20-39", "ply 40+",
                                                 "win 10-90 %" };

    for (int i = 0; i < N_GROUPS; i++)
        b->group[i].name = names[i];
    if (go_set_read(&b->set, b->o->set, e))
        return -1;
    b->count = b->o->first && (size_t)b->o->first < b->set.n ? b->o->first : (int)b->set.n;
    b->ms = calloc((size_t)b->count, sizeof *b->ms);
    return b->ms ? mover_start(&b->mover, &b->o->mover, e) : err_set(e, "out of memory");
}

static int run(const struct options *o, struct err *e)
{
    struct bench b = { .o = o };
    int status = open_all(&b, e) || ask_all(&b, e) ? -1 : 0;

    if (!status) {
        print_table(&b);
        status = o->json ? write_json(&b, o->json, e) : 0;
    }
    mover_stop(&b.mover, !status);
    go_set_release(&b.set);
    free(b.ms);
    return status;
}

/* --- the command line -------------------------------------------------------- */

static const char help[] =
    "Usage: videoworld bench go --set=FILE [OPTION]...\n"
    "Ask for the move in labelled 9x9 positions: how often it is legal and the best one; its\n"
    "action value (its prior / the largest prior); its value regret (the largest value less\n"
    "its own).  An illegal choice has action value 0 and value 0.  95 % intervals in brackets.\n\n"
    "  -s, --set=FILE       the positions, one a line; gtp/go_set.h describes the fields\n"
    MOVER_HELP
    "  -n, --first=N        only the first N positions\n"
    "  -b, --batch=N        positions put to our player together (default 16); 1: one by one,\n"
    "                       which tells how long a move takes\n"
    "  -J, --json=FILE      the figures as JSON too\n"
    "  -v, --verbose        first a line for each position, fields separated by tabs: id, plies,\n"
    "                       move, best move, legal (at first or not), action value, regret\n"
    "  -h, --help           show this help\n";

static int set_option(struct options *o, int c, const char *text)
{
    switch (c) {
    case 's': o->set = text; return 0;
    case 'J': o->json = text; return 0;
    case 'v': o->verbose = true; return 0;
    case 'b': return number_int(text, 1, MOST_BATCH, &o->mover.p.positions);
    case 'n': return number_int(text, 1, 1 << 30, &o->first);
    default: return mover_option(&o->mover, c, text);
    }
}

int bench_go(int argc, char **argv)
{
    static const struct option longs[] = {
        MOVER_LONG_OPTIONS,
        { "set", required_argument, NULL, 's' }, { "first", required_argument, NULL, 'n' },
        { "batch", required_argument, NULL, 'b' },
        { "json", required_argument, NULL, 'J' },
        { "verbose", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct options o = { .mover = mover_defaults };
    struct err e;
    int c;

    o.mover.p.positions = BATCH;
    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, MOVER_SHORT_OPTIONS "s:n:b:J:vh", longs, NULL)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (c == '?')
            return tool_usage("bench go", "unknown or incomplete option '%s'", argv[optind - 1]);
        if (set_option(&o, c, optarg))
            return tool_usage("bench go", "'%s' is no value for -%c", optarg, c);
    }
    if (optind < argc || !o.set)
        return tool_usage("bench go", "one set of positions is needed, by --set");
    err_init(&e);
    return run(&o, &e) ? tool_fail(&e) : 0;
}
