/* topic.c - events and their fan-out. One row for the event, one job for each group that is on. */
#include "store/queue/topic.h"

#include "store/queue/queue_priv.h"
#include "store/row.h"

static const char *const NAMES[] = {
#define TOPIC(name, text) text,
#define GROUP(topic, queue, kind)
#include "store/queue/topic.def"
#undef TOPIC
#undef GROUP
};

enum lane_of {
	LANE_NONE,   /* no gate: always on */
	LANE_EVENT,  /* the channel that the event names */
	LANE_TARGET, /* the target that the group serves; without one it is off */
};

struct group {
	enum topic topic;
	enum queue_id queue;
	const char *kind;
};

static const struct group GROUPS[] = {
#define TOPIC(name, text)
#define GROUP(topic, queue, kind) { TOPIC_##topic, QUEUE_##queue, kind },
#include "store/queue/topic.def"
#undef TOPIC
#undef GROUP
};

static const struct row_times TIMES = { Q_TOPIC_LAST, Q_TOPIC_FIRST, Q_TOPIC_PROBE };

const char *topic_name(enum topic t)
{
	ASSERT((unsigned)t < TOPIC_COUNT);
	return NAMES[t];
}

void topic_group_targets(struct queues *qs, enum queue_id group, const int64_t *target_ids,
			 size_t n)
{
	int64_t *list;

	ASSERT((unsigned)group < QUEUE_COUNT);
	list = queues_group_targets(qs, group);
	for (size_t i = 0; i < QUEUE_TARGETS_MAX; i++)
		__atomic_store_n(&list[i], i < n ? target_ids[i] : 0, __ATOMIC_RELEASE);
}

void topic_group_target(struct queues *qs, enum queue_id group, int64_t target_id)
{
	topic_group_targets(qs, group, &target_id, 1);
}

static int64_t target_at(struct queues *qs, enum queue_id group, size_t i)
{
	return __atomic_load_n(&queues_group_targets(qs, group)[i], __ATOMIC_ACQUIRE);
}

int64_t topic_group_target_get(struct queues *qs, enum queue_id group)
{
	ASSERT((unsigned)group < QUEUE_COUNT);
	return target_at(qs, group, 0);
}

size_t topic_group_targets_get(struct queues *qs, enum queue_id group,
			       int64_t ret[QUEUE_TARGETS_MAX])
{
	size_t n = 0;

	ASSERT((unsigned)group < QUEUE_COUNT);
	for (size_t i = 0; i < QUEUE_TARGETS_MAX; i++) {
		ret[n] = target_at(qs, group, i);
		n += ret[n] != 0;
	}
	return n;
}

/* A conversation at a target. */
static int64_t target_key(int64_t okey, int64_t target_id)
{
	return okey | target_id << QUEUE_KEY_BITS; /* targets stay below 2^19 */
}

static enum lane_of lane_of(const struct group *g)
{
	if (g->kind == NULL)
		return LANE_NONE;
	return strcmp(g->kind, "channel") == 0 ? LANE_EVENT : LANE_TARGET;
}

/* One job for each target of the group. */
static enum rc fan_out_targets(struct tx *tx, struct job_new *job, int64_t okey, struct err *e)
{
	struct queues *qs = store_queues(tx->store);
	bool many = target_at(qs, job->queue, 1) != 0;

	for (size_t i = 0; i < QUEUE_TARGETS_MAX; i++) {
		job->lane = target_at(qs, job->queue, i);
		if (job->lane == 0)
			break; /* the end; at the first: switched off */
		job->okey = many ? target_key(okey, job->lane) : okey;
		TRY(queue_add(tx, job, NULL, e));
	}
	return RC_OK;
}

static enum rc fan_out(struct tx *tx, const struct group *g, const struct topic_event *ev,
		       struct err *e)
{
	struct job_new job = {
		.queue = g->queue,
		.prio = ev->prio,
		.okey = ev->okey,
		.due_ms = ev->due_ms,
		.ref = ev->id,
		.correlation = ev->correlation,
		.history = ev->tried ? STR("[]") : STR_NONE,
	};
	int64_t job_id;

	switch (lane_of(g)) {
	case LANE_NONE:
		break;
	case LANE_EVENT:
		job.lane = ev->lane;
		break;
	case LANE_TARGET:
		return fan_out_targets(tx, &job, ev->okey, e);
	}
	return queue_add(tx, &job, &job_id, e);
}

