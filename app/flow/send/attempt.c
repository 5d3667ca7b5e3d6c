/* attempt.c - see attempt.h. */
#include "flow/send/attempt.h"

#include "flow/send/send_files.h"
#include "flow/send/trouble.h"
#include "io/json.h"
#include "peer/meta/meta_send.h"
#include "peer/wa/wa_content.h"
#include "store/conversation/conversation.h"
#include "store/queue/topic.h"

static enum rc add_row(struct tx *tx, const struct message *old, const struct attempt *a,
		       struct message *m, struct err *e)
{
	AUTO(sbuf_release) struct sbuf line = SBUF(64 * KIB);
	AUTO(json_freep) struct json *content = NULL;

	*m = *old;
	m->id = 0;
	m->created_at = m->timestamp = tx->now_ms;
	m->status = MESSAGE_PENDING;
	m->sending = "queued";
	m->sending_boot = 0;
	m->meta_message_id = m->error = m->pricing = STR_NONE;
	if (a->template.n == 0)
		return message_add(tx, m, e);
	m->type = "template";
	m->content_json = a->template;
	m->reply_to = STR_NONE;
	TRY(json_parse(a->template, &content, e));
	wa_content_line(STR("template"), content, &line);
	m->content = sbuf_view(&line);
	return message_add(tx, m, e);
}

/* The new row shows its file too. One that is gone meanwhile is told when the message would leave. */
static enum rc keep_files(struct tx *tx, const struct message *m, struct err *e)
{
	const struct channel ch = { .id = m->channel_id, .company_id = m->company_id };
	const struct send_new n = { .channel = &ch,
				    .type = m->type,
				    .content_json = m->content_json };
	enum rc rc = send_files_use(tx, &n, m->id, e);

