/* message.h - WhatsApp messages and their way.
 *
 *   status (never down):  pending -> accepted -> sent -> delivered -> read -> played; `failed` only from below delivered,
 *                         and an error record that stays beside any rank.
 *   sending (outbound):   queued -> sending -> done | unknown ; queued -> cancelled ; unknown -> done (a status settled it) ;
 *                         queued | cancelled -> done (a status says that an earlier try went all the same)
 *
 * `sending` is committed before the request leaves; a row found in `sending` of an earlier boot, or whose answer never
 * came, becomes `unknown` and is never sent again by itself. */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include "store/queue/topic.h"
#include "store/store.h"

enum message_status {
#define STATUS(name, text, rank) MESSAGE_##name,
#include "store/message/message_status.def"
#undef STATUS
	MESSAGE_STATUSES
};
const char *message_status_text(enum message_status s);
bool message_status_parse(struct str text, enum message_status *ret) MUST_CHECK;
/* Whether `to` may follow `from`: the rank rises, or it is a failure of something not yet delivered. */
int message_status_rank(enum message_status s); /* how far; -1: failed says nothing of it */
bool message_status_may(enum message_status from, enum message_status to);

struct message {
	int64_t id, company_id, conversation_id, channel_id, delivery_id;
	int64_t timestamp, created_at, hop;
	int64_t chatwoot_conversation_id, chatwoot_message_id;
	int64_t sending_boot;
	/* edited_ms, revoked_ms: the last edit, the revoke (store/change.h); failed_ms: a failure beside any
	 * rank, its reason is in `error`. 0: none */
	int64_t edited_ms, revoked_ms, failed_ms;
	const char *
		reached; /* how far one had come that is `failed`; NULL: of before, or not failed */
	bool outbound,
		resent; /* resent: another attempt has taken its place (store/message/message_plan.h) */
	enum message_status status;
	const char *type;        /* "text" */
	const char *sending;     /* static text or NULL */
	const char *sender_type; /* customer, crm_agent, chatwoot_agent, ai, system */
	/* customer, api, support_bridge, ai_response, page, cli; written elsewhere: phone, history */
	const char *source;
	struct str meta_message_id, wa_id, sender_name, sender_user_id, sender_source_id;
	struct str reply_to, error, pricing, correlation, content, content_json;
	struct str conversation_info; /* JSON: category and end of Meta's conversation, or none */
};

/* RC_CONFLICT: meta_message_id is already stored (level 1 of the duplicate checks); `e` is not filled, the unit may
 * go on. Sets m->id. Statuses and changes that came before it are joined. */
enum rc message_add(struct tx *tx, struct message *m, struct err *e) MUST_CHECK;
/* The body of a placeholder (type media_placeholder) came: id, delivery_id, type, content and content_json of `m`.
 * RC_CONFLICT: it is no placeholder (any more); `e` is not filled. */
enum rc message_fill(struct tx *tx, const struct message *m, struct err *e) MUST_CHECK;
enum rc message_load(struct db *db, int64_t id, struct arena *a, struct message *ret, struct err *e)
	MUST_CHECK;
enum rc message_by_meta(struct db *db, struct str meta_message_id, int64_t *ret_id, struct err *e)
	MUST_CHECK;

