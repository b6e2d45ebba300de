/* videoworld dataset: games into a corpus file, and what is in one. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/file.h"
#include "engine/sgf_game.h"
#include "gtp/numbers.h"
#include "gtp/tool_dataset.h"
#include "gtp/tools.h"
#include "render/clip.h"

static const char help[] =
    "Usage: videoworld dataset -o FILE [OPTION]... GAMES...\n"
    "       videoworld dataset --info FILE\n"
    "       videoworld dataset --export DIR [OPTION]... FILE\n"
    "Make a corpus file of games to train on, describe one, or draw clips from it.\n"
    "GAMES are files of SGF, plain or gzip, or corpus files; '-' is standard input.  The\n"
    "best move of a position is the second variation's, if there is one, else the main\n"
    "line's.  Games that are there twice, with the same best moves, are kept once, with\n"
    "policies if there are any.  Each game goes into one of the parts train (96 %),\n"
    "held-out (2 %) and test (2 %), by its moves alone.\n\n"
    "  -o, --output=FILE     the corpus file to write\n"
    "  -k, --komi=F          komi of games that name none (default 7)\n"
    "      --skip-bad        leave out games that cannot be used, naming them\n"
    "      --annotate=CMD    ask the GTP engine started by CMD for the best moves; what\n"
    "                        it says is kept in FILE.annotations, so the same command\n"
    "                        goes on where it was interrupted, however that was\n"
    "      --policy=CMD      ask the engine what it thinks of at first sight (kata-raw-nn),\n"
    "                        kept as FILE.policies: up to six moves a position, which\n"
    "                        'train world' takes for what else might have come next, and\n"
    "                        the mover's chances (see 'train --decided-share')\n"
    "      --jobs=N          engines at once (default 1)\n"
    "      --timeout=S       seconds for a move of the engine (default 60)\n\n"
    "  -i, --info            describe a corpus file\n\n"
    "      --export=DIR      write clips of frames into a folder, made if absent\n"
    "      --format=png|raw  PNG files (default), or all in one file of RGB bytes\n"
    "      --part=NAME       train, held-out (default) or test\n"
    "      --clips=N         so many, spread evenly over the part (default 100)\n"
    "      --horizon=H       H+1 frames a clip, 1 to 16 (default 5)\n\n"
    "  -h, --help            show this help\n\n"
    "Examples:\n"
    "  videoworld dataset -o games.vwc games9-*.sgfs.gz\n"
    "  videoworld dataset --export clips --clips 20 games.vwc\n"
    "  videoworld dataset -o new.vwc --annotate 'gnugo --mode gtp' --jobs 2 games.sgf\n"
    "  videoworld dataset -o all.vwc new.vwc more.sgf\n";

struct job {
    const char *output;
    bool info, skip_bad;
    double komi;
    struct export export;
    const char *best, *policy; /* commands that start engines */
    struct annotate annotate;
};

/* --- info ----------------------------------------------------------------- */

struct part_counts {
    size_t games, positions, differ, passes; /* best is another move; best is a pass */
};

static void print_sizes(const struct corpus *c)
{
    size_t games[BOARD_MAX + 1][BOARD_MAX + 1] = { { 0 } };

    for (size_t i = 0; i < c->n_games; i++) {
        struct corpus_game g = corpus_game(c, i);

        games[g.w][g.h]++;
    }
    for (int w = 0; w <= BOARD_MAX; w++)
        for (int h = 0; h <= BOARD_MAX; h++)
            if (games[w][h])
                printf("size %dx%d: %zu games\n", w, h, games[w][h]);
}

static void count_part(const struct corpus *c, enum corpus_part p, struct part_counts *n)
{
    n->games = corpus_games(c, p);
    n->positions = corpus_count(c, p);
    for (size_t i = c->part[p]; i < c->part[p + 1]; i++) {
        struct corpus_game g = corpus_game(c, i);

        for (int ply = 0; ply < g.n; ply++) {
            n->differ += corpus_best(&g, ply) != corpus_played(&g, ply);
            n->passes += corpus_best(&g, ply) == g.w * g.h;
        }
    }
}

static void print_part(const char *name, const struct part_counts *n)
{
    double all = n->positions ? (double)n->positions : 1;

    printf("%-8s  %8zu  %9zu  %13.1f %%  %10.1f %%\n", name, n->games, n->positions,
           100 * (double)n->differ / all, 100 * (double)n->passes / all);
}

static void print_policies(const struct corpus *c)
{
    struct corpus_prior list[CORPUS_PRIORS];
    size_t n = 0, moves = 0, known = 0, decided = 0;

    for (size_t i = 0; i < c->n_games; i++) {
        struct corpus_game g = corpus_game(c, i);

        for (int ply = 0; ply < g.n && g.priors; ply++) {
            int k = corpus_policy(&g, ply, list);

            n += k > 0;
            moves += (size_t)k;
            known += corpus_chance(&g, ply) > 0;
            decided += corpus_decided(&g, ply);
        }
    }
    if (n)
        printf("policies: %zu, of %.1f moves\n", n, (double)moves / (double)n);
    if (known)
        printf("chances: %zu, beyond 10 and 90 %% in %.1f %%\n", known,
               100 * (double)decided / (double)known);
}

