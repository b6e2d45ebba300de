/*
 * train_fixture: a folder for a test's files, and runs of the toy model in it.
 * Whatever fails is a failed test.
 */
#ifndef TESTS_TRAIN_FIXTURE_H
#define TESTS_TRAIN_FIXTURE_H

#include "tests/toy_model.h"

extern struct err e;
extern struct toy toy;             /* the model of the last run */
extern struct parallel alone;
extern struct train_host host;     /* of the next run */

void train_setup(void);            /* for tcase_add_checked_fixture */
void train_teardown(void);

/* A path in the folder, good until the fourth call from now. */
const char *in_folder(const char *name);

/* Makes the toy and trains it; the caller frees it.  run_well must succeed, and frees it. */
int run(struct train_config *c, bool resume);
void run_well(struct train_config *c, bool resume);

/* A file in the folder, to be freed. */
char *slurp(const char *name, size_t *n);
bool same_files(const char *a, const char *b);

/* Names the three files of a run; paths (256) is room for them. */
void name_files(struct train_config *c, char *paths, const char *name);
void assert_same_runs(const char *a, const char *b);

#endif
