/* videoworld imagine: what the model saw in a game, thought, and imagined. */
#include "config.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sgf_game.h"
#include "gtp/numbers.h"
#include "gtp/player_policy.h"
#include "gtp/tools.h"
#include "render/film.h"

enum { KOMI = 7, PICTURES = 3 /* seen, imagined, real */ };

struct job {
    const char *file, *output;
    char output_path[4096];
    struct policy_options policy;
    int from, to, columns;
    struct game game;
    struct policy *p;
    struct strip strip;
    uint8_t *real;             /* (h, w, 3) */
    FILE *text;                /* where the lines go: not where the picture does */
    int chosen;                /* the choice imagined last */
    int right, legal, n;
};

static const char help[] =
    "Usage: videoworld imagine [OPTION]... GAME.sgf\n"
    "Let the model look at each position of a game's main line and imagine the next frame.\n"
    "Prints a line a position: who moves, the move played, the move imagined and how likely\n"
    "it was, what the imagined frame shows, how many steps it took to write, and the codes.\n"
    "Writes one PNG: what the model saw, the frame it imagined, and beside it the real one\n"
    "(at the game's end, where nothing follows, the position again).  It looks in one view\n"
    "of the board; 'videoworld gtp' averages eight and may choose otherwise.  \"-\" reads the\n"
    "game from standard input.\n"
    "\n"
    "  -o, --output FILE   the PNG [GAME-imagined.png]\n"
    "  -m, --moves A-B     only the positions after moves A to B; 0 is the start, \"N\" one\n"
    "                      position, \"A-\" to the end; a setup is a move too\n"
    "  -c, --columns N     positions in a row of the PNG [4]\n"
    "  -w, --weights DIR   folder of the weights\n"
    "  -D, --device NAME   auto (default), cpu, cuda or cuda:N\n"
    "  -j, --threads N     of the CPU (default: all cores)\n"
    "  -h, --help          show this help\n";

static const struct option options[] = {
    { "output", required_argument, NULL, 'o' },  { "moves", required_argument, NULL, 'm' },
    { "columns", required_argument, NULL, 'c' }, { "weights", required_argument, NULL, 'w' },
    { "device", required_argument, NULL, 'D' },  { "threads", required_argument, NULL, 'j' },
    { "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 },
};

/* --- options --- */

static int set_option(struct job *j, int c, const char *s)
{
    switch (c) {
    case 'o': j->output = s; return 0;
    case 'm': return number_range(s, GAME_MAX_PLIES, &j->from, &j->to);
    case 'c': return number_int(s, 1, 1000, &j->columns);
    case 'w': j->policy.weights = s; return 0;
    case 'D': j->policy.device = s; return 0;
    default: return number_int(s, 0, 1024, &j->policy.threads);
    }
}

/* "games/a.sgf" gives "a-imagined.png". */
static void default_output(struct job *j)
{
    const char *base;
    int n = tool_base_name(j->file, &base);

    snprintf(j->output_path, sizeof j->output_path, "%.*s-imagined.png", n, base);
    j->output = j->output_path;
}

/* 0: go on, 2: wrong usage, -1: all is said. */
static int parse_args(struct job *j, int argc, char **argv)
{
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, ":o:m:c:w:D:j:h", options, NULL)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
            return -1;
        }
        if (c == '?' || c == ':')
            return tool_usage("imagine", "unknown or incomplete option '%s'", argv[optind - 1]);
        if (set_option(j, c, optarg))
            return tool_usage("imagine", "'%s' is no value for -%c", optarg, c);
    }
    if (optind != argc - 1)
        return tool_usage("imagine", optind < argc ? "more than one game" : "no game given");
    j->file = argv[optind];
    if (!j->output)
        default_output(j);
    j->text = strcmp(j->output, "-") ? stdout : stderr;
    return 0;
}

/* --- work --- */

/* The game as it was after `ply` plies: superko looks back. */
static int look(struct job *j, int ply, struct err *e)
{
    struct policy_position *q = j->p->position;
    struct game g;
    int i = 0, failed;

    if (game_copy(&g, &j->game, e) || game_undo_to(&g, ply, e)) {
        game_release(&g);
        return -1;
    }
    failed = policy_look(j->p, &(struct policy_question){ &g, scene_camera(&j->game, ply), 0, 0.9 },
                         1, e);
    if (!failed) {
        while (i < q->n && !q->choice[i].legal)
            i++;
        j->chosen = i < q->n ? i : 0;
        failed = q->n ? policy_imagine(j->p, q, j->chosen, 0, e)
                      : err_set(e, "the model sees nothing to do");
    }
    game_release(&g);
    return failed;
}

