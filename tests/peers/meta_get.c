/* meta_get.c - the GETs that a self-check of the receiver makes: number, token, subscriptions, templates. The control
 * call `shape` gives any of them another answer: a bad quality, a token that ends tomorrow, no subscription. */
#include "meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APP_ID "1"

bool meta_app_token(const struct meta *t, const char *token)
{
	char wanted[600];

	snprintf(wanted, sizeof wanted, APP_ID "|%s", t->cfg->app_secret);
	return !strcmp(token, wanted);
}

static bool ends(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

void meta_shapes_forget(struct meta *t)
{
	for (size_t i = 0; i < META_SHAPES_MAX; i++) {
		free(t->shapes[i].path);
		free(t->shapes[i].body);
		t->shapes[i] = (struct shape){ 0 };
	}
}

/* {"path":"/debug_token","status":200,"body":{...}}; without a body the usual answer comes back. */
void meta_shape(struct meta *t, const struct mini_req *req, const cJSON *in)
{
	const char *path = js_or(in, "path", "");
	const cJSON *body = cJSON_GetObjectItemCaseSensitive(in, "body");
	struct shape *place = NULL;

	for (size_t i = 0; i < META_SHAPES_MAX; i++) {
		struct shape *s = &t->shapes[i];
		if (s->path && !strcmp(s->path, path)) {
			free(s->path);
			free(s->body);
			*s = (struct shape){ 0 };
		}
		if (!s->path && !place)
			place = s;
	}
	if (body && place) {
		char *text = cJSON_PrintUnformatted(body);
		*place = (struct shape){ .path = xcopy(path, strlen(path)),
					 .body = xcopy(text, strlen(text)),
					 .status = ji(in, "status", 200) };
		cJSON_free(text);
	}
	dbl_text(&t->d, req->conn, place ? 200 : 409, NULL, "{}");
}

static const struct shape *shape_of(const struct meta *t, const char *rest)
{
	for (size_t i = 0; i < META_SHAPES_MAX; i++) {
		if (t->shapes[i].path && ends(rest, t->shapes[i].path))
			return &t->shapes[i];
	}
	return NULL;
}

static void number(const struct meta *t, struct buf *b)
{
	buf_printf(b,
		   "{\"id\":\"%s\",\"display_phone_number\":\"%s\",\"verified_name\":\"Loja "
		   "Totem\",\"quality_rating\":\"GREEN\",\"status\":\"CONNECTED\",\"name_status\":"
		   "\"APPROVED\",\"code_verification_status\":\"VERIFIED\",\"platform_type\":"
		   "\"CLOUD_API\",\"is_on_biz_app\":false,\"throughput\":{\"level\":\"STANDARD\"},"
		   "\"whatsapp_business_manager_messaging_limit\":\"TIER_10K\",\"health_status\":{"
		   "\"can_send_message\":\"AVAILABLE\",\"entities\":[{\"entity_type\":"
		   "\"PHONE_NUMBER\",\"id\":\"%s\",\"can_send_message\":\"AVAILABLE\"}]}}",
		   t->cfg->phone_id, t->cfg->display_phone, t->cfg->phone_id);
}

/* False: no such object. */
static bool usual(const struct meta *t, const char *rest, const char *query, struct buf *b)
{
	size_t id_n = strcspn(rest, "/");
	bool is_phone = id_n == strlen(t->cfg->phone_id) && !strncmp(rest, t->cfg->phone_id, id_n);
	bool is_waba = id_n == strlen(t->cfg->waba) && !strncmp(rest, t->cfg->waba, id_n);

	if (is_phone && !rest[id_n])
		number(t, b);
	else if (!strcmp(rest, "debug_token"))
		buf_puts(b, "{\"data\":{\"app_id\":\"" APP_ID "\",\"type\":\"SYSTEM_USER\","
			    "\"is_valid\":true,\"expires_at\":0,\"data_access_expires_at\":0,"
			    "\"scopes\":[\"whatsapp_business_management\","
			    "\"whatsapp_business_messaging\"]}}");
	else if (!strcmp(rest, APP_ID "/subscriptions"))
		buf_printf(
			b,
			"{\"data\":[{\"object\":\"whatsapp_business_account\",\"callback_url\":"
			"\"%s%s\",\"active\":true,\"fields\":[{\"name\":\"messages\",\"version\":"
			"\"v24.0\"}]}]}",
			t->cfg->totem ? t->cfg->totem : "", t->cfg->meta_hook);
	else if (is_waba && !strcmp(rest + id_n, "/subscribed_apps"))
		buf_puts(b, "{\"data\":[{\"whatsapp_business_api_data\":{\"id\":\"" APP_ID
			    "\",\"name\":\"totem\"}}]}");
	else if (is_waba && !strcmp(rest + id_n, "/phone_numbers"))
		buf_printf(b, "{\"data\":[{\"id\":\"%s\",\"display_phone_number\":\"%s\"}]}",
			   t->cfg->phone_id, t->cfg->display_phone);
	else if (is_waba && !strcmp(rest + id_n, "/message_templates"))
		meta_templates_page(t, query, b);
	else
		return false;
	return true;
}

void meta_get(struct meta *t, const struct mini_req *req, const char *rest)
{
	struct rule rule = dbl_rule(&t->d, req, NULL);
	const struct shape *shape = shape_of(t, rest);
	struct buf b = { 0 };

	if (dbl_refused(&t->d, req, &rule))
		return;
	if (shape)
		buf_puts(&b, shape->body);
	else if (!usual(t, rest, req->query, &b)) {
		meta_refuse(t, req, 400, 100, "Unsupported get request. Object does not exist");
		return;
	}
	dbl_reply(&t->d, req->conn, shape ? shape->status : 200, NULL,
		  "facebook-api-version: v24.0\r\n", b.p, b.n, &rule);
	buf_free(&b);
}
