/* meta_send.h - sending through Meta: request bodies, their URL, and what an answer means.
 *
 * Contract: meta-cloud-api.md 3.1 to 3.3 and 4. There is no idempotency key at Meta: what may have
 * been accepted is never repeated (WA_SEND_UNKNOWN); put our own id into `tag`, and a later
 * status settles it. Codes and their classes stand in meta_error.def, one row each. Pure;
 * thread-safe. */
#ifndef PEER_META_SEND_H
#define PEER_META_SEND_H

#include "base/err.h"
#include "base/limits.h"
#include "base/sbuf.h"
#include "peer/wa/wa_content.h"
#include "peer/wa/wa_send.h"

#define META_SEND_TAG_MAX            512u        /* biz_opaque_callback_data, characters (3.1) */
#define META_SEND_BODY_MAX           (512 * KIB) /* more than WA_CONTENT_MAX makes with escapes */
#define META_SEND_RETRY_AFTER_MAX_MS DAY_MS      /* a peer cannot park a message for longer */

/* Exactly one of to, recipient, group. */
struct meta_message {
	/* phone: digits with country code, '+' optional; sent with '+', because Meta may
	 * prepend the business number's country without it (3.1). 5 to 15 digits */
	struct str to;
	/* BSUID: "BR." or "BR.ENT." and up to 128 letters and digits (2.2) */
	struct str recipient;
	struct str group; /* group id */
	struct str type;
	const struct json *content; /* as wa_content.h has it; checked here again */
	const struct wa_content_file *files;
	size_t file_count;
	struct str reply_to; /* wamid, or none; not for reactions, ignored by Meta for templates */
	struct str tag;      /* up to META_SEND_TAG_MAX code points, or none */
};

/* Appends the JSON body. RC_INVALID: `e` names the field ("text.body: This is longer than 4096
 * characters."). RC_LIMIT: the sbuf is full. On failure the sbuf holds what it held before. */
enum rc meta_send_message(const struct meta_message *m, struct sbuf *to, struct err *e) MUST_CHECK;
/* An address as one of to, recipient and group: digits are a phone, "XX." begins a user id, all
 * else is a group. */
void meta_send_address(struct str address, struct meta_message *ret);
/* Mark as read, and optionally show "typing" (3.3: clears itself after 25 s; only together with
 * read). */
enum rc meta_send_read(struct str wamid, bool typing, struct sbuf *to, struct err *e) MUST_CHECK;

/* "{base}/{version}/{phone_number_id}/messages". base: http(s)://host[:port][/path] without user,
 * query, fragment, percent or dot segments; a '/' at its end is dropped. version: "v" digits "."
 * digits. phone id: 1 to 32 digits. RC_INVALID names the part. */
enum rc meta_send_url(struct str base, struct str version, struct str phone_number_id,
		      struct sbuf *to, struct err *e) MUST_CHECK;

/* Cannot fail: what it cannot read is a verdict. */
void meta_send_judge(const struct wa_answer *a, struct wa_verdict *ret_v);

/* The same for read receipts and typing, whose success is {"success":true} (3.3). */
void meta_send_judge_act(const struct wa_answer *a, struct wa_verdict *ret_v);

/* What a code means that came later, as the error of a failed status (statuses[].errors) of the try with this number. */
void meta_send_later(int64_t code, int tries, struct wa_verdict *ret_v);

/* One row of meta_error.def. */
struct meta_error_row {
	int64_t code_low; /* a range for families (200 to 299) */
	int64_t code_high;
	enum wa_class cls;
	enum wa_scope scope;
	int tries_max;    /* attempts in all; 0: the queue's own number */
	int64_t first_ms; /* first wait; then times `factor`, up to cap_ms */
	int factor;
	int64_t cap_ms;
	const char *incident; /* word of store/incident_text.def; NULL: none */
	const char *note;
	const char *source;
};

/* For asynchronous errors (statuses[].errors) too. NULL: not in the table. */
const struct meta_error_row *meta_send_error(int64_t code);
size_t meta_send_error_count(void);
const struct meta_error_row *meta_send_error_at(size_t i); /* ascending by code */

#endif
