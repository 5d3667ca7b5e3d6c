/* ingest.c - queue `webhooks`: stored requests become messages, statuses and events. What each kind of item does stands
 * in ingest_message.c, ingest_act.c, ingest_status.c, ingest_person.c and ingest_event.c.
 *
 * A batch of deliveries is read and parsed outside any transaction, then written as one unit. When that unit fails,
 * each delivery is tried in a unit of its own and each of its items under a savepoint, so that neither a bad delivery nor
 * a bad item ever poisons its neighbours. What we cannot read or apply becomes a dead letter (failed_webhooks) with a
 * reason, from which it can be done again after an update; what we do not understand is kept and noted. */
#include "flow/ingest/ingest.h"

#include "base/clock.h"
#include "base/log.h"
#include "flow/handlers.h"
#include "peer/meta/meta_hook.h"

static enum rc unreadable(struct tx *tx, struct parsed *p, const struct wa_item *item,
			  struct err *e)
{
	(void)tx;
	(void)e;
	p->note = item->why;
	return RC_OK;
}

/* Who applies which kind of item; which field of a webhook becomes which kind stands in peer/meta/meta_change.c. */
static ingest_fn *const APPLY[] = {
	[WA_MESSAGE] = ingest_message, [WA_STATUS] = ingest_status,  [WA_ERROR] = ingest_error,
	[WA_CHANGE] = ingest_change,   [WA_UNREADABLE] = unreadable, [WA_PERSON] = ingest_person,
	[WA_EVENT] = ingest_event,
};

const struct channel *ingest_channel(const struct parsed *p, const struct wa_item *item)
{
	/* Evolution's webhook names its channel in the path. Never by the display number (CW#14492). */
	return strcmp(p->delivery.source, "evolution") == 0
		       ? config_channel(p->config, p->delivery.target_id)
		       : config_channel_phone(p->config, item->phone_number_id);
}

struct trial {
	struct parsed *p;
	const struct wa_item *item;
};

static enum rc item_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct trial *t = arg;

	return APPLY[t->item->kind](tx, t->p, t->item, e);
}

/* The store, not the item. */
static bool is_weather(enum rc rc)
{
	return rc == RC_LIMIT || rc == RC_IO || rc == RC_RETRY;
}

/* One item: it is applied, or nothing of it remains but the reason. */
static enum rc apply_careful(struct tx *tx, struct parsed *p, size_t at, struct err *e)
{
	const struct parsed before = *p;
	struct trial t = { p, &p->hook.items[at] };
	struct err why = { 0 };
	const char *text;
	enum rc rc;

	if (p->watch != NULL)
		TRY(p->watch->before(tx, p, at, e));
	rc = store_try(tx, item_unit, &t, &why);
	if (is_weather(rc)) {
		*e = why;
		return rc;
	}
	if (rc == RC_OK)
		return p->watch != NULL ? p->watch->after(tx, p, at, NULL, e) : RC_OK;
	*p = before;
	text = why.text[0] != '\0' ? why.text : rc_name(rc);
	if (p->bad_items++ == 0)
		(void)snprintf(p->trouble, sizeof(p->trouble),
			       "item %zu of %zu could not be applied: %s", at + 1, p->hook.count,
			       text);
	return p->watch != NULL ? p->watch->after(tx, p, at, text, e) : RC_OK;
}

static enum rc apply_items(struct tx *tx, struct parsed *p, struct err *e)
{
	for (size_t i = 0; i < p->hook.count; i++) {
		if (p->careful)
			TRY(apply_careful(tx, p, i, e));
		else
			TRY(APPLY[p->hook.items[i].kind](tx, p, &p->hook.items[i], e));
	}
	if (p->bad_items > 1) {
		size_t n = strlen(p->trouble);

		(void)snprintf(p->trouble + n, sizeof(p->trouble) - n, " (and %d more)",
			       p->bad_items - 1);
	}
	return RC_OK;
}

enum rc ingest_apply(struct tx *tx, struct parsed *p, struct err *e)
{
	p->note = p->unread;
	p->stranger = STR_NONE;
	p->erased = false;
	p->defer_ms = 0;
	p->messages = p->statuses = p->duplicates = p->bad_items = 0;
	TRY(apply_items(tx, p, e));
	if (p->hook.twin_bridge)
		TRY(ingest_evolution_twin(tx, p, e));
	return p->has_chatwoot ? chatwoot_hook_apply(tx, p, e) : RC_OK;
}

static enum rc apply(struct tx *tx, struct parsed *p, struct err *e)
{
	if (p->fault != NULL) {
		TRY(delivery_set_outcome(tx, p->delivery.id, p->fault, e));
		return queue_dead(tx, p->job, "theirs", "unreadable", p->fault, e);
	}
	TRY(ingest_apply(tx, p, e));
	if (p->bad_items > 0)
		p->note = p->trouble;
	if (p->note != NULL)
		TRY(delivery_set_outcome(tx, p->delivery.id, p->note, e));
	if (p->erased && p->bad_items == 0 && p->defer_ms == 0) /* else it is read again */
		TRY(delivery_empty(tx, p->delivery.id, e));
	if (p->defer_ms > 0) /* looked at again as a whole: only the last look buries what is bad */
		return queue_snooze(tx, p->job, tx->now_ms + p->defer_ms,
				    "something older is still on its way", e);
	return p->bad_items > 0 ? queue_dead(tx, p->job, "ours", "item", p->trouble, e)
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

enum rc ingest_parse(struct worker *w, struct parsed *p, struct err *why)
{
	struct err e = { 0 };
	enum rc rc;

	TRY(ingest_restored_read(w, p, why));
	if (strcmp(p->delivery.source, "meta") == 0) {
		rc = meta_hook_decode(p->delivery.body, &w->arena, &p->hook, &e);
		/* Its numbers are told in the body, so nothing is lost. */
		if (str_find(p->delivery.headers, STR("\"" HOOK_UNKNOWN_NAME "\"")) >= 0)
			p->unread = "its address names no channel";
	} else if (strcmp(p->delivery.source, "chatwoot") == 0) {
		rc = chatwoot_event_decode(p->delivery.body, &w->arena, &p->chatwoot, &e);
		p->has_chatwoot = rc == RC_OK;
	} else if (strcmp(p->delivery.source, "evolution") == 0) {
		rc = ingest_evolution(w, p, &e);
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
			rc = ingest_parse(w, p, e);
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

/* The batch failed as a whole: each by itself, item by item; a delivery that fails even so retries and in the end becomes
 * a dead letter. */
static enum rc one_by_one(struct worker *w, struct batch *b, int64_t now_ms, struct err *e)
{
	for (int i = 0; i < b->n; i++) {
		struct batch one = { &b->items[i], 1 };
		struct err why = { 0 };
		enum rc rc;

		b->items[i].careful = true;
		rc = store_write(w->app->store, STORE_NORMAL, batch_unit, &one, &why);

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
		(void)__atomic_add_fetch(&p->app->duplicate_ids, p->duplicates, __ATOMIC_RELAXED);
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
