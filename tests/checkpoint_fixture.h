/*
 * checkpoint_fixture: what the tests of checkpoints share: a fake device, an err,
 * and a new folder for each test (tcase_add_checked_fixture(tc, setup, teardown)).
 */
#ifndef TESTS_CHECKPOINT_FIXTURE_H
#define TESTS_CHECKPOINT_FIXTURE_H

#include "model/checkpoint.h"
#include "tests/fake_device.h"

extern struct fake fake; /* f32 */
extern struct err e;
extern char folder[64];

extern const struct checkpoint_options plain; /* f32; model and layers in the metadata */

void setup(void);
void teardown(void);

/* A path in the folder; holds for the next three calls. */
const char *in_folder(const char *name);

/* How many files there are whose name begins so. */
int count_files(const char *begin);

#endif
