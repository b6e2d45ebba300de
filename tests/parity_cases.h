/*
 * parity_cases: the table of what tests/test_parity.c compares, and only that
 * includes it.  A case makes its buffers, then does the same on each device;
 * what it made is compared and freed afterwards.  Gradients are added twice.
 */
#ifndef TESTS_PARITY_CASES_H
#define TESTS_PARITY_CASES_H

struct parity_case {
    const char *name;
    void (*run)(struct parity *p, const int *shape);
    int shape[MOST_SHAPE];
    bool large;
};

#define EACH(d) for (int i = 0; i < 2; i++) \
        for (struct device *d = p->d[i]; d; d = NULL)
#define TWICE for (int again = 0; again < 2; again++)

#include "tests/parity_attention.h"

static void case_convert(struct parity *p, const int *s)
{
    size_t n = (size_t)s[0];
    struct buf *x = filled(p, DT_F32, INPUT, n, 1), *y = output(p, n);
    struct buf *back = buf_new(p, DT_F32, OUTPUT, n), *same = output(p, n), *zero = output(p, n);

    EACH(d) {
        d->ops->to_act(d, y->at[i], x->at[i], n);
        d->ops->from_act(d, back->at[i], y->at[i], n);
        d->ops->copy(d, same->at[i], y->at[i], n * dtype_size(d->act));
        d->ops->zero(d, zero->at[i], n * dtype_size(d->act));
    }
}

/* rows, width, strides of source and target */
static void case_rows(struct parity *p, const int *s)
{
    size_t rows = (size_t)s[0], width = (size_t)s[1], from = (size_t)s[2], to = (size_t)s[3];
    struct buf *x = input(p, rows * from), *y = gradient(p, rows * to);

    EACH(d) {
        size_t z = dtype_size(d->act);

        d->ops->copy_rows(d, y->at[i], to * z, x->at[i], from * z, width * z, rows);
    }
}

static void case_elements(struct parity *p, const int *s)
{
    size_t n = (size_t)s[0];
    struct buf *x = input(p, n), *r = input(p, n), *y = output(p, n), *in_place = gradient(p, n);
    struct buf *z = output(p, n), *dx = gradient(p, n);

    EACH(d) {
        d->ops->add(d, y->at[i], x->at[i], r->at[i], n);
        d->ops->add(d, in_place->at[i], in_place->at[i], r->at[i], n);
        d->ops->silu(d, z->at[i], x->at[i], n);
        TWICE d->ops->silu_backward(d, dx->at[i], r->at[i], x->at[i], n);
    }
}

/* N, in, out, bias?, residual?, elements before the bias */
static void case_linear(struct parity *p, const int *s)
{
    int N = s[0], in = s[1], out = s[2], before = s[5];
    struct param w[2], b[2];
    struct buf *x = input(p, (size_t)N * in), *y = output(p, (size_t)N * out);
    struct buf *r = input(p, (size_t)N * out), *onto = gradient(p, (size_t)N * out);
    struct buf *dy = input(p, (size_t)N * out), *dx = gradient(p, (size_t)N * in);
    struct buf *alone = output(p, (size_t)N * in), *sum = output(p, (size_t)N * in);

    tensor(p, w, out, in, 1 / sqrt(in));
    tensor(p, b, out + before, 1, 1);
    EACH(d) {
        const struct param *bias = s[3] ? &b[i] : NULL;

        b[i].out = out;
        b[i].w += before;
        b[i].c = act_at(d, b[i].c, (size_t)before);
        b[i].g += before;
        d->ops->linear(d, y->at[i], x->at[i], &w[i], bias, s[4] ? r->at[i] : NULL, N);
        d->ops->linear(d, onto->at[i], x->at[i], &w[i], bias, onto->at[i], N);
        TWICE d->ops->linear_backward(d, dx->at[i], &w[i], bias, dy->at[i], x->at[i], dx->at[i], N);
        d->ops->linear_backward(d, NULL, &w[i], NULL, dy->at[i], x->at[i], NULL, N);
        d->ops->linear_backward(d, alone->at[i], &w[i], NULL, dy->at[i], x->at[i], NULL, N);
        d->ops->linear_backward(d, sum->at[i], &w[i], NULL, dy->at[i], x->at[i], x->at[i], N);
    }
}

