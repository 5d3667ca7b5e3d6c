/* conversation_acts.c - handing a conversation over to a person, its attributes, and what was decided about it. The rules
 * stand in store/conversation/conversation_state.h; status, labels and who works on it: desk.c. */
#include "api/handlers.h"
#include "api/view.h"
#include "store/conversation/conversation_state.h"

struct acting {
	struct call *c;
	struct conversation conv;
	const struct json *root;
	struct conversation_act act;
	enum rc (*run)(struct tx *tx, const struct acting *x, struct err *e);
};

static enum rc write_state(struct call *c, struct db *db, const struct conversation *conv,
			   struct jsonw *w, struct err *e)
{
	AUTO(sbuf_release) struct sbuf labels = SBUF(64 * KIB);
	AUTO(sbuf_release) struct sbuf attributes = SBUF(128 * KIB);
	struct conversation_state s;

	TRY(conversation_state_load(db, conv->id, c->q->arena, &s, e));
	TRY(conversation_state_labels_json(db, conv->id, &labels, e));
	TRY(conversation_state_attributes_json(db, conv->id, &attributes, e));
	jsonw_object(w);
	view_id(w, "id", conv->created_ms, conv->id);
	jsonw_kstr(w, "status", s.status);
	jsonw_kstr(w, "assignee", s.assignee);
	jsonw_kstr(w, "team", s.team);
	jsonw_kraw(w, "labels", sbuf_view(&labels));
	jsonw_kraw(w, "attributes", sbuf_view(&attributes));
	jsonw_ktime(w, "automation_off_until", s.automation_off_until_ms);
	jsonw_kstr(w, "automation_off_why", s.automation_off_why);
	jsonw_end(w);
	return RC_OK;
}

static void answer_state(struct call *c, const struct conversation *conv)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	answer_begin(c, &w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = write_state(c, db, conv, &w, &e);
	store_reader_done(c->app->store, db);
	if (rc == RC_OK)
		answer_json(c, 200, &w);
	else
		problem_err(c, &e);
}

static enum rc act_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct acting *x = arg;

	return x->run(tx, x, e);
}

static bool begin(struct call *c, struct acting *x, struct json **root)
{
	if (!conversation_of_path(c, &x->conv) || !body_json(c, root))
		return false;
	x->root = *root;
	x->act = (struct conversation_act){ .id = x->conv.id,
					    .origin = "api",
					    .correlation = str_of(c->q->request_id) };
	return true;
}

static void finish(struct call *c, struct acting *x, const char *field)
{
	struct err e = { .rc = RC_OK };
	enum rc rc = store_write(c->app->store, STORE_NORMAL, act_unit, x, &e);

	if (rc == RC_OK)
		answer_state(c, &x->conv);
	else if (rc == RC_INVALID)
		problem_field(c, 422, field, e.text);
	else
		problem_err(c, &e);
}

/* ---- automation ---- */

static enum rc run_handover(struct tx *tx, const struct acting *x, struct err *e)
{
	int64_t ms = x->c->config->handover_ms, minutes;
	struct conversation_handover h = { .reason = json_get_str(x->root, "reason"),
					   .assignee = json_get_str(x->root, "assignee"),
					   .team = json_get_str(x->root, "team") };

	if (json_get_i64(x->root, "minutes", &minutes) && minutes >= 0 && minutes <= 43200)
		ms = minutes * MINUTE_MS;
	else if (json_get(x->root, "minutes") != NULL)
		return FAIL(e, RC_INVALID, "minutes: from 0 to 43200");
	h.until_ms = tx->now_ms + (ms > 0 ? ms : CONVERSATION_FOREVER_MS);
	return conversation_state_handover(tx, &x->act, &h, e);
}

void conversation_handover_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct acting x = { .c = c, .run = run_handover };

	if (begin(c, &x, &root))
		finish(c, &x, "minutes");
}

/* ---- attributes ---- */

static enum rc run_attributes(struct tx *tx, const struct acting *x, struct err *e)
{
	for (const struct json *n = json_first(x->root); n != NULL; n = json_next(n)) {
		if (json_kind(n) != JSON_TEXT && json_kind(n) != JSON_NULL)
			return FAIL(e, RC_INVALID,
				    "values have to be texts, or null to remove one");
		TRY(conversation_state_attribute(tx, &x->act, json_key(n), json_str(n), e));
	}
	return RC_OK;
}

void conversation_attributes_patch(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct acting x = { .c = c, .run = run_attributes };

	if (begin(c, &x, &root))
		finish(c, &x, "attributes");
}

void conversation_state_get(struct call *c)
{
	struct conversation conv;

	if (conversation_of_path(c, &conv))
		answer_state(c, &conv);
}
