/* videoworld render: the pictures of a game. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/sgf.h"
#include "engine/sgf_game.h"
#include "gtp/numbers.h"
#include "gtp/tools.h"
#include "render/film.h"
#include "render/frame.h"
#include "render/png.h"
#include "render/view.h"

enum { PATH_SIZE = 4096, KOMI = 7 };

struct job {
    /* what to do */
    const char *file;
    const char *dir;                     /* NULL: named after the file */
    const char *strip, *film, *still;    /* files, NULL: not wanted */
    bool frames;
    bool view, numbers;
    int cell, columns, delay, nth;
    int from, to;                        /* plies; -1: the start, the end */
    enum color camera;                   /* EMPTY: of the side to move */
    bool quiet;                          /* a picture goes to stdout */
    char dir_path[PATH_SIZE], strip_path[PATH_SIZE], film_path[PATH_SIZE];
    /* what it is done with */
    struct game game;
    struct drawer *drawer;
    struct frame frame;
    struct image image;                  /* the picture when drawing views */
    struct strip strip_out;
    struct film film_out;
};

/* A finished picture. */
struct picture {
    int w, h, pitch;
    const uint8_t *px;
};

static const char help[] =
    "Usage: videoworld render [OPTION]... GAME.sgf\n"
    "Draw the positions of a game's main line as the model sees them: 16 pixels a cell,\n"
    "the side to move in black, the wood darker when that side really is Black, the\n"
    "last stone marked.  Without --frames, --strip, --animate and --still, writes\n"
    "frame-NNN.png, strip.png and film.png into DIR.  \"-\" reads the game from stdin.\n"
    "\n"
    "  -o, --output DIR       the folder for frames, made if absent [GAME-frames]\n"
    "      --frames           a PNG a position: DIR/frame-NNN.png\n"
    "      --strip FILE       all positions side by side in one PNG\n"
    "      --animate FILE     an animated PNG, which browsers play\n"
    "      --still FILE       a PNG of the last position\n"
    "      --moves A-B        only the positions after moves A to B; 0 is the start,\n"
    "                         \"N\" one position, \"A-\" to the end; a setup is a move too\n"
    "      --game N           the Nth game of the file [1]\n"
    "      --camera WHO       whose stones are black: mover, black or white [mover]\n"
    "      --view             draw large boards for people instead: real colours,\n"
    "                         coordinates, the last move ringed\n"
    "      --numbers          with --view: move numbers, from the first position drawn\n"
    "      --cell N           with --view: pixels a cell, 16 to 160 [48]\n"
    "      --columns N        pictures in a row of the strip [10]\n"
    "      --delay MS         time a position stays in the animation [700]\n"
    "  -h, --help             show this help\n";

enum { OPT_FRAMES = 256, OPT_STRIP, OPT_ANIMATE, OPT_STILL, OPT_MOVES, OPT_GAME, OPT_CAMERA,
       OPT_VIEW, OPT_NUMBERS, OPT_CELL, OPT_COLUMNS, OPT_DELAY };

