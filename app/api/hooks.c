/* hooks.c - the door for peers' webhooks: check the signature, store the bytes, answer. The hot path of the box.
 *
 *   header's form -> body -> signature over the raw bytes -> seen before? -> delivery + job, COMMIT, fsync -> 200 OK
 *
 * Nothing is parsed here; what is no JSON is stored too and put aside later (flow/ingest). A refused request leaves a
 * counter and at most one log line in REFUSAL_LOG_MS. A name in the path that is none of ours is no reason to lose what a
 * peer signed with one of our secrets: it is stored with a note (http.md); everybody else gets 401. Memory: the worker's own buffers; the headers' JSON is written
 * where the answer's body would be. */
#include <stdatomic.h>

#include "api/handlers.h"
#include "api/hooks_priv.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/log.h"
#include "flow/channel/channel_test.h"
#include "flow/damage/damage.h"
#include "flow/evolution/evolution_door.h"
#include "flow/check/setup_test.h"
#include "peer/sign.h"
#include "store/channel/channel_state.h"

#define REFUSAL_LOG_MS  (10 * SECOND_MS)
#define CHALLENGE_MAX   200u
#define SHAKE_NOTE_MS   MINUTE_MS /* refused handshakes are kept at most so often */
#define SECRETS_ALL_MAX 64        /* distinct secrets tried for one body; each costs a MAC */

struct signers { /* secrets that may have signed, and whose they are */
	struct str secret[SECRETS_ALL_MAX];
	const struct channel *owner[SECRETS_ALL_MAX];
	size_t n;
};

void hook_answer_text(struct call *c, int status, struct str text)
{
	sbuf_reset(&c->r->body);
	c->r->status = status;
	c->r->content_type = "text/plain";
	c->r->body_static = text;
}

void hook_refuse(struct hook *h, const char *source, const char *why)
{
	struct state *s = h->state;
	int64_t now_ms = h->c->q->now_ms, logged_ms = atomic_load(&s->refusal_logged_ms);

	atomic_fetch_add(&s->signature_failures, 1);
	if (now_ms - logged_ms >= REFUSAL_LOG_MS &&
	    atomic_compare_exchange_strong(&s->refusal_logged_ms, &logged_ms, now_ms))
		log_event(LOG_WARN, "hook.refused", "source", source, "path", h->c->route->path,
			  "client", h->c->q->client, "why", why, "unlogged",
			  LOG_I64(atomic_exchange(&s->refusals_unlogged, 0)), NULL);
	else
		atomic_fetch_add(&s->refusals_unlogged, 1);
	problem(h->c, 401, "bad-signature", why);
}

static bool read_body(struct call *c)
{
	struct err e = { .rc = RC_OK };
	enum rc rc = web_body(c->q, c->route->body_max, &e);

	if (rc == RC_OK)
		return true;
	c->r->close = true;
	if (rc == RC_LIMIT)
		problem(c, 413, "too-long", e.text);
	else
		problem(c, 400, "bad-request", e.text);
	return false;
}

static enum rc store_unit_hook(struct tx *tx, void *arg, struct err *e)
{
	struct hook *h = arg;

	return delivery_add(tx, &h->delivery, e);
}

static struct str headers_json(struct hook *h, const char *const *names, size_t count)
{
	struct call *c = h->c;
	struct sbuf *b = &c->r->body;
	struct jsonw w;

	sbuf_reset(b);
	jsonw_init(&w, b);
	jsonw_object(&w);
	for (size_t i = 0; i < count; i++) {
		struct str v = web_req_header(c->q, names[i]);

		if (v.p != NULL && v.n <= WEB_HEADER_VALUE_MAX)
			jsonw_kstr(&w, names[i], v);
	}
	if (h->path_event.n > 0 && h->path_event.n <= WEB_HEADER_VALUE_MAX)
		jsonw_kstr(&w, "Path-Event", h->path_event);
	if (h->unknown_name.n > 0)
		jsonw_kstr(&w, HOOK_UNKNOWN_NAME, str_sub(h->unknown_name, 0, HOOK_NAME_MAX));
	jsonw_end(&w);
	return sbuf_view(b);
}

