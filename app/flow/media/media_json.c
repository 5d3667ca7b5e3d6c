/* media_json.c - the file of a message for others to read. */
#include "base/ids.h"
#include "flow/media/media.h"

void media_url(int64_t created_ms, int64_t media_id, char ret_url[MEDIA_URL_MAX])
{
	char id[ID_TEXT_MAX];

	id_text(created_ms, media_id, id);
	(void)snprintf(ret_url, MEDIA_URL_MAX, "/api/v1/media/%s", id);
}

void media_json(struct jsonw *w, const struct message_media *f)
{
	bool here = f->media_id != 0 && f->state != NULL && strcmp(f->state, "stored") == 0;
	char id[ID_TEXT_MAX] = "", url[MEDIA_URL_MAX];

	if (f->media_id != 0)
		id_text(f->media_created_ms, f->media_id, id);
	jsonw_object(w);
	jsonw_ktext(w, "state", f->state);
	jsonw_ktext(w, "id", id[0] != '\0' ? id : NULL);
	if (f->mime != NULL)
		jsonw_ktext(w, "mime", f->mime);
	else
		jsonw_kstr(w, "mime", f->told_mime);
	jsonw_ki64(w, "bytes", f->media_id != 0 ? f->bytes : f->told_bytes);
	jsonw_kstr(w, "filename", f->filename);
	jsonw_kbool(w, "voice", f->voice);
	media_url(f->media_created_ms, f->media_id, url);
	jsonw_ktext(w, "url", here ? url : NULL);
	jsonw_ktext(w, "reason", f->reason);
	jsonw_end(w);
}