	if (rc != RC_INVALID && rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return RC_OK;
}

static enum rc publish(struct tx *tx, const struct message *m, const struct message_plan *plan,
		       int64_t due_ms, struct err *e)
{
	struct topic_event ev = { .topic = TOPIC_OUTBOUND_JOBS,
				  .company_id = m->company_id,
				  .okey = m->conversation_id,
				  .ref = m->id,
				  .hop = m->hop,
				  .prio = plan->prio,
				  .lane = m->channel_id,
				  .due_ms = due_ms,
				  .correlation = m->correlation };

	return topic_publish(tx, &ev, e);
}

enum rc attempt_add(struct tx *tx, const struct message *old, const struct attempt *a,
		    int64_t *ret_id, struct err *e)
{
	AUTO(arena_release) struct arena arena = ARENA(1 * MIB);
	struct message from = *old, m;
	struct message_plan plan;
	struct conversation conv;

	TRY(message_plan_load(tx->db, old->id, &arena, &plan, e));
	if (plan.replaced_by != 0)
		return FAIL(e, RC_CONFLICT, "another attempt has taken the place of this message");
	/* Where the person is now: the number of then may have another owner. */
	TRY(conversation_load(tx->db, old->conversation_id, &arena, &conv, e));
	from.wa_id = conv.wa_id;
	TRY(add_row(tx, &from, a, &m, e));
	TRY(keep_files(tx, &m, e));
	plan.attempt_of = old->id;
	plan.tries = a->anew ? 0 : plan.tries + (a->tried ? 1 : 0);
	if (a->anew && plan.expires_ms > 0)
		plan.expires_ms = tx->now_ms +
				  i64_max(plan.expires_ms - old->created_at, ATTEMPT_LIFE_MIN_MS);
	plan.fallback = a->template.n > 0 ? STR_NONE : plan.fallback;
	TRY(message_plan_set(tx, m.id, &plan, e));
	TRY(message_plan_replace(tx, old->id, m.id, e));
	TRY(message_plan_note(tx, old->id, a->actor, a->note, e));
	TRY(publish(tx, &m, &plan, a->due_ms, e));
	*ret_id = m.id;
	return RC_OK;
}

/* What was written on the phone is also stored as settled, and what was cancelled or waits has not failed. */
static bool ours_to_send(const struct message *m)
{
	return m->sending != NULL && strcmp(m->sending, "done") == 0 &&
	       strcmp(m->source, "phone") != 0 && strcmp(m->source, "history") != 0;
}

/* What our own log says: the customer wrote within the window. */
static enum rc heard_lately(struct tx *tx, const struct config *c, const struct message *m,
			    bool *ret, struct err *e)
{
	const struct channel *ch = config_channel(c, m->channel_id);
	int64_t heard;

	TRY(message_plan_heard(tx->db, m, tx->now_ms - config_window_ms(ch), &heard, e));
	*ret = heard > 0;
	return RC_OK;
}

enum rc attempt_after(struct tx *tx, const struct config *c, const struct message *m, int64_t code,
		      bool *ret_replaced, struct err *e)
{
	AUTO(arena_release) struct arena arena = ARENA(1 * MIB);
	struct attempt a = { .actor = STR("totem") };
	struct message_plan plan;
	bool heard;
	int64_t id;

	*ret_replaced = false;
	if (code != ATTEMPT_CODE_WINDOW && code != ATTEMPT_CODE_WINDOW_OLD)
		return RC_OK;
	TRY(message_plan_load(tx->db, m->id, &arena, &plan, e));
	if (plan.replaced_by != 0 || strcmp(m->type, "template") == 0)
		return RC_OK;
	if (plan.attempt_of == 0) {
		TRY(heard_lately(tx, c, m, &heard, e));
		if (heard) {
			a.due_ms = tx->now_ms + ATTEMPT_AGAIN_MS;
			a.note = "WhatsApp says that the window is closed, but the customer wrote "
				 "within "
				 "it: tried once more.";
			*ret_replaced = true;
			return attempt_add(tx, m, &a, &id, e);
		}
	}
	if (plan.fallback.n == 0)
		return RC_OK;
	a.template = plan.fallback;
	a.note = "The 24-hour window is closed: the template is sent instead.";
	*ret_replaced = true;
	return attempt_add(tx, m, &a, &id, e);
}

/* Codes whose trouble passes. */
static bool passes(const struct wa_verdict *v)
{
	return v->cls == WA_SEND_RETRY || v->cls == WA_SEND_PAUSE_RECIPIENT ||
	       v->cls == WA_SEND_WAIT;
}

/* Tried again when its trouble passes, its end is not before, and it was not tried too often. */
static enum rc try_again(struct tx *tx, const struct message *m, const struct message_plan *plan,
			 const struct wa_verdict *v, bool *ret_replaced, struct err *e)
{
	struct queue_config c = queue_get_config(store_queues(tx->store), QUEUE_MESSAGES);
	char note[240];
	const struct attempt a = { .actor = STR("totem"),
				   .tried = true,
				   .note = note,
				   .due_ms = tx->now_ms + i64_max(v->retry_ms, SECOND_MS) };
	int64_t id;

	if (!passes(v) || plan->replaced_by != 0 || plan->tries + 1 >= c.attempts ||
	    (plan->expires_ms > 0 && a.due_ms >= plan->expires_ms))
		return RC_OK;
	(void)snprintf(note, sizeof(note),
		       "It did not reach the customer (%s): tried again as a new message.",
		       v->text);
	*ret_replaced = true;
	return attempt_add(tx, m, &a, &id, e);
}

enum rc attempt_later(struct tx *tx, const struct attempt_failure *f, bool *ret_replaced,
		      struct err *e)
{
	AUTO(arena_release) struct arena arena = ARENA(1 * MIB);
	struct message_plan plan;
	struct wa_verdict v;

	*ret_replaced = false;
	TRY(message_plan_load(tx->db, f->m->id, &arena, &plan, e));
	meta_send_later(f->code, (int)plan.tries + 1, &v);
	/* Nothing is to be done again when a device has it, or when it failed before this word. */
	if (f->news && f->m->status == MESSAGE_FAILED && ours_to_send(f->m) && !f->group) {
		TRY(send_files_forget(tx, f->m, f->code, e));
		TRY(attempt_after(tx, f->config, f->m, f->code, ret_replaced, e));
		if (!*ret_replaced)
			TRY(try_again(tx, f->m, &plan, &v, ret_replaced, e));
	}
	return config_channel(f->config, f->m->channel_id) != NULL
		       ? trouble_later(tx, f->app, f->m, &v, e)
		       : RC_OK;
}
