/* The LDM forward and backward, on the device. */
#include "model/ldm.h"

static void zero_act(const struct ldm *l, act *p, int n)
{
    l->d->ops->zero(l->d, p, (size_t)n * dtype_size(l->d->act));
}

void ldm_upload(struct ldm *l, const int *from, const int *to, const int *role, int n)
{
    struct device *d = l->d;
    size_t cells = (size_t)(n * l->S) * sizeof(int);

    d->ops->upload(d, l->from, from, cells);
    if (to)
        d->ops->upload(d, l->to, to, cells);
    d->ops->upload(d, l->role, role, (size_t)n * sizeof(int));
}

/* One query a step over its S cells, with one head. */
static struct attn pooling(const struct ldm *l, int n)
{
    size_t P = LDM_PLACE, board = (size_t)l->S * P;

    return (struct attn){ .B = n, .NH = 1, .HS = LDM_PLACE, .Tq = 1, .Tk = l->S, .span = l->span,
                          .q_row = P, .k_row = P, .v_row = P, .o_row = P,
                          .q_batch = P, .k_batch = board, .v_batch = board, .o_batch = P };
}

void ldm_encode_device(struct ldm *l, int n, bool quantise)
{
    struct device *d = l->d;
    const struct tokenizer_config *c = &l->config.code;
    struct attn a = pooling(l, n);
    int N = n * l->S, C = l->config.width;

    d->ops->embed(d, l->pair, &l->from_e, l->from, N);
    d->ops->embed(d, l->mix_out, &l->to_e, l->to, N);
    d->ops->add(d, l->pair, l->pair, l->mix_out, (size_t)(N * C));
    d->ops->linear(d, l->mix_in, l->pair, &l->mix, &l->mix_b, NULL, N);
    d->ops->silu(d, l->mix_out, l->mix_in, (size_t)(N * C));
    d->ops->linear(d, l->k, l->mix_out, &l->key, NULL, NULL, N);
    d->ops->linear(d, l->v, l->place, &l->place_e, NULL, NULL, N);
    d->ops->linear(d, l->v, l->mix_out, &l->value, NULL, l->v, N);
    d->ops->embed(d, l->ask, &l->query, l->role, n);
    d->ops->attention(d, l->asked, l->lse, l->ask, l->k, l->v, &a);
    d->ops->linear(d, l->z, l->asked, &l->out_e, &l->out_eb, NULL, n);
    d->ops->fsq(d, l->q, l->code, l->z, c->levels, c->D, n, quantise);
    if (l->b)
        d->ops->fsq(d, l->b, NULL, l->z, c->levels, c->D, n, false);
}

void ldm_decode_device(struct ldm *l, int n)
{
    struct device *d = l->d;
    int N = n * l->S;

    d->ops->waves(d, l->wave, l->q, n * l->config.code.D, LDM_CODE_WAVES);
    d->ops->linear(d, l->h, l->wave, &l->lift1, &l->lift1_b, NULL, n);
    d->ops->silu(d, l->s, l->h, (size_t)n * LDM_LIFT);
    d->ops->embed(d, l->cond, &l->role_d, l->role, n);
    d->ops->linear(d, l->cond, l->s, &l->lift2, &l->lift2_b, l->cond, n);
    d->ops->embed(d, l->da.x, &l->from_d, l->from, N);
    d->ops->linear(d, l->m, l->wave, &l->point, &l->point_b, NULL, n);
    d->ops->modulate(d, l->pointed, l->place, l->m, n, l->S, LDM_PLACE);
    d->ops->linear(d, l->da.x, l->pointed, &l->point_d, NULL, l->da.x, N);
    d->ops->linear(d, l->da.x, l->place, &l->place_d, NULL, l->da.x, N);
    l->seq.B = n;
    stack_forward(&l->dec, &l->da, d, &l->seq);
    d->ops->rmsnorm(d, l->n, l->rstd, l->da.out, &l->norm_d, N, l->config.width);
    for (int i = 0; i < l->config.tokens.D; i++)
        d->ops->linear(d, l->logits[i], l->n, &l->digit[i], &l->digit_b[i], NULL, N);
}

