#include "gtp/player_policy.h"

#include <stdlib.h>
#include <string.h>

/* --- positions, seen several times --- */

static int pitch(const struct policy *p)
{
    return p->w * TILE * 3;
}

/* Which view of `of` guess g is made in. */
static int guess_view(const struct policy *p, const struct policy_position *of, int g)
{
    return p->guess_frame[g] - of->first;
}

static float guess_p(const struct policy *p, int g)
{
    return p->p[p->guess_frame[g] * p->m.K + p->guess_code[g]];
}

/* The scene in view v, its picture, and what is seen after a pass. */
static void draw_view(struct policy *p, struct policy_position *of, int v, const struct scene *s)
{
    struct policy_view *view = &of->view[v];
    size_t at = (size_t)(of->first + v) * policy_frame_bytes(p);
    struct scene still;
    int area = p->w * p->h;

    view->scene = *s;
    for (int i = 0; i < area; i++)
        view->scene.cells[symmetry_index(view->symmetry, p->w, p->h, i)] = s->cells[i];
    if (s->marker >= 0)
        view->scene.marker = symmetry_index(view->symmetry, p->w, p->h, s->marker);
    reading_of_scene(&view->reading, &view->scene);
    scene_draw(&view->scene, &p->drawer, p->seen + at, pitch(p));
    if (!p->still)
        return;
    still = view->scene;
    still.marker = -1;
    scene_draw(&still, &p->drawer, p->still + at, pitch(p));
}

/* Draws all views of q, frames `first` and on. */
static int draw(struct policy *p, struct policy_position *of, const struct policy_question *q,
                int first, struct err *e)
{
    const struct board *b = &q->game->board;
    struct scene s;

    if (b->w != p->w || b->h != p->h)
        return err_set(e, "the model knows boards of %dx%d, not of %dx%d", p->w, p->h, b->w, b->h);
    of->game = q->game;
    of->color = q->color;
    of->views = q->views < 1 ? 1 : q->views < POLICY_VIEWS ? q->views : POLICY_VIEWS;
    of->first = first;
    scene_of_game(&s, q->game, q->game->n, q->color);
    for (int v = 0; v < of->views; v++) {
        of->view[v].symmetry = q->views < 1 ? -q->views : v;
        draw_view(p, of, v, &s);
    }
    return 0;
}

/* The most probable code of a frame that is not a guess yet; -1: none has any probability. */
static int next_code(const struct policy *p, int frame, const bool *taken)
{
    const float *row = p->p + frame * p->m.K;
    int best = -1;

    for (int k = 0; k < p->m.K; k++)
        if (!taken[k] && row[k] > 0 && (best < 0 || row[k] > row[best]))
            best = k;
    return best;
}

/* Adds the codes to be tried in a frame, from guess g on; how many there are then. */
static int guess(struct policy *p, int g, int frame, double cover, bool *taken)
{
    double sum = 0;

    memset(taken, 0, (size_t)p->m.K * sizeof *taken);
    for (int i = 0; i < POLICY_CODES && sum < cover; i++) {
        int code = next_code(p, frame, taken);

        if (code < 0)
            break;
        taken[code] = true;
        sum += (double)p->p[frame * p->m.K + code];
        p->guess_frame[g] = frame;
        p->guess_code[g++] = code;
    }
    return g;
}

static bool is_labels(const struct policy *p)
{
    return p->m.w.config.target == WORLD_STATE;
}

static int guess_all(struct policy *p, const struct policy_question *q, int n, struct err *e)
{
    bool *taken = malloc((size_t)p->m.K * sizeof *taken);
    int g = 0;

    if (!taken)
        return err_set(e, "out of memory");
    for (int i = 0; i < n; i++) {
        struct policy_position *of = &p->position[i];

        of->first_guess = g;
        for (int v = 0; v < of->views; v++)
            g = guess(p, g, of->first + v, q[i].cover, taken);
        of->n_guesses = g - of->first_guess;
    }
    free(taken);
    return is_labels(p) ? 0 : imagine_draft(&p->m, p->guess_frame, p->guess_code, g, p->drafts, e);
}

/* --- what frames show --- */

/* Reads px as the frame after view v; the move it shows, as an index of the board: that of the
   one new stone, even where stones are wrong around it, or a pass; -1: none. */
static int read_move(struct policy *p, const struct policy_position *of, int v,
                     const uint8_t *px, struct reading *r, struct diff *d)
{
    const struct policy_view *view = &of->view[v];

    reader_read(&p->reader, px, pitch(p), p->w, p->h, r);
    diff_readings(&view->reading, r, CELL_OWN, d);
    if (d->kind == DIFF_PASS)
        return p->w * p->h;
    if (d->kind != DIFF_MOVE && d->kind != DIFF_VANISHED && d->kind != DIFF_CAPTURE_FORGOTTEN)
        return -1;
    return d->move < 0 ? -1 : symmetry_index(symmetry_inverse(view->symmetry), p->w, p->h,
                                             d->move);
}