enum rc topic_publish(struct tx *tx, struct topic_event *ev, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	ASSERT(ev->topic > TOPIC_NONE && ev->topic < TOPIC_COUNT);
	ev->created_ms = tx->now_ms;
	TRY(stmt_begin(tx->db, Q_TOPIC_INSERT, &s, e));
	stmt_bind_i64(&s, "topic", ev->topic);
	stmt_bind_i64(&s, "company_id", ev->company_id);
	stmt_bind_i64(&s, "okey", ev->okey);
	stmt_bind_i64(&s, "ref", ev->ref);
	stmt_bind_i64(&s, "hop", ev->hop);
	stmt_bind_i64(&s, "created_ms", ev->created_ms);
	stmt_bind_str(&s, "correlation", ev->correlation);
	stmt_bind_str(&s, "payload", ev->payload);
	TRY(stmt_run(&s, e));
	ev->id = db_last_rowid(tx->db);
	for (size_t i = 0; i < COUNT(GROUPS); i++)
		if (GROUPS[i].topic == ev->topic)
			TRY(fan_out(tx, &GROUPS[i], ev, e));
	store_event_published(tx);
	return RC_OK;
}

enum rc topic_publish_if_read(struct tx *tx, struct topic_event *ev, struct err *e)
{
	struct queues *qs = store_queues(tx->store);

	for (size_t i = 0; i < COUNT(GROUPS); i++) {
		if (GROUPS[i].topic == ev->topic &&
		    (lane_of(&GROUPS[i]) != LANE_TARGET ||
		     topic_group_target_get(qs, GROUPS[i].queue) != 0))
			return topic_publish(tx, ev, e);
	}
	return RC_OK;
}

enum rc topic_message(struct db *db, int64_t event_id, struct topic_brief *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_TOPIC_MESSAGE, &s, e));
	stmt_bind_i64(&s, "id", event_id);
	TRY(stmt_next(&s, e));
	ret->message_id = stmt_i64(&s, "message_id");
	ret->conversation_id = stmt_i64(&s, "conversation_id");
	ret->timestamp = stmt_i64(&s, "timestamp");
	ret->outbound = stmt_i64(&s, "outbound") != 0;
	ret->act = stmt_i64(&s, "act") != 0;
	return RC_OK;
}

static enum rc take(struct row *r, struct topic_event *ret, struct err *e)
{
	int64_t topic;

	*ret = (struct topic_event){ .prio = PRIO_NORMAL };
	ret->id = stmt_i64(&r->s, "id");
	topic = stmt_i64(&r->s, "topic");
	ret->company_id = stmt_i64(&r->s, "company_id");
	ret->okey = stmt_i64(&r->s, "okey");
	ret->ref = stmt_i64(&r->s, "ref");
	ret->hop = stmt_i64(&r->s, "hop");
	ret->created_ms = stmt_i64(&r->s, "created_ms");
	ret->correlation = row_str(r, "correlation");
	ret->payload = row_str(r, "payload");
	if (topic <= TOPIC_NONE || topic >= TOPIC_COUNT)
		return FAIL(e, RC_INVALID, "event %lld has the unknown topic %lld",
			    (long long)ret->id, (long long)topic);
	ret->topic = (enum topic)topic;
	return row_fits(r, e);
}

enum rc topic_load(struct db *db, int64_t id, struct arena *a, struct topic_event *ret,
		   struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct topic_event ev;

	TRY(row_begin(db, Q_TOPIC_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	TRY(take(&r, &ev, e));
	*ret = ev;
	return RC_OK;
}

enum rc topic_each_after(struct db *db, int64_t company_id, int64_t after_id, int limit,
			 topic_each_fn *fn, void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	struct topic_event ev;
	enum rc rc;

	TRY(row_begin(db, Q_TOPIC_AFTER, &a, &r, e));
	stmt_bind_i64(&r.s, "after_id", after_id);
	stmt_bind_i64(&r.s, "company_id", company_id);
	stmt_bind_i64(&r.s, "limit", row_limit(limit));
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		arena_reset(&a);
		TRY(take(&r, &ev, e));
		TRY(fn(arg, &ev, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc edge(struct db *db, enum query q, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, q, &s, e));
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, "id");
	return RC_OK;
}

enum rc topic_last_id(struct db *db, int64_t *ret, struct err *e)
{
	return edge(db, Q_TOPIC_LAST, ret, e);
}

enum rc topic_first_id(struct db *db, int64_t *ret, struct err *e)
{
	return edge(db, Q_TOPIC_FIRST, ret, e);
}

enum rc topic_trim(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t below;

	TRY(row_trim_below(tx->db, &TIMES, before_ms, &below, e));
	TRY(stmt_begin(tx->db, Q_TOPIC_TRIM, &s, e));
	stmt_bind_i64(&s, "below_id", below);
	stmt_bind_i64(&s, "hooks_first", queue_first_id(QUEUE_WEBHOOKS));
	stmt_bind_i64(&s, "hooks_last", queue_last_id(QUEUE_WEBHOOKS));
	stmt_bind_i64(&s, "limit", limit);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	return RC_OK;
}
