/* lookup_target.c - see lookup_target.h. */
#include "flow/lookup/lookup_target.h"

static struct str get(const struct settings *s, const char *slug, const char *name)
{
	return setting_of(s, "lookup", slug, name);
}

static int64_t get_i64(const struct settings *s, const char *slug, const char *name)
{
	return setting_of_i64(s, "lookup", slug, name);
}

static enum template_place place_of(struct str type)
{
	if (str_eqc(type, "form"))
		return PLACE_FORM;
	return str_eqc(type, "xml") ? PLACE_XML : PLACE_JSON;
}

static bool is_url(struct str url)
{
	return str_starts(url, STR("https://")) || str_starts(url, STR("http://"));
}

/* A text that fills without complaint when every value is there. */
static enum rc check_template(const struct lookup_target *t, struct str text,
			      enum template_place place, bool login, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(16 * KIB);
	struct template_value v[LOOKUP_INPUTS_MAX + 3];
	struct template_values all = { .v = v };

	v[all.n++] = (struct template_value){ "username", STR("x") };
	v[all.n++] = login ? (struct template_value){ "password", STR("x") }
			   : (struct template_value){ "token", STR("x") };
	for (size_t i = 0; !login && i < t->inputs.n; i++)
		v[all.n++] = (struct template_value){ t->inputs.in[i].name, STR("x") };
	return template_fill(text, place, &all, &b, e);
}

static enum rc check_headers(const struct lookup_target *t, struct str headers, bool login,
			     struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	if (headers.n == 0)
		return RC_OK;
	if (json_parse(headers, &root, NULL) != RC_OK || json_kind(root) != JSON_OBJECT)
		return FAIL(e, RC_INVALID, "headers: this is no JSON object");
	for (const struct json *c = json_first(root); c != NULL; c = json_next(c)) {
		if (json_kind(c) != JSON_TEXT || json_key(c).n == 0)
			return FAIL(e, RC_INVALID, "headers: every value has to be a text");
		TRY(check_template(t, json_str(c), PLACE_HEADER, login, e));
	}
	return RC_OK;
}

static enum rc check_step(const struct lookup_target *t, const struct lookup_step *step, bool login,
			  struct err *e)
{
	if (!is_url(step->url))
		return FAIL(e, RC_INVALID, "%surl: this is no http or https address",
			    login ? "login_" : "");
	TRY(check_template(t, step->url, PLACE_URL, login, e));
	TRY(check_headers(t, step->headers, login, e));
	return check_template(t, step->body, step->place, login, e);
}

static enum rc check_token_from(struct str from, struct err *e)
{
	static const char *const KINDS[] = { "json", "header", "cookie" };
	struct str kind;

	if (str_cut(&from, ':', &kind) && from.n > 0) {
		for (size_t i = 0; i < COUNT(KINDS); i++) {
			if (str_eqc(kind, KINDS[i]))
				return RC_OK;
		}
	}
	return FAIL(e, RC_INVALID, "token_from: neither json:path nor header:Name nor cookie:Name");
}

static enum rc check(const struct settings *s, const char *slug, struct lookup_target *t,
		     struct err *e)
{
	const struct str when[] = { t->login_refused_when, t->expired_when, t->not_found_when,
				    t->invalid_when, t->busy_when };

	TRY(lookup_inputs_parse(get(s, slug, "inputs"), &t->inputs, e));
	TRY(check_step(t, &t->query, false, e));
	if (t->login.url.n > 0) {
		TRY(check_step(t, &t->login, true, e));
		TRY(check_token_from(t->token_from, e));
	}
	for (size_t i = 0; i < COUNT(when); i++)
		TRY(lookup_when_check(when[i], e));
	return lookup_output(t->output, NULL, NULL, e);
}

static uint64_t mark_of(const struct lookup_target *t)
{
	const struct str parts[] = { t->login.url, t->login.headers, t->login.body, t->username,
				     t->password,  t->token_from,    t->query.url };
	uint64_t mark = 0;

	for (size_t i = 0; i < COUNT(parts); i++)
		mark = mark * 1099511628211u + str_hash(parts[i]);
	return mark;
}

void lookup_target_read(const struct settings *s, const char *slug, struct lookup_target *t)
{
	struct err e = { .rc = RC_OK };

	t->slug = slug;
	t->query = (struct lookup_step){ .method = get(s, slug, "method").p,
					 .url = get(s, slug, "url"),
					 .headers = get(s, slug, "headers"),
					 .body = get(s, slug, "body"),
					 .place = place_of(get(s, slug, "body_type")) };
	t->login = (struct lookup_step){ .method = get(s, slug, "login_method").p,
					 .url = get(s, slug, "login_url"),
					 .headers = get(s, slug, "login_headers"),
					 .body = get(s, slug, "login_body"),
					 .place = place_of(get(s, slug, "login_body_type")) };
	t->output_path = get(s, slug, "output_path");
	t->output = get(s, slug, "output");
	t->username = get(s, slug, "username");
	t->password = get(s, slug, "password");
	t->token_from = get(s, slug, "token_from");
	t->ttl_from = get(s, slug, "ttl_from");
	t->login_refused_when = get(s, slug, "login_refused_when");
	t->expired_when = get(s, slug, "expired_when");
	t->not_found_when = get(s, slug, "not_found_when");
	t->invalid_when = get(s, slug, "invalid_when");
	t->busy_when = get(s, slug, "busy_when");
	t->session_ttl_ms = get_i64(s, slug, "session_ttl_seconds") * SECOND_MS;
	t->timeout_ms = get_i64(s, slug, "timeout_ms");
	t->deadline_ms = get_i64(s, slug, "deadline_ms");
	t->rate_per_second = get_i64(s, slug, "rate_per_second");
	t->cache_ms = get_i64(s, slug, "cache_seconds") * SECOND_MS;
	t->private_ok = setting_is_yes(get(s, slug, "private_ok"));
	t->login_mark = mark_of(t);
	if (t->query.url.n == 0)
		(void)snprintf(t->fault, sizeof(t->fault), "switched off: no url");
	else if (check(s, slug, t, &e) != RC_OK)
		(void)snprintf(t->fault, sizeof(t->fault), "%s", e.text); /* cut is fine */
}
