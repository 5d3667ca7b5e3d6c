/* load_report.h - what the load generator counts, and how it tells. */
#ifndef BENCH_LOAD_REPORT_H
#define BENCH_LOAD_REPORT_H

#include <stdint.h>

#include "load_opt.h"

#define LOAD_BUCKETS (40 * 64)

struct load_count {
	int64_t begin_us, end_us, last_ok_us;
	int64_t sent, ok, refused, lost, connect_errors, reconnects, timeouts;
	int64_t by_status[600], sum_us, max_us, min_us; /* min_us starts at INT64_MAX */
	uint64_t histogram[LOAD_BUCKETS];
};

/* An answer that took `us`; anything but 200 counts as refused. */
void load_count_answer(struct load_count *n, int status, int64_t us, int64_t now_us);
/* One line for people on the standard output; with --json it goes to stderr and one object to the output. */
void load_report(const struct load_count *n, const struct load_opt *opt);

#endif
