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

static void cpu_cross_entropy(struct device *d, float *loss, act *logits, const int *target,
                              const float *weight, int N, int V, float scale, bool grad)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * V))
    for (int n = 0; n < N; n++) {
        elem *x = elems(logits) + (size_t)n * V;
        float w = weight ? weight[n] : 1.0f, max, sum, k, right;

        loss[n] = 0;
        if (target[n] < 0) {
            if (grad)
                memset(x, 0, (size_t)V * sizeof *x);
            continue;
        }
        max = row_max(x, V);
        sum = row_exp_sum(x, V, max, 1.0f);
        right = widen(x[target[n]]);
        loss[n] = w * (logf(sum) + (max - right));
        if (!grad)
            continue;
        k = scale * w / sum;
#pragma omp simd
        for (int i = 0; i < V; i++)
            x[i] = narrow(k * exp_fast(widen(x[i]) - max));
        x[target[n]] = narrow(k * exp_fast(right - max) - scale * w);
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
