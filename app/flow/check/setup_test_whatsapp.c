/* setup_test_whatsapp.c - the live test of the number: does its provider know it, with this token, and do its webhooks come
 * with a signature that we can check. See setup_test_priv.h. */
#include "flow/channel/channel_check.h"
#include "flow/check/setup_test.h"
#include "flow/check/setup_test_priv.h"
#include "peer/evolution/evolution_ask.h"

static void judge_number(struct upkeep_run *u, const struct http_answer *ans, struct finding *f)
{
	struct meta_refusal no = { .code = -1 };
	struct meta_number number;
	struct err e = { .rc = RC_OK };
	enum rc rc = meta_health_number(sbuf_view(&ans->body), &u->w->arena, &number, &no, &e);

	if (rc == RC_OK)
		setup_find(f, SETUP_FINE,
			   number.display_phone_number.n > 0 ? number.display_phone_number
							     : STR("Meta"));
	else if (rc != RC_REFUSED)
		setup_find(f, SETUP_PEER_SAYS, str_of(e.text));
	else if (no.code == 190)
		setup_find(f, SETUP_WRONG_TOKEN, STR(""));
	else if (no.code == 100 || no.code == 803)
		setup_find(f, SETUP_WRONG_NUMBER_ID, STR(""));
	else if (no.code == 10 || (no.code >= 200 && no.code <= 299))
		setup_find(f, SETUP_NO_PERMISSION, STR(""));
	else
		setup_find(f, SETUP_PEER_SAYS, no.message);
}

const struct channel *setup_test_channel(const struct config *c)
{
	const struct channel *ch = config_channel_default(c);

	return ch != NULL || c->channel_count == 0 ? ch : &c->channels[0];
}

/* Whoever signs with another secret than ours is refused at the door: better said now. */
static void judge_secret(struct upkeep_run *u, const struct channel *ch, struct finding *f)
{
	struct check k = { .u = u, .ch = ch };

	channel_check_secret(&k);
	if (k.secret_refused)
		setup_find(f, SETUP_WRONG_APP_SECRET, STR(""));
}

static void test_meta(struct upkeep_run *u, const struct channel *ch, struct finding *f)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(HTTP_URL_MAX);
	struct http_answer ans = HTTP_ANSWER;
	struct http_header bearer = { .name = "Authorization" };
	struct err e = { .rc = RC_OK };

	bearer.value = arena_printf(&u->w->arena, "Bearer %.*s", STRF(ch->token));
	if (meta_health_url(&(struct meta_asked){ .what = META_ASK_NUMBER,
						  .base = ch->base_url,
						  .version = ch->version,
						  .id = ch->phone_number_id },
			    &url, &e) != RC_OK)
		setup_find(f, SETUP_WRONG_NUMBER_ID, STR(""));
	else if (setup_ask(u, sbuf_view(&url), &bearer, &ans, f))
		judge_number(u, &ans, f);
	http_answer_release(&ans);
	if (f->code == SETUP_FINE)
		judge_secret(u, ch, f);
}

static void judge_link(struct upkeep_run *u, const struct channel *ch,
		       const struct http_answer *ans, struct finding *f)
{
	struct str state;
	struct err e = { .rc = RC_OK };
	enum rc rc =
		evolution_ask_state(ans->status, sbuf_view(&ans->body), &u->w->arena, &state, &e);

	if (rc == RC_OK && str_eqc(state, "open"))
		setup_find(f, SETUP_FINE, ch->instance);
	else if (rc == RC_OK)
		setup_find(f, SETUP_SCAN_CODE, STR(""));
	else if (rc == RC_REFUSED)
		setup_find(f, SETUP_WRONG_API_KEY, STR(""));
	else if (rc == RC_ABSENT)
		setup_find(f, SETUP_WRONG_INSTANCE, ch->instance);
	else if (rc == RC_CONFLICT)
		setup_find(f, SETUP_LICENCE, STR(""));
	else
		setup_find(f, SETUP_NOT_EVOLUTION, ch->base_url);
}

static void test_evolution(struct upkeep_run *u, const struct channel *ch, struct finding *f)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(HTTP_URL_MAX);
	struct http_answer ans = HTTP_ANSWER;
	const struct http_header key = { "apikey", arena_dup(&u->w->arena, ch->api_key) };
	struct err e = { .rc = RC_OK };

	if (evolution_send_url(ch->base_url, "instance/connectionState", ch->instance, &url, &e) !=
	    RC_OK)
		setup_find(f, SETUP_NOT_EVOLUTION, ch->base_url);
	else if (setup_ask(u, sbuf_view(&url), &key, &ans, f))
		judge_link(u, ch, &ans, f);
	http_answer_release(&ans);
}

/* What is missing; NULL: nothing. */
static const char *missing(const struct channel *ch)
{
	if (ch != NULL && strcmp(ch->provider, "evolution") == 0)
		return ch->instance.n == 0  ? "channel.*.instance"
		       : ch->api_key.n == 0 ? "channel.*.api_key"
					    : NULL;
	if (ch == NULL || ch->token.n == 0)
		return "channel.*.token";
	if (ch->phone_number_id.n == 0)
		return "channel.*.phone_number_id";
	return ch->app_secrets.n == 0 ? "channel.*.app_secret" : NULL;
}

void setup_test_whatsapp(struct upkeep_run *u, struct finding *f)
{
	const struct channel *ch = f->target_id != 0 ? config_channel(u->config, f->target_id)
						     : setup_test_channel(u->config);

	if (missing(ch) != NULL)
		setup_find(f, SETUP_NOT_SET, str_of(missing(ch)));
	else if (strcmp(ch->provider, "evolution") == 0)
		test_evolution(u, ch, f);
	else
		test_meta(u, ch, f);
}
