/* evolution_catch_up.c - kind "evolution.catch_up" of upkeep: what Evolution has and no webhook told.
 *
 * Asks for the messages of the time since the last run that went through (with an overlap, at most CATCH_UP_MAX_MS back)
 * and stores each page as if it had come by webhook: the usual reader takes it, and what is known already is dropped by
 * its id. The first run of a channel only notes the time: what happened before Totem was there is not news. */
#include "flow/evolution.h"
#include "flow/evolution_call.h"
#include "flow/upkeep_kinds.h"
#include "io/crypto.h"
#include "peer/evolution_ask.h"
#include "store/channel_state.h"
#include "store/delivery.h"

#define CATCH_UP_MAX_MS     DAY_MS
#define CATCH_UP_OVERLAP_MS (10 * MINUTE_MS) /* clocks, and messages that Evolution stores late */
#define CATCH_UP_PAGES      20 /* 1000 messages in one run; the rest comes with the next */

int64_t evolution_catch_up_every(const struct config *c, const struct channel *ch)
{
	return evolution_check_every(c, ch);
}

enum rc evolution_catch_up_want(struct tx *tx, const struct channel *ch, struct err *e)
{
	return chore_want(tx, &(struct chore){ .kind = "evolution.catch_up", .ref = ch->id }, 0,
			  NULL, e);
}

struct page {
	const struct channel *ch;
	struct delivery delivery;
};

static enum rc page_unit(struct tx *tx, void *arg, struct err *e)
{
	struct page *p = arg;

	return delivery_add(tx, &p->delivery, e);
}

static enum rc keep_page(struct upkeep_run *u, const struct json *records, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(2 * HTTP_ANSWER_MAX);
	struct page p = { .ch = u->channel };

	if (json_first(records) == NULL)
		return RC_OK;
	evolution_ask_as_webhook(records, u->channel->instance, &body);
	if (!sbuf_ok(&body))
		return FAIL(e, RC_INVALID, "a page of messages is too long");
	p.delivery = (struct delivery){ .received_ms = u->now_ms,
					.company_id = u->channel->company_id,
					.target_id = u->channel->id,
					.source = "evolution",
					.signature = "none",
					.request_id = STR("catch-up"),
					.headers = STR("{}"),
					.body = sbuf_view(&body) };
	return store_write(u->w->app->store, STORE_NORMAL, page_unit, &p, e);
}

/* *ret_pages: how many there are. */
static enum rc one_page(struct upkeep_run *u, int64_t from_ms, int page, int64_t *ret_pages,
			struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(4 * KIB);
	AUTO(json_freep) struct json *root = NULL;
	struct http_answer ans = HTTP_ANSWER;
	struct evolution_asked q = { .channel = u->channel };
	struct evolution_call call;
	enum rc rc;

	TRY(evolution_ask_between(from_ms, u->now_ms, page, &call, &body, e));
	q.method = call.method;
	q.path = call.path;
	q.body = sbuf_view(&body);
	rc = evolution_call(u->w, &q, &ans, e);
	if (rc == RC_OK && (ans.status < 200 || ans.status > 299))
		rc = FAIL(e, RC_RETRY, "Evolution answered %d to findMessages", ans.status);
	if (rc == RC_OK)
		rc = json_parse(sbuf_view(&ans.body), &root, e);
	http_answer_release(&ans);
	TRY(rc);
	if (evolution_ask_records(root) == NULL)
		return FAIL(e, RC_INVALID, "the answer to findMessages has no records");
	*ret_pages = evolution_ask_pages(root);
	return keep_page(u, evolution_ask_records(root), e);
}

static enum rc done_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct upkeep_run *u = arg;

	return channel_fact_set_i64(tx, u->channel->id, FACT_CAUGHT_UP, u->now_ms, e);
}

enum rc evolution_catch_up_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct db *db = store_reader(u->w->app->store);
	int64_t since_ms, pages = 1;
	enum rc rc = channel_fact_get_i64(db, u->channel->id, FACT_CAUGHT_UP, 0, &since_ms, e);

	(void)ret_next_ms;
	store_reader_done(u->w->app->store, db);
	TRY(rc);
	if (u->channel->instance.n == 0)
		return RC_OK;
	if (since_ms > 0) {
		since_ms = i64_max(since_ms - CATCH_UP_OVERLAP_MS, u->now_ms - CATCH_UP_MAX_MS);
		for (int page = 1; page <= pages && page <= CATCH_UP_PAGES; page++)
			TRY(one_page(u, since_ms, page, &pages, e));
	}
	return store_write(u->w->app->store, STORE_NORMAL, done_unit, u, e);
}
