/* metrics.c - GET /metrics: Prometheus text format 0.0.4. From this machine itself without a token (auth_is_local),
 * from others with the scope `metrics`. */
#include <stdatomic.h>

#include "api/auth.h"
#include "api/handlers.h"
#include "api/readiness.h"
#include "api/state.h"
#include "base/version.h"
#include "flow/lookup/lookup.h"
#include "flow/outside/outside.h"
#include "flow/backup/backup_run.h"
#include "io/sse.h"
#include "io/sys.h"
#include "store/media.h"
#include "store/queue/queue.h"
#include "store/target.h"

struct metrics {
	struct call *c;
	struct sbuf *to;
	struct queue_counts queues[QUEUE_COUNT];
	struct readiness ready;
};

static void head(struct metrics *m, const char *name, const char *type, const char *help)
{
	sbuf_printf(m->to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct metrics *m, const char *name, const char *type, const char *help,
		   int64_t v)
{
	head(m, name, type, help);
	sbuf_printf(m->to, "%s %lld\n", name, (long long)v);
}

static int64_t count_at(const struct queue_counts *n, size_t at)
{
	int64_t v;

	memcpy(&v, (const char *)n + at, sizeof(v));
	return v;
}

static void queue_metrics(struct metrics *m)
{
	static const struct {
		const char *name, *type, *help;
		size_t at;
	} ROWS[] = {
#define ROW(name, type, member, help) \
	{ "totem_queue_" name, type, help, offsetof(struct queue_counts, member) }
		ROW("waiting", "gauge", waiting, "Jobs that are due"),
		ROW("active", "gauge", running, "Jobs that run"),
		ROW("delayed", "gauge", delayed, "Jobs that wait for their time"),
		ROW("dead", "gauge", dead, "Dead letters"),
		ROW("accepted_total", "counter", accepted, "Jobs taken in"),
		ROW("done_total", "counter", done, "Jobs finished"),
		ROW("failed_total", "counter", failed, "Runs that failed, retried or not"),
		ROW("discarded_total", "counter", discarded, "Jobs thrown away by a person"),
#undef ROW
	};

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		head(m, ROWS[i].name, ROWS[i].type, ROWS[i].help);
		for (int q = 0; q < QUEUE_COUNT; q++)
			sbuf_printf(m->to, "%s{queue=\"%s\"} %lld\n", ROWS[i].name,
				    queue_name((enum queue_id)q),
				    (long long)count_at(&m->queues[q], ROWS[i].at));
	}
	head(m, "totem_queue_oldest_seconds", "gauge", "Age of the oldest unfinished job");
	for (int q = 0; q < QUEUE_COUNT; q++) {
		int64_t oldest = m->queues[q].oldest_ms;
		int64_t age = oldest > 0 ? i64_max(m->c->q->now_ms - oldest, 0) : 0;

		sbuf_printf(m->to, "totem_queue_oldest_seconds{queue=\"%s\"} %.3f\n",
			    queue_name((enum queue_id)q), (double)age / 1000);
	}
	head(m, "totem_queue_paused", "gauge", "1: paused or draining");
	for (int q = 0; q < QUEUE_COUNT; q++)
		sbuf_printf(m->to, "totem_queue_paused{queue=\"%s\"} %d\n",
			    queue_name((enum queue_id)q),
			    strcmp(m->queues[q].state, "running") != 0);
}

static void histogram(struct metrics *m, const char *name, const char *help,
		      const struct meter_view *v)
{
	int64_t sum = 0;

	head(m, name, "histogram", help);
	for (int i = 0; i < METER_BUCKETS - 1; i++) {
		sum += v->bucket[i];
		sbuf_printf(m->to, "%s_bucket{le=\"%.6f\"} %lld\n", name,
			    (double)meter_bound_us(i) / 1e6, (long long)sum);
	}
	sum += v->bucket[METER_BUCKETS - 1];
	sbuf_printf(m->to, "%s_bucket{le=\"+Inf\"} %lld\n%s_sum %.6f\n%s_count %lld\n", name,
		    (long long)sum, name, (double)v->sum_us / 1e6, name, (long long)sum);
}

static void store_metrics(struct metrics *m)
{
	const struct store_stats *s = &m->ready.store;
	struct meter_view v = { .count = s->commits, .sum_us = s->commit_us_sum };

	_Static_assert(sizeof(v.bucket) == sizeof(s->commit_us_bucket), "the same bounds");
	memcpy(v.bucket, s->commit_us_bucket, sizeof(v.bucket));
	histogram(m, "totem_store_commit_seconds", "Duration of a group commit with its sync", &v);
	number(m, "totem_store_units_total", "counter", "Units of work committed", s->units);
	number(m, "totem_store_failed_units_total", "counter", "Units that failed",
	       s->failed_units);
	number(m, "totem_store_batch_max", "gauge", "Most units in one commit", s->batch_max);
	number(m, "totem_store_waiting", "gauge", "Units that wait for the writer", s->waiting);
	number(m, "totem_store_failing", "gauge", "1: the last commit failed", s->failing);
	number(m, "totem_store_file_bytes", "gauge", "Size of the database file",
	       s->file.file_bytes);
	number(m, "totem_store_wal_bytes", "gauge", "Size of the write-ahead log",
	       s->file.wal_bytes);
	number(m, "totem_disk_free_bytes", "gauge", "Free space where the database lies",
	       m->ready.disk_free);
}

