/* chatwoot_fetch.c - see chatwoot_fetch.h. Called by the worker of queue support-bridge-agent; blocks. */
#include "flow/chatwoot/chatwoot_fetch.h"

#include <stdarg.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/http.h"

#define RENEW_US   (10 * (int64_t)1000 * 1000)
#define SPEED_MIN  1024 /* bytes a second, over half a minute */
#define SPEED_S    30
#define TIMEOUT_MS (10 * MINUTE_MS)
#define ANSWER_MAX (64 * KIB) /* of what is no file: a redirect, an error page */

static void say(struct chatwoot_fetch *f, enum chatwoot_fetched o, const char *fmt, ...)
	PRINTF(3, 4);
static void say(struct chatwoot_fetch *f, enum chatwoot_fetched o, const char *fmt, ...)
{
	va_list ap;

	f->outcome = o;
	va_start(ap, fmt);
	(void)vsnprintf(f->why, sizeof(f->why), fmt, ap);
	va_end(ap);
}

static enum rc sink(void *arg, const char *p, size_t n, struct err *e)
{
	struct chatwoot_fetch *f = arg;
	int64_t now_us = clock_mono_us();

	if (now_us - f->renewed_us > RENEW_US) {
		f->renewed_us = now_us;
		if (!queue_renew(store_queues(f->w->app->store), f->job))
			return FAIL(e, RC_CONFLICT, "the lease of the job was lost");
	}
	return media_put_add(&f->put, p, n, e);
}

/* ---- hosts ---- */

static bool listed(struct str hosts, struct str host)
{
	struct str rest = hosts, one;

	while (str_cut(&rest, ' ', &one)) {
		one = str_trim(one);
		if (one.n > 0 && str_ieq(one, host))
			return true;
	}
	return false;
}

/* Where Chatwoot itself is, a private address is no surprise. An address that an agent typed has to be Chatwoot's own door:
 * beside it, on the same host, other programs listen. */
static bool trusted(const struct chatwoot_fetch *f, struct str url)
{
	struct str host = chatwoot_say_host(url);

	if (f->file->typed)
		return chatwoot_say_same_door(url, f->target->url) ||
		       (f->target->file_host.n > 0 &&
			chatwoot_say_same_door(url, f->target->file_host)) ||
		       listed(f->target->file_hosts, host);
	return str_ieq(host, chatwoot_say_host(f->target->url)) ||
	       (f->target->file_host.n > 0 &&
		str_ieq(host, chatwoot_say_host(f->target->file_host))) ||
	       listed(f->target->file_hosts, host);
}

/* "/a" on the host of `at`, or a whole address. False: neither. */
static bool resolve(struct str at, struct str location, struct sbuf *to)
{
	struct str host = chatwoot_say_host(at);
	size_t end;

	location = str_trim(location);
	if (str_starts(location, STR("http://")) || str_starts(location, STR("https://"))) {
		sbuf_str(to, location);
		return sbuf_ok(to) && chatwoot_say_host(location).n > 0;
	}
	if (!str_starts(location, STR("/")) || str_starts(location, STR("//")) || host.n == 0)
		return false;
	end = (size_t)(host.p - at.p) + host.n;
	while (end < at.n && at.p[end] != '/' && at.p[end] != '?' && at.p[end] != '#')
		end++; /* the port */
	sbuf_str(to, str_sub(at, 0, end));
	sbuf_str(to, location);
	return sbuf_ok(to);
}

/* ---- one request ---- */

struct hop {
	struct sbuf url, next; /* next: where an answer leads */
	enum rc rc;
	int status;
};

static enum rc get(struct chatwoot_fetch *f, struct hop *h, struct http_answer *ans, struct err *e)
{
	struct err why = { 0 };

