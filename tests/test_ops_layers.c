/* The layers between products, forward and backward, against double precision. */
#include "tests/ops_fixture.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

static const struct size {
    int N, C;
} sizes[] = {{1, 1}, {1, 64}, {2, 3}, {7, 33}, {65, 17}, {130, 96}, {300, 160}};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* --- element by element --------------------------------------------------- */

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static void silu_reference(const void *shape, double *const *in, double *y)
{
    const struct size *s = shape;

    for (int i = 0; i < s->N * s->C; i++)
        y[i] = in[0][i] * sigmoid(in[0][i]);
}

START_TEST(add_and_silu)
{
    const struct size *s = &sizes[_i];
    size_t n = (size_t)s->N * s->C;
    struct fixture f;
    double *x, *r, *dy, *dx0, *want;
    act *xa, *ra, *dx, *y;

    fixture_init(&f, (uint64_t)_i + 1);
    x = fixture_random(&f, n, 20);
    r = fixture_random(&f, n, 1);
    dy = fixture_random(&f, n, 1);
    dx0 = fixture_random(&f, n, 1);
    if (n > 2) {
        x[0] = 300; /* where exp would overflow */
        x[1] = -300;
    }
    xa = put_act(&f, x, n);
    ra = put_act(&f, r, n);
    dx = put_act(&f, dx0, n);
    y = put_act(&f, fixture_random(&f, n, 1), n);
    want = fixture_zeros(&f, n);

    silu_reference(s, &x, want);
    f.d->ops->silu(f.d, y, xa, n);
    expect_close("silu", get_act(&f, y, n), want, n, f.tol);
    f.d->ops->silu_backward(f.d, dx, put_act(&f, dy, n), xa, n);
    expect_gradient(&f, "dx", silu_reference, s, &x, 0, n, dy, n, dx0, get_act(&f, dx, n), f.tol);

    for (size_t i = 0; i < n; i++)
        want[i] = x[i] + r[i];
    f.d->ops->add(f.d, y, xa, ra, n);
    expect_close("x + r", get_act(&f, y, n), want, n, f.tol);
    f.d->ops->add(f.d, xa, xa, ra, n);
    expect_close("x += r", get_act(&f, xa, n), want, n, f.tol);
    fixture_release(&f);
}
END_TEST

/* x (N, 2F) -> y (N, F); a size's C is F */
static void swiglu_reference(const void *shape, double *const *in, double *y)
{
    const struct size *s = shape;

    for (int n = 0; n < s->N; n++)
        for (int i = 0; i < s->C; i++) {
            double gate = in[0][n * 2 * s->C + i], up = in[0][n * 2 * s->C + s->C + i];

            y[n * s->C + i] = gate * sigmoid(gate) * up;
        }
}

START_TEST(swiglu)
{
    const struct size *s = &sizes[_i];
    size_t ny = (size_t)s->N * s->C, nx = 2 * ny;
    struct fixture f;
    double *x, *dy, *want;
    act *xa, *dx, *y;

    fixture_init(&f, (uint64_t)_i + 20);
    x = fixture_random(&f, nx, 4);
    dy = fixture_random(&f, ny, 1);
    xa = put_act(&f, x, nx);
    dx = put_act(&f, fixture_random(&f, nx, 1), nx);
    y = put_act(&f, fixture_random(&f, ny, 1), ny);
    want = fixture_zeros(&f, ny);
    swiglu_reference(s, &x, want);
    f.d->ops->swiglu(f.d, y, xa, s->N, s->C);
    expect_close("y", get_act(&f, y, ny), want, ny, f.tol);
    f.d->ops->swiglu_backward(f.d, dx, put_act(&f, dy, ny), xa, s->N, s->C);
    expect_gradient(&f, "dx", swiglu_reference, s, &x, 0, nx, dy, ny, fixture_zeros(&f, nx),
                    get_act(&f, dx, nx), f.tol);
    fixture_release(&f);
}
END_TEST

/* --- modulate ------------------------------------------------------------- */

struct film {
    int B, T, C;
};

static const struct film films[] = {{1, 1, 1}, {2, 5, 3}, {3, 7, 65}, {4, 83, 96}, {17, 1, 40}};
enum { FILMS = sizeof films / sizeof *films };

