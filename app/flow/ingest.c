/* ingest.c - queue `webhooks`: stored requests become messages, statuses and events.
 *
 * A batch of deliveries is read and parsed outside any transaction, then written as one unit. When that unit fails,
 * each delivery is tried in a unit of its own, so that one bad delivery never poisons its neighbours. What we cannot
 * read becomes a dead letter (failed_webhooks) with a reason; what we do not understand is kept and noted. */
#include "flow/ingest.h"

#include "base/clock.h"
#include "base/log.h"
#include "flow/channel_event.h"
#include "flow/handlers.h"
#include "flow/media.h"
#include "flow/trouble.h"
#include "peer/meta_hook.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/message.h"
#include "store/topic.h"

/* ---- one message ---- */

static enum rc place_of(struct tx *tx, const struct channel *ch, const struct wa_message *m,
			int64_t *ret_conversation, struct err *e)
{
	struct contact_who who = { .phone = m->from,
				   .user_id = m->from_user_id,
				   .name = m->profile_name };
	int64_t contact;

	TRY(contact_resolve(tx, ch->company_id, &who, &contact, e));
	return conversation_resolve(tx, ch->company_id, ch->id, contact,
				    m->from.n > 0 ? m->from : m->from_user_id, ret_conversation, e);
}

static enum rc publish_inbound(struct tx *tx, const struct message *m, struct err *e)
{
	struct topic_event ev = { .topic = TOPIC_INBOUND,
				  .company_id = m->company_id,
				  .okey = m->conversation_id,
				  .ref = m->id,
				  .prio = PRIO_NORMAL,
				  .correlation = m->correlation };

	TRY(topic_publish(tx, &ev, e));
	/* The assistant does not wait for Chatwoot: each peer's weather is its own. */
	ev = (struct topic_event){ .topic = TOPIC_SUPPORT_INBOUND,
				   .company_id = m->company_id,
				   .okey = m->conversation_id,
				   .ref = m->id,
				   .prio = PRIO_NORMAL,
				   .correlation = m->correlation };
	return topic_publish_if_read(tx, &ev, e);
}

static enum rc want_media(struct tx *tx, const struct wa_message *in, const struct message *m,
			  struct err *e)
{
	return media_want(tx,
			  &(struct media_wanted){ .message_id = m->id,
						  .at_ms = m->timestamp,
						  .provider = "meta",
						  .media = in->media,
						  .fault_code = in->error.code,
						  .correlation = m->correlation },
			  e);
}

static enum rc apply_message(struct tx *tx, struct parsed *p, const struct wa_item *item,
			     struct err *e)
{
	const struct wa_message *in = item->message;
	const struct channel *ch = config_channel_phone(p->config, item->phone_number_id);
	struct message m = {
		.delivery_id = p->delivery.id,
		.created_at = tx->now_ms,
		.timestamp = in->timestamp_ms,
		.status = MESSAGE_DELIVERED,
		.sender_type = "customer",
		.source = "customer",
		.meta_message_id = in->id,
		.wa_id = in->from.n > 0 ? in->from : in->from_user_id,
		.sender_name = in->profile_name,
		.reply_to = in->context_id,
		.correlation = p->delivery.request_id,
		.content = in->text,
		.type = in->type.p,
		.content_json = in->content,
	};
	enum rc rc;

	if (ch == NULL) {
		p->note = "a number that is not ours";
		return RC_OK;
	}
	if (m.timestamp <= 0)
		m.timestamp = p->delivery.received_ms;
	m.company_id = ch->company_id;
	m.channel_id = ch->id;
	TRY(place_of(tx, ch, in, &m.conversation_id, e));
	rc = message_add(tx, &m, e);
	if (rc == RC_CONFLICT) { /* level 1: this message is already here */
		err_clear(e);
		p->duplicates++;
		return RC_OK;
	}
	TRY(rc);
	p->messages++;
	TRY(want_media(tx, in, &m, e));
	return publish_inbound(tx, &m, e);
}

