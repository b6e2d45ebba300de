/*
 * Matrix products by oneDNN, whose versions 2 and 3 ops_cpu_dnnl.h makes one.
 * A product's primitive is made once for each shape and kept in a hash table;
 * only the pointers change from call to call.
 */
#include "config.h"
#include "model/ops_cpu_gemm.h"

#ifdef HAVE_DNNL
#include "model/ops_cpu.h"
#include "model/ops_cpu_dnnl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

/* --- primitives, kept by shape -------------------------------------------- */

enum { TABLE = 1024, MAX_KEPT = TABLE / 2 }; /* a full table is emptied and filled anew */

/* Operands of a product. */
enum { OP_A, OP_B, OP_BIAS, OP_R, OP_C, OP_COUNT };

enum adds { ADDS_NOTHING, ADDS_R, ADDS_C }; /* what a product adds to */

struct key {
    struct product p;
    bool bias;
    enum adds adds;
    const struct gemm_packed *packed; /* B's layout, or NULL where it is plain */
};

struct kept {
    bool used;
    struct key key;
    dnnl_primitive_t primitive;
    dnnl_memory_t operand[OP_COUNT], scratchpad; /* without memory of their own */
    size_t scratch_bytes;
};

struct gemm_packed {
    dnnl_memory_t memory;
    layout layout;
    void *data; /* a copy in that layout, or NULL where memory is the caller's */
};

struct gemm {
    struct device *d;
    int threads;
    enum dtype type;     /* of inputs, */
    dnnl_data_type_t in; /* and in oneDNN's words */
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int count;
    char name[32];
    struct kept table[TABLE];
};

static dnnl_status_t layout_matrix(layout *l, int rows, int cols, bool transposed,
                                   dnnl_data_type_t type)
{
    dnnl_dims_t dims = {rows, cols};
    dnnl_dims_t strides = {transposed ? 1 : cols, transposed ? rows : 1};

    return layout_strided(l, dims, type, strides);
}

/* c is the layout of C, and of R. */
static dnnl_status_t make_attr(dnnl_primitive_attr_t *attr, enum adds adds, layout c)
{
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t s = dnnl_primitive_attr_create(attr);

    if (!s)
        s = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    if (s || adds == ADDS_NOTHING)
        return s;
    s = dnnl_post_ops_create(&ops);
    if (!s)
        s = adds == ADDS_C ? append_sum(ops) : dnnl_post_ops_append_binary(ops, dnnl_binary_add, c);
    if (!s)
        s = dnnl_primitive_attr_set_post_ops(*attr, ops);
    dnnl_post_ops_destroy(ops);
    return s;
}

/* The description of a product; b says how B lies. */
static dnnl_status_t describe(struct gemm *g, const struct key *k, layout b,
                              dnnl_primitive_desc_t *pd)
{
    layout a = NULL, bias = NULL, c = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_status_t s = layout_matrix(&a, k->p.M, k->p.K, k->p.at, g->in);

    if (!s)
        s = layout_matrix(&c, k->p.M, k->p.N, false, k->p.c == DT_F32 ? dnnl_f32 : g->in);
    if (!s && k->bias)
        s = layout_matrix(&bias, 1, k->p.N, false, dnnl_f32);
    if (!s)
        s = make_attr(&attr, k->adds, c);
    if (!s)
        s = matmul_pd(pd, g->engine, a, b, bias, c, attr);
    layout_free(a);
    layout_free(bias);
    layout_free(c);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    return s;
}

static void kept_release(struct kept *e)
{
    if (e->primitive)
        dnnl_primitive_destroy(e->primitive);
    for (int i = 0; i < OP_COUNT; i++)
        if (e->operand[i])
            dnnl_memory_destroy(e->operand[i]);
    if (e->scratchpad)
        dnnl_memory_destroy(e->scratchpad);
    memset(e, 0, sizeof *e);
}

static void forget_all(struct gemm *g)
{
    for (int i = 0; i < TABLE; i++)
        if (g->table[i].used)
            kept_release(&g->table[i]);
    g->count = 0;
}

