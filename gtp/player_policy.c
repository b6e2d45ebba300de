#include "gtp/player_policy.h"

#include <stdlib.h>
#include <string.h>

/* --- one position, seen several times --- */

static size_t frame_bytes(const struct policy *p)
{
    return (size_t)(p->w * p->h) * TILE_BYTES;
}

static int pitch(const struct policy *p)
{
    return p->w * TILE * 3;
}

/* The scene in view v, and its picture. */
static void draw_view(struct policy *p, int v, const struct scene *s)
{
    struct policy_view *view = &p->view[v];
    int area = p->w * p->h;

    view->scene = *s;
    for (int i = 0; i < area; i++)
        view->scene.cells[symmetry_index(view->symmetry, p->w, p->h, i)] = s->cells[i];
    if (s->marker >= 0)
        view->scene.marker = symmetry_index(view->symmetry, p->w, p->h, s->marker);
    reading_of_scene(&view->reading, &view->scene);
    scene_draw(&view->scene, &p->drawer, p->seen + (size_t)v * frame_bytes(p), pitch(p));
}

/* The most probable code of view v that is not a guess yet; -1: none has any probability. */
static int next_code(const struct policy *p, int v, const bool *taken)
{
    const float *row = p->p + v * p->m.K;
    int best = -1;

    for (int k = 0; k < p->m.K; k++)
        if (!taken[k] && row[k] > 0 && (best < 0 || row[k] > row[best]))
            best = k;
    return best;
}

/* Adds the codes to be tried in view v. */
static void guess(struct policy *p, int v, double cover, bool *taken)
{
    double sum = 0;

    memset(taken, 0, (size_t)p->m.K * sizeof *taken);
    for (int i = 0; i < POLICY_CODES && sum < cover; i++) {
        int code = next_code(p, v, taken);

        if (code < 0)
            return;
        taken[code] = true;
        sum += (double)p->p[v * p->m.K + code];
        p->guess_view[p->n_guesses] = v;
        p->guess_code[p->n_guesses++] = code;
    }
}

static int guess_all(struct policy *p, double cover, struct err *e)
{
    bool *taken = malloc((size_t)p->m.K * sizeof *taken);

    if (!taken)
        return err_set(e, "out of memory");
    p->n_guesses = 0;
    for (int v = 0; v < p->views; v++)
        guess(p, v, cover, taken);
    free(taken);
    return imagine_draft(&p->m, p->guess_view, p->guess_code, p->n_guesses, p->drafts, e);
}

/* --- what frames show --- */

static int point_of(const struct policy *p, int move)
{
    return move == p->w * p->h ? PASS : board_point_at(&p->game->board, move);
}

/* Reads px as the frame after view v; the move it shows, as an index of the board: that of the
   one new stone, even where stones are wrong around it, or a pass; -1: none. */
static int read_move(struct policy *p, int v, const uint8_t *px, struct reading *r,
                     struct diff *d)
{
    const struct policy_view *view = &p->view[v];

    reader_read(&p->reader, px, pitch(p), p->w, p->h, r);
    diff_readings(&view->reading, r, CELL_OWN, d);
    if (d->kind == DIFF_PASS)
        return p->w * p->h;
    if (d->kind != DIFF_MOVE && d->kind != DIFF_VANISHED && d->kind != DIFF_CAPTURE_FORGOTTEN)
        return -1;
    return d->move < 0 ? -1 : symmetry_index(symmetry_inverse(view->symmetry), p->w, p->h,
                                             d->move);
}

static bool is_legal(const struct policy *p, int move)
{
    return move >= 0 && game_legality(p->game, p->color, point_of(p, move)) == LEGAL;
}

/* --- choices --- */

static float guess_p(const struct policy *p, int g)
{
    return p->p[p->guess_view[g] * p->m.K + p->guess_code[g]];
}

/* Counts guess g, which shows `move`, to the choice it belongs to. */
static void count(struct policy *p, int g, int move, enum diff_kind kind)
{
    struct policy_choice *c = p->choice;
    int *best;

    /* faulty frames are choices of their own, by the kind of fault */
    while (c < p->choice + p->n && (c->move != move || (move < 0 && c->kind != kind)))
        c++;
    if (c == p->choice + p->n) {
        *c = (struct policy_choice){ .move = move, .legal = is_legal(p, move), .kind = kind };
        for (int v = 0; v < POLICY_VIEWS; v++)
            c->guess[v] = -1;
        p->n++;
    }
    c->p += (double)guess_p(p, g) / p->views;
    best = &c->guess[p->guess_view[g]];
    if (*best < 0 || guess_p(p, g) > guess_p(p, *best))
        *best = g;
}

