/*
 * ops_cpu_pairs: products of bf16 in blocks of BLOCK x BLOCK results, for attention, by the
 * instructions that take pairs of elements: AMX's TDPBF16PS (OPS_CPU_AMX; Intel's Architecture
 * Instruction Set Extensions, chapter 3) or AVX-512's VDPBF16PS, by the compiler's intrinsics.
 *
 * Both want a product's left side in `rows`, as usual, and its right side, (K, N), in `pairs`:
 * (K/2, N, 2), two rows zipped.  Seen as matrices of words of two elements each, the pairs of a
 * transposed matrix are its rows, transposed, and the other way round: turn() does both.
 */
#ifndef MODEL_OPS_CPU_PAIRS_H
#define MODEL_OPS_CPU_PAIRS_H

#include "model/ops_cpu.h"

#include "model/ops_cpu_lanes.h"

#include <string.h>

enum { BLOCK = 32 };

/* n elements rounded up to whole blocks */
static inline size_t blocks(int n)
{
    return ((size_t)n + BLOCK - 1) / BLOCK * BLOCK;
}

/* Around the products of a task */
static inline void products_begin(void);
static inline void products_end(void);

/* c (BLOCK, BLOCK) = a (BLOCK, K), rows, times b (K, BLOCK), pairs; K a multiple of BLOCK. */
static inline void product(float *c, size_t ldc, const elem *a, size_t lda, const uint32_t *b,
                           size_t ldb, size_t K);

#ifdef OPS_CPU_AMX
/* Compilers do not know that the intrinsics of tiles read and write memory: it is as it should be,
   p's included, from here on. */
static inline void settled(const void *p)
{
    __asm__ volatile("" : : "r"(p) : "memory");
}

static inline void products_begin(void)
{
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } config = {.palette = 1};

    for (int i = 0; i < 8; i++) {
        config.rows[i] = 16;
        config.bytes[i] = 64;
    }
    settled(&config);
    _tile_loadconfig(&config);
}

static inline void products_end(void)
{
    _tile_release();
}

static inline void product(float *c, size_t ldc, const elem *a, size_t lda, const uint32_t *b,
                           size_t ldb, size_t K)
{
    settled(c);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t k = 0; k < K; k += 2 * LANES, b += LANES * ldb) {
        _tile_loadd(4, a + k, lda * sizeof *a);
        _tile_loadd(5, a + k + 16 * lda, lda * sizeof *a);
        _tile_loadd(6, b, ldb * sizeof *b);
        _tile_loadd(7, b + 16, ldb * sizeof *b);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c, ldc * sizeof *c);
    _tile_stored(1, c + 16, ldc * sizeof *c);
    _tile_stored(2, c + 16 * ldc, ldc * sizeof *c);
    _tile_stored(3, c + 16 * ldc + 16, ldc * sizeof *c);
    settled(c);
}

#else /* AVX-512 */

enum { ROWS = 8 }; /* of a block, whose results stay in registers while K goes by */

static inline void products_begin(void)
{
}

static inline void products_end(void)
{
}

static inline void product(float *c, size_t ldc, const elem *a, size_t lda, const uint32_t *b,
                           size_t ldb, size_t K)
{
    for (int r = 0; r < BLOCK; r += ROWS, c += ROWS * ldc, a += ROWS * lda) {
        __m512 sum[ROWS][2];

#pragma GCC unroll 8
        for (int i = 0; i < ROWS; i++)
            sum[i][0] = sum[i][1] = _mm512_setzero_ps();
        for (size_t k = 0; k < K; k += 2) {
            const uint32_t *pairs = b + k / 2 * ldb;
            __m512bh left = (__m512bh)_mm512_loadu_si512(pairs);
            __m512bh right = (__m512bh)_mm512_loadu_si512(pairs + LANES);

#pragma GCC unroll 8
            for (int i = 0; i < ROWS; i++) {
                __m512bh both;
                int word;

                memcpy(&word, a + (size_t)i * lda + k, sizeof word);
                both = (__m512bh)_mm512_set1_epi32(word);
                sum[i][0] = _mm512_dpbf16_ps(sum[i][0], both, left);
                sum[i][1] = _mm512_dpbf16_ps(sum[i][1], both, right);
            }
        }
#pragma GCC unroll 8
        for (int i = 0; i < ROWS; i++) {
            _mm512_storeu_ps(c + (size_t)i * ldc, sum[i][0]);
            _mm512_storeu_ps(c + (size_t)i * ldc + LANES, sum[i][1]);
        }
    }
}

#endif

/* to (C, R) = from (R, C) transposed, 16 x 16 words */
static inline void turn_tile(uint32_t *to, size_t ldt, const uint32_t *from, size_t ldf)
{
    __m512i r[16], t[16];

    for (int i = 0; i < 16; i++)
        r[i] = _mm512_loadu_si512(from + i * ldf);
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) { /* lane l of r[i+j]: column 4l+j of rows i .. i+3 */
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int j = 0; j < 4; j++) {
        __m512i even = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x88);
        __m512i odd = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xdd);
        __m512i even2 = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x88);
        __m512i odd2 = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xdd);

        _mm512_storeu_si512(to + j * ldt, _mm512_shuffle_i32x4(even, even2, 0x88));
        _mm512_storeu_si512(to + (4 + j) * ldt, _mm512_shuffle_i32x4(odd, odd2, 0x88));
        _mm512_storeu_si512(to + (8 + j) * ldt, _mm512_shuffle_i32x4(even, even2, 0xdd));
        _mm512_storeu_si512(to + (12 + j) * ldt, _mm512_shuffle_i32x4(odd, odd2, 0xdd));
    }
}

/* The same for words (R, C), both multiples of 16. */
static inline void turn(void *to, const void *from, size_t R, size_t C)
{
    for (size_t r = 0; r < R; r += 16)
        for (size_t c = 0; c < C; c += 16)
            turn_tile((uint32_t *)to + c * R + r, R, (const uint32_t *)from + r * C + c, C);
}

/* to (blocks(R), blocks(C)) = from (R, C), `row` elements apart */
static inline void pack_rows(elem *to, const elem *from, size_t row, int R, int C)
{
    int wide = (int)blocks(C);

    for (int r = 0; r < R; r++, from += row, to += wide)
        for (int c = 0; c < wide; c += 32) { /* calls of memcpy would cost more than they copy */
            __mmask32 there = C - c < 32 ? (1u << (C - c)) - 1 : ~0u;

            _mm512_storeu_si512(to + c, _mm512_maskz_loadu_epi16(there, from + c));
        }
    memset(to, 0, (blocks(R) - (size_t)R) * (size_t)wide * sizeof *to);
}

/* to = rows (R, C) in pairs */
static inline void pack_pairs(uint32_t *to, const elem *rows, size_t R, size_t C)
{
    for (size_t r = 0; r < R; r += 2, rows += 2 * C, to += C)
        for (size_t c = 0; c < C; c++)
            to[c] = rows[c] | (uint32_t)rows[C + c] << 16;
}

#endif
