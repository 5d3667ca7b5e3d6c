/* evolution_ask.h - what Evolution is asked beside sending: its version, the connection, a QR code, its webhook, whether
 * a message is there, what came while nobody listened, a file.
 *
 * Contract: chatwoot-n8n-evolution.md 3.2, 3.3. Requests are written, answers read; both pure. Answers live in the
 * arena or in the caller's buffers. */
#ifndef PEER_EVOLUTION_ASK_H
#define PEER_EVOLUTION_ASK_H

#include "base/arena.h"
#include "base/err.h"
#include "base/sbuf.h"
#include "peer/evolution/evolution_send.h"
#include "peer/wa/wa.h"

#define EVOLUTION_VERSION_MAX 32
#define EVOLUTION_PAGE        50 /* messages asked for at once */

/* GET / : {"status":200,"version":"2.3.7",...}. RC_INVALID: not Evolution. */
enum rc evolution_ask_version(int status, struct str body, char ret[EVOLUTION_VERSION_MAX],
			      struct err *e) MUST_CHECK;
/* Whether a send may name its own key: 2.4.0-rc1 and later. An unreadable version cannot. */
bool evolution_ask_takes_key(struct str version);

/* GET instance/connectionState : ret->word is open, connecting, close. RC_ABSENT: no such instance. RC_REFUSED: 401, 403.
 * RC_CONFLICT: 503 LICENSE_REQUIRED. RC_RETRY: anything else. */
enum rc evolution_ask_state(int status, struct str body, struct arena *a, struct str *ret_state,
			    struct err *e) MUST_CHECK;
/* GET instance/connect : a QR code, or (connected already) the state. Errors as above. */
enum rc evolution_ask_qr(int status, struct str body, struct arena *a, struct wa_link *ret,
			 struct str *ret_state, struct err *e) MUST_CHECK;

/* POST webhook/set: all that Totem reads, sent to `url` with the check that the channel is configured with. */
struct evolution_webhook {
	struct str url;
	struct str header_name, header_value; /* or: */
	struct str jwt_key;
	bool base64;
};
enum rc evolution_ask_webhook(const struct evolution_webhook *h, struct evolution_call *ret_call,
			      struct sbuf *body, struct err *e) MUST_CHECK;

/* POST chat/findMessages. Of one chat: a key (may be none) and an address; or a page of all between two times. */
enum rc evolution_ask_message(struct str address, struct str key, struct evolution_call *ret_call,
			      struct sbuf *body, struct err *e) MUST_CHECK;
struct evolution_between {
	int64_t from_ms, to_ms; /* both belong to it */
	int page, size;         /* from 1; messages of a page */
};
enum rc evolution_ask_between(const struct evolution_between *b, struct evolution_call *ret_call,
			      struct sbuf *body, struct err *e) MUST_CHECK;

/* The records of its answer: {"messages":{"records":[...]}}, or an array. NULL: not such an answer. */
const struct json *evolution_ask_records(const struct json *root);
/* Number of pages; 1 when it is not told. */
int64_t evolution_ask_pages(const struct json *root);

/* Looks for an own message among records: by key when one is known, else by text and time, skipping those that `taken`
 * says belong to other messages. False: not there. */
struct evolution_wanted {
	struct str key;  /* none: by what follows */
	struct str text; /* the line that the decoder makes of it */
	struct str type;
	int64_t from_ms; /* not older */
	bool (*taken)(void *arg, struct str key);
	void *arg;
};
bool evolution_ask_find(const struct json *records, const struct evolution_wanted *w,
			char ret_key[WA_ID_MAX + 1]) MUST_CHECK;

/* Records as one webhook: {"event":"messages.upsert","instance":..,"data":[...]}, for the same reader. */
void evolution_ask_as_webhook(const struct json *records, struct str instance, struct sbuf *to);

/* An own edit (`text`) or revoke (STR_NONE) as the webhook that tells of it; the member says that it is ours, and whose. */
#define EVOLUTION_ACTED "totemActed"
enum rc evolution_ask_act_webhook(const struct evolution_target *t, struct str text, int64_t at_ms,
				  struct str instance, struct sbuf *to, struct err *e) MUST_CHECK;

/* POST chat/getBase64FromMediaMessage; the answer's file. RC_ABSENT: it has none (400, 404). RC_RETRY: later. */
enum rc evolution_ask_file(struct str stored_id, struct evolution_call *ret_call, struct sbuf *body,
			   struct err *e) MUST_CHECK;
struct evolution_file_answer {
	struct str base64, mime, filename;
};
enum rc evolution_ask_file_read(int status, struct str body, struct arena *a,
				struct evolution_file_answer *ret, struct err *e) MUST_CHECK;

#endif
