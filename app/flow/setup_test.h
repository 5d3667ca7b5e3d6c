/* setup_test.h - the live tests of the first run, as upkeep: see setup_test.c. */
#ifndef FLOW_SETUP_TEST_H
#define FLOW_SETUP_TEST_H

#include "base/clock.h"

#define SETUP_TEST_KIND "setup.test"

/* For tests: a Date header; whether a host is of a private network. */
bool setup_test_date(struct str text, int64_t *ret_ms) MUST_CHECK;
bool setup_test_is_private(struct str host);

#endif
