/* load_opt.h - what the load generator is told on its command line. */
#ifndef BENCH_LOAD_OPT_H
#define BENCH_LOAD_OPT_H

#include <stdbool.h>
#include <stdint.h>

struct load_opt {
	const char *url, *secret, *out_path, *get, *phone_id, *waba;
	char path[512], host[128];
	int port, connections, templates, customers, size, timeout_ms;
	double seconds, rate;
	int64_t count;
	bool tls, json;
};

/* Ends the program when the words cannot be understood. */
void load_opt_read(struct load_opt *opt, int argc, char **argv);

#endif