static int print_info(const char *path, struct err *e)
{
    size_t results[N_CORPUS_RESULTS] = { 0 };
    struct part_counts all = { 0 };
    struct corpus c;

    if (corpus_open(&c, path, e))
        return -1;
    printf("%s: %zu bytes\n", path, c.len);
    printf("part         games  positions  best not played  best a pass\n");
    for (int p = 0; p < N_PARTS; p++) {
        struct part_counts n = { 0 };

        count_part(&c, (enum corpus_part)p, &n);
        print_part(corpus_part_name((enum corpus_part)p), &n);
        all.games += n.games;
        all.positions += n.positions;
        all.differ += n.differ;
        all.passes += n.passes;
    }
    print_part("all", &all);
    print_sizes(&c);
    for (size_t i = 0; i < c.n_games; i++)
        results[corpus_game(&c, i).result]++;
    print_policies(&c);
    printf("results: Black %zu, White %zu, draw %zu, unknown %zu\n", results[CORPUS_BLACK],
           results[CORPUS_WHITE], results[CORPUS_DRAW], results[CORPUS_UNKNOWN]);
    corpus_release(&c);
    return 0;
}

/* --- build ---------------------------------------------------------------- */

/* Takes text.  On stderr stands which games cannot be used; *bad counts them. */
static int add_sgf(const struct job *j, struct corpus_builder *b, const char *path,
                   const char *text, size_t len, size_t *bad, struct err *why)
{
    struct sgf s;
    struct err e;

    if (sgf_parse(&s, path, text, len, why))
        return -1;
    for (const struct sgf_node *root = s.first; root; root = root->next) {
        err_init(&e);
        if (corpus_add(b, &s, root, j->komi, &e))
            *bad += (size_t)tool_fail(&e);
    }
    sgf_release(&s);
    return 0;
}

/* Takes bytes, of malloc. */
static int add_corpus(struct corpus_builder *b, const char *path, char *bytes, size_t len,
                      struct err *e)
{
    struct corpus c;
    int status;

    if (corpus_parse(&c, path, (uint8_t *)bytes, len, e))
        return -1;
    status = corpus_add_all(b, &c, e);
    corpus_release(&c);
    return status;
}

/* Adds the games of a file, SGF or a corpus; -1 where it is neither or cannot be read. */
static int add_file(const struct job *j, struct corpus_builder *b, const char *path, size_t *bad,
                    struct err *e)
{
    size_t len;
    char *text;
    int status;

    if (file_read(path, CORPUS_MAX_BYTES, &text, &len, e))
        return -1;
    if (!strcmp(path, "-"))
        path = "standard input";
    if (corpus_is(text, len))
        return add_corpus(b, path, text, len, e);
    status = add_sgf(j, b, path, text, len, bad, e);
    free(text);
    return status;
}

/* All files, so that all that is wrong is told. */
static int add_files(const struct job *j, struct corpus_builder *b, char **paths, int n,
                     size_t *bad, struct err *e)
{
    size_t unread = 0;
    struct err why;

    for (int i = 0; i < n; i++) {
        err_init(&why);
        if (add_file(j, b, paths[i], bad, &why))
            unread += (size_t)tool_fail(&why);
    }
    if (unread)
        return err_set(e, "%zu of %d files cannot be read, nothing written", unread, n);
    if (*bad && (!j->skip_bad || !b->n))
        return err_set(e, "%zu bad, nothing written", *bad);
    return 0;
}

/* Asks the engines there are. */
static int ask(const struct job *j, struct corpus_builder *b, struct err *e)
{
    struct annotate a = j->annotate;

    a.command = j->best;
    if (a.command && dataset_annotate(&a, b, e))
        return -1;
    a.command = j->policy;
    return a.command ? dataset_ask_policies(&a, b, e) : 0;
}

static int build(const struct job *j, char **paths, int n, struct err *e)
{
    struct corpus_builder b;
    size_t bad = 0, games;
    bool piped = !strcmp(j->output, "-");
    int status;

    corpus_builder_init(&b);
    status = add_files(j, &b, paths, n, &bad, e);
    games = b.n;
    if (!status)
        status = ask(j, &b, e);
    if (!status)
        status = corpus_write(&b, j->output, e);
    if (!status) {
        fprintf(piped ? stderr : stdout,
                "%zu games read, %zu without a move, %zu there twice, %zu bad; %zu written\n",
                games + b.empty, b.empty, b.twice, bad, b.n);
        if (!piped)
            status = print_info(j->output, e);
    }
    corpus_builder_release(&b);
    return status;
}

