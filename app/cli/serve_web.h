/* serve_web.h - the web side of a server: listeners, event stream, the files by which commands find it. */
#ifndef CLI_SERVE_WEB_H
#define CLI_SERVE_WEB_H

#include "flow/supervise.h"
#include "io/web.h"

#define SERVE_ADDRESS_MAX 256

struct serve_web {
	struct supervise *below;
	struct sse *sse;
	struct web *main, *hooks, *local;      /* local: plain, loopback, only beside TLS */
	char main_address[SERVE_ADDRESS_MAX];  /* with the real port */
	char hooks_address[SERVE_ADDRESS_MAX]; /* "": served on main */
	char local_address[SERVE_ADDRESS_MAX]; /* where commands of this machine ask */
	char client_cn[128];                   /* what app.hook_client_cn points at */
	bool tls;
};

/* Starts the event stream; before the workers, so that no commit is missed. */
enum rc serve_web_stream(struct serve_web *s, struct supervise *below, struct err *e) MUST_CHECK;
/* Opens the ports; from the return on requests are answered. */
enum rc serve_web_listen(struct serve_web *s, struct err *e) MUST_CHECK;
/* ports.json in the data folder. */
enum rc serve_web_publish(const struct serve_web *s, struct err *e) MUST_CHECK;
/* Closes streams and ports; waits for running handlers. */
/* SIGHUP: certificates and keys from their files. */
void serve_web_reload(void *s);
void serve_web_stop(struct serve_web *s);
void serve_web_free(struct serve_web *s); /* after the store is closed */
/* Whether a PEM file can be read and has `marker` in it (`content`: what that is, for the sentence). */
enum rc serve_web_pem(const char *path, const char *marker, const char *content, struct err *e)
	MUST_CHECK;
/* The address a client on this machine uses: "0.0.0.0:80" with port 8080 gives "127.0.0.1:8080". Pure. */
void serve_web_reach(const char *address, int port, char ret_text[SERVE_ADDRESS_MAX]);

#endif
