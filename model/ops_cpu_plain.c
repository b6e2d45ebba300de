/* Matrix products by plain loops, for machines without oneDNN. */
#include "config.h"
#include "model/ops_cpu_gemm.h"

#ifndef HAVE_DNNL
#include "model/ops_cpu.h"

#include <stdlib.h>

enum { ROWS = 16, COLS = 256, DEPTH = 128 }; /* of C that one thread does at once; of K */

struct gemm {
    struct device *d;
    int threads;
    enum dtype in;
};

struct gemm_packed {
    const void *b; /* (N, K), of the gemm's type: there is no better layout */
};

bool gemm_fast_bf16(void)
{
    return false;
}

struct gemm *gemm_new(struct device *d, int threads, enum dtype in, struct err *e)
{
    struct gemm *g = calloc(1, sizeof *g);

    if (!g) {
        err_set(e, "out of memory");
        return NULL;
    }
    g->d = d;
    g->threads = threads;
    g->in = in;
    return g;
}

void gemm_free(struct gemm *g)
{
    free(g);
}

const char *gemm_name(struct gemm *g)
{
    (void)g;
    return "plain loops";
}

/* sum (M, N), COLS apart, = A B for a B stored (K, N): whole rows of B at a time. */
static void by_rows(const struct product *p, float *sum, const float *a, size_t lda,
                    const float *b, size_t ldb)
{
    for (int k0 = 0; k0 < p->K; k0 += DEPTH)
        for (int i = 0; i < p->M; i++)
            for (int k = k0; k < p->K && k < k0 + DEPTH; k++) {
                float s = p->at ? a[k * lda + i] : a[i * lda + k];
                const float *row = b + k * ldb;
                float *y = sum + i * COLS;

#pragma omp simd
                for (int j = 0; j < p->N; j++)
                    y[j] += s * row[j];
            }
}

/* The same for a B stored (N, K): inner products. */
static void by_dots(const struct product *p, float *sum, const float *a, size_t lda,
                    const float *b, size_t ldb)
{
    size_t step = p->at ? lda : 1;

    for (int i = 0; i < p->M; i++)
        for (int j = 0; j < p->N; j++) {
            const float *x = p->at ? a + i : a + i * lda, *w = b + j * ldb;
            float s = 0;

            if (step == 1) {
#pragma omp simd reduction(+ : s)
                for (int k = 0; k < p->K; k++)
                    s += x[k] * w[k];
            } else {
                for (int k = 0; k < p->K; k++)
                    s += x[k * step] * w[k];
            }
            sum[i * COLS + j] = s;
        }
}

/* The part of C from row i, column j on, at most ROWS by COLS. */
static void part(const struct product *p, void *c, const float *a, const float *b,
                 const float *bias, const void *r, int i, int j)
{
    size_t lda = (size_t)(p->at ? p->M : p->K), ldb = (size_t)(p->bt ? p->K : p->N);
    struct product q = *p;
    float sum[ROWS * COLS] = {0};

    q.M = p->M - i < ROWS ? p->M - i : ROWS;
    q.N = p->N - j < COLS ? p->N - j : COLS;
    a += p->at ? (size_t)i : i * lda;
    if (p->bt)
        by_dots(&q, sum, a, lda, b + j * ldb, ldb);
    else
        by_rows(&q, sum, a, lda, b + j, ldb);
    for (int m = 0; m < q.M; m++)
        for (int n = 0; n < q.N; n++) {
            size_t at = (size_t)(i + m) * (size_t)p->N + (size_t)(j + n);
            float x = sum[m * COLS + n] + (bias ? bias[j + n] : 0);

            if (p->c == DT_F32)
                ((float *)c)[at] = x + (r ? ((const float *)r)[at] : 0);
            else
                ((uint16_t *)c)[at] = bf16_of(x + (r ? of_bf16(((const uint16_t *)r)[at]) : 0));
        }
}

/* x as f32: itself, or a copy in scratch; slow, but as exact as hardware is.  NULL on failure. */
static const float *widened(struct gemm *g, enum cpu_scratch where, const void *x, size_t n)
{
    const uint16_t *from = x;
    float *to;

    if (g->in == DT_F32)
        return x;
    to = cpu_scratch(g->d, where, n * sizeof *to);
    for (size_t i = 0; to && i < n; i++)
        to[i] = of_bf16(from[i]);
    return to;
}

void gemm_run(struct gemm *g, const struct product *p, void *c, const void *av, const void *bv,
              const float *bias, const void *r)
{
    const float *a, *b;

    if (cpu_failed(g->d))
        return;
    a = widened(g, SCRATCH_WORK, av, (size_t)p->M * p->K);
    b = widened(g, SCRATCH_TAPS, bv, (size_t)p->K * p->N);
    if (!a || !b)
        return;
#pragma omp parallel for collapse(2) schedule(static) num_threads(g->threads)
    for (int i = 0; i < p->M; i += ROWS)
        for (int j = 0; j < p->N; j += COLS)
            part(p, c, a, b, bias, r, i, j);
}

struct gemm_packed *gemm_pack(struct gemm *g, const void *b, int N, int K)
{
    struct gemm_packed *to = calloc(1, sizeof *to);

    (void)N;
    (void)K;
    if (to)
        to->b = b;
    else
        err_set(&g->d->err, "out of memory");
    return to;
}

void gemm_unpack(struct gemm *g, struct gemm_packed *b)
{
    (void)g;
    free(b);
}

void gemm_run_packed(struct gemm *g, const struct product *p, void *c, const void *a,
                     const struct gemm_packed *b, const float *bias, const void *r)
{
    struct product plain = *p;

    plain.bt = true;
    gemm_run(g, &plain, c, a, b->b, bias, r);
}
#else
typedef int model_ops_cpu_plain_unused; /* ops_cpu_dnnl.c does the products */
#endif
