/* evolution_catch_up.c - kind "evolution.catch_up" of upkeep: what Evolution has and no webhook told.
 *
 *   from the last time that all was asked for (less an overlap)  ->  slices of time, oldest first  ->  now
 *
 * Each page of a slice is stored as if it had come by webhook: the usual reader takes it, and what is known already is
 * dropped by its id. After each whole slice the place is written down (FACT_CATCHING_UP), so that a run that ends early
 * (many calls, a crash, Evolution away) goes on from there; FACT_CAUGHT_UP moves only when all of it was asked for.
 *
 * A slice with too many pages is halved, so that pages cannot shift below a long question; a page that is too long
 * (thumbnails, byte objects) is asked for again in smaller ones. What lies farther back than channel.*.catch_up_days is
 * told as a gap. The first run of a channel only notes the time: what happened before Totem was there is not news. */
#include "base/clock.h"
#include "base/log.h"
#include "flow/clock/clockback.h"
#include "flow/evolution/evolution.h"
#include "flow/evolution/evolution_call.h"
#include "flow/ingest/ingest.h"
#include "flow/upkeep_kinds.h"
#include "io/crypto.h"
#include "peer/evolution/evolution_ask.h"
#include "peer/evolution/evolution_hook.h"
#include "store/channel/channel_state.h"
#include "store/delivery.h"
#include "store/incident.h"

#define CATCH_UP_OVERLAP_MS   (10 * MINUTE_MS) /* clocks, and messages that Evolution stores late */
#define CATCH_UP_SLICE_MS     (6 * HOUR_MS)
#define CATCH_UP_SLICE_MIN_MS MINUTE_MS
#define CATCH_UP_PAGES        20  /* of a slice that may still be halved */
#define CATCH_UP_PAGES_MAX    200 /* of the shortest one: 10,000 messages in a minute */
#define CATCH_UP_CALLS        60  /* in one run; the next one goes on a second later */
#define CATCH_UP_ANSWER_MAX   (2 * MIB)
#define CATCH_UP_SHRINK       7 /* messages of a page: 50, 7, 1 */

int64_t evolution_catch_up_every(const struct config *c, const struct channel *ch)
{
	return evolution_check_every(c, ch);
}

enum rc evolution_catch_up_want(struct tx *tx, const struct channel *ch, struct err *e)
{
	return chore_want(tx, &(struct chore){ .kind = "evolution.catch_up", .ref = ch->id }, 0,
			  NULL, e);
}

struct catching {
	struct upkeep_run *u;
	int64_t from_ms,
		length_ms; /* the slice that is asked for; its length before `now` cuts it */
	int size;          /* messages of a page */
	int calls;
	int64_t gap_from_ms, gap_to_ms; /* what cannot be fetched any more; 0: nothing */
};

enum slice_end {
	SLICE_DONE,
	SLICE_TOO_MANY, /* pages: a shorter one */
	SLICE_TOO_LONG  /* an answer: smaller pages */
};

static int64_t to_ms(const struct catching *c)
{
	return i64_min(c->from_ms + c->length_ms, c->u->now_ms);
}

/* ---- what is kept ---- */

static enum rc page_unit(struct tx *tx, void *arg, struct err *e)
{
	return delivery_add(tx, arg, e);
}

static enum rc keep_page(struct upkeep_run *u, const struct json *records, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(EVOLUTION_BODY_MAX);
	struct delivery d = { .received_ms = u->now_ms,
			      .company_id = u->channel->company_id,
			      .target_id = u->channel->id,
			      .source = "evolution",
			      .signature = "none",
			      .request_id = STR(INGEST_CAUGHT_UP),
			      .headers = STR("{}") };

	evolution_ask_as_webhook(records, u->channel->instance, &body);
	if (!sbuf_ok(&body))
		return FAIL(e, RC_INVALID, "a page of messages is too long");
	d.body = sbuf_view(&body);
	return store_write(u->w->app->store, STORE_NORMAL, page_unit, &d, e);
}

static enum rc gap(struct tx *tx, const struct catching *c, struct err *e)
{
	char subject[TARGET_NAME_MAX], from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];

	(void)snprintf(subject, sizeof(subject), "channel.%s", c->u->channel->slug);
	clock_text(c->gap_from_ms, from);
	clock_text(c->gap_to_ms, to);
	return incident_raise(tx, INCIDENT_CATCH_UP_GAP, subject,
			      &(struct incident_args){ { from, to } }, e);
}

/* A whole slice is there: up to its end. */
static enum rc place_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct catching *c = arg;
	int64_t id = c->u->channel->id;

	if (c->gap_to_ms > 0)
		TRY(gap(tx, c, e));
	if (c->from_ms < c->u->now_ms)
		return channel_fact_set_i64(tx, id, FACT_CATCHING_UP, c->from_ms, e);
	TRY(channel_fact_set(tx, id, FACT_CATCHING_UP, STR_NONE, NULL, e));
	return channel_fact_set_i64(tx, id, FACT_CAUGHT_UP, c->u->now_ms, e);
}

/* ---- asking ---- */

/* What cannot be fetched is told, or nothing behind it would ever be. One gap covers all that was not fetched. */
static void pass_over(struct catching *c, int page, const char *why)
{
	log_event(LOG_WARN, "catch_up.passed_over", "channel", c->u->channel->slug, "page",
		  LOG_I64(page), "why", why, NULL);
	if (c->gap_to_ms == 0)
		c->gap_from_ms = c->from_ms;
	c->gap_to_ms = to_ms(c);
}