static void media_metrics(struct metrics *m)
{
	struct db *db = store_reader(m->c->app->store);
	struct media_totals t = { 0 };

	if (media_get_totals(db, &t, NULL) != RC_OK)
		t = (struct media_totals){ 0 };
	store_reader_done(m->c->app->store, db);
	number(m, "totem_media_files", "gauge", "Files that are kept", t.files);
	number(m, "totem_media_bytes", "gauge", "Bytes of these files", t.bytes);
	number(m, "totem_media_max_bytes", "gauge", "Bytes that they may take (setting)",
	       m->c->config->media_bytes_max);
}

/* Nothing before the first backup of this process: an alert on the age would fire at each start. */
static void backup_metrics(struct metrics *m)
{
	struct backup_state b = { .busy = false };

	if (m->c->app->backups == NULL)
		return;
	backup_run_state(m->c->app->backups, &b);
	number(m, "totem_backup_running", "gauge", "1: a backup is being made or checked",
	       b.busy || b.checking);
	number(m, "totem_backup_failed", "gauge", "1: the last backup failed", b.error[0] != '\0');
	number(m, "totem_backup_newest_timestamp_seconds", "gauge",
	       "When the newest backup that did not fail its check was made; 0: there is none",
	       b.newest_ms / 1000);
	number(m, "totem_backup_verified_timestamp_seconds", "gauge",
	       "When the newest backup that was verified by restoring it was made; 0: there is "
	       "none",
	       b.verified_ms / 1000);
	number(m, "totem_backup_unproven", "gauge",
	       "1: a backup failed its check or was not verified within a day", b.troubled);
}

static void hook_metrics(struct metrics *m)
{
	struct state *s = state_of(m->c->app);
	struct meter_view v;

	meter_read(&s->hook_us, &v);
	histogram(m, "totem_webhook_seconds", "Webhook requests from reading to answer", &v);
	number(m, "totem_webhook_stored_total", "counter", "Webhook requests stored",
	       atomic_load(&s->hooks_stored));
	number(m, "totem_webhook_failed_total", "counter", "Webhook requests answered 503",
	       atomic_load(&s->hooks_failed));
	number(m, "totem_webhook_duplicates_total", "counter",
	       "Byte-identical requests answered at once", atomic_load(&s->seen.hits));
	number(m, "totem_duplicate_ids_total", "counter",
	       "Messages and statuses that were known by their provider's id",
	       __atomic_load_n(&m->c->app->duplicate_ids, __ATOMIC_RELAXED));
	number(m, "totem_duplicate_contents_total", "counter",
	       "Messages suspected to be another one once more",
	       __atomic_load_n(&m->c->app->duplicate_contents, __ATOMIC_RELAXED));
	number(m, "totem_webhook_signature_failures_total", "counter",
	       "Webhook requests with a bad signature", atomic_load(&s->signature_failures));
	number(m, "totem_auth_failures_total", "counter", "Calls without a valid token",
	       atomic_load(&s->auth_failures));
}

struct target_names {
	struct target_name {
		int64_t id;
		char kind[12], slug[TARGET_SLUG_MAX + 1];
	} t[CONFIG_TARGETS_MAX];
	int n;
};

static enum rc target_row(void *arg, const struct target *t, struct err *e)
{
	struct target_names *names = arg;

	(void)e;
	if (names->n == CONFIG_TARGETS_MAX)
		return RC_OK;
	struct target_name *to = &names->t[names->n++];
	to->id = t->id;
	memcpy(to->kind, t->kind, sizeof(to->kind));
	memcpy(to->slug, t->slug, sizeof(to->slug));
	return RC_OK;
}

static void target_metric(struct metrics *m, const struct target_names *names, size_t row)
{
	static const struct {
		const char *name, *type, *help;
	} ROWS[] = {
		{ "totem_target_calls_total", "counter", "Calls to a target" },
		{ "totem_target_failures_total", "counter", "Calls that failed" },
		{ "totem_target_breaker", "gauge",
		  "Circuit breaker: 0 closed, 1 open, 2 half open" },
	};

	head(m, ROWS[row].name, ROWS[row].type, ROWS[row].help);
	for (int i = 0; i < names->n; i++) {
		struct outside_view v = { .state = BREAKER_CLOSED };

		(void)outside_view_get(m->c->app, names->t[i].id,
				       &v); /* never called: zeros are true */
		const int64_t values[COUNT(ROWS)] = { v.calls, v.failures, (int64_t)v.state };
		sbuf_printf(m->to, "%s{kind=\"%s\",target=\"%s\"} %lld\n", ROWS[row].name,
			    names->t[i].kind, names->t[i].slug, (long long)values[row]);
	}
}

