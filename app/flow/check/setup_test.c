/* setup_test.c - kind `setup.test` of upkeep: the live tests of the first run and of the page of a part. `ref`:
 * setup_test_ref.
 *
 * Each asks one peer one harmless question and turns the answer into a code: what is wrong and what to do. The clock is
 * compared with the Date of whoever answered. */
#include "base/enc.h"
#include "base/log.h"
#include "flow/channel/channel_check.h"
#include "flow/channel/channel_test.h"
#include "flow/check/setup_test.h"
#include "flow/check/setup_test_priv.h"
#include "flow/clock/clockdoubt.h"
#include "flow/upkeep_kinds.h"
#include "io/jsonw.h"
#include "peer/chatwoot/chatwoot.h"
#include "store/target.h"

#define CLOCK_MAX_MS \
	(2 *         \
	 MINUTE_MS) /* Chatwoot's signatures are good for five minutes, TLS for less than a day */
#define TIMEOUT_MS 10000

void setup_find(struct finding *f, enum setup_code code, struct str arg)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * SETUP_ARG_MAX);

	enc_utf8_clean(&b, enc_utf8_ok(arg) ? enc_utf8_cut(arg, SETUP_ARG_MAX / 4) : STR("?"));
	f->code = code;
	if (!str_copy(sbuf_view(&b), f->arg, sizeof(f->arg)))
		f->arg[0] = '\0';
}

/* ---- the clock ---- */

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7). False: something else. */
bool setup_test_date(struct str text, int64_t *ret_ms)
{
	static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t day, year, h, m, s;
	char iso[40];
	int month = 0;

	if (text.n != 29 || !str_ends(text, STR(" GMT")) ||
	    !str_i64(str_sub(text, 5, 2), 1, 31, &day) ||
	    !str_i64(str_sub(text, 12, 4), 1970, 9999, &year) ||
	    !str_i64(str_sub(text, 17, 2), 0, 23, &h) ||
	    !str_i64(str_sub(text, 20, 2), 0, 59, &m) || !str_i64(str_sub(text, 23, 2), 0, 60, &s))
		return false;
	while (month < 12 && memcmp(MONTHS + 3 * month, text.p + 8, 3) != 0)
		month++;
	if (month == 12)
		return false;
	(void)snprintf(iso, sizeof(iso), "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, month + 1,
		       (int)day, (int)h, (int)m, (int)(s == 60 ? 59 : s));
	return clock_parse(str_of(iso), ret_ms);
}

/* True: the clock is off, and that is the finding. */
static bool clock_is_off(struct finding *f, const struct http_answer *ans, int64_t now_ms)
{
	int64_t there_ms, off_ms;
	char text[40];

	if (!setup_test_date(str_of(ans->kept), &there_ms))
		return false;
	off_ms = now_ms - there_ms;
	if (off_ms > -CLOCK_MAX_MS && off_ms < CLOCK_MAX_MS)
		return false;
	(void)snprintf(text, sizeof(text), "%s%lld min", off_ms < 0 ? "-" : "+",
		       (long long)((off_ms < 0 ? -off_ms : off_ms) / MINUTE_MS));
	setup_find(f, SETUP_CLOCK_WRONG, str_of(text));
	return true;
}

enum setup_code setup_test_refused(struct http_cert_span good, int64_t now_ms, bool doubt)
{
	bool early = good.from_ms != 0 && now_ms < good.from_ms;
	bool late = good.until_ms != 0 && now_ms > good.until_ms;

	return early || (late && doubt) ? SETUP_CLOCK_BY_CERTIFICATE : SETUP_CERTIFICATE;
}

/* ---- one question ---- */

/* Host of an address, with its port, for people. */
static struct str host_of(struct str url)
{
	ptrdiff_t at = str_find(url, STR("://")), end;

	if (at >= 0)
		url = str_sub(url, (size_t)at + 3, url.n);
	end = str_chr(url, '/');
	return end >= 0 ? str_sub(url, 0, (size_t)end) : url;
}

static enum setup_code refused(const struct upkeep_run *u, struct http_cert_span good)
{
	return setup_test_refused(good, u->now_ms, clockdoubt_is(u->w->app));
}

bool setup_ask(struct upkeep_run *u, struct str url, const struct http_header *header,
	       struct http_answer *ans, struct finding *f)
{
	struct err e = { .rc = RC_OK };
	const char *text = arena_dup(&u->w->arena, url);
	enum rc rc = http_do(u->w->http,
			     &(struct http_request){ .method = "GET",
						     .url = text != NULL ? text : "",
						     .headers = header,
						     .header_count = header != NULL ? 1 : 0,
						     .timeout_ms = TIMEOUT_MS,
						     .look_at_cert = true,
						     .keep_header = "Date" },
			     ans, &e);