/* Before the request leaves. RC_CONFLICT: it is not `queued` (cancelled, or already under way: see header). */
enum rc message_sending(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* The provider took it and gave it an id; joins parked statuses. */
enum rc message_accepted(struct tx *tx, int64_t id, struct str meta_message_id, struct err *e)
	MUST_CHECK;
enum rc message_requeued(struct tx *tx, int64_t id, struct err *e)
	MUST_CHECK; /* provably not sent: sending -> queued */
/* It was in doubt, and somebody who can tell says that it was not sent: unknown -> queued. */
enum rc message_reopened(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
enum rc message_unknown(struct tx *tx, int64_t id, const char *why, struct err *e) MUST_CHECK;
enum rc message_failed(struct tx *tx, int64_t id, struct str error_json, struct err *e) MUST_CHECK;
enum rc message_cancel(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
enum rc message_set_chatwoot(struct tx *tx, int64_t id, int64_t conversation_id, int64_t message_id,
			     struct err *e) MUST_CHECK;

struct message_status_event {
	struct str meta_message_id;
	/* Out of biz_opaque_callback_data: our message id (0: none), its created_at (0: not told), and which try of it,
	 * from 1 (0: not told). */
	int64_t callback_id, callback_created_ms, callback_try;
	enum message_status status;
	struct str recipient; /* participant of a group or none */
	int64_t at_ms;
	struct str error;        /* JSON or none */
	struct str pricing;      /* JSON or none */
	struct str conversation; /* JSON or none */
};
enum message_status_result {
	STATUS_APPLIED,
	/* As applied, and the message was `unknown`, waited or was given up: now its outcome is known, and whoever stores
	   the status does what follows a send (again, when its job comes by too: that changes nothing). */
	STATUS_SETTLED,
	STATUS_RECORDED /* known, but not higher */,
	/* It failed, but as an earlier try, or before it was put back or cancelled: noted beside the message, whose own
	   outcome is open. */
	STATUS_NOTED,
	/* Whatever this word is: another one had come before, when the id was nobody's, and says that it failed. */
	STATUS_FAILED_BEFORE,
	STATUS_DUPLICATE,
	STATUS_PARKED
};
/* Applies one status: history row (dedupe by message, status, recipient), rank forward only, settles `unknown` and `sending`. */
enum rc message_apply_status(struct tx *tx, const struct message_status_event *s,
			     int64_t *ret_message_id, enum message_status_result *ret,
			     struct err *e) MUST_CHECK;
/* Forgets parked statuses that no send asked for; looks at the oldest `limit`. */
enum rc message_trim_parked(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			    struct err *e) MUST_CHECK;

/* At start: everything `sending` by an earlier boot becomes `unknown`. */
enum rc message_recover(struct tx *tx, int64_t boot, int64_t *ret_count, struct err *e) MUST_CHECK;

struct message_filter {
	int64_t company_id, conversation_id; /* 0: all conversations */
	int64_t before_ts, before_id;        /* keyset; 0: newest. All conversations: by id alone */
	/* Of all conversations, those of a time, from <= timestamp < to, by time as in a conversation; to_ms 0: not by time. */
	int64_t from_ms, to_ms;
	const char *direction; /* with a time only; NULL: both */
	int limit;
};
typedef enum rc message_each_fn(void *arg, const struct message *m, struct err *e);
enum rc message_each(struct db *db, const struct message_filter *f, message_each_fn *fn, void *arg,
		     struct err *e) MUST_CHECK;
/* Ids of the messages of a conversation directly behind a place in time, oldest first; at most `limit` into ret_ids. */
struct message_place {
	int64_t company_id, conversation_id, ts, id;
};
enum rc message_newer(struct db *db, const struct message_place *p, int limit, int64_t *ret_ids,
		      int *ret_n, struct err *e) MUST_CHECK;
struct message_word {
	const char *status;
	struct str recipient; /* participant of a group, else empty */
	int64_t at_ms;
	struct str error; /* JSON or none */
};
typedef enum rc message_status_each_fn(void *arg, const struct message_word *w, struct err *e);
enum rc message_status_each(struct db *db, int64_t id, message_status_each_fn *fn, void *arg,
			    struct err *e) MUST_CHECK;

/* Chatwoot's ids: the loop table. RC_CONFLICT: this id is known (own echo, or the same event again); `e` is not filled. */
enum rc message_link_chatwoot(struct tx *tx, int64_t target_id, int64_t chatwoot_message_id,
			      int64_t message_id, const char *origin, struct err *e) MUST_CHECK;
/* Whether this id is in the table. */
enum rc message_chatwoot_known(struct db *db, int64_t target_id, int64_t chatwoot_message_id,
			       bool *ret, struct err *e) MUST_CHECK;
/* Id of a message of Chatwoot that was known at before_ms, the newest of this conversation, or of the whole target when
 * the conversation has none; 0: none. What we posted later has a higher one. */
enum rc message_chatwoot_newest(struct db *db, const struct message *m, int64_t target_id,
				int64_t before_ms, int64_t *ret, struct err *e) MUST_CHECK;
struct message_counts {
	int64_t inbound, outbound, queued, sending, settled, unknown, cancelled;
};
enum rc message_prove(struct db *db, struct message_counts *ret, struct err *e)
	MUST_CHECK; /* reads the table */

/* An event about the message, of normal priority, at its conversation's place in the order; hop and payload are the caller's. Borrows
 * the correlation. */
struct topic_event message_event(const struct message *m, enum topic topic);

#endif
