/* load_opt.c - see load_opt.h: the words of the command line, their limits and defaults. */
#include "load_opt.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_body.h"
#include "util.h"

static void usage(void)
{
	puts("usage: load --url http[s]://127.0.0.1:PORT/PATH [--connections 64] [--seconds 5]\n"
	     "  [--secret S] [--phone-id ID] [--waba ID] [--distinct 4000] [--customers 1000]\n"
	     "  [--size 1000] [--rate R] [--count N] [--out FILE] [--timeout-ms 30000] [--tls] "
	     "[--json]\n"
	     "  [--path-get /healthz]   GET in place of signed webhooks: the ceiling of the "
	     "server\n"
	     "Every request has its own wamid and signature and is never sent again.");
}

static double number(const char *s, double min, double max)
{
	char *end;
	double v = strtod(s, &end);

	if (end == s || *end || v < min || v > max)
		die("%s: expected a number from %g to %g", s, min, max);
	return v;
}

static void apply(struct load_opt *opt, int c)
{
	switch (c) {
	case 'u':
		opt->url = optarg;
		break;
	case 'c':
		opt->connections = (int)number(optarg, 1, 20000);
		break;
	case 's':
		opt->seconds = number(optarg, 0.01, 86400);
		break;
	case 'k':
		opt->secret = optarg;
		break;
	case 'd':
		opt->templates = (int)number(optarg, 1, 500000);
		break;
	case 't':
		opt->tls = true;
		break;
	case 'r':
		opt->rate = number(optarg, 0, 1e7);
		break;
	case 'z':
		opt->size = (int)number(optarg, 700, LOAD_BODY_MAX);
		break;
	case 'm':
		opt->customers = (int)number(optarg, 1, 99999999);
		break;
	case 'j':
		opt->json = true;
		break;
	case 'n':
		opt->count = (int64_t)number(optarg, 1, 1e12);
		break;
	case 'o':
		opt->out_path = optarg;
		break;
	case 'g':
		opt->get = optarg;
		break;
	case 'p':
		opt->phone_id = optarg;
		break;
	case 'w':
		opt->waba = optarg;
		break;
	case 'T':
		opt->timeout_ms = (int)number(optarg, 1, 3600000);
		break;
	case 'h':
		usage();
		exit(0);
	default:
		usage();
		exit(2);
	}
}

void load_opt_read(struct load_opt *opt, int argc, char **argv)
{
	static const struct option options[] = {
		{ "url", 1, NULL, 'u' },       { "connections", 1, NULL, 'c' },
		{ "seconds", 1, NULL, 's' },   { "secret", 1, NULL, 'k' },
		{ "distinct", 1, NULL, 'd' },  { "tls", 0, NULL, 't' },
		{ "rate", 1, NULL, 'r' },      { "size", 1, NULL, 'z' },
		{ "customers", 1, NULL, 'm' }, { "json", 0, NULL, 'j' },
		{ "count", 1, NULL, 'n' },     { "out", 1, NULL, 'o' },
		{ "path-get", 1, NULL, 'g' },  { "phone-id", 1, NULL, 'p' },
		{ "waba", 1, NULL, 'w' },      { "timeout-ms", 1, NULL, 'T' },
		{ "help", 0, NULL, 'h' },      { NULL, 0, NULL, 0 },
	};
	int c;
	char scheme[8] = "";

	*opt = (struct load_opt){ .secret = "test_app_secret",
				  .connections = 64,
				  .templates = 4000,
				  .customers = 1000,
				  .size = 1000,
				  .seconds = 5,
				  .timeout_ms = 30000,
				  .phone_id = "106540352242922",
				  .waba = "102290129340398" };
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		apply(opt, c);
	if (!opt->url ||
	    sscanf(opt->url, "%7[a-z]://127.0.0.1:%d%500s", scheme, &opt->port, opt->path) < 2) {
		fputs("load: --url http://127.0.0.1:PORT/PATH is needed; loopback only\n", stderr);
		exit(2);
	}
	opt->tls |= !strcmp(scheme, "https");
	if (!opt->path[0])
		strcpy(opt->path, "/");
	if (opt->get)
		snprintf(opt->path, sizeof opt->path, "%s", opt->get);
	snprintf(opt->host, sizeof opt->host, "127.0.0.1:%d", opt->port);
}
