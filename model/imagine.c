#include "model/imagine.h"

#include <stdlib.h>
#include <string.h>

enum { PATCHES = 4096 };

/* Do they speak of the same tokens and codes? */
static int check(const struct imagination *m, const struct imagine_files *f, struct err *e)
{
    const struct world_config *w = &m->w.config;
    const struct ldm_config *l = &m->l.config;

    if (m->t.codes != w->tokens)
        return err_set(e, "'%s' has %d tokens, '%s' %d: they do not belong together",
                       f->tokenizer, m->t.codes, f->world, w->tokens);
    if (checkpoint_check_hash(f->world, w->tokenizer, f->tokenizer, m->t.hash, e))
        return -1;
    if (w->target != WORLD_LDM)
        return 0;
    if (m->l.tokens != w->tokens)
        return err_set(e, "'%s' has %d tokens, '%s' %d: they do not belong together",
                       f->ldm, m->l.tokens, f->world, w->tokens);
    if (l->rows != w->rows || l->cols != w->cols || m->l.codes != w->codes)
        return err_set(e, "'%s' has %d codes for %d x %d cells, '%s' %d for %d x %d: they do not "
                       "belong together", f->ldm, m->l.codes, l->cols, l->rows, f->world,
                       w->codes, w->cols, w->rows);
    return checkpoint_check_hash(f->ldm, l->tokenizer, f->tokenizer, m->t.hash, e) ||
           checkpoint_check_hash(f->world, w->ldm, f->ldm, m->l.hash, e) ? -1 : 0;
}

static int alloc(struct imagination *m, struct err *e)
{
    int most = m->max > IMAGINE_DRAFTS ? m->max : IMAGINE_DRAFTS;

    m->S = m->w.S;
    m->K = m->w.config.target == WORLD_VIDEO ? m->S + 1 : m->w.config.codes;
    m->pixels_w = m->w.config.cols * m->t.config.patch;
    m->pixels_h = m->w.config.rows * m->t.config.patch;
    m->seen = calloc((size_t)(m->max * m->S), sizeof *m->seen);
    m->still = calloc((size_t)(m->max * m->S), sizeof *m->still);
    m->change = calloc((size_t)(m->max * m->S), sizeof *m->change);
    m->from = calloc((size_t)(most * m->S), sizeof *m->from);
    m->role = calloc(IMAGINE_DRAFTS, sizeof *m->role);
    m->step = calloc((size_t)m->max, sizeof *m->step);
    m->p = calloc((size_t)(m->max * m->K), sizeof *m->p);
    return m->seen && m->still && m->change && m->from && m->role && m->step && m->p
        ? 0 : err_set(e, "out of memory");
}

int imagine_open(struct imagination *m, const struct imagine_files *f, struct device *d, int max,
                 struct err *e)
{
    memset(m, 0, sizeof *m);
    m->max = max;
    if (!tokenizer_load(&m->t, f->tokenizer, d, PATCHES, e) &&
        !world_load(&m->w, f->world, d, max, e) &&
        (m->w.config.target != WORLD_LDM || !ldm_load(&m->l, f->ldm, d, IMAGINE_DRAFTS, e)) &&
        !check(m, f, e) && !alloc(m, e))
        return 0;
    imagine_close(m);
    return -1;
}

void imagine_close(struct imagination *m)
{
    world_free(&m->w);
    ldm_free(&m->l);
    tokenizer_free(&m->t);
    free(m->seen);
    free(m->still);
    free(m->change);
    free(m->from);
    free(m->role);
    free(m->step);
    free(m->p);
    memset(m, 0, sizeof *m);
}

int imagine_see(struct imagination *m, const uint8_t *px, const uint8_t *still, int n, float *p,
                struct err *e)
{
    bool video = m->w.config.target == WORLD_VIDEO;