/* From the logits' gradient to that of the code, in l->dq. */
static void decoder_backward(struct ldm *l, int n)
{
    struct device *d = l->d;
    int N = n * l->S, C = l->config.width, D = l->config.code.D;

    for (int i = 0; i < l->config.tokens.D; i++)
        d->ops->linear_backward(d, l->d1, &l->digit[i], &l->digit_b[i], l->logits[i], l->n,
                                i ? l->d1 : NULL, N);
    zero_act(l, l->da.dx, N * C);
    d->ops->rmsnorm_backward(d, l->da.dx, &l->norm_d, l->d1, l->da.out, l->rstd, N, C);
    zero_act(l, l->dcond, n * C);
    stack_backward(&l->dec, &l->da, d, &l->seq, l->dcond);
    d->ops->embed_backward(d, &l->from_d, l->da.dx, l->from, N);
    d->ops->linear_backward(d, l->dpointed, &l->point_d, NULL, l->da.dx, l->pointed, NULL, N);
    d->ops->linear_backward(d, NULL, &l->place_d, NULL, l->da.dx, l->place, NULL, N);
    zero_act(l, l->dm, n * 2 * LDM_PLACE);
    zero_act(l, l->dplace, N * LDM_PLACE);
    d->ops->modulate_backward(d, l->dplace, l->dm, l->dpointed, l->place, l->m, n, l->S,
                              LDM_PLACE);
    d->ops->linear_backward(d, l->dwave, &l->point, &l->point_b, l->dm, l->wave, NULL, n);
    d->ops->embed_backward(d, &l->role_d, l->dcond, l->role, n);
    d->ops->linear_backward(d, l->ds, &l->lift2, &l->lift2_b, l->dcond, l->s, NULL, n);
    zero_act(l, l->dh, n * LDM_LIFT);
    d->ops->silu_backward(d, l->dh, l->ds, l->h, (size_t)n * LDM_LIFT);
    d->ops->linear_backward(d, l->dwave, &l->lift1, &l->lift1_b, l->dh, l->wave, l->dwave, n);
    zero_act(l, l->dq, n * D);
    d->ops->waves_backward(d, l->dq, l->dwave, l->q, n * D, LDM_CODE_WAVES);
}

/* From that of the code, in l->dq. */
static void encoder_backward(struct ldm *l, int n)
{
    struct device *d = l->d;
    const struct tokenizer_config *c = &l->config.code;
    struct attn a = pooling(l, n);
    int N = n * l->S, C = l->config.width;

    zero_act(l, l->dz, n * c->D);
    d->ops->fsq_backward(d, l->dz, l->dq, l->z, c->levels, c->D, n);
    d->ops->linear_backward(d, l->dasked, &l->out_e, &l->out_eb, l->dz, l->asked, NULL, n);
    d->ops->attention_backward(d, l->dask, l->dk, l->dv, l->dasked, l->asked, l->lse, l->ask,
                               l->k, l->v, &a);
    d->ops->embed_backward(d, &l->query, l->dask, l->role, n);
    d->ops->linear_backward(d, NULL, &l->place_e, NULL, l->dv, l->place, NULL, N);
    d->ops->linear_backward(d, l->d1, &l->value, NULL, l->dv, l->mix_out, NULL, N);
    d->ops->linear_backward(d, l->d1, &l->key, NULL, l->dk, l->mix_out, l->d1, N);
    zero_act(l, l->d2, N * C);
    d->ops->silu_backward(d, l->d2, l->d1, l->mix_in, (size_t)(N * C));
    d->ops->linear_backward(d, l->d1, &l->mix, &l->mix_b, l->d2, l->pair, NULL, N);
    d->ops->embed_backward(d, &l->from_e, l->d1, l->from, N);
    d->ops->embed_backward(d, &l->to_e, l->d1, l->to, N);
}

void ldm_backward(struct ldm *l, int n, bool through, float commit)
{
    struct device *d = l->d;

    decoder_backward(l, n);
    if (!through && !(commit > 0))
        return;
    if (!through)
        zero_act(l, l->dq, n * l->config.code.D);
    if (commit > 0)
        d->ops->pixel_loss(d, l->pull, l->dq, l->b, l->q, NULL, n, l->config.code.D, PIXEL_L2,
                           commit);
    encoder_backward(l, n);
}
