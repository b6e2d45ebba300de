/* Over rows of logits: cross_entropy, argmax, softmax. */
#include "model/ops_cpu.h"

#include "model/ops_cpu_math.h"

#include <math.h>
#include <string.h>

static float row_exp_sum(const float *x, int V, float max, float k)
{
    float sum = 0;

#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < V; i++)
        sum += exp_fast((x[i] - max) * k);
    return sum;
}

static void cpu_cross_entropy(struct device *d, float *loss, act *logits, const int *target,
                              const float *weight, int N, int V, float scale, bool grad)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * V))
    for (int n = 0; n < N; n++) {
        float *x = f32(logits) + (size_t)n * V;
        float w = weight ? weight[n] : 1.0f, max, sum, k;

        loss[n] = 0;
        if (target[n] < 0) {
            if (grad)
                memset(x, 0, (size_t)V * sizeof *x);
            continue;
        }
        max = row_max(x, V);
        sum = row_exp_sum(x, V, max, 1.0f);
        loss[n] = w * (logf(sum) + (max - x[target[n]]));
        if (!grad)
            continue;
        k = scale * w / sum;
#pragma omp simd
        for (int i = 0; i < V; i++)
            x[i] = k * exp_fast(x[i] - max);
        x[target[n]] -= scale * w;
    }
}

static void cpu_argmax(struct device *d, int *id, const act *logits, int N, int V)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * V))
    for (int n = 0; n < N; n++) {
        const float *x = cf32(logits) + (size_t)n * V;
        int best = 0;

        for (int i = 1; i < V; i++)
            if (x[i] > x[best])
                best = i;
        id[n] = best;
    }
}

static void cpu_softmax(struct device *d, float *p, const act *logits, int N, int V,
                        float temperature)
{
    if (cpu_failed(d))
        return;
#pragma omp parallel for schedule(static) num_threads(cpu_team(d, (size_t)N * V))
    for (int n = 0; n < N; n++) {
        const float *x = cf32(logits) + (size_t)n * V;
        float *y = p + (size_t)n * V, max = row_max(x, V), k = 1 / temperature;
        float share = 1 / row_exp_sum(x, V, max, k);

#pragma omp simd
        for (int i = 0; i < V; i++)
            y[i] = share * exp_fast((x[i] - max) * k);
    }
}

void CPU_OPS(loss)(struct ops *o)
{
    o->cross_entropy = cpu_cross_entropy;
    o->argmax = cpu_argmax;
    o->softmax = cpu_softmax;
}
