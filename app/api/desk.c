/* desk.c - what people do with a conversation: assign it (to whom), set its status, its labels; what is unread. */
#include "api/handlers.h"
#include "api/queue_json.h"
#include "api/view.h"
#include "base/ids.h"
#include "flow/chatwoot/chatwoot_assign.h"
#include "store/conversation/conversation_snooze.h"
#include "store/access/user.h"

struct desk_job {
	struct conversation conversation;
	int64_t user_id;
	struct str account; /* user_id as text; none: nobody */
	const struct config *config;
	struct str status;
	int64_t until_ms; /* of a snooze; 0: no end */
	struct str labels[CONVERSATION_LABELS_MAX];
	size_t label_count;
};

/* The conversation as it is now. */
static void answer_now(struct call *c, struct desk_job *j)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;
	struct db *db = store_reader(c->app->store);
	struct view view = { .w = &w, .db = db, .config = c->config };
	enum rc rc = conversation_load(db, j->conversation.id, c->q->arena, &j->conversation, &e);

	if (rc == RC_OK) {
		answer_begin(c, &w);
		jsonw_object(&w);
		rc = view_conversation(&view, &j->conversation, &e);
	}
	store_reader_done(c->app->store, db);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

static void run(struct call *c, store_unit *unit, struct desk_job *j)
{
	struct err e = { .rc = RC_OK };

	if (store_write(c->app->store, STORE_NORMAL, unit, j, &e) != RC_OK)
		problem_err(c, &e);
	else
		answer_now(c, j);
}

static enum rc assign_unit(struct tx *tx, void *arg, struct err *e)
{
	struct desk_job *j = arg;

	TRY(conversation_assign(tx, j->conversation.id, j->user_id, e));
	TRY(chatwoot_assign_tell(tx, j->config, j->conversation.id, j->account, e));
	return conversation_changed(tx, j->conversation.company_id, j->conversation.id, e);
}

/* An account of the caller's company that may still log in. False: answered. */
static bool user_read(struct call *c, struct str text, int64_t *ret_id)
{
	struct err e = { .rc = RC_OK };
	int64_t created_ms;
	struct user u;
	struct db *db;
	enum rc rc;

	if (str_eqc(text, "me") && c->session.id != 0) {
		*ret_id = c->session.user_id;
		return true;
	}
	if (id_parse(text, &created_ms, ret_id)) {
		db = store_reader(c->app->store);
		rc = user_load(db, *ret_id, c->q->arena, &u, &e);
		store_reader_done(c->app->store, db);
		if (rc == RC_OK && u.company_id == c->who.company_id &&
		    u.created_ms == created_ms && u.disabled_ms == 0)
			return true;
	}
	problem_field(c, 422, "user_id", "This is me, null or the id of an account in use.");
	return false;
}

void conversation_assign_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct desk_job j = { .user_id = 0 };
	const struct json *user;
	char me[ID_TEXT_MAX];

	if (!conversation_of_path(c, &j.conversation) || !body_json(c, &root))
		return;
	user = json_get(root, "user_id");
	if (user == NULL) {
		problem_field(c, 422, "user_id",
			      "This is me, null or the id of an account in use.");
		return;
	}
	if (json_kind(user) != JSON_NULL) {
		if (!user_read(c, json_str(user), &j.user_id))
			return;
		j.account = json_str(user);
		if (str_eqc(j.account, "me")) {
			id_text(c->session.user_created_ms, c->session.user_id, me);
			j.account = str_of(me);
		}
	}
	j.config = c->config;
	run(c, assign_unit, &j);
}

static enum rc status_unit(struct tx *tx, void *arg, struct err *e)
{
	struct desk_job *j = arg;
	const struct conversation_act act = { .id = j->conversation.id, .origin = "api" };

	/* It wakes a silenced automation, and tells the stream and Chatwoot. */
	return str_eqc(j->status, "snoozed") ? conversation_snooze(tx, &act, j->until_ms, e)
					     : conversation_state_status(tx, &act, j->status, e);
}

void conversation_status_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct desk_job j = { .user_id = 0 };

	if (!conversation_of_path(c, &j.conversation) || !body_json(c, &root))
		return;
	j.status = json_get_str(root, "status");
	if (!queue_json_until(c, root, &j.until_ms))
		return;
	if (j.until_ms != 0 && !str_eqc(j.status, "snoozed")) {
		problem_field(c, 422, "until", "Only a snoozed conversation has one.");
		return;
	}
	if (j.until_ms > c->q->now_ms + CONVERSATION_SNOOZE_MAX_MS) {
		problem_field(c, 422, "until", "This is more than 366 days ahead.");
		return;
	}
	run(c, status_unit, &j);
}

static enum rc labels_unit(struct tx *tx, void *arg, struct err *e)
{
	struct desk_job *j = arg;

	/* It tells the stream, and Chatwoot what came and what went. */
	return conversation_state_relabel(
		tx, &(struct conversation_act){ .id = j->conversation.id, .origin = "api" },
		j->labels, j->label_count, e);
}

void conversation_labels_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct desk_job j = { .user_id = 0 };
	const struct json *labels;

	if (!conversation_of_path(c, &j.conversation) || !body_json(c, &root))
		return;
	labels = json_get(root, "labels");
	if (json_kind(labels) != JSON_ARRAY || json_count(labels) > CONVERSATION_LABELS_MAX) {
		problem_field(c, 422, "labels", "This is a list of at most 20 texts.");
		return;
	}
	for (const struct json *n = json_first(labels); n != NULL; n = json_next(n))
		j.labels[j.label_count++] = json_str(n);
	run(c, labels_unit, &j);
}

static enum rc label_row(void *arg, struct str label, int64_t n, struct err *e)
{
	struct jsonw *w = arg;

	(void)e;
	jsonw_object(w);
	jsonw_kstr(w, "label", label);
	jsonw_ki64(w, "conversations", n);
	jsonw_end(w);
	return RC_OK;
}

void label_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	answer_rows_begin(c, &w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = conversation_labels(db, c->who.company_id, label_row, &w, &e);
	store_reader_done(c->app->store, db);
	answer_rows_end(c, &w, rc, &e);
}

static enum rc colleague_row(void *arg, const struct user *u, struct err *e)
{
	struct jsonw *w = arg;

	(void)e;
	if (u->disabled_ms != 0)
		return RC_OK;
	jsonw_object(w);
	view_id(w, "id", u->created_ms, u->id);
	jsonw_kstr(w, "name", u->name.n > 0 ? u->name : u->login);
	jsonw_kstr(w, "role", u->role);
	jsonw_end(w);
	return RC_OK;
}

void colleague_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	answer_rows_begin(c, &w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = user_each(db, c->who.company_id, colleague_row, &w, &e);
	store_reader_done(c->app->store, db);
	answer_rows_end(c, &w, rc, &e);
}

void conversation_unread_get(struct call *c)
{
	struct err e = { .rc = RC_OK };
	int64_t conversations, messages;
	struct jsonw w;
	struct db *db = store_reader(c->app->store);
	enum rc rc = conversation_unread(db, c->who.company_id, &conversations, &messages, &e);

	store_reader_done(c->app->store, db);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ki64(&w, "conversations", conversations);
	jsonw_ki64(&w, "messages", messages);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
