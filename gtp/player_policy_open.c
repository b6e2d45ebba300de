/* Opening what player_policy looks with. */
#include <stdlib.h>
#include <string.h>

#include "gtp/player_policy.h"

static int alloc(struct policy *p, struct err *e)
{
    size_t views = (size_t)p->most * POLICY_VIEWS, guesses = (size_t)p->most * POLICY_GUESSES;
    size_t S = (size_t)p->m.S;
    bool video = p->m.w.config.target == WORLD_VIDEO, ok;

    p->w = p->m.pixels_w / TILE;
    p->h = p->m.pixels_h / TILE;
    p->position = calloc((size_t)p->most, sizeof *p->position);
    p->seen = malloc(views * policy_frame_bytes(p));
    p->still = video ? malloc(views * policy_frame_bytes(p)) : NULL;
    p->px = malloc(policy_frame_bytes(p));
    p->p = calloc(views * (size_t)p->m.K, sizeof *p->p);
    p->guess_frame = calloc(guesses, sizeof *p->guess_frame);
    p->guess_code = calloc(guesses, sizeof *p->guess_code);
    p->drafts = calloc(guesses * S, sizeof *p->drafts);
    p->next_from = calloc(views, sizeof *p->next_from);
    p->next = calloc(views * S, sizeof *p->next);
    p->next_draft = calloc(views * S, sizeof *p->next_draft);
    p->next_code = calloc(views * WORLD_HORIZON_MAX, sizeof *p->next_code);
    ok = p->position && p->seen && (p->still || !video) && p->px && p->p && p->guess_frame &&
         p->guess_code && p->drafts && p->next_from && p->next && p->next_draft && p->next_code;
    for (int i = 0; i < p->most && ok; i++) {
        p->position[i].px = malloc(policy_frame_bytes(p));
        p->position[i].next = calloc(2 * S, sizeof *p->next);
        ok = p->position[i].px && p->position[i].next;
    }
    return ok ? 0 : err_set(e, "out of memory");
}

/* Boards that the rules do not know, or sides that the eight turns would change. */
static int check(const struct policy *p, struct err *e)
{
    const struct imagination *m = &p->m;
    int side = m->pixels_w / TILE;

    if (m->pixels_w != m->pixels_h || m->pixels_w % TILE || m->pixels_w < 2 * TILE ||
        m->pixels_w > BOARD_MAX * TILE)
        return err_set(e, "the models see %dx%d pixels, which are no square board", m->pixels_w,
                       m->pixels_h);
    if (m->w.config.target == WORLD_STATE && m->K != side * side + 1)
        return err_set(e, "'%s' has %d labels, which are not the moves of %dx%d", p->world_path,
                       m->K, side, side);
    return 0;
}

static char *in_folder(const char *file, const char *folder, const char *name)
{
    size_t n = strlen(folder) + strlen(name) + 2;
    char *path = file ? strdup(file) : malloc(n);

    if (path && !file) {
        strcpy(path, folder);
        strcat(path, "/");
        strcat(path, name);
    }
    return path;
}

static int open_models(struct policy *p, const struct policy_options *o, struct err *e)
{
    bool all_named = o->tokenizer && o->ldm && o->world;
    char folder[4096] = "", *t, *l;
    int failed = 0;

    if (o->weights && strlen(o->weights) >= sizeof folder)
        return err_set(e, "the name of the weights' folder is too long");
    if (o->weights)
        strcpy(folder, o->weights);
    else if (!all_named && policy_weights(folder, sizeof folder, e))
        return -1;
    t = in_folder(o->tokenizer, folder, "go9-tokenizer.safetensors");
    l = in_folder(o->ldm, folder, "go9-ldm.safetensors");
    p->world_path = in_folder(o->world, folder, "go9-small.safetensors");
    if (!t || !l || !p->world_path) {
        failed = err_set(e, "out of memory");
    } else {
        struct imagine_files f = { t, l, p->world_path };

        failed = imagine_open(&p->m, &f, p->d, p->most * POLICY_VIEWS, e);
    }
    free(t);
    free(l);
    return failed;
}

struct policy *policy_open(const struct policy_options *o, struct err *e)
{
    struct policy *p = calloc(1, sizeof *p);

    if (!p) {
        err_set(e, "out of memory");
        return NULL;
    }
    p->most = o->positions > 1 ? o->positions : 1;
    p->d = device_open(o->device ? o->device : "auto", o->threads, PRECISION_AUTO, e);
    if (!p->d || open_models(p, o, e) || check(p, e) || alloc(p, e)) {
        policy_close(p);
        return NULL;
    }
    drawer_init(&p->drawer);
    reader_init(&p->reader, &p->drawer);
    return p;
}

void policy_close(struct policy *p)
{
    if (!p)
        return;
    imagine_close(&p->m);
    if (p->d)
        device_close(p->d);
    for (int i = 0; i < p->most && p->position; i++) {
        free(p->position[i].px);
        free(p->position[i].next);
    }
    free(p->position);
    free(p->world_path);
    free(p->seen);
    free(p->still);
    free(p->px);
    free(p->p);
    free(p->guess_frame);
    free(p->guess_code);
    free(p->drafts);
    free(p->next_from);
    free(p->next);
    free(p->next_draft);
    free(p->next_code);
    free(p);
}
