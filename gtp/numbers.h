/*
 * numbers: as people write them on command lines, read strictly: no blanks, nothing
 * behind them, within bounds.  Each returns 0, or -1 and leaves v alone.
 */
#ifndef GTP_NUMBERS_H
#define GTP_NUMBERS_H

#include <stdint.h>

int number_whole(const char *text, long min, long max, long *v);
int number_int(const char *text, int min, int max, int *v);
int number_real(const char *text, double min, double max, double *v);
int number_seed(const char *text, uint64_t *v);

/* "N" (one), "A-B" or "A-" (to the end: *to is -1), 0 <= A <= B <= max. */
int number_range(const char *text, int max, int *from, int *to);

#endif
