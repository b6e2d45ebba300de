/* One GPU: opening and closing it, its memory, and recorded graphs. */
#include "model/cuda.h"

#include <stdio.h>
#include <stdlib.h>

bool cuda_ok(struct device *d, const char *what, cudaError_t r)
{
    if (r == cudaSuccess)
        return true;
    cudaGetLastError(); /* forgotten there, or another device's next launch would be blamed */
    err_set(&d->err, "cuda: %s: %s", what, cudaGetErrorString(r));
    return false;
}

bool cuda_ready(struct device *d)
{
    return !d->err.msg[0] && cuda_ok(d, "select the device", cudaSetDevice(cuda_of(d)->index));
}

/* Room for one more block in c's list; -1 when the host has no memory left. */
static int block_room(struct cuda *c)
{
    int room = c->room ? 2 * c->room : 64;
    struct block *p;

    if (c->n_blocks < c->room)
        return 0;
    p = (struct block *)realloc(c->blocks, room * sizeof(*p));
    if (!p)
        return err_set(&c->base.err, "out of memory");
    c->blocks = p;
    c->room = room;
    return 0;
}

void *cuda_get(struct device *d, size_t bytes)
{
    struct cuda *c = cuda_of(d);
    cudaError_t r;
    void *p = NULL;

    if (!cuda_ready(d) || block_room(c) < 0)
        return NULL;
    r = cudaMalloc(&p, bytes ? bytes : 1);
    if (r != cudaErrorMemoryAllocation && !cuda_ok(d, "alloc", r)) /* what ran before failed */
        return NULL;
    if (r != cudaSuccess) {
        cudaGetLastError(); /* not the end of the device, so let it be forgotten there */
        err_set(&d->err, "cuda: out of memory: %zu bytes on top of %zu in use", bytes, d->bytes);
        return NULL;
    }
    c->blocks[c->n_blocks++] = block{ p, bytes };
    device_got(d, bytes);
    cuda_ok(d, "alloc", cudaMemsetAsync(p, 0, bytes, c->stream));
    return p;
}

/* Also after a failure. */
static void cuda_free(struct device *d, void *p)
{
    struct cuda *c = cuda_of(d);

    for (int i = 0; i < c->n_blocks; i++)
        if (c->blocks[i].p == p) {
            cudaSetDevice(c->index);
            cudaFree(p);
            device_gave(d, c->blocks[i].bytes);
            c->blocks[i] = c->blocks[--c->n_blocks];
            return;
        }
}

static void cuda_transfer(struct device *d, const char *what, void *dst, const void *src,
                          size_t bytes, cudaMemcpyKind kind)
{
    if (bytes && cuda_ready(d))
        cuda_ok(d, what, cudaMemcpyAsync(dst, src, bytes, kind, cuda_of(d)->stream));
}

static void cuda_sync(struct device *d)
{
    if (cuda_ready(d))
        cuda_ok(d, "sync", cudaStreamSynchronize(cuda_of(d)->stream));
}

/* Waits as well: the caller may reuse src at once, whatever kind of memory it is. */
static void cuda_upload(struct device *d, void *dst, const void *src, size_t bytes)
{
    cuda_transfer(d, "upload", dst, src, bytes, cudaMemcpyHostToDevice);
    cuda_sync(d);
}

static void cuda_download(struct device *d, void *dst, const void *src, size_t bytes)
{
    cuda_transfer(d, "download", dst, src, bytes, cudaMemcpyDeviceToHost);
    cuda_sync(d);
}

static void cuda_copy(struct device *d, void *dst, const void *src, size_t bytes)
{
    cuda_transfer(d, "copy", dst, src, bytes, cudaMemcpyDeviceToDevice);
}

static void cuda_copy_rows(struct device *d, void *dst, size_t dst_stride, const void *src,
                           size_t src_stride, size_t width, size_t rows)
{
    if (width && rows && cuda_ready(d))
        cuda_ok(d, "copy rows",
                cudaMemcpy2DAsync(dst, dst_stride, src, src_stride, width, rows,
                                  cudaMemcpyDeviceToDevice, cuda_of(d)->stream));
}

static void cuda_zero(struct device *d, void *p, size_t bytes)
{
    if (bytes && cuda_ready(d))
        cuda_ok(d, "zero", cudaMemsetAsync(p, 0, bytes, cuda_of(d)->stream));
}

/* --- graphs: one of ours is the runtime's executable graph.  What waits for the
   device (upload, download, sums) cannot be recorded and fails the device. */

static bool cuda_graph_begin(struct device *d)
{
    return cuda_ready(d) &&
           cuda_ok(d, "graph begin",
                   cudaStreamBeginCapture(cuda_of(d)->stream, cudaStreamCaptureModeRelaxed));
}

static void *cuda_graph_end(struct device *d)
{
    cudaGraph_t graph = NULL;
    cudaGraphExec_t exec = NULL;
    cudaError_t r;

    cudaSetDevice(cuda_of(d)->index);
    r = cudaStreamEndCapture(cuda_of(d)->stream, &graph); /* leave capture whatever happened */
    if (cuda_ready(d) && cuda_ok(d, "graph end", r))
        cuda_ok(d, "graph instantiate", cudaGraphInstantiate(&exec, graph, 0));
    if (graph)
        cudaGraphDestroy(graph);
    return exec;
}

