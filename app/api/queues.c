/* queues.c - /api/v1/queues: looking at a queue and controlling it. Each control is durable before it is answered. */
#include "api/handlers.h"
#include "api/queue_json.h"
#include "flow/outside/outside.h"

void queue_list(struct call *c)
{
	struct jsonw w;

	answer_rows_begin(c, &w);
	for (int q = 0; q < QUEUE_COUNT; q++) {
		jsonw_object(&w);
		queue_json(c, (enum queue_id)q, &w);
		jsonw_end(&w);
	}
	answer_rows_end(c, &w, RC_OK, NULL);
}

void queue_get(struct call *c)
{
	enum queue_id q;

	if (queue_json_param(c, &q))
		queue_json_answer(c, q);
}

static void control_answer(struct call *c, enum queue_id q, enum rc rc, const struct err *e)
{
	if (rc == RC_OK)
		queue_json_answer(c, q);
	else
		problem_err(c, e);
}

void queue_pause_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	int64_t until_ms;
	enum queue_id q;

	if (queue_json_param(c, &q) && body_json(c, &root) && queue_json_until(c, root, &until_ms))
		control_answer(c, q, queue_pause(c->app->store, q, until_ms, &e), &e);
}

void queue_resume_post(struct call *c)
{
	struct err e = { .rc = RC_OK };
	enum queue_id q;

	if (queue_json_param(c, &q))
		control_answer(c, q, outside_resume_queue(c->app, q, &e), &e);
}

void queue_drain_post(struct call *c)
{
	struct err e = { .rc = RC_OK };
	enum queue_id q;

	if (queue_json_param(c, &q))
		control_answer(c, q, queue_drain(c->app->store, q, &e), &e);
}

/* {"confirm": N}: at most N jobs may go; a queue that grew meanwhile is not cleared. {"confirm": "clear"}: all. */
static bool confirmed(struct call *c, const struct json *root, int64_t waiting)
{
	const struct json *confirm = json_get(root, "confirm");
	int64_t n;
	char detail[160];

	if (str_eqc(json_str(confirm), "clear"))
		return true;
	if (json_kind(confirm) == JSON_NUMBER && json_i64(confirm, &n) && n >= waiting)
		return true;
	(void)snprintf(detail, sizeof(detail),
		       "This would discard %lld jobs for ever. Repeat it with confirm set to that "
		       "number, or to clear.",
		       (long long)waiting);
	problem(c, 409, "confirmation-needed", detail);
	return false;
}

void queue_clear_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	struct queue_counts n;
	struct jsonw w;
	int64_t gone = 0;
	enum queue_id q;

	if (!queue_json_param(c, &q) || !body_json(c, &root))
		return;
	queue_get_counts(store_queues(c->app->store), q, c->q->now_ms, &n);
	if (!confirmed(c, root, n.waiting + n.delayed))
		return;
	if (queue_clear(c->app->store, q, &gone, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ki64(&w, "discarded_now", gone);
	queue_json(c, q, &w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

void queue_limits_patch(struct call *c)
{
	static const char *const NAMES[] = { "concurrency", "attempts", "backoff_ms", "batch" };
	AUTO(json_freep) struct json *root = NULL;
	struct setting_change changes[COUNT(NAMES)];
	size_t n = 0;
	enum queue_id q;

	if (!queue_json_param(c, &q) || !body_json(c, &root))
		return;
	for (const struct json *m = json_first(root); m != NULL; m = json_next(m)) {
		size_t i = 0;
		int64_t v;

		while (i < COUNT(NAMES) && !str_eqc(json_key(m), NAMES[i]))
			i++;
		if (i == COUNT(NAMES) || !json_i64(m, &v) || n == COUNT(NAMES)) {
			problem(c, 422, "invalid",
				"Limits are the numbers concurrency, attempts, backoff_ms and "
				"batch.");
			return;
		}
		changes[n].key =
			str_of(arena_printf(c->q->arena, "queue.%s.%s", queue_name(q), NAMES[i]));
		changes[n++].value = str_of(arena_printf(c->q->arena, "%lld", (long long)v));
	}
	if (setting_apply(c, changes, n))
		queue_json_answer(c, q);
}