static void target_metrics(struct metrics *m)
{
	struct target_names *names = arena_alloc(m->c->q->arena, sizeof(*names));
	struct err e = { .rc = RC_OK };

	if (names == NULL || m->c->app->outside == NULL)
		return;
	struct db *db = store_reader(m->c->app->store);
	enum rc rc = target_each(db, target_row, names, &e);
	store_reader_done(m->c->app->store, db);
	if (rc != RC_OK)
		return; /* the rest of the page is worth more than a refusal */
	for (size_t row = 0; row < 3; row++)
		target_metric(m, names, row);
}

static void lookup_metrics(struct metrics *m)
{
	const struct config *config = m->c->config;

	number(m, "totem_lookups_waiting", "gauge", "Lookups that wait for a worker",
	       lookup_pool_waiting(m->c->app));
	head(m, "totem_lookups_total", "counter", "Answers of lookup connectors by outcome");
	for (size_t i = 0; i < config->lookup_count; i++) {
		struct lookup_view v;

		lookup_pool_view(m->c->app, config->lookups[i].id, &v);
		for (int code = 0; code < LOOKUP_CODES; code++)
			sbuf_printf(m->to,
				    "totem_lookups_total{connector=\"%s\",outcome=\"%s\"} %lld\n",
				    config->lookups[i].slug,
				    lookup_code_name((enum lookup_code)code),
				    (long long)v.by_code[code]);
	}
	static const struct {
		const char *name, *help;
		size_t at;
	} ROWS[] = {
#define ROW(name, member, help) { name, help, offsetof(struct lookup_view, member) }
		ROW("totem_lookup_cached_total", cached, "Answers from the answer cache"),
		ROW("totem_lookup_logins_total", logins, "Logins at the upstream"),
		ROW("totem_lookup_logins_refused_total", logins_refused, "Logins it refused"),
		ROW("totem_lookup_expired_total", expired, "Sessions that it ended"),
		ROW("totem_lookup_milliseconds_total", ms_sum, "Time of all answers"),
#undef ROW
	};
	for (size_t r = 0; r < COUNT(ROWS); r++) {
		head(m, ROWS[r].name, "counter", ROWS[r].help);
		for (size_t i = 0; i < config->lookup_count; i++) {
			struct lookup_view v;
			int64_t n;

			lookup_pool_view(m->c->app, config->lookups[i].id, &v);
			memcpy(&n, (const char *)&v + ROWS[r].at, sizeof(n));
			sbuf_printf(m->to, "%s{connector=\"%s\"} %lld\n", ROWS[r].name,
				    config->lookups[i].slug, (long long)n);
		}
	}
}

static void process_metrics(struct metrics *m)
{
	const struct app *app = m->c->app;

	head(m, "totem_build_info", "gauge", "Version");
	sbuf_printf(m->to, "totem_build_info{version=\"%s\"} 1\n", TOTEM_VERSION);
	number(m, "totem_ready", "gauge", "1: /readyz is fine", readiness_ok(&m->ready));
	number(m, "totem_database_damaged", "gauge", "1: webhooks go to the spool until a restore",
	       m->ready.damaged);
	backup_metrics(m);
	number(m, "totem_sse_clients", "gauge", "Open event streams",
	       app->sse != NULL ? sse_clients(app->sse) : 0);
	number(m, "totem_never_total", "counter", "Things that should not have happened",
	       (int64_t)base_never_count());
	number(m, "process_resident_memory_bytes", "gauge", "Memory in use", sys_rss_bytes());
	number(m, "process_open_fds", "gauge", "Open files", sys_open_files());
	number(m, "process_start_time_seconds", "gauge", "Start of the program",
	       app->started_ms / 1000);
}

void metrics_get(struct call *c)
{
	struct metrics m = { .c = c, .to = &c->r->body };

	if (!auth_is_local(c->q) && !auth_scope(c, SCOPE_METRICS))
		return;
	sbuf_reset(m.to);
	for (int q = 0; q < QUEUE_COUNT; q++)
		queue_get_counts(store_queues(c->app->store), (enum queue_id)q, c->q->now_ms,
				 &m.queues[q]);
	readiness_get(c->app, c->q->now_ms, &m.ready);
	queue_metrics(&m);
	hook_metrics(&m);
	target_metrics(&m);
	lookup_metrics(&m);
	store_metrics(&m);
	media_metrics(&m);
	process_metrics(&m);
	c->r->status = 200;
	c->r->content_type = "text/plain; version=0.0.4; charset=utf-8";
}