static bool is_legal(const struct policy_position *of, int move)
{
    return move >= 0 && game_legality(of->game, of->color,
                                      board_move_point(&of->game->board, move)) == LEGAL;
}

/* --- choices --- */

/* Counts guess g, which shows `move`, to the choice it belongs to. */
static void count(const struct policy *p, struct policy_position *of, int g, int move,
                  enum diff_kind kind)
{
    struct policy_choice *c = of->choice;
    int *best;

    /* faulty frames are choices of their own, by the kind of fault */
    while (c < of->choice + of->n && (c->move != move || (move < 0 && c->kind != kind)))
        c++;
    if (c == of->choice + of->n) {
        *c = (struct policy_choice){ .move = move, .legal = is_legal(of, move), .kind = kind };
        for (int v = 0; v < POLICY_VIEWS; v++)
            c->guess[v] = -1;
        of->n++;
    }
    c->p += (double)guess_p(p, g) / of->views;
    best = &c->guess[guess_view(p, of, g)];
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

/* The move that guess g shows, or its label names. */
static int guessed_move(struct policy *p, const struct policy_position *of, int g, int *move,
                        enum diff_kind *kind, struct err *e)
{
    int v = guess_view(p, of, g), area = p->w * p->h;
    struct reading r;
    struct diff d;