static void cuda_graph_launch(struct device *d, void *graph)
{
    if (cuda_ready(d))
        cuda_ok(d, "graph launch", cudaGraphLaunch((cudaGraphExec_t)graph, cuda_of(d)->stream));
}

static void cuda_graph_free(struct device *d, void *graph)
{
    cudaSetDevice(cuda_of(d)->index);
    cudaStreamSynchronize(cuda_of(d)->stream); /* it may still be running */
    if (graph)
        cudaGraphExecDestroy((cudaGraphExec_t)graph);
}

/* --- opening */

static void cuda_close(struct device *d)
{
    struct cuda *c = cuda_of(d);

    cudaSetDevice(c->index);
    if (c->stream)
        cudaStreamSynchronize(c->stream);
    cuda_plans_free(c->plans);
    if (c->lt)
        cublasLtDestroy(c->lt);
    cuda_free(d, c->workspace);
    cuda_free(d, c->scratch);
    cuda_free(d, c->parts);
    cudaFreeHost(c->total);
    if (c->stream)
        cudaStreamDestroy(c->stream);
    free(c->blocks);
    free(c);
}

static void fill_table(struct ops *t)
{
    t->alloc = cuda_get;
    t->free = cuda_free;
    t->upload = cuda_upload;
    t->download = cuda_download;
    t->copy = cuda_copy;
    t->copy_rows = cuda_copy_rows;
    t->zero = cuda_zero;
    t->sync = cuda_sync;
    t->close = cuda_close;
    t->graph_begin = cuda_graph_begin;
    t->graph_end = cuda_graph_end;
    t->graph_launch = cuda_graph_launch;
    t->graph_free = cuda_graph_free;
    cuda_ops_attention(t);
    cuda_ops_attention_backward(t);
    cuda_ops_image(t);
    cuda_ops_linear(t);
    cuda_ops_loss(t);
    cuda_ops_norm(t);
    cuda_ops_optimizer(t);
    cuda_ops_point(t);
    cuda_ops_token(t);
}

/* Everything that a device allocates for itself; -1 and d->err on failure. */
static int reserve(struct cuda *c)
{
    struct device *d = &c->base;

    if (!cuda_ready(d) ||
        !cuda_ok(d, "open", cudaStreamCreateWithFlags(&c->stream, cudaStreamNonBlocking)) ||
        !(c->workspace = cuda_get(d, CUDA_WORKSPACE)) ||
        !(c->scratch = (float *)cuda_get(d, CUDA_SCRATCH * sizeof(float))) ||
        !(c->parts = (double *)cuda_get(d, (CUDA_PARTS + 1) * sizeof(double))) ||
        !cuda_ok(d, "open", cudaMallocHost((void **)&c->total, sizeof(double))))
        return -1;
    if (cublasLtCreate(&c->lt) != CUBLAS_STATUS_SUCCESS)
        return err_set(&d->err, "cuda: cuBLASLt does not start");
    c->plans = cuda_plans_new(d);
    return c->plans ? 0 : -1;
}

/*
 * Counts the GPUs this program was built for (compute capability 8.0 and up);
 * *ordinal gets the index-th one's number in the runtime, if there is one.
 */
static int count_usable(int index, int *ordinal, struct err *e)
{
    int all = 0, usable = 0, major;
    cudaError_t r = cudaGetDeviceCount(&all);

    if (r != cudaSuccess) {
        cudaGetLastError();
        err_set(e, "no CUDA device: %s", cudaGetErrorString(r));
        return 0;
    }
    for (int i = 0; i < all; i++)
        if (cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, i) == cudaSuccess &&
            major >= 8 && usable++ == index)
            *ordinal = i;
    if (index >= usable)
        err_set(e, "no device cuda:%d: of %d GPUs, %d have compute capability 8.0 or more", index,
                all, usable);
    return usable;
}

extern "C" int device_cuda_count(void)
{
    int ordinal;

    return count_usable(0, &ordinal, NULL);
}

extern "C" struct device *device_open_cuda(int index, struct err *e)
{
    struct cuda *c;
    cudaDeviceProp prop;
    int ordinal = -1;

    count_usable(index, &ordinal, e);
    if (ordinal < 0)
        return NULL;
    c = (struct cuda *)calloc(1, sizeof(*c));
    if (!c) {
        err_set(e, "out of memory");
        return NULL;
    }
    c->index = ordinal;
    c->base.act = DT_BF16;
    c->base.ops = &c->table;
    fill_table(&c->table);
    if (reserve(c) < 0 ||
        !cuda_ok(&c->base, "open", cudaGetDeviceProperties(&prop, ordinal))) {
        err_set(e, "%s", c->base.err.msg);
        cuda_close(&c->base);
        return NULL;
    }
    snprintf(c->base.name, sizeof(c->base.name), "cuda:%d (%.40s, sm_%d%d, %.0f GiB, bf16)", index,
             prop.name, prop.major, prop.minor, (double)prop.totalGlobalMem / (1 << 30));
    return &c->base;
}