static void case_packed(struct parity *p, const int *s)
{
    int N = s[0], in = s[1], out = s[2];
    struct param w[2], b[2];
    struct buf *x = input(p, (size_t)N * in), *y = output(p, (size_t)N * out);

    tensor(p, w, out, in, 1 / sqrt(in));
    tensor(p, b, out, 1, 1);
    EACH(d) {
        d->ops->pack(d, &w[i]);
        d->ops->linear(d, y->at[i], x->at[i], &w[i], &b[i], NULL, N);
        d->ops->unpack(d, &w[i]);
    }
}

static void case_rmsnorm(struct parity *p, const int *s)
{
    int N = s[0], C = s[1];
    size_t n = (size_t)N * C;
    struct param g[2];
    struct buf *x = input(p, n), *y = output(p, n), *rstd = buf_new(p, DT_F32, OUTPUT, (size_t)N);
    struct buf *only = output(p, n), *dy = input(p, n), *dx = gradient(p, n);

    tensor(p, g, C, 1, 1);
    EACH(d) {
        d->ops->rmsnorm(d, y->at[i], rstd->at[i], x->at[i], &g[i], N, C);
        d->ops->rmsnorm(d, only->at[i], NULL, x->at[i], &g[i], N, C);
        TWICE d->ops->rmsnorm_backward(d, dx->at[i], &g[i], dy->at[i], x->at[i], rstd->at[i], N, C);
    }
}

static void case_modulate(struct parity *p, const int *s)
{
    int B = s[0], T = s[1], C = s[2];
    size_t n = (size_t)B * T * C;
    struct buf *x = input(p, n), *m = input(p, (size_t)B * 2 * C), *y = output(p, n);
    struct buf *dy = input(p, n), *dx = gradient(p, n), *dm = gradient(p, (size_t)B * 2 * C);

    EACH(d) {
        d->ops->modulate(d, y->at[i], x->at[i], m->at[i], B, T, C);
        TWICE d->ops->modulate_backward(d, dx->at[i], dm->at[i], dy->at[i], x->at[i], m->at[i], B,
                                        T, C);
    }
}

static void case_swiglu(struct parity *p, const int *s)
{
    int N = s[0], F = s[1];
    size_t n = (size_t)N * F;
    struct buf *x = input(p, 2 * n), *y = output(p, n), *dy = input(p, n);
    struct buf *dx = output(p, 2 * n);

    EACH(d) {
        d->ops->swiglu(d, y->at[i], x->at[i], N, F);
        d->ops->swiglu_backward(d, dx->at[i], dy->at[i], x->at[i], N, F);
    }
}

/* B, H, W, C, elements between boards beyond their own */
static void case_conv3(struct parity *p, const int *s)
{
    int B = s[0], H = s[1], W = s[2], C = s[3];
    size_t batch = (size_t)H * W * C + s[4], n = (size_t)B * batch;
    struct param k[2];
    struct buf *x = input(p, n), *r = input(p, n), *y = gradient(p, n), *z = gradient(p, n);
    struct buf *plain = gradient(p, n), *dy = input(p, n), *dx = gradient(p, n);

    tensor(p, k, C, 9, 0.5);
    EACH(d) {
        d->ops->conv3(d, y->at[i], x->at[i], &k[i], r->at[i], B, H, W, C, batch);
        d->ops->conv3(d, z->at[i], x->at[i], &k[i], x->at[i], B, H, W, C, batch);
        d->ops->conv3(d, plain->at[i], x->at[i], &k[i], NULL, B, H, W, C, batch);
        TWICE d->ops->conv3_backward(d, dx->at[i], &k[i], dy->at[i], x->at[i], B, H, W, C, batch);
    }
}

