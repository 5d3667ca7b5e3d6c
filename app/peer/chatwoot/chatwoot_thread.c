/* chatwoot_thread.c - see chatwoot_thread.h. */
#include "peer/chatwoot/chatwoot_thread.h"

#include "base/enc.h"
#include "io/jsonw.h"

#define LABEL_MAX 256

/* As Chatwoot writes it: "VIP cliente" is "vip-cliente". False: nothing is left of it. */
static bool label_of(struct str label, char ret[LABEL_MAX])
{
	size_t n = 0;

	label = str_trim(label);
	if (label.n == 0 || label.n >= LABEL_MAX || !enc_utf8_ok(label))
		return false;
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		ret[n++] = c == ' ' || c == '\t' ? '-' : c;
	}
	ret[n] = '\0';
	return true;
}

static bool is_in(const struct json *list, struct str label)
{
	char text[LABEL_MAX];

	for (const struct json *n = json_first(list); n != NULL; n = json_next(n)) {
		if (label_of(json_str(n), text) && str_eqc(label, text))
			return true;
	}
	return false;
}

enum rc chatwoot_thread_labels(struct str answer, const struct json *act, struct sbuf *to,
			       bool *ret_same, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	const struct json *there, *added = json_get(act, "added"),
				  *removed = json_get(act, "removed");
	char text[LABEL_MAX];
	struct jsonw w;

	TRY(json_parse(answer, &root, e));
	there = json_get(root, "payload");
	*ret_same = true;
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_karray(&w, "labels");
	for (const struct json *n = json_first(there); n != NULL; n = json_next(n)) {
		if (is_in(removed, json_str(n)))
			*ret_same = false;
		else
			jsonw_str(&w, json_str(n));
	}
	for (const struct json *n = json_first(added); n != NULL; n = json_next(n)) {
		if (!label_of(json_str(n), text) || is_in(there, str_of(text)))
			continue;
		*ret_same = false;
		jsonw_text(&w, text);
	}
	jsonw_end(&w);
	jsonw_end(&w);
	return sbuf_ok(to) ? RC_OK : FAIL(e, RC_LIMIT, "too many labels");
}

static void print_value(struct jsonw *w, const struct json *n, struct sbuf *space)
{
	sbuf_reset(space);
	json_print(n, space);
	jsonw_raw(w, sbuf_view(space));
}

/* Names come from JSON, so a NUL cannot be in them; a name that is too long for us was never ours. */
static bool name_of(struct str key, char ret[LABEL_MAX])
{
	return str_copy(key, ret, LABEL_MAX);
}

enum rc chatwoot_thread_attribute(struct str answer, const struct json *act, struct sbuf *to,
				  bool *ret_same, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	AUTO(sbuf_release) struct sbuf space = SBUF(to->max);
	struct str name = json_get_str(act, "name"), value = json_get_str(act, "value");
	char key[LABEL_MAX];
	struct jsonw w;
	bool there = false;

	TRY(json_parse(answer, &root, e));
	*ret_same = false;
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_kobject(&w, "custom_attributes");
	for (const struct json *n = json_first(json_get(root, "custom_attributes")); n != NULL;
	     n = json_next(n)) {
		if (!name_of(json_key(n), key))
			return FAIL(e, RC_INVALID, "an attribute's name is too long");
		if (str_eqc(name, key)) {
			there = true;
			*ret_same = value.n > 0 && str_eq(json_str(n), value);
			continue;
		}
		jsonw_key(&w, key);
		print_value(&w, n, &space);
	}
	if (value.n > 0 && name_of(name, key))
		jsonw_kstr(&w, key, value);
	*ret_same = *ret_same || (value.n == 0 && !there);
	jsonw_end(&w);
	jsonw_end(&w);
	return sbuf_ok(to) ? RC_OK : FAIL(e, RC_LIMIT, "too many attributes");
}

enum rc chatwoot_thread_contact(struct str body, int64_t *ret_id, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	*ret_id = 0;
	TRY(json_parse(body, &root, e));
	*ret_id = i64_max(0, json_get_i64_or(json_path(root, "meta.sender"), "id", 0));
	return RC_OK;
}
