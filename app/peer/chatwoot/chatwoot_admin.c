/* chatwoot_admin.c - see chatwoot_admin.h. No state; any thread. */
#include "peer/chatwoot/chatwoot_admin.h"

#include "io/json.h"
#include "io/jsonw.h"

static bool keep(struct arena *a, struct str s, struct str *ret)
{
	*ret = s.n > 0 ? arena_str(a, s) : STR_NONE;
	return s.n == 0 || ret->p != NULL;
}

static enum rc no_room(struct err *e)
{
	return FAIL(e, RC_LIMIT, "the answer needs more memory than allowed");
}

enum rc chatwoot_admin_profile(struct str body, struct arena *a, struct chatwoot_profile *ret,
			       struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	const struct json *list;
	struct chatwoot_account *items;
	size_t n = 0;

	TRY(json_parse(body, &root, e));
	list = json_get(root, "accounts");
	if (json_kind(list) != JSON_ARRAY)
		return FAIL(e, RC_INVALID, "the profile has no accounts");
	items = arena_alloc(a, ((size_t)json_count(list) + 1) * sizeof(*items));
	if (items == NULL || !keep(a, json_get_str(root, "name"), &ret->name))
		return no_room(e);
	for (const struct json *i = json_first(list); i != NULL; i = json_next(i)) {
		items[n] =
			(struct chatwoot_account){ .id = json_get_i64_or(i, "id", 0),
						   .administrator = str_eqc(json_get_str(i, "role"),
									    "administrator") };
		if (!keep(a, json_get_str(i, "name"), &items[n].name))
			return no_room(e);
		n += items[n].id > 0;
	}
	ret->accounts = items;
	ret->count = n;
	return RC_OK;
}

enum rc chatwoot_admin_version(struct str body, struct arena *a, struct str *ret, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	struct str v;

	TRY(json_parse(body, &root, e));
	v = json_get_str(root, "version");
	if (v.n == 0 || v.n > 40)
		return FAIL(e, RC_INVALID, "the answer names no version");
	return keep(a, v, ret) ? RC_OK : no_room(e);
}

/* RC_INVALID: no id. */
static enum rc read_inbox(const struct json *n, struct arena *a, struct chatwoot_inbox *ret,
			  struct err *e)
{
	struct chatwoot_inbox i = { .id = json_get_i64_or(n, "id", 0),
				    .lock = json_get_bool(n, "lock_to_single_conversation", false),
				    .reply_hours =
					    json_get_i64_or(json_get(n, "additional_attributes"),
							    "agent_reply_time_window", 0) };

	if (i.id <= 0)
		return FAIL(e, RC_INVALID, "an inbox without id");
	if (!keep(a, json_get_str(n, "name"), &i.name) ||
	    !keep(a, json_get_str(n, "channel_type"), &i.channel) ||
	    !keep(a, json_get_str(n, "inbox_identifier"), &i.identifier) ||
	    !keep(a, json_get_str(n, "secret"), &i.secret) ||
	    !keep(a, json_get_str(n, "webhook_url"), &i.webhook_url) ||
	    !keep(a, json_get_str(n, "phone_number"), &i.phone) ||
	    !keep(a, json_str(json_path(n, "provider_config.phone_number_id")), &i.phone_id))
		return no_room(e);
	*ret = i;
	return RC_OK;
}

enum rc chatwoot_admin_inboxes(struct str body, struct arena *a, struct chatwoot_inboxes *ret,
			       struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	const struct json *list;
	struct chatwoot_inbox *items;
	size_t n = 0;

	TRY(json_parse(body, &root, e));
	list = json_get(root, "payload");
	if (json_kind(list) != JSON_ARRAY)
		return FAIL(e, RC_INVALID, "the answer has no list of inboxes");
	items = arena_alloc(a, ((size_t)json_count(list) + 1) * sizeof(*items));
	if (items == NULL)
		return no_room(e);
	for (const struct json *i = json_first(list); i != NULL; i = json_next(i)) {
		enum rc rc = read_inbox(i, a, &items[n], NULL);

		if (rc == RC_LIMIT)
			return no_room(e);
		n += rc == RC_OK;
	}
	*ret = (struct chatwoot_inboxes){ items, n };
	return RC_OK;
}

