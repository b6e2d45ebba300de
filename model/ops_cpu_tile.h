/*
 * ops_cpu_tile: small products of matrices that lie in the processor's cache,
 * for attention.
 *
 * A block of C, at most TILE_ROWS by TILE_VECS vectors, stays in registers
 * while K goes by.  Vectors are as wide as the compilation's registers; C's
 * rows and B's are whole vectors long, so whoever packs them pads with zeros.
 */
#ifndef MODEL_OPS_CPU_TILE_H
#define MODEL_OPS_CPU_TILE_H

#include "model/ops_cpu.h"

#ifdef OPS_CPU_AVX512
enum { TILE_LANES = 16, TILE_ROWS = 8, TILE_VECS = 3 };
#elif defined OPS_CPU_AVX2
enum { TILE_LANES = 8, TILE_ROWS = 4, TILE_VECS = 3 };
#else
enum { TILE_LANES = 4, TILE_ROWS = 4, TILE_VECS = 3 };
#endif

typedef float tile_vec __attribute__((vector_size(TILE_LANES * sizeof(float))));
typedef tile_vec tile_memory __attribute__((aligned(4), may_alias)); /* lies anywhere */

/* C (M, N) = A B or += A B: A's (i, k) is a[i * ai + k * ak], B (K, N). */
struct tile {
    int M, N, K; /* N a multiple of TILE_LANES */
    bool add;
    float *c;
    const float *a, *b;
    size_t ldc, ai, ak, ldb;
};

/* n floats rounded up to whole vectors of any compilation */
static inline size_t tile_pad(size_t n)
{
    return (n + 15) / 16 * 16;
}

/* rows x vecs vectors of C from row i, column j on; rows and vecs are known when compiling. */
static inline __attribute__((always_inline)) void tile_block(const struct tile *t, int i, int j,
                                                             const int rows, const int vecs)
{
    const float *a = t->a + i * t->ai, *b = t->b + j;
    tile_vec sum[TILE_ROWS][TILE_VECS];

#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++)
            sum[r][v] = (tile_vec){0};
    for (int k = 0; k < t->K; k++, a += t->ak, b += t->ldb) {
        tile_vec row[TILE_VECS];

#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++)
            row[v] = *(const tile_memory *)(b + v * TILE_LANES);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
            for (int v = 0; v < vecs; v++)
                sum[r][v] += a[r * t->ai] * row[v];
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++) {
            tile_memory *c = (tile_memory *)(t->c + (i + r) * t->ldc + j + v * TILE_LANES);

            if (t->add)
                sum[r][v] += *c;
            *c = sum[r][v];
        }
}

/* All rows of `vecs` columns of vectors. */
static inline __attribute__((always_inline)) void tile_column(const struct tile *t, int j,
                                                              const int vecs)
{
    int i = 0;

    for (; i + TILE_ROWS <= t->M; i += TILE_ROWS)
        tile_block(t, i, j, TILE_ROWS, vecs);
    for (; i + TILE_ROWS / 2 <= t->M; i += TILE_ROWS / 2)
        tile_block(t, i, j, TILE_ROWS / 2, vecs);
    for (; i < t->M; i++)
        tile_block(t, i, j, 1, vecs);
}

static inline void tile_product(const struct tile *t)
{
    int j = 0;

    for (; j + 3 * TILE_LANES <= t->N; j += 3 * TILE_LANES)
        tile_column(t, j, 3);
    if (j + 2 * TILE_LANES <= t->N)
        tile_column(t, j, 2);
    else if (j + TILE_LANES <= t->N)
        tile_column(t, j, 1);
}

/* to (C, ld) = scale times from (R, C) transposed, columns R .. tile_pad(R)-1 zero */
static inline void tile_turn(float *to, size_t ld, const float *from, size_t row, int R, int C,
                             float scale)
{
    int r = 0, end = (int)tile_pad((size_t)R);

    for (; r + 16 <= R; r += 16)
        for (int c = 0; c < C; c++)
#pragma GCC unroll 16
            for (int i = r; i < r + 16; i++)
                to[c * ld + i] = scale * from[i * row + c];
    for (int c = 0; c < C; c++)
        for (int i = r; i < end; i++)
            to[c * ld + i] = i < R ? scale * from[i * row + c] : 0;
}

/* to (R, ld) = from (R, C), columns C .. ld-1 zero; ld = tile_pad(C) */
static inline void tile_pack(float *to, const elem *from, size_t row, int R, int C)
{
    int ld = (int)tile_pad((size_t)C);

    for (int r = 0; r < R; r++, from += row, to += ld) {
#pragma omp simd
        for (int c = 0; c < C; c++)
            to[c] = widen(from[c]);
        for (int c = C; c < ld; c++)
            to[c] = 0;
    }
}

/* to (R, C) = scale times from (R, tile_pad(C)) */
static inline void tile_put(elem *to, size_t row, const float *from, int R, int C, float scale)
{
    for (int r = 0; r < R; r++, to += row, from += tile_pad((size_t)C))
#pragma omp simd
        for (int c = 0; c < C; c++)
            to[c] = narrow(scale * from[c]);
}

#endif
