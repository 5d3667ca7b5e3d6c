/* monitor.c - /api/queue-monitor of source 002: its two queues under its own names. `failed` are its failed jobs, that
 * is our dead letters. */
#include "api/handlers.h"
#include "api/queue_json.h"
#include "api/state.h"
#include "flow/outside/outside.h"

static const struct monitored {
	const char *name;
	enum queue_id queue;
} MONITORED[] = {
	{ "webhook", QUEUE_WEBHOOKS },
	{ "message", QUEUE_MESSAGES },
};

static void counts_write(struct call *c, const struct monitored *m, struct jsonw *w)
{
	struct queue_counts n;

	queue_get_counts(store_queues(c->app->store), m->queue, c->q->now_ms, &n);
	jsonw_kobject(w, m->name);
	jsonw_ki64(w, "waiting", n.waiting);
	jsonw_ki64(w, "active", n.running);
	jsonw_ki64(w, "completed", n.done);
	jsonw_ki64(w, "failed", n.dead);
	jsonw_ki64(w, "delayed", n.delayed);
	jsonw_ktext(w, "state", n.state);
	jsonw_end(w);
}

void monitor_stats_get(struct call *c)
{
	struct jsonw w;

	answer_begin(c, &w);
	jsonw_object(&w);
	for (size_t i = 0; i < COUNT(MONITORED); i++)
		counts_write(c, &MONITORED[i], &w);
	jsonw_kobject(&w, "deduplication");
	jsonw_ki64(&w, "cachedMessages", seen_count(&state_of(c->app)->seen, c->q->now_ms));
	jsonw_end(&w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

/* {"queue":"webhook"|"message"}; none: both. False: answered. */
static bool chosen(struct call *c, const struct json *root, bool *ret)
{
	struct str name = json_get_str(root, "queue");
	bool any = false;

	for (size_t i = 0; i < COUNT(MONITORED); i++) {
		ret[i] = json_get(root, "queue") == NULL || str_eqc(name, MONITORED[i].name);
		any |= ret[i];
	}
	if (!any)
		problem_field(c, 422, "queue", "This has to be webhook or message.");
	return any;
}

static enum rc pause_one(struct call *c, enum queue_id q, struct err *e)
{
	return queue_pause(c->app->store, q, 0, e);
}

static enum rc resume_one(struct call *c, enum queue_id q, struct err *e)
{
	return outside_resume_queue(c->app, q, e);
}

static void control(struct call *c, enum rc (*act)(struct call *c, enum queue_id q, struct err *e))
{
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	bool which[COUNT(MONITORED)];

	if (!body_json(c, &root) || !chosen(c, root, which))
		return;
	for (size_t i = 0; i < COUNT(MONITORED); i++) {
		if (which[i] && act(c, MONITORED[i].queue, &e) != RC_OK) {
			problem_err(c, &e);
			return;
		}
	}
	monitor_stats_get(c);
}

void monitor_pause_post(struct call *c)
{
	control(c, pause_one);
}

void monitor_resume_post(struct call *c)
{
	control(c, resume_one);
}

void monitor_clear_delete(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	int64_t gone[COUNT(MONITORED)] = { 0 };
	bool which[COUNT(MONITORED)];
	struct str confirm;
	struct jsonw w;

	if (!body_json(c, &root) || !query_str(c, "confirm", &confirm) || !chosen(c, root, which))
		return;
	if (!str_eqc(confirm, "clear") && !str_eqc(json_get_str(root, "confirm"), "clear")) {
		problem(c, 409, "confirmation-needed",
			"This discards all jobs that wait. Repeat it with confirm set to clear.");
		return;
	}
	for (size_t i = 0; i < COUNT(MONITORED); i++) {
		if (which[i] &&
		    queue_clear(c->app->store, MONITORED[i].queue, &gone[i], &e) != RC_OK) {
			problem_err(c, &e);
			return;
		}
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_kobject(&w, "cleared");
	for (size_t i = 0; i < COUNT(MONITORED); i++)
		jsonw_ki64(&w, MONITORED[i].name, gone[i]);
	jsonw_end(&w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
