/*
 * stats: what a sample shows, and how far the truth may be from it.
 *
 * All intervals are of 95 % (z = 1.96) and of values from 0 to 1.
 */
#ifndef GTP_STATS_H
#define GTP_STATS_H

#include <stddef.h>

struct interval {
    double mean, low, high;
};

/* A share p seen in n independent trials (n > 0, need not be whole): Wilson's score
   interval (JASA 22, 1927), good near 0 and 1 too. */
struct interval interval_rate(double p, double n);

/* A mean of n values, from their sum and their squares' sum: normal, with the sample's
   variance, cut to 0 .. 1; the whole range for n < 2. */
struct interval interval_mean(double sum, double squares, double n);

/* The median of n values, which it sorts; 0 if there are none. */
double median(double *v, size_t n);

#endif
