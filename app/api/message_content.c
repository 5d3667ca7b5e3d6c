/* message_content.c - type and content of a message to send. The limits stand in peer/wa_content.def. */
#include "api/message_content.h"

#include "base/ids.h"

static bool wrong(struct call *c, const char *field, const char *detail)
{
	problem_field(c, 422, field, detail);
	return false;
}

bool message_content_type(struct call *c, const struct json *root, struct send_new *m)
{
	const struct json *type = json_get(root, "type");

	m->type = wa_content_type(json_str(type));
	if (type != NULL && m->type == NULL)
		return wrong(c, "type", "There is no type of message with this name.");
	for (size_t i = 0; m->type == NULL && i < wa_content_type_count(); i++)
		if (json_get(root, wa_content_type_at(i)) != NULL)
			m->type = wa_content_type_at(i);
	if (m->type == NULL)
		m->type = "text";
	return true;
}

bool message_content_quote(struct call *c, const char *field, struct str *id)
{
	struct err e = { .rc = RC_OK };
	struct message quoted = { 0 };
	int64_t created_ms, row;
	struct db *db;
	enum rc rc;

	if (!id_parse(*id, &created_ms, &row))
		return true;
	db = store_reader(c->app->store);
	rc = message_load(db, row, c->q->arena, &quoted, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK || quoted.company_id != c->who.company_id ||
	    quoted.created_at != created_ms)
		return wrong(c, field, "There is no message with this id.");
	if (quoted.meta_message_id.n == 0)
		return wrong(c, field,
			     "This message has no id of the provider yet; it cannot be named.");
	*id = quoted.meta_message_id;
	return true;
}

/* "text": "words" or {"body": "words", "preview_url": true}. What nobody decided is not stored. */
static bool read_text(struct call *c, const struct json *text, struct send_new *m)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64);
	AUTO(json_freep) struct json *whole = NULL;
	const struct json *preview = json_get(text, "preview_url");
	struct wa_content_bad bad;
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	m->text = json_kind(text) == JSON_OBJECT ? json_get_str(text, "body") : json_str(text);
	if (m->text.p == NULL)
		return wrong(c, "text.body", "The text to send is missing.");
	if (json_kind(text) == JSON_OBJECT &&
	    wa_content_check(STR("text"), text, &bad, &e) != RC_OK)
		return wrong(c, bad.field, e.text);
	if (json_kind(preview) != JSON_BOOL)
		return true;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_kbool(&w, "preview_url", json_get_bool(text, "preview_url", false));
	jsonw_end(&w);
	m->content_json = arena_str(c->q->arena, sbuf_view(&b));
	return true;
}

/* A reaction may name our own message. */
static bool read_reaction(struct call *c, const struct json *content, struct send_new *m)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
	struct str id = json_get_str(content, "message_id");
	int64_t created_ms, row;
	struct jsonw w;

	if (!id_parse(id, &created_ms, &row))
		return true;
	if (!message_content_quote(c, "reaction.message_id", &id))
		return false;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	for (const struct json *n = json_first(content); n != NULL; n = json_next(n)) {
		AUTO(sbuf_release) struct sbuf value = SBUF(2 * KIB);
		const char *key = arena_dup(c->q->arena, json_key(n));

		json_print(n, &value);
		if (key == NULL)
			continue;
		if (strcmp(key, "message_id") == 0)
			jsonw_kstr(&w, key, id);
		else
			jsonw_kraw(&w, key, sbuf_view(&value));
	}
	jsonw_end(&w);
	m->content_json = arena_str(c->q->arena, sbuf_view(&b));
	return sbuf_ok(&b) || wrong(c, "reaction", "This is too long.");
}

bool message_content_read(struct call *c, const struct json *root, struct send_new *m)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(WA_CONTENT_MAX);
	const struct json *content = json_get(root, m->type);

	if (strcmp(m->type, "text") == 0)
		return read_text(c, content, m);
	if (content == NULL)
		return wrong(c, m->type, "This is missing: the content of the type.");
	json_print(content, &b);
	if (!sbuf_ok(&b))
		return wrong(c, m->type, "This is too long.");
	m->content_json = arena_str(c->q->arena, sbuf_view(&b));
	if (m->content_json.p == NULL)
		return wrong(c, m->type, "This is too long.");
	return strcmp(m->type, "reaction") != 0 || read_reaction(c, content, m);
}
