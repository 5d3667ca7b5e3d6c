/* chatwoot_note.c - see chatwoot_note.h. Called by the worker of queue support-bridge-state; blocks. */
#include "flow/chatwoot/chatwoot_note.h"

#include "base/ids.h"
#include "flow/chatwoot/chatwoot_post.h"
#include "io/jsonw.h"

#define BODY_MAX (256 * KIB)
#define KEY_MAX  64

static const char *const NAMES[CHATWOOT_NOTES] = {
	[CHATWOOT_NOTE_HANDED_OVER] = "handed_over",
	[CHATWOOT_NOTE_NOT_DELETED] = "not_deleted",
	[CHATWOOT_NOTE_DELETE_FAILED] = "delete_failed",
};

enum rc chatwoot_note_want(struct tx *tx, const struct message *m,
			   const struct chatwoot_note_new *n, struct err *e)
{
	AUTO(sbuf_release) struct sbuf payload = SBUF(4 * KIB);
	struct topic_event ev = message_event(m, TOPIC_ACTS);
	struct jsonw w;

	jsonw_init(&w, &payload);
	jsonw_object(&w);
	jsonw_ktext(&w, "act", "note");
	jsonw_ktext(&w, "origin", "totem");
	jsonw_ktext(&w, "note", NAMES[n->what]);
	jsonw_ki64(&w, "target", n->target_id);
	jsonw_ki64(&w, "chatwoot_message_id", n->chatwoot_message_id);
	jsonw_end(&w);
	ev.payload = sbuf_view(&payload);
	return topic_publish_if_read(tx, &ev, e);
}

/* ---- telling ---- */

struct note {
	enum chatwoot_note what;
	struct str detail;
	char key[KEY_MAX]; /* the same for every event that would say it again */
	int64_t about;     /* message of Chatwoot that it answers; 0: none */
};

static bool read_note(const struct json *act, int64_t event_id, struct note *ret)
{
	struct str name = json_get_str(act, "note");

	*ret = (struct note){ .what = CHATWOOT_NOTE_HANDED_OVER };
	if (str_eqc(json_get_str(act, "act"), "handover")) {
		ret->detail = str_trim(json_get_str(act, "reason"));
		(void)snprintf(ret->key, sizeof(ret->key), "event-%lld", (long long)event_id);
		return ret->detail.n > 0;
	}
	if (!str_eqc(json_get_str(act, "act"), "note"))
		return false;
	for (int i = CHATWOOT_NOTE_NOT_DELETED; i < CHATWOOT_NOTES; i++)
		if (str_eqc(name, NAMES[i]))
			ret->what = (enum chatwoot_note)i;
	ret->about = json_get_i64_or(act, "chatwoot_message_id", 0);
	(void)snprintf(ret->key, sizeof(ret->key), "deleted-%lld", (long long)ret->about);
	return ret->what != CHATWOOT_NOTE_HANDED_OVER && ret->about > 0;
}

bool chatwoot_note_is(const struct json *act)
{
	struct note n;

	return read_note(act, 0, &n);
}

/* RC_ABSENT: it is not there yet. What one event says alone is looked for only when this job ran before. */
static enum rc look(struct talk *t, const struct note *n, struct str source, struct err *e)
{
	int64_t after = n->about, found = 0;
	int files;
	enum rc rc = RC_OK;

	if (n->about == 0) {
		struct db *db;

		if (!chatwoot_talk_ran_before(t))
			return RC_ABSENT;
		db = store_reader(t->w->app->store);
		rc = message_chatwoot_newest(db, &t->m, t->target->id, t->event.created_ms, &after,
					     e);
		store_reader_done(t->w->app->store, db);
	}
	TRY(rc);
	TRY(chatwoot_post_find(t, source, after, &found, &files, e));
	return found != 0 ? RC_OK : RC_ABSENT;
}

/* In the bot's name where there is one: the administrator did not write it. */
static enum rc post(struct talk *t, struct str body, struct err *e)
{
	const struct chatwoot_place p = { .conversation_id = t->conv.chatwoot_conversation_id };
	enum rc rc = RC_OK;

	t->verdict.cls = CHATWOOT_PARK;
	if (t->target->bot_token.n > 0) {
		t->as_token = arena_dup(&t->w->arena, t->target->bot_token);
		rc = chatwoot_talk_call(t, CHATWOOT_MESSAGE_CREATE, &p, body, e);
		t->as_token = NULL;
	}
	if (rc == RC_OK && t->verdict.cls == CHATWOOT_PARK)
		rc = chatwoot_talk_call(t, CHATWOOT_MESSAGE_CREATE, &p, body, e);
	TRY(rc);
	return t->verdict.cls == CHATWOOT_DONE ? RC_OK : RC_RETRY;
}

enum rc chatwoot_note_tell(struct talk *t, const struct json *act, struct err *e)
{
	AUTO(sbuf_release)
	struct sbuf body = SBUF(BODY_MAX), text = SBUF(64 * KIB), source = SBUF(KIB);
	char id[ID_TEXT_MAX];
	struct chatwoot_message_new m = { .is_private = true,
					  .origin = STR("api"),
					  .source = STR("crm_mirror") };
	struct note n;
	enum rc rc;

	if (!read_note(act, t->job->ref, &n))
		return RC_OK;
	TRY(chatwoot_source_id(STR("note"), str_of(n.key), &source, e));
	rc = look(t, &n, sbuf_view(&source), e);
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	chatwoot_text_note(t->target->lang, n.what, n.detail, &text);
	id_text(t->m.created_at, t->m.id, id);
	m.content = sbuf_view(&text);
	m.source_id = sbuf_view(&source);
	m.mark = str_of(id);
	m.in_reply_to = n.about;
	TRY(chatwoot_message_new(&m, &body, e));
	return post(t, sbuf_view(&body), e);
}
