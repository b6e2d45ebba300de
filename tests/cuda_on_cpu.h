/*
 * cuda_on_cpu: enough of CUDA to run the kernels of model/cuda_*.cu on a CPU,
 * so that they can be checked where no GPU is.  tests/test_emulated.cpp
 * includes this instead of CUDA's headers, then the kernels themselves.
 *
 * The threads of a block are fibers of one thread, switched only where they
 * wait: at __syncthreads for the block, in shuffles and matrix operations for
 * their warp.  Blocks run one after another.  A warp runs as far as it gets
 * before the next one starts, in an order that differs from block to block, so
 * that a missing barrier shows; a barrier that some thread never reaches ends
 * the program with a message.
 *
 * Work is done when the host waits for it, not before.  Device memory is filled
 * with NaN and out of the host's reach otherwise: whoever looks into it without
 * a download crashes, as beside a real GPU.  AddressSanitizer sees what lies
 * outside of it, and the vector types' alignment is checked by UBSan.
 *
 * Not covered: real concurrency of blocks and warps, the PTX of cuda_mma.h
 * (rewritten here), cuBLASLt (tests/cublaslt_on_cpu.h), speed.
 */
#ifndef TESTS_CUDA_ON_CPU_H
#define TESTS_CUDA_ON_CPU_H

#include <functional>
#include <map>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <type_traits>
#include <ucontext.h>
#include <utility>
#include <vector>

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

/* --- device memory: an address range of its own, open while work is done */

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { PAGE = 4096, ALIGNED = 256 };
static const size_t RANGE = (size_t)1 << 36;

static struct device_memory {
    char *base;
    size_t used; /* from base on; addresses that were freed are not given out again */
    std::map<void *, size_t> blocks;
} device_memory;

static bool on_device(const void *p)
{
    return (const char *)p >= device_memory.base && (const char *)p < device_memory.base + RANGE;
}

static void device_memory_open(bool open)
{
    size_t pages = (device_memory.used + PAGE - 1) / PAGE * PAGE;

    if (pages && mprotect(device_memory.base, pages, open ? PROT_READ | PROT_WRITE : PROT_NONE)) {
        perror("cuda_on_cpu: mprotect");
        abort();
    }
}

static void must_be_on_device(const void *p)
{
    if (p && !on_device(p)) {
        fprintf(stderr, "cuda_on_cpu: the device is given host memory\n");
        abort();
    }
}

/* --- the runtime: one stream, which a graph may be recording */

enum cudaError_t {
    cudaSuccess,
    cudaErrorInvalidValue,
    cudaErrorMemoryAllocation,
    cudaErrorInvalidConfiguration,
    cudaErrorStreamCaptureUnsupported,
    cudaErrorStreamCaptureInvalidated
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum { cudaStreamNonBlocking, cudaStreamCaptureModeRelaxed, cudaDevAttrComputeCapabilityMajor };

typedef std::vector<std::function<void()>> emulated_graph;
typedef emulated_graph *cudaGraph_t, *cudaGraphExec_t;
typedef struct emulated_stream {
    emulated_graph work;   /* not yet done */
    cudaGraph_t recording; /* NULL: none */
    bool spoilt;           /* what is recorded, by something that cannot be */
} *cudaStream_t;

struct cudaDeviceProp {
    char name[64];
    int major, minor;
    size_t totalGlobalMem;
};

struct cudaLaunchConfig_t {
    dim3 gridDim, blockDim;
    cudaStream_t stream;
};

static cudaError_t submit(cudaStream_t s, std::function<void()> work)
{
    (s->recording ? s->recording : &s->work)->push_back(work);
    return cudaSuccess;
}

static inline cudaError_t cudaStreamSynchronize(cudaStream_t s)
{
    if (s->recording) {
        s->spoilt = true;
        return cudaErrorStreamCaptureUnsupported;
    }
    device_memory_open(true);
    for (const std::function<void()> &work : s->work)
        work();
    device_memory_open(false);
    s->work.clear();
    return cudaSuccess;
}

static void grid_run(dim3 grid, dim3 threads, const std::function<void()> &kernel)
{
    gridDim = grid;
    blockDim = threads;
    block_state.n = (int)(threads.x * threads.y * threads.z);
    for (blockIdx.z = 0; blockIdx.z < grid.z; blockIdx.z++)
        for (blockIdx.y = 0; blockIdx.y < grid.y; blockIdx.y++)
            for (blockIdx.x = 0; blockIdx.x < grid.x; blockIdx.x++)
                block_run(kernel);
}

template <class T> void check_argument(const T &x)
{
    if constexpr (std::is_pointer_v<T>)
        must_be_on_device((const void *)x);
}

template <class... Params, class... Args>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t *c, void (*kernel)(Params...),
                               Args &&...args)
{
    dim3 grid = c->gridDim, threads = c->blockDim;

    (check_argument<Params>(args), ...);
    if (grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535 ||
        threads.x * threads.y * threads.z > BLOCK_MOST)
        return cudaErrorInvalidConfiguration;
    return submit(c->stream, [=] { grid_run(grid, threads, [=] { kernel(args...); }); });
}

