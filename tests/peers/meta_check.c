/* meta_check.c - what Meta refuses in a send: limits of each type, the customer service window, templates. Written from
 * the reference and not from the product's table, so that a mistake there does not repeat itself here. */
#include "meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cJSON *at(const cJSON *o, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(o, key);
}

/* Code points of a text member; -1: there is none. */
static int length(const cJSON *o, const char *key)
{
	const char *s = js(o, key);
	int n = 0;

	if (!s)
		return -1;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool between(const cJSON *o, const char *key, int low, int high)
{
	int n = length(o, key);

	return n >= low && n <= high;
}

static bool absent_or(const cJSON *o, const char *key, int high)
{
	return length(o, key) <= high;
}

/* ---- types ---- */

static const char *check_file(const cJSON *in, const char *type)
{
	const cJSON *o = at(in, type);

	if (!js(o, "id") == !js(o, "link"))
		return "Exactly one of id and link is required";
	if ((!strcmp(type, "audio") || !strcmp(type, "sticker")) && at(o, "caption"))
		return "caption is not allowed";
	return absent_or(o, "caption", 1024)
		       ? NULL
		       : "Param caption must be at most 1024 characters long.";
}

static const char *check_buttons(const cJSON *action)
{
	const cJSON *list = at(action, "buttons"), *b, *c;
	int n = cJSON_GetArraySize(list);

	if (n < 1 || n > 3)
		return "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3";
	cJSON_ArrayForEach(b, list)
	{
		const cJSON *r = at(b, "reply");

		if (strcmp(js_or(b, "type", ""), "reply"))
			return "Button type must be reply";
		if (!between(r, "id", 1, 256) || !between(r, "title", 1, 20))
			return "Button title length invalid. Min length: 1, Max length: 20";
		cJSON_ArrayForEach(c, list)
		{
			if (c != b && !strcmp(js_or(at(c, "reply"), "title", ""), js(r, "title")))
				return "Duplicate button title";
		}
	}
	return NULL;
}

static const char *check_list(const cJSON *action)
{
	const cJSON *s, *r;
	int rows = 0, sections = cJSON_GetArraySize(at(action, "sections"));

	if (!between(action, "button", 1, 20) || sections < 1 || sections > 10)
		return "List needs a button and 1 to 10 sections";
	cJSON_ArrayForEach(s, at(action, "sections"))
	{
		if (!absent_or(s, "title", 24) || (sections > 1 && !at(s, "title")))
			return "Section title is invalid";
		cJSON_ArrayForEach(r, at(s, "rows"))
		{
			rows++;
			if (!between(r, "id", 1, 200) || !between(r, "title", 1, 24) ||
			    !absent_or(r, "description", 72))
				return "Row is invalid";
		}
	}
	return rows >= 1 && rows <= 10 ? NULL : "Total row count exceed max allowed count: 10";
}

static const char *check_named(const cJSON *action, const char *name)
{
	return strcmp(js_or(action, "name", ""), name) ? "action['name'] is wrong" : NULL;
}

static const char *check_interactive(const cJSON *in)
{
	static const char *const named[][2] = {
		{ "cta_url", "cta_url" },
		{ "flow", "flow" },
		{ "location_request_message", "send_location" },
		{ "address_message", "address_message" },
		{ "catalog_message", "catalog_message" },
		{ "request_contact_info", "request_contact_info" },
		{ "voice_call", "voice_call" },
		{ "call_permission_request", "call_permission_request" },
	};
	static const char *const others[] = { "button", "list", "product", "product_list",
					      "carousel" };
	const cJSON *o = at(in, "interactive"), *action = at(o, "action");
	const char *type = js_or(o, "type", "");
	bool known = false;

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		known = known || !strcmp(type, others[i]);
	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		if (strcmp(type, named[i][0]))
			continue;
		known = true;
		if (at(action, "name") && check_named(action, named[i][1]))
			return check_named(action, named[i][1]);
	}
	if (!known)
		return "Param interactive['type'] must be one of the known types";
	if (!absent_or(at(o, "body"), "text", !strcmp(type, "list") ? 4096 : 1024) ||
	    !absent_or(at(o, "footer"), "text", 60) || !absent_or(at(o, "header"), "text", 60))
		return "Text of header, body or footer is too long";
	if (!strcmp(type, "button"))
		return check_buttons(action);
	return !strcmp(type, "list") ? check_list(action) : NULL;
}

static const char *check_contacts(const cJSON *in)
{
	const cJSON *c;
	int n = cJSON_GetArraySize(at(in, "contacts"));

	if (n < 1 || n > 257)
		return "Number of contacts must be 1 to 257";
	cJSON_ArrayForEach(c, at(in, "contacts"))
	{
		if (!between(at(c, "name"), "formatted_name", 1, 10000))
			return "formatted_name is required";
	}
	return NULL;
}

static const char *check_other(const cJSON *in, const char *type)
{
	const cJSON *o = at(in, type);

	if (!strcmp(type, "text"))
		return between(o, "body", 1, 4096)
			       ? NULL
			       : "Param text['body'] must be 1 to 4096 characters long.";
	if (!strcmp(type, "location"))
		return at(o, "latitude") && at(o, "longitude")
			       ? NULL
			       : "latitude and longitude are required";
	if (!strcmp(type, "reaction")) {
		if (at(in, "context"))
			return "context is not allowed for reactions";
		return js(o, "message_id") && js(o, "emoji") ? NULL
							     : "message_id and emoji are required";
	}
	if (!strcmp(type, "template"))
		return between(o, "name", 1, 512) && js(at(o, "language"), "code")
			       ? NULL
			       : "name and language are required";
	return "Param type must be one of the known types";
}