/* B, T, NH, HS, elements between tokens beyond their own (twice that between sequences) */
static void case_rope(struct parity *p, const int *s)
{
    int B = s[0], T = s[1], NH = s[2], HS = s[3];
    size_t row = (size_t)NH * HS + s[4], batch = row * T + 2 * s[4];
    struct buf *x = gradient(p, batch * B), *back = gradient(p, batch * B);
    struct buf *table = buf_new(p, DT_F32, INPUT, (size_t)T * HS);
    float *host = numbers((size_t)T * HS);
    int *rows = malloc((size_t)T * sizeof *rows), *cols = malloc((size_t)T * sizeof *cols);

    for (int t = 0; t < T; t++) {
        rows[t] = t / 9;
        cols[t] = t % 9;
    }
    ops_rope_table(host, rows, cols, T, HS, 100);
    buf_set(p, table, host);
    free(host);
    free(rows);
    free(cols);
    EACH(d) {
        d->ops->rope(d, x->at[i], table->at[i], B, T, NH, HS, row, batch, false);
        d->ops->rope(d, back->at[i], table->at[i], B, T, NH, HS, row, batch, true);
    }
}

static void case_embed(struct parity *p, const int *s)
{
    int N = s[0], V = s[1], C = s[2];
    size_t n = (size_t)N * C;
    struct param table[2];
    struct buf *id = whole(p, DT_I32, (size_t)N, 0, V), *y = output(p, n), *dy = input(p, n);

    tensor(p, table, V, C, 1);
    EACH(d) {
        d->ops->embed(d, y->at[i], &table[i], id->at[i], N);
        TWICE d->ops->embed_backward(d, &table[i], dy->at[i], id->at[i], N);
    }
}

static void case_patches(struct parity *p, const int *s)
{
    int B = s[0], H = s[1], W = s[2], P = s[3];
    size_t n = (size_t)B * H * W * P * P * 3;
    struct buf *px = whole(p, DT_U8, n, 0, 256), *y = output(p, n);
    struct buf *x = filled(p, DT_BF16, INPUT, n, 0.7), *out = buf_new(p, DT_U8, OUTPUT, n);

    EACH(d) {
        d->ops->patchify(d, y->at[i], px->at[i], B, H, W, P);
        d->ops->unpatchify(d, out->at[i], x->at[i], B, H, W, P);
    }
}

/* N, then the levels */
static void case_fsq(struct parity *p, const int *s)
{
    int N = s[0], D = 0, codes = 1;
    const int *levels = s + 1;
    struct buf *x, *index, *y, *soft, *id, *decoded, *dy, *dx;

    while (D < MOST_SHAPE - 1 && levels[D])
        codes *= levels[D++];
    x = input(p, (size_t)N * D);
    y = output(p, (size_t)N * D);
    soft = output(p, (size_t)N * D);
    decoded = output(p, (size_t)N * D);
    index = buf_new(p, DT_I32, OUTPUT, (size_t)N);
    id = whole(p, DT_I32, (size_t)N, 0, codes);
    dy = input(p, (size_t)N * D);
    dx = gradient(p, (size_t)N * D);
    EACH(d) {
        d->ops->fsq(d, y->at[i], index->at[i], x->at[i], levels, D, N, true);
        d->ops->fsq(d, soft->at[i], NULL, x->at[i], levels, D, N, false);
        d->ops->fsq_decode(d, decoded->at[i], id->at[i], levels, D, N);
        TWICE d->ops->fsq_backward(d, dx->at[i], dy->at[i], x->at[i], levels, D, N);
    }
}

static void case_waves(struct parity *p, const int *s)
{
    int N = s[0], K = s[1];
    struct buf *x = input(p, (size_t)N), *y = output(p, (size_t)N * K);
    struct buf *dy = input(p, (size_t)N * K), *dx = gradient(p, (size_t)N);

    EACH(d) {
        d->ops->waves(d, y->at[i], x->at[i], N, K);
        TWICE d->ops->waves_backward(d, dx->at[i], dy->at[i], x->at[i], N, K);
    }
}

static void case_logits(struct parity *p, const int *s)
{
    int N = s[0], V = s[1], M = 3;
    size_t n = (size_t)N * V;
    struct buf *x = filled(p, DT_BF16, INPUT, n, 3);
    struct buf *weight = filled(p, DT_F32, INPUT, (size_t)(N * M), 1);
    struct buf *target = whole(p, DT_I32, (size_t)(N * M), -1, V + 1);
    struct buf *loss = buf_new(p, DT_F32, OUTPUT, (size_t)N);
    struct buf *weighted = buf_new(p, DT_F32, OUTPUT, (size_t)N);
    struct buf *grad = filled(p, DT_BF16, GRADIENT, n, 3);
    struct buf *id = buf_new(p, DT_I32, OUTPUT, (size_t)N), *prob = buf_new(p, DT_F32, OUTPUT, n);

    EACH(d) {
        d->ops->argmax(d, id->at[i], x->at[i], N, V);
        d->ops->softmax(d, prob->at[i], x->at[i], N, V, 0.7f);
        d->ops->cross_entropy(d, loss->at[i], x->at[i], target->at[i], NULL, N, 1, V, 1, false);
        d->ops->cross_entropy(d, weighted->at[i], grad->at[i], target->at[i], weight->at[i], N, M,
                              V, 0.5f, true);
    }
}