void hook_store(struct hook *h)
{
	static const char *const HEADERS[] = { "User-Agent",          "Content-Type",
					       "Traceparent",         "X-Chatwoot-Timestamp",
					       "X-Chatwoot-Delivery", "X-Instance-Name",
					       "X-Event-Type",        "X-Timestamp" };
	struct err e = { .rc = RC_OK };
	struct call *c = h->c;
	struct req *q = c->q;
	enum rc rc;

	if (seen_has(&h->state->seen, h->mac, q->now_ms)) {
		hook_answer_text(c, 200, STR("OK"));
		return;
	}
	if (__atomic_load_n(&c->app->disk_low, __ATOMIC_RELAXED)) {
		atomic_fetch_add(&h->state->hooks_failed, 1);
		problem(c, 503, "disk-low",
			"The disk is nearly full. Keep this and send it again.");
		return;
	}
	h->delivery.received_ms = q->now_ms;
	h->delivery.request_id = str_of(q->request_id);
	h->delivery.headers = headers_json(h, HEADERS, COUNT(HEADERS));
	if (h->delivery.body.p == NULL)
		h->delivery.body = q->body;
	rc = store_write(damage_inbox(c->app), STORE_URGENT, store_unit_hook, h, &e);
	if (rc != RC_OK) {
		/* The peer tries again; nothing is remembered of this one. */
		atomic_fetch_add(&h->state->hooks_failed, 1);
		log_err(LOG_ERROR, "hook.not_stored", &e);
		problem(c, 503, rc == RC_LIMIT ? "busy" : "storage",
			"This could not be stored. Send it again.");
		return;
	}
	seen_add(&h->state->seen, h->mac, q->now_ms);
	atomic_fetch_add_explicit(&h->state->hooks_stored, 1, memory_order_relaxed);
	hook_answer_text(c, 200, STR("OK"));
}

/* The signature is itself a MAC of the body under a secret that only the peer has; the target keeps two doors apart. */
struct seen_mac hook_mac_of(const uint8_t mac[SHA256_BYTES], int64_t target_id)
{
	struct seen_mac m;

	memcpy(&m.a, mac, sizeof(m.a));
	memcpy(&m.b, mac + sizeof(m.a), sizeof(m.b));
	m.b ^= (uint64_t)target_id * UINT64_C(0x9E3779B97F4A7C15);
	return m;
}

/* --- Meta --- */

static void add_signer(struct signers *s, struct str secret, const struct channel *owner)
{
	/* Numbers of one app share its secret: one MAC over the body is enough. */
	for (size_t i = 0; i < s->n; i++) {
		if (str_eq(s->secret[i], secret))
			return;
	}
	if (s->n == SECRETS_ALL_MAX)
		return; /* such a box names the channel in the path */
	s->secret[s->n] = secret;
	s->owner[s->n++] = owner;
}

static void find_signers(const struct config *config, const struct channel *only,
			 struct signers *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < config->channel_count; i++) {
		const struct channel *ch = &config->channels[i];

		for (size_t k = 0; k < ch->app_secrets.n && (only == NULL || only == ch); k++)
			add_signer(ret, ch->app_secrets.s[k], ch);
	}
}

/* Meta's own certificate (1.5), on whichever address the request came; beside the signature, never instead of it. */
static bool from_meta(struct call *c)
{
	const char *wanted = c->app->hook_client_cn;

	return wanted == NULL || strcmp(c->q->client_cn, wanted) == 0;
}

/* The channel of the path. False: there is none with that name. NULL: the path names none. */
static bool path_channel(struct call *c, const struct channel **ret)
{
	*ret = NULL;
	if (c->q->param[0].p == NULL)
		return true;
	*ret = config_channel_slug(c->config, c->q->param[0]);
	return *ret != NULL;
}

static void meta_post(struct hook *h)
{
	struct call *c = h->c;
	struct str signature = web_req_header(c->q, "X-Hub-Signature-256");
	const struct channel *channel;
	struct signers signers;
	uint8_t mac[SHA256_BYTES];
	size_t which = 0;

	if (!from_meta(c)) {
		hook_refuse(h, "meta", "The client certificate is not Meta's.");
		return;
	}
	if (!path_channel(c, &channel))
		h->unknown_name = c->q->param[0];
	find_signers(c->config, channel, &signers);
	if (signers.n == 0 || !sign_form_ok(signature)) {
		if (sign_form_ok(signature))
			hooks_trust_bad(h, STATE_META);
		hook_refuse(
			h, "meta",
			signers.n == 0 ? "No app secret is configured for this address."
			: signature.p == NULL
				? "The header X-Hub-Signature-256 is missing."
				: "The header X-Hub-Signature-256 is not of the form sha256=, 64 "
				  "lower-case hex digits.");
		return;
	}
	if (!read_body(c))
		return;
	if (sign_meta_check(signature, c->q->body, signers.secret, signers.n, &which) != RC_OK) {
		hooks_trust_bad(h, STATE_META);
		hook_refuse(h, "meta",
			    "The signature does not belong to this body and app secret.");
		return;
	}
	hooks_trust_good(h, STATE_META);
	if (channel == NULL)
		h->delivery.company_id = signers.owner[which]->company_id;
	else
		h->delivery.company_id = channel->company_id;
	h->delivery.target_id = channel != NULL ? channel->id : 0;
	h->delivery.source = "meta";
	h->delivery.signature = "valid";
	/* Checked above, so its digits are these bytes. */
	ASSERT(enc_unhex(str_sub(signature, signature.n - 2 * SHA256_BYTES, 2 * SHA256_BYTES), mac,
			 SHA256_BYTES, true));
	h->mac = hook_mac_of(mac, h->delivery.target_id);
	hook_store(h);
}

