/*
 * train_log: the CSV file of a training run.  Only train.c includes it.
 *
 * The first line names the columns, the first column of the others is the step.
 * A file is regular; it is rewritten when opened and appended to afterwards, a
 * row at a time, so at most the last line can be torn.
 */
#ifndef MODEL_TRAIN_LOG_H
#define MODEL_TRAIN_LOG_H

#include <stdio.h>

#include "engine/err.h"

struct train_log {
    FILE *f; /* NULL: closed */
    const char *path;
};

/*
 * Opens path, which must outlive l, with the header line (without its end).
 * keep < 0 starts anew; else rows of steps up to keep stay, if the file is there,
 * and everything behind them is cut.  Fails on a file with another header.
 */
int train_log_open(struct train_log *l, const char *path, const char *header, int keep,
                   struct err *e);

/* One row, without its end. */
int train_log_row(struct train_log *l, const char *row, struct err *e);

/* What was written so far has reached the disk. */
int train_log_sync(struct train_log *l, struct err *e);

int train_log_close(struct train_log *l, struct err *e);

#endif
