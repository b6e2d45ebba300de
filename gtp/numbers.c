#include "gtp/numbers.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int number_whole(const char *text, long min, long max, long *v)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(text, &end, 10);
    if (errno || end == text || *end || isspace((unsigned char)*text) || n < min || n > max)
        return -1;
    *v = n;
    return 0;
}

int number_int(const char *text, int min, int max, int *v)
{
    long n;

    if (number_whole(text, min, max, &n))
        return -1;
    *v = (int)n;
    return 0;
}

int number_real(const char *text, double min, double max, double *v)
{
    char *end;
    double x = strtod(text, &end);

    if (end == text || *end || isspace((unsigned char)*text) || !(x >= min && x <= max))
        return -1;
    *v = x;
    return 0;
}

int number_seed(const char *text, uint64_t *v)
{
    char *end;
    uint64_t n;

    errno = 0;
    n = strtoumax(text, &end, 10);
    if (errno || *end || !isdigit((unsigned char)*text))
        return -1;
    *v = n;
    return 0;
}

int number_range(const char *text, int max, int *from, int *to)
{
    const char *dash = strchr(text, '-');
    size_t n = dash ? (size_t)(dash - text) : strlen(text);
    char first[16];
    int a, b;

    if (!n || n >= sizeof first)
        return -1;
    memcpy(first, text, n);
    first[n] = '\0';
    if (number_int(first, 0, max, &a))
        return -1;
    b = dash ? -1 : a;
    if (dash && dash[1] && number_int(dash + 1, a, max, &b))
        return -1;
    *from = a;
    *to = b;
    return 0;
}
