/*
 * cublaslt_on_cpu: enough of cuBLASLt for model/cuda_linear.cu, as plain
 * loops; included after tests/cuda_on_cpu.h.  As the manual describes it:
 * column-major, d = alpha op(a) op(b) + beta c + bias per row.  Like the real
 * one it has no fast way for lengths and pointers that are not multiples of 16
 * bytes; here it says so, which sends those to the plain kernel.  And like the
 * real one's its kernels may want the bias aligned without having said so.
 */
#ifndef TESTS_CUBLASLT_ON_CPU_H
#define TESTS_CUBLASLT_ON_CPU_H

#include "tests/cuda_on_cpu.h"

enum cublasStatus_t {
    CUBLAS_STATUS_SUCCESS,
    CUBLAS_STATUS_INVALID_VALUE = 7,
    CUBLAS_STATUS_EXECUTION_FAILED = 13,
    CUBLAS_STATUS_NOT_SUPPORTED = 15
};
enum cublasOperation_t { CUBLAS_OP_N, CUBLAS_OP_T };
enum cudaDataType_t { CUDA_R_32F, CUDA_R_16BF };
enum { CUBLAS_COMPUTE_32F };
enum cublasLtEpilogue_t { CUBLASLT_EPILOGUE_DEFAULT, CUBLASLT_EPILOGUE_BIAS };
enum cublasLtMatmulDescAttributes_t {
    CUBLASLT_MATMUL_DESC_TRANSA,
    CUBLASLT_MATMUL_DESC_TRANSB,
    CUBLASLT_MATMUL_DESC_EPILOGUE,
    CUBLASLT_MATMUL_DESC_BIAS_POINTER
};
enum cublasLtMatmulPreferenceAttributes_t {
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES,
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES,
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES,
    CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
    CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES
};
enum { CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE = 2 };

typedef void *cublasLtHandle_t;

typedef struct emulated_product {
    cublasOperation_t ta, tb;
    cublasLtEpilogue_t epilogue;
    const __nv_bfloat16 *bias;
} *cublasLtMatmulDesc_t;

typedef struct emulated_layout {
    cudaDataType_t type;
    uint64_t rows, cols;
    int64_t ld;
} *cublasLtMatrixLayout_t;

typedef struct emulated_preference {
    uint32_t align[4]; /* 0: 256, as in the real one */
    uint32_t reduction;
    uint64_t workspace;
} *cublasLtMatmulPreference_t;

struct cublasLtMatmulAlgo_t {
    int chosen;
};

struct cublasLtMatmulHeuristicResult_t {
    cublasLtMatmulAlgo_t algo;
    cublasStatus_t state;
};

static inline cublasStatus_t cublasLtCreate(cublasLtHandle_t *h)
{
    static int handle;

    *h = &handle;
    return CUBLAS_STATUS_SUCCESS;
}

static inline void cublasLtDestroy(cublasLtHandle_t)
{
}

static inline const char *cublasLtGetStatusString(cublasStatus_t s)
{
    return s == CUBLAS_STATUS_INVALID_VALUE      ? "invalid value"
           : s == CUBLAS_STATUS_EXECUTION_FAILED ? "misaligned address"
                                                 : "not supported";
}

static inline cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *d, int, cudaDataType_t)
{
    *d = new emulated_product{};
    return CUBLAS_STATUS_SUCCESS;
}

static inline void cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t d)
{
    delete d;
}

static inline cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t d,
                                                            cublasLtMatmulDescAttributes_t which,
                                                            const void *value, size_t bytes)
{
    void *to[] = { &d->ta, &d->tb, &d->epilogue, &d->bias };
    size_t want[] = { sizeof(d->ta), sizeof(d->tb), sizeof(d->epilogue), sizeof(d->bias) };

    if (bytes != want[which])
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(to[which], value, bytes);
    return CUBLAS_STATUS_SUCCESS;
}

static inline cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *l,
                                                        cudaDataType_t type, uint64_t rows,
                                                        uint64_t cols, int64_t ld)
{
    if (ld < (int64_t)rows)
        return CUBLAS_STATUS_INVALID_VALUE;
    *l = new emulated_layout{ type, rows, cols, ld };
    return CUBLAS_STATUS_SUCCESS;
}

static inline void cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t l)
{
    delete l;
}

