#include "model/ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct device *device_open(const char *which, int threads, enum precision precision,
                           struct err *e)
{
    char *end;
    long index;

    if (!strcmp(which, "cpu"))
        return device_open_cpu(threads, precision, e);
    if (!strcmp(which, "auto"))
        return device_cuda_count() > 0 ? device_open_cuda(0, e)
                                       : device_open_cpu(threads, precision, e);
    if (!strcmp(which, "cuda"))
        return device_open_cuda(0, e);
    if (!strncmp(which, "cuda:", 5) && which[5]) {
        index = strtol(which + 5, &end, 10);
        if (!*end && index >= 0 && index < 1024)
            return device_open_cuda((int)index, e);
    }
    err_set(e, "unknown device '%s': use auto, cpu, cuda or cuda:N", which);
    return NULL;
}

void device_close(struct device *d)
{
    if (d)
        d->ops->close(d);
}

int device_check(struct device *d, struct err *e)
{
    d->ops->sync(d);
    return d->err.msg[0] ? err_set(e, "%s", d->err.msg) : 0;
}

size_t device_bytes_peak(const struct device *d)
{
    return d->bytes_peak;
}

void device_got(struct device *d, size_t bytes)
{
    d->bytes += bytes;
    if (d->bytes > d->bytes_peak)
        d->bytes_peak = d->bytes;
}

void device_gave(struct device *d, size_t bytes)
{
    d->bytes -= bytes;
}

void ops_rope_table(float *table, const int *row, const int *col, int T, int HS, float theta)
{
    int pairs = HS / 4; /* in each half */

    for (int t = 0; t < T; t++)
        for (int i = 0; i < 2 * pairs; i++) {
            double turn = pow(theta, -(double)(i % pairs) / pairs);
            double angle = (i < pairs ? row[t] : col[t]) * turn;

            table[t * HS + 2 * i] = (float)cos(angle);
            table[t * HS + 2 * i + 1] = (float)sin(angle);
        }
}

float ops_schedule(int step, int warmup, int total, float lr, float final_lr)
{
    double t;

    if (step < warmup)
        return lr * (float)(step + 1) / (float)warmup;
    if (step >= total)
        return final_lr;
    t = (double)(step - warmup) / (total > warmup ? total - warmup : 1);
    return final_lr + (lr - final_lr) * (float)(0.5 * (1 + cos(M_PI * t)));
}
