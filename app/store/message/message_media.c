/* message_media.c - see message_media.h. */
#include "store/message/message_media.h"

#include "base/ids.h"
#include "store/row.h"

enum rc message_media_load(struct db *db, int64_t message_id, struct arena *a,
			   struct message_media *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_MESSAGE_MEDIA_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "message_id", message_id);
	TRY(stmt_next(&r.s, e));
	ret->message_id = stmt_i64(&r.s, "message_id");
	ret->company_id = stmt_i64(&r.s, "company_id");
	ret->conversation_id = stmt_i64(&r.s, "conversation_id");
	ret->channel_id = stmt_i64(&r.s, "channel_id");
	ret->delivery_id = stmt_i64(&r.s, "delivery_id");
	ret->hop = stmt_i64(&r.s, "hop");
	ret->correlation = row_str(&r, "correlation");
	ret->state = row_text(&r, "state");
	ret->provider = row_text(&r, "provider");
	ret->peer_id = row_str(&r, "peer_id");
	ret->told_mime = row_str(&r, "told_mime");
	ret->filename = row_str(&r, "filename");
	ret->told_sha256 = row_str(&r, "told_sha256");
	ret->told_bytes = stmt_i64(&r.s, "told_bytes");
	ret->voice = stmt_i64(&r.s, "voice") != 0;
	ret->animated = stmt_i64(&r.s, "animated") != 0;
	ret->asked_ms = stmt_i64(&r.s, "asked_ms");
	ret->reason = row_text(&r, "reason");
	ret->media_id = stmt_i64(&r.s, "media_id");
	ret->media_created_ms = stmt_i64(&r.s, "media_created_ms");
	ret->mime = row_text(&r, "mime");
	ret->bytes = stmt_i64(&r.s, "bytes");
	ret->sha256 = row_str(&r, "sha256");
	ret->traits = stmt_i64(&r.s, "traits");
	return row_end(&r, e);
}

struct state_change {
	int64_t message_id, media_id;
	const char *state, *url, *mime;
};

static enum rc set_state(struct tx *tx, const struct state_change *c, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_MEDIA_STATE, &s, e));
	stmt_bind_i64(&s, "message_id", c->message_id);
	stmt_bind_text(&s, "state", c->state);
	stmt_bind_i64(&s, "media_id", c->media_id);
	stmt_bind_text(&s, "url", c->url);
	stmt_bind_text(&s, "mime", c->mime);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : FAIL(e, RC_ABSENT, "the message is gone");
}

enum rc message_media_add(struct tx *tx, const struct message_media *m, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(4 * KIB);
	AUTO(stmt_end) struct stmt s = { 0 };
	const char *mime = m->told_mime.p != NULL ? arena_dup(&a, m->told_mime) : NULL;

	ASSERT(m->state != NULL && m->provider != NULL);
	ASSERT(m->told_sha256.p == NULL || m->told_sha256.n == MEDIA_SHA_BYTES);
	TRY(stmt_begin(tx->db, Q_MESSAGE_MEDIA_INSERT, &s, e));
	stmt_bind_i64(&s, "message_id", m->message_id);
	stmt_bind_text(&s, "provider", m->provider);
	stmt_bind_str(&s, "peer_id", m->peer_id);
	stmt_bind_text(&s, "mime", mime);
	stmt_bind_str(&s, "filename", m->filename);
	stmt_bind_blob(&s, "sha256", m->told_sha256);
	stmt_bind_i64(&s, "bytes", m->told_bytes);
	stmt_bind_i64(&s, "voice", m->voice);
	stmt_bind_i64(&s, "animated", m->animated);
	stmt_bind_i64(&s, "asked_ms", m->asked_ms);
	stmt_bind_text(&s, "reason", m->reason);
	TRY(stmt_run(&s, e));
	if (db_changes(tx->db) == 0)
		return RC_OK;
	return set_state(tx,
			 &(struct state_change){
				 .message_id = m->message_id, .state = m->state, .mime = mime },
			 e);
}

static enum rc set_reason(struct tx *tx, int64_t message_id, const char *reason, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_MEDIA_REASON, &s, e));
	stmt_bind_i64(&s, "message_id", message_id);
	stmt_bind_text(&s, "reason", reason);
	return stmt_run(&s, e);
}

enum rc message_media_lost(struct tx *tx, int64_t message_id, const char *state, const char *reason,
			   struct err *e)
{
	TRY(set_state(tx, &(struct state_change){ .message_id = message_id, .state = state }, e));
	return set_reason(tx, message_id, reason, e);
}

enum rc message_media_attach(struct tx *tx, const struct message_media_file *f, struct err *e)
{
	char id[ID_TEXT_MAX], url[sizeof("/api/v1/media/") + ID_TEXT_MAX];

	id_text(f->media_created_ms, f->media_id, id);
	(void)snprintf(url, sizeof(url), "/api/v1/media/%s", id);
	TRY(set_state(tx,
		      &(struct state_change){ .message_id = f->message_id,
					      .media_id = f->media_id,
					      .state = "stored",
					      .url = url,
					      .mime = f->mime },
		      e));
	return set_reason(tx, f->message_id, NULL, e);
}
