/* n8n.h - what a workflow gets and what its answer means (chatwoot-n8n-evolution.md 2.3, R17, R18;
 * n8n 2.8.4).
 *
 * n8n answers 200 in many states in which nothing ran. Success is only, on a 2xx:
 *   (a) exactly {"message":"Workflow was started"}            (mode "immediately"): STARTED
 *   (b) a JSON object with our id back: "id" or "idempotency_key" at its top equals what we sent  :
 * DONE (c) a non-empty JSON array of objects (mode "last node", all items) of which the first
 * carries our id as in (b) and no other carries a foreign one : DONE Answers to the customer are
 * taken in (b) and (c) from `reply`, `output`, `text` or `message.text` (the first that is there):
 * text, or an array of texts. `actions` is handed over raw. Anything else that is JSON on a 2xx:
 * PARK. A workflow ran and forgot our id; running it again would repeat its effects and get the
 * same answer: the caller may do so only when a person wants it. Empty, HTML, "starting up",
 * other text: RETRY. A transport failure with unknown outcome is RETRY too, because n8n has no
 * idempotency on webhooks and runs at most once: the workflow must drop what it has seen by
 * `idempotency_key` (it stays the same over all tries), and the caller drops a second answer by the
 * same key (R18). Pure. */
#ifndef PEER_N8N_H
#define PEER_N8N_H

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/sbuf.h"

#define N8N_REPLIES_MAX 10u /* of one answer; what is more is wrong */

/* All ids as text. STR_NONE leaves a key out. */
struct n8n_message {
	struct str id;           /* required */
	struct str conversation; /* required */
	struct str contact_id;
	struct str contact_name;
	struct str contact_phone;
	struct str contact_user_id;
	struct str channel;
	struct str text;
	struct str type;        /* "text", "image", ...; required */
	struct str origin;      /* "wa", "cw", "api"; required */
	int hop;                /* 0 to LOOP_HOP_MAX; more: RC_REFUSED */
	struct str reply_url;   /* for answers that come later */
	struct str reply_token; /* Authorization: Bearer of such an answer */
	struct str media;       /* JSON object of its file, or none */
	struct str content;     /* its structure as a JSON object (README.md), or none */
	struct str media_url;   /* the whole address of the file; to be read with a token */
	struct str status;      /* of the conversation */
	/* JSON made elsewhere: [{"from","type","text","at"}] oldest first, ["vip"], {"dni":"..."} */
	struct str history, labels, attributes;
	bool chat; /* also as n8n's Chat Trigger takes it: action, sessionId, chatInput */
	struct str idempotency_key; /* required; at most IDEMPOTENCY_KEY_MAX bytes */
	int64_t created_ms;
};

/* Appends the body. RC_INVALID names the field. RC_REFUSED: too many hops. RC_LIMIT: the sbuf is
 * full. */
enum rc n8n_encode(const struct n8n_message *m, struct sbuf *to, struct err *e) MUST_CHECK;

enum n8n_class {
	N8N_DONE,    /* ran and answered */
	N8N_STARTED, /* runs; answers come to reply_url or not at all */
	N8N_RETRY,
	/* 401, 403, 422, other 4xx but 404, 408, 425, 429, redirect, an answer without our id:
	 * alarm */
	N8N_PARK,
	N8N_CLASSES
};

struct n8n_answer {
	enum rc rc; /* of http_do */
	int status;
	struct str body;
	int64_t retry_after_ms; /* -1: none */
	int tries;              /* attempts made, this one included */
	struct str id;          /* what we sent */
	struct str idempotency_key;
	bool chat; /* a Chat Trigger: an object with `output` or another text is an answer without our id too */
};

struct n8n_verdict {
	enum n8n_class cls;
	int64_t retry_ms; /* RETRY: how long (add jitter); else -1 */
	size_t reply_count;
	/* in the arena; not blank; Markdown or WhatsApp marks are the caller's */
	struct str reply[N8N_REPLIES_MAX];
	struct str actions; /* compact JSON (array or object), or none */
	/* DONE: what cannot be done in it, static; what stood before is in `reply` (and `actions`). NULL: nothing */
	const char *wrong;
	char text[160]; /* one sentence of ours; never the peer's (it holds stack traces) */
};

/* RC_LIMIT: the arena is full; no verdict. Else RC_OK. */
enum rc n8n_judge(const struct n8n_answer *ans, struct arena *a, struct n8n_verdict *ret_v,
		  struct err *e) MUST_CHECK;
const char *n8n_class_name(enum n8n_class cls);

#endif
