/*
 * ops_cpu_gemm: matrix products.  Two files implement it: over oneDNN's C API
 * (versions 2 and 3), or, when configured --without-onednn, plain loops.
 *
 * A product is C (M, N) = A (M, K) B (K, N) [+ bias (N)] [+ R (M, N)], row-major,
 * accumulated in f32.  A may be stored transposed as (K, M), B as (N, K).
 * The inputs are f32 or bf16, C is f32 or of their type, bias f32, R as C, which it may be.
 */
#ifndef MODEL_OPS_CPU_GEMM_H
#define MODEL_OPS_CPU_GEMM_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/err.h"
#include "model/ops.h"

struct gemm;        /* the products of one device; used by one thread at a time */
struct gemm_packed; /* a B matrix in the library's own layout */

struct product {
    int M, N, K;
    bool at, bt;  /* A is stored (K, M); B is stored (N, K) */
    enum dtype c; /* of C: DT_F32, or what the inputs are */
};

/* The processor multiplies bf16 faster than f32. */
bool gemm_fast_bf16(void);

/* Inputs of type in (DT_F32, DT_BF16), scratch from d; NULL and e where that is not possible. */
struct gemm *gemm_new(struct device *d, int threads, enum dtype in, struct err *e);
void gemm_free(struct gemm *g);       /* NULL is fine */
const char *gemm_name(struct gemm *g); /* "oneDNN 2.6.3", "plain loops" */

/* a and b are of the type given to gemm_new; bias and r may be NULL.  Failures stick in d->err. */
void gemm_run(struct gemm *g, const struct product *p, void *c, const void *a, const void *b,
              const float *bias, const void *r);

/* The same with B packed: p->bt is ignored. */
void gemm_run_packed(struct gemm *g, const struct product *p, void *c, const void *a,
                     const struct gemm_packed *b, const float *bias, const void *r);

/*
 * Packs B (K, N), stored (N, K), the w of a linear; NULL and d->err on failure.
 * b stays until gemm_unpack: where no layout is better it is not copied.
 */
struct gemm_packed *gemm_pack(struct gemm *g, const void *b, int N, int K);
void gemm_unpack(struct gemm *g, struct gemm_packed *b); /* NULL is fine */

#endif