/* RC_LIMIT: the answer is too long. *ret_pages: how many there are; 0: this one is empty. */
static enum rc one_page(struct catching *c, int page, int64_t *ret_pages, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(4 * KIB);
	AUTO(json_freep) struct json *root = NULL;
	AUTO(http_answer_release) struct http_answer ans = HTTP_ANSWER;
	const struct evolution_between b = {
		.from_ms = c->from_ms, .to_ms = to_ms(c), .page = page, .size = c->size
	};
	struct evolution_asked q = { .channel = c->u->channel,
				     .answer_max = c->size > 1 ? CATCH_UP_ANSWER_MAX
							       : EVOLUTION_BODY_MAX / 2 };
	const struct json *records;
	struct evolution_call call;
	enum rc rc;

	TRY(evolution_ask_between(&b, &call, &body, e));
	q.method = call.method;
	q.path = call.path;
	q.body = sbuf_view(&body);
	c->calls++;
	if (!queue_renew(store_queues(c->u->w->app->store), c->u->job))
		return FAIL(e, RC_CONFLICT, "the lease of the job was lost");
	rc = evolution_call(c->u->w, &q, &ans, e);
	if (rc != RC_OK && ans.too_long) {
		err_clear(e);
		return FAIL(e, RC_LIMIT, "a page of messages is too long");
	}
	TRY(rc);
	if (ans.status < 200 || ans.status > 299)
		return FAIL(e, RC_RETRY, "Evolution answered %d to findMessages", ans.status);
	TRY(json_parse(sbuf_view(&ans.body), &root, e));
	records = evolution_ask_records(root);
	if (records == NULL)
		return FAIL(e, RC_INVALID, "the answer to findMessages has no records");
	*ret_pages = json_first(records) != NULL ? evolution_ask_pages(root) : 0;
	return *ret_pages > 0 ? keep_page(c->u, records, e) : RC_OK;
}

static enum rc slice(struct catching *c, enum slice_end *ret, struct err *e)
{
	bool shortest = c->length_ms <= CATCH_UP_SLICE_MIN_MS;
	int64_t pages = 1;

	for (int page = 1; page <= pages; page++) {
		enum rc rc = one_page(c, page, &pages, e);

		if (rc == RC_LIMIT && c->size > 1) {
			err_clear(e);
			*ret = SLICE_TOO_LONG;
			return RC_OK;
		}
		if (rc == RC_LIMIT) {
			err_clear(e);
			/* Longer than any webhook may be. */
			pass_over(c, page, "a message is too long");
			pages = i64_max(pages, page + 1); /* an empty one ends it */
			rc = RC_OK;
		}
		TRY(rc);
		if (pages > CATCH_UP_PAGES && !shortest) {
			*ret = SLICE_TOO_MANY;
			return RC_OK;
		}
		if (pages > CATCH_UP_PAGES_MAX && page == CATCH_UP_PAGES_MAX) {
			pass_over(c, page, "too many pages for so short a time");
			break;
		}
	}
	*ret = SLICE_DONE;
	return RC_OK;
}

static enum rc go_on(struct catching *c, struct err *e)
{
	enum slice_end end = SLICE_DONE;

	TRY(slice(c, &end, e));
	switch (end) {
	case SLICE_TOO_LONG:
		c->size = (int)i64_max(1, c->size / CATCH_UP_SHRINK);
		return RC_OK;
	case SLICE_TOO_MANY:
		c->length_ms = i64_max(CATCH_UP_SLICE_MIN_MS, c->length_ms / 2);
		return RC_OK;
	case SLICE_DONE:
		c->from_ms = to_ms(c);
		TRY(store_write(c->u->w->app->store, STORE_NORMAL, place_unit, c, e));
		c->gap_to_ms = 0;
		return RC_OK;
	}
	BUG("unknown end of a slice");
}

/* Where to begin. False: the first run of the channel. */
static enum rc begin(struct catching *c, bool *ret_first, struct err *e)
{
	const struct channel *ch = c->u->channel;
	struct db *db = store_reader(c->u->w->app->store);
	int64_t until_ms = 0, going_ms = 0, floor_ms = c->u->now_ms - ch->catch_up_ms;
	enum rc rc = channel_fact_get_i64(db, ch->id, FACT_CAUGHT_UP, 0, &until_ms, e);

	if (rc == RC_OK)
		rc = channel_fact_get_i64(db, ch->id, FACT_CATCHING_UP, 0, &going_ms, e);
	if (rc == RC_OK)
		rc = clockback_since(db, ch->id, c->u->now_ms, &until_ms, e);
	if (rc == RC_OK)
		rc = clockback_since(db, ch->id, c->u->now_ms, &going_ms, e);
	store_reader_done(c->u->w->app->store, db);
	TRY(rc);
	*ret_first = until_ms == 0 && going_ms == 0;
	until_ms = i64_max(until_ms, going_ms);
	if (until_ms < floor_ms && !*ret_first) {
		c->gap_from_ms = until_ms;
		c->gap_to_ms = floor_ms;
	}
	c->from_ms = i64_max(going_ms > 0 ? going_ms : until_ms - CATCH_UP_OVERLAP_MS, floor_ms);
	return RC_OK;
}

enum rc evolution_catch_up_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct catching c = { .u = u, .length_ms = CATCH_UP_SLICE_MS, .size = EVOLUTION_PAGE };
	bool first;

	if (u->channel->instance.n == 0)
		return RC_OK;
	TRY(begin(&c, &first, e));
	if (first) {
		c.from_ms = u->now_ms;
		return store_write(u->w->app->store, STORE_NORMAL, place_unit, &c, e);
	}
	while (c.from_ms < u->now_ms && c.calls < CATCH_UP_CALLS)
		TRY(go_on(&c, e));
	if (c.from_ms < u->now_ms)
		*ret_next_ms = u->now_ms + SECOND_MS;
	return RC_OK;
}
