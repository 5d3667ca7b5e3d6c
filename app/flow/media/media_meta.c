/* media_meta.c - files from Meta: the id is resolved to an address that lives five minutes, and read at once.
 *
 * The token goes to the Graph API and to the hosts of setting media_hosts only; redirects are not followed. */
#include "base/log.h"
#include "flow/media/media_fetch.h"
#include "io/http.h"
#include "peer/meta/meta_media.h"
#include "peer/meta/meta_send.h"

#define RESOLVES     2 /* in one run: an address may end between the two calls */
#define TOKEN_MS     MINUTE_MS
#define SPEED_MIN    1024 /* bytes a second, over half a minute */
#define SPEED_S      30
#define ANSWER_MAX   (64 * KIB)
#define CODE_INVALID 100
#define SUB_UNKNOWN  33 /* with 100: there is no such object, or not for this token */

static enum rc bearer(struct media_fetch *f, struct http_header *ret, struct err *e)
{
	const char *text = arena_printf(&f->w->arena, "Bearer %.*s", STRF(f->channel->token));

	*ret = (struct http_header){ "Authorization", text };
	return text != NULL ? RC_OK : FAIL(e, RC_LIMIT, "no room for the token");
}

/* A refusal in Meta's words. What is the token's or Meta's trouble passes; what is the file's is an attempt. */
static void refused(struct media_fetch *f, enum rc rc, const struct http_answer *ans)
{
	const struct wa_answer a = { .rc = rc,
				     .status = ans->status,
				     .body = sbuf_view(&ans->body),
				     .retry_after_ms = ans->retry_after_ms,
				     .tries = 1 };
	struct wa_verdict v;

	meta_send_judge(&a, &v);
	f->wait_ms = i64_max(v.retry_ms, 0);
	if (v.code == CODE_INVALID && v.subcode == SUB_UNKNOWN)
		v.cls = WA_SEND_PERMANENT;
	switch (v.cls) {
	case WA_SEND_PAUSE_NUMBER:
	case WA_SEND_STOP:
		f->wait_ms = i64_max(f->wait_ms, TOKEN_MS);
		media_fetch_say(f, MEDIA_LATER, "%s", v.text);
		return;
	case WA_SEND_RETRY:
	case WA_SEND_PAUSE_RECIPIENT:
	case WA_SEND_WAIT:
		media_fetch_say(f, MEDIA_LATER, "%s", v.text);
		return;
	case WA_SEND_UNKNOWN: /* cut or a gateway's page: nothing can be doubled by asking again */
		media_fetch_say(f, MEDIA_LATER, "WhatsApp did not answer (HTTP %d)", ans->status);
		return;
	case WA_SEND_ACCEPTED:
	case WA_SEND_PERMANENT:
	case WA_SEND_TEMPLATE:
		media_fetch_say(f, MEDIA_AGAIN,
				"WhatsApp does not give the file (HTTP %d, code %lld)", ans->status,
				(long long)v.code);
		return;
	case WA_SEND_CLASSES:
		break;
	}
	BUG("unknown class");
}

/* RC_ABSENT: f->outcome says why there is no place. */
static enum rc resolve(struct media_fetch *f, struct meta_media_place *ret, struct err *e)
{
	AUTO(http_answer_release) struct http_answer ans = HTTP_ANSWER;
	AUTO(sbuf_release) struct sbuf url = SBUF(HTTP_URL_MAX);
	const struct meta_media_api api = { f->channel->base_url, f->channel->version,
					    f->channel->phone_number_id };
	struct http_header header;
	struct err why = { 0 };
	enum rc rc = meta_media_url(&api, f->m->peer_id, &url, &why);

	if (rc == RC_INVALID) {
		media_fetch_say(f, MEDIA_NEVER, "%s", why.text);
		return RC_ABSENT;
	}
	TRY(bearer(f, &header, e));
	rc = http_do(f->w->http,
		     &(struct http_request){ .method = "GET",
					     .url = sbuf_c(&url),
					     .headers = &header,
					     .header_count = 1,
					     .answer_max = ANSWER_MAX,
					     .timeout_ms = f->channel->timeout_ms },
		     &ans, &why);
	if (rc != RC_OK || ans.status != 200) {
		refused(f, rc, &ans);
		return RC_ABSENT;
	}
	if (meta_media_place(sbuf_view(&ans.body), &f->w->arena, ret, &why) == RC_OK)
		return RC_OK;
	media_fetch_say(f, MEDIA_AGAIN, "WhatsApp's answer for the file is of no use");
	return RC_ABSENT;
}