/* ---- one status ---- */

static enum rc publish_status(struct tx *tx, const struct parsed *p, const struct message *m,
			      const struct wa_status *st, struct err *e)
{
	AUTO(sbuf_release) struct sbuf payload = SBUF(4 * KIB);
	struct topic_event ev = { .topic = TOPIC_STATUS,
				  .company_id = m->company_id,
				  .okey = m->conversation_id,
				  .ref = m->id,
				  .hop = m->hop,
				  .prio = PRIO_NORMAL,
				  .correlation = p->delivery.request_id };
	struct jsonw j;

	jsonw_init(&j, &payload);
	jsonw_object(&j);
	jsonw_kstr(&j, "status", st->word);
	jsonw_ktime(&j, "timestamp", st->timestamp_ms);
	if (st->error.code != 0)
		jsonw_ki64(&j, "code", st->error.code);
	jsonw_end(&j);
	ev.payload = sbuf_view(&payload);
	TRY(topic_publish(tx, &ev, e));
	return chatwoot_status_wanted(tx, m, e);
}

static void error_json(const struct wa_fault *f, struct sbuf *to)
{
	struct jsonw j;

	jsonw_init(&j, to);
	jsonw_object(&j);
	jsonw_ki64(&j, "code", f->code);
	jsonw_kstr(&j, "title", f->title);
	jsonw_kstr(&j, "details", f->details);
	jsonw_end(&j);
}

static enum message_status status_of(const struct wa_status *st)
{
	if (st->failed)
		return MESSAGE_FAILED;
	switch (st->rank) {
	case WA_RANK_PENDING:
		return MESSAGE_PENDING;
	case WA_RANK_ACCEPTED:
		return MESSAGE_ACCEPTED;
	case WA_RANK_SENT:
		return MESSAGE_SENT;
	case WA_RANK_DELIVERED:
		return MESSAGE_DELIVERED;
	case WA_RANK_READ:
		return MESSAGE_READ;
	case WA_RANK_PLAYED:
		return MESSAGE_PLAYED;
	case WA_RANK_NONE:
		break;
	}
	BUG("a known status has a rank or failed");
}

/* Some errors are about the whole number, however late they come. */
static enum rc failed_later(struct tx *tx, struct parsed *p, const struct message *m,
			    const struct wa_status *st, struct err *e)
{
	const struct channel *ch = config_channel(p->config, m->channel_id);

	return ch != NULL ? trouble_later(tx, p->app, ch, m->conversation_id, st->error.code, e)
			  : RC_OK;
}

static enum rc apply_status(struct tx *tx, struct parsed *p, const struct wa_item *item,
			    struct err *e)
{
	AUTO(sbuf_release) struct sbuf error = SBUF(8 * KIB);
	AUTO(arena_release) struct arena a = ARENA(256 * KIB);
	const struct wa_status *st = item->status;
	struct message_status_event ev = { .meta_message_id = st->id,
					   .recipient = st->recipient_participant_id,
					   .at_ms = st->timestamp_ms,
					   .pricing = st->pricing };
	enum message_status_result result;
	int64_t created_ms, id;
	struct message m;

	if (!st->known) {
		p->note = "a status that this version does not know";
		return RC_OK;
	}
	ev.status = status_of(st);
	if (st->failed) {
		error_json(&st->error, &error);
		ev.error = sbuf_view(&error);
	}
	if (id_parse(st->tag, &created_ms, &id))
		ev.callback_id = id;
	TRY(message_apply_status(tx, &ev, &id, &result, e));
	p->statuses++;
	if (result == STATUS_DUPLICATE)
		p->duplicates++;
	if (result != STATUS_APPLIED && result != STATUS_SETTLED)
		return RC_OK;
	TRY(message_load(tx->db, id, &a, &m, e));
	if (result == STATUS_SETTLED &&
	    !st->failed) /* its dispatcher could not know that it left */
		TRY(dispatch_mirror(tx, &m, e));
	if (st->failed)
		TRY(failed_later(tx, p, &m, st, e));
	return publish_status(tx, p, &m, st, e);
}

