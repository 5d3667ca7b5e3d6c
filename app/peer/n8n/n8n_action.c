/* n8n_action.c - see n8n_action.h. */
#include "peer/n8n/n8n_action.h"

#include "io/jsonw.h"
#include "peer/wa/wa_content.h"

#define BUTTONS_MAX 3 /* Meta: reply buttons of one message */
#define MINUTES_MAX (30 * 24 * 60)

struct reading {
	const struct json *n;
	struct arena *a;
	struct n8n_action *to;
	struct err *e;
	size_t i;
};

static enum rc bad(const struct reading *r, const char *what)
{
	return FAIL(r->e, RC_INVALID, "actions.%zu: %s", r->i, what);
}

static enum rc keep(const struct reading *r, struct str v, struct str *ret)
{
	*ret = v.p == NULL ? STR_NONE : arena_str(r->a, v);
	return v.p == NULL || ret->p != NULL ? RC_OK
					     : FAIL(r->e, RC_LIMIT, "no room for the actions");
}

/* Text or whole number: ids come as both. */
static enum rc word(const struct reading *r, const char *key, struct str *ret)
{
	const struct json *n = json_get(r->n, key);
	int64_t number;

	if (json_kind(n) == JSON_NUMBER && json_i64(n, &number)) {
		*ret = str_of(arena_printf(r->a, "%lld", (long long)number));
		return ret->p != NULL ? RC_OK : FAIL(r->e, RC_LIMIT, "no room for the actions");
	}
	return keep(r, json_str(n), ret);
}

static enum rc print(const struct reading *r, const struct json *n, struct str *ret)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(WA_CONTENT_MAX);

	json_print(n, &b);
	if (!sbuf_ok(&b))
		return bad(r, "too long");
	return keep(r, sbuf_view(&b), ret);
}

static enum rc read_send(struct reading *r)
{
	const struct json *content = json_get(r->n, r->to->type);
	const struct json *preview = json_get(content, "preview_url");

	if (content == NULL)
		return bad(r, "the content is missing: a key named like the type");
	if (strcmp(r->to->type, "text") != 0)
		return print(r, content, &r->to->content_json);
	TRY(keep(r,
		 json_kind(content) == JSON_OBJECT ? json_get_str(content, "body")
						   : json_str(content),
		 &r->to->text));
	if (r->to->text.n == 0)
		return bad(r, "the text is missing");
	if (json_kind(preview) == JSON_BOOL)
		r->to->content_json = json_get_bool(content, "preview_url", false)
					      ? STR("{\"preview_url\":true}")
					      : STR("{\"preview_url\":false}");
	return RC_OK;
}

static void write_button(struct jsonw *w, const struct json *b, int i)
{
	struct str title = json_kind(b) == JSON_TEXT ? json_str(b) : json_get_str(b, "title");
	struct str id = json_get_str(b, "id");
	char own[16];

	(void)snprintf(own, sizeof(own), "b%d", i + 1);
	jsonw_object(w);
	jsonw_ktext(w, "type", "reply");
	jsonw_kobject(w, "reply");
	jsonw_kstr(w, "id", id.n > 0 ? id : str_of(own));
	jsonw_kstr(w, "title", title);
	jsonw_end(w);
	jsonw_end(w);
}

static enum rc read_buttons(struct reading *r)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	const struct json *list = json_get(r->n, "buttons");
	struct jsonw w;
	int i = 0;

	if (json_kind(list) != JSON_ARRAY || json_count(list) == 0 ||
	    json_count(list) > BUTTONS_MAX)
		return bad(r, "buttons has to be a list of one to three");
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_ktext(&w, "type", "button");
	jsonw_kobject(&w, "body");
	jsonw_kstr(&w, "text", json_get_str(r->n, "text"));
	jsonw_end(&w);
	jsonw_kobject(&w, "action");
	jsonw_karray(&w, "buttons");
	for (const struct json *c = json_first(list); c != NULL; c = json_next(c))
		write_button(&w, c, i++);
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_end(&w);
	r->to->type = "interactive";
	if (!sbuf_ok(&b))
		return bad(r, "too long");
	return keep(r, sbuf_view(&b), &r->to->content_json);
}

static enum rc read_person(struct reading *r)
{
	TRY(word(r, "assignee", &r->to->assignee));
	return word(r, "team", &r->to->team);
}

static enum rc read_handover(struct reading *r)
{
	r->to->minutes = -1;
	if (json_get(r->n, "minutes") != NULL &&
	    (!json_get_i64(r->n, "minutes", &r->to->minutes) || r->to->minutes < 0 ||
	     r->to->minutes > MINUTES_MAX))
		return bad(r, "minutes has to be a number from 0 to 43200");
	TRY(keep(r, json_get_str(r->n, "reason"), &r->to->reason));
	return read_person(r);
}

