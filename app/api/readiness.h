/* readiness.h - whether the box can accept and commit now; for /readyz, /api/v1/status and /metrics. */
#ifndef API_READINESS_H
#define API_READINESS_H

#include "flow/app.h"

#define READINESS_STUCK_MS (10 * SECOND_MS)

struct readiness {
	bool damaged, store_failing, disk_low, writer_stuck, stopping;
	int64_t disk_free; /* -1: not known */
	struct store_stats store;
};

void readiness_get(struct app *app, int64_t now_ms, struct readiness *ret);
bool readiness_ok(const struct readiness *r);
/* The i-th reason for not being ready, as a word and a sentence; false: no more. */
bool readiness_reason(const struct readiness *r, size_t i, const char **ret_word,
		      const char **ret_text);

#endif
