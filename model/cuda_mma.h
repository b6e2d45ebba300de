/*
 * cuda_mma: the tensor cores, bf16 in and f32 sums, a warp at a time.
 *
 * All 32 threads of the warp call each function together.  With g = lane / 4
 * and t = lane % 4, a thread holds (PTX ISA, mma.m16n8k16)
 *   of a (16 x 16): a[0] row g, a[1] row g+8 at columns 2t, 2t+1; a[2], a[3] the
 *                   same rows at columns 2t+8, 2t+9
 *   of b (16 x 8):  b0 rows 2t, 2t+1 and b1 rows 2t+8, 2t+9 of column g
 *   of c (16 x 8):  c[0], c[1] row g and c[2], c[3] row g+8, columns 2t, 2t+1
 * so two neighbouring c's, rounded to bf16 (mma_a_of_c), are an a.
 *
 * Matrices in shared memory are row-major, rows `ld` elements apart, each row
 * aligned to 16 bytes; ld = 8 mod 16 keeps clear of bank conflicts.
 */
#ifndef MODEL_CUDA_MMA_H
#define MODEL_CUDA_MMA_H

#include "model/cuda.h"

#ifdef __CUDACC__ /* else tests/cuda_on_cpu.h has brought these three */

/* c += a b */
__device__ inline void mma(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/*
 * Four 8 x 8 matrices: lane 8i + j names row j of matrix i, f[i] gets elements
 * 2t, 2t+1 of its row g, or with ldsm_t of its column g.
 */
__device__ inline void ldsm(uint32_t (&f)[4], const bf16 *row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(f[0]), "=r"(f[1]), "=r"(f[2]), "=r"(f[3])
                 : "r"((uint32_t)__cvta_generic_to_shared(row))
                 : "memory");
}

__device__ inline void ldsm_t(uint32_t (&f)[4], const bf16 *row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(f[0]), "=r"(f[1]), "=r"(f[2]), "=r"(f[3])
                 : "r"((uint32_t)__cvta_generic_to_shared(row))
                 : "memory");
}

#endif

__device__ inline int mma_lane()
{
    return threadIdx.x % LANES;
}

/* a = the 16 x 16 at s */
__device__ inline void mma_load_a(uint32_t (&a)[4], const bf16 *s, int ld)
{
    ldsm(a, s + mma_lane() % 16 * ld + mma_lane() / 16 * 8);
}

/* Two b's side by side, (b[0], b[1]) and (b[2], b[3]): the 16 x 16 at s */
__device__ inline void mma_load_b(uint32_t (&b)[4], const bf16 *s, int ld)
{
    ldsm_t(b, s + mma_lane() % 16 * ld + mma_lane() / 16 * 8);
}

/* The same of the transposed 16 x 16 at s */
__device__ inline void mma_load_bt(uint32_t (&b)[4], const bf16 *s, int ld)
{
    int lane = mma_lane();

    ldsm(b, s + (lane % 8 + lane / 16 * 8) * ld + lane / 8 % 2 * 8);
}

__device__ inline uint32_t mma_pair(float low, float high)
{
    union {
        uint32_t u;
        uint16_t half[2];
    } p;

    p.half[0] = __bfloat16_as_ushort(__float2bfloat16_rn(low));
    p.half[1] = __bfloat16_as_ushort(__float2bfloat16_rn(high));
    return p.u;
}

/* a = the 16 x 16 that c, d hold side by side */
__device__ inline void mma_a_of_c(uint32_t (&a)[4], const float (&c)[4], const float (&d)[4])
{
    a[0] = mma_pair(c[0], c[1]);
    a[1] = mma_pair(c[2], c[3]);
    a[2] = mma_pair(d[0], d[1]);
    a[3] = mma_pair(d[2], d[3]);
}

/*
 * c (16 x 8 N) += a (16 x 16 K) b, b from shared memory: bt (8 N x 16 K)
 * transposed where T, else b (16 K x 8 N).  N is even.
 */
template <bool T, int N, int K>
__device__ inline void mma_multiply(float (&c)[N][4], const uint32_t (&a)[K][4], const bf16 *b,
                                    int ld)
{
#pragma unroll
    for (int k = 0; k < K; k++)
#pragma unroll
        for (int n = 0; n < N; n += 2) {
            uint32_t f[4];

            if (T)
                mma_load_bt(f, b + n * 8 * ld + k * 16, ld);
            else
                mma_load_b(f, b + k * 16 * ld + n * 8, ld);
            mma(c[n], a[k], f[0], f[1]);
            mma(c[n + 1], a[k], f[2], f[3]);
        }
}

#endif
