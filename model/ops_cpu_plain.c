/* Matrix products by plain loops, for machines without oneDNN. */
#include "config.h"
#include "model/ops_cpu_gemm.h"

#ifndef HAVE_DNNL
#include "model/ops_cpu.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 16, COLS = 256, DEPTH = 128 }; /* of C that one thread does at once; of K */

struct gemm {
    struct device *d;
    int threads;
};

struct gemm_packed {
    const void *b; /* (N, K): there is no better layout */
    void *copy;    /* where b is ours, else NULL */
};

bool gemm_fast_bf16(void)
{
    return false;
}

struct gemm *gemm_new(struct device *d, int threads, enum dtype in, struct err *e)
{
    struct gemm *g;

    if (in == DT_BF16) {
        err_set(e, "bf16 products need a program built with oneDNN");
        return NULL;
    }
    g = calloc(1, sizeof *g);
    if (!g) {
        err_set(e, "out of memory");
        return NULL;
    }
    g->d = d;
    g->threads = threads;
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

/* C (M, N) += alpha A B for a B stored (K, N): whole rows of B at a time. */
static void add_rows(const struct product *p, float alpha, float *c, size_t ldc, const float *a,
                     size_t lda, const float *b, size_t ldb)
{
    for (int k0 = 0; k0 < p->K; k0 += DEPTH)
        for (int i = 0; i < p->M; i++)
            for (int k = k0; k < p->K && k < k0 + DEPTH; k++) {
                float s = alpha * (p->at ? a[k * lda + i] : a[i * lda + k]);
                const float *row = b + k * ldb;
                float *y = c + i * ldc;

#pragma omp simd
                for (int j = 0; j < p->N; j++)
                    y[j] += s * row[j];
            }
}

/* The same for a B stored (N, K): inner products. */
static void add_dots(const struct product *p, float alpha, float *c, size_t ldc, const float *a,
                     size_t lda, const float *b, size_t ldb)
{
    size_t step = p->at ? lda : 1;

    for (int i = 0; i < p->M; i++)
        for (int j = 0; j < p->N; j++) {
            const float *x = p->at ? a + i : a + i * lda, *w = b + j * ldb;
            float sum = 0;

            if (step == 1) {
#pragma omp simd reduction(+ : sum)
                for (int k = 0; k < p->K; k++)
                    sum += x[k] * w[k];
            } else {
                for (int k = 0; k < p->K; k++)
                    sum += x[k * step] * w[k];
            }
            c[i * ldc + j] += alpha * sum;
        }
}

int gemm_small(const struct product *p, float alpha, float *c, size_t ldc, const float *a,
               size_t lda, const float *b, size_t ldb)
{
    if (!p->add)
        for (int i = 0; i < p->M; i++)
            memset(c + i * ldc, 0, (size_t)p->N * sizeof *c);
    if (p->bt)
        add_dots(p, alpha, c, ldc, a, lda, b, ldb);
    else
        add_rows(p, alpha, c, ldc, a, lda, b, ldb);
    return 0;
}

void gemm_run(struct gemm *g, const struct product *p, float *c, const void *av, const void *bv,
              const float *bias)
{
    const float *a = av, *b = bv;
    size_t lda = p->at ? p->M : p->K, ldb = p->bt ? p->K : p->N;

#pragma omp parallel for collapse(2) schedule(static) num_threads(g->threads)
    for (int i = 0; i < p->M; i += ROWS)
        for (int j = 0; j < p->N; j += COLS) {
            struct product part = *p;
            float *y = c + (size_t)i * p->N + j;

            part.M = p->M - i < ROWS ? p->M - i : ROWS;
            part.N = p->N - j < COLS ? p->N - j : COLS;
            gemm_small(&part, 1.0f, y, p->N, p->at ? a + i : a + i * lda, lda,
                       p->bt ? b + j * ldb : b + j, ldb);
            for (int r = 0; bias && r < part.M; r++)
                for (int s = 0; s < part.N; s++)
                    y[(size_t)r * p->N + s] += bias[j + s];
        }
}

struct gemm_packed *gemm_pack(struct gemm *g, const void *b, int N, int K, bool lasting)
{
    struct gemm_packed *to = calloc(1, sizeof *to);
    size_t bytes = (size_t)N * K * sizeof(float);

    if (to && !lasting)
        to->copy = g->d->ops->alloc(g->d, bytes);
    if (!to || (!lasting && !to->copy)) {
        err_set(&g->d->err, "out of memory");
        free(to);
        return NULL;
    }
    to->b = lasting ? b : memcpy(to->copy, b, bytes);
    return to;
}

void gemm_unpack(struct gemm *g, struct gemm_packed *b)
{
    if (b)
        g->d->ops->free(g->d, b->copy);
    free(b);
}

void gemm_run_packed(struct gemm *g, const struct product *p, float *c, const void *a,
                     const struct gemm_packed *b, const float *bias)
{
    struct product plain = *p;

    plain.bt = true;
    gemm_run(g, &plain, c, a, b->b, bias);
}
#else
typedef int model_ops_cpu_plain_unused; /* ops_cpu_dnnl.c does the products */
#endif
