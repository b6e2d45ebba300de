/* videoworld sgf: checks, describes, shows and converts SGF files. */
#include "config.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/file.h"
#include "engine/sgf_game.h"
#include "gtp/numbers.h"
#include "gtp/tools.h"

static const char help[] =
    "Usage: videoworld sgf [OPTION]... FILE...\n"
    "Check, describe and convert records of Go games.  FILE is SGF text of one or\n"
    "more games, plain or gzip; '-' is standard input.\n\n"
    "What to do, --check unless another is given:\n"
    "  -c, --check        play through every variation; name what is wrong, count the rest\n"
    "  -i, --info         describe each game in a line of tab-separated columns\n"
    "  -s, --show         draw the last position of the main line\n"
    "  -o, --output=FILE  write the games as clean FF[4] to FILE ('-': standard output)\n\n"
    "With what:\n"
    "  -g, --game=N       only the Nth game of each file\n"
    "  -M, --main-line    without variations\n"
    "  -m, --move=N       with --show: the position after N moves\n"
    "      --compact      with --output: a game a line\n"
    "  -v, --verbose      with --check: count each file, and tell the time it took\n"
    "  -h, --help         show this help\n\n"
    "'positions' counts those from which a move is recorded, once each.\n\n"
    "Examples:\n"
    "  videoworld sgf *.sgf                        are they sound?\n"
    "  videoworld sgf --show --move 20 game.sgf    the board after 20 moves\n"
    "  videoworld sgf -g 3 -M -o third.sgf all.sgf.gz\n";

enum mode { CHECK, INFO, SHOW, OUTPUT };

struct counts {
    size_t games, nodes, moves, positions, bad;
};

struct job {
    enum mode mode;
    long game;        /* 0: all */
    long move;        /* -1: the last */
    bool main_line, verbose;
    enum sgf_style style;
    const char *output;
    struct outfile out; /* of OUTPUT */
    struct counts all;
};

/* --- what is done with a game -------------------------------------------- */

static bool has_move(const struct sgf_node *n)
{
    return sgf_get(n, "B") || sgf_get(n, "W");
}

/* Plays through a game; adds what is in it to c unless it is bad. */
static int check_game(const struct sgf *s, const struct sgf_node *root, struct counts *c,
                      struct err *e)
{
    struct counts mine = { .games = 1 };
    struct sgf_walk w;
    int more;

    if (sgf_walk_init(&w, s, root, 0, e))
        return -1;
    while ((more = sgf_walk_next(&w, e)) == 1) {
        const struct sgf_node *child = w.node->child;

        mine.nodes++;
        mine.moves += has_move(w.node);
        while (child && !has_move(child))
            child = child->next;
        mine.positions += child != NULL;
    }
    sgf_walk_release(&w);
    if (more < 0)
        return -1;
    c->games += mine.games;
    c->nodes += mine.nodes;
    c->moves += mine.moves;
    c->positions += mine.positions;
    return 0;
}

/* Prints a value as one column. */
static void print_column(const struct sgf_node *root, const char *id, char end)
{
    char *text = sgf_get_text(root, id, SGF_SIMPLE_TEXT);

    for (char *p = text; p && *p; p++)
        if (iscntrl((unsigned char)*p))
            *p = '?';
    printf("%s%c", text && *text ? text : "-", end);
    free(text);
}

static int print_info(const struct sgf *s, const struct sgf_node *root, size_t number,
                      struct err *e)
{
    struct sgf_header h;
    int moves;

    if (sgf_header(s, root, &h, e))
        return -1;
    sgf_main_line(root, -1, &moves);
    printf("%s\t%zu\t%dx%d\t", s->name, number, h.w, h.h);
    print_column(root, "KM", '\t');
    printf("%d\t", h.handicap);
    print_column(root, "RU", '\t');
    printf("%d\t", moves);
    print_column(root, "RE", '\t');
    print_column(root, "PB", '\t');
    print_column(root, "PW", '\n');
    return 0;
}

static int show(const struct sgf *s, const struct sgf_node *root, size_t number, long move,
                struct err *e)
{
    int played;
    const struct sgf_node *n = sgf_main_line(root, (int)move, &played);
    struct game g;
    char *board;

    if (move > played)
        return err_set(e, "%s: game %zu has only %d moves", s->name, number, played);
    if (sgf_to_game(s, n, 0, &g, e))
        return -1;
    board = game_draw(&g);
    if (!board)
        err_set(e, "out of memory");
    else
        printf("%s: game %zu after %d moves, %s to move\n%s", s->name, number, played,
               game_to_move(&g) == BLACK ? "Black" : "White", board);
    free(board);
    game_release(&g);
    return board ? 0 : -1;
}

static int do_game(struct job *j, struct sgf *s, struct sgf_node *root, size_t number,
                   struct counts *c, struct err *e)
{
    if (j->main_line)
        sgf_prune(s, root);
    switch (j->mode) {
    case CHECK:
        return check_game(s, root, c, e);
    case INFO:
        return print_info(s, root, number, e);
    case SHOW:
        return show(s, root, number, j->move, e);
    case OUTPUT:
        if (check_game(s, root, c, e) || sgf_normalize(s, root, e))
            return -1;
        sgf_print(root, j->style, j->out.f);
        return 0;
    }
    return -1;
}

