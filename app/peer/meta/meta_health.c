/* meta_health.c - see meta_health.h. No state; any thread. */
#include "peer/meta/meta_health.h"

#include "base/limits.h"
#include "base/url.h"
#include "io/json.h"

#define ID_MAX      32
#define TOKEN_MAX   1000
#define MESSAGE_MAX 160
#define NUMBER_FIELDS                                                                            \
	"display_phone_number,verified_name,status,quality_rating,name_status,"                  \
	"code_verification_status,throughput,platform_type,is_on_biz_app,webhook_configuration," \
	"whatsapp_business_manager_messaging_limit,health_status"

/* ---- addresses ---- */

static bool all_digits(struct str s, size_t max)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0 && s.n <= max;
}

static bool version_ok(struct str v)
{
	struct str rest = str_sub(v, 1, v.n), major;

	return v.n > 1 && v.p[0] == 'v' && str_cut(&rest, '.', &major) && all_digits(major, 3) &&
	       all_digits(rest, 3);
}

/* Tokens are letters and digits; what is not is written as %XX. */
static void add_escaped(struct sbuf *to, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '_' || c == '.' || c == '~')
			sbuf_char(to, (char)c);
		else
			sbuf_printf(to, "%%%02X", c);
	}
}

static void add_question(const struct meta_asked *q, struct sbuf *to)
{
	switch (q->what) {
	case META_ASK_NUMBER:
		sbuf_str(to, q->id);
		sbuf_text(to, "?fields=" NUMBER_FIELDS);
		return;
	case META_ASK_SUBSCRIBED:
		sbuf_str(to, q->id);
		sbuf_text(to, "/subscribed_apps");
		return;
	case META_ASK_TOKEN:
		sbuf_text(to, "debug_token?input_token=");
		add_escaped(to, q->token);
		return;
	case META_ASK_SUBSCRIPTIONS:
		sbuf_str(to, q->id);
		sbuf_text(to, "/subscriptions");
		return;
	}
	BUG("unknown question");
}

enum rc meta_health_url(const struct meta_asked *q, struct sbuf *to, struct err *e)
{
	size_t before = to->n;
	struct str clean;

	if (!url_base_ok(q->base, &clean))
		return FAIL(e, RC_INVALID, "base URL: not http(s)://host[:port][/path]");
	if (!version_ok(q->version))
		return FAIL(e, RC_INVALID, "API version: not like v23.0");
	if (q->what != META_ASK_TOKEN && !all_digits(q->id, ID_MAX))
		return FAIL(e, RC_INVALID, "the id of number, account or app: not digits");
	if (q->what == META_ASK_TOKEN && (q->token.n == 0 || q->token.n > TOKEN_MAX))
		return FAIL(e, RC_INVALID, "the token is missing or too long");
	sbuf_str(to, clean);
	sbuf_char(to, '/');
	sbuf_str(to, q->version);
	sbuf_char(to, '/');
	add_question(q, to);
	if (sbuf_ok(to))
		return RC_OK;
	to->n = before;
	return FAIL(e, RC_LIMIT, "the address is too long");
}

/* ---- answers ---- */

/* Text stays in the arena when the document is gone. */
static struct str keep(struct arena *a, struct str s)
{
	return s.n > 0 ? arena_str(a, s) : STR_NONE;
}

static struct str keep_json(struct arena *a, const struct json *n)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(HTTP_ANSWER_MAX);

	if (n == NULL)
		return STR_NONE;
	json_print(n, &text);
	return sbuf_ok(&text) ? arena_str(a, sbuf_view(&text)) : STR_NONE;
}

/* RC_OK: *ret is the document. */
static enum rc open_answer(struct str body, struct arena *a, struct json **ret,
			   struct meta_refusal *no, struct err *e)
{
	const struct json *error;

	*no = (struct meta_refusal){ .code = -1, .subcode = -1 };
	if (json_parse(body, ret, NULL) != RC_OK || json_kind(*ret) != JSON_OBJECT)
		return FAIL(e, RC_INVALID, "the answer is not Meta's: check address and proxy");
	error = json_get(*ret, "error");
	if (json_kind(error) != JSON_OBJECT)
		return RC_OK;
	no->code = json_get_i64_or(error, "code", -1);
	no->subcode = json_get_i64_or(error, "error_subcode", -1);
	no->message = keep(a, str_sub(json_get_str(error, "message"), 0, MESSAGE_MAX));
	return FAIL(e, RC_REFUSED, "Meta error %lld", (long long)no->code);
}

enum rc meta_health_number(struct str body, struct arena *a, struct meta_number *ret,
			   struct meta_refusal *ret_no, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	const struct json *hooks, *app;

	*ret = (struct meta_number){ .on_biz_app = -1 };
	TRY(open_answer(body, a, &root, ret_no, e));
	ret->display_phone_number = keep(a, json_get_str(root, "display_phone_number"));
	ret->verified_name = keep(a, json_get_str(root, "verified_name"));
	ret->status = keep(a, json_get_str(root, "status"));
	ret->quality_rating = keep(a, json_get_str(root, "quality_rating"));
	ret->name_status = keep(a, json_get_str(root, "name_status"));
	ret->code_verification_status = keep(a, json_get_str(root, "code_verification_status"));
	ret->throughput = keep(a, json_str(json_path(root, "throughput.level")));
	ret->platform_type = keep(a, json_get_str(root, "platform_type"));
	ret->limit = keep(a, json_get_str(root, "whatsapp_business_manager_messaging_limit"));
	ret->can_send = keep(a, json_str(json_path(root, "health_status.can_send_message")));
	ret->health = keep_json(a, json_get(root, "health_status"));
	app = json_get(root, "is_on_biz_app");
	if (json_kind(app) == JSON_BOOL)
		ret->on_biz_app = json_get_bool(root, "is_on_biz_app", false) ? 1 : 0;
	hooks = json_get(root, "webhook_configuration");
	ret->override_uri = keep(a, json_get_str(hooks, "phone_number"));
	if (ret->override_uri.n == 0)
		ret->override_uri = keep(a, json_get_str(hooks, "whatsapp_business_account"));
	ret->callback = ret->override_uri.n > 0 ? ret->override_uri
						: keep(a, json_get_str(hooks, "application"));
	return RC_OK;
}

