/* bare.c - the ceiling of the benches: our web server (io/web.c) with a handler that reads the body and answers 200.
 * No signature, no store. Prints `port=N`; ends with its parent or on SIGTERM.
 *
 *   bare THREADS [CERT.pem] */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/str.h"
#include "io/crypto.h"
#include "io/web.h"

#define BODY_MAX (4 * MIB)

static void handle(void *arg, struct req *q, struct res *r)
{
	struct err e = { .rc = RC_OK };

	(void)arg;
	r->status = web_body(q, BODY_MAX, &e) == RC_OK ? 200 : 400;
	r->content_type = "text/plain";
	r->body_static = STR("OK");
}

int main(int argc, char **argv)
{
	struct web_config c = { .listener = WEB_HOOKS,
				.address = "127.0.0.1:0",
				.keep_alive_ms = 5000,
				.request_timeout_ms = 10000,
				.body_timeout_ms = 30000,
				.threads = 64,
				.handler = handle };
	struct err e = { .rc = RC_OK };
	struct web *w;
	sigset_t set;
	int64_t threads;
	int sig;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (argc > 1 && str_i64(str_of(argv[1]), 1, 4000, &threads))
		c.threads = (int)threads;
	c.tls_cert = argc > 2 ? argv[2] : NULL;
	if (crypto_start(&e) != RC_OK || web_start(&c, &w, &e) != RC_OK) {
		(void)fprintf(stderr, "bare: %s\n", e.text);
		return 1;
	}
	(void)printf("port=%d\n", web_port(w));
	(void)fflush(stdout);
	(void)sigwait(&set, &sig);
	_exit(0); /* nothing to keep */
}
