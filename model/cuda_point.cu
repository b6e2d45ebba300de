/*
 * Element by element: conversions, additions, SiLU, SwiGLU, modulation
 * forward, rotary positions.  Warp after warp over rows, or one long vector.
 */
#include "model/cuda.h"

static const unsigned MOST_BLOCKS = 4096; /* of a loop over a long vector: several per processor */

template <int W, class To, class From> __global__ void convert(To *y, const From *x, size_t n)
{
    size_t step = (size_t)gridDim.x * THREADS * W;
    float v[W];

    for (size_t i = ((size_t)blockIdx.x * THREADS + threadIdx.x) * W; i < n; i += step) {
        load(v, x + i);
        store(y + i, v);
    }
}

static dim3 blocks_for(size_t n, int width)
{
    unsigned blocks = ceil_div(n, (size_t)THREADS * width);

    return dim3(blocks < MOST_BLOCKS ? blocks : MOST_BLOCKS);
}

static void to_act(struct device *d, act *y, const float *x, size_t n)
{
    if (wide(n, y, x))
        launch(d, "to act", blocks_for(n, 8), THREADS, convert<8, bf16, float>, bf(y), x, n);
    else
        launch(d, "to act", blocks_for(n, 1), THREADS, convert<1, bf16, float>, bf(y), x, n);
}

static void from_act(struct device *d, float *y, const act *x, size_t n)
{
    if (wide(n, y, x))
        launch(d, "from act", blocks_for(n, 8), THREADS, convert<8, float, bf16>, y, bf(x), n);
    else
        launch(d, "from act", blocks_for(n, 1), THREADS, convert<1, float, bf16>, y, bf(x), n);
}

/* y = f(old y, a, b), whichever of the three f looks at */
struct add_f {
    __device__ float operator()(float, float a, float b) const
    {
        return a + b;
    }
};

struct silu_f {
    __device__ float operator()(float, float a, float) const
    {
        return a * sigmoid(a);
    }
};

/* the derivative of x sigmoid(x) */
__device__ static float silu_slope(float x)
{
    float s = sigmoid(x);

    return s * (1 + x * (1 - s));
}

struct silu_backward_f {
    __device__ float operator()(float old, float dy, float x) const
    {
        return old + dy * silu_slope(x);
    }
};

/* b may be NULL; old y is read only where f wants it.  y may be a or b. */
template <int W, class F, bool OLD>
__global__ void map_vector(bf16 *y, const bf16 *a, const bf16 *b, size_t n)
{
    size_t step = (size_t)gridDim.x * THREADS * W;
    float u[W] = {}, v[W] = {}, w[W] = {};
    F f;

    for (size_t i = ((size_t)blockIdx.x * THREADS + threadIdx.x) * W; i < n; i += step) {
        if (OLD)
            load(u, y + i);
        load(v, a + i);
        if (b)
            load(w, b + i);
        for (int j = 0; j < W; j++)
            u[j] = f(u[j], v[j], w[j]);
        store(y + i, u);
    }
}

template <class F, bool OLD>
static void map(struct device *d, const char *what, act *y, const act *a, const act *b, size_t n)
{
    if (wide(n, y, a, b))
        launch(d, what, blocks_for(n, 8), THREADS, map_vector<8, F, OLD>, bf(y), bf(a), bf(b), n);
    else
        launch(d, what, blocks_for(n, 1), THREADS, map_vector<1, F, OLD>, bf(y), bf(a), bf(b), n);
}

static void add(struct device *d, act *y, const act *x, const act *r, size_t n)
{
    map<add_f, false>(d, "add", y, x, r, n);
}

static void silu(struct device *d, act *y, const act *x, size_t n)
{
    map<silu_f, false>(d, "silu", y, x, NULL, n);
}

static void silu_backward(struct device *d, act *dx, const act *dy, const act *x, size_t n)
{
    map<silu_backward_f, true>(d, "silu backward", dx, dy, x, n);
}

/* --- rows: block (LANES, ROWS), grid (N / ROWS, C / (LANES W)); a warp does a stretch of a row */

static dim3 row_grid(size_t N, size_t C, int width)
{
    return dim3(ceil_div(N, ROWS), ceil_div(C, (size_t)LANES * width));
}

static __device__ size_t row_index()
{
    return (size_t)blockIdx.x * ROWS + threadIdx.y;
}

template <int W> static __device__ int row_column()
{
    return (blockIdx.y * LANES + threadIdx.x) * W;
}

template <int W> __global__ void swiglu_kernel(bf16 *y, const bf16 *x, int N, int F)
{
    size_t n = row_index();
    int f = row_column<W>();
    float gate[W], up[W];

    if (n >= (size_t)N || f >= F)
        return;
    x += n * 2 * F + f;
    load(gate, x);
    load(up, x + F);
    for (int j = 0; j < W; j++)
        up[j] *= gate[j] * sigmoid(gate[j]);
    store(y + n * F + f, up);
}

static void swiglu(struct device *d, act *y, const act *x, int N, int F)
{
    if (wide(F, y, x))
        launch(d, "swiglu", row_grid(N, F, 8), dim3(LANES, ROWS), swiglu_kernel<8>, bf(y), bf(x), N,
               F);
    else
        launch(d, "swiglu", row_grid(N, F, 1), dim3(LANES, ROWS), swiglu_kernel<1>, bf(y), bf(x), N,
               F);
}