enum rc meta_health_subscribed(struct str body, struct str app_id, struct arena *a,
			       struct meta_subscribed *ret, struct meta_refusal *ret_no,
			       struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	*ret = (struct meta_subscribed){ 0 };
	TRY(open_answer(body, a, &root, ret_no, e));
	for (const struct json *app = json_first(json_get(root, "data")); app != NULL;
	     app = json_next(app)) {
		struct str id = json_str(json_path(app, "whatsapp_business_api_data.id"));

		ret->apps++;
		if (app_id.n > 0 && !str_eq(id, app_id))
			continue;
		ret->ours = true;
		ret->override_uri = keep(a, json_get_str(app, "override_callback_uri"));
	}
	return RC_OK;
}

static bool has_text(const struct json *array, const char *text)
{
	for (const struct json *n = json_first(array); n != NULL; n = json_next(n)) {
		if (str_eqc(json_str(n), text))
			return true;
	}
	return false;
}

enum rc meta_health_token(struct str body, struct arena *a, struct meta_token *ret,
			  struct meta_refusal *ret_no, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	const struct json *data, *scopes;

	*ret = (struct meta_token){ 0 };
	TRY(open_answer(body, a, &root, ret_no, e));
	data = json_get(root, "data");
	if (json_kind(data) != JSON_OBJECT)
		return FAIL(e, RC_INVALID, "the answer says nothing about the token");
	scopes = json_get(data, "scopes");
	ret->app_id = keep(a, json_get_str(data, "app_id"));
	ret->valid = json_get_bool(data, "is_valid", false);
	ret->expires_ms = i64_max(0, json_get_i64_or(data, "expires_at", 0)) * SECOND_MS;
	ret->data_expires_ms =
		i64_max(0, json_get_i64_or(data, "data_access_expires_at", 0)) * SECOND_MS;
	ret->scopes = keep_json(a, scopes);
	ret->may_send = has_text(scopes, "whatsapp_business_messaging");
	ret->may_manage = has_text(scopes, "whatsapp_business_management");
	return RC_OK;
}

static void read_fields(const struct json *fields, struct arena *a, struct meta_subscription *ret)
{
	AUTO(sbuf_release) struct sbuf names = SBUF(16 * KIB);

	sbuf_char(&names, '[');
	for (const struct json *f = json_first(fields); f != NULL; f = json_next(f)) {
		/* {"name":"messages","version":"v24.0"}; older answers had the bare name */
		const struct json *name = json_kind(f) == JSON_OBJECT ? json_get(f, "name") : f;

		ret->messages = ret->messages || str_eqc(json_str(name), "messages");
		if (names.n > 1)
			sbuf_char(&names, ',');
		json_print(name, &names);
	}
	sbuf_char(&names, ']');
	if (sbuf_ok(&names))
		ret->fields = keep(a, sbuf_view(&names));
}

enum rc meta_health_subscriptions(struct str body, struct arena *a, struct meta_subscription *ret,
				  struct meta_refusal *ret_no, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	*ret = (struct meta_subscription){ 0 };
	TRY(open_answer(body, a, &root, ret_no, e));
	for (const struct json *s = json_first(json_get(root, "data")); s != NULL;
	     s = json_next(s)) {
		if (!str_eqc(json_get_str(s, "object"), "whatsapp_business_account"))
			continue;
		ret->found = true;
		ret->active = json_get_bool(s, "active", true);
		ret->callback = keep(a, json_get_str(s, "callback_url"));
		read_fields(json_get(s, "fields"), a, ret);
	}
	return RC_OK;
}

/* ---- usage ---- */

static void read_usage(const struct json *n, struct meta_usage *ret)
{
	static const char *const COUNTERS[] = { "call_count", "total_cputime", "total_time" };
	int64_t v;

	for (size_t i = 0; i < COUNT(COUNTERS); i++) {
		if (json_get_i64(n, COUNTERS[i], &v) && v > ret->percent)
			ret->percent = (int)i64_min(v, 1000);
	}
	if (json_get_i64(n, "estimated_time_to_regain_access", &v) && v > 0)
		ret->regain_ms = i64_max(ret->regain_ms, i64_min(v, 24 * 60) * MINUTE_MS);
}

void meta_health_usage(struct str header, struct meta_usage *ret)
{
	AUTO(json_freep) struct json *root = NULL;

	*ret = (struct meta_usage){ 0 };
	if (header.n == 0 || json_parse(header, &root, NULL) != RC_OK)
		return;
	read_usage(root, ret);
	for (const struct json *id = json_first(root); id != NULL; id = json_next(id)) {
		for (const struct json *n = json_kind(id) == JSON_ARRAY ? json_first(id) : NULL;
		     n != NULL; n = json_next(n))
			read_usage(n, ret);
	}
}
