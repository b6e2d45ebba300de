/*
 * warps_on_cpu: what CUDA kernels are written in, on a CPU: types, the threads
 * of a block, shuffles, matrix operations.  Part of tests/cuda_on_cpu.h.
 *
 * The threads of a block are fibers of one thread, switched only where they
 * wait: at __syncthreads for the block, in shuffles and matrix operations for
 * their warp.  Blocks run one after another.  A warp runs as far as it gets
 * before the next one starts, in an order that differs from block to block, so
 * that a missing barrier shows; a barrier that some thread never reaches ends
 * the program with a message.
 */
#ifndef TESTS_WARPS_ON_CPU_H
#define TESTS_WARPS_ON_CPU_H

#include <functional>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

/* --- the language */

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)

struct dim3 {
    unsigned x, y, z;

    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_)
    {
    }
};

struct alignas(8) uint2 {
    uint32_t x, y;
};

struct alignas(16) uint4 {
    uint32_t x, y, z, w;
};

struct alignas(16) float4 {
    float x, y, z, w;
};

static inline float4 make_float4(float x, float y, float z, float w)
{
    return float4{ x, y, z, w };
}

struct __nv_bfloat16 {
    uint16_t bits;

    __nv_bfloat16() = default;

    explicit __nv_bfloat16(float f) /* to nearest, ties to even */
    {
        uint32_t u;

        memcpy(&u, &f, 4);
        bits = (uint16_t)(f != f ? 0x7fff : (u + 0x7fff + (u >> 16 & 1)) >> 16);
    }

    explicit operator float() const
    {
        uint32_t u = (uint32_t)bits << 16;
        float f;

        memcpy(&f, &u, 4);
        return f;
    }
};

static inline float __bfloat162float(__nv_bfloat16 v)
{
    return (float)v;
}

static inline __nv_bfloat16 __float2bfloat16_rn(float v)
{
    return __nv_bfloat16(v);
}

static inline uint16_t __bfloat16_as_ushort(__nv_bfloat16 v)
{
    return v.bits;
}

static inline float rsqrtf(float x)
{
    return 1 / sqrtf(x);
}

static inline void atomicAdd(float *p, float v)
{
    *p += v;
}

/* --- the threads of a block */

enum { WARP_SIZE = 32, BLOCK_MOST = 1024, STACK = 256 << 10 };

static dim3 threadIdx, blockIdx, blockDim, gridDim;

enum wait { RUNNING, AT_WARP, AT_BLOCK, DONE };

/* What a thread shows to its warp in one collective operation. */
union shown {
    uint32_t word[8];
    const __nv_bfloat16 *row;
};

struct fiber {
    ucontext_t context;
    char *stack;
    enum wait wait;
    int turn; /* which of the two it shows next: the other may still be read */
    union shown shown[2];
};

static struct emulated_block {
    struct fiber fiber[BLOCK_MOST];
    int n, current;
    ucontext_t scheduler;
    const std::function<void()> *kernel;
    unsigned blocks_run;
} block_state;

static inline void block_wait(enum wait what)
{
    struct fiber *f = &block_state.fiber[block_state.current];

    f->wait = what;
    swapcontext(&f->context, &block_state.scheduler);
}

static void fiber_main()
{
    (*block_state.kernel)();
    block_wait(DONE);
}

static void fiber_resume(int i)
{
    block_state.current = i;
    threadIdx.x = i % blockDim.x;
    threadIdx.y = i / blockDim.x % blockDim.y;
    threadIdx.z = i / blockDim.x / blockDim.y;
    swapcontext(&block_state.scheduler, &block_state.fiber[i].context);
}

/* Are all threads from first to end-1 waiting like that?  Then let them go on. */
static bool release(int first, int end, enum wait what)
{
    for (int i = first; i < end; i++)
        if (block_state.fiber[i].wait != what)
            return false;
    for (int i = first; i < end; i++)
        block_state.fiber[i].wait = RUNNING;
    return true;
}

static void fiber_start(struct fiber *f)
{
    if (!f->stack)
        f->stack = (char *)malloc(STACK);
    f->wait = RUNNING;
    f->turn = 0;
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = STACK;
    makecontext(&f->context, fiber_main, 0);
}

