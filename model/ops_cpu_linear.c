/* linear, forward and backward, and weights packed for inference. */
#include "model/ops_cpu.h"

#include "model/ops_cpu_gemm.h"

enum { COLUMNS = 64 }; /* of a bias gradient that one thread does at once */

/*
 * Rows that are multiplied at a time: of f32, what lies in the processor's cache is multiplied up
 * to twice as fast, above all in the backward, and the gradient of w, which every chunk adds to,
 * should lie there too.  Of bf16, which is multiplied faster, w's new layout for each chunk costs
 * more than that gains.  Not a matter of threads, so that sums are not.
 */
static int chunk_rows(const struct param *w)
{
    if (ELEM_TYPE == DT_BF16)
        return 4096;
    return (size_t)w->out * w->in <= 1 << 20 ? 256 : 1024;
}

/* Some rows of y. */
static void linear_chunk(struct device *d, act *y, const act *x, const struct param *w,
                         const struct param *b, const act *r, int rows)
{
    struct product p = {.M = rows, .N = w->out, .K = w->in, .bt = true, .c = ELEM_TYPE};
    const float *bias = b ? b->w : NULL;

    if (w->packed)
        gemm_run_packed(cpu_of(d)->gemm, &p, y, x, w->packed, bias, r);
    else
        gemm_run(cpu_of(d)->gemm, &p, y, x, w->c, bias, r);
}

static void cpu_linear(struct device *d, act *y, const act *x, const struct param *w,
                       const struct param *b, const act *r, int N)
{
    int rows = chunk_rows(w);

    for (int n = 0; n < N && !cpu_failed(d); n += rows)
        linear_chunk(d, act_at(d, y, (size_t)n * w->out), act_at(d, x, (size_t)n * w->in), w, b,
                     r ? act_at(d, r, (size_t)n * w->out) : NULL, N - n < rows ? N - n : rows);
}

/* g[c] += sum over rows of dy (N, C), in the order of the rows */
static void add_column_sums(struct device *d, float *g, const elem *dy, int N, int C)
{
    (void)d; /* where there is no OpenMP */
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * C))
    for (int c0 = 0; c0 < C; c0 += COLUMNS) {
        float sum[COLUMNS] = {0};
        int n = C - c0 < COLUMNS ? C - c0 : COLUMNS;

        for (int i = 0; i < N; i++) {
            const elem *row = dy + (size_t)i * C + c0;

#pragma omp simd
            for (int c = 0; c < n; c++)
                sum[c] += widen(row[c]);
        }
        for (int c = 0; c < n; c++)
            g[c0 + c] += sum[c];
    }
}

/* The backward of some rows. */
static void backward_chunk(struct device *d, act *dx, const struct param *w,
                           const struct param *b, const act *dy, const act *x, const act *r,
                           int rows)
{
    struct gemm *gemm = cpu_of(d)->gemm;
    /* dx (N, in) = dy (N, out) w (out, in) + r; dw (out, in) += dy^T (out, N) x (N, in) */
    struct product pdx = {.M = rows, .N = w->in, .K = w->out, .c = ELEM_TYPE};
    struct product pdw = {.M = w->out, .N = w->in, .K = rows, .at = true};

    if (dx)
        gemm_run(gemm, &pdx, dx, dy, w->c, NULL, r);
    if (w->g)
        gemm_run(gemm, &pdw, w->g, dy, x, NULL, w->g);
    if (b && b->g)
        add_column_sums(d, b->g, const_elems(dy), rows, w->out);
}

static void cpu_linear_backward(struct device *d, act *dx, const struct param *w,
                                const struct param *b, const act *dy, const act *x,
                                const act *r, int N)
{
    int rows = chunk_rows(w);

    for (int n = 0; n < N && !cpu_failed(d); n += rows)
        backward_chunk(d, dx ? act_at(d, dx, (size_t)n * w->in) : NULL, w, b,
                       act_at(d, dy, (size_t)n * w->out), act_at(d, x, (size_t)n * w->in),
                       r ? act_at(d, r, (size_t)n * w->in) : NULL, N - n < rows ? N - n : rows);
}

static void cpu_pack(struct device *d, struct param *w)
{
    if (!cpu_failed(d) && !w->packed)
        w->packed = gemm_pack(cpu_of(d)->gemm, w->c, w->out, w->in);
}

static void cpu_unpack(struct device *d, struct param *w)
{
    gemm_unpack(cpu_of(d)->gemm, w->packed);
    w->packed = NULL;
}

void CPU_OPS(linear)(struct ops *o)
{
    o->linear = cpu_linear;
    o->linear_backward = cpu_linear_backward;
    o->pack = cpu_pack;
    o->unpack = cpu_unpack;
}
