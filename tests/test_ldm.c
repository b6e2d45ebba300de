/* The LDM: gradients, codes and files. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/rng.h"
#include "model/ldm.h"
#include "tests/tap.h"

enum { ROWS = 3, COLS = 4, S = ROWS * COLS, N = 5 };

static const struct ldm_config plain = {
    .rows = ROWS, .cols = COLS, .layers = 2, .width = 16, .heads = 2, .hidden = 24,
    .tokens = { .D = 2, .levels = { 4, 3 } }, .code = { .D = 3, .levels = { 5, 5, 3 } },
};

static struct device *d;
static struct ldm l;
static struct err e;
static int from[N * S], to[N * S], role[N];

static void setup(void)
{
    struct rng r;

    err_init(&e);
    d = device_open("cpu", 1, PRECISION_F32, &e);
    ck_assert_msg(d, "%s", e.msg);
    ck_assert_msg(!ldm_init(&l, &plain, d, N, PARAMS_TRAIN | PARAMS_EMA, &e) &&
                  !ldm_seed(&l, 3, NULL, 0, &e), "%s", e.msg);
    rng_init(&r, 7);
    for (int i = 0; i < N * S; i++) {
        from[i] = (int)(rng_u64(&r) % 12);
        to[i] = rng_u64(&r) % 4 ? from[i] : (int)(rng_u64(&r) % 12);
    }
    for (int i = 0; i < N; i++)
        role[i] = i % 2;
}

static void teardown(void)
{
    ldm_free(&l);
    device_close(d);
}

/* --- gradients: of sum cross-entropy, the numbers of the code not rounded --- */

static int *want[2];
static float *loss;

static void upload_wanted(void)
{
    int digit[N * S];

    loss = d->ops->alloc(d, sizeof digit);
    for (int i = 0, scale = 1; i < 2; scale *= plain.tokens.levels[i++]) {
        want[i] = d->ops->alloc(d, sizeof digit);
        for (int k = 0; k < N * S; k++)
            digit[k] = to[k] / scale % plain.tokens.levels[i];
        d->ops->upload(d, want[i], digit, sizeof digit);
    }
}

static void free_wanted(void)
{
    d->ops->free(d, loss);
    d->ops->free(d, want[0]);
    d->ops->free(d, want[1]);
}

static double loss_of(bool grad)
{
    double sum = 0;

    ldm_encode_device(&l, N, false);
    ldm_decode_device(&l, N);
    for (int i = 0; i < 2; i++) {
        d->ops->cross_entropy(d, loss, l.logits[i], want[i], NULL, N * S, 1,
                              plain.tokens.levels[i], 1, grad);
        sum += d->ops->sum(d, loss, N * S);
    }
    return sum;
}

/* A few of its numbers; returns how many have a gradient that could be told from none. */
static int check_tensor(struct param *p)
{
    const float step = 4e-3f;
    int moved = 0;

    for (int k = 0; k < 5; k++) {
        int i = (int)(splitmix64((uint64_t)k + 11) % (uint64_t)(p->out * p->in));
        float w = p->w[i];
        double up, down, got = (double)p->g[i], sum;

        p->w[i] = w + step;
        up = loss_of(false);
        p->w[i] = w - step;
        down = loss_of(false);
        p->w[i] = w;
        sum = (up - down) / (2 * (double)step);
        ck_assert_msg(fabs(sum - got) < 4e-3 * (1 + 5 * fabs(sum)),
                      "%s[%d]: %g, by differences %g", p->name, i, got, sum);
        moved += fabs(got) > 1e-2;
    }
    return moved;
}

START_TEST(gradients_are_those_of_finite_differences)
{
    int moved = 0;
    struct rng r;

    rng_init(&r, 5);
    for (int i = 0; i < l.ps.n; i++) /* FiLM and convolutions start as noughts */
        for (int k = 0; k < l.ps.list[i].p->out * l.ps.list[i].p->in; k++)
            l.ps.list[i].p->w[k] += 0.1f * ((float)(rng_u64(&r) % 1000) / 500 - 1);
    upload_wanted();
    ldm_upload(&l, from, to, role, N);
    params_zero_grad(&l.ps);
    loss_of(true);
    ldm_backward(&l, N, true, 0);
    for (int i = 0; i < l.ps.n; i++)
        moved += check_tensor(l.ps.list[i].p) > 0;
    ck_assert_msg(moved > l.ps.n * 2 / 3, "only %d of %d tensors move", moved, l.ps.n);
    free_wanted();
}
END_TEST

/* The commitment's own gradient, straight through the rounding. */
START_TEST(commitment_pulls_towards_the_code)
{
    float q[N * 3], b[N * 3], z[N * 3], before[3], g[3];

    ldm_upload(&l, from, to, role, N);
    upload_wanted();
    for (int round = 0; round < 2; round++) {
        params_zero_grad(&l.ps);
        ldm_encode_device(&l, N, true);
        ldm_decode_device(&l, N);
        for (int i = 0; i < 2; i++)
            d->ops->zero(d, l.logits[i], (size_t)(N * S * plain.tokens.levels[i]) * sizeof(float));
        ldm_backward(&l, N, true, round ? 0.5f : 0);
        memcpy(round ? g : before, l.out_eb.g, sizeof g);
    }
    memcpy(q, l.q, sizeof q);
    memcpy(b, l.b, sizeof b);
    memcpy(z, l.z, sizeof z);
    for (int i = 0; i < 3; i++) {
        int L = plain.code.levels[i];
        double half = (L - 1) * 1.001 / 2, sum = 0;

        for (int k = 0; k < N; k++) {
            double t = tanh((double)z[k * 3 + i]);

            sum += 0.5 * 2 / 3 * (double)(b[k * 3 + i] - q[k * 3 + i]) * (1 - t * t) * half /
                   (L / 2);
        }
        ck_assert_msg(fabs((double)before[i]) < 1e-6, "%g without", (double)before[i]);
        ck_assert_msg(fabs(sum - (double)g[i]) < 1e-4, "%g, by the formula %g", (double)g[i], sum);
    }
    free_wanted();
}
END_TEST