	if (ans->cert_refused) {
		setup_find(f, refused(u, ans->refused), host_of(url));
		return false;
	}
	if (rc != RC_OK) {
		setup_find(f, SETUP_UNREACHABLE, host_of(url));
		return false;
	}
	return !clock_is_off(f, ans, u->now_ms);
}

/* ---- the box as the internet sees it ---- */

/* Any server answers 200 to something: only this box can answer Meta's handshake, and only where webhooks go. */
static void test_url(struct upkeep_run *u, struct finding *f)
{
	struct str address = setting_str(u->config->settings, "public_url");
	struct channel_test t;

	u->channel = setup_test_channel(u->config);
	if (address.n == 0) {
		setup_find(f, SETUP_NOT_SET, STR("public_url"));
		return;
	}
	if (u->channel == NULL || u->channel->verify_token.n == 0) {
		setup_find(f, SETUP_NOT_SET, STR("channel.*.verify_token"));
		return;
	}
	channel_test_run(u, channel_check_hook_url(u->config, &u->w->arena), &t);
	switch (t.found) {
	case CHANNEL_TEST_UNSET:
		setup_find(f, SETUP_NOT_SET, STR("public_url"));
		break;
	case CHANNEL_TEST_FINE:
	case CHANNEL_TEST_CLIENT_CERT: /* ours, which lets in nobody but Meta */
		setup_find(f, SETUP_FINE, host_of(address));
		break;
	case CHANNEL_TEST_UNREACHED:
		setup_find(f, SETUP_URL_OUTSIDE, address);
		break;
	case CHANNEL_TEST_CERTIFICATE:
		setup_find(f, refused(u, t.refused), host_of(address));
		break;
	case CHANNEL_TEST_FOREIGN:
		setup_find(f, SETUP_URL_FOREIGN, address);
		break;
	}
}

/* ---- Chatwoot ---- */

/* A literal address that is not of the internet, or this machine. */
bool setup_test_is_private(struct str host)
{
	static const char *const STARTS[] = { "10.",   "192.168.", "127.", "169.254.", "localhost",
					      "[::1]", "[fe80",    "[fc",  "[fd" };
	struct str part, rest = host;
	int64_t n;

	for (size_t i = 0; i < COUNT(STARTS); i++) {
		if (str_starts(host, str_of(STARTS[i])))
			return true;
	}
	return str_cut(&rest, '.', &part) && str_eqc(part, "172") && str_cut(&rest, '.', &part) &&
	       str_i64(part, 16, 31, &n);
}

/* Whether an agent's message ever came from there: then nothing blocks its webhooks. */
static bool heard_of(struct upkeep_run *u, int64_t target_id)
{
	struct err e = { .rc = RC_OK };
	struct db *db = store_reader(u->w->app->store);
	bool heard = false;
	enum rc rc = setup_heard(db, target_id, &heard, &e);

	store_reader_done(u->w->app->store, db);
	return rc == RC_OK && heard;
}

static void judge_inbox(struct upkeep_run *u, const struct chatwoot_target *t,
			const struct http_answer *ans, struct finding *f)
{
	AUTO(json_freep) struct json *root = NULL;
	struct str hook;
	char text[120];

	if (ans->status == 401 || ans->status == 403) {
		setup_find(f, SETUP_WRONG_TOKEN, STR(""));
		return;
	}
	if (ans->status == 404) {
		setup_find(f, SETUP_WRONG_INBOX, STR(""));
		return;
	}
	if (ans->status != 200 || json_parse(sbuf_view(&ans->body), &root, NULL) != RC_OK) {
		(void)snprintf(text, sizeof(text), "Chatwoot: HTTP %d", ans->status);
		setup_find(f, SETUP_PEER_SAYS, str_of(text));
		return;
	}
	hook = json_get_str(root, "webhook_url");
	if (hook.n == 0) {
		(void)snprintf(text, sizeof(text), "http://.../webhooks/chatwoot/%s", t->slug);
		setup_find(f, SETUP_NO_WEBHOOK, str_of(text));
		return;
	}
	if (setup_test_is_private(host_of(hook)) && !heard_of(u, t->id))
		setup_find(f, SETUP_PRIVATE_BLOCKED, host_of(hook));
	else
		setup_find(f, SETUP_FINE, json_get_str(root, "name"));
}

