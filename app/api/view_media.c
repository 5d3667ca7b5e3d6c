/* view_media.c - the file of a message as JSON. */
#include "api/view.h"
#include "flow/media/media.h"

#define VIEW_ARENA (64 * KIB)

enum rc view_media(struct view *v, const struct message *m, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(VIEW_ARENA);
	struct message_media f;
	enum rc rc = RC_ABSENT;

	if (strcmp(m->type, "text") != 0) /* most messages: no look-up */
		rc = message_media_load(v->db, m->id, &a, &f, e);
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	jsonw_key(v->w, "media");
	if (rc == RC_OK)
		media_json(v->w, &f);
	else
		jsonw_null(v->w);
	err_clear(e);
	return RC_OK;
}
