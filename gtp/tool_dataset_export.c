/* videoworld dataset --export: clips for other people's tools. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/file.h"
#include "gtp/tool_dataset.h"
#include "render/clip.h"
#include "render/png.h"

enum { PATH_BYTES = 4096 };

struct exporter {
    const struct export *x;
    const struct corpus *corpus;
    const struct drawer *drawer;
    size_t n;             /* clips */
    struct clip clip;
    uint8_t *px;          /* room for a clip of the largest board */
    struct outfile json, raw;
};

static int path_in(char path[PATH_BYTES], const char *dir, const char *name, struct err *e)
{
    int n = snprintf(path, PATH_BYTES, "%s/%s", dir, name);

    return n < 0 || n >= PATH_BYTES ? err_set(e, "the name '%s' is too long", dir) : 0;
}

static int write_pngs(struct exporter *ex, size_t number, struct err *e)
{
    const struct clip *c = &ex->clip;
    char name[64], path[PATH_BYTES];

    for (int i = 0; i < c->valid; i++) {
        snprintf(name, sizeof name, "clip-%06zu-%d.png", number, i);
        if (path_in(path, ex->x->dir, name, e) ||
            png_write_file(path, c->w * TILE, c->h * TILE,
                           ex->px + (size_t)i * clip_bytes(c->w, c->h, 0), c->w * TILE * 3, e))
            return -1;
    }
    return 0;
}

static void print_clip(struct exporter *ex, size_t number, struct corpus_pos pos)
{
    struct corpus_game g = corpus_game(ex->corpus, pos.game);
    struct board b;
    char vertex[8];

    board_init(&b, g.w, g.h);
    fprintf(ex->json.f, "%s\n    {\"game\": %zu, \"ply\": %d, \"width\": %d, \"height\": %d, "
            "\"valid\": %d, \"mover\": \"%s\", \"best\": \"%s\"}", number ? "," : "", pos.game,
            pos.ply, g.w * TILE, g.h * TILE, ex->clip.valid,
            corpus_color(&g, pos.ply) == BLACK ? "black" : "white",
            board_vertex(&b, board_move_point(&b, ex->clip.move), vertex));
}

static int write_clip(struct exporter *ex, size_t number, struct err *e)
{
    const struct export *x = ex->x;
    size_t count = corpus_count(ex->corpus, x->part);
    size_t i = (size_t)((double)number * (double)count / (double)ex->n);
    struct corpus_pos pos = corpus_at(ex->corpus, x->part, i);
    struct corpus_game g = corpus_game(ex->corpus, pos.game);

    if (x->raw && number && (g.w != ex->clip.w || g.h != ex->clip.h))
        return err_set(e, "'%s' has boards of several sizes: raw export needs one", x->corpus);
    clip_make(&ex->clip, ex->corpus, x->part, i, 0, x->horizon, ex->drawer, ex->px);
    print_clip(ex, number, pos);
    if (!x->raw)
        return write_pngs(ex, number, e);
    fwrite(ex->px, 1, clip_bytes(g.w, g.h, x->horizon), ex->raw.f);
    return 0;
}

static void print_head(const struct exporter *ex)
{
    const struct export *x = ex->x;

    fprintf(ex->json.f, "{\n  \"format\": \"%s\",\n  \"part\": \"%s\",\n  \"clips\": %zu,\n"
            "  \"frames\": %d,\n  \"cell\": %d,\n  \"channels\": 3,\n",
            x->raw ? "raw" : "png", corpus_part_name(x->part), ex->n, x->horizon + 1, TILE);
    fprintf(ex->json.f, "  \"layout\": \"%s\",\n", x->raw ?
            "clips.rgb: (clips, frames, height, width, RGB) bytes; frames from 'valid' on repeat "
            "the last valid one" : "clip-NUMBER-FRAME.png, FRAME below 'valid'");
    fprintf(ex->json.f, "  \"meaning\": \"frame 0 is the position before a move, frame 1 that "
            "after the best move, the others go on as played; the mover of frame 0 is black "
            "in all of them\",\n  \"clip\": [");
}

static int write_all(struct exporter *ex, struct err *e)
{
    print_head(ex);
    for (size_t i = 0; i < ex->n; i++)
        if (write_clip(ex, i, e))
            return -1;
    fprintf(ex->json.f, "\n  ]\n}\n");
    if (ex->x->raw && outfile_commit(&ex->raw, e))
        return -1;
    return outfile_commit(&ex->json, e);
}

/* Opens what is written besides PNG files, writes all. */
static int export_to(struct exporter *ex, struct err *e)
{
    char path[PATH_BYTES];
    int status;

    if (mkdir(ex->x->dir, 0777) && errno != EEXIST)
        return err_set(e, "cannot make folder '%s': %s", ex->x->dir, strerror(errno));
    if (path_in(path, ex->x->dir, "clips.json", e) || outfile_open(&ex->json, path, e))
        return -1;
    status = 0;
    if (ex->x->raw)
        status = path_in(path, ex->x->dir, "clips.rgb", e) || outfile_open(&ex->raw, path, e);
    if (!status)
        status = write_all(ex, e);
    outfile_abort(&ex->raw); /* harmless after a commit */
    outfile_abort(&ex->json);
    return status ? -1 : 0;
}

int dataset_export(const struct export *x, struct err *e)
{
    struct drawer *drawer = malloc(sizeof *drawer);
    struct exporter *ex = calloc(1, sizeof *ex);
    struct corpus corpus;
    int status;

    if (!drawer || !ex) {
        free(drawer);
        free(ex);
        return err_set(e, "out of memory");
    }
    status = corpus_open(&corpus, x->corpus, e);
    if (!status) {
        drawer_init(drawer);
        ex->x = x;
        ex->corpus = &corpus;
        ex->drawer = drawer;
        ex->n = corpus_count(&corpus, x->part);
        if (ex->n > (size_t)x->clips)
            ex->n = (size_t)x->clips;
        ex->px = malloc(clip_bytes(BOARD_MAX, BOARD_MAX, x->horizon));
        if (!ex->px)
            status = err_set(e, "out of memory");
        else if (!ex->n)
            status = err_set(e, "'%s' has no positions in part %s", x->corpus,
                             corpus_part_name(x->part));
        else
            status = export_to(ex, e);
        free(ex->px);
        corpus_release(&corpus);
    }
    free(drawer);
    free(ex);
    return status;
}