static void test_chatwoot(struct upkeep_run *u, struct finding *f)
{
	const struct config *c = u->config;
	const struct chatwoot_target *t = f->target_id != 0       ? config_chatwoot(c, f->target_id)
					  : c->chatwoot_count > 0 ? &c->chatwoots[0]
								  : NULL;
	struct http_answer ans = HTTP_ANSWER;
	struct http_header token = { .name = "api_access_token" };
	struct str base;
	const char *url;

	if (t == NULL || t->url.n == 0 || t->token.n == 0 || t->inbox_id == 0) {
		setup_find(f, SETUP_NOT_SET,
			   t == NULL || t->url.n == 0 ? STR("chatwoot.*.url")
			   : t->token.n == 0          ? STR("chatwoot.*.token")
						      : STR("chatwoot.*.inbox_id"));
		return;
	}
	base = t->url;
	while (str_ends(base, STR("/")))
		base.n--;
	token.value = arena_dup(&u->w->arena, t->token);
	url = arena_printf(&u->w->arena, "%.*s/api/v1/accounts/%lld/inboxes/%lld", STRF(base),
			   (long long)t->account_id, (long long)t->inbox_id);
	if (setup_ask(u, str_of(url), &token, &ans, f))
		judge_inbox(u, t, &ans, f);
	http_answer_release(&ans);
}

/* ---- n8n ---- */

static void judge_n8n(const struct n8n_target *t, const struct http_answer *ans, struct finding *f)
{
	AUTO(json_freep) struct json *root = NULL;
	struct str body = sbuf_view(&ans->body);
	bool is_json = json_parse(body, &root, NULL) == RC_OK, ok = ans->status / 100 == 2;
	char text[60];

	(void)snprintf(text, sizeof(text), "n8n: HTTP %d", ans->status);
	if (ans->status == 401 || ans->status == 403)
		setup_find(f, SETUP_N8N_REFUSES, str_of(text));
	else if (str_find(body, STR("starting up")) >= 0)
		setup_find(f, SETUP_N8N_STARTING, STR(""));
	else if (is_json && ans->status == 404 && str_find(body, STR("for GET requests")) < 0)
		setup_find(f, SETUP_NOT_ACTIVE, STR(""));
	else if (is_json && (ok || ans->status == 404)) /* ok: its webhook takes GET too */
		setup_find(f, SETUP_FINE, host_of(t->url));
	else if (ok || ans->status / 100 == 3 || ans->status == 404)
		setup_find(f, SETUP_NOT_N8N, host_of(t->url));
	else
		setup_find(f, SETUP_PEER_SAYS, str_of(text));
}

/* A GET of the production address of a POST webhook: n8n says "not registered for GET requests" with a hint at POST when
 * the workflow is active, and plainly "not registered" when it is not. Nothing runs. */
static void test_n8n(struct upkeep_run *u, struct finding *f)
{
	const struct config *c = u->config;
	const struct n8n_target *t = f->target_id != 0  ? config_n8n(c, f->target_id)
				     : c->n8n_count > 0 ? &c->n8ns[0]
							: NULL;
	struct http_answer ans = HTTP_ANSWER;

	if (t == NULL || t->url.n == 0) {
		setup_find(f, SETUP_NOT_SET, STR("n8n.*.url"));
		return;
	}
	if (setup_ask(u, t->url, NULL, &ans, f))
		judge_n8n(t, &ans, f);
	http_answer_release(&ans);
}

/* ---- the run ---- */

static void (*const TESTS[SETUP_STEPS])(struct upkeep_run *u, struct finding *f) = {
	[SETUP_STEP_WHATSAPP] = setup_test_whatsapp,
	[SETUP_STEP_URL] = test_url,
	[SETUP_STEP_CHATWOOT] = test_chatwoot,
	[SETUP_STEP_N8N] = test_n8n,
};

static enum rc found_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct finding *f = arg;
	char name[TARGET_NAME_MAX];

	if (f->target_id != 0)
		TRY(target_name(tx->db, f->target_id, name, e));
	return setup_found(tx, f->target_id != 0 ? name : setup_step_name(f->step), f->code,
			   str_of(f->arg), e);
}

enum rc setup_test_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct finding f = { .code = SETUP_PEER_SAYS };

	*ret_next_ms = 0;
	if (u->ref < 0 || u->ref % 16 >= SETUP_STEPS)
		return RC_OK; /* a step of another version */
	f.step = (enum setup_step)(u->ref % 16);
	f.target_id = u->ref / 16;
	TESTS[f.step](u, &f);
	log_event(LOG_INFO, "setup.tested", "step", setup_step_name(f.step), "code",
		  setup_code_name(f.code), NULL);
	return store_write(u->w->app->store, STORE_NORMAL, found_unit, &f, e);
}