/* in: x (B, T, C), m (B, 2C) */
static void modulate_reference(const void *shape, double *const *in, double *y)
{
    const struct film *s = shape;

    for (int b = 0; b < s->B; b++)
        for (int t = 0; t < s->T; t++)
            for (int c = 0; c < s->C; c++) {
                int i = (b * s->T + t) * s->C + c;

                y[i] = in[0][i] * (1 + in[1][b * 2 * s->C + c]) + in[1][b * 2 * s->C + s->C + c];
            }
}

START_TEST(modulate)
{
    const struct film *s = &films[_i];
    size_t n = (size_t)s->B * s->T * s->C, nm = (size_t)s->B * 2 * s->C;
    struct fixture f;
    double *in[2], *dy, *dx0, *dm0, *want;
    act *x, *m, *dya, *dx, *dm, *y;

    fixture_init(&f, (uint64_t)_i + 40);
    in[0] = fixture_random(&f, n, 2);
    in[1] = fixture_random(&f, nm, 1);
    dy = fixture_random(&f, n, 1);
    dx0 = fixture_random(&f, n, 1);
    dm0 = fixture_random(&f, nm, 1);
    x = put_act(&f, in[0], n);
    m = put_act(&f, in[1], nm);
    dya = put_act(&f, dy, n);
    dx = put_act(&f, dx0, n);
    dm = put_act(&f, dm0, nm);
    y = put_act(&f, fixture_random(&f, n, 1), n);
    want = fixture_zeros(&f, n);
    modulate_reference(s, in, want);
    f.d->ops->modulate(f.d, y, x, m, s->B, s->T, s->C);
    expect_close("y", get_act(&f, y, n), want, n, f.tol);
    f.d->ops->modulate_backward(f.d, dx, dm, dya, x, m, s->B, s->T, s->C);
    expect_gradient(&f, "dx", modulate_reference, s, in, 0, n, dy, n, dx0, get_act(&f, dx, n),
                    f.tol);
    expect_gradient(&f, "dm", modulate_reference, s, in, 1, nm, dy, n, dm0, get_act(&f, dm, nm),
                    f.tol);
    fixture_release(&f);
}
END_TEST

/* --- rmsnorm -------------------------------------------------------------- */

/* in: x (N, C), g (C) */
static void rmsnorm_reference(const void *shape, double *const *in, double *y)
{
    const struct size *s = shape;

    for (int n = 0; n < s->N; n++) {
        const double *x = in[0] + n * s->C;
        double squares = 0;

        for (int c = 0; c < s->C; c++)
            squares += x[c] * x[c];
        for (int c = 0; c < s->C; c++)
            y[n * s->C + c] = x[c] / sqrt(squares / s->C + 1e-6) * in[1][c];
    }
}

START_TEST(rmsnorm)
{
    const struct size *s = &sizes[_i];
    size_t n = (size_t)s->N * s->C;
    struct fixture f;
    double *in[2], *dy, *dx0, *dg0, *want;
    struct param g;
    act *x, *dya, *dx, *y;
    float *rstd;

    fixture_init(&f, (uint64_t)_i + 60);
    in[0] = fixture_random(&f, n, 3);
    in[1] = fixture_random(&f, (size_t)s->C, 2);
    dy = fixture_random(&f, n, 1);
    dx0 = fixture_random(&f, n, 1);
    dg0 = fixture_random(&f, (size_t)s->C, 1);
    x = put_act(&f, in[0], n);
    g = put_param(&f, in[1], dg0, s->C, 1);
    dya = put_act(&f, dy, n);
    dx = put_act(&f, dx0, n);
    rstd = put_f32(&f, fixture_zeros(&f, (size_t)s->N), (size_t)s->N);
    y = put_act(&f, fixture_random(&f, n, 1), n);
    want = fixture_zeros(&f, n);
    rmsnorm_reference(s, in, want);
    f.d->ops->rmsnorm(f.d, y, NULL, x, &g, s->N, s->C);
    expect_close("y without rstd", get_act(&f, y, n), want, n, f.tol);
    f.d->ops->rmsnorm(f.d, y, rstd, x, &g, s->N, s->C);
    expect_close("y", get_act(&f, y, n), want, n, f.tol);
    f.d->ops->rmsnorm_backward(f.d, dx, &g, dya, x, rstd, s->N, s->C);
    expect_gradient(&f, "dx", rmsnorm_reference, s, in, 0, n, dy, n, dx0, get_act(&f, dx, n),
                    f.tol);
    expect_gradient(&f, "dg", rmsnorm_reference, s, in, 1, (size_t)s->C, dy, n, dg0,
                    get_f32(&f, g.g, (size_t)s->C), f.tol);
    fixture_release(&f);
}
END_TEST

