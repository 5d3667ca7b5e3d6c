/* media_evolution.c - files from Evolution: inside of the webhook that is stored (webhook_base64), or asked for.
 *
 * Evolution decrypts the file and gives it as base64 in JSON; it has it for as long as WhatsApp keeps it and the message
 * stands in its database. The answer is read into memory, so it has a ceiling of its own. */
#include "base/enc.h"
#include "flow/evolution/evolution_call.h"
#include "flow/media/media_fetch.h"
#include "peer/evolution/evolution_ask.h"
#include "peer/evolution/evolution_hook.h"
#include "peer/evolution/evolution_id.h"
#include "store/delivery.h"
#include "store/message/message.h"

#define FILE_ANSWER_MAX EVOLUTION_BODY_MAX
#define FILE_MAX        ((int64_t)(FILE_ANSWER_MAX / 4 * 3 - 64 * KIB))
#define CHUNK           ((size_t)64 * KIB) /* of base64; a multiple of four */

/* Into the sink, piece by piece; blanks and line ends are not expected inside. */
static enum rc pour(struct media_fetch *f, struct str base64, struct err *e)
{
	AUTO(sbuf_release) struct sbuf bytes = SBUF(CHUNK);

	TRY(media_fetch_begin(f, e));
	for (size_t at = 0; at < base64.n; at += CHUNK) {
		sbuf_reset(&bytes);
		if (!enc_unbase64(&bytes, str_sub(base64, at, CHUNK))) {
			media_fetch_say(f, MEDIA_WRONG, "the file from Evolution is not base64");
			return RC_OK;
		}
		enum rc rc = media_fetch_sink(f, bytes.p, bytes.n, e);
		if (rc != RC_OK && f->put.too_long) {
			err_clear(e);
			media_fetch_say(f, MEDIA_NEVER, "the file is longer than %lld bytes",
					(long long)f->config->media_file_max);
			return RC_OK;
		}
		TRY(rc);
	}
	f->outcome = MEDIA_GOT;
	return RC_OK;
}

static enum rc load(struct media_fetch *f, struct message *ret_m, struct delivery *ret_d,
		    struct err *e)
{
	struct db *db = store_reader(f->w->app->store);
	enum rc rc = message_load(db, f->m->message_id, &f->w->arena, ret_m, e);

	if (rc == RC_OK && f->m->delivery_id > 0) {
		rc = delivery_load(db, f->m->delivery_id, &f->w->arena, ret_d, e);
		if (rc == RC_ABSENT) { /* retention took it: asked for then */
			err_clear(e);
			rc = RC_OK;
		}
	}
	store_reader_done(f->w->app->store, db);
	return rc;
}

/* STR_NONE: the stored webhook has no file of this message. */
static struct str inlined(struct media_fetch *f, const struct message *m, struct str body)
{
	struct str key = evolution_id_key(m->meta_message_id);
	struct wa_batch b;

	if (str_find(body, STR("\"base64\"")) < 0 ||
	    evolution_hook_decode(body, STR("messages.upsert"), &f->w->arena, &b, NULL) != RC_OK)
		return STR_NONE;
	for (size_t i = 0; i < b.count; i++) {
		const struct wa_message *in = b.items[i].message;

		if (in != NULL && in->media != NULL && str_eq(in->id, key))
			return in->media->inline_base64;
	}
	return STR_NONE;
}

static void refused(struct media_fetch *f, enum rc rc, int status)
{
	if (rc == RC_ABSENT)
		media_fetch_say(f, MEDIA_AGAIN, "Evolution does not have the file (HTTP %d)",
				status);
	else if (rc == RC_INVALID || rc == RC_LIMIT)
		media_fetch_say(f, MEDIA_AGAIN, "the answer of Evolution is of no use");
	else
		media_fetch_say(f, MEDIA_LATER, "Evolution did not give the file (HTTP %d)",
				status);
}

static enum rc ask(struct media_fetch *f, const struct message *m, struct err *e)
{
	AUTO(http_answer_release) struct http_answer ans = HTTP_ANSWER;
	AUTO(sbuf_release) struct sbuf body = SBUF(4 * KIB);
	struct evolution_asked q = { .channel = f->channel, .answer_max = FILE_ANSWER_MAX };
	struct evolution_file_answer file;
	struct evolution_call call;
	struct err why = { 0 };
	enum rc rc;

	if (f->channel->instance.n == 0 || f->channel->api_key.n == 0) {
		media_fetch_say(f, MEDIA_LATER, "the channel has no instance or no api_key");
		return RC_OK;
	}
	TRY(evolution_ask_file(m->meta_message_id, &call, &body, e));
	q.method = call.method;
	q.path = call.path;
	q.body = sbuf_view(&body);
	rc = evolution_call(f->w, &q, &ans, &why);
	if (rc == RC_OK)
		rc = evolution_ask_file_read(ans.status, sbuf_view(&ans.body), &f->w->arena, &file,
					     &why);
	if (rc != RC_OK) {
		refused(f, rc, ans.status);
		return RC_OK;
	}
	f->said.mime = file.mime;
	return pour(f, file.base64, e);
}

enum rc media_fetch_evolution(struct media_fetch *f, struct err *e)
{
	struct message m;
	struct delivery d = { .body = STR_NONE };
	struct str base64;

	TRY(load(f, &m, &d, e));
	base64 = inlined(f, &m, d.body);
	if (base64.n > 0)
		return pour(f, base64, e);
	if (f->m->told_bytes > i64_min(f->config->media_file_max, FILE_MAX)) {
		media_fetch_say(f, MEDIA_NEVER, "the file is longer than %lld bytes",
				(long long)i64_min(f->config->media_file_max, FILE_MAX));
		return RC_OK;
	}
	return ask(f, &m, e);
}
