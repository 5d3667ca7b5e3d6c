/* web.h - the embedded web server. The only door to CivetWeb.
 *
 * A listener is one CivetWeb context with its own worker threads. Each request becomes a struct req; the
 * one handler (api/routes.c) fills a struct res, which leaves in one buffer and one write. The strict gate
 * (ambiguous lengths, duplicate critical headers, floods: 400 and close) runs before the handler.
 * Threads: the handler is called from many workers at once. */
#ifndef IO_WEB_H
#define IO_WEB_H

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/sbuf.h"
#include "io/file_stream.h"

enum web_listener { WEB_MAIN = 1, WEB_HOOKS = 2 }; /* bits: where a route is served */

struct web_conn;
struct web_stream;

struct req {
	enum web_listener listener;
	const char *method;     /* HEAD comes as "GET"; its body is not sent */
	const char *path;       /* decoded, no dot segments, no NUL */
	struct str query;       /* raw */
	char client[64];        /* remote address as text */
	char client_cn[128];    /* name in the client certificate that TLS checked; empty: none */
	char request_id[65];    /* ours, or the caller's X-Request-Id when it is sane */
	bool secure;            /* came over our TLS */
	int64_t content_length; /* -1: chunked or none */
	struct web_conn *conn;  /* NULL in tests and the simulator */
	bool local; /* made inside this process by the owner of the data folder (CLI): needs no
				      * token. Never set by web.c */
	struct arena *arena; /* memory of this request */
	/* Set by the router: */
	struct str param[4]; /* path parameters in order, percent-decoded, in the arena */
	int64_t now_ms;
	/* Body and headers: through functions, so that tests can give them. */
	const struct http_header_in *headers;
	size_t header_count;
	struct str body; /* filled by web_body, or by a test */
	bool body_read;
};

struct http_header_in {
	const char *name;
	const char *value;
};

/* Takes bytes as they come; its verdict ends that when it is not RC_OK. */
typedef enum rc web_sink_fn(void *arg, const char *p, size_t n, struct err *e);

/* Gives the body of an answer, piece by piece, to a sink, and lets go of what `arg` holds. Called exactly once, whatever
 * happens; `sink` NULL: nobody reads it (HEAD, the client is gone). Not RC_OK: the answer stays half. */
typedef enum rc web_push_fn(void *arg, web_sink_fn *sink, void *sink_arg, struct err *e);

struct res {
	int status;               /* 0 from a handler is a bug */
	const char *content_type; /* static text */
	struct sbuf headers;      /* "Name: value\r\n" lines, through web_header only */
	struct sbuf body;
	bool close;             /* close the connection after the answer */
	struct str body_static; /* used instead of body when p is set (embedded assets) */
	/* Used instead of body when it is open: `file_bytes` of it from `file_from`. Sent in pieces, never whole in memory,
	 * with a total deadline that a reader of WEB_FILE_SPEED_MIN keeps. Closed by web.c. */
	struct file_in file;
	int64_t file_from, file_bytes;
	/* Used instead of body when it is set, for what is too long for memory and is made while it leaves. push_bytes: how
	 * long it will be, -1: not known before (sent in chunks). It ends when the reader is slower than WEB_FILE_SPEED_MIN; a
	 * half answer ends the connection, so that the client can tell. `push_arg` lives at least as long as the request. */
	web_push_fn *push;
	void *push_arg;
	int64_t push_bytes;
	/* When set, the answer is a stream: head and body are sent and the socket goes to this function. It is
	 * called exactly once; s is NULL when there is no socket to hand over (client gone, HEAD, stopping). */
	void (*take_over)(void *arg, struct web_stream *s);
	void *take_over_arg;
};

/* A client's socket after it left its worker; owned by io/sse.c. */
struct web_stream;

/* First header of that name (case-insensitive) or STR_NONE. */
struct str web_req_header(const struct req *q, const char *name);
/* Reads the whole body once, at most `max` bytes. RC_LIMIT: longer (413, close). RC_INVALID: cut, or its
 * deadline passed (the connection closes). */
enum rc web_body(struct req *q, size_t max, struct err *e) MUST_CHECK;
/* The body piece by piece, for what is too large for memory; instead of web_body, once. The sink's own verdict ends it
 * and is given back. RC_LIMIT: longer than `max`; RC_INVALID: cut, or not whole within timeout_ms. In all these cases
 * the connection closes after the answer. */
struct web_sink {
	web_sink_fn *fn;
	void *arg;
	int64_t max;
	int timeout_ms; /* total */
};
enum rc web_body_each(struct req *q, const struct web_sink *sink, struct err *e) MUST_CHECK;
/* Adds an answer header; CR and LF in the value are a bug for constants and dropped for foreign text. */
void web_header(struct res *r, const char *name, struct str value);
/* Runs r->push, if there is one, and takes it out: for who made the request. */
enum rc web_push_run(struct res *r, web_sink_fn *sink, void *sink_arg, struct err *e) MUST_CHECK;

typedef void web_handler(void *arg, struct req *q, struct res *r);

struct web_config {
	enum web_listener listener;
	const char *address; /* "127.0.0.1:8080", "[::]:80"; port 0 lets the kernel choose */
	int threads;
	int keep_alive_ms;              /* idle keep-alive connections */
	int request_timeout_ms;         /* head; total */
	int body_timeout_ms;            /* total */
	int connections_per_client_max; /* 0: no limit */
	const char *
		unlimited; /* networks without it, with commas between them (net_network_text); NULL: none */
	const char *tls_cert;      /* PEM with key and chain; NULL: plain */
	const char *tls_client_ca; /* client certificates are asked for and checked; NULL: not */
	web_handler *handler;
	void *arg;
};

struct web;

enum rc web_start(const struct web_config *c, struct web **ret_web, struct err *e) MUST_CHECK;
int web_port(const struct web *w); /* the real port */
/* Waits for running handlers. All streams must be closed before (sse_stop): their TLS state lives here. */
void web_stop(struct web *w);
/* Certificates and key anew from their files, for new connections. False: plain HTTP, or the files cannot be used and the
 * old ones stay; told in the log. One caller at a time. */
bool web_reload_tls(struct web *w);
const char *web_version(void);

/* Used by io/sse.c: write what can be written without blocking. Returns bytes, 0 = would block,
 * -1 = gone. */
int web_stream_fd(const struct web_stream *s);
ptrdiff_t web_stream_send(struct web_stream *s, const char *p, size_t n);
/* Reads and drops what the client sends; false when it is gone. */
bool web_stream_alive(struct web_stream *s);
void web_stream_close(struct web_stream *s);

#endif
