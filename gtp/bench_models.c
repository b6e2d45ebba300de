/* What `videoworld bench tokenizer`, `ldm` and `world` share. */
#include "config.h"

#include "gtp/bench_models.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gtp/numbers.h"
#include "gtp/player_policy.h"
#include "gtp/tools.h"

enum {
    PATCHES = 4096, /* the tokenizer's, at a time */
    FOLDER = 4096, PATH = FOLDER + 64,
};

/* --- options --- */

static int set_option(struct bench_options *o, int c, const char *text)
{
    int part;

    switch (c) {
    case 'd': o->data = text; return 0;
    case 'D': o->device = text; return 0;
    case 't': o->tokenizer = text; return 0;
    case 'l': o->ldm = text; return 0;
    case 'w': o->weights = text; return 0;
    case 'n': return number_int(text, 1, 1 << 30, &o->count);
    case 'H': return number_int(text, 1, CLIP_MAX_HORIZON, &o->horizon);
    case 'j': return number_int(text, 0, 1024, &o->threads);
    default:
        part = corpus_part_named(text);
        o->part = (enum corpus_part)part;
        return part < 0 ? -1 : 0;
    }
}

static const char common_help[] =
    "  -p, --part=NAME       train, held-out (default) or test\n"
    "  -D, --device=NAME     auto (default), cpu, cuda or cuda:N\n"
    "  -j, --threads=N       of the CPU (default: all cores)\n"
    "  -h, --help            show this help\n";

enum { LONGS = 10 };

/* The long names of the letters that a part has. */
static void list_longs(const struct bench_usage *u, struct option longs[LONGS + 1])
{
    const struct option all[LONGS] = {
        { "data", required_argument, NULL, 'd' }, { "weights", required_argument, NULL, 'w' },
        { "tokenizer", required_argument, NULL, 't' }, { "ldm", required_argument, NULL, 'l' },
        { u->count, required_argument, NULL, 'n' }, { "horizon", required_argument, NULL, 'H' },
        { "part", required_argument, NULL, 'p' }, { "device", required_argument, NULL, 'D' },
        { "threads", required_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' },
    };
    int n = 0;

    for (int i = 0; i < LONGS; i++)
        if (strchr(u->shorts, all[i].val))
            longs[n++] = all[i];
    longs[n] = (struct option){ NULL, 0, NULL, 0 };
}

/* -1: go on, else the exit status. */
static int parse(struct bench_options *o, const struct bench_usage *u, int argc, char **argv)
{
    struct option longs[LONGS + 1];
    int c;

    list_longs(u, longs);
    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, u->shorts, longs, NULL)) != -1) {
        if (c == 'h') {
            printf("%s%s", u->help, common_help);
            return 0;
        }
        if (c == '?')
            return tool_usage(u->name, "unknown or incomplete option '%s'", argv[optind - 1]);
        if (set_option(o, c, optarg))
            return tool_usage(u->name, "'%s' is no value for -%c", optarg, c);
    }
    if (optind < argc || !o->data)
        return tool_usage(u->name, "one corpus is needed, by --data");
    return -1;
}

/* Where no file was named for the option of that letter and the part has it: that of this name
   among the models that came with the program. */
static int find_model(const struct bench_usage *u, char letter, const char *name,
                      const char **file, char path[PATH], struct err *e)
{
    char folder[FOLDER];

    if (*file || !strchr(u->shorts, letter))
        return 0;
    if (policy_weights(folder, sizeof folder, NULL))
        return err_set(e, "no models found that came with the program: name them by -%c and its "
                       "like, or their folder by $VIDEOWORLD_WEIGHTS", letter);
    snprintf(path, PATH, "%s/%s", folder, name);
    *file = path;
    return 0;
}

static int run(struct bench_options o, const struct bench_usage *u, struct err *e)
{
    char weights[PATH], tokenizer[PATH], ldm[PATH];

    if (find_model(u, 'w', u->model, &o.weights, weights, e) ||
        find_model(u, 't', "go9-tokenizer.safetensors", &o.tokenizer, tokenizer, e))
        return -1;
    find_model(u, 'l', "go9-ldm.safetensors", &o.ldm, ldm, NULL); /* who needs it will say so */
    return u->run(&o, e);
}

int bench_main(struct bench_options *o, const struct bench_usage *u, int argc, char **argv)
{
    int status = parse(o, u, argc, argv);
    struct err e;

    if (status >= 0)
        return status;
    err_init(&e);
    return run(*o, u, &e) ? tool_fail(&e) : 0;
}

/* --- models --- */

int bench_open(struct bench_models *m, const struct bench_options *o, const char *tokenizer,
               struct err *e)
{
    if (clips_open(&m->clips, o->data, o->part, e))
        return -1;
    if (!m->clips.source.held_out)
        return err_set(e, "'%s' has no positions of part %s", o->data, corpus_part_name(o->part));
    m->d = device_open(o->device, o->threads, PRECISION_AUTO, e);
    if (!m->d || tokenizer_load(&m->t, tokenizer, m->d, PATCHES, e))
        return -1;
    reader_init(&m->reader, m->clips.drawer);
    return 0;
}

void bench_close(struct bench_models *m)
{
    tokenizer_free(&m->t);
    if (m->d)
        device_close(m->d);
    if (m->clips.drawer)
        clips_release(&m->clips);
}

int bench_fits(const struct bench_models *m, const char *what, int rows, int cols, int tokens,
               struct err *e)
{
    const struct frame_source *s = &m->clips.source;
    int w = patches_across(&m->t.patches, s->w), h = patches_across(&m->t.patches, s->h);

    if (cols == w && rows == h && tokens == m->t.codes)
        return 0;
    return err_set(e, "%s takes %d x %d tokens of %d, a frame has %d x %d of %d", what, cols, rows,
                   tokens, w, h, m->t.codes);
}

/* --- what is seen --- */

void bench_read(const struct bench_models *m, const uint8_t *px, int i, struct reading *out)
{
    const struct clips *c = &m->clips;

    reader_read(&m->reader, px + (size_t)i * source_bytes(&c->source, 0), c->w * TILE * 3, c->w,
                c->h, out);
}

bool bench_same_board(const struct reading *a, const struct reading *b)
{
    struct scene x, y;

    return !reading_to_scene(a, &x, NULL) && !reading_to_scene(b, &y, NULL) &&
           x.marker == y.marker && x.mover_is_black == y.mover_is_black &&
           !memcmp(x.cells, y.cells, (size_t)(a->w * a->h));
}

int bench_move(const struct reading *before, const struct reading *after)
{
    struct diff d;

    diff_readings(before, after, CELL_OWN, &d);
    if (!diff_is_legal(&d))
        return -1;
    return d.kind == DIFF_PASS ? d.w * d.h : d.move;
}

int bench_codes_in_use(const size_t *used, int n, double *perplexity)
{
    double total = 0, entropy = 0;
    int in_use = 0;

    for (int i = 0; i < n; i++)
        total += (double)used[i];
    for (int i = 0; i < n; i++)
        if (used[i]) {
            entropy -= (double)used[i] / total * log((double)used[i] / total);
            in_use++;
        }
    if (perplexity)
        *perplexity = exp(entropy);
    return in_use;
}

double bench_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