static void case_pixel_loss(struct parity *p, const int *s)
{
    int N = s[0], C = s[1];
    size_t n = (size_t)N * C;
    struct buf *x = input(p, n), *y = input(p, n), *weight = filled(p, DT_F32, INPUT, (size_t)N, 1);

    for (int kind = 0; kind < 2; kind++) {
        struct buf *dx = filled(p, DT_BF16, GRADIENT, n, 1.0 / C);
        struct buf *loss = buf_new(p, DT_F32, OUTPUT, (size_t)N);
        struct buf *plain = buf_new(p, DT_F32, OUTPUT, (size_t)N);

        EACH(d) {
            TWICE d->ops->pixel_loss(d, loss->at[i], dx->at[i], x->at[i], y->at[i], weight->at[i],
                                     N, C, kind ? PIXEL_CHARBONNIER : PIXEL_L2, 0.5f);
            d->ops->pixel_loss(d, plain->at[i], NULL, x->at[i], y->at[i], NULL, N, C,
                               kind ? PIXEL_CHARBONNIER : PIXEL_L2, 1);
        }
    }
}

static void case_sums(struct parity *p, const int *s)
{
    size_t n = (size_t)s[0];
    struct buf *x = filled(p, DT_F32, INPUT, n, 1);
    double sum[2], squares[2];

    EACH(d) {
        sum[i] = d->ops->sum(d, x->at[i], n);
        squares[i] = d->ops->sum_squares(d, x->at[i], n);
    }
    judge(p, 0, fabs(sum[1] - sum[0]) / sqrt(squares[0] + 1e-30), 1e-6);
    judge(p, 0, fabs(squares[1] - squares[0]) / (squares[0] + 1e-30), 1e-6);
    if (p->d[CUDA]->ops->sum(p->d[CUDA], x->at[CUDA], n) != sum[CUDA])
        fail(p, "a sum that changes when repeated", 0);
}

static void case_adamw(struct parity *p, const int *s)
{
    size_t n = (size_t)s[0];
    struct adamw o = {.lr = 0.01f, .beta1 = 0.9f, .beta2 = 0.95f, .eps = 1e-8f, .decay = 0.1f,
                      .scale = 0.5f};
    struct buf *w = filled(p, DT_F32, GRADIENT, n, 1), *m = filled(p, DT_F32, GRADIENT, n, 0);
    struct buf *v = filled(p, DT_F32, GRADIENT, n, 0), *g = filled(p, DT_F32, INPUT, n, 1);
    struct buf *c = output(p, n), *e = filled(p, DT_F32, GRADIENT, n, 1);

    EACH(d)
        for (o.step = 1; o.step <= 3; o.step++) {
            d->ops->adamw(d, w->at[i], m->at[i], v->at[i], g->at[i], c->at[i], n, &o);
            d->ops->mix(d, e->at[i], 0.1f, w->at[i], 0.9f, n);
        }
}

/* The iteration is steep, so the errors of bf16 grow: 0.05 is allowed. */
static void case_orthogonalise(struct parity *p, const int *s)
{
    int rows = s[0], cols = s[1];
    size_t n = (size_t)rows * cols;
    struct buf *x = filled(p, DT_F32, GRADIENT, n, 3);
    struct buf *work = buf_new(p, DT_BF16, WORK, orthogonalise_work(rows, cols));

    x->allowed = 0.05;
    EACH(d)
        d->ops->orthogonalise(d, x->at[i], work->at[i], rows, cols);
}

