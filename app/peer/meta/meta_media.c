/* meta_media.c - see meta_media.h. */
#include "peer/meta/meta_media.h"

#include "base/enc.h"
#include "io/json.h"
#include "peer/meta/meta_send.h"

#define MEDIA_ID_MAX 128u
#define SUFFIX       "/messages"
#define REPEAT_MS    (5 * SECOND_MS) /* after an upload whose outcome is unknown */

static bool id_ok(struct str id)
{
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    c != '-' && c != '_')
			return false;
	}
	return id.n > 0 && id.n <= MEDIA_ID_MAX;
}

enum rc meta_media_upload_url(const struct meta_media_api *api, struct sbuf *to, struct err *e)
{
	TRY(meta_send_url(api->base, api->version, api->phone_number_id, to, e));
	to->n -= sizeof(SUFFIX) - 1;
	sbuf_text(to, "/media");
	return sbuf_ok(to) ? RC_OK : FAIL(e, RC_LIMIT, "the address is too long");
}

enum rc meta_media_url(const struct meta_media_api *api, struct str media_id, struct sbuf *to,
		       struct err *e)
{
	if (!id_ok(media_id))
		return FAIL(e, RC_INVALID, "media id: not a media id");
	TRY(meta_send_url(api->base, api->version, api->phone_number_id, to, e));
	to->n -= sizeof(SUFFIX) - 1 + api->phone_number_id.n;
	sbuf_str(to, media_id);
	sbuf_text(to, "?phone_number_id=");
	sbuf_str(to, api->phone_number_id);
	return sbuf_ok(to) ? RC_OK : FAIL(e, RC_LIMIT, "the address is too long");
}

/* Hex in this answer and in some histories, base64 in webhooks: both are taken. */
static bool read_sha(struct str text, uint8_t ret[32])
{
	AUTO(sbuf_release) struct sbuf raw = SBUF(64);

	if (text.n == 64)
		return enc_unhex(text, ret, 32, false);
	if (text.n == 0 || !enc_unbase64(&raw, text) || raw.n != 32)
		return false;
	memcpy(ret, raw.p, 32);
	return true;
}

enum rc meta_media_place(struct str body, struct arena *a, struct meta_media_place *ret,
			 struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	*ret = (struct meta_media_place){ .bytes = 0 };
	TRY(json_parse(body, &root, e));
	ret->url = arena_str(a, json_get_str(root, "url"));
	ret->mime = arena_str(a, json_get_str(root, "mime_type"));
	if (ret->url.n == 0)
		return FAIL(e, RC_INVALID, "the answer has no url");
	ret->has_sha256 = read_sha(json_get_str(root, "sha256"), ret->sha256);
	ret->bytes = i64_max(json_get_i64_or(root, "file_size", 0), 0);
	return RC_OK;
}

/* ---- hosts ---- */

struct address {
	bool tls;
	struct str host, port;
};

/* Strict: what is not plainly scheme://host[:port][/...] is refused, so that we and the client below read the same. */
static bool split(struct str url, struct address *ret)
{
	size_t end = 0, colon;

	*ret = (struct address){ .tls = str_starts(url, STR("https://")) };
	if (!ret->tls && !str_starts(url, STR("http://")))
		return false;
	for (size_t i = 0; i < url.n; i++) {
		if (url.p[i] <= ' ' || url.p[i] > '~' || url.p[i] == '\\' || url.p[i] == '@')
			return false;
	}
	url = str_sub(url, ret->tls ? 8 : 7, url.n);
	while (end < url.n && url.p[end] != '/' && url.p[end] != '?' && url.p[end] != '#')
		end++;
	url = str_sub(url, 0, end);
	for (colon = 0; colon < url.n && url.p[colon] != ':'; colon++) {
		char c = url.p[colon];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    c != '.' && c != '-')
			return false;
	}
	ret->host = str_sub(url, 0, colon);
	ret->port = str_sub(url, colon + 1, url.n);
	return ret->host.n > 0 && ret->host.p[ret->host.n - 1] != '.';
}

static bool host_fits(struct str host, struct str rule)
{
	if (rule.n == 0)
		return false;
	if (rule.p[0] != '.')
		return str_ieq(host, rule);
	return host.n > rule.n && str_ieq(str_sub(host, host.n - rule.n, rule.n), rule);
}

static bool is_double(const struct address *at, struct str base)
{
	struct address own;

	return !at->tls && split(base, &own) && !own.tls && str_ieq(own.host, at->host) &&
	       (str_starts(own.host, STR("127.")) || str_ieq(own.host, STR("localhost")));
}

enum rc meta_media_may_ask(struct str url, struct str hosts, struct str base, struct err *e)
{
	struct address at;
	struct str rule;

	if (!split(url, &at))
		return FAIL(e, RC_REFUSED, "the file's address is malformed");
	if (is_double(&at, base))
		return RC_OK;
	if (!at.tls || (at.port.n > 0 && !str_eqc(at.port, "443")))
		return FAIL(e, RC_REFUSED, "%.*s: only https at its usual port",
			    STRF(str_sub(at.host, 0, 100)));
	while (str_cut(&hosts, ' ', &rule)) {
		if (host_fits(at.host, rule))
			return RC_OK;
	}
	return FAIL(e, RC_REFUSED, "%.*s is not among the hosts of setting media_hosts",
		    STRF(str_sub(at.host, 0, 100)));
}

/* ---- uploads ---- */

static bool take_id(struct str body, char *ret_id, size_t id_max)
{
	AUTO(json_freep) struct json *root = NULL;

	return json_parse(body, &root, NULL) == RC_OK && id_ok(json_get_str(root, "id")) &&
	       str_copy(json_get_str(root, "id"), ret_id, id_max);
}

void meta_media_judge(const struct wa_answer *a, struct wa_verdict *ret_v, char *ret_id,
		      size_t id_max)
{
	bool success = a->rc == RC_OK && a->status >= 200 && a->status < 300;

	ret_id[0] = '\0';
	meta_send_judge(a, ret_v);
	if (success && take_id(a->body, ret_id, id_max)) {
		ret_v->cls = WA_SEND_ACCEPTED;
		ret_v->retry_ms = -1;
		(void)snprintf(ret_v->text, sizeof(ret_v->text), "uploaded");
		return;
	}
	if (ret_v->cls != WA_SEND_UNKNOWN && ret_v->cls != WA_SEND_ACCEPTED)
		return;
	ret_v->cls = WA_SEND_RETRY;
	ret_v->retry_ms = i64_max(a->retry_after_ms, REPEAT_MS);
	(void)snprintf(ret_v->text, sizeof(ret_v->text),
		       "the upload gave no id (HTTP %d); it is done again", a->status);
}