const char *meta_check(const cJSON *in)
{
	static const char *const files[] = { "image", "video", "audio", "document", "sticker" };
	const char *type = js_or(in, "type", "text");

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if (!strcmp(type, files[i]))
			return check_file(in, type);
	}
	if (!strcmp(type, "interactive"))
		return check_interactive(in);
	return !strcmp(type, "contacts") ? check_contacts(in) : check_other(in, type);
}

/* ---- window ---- */

void meta_window_open(struct meta *t, const char *from)
{
	map_at(&t->heard, from)->value = wall_ms();
}

bool meta_window_closed(const struct meta *t, const cJSON *in, const char *to)
{
	const struct map_entry *e = map_find(&t->heard, to);

	if (!t->window || !strcmp(js_or(in, "type", "text"), "template"))
		return false;
	return !e || wall_ms() - e->value > (int64_t)24 * 3600 * 1000;
}

/* ---- templates ---- */

void meta_templates_start(struct meta *t)
{
	t->templates = cJSON_Parse("[{\"id\":\"11\",\"name\":\"pedido_listo\",\"language\":\"es\","
				   "\"status\":\"APPROVED\","
				   "\"category\":\"UTILITY\",\"quality_score\":{\"score\":"
				   "\"GREEN\"},\"components\":[{\"type\":"
				   "\"BODY\",\"text\":\"Tu pedido {{1}} est\\u00e1 listo.\"}]},"
				   "{\"id\":\"12\",\"name\":\"oferta\",\"language\":\"es\","
				   "\"status\":\"APPROVED\",\"category\":"
				   "\"MARKETING\",\"quality_score\":{\"score\":\"YELLOW\"},"
				   "\"components\":[{\"type\":\"BODY\","
				   "\"text\":\"Hoy todo a mitad de precio\"}]},"
				   "{\"id\":\"13\",\"name\":\"saludo\",\"language\":\"es\","
				   "\"status\":\"PAUSED\",\"category\":"
				   "\"MARKETING\",\"quality_score\":{\"score\":\"RED\"},"
				   "\"components\":[{\"type\":\"BODY\","
				   "\"text\":\"Hola\"}]}]");
	if (!t->templates)
		die("meta: templates");
}

static cJSON *template_find(const struct meta *t, const char *name, const char *language)
{
	cJSON *e;

	cJSON_ArrayForEach(e, t->templates)
	{
		if (!strcmp(js_or(e, "name", ""), name) &&
		    !strcmp(js_or(e, "language", ""), language))
			return e;
	}
	return NULL;
}

/* Adds one or takes its place; an empty status removes it. */
bool meta_template_set(struct meta *t, const cJSON *in)
{
	cJSON *old = template_find(t, js_or(in, "name", ""), js_or(in, "language", ""));

	if (!js(in, "name") || !js(in, "language"))
		return false;
	if (old)
		cJSON_Delete(cJSON_DetachItemViaPointer(t->templates, old));
	if (strcmp(js_or(in, "status", "APPROVED"), ""))
		cJSON_AddItemToArray(t->templates, cJSON_Duplicate(in, true));
	return true;
}

/* A page: `limit` rows behind the place that `after` names. */
void meta_templates_page(const struct meta *t, const char *query, struct buf *out)
{
	char limit_text[20] = "25", after_text[20] = "0";
	int limit, after, i = 0, n = cJSON_GetArraySize(t->templates);
	const cJSON *e;

	(void)query_get(query, "limit", limit_text, sizeof limit_text);
	(void)query_get(query, "after", after_text, sizeof after_text);
	limit = atoi(limit_text) > 0 ? atoi(limit_text) : 25;
	if (t->template_page > 0 && limit > t->template_page)
		limit = t->template_page;
	after = atoi(after_text);
	buf_puts(out, "{\"data\":[");
	cJSON_ArrayForEach(e, t->templates)
	{
		if (i++ < after || i > after + limit)
			continue;
		char *text = cJSON_PrintUnformatted(e);
		buf_printf(out, "%s%s", i > after + 1 ? "," : "", text);
		cJSON_free(text);
	}
	buf_printf(out, "],\"paging\":{\"cursors\":{\"before\":\"%d\",\"after\":\"%d\"}", after,
		   after + limit);
	if (after + limit < n)
		buf_printf(out, ",\"next\":\"https://graph.facebook.com/next?after=%d\"",
			   after + limit);
	buf_puts(out, "}}");
}

static int variables(const char *text)
{
	int most = 0;

	for (const char *p = text; p && (p = strstr(p, "{{")); p += 2)
		most = atoi(p + 2) > most ? atoi(p + 2) : most;
	return most;
}

/* 0: it may go; else Meta's code. Names that the list does not have are refused only when it is switched on. */
int meta_template_fault(const struct meta *t, const cJSON *in)
{
	const cJSON *o = at(in, "template"), *known, *c;
	int wanted = 0, given = 0;

	if (!t->template_check || strcmp(js_or(in, "type", "text"), "template"))
		return 0;
	known = template_find(t, js_or(o, "name", ""), js_or(at(o, "language"), "code", ""));
	if (!known)
		return 132001;
	if (!strcmp(js_or(known, "status", ""), "PAUSED"))
		return 132015;
	if (!strcmp(js_or(known, "status", ""), "DISABLED"))
		return 132016;
	if (strcmp(js_or(known, "status", ""), "APPROVED"))
		return 132001;
	cJSON_ArrayForEach(c, at(known, "components"))
	{
		if (!strcmp(js_or(c, "type", ""), "BODY"))
			wanted = variables(js(c, "text"));
	}
	cJSON_ArrayForEach(c, at(o, "components"))
	{
		if (!strcmp(js_or(c, "type", ""), "body"))
			given = cJSON_GetArraySize(at(c, "parameters"));
	}
	return wanted == given ? 0 : 132000;
}
