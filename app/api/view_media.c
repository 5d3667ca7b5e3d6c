/* view_media.c - the file of a message as JSON. */
#include "api/view.h"
#include "base/ids.h"
#include "store/message_media.h"

#define VIEW_ARENA (64 * KIB)

void view_media_url(int64_t created_ms, int64_t media_id, char ret_url[VIEW_MEDIA_URL_MAX])
{
	char id[ID_TEXT_MAX];

	id_text(created_ms, media_id, id);
	(void)snprintf(ret_url, VIEW_MEDIA_URL_MAX, "/api/v1/media/%s", id);
}

static void write_media(struct jsonw *w, const struct message_media *f)
{
	bool here = f->media_id != 0 && f->state != NULL && strcmp(f->state, "stored") == 0;
	char url[VIEW_MEDIA_URL_MAX];

	jsonw_kobject(w, "media");
	jsonw_ktext(w, "state", f->state);
	view_id(w, "id", f->media_created_ms, f->media_id);
	if (f->mime != NULL)
		jsonw_ktext(w, "mime", f->mime);
	else
		jsonw_kstr(w, "mime", f->told_mime);
	jsonw_ki64(w, "bytes", f->media_id != 0 ? f->bytes : f->told_bytes);
	jsonw_kstr(w, "filename", f->filename);
	jsonw_kbool(w, "voice", f->voice);
	view_media_url(f->media_created_ms, f->media_id, url);
	jsonw_ktext(w, "url", here ? url : NULL);
	jsonw_ktext(w, "reason", f->reason);
	jsonw_end(w);
}

enum rc view_media(struct view *v, const struct message *m, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(VIEW_ARENA);
	struct message_media f;
	enum rc rc;

	if (strcmp(m->type, "text") == 0) { /* most messages: no look-up */
		jsonw_key(v->w, "media");
		jsonw_null(v->w);
		return RC_OK;
	}
	rc = message_media_load(v->db, m->id, &a, &f, e);
	if (rc == RC_OK) {
		write_media(v->w, &f);
		return RC_OK;
	}
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	jsonw_key(v->w, "media");
	jsonw_null(v->w);
	return RC_OK;
}
