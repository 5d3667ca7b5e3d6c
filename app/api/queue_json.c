/* queue_json.c - see queue_json.h. */
#include "api/queue_json.h"

#include "base/clock.h"

void queue_json(struct call *c, enum queue_id q, struct jsonw *w)
{
	struct queues *qs = store_queues(c->app->store);
	struct queue_config limits = queue_get_config(qs, q);
	int64_t now_ms = c->q->now_ms;
	struct queue_counts n;

	queue_get_counts(qs, q, now_ms, &n);
	jsonw_ktext(w, "name", queue_name(q));
	jsonw_ktext(w, "state", n.state);
	jsonw_ktime(w, "paused_until", n.paused_until_ms);
	jsonw_ki64(w, "waiting", n.waiting);
	jsonw_ki64(w, "active", n.running);
	jsonw_ki64(w, "delayed", n.delayed);
	jsonw_ki64(w, "completed", n.done);
	jsonw_ki64(w, "failed_runs", n.failed);
	jsonw_ki64(w, "dead", n.dead);
	jsonw_ki64(w, "discarded", n.discarded);
	jsonw_ki64(w, "accepted", n.accepted);
	jsonw_ktime(w, "oldest_at", n.oldest_ms);
	jsonw_ki64(w, "oldest_age_ms", n.oldest_ms > 0 ? i64_max(now_ms - n.oldest_ms, 0) : 0);
	jsonw_key(w, "rate_per_second");
	jsonw_double(w, n.rate);
	jsonw_kobject(w, "limits");
	jsonw_ki64(w, "concurrency", limits.concurrency);
	jsonw_ki64(w, "attempts", limits.attempts);
	jsonw_ki64(w, "backoff_ms", limits.backoff_ms);
	jsonw_ki64(w, "batch", limits.batch);
	jsonw_end(w);
}

void queue_json_answer(struct call *c, enum queue_id q)
{
	struct jsonw w;

	answer_begin(c, &w);
	jsonw_object(&w);
	queue_json(c, q, &w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

bool queue_json_param(struct call *c, enum queue_id *ret)
{
	if (queue_parse(c->q->param[0], ret))
		return true;
	problem(c, 404, "not-found", "There is no queue with this name.");
	return false;
}

bool queue_json_until(struct call *c, const struct json *root, int64_t *ret_ms)
{
	*ret_ms = 0;
	if (json_get(root, "until") == NULL || json_kind(json_get(root, "until")) == JSON_NULL)
		return true;
	if (clock_parse(json_get_str(root, "until"), ret_ms) && *ret_ms > c->q->now_ms)
		return true;
	problem_field(c, 422, "until", "This has to be a time to come, like 2026-01-05T10:00:00Z.");
	return false;
}