/* ---- one delivery ---- */

/* Account-level fields change what is known of a channel. */
static enum rc apply_change(struct tx *tx, struct parsed *p, const struct wa_item *item,
			    struct err *e)
{
	int channels;

	if (str_eqc(item->field, "messages")) {
		p->note = "keys beside the messages that this version does not understand yet";
		return RC_OK;
	}
	TRY(channel_event_item(tx, p->config, item, &channels, e));
	if (channels == 0)
		p->note = "an account that is not ours";
	return RC_OK;
}

static enum rc apply_item(struct tx *tx, struct parsed *p, const struct wa_item *item,
			  struct err *e)
{
	switch (item->kind) {
	case WA_MESSAGE:
		return apply_message(tx, p, item, e);
	case WA_STATUS:
		return apply_status(tx, p, item, e);
	case WA_ERROR:
		p->note = "Meta reported an error of the number or account";
		return RC_OK;
	case WA_PERSON:
	case WA_EVENT:
	case WA_CHANGE:
		return apply_change(tx, p, item, e);
	case WA_UNREADABLE:
		p->note = item->why;
		return RC_OK;
	}
	BUG("unknown kind of item");
}

static enum rc apply(struct tx *tx, struct parsed *p, struct err *e)
{
	if (p->fault != NULL) {
		TRY(delivery_set_outcome(tx, p->delivery.id, p->fault, e));
		return queue_dead(tx, p->job, "theirs", "unreadable", p->fault, e);
	}
	p->note = p->unread;
	p->messages = p->statuses = p->duplicates = 0;
	for (size_t i = 0; i < p->hook.count; i++)
		TRY(apply_item(tx, p, &p->hook.items[i], e));
	if (p->has_chatwoot)
		TRY(chatwoot_hook_apply(tx, p, e));
	if (p->note != NULL)
		TRY(delivery_set_outcome(tx, p->delivery.id, p->note, e));
	return p->defer_ms > 0 ? queue_snooze(tx, p->job, tx->now_ms + p->defer_ms,
					      "our own answer is on its way", e)
			       : queue_done(tx, p->job, e);
}

struct batch {
	struct parsed *items;
	int n;
};

static enum rc batch_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct batch *b = arg;

	for (int i = 0; i < b->n; i++)
		TRY(apply(tx, &b->items[i], e));
	return ingest_heard(tx, b->items, b->n, e);
}

/* RC_LIMIT: the arena is full. Else RC_OK: a body that cannot be read has a fault. */
static enum rc parse(struct worker *w, struct parsed *p, struct err *why)
{
	struct err e = { 0 };
	enum rc rc;

	if (strcmp(p->delivery.source, "meta") == 0) {
		rc = meta_hook_decode(p->delivery.body, &w->arena, &p->hook, &e);
	} else if (strcmp(p->delivery.source, "chatwoot") == 0) {
		rc = chatwoot_event_decode(p->delivery.body, &w->arena, &p->chatwoot, &e);
		p->has_chatwoot = rc == RC_OK;
	} else {
		p->unread = "no reader for this source yet";
		rc = RC_OK;
	}
	if (rc != RC_OK) {
		p->hook.count = 0;
		p->fault = arena_printf(&w->arena, "%s", e.text[0] != '\0' ? e.text : "unreadable");
		if (p->fault == NULL)
			p->fault = "unreadable";
	}
	return rc == RC_LIMIT ? FAIL(why, rc, "%s", e.text) : RC_OK;
}

static enum rc load(struct worker *w, struct parsed *p, struct err *e)
{
	struct db *db = store_reader(w->app->store);
	enum rc rc = delivery_load(db, p->job->ref, &w->arena, &p->delivery, e);