static inline cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *p)
{
    *p = new emulated_preference{};
    return CUBLAS_STATUS_SUCCESS;
}

static inline void cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t p)
{
    delete p;
}

static inline cublasStatus_t cublasLtMatmulPreferenceSetAttribute(
    cublasLtMatmulPreference_t p, cublasLtMatmulPreferenceAttributes_t which, const void *value,
    size_t bytes)
{
    void *to[] = { &p->align[0], &p->align[1], &p->align[2], &p->align[3], &p->reduction,
                   &p->workspace };
    size_t want = which == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES ? sizeof(p->workspace)
                                                                   : sizeof(p->reduction);

    if (bytes != want)
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(to[which], value, bytes);
    return CUBLAS_STATUS_SUCCESS;
}

static inline cublasStatus_t cublasLtMatmulAlgoGetHeuristic(
    cublasLtHandle_t, cublasLtMatmulDesc_t d, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
    cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t, cublasLtMatmulPreference_t p, int,
    cublasLtMatmulHeuristicResult_t *r, int *found)
{
    uint64_t k = d->ta ? a->rows : a->cols;

    if ((d->ta ? a->cols : a->rows) != c->rows || (d->tb ? b->rows : b->cols) != c->cols ||
        (d->tb ? b->cols : b->rows) != k || (d->epilogue == CUBLASLT_EPILOGUE_BIAS && !d->bias))
        return CUBLAS_STATUS_INVALID_VALUE;
    *found = a->ld % 8 == 0 && b->ld % 8 == 0 && c->ld % 8 == 0;
    for (int i = 0; i < 4; i++)
        *found = *found && p->align[i] % 16 == 0;
    r->algo.chosen = *found;
    r->state = *found ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
    return CUBLAS_STATUS_SUCCESS;
}

static inline float emulated_element(const void *p, cublasLtMatrixLayout_t l, uint64_t i)
{
    return l->type == CUDA_R_32F ? ((const float *)p)[i] : (float)((const __nv_bfloat16 *)p)[i];
}

static inline void emulated_matmul(emulated_product d, float alpha, const void *pa,
                                   emulated_layout a, const void *pb, emulated_layout b,
                                   float beta, const void *pc, void *pd, emulated_layout c)
{
    uint64_t depth = d.ta ? a.rows : a.cols;

    for (uint64_t j = 0; j < c.cols; j++)
        for (uint64_t i = 0; i < c.rows; i++) {
            uint64_t at = i + j * c.ld;
            float sum = 0;

            for (uint64_t k = 0; k < depth; k++)
                sum += emulated_element(pa, &a, d.ta ? k + i * a.ld : i + k * a.ld) *
                       emulated_element(pb, &b, d.tb ? j + k * b.ld : k + j * b.ld);
            sum = alpha * sum + (beta != 0 ? beta * emulated_element(pc, &c, at) : 0);
            if (d.epilogue == CUBLASLT_EPILOGUE_BIAS)
                sum += (float)d.bias[i];
            if (c.type == CUDA_R_32F)
                ((float *)pd)[at] = sum;
            else
                ((__nv_bfloat16 *)pd)[at] = __nv_bfloat16(sum);
        }
}

static inline cublasStatus_t cublasLtMatmul(
    cublasLtHandle_t, cublasLtMatmulDesc_t d, const void *alpha, const void *a,
    cublasLtMatrixLayout_t la, const void *b, cublasLtMatrixLayout_t lb, const void *beta,
    const void *c, cublasLtMatrixLayout_t lc, void *out, cublasLtMatrixLayout_t,
    const cublasLtMatmulAlgo_t *algo, void *, size_t, cudaStream_t stream)
{
    float s = *(const float *)alpha, t = *(const float *)beta;
    emulated_product product = *d;
    emulated_layout of_a = *la, of_b = *lb, of_c = *lc;

    if (!algo->chosen)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    for (const void *p : { a, b, c, (const void *)out, (const void *)product.bias })
        must_be_on_device(p);
    if (product.epilogue == CUBLASLT_EPILOGUE_BIAS && (uintptr_t)product.bias % 16)
        return CUBLAS_STATUS_EXECUTION_FAILED; /* "misaligned address" */
    submit(stream, [=] { emulated_matmul(product, s, a, of_a, b, of_b, t, c, out, of_c); });
    return CUBLAS_STATUS_SUCCESS;
}

#endif
