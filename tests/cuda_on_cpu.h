/*
 * cuda_on_cpu: enough of CUDA to run the kernels of model/cuda_*.cu on a CPU,
 * so that they can be checked where no GPU is.  tests/test_emulated.cpp
 * includes this instead of CUDA's headers, then the kernels themselves.
 *
 * This is the host's side, memory and the runtime; what runs inside of kernels
 * is tests/warps_on_cpu.h.
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
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/warps_on_cpu.h"

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
