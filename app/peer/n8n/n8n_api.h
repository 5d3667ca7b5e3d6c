/* n8n_api.h - n8n's public API (chatwoot-n8n-evolution.md 2.4, n8n 2.8.4): bodies of requests and what answers mean. Header
 * of all calls: X-N8N-API-KEY. Pure; encoders append to `to`. */
#ifndef PEER_N8N_API_H
#define PEER_N8N_API_H

#include "base/arena.h"
#include "base/err.h"
#include "io/json.h"

/* How a webhook node knows its caller; the word of the node and the type of its credential. */
enum n8n_door { N8N_DOOR_NONE, N8N_DOOR_HEADER, N8N_DOOR_BASIC, N8N_DOOR_JWT };

/* {"name","type","data"} for POST /credentials. `a` and `b`: header name and value; user and password; "" and passphrase. */
enum rc n8n_api_credential(const char *name, enum n8n_door door, struct str a, struct str b,
			   struct sbuf *to, struct err *e) MUST_CHECK;

/* What the import puts into one of our workflow files (packaging/n8n). */
struct n8n_api_fill {
	struct str box;     /* "http://box:8081", takes the place of http://127.0.0.1:8081 */
	enum n8n_door door; /* of webhook nodes */
	struct str door_id; /* their credential; none with N8N_DOOR_NONE */
	struct str api_id;  /* credential of HTTP request nodes */
};
/* The body of POST and PUT /workflows: only name, nodes, connections and settings, as n8n's schema wants it. RC_INVALID:
 * the file is not of that form. */
enum rc n8n_api_workflow(struct str file, const struct n8n_api_fill *fill, struct sbuf *to,
			 struct err *e) MUST_CHECK;
/* Name and path of the (first) webhook node of a file; in the arena. */
enum rc n8n_api_file(struct str file, struct arena *a, struct str *ret_name, struct str *ret_path,
		     struct err *e) MUST_CHECK;

/* "id" of an answer (text or number), in the arena. RC_INVALID: there is none. */
enum rc n8n_api_id(struct str answer, struct arena *a, struct str *ret, struct err *e) MUST_CHECK;
/* The workflow of that name in a page of GET /workflows. RC_ABSENT: not on it; *ret_next is the cursor of the next page
 * or none. */
enum rc n8n_api_find(struct str answer, struct str name, struct arena *a, struct str *ret_id,
		     struct str *ret_next, struct err *e) MUST_CHECK;
/* A sentence about a refused call, with n8n's own `message` (never its stack). */
void n8n_api_refusal(int status, struct str answer, char *ret_text, size_t bytes);

#endif