	store_reader_done(w->app->store, db);
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	p->fault = "the stored request is not there any more";
	p->delivery.source = "none";
	return RC_OK;
}

/* Loads and parses in order, as many as the arena takes (bodies of 3 MB); the others go back to their place. The first
 * has the arena for itself: what does not fit then is unreadable. */
static enum rc read_batch(struct worker *w, const struct config *config, const struct job *jobs,
			  struct batch *b, int64_t now_ms, struct err *e)
{
	int n = b->n;

	for (b->n = 0; b->n < n; b->n++) {
		struct parsed *p = &b->items[b->n];
		enum rc rc;

		*p = (struct parsed){ .app = w->app, .config = config, .job = &jobs[b->n] };
		rc = load(w, p, e);
		if (rc == RC_OK && p->fault == NULL)
			rc = parse(w, p, e);
		if (rc == RC_LIMIT && b->n == 0 && p->fault != NULL)
			rc = RC_OK;
		if (rc != RC_OK && (rc != RC_LIMIT || b->n == 0))
			return rc;
		err_clear(e);
		if (rc == RC_LIMIT)
			break;
	}
	for (int i = n; i > b->n; i--)
		queue_hold(store_queues(w->app->store), &jobs[i - 1], now_ms);
	return RC_OK;
}

/* The batch failed as a whole: each by itself; the guilty one retries and in the end becomes a dead letter. */
static enum rc one_by_one(struct worker *w, struct batch *b, int64_t now_ms, struct err *e)
{
	for (int i = 0; i < b->n; i++) {
		struct batch one = { &b->items[i], 1 };
		struct err why = { 0 };
		enum rc rc = store_write(w->app->store, STORE_NORMAL, batch_unit, &one, &why);

		if (rc == RC_LIMIT || rc == RC_IO) { /* the disk, not the delivery */
			*e = why;
			return rc;
		}
		if (rc != RC_OK)
			rc = work_retry(w, b->items[i].job, now_ms, -1, "ingest", why.text, e);
		if (rc != RC_OK &&
		    rc != RC_CONFLICT) /* conflict: the lease was lost, it is another's now */
			return rc;
		err_clear(e);
	}
	return RC_OK;
}

static void log_batch(const struct batch *b, int64_t began_us)
{
	int messages = 0, statuses = 0, duplicates = 0;

	for (int i = 0; i < b->n; i++) {
		const struct parsed *p = &b->items[i];

		messages += p->messages;
		statuses += p->statuses;
		duplicates += p->duplicates;
		if (p->fault != NULL || p->note != NULL)
			log_event(LOG_WARN, "delivery.put_aside", "delivery",
				  LOG_I64(p->delivery.id), "request_id", p->delivery.request_id.p,
				  "why", p->fault != NULL ? p->fault : p->note, NULL);
	}
	log_event(LOG_DEBUG, "ingest.done", "deliveries", LOG_I64(b->n), "messages",
		  LOG_I64(messages), "statuses", LOG_I64(statuses), "duplicates",
		  LOG_I64(duplicates), "us", LOG_I64(clock_mono_us() - began_us), NULL);
}

enum rc ingest_batch(struct worker *w, const struct job *jobs, int n, int64_t now_ms, struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	struct batch b = { .n = n };
	int64_t began_us = clock_mono_us();
	enum rc rc;

	b.items = arena_alloc(&w->arena, (size_t)n * sizeof(*b.items));
	if (b.items == NULL)
		return FAIL(e, RC_LIMIT, "no room for a batch of %d", n);
	TRY(read_batch(w, config, jobs, &b, now_ms, e));
	rc = store_write(w->app->store, STORE_NORMAL, batch_unit, &b, e);
	if (rc != RC_OK && rc != RC_LIMIT && rc != RC_IO) {
		err_clear(e);
		rc = one_by_one(w, &b, now_ms, e);
	}
	TRY(rc);
	log_batch(&b, began_us);
	return RC_OK;
}
