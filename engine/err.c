#include "engine/err.h"

#include <stdarg.h>
#include <stdio.h>

void err_init(struct err *e)
{
    e->msg[0] = '\0';
}

int err_set(struct err *e, const char *fmt, ...)
{
    va_list ap;

    if (!e || e->msg[0])
        return -1;
    va_start(ap, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    return -1;
}