/* --- the command line ------------------------------------------------------ */

enum { OPT_SKIP = 256, OPT_ANNOTATE, OPT_POLICY, OPT_JOBS, OPT_TIMEOUT, OPT_EXPORT, OPT_FORMAT,
       OPT_PART, OPT_CLIPS, OPT_HORIZON };

static const struct option options[] = {
    { "output", required_argument, NULL, 'o' },
    { "komi", required_argument, NULL, 'k' },
    { "skip-bad", no_argument, NULL, OPT_SKIP },
    { "annotate", required_argument, NULL, OPT_ANNOTATE },
    { "policy", required_argument, NULL, OPT_POLICY },
    { "jobs", required_argument, NULL, OPT_JOBS },
    { "timeout", required_argument, NULL, OPT_TIMEOUT },
    { "info", no_argument, NULL, 'i' },
    { "export", required_argument, NULL, OPT_EXPORT },
    { "format", required_argument, NULL, OPT_FORMAT },
    { "part", required_argument, NULL, OPT_PART },
    { "clips", required_argument, NULL, OPT_CLIPS },
    { "horizon", required_argument, NULL, OPT_HORIZON },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

/* Takes an option with a value that may be wrong; true if it is right. */
static bool take_value(struct job *j, int opt, const char *arg)
{
    int part;

    switch (opt) {
    case 'k':
        return !number_real(arg, -1e6, 1e6, &j->komi);
    case OPT_JOBS:
        return !number_whole(arg, 1, 1000, &j->annotate.jobs);
    case OPT_TIMEOUT:
        return !number_real(arg, 0.001, 1e6, &j->annotate.timeout);
    case OPT_FORMAT:
        j->export.raw = !strcmp(arg, "raw");
        return j->export.raw || !strcmp(arg, "png");
    case OPT_PART:
        part = corpus_part_named(arg);
        j->export.part = part < 0 ? PART_TRAIN : (enum corpus_part)part;
        return part >= 0;
    case OPT_CLIPS:
        return !number_whole(arg, 1, 1000000000, &j->export.clips);
    case OPT_HORIZON:
        return !number_int(arg, 1, CLIP_MAX_HORIZON, &j->export.horizon);
    }
    return false;
}

/* Takes one option, by its long name if it has no letter; -1, or the exit status it ends the
   program with. */
static int take_option(struct job *j, int opt, const char *name, const char *arg)
{
    switch (opt) {
    case 'o': j->output = arg; break;
    case 'i': j->info = true; break;
    case OPT_SKIP: j->skip_bad = true; break;
    case OPT_ANNOTATE: j->best = arg; break;
    case OPT_POLICY: j->policy = arg; break;
    case OPT_EXPORT: j->export.dir = arg; break;
    case 'h':
        fputs(help, stdout);
        return 0;
    case '?': /* getopt_long has said what is wrong */
        fprintf(stderr, "Try 'videoworld dataset --help'.\n");
        return 2;
    default:
        if (!take_value(j, opt, arg))
            return opt < 256 ? tool_usage("dataset", "'%s' is no value for -%c", arg, opt)
                             : tool_usage("dataset", "'%s' is no value for --%s", arg, name);
    }
    return -1;
}

/* Do the options go together?  -1, or the exit status. */
static int check_options(struct job *j, int files)
{
    int modes = (j->output != NULL) + j->info + (j->export.dir != NULL);

    if (modes != 1)
        return tool_usage("dataset", "one of --output, --info and --export is needed");
    if ((j->best || j->policy) && (!j->output || !strcmp(j->output, "-")))
        return tool_usage("dataset", "--annotate and --policy go with --output=FILE");
    if (files == 0)
        return tool_usage("dataset", "no file given");
    if (files > 1 && !j->output)
        return tool_usage("dataset", "only one corpus file at a time");
    return -1;
}

int tool_dataset(int argc, char **argv)
{
    struct job j = { .komi = 7, .annotate = { .jobs = 1, .timeout = 60 },
                     .export = { .part = PART_HELD_OUT, .clips = 100, .horizon = 5 } };
    int opt, at = 0, status;
    struct err e;

    argv[0] = "videoworld"; /* for getopt_long's messages */
    optind = 1;
    while ((opt = getopt_long(argc, argv, "o:k:ih", options, &at)) != -1) {
        status = take_option(&j, opt, options[at].name, optarg);
        if (status >= 0)
            return status;
    }
    status = check_options(&j, argc - optind);
    if (status >= 0)
        return status;
    err_init(&e);
    j.annotate.output = j.output;
    j.export.corpus = argv[optind];
    if (j.output)
        status = build(&j, argv + optind, argc - optind, &e);
    else if (j.info)
        status = print_info(argv[optind], &e);
    else
        status = dataset_export(&j.export, &e);
    return status ? tool_fail(&e) : 0;
}