    if (is_labels(p)) {
        *move = symmetry_move(symmetry_inverse(of->view[v].symmetry), p->w, p->h,
                              p->guess_code[g]);
        *kind = *move == area ? DIFF_PASS : DIFF_MOVE;
        return 0;
    }
    if (imagine_show(&p->m, p->drafts + g * p->m.S, 1, p->px, e))
        return -1;
    *move = read_move(p, of, v, p->px, &r, &d);
    *kind = d.kind;
    return 0;
}

/* Reads all guesses of a position. */
static int choose(struct policy *p, struct policy_position *of, struct err *e)
{
    enum diff_kind kind;
    int move;

    of->n = 0;
    for (int g = of->first_guess; g < of->first_guess + of->n_guesses; g++) {
        if (guessed_move(p, of, g, &move, &kind, e))
            return -1;
        count(p, of, g, move, kind);
    }
    qsort(of->choice, (size_t)of->n, sizeof *of->choice, likelier);
    return 0;
}

int policy_look(struct policy *p, const struct policy_question *q, int n, struct err *e)
{
    int frames = 0;

    if (n < 1 || n > p->most)
        return err_set(e, "%d positions at a time are not 1 to %d", n, p->most);
    for (int i = 0; i < n; i++) {
        if (draw(p, &p->position[i], &q[i], frames, e))
            return -1;
        frames += p->position[i].views;
    }
    if (imagine_see(&p->m, p->seen, p->still, frames, p->p, e) || guess_all(p, q, n, e))
        return -1;
    for (int i = 0; i < n; i++)
        if (choose(p, &p->position[i], e))
            return -1;
    return 0;
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

/* Writes the next frames of n guesses to p->next; *passes it took. */
static int write_next(struct policy *p, const int *guess, int n, int *passes, struct err *e)
{
    int S = p->m.S, H = p->m.w.config.horizon;

    for (int i = 0; i < n; i++) {
        p->next_from[i] = p->guess_frame[guess[i]];
        p->next_code[i * H] = p->guess_code[guess[i]];
        memcpy(p->next_draft + i * S, p->drafts + guess[i] * S, (size_t)S * sizeof *p->next);
    }
    return imagine_next(&p->m, p->next_from, n, p->next_code, p->next_draft, p->next, passes, e);
}

/* The board that tokens show after view v: cells, turned back. */
static int read_board(struct policy *p, const struct policy_position *of, const int *tokens,
                      int v, uint8_t *cells, struct err *e)
{
    int back = symmetry_inverse(of->view[v].symmetry);
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
static int vote(struct policy *p, struct policy_position *of, const int *guess, int n,
                struct err *e)
{
    uint8_t cells[2 * POLICY_VIEWS][BOARD_AREA]; /* frames, then drafts */
    size_t area = (size_t)(p->w * p->h);
    int best = 0, S = p->m.S;

    for (int i = 0; i < n; i++) {
        int v = guess_view(p, of, guess[i]);

        if (read_board(p, of, p->next + i * S, v, cells[i], e) ||
            read_board(p, of, p->next_draft + i * S, v, cells[n + i], e))
            return -1;
    }
    of->frame.votes = 0;
    for (int i = 0; i < n; i++) {
        int votes = 0;

        for (int k = 0; k < 2 * n; k++)
            votes += !memcmp(cells[i], cells[k], area);
        if (votes > of->frame.votes) {
            of->frame.votes = votes;
            best = i;
        }
    }
    return best;
}

/* Frame i of p->next, made of guess g, becomes that of its position. */
static void keep(struct policy *p, struct policy_position *of, int i, int g)
{
    int S = p->m.S, H = p->m.w.config.horizon;

    of->frame.view = guess_view(p, of, g);
    memcpy(of->frame.codes, p->next_code + i * H, (size_t)H * sizeof *p->next_code);
    memcpy(of->next, p->next + i * S, (size_t)S * sizeof *p->next);
    memcpy(of->next + S, p->next_draft + i * S, (size_t)S * sizeof *p->next);
}

/* All views that show the choice write a frame and vote, if there are enough. */
static int doubt(struct policy *p, struct policy_position *of, const struct policy_choice *c,
                 struct err *e)
{
    int guess[POLICY_VIEWS], n = 0, best;

    while (n < POLICY_VIEWS && (guess[n] = pick(p, c, n)) >= 0)
        n++;
    if (n < 3)
        return 0;
    if (write_next(p, guess, n, &of->frame.passes, e) || (best = vote(p, of, guess, n, e)) < 0)
        return -1;
    of->frame.voters = 2 * n;
    keep(p, of, best, guess[best]);
    return 0;
}

static int ascending(const void *a, const void *b)
{
    return *(const int16_t *)a - *(const int16_t *)b;
}

/* What was seen to happen in a view, on the board. */
static void turn_back(const struct policy *p, const struct policy_view *view, struct diff *d)
{
    int back = symmetry_inverse(view->symmetry);

    if (d->move >= 0)
        d->move = symmetry_index(back, p->w, p->h, d->move);
    for (int i = 0; i < d->n; i++)
        d->cells[i] = (int16_t)symmetry_index(back, p->w, p->h, d->cells[i]);
    qsort(d->cells, (size_t)d->n, sizeof *d->cells, ascending);
}

/* Reads the frame that is kept, after a vote where `attempt` 0 differs from its draft. */
static int settle(struct policy *p, struct policy_position *of, const struct policy_choice *c,
                  int attempt, struct err *e)
{
    struct policy_frame *f = &of->frame;
    int S = p->m.S;

    f->votes = f->voters = 1;
    if (!attempt && memcmp(of->next, of->next + S, (size_t)S * sizeof *of->next) &&
        doubt(p, of, c, e))
        return -1;
    f->seen = p->seen + (size_t)(of->first + f->view) * policy_frame_bytes(p);
    f->px = of->px;
    if (imagine_show(&p->m, of->next, 1, of->px, e))
        return -1;
    f->move = read_move(p, of, f->view, of->px, &f->reading, &f->diff);
    turn_back(p, &of->view[f->view], &f->diff);
    f->legal = diff_is_legal(&f->diff) && is_legal(of, f->move);
    return 0;
}

/* What stands in a frame's place where a label is all there is. */
static void take_label(struct policy *p, struct policy_position *of, const struct policy_choice *c,
                       int guess)
{
    struct policy_frame *f = &of->frame;
    int v = guess_view(p, of, guess);

    *f = (struct policy_frame){ .view = v, .votes = 1, .voters = 1, .move = c->move,
                                .legal = c->legal };
    f->seen = p->seen + (size_t)(of->first + v) * policy_frame_bytes(p);
    f->diff = (struct diff){ .kind = c->kind, .w = p->w, .h = p->h,
                             .move = c->kind == DIFF_PASS ? -1 : c->move };
}

int policy_imagine(struct policy *p, struct policy_position *of, int i, int attempt,
                   struct err *e)
{
    const struct policy_choice *c = &of->choice[i];
    int guess = pick(p, c, attempt);

    if (guess < 0)
        return 1;
    if (is_labels(p)) {
        take_label(p, of, c, guess);
        return 0;
    }
    if (write_next(p, &guess, 1, &of->frame.passes, e))
        return -1;
    keep(p, of, 0, guess);
    return settle(p, of, c, attempt, e);
}

int policy_imagine_all(struct policy *p, const int *choice, int n, struct err *e)
{
    int m = 0, passes, *guess, failed = 0;

    if (is_labels(p)) {
        for (int i = 0; i < n; i++)
            if (choice[i] >= 0 && policy_imagine(p, &p->position[i], choice[i], 0, e))
                return -1;
        return 0;
    }
    guess = calloc((size_t)n + 1, sizeof *guess);
    if (!guess)
        return err_set(e, "out of memory");
    for (int i = 0; i < n; i++)
        if (choice[i] >= 0)
            guess[m++] = pick(p, &p->position[i].choice[choice[i]], 0);
    failed = m && write_next(p, guess, m, &passes, e);
    m = 0;
    for (int i = 0; i < n && !failed; i++)
        if (choice[i] >= 0) {
            p->position[i].frame.passes = passes;
            keep(p, &p->position[i], m, guess[m]);
            m++;
        }
    for (int i = 0; i < n && !failed; i++)
        if (choice[i] >= 0)
            failed = settle(p, &p->position[i], &p->position[i].choice[choice[i]], 0, e);
    free(guess);
    return failed ? -1 : 0;
}
