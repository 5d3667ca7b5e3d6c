/* crm.c - crm-api-whatsapp-inbound: the conversation aggregate (last message, unread, 24-hour window).
 *
 * A batch touches each conversation once, however many messages it brought. */
#include "flow/config.h"
#include "flow/handlers.h"
#include "store/conversation/conversation.h"
#include "store/queue/topic.h"

struct touches {
	const struct job *jobs;
	int n;
	struct conversation_touch *items;
	int count;
};

static enum rc touch_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct touches *t = arg;

	for (int i = 0; i < t->count; i++)
		TRY(conversation_touch(tx, &t->items[i], e));
	for (int i = 0; i < t->n; i++)
		TRY(queue_done(tx, &t->jobs[i], e));
	return RC_OK;
}

/* Linear look-up: a batch has at most some hundred different conversations. */
static struct conversation_touch *touch_of(struct touches *t, int64_t conversation)
{
	for (int i = t->count; i > 0; i--) {
		if (t->items[i - 1].id == conversation)
			return &t->items[i - 1];
	}
	t->items[t->count] = (struct conversation_touch){ .id = conversation };
	return &t->items[t->count++];
}

static void gather(struct touches *t, const struct topic_brief *m)
{
	struct conversation_touch *c;

	if (m->act) /* nothing to read, no last message, and no word of the customer */
		return;
	c = touch_of(t, m->conversation_id);
	c->unread++;
	c->inbound_ms = i64_max(c->inbound_ms, m->timestamp);
	if (m->timestamp >= c->at_ms) {
		c->at_ms = m->timestamp;
		c->message_id = m->message_id;
	}
}

enum rc crm_batch(struct worker *w, const struct job *jobs, int n, int64_t now_ms, struct err *e)
{
	struct touches t = { .jobs = jobs, .n = n };
	struct db *db;
	enum rc rc = RC_OK;

	(void)now_ms;
	t.items = arena_alloc(&w->arena, (size_t)n * sizeof(*t.items));
	if (t.items == NULL)
		return FAIL(e, RC_LIMIT, "no room for a batch of %d", n);
	db = store_reader(w->app->store);
	for (int i = 0; i < n && rc == RC_OK; i++) {
		struct topic_brief m;

		rc = topic_message(db, jobs[i].ref, &m, e);
		if (rc == RC_OK)
			gather(&t, &m);
		else if (rc == RC_ABSENT) /* erased since */
			rc = RC_OK;
	}
	store_reader_done(w->app->store, db);
	err_clear(e);
	TRY(rc);
	return store_write(w->app->store, STORE_NORMAL, touch_unit, &t, e);
}
