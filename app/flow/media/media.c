/* media.c - see media.h: what a message needs, noted inside somebody else's unit. */
#include "flow/media/media.h"

#include "base/ids.h"

static enum rc add_job(struct tx *tx, const struct media_wanted *m, struct err *e)
{
	const struct job_new job = { .queue = QUEUE_MEDIA,
				     .prio = PRIO_NORMAL,
				     .ref = m->message_id,
				     .correlation = m->correlation };
	int64_t id;

	return queue_add(tx, &job, &id, e);
}

static enum rc note_lost(struct tx *tx, const struct media_wanted *m, struct err *e)
{
	const struct message_media row = {
		.message_id = m->message_id,
		.provider = m->provider,
		.asked_ms = tx->now_ms,
		.state = "failed",
		.reason = "WhatsApp could not take the customer's file (131052); ask for it again",
	};

	return message_media_add(tx, &row, e);
}

enum rc media_want(struct tx *tx, const struct media_wanted *m, struct err *e)
{
	const struct wa_media *in = m->media;
	struct message_media row = { .message_id = m->message_id,
				     .provider = m->provider,
				     .asked_ms = tx->now_ms,
				     .state = "wanted" };

	if (m->fault_code == MEDIA_CODE_LOST)
		return note_lost(tx, m, e);
	if (in == NULL)
		return RC_OK;
	row.peer_id = str_sub(in->id, 0, MEDIA_PEER_ID_MAX);
	row.told_mime = str_sub(in->mime, 0, MEDIA_MIME_MAX - 1);
	row.filename = in->filename;
	row.told_bytes = i64_max(in->bytes, 0);
	row.voice = in->voice;
	row.animated = in->animated;
	if (in->has_sha256)
		row.told_sha256 = str_n((const char *)in->sha256, sizeof(in->sha256));
	TRY(message_media_add(tx, &row, e));
	return add_job(tx, m, e);
}

enum rc media_find(struct db *db, int64_t company_id, struct str id, struct arena *a,
		   struct media *ret, struct err *e)
{
	int64_t created_ms, row;
	enum rc rc;

	if (!id_parse(id, &created_ms, &row))
		return FAIL(e, RC_ABSENT, "there is no file with this id");
	rc = media_load(db, row, a, ret, e);
	if (rc == RC_OK && (ret->company_id != company_id || ret->created_ms != created_ms))
		rc = RC_ABSENT;
	if (rc == RC_ABSENT)
		return FAIL(e, rc, "there is no file with this id");
	TRY(rc);
	if (strcmp(ret->state, "stored") != 0)
		return FAIL(e, RC_ABSENT, "this file is not kept any more; upload it again");
	return RC_OK;
}

enum rc media_use(struct tx *tx, const struct media_used *u, struct err *e)
{
	const struct media *m = u->media;
	const struct message_media row = {
		.message_id = u->message_id,
		.provider = "here",
		.told_mime = str_of(m->mime),
		.filename = u->filename.n > 0 ? u->filename : m->filename,
		.voice = u->voice,
		.animated = (m->traits & MEDIA_ANIMATED) != 0,
		.asked_ms = tx->now_ms,
		.state = "stored",
	};
	const struct message_media_file file = { u->message_id, m->id, m->created_ms, m->mime };

	TRY(media_touch(tx, m->id, e));
	TRY(message_media_add(tx, &row, e));
	return message_media_attach(tx, &file, e);
}

enum rc media_forget(struct tx *tx, struct str id, int64_t channel_id, struct err *e)
{
	int64_t created_ms, row;

	return id_parse(id, &created_ms, &row) ? media_upload_forget(tx, row, channel_id, e)
					       : RC_OK;
}
