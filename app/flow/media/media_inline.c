/* media_inline.c - see media_inline.h. */
#include "flow/media/media_inline.h"

#include "base/enc.h"
#include "flow/media/media_store.h"
#include "peer/media_kind.h"

#define PIECE ((size_t)48 * KIB) /* a multiple of three: base64 has no padding inside */

static enum rc load(struct worker *w, const struct channel *channel, int64_t id, struct media *ret,
		    struct err *e)
{
	struct db *db = store_reader(w->app->store);
	enum rc rc = media_load(db, id, &w->arena, ret, e);

	store_reader_done(w->app->store, db);
	if (rc == RC_OK &&
	    (ret->company_id != channel->company_id || strcmp(ret->state, "stored") != 0))
		rc = RC_ABSENT;
	return rc;
}

static void refuse(struct media_ready *r, const char *why)
{
	r->verdict.cls = WA_SEND_PERMANENT;
	(void)snprintf(r->verdict.text, sizeof(r->verdict.text), "%.150s", why);
}

static enum rc read_all(struct worker *w, const struct media *m, struct str *ret, struct err *e)
{
	AUTO(sbuf_release) struct sbuf text = SBUF((size_t)MEDIA_INLINE_MAX / 3 * 4 + KIB);
	AUTO(file_in_close) struct file_in in = { 0 };
	uint8_t piece[PIECE];
	int64_t at = 0;
	size_t n;

	TRY(media_open(w->app, m, &in, e));
	do {
		size_t got = 0;

		do { /* whole pieces, so that the base64 goes on without padding */
			TRY(file_in_read(&in, at + (int64_t)got, piece + got, PIECE - got, &n, e));
			got += n;
		} while (n > 0 && got < PIECE);
		enc_base64(&text, piece, got);
		at += (int64_t)got;
	} while (n > 0);
	if (!sbuf_ok(&text))
		return FAIL(e, RC_LIMIT, "the file grew");
	*ret = arena_str(&w->arena, sbuf_view(&text));
	return ret->p != NULL ? RC_OK : FAIL(e, RC_LIMIT, "no room for the file");
}

enum rc media_inline(struct worker *w, const struct channel *channel,
		     const struct media_asked *asked, struct media_inline *ret_file,
		     struct media_ready *ret, struct err *e)
{
	struct err why = { 0 };
	struct media m;
	enum rc rc = load(w, channel, asked->media_id, &m, e);

	*ret = (struct media_ready){ .verdict = { .code = -1, .subcode = -1, .retry_ms = -1 } };
	if (rc == RC_ABSENT) {
		err_clear(e);
		refuse(ret, "the file is not kept any more, or there is none with this id");
		return RC_OK;
	}
	TRY(rc);
	const struct media_facts facts = { m.mime, (unsigned)m.traits, m.bytes };
	if (media_kind_check(str_of(asked->kind), &facts, &why) != RC_OK) {
		refuse(ret, why.text);
		return RC_OK;
	}
	if (m.bytes > MEDIA_INLINE_MAX) {
		refuse(ret, "a file for Evolution may have 20 MB");
		return RC_OK;
	}
	rc = read_all(w, &m, &ret_file->base64, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		refuse(ret, "the file is not there any more");
		return RC_OK;
	}
	TRY(rc);
	ret_file->mime = str_of(m.mime);
	ret_file->filename = m.filename;
	ret->verdict.cls = WA_SEND_ACCEPTED;
	return RC_OK;
}
