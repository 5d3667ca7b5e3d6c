/* media_send.c - the provider's id of a file of ours: one that is still valid, or a new upload.
 *
 * The id is committed before the send begins, so a process that dies in between sends with the same id. An upload whose
 * outcome is unknown is done again: it costs time and harms nobody. */
#include "base/clock.h"
#include "base/log.h"
#include "flow/media/media.h"
#include "flow/media/media_store.h"
#include "io/http.h"
#include "peer/meta/meta_media.h"

#define VALID_MS   (29 * DAY_MS) /* Meta keeps uploads for 30 (3.4) */
#define RENEW_US   (10 * (int64_t)1000 * 1000)
#define SPEED_MIN  1024
#define SPEED_S    30
#define ANSWER_MAX (64 * KIB)

struct upload {
	struct worker *w;
	const struct job *job;
	const struct channel *channel;
	struct media media;
	struct file_in in;
	int64_t renewed_us;
	struct media_upload known;
	const char *type; /* as the upload names it */
	struct media_ready *ret;
};

static void permanent(struct media_ready *r, const char *text)
{
	r->verdict.cls = WA_SEND_PERMANENT;
	(void)snprintf(r->verdict.text, sizeof(r->verdict.text), "%.150s", text);
}

/* RC_ABSENT: no such file, an id of another company included. */
static enum rc load(struct upload *u, int64_t media_id, struct err *e)
{
	struct db *db = store_reader(u->w->app->store);
	enum rc rc = media_load(db, media_id, &u->w->arena, &u->media, e);

	store_reader_done(u->w->app->store, db);
	if (rc == RC_OK && (u->media.company_id != u->channel->company_id ||
			    strcmp(u->media.state, "stored") != 0))
		rc = RC_ABSENT;
	return rc;
}

static enum rc find(struct upload *u, struct err *e)
{
	struct db *db = store_reader(u->w->app->store);
	enum rc rc = media_upload_find(db, clock_now_ms(), &u->w->arena, &u->known, e);

	store_reader_done(u->w->app->store, db);
	return rc;
}

static enum rc source(void *arg, int64_t offset, char *p, size_t n, size_t *ret_n, struct err *e)
{
	struct upload *u = arg;
	int64_t now_us = clock_mono_us();

	if (now_us - u->renewed_us > RENEW_US) {
		u->renewed_us = now_us;
		if (!queue_renew(store_queues(u->w->app->store), u->job))
			return FAIL(e, RC_CONFLICT, "the lease of the job was lost");
	}
	return file_in_read(&u->in, offset, p, n, ret_n, e);
}

static enum rc post(struct upload *u, struct http_answer *ans, struct err *e)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(HTTP_URL_MAX);
	const struct meta_media_api api = { u->channel->base_url, u->channel->version,
					    u->channel->phone_number_id };
	const struct http_field fields[] = { { "messaging_product", "whatsapp" },
					     { "type", u->type } };
	const char *name = u->media.filename.n > 0 ? u->media.filename.p : "file";
	const struct http_form form = { .fields = fields,
					.field_count = COUNT(fields),
					.file_name = name,
					.file_type = u->type,
					.file_bytes = u->media.bytes,
					.source = source,
					.source_arg = u };
	struct http_header header = { "Authorization", NULL };

	TRY(meta_media_upload_url(&api, &url, e));
	header.value = arena_printf(&u->w->arena, "Bearer %.*s", STRF(u->channel->token));
	if (header.value == NULL)
		return FAIL(e, RC_LIMIT, "no room for the token");
	return http_do(u->w->http,
		       &(struct http_request){ .method = "POST",
					       .url = sbuf_c(&url),
					       .headers = &header,
					       .header_count = 1,
					       .answer_max = ANSWER_MAX,
					       .timeout_ms = u->channel->media_timeout_ms,
					       .form = &form,
					       .low_speed_bytes = SPEED_MIN,
					       .low_speed_s = SPEED_S },
		       ans, e);
}

static enum rc keep_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct upload *u = arg;

	TRY(media_touch(tx, u->media.id, e));
	return media_upload_put(tx, &u->known, e);
}

