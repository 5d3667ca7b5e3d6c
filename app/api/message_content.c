/* message_content.c - type and content of a message to send. The limits stand in peer/wa/wa_content.def. */
#include "api/message_content.h"

#include "base/ids.h"
#include "base/log.h"
#include "flow/send/act.h"
#include "flow/rules.h"
#include "flow/send/template_sync.h"
#include "store/conversation/contact.h"
#include "store/message/message_plan.h"

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
	const struct json *preview = json_get(text, "preview_url");
	struct wa_content_bad bad = { "" };
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

/* What Meta would refuse only later, as a failed status (3.2: 131009). A message that we do not know may be fine. */
static bool may_react(struct call *c, struct str provider_id)
{
	struct err e = { .rc = RC_OK };
	struct message m = { 0 };
	struct db *db = store_reader(c->app->store);
	int64_t id;
	enum rc rc = message_by_meta(db, provider_id, &id, &e);

	if (rc == RC_OK)
		rc = message_load(db, id, c->q->arena, &m, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK || m.company_id != c->who.company_id)
		return true;
	if (strcmp(m.type, "reaction") == 0)
		return wrong(c, "reaction.message_id", "A reaction cannot be reacted to.");
	if (m.timestamp < c->q->now_ms - ACT_READ_AGE_MS)
		return wrong(c, "reaction.message_id", "This message is older than 30 days.");
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
		return may_react(c, id);
	if (!message_content_quote(c, "reaction.message_id", &id) || !may_react(c, id))
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

bool message_content_fallback(struct call *c, const struct json *root, struct send_new *m)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(WA_CONTENT_MAX);
	const struct json *fallback = json_get(root, "fallback");
	const struct json *template = json_get(fallback, "template");
	struct wa_content_bad bad = { "" };
	struct err e = { .rc = RC_OK };
	char field[WA_CONTENT_FIELD_MAX + 10];

	if (fallback == NULL)
		return true;
	if (strcmp(m->type, "template") == 0)
		return wrong(c, "fallback", "A template needs no fallback.");
	if (json_kind(template) != JSON_OBJECT || json_count(fallback) != 1)
		return wrong(c, "fallback", "This has to be {\"template\": {...}}.");
	if (wa_content_check(STR("template"), template, &bad, &e) != RC_OK) {
		(void)snprintf(field, sizeof(field), "fallback.%s", bad.field);
		return wrong(c, field, e.text);
	}
	json_print(template, &b);
	m->fallback = arena_str(c->q->arena, sbuf_view(&b));
	return m->fallback.p != NULL || wrong(c, "fallback", "This is too long.");
}

/* ---- what the box knows against it ---- */

static enum rc unit_sync(struct tx *tx, void *arg, struct err *e)
{
	return template_sync_want(tx, arg, e);
}

/* The list may be older than the template. Failing to ask changes nothing for the caller. */
static void fetch_list(struct call *c, const struct channel *ch)
{
	struct err e = { .rc = RC_OK };

	if (store_write(c->app->store, STORE_NORMAL, unit_sync, (void *)(uintptr_t)ch, &e) != RC_OK)
		log_err(LOG_WARN, "templates.sync", &e);
}

static void refuse(struct call *c, const struct send_new *m, const struct rules_answer *a)
{
	switch (a->verdict) {
	case RULES_WINDOW:
		problem_window(c, a->why, a->window_closed_ms);
		return;
	case RULES_TEMPLATE_STATE:
		problem(c, 409, "template-unusable", a->why);
		return;
	case RULES_TEMPLATE_UNKNOWN:
		fetch_list(c, m->channel);
		problem(c, 409, "template-unknown", a->why);
		return;
	case RULES_TEMPLATE_WRONG:
		problem_field(c, 422, a->field, a->why);
		return;
	case RULES_MARKETING:
		problem(c, 409, "marketing-stopped", a->why);
		return;
	case RULES_GO:
		break;
	}
	BUG("nothing is against it");
}

/* Person and conversation that the message will go to, as far as they exist. */
static void find_place(struct db *db, const struct send_new *m, struct rules_facts *f)
{
	char space[SEND_DIGITS_MAX];
	struct contact_who who;
	struct err e = { .rc = RC_OK };

	f->conversation_id = m->conversation_id;
	if (m->conversation_id != 0)
		return;
	(void)send_who(m, space, &who);
	if (contact_find(db, m->channel->company_id, &who, &f->contact_id, &e) != RC_OK) {
		f->contact_id = 0;
		return;
	}
	if (message_plan_place(db, m->channel->id, f->contact_id, &f->conversation_id, &e) != RC_OK)
		f->conversation_id = 0;
}

static enum rc ask_rules(struct call *c, const struct send_new *m, struct rules_answer *ret,
			 struct err *e)
{
	AUTO(json_freep) struct json *content = NULL;
	struct rules_facts f = { .channel = m->channel,
				 .type = str_of(m->type),
				 .now_ms = c->q->now_ms };
	struct db *db;
	enum rc rc;

	*ret = (struct rules_answer){ .text = SBUF(1) };
	if (m->content_json.n > 0)
		TRY(json_parse(m->content_json, &content, e));
	f.content = content;
	db = store_reader(c->app->store);
	find_place(db, m, &f);
	rc = rules_check(db, &f, ret, e);
	store_reader_done(c->app->store, db);
	return rc;
}

/* A template is shown as the customer reads it. */
static void take_text(struct call *c, struct send_new *m, struct rules_answer *a)
{
	if (strcmp(m->type, "template") != 0 || a->text.n == 0)
		return;
	m->text = str_of(arena_printf(c->q->arena, "[template] %s", sbuf_c(&a->text)));
}

bool message_content_allowed(struct call *c, struct send_new *m)
{
	struct err e = { .rc = RC_OK };
	struct rules_answer a;
	enum rc rc = ask_rules(c, m, &a, &e);

	if (rc == RC_OK && a.verdict == RULES_WINDOW && m->send_at_ms > 0)
		a.verdict = RULES_GO; /* judged when it is its time */
	if (rc == RC_OK && a.verdict == RULES_WINDOW && m->fallback.n > 0) {
		m->type = "template";
		m->content_json = m->fallback;
		m->fallback = m->text = m->reply_to = STR_NONE;
		sbuf_release(&a.text);
		rc = ask_rules(c, m, &a, &e);
	}
	if (rc != RC_OK)
		problem_err(c, &e);
	else if (a.verdict != RULES_GO)
		refuse(c, m, &a);
	else
		take_text(c, m, &a);
	sbuf_release(&a.text);
	return rc == RC_OK && a.verdict == RULES_GO;
}