void hook_meta_post(struct call *c)
{
	int64_t from_us = clock_mono_us();
	struct hook h = { .c = c, .state = state_of(c->app) };

	meta_post(&h);
	meter_add(&h.state->hook_us, clock_mono_us() - from_us);
}

static bool challenge_ok(struct str s)
{
	if (s.n == 0 || s.n > CHALLENGE_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char ch = s.p[i];

		if (!((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') ||
		      (ch >= 'A' && ch <= 'Z') || ch == '-' || ch == '_' || ch == '.'))
			return false;
	}
	return true;
}

struct shaken {
	int64_t channel_id;
	enum channel_fact fact;
};

static enum rc handshake_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct shaken *s = arg;

	return channel_fact_set_i64(tx, s->channel_id, s->fact, tx->now_ms, e);
}

/* Best effort: the first run shows that Meta called; Meta gets its answer either way. */
static void handshake_note(struct call *c, const struct channel *ch, enum channel_fact fact)
{
	struct shaken s = { ch->id, fact };
	struct err e = { .rc = RC_OK };

	if (store_write(c->app->store, STORE_NORMAL, handshake_unit, &s, &e) != RC_OK)
		log_err(LOG_WARN, "hook.handshake_unwritten", &e);
}

/* A handshake in order but for its verify token: who set it up at Meta is told. */
static void handshake_refused(struct call *c, const struct channel *ch)
{
	struct state *s = state_of(c->app);
	int64_t now_ms = c->q->now_ms, kept_ms = atomic_load(&s->handshake_refused_ms);

	if (ch == NULL)
		ch = setup_test_channel(c->config);
	if (ch != NULL && now_ms - kept_ms >= SHAKE_NOTE_MS &&
	    atomic_compare_exchange_strong(&s->handshake_refused_ms, &kept_ms, now_ms))
		handshake_note(c, ch, FACT_HANDSHAKE_REFUSED);
}

void hook_meta_get(struct call *c)
{
	struct str mode, token, challenge = STR_NONE;
	const struct channel *channel, *fitting = NULL;
	bool readable, own, fits = false;

	readable = query_str(c, "hub.mode", &mode) && query_str(c, "hub.verify_token", &token) &&
		   query_str(c, "hub.challenge", &challenge);
	own = readable && channel_test_is_own(c->app->seal_key, challenge,
					      web_req_header(c->q, CHANNEL_TEST_HEADER));
	if (!own && !from_meta(c)) {
		problem(c, 403, "forbidden", "The client certificate is not Meta's.");
		return;
	}
	if (!path_channel(c, &channel)) {
		problem(c, 403, "forbidden", "There is no channel with this name.");
		return;
	}
	for (size_t i = 0; readable && i < c->config->channel_count; i++) {
		const struct channel *ch = &c->config->channels[i];

		if ((channel == NULL || channel == ch) &&
		    sign_token_equal(token, ch->verify_token)) {
			fits = true;
			fitting = ch;
		}
	}
	if (!fits && readable && str_eqc(mode, "subscribe") && challenge_ok(challenge))
		handshake_refused(c, channel);
	if (!fits || !str_eqc(mode, "subscribe") || !challenge_ok(challenge)) {
		log_event(LOG_WARN, "hook.handshake_refused", "client", c->q->client, NULL);
		problem(c, 403, "forbidden",
			"Mode, verify token or challenge of the handshake are not right.");
		return;
	}
	log_event(LOG_INFO, "hook.handshake_answered", "channel",
		  channel != NULL ? channel->slug : "any", NULL);
	if (!own)
		handshake_note(c, fitting, FACT_HANDSHAKE);
	hook_answer_text(c, 200, challenge);
}

/* --- Chatwoot --- */