static enum rc upload(struct upload *u, struct err *e)
{
	AUTO(http_answer_release) struct http_answer ans = HTTP_ANSWER;
	struct media_ready *r = u->ret;
	struct err peer = { 0 };
	enum rc rc = media_open(u->w->app, &u->media, &u->in, &peer);

	if (rc == RC_ABSENT || (rc == RC_OK && u->in.bytes != u->media.bytes)) {
		permanent(r, "the file is not in the data folder any more");
		return RC_OK;
	}
	if (rc != RC_OK)
		return FAIL(e, rc, "%s", peer.text);
	u->renewed_us = clock_mono_us();
	rc = post(u, &ans, &peer);
	if (rc == RC_IO || rc == RC_LIMIT || rc == RC_CONFLICT)
		return FAIL(e, rc, "%s", peer.text);
	r->unsent = rc == RC_RETRY;
	meta_media_judge(&(struct wa_answer){ .rc = rc,
					      .status = ans.status,
					      .body = sbuf_view(&ans.body),
					      .retry_after_ms = ans.retry_after_ms,
					      .tries = u->job->refusals + 1,
					      .runs = u->job->attempts + u->job->snoozes + 1 },
			 &r->verdict, r->peer_id, sizeof(r->peer_id));
	log_event(r->verdict.cls == WA_SEND_ACCEPTED ? LOG_INFO : LOG_WARN, "media.uploaded",
		  "media", LOG_I64(u->media.id), "class", wa_class_name(r->verdict.cls), "code",
		  LOG_I64(r->verdict.code), "status", LOG_I64(ans.status), "bytes",
		  LOG_I64(u->media.bytes), "ms", LOG_I64(ans.duration_ms), "fbtrace",
		  r->verdict.fbtrace_id[0] != '\0' ? r->verdict.fbtrace_id : NULL, NULL);
	if (r->verdict.cls != WA_SEND_ACCEPTED)
		return RC_OK;
	u->known.peer_id = str_of(r->peer_id);
	u->known.valid_to_ms = clock_now_ms() + VALID_MS;
	return store_write(u->w->app->store, STORE_NORMAL, keep_unit, u, e);
}

static enum rc ready(struct upload *u, const struct media_asked *asked, struct err *e)
{
	const struct media_facts facts = { u->media.mime, (unsigned)u->media.traits,
					   u->media.bytes };
	struct err why = { 0 };
	enum rc rc = media_kind_check(str_of(asked->kind), &facts, &why);

	if (rc != RC_OK) {
		permanent(u->ret, why.text);
		return RC_OK;
	}
	u->type = media_kind_upload_type(&facts);
	/* Ids are bound to the phone number, and a channel may get another one. */
	u->known = (struct media_upload){
		.media_id = u->media.id,
		.channel_id = u->channel->id,
		.as_mime = arena_printf(&u->w->arena, "%.*s %s", STRF(u->channel->phone_number_id),
					u->type),
	};
	if (u->known.as_mime == NULL)
		return FAIL(e, RC_LIMIT, "no room for the type of a file");
	rc = find(u, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		return upload(u, e);
	}
	TRY(rc);
	if (!str_copy(u->known.peer_id, u->ret->peer_id, sizeof(u->ret->peer_id)))
		return FAIL(e, RC_INVALID, "a kept media id is too long");
	u->ret->verdict.cls = WA_SEND_ACCEPTED;
	return RC_OK;
}

enum rc media_ready(struct worker *w, const struct job *job, const struct channel *channel,
		    const struct media_asked *asked, struct media_ready *ret, struct err *e)
{
	struct upload u = { .w = w, .job = job, .channel = channel, .ret = ret };
	enum rc rc;

	*ret = (struct media_ready){ .verdict = { .code = -1, .subcode = -1, .retry_ms = -1 } };
	rc = load(&u, asked->media_id, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		permanent(ret, "the file is not kept any more, or there is none with this id");
		return RC_OK;
	}
	TRY(rc);
	rc = ready(&u, asked, e);
	file_in_close(&u.in);
	return rc;
}