static void judge(struct media_fetch *f, const struct http_answer *ans)
{
	int s = ans->status;

	if (s / 100 == 2)
		f->outcome = MEDIA_GOT;
	else if (s / 100 == 3)
		media_fetch_say(f, MEDIA_AGAIN, "the file's address leads elsewhere (HTTP %d)", s);
	else if (s == 401 || s == 429 || s == 408 || s >= 500)
		media_fetch_say(f, MEDIA_LATER, "the file's host answers HTTP %d", s);
	else
		media_fetch_say(f, MEDIA_AGAIN, "the file's host answers HTTP %d", s);
	if (s == 401)
		f->wait_ms = TOKEN_MS;
}

/* *ret_stale: the address was valid no longer; a new one may do. */
static enum rc download(struct media_fetch *f, const struct meta_media_place *p, bool *ret_stale,
			struct err *e)
{
	AUTO(http_answer_release) struct http_answer ans = HTTP_ANSWER;
	struct http_header header;
	struct err why = { 0 };
	enum rc rc;

	TRY(media_fetch_begin(f, e));
	TRY(bearer(f, &header, e));
	rc = http_do(f->w->http,
		     &(struct http_request){ .method = "GET",
					     .url = p->url.p,
					     .headers = &header,
					     .header_count = 1,
					     .answer_max = ANSWER_MAX,
					     .timeout_ms = f->channel->media_timeout_ms,
					     .sink = media_fetch_sink,
					     .sink_arg = f,
					     .sink_max = INT64_MAX, /* the sink has its own */
					     .low_speed_bytes = SPEED_MIN,
					     .low_speed_s = SPEED_S },
		     &ans, &why);
	if (f->put.too_long) {
		media_fetch_say(f, MEDIA_NEVER, "the file is longer than %lld bytes",
				(long long)f->config->media_file_max);
		return RC_OK;
	}
	if (rc == RC_LIMIT || rc == RC_IO || rc == RC_CONFLICT)
		return FAIL(e, rc, "%s", why.text);
	if (rc == RC_OK) {
		judge(f, &ans);
		*ret_stale = ans.status == 404 || ans.status == 403 || ans.status == 410;
	} else if (ans.sunk_bytes > 0) {
		media_fetch_say(f, MEDIA_AGAIN, "the file broke off after %lld bytes",
				(long long)ans.sunk_bytes);
	} else {
		media_fetch_say(f, MEDIA_LATER, "the file's host was not reached");
	}
	return RC_OK;
}

static bool told_too_long(struct media_fetch *f, const struct meta_media_place *p)
{
	if (p->bytes <= f->config->media_file_max)
		return false;
	media_fetch_say(f, MEDIA_NEVER, "the file is longer than %lld bytes",
			(long long)f->config->media_file_max);
	return true;
}

static enum rc try_once(struct media_fetch *f, bool *ret_stale, struct err *e)
{
	struct meta_media_place place;
	struct err why = { 0 };
	enum rc rc = resolve(f, &place, e);

	*ret_stale = false;
	if (rc == RC_ABSENT)
		return RC_OK;
	TRY(rc);
	if (told_too_long(f, &place))
		return RC_OK;
	if (meta_media_may_ask(place.url, f->channel->media_hosts, f->channel->base_url, &why) !=
	    RC_OK) {
		log_err(LOG_WARN, "media.host_refused", &why);
		media_fetch_say(f, MEDIA_AGAIN, "%.150s", why.text);
		return RC_OK;
	}
	f->said.mime = place.mime;
	f->said.bytes = place.bytes;
	f->said.sha256 = STR_NONE;
	if (place.has_sha256 && f->m->told_sha256.n == 0) {
		f->said.sha256 = arena_str(&f->w->arena,
					   str_n((const char *)place.sha256, sizeof(place.sha256)));
		if (f->said.sha256.p == NULL)
			return FAIL(e, RC_LIMIT, "no room for a checksum");
	}
	return download(f, &place, ret_stale, e);
}

enum rc media_fetch_meta(struct media_fetch *f, struct err *e)
{
	bool stale = true;

	if (f->channel->token.n == 0 || f->channel->phone_number_id.n == 0) {
		f->wait_ms = TOKEN_MS;
		media_fetch_say(f, MEDIA_LATER, "the channel has no token or no phone number id");
		return RC_OK;
	}
	for (int i = 0; i < RESOLVES && stale; i++)
		TRY(try_once(f, &stale, e));
	return RC_OK;
}
