/* evolution_send.h - sending through Evolution API: requests, and what its answers mean.
 *
 * Contract: chatwoot-n8n-evolution.md 3.2. Evolution answers 201 as soon as it took a message, with status PENDING; that
 * says nothing about WhatsApp (SERVER_ACK does, as a webhook). Before 2.4 there is no idempotency at all; from
 * 2.4.0-rc1 on a send may name its own key (evolution_id.h), so that a message in doubt can be asked for and repeated
 * under the same name. Pure; any thread. */
#ifndef PEER_EVOLUTION_SEND_H
#define PEER_EVOLUTION_SEND_H

#include "base/err.h"
#include "base/limits.h"
#include "base/sbuf.h"
#include "peer/wa/wa_content.h"
#include "peer/wa/wa_send.h"

#define EVOLUTION_TYPING_MS 1000 /* sendPresence holds the line for so long: short */

/* An earlier message: answered, reacted to, edited, deleted, read. */
struct evolution_target {
	struct str id;      /* as stored: "<slug>:<key>" */
	struct str address; /* of the conversation, as stored */
	struct str author;  /* groups: address of who wrote it, or none */
	bool from_me;
	struct str user; /* edit, revoke: account of the CRM that wants it, or none */
	struct str text; /* quotes: what it said, or none */
};

struct evolution_file {
	struct str base64; /* the bytes; or: */
	struct str url;    /* an address that Evolution can reach */
	struct str mime;
	struct str filename; /* none: one is made of the type */
};

struct evolution_message {
	struct str to; /* address as stored: phone, "...@lid" or "...@g.us" */
	struct str type;
	const struct json *content;            /* wa_content.h */
	const struct evolution_file *file;     /* media types */
	const struct evolution_target *quoted; /* NULL: none; also of a reaction */
	struct str own_key;                    /* none before 2.4.0-rc1 */
};

/* One request: method, the path behind the base URL without the instance, and its body. */
struct evolution_call {
	const char *method; /* static */
	const char *path;   /* "message/sendText" */
};

/* NULL: can be sent. Else static text: why not. */
const char *evolution_send_cannot(struct str type, const struct json *content);
/* RC_INVALID: `e` says what cannot be written. On failure the sbuf's content does not count. */
enum rc evolution_send_message(const struct evolution_message *m, struct evolution_call *ret_call,
			       struct sbuf *body, struct err *e) MUST_CHECK;
enum rc evolution_send_read(const struct evolution_target *t, struct evolution_call *ret_call,
			    struct sbuf *body, struct err *e) MUST_CHECK;
enum rc evolution_send_typing(struct str address, struct evolution_call *ret_call,
			      struct sbuf *body, struct err *e) MUST_CHECK;
enum rc evolution_send_edit(const struct evolution_target *t, struct str text,
			    struct evolution_call *ret_call, struct sbuf *body, struct err *e)
	MUST_CHECK;
enum rc evolution_send_revoke(const struct evolution_target *t, struct evolution_call *ret_call,
			      struct sbuf *body, struct err *e) MUST_CHECK;

/* "{base}/{path}/{instance}"; the instance is percent-encoded; "" leaves it out. RC_INVALID names the part. */
enum rc evolution_send_url(struct str base, const char *path, struct str instance, struct sbuf *to,
			   struct err *e) MUST_CHECK;

/* ---- answers ---- */

#define EVOLUTION_CODE_LICENCE 503001 /* wa_verdict.code: 503 with LICENSE_REQUIRED (3.1) */
#define EVOLUTION_CODE_NUMBER  400001 /* 400 with exists:false */

/* Of a send. wamid is the raw key.id; the caller maps it. Cannot fail: what it cannot read is a verdict. */
void evolution_judge_send(const struct wa_answer *a, struct wa_verdict *ret);
/* Of the others: ACCEPTED: done. RETRY: may be asked again. */
void evolution_judge_act(const struct wa_answer *a, struct wa_verdict *ret);
/* Whether a body is the refusal for want of a licence. */
bool evolution_judge_licence(int status, struct str body);

#endif
