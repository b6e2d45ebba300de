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

/* --- the world model's own frames --- */

/* Writes the next frames of n guesses, in different views, to p->next. */
static int write_next(struct policy *p, const int *guess, int n, struct err *e)
{
    int S = p->m.S, H = p->m.w.config.horizon, view[POLICY_VIEWS];

    for (int i = 0; i < n; i++) {
        view[i] = p->guess_view[guess[i]];
        p->next_code[i * H] = p->guess_code[guess[i]];
        memcpy(p->next_draft + i * S, p->drafts + guess[i] * S, (size_t)S * sizeof *p->next);
    }
    return imagine_next(&p->m, view, n, p->next_code, p->next_draft, p->next, &p->frame.passes,
                        e);
}

/* The board that tokens show after view v: cells, turned back. */
static int read_board(struct policy *p, const int *tokens, int v, uint8_t *cells, struct err *e)
{
    int back = symmetry_inverse(p->view[v].symmetry);
    struct reading r;

    if (imagine_show(&p->m, tokens, 1, p->px, e))
        return -1;
    reader_read(&p->reader, p->px, pitch(p), p->w, p->h, &r);
    for (int k = 0; k < p->w * p->h; k++)
        cells[symmetry_index(back, p->w, p->h, k)] = r.cells[k];
    return 0;
}

/* Which of n frames shows the board that most frames and drafts show, the first among equals; or
   -1. */
static int vote(struct policy *p, const int *guess, int n, struct err *e)
{
    uint8_t cells[2 * POLICY_VIEWS][BOARD_AREA]; /* frames, then drafts */
    size_t area = (size_t)(p->w * p->h);
    int best = 0, S = p->m.S;

    for (int i = 0; i < n; i++)
        if (read_board(p, p->next + i * S, p->guess_view[guess[i]], cells[i], e) ||
            read_board(p, p->next_draft + i * S, p->guess_view[guess[i]], cells[n + i], e))
            return -1;
    p->frame.votes = 0;
    for (int i = 0; i < n; i++) {
        int votes = 0;

        for (int k = 0; k < 2 * n; k++)
            votes += !memcmp(cells[i], cells[k], area);
        if (votes > p->frame.votes) {
            p->frame.votes = votes;
            best = i;
        }
    }
    return best;
}

/* Frame i of p->next, after view v, to p->frame. */
static int show_next(struct policy *p, int i, int v, struct err *e)
{
    struct policy_frame *f = &p->frame;
    int H = p->m.w.config.horizon;

    f->view = v;
    f->seen = p->seen + (size_t)v * frame_bytes(p);
    f->px = p->px;
    memcpy(f->codes, p->next_code + i * H, (size_t)H * sizeof *f->codes);
    if (imagine_show(&p->m, p->next + i * p->m.S, 1, p->px, e))
        return -1;
    f->move = read_move(p, v, p->px, &f->reading, &f->diff);
    f->legal = diff_is_legal(&f->diff) && is_legal(p, f->move);
    return 0;
}

int policy_imagine(struct policy *p, int i, int attempt, struct err *e)
{
    const struct policy_choice *c = &p->choice[i];
    int guess[POLICY_VIEWS], n = 1, best = 0;
    size_t bytes = (size_t)p->m.S * sizeof *p->next;

    guess[0] = pick(p, c, attempt);
    if (guess[0] < 0)
        return 1;
    if (write_next(p, guess, 1, e))
        return -1;
    p->frame.votes = 1;
    if (!attempt && memcmp(p->next, p->next_draft, bytes)) {
        while (n < POLICY_VIEWS && (guess[n] = pick(p, c, n)) >= 0)
            n++;
        if (n > 2 && (write_next(p, guess, n, e) || (best = vote(p, guess, n, e)) < 0))
            return -1;
    }
    p->frame.voters = n > 2 ? 2 * n : 1;
    return show_next(p, best, p->guess_view[guess[best]], e);
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
    p->next = calloc((size_t)(POLICY_VIEWS * p->m.S), sizeof *p->next);
    p->next_draft = calloc((size_t)(POLICY_VIEWS * p->m.S), sizeof *p->next_draft);
    p->next_code = calloc(POLICY_VIEWS * WORLD_HORIZON_MAX, sizeof *p->next_code);
    return p->seen && p->px && p->p && p->guess_view && p->guess_code && p->drafts && p->next &&
           p->next_draft && p->next_code ? 0 : err_set(e, "out of memory");
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
    free(p->next);
    free(p->next_draft);
    free(p->next_code);
    free(p);
}