static void print_line(struct job *j, int ply)
{
    const struct policy_frame *f = &j->p->position->frame;
    const struct board *b = &j->game.board;
    enum color c = scene_camera(&j->game, ply);
    int played = ply < j->game.n ? j->game.ply[ply].point : NO_POINT;
    int imagined = f->move < 0 ? NO_POINT : board_move_point(b, f->move);
    char v[2][8], text[DIFF_TEXT_MAX];

    fprintf(j->text, "%4d %-5s played %-4s imagined %-4s p %.3f  %s; in %d step%s%s", ply,
           c == BLACK ? "black" : "white", played == NO_POINT ? "-" : board_vertex(b, played, v[0]),
           imagined == NO_POINT ? "?" : board_vertex(b, imagined, v[1]), j->p->position->choice[j->chosen].p,
           diff_text(&f->diff, text), f->passes, f->passes == 1 ? "" : "s",
           j->p->m.w.config.horizon ? ", codes" : "");
    for (int h = 0; h < j->p->m.w.config.horizon; h++)
        fprintf(j->text, " %d", f->codes[h]);
    if (f->voters > 1)
        fprintf(j->text, "; %d of %d agree", f->votes, f->voters);
    fprintf(j->text, "\n");
    j->n++;
    j->legal += f->legal;
    j->right += played != NO_POINT && played == imagined;
}

/* The real next frame, as the mover of ply sees it; at the game's end the position itself. */
static void draw_real(struct job *j, int ply)
{
    struct scene s;

    scene_of_game(&s, &j->game, ply < j->game.n ? ply + 1 : ply, scene_camera(&j->game, ply));
    scene_draw(&s, &j->p->drawer, j->real, j->p->w * TILE * 3);
}

static int show(struct job *j, int ply, struct err *e)
{
    int pitch = j->p->w * TILE * 3;

    if (look(j, ply, e))
        return -1;
    print_line(j, ply);
    draw_real(j, ply);
    return strip_add(&j->strip, j->p->position->frame.seen, pitch, e) ||
           strip_add(&j->strip, j->p->position->frame.px, pitch, e) ||
           strip_add(&j->strip, j->real, pitch, e) ? -1 : 0;
}

static int show_all(struct job *j, struct err *e)
{
    int side = j->p->w * TILE, n = j->game.n, columns = j->columns, failed = 0;

    j->to = j->to < 0 || j->to > n ? n : j->to;
    if (j->from > n)
        return err_set(e, "'%s' has %d moves, no move %d", j->file, n, j->from);
    n = j->to - j->from + 1;
    columns = columns < n ? columns : n;
    if (strip_open(&j->strip, j->output, side, side, n * PICTURES, columns * PICTURES, e))
        return -1;
    for (int ply = j->from; ply <= j->to && !failed; ply++)
        failed = show(j, ply, e);
    if (failed)
        strip_abort(&j->strip);
    else
        failed = strip_commit(&j->strip, e);
    if (!failed)
        fprintf(j->text, "%s: %d positions: seen, imagined, real; %d frames legal, %d moves as played\n",
               j->output, j->n, j->legal, j->right);
    return failed;
}

static int run(struct job *j, struct err *e)
{
    int failed;

    if (sgf_load_game(j->file, INT_MIN, KOMI, &j->game, e))
        return -1;
    j->p = policy_open(&j->policy, e);
    j->real = j->p ? malloc((size_t)(j->p->w * j->p->h) * TILE_BYTES) : NULL;
    if (!j->p)
        failed = -1;
    else if (j->p->m.w.config.target == WORLD_STATE)
        failed = err_set(e, "'%s' has target state: it imagines no frames", j->p->world_path);
    else if (!j->real)
        failed = err_set(e, "out of memory");
    else
        failed = show_all(j, e);
    free(j->real);
    policy_close(j->p);
    game_release(&j->game);
    return failed;
}

int tool_imagine(int argc, char **argv)
{
    struct job j = { .to = -1, .columns = 4 };
    int status = parse_args(&j, argc, argv);
    struct err e;

    if (status)
        return status < 0 ? 0 : status;
    err_init(&e);
    return run(&j, &e) ? tool_fail(&e) : 0;
}
