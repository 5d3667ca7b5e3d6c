/* presence.c - POST /api/v1/conversations/{id}/presence: who looks at a conversation or types in it.
 *
 * Nothing is kept: each word goes to the event streams of the company as `presence` and is believed by pages for
 * `for_ms`; a page that is open says it again before that. So nothing has to be cleaned up, and a browser that died is
 * forgotten by itself. */
#include "api/handlers.h"
#include "api/view.h"
#include "io/sse.h"

#define BELIEVED_MS 25000

void conversation_presence_post(struct call *c)
{
	static const char *const STATES[] = { "viewing", "typing", "left" };
	AUTO(sbuf_release) struct sbuf frame = SBUF(SSE_SHOUT_MAX);
	AUTO(json_freep) struct json *root = NULL;
	struct conversation v;
	struct str state;
	struct jsonw w;
	size_t i = 0;

	if (!conversation_of_path(c, &v) || !body_json(c, &root))
		return;
	if (c->session.id == 0) {
		problem(c, 409, "conflict", "This call is for people: log in.");
		return;
	}
	state = json_get_str(root, "state");
	while (i < COUNT(STATES) && !str_eqc(state, STATES[i]))
		i++;
	if (i == COUNT(STATES)) {
		problem_field(c, 422, "state", "This has to be viewing, typing or left.");
		return;
	}
	sbuf_text(&frame, "event: presence\ndata: ");
	jsonw_init(&w, &frame);
	jsonw_object(&w);
	view_id(&w, "conversation_id", v.created_ms, v.id);
	view_id(&w, "user_id", c->session.user_created_ms, c->session.user_id);
	view_id(&w, "session_id", c->session.created_ms, c->session.id);
	jsonw_kstr(&w, "name", c->session.name);
	jsonw_ktext(&w, "state", STATES[i]);
	jsonw_ki64(&w, "for_ms", BELIEVED_MS);
	jsonw_end(&w);
	sbuf_text(&frame, "\n\n");
	if (c->app->sse != NULL && sbuf_ok(&frame))
		sse_shout(c->app->sse, c->who.company_id, sbuf_view(&frame));
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ki64(&w, "for_ms", BELIEVED_MS);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
