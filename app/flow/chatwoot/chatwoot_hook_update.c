/* chatwoot_hook_update.c - message_updated: an agent deleted a message (R10) or pressed Retry (R9). Chatwoot says neither in so
 * many words; all other changes (our own PATCH comes back so) are ignored. Runs inside ingest's unit. */
#include "flow/chatwoot/chatwoot_hook.h"

#include "flow/send/act.h"
#include "flow/send/attempt.h"
#include "flow/chatwoot/chatwoot_note.h"
#include "store/message/message_plan.h"

/* ---- deleted ---- */

static bool is_at(const struct message *m, const char *sending)
{
	return m->sending != NULL && strcmp(m->sending, sending) == 0;
}

static enum rc note(struct hooked *h, const struct message *m, const char *text, struct err *e)
{
	h->p->note = text;
	return message_plan_note(h->tx, m->id, STR("chatwoot"), text, e);
}

struct deleting {
	struct hooked *h;
	bool told;
};

/* It stands on the row, and the agent reads it where the message was deleted, once for all of its rows. */
static enum rc cannot(struct deleting *d, const struct message *m, const char *why, struct err *e)
{
	const struct chatwoot_note_new n = { .target_id = d->h->target->id,
					     .chatwoot_message_id = d->h->ev->message_id,
					     .what = CHATWOOT_NOTE_NOT_DELETED };

	TRY(note(d->h, m, why, e));
	if (d->told)
		return RC_OK;
	d->told = true;
	return chatwoot_note_want(d->h->tx, m, &n, e);
}

/* What waits is cancelled, what left is revoked where the provider can; else the agent is told. */
static enum rc revoke(void *arg, const struct message *m, struct err *e)
{
	struct deleting *d = arg;
	struct hooked *h = d->h;
	const struct act_wanted a = { .kind = ACT_REVOKE,
				      .channel = config_channel(h->p->config, m->channel_id),
				      .m = m,
				      .chatwoot_target = h->target->id,
				      .chatwoot_message_id = h->ev->message_id,
				      .correlation = h->p->delivery.request_id };
	const char *why;

	if (!m->outbound)
		return note(h, m, "Deleted in Chatwoot: a customer's message stays where it is.",
			    e);
	if (is_at(m, "queued"))
		return message_cancel(h->tx, m->id, e);
	if (m->status == MESSAGE_FAILED || is_at(m, "cancelled") || m->revoked_ms != 0)
		return RC_OK;
	why = act_refused(&a, h->tx->now_ms);
	if (why == NULL)
		return act_add(h->tx, &a, e);
	return cannot(d, m, why, e);
}

static enum rc deleted(struct hooked *h, struct chatwoot_link *l, struct err *e)
{
	if (l->deleted_ms != 0)
		return RC_OK;
	l->deleted_ms = h->tx->now_ms;
	TRY(chatwoot_link_put(h->tx, l, e));
	return chatwoot_link_each(h->tx->db, l, revoke, &(struct deleting){ .h = h }, e);
}

/* ---- Retry ---- */

struct failures {
	struct hooked *h;
	int64_t newest_ms;
	bool any, repeat;
};

static enum rc again(void *arg, const struct message *m, struct err *e)
{
	struct failures *f = arg;
	const struct attempt a = { .anew = true,
				   .actor = STR("chatwoot"),
				   .note = "An agent pressed Retry in Chatwoot." };
	int64_t id;

	if (!m->outbound || m->status != MESSAGE_FAILED)
		return RC_OK;
	f->any = true;
	f->newest_ms = i64_max(f->newest_ms, m->failed_ms);
	if (!f->repeat)
		return RC_OK;
	f->h->p->messages++;
	return attempt_add(f->h->tx, m, &a, &id, e);
}

/* Of a failure that the agent has not been told of yet nobody asks for a repetition: what comes then is older. */
static enum rc told(struct hooked *h, bool *ret, struct err *e)
{
	bool waits;

	TRY(chatwoot_link_waits(h->tx->db, QUEUE_SUPPORT_STATUS, h->conversation_id, &waits, e));
	*ret = !waits;
	return RC_OK;
}

/* It never became a message here: from the beginning, with what the event says now. */
static enum rc take_again(struct hooked *h, struct chatwoot_link *l, struct err *e)
{
	const struct chatwoot_agent s = { .app = h->p->app,
					  .config = h->p->config,
					  .target = h->target,
					  .ev = h->ev,
					  .conversation_id = h->conversation_id,
					  .correlation = h->p->delivery.request_id };
	int rows;

	l->failed_ms = l->message_id = 0;
	TRY(chatwoot_link_put(h->tx, l, e));
	h->p->messages++;
	return chatwoot_agent_take(h->tx, &s, &rows, e);
}

/* Failed without a row: there was nobody to whom it could go. */
static bool is_stray(const struct chatwoot_link *l)
{
	return l->failed_ms != 0 && l->message_id == 0;
}

static enum rc retried(struct hooked *h, struct chatwoot_link *l, struct err *e)
{
	struct failures f = { .h = h };
	bool ok;

	TRY(chatwoot_link_each(h->tx->db, l, again, &f, e));
	if (is_stray(l)) {
		f.any = true;
		f.newest_ms = l->failed_ms;
	}
	if (!f.any || h->tx->now_ms - f.newest_ms < CHATWOOT_RETRY_AGE_MS)
		return RC_OK;
	TRY(told(h, &ok, e));
	if (!ok)
		return RC_OK;
	if (l->failed_ms != 0)
		return take_again(h, l, e);
	f.repeat = true;
	return chatwoot_link_each(h->tx->db, l, again, &f, e);
}

/* Chatwoot takes the reason off a message when Retry is pressed. */
static bool may_be_retry(const struct chatwoot_event *ev, const struct chatwoot_link *l)
{
	return !ev->deleted && !ev->is_private && l->deleted_ms == 0 && ev->external_error.n == 0 &&
	       (ev->type == CHATWOOT_TYPE_OUTGOING || ev->type == CHATWOOT_TYPE_TEMPLATE);
}

enum rc chatwoot_hook_stray_retried(struct hooked *h, bool *ret, struct err *e)
{
	struct chatwoot_link l = { .target_id = h->target->id,
				   .chatwoot_message_id = h->ev->message_id };
	enum rc rc = chatwoot_link_load(h->tx->db, &l, e);

	*ret = rc == RC_OK && is_stray(&l) && may_be_retry(h->ev, &l) &&
	       h->tx->now_ms - l.failed_ms >= CHATWOOT_RETRY_AGE_MS;
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc chatwoot_hook_updated(struct hooked *h, struct err *e)
{
	const struct chatwoot_event *ev = h->ev;
	struct chatwoot_link l = { .target_id = h->target->id,
				   .chatwoot_message_id = ev->message_id };
	enum rc rc = chatwoot_link_load(h->tx->db, &l, e);

	if (rc == RC_ABSENT) /* nothing of ours; or its message_created is still to come */
		return RC_OK;
	TRY(rc);
	if (ev->deleted)
		return deleted(h, &l, e);
	return may_be_retry(ev, &l) ? retried(h, &l, e) : RC_OK;
}
