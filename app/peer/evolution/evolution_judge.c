/* evolution_judge.c - what the answers of Evolution mean. Promises: evolution_send.h. No state; any thread.
 *
 * By status: 2xx with a key.id is taken; 4xx are final but for 401, 403, 404 (our configuration) and 408, 429; 5xx may
 * have been sent (Baileys throws after the socket was written to), but for the refusal for want of a licence, which
 * stands in front of everything. */
#include "io/json.h"
#include "base/reason.h"
#include "peer/evolution/evolution_id.h"
#include "peer/evolution/evolution_send.h"

#define RETRY_FIRST_MS (2 * SECOND_MS)
#define RETRY_CAP_MS   DAY_MS

static void say(struct wa_verdict *v, enum wa_class cls, int64_t code, const char *text)
{
	v->cls = cls;
	v->scope = cls == WA_SEND_STOP || cls == WA_SEND_PAUSE_NUMBER ? WA_SCOPE_NUMBER
								      : WA_SCOPE_MESSAGE;
	v->code = code;
	(void)snprintf(v->text, sizeof v->text, "%s", text);
}

static int64_t wait_of(const struct wa_answer *a)
{
	int n = a->runs > 0 ? a->runs : a->tries;
	int64_t ms = RETRY_FIRST_MS << (n > 6 ? 6 : n > 1 ? n - 1 : 0);
	return a->retry_after_ms >= 0 ? i64_min(a->retry_after_ms, RETRY_CAP_MS) : ms;
}

/* RC of http_do that is no answer. False: there is an answer. */
static bool no_answer(const struct wa_answer *a, struct wa_verdict *v)
{
	if (a->rc == RC_OK)
		return false;
	if (a->rc == RC_RETRY) {
		say(v, WA_SEND_RETRY, -1, reason_en(REASON_EVOLUTION_UNREACHED));
		v->retry_ms = wait_of(a);
	} else if (a->rc == RC_INVALID || a->rc == RC_REFUSED || a->rc == RC_LIMIT) {
		say(v, WA_SEND_PERMANENT, -1, "the request could not be made");
	} else {
		say(v, WA_SEND_UNKNOWN, -1, reason_en(REASON_EVOLUTION_SILENT));
	}
	return true;
}

bool evolution_judge_licence(int status, struct str body)
{
	struct json *root AUTO(json_freep) = NULL;
	if (status != 503 || json_parse(body, &root, NULL) != RC_OK)
		return false;
	return str_eqc(json_get_str(root, "code"), "LICENSE_REQUIRED");
}

/* {"response":{"message":[{"jid":..,"exists":false,"number":..}]}} */
static bool not_on_whatsapp(const struct json *root)
{
	const struct json *list = json_path(root, "response.message");
	if (json_kind(list) != JSON_ARRAY)
		return false;
	for (const struct json *c = json_first(list); c != NULL; c = json_next(c))
		if (json_kind(json_get(c, "exists")) == JSON_BOOL &&
		    !json_get_bool(c, "exists", true))
			return true;
	return false;
}

static void judge_refusal(const struct wa_answer *a, const struct json *root, struct wa_verdict *v)
{
	if (a->status == 401 || a->status == 403) {
		say(v, WA_SEND_STOP, a->status, "Evolution refuses the api_key of this channel");
	} else if (a->status == 404) {
		say(v, WA_SEND_PAUSE_NUMBER, 404,
		    "Evolution does not know the instance of this channel");
	} else if (a->status == 408 || a->status == 429) {
		say(v, WA_SEND_RETRY, a->status, reason_en(REASON_EVOLUTION_PAUSE));
		v->throttled = a->status == 429;
		v->retry_ms = wait_of(a);
	} else if (not_on_whatsapp(root)) {
		say(v, WA_SEND_PERMANENT, EVOLUTION_CODE_NUMBER, "this number is not on WhatsApp");
	} else {
		say(v, WA_SEND_PERMANENT, a->status, "Evolution refuses this message");
	}
}

static void start(struct wa_verdict *v)
{
	*v = (struct wa_verdict){
		.cls = WA_SEND_UNKNOWN, .retry_ms = -1, .code = -1, .subcode = -1
	};
}

void evolution_judge_send(const struct wa_answer *a, struct wa_verdict *ret)
{
	struct json *root AUTO(json_freep) = NULL;
	struct str key;
	start(ret);
	if (no_answer(a, ret))
		return;
	if (evolution_judge_licence(a->status, a->body)) {
		say(ret, WA_SEND_PAUSE_NUMBER, EVOLUTION_CODE_LICENCE,
		    "Evolution wants its licence to be activated before it sends");
		return;
	}
	if (a->body.n == 0 || json_parse(a->body, &root, NULL) != RC_OK)
		root = NULL;
	if (a->status >= 400 && a->status < 500) {
		judge_refusal(a, root, ret);
		return;
	}
	key = json_str(json_path(root, "key.id"));
	if (a->status >= 200 && a->status < 300 && key.n > 0 && key.n <= EVOLUTION_KEY_MAX &&
	    str_copy(key, ret->wamid, sizeof ret->wamid)) {
		say(ret, WA_SEND_ACCEPTED, -1, "accepted");
		return;
	}
	say(ret, WA_SEND_UNKNOWN, a->status,
	    a->status >= 500 ? reason_en(REASON_EVOLUTION_FAILED)
			     : reason_en(REASON_EVOLUTION_NO_ID));
}

void evolution_judge_act(const struct wa_answer *a, struct wa_verdict *ret)
{
	start(ret);
	if (no_answer(a, ret)) {
		if (ret->cls == WA_SEND_UNKNOWN) { /* harmless twice */
			ret->cls = WA_SEND_RETRY;
			ret->retry_ms = wait_of(a);
		}
		return;
	}
	if (a->status >= 200 && a->status < 300) {
		say(ret, WA_SEND_ACCEPTED, -1, "done");
	} else if (a->status >= 500 || a->status == 408 || a->status == 429) {
		say(ret, WA_SEND_RETRY, a->status, reason_en(REASON_EVOLUTION_NOT_NOW));
		ret->retry_ms = wait_of(a);
	} else {
		say(ret, WA_SEND_PERMANENT, a->status, "Evolution refuses this");
	}
}