	h->rc = http_do(f->w->http,
			&(struct http_request){ .method = "GET",
						.url = sbuf_c(&h->url),
						.answer_max = ANSWER_MAX,
						.timeout_ms = TIMEOUT_MS,
						.keep_header = "Location",
						.guard_private = !trusted(f, sbuf_view(&h->url)),
						.sink = sink,
						.sink_arg = f,
						.sink_max = INT64_MAX, /* the sink has its own */
						.low_speed_bytes = SPEED_MIN,
						.low_speed_s = SPEED_S },
			ans, &why);
	h->status = ans->status;
	if (f->put.too_long)
		return RC_OK;
	if (h->rc == RC_LIMIT || h->rc == RC_IO || h->rc == RC_CONFLICT)
		return FAIL(e, h->rc, "%s", why.text);
	return RC_OK;
}

static enum rc keep(struct chatwoot_fetch *f, const struct http_answer *ans, struct err *e)
{
	const struct media_said said = { .mime = f->file->mime.n > 0 ? f->file->mime
								     : str_of(ans->content_type),
					 .filename = f->file->name };
	struct err why = { 0 };
	enum rc rc = media_put_place(&f->put, &said, &why);

	if (rc == RC_OK) {
		f->outcome = CHATWOOT_FETCHED;
		return RC_OK;
	}
	if (rc != RC_INVALID)
		return FAIL(e, rc, "%s", why.text);
	say(f, CHATWOOT_FETCH_AGAIN, "the file could not be used: %.100s", why.text);
	return RC_OK;
}

/* What a status other than success and redirect says of the file. */
static void refused(struct chatwoot_fetch *f, int status)
{
	if (status == 404 || status == 410 || status == 403 || status == 401)
		say(f, CHATWOOT_FETCH_AGAIN,
		    "the file is not there any more, or its address expired (HTTP %d)", status);
	else if (status == 429 || status == 408 || status >= 500)
		say(f, CHATWOOT_FETCH_LATER, "the file's server is busy (HTTP %d)", status);
	else
		say(f, CHATWOOT_FETCH_AGAIN, "the file's server answered HTTP %d", status);
}

static void not_reached(struct chatwoot_fetch *f, const struct hop *h,
			const struct http_answer *ans)
{
	if (h->rc == RC_REFUSED)
		say(f, CHATWOOT_FETCH_NEVER,
		    "the file lies at a private address that is not Chatwoot's (settings "
		    "chatwoot.*.file_host, file_hosts)");
	else if (h->rc == RC_INVALID)
		say(f, CHATWOOT_FETCH_NEVER, "the file's address is none");
	else if (ans->sunk_bytes > 0)
		say(f, CHATWOOT_FETCH_AGAIN, "the file broke off after %lld bytes",
		    (long long)ans->sunk_bytes);
	else
		say(f, CHATWOOT_FETCH_LATER, "the file's server was not reached");
	f->down = f->outcome == CHATWOOT_FETCH_LATER;
}

static enum rc judge(struct chatwoot_fetch *f, struct hop *h, const struct http_answer *ans,
		     bool *ret_on, struct err *e)
{
	struct str rest = str_of(ans->kept), line = STR_NONE;

	if (f->put.too_long) {
		say(f, CHATWOOT_FETCH_NEVER, "the file is longer than %lld bytes",
		    (long long)f->config->media_file_max);
		return RC_OK;
	}
	if (h->rc != RC_OK) {
		not_reached(f, h, ans);
		return RC_OK;
	}
	if (h->status / 100 == 2)
		return keep(f, ans, e);
	if (h->status / 100 != 3) {
		refused(f, h->status);
		return RC_OK;
	}
	(void)str_cut(&rest, '\n', &line);
	*ret_on = resolve(sbuf_view(&h->url), line, &h->next);
	if (!*ret_on)
		say(f, CHATWOOT_FETCH_NEVER, "the file's address leads nowhere (HTTP %d)",
		    h->status);
	return RC_OK;
}