/* Runs a warp as far as it gets without the others: so they see it too early or too late. */
static void warp_run(int first, int end)
{
    struct emulated_block *b = &block_state;

    do
        for (int k = first; k < end; k++) {
            int i = b->blocks_run % 2 ? k : first + end - 1 - k;

            if (b->fiber[i].wait == RUNNING)
                fiber_resume(i);
        }
    while (release(first, end, AT_WARP));
}

static void block_run(const std::function<void()> &kernel)
{
    struct emulated_block *b = &block_state;
    int warps = (b->n + WARP_SIZE - 1) / WARP_SIZE;

    b->kernel = &kernel;
    b->blocks_run++;
    for (int i = 0; i < b->n; i++)
        fiber_start(&b->fiber[i]);
    do
        for (int k = 0; k < warps; k++) {
            int first = (int)((k + b->blocks_run / 2) % warps) * WARP_SIZE;

            warp_run(first, first + WARP_SIZE < b->n ? first + WARP_SIZE : b->n);
        }
    while (release(0, b->n, AT_BLOCK));
    if (!release(0, b->n, DONE)) {
        fprintf(stderr, "cuda_on_cpu: a barrier that not every thread reaches\n");
        abort();
    }
}

static inline void __syncthreads()
{
    block_wait(AT_BLOCK);
}

/* Shows s to the warp; afterwards warp_shown reads what lane i showed. */
static int warp_show(const union shown &s)
{
    struct fiber *f = &block_state.fiber[block_state.current];
    int turn = f->turn;

    f->shown[turn] = s;
    f->turn = !turn;
    block_wait(AT_WARP);
    return turn;
}

static const union shown &warp_shown(int lane, int turn)
{
    return block_state.fiber[block_state.current / WARP_SIZE * WARP_SIZE + lane].shown[turn];
}

template <class T> T __shfl_xor_sync(unsigned, T v, int mask)
{
    union shown s = {};

    static_assert(sizeof(T) == 4, "one word");
    memcpy(s.word, &v, 4);
    int turn = warp_show(s);
    memcpy(&v, warp_shown(block_state.current % WARP_SIZE ^ mask, turn).word, 4);
    return v;
}

/* --- what cuda_mma.h does by PTX, from the tables of the PTX manual */

static float word_half(uint32_t word, int high)
{
    __nv_bfloat16 b;

    b.bits = (uint16_t)(word >> 16 * high);
    return (float)b;
}

static void mma(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1)
{
    union shown s = { { a[0], a[1], a[2], a[3], b0, b1 } };
    int turn = warp_show(s), lane = block_state.current % WARP_SIZE;

    for (int i = 0; i < 4; i++) {
        int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;

        for (int k = 0; k < 16; k++) {
            const union shown &of_a = warp_shown(row % 8 * 4 + k % 8 / 2, turn);
            const union shown &of_b = warp_shown(column * 4 + k % 8 / 2, turn);

            c[i] += word_half(of_a.word[row / 8 + k / 8 * 2], k % 2) *
                    word_half(of_b.word[4 + k / 8], k % 2);
        }
    }
}

static void load_matrices(uint32_t (&f)[4], const __nv_bfloat16 *row, bool transposed)
{
    union shown s = {};
    int lane = block_state.current % WARP_SIZE, turn;

    if ((uintptr_t)row % 16) {
        fprintf(stderr, "cuda_on_cpu: ldmatrix of an unaligned row\n");
        abort();
    }
    s.row = row;
    turn = warp_show(s);
    for (int i = 0; i < 4; i++) {
        uint32_t half[2];

        for (int j = 0; j < 2; j++) {
            int r = transposed ? lane % 4 * 2 + j : lane / 4;
            int c = transposed ? lane / 4 : lane % 4 * 2 + j;

            half[j] = warp_shown(8 * i + r, turn).row[c].bits;
        }
        f[i] = half[0] | half[1] << 16;
    }
}

static void ldsm(uint32_t (&f)[4], const __nv_bfloat16 *row)
{
    load_matrices(f, row, false);
}

static void ldsm_t(uint32_t (&f)[4], const __nv_bfloat16 *row)
{
    load_matrices(f, row, true);
}

#endif