/* Two events may have equal bytes; a delivery's id tells them apart where the server sends one. */
static struct seen_mac chatwoot_mac(const struct call *c, int64_t target_id)
{
	const struct str parts[] = { web_req_header(c->q, "X-Chatwoot-Delivery"),
				     web_req_header(c->q, "X-Chatwoot-Timestamp"), STR("."),
				     c->q->body };
	uint8_t mac[SHA256_BYTES];

	crypto_hmac_sha256_parts(str_n((const char *)c->app->seal_key, sizeof(c->app->seal_key)),
				 parts, COUNT(parts), mac);
	return hook_mac_of(mac, target_id);
}

/* The one of the path, or for an unknown name each of them. */
static bool may_be(const struct hook *h, const struct chatwoot_target *t)
{
	return h->unknown_name.n > 0 || str_eq(h->c->q->param[0], str_of(t->slug));
}

/* Before the body is read: what can be said without it. */
static const struct chatwoot_target *chatwoot_by_path(const struct hook *h)
{
	const struct config *config = h->c->config;
	const struct chatwoot_target *found = NULL;

	for (size_t i = 0; i < config->chatwoot_count; i++) {
		const struct chatwoot_target *t = &config->chatwoots[i];

		if (may_be(h, t) && sign_token_equal(h->c->q->param[1], t->path_secret))
			found = t;
	}
	return found;
}

static const struct chatwoot_target *chatwoot_by_signature(const struct hook *h)
{
	const struct config *config = h->c->config;
	struct req *q = h->c->q;
	const struct sign_chatwoot s = { .signature = web_req_header(q, "X-Chatwoot-Signature"),
					 .timestamp = web_req_header(q, "X-Chatwoot-Timestamp"),
					 .body = q->body,
					 .now_ms = q->now_ms };
	const struct chatwoot_target *found = NULL;

	for (size_t i = 0; i < config->chatwoot_count; i++) {
		const struct chatwoot_target *t = &config->chatwoots[i];

		if (may_be(h, t) &&
		    sign_chatwoot_check(&s, t->secrets.s, t->secrets.n, NULL, NULL) == RC_OK)
			found = t;
	}
	return found;
}

/* Reads the body. NULL: answered. */
static const struct chatwoot_target *chatwoot_who(struct hook *h)
{
	struct call *c = h->c;
	struct str signature = web_req_header(c->q, "X-Chatwoot-Signature");
	bool by_path = c->q->param[1].p != NULL;
	const struct chatwoot_target *t = by_path ? chatwoot_by_path(h) : NULL;

	h->delivery.signature = by_path ? "path" : "valid";
	if (by_path && t == NULL) {
		hooks_trust_bad(h, STATE_CHATWOOT);
		hook_refuse(h, "chatwoot", "The secret in the path is not right.");
		return NULL;
	}
	if (!by_path && !sign_form_ok(signature)) {
		hook_refuse(h, "chatwoot",
			    signature.p == NULL
				    ? "The header X-Chatwoot-Signature is missing (servers before "
				      "4.13: use the path secret)."
				    : "The header X-Chatwoot-Signature is not of the form sha256=, "
				      "64 lower-case hex digits.");
		return NULL;
	}
	if (!read_body(c))
		return NULL;
	if (!by_path)
		t = chatwoot_by_signature(h);
	if (t == NULL) {
		hooks_trust_bad(h, STATE_CHATWOOT);
		hook_refuse(h, "chatwoot",
			    "The signature does not belong to this body, time and secret.");
		return NULL;
	}
	hooks_trust_good(h, STATE_CHATWOOT);
	return t;
}

void hook_chatwoot_post(struct call *c)
{
	AUTO(sbuf_release) struct sbuf masked = SBUF(HOOK_BODY_MAX);
	int64_t from_us = clock_mono_us();
	struct hook h = { .c = c, .state = state_of(c->app) };
	const struct chatwoot_target *t;

	if (config_chatwoot_slug(c->config, c->q->param[0]) == NULL)
		h.unknown_name = c->q->param[0];
	t = chatwoot_who(&h);
	if (t == NULL)
		return;
	h.delivery.company_id = t->company_id;
	h.delivery.target_id = h.unknown_name.n > 0 ? 0 : t->id; /* 0: flow/ingest notes it */
	h.delivery.source = "chatwoot";
	h.mac = chatwoot_mac(c, h.delivery.target_id);
	/* pubsub_token, a live secret, is in every one (R22); the signature was of the bytes as they came. */
	if (evolution_door_redact(c->q->body, &masked)) {
		ASSERT(sbuf_ok(&masked)); /* as long as the body, which fits */
		h.delivery.body = sbuf_view(&masked);
	}
	hook_store(&h);
	meter_add(&h.state->hook_us, clock_mono_us() - from_us);
}
