/* call.h - commands that work beside a running server and without one: each is a request to the API.
 *
 *   nobody serves the data folder   the store is opened here (no threads) and the request goes through the route table
 *   a server holds its lock         the same request over HTTP to the address in ports.json,
 *                                   with the token in cli.token
 *
 * Both files are written by `totem serve` at each start, readable by the owner of the folder only. */
#ifndef CLI_CALL_H
#define CLI_CALL_H

#include "cli/cli.h"
#include "io/web.h"

#define CALL_PORTS_FILE "ports.json"
#define CALL_TOKEN_FILE "cli.token"
#define CALL_TEXT_MAX   256

struct supervise;
struct http;

struct caller {
	struct supervise *inside; /* NULL: a server was found */
	struct http *http;
	char base[CALL_TEXT_MAX]; /* "http://127.0.0.1:8080" */
	char token[CALL_TEXT_MAX];
};

struct call_request {
	const char *method;
	const char *path; /* with ?query */
	struct str body;  /* JSON or none */
};

struct call_answer {
	int status;
	struct sbuf body;
	struct json *root; /* NULL: no JSON */
};

#define CALL_ANSWER             \
	{                       \
		.body = SBUF(0) \
	}

/* Finds the server or opens the store. RC_RETRY: the folder is held, but its server does not answer. */
enum rc call_begin(const struct cli *c, struct caller *ret, struct err *e) MUST_CHECK;
/* A server only. RC_ABSENT: nobody serves this folder. */
enum rc call_begin_server(const struct cli *c, struct caller *ret, struct err *e) MUST_CHECK;
/* RC_OK: 2xx. Else the verdict of the status, with the answer's own sentence in `e`; the answer is filled then too. */
enum rc call_do(struct caller *by, const struct call_request *q, struct call_answer *ret,
		struct err *e) MUST_CHECK;
/* A GET whose answer goes to `sink` piece by piece, however long it is. *ret_next (CALL_TEXT_MAX bytes; may be NULL): header
 * X-Next, "" without one. The sink gets 2xx only; other verdicts are those of call_do, or the sink's. */
enum rc call_save(struct caller *by, const char *path, web_sink_fn *sink, void *arg, char *ret_next,
		  struct err *e) MUST_CHECK;
void call_answer_release(struct call_answer *a);
void call_end(struct caller *by);

/* call_begin, call_do, call_end. */
enum rc call_once(const struct cli *c, const struct call_request *q, struct call_answer *ret,
		  struct err *e) MUST_CHECK;
/* Between two looks at something outside that gives no signal: another process' lock, a server that comes back. */
void call_pause_ms(int64_t ms);
/* Prints the answer's JSON as it is (--json). */
void call_print_json(const struct call_answer *a);

#endif