/* --- files --------------------------------------------------------------- */

static void print_counts(const struct counts *c, const char *name)
{
    printf("%s%s%zu games, %zu nodes, %zu moves, %zu positions", name, *name ? ": " : "",
           c->games, c->nodes, c->moves, c->positions);
    if (c->bad)
        printf(", %zu bad", c->bad);
    printf("\n");
}

/* Does a file; says what is wrong with it, game by game, and counts that as bad. */
static void do_file(struct job *j, const char *path)
{
    struct counts c = { 0 };
    size_t number = 0;
    struct sgf s;
    struct err e;

    err_init(&e);
    if (sgf_read(&s, path, &e)) {
        tool_fail(&e);
        j->all.bad++;
        return;
    }
    if (j->game > 0 && (size_t)j->game > s.n_games) {
        err_set(&e, "%s: has only %zu games", s.name, s.n_games);
        c.bad = (size_t)tool_fail(&e);
    }
    for (struct sgf_node *root = s.first; root; root = root->next) {
        number++;
        if (j->game && number != (size_t)j->game)
            continue;
        err_init(&e);
        if (do_game(j, &s, root, number, &c, &e))
            c.bad += (size_t)tool_fail(&e);
    }
    if (j->mode == CHECK && j->verbose)
        print_counts(&c, s.name);
    j->all.games += c.games;
    j->all.nodes += c.nodes;
    j->all.moves += c.moves;
    j->all.positions += c.positions;
    j->all.bad += c.bad;
    sgf_release(&s);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int do_files(struct job *j, char **paths, int n)
{
    double start = now();
    struct err e;

    err_init(&e);
    if (j->mode == OUTPUT && outfile_open(&j->out, j->output, &e))
        return tool_fail(&e);
    if (j->mode == INFO)
        printf("#file\tgame\tsize\tkomi\thandicap\trules\tmoves\tresult\tblack\twhite\n");
    for (int i = 0; i < n; i++)
        do_file(j, paths[i]);
    if (j->mode == CHECK) {
        print_counts(&j->all, "");
        if (j->verbose)
            printf("in %.2f seconds\n", now() - start);
    }
    if (j->mode == OUTPUT && j->all.bad)
        outfile_abort(&j->out);
    else if (j->mode == OUTPUT && outfile_commit(&j->out, &e))
        return tool_fail(&e);
    return j->all.bad ? 1 : 0;
}

/* --- the command line ---------------------------------------------------- */

enum { OPT_COMPACT = 256 };

static const struct option options[] = {
    { "check", no_argument, NULL, 'c' },
    { "info", no_argument, NULL, 'i' },
    { "show", no_argument, NULL, 's' },
    { "output", required_argument, NULL, 'o' },
    { "game", required_argument, NULL, 'g' },
    { "main-line", no_argument, NULL, 'M' },
    { "move", required_argument, NULL, 'm' },
    { "compact", no_argument, NULL, OPT_COMPACT },
    { "verbose", no_argument, NULL, 'v' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

/* Takes one option; -1, or the exit status it ends the program with. */
static int take_option(struct job *j, int opt, const char *arg)
{
    switch (opt) {
    case 'c': j->mode = CHECK; break;
    case 'i': j->mode = INFO; break;
    case 's': j->mode = SHOW; break;
    case 'o': j->mode = OUTPUT, j->output = arg; break;
    case 'M': j->main_line = true; break;
    case 'v': j->verbose = true; break;
    case OPT_COMPACT: j->style = SGF_COMPACT; break;
    case 'g':
        if (number_whole(arg, 1, 1000000, &j->game))
            return tool_usage("sgf", "no number of a game: '%s'", arg);
        break;
    case 'm':
        if (number_whole(arg, 0, 1000000, &j->move))
            return tool_usage("sgf", "no number of moves: '%s'", arg);
        break;
    case 'h':
        fputs(help, stdout);
        return 0;
    default: /* getopt_long has said what is wrong */
        fprintf(stderr, "Try 'videoworld sgf --help'.\n");
        return 2;
    }
    return -1;
}

int tool_sgf(int argc, char **argv)
{
    struct job j = { .mode = CHECK, .move = -1, .style = SGF_LINES };
    int opt, status, modes = 0;
    bool moved = false;

    argv[0] = "videoworld"; /* for getopt_long's messages */
    optind = 1;
    while ((opt = getopt_long(argc, argv, "ciso:g:Mm:vh", options, NULL)) != -1) {
        status = take_option(&j, opt, optarg);
        if (status >= 0)
            return status;
        modes += opt == 'c' || opt == 'i' || opt == 's' || opt == 'o';
        moved |= opt == 'm';
    }
    if (modes > 1)
        return tool_usage("sgf", "only one of --check, --info, --show, --output");
    if (moved && j.mode != SHOW)
        return tool_usage("sgf", "--move goes with --show");
    if (j.style == SGF_COMPACT && j.mode != OUTPUT)
        return tool_usage("sgf", "--compact goes with --output");
    if (optind == argc)
        return tool_usage("sgf", "no file given");
    return do_files(&j, argv + optind, argc - optind);
}
