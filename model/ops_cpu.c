/* Opening and closing the CPU, its memory, and its table. */
#include "model/ops_cpu.h"

#include "config.h"
#include "model/ops_cpu_gemm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef CPU_AVX512BF16
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

enum { ALIGN = 64, MAX_THREADS = 1024 };

/* What lies before each allocation. */
union header {
    size_t bytes; /* header included */
    char pad[ALIGN];
};

static void *memory_get(struct device *d, size_t bytes)
{
    size_t all = (bytes + ALIGN - 1) / ALIGN * ALIGN + sizeof(union header);
    union header *h = all > bytes ? aligned_alloc(ALIGN, all) : NULL;

    if (!h) {
        err_set(&d->err, "out of memory: %zu bytes on top of %zu in use", bytes, d->bytes);
        return NULL;
    }
    h->bytes = all;
    device_got(d, all);
    return h + 1;
}

static void memory_give(struct device *d, void *p)
{
    union header *h = p;

    if (!h)
        return;
    h--;
    device_gave(d, h->bytes);
    free(h);
}

static void *cpu_alloc(struct device *d, size_t bytes)
{
    void *p = cpu_failed(d) ? NULL : memory_get(d, bytes);

    return p ? memset(p, 0, bytes) : NULL;
}

static void cpu_copy(struct device *d, void *dst, const void *src, size_t bytes)
{
    if (!cpu_failed(d) && bytes)
        memmove(dst, src, bytes);
}

static void cpu_copy_rows(struct device *d, void *dst, size_t dst_stride, const void *src,
                          size_t src_stride, size_t width, size_t rows)
{
    if (cpu_failed(d))
        return;
    for (size_t i = 0; i < rows; i++)
        memcpy((char *)dst + i * dst_stride, (const char *)src + i * src_stride, width);
}

static void cpu_zero(struct device *d, void *p, size_t bytes)
{
    if (!cpu_failed(d) && bytes)
        memset(p, 0, bytes);
}

static void cpu_sync(struct device *d)
{
    (void)d; /* every operation has finished when it returns */
}

static void cpu_close(struct device *d)
{
    struct cpu *c = cpu_of(d);

    gemm_free(c->gemm);
    for (int i = 0; i < SCRATCH_COUNT; i++)
        memory_give(d, c->scratch[i]);
    free(c);
}

/* A graph would gain nothing here: an operation starts in well under a microsecond. */
static bool cpu_graph_begin(struct device *d)
{
    (void)d;
    return false;
}

static void *cpu_graph_end(struct device *d)
{
    (void)d;
    return NULL;
}

static void cpu_graph_ignore(struct device *d, void *graph)
{
    (void)d;
    (void)graph;
}

void *cpu_scratch(struct device *d, enum cpu_scratch which, size_t bytes)
{
    struct cpu *c = cpu_of(d);

    if (bytes > c->scratch_bytes[which] || !c->scratch[which]) {
        memory_give(d, c->scratch[which]);
        c->scratch_bytes[which] = 0;
        c->scratch[which] = memory_get(d, bytes);
        if (c->scratch[which])
            c->scratch_bytes[which] = bytes;
    }
    return c->scratch[which];
}

float *cpu_slices(struct device *d, size_t n)
{
    size_t bytes = slice_stride(n) * SLICES * sizeof(float);
    float *p = cpu_scratch(d, SCRATCH_WORK, bytes);

    return p ? memset(p, 0, bytes) : NULL;
}

void cpu_add_slices(struct device *d, float *g, const float *slices, size_t n)
{
    size_t stride = slice_stride(n);

    (void)d; /* where there is no OpenMP */
#pragma omp parallel for simd num_threads(cpu_team(d, n * SLICES))
    for (size_t i = 0; i < n; i++) {
        float sum = 0;

        for (int s = 0; s < SLICES; s++)
            sum += slices[s * stride + i];
        g[i] += sum;
    }
}

static int cores(void)
{
#ifdef _OPENMP
    return omp_get_num_procs();
#else
    return 1;
#endif
}

#ifdef CPU_AVX512
/* __builtin_cpu_supports asks the system too, whether it keeps the wide registers. */
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

#ifdef CPU_AVX512BF16
/* Compilers' names of what is newer differ: these are the bits of cpuid's leaf 7. */
static bool has_avx512_bf16(void)
{
    unsigned a, b, c, d;

    return has_avx512() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5);
}
#endif

#ifdef CPU_AMX
/* Tiles of bf16, and the system's leave to use them, which a process must ask for (Linux 5.16). */
static bool has_amx(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, TILE_DATA = 18 };
    const unsigned tiles = 1u << 22 | 1u << 24;
    unsigned a, b, c, d;

    return has_avx512_bf16() && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & tiles) == tiles &&
           syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0;
}
#endif

static void fill_f32(struct ops *o)
{
#ifdef CPU_AVX512
    if (has_avx512()) {
        cpu_all_ops_avx512(o);
        return;
    }
#endif
#ifdef CPU_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        cpu_all_ops_avx2(o);
        return;
    }
#endif
    cpu_all_ops(o);
}

static void fill_bf16(struct ops *o)
{
#ifdef CPU_AVX512BF16
    if (has_avx512_bf16()) {
        cpu_all_ops_bf16_avx512(o);
        return;
    }
#endif
    cpu_all_ops_bf16(o);
}

void cpu_fill_paired(struct ops *o, bool tiles)
{
#ifdef CPU_AVX512BF16
    if (has_avx512_bf16())
        cpu_paired_attention_ops_bf16_avx512(o);
#endif
#ifdef CPU_AMX
    if (tiles && has_amx())
        cpu_paired_attention_ops_amx(o);
#endif
    (void)o;
    (void)tiles;
}

static void fill_table(struct cpu *c)
{
    struct ops *o = &c->table;

    o->alloc = cpu_alloc;
    o->free = memory_give;
    o->upload = o->download = o->copy = cpu_copy;
    o->copy_rows = cpu_copy_rows;
    o->zero = cpu_zero;
    o->sync = cpu_sync;
    o->close = cpu_close;
    o->graph_begin = cpu_graph_begin;
    o->graph_end = cpu_graph_end;
    o->graph_launch = o->graph_free = cpu_graph_ignore;
    if (c->d.act == DT_BF16)
        fill_bf16(o);
    else
        fill_f32(o);
    c->loops = *o;
    if (c->d.act == DT_BF16)
        cpu_fill_paired(o, true);
}

struct device *device_open_cpu(int threads, enum precision precision, struct err *e)
{
    struct cpu *c;

    if (threads < 0 || threads > MAX_THREADS) {
        err_set(e, "%d threads: at least 0 (all cores), at most %d", threads, MAX_THREADS);
        return NULL;
    }
    c = calloc(1, sizeof *c);
    if (!c) {
        err_set(e, "out of memory");
        return NULL;
    }
    c->threads = threads ? threads : cores();
#ifndef _OPENMP
    c->threads = 1;
#endif
    c->d.act = precision == PRECISION_BF16 ||
               (precision == PRECISION_AUTO && gemm_fast_bf16()) ? DT_BF16 : DT_F32;
    c->gemm = gemm_new(&c->d, c->threads, c->d.act, e);
    if (!c->gemm) {
        free(c);
        return NULL;
    }
    fill_table(c);
    c->d.ops = &c->table;
    snprintf(c->d.name, sizeof c->d.name, "cpu (%s, %s, %d thread%s)", gemm_name(c->gemm),
             c->d.act == DT_BF16 ? "bf16" : "f32", c->threads, c->threads == 1 ? "" : "s");
    return &c->d;
}