static inline cudaError_t cudaMalloc(void **p, size_t bytes)
{
    struct device_memory *m = &device_memory;
    size_t room = bytes < RANGE ? (bytes + ALIGNED) / ALIGNED * ALIGNED : RANGE; /* and a gap */

    if (!m->base)
        m->base = (char *)mmap(NULL, RANGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                               -1, 0);
    if (m->base == MAP_FAILED || room > RANGE - m->used)
        return cudaErrorMemoryAllocation;
    *p = m->base + m->used;
    m->used += room;
    m->blocks[*p] = bytes;
    device_memory_open(true);
    memset(*p, 0xff, bytes);
    device_memory_open(false);
    ASAN_POISON_MEMORY_REGION((char *)*p + bytes, room - bytes);
    return cudaSuccess;
}

static std::vector<cudaStream_t> streams;

/* Waits for the device. */
static inline void cudaFree(void *p)
{
    for (cudaStream_t s : streams)
        cudaStreamSynchronize(s);
    if (!p)
        return;
    if (!device_memory.blocks.count(p)) {
        fprintf(stderr, "cuda_on_cpu: freed, but never allocated\n");
        abort();
    }
    size_t n = device_memory.blocks[p], skip = PAGE - (uintptr_t)p % PAGE;
    ASAN_POISON_MEMORY_REGION(p, n);
    if (n > skip + PAGE)
        madvise((char *)p + skip, (n - skip) / PAGE * PAGE, MADV_DONTNEED);
    device_memory.blocks.erase(p);
}

static inline cudaError_t cudaMallocHost(void **p, size_t bytes)
{
    *p = malloc(bytes);
    return *p ? cudaSuccess : cudaErrorMemoryAllocation;
}

static inline void cudaFreeHost(void *p)
{
    free(p);
}

static bool right_sides(const void *to, const void *from, cudaMemcpyKind kind)
{
    return on_device(to) == (kind != cudaMemcpyDeviceToHost) &&
           on_device(from) == (kind != cudaMemcpyHostToDevice);
}

static inline cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t n, cudaMemcpyKind kind,
                                          cudaStream_t s)
{
    if (!right_sides(to, from, kind))
        return cudaErrorInvalidValue;
    return submit(s, [=] { memmove(to, from, n); });
}

static inline cudaError_t cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from,
                                            size_t from_pitch, size_t width, size_t rows,
                                            cudaMemcpyKind kind, cudaStream_t s)
{
    if (!right_sides(to, from, kind) || width > to_pitch || width > from_pitch)
        return cudaErrorInvalidValue;
    return submit(s, [=] {
        for (size_t i = 0; i < rows; i++)
            memmove((char *)to + i * to_pitch, (const char *)from + i * from_pitch, width);
    });
}

static inline cudaError_t cudaMemsetAsync(void *p, int value, size_t n, cudaStream_t s)
{
    if (!on_device(p))
        return cudaErrorInvalidValue;
    return submit(s, [=] { memset(p, value, n); });
}

static inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, int)
{
    *s = new emulated_stream{ {}, NULL, false };
    streams.push_back(*s);
    return cudaSuccess;
}

static inline void cudaStreamDestroy(cudaStream_t s)
{
    for (size_t i = 0; i < streams.size(); i++)
        if (streams[i] == s)
            streams.erase(streams.begin() + i--);
    delete s;
    for (int i = 0; i < BLOCK_MOST; i++) {
        free(block_state.fiber[i].stack);
        block_state.fiber[i].stack = NULL;
    }
}

static inline cudaError_t cudaStreamBeginCapture(cudaStream_t s, int)
{
    s->recording = new emulated_graph;
    s->spoilt = false;
    return cudaSuccess;
}

static inline cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t *g)
{
    *g = s->recording;
    s->recording = NULL;
    if (!s->spoilt)
        return cudaSuccess;
    delete *g;
    *g = NULL;
    return cudaErrorStreamCaptureInvalidated;
}

static inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t *e, cudaGraph_t g, int)
{
    *e = new emulated_graph(*g);
    return cudaSuccess;
}

static inline cudaError_t cudaGraphLaunch(cudaGraphExec_t e, cudaStream_t s)
{
    for (const std::function<void()> &work : *e)
        submit(s, work);
    return cudaSuccess;
}

static inline void cudaGraphDestroy(cudaGraph_t g)
{
    delete g;
}

static inline void cudaGraphExecDestroy(cudaGraphExec_t e)
{
    delete e;
}

static inline cudaError_t cudaSetDevice(int)
{
    return cudaSuccess;
}

static inline cudaError_t cudaGetLastError()
{
    return cudaSuccess;
}

static inline const char *cudaGetErrorString(cudaError_t e)
{
    static const char *const names[] = { "no error", "invalid argument", "out of memory",
                                         "invalid configuration", "not while recording",
                                         "recording failed" };

    return names[e];
}

static inline cudaError_t cudaGetDeviceCount(int *n)
{
    *n = 1;
    return cudaSuccess;
}

static inline cudaError_t cudaDeviceGetAttribute(int *value, int, int)
{
    *value = 9;
    return cudaSuccess;
}

static inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp *p, int)
{
    *p = cudaDeviceProp{ "emulated by a CPU", 9, 0, (size_t)1 << 30 };
    return cudaSuccess;
}

#endif