static dnnl_status_t kept_init(struct gemm *g, struct kept *e, const struct key *k)
{
    static const dnnl_query_t query[OP_COUNT] = {
        [OP_A] = dnnl_query_src_md,
        [OP_B] = dnnl_query_weights_md,
        [OP_R] = dnnl_query_dst_md,
        [OP_C] = dnnl_query_dst_md,
    };
    dnnl_primitive_desc_t pd = NULL;
    layout b = NULL;
    dnnl_status_t s = k->packed ? layout_copy(&b, k->packed->layout)
                                : layout_matrix(&b, k->p.K, k->p.N, k->p.bt, g->in);

    e->used = true;
    e->key = *k;
    if (!s)
        s = describe(g, k, b, &pd);
    layout_free(b);
    if (!s)
        s = dnnl_primitive_create(&e->primitive, pd);
    for (int i = 0; i < OP_COUNT && !s; i++)
        if (i != OP_BIAS && !(i == OP_B && k->packed) && !(i == OP_R && k->adds != ADDS_R))
            s = dnnl_memory_create(&e->operand[i], layout_of(pd, query[i]), g->engine,
                                   DNNL_MEMORY_NONE);
    if (!s && k->bias) {
        layout bias = NULL;

        s = layout_matrix(&bias, 1, k->p.N, false, dnnl_f32);
        if (!s)
            s = dnnl_memory_create(&e->operand[OP_BIAS], bias, g->engine, DNNL_MEMORY_NONE);
        layout_free(bias);
    }
    if (!s) {
        e->scratch_bytes = dnnl_memory_desc_get_size(layout_of(pd, dnnl_query_scratchpad_md));
        if (e->scratch_bytes)
            s = dnnl_memory_create(&e->scratchpad, layout_of(pd, dnnl_query_scratchpad_md),
                                   g->engine, DNNL_MEMORY_NONE);
    }
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return s;
}

static bool key_equal(const struct key *a, const struct key *b)
{
    return a->p.M == b->p.M && a->p.N == b->p.N && a->p.K == b->p.K && a->p.at == b->p.at &&
           a->p.bt == b->p.bt && a->p.c == b->p.c && a->bias == b->bias && a->adds == b->adds &&
           a->packed == b->packed;
}

static size_t key_hash(const struct key *k)
{
    uint64_t h = (uintptr_t)k->packed;

    h = h * 31 + (uint64_t)k->p.M;
    h = h * 0x9e3779b97f4a7c15u + (uint64_t)k->p.N;
    h = h * 0x9e3779b97f4a7c15u + (uint64_t)k->p.K;
    h = h * 64 + (uint64_t)(k->p.at + 2 * k->p.bt + 4 * k->bias + 8 * (k->p.c != DT_F32));
    h += 16 * (uint64_t)k->adds;
    return (size_t)((h * 0x9e3779b97f4a7c15u) >> 40) % TABLE;
}

/* The kept primitive of k, made now if need be; NULL and d->err on failure. */
static struct kept *find(struct gemm *g, const struct key *k)
{
    size_t i;
    dnnl_status_t s;

    if (g->count == MAX_KEPT)
        forget_all(g);
    for (i = key_hash(k); g->table[i].used; i = (i + 1) % TABLE)
        if (key_equal(&g->table[i].key, k))
            return &g->table[i];
    s = kept_init(g, &g->table[i], k);
    if (s) {
        kept_release(&g->table[i]);
        err_set(&g->d->err, "oneDNN cannot make a product of %d x %d x %d (status %d)", k->p.M,
                k->p.N, k->p.K, (int)s);
        return NULL;
    }
    g->count++;
    return &g->table[i];
}

