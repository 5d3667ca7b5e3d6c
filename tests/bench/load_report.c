/* load_report.c - see load_report.h: the histogram of latencies and the two reports. */
#include "load_report.h"

#include <stdio.h>
#include <sys/resource.h>

/* 64 steps per power of two: within 1.6 %. */
static size_t bucket_of(uint64_t us)
{
	int top = us < 64 ? 0 : 57 - __builtin_clzll(us);
	size_t at = us < 64 ? us : (size_t)(top + 1) * 64 + ((us >> top) & 63);

	return at < LOAD_BUCKETS ? at : LOAD_BUCKETS - 1;
}

static int64_t bucket_value(size_t at)
{
	return at < 128 ? (int64_t)at : (int64_t)((64 + at % 64) << (at / 64 - 1));
}

static int64_t percentile(const struct load_count *n, double p)
{
	uint64_t want = (uint64_t)((double)(n->ok + n->refused) * p / 100), seen = 0;

	for (size_t i = 0; i < LOAD_BUCKETS; i++) {
		seen += n->histogram[i];
		if (seen > want)
			return bucket_value(i) < n->max_us ? bucket_value(i) : n->max_us;
	}
	return n->max_us;
}

void load_count_answer(struct load_count *n, int status, int64_t us, int64_t now_us)
{
	n->histogram[bucket_of((uint64_t)us)]++;
	n->sum_us += us;
	if (us > n->max_us)
		n->max_us = us;
	if (us < n->min_us)
		n->min_us = us;
	if (status >= 0 && status < 600)
		n->by_status[status]++;
	if (status != 200) {
		n->refused++;
		return;
	}
	n->ok++;
	n->last_ok_us = now_us;
}

static void number(const char *name, int64_t v)
{
	printf("\"%s\":%lld,", name, (long long)v);
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void report_json(const struct load_count *n, const struct load_opt *opt, double took)
{
	int64_t answers = n->ok + n->refused;
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	printf("{\"url\":\"%s\",\"connections\":%d,\"seconds\":%.3f,\"rate\":%.0f,", opt->url,
	       opt->connections, took, opt->rate);
	number("size", opt->size);
	number("sent", n->sent);
	number("ok", n->ok);
	number("non_200", n->refused);
	number("lost", n->lost);
	number("timeouts", n->timeouts);
	number("connect_errors", n->connect_errors);
	number("connects", n->reconnects);
	printf("\"req_per_s\":%.1f,", (double)n->ok / took);
	number("min_us", answers ? n->min_us : 0);
	printf("\"mean_us\":%.1f,", answers ? (double)n->sum_us / (double)answers : 0);
	number("p50_us", percentile(n, 50));
	number("p90_us", percentile(n, 90));
	number("p99_us", percentile(n, 99));
	number("p999_us", percentile(n, 99.9));
	number("max_us", n->max_us);
	printf("\"cpu_s\":%.3f,\"statuses\":{",
	       seconds_of(use.ru_utime) + seconds_of(use.ru_stime));
	for (int i = 0, first = 1; i < 600; i++) {
		if (n->by_status[i])
			printf("%s\"%d\":%lld", first ? "" : ",", i, (long long)n->by_status[i]);
		first &= !n->by_status[i];
	}
	printf("}}\n");
}

void load_report(const struct load_count *n, const struct load_opt *opt)
{
	double took = (double)((n->last_ok_us ? n->last_ok_us : n->end_us) - n->begin_us) / 1e6;
	FILE *line = opt->json ? stderr : stdout;

	if (took <= 0)
		took = 1e-6;
	fprintf(line,
		"%s  %d connections  %.2f s  %.0f req/s  p50 %lld  p90 %lld  p99 %lld  p99.9 %lld  "
		"max %lld us  ok %lld  non-200 %lld  lost %lld  connect errors %lld\n",
		opt->url, opt->connections, took, (double)n->ok / took,
		(long long)percentile(n, 50), (long long)percentile(n, 90),
		(long long)percentile(n, 99), (long long)percentile(n, 99.9), (long long)n->max_us,
		(long long)n->ok, (long long)n->refused, (long long)n->lost,
		(long long)n->connect_errors);
	if (opt->json)
		report_json(n, opt, took);
}
