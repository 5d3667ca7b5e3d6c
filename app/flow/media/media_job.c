/* media_job.c - queue `media`: fetches the file of a message (ref) and tells topic whatsapp-media-events.
 *
 *   load -> fetch (media_fetch.h) -> checksum, type, file in its place -> [commit: stored, event, job done]
 *
 * Weather and answers that are of no use are retried for as long as the provider keeps the file: a new address each time,
 * at least once an hour. Only whole files that are not the promised ones burn the queue's attempts: each costs all of its
 * bytes. Then the message says `expired` or `failed` with a reason, and a dead letter lets a person try again. */
#include <stdarg.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"
#include "flow/outside/backoff.h"
#include "flow/handlers.h"
#include "flow/media/media.h"
#include "flow/media/media_fetch.h"
#include "io/jsonw.h"
#include "store/queue/topic.h"

#define KEPT_MS      (7 * DAY_MS) /* meta-cloud-api.md 3.4: ids of webhooks */
#define RENEW_US     (10 * (int64_t)1000 * 1000)
#define AGAIN_CAP_MS HOUR_MS /* between two tries that WhatsApp answered without the file */
#define DISK_WAIT_MS (30 * SECOND_MS)

static const struct {
	const char *provider;
	media_fetch_fn *fn;
} FETCHERS[] = {
	{ "meta", media_fetch_meta },
	{ "evolution", media_fetch_evolution },
};

/* ---- for the fetchers ---- */

enum rc media_fetch_begin(struct media_fetch *f, struct err *e)
{
	const struct media_put_new n = { .company_id = f->m->company_id,
					 .max = f->config->media_file_max,
					 .origin = f->m->provider };

	media_put_drop(&f->put);
	return media_put_begin(f->w->app, &n, &f->put, e);
}

enum rc media_fetch_sink(void *arg, const char *p, size_t n, struct err *e)
{
	struct media_fetch *f = arg;
	int64_t now_us = clock_mono_us();

	if (now_us - f->renewed_us > RENEW_US) {
		f->renewed_us = now_us;
		if (!queue_renew(store_queues(f->w->app->store), f->job))
			return FAIL(e, RC_CONFLICT, "the lease of the job was lost");
	}
	return media_put_add(&f->put, p, n, e);
}

void media_fetch_say(struct media_fetch *f, enum media_outcome o, const char *fmt, ...)
{
	va_list ap;

	f->outcome = o;
	va_start(ap, fmt);
	(void)vsnprintf(f->why, sizeof(f->why), fmt, ap);
	va_end(ap);
}

/* ---- units ---- */

static enum rc publish(struct tx *tx, const struct message_media *m, const char *state,
		       struct err *e)
{
	AUTO(sbuf_release) struct sbuf payload = SBUF(1 * KIB);
	struct topic_event ev = { .topic = TOPIC_MEDIA,
				  .company_id = m->company_id,
				  .okey = m->conversation_id,
				  .ref = m->message_id,
				  .hop = m->hop,
				  .prio = PRIO_NORMAL,
				  .correlation = m->correlation };
	struct jsonw j;

	jsonw_init(&j, &payload);
	jsonw_object(&j);
	jsonw_ktext(&j, "media_state", state);
	jsonw_end(&j);
	ev.payload = sbuf_view(&payload);
	TRY(chatwoot_file_wanted(tx, m, state, e));
	return topic_publish(tx, &ev, e);
}

static enum rc got_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct media_fetch *f = arg;
	const struct message_media_file file = { .message_id = f->m->message_id,
						 .media_id = f->put.media.id,
						 .media_created_ms = f->put.media.created_ms,
						 .mime = f->put.type.mime };

	TRY(media_put_keep(tx, &f->put, e));
	TRY(message_media_attach(tx, &file, e));
	TRY(publish(tx, f->m, "stored", e));
	return queue_done(tx, f->job, e);
}

struct lost_work {
	const struct media_fetch *f;
	const char *state, *reason, *text;
};

static enum rc lost_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct lost_work *w = arg;

	TRY(message_media_lost(tx, w->f->m->message_id, w->state, w->text, e));
	TRY(publish(tx, w->f->m, w->state, e));
	return queue_dead(tx, w->f->job, "theirs", w->reason, w->text, e);
}

static enum rc lost(struct media_fetch *f, const char *state, const char *text, struct err *e)
{
	struct lost_work w = { f, state, state, text };

	log_event(LOG_WARN, "media.lost", "message", LOG_I64(f->m->message_id), "state", state,
		  "why", text, NULL);
	return store_write(f->w->app->store, STORE_NORMAL, lost_unit, &w, e);
}

struct snooze_work {
	const struct media_fetch *f;
	int64_t due_ms;
};

static enum rc snooze_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct snooze_work *w = arg;

	return queue_snooze(tx, w->f->job, w->due_ms, w->f->why, e);
}

/* ---- what came of it ---- */

static enum rc later(struct media_fetch *f, int64_t cap_ms, struct err *e)
{
	struct queue_config c = queue_get_config(store_queues(f->w->app->store), QUEUE_MEDIA);
	int64_t wait = backoff_ms(f->job->snoozes + 1, c.backoff_ms, cap_ms, work_random(f->w),
				  f->wait_ms > 0 ? f->wait_ms : -1);
	struct snooze_work w = { f, f->now_ms + wait };