static enum rc hop(struct chatwoot_fetch *f, struct hop *h, bool *ret_on, struct err *e)
{
	const struct media_put_new n = { .company_id = f->target->company_id,
					 .max = f->config->media_file_max,
					 .origin = "chatwoot" };
	AUTO(http_answer_release) struct http_answer ans = HTTP_ANSWER;

	*ret_on = false;
	media_put_drop(&f->put);
	TRY(media_put_begin(f->w->app, &n, &f->put, e));
	TRY(get(f, h, &ans, e));
	return judge(f, h, &ans, ret_on, e);
}

/* From `url` on until something that is no redirect. */
static enum rc follow(struct chatwoot_fetch *f, struct str url, struct err *e)
{
	struct hop h = { .url = SBUF(HTTP_URL_MAX), .next = SBUF(HTTP_URL_MAX) };
	bool on = true;
	enum rc rc = RC_OK;

	f->down = false;
	sbuf_str(&h.url, url);
	for (int i = 0; on && rc == RC_OK; i++) {
		on = i < CHATWOOT_FETCH_HOPS;
		if (!on) {
			say(f, CHATWOOT_FETCH_NEVER, "the file's address leads on and on");
			break;
		}
		rc = hop(f, &h, &on, e);
		if (on) {
			sbuf_reset(&h.url);
			sbuf_str(&h.url, sbuf_view(&h.next));
			sbuf_reset(&h.next);
		}
	}
	sbuf_release(&h.url);
	sbuf_release(&h.next);
	return rc;
}

/* ---- which address ---- */

static enum rc follow_on(struct chatwoot_fetch *f, struct str base, struct err *e)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(HTTP_URL_MAX);
	struct err why = { 0 };

	if (chatwoot_say_rehost(f->file->url, base, &url, &why) != RC_OK) {
		say(f, CHATWOOT_FETCH_NEVER, "%s", why.text);
		return RC_OK;
	}
	return follow(f, sbuf_view(&url), e);
}

/* What an agent typed may be a file of Chatwoot's too: then its path says so. */
static bool is_chatwoots(const struct chatwoot_fetch *f)
{
	return !f->file->typed || str_find(f->file->url, STR("/rails/")) >= 0;
}

/* The address that Chatwoot believes to have (FRONTEND_URL) is not the one by which we reach it. What was refused and is not
 * there either stays refused: that is the reason which helps. */
static enum rc try_chatwoot(struct chatwoot_fetch *f, struct err *e)
{
	enum chatwoot_fetched before = f->outcome;
	char why[sizeof(f->why)];

	log_event(LOG_WARN, "chatwoot.file_elsewhere", "target", f->target->slug, "why", f->why,
		  NULL);
	memcpy(why, f->why, sizeof(why));
	TRY(follow_on(f, f->target->url, e));
	if (before == CHATWOOT_FETCH_NEVER && f->outcome == CHATWOOT_FETCH_AGAIN)
		say(f, CHATWOOT_FETCH_NEVER, "%s", why);
	return RC_OK;
}

enum rc chatwoot_fetch_file(struct chatwoot_fetch *f, struct err *e)
{
	struct str host = chatwoot_say_host(f->file->url);

	f->renewed_us = clock_mono_us();
	if (f->file->bytes > f->config->media_file_max) {
		say(f, CHATWOOT_FETCH_NEVER, "the file is longer than %lld bytes",
		    (long long)f->config->media_file_max);
		return RC_OK;
	}
	if (f->target->file_host.n > 0 && is_chatwoots(f))
		return follow_on(f, f->target->file_host, e);
	if (host.n == 0) /* FRONTEND_URL is wrong: "http://https/..." */
		return follow_on(f, f->target->url, e);
	TRY(follow(f, f->file->url, e));
	if ((f->down || f->outcome == CHATWOOT_FETCH_NEVER) && !f->put.too_long &&
	    is_chatwoots(f) && !chatwoot_say_same_door(f->file->url, f->target->url))
		return try_chatwoot(f, e);
	return RC_OK;
}