template <int W>
__global__ void swiglu_backward_kernel(bf16 *dx, const bf16 *dy, const bf16 *x, int N, int F)
{
    size_t n = row_index(), at;
    int f = row_column<W>();
    float gate[W], up[W], g[W], dgate[W], dup[W];

    if (n >= (size_t)N || f >= F)
        return;
    at = n * 2 * F + f;
    load(gate, x + at);
    load(up, x + at + F);
    load(g, dy + n * F + f);
    for (int j = 0; j < W; j++) {
        dgate[j] = g[j] * up[j] * silu_slope(gate[j]);
        dup[j] = g[j] * gate[j] * sigmoid(gate[j]);
    }
    store(dx + at, dgate);
    store(dx + at + F, dup);
}

static void swiglu_backward(struct device *d, act *dx, const act *dy, const act *x, int N, int F)
{
    if (wide(F, dx, dy, x))
        launch(d, "swiglu backward", row_grid(N, F, 8), dim3(LANES, ROWS),
               swiglu_backward_kernel<8>, bf(dx), bf(dy), bf(x), N, F);
    else
        launch(d, "swiglu backward", row_grid(N, F, 1), dim3(LANES, ROWS),
               swiglu_backward_kernel<1>, bf(dx), bf(dy), bf(x), N, F);
}

/* x with y = x (1 + scale) + shift, or for the gradient y += x (1 + scale) */
template <int W, bool BACK>
__global__ void modulate_kernel(bf16 *y, const bf16 *x, const bf16 *m, size_t N, int T, int C)
{
    size_t n = row_index();
    int c = row_column<W>();
    float v[W], scale[W], plus[W];

    if (n >= N || c >= C)
        return;
    m += n / T * 2 * C + c;
    load(v, x + n * C + c);
    load(scale, m);
    load(plus, BACK ? y + n * C + c : m + C);
    for (int j = 0; j < W; j++)
        v[j] = v[j] * (1 + scale[j]) + plus[j];
    store(y + n * C + c, v);
}

static void modulate(struct device *d, act *y, const act *x, const act *m, int B, int T, int C)
{
    size_t N = (size_t)B * T;

    if (wide(C, y, x, m))
        launch(d, "modulate", row_grid(N, C, 8), dim3(LANES, ROWS), modulate_kernel<8, false>,
               bf(y), bf(x), bf(m), N, T, C);
    else
        launch(d, "modulate", row_grid(N, C, 1), dim3(LANES, ROWS), modulate_kernel<1, false>,
               bf(y), bf(x), bf(m), N, T, C);
}

/* A row's share of dm (2C): of scale dy x, of shift dy. */
struct modulate_term {
    const bf16 *dy, *x; /* (N, C) */
    size_t C;

    template <int W> __device__ void operator()(int n, size_t c, float (&v)[W]) const
    {
        float u[W];

        if (c >= C) {
            load(v, dy + n * C + c - C);
            return;
        }
        load(v, dy + n * C + c);
        load(u, x + n * C + c);
        for (int j = 0; j < W; j++)
            v[j] *= u[j];
    }
};

static void modulate_backward(struct device *d, act *dx, act *dm, const act *dy, const act *x,
                              const act *m, int B, int T, int C)
{
    struct modulate_term term = { bf(dy), bf(x), (size_t)C };
    const char *what = "modulate backward";
    size_t N = (size_t)B * T;
    dim3 block(LANES, ROWS);

    if (wide(C, dx, dm, dy, x, m)) {
        launch(d, what, row_grid(N, C, 8), block, modulate_kernel<8, true>, bf(dx), bf(dy), bf(m),
               N, T, C);
        launch(d, what, dim3(B, ceil_div(2 * C, LANES * 8)), block,
               column_sums<8, modulate_term, bf16>, bf(dm), term, (int)N, 2 * C, T, true);
    } else {
        launch(d, what, row_grid(N, C, 1), block, modulate_kernel<1, true>, bf(dx), bf(dy), bf(m),
               N, T, C);
        launch(d, what, dim3(B, ceil_div(2 * C, LANES)), block,
               column_sums<1, modulate_term, bf16>, bf(dm), term, (int)N, 2 * C, T, true);
    }
}

/* W is even: pairs (2i, 2i+1) turn together */
template <int W>
__global__ void rope_kernel(bf16 *x, const float *table, size_t N, int T, int HS, int C, size_t row,
                            size_t batch, float sign)
{
    size_t n = row_index();
    int c = row_column<W>();
    float v[W], turn[W];

    if (n >= N || c >= C)
        return;
    x += n / T * batch + n % T * row + c;
    load(v, x);
    load(turn, table + n % T * HS + c % HS);
    for (int j = 0; j < W; j += 2) {
        float a = v[j], b = v[j + 1], cosine = turn[j], sine = sign * turn[j + 1];

        v[j] = a * cosine - b * sine;
        v[j + 1] = a * sine + b * cosine;
    }
    store(x, v);
}

static void rope(struct device *d, act *x, const float *table, int B, int T, int NH, int HS,
                 size_t row, size_t batch, bool inverse)
{
    size_t N = (size_t)B * T;
    int C = NH * HS;
    float sign = inverse ? -1.0f : 1.0f;

    if (HS % 8 == 0 && wide(row, x, table) && wide(batch))
        launch(d, "rope", row_grid(N, C, 8), dim3(LANES, ROWS), rope_kernel<8>, bf(x), table, N, T,
               HS, C, row, batch, sign);
    else
        launch(d, "rope", row_grid(N, C, 2), dim3(LANES, ROWS), rope_kernel<2>, bf(x), table, N, T,
               HS, C, row, batch, sign);
}

void cuda_ops_point(struct ops *t)
{
    t->to_act = to_act;
    t->from_act = from_act;
    t->add = add;
    t->silu = silu;
    t->silu_backward = silu_backward;
    t->swiglu = swiglu;
    t->swiglu_backward = swiglu_backward;
    t->modulate = modulate;
    t->modulate_backward = modulate_backward;
    t->rope = rope;
}