/* x += silu(x w), three times; on the GPU from one recording */
static void case_graph(struct parity *p, const int *s)
{
    int N = s[0], C = s[1];
    size_t n = (size_t)N * C;
    struct param w[2];
    struct buf *x = gradient(p, n), *y = output(p, n);
    void *graph;

    tensor(p, w, C, C, 1 / sqrt(C));
    EACH(d) {
        bool recording = d->ops->graph_begin(d);

        if (recording != (i == CUDA))
            fail(p, "graph_begin: true on the GPU alone", 0);
        for (int again = 0; again < (recording ? 1 : 3); again++) {
            d->ops->linear(d, y->at[i], x->at[i], &w[i], NULL, NULL, N);
            d->ops->silu(d, y->at[i], y->at[i], n);
            d->ops->add(d, x->at[i], x->at[i], y->at[i], n);
        }
        if (!recording)
            continue;
        graph = d->ops->graph_end(d);
        for (int again = 0; again < 3; again++)
            d->ops->graph_launch(d, graph);
        d->ops->graph_free(d, graph);
    }
}

/* A failure sticks, is told once, and stops what comes after it; memory is counted. */
static void case_errors(struct parity *p, const int *s)
{
    struct err e, none;
    struct device *d;
    size_t before;
    void *q;

    (void)s;
    err_init(&e);
    err_init(&none);
    d = device_open_cuda(0, &e);
    if (!d) {
        fail(p, "a device does not open twice", 0);
        return;
    }
    before = d->bytes;
    q = d->ops->alloc(d, 1000);
    if (!q || d->bytes != before + 1000 || device_bytes_peak(d) < before + 1000)
        fail(p, "memory is not counted", 0);
    if (d->ops->alloc(d, (size_t)1 << 60) || !device_check(d, &e) || !strstr(e.msg, "memory"))
        fail(p, "2^60 bytes found", 0);
    d->ops->zero(d, NULL, 1000); /* would crash */
    d->ops->add(d, NULL, NULL, NULL, 1000);
    d->ops->free(d, q);
    d->ops->free(d, NULL);
    if (d->bytes != before)
        fail(p, "freed memory is still counted", 0);
    device_close(d);
    if (device_open_cuda(999, &none) || !strstr(none.msg, "cuda:999"))
        fail(p, "there are 1000 GPUs", 0);
}