static const struct option options[] = {
    { "output", required_argument, NULL, 'o' },
    { "frames", no_argument, NULL, OPT_FRAMES },
    { "strip", required_argument, NULL, OPT_STRIP },
    { "animate", required_argument, NULL, OPT_ANIMATE },
    { "still", required_argument, NULL, OPT_STILL },
    { "moves", required_argument, NULL, OPT_MOVES },
    { "game", required_argument, NULL, OPT_GAME },
    { "camera", required_argument, NULL, OPT_CAMERA },
    { "view", no_argument, NULL, OPT_VIEW },
    { "numbers", no_argument, NULL, OPT_NUMBERS },
    { "cell", required_argument, NULL, OPT_CELL },
    { "columns", required_argument, NULL, OPT_COLUMNS },
    { "delay", required_argument, NULL, OPT_DELAY },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

/* --- options ----------------------------------------------------------------- */

static int parse_number(const char *name, const char *s, int lo, int hi, int *n)
{
    if (number_int(s, lo, hi, n))
        return tool_usage("render", "--%s takes a number from %d to %d, not '%s'", name, lo, hi,
                          s);
    return 0;
}

static int parse_moves(struct job *j, const char *s)
{
    if (number_range(s, GAME_MAX_PLIES, &j->from, &j->to))
        return tool_usage("render", "--moves takes N, A-B or A-, not '%s'", s);
    return 0;
}

static int parse_camera(struct job *j, const char *s)
{
    if (!strcmp(s, "mover"))
        j->camera = EMPTY;
    else if (!strcmp(s, "black"))
        j->camera = BLACK;
    else if (!strcmp(s, "white"))
        j->camera = WHITE;
    else
        return tool_usage("render", "--camera takes mover, black or white, not '%s'", s);
    return 0;
}

static int parse_option(struct job *j, int c, const char *arg)
{
    switch (c) {
    case 'o': j->dir = arg; return 0;
    case OPT_FRAMES: j->frames = true; return 0;
    case OPT_STRIP: j->strip = arg; return 0;
    case OPT_ANIMATE: j->film = arg; return 0;
    case OPT_STILL: j->still = arg; return 0;
    case OPT_MOVES: return parse_moves(j, arg);
    case OPT_GAME: return parse_number("game", arg, 1, 1 << 30, &j->nth);
    case OPT_CAMERA: return parse_camera(j, arg);
    case OPT_VIEW: j->view = true; return 0;
    case OPT_NUMBERS: j->numbers = true; return 0;
    case OPT_CELL: return parse_number("cell", arg, VIEW_CELL_MIN, VIEW_CELL_MAX, &j->cell);
    case OPT_COLUMNS: return parse_number("columns", arg, 1, 10000, &j->columns);
    default: return parse_number("delay", arg, 0, FILM_DELAY_MAX, &j->delay);
    }
}

/* "games/a.sgf.gz" gives "a-frames". */
static void default_dir(struct job *j)
{
    const char *base;
    int n = tool_base_name(j->file, &base);

    snprintf(j->dir_path, sizeof j->dir_path, "%.*s-frames", n, base);
    j->dir = j->dir_path;
}

static bool is_same(const char *a, const char *b)
{
    return a && b && !strcmp(a, b);
}

/* Returns 0 to go on, 2 after wrong usage, -1 when all is said. */
static int parse_args(struct job *j, int argc, char **argv)
{
    int c, status;

    opterr = 0;
    while ((c = getopt_long(argc, argv, ":o:h", options, NULL)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
            return -1;
        }
        if (c == ':')
            return tool_usage("render", "option '%s' needs a value", argv[optind - 1]);
        if (c == '?')
            return tool_usage("render", "unknown option '%s'", argv[optind - 1]);
        status = parse_option(j, c, optarg);
        if (status)
            return status;
    }
    if (optind != argc - 1)
        return tool_usage("render", optind < argc ? "more than one game" : "no game given");
    j->file = argv[optind];
    if (!j->dir)
        default_dir(j);
    if (strlen(j->dir) > PATH_SIZE - 64)
        return tool_usage("render", "the folder's name is too long");
    if (!j->view && (j->numbers || j->cell != VIEW_CELL))
        return tool_usage("render", "--numbers and --cell go with --view");
    if (is_same(j->strip, j->film) || is_same(j->film, j->still) || is_same(j->strip, j->still))
        return tool_usage("render", "two pictures cannot go into one file");
    if (!j->frames && !j->strip && !j->film && !j->still) {
        j->frames = true;
        snprintf(j->strip_path, sizeof j->strip_path, "%.*s/strip.png", PATH_SIZE - 64, j->dir);
        snprintf(j->film_path, sizeof j->film_path, "%.*s/film.png", PATH_SIZE - 64, j->dir);
        j->strip = j->strip_path;
        j->film = j->film_path;
    }
    j->quiet = (j->strip && !strcmp(j->strip, "-")) || (j->film && !strcmp(j->film, "-")) ||
               (j->still && !strcmp(j->still, "-"));
    return 0;
}

/* --- work ---------------------------------------------------------------------- */

static int load(struct job *j, struct err *e)
{
    struct sgf s;
    const struct sgf_node *root;
    int status = -1;

    if (sgf_read(&s, j->file, e))
        return -1;
    root = s.first;
    for (int i = 1; root && i < j->nth; i++)
        root = root->next;
    if (root)
        status = sgf_to_game(&s, sgf_main_line(root, -1, NULL), KOMI, &j->game, e);
    else
        err_set(e, "'%s' has %zu games, no game %d", j->file, s.n_games, j->nth);
    sgf_release(&s);
    return status;
}

/* Once the game is known: which plies, and room to draw them. */
static int prepare(struct job *j, struct err *e)
{
    int n = j->game.n;

    j->from = j->from < 0 ? 0 : j->from;
    j->to = j->to < 0 ? n : j->to;
    if (j->from > n || j->to > n)
        return err_set(e, "'%s' has %d moves, no move %d", j->file, n,
                       j->from > n ? j->from : j->to);
    if (j->view)
        return 0;
    j->drawer = malloc(sizeof *j->drawer);
    if (!j->drawer)
        return err_set(e, "out of memory");
    drawer_init(j->drawer);
    return frame_init(&j->frame, j->game.board.w, j->game.board.h, e);
}

static int draw_view(struct job *j, int ply, struct picture *p, struct err *e)
{
    struct view v;

    view_of_game(&v, &j->game, ply);
    v.cell = j->cell;
    if (j->numbers)
        view_number(&v, &j->game, j->from, ply);
    image_release(&j->image);
    if (view_draw(&v, &j->image, e))
        return -1;
    *p = (struct picture){ j->image.w, j->image.h, j->image.w * 3, j->image.px };
    return 0;
}

static int draw(struct job *j, int ply, struct picture *p, struct err *e)
{
    struct scene s;

    if (j->view)
        return draw_view(j, ply, p, e);
    scene_of_game(&s, &j->game, ply,
                  j->camera != EMPTY ? j->camera : scene_camera(&j->game, ply));
    frame_draw(&j->frame, j->drawer, &s);
    *p = (struct picture){ s.w * TILE, s.h * TILE, j->frame.pitch, j->frame.px };
    return 0;
}

static int open_outputs(struct job *j, const struct picture *p, bool *strip, bool *film,
                        struct err *e)
{
    int n = j->to - j->from + 1;

    if (j->frames && mkdir(j->dir, 0777) && errno != EEXIST)
        return err_set(e, "cannot make folder '%s': %s", j->dir, strerror(errno));
    if (j->strip) {
        if (strip_open(&j->strip_out, j->strip, p->w, p->h, n, j->columns, e))
            return -1;
        *strip = true;
    }
    if (j->film) {
        if (film_open(&j->film_out, j->film, p->w, p->h, n, 0, e))
            return -1;
        *film = true;
    }
    return 0;
}

/* One position into all outputs. */
static int put(struct job *j, int ply, const struct picture *p, struct err *e)
{
    char path[PATH_SIZE];
    int delay = j->delay;

    if (j->frames) {
        snprintf(path, sizeof path, "%.*s/frame-%03d.png", PATH_SIZE - 64, j->dir, ply);
        if (png_write_file(path, p->w, p->h, p->px, p->pitch, e))
            return -1;
    }
    if (j->strip && strip_add(&j->strip_out, p->px, p->pitch, e))
        return -1;
    /* The end stays long enough to be looked at before all starts again. */
    if (ply == j->to && delay <= FILM_DELAY_MAX / 4)
        delay *= 4;
    if (j->film && film_add(&j->film_out, p->px, p->pitch, delay, e))
        return -1;
    if (j->still && ply == j->to)
        return png_write_file(j->still, p->w, p->h, p->px, p->pitch, e);
    return 0;
}

static int write_all(struct job *j, struct err *e)
{
    struct picture p;
    bool strip = false, film = false;
    /* A still alone needs no other position. */
    int first = j->frames || j->strip || j->film ? j->from : j->to;
    int status = draw(j, first, &p, e);

    if (status == 0)
        status = open_outputs(j, &p, &strip, &film, e);
    for (int ply = first; status == 0 && ply <= j->to; ply++) {
        if (ply > first)
            status = draw(j, ply, &p, e);
        if (status == 0)
            status = put(j, ply, &p, e);
    }
    if (strip && status)
        strip_abort(&j->strip_out);
    else if (strip)
        status = strip_commit(&j->strip_out, e);
    if (film && status)
        film_abort(&j->film_out);
    else if (film)
        status = film_commit(&j->film_out, e);
    return status;
}

static void report(const struct job *j)
{
    if (j->frames)
        printf("%s/frame-%03d.png .. frame-%03d.png: %d positions, a picture each\n", j->dir,
               j->from, j->to, j->to - j->from + 1);
    if (j->strip)
        printf("%s: the positions in one picture\n", j->strip);
    if (j->film)
        printf("%s: the positions animated (open it in a browser)\n", j->film);
    if (j->still)
        printf("%s: the position after move %d\n", j->still, j->to);
}

int tool_render(int argc, char **argv)
{
    struct job j = { .cell = VIEW_CELL, .columns = 10, .delay = 700, .nth = 1, .from = -1,
                     .to = -1 };
    struct err e;
    int status = parse_args(&j, argc, argv);

    if (status)
        return status < 0 ? 0 : status;
    err_init(&e);
    if (load(&j, &e))
        return tool_fail(&e);
    status = prepare(&j, &e);
    if (status == 0)
        status = write_all(&j, &e);
    if (status == 0 && !j.quiet)
        report(&j);
    image_release(&j.image);
    frame_release(&j.frame);
    free(j.drawer);
    game_release(&j.game);
    return status ? tool_fail(&e) : 0;
}
