/* message_plan.h - beside the content of an outgoing message: until when, what instead, which attempt; and what people
 * decided about it.
 *
 * A retry of a message that may have left, or that the provider refused later, is a row of its own with a provider id
 * of its own (CW#14120): attempt_of names the earlier row, replaced_by the later one. At most one row ever
 * replaces another, so that no message is repeated twice. */
#ifndef STORE_MESSAGE_PLAN_H
#define STORE_MESSAGE_PLAN_H

#include "store/message/message.h"
#include "store/queue/queue.h"

struct message_plan {
	int64_t expires_ms;  /* never sent at or after this; 0: no end */
	int64_t attempt_of;  /* earlier row; 0: this is the first */
	int64_t replaced_by; /* later row; 0: none */
	int64_t twin_of;     /* read only: store/conversation/twin.h */
	/* refusals of the provider for the message's own sake (wa_send.h), in this row and those it tries again */
	int64_t tries;
	int64_t leaves; /* read only: how often this row was handed to the provider */
	enum job_prio prio;
	struct str fallback; /* content of type template, sent when the window is closed; none */
};
/* All but replaced_by; nothing is written when there is nothing but the usual priority. */
enum rc message_plan_set(struct tx *tx, int64_t id, const struct message_plan *p, struct err *e)
	MUST_CHECK;
enum rc message_plan_load(struct db *db, int64_t id, struct arena *a, struct message_plan *ret,
			  struct err *e) MUST_CHECK;
/* One refusal more. */
enum rc message_plan_tried(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* The attempt `id` will not be sent: the row whose place it took may be tried anew by a person. */
enum rc message_plan_give_back(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* Whether another attempt of the same message left after all: one before it, or one that took the same place and was
 * cancelled. */
enum rc message_plan_arrived(struct db *db, int64_t id, bool *ret, struct err *e) MUST_CHECK;
/* RC_CONFLICT: another took its place before. */
enum rc message_plan_replace(struct tx *tx, int64_t id, int64_t replaced_by, struct err *e)
	MUST_CHECK;
/* The code of a message that a status has called failed. RC_ABSENT: it is not failed. */
enum rc message_plan_failure(struct db *db, int64_t id, int64_t *ret_code, struct err *e)
	MUST_CHECK;
/* unknown -> done, as sent. RC_CONFLICT: it is not unknown. */
enum rc message_plan_sent(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* actor: name of a token, or "totem"; note: a sentence. */
enum rc message_plan_note(struct tx *tx, int64_t id, struct str actor, const char *note,
			  struct err *e) MUST_CHECK;
typedef enum rc message_plan_note_fn(void *arg, int64_t at_ms, struct str actor, struct str note,
				     struct err *e);
enum rc message_plan_notes(struct db *db, int64_t id, message_plan_note_fn *fn, void *arg,
			   struct err *e) MUST_CHECK;
/* The waiting or running job of queue `messages` that will send it. RC_ABSENT: none. */
enum rc message_plan_job(struct db *db, const struct message *m, int64_t *ret_job_id, struct err *e)
	MUST_CHECK;
/* When a message that waits was asked to leave; 0: at once, or it is on its way already. */
enum rc message_plan_due(struct db *db, const struct message *m, int64_t *ret_ms, struct err *e)
	MUST_CHECK;
/* Time of the customer's newest message after since_ms; 0: none. */
enum rc message_plan_heard(struct db *db, const struct message *m, int64_t since_ms,
			   int64_t *ret_ms, struct err *e) MUST_CHECK;
/* The customer's newest message after since_ms. RC_ABSENT. */
enum rc message_plan_newest_inbound(struct db *db, const struct message *m, int64_t since_ms,
				    int64_t *ret_id, struct err *e) MUST_CHECK;
/* RC_ABSENT: this contact has no conversation on the channel yet. */
enum rc message_plan_place(struct db *db, int64_t channel_id, int64_t contact_id, int64_t *ret_id,
			   struct err *e) MUST_CHECK;
/* Messages at step "sending" or "unknown" (static text), newest first; before_id 0: from the newest. */
struct message_plan_filter {
	int64_t company_id, before_id;
	const char *sending;
	int limit;
};
enum rc message_plan_unsettled(struct db *db, const struct message_plan_filter *f,
			       message_each_fn *fn, void *arg, struct err *e) MUST_CHECK;

#endif