/* Zeros are normalised to zeros; their gradient is finite. */
START_TEST(rmsnorm_of_zeros)
{
    struct fixture f;
    double one[4] = {1, 1, 1, 1}, zero[4] = {0}, want[4] = {1e3, 1e3, 1e3, 1e3};
    struct param g;
    act *x, *y, *dx;
    float *rstd;

    fixture_init(&f, 80);
    g = put_param(&f, one, zero, 4, 1);
    x = put_act(&f, zero, 4);
    y = put_act(&f, one, 4);
    dx = put_act(&f, zero, 4);
    rstd = put_f32(&f, zero, 1);
    f.d->ops->rmsnorm(f.d, y, rstd, x, &g, 1, 4);
    expect_close("y", get_act(&f, y, 4), zero, 4, 0);
    f.d->ops->rmsnorm_backward(f.d, dx, &g, put_act(&f, one, 4), x, rstd, 1, 4);
    expect_close("dx", get_act(&f, dx, 4), want, 4, f.tol);
    fixture_release(&f);
}
END_TEST

/* --- embed ---------------------------------------------------------------- */

struct lookup {
    int N, V, C;
    int *id;
};

static void embed_reference(const void *shape, double *const *in, double *y)
{
    const struct lookup *s = shape;

    for (int n = 0; n < s->N; n++)
        memcpy(y + n * s->C, in[0] + s->id[n] * s->C, (size_t)s->C * sizeof *y);
}

START_TEST(embed)
{
    static const struct lookup lookups[] = {{1, 1, 1, NULL}, {9, 4, 7, NULL},
                                            {200, 1000, 33, NULL}, {300, 3, 64, NULL}};
    struct lookup s = lookups[_i];
    size_t n = (size_t)s.N * s.C, nt = (size_t)s.V * s.C;
    struct fixture f;
    double *in[1], *dy, *dt0, *want;
    struct param table;
    act *y;
    int *id, ids[300];

    fixture_init(&f, (uint64_t)_i + 90);
    for (int i = 0; i < s.N; i++)
        ids[i] = (int)rng_below(&f.rng, (uint32_t)s.V);
    s.id = ids;
    in[0] = fixture_random(&f, nt, 1);
    dy = fixture_random(&f, n, 1);
    dt0 = fixture_random(&f, nt, 1);
    table = put_param(&f, in[0], dt0, s.V, s.C);
    id = put_int(&f, ids, (size_t)s.N);
    y = put_act(&f, fixture_random(&f, n, 1), n);
    want = fixture_zeros(&f, n);
    embed_reference(&s, in, want);
    f.d->ops->embed(f.d, y, &table, id, s.N);
    expect_close("y", get_act(&f, y, n), want, n, 0);
    f.d->ops->embed_backward(f.d, &table, put_act(&f, dy, n), id, s.N);
    expect_gradient(&f, "dtable", embed_reference, &s, in, 0, nt, dy, n, dt0,
                    get_f32(&f, table.g, nt), f.tol);
    fixture_release(&f);
}
END_TEST

int main(void)
{
    Suite *s;
    TCase *tc;

    if (fixture_absent())
        return 0;
    s = suite_create("ops_layers");
    tc = tap_case(s, "layers");
    tcase_add_loop_test(tc, add_and_silu, 0, SIZES);
    tcase_add_loop_test(tc, swiglu, 0, SIZES);
    tcase_add_loop_test(tc, modulate, 0, FILMS);
    tcase_add_loop_test(tc, rmsnorm, 0, SIZES);
    tcase_add_test(tc, rmsnorm_of_zeros);
    tcase_add_loop_test(tc, embed, 0, 4);
    return tap_run(s);
}