	log_event(LOG_INFO, "media.later", "message", LOG_I64(f->m->message_id), "retry_in_ms",
		  LOG_I64(wait), "why", f->why, NULL);
	return store_write(f->w->app->store, STORE_NORMAL, snooze_unit, &w, e);
}

/* WhatsApp may have the file in a while: ids outlive its own disturbances, and so do a token's missing rights. */
static enum rc again(struct media_fetch *f, struct err *e)
{
	char text[sizeof(f->why) + 100];

	if (f->now_ms + AGAIN_CAP_MS - f->m->asked_ms <= KEPT_MS)
		return later(f, AGAIN_CAP_MS, e);
	(void)snprintf(text, sizeof(text), "not to be had in the 7 days that it was kept: %s",
		       f->why);
	return lost(f, "expired", text, e);
}

/* The same bytes would most likely come again. */
static enum rc wrong(struct media_fetch *f, struct err *e)
{
	struct queue_config c = queue_get_config(store_queues(f->w->app->store), QUEUE_MEDIA);

	if (f->job->attempts + 1 >= c.attempts)
		return lost(f, "failed", f->why, e);
	return work_retry(f->w, f->job, f->now_ms, -1, "peer", f->why, e);
}

/* The bytes are whole as far as the peer's program goes; are they what was promised? */
static enum rc keep(struct media_fetch *f, struct err *e)
{
	struct err why = { 0 };
	enum rc rc;

	if (f->said.mime.n == 0)
		f->said.mime = f->m->told_mime;
	f->said.filename = f->m->filename;
	if (f->said.sha256.n == 0)
		f->said.sha256 = f->m->told_sha256;
	if (f->said.bytes == 0)
		f->said.bytes = f->m->told_bytes;
	rc = media_put_place(&f->put, &f->said, &why);
	if (rc == RC_INVALID) {
		media_fetch_say(f, MEDIA_WRONG, "%s", why.text);
		return wrong(f, e);
	}
	if (rc != RC_OK)
		return FAIL(e, rc, "%s", why.text);
	TRY(store_write(f->w->app->store, STORE_NORMAL, got_unit, f, e));
	log_event(LOG_INFO, "media.stored", "message", LOG_I64(f->m->message_id), "media",
		  LOG_I64(f->put.media.id), "bytes", LOG_I64(f->put.media.bytes), "mime",
		  f->put.type.mime, NULL);
	return RC_OK;
}

static enum rc settle(struct media_fetch *f, struct err *e)
{
	switch (f->outcome) {
	case MEDIA_GOT:
		return keep(f, e);
	case MEDIA_LATER:
		return later(f, JOB_RETRY_CAP_MS, e);
	case MEDIA_AGAIN:
		return again(f, e);
	case MEDIA_WRONG:
		return wrong(f, e);
	case MEDIA_NEVER:
		return lost(f, "failed", f->why, e);
	}
	BUG("unknown outcome");
}

/* ---- the job ---- */

static media_fetch_fn *fetcher_of(const char *provider)
{
	for (size_t i = 0; i < COUNT(FETCHERS); i++) {
		if (strcmp(FETCHERS[i].provider, provider) == 0)
			return FETCHERS[i].fn;
	}
	return NULL;
}

static enum rc fetch(struct media_fetch *f, struct err *e)
{
	media_fetch_fn *fn = fetcher_of(f->m->provider);
	enum rc rc;

	f->channel = config_channel(f->config, f->m->channel_id);
	if (f->now_ms - f->m->asked_ms > KEPT_MS)
		return lost(f, "expired", "it could not be fetched in the 7 days that it was kept",
			    e);
	if (fn == NULL)
		media_fetch_say(f, MEDIA_NEVER, "nothing here fetches files of this provider");
	else if (f->channel == NULL)
		media_fetch_say(f, MEDIA_LATER, "the channel is not configured");
	rc = fn != NULL && f->channel != NULL ? fn(f, e) : RC_OK;
	if (rc == RC_OK)
		rc = settle(f, e);
	media_put_drop(&f->put);
	return rc;
}

static enum rc load(struct worker *w, const struct job *j, struct message_media *m, struct err *e)
{
	struct db *db = store_reader(w->app->store);
	enum rc rc = message_media_load(db, j->ref, &w->arena, m, e);

	store_reader_done(w->app->store, db);
	return rc;
}

enum rc media_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms, struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	struct message_media m;
	struct media_fetch f = {
		.w = w, .job = &jobs[0], .config = config, .m = &m, .now_ms = now_ms
	};
	enum rc rc;

	ASSERT(n == 1);
	rc = load(w, &jobs[0], &m, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		return work_dead(w, &jobs[0], "ours", "gone", "the message is not there any more",
				 e);
	}
	TRY(rc);
	log_set_request(m.correlation.n > 0 ? m.correlation.p : "");
	if (m.state != NULL && strcmp(m.state, "stored") == 0)
		return work_done(w, &jobs[0], e);
	f.renewed_us = clock_mono_us();
	rc = fetch(&f, e);
	if (rc != RC_LIMIT)
		return rc;
	/* The disk is full: the job waits, whatever the number of times. */
	log_err(LOG_WARN, "media.waits", e);
	queue_hold(store_queues(w->app->store), &jobs[0], now_ms + DISK_WAIT_MS);
	err_clear(e);
	return RC_OK;
}
