/* meta_send.h - sending through Meta: request bodies, their URL, and what an answer means.
 *
 * Contract: meta-cloud-api.md 3.1 to 3.3 and 4. There is no idempotency key at Meta: what may have
 * been accepted is never repeated (META_SEND_UNKNOWN); put our own id into `tag`, and a later
 * status settles it. Codes and their classes stand in meta_error.def, one row each. Pure;
 * thread-safe. */
#ifndef PEER_META_SEND_H
#define PEER_META_SEND_H

#include "base/err.h"
#include "base/limits.h"
#include "base/sbuf.h"

#define META_SEND_TAG_MAX 512u /* biz_opaque_callback_data, characters (3.1) */
/* enough ceiling for any body that these encoders make */
#define META_SEND_BODY_MAX           (64 * KIB)
#define META_SEND_RETRY_AFTER_MAX_MS DAY_MS /* a peer cannot park a message for longer */

/* Exactly one of to, recipient, group. */
struct meta_text {
	/* phone: digits with country code, '+' optional; sent with '+', because Meta may
	 * prepend the business number's country without it (3.1). 5 to 15 digits */
	struct str to;
	/* BSUID: "BR." or "BR.ENT." and up to 128 letters and digits (2.2) */
	struct str recipient;
	struct str group; /* group id */
	struct str body;  /* 1 to WA_TEXT_MAX code points, valid UTF-8 */
	bool preview_url;
	struct str reply_to; /* wamid, or none */
	struct str tag;      /* up to META_SEND_TAG_MAX code points, or none */
};

/* Appends the JSON body. RC_INVALID: `e` names the field ("text.body is longer than 4096
 * characters"). RC_LIMIT: the sbuf is full. On failure the sbuf holds what it held before. */
enum rc meta_send_text(const struct meta_text *m, struct sbuf *to, struct err *e) MUST_CHECK;
/* Mark as read, and optionally show "typing" (3.3: clears itself after 25 s; only together with
 * read). */
enum rc meta_send_read(struct str wamid, bool typing, struct sbuf *to, struct err *e) MUST_CHECK;

/* "{base}/{version}/{phone_number_id}/messages". base: http(s)://host[:port][/path] without user,
 * query, fragment, percent or dot segments; a '/' at its end is dropped. version: "v" digits "."
 * digits. phone id: 1 to 32 digits. RC_INVALID names the part. */
enum rc meta_send_url(struct str base, struct str version, struct str phone_number_id,
		      struct sbuf *to, struct err *e) MUST_CHECK;

enum meta_class {
	META_SEND_ACCEPTED,        /* wamid is set */
	META_SEND_RETRY,           /* R: the same request again after retry_ms */
	META_SEND_PAUSE_RECIPIENT, /* RP: as RETRY; only messages to this recipient wait */
	META_SEND_WAIT,            /* W: as RETRY, after minutes to a day */
	META_SEND_PERMANENT,       /* P: this message will not go */
	META_SEND_TEMPLATE,        /* T: only a template, or another one, may go now */
	/* C: configuration; hold the queue of the number, no attempt burnt, alarm */
	META_SEND_PAUSE_NUMBER,
	/* S: policy, spam or token; hold all but human replies of the number, alarm */
	META_SEND_STOP,
	/* may have been accepted: never repeat; park and wait for a status */
	META_SEND_UNKNOWN,
	META_SEND_CLASSES
};

/* What http_do said. */
struct meta_answer {
	enum rc rc; /* of http_do; RC_OK: an answer came */
	int status;
	struct str body;
	int64_t retry_after_ms; /* -1: none */
	int tries;              /* attempts made, this one included: 1 for the first */
};

struct meta_verdict {
	enum meta_class cls;
	/* the code allows retries, but all were used: cls became PERMANENT */
	bool exhausted;
	bool held; /* ACCEPTED with message_status held_for_quality_assessment */
	/* RETRY, PAUSE_RECIPIENT, WAIT: how long (add jitter); else -1, but a PAUSE_NUMBER or
	 * STOP with Retry-After carries it */
	int64_t retry_ms;
	int64_t code;    /* error.code, -1: none */
	int64_t subcode; /* error.error_subcode, -1: none */
	char wamid[WA_ID_MAX + 1];
	/* contacts[0].wa_id; may differ from what we wrote (BR, MX, AR) */
	char wa_id[WA_ADDRESS_MAX + 1];
	char user_id[WA_ADDRESS_MAX + 1]; /* contacts[0].user_id */
	char fbtrace_id[64];              /* always log it */
	/* one sentence of ours; nothing of the peer's text, no personal data */
	char text[160];
};

/* Cannot fail: what it cannot read is a verdict. */
void meta_send_judge(const struct meta_answer *a, struct meta_verdict *ret_v);

/* One row of meta_error.def. */
struct meta_error_row {
	int64_t code_low; /* a range for families (200 to 299) */
	int64_t code_high;
	enum meta_class cls;
	int tries_max;    /* attempts in all; 0: the queue's own number */
	int64_t first_ms; /* first wait; then times `factor`, up to cap_ms */
	int factor;
	int64_t cap_ms;
	const char *note;
	const char *source;
};

/* For asynchronous errors (statuses[].errors) too. NULL: not in the table. */
const struct meta_error_row *meta_send_error(int64_t code);
size_t meta_send_error_count(void);
const struct meta_error_row *meta_send_error_at(size_t i); /* ascending by code */
const char *meta_send_class_name(enum meta_class cls);     /* "pause_recipient" */

#endif
