/* Over rows of logits: cross_entropy, argmax, softmax. */
#include "model/ops_cpu.h"

#include "model/ops_cpu_math.h"

#include <math.h>
#include <string.h>

/* The largest of x (V), V >= 1 */
static float row_max(const elem *x, int V)
{
    float lane[16];
    int i;

    for (int j = 0; j < 16; j++)
        lane[j] = widen(x[0]);
    for (i = 0; i + 16 <= V; i += 16)
#pragma omp simd
        for (int j = 0; j < 16; j++)
            lane[j] = widen(x[i + j]) > lane[j] ? widen(x[i + j]) : lane[j];
    for (; i < V; i++)
        lane[0] = widen(x[i]) > lane[0] ? widen(x[i]) : lane[0];
    return lanes_max(lane, 16);
}

static float row_exp_sum(const elem *x, int V, float max, float k)
{
    float sum = 0;

#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < V; i++)
        sum += exp_fast((widen(x[i]) - max) * k);
    return sum;
}

/* A row's targets (M) and their weights, or NULL. */
struct row_targets {
    const int *at;
    const float *weight;
    int M;
};

/* The weight of target m: 0 where there is none. */
static float row_weight(const struct row_targets *t, int m)
{
    return t->at[m] < 0 ? 0 : t->weight ? t->weight[m] : 1.0f;
}

static float row_loss(const elem *x, const struct row_targets *t, float max, float sum)
{
    float loss = 0;

    for (int m = 0; m < t->M; m++)
        if (t->at[m] >= 0)
            loss += row_weight(t, m) * (logf(sum) + (max - widen(x[t->at[m]])));
    return loss;
}

/* x (V) becomes softmax(x) times all weights, less that of each target, all times scale. */
static void row_gradient(elem *x, int V, const struct row_targets *t, float max, float sum,
                         float scale)
{
    float all = 0, k, right[CROSS_ENTROPY_TARGETS] = { 0 };

    for (int m = 0; m < t->M; m++)
        all += row_weight(t, m);
    k = all / sum;
    for (int m = 0; m < t->M; m++) { /* before x is rounded: most of it may cancel */
        float weight = 0;

        for (int i = 0; i < t->M; i++)
            weight += t->at[i] == t->at[m] ? row_weight(t, i) : 0;
        if (t->at[m] >= 0)
            right[m] = scale * (k * exp_fast(widen(x[t->at[m]]) - max) - weight);
    }
    k *= scale;
#pragma omp simd
    for (int i = 0; i < V; i++)
        x[i] = narrow(k * exp_fast(widen(x[i]) - max));
    for (int m = 0; m < t->M; m++)
        if (t->at[m] >= 0)
            x[t->at[m]] = narrow(right[m]);
}

static bool row_ignored(const struct row_targets *t)
{
    for (int m = 0; m < t->M; m++)
        if (t->at[m] >= 0)
            return false;
    return true;
}

static void cpu_cross_entropy(struct device *d, float *loss, act *logits, const int *target,
                              const float *weight, int N, int M, int V, float scale, bool grad)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * V))
    for (int n = 0; n < N; n++) {
        elem *x = elems(logits) + (size_t)n * V;
        size_t at = (size_t)n * M;
        struct row_targets t = { target + at, weight ? weight + at : NULL, M };
        float max, sum;

        loss[n] = 0;
        if (row_ignored(&t)) {
            if (grad)
                memset(x, 0, (size_t)V * sizeof *x);
            continue;
        }
        max = row_max(x, V);
        sum = row_exp_sum(x, V, max, 1.0f);
        loss[n] = row_loss(x, &t, max, sum);
        if (grad)
            row_gradient(x, V, &t, max, sum, scale);
    }
}

static void cpu_argmax(struct device *d, int *id, const act *logits, int N, int V)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * V))
    for (int n = 0; n < N; n++) {
        const elem *x = const_elems(logits) + (size_t)n * V;
        float max = row_max(x, V);
        int best = 0;

        while (best < V && widen(x[best]) != max)
            best++;
        id[n] = best < V ? best : 0; /* 0 where there are NaNs */
    }
}

static void cpu_softmax(struct device *d, float *p, const act *logits, int N, int V,
                        float temperature)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * V))
    for (int n = 0; n < N; n++) {
        const elem *x = const_elems(logits) + (size_t)n * V;
        float *y = p + (size_t)n * V, max = row_max(x, V), k = 1 / temperature;
        float share = 1 / row_exp_sum(x, V, max, k);

#pragma omp simd
        for (int i = 0; i < V; i++)
            y[i] = share * exp_fast((widen(x[i]) - max) * k);
    }
}

void CPU_OPS(loss)(struct ops *o)
{
    o->cross_entropy = cpu_cross_entropy;
    o->argmax = cpu_argmax;
    o->softmax = cpu_softmax;
}