static enum rc read_close(struct reading *r)
{
	r->to->status = STR("resolved");
	return RC_OK;
}

static enum rc read_status(struct reading *r)
{
	TRY(keep(r, json_get_str(r->n, "status"), &r->to->status));
	return r->to->status.n > 0 ? RC_OK : bad(r, "status is missing");
}

static enum rc read_words(struct reading *r, const char *key, struct str *words, size_t *n)
{
	const struct json *list = json_get(r->n, key);

	if (json_kind(list) == JSON_TEXT && *n < N8N_LABELS_MAX)
		return keep(r, json_str(list), &words[(*n)++]);
	for (const struct json *c = json_first(list); c != NULL; c = json_next(c)) {
		if (*n == N8N_LABELS_MAX || json_kind(c) != JSON_TEXT)
			return bad(r, "labels have to be at most 20 texts");
		TRY(keep(r, json_str(c), &words[(*n)++]));
	}
	return RC_OK;
}

static enum rc read_label(struct reading *r)
{
	TRY(read_words(r, "label", r->to->add, &r->to->add_count));
	TRY(read_words(r, "add", r->to->add, &r->to->add_count));
	TRY(read_words(r, "remove", r->to->remove, &r->to->remove_count));
	return r->to->add_count + r->to->remove_count > 0 ? RC_OK : bad(r, "no label is named");
}

static enum rc read_attribute(struct reading *r)
{
	const struct json *value = json_get(r->n, "value");

	TRY(keep(r, json_get_str(r->n, "name"), &r->to->name));
	if (r->to->name.n == 0)
		return bad(r, "name is missing");
	if (json_kind(value) == JSON_TEXT)
		return keep(r, json_str(value), &r->to->value);
	if (json_kind(value) == JSON_NUMBER || json_kind(value) == JSON_BOOL)
		return print(r, value, &r->to->value);
	return json_kind(value) == JSON_NONE || json_kind(value) == JSON_NULL
		       ? RC_OK
		       : bad(r, "value has to be a text, a number, true or false");
}

static const struct {
	const char *type;
	enum n8n_action_kind kind;
	enum rc (*read)(struct reading *r);
} KINDS[] = {
	{ "buttons", N8N_SEND, read_buttons },
	{ "handover", N8N_HANDOVER, read_handover },
	{ "close", N8N_STATUS, read_close },
	{ "status", N8N_STATUS, read_status },
	{ "assign", N8N_ASSIGN, read_person },
	{ "label", N8N_LABEL, read_label },
	{ "attribute", N8N_ATTRIBUTE, read_attribute },
};

static enum rc read_one(struct reading *r)
{
	struct str type = json_get_str(r->n, "type");

	if (json_kind(r->n) != JSON_OBJECT)
		return bad(r, "an action has to be an object");
	r->to->type = wa_content_type(type);
	if (r->to->type != NULL) {
		r->to->kind = N8N_SEND;
		return read_send(r);
	}
	for (size_t i = 0; i < COUNT(KINDS); i++) {
		if (str_eqc(type, KINDS[i].type)) {
			r->to->kind = KINDS[i].kind;
			return KINDS[i].read(r);
		}
	}
	return FAIL(r->e, RC_INVALID, "actions.%zu: there is no type \"%.*s\"", r->i,
		    (int)size_min(type.n, 40), type.p != NULL ? type.p : "");
}

enum rc n8n_actions_read(const struct json *list, struct arena *a, struct n8n_actions *ret,
			 struct err *e)
{
	bool alone = json_kind(list) == JSON_OBJECT;
	size_t n = alone ? 1 : (size_t)json_count(list);
	const struct json *c = alone ? list : json_first(list);
	struct n8n_action *items;

	*ret = (struct n8n_actions){ .count = 0 };
	if (n == 0)
		return RC_OK;
	if (n > N8N_ACTIONS_MAX)
		return FAIL(e, RC_INVALID, "actions: more than %u", N8N_ACTIONS_MAX);
	items = arena_alloc(a, n * sizeof(*items));
	if (items == NULL)
		return FAIL(e, RC_LIMIT, "no room for the actions");
	for (size_t i = 0; i < n; i++, c = json_next(c)) {
		struct reading r = { .n = c, .a = a, .to = &items[i], .e = e, .i = i };

		TRY(read_one(&r));
		*ret = (struct n8n_actions){ items, i + 1 };
	}
	return RC_OK;
}