static void execute(struct gemm *g, const struct key *k, void *c, const void *a, const void *b,
                    const float *bias, const void *r)
{
    struct kept *e;
    dnnl_exec_arg_t args[OP_COUNT + 1];
    void *data[OP_COUNT] = {(void *)a, (void *)b, (void *)bias, (void *)r, c};
    static const int names[OP_COUNT] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS,
                                        DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1,
                                        DNNL_ARG_DST};
    dnnl_status_t s = dnnl_success;
    int n = 0;

    cpu_use_threads(g->threads);
    if (cpu_failed(g->d) || !(e = find(g, k)))
        return;
    for (int i = 0; i < OP_COUNT; i++)
        if (e->operand[i]) {
            s = s ? s : dnnl_memory_set_data_handle(e->operand[i], data[i]);
            args[n++] = (dnnl_exec_arg_t){names[i], e->operand[i]};
        }
    if (k->packed)
        args[n++] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, k->packed->memory};
    if (e->scratchpad) {
        void *p = cpu_scratch(g->d, SCRATCH_DNNL, e->scratch_bytes);

        if (!p)
            return;
        s = s ? s : dnnl_memory_set_data_handle(e->scratchpad, p);
        args[n++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, e->scratchpad};
    }
    s = s ? s : dnnl_primitive_execute(e->primitive, g->stream, n, args);
    s = s ? s : dnnl_stream_wait(g->stream);
    if (s)
        err_set(&g->d->err, "oneDNN failed in a product of %d x %d x %d (status %d)", k->p.M,
                k->p.N, k->p.K, (int)s);
}

/* --- the interface -------------------------------------------------------- */

static bool may_use(int isa)
{
    return ((int)dnnl_get_effective_cpu_isa() & isa) == isa;
}

/* Intel's processors since Sapphire Rapids (they have AVX512-FP16) mean bf16 for AMX, and without
   it multiply bf16 at half of f32's pace; virtual machines may hide AMX. */
static bool needs_amx(void)
{
#ifdef __x86_64__
    unsigned a, b, c, d;

    return __builtin_cpu_is("intel") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & 1u << 23);
#else
    return false;
#endif
}

bool gemm_fast_bf16(void)
{
    return may_use(dnnl_cpu_isa_avx512_core_amx) ||
           (may_use(dnnl_cpu_isa_avx512_core_bf16) && !needs_amx());
}

struct gemm *gemm_new(struct device *d, int threads, enum dtype in, struct err *e)
{
    const dnnl_version_t *v = dnnl_version();
    const struct key probe = {.p = {.M = 8, .N = 8, .K = 8}};
    struct gemm *g = calloc(1, sizeof *g);
    dnnl_status_t s;

    if (!g) {
        err_set(e, "out of memory");
        return NULL;
    }
    g->d = d;
    g->threads = threads;
    g->type = in;
    g->in = in == DT_BF16 ? dnnl_bf16 : dnnl_f32;
    snprintf(g->name, sizeof g->name, "oneDNN %d.%d.%d", v->major, v->minor, v->patch);
    s = dnnl_engine_create(&g->engine, dnnl_cpu, 0);
    s = s ? s : dnnl_stream_create(&g->stream, g->engine, dnnl_stream_default_flags);
    if (s) {
        err_set(e, "%s: no CPU engine (status %d)", g->name, (int)s);
    } else if (!find(g, &probe)) {
        s = dnnl_unimplemented;
        err_set(e, "%s has no %s products on this processor", g->name,
                in == DT_BF16 ? "bf16" : "f32");
    }
    if (s) {
        gemm_free(g);
        return NULL;
    }
    return g;
}

void gemm_free(struct gemm *g)
{
    if (!g)
        return;
    forget_all(g);
    if (g->stream)
        dnnl_stream_destroy(g->stream);
    if (g->engine)
        dnnl_engine_destroy(g->engine);
    free(g);
}

const char *gemm_name(struct gemm *g)
{
    return g->name;
}

static enum adds adds_of(const void *c, const void *r)
{
    return !r ? ADDS_NOTHING : r == c ? ADDS_C : ADDS_R;
}