enum rc chatwoot_admin_inbox(struct str body, struct arena *a, struct chatwoot_inbox *ret,
			     struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	TRY(json_parse(body, &root, e));
	return read_inbox(root, a, ret, e);
}

void chatwoot_admin_inbox_body(struct str name, struct str webhook_url, struct sbuf *to)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	if (name.n > 0)
		jsonw_kstr(&w, "name", name);
	jsonw_kbool(&w, "lock_to_single_conversation", true);
	jsonw_kobject(&w, "channel");
	if (name.n > 0)
		jsonw_ktext(&w, "type", "api");
	jsonw_kstr(&w, "webhook_url", webhook_url);
	jsonw_kobject(&w, "additional_attributes");
	jsonw_ki64(&w, "agent_reply_time_window", CHATWOOT_REPLY_HOURS);
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_end(&w);
}

void chatwoot_admin_bot_body(struct str name, struct sbuf *to)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_kstr(&w, "name", name);
	jsonw_ktext(&w, "description", "Assistant");
	jsonw_ktext(&w, "bot_type", "webhook");
	jsonw_ktext(&w, "outgoing_url", "");
	jsonw_end(&w);
}

enum rc chatwoot_admin_bot(struct str body, struct arena *a, struct chatwoot_bot *ret,
			   struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	TRY(json_parse(body, &root, e));
	ret->id = json_get_i64_or(root, "id", 0);
	if (ret->id <= 0)
		return FAIL(e, RC_INVALID, "an agent bot without id");
	return keep(a, json_get_str(root, "access_token"), &ret->token) ? RC_OK : no_room(e);
}

enum rc chatwoot_admin_agent(struct str body, struct str email, int64_t *ret_id, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	*ret_id = 0;
	TRY(json_parse(body, &root, e));
	if (json_kind(root) != JSON_ARRAY)
		return FAIL(e, RC_INVALID, "the answer is no list of agents");
	for (const struct json *i = json_first(root); i != NULL && *ret_id == 0; i = json_next(i))
		if (email.n > 0 && str_ieq(json_get_str(i, "email"), email))
			*ret_id = json_get_i64_or(i, "id", 0);
	return RC_OK;
}

void chatwoot_admin_user_body(struct str name, struct str email, struct str password,
			      struct sbuf *to)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_kstr(&w, "name", name);
	jsonw_kstr(&w, "email", email);
	jsonw_kstr(&w, "password", password);
	jsonw_end(&w);
}

void chatwoot_admin_member_body(int64_t user_id, struct sbuf *to)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_ki64(&w, "user_id", user_id);
	jsonw_ktext(&w, "role", "agent");
	jsonw_end(&w);
}

enum rc chatwoot_admin_token(struct str body, struct arena *a, struct str *ret, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	TRY(json_parse(body, &root, e));
	if (json_get_str(root, "access_token").n == 0)
		return FAIL(e, RC_INVALID, "the answer has no token");
	return keep(a, json_get_str(root, "access_token"), ret) ? RC_OK : no_room(e);
}

struct str chatwoot_admin_frontend(struct str html)
{
	ptrdiff_t at = str_find(html, STR("hostURL:"));
	struct str rest = at < 0 ? STR_NONE : str_trim(str_sub(html, (size_t)at + 8, 500)), url;
	char quote = rest.n > 0 ? rest.p[0] : '\0';

	if (quote != '\'' && quote != '"')
		return STR_NONE;
	rest = str_sub(rest, 1, rest.n);
	return str_cut(&rest, quote, &url) ? url : STR_NONE;
}

struct str chatwoot_admin_host(struct str url)
{
	struct str host;
	ptrdiff_t colon;

	if (str_starts(url, STR("http://")))
		url = str_sub(url, 7, url.n);
	else if (str_starts(url, STR("https://")))
		url = str_sub(url, 8, url.n);
	else
		return STR_NONE;
	if (!str_cut(&url, '/', &host))
		return STR_NONE;
	if (host.n > 0 && host.p[0] == '[') {
		colon = str_chr(host, ']');
		return colon > 0 ? str_sub(host, 0, (size_t)colon + 1) : STR_NONE;
	}
	colon = str_chr(host, ':');
	return colon >= 0 ? str_sub(host, 0, (size_t)colon) : host;
}