static int likelier(const void *va, const void *vb)
{
    const struct policy_choice *a = va, *b = vb;

    if (a->p != b->p)
        return a->p > b->p ? -1 : 1;
    return a->move - b->move;
}

/* Reads all drafts. */
static int choose(struct policy *p, struct err *e)
{
    struct reading r;
    struct diff d;

    p->n = 0;
    for (int g = 0; g < p->n_guesses; g++) {
        if (imagine_show(&p->m, p->drafts + g * p->m.S, 1, p->px, e))
            return -1;
        int move = read_move(p, p->guess_view[g], p->px, &r, &d);
        count(p, g, move, d.kind);
    }
    qsort(p->choice, (size_t)p->n, sizeof *p->choice, likelier);
    return 0;
}

int policy_look(struct policy *p, const struct game *g, enum color c, int views, double cover,
                struct err *e)
{
    struct scene s;

    if (g->board.w != p->w || g->board.h != p->h)
        return err_set(e, "the model knows boards of %dx%d, not of %dx%d", p->w, p->h,
                       g->board.w, g->board.h);
    p->game = g;
    p->color = c;
    p->views = views < 1 ? 1 : views < POLICY_VIEWS ? views : POLICY_VIEWS;
    scene_of_game(&s, g, g->n, c);
    for (int v = 0; v < p->views; v++) {
        p->view[v].symmetry = views < 1 ? -views : v;
        draw_view(p, v, &s);
    }
    return imagine_see(&p->m, p->seen, p->views, p->p, e) || guess_all(p, cover, e) ||
           choose(p, e) ? -1 : 0;
}

/* The guess of choice c that is likeliest but for `attempt` others; -1: there is none. */
static int pick(const struct policy *p, const struct policy_choice *c, int attempt)
{
    bool taken[POLICY_VIEWS] = { false };
    int best;

    do {
        best = -1;
        for (int v = 0; v < POLICY_VIEWS; v++)
            if (!taken[v] && c->guess[v] >= 0 &&
                (best < 0 || guess_p(p, c->guess[v]) > guess_p(p, c->guess[best])))
                best = v;
        if (best < 0)
            return -1;
        taken[best] = true;
    } while (attempt-- > 0);
    return c->guess[best];
}

int policy_imagine(struct policy *p, int i, int attempt, struct err *e)
{
    int g = pick(p, &p->choice[i], attempt), *out = p->m.from; /* room for a frame */
    struct policy_frame *f = &p->frame;

    if (g < 0)
        return 1;
    f->view = p->guess_view[g];
    f->seen = p->seen + (size_t)f->view * frame_bytes(p);
    f->px = p->px;
    f->codes[0] = p->guess_code[g];
    if (imagine_next(&p->m, f->seen, f->codes, p->drafts + g * p->m.S, out, &f->passes, e) ||
        imagine_show(&p->m, out, 1, p->px, e))
        return -1;
    f->move = read_move(p, f->view, p->px, &f->reading, &f->diff);
    f->legal = diff_is_legal(&f->diff) && is_legal(p, f->move);
    return 0;
}

/* --- opening --- */

static int alloc(struct policy *p, struct err *e)
{
    p->w = p->m.pixels_w / TILE;
    p->h = p->m.pixels_h / TILE;
    p->seen = malloc(POLICY_VIEWS * frame_bytes(p));
    p->px = malloc(frame_bytes(p));
    p->p = calloc((size_t)(POLICY_VIEWS * p->m.K), sizeof *p->p);
    p->guess_view = calloc(POLICY_GUESSES, sizeof *p->guess_view);
    p->guess_code = calloc(POLICY_GUESSES, sizeof *p->guess_code);
    p->drafts = calloc((size_t)(POLICY_GUESSES * p->m.S), sizeof *p->drafts);
    return p->seen && p->px && p->p && p->guess_view && p->guess_code && p->drafts
        ? 0 : err_set(e, "out of memory");
}

/* Boards that the rules do not know, or sides that the eight turns would change. */
static int check(const struct policy *p, struct err *e)
{
    const struct imagination *m = &p->m;

    if (m->pixels_w != m->pixels_h || m->pixels_w % TILE || m->pixels_w < 2 * TILE ||
        m->pixels_w > BOARD_MAX * TILE)
        return err_set(e, "the models see %dx%d pixels, which are no square board", m->pixels_w,
                       m->pixels_h);
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

        failed = imagine_open(&p->m, &f, p->d, POLICY_VIEWS, e);
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
    free(p->world_path);
    free(p->seen);
    free(p->px);
    free(p->p);
    free(p->guess_view);
    free(p->guess_code);
    free(p->drafts);
    free(p);
}