void gemm_run(struct gemm *g, const struct product *p, void *c, const void *a, const void *b,
              const float *bias, const void *r)
{
    execute(g, &(struct key){*p, bias != NULL, adds_of(c, r), NULL}, c, a, b, bias, r);
}

void gemm_run_packed(struct gemm *g, const struct product *p, void *c, const void *a,
                     const struct gemm_packed *b, const float *bias, const void *r)
{
    execute(g, &(struct key){*p, bias != NULL, adds_of(c, r), b}, c, a, NULL, bias, r);
}

/* Copies B from one layout to another. */
static dnnl_status_t reorder(struct gemm *g, dnnl_memory_t to, dnnl_memory_t from, layout lto,
                             layout lfrom)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t primitive = NULL;
    dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    dnnl_status_t s = dnnl_reorder_primitive_desc_create(&pd, lfrom, g->engine, lto, g->engine,
                                                         NULL);

    s = s ? s : dnnl_primitive_create(&primitive, pd);
    s = s ? s : dnnl_primitive_execute(primitive, g->stream, 2, args);
    s = s ? s : dnnl_stream_wait(g->stream);
    if (primitive)
        dnnl_primitive_destroy(primitive);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return s;
}

/*
 * The layout that oneDNN likes best for B (K, N) in products of about 100 rows.
 * Where that is a plain one, the stored (N, K) serves better: rows of a
 * power of two fall onto the same cache lines.
 */
static dnnl_status_t best_layout(struct gemm *g, int N, int K, layout stored, layout *best)
{
    const struct key k = {.p = {.M = 100, .N = N, .K = K, .c = g->type}};
    dnnl_dims_t dims = {K, N};
    dnnl_primitive_desc_t pd = NULL;
    layout any = NULL, plain = NULL;
    dnnl_status_t s = layout_any(&any, dims, g->in);

    s = s ? s : layout_matrix(&plain, K, N, false, g->in);
    s = s ? s : describe(g, &k, any, &pd);
    if (!s) {
        layout liked = layout_of(pd, dnnl_query_weights_md);

        s = layout_copy(best, dnnl_memory_desc_equal(liked, plain) ? stored : liked);
    }
    layout_free(any);
    layout_free(plain);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return s;
}

struct gemm_packed *gemm_pack(struct gemm *g, const void *b, int N, int K)
{
    struct gemm_packed *to = calloc(1, sizeof *to);
    layout stored = NULL;
    dnnl_memory_t from = NULL;
    dnnl_status_t s = to ? dnnl_success : dnnl_out_of_memory;
    void *data = (void *)b;

    cpu_use_threads(g->threads);
    s = s ? s : layout_matrix(&stored, K, N, true, g->in);
    s = s ? s : best_layout(g, N, K, stored, &to->layout);
    if (!s && !dnnl_memory_desc_equal(to->layout, stored)) {
        data = to->data = g->d->ops->alloc(g->d, dnnl_memory_desc_get_size(to->layout));
        s = to->data ? dnnl_success : dnnl_out_of_memory;
    }
    s = s ? s : dnnl_memory_create(&to->memory, to->layout, g->engine, data);
    if (to && to->data) {
        s = s ? s : dnnl_memory_create(&from, stored, g->engine, (void *)b);
        s = s ? s : reorder(g, to->memory, from, to->layout, stored);
    }
    if (from)
        dnnl_memory_destroy(from);
    layout_free(stored);
    if (s) {
        err_set(&g->d->err, "oneDNN cannot pack a matrix of %d x %d (status %d)", N, K, (int)s);
        gemm_unpack(g, to);
        return NULL;
    }
    return to;
}

void gemm_unpack(struct gemm *g, struct gemm_packed *b)
{
    if (!b)
        return;
    forget_all(g); /* some of them may name b */
    if (b->memory)
        dnnl_memory_destroy(b->memory);
    layout_free(b->layout);
    g->d->ops->free(g->d, b->data);
    free(b);
}
#else
typedef int model_ops_cpu_dnnl_unused; /* ops_cpu_plain.c does the products */
#endif
