/* media.c - see media.h: what a message needs, noted inside somebody else's unit. */
#include "flow/media.h"

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
		.asked_ms = m->at_ms,
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
				     .asked_ms = m->at_ms > 0 ? m->at_ms : tx->now_ms,
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
