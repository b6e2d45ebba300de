#include "gtp/stats.h"

#include <math.h>
#include <stdlib.h>

static const double z = 1.959963984540054; /* of 95 %, two-sided */

struct interval interval_rate(double p, double n)
{
    double shrink = 1 / (1 + z * z / n), middle = shrink * (p + z * z / (2 * n));
    double half = shrink * z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

    /* at the ends rounding must not leave the range, nor p the interval */
    return (struct interval){ p, fmin(p, fmax(0, middle - half)), fmax(p, fmin(1, middle + half)) };
}

struct interval interval_mean(double sum, double squares, double n)
{
    double mean = n > 0 ? sum / n : 0, half;

    if (n < 2)
        return (struct interval){ mean, 0, 1 };
    half = z * sqrt(fmax(0, squares - n * mean * mean) / (n - 1) / n);
    return (struct interval){ mean, fmax(0, mean - half), fmin(1, mean + half) };
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double median(double *v, size_t n)
{
    if (!n)
        return 0;
    qsort(v, n, sizeof *v, compare_doubles);
    return (v[(n - 1) / 2] + v[n / 2]) / 2;
}
