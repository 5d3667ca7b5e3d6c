/* conversation.h - the thread of one contact on one channel, and its aggregate. */
#ifndef STORE_CONVERSATION_H
#define STORE_CONVERSATION_H

#include "store/store.h"

struct conversation {
	int64_t id, company_id, channel_id, contact_id;
	struct str wa_id, status, contact_name;
	int64_t unread_count, last_message_at, last_message_id, last_inbound_ms;
	int64_t chatwoot_conversation_id, chatwoot_contact_id;
	struct str chatwoot_source_id;
	int64_t automation_off_until_ms;
	int64_t snoozed_until_ms; /* 0: not snoozed, or without an end */
	int64_t created_ms;
	int64_t assigned_user_id, assigned_created_ms; /* 0: nobody works on it */
	struct str assigned_name;
	struct str labels;       /* JSON array of texts */
	struct str last_content; /* lists only: one line of the last message */
	int64_t merged_into;     /* 0 in all that is loaded or listed */
	bool group;
};

/* Finds the conversation of contact and channel or makes it with address `wa_id`. An address that changed is kept up to date.
 * `wa_id` none: the address stays as it is; RC_ABSENT when there is no conversation yet. */
enum rc conversation_resolve(struct tx *tx, int64_t company_id, int64_t channel_id,
			     int64_t contact_id, struct str wa_id, int64_t *ret_id, struct err *e)
	MUST_CHECK;
/* A conversation that was merged into another one leads there: *ret is the other one. */
enum rc conversation_load(struct db *db, int64_t id, struct arena *a, struct conversation *ret,
			  struct err *e) MUST_CHECK;
/* The same by the name that callers have of it (base/ids.h), and keep when it is merged: both numbers are of the one named.
 * RC_ABSENT: there is none of this name. */
struct conversation_name {
	int64_t created_ms, id;
};
enum rc conversation_load_named(struct db *db, const struct conversation_name *name,
				struct arena *a, struct conversation *ret, struct err *e)
	MUST_CHECK;
/* RC_ABSENT */
enum rc conversation_by_chatwoot(struct db *db, int64_t company_id,
				 int64_t chatwoot_conversation_id, int64_t *ret_id, struct err *e)
	MUST_CHECK;
/* What the consumer group crm-api-whatsapp-inbound writes: later time wins, unread grows by `unread`; with something unread a
 * snoozed or resolved conversation is open again. */
struct conversation_touch {
	int64_t id, at_ms, message_id, inbound_ms; /* inbound_ms 0: it was outbound */
	int64_t unread;
};
enum rc conversation_touch(struct tx *tx, const struct conversation_touch *t, struct err *e)
	MUST_CHECK;
/* The customer called: opens the 24-hour window like a message (Meta 3.6). */
enum rc conversation_open_window(struct tx *tx, int64_t id, int64_t inbound_ms, struct err *e)
	MUST_CHECK;
/* Threads of this contact that are written to at `old` are written to at `address` from now on, and so is what waits in them. */
enum rc conversation_readdress(struct tx *tx, int64_t contact_id, struct str old,
			       struct str address, struct err *e) MUST_CHECK;
/* What people do with a conversation. Statuses: open, pending, resolved, snoozed (else RC_INVALID). */
enum rc conversation_assign(struct tx *tx, int64_t id, int64_t user_id, struct err *e) MUST_CHECK;
enum rc conversation_set_status(struct tx *tx, int64_t id, struct str status, struct err *e)
	MUST_CHECK;
#define CONVERSATION_LABELS_MAX 20
#define CONVERSATION_LABEL_MAX  40 /* characters */
/* In place of all it had. RC_INVALID: one is empty or too long. */
enum rc conversation_set_labels(struct tx *tx, int64_t id, const struct str *labels, size_t n,
				struct err *e) MUST_CHECK;
typedef enum rc conversation_label_fn(void *arg, struct str label, int64_t n, struct err *e);
enum rc conversation_labels(struct db *db, int64_t company_id, conversation_label_fn *fn, void *arg,
			    struct err *e) MUST_CHECK;
enum rc conversation_unread(struct db *db, int64_t company_id, int64_t *ret_conversations,
			    int64_t *ret_messages, struct err *e) MUST_CHECK;
/* Tells the event stream that it changed. */
enum rc conversation_changed(struct tx *tx, int64_t company_id, int64_t id, struct err *e)
	MUST_CHECK;
enum rc conversation_read(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
enum rc conversation_set_chatwoot(struct tx *tx, int64_t id, int64_t contact_id,
				  int64_t conversation_id, struct str source_id, struct err *e)
	MUST_CHECK;

struct conversation_filter {
	int64_t company_id;
	int64_t before_ms, before_id; /* keyset of last_message_at, id; 0: newest */
	struct str search;            /* part of a name or number; none: all */
	struct str status, label;     /* none: all */
	int64_t channel_id;           /* 0: all */
	int64_t assigned;             /* user; 0: all, -1: those of nobody */
	bool unread_only;
	int limit;
};
/* Newest message first. The filter that fits the fewest rows chooses the index; the others are applied in passing. */
typedef enum rc conversation_each_fn(void *arg, const struct conversation *c, struct err *e);
enum rc conversation_each(struct db *db, const struct conversation_filter *f,
			  conversation_each_fn *fn, void *arg, struct err *e) MUST_CHECK;

#endif