    if (n < 1 || n > m->max)
        return err_set(e, "%d frames at a time are not 1 to %d", n, m->max);
    m->n = n;
    if (tokenizer_encode(&m->t, px, n, m->pixels_w, m->pixels_h, m->seen, e) ||
        world_see(&m->w, m->seen, n, e))
        return -1;
    if (!video)
        return world_codes(&m->w, p, e);
    return tokenizer_encode(&m->t, still, n, m->pixels_w, m->pixels_h, m->still, e) ||
           world_changes(&m->w, m->still, p, m->change, e) ? -1 : 0;
}

/* Copies the tokens of n frames that were seen to m->from. */
static int recall(struct imagination *m, const int *frame, int n, struct err *e)
{
    for (int i = 0; i < n; i++) {
        if (frame[i] < 0 || frame[i] >= m->n)
            return err_set(e, "frame %d was not seen", frame[i]);
        memcpy(m->from + i * m->S, m->seen + frame[i] * m->S, (size_t)m->S * sizeof *m->from);
    }
    return 0;
}

/* What the world model writes where seen frame[i] first changes in cell at[i]. */
static int write_on(struct imagination *m, const int *frame, const int *at, int n, int *out,
                    struct err *e)
{
    for (int i = 0; i < n; i++) {
        int *to = out + i * m->S;

        if (at[i] < 0 || at[i] > m->S)
            return err_set(e, "%d is no cell of %d", at[i], m->S);
        memcpy(to, m->still + frame[i] * m->S, (size_t)m->S * sizeof *to);
        if (at[i] < m->S)
            to[at[i]] = m->change[frame[i] * m->S + at[i]];
        m->step[i] = at[i] < m->S ? at[i] + 1 : m->S;
    }
    return world_see(&m->w, m->from, n, e) || world_frame(&m->w, out, m->step, out, NULL, e)
        ? -1 : 0;
}

int imagine_draft(struct imagination *m, const int *frame, const int *code, int n, int *out,
                  struct err *e)
{
    enum world_target target = m->w.config.target;
    int most = target == WORLD_VIDEO && m->max < IMAGINE_DRAFTS ? m->max : IMAGINE_DRAFTS;

    if (target == WORLD_STATE)
        return err_set(e, "target state imagines no frames");
    for (int at = 0, k; at < n; at += k) {
        k = n - at < most ? n - at : most;
        if (recall(m, frame + at, k, e) ||
            (target == WORLD_VIDEO
             ? write_on(m, frame + at, code + at, k, out + at * m->S, e)
             : ldm_decode(&m->l, m->from, code + at, m->role, k, out + at * m->S, e)))
            return -1;
    }
    return 0;
}

/* Chooses z^h of n boards, codes (n, H), and puts the likeliest z^h+1 beside it. */
static int next_codes(struct imagination *m, int h, int n, int *codes, struct err *e)
{
    int H = m->w.config.horizon;

    for (int i = 0; i < n; i++)
        m->step[i] = codes[i * H + h - 1];
    if (world_next_code(&m->w, m->step, h < H ? m->p : NULL, e))
        return -1;
    for (int i = 0; i < n && h < H; i++)
        codes[i * H + h] = world_likeliest(m->p + i * m->K, m->K);
    return 0;
}

int imagine_next(struct imagination *m, const int *frame, int n, int *codes, const int *draft,
                 int *out, int *passes, struct err *e)
{
    if (n < 1 || n > m->max)
        return err_set(e, "%d frames at a time are not 1 to %d", n, m->max);
    if (m->w.config.target == WORLD_STATE)
        return err_set(e, "target state imagines no frames");
    if (m->w.config.target == WORLD_VIDEO) {
        memcpy(out, draft, (size_t)(n * m->S) * sizeof *out);
        if (passes)
            *passes = 0;
        return 0;
    }
    if (recall(m, frame, n, e) || world_see(&m->w, m->from, n, e))
        return -1;
    for (int h = 1; h <= m->w.config.horizon; h++)
        if (next_codes(m, h, n, codes, e))
            return -1;
    return world_frame(&m->w, draft, NULL, out, passes, e);
}

int imagine_show(struct imagination *m, const int *tokens, int n, uint8_t *px, struct err *e)
{
    return tokenizer_decode(&m->t, tokens, n, m->pixels_w, m->pixels_h, px, e);
}