static const struct parity_case cases[] = {
    {"convert", case_convert, {1}, false},
    {"convert", case_convert, {1000}, false},
    {"convert", case_convert, {9000000}, true},
    {"waves", case_waves, {77, 8}, false},
    {"copy rows", case_rows, {7, 5, 5, 9}, false},
    {"copy rows", case_rows, {3, 64, 200, 64}, false},
    {"add and silu", case_elements, {13}, false},
    {"add and silu", case_elements, {4096}, false},
    {"add and silu", case_elements, {5000001}, true},
    {"linear", case_linear, {1, 8, 8}, false},
    {"linear", case_linear, {5, 75, 13, 1, 1}, false},
    {"linear", case_linear, {33, 64, 96, 1, 0}, false},
    {"linear", case_linear, {33, 64, 96, 1, 1, 3}, false},
    {"linear", case_linear, {70, 48, 40, 1, 1}, false},
    {"linear", case_linear, {1, 768, 2304, 1, 1}, true},
    {"linear", case_linear, {4096, 384, 1152, 0, 1}, true},
    {"linear", case_linear, {3001, 768, 1000, 1, 1}, true},
    {"packed linear", case_packed, {3, 64, 48}, false},
    {"rmsnorm", case_rmsnorm, {5, 96}, false},
    {"rmsnorm", case_rmsnorm, {301, 13}, false},
    {"rmsnorm", case_rmsnorm, {1, 1000}, false},
    {"rmsnorm", case_rmsnorm, {9000, 768}, true},
    {"modulate", case_modulate, {3, 7, 24}, false},
    {"modulate", case_modulate, {2, 40, 5}, false},
    {"modulate", case_modulate, {8, 486, 384}, true},
    {"swiglu", case_swiglu, {7, 40}, false},
    {"swiglu", case_swiglu, {3, 333}, false},
    {"swiglu", case_swiglu, {2000, 2048}, true},
    {"conv3", case_conv3, {2, 3, 4, 8}, false},
    {"conv3", case_conv3, {3, 5, 5, 7, 21}, false},
    {"conv3", case_conv3, {2, 9, 9, 136, 136}, false},
    {"conv3", case_conv3, {1, 1, 1, 3}, false},
    {"conv3", case_conv3, {24, 19, 19, 384, 1920}, true},
    {"rope", case_rope, {2, 11, 3, 8}, false},
    {"rope", case_rope, {1, 20, 2, 32, 128}, false},
    {"rope", case_rope, {3, 7, 1, 4, 3}, false},
    {"rope", case_rope, {4, 486, 12, 64, 1536}, true},
    {"self attention", case_self_attention, {2, 2, 8, 13, SPAN_FULL}, false},
    {"self attention", case_self_attention, {1, 3, 24, 70, SPAN_CAUSAL}, false},
    {"self attention", case_self_attention, {2, 1, 32, 100, SPAN_PREFIX}, false},
    {"self attention", case_self_attention, {12, 2, 8, 65, SPAN_CAUSAL}, false},
    {"self attention", case_self_attention, {1, 1, 64, 130, SPAN_FRAMES}, false},
    {"self attention", case_self_attention, {1, 1, 128, 66, SPAN_CAUSAL}, false},
    {"self attention", case_self_attention, {4, 12, 64, 167, SPAN_PREFIX}, true},
    {"self attention", case_self_attention, {2, 6, 32, 486, SPAN_FRAMES}, true},
    {"self attention", case_self_attention, {2, 8, 48, 727, SPAN_CAUSAL}, true},
    {"self attention", case_self_attention, {3, 4, 128, 300, SPAN_FULL}, true},
    {"cross attention", case_cross_attention, {1, 2, 16, 1, 90, SPAN_FULL}, false},
    {"cross attention", case_cross_attention, {2, 1, 40, 5, 66, SPAN_CAUSAL}, false},
    {"cross attention", case_cross_attention, {1, 1, 32, 65, 3, SPAN_FULL}, false},
    {"cross attention", case_cross_attention, {8, 12, 64, 1, 700, SPAN_FULL}, true},
    {"cross attention", case_cross_attention, {8, 12, 64, 81, 486, SPAN_FULL}, true},
    {"embed", case_embed, {3, 5, 8}, false},
    {"embed", case_embed, {700, 10, 33}, false},
    {"embed", case_embed, {9000, 1000, 384}, true},
    {"patches", case_patches, {1, 2, 3, 1}, false},
    {"patches", case_patches, {2, 3, 2, 5}, false},
    {"patches", case_patches, {16, 19, 19, 16}, true},
    {"fsq", case_fsq, {50, 8, 5, 5, 5}, false},
    {"fsq", case_fsq, {300, 8, 8, 8, 5, 5, 5}, false},
    {"fsq", case_fsq, {77, 2}, false},
    {"fsq", case_fsq, {100000, 7, 64, 3}, true},
    {"logits", case_logits, {9, 2}, false},
    {"logits", case_logits, {5, 1000}, false},
    {"logits", case_logits, {33, 81}, false},
    {"logits", case_logits, {60, 64000}, true},
    {"pixel loss", case_pixel_loss, {5, 48}, false},
    {"pixel loss", case_pixel_loss, {19, 75}, false},
    {"pixel loss", case_pixel_loss, {5000, 768}, true},
    {"sums", case_sums, {1}, false},
    {"sums", case_sums, {100003}, false},
    {"sums", case_sums, {10000019}, true},
    {"adamw and mix", case_adamw, {333}, false},
    {"adamw and mix", case_adamw, {2048}, false},
    {"adamw and mix", case_adamw, {3000001}, true},
    {"orthogonalise", case_orthogonalise, {24, 24}, false},
    {"orthogonalise", case_orthogonalise, {13, 40}, false},
    {"orthogonalise", case_orthogonalise, {64, 16}, false},
    {"orthogonalise", case_orthogonalise, {768, 256}, true},
    {"orthogonalise", case_orthogonalise, {512, 1365}, true},
    {"training step", case_step, {2, 32, 2, 24, 2, 13}, false},
    {"training step", case_step, {8, 256, 8, 682, 8, 167}, true},
    {"graph", case_graph, {5, 32}, false},
    {"errors", case_errors, {0}, false},
};

#endif