/* --- codes --- */

/* Many at once, and one by one: the same codes, and the same frames from them. */
START_TEST(codes_do_not_depend_on_their_company)
{
    int many[3 * N], one, froms[3 * N * S], tos[3 * N * S], roles[3 * N], all[3 * N * S], y[S];

    for (int i = 0; i < 3 * N; i++) {
        memcpy(froms + i * S, from + i % N * S, S * sizeof(int));
        memcpy(tos + i * S, to + (i + 1) % N * S, S * sizeof(int));
        roles[i] = i % 2;
    }
    ck_assert_msg(!ldm_encode(&l, froms, tos, roles, 3 * N, many, &e), "%s", e.msg);
    ck_assert_msg(!ldm_decode(&l, froms, many, roles, 3 * N, all, &e), "%s", e.msg);
    for (int i = 0; i < 3 * N; i++) {
        ck_assert_int_eq(ldm_encode(&l, froms + i * S, tos + i * S, roles + i, 1, &one, &e), 0);
        ck_assert_int_eq(one, many[i]);
        ck_assert_int_eq(ldm_decode(&l, froms + i * S, many + i, roles + i, 1, y, &e), 0);
        ck_assert_mem_eq(y, all + i * S, sizeof y);
    }
}
END_TEST

START_TEST(numbers_out_of_range_are_refused)
{
    int code = 75, y[S];

    ck_assert_int_eq(ldm_decode(&l, from, &code, role, 1, y, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "75 is no code"));
    err_init(&e);
    code = 0;
    from[3] = 12;
    ck_assert_int_eq(ldm_decode(&l, from, &code, role, 1, y, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "12 is no token"));
    err_init(&e);
    from[3] = 0;
    role[0] = 2;
    ck_assert_int_eq(ldm_encode(&l, from, to, role, 1, &code, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "2 is no role"));
}
END_TEST

/* --- files --- */

START_TEST(a_file_gives_the_same_codes)
{
    char path[] = "/tmp/test_ldm_XXXXXX";
    int fd = mkstemp(path), code[N], again[N];
    struct ldm other;

    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(ldm_encode(&l, from, to, role, N, code, &e), 0);
    ck_assert_msg(!ldm_save(&l, path, DT_F32, &e), "%s", e.msg);
    ck_assert_msg(!ldm_load(&other, path, d, 2, &e), "%s", e.msg);
    ck_assert_int_eq(other.config.layers, 2);
    ck_assert_int_eq(other.codes, 75);
    ck_assert_int_eq(ldm_encode(&other, from, to, role, N, again, &e), 0);
    ck_assert_mem_eq(code, again, sizeof code);
    ldm_free(&other);
    unlink(path);
}
END_TEST

START_TEST(bad_sizes_are_refused)
{
    static const struct {
        size_t at;
        int value;
        const char *why;
    } bad[] = {
        { offsetof(struct ldm_config, rows), 0, "rows of 0" },
        { offsetof(struct ldm_config, cols), 65, "cols of 65" },
        { offsetof(struct ldm_config, layers), 0, "layers of 0" },
        { offsetof(struct ldm_config, heads), 3, "width 16 does not make 3 heads" },
    };
    struct ldm_config c = plain;
    struct ldm other;

    *(int *)((char *)&c + bad[_i].at) = bad[_i].value;
    ck_assert_int_eq(ldm_init(&other, &c, d, 1, 0, &e), -1);
    ck_assert_msg(strstr(e.msg, bad[_i].why), "%s", e.msg);
}
END_TEST

START_TEST(files_of_another_kind_are_refused)
{
    char path[] = "/tmp/test_ldm_XXXXXX";
    int fd = mkstemp(path);
    struct tokenizer_config c = { 4, 8, 2, { 4, 3 } };
    struct tokenizer t;
    struct ldm other;

    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(tokenizer_init(&t, &c, d, 1, 0, &e), 0);
    ck_assert_int_eq(tokenizer_save(&t, path, DT_F32, &e), 0);
    ck_assert_int_eq(ldm_load(&other, path, d, 1, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.msg, "holds no LDM but kind tokenizer"));
    tokenizer_free(&t);
    unlink(path);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ldm");
    TCase *tc = tcase_create("ldm");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, gradients_are_those_of_finite_differences);
    tcase_add_test(tc, commitment_pulls_towards_the_code);
    tcase_add_test(tc, codes_do_not_depend_on_their_company);
    tcase_add_test(tc, numbers_out_of_range_are_refused);
    tcase_add_test(tc, a_file_gives_the_same_codes);
    tcase_add_loop_test(tc, bad_sizes_are_refused, 0, 4);
    tcase_add_test(tc, files_of_another_kind_are_refused);
    suite_add_tcase(s, tc);
    return tap_run(s);
}
