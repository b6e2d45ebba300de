/*
 * tap: runs a libcheck suite and prints TAP on stdout, one line a test, for
 * automake's driver.  A test may take tap_timeout seconds.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <check.h>

enum { TAP_TIMEOUT = 900 };

/* Adds a case to s that holds the given tests' timeout; returns it. */
TCase *tap_case(Suite *s, const char *name);

/* Runs and frees s.  Returns main's exit status. */
int tap_run(Suite *s);

#endif
