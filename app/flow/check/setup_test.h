/* setup_test.h - the live tests of the first run, as upkeep: see setup_test.c. */
#ifndef FLOW_SETUP_TEST_H
#define FLOW_SETUP_TEST_H

#include "base/clock.h"
#include "flow/config.h"
#include "io/http.h"
#include "store/setup.h"

#define SETUP_TEST_KIND "setup.test"

/* Number of a chore: a step, of one target or (0) of the first of its kind. */
static inline int64_t setup_test_ref(int step, int64_t target_id)
{
	return target_id * 16 + step;
}

/* The number that the first run is about: the default one, else the first; NULL: there is none. */
const struct channel *setup_test_channel(const struct config *c);

/* What it means that a certificate was refused: by a clock that is behind it is not good yet. `doubt`: the clock may be ahead
 * (clockdoubt_is): then one that is over says the same. */
enum setup_code setup_test_refused(struct http_cert_span good, int64_t now_ms, bool doubt);

/* For tests: a Date header; whether a host is of a private network. */
bool setup_test_date(struct str text, int64_t *ret_ms) MUST_CHECK;
bool setup_test_is_private(struct str host);

#endif
