/* hooks_evolution.c - the door for webhooks of Evolution API.
 *
 *   badge (header or JWT) -> body, at most HOOK_LARGE large ones at once -> secrets masked -> stored, COMMIT -> 200
 *
 * Evolution gives up for ever on 400, 401, 403, 404 and 422 (3.3), so none of them is answered to a body: what we do not
 * understand, or is for a channel that does not exist, is stored with a note by flow/ingest. Only who cannot show a badge
 * gets 401. The badge is looked at before the body is read: strangers cost no memory. */
#include <stdatomic.h>

#include "api/hooks_priv.h"
#include "base/clock.h"
#include "base/log.h"
#include "flow/evolution/evolution_door.h"

#define HOOK_LARGE 4 /* bodies above HOOK_BODY_MAX at once; 30 MB each */

static struct str header(void *arg, const char *name)
{
	return web_req_header(arg, name);
}

/* The channel of the path, or for an unknown name any whose badge fits. NULL: answered. */
static const struct channel *who_posts(struct hook *h)
{
	struct req *q = h->c->q;
	struct err e = { .rc = RC_OK };
	const struct evolution_badge badge = { .authorization = web_req_header(q, "Authorization"),
					       .header = header,
					       .arg = q,
					       .now_ms = q->now_ms };
	const struct channel *ch = config_channel_slug(h->c->config, q->param[0]);

	if (ch != NULL && strcmp(ch->provider, "evolution") == 0) {
		if (evolution_door_check(ch, &badge, &e) == RC_OK) {
			hooks_trust_good(h, STATE_EVOLUTION);
			return ch;
		}
		hooks_trust_bad(h, STATE_EVOLUTION);
	} else {
		ch = evolution_door_any(h->c->config, &badge);
		if (ch != NULL)
			return ch;
		(void)snprintf(e.text, sizeof(e.text),
			       "No channel of Evolution has this name, and none knows this badge.");
	}
	hook_refuse(h, "evolution", e.text);
	return NULL;
}

/* False: answered. 503 is what makes Evolution try again. */
static bool read_body(struct call *c)
{
	struct err e = { .rc = RC_OK };
	enum rc rc = web_body(c->q, c->route->body_max, &e);

	if (rc == RC_OK)
		return true;
	c->r->close = true;
	problem(c, rc == RC_LIMIT ? 413 : 503, rc == RC_LIMIT ? "too-long" : "bad-request", e.text);
	return false;
}

static void store(struct hook *h, const struct channel *ch)
{
	AUTO(sbuf_release) struct sbuf masked = SBUF(EVOLUTION_BODY_MAX);
	const struct channel *named = config_channel_slug(h->c->config, h->c->q->param[0]);
	struct req *q = h->c->q;
	struct str parts[3] = { q->body, STR("/"), h->path_event };
	uint8_t mac[SHA256_BYTES];

	if (evolution_door_is_secret(q->body, h->path_event)) {
		log_event(LOG_WARN, "hook.secret_dropped", "channel", ch->slug, NULL);
		hook_answer_text(h->c, 200, STR("OK"));
		return;
	}
	crypto_hmac_sha256_parts(
		str_n((const char *)h->c->app->seal_key, sizeof(h->c->app->seal_key)), parts,
		COUNT(parts), mac);
	h->delivery.company_id = ch->company_id;
	h->delivery.target_id = named == ch ? ch->id : 0; /* 0: the name is not one of ours */
	if (named != ch)
		h->unknown_name = h->c->q->param[0];
	h->delivery.source = "evolution";
	h->delivery.signature = "valid";
	h->mac = hook_mac_of(mac, h->delivery.target_id);
	if (evolution_door_redact(q->body, &masked)) {
		ASSERT(sbuf_ok(&masked)); /* as long as the body, which fits */
		h->delivery.body = sbuf_view(&masked);
	}
	hook_store(h);
}

/* Chunked bodies may be of any length. */
static bool is_large(const struct req *q)
{
	return q->content_length < 0 || q->content_length > (int64_t)HOOK_BODY_MAX;
}

void hook_evolution_post(struct call *c)
{
	int64_t from_us = clock_mono_us();
	struct hook h = { .c = c, .state = state_of(c->app), .path_event = c->q->param[1] };
	const struct channel *ch = who_posts(&h);
	bool large = is_large(c->q);

	if (ch == NULL)
		return;
	if (large && atomic_fetch_add(&h.state->large_hooks, 1) >= HOOK_LARGE) {
		atomic_fetch_sub(&h.state->large_hooks, 1);
		c->r->close = true;
		problem(c, 503, "busy", "Several large bodies are on their way. Send it again.");
		return;
	}
	if (read_body(c))
		store(&h, ch);
	if (large)
		atomic_fetch_sub(&h.state->large_hooks, 1);
	meter_add(&h.state->hook_us, clock_mono_us() - from_us);
}
