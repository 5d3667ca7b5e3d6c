/* hooks.c - requests to the program: webhooks of Meta and Chatwoot, signed as they sign, and calls of its API. */
#include "api/route.h"
#include "base/clock.h"
#include "peer/sign.h"
#include "sim/sim.h"

#define REQUEST_ARENA (4 * MIB)

int request_in(const char *method, const char *path, struct str body, const struct http_header *h,
	       size_t n, struct sbuf *ret_body)
{
	AUTO(arena_release) struct arena a = ARENA(REQUEST_ARENA);
	struct http_header_in headers[8];
	char *plain = arena_dup(&a, str_of(path));
	char *question = strchr(plain, '?');
	struct req q = { .listener =
				 str_starts(str_of(path), STR("/webhooks")) ? WEB_HOOKS : WEB_MAIN,
			 .method = method,
			 .path = plain,
			 .client = "127.0.0.1",
			 .content_length = (int64_t)body.n,
			 .arena = &a,
			 .now_ms = sim.now_ms,
			 .headers = headers,
			 .header_count = n,
			 .body = body,
			 .body_read = true };
	struct res r = { .status = 0 };
	int status;

	ASSERT(n <= COUNT(headers));
	for (size_t i = 0; i < n; i++)
		headers[i] = (struct http_header_in){ h[i].name, h[i].value };
	if (question != NULL) {
		*question = '\0';
		q.query = str_of(question + 1);
	}
	(void)snprintf(q.request_id, sizeof(q.request_id), "sim-%d", ++sim.requests);
	note("%s %s %.*s", method, path, (int)size_min(body.n, 150), body.p != NULL ? body.p : "");
	route_handle(box_app(), &q, &r);
	status = r.status;
	if (ret_body != NULL)
		sbuf_str(ret_body, r.body_static.p != NULL ? r.body_static : sbuf_view(&r.body));
	note("   -> %d %.*s", status, (int)size_min(r.body.n, 150),
	     r.body.p != NULL ? r.body.p : "");
	sbuf_release(&r.headers);
	sbuf_release(&r.body);
	return status;
}

int hook_meta(struct str body)
{
	char signature[SIGN_TEXT_MAX];
	const struct http_header h[] = { { "X-Hub-Signature-256", signature },
					 { "Content-Type", "application/json" } };

	sign_meta_make(STR("app-secret"), body, signature);
	return request_in("POST", "/webhooks/whatsapp", body, h, COUNT(h), NULL);
}

int hook_chatwoot(struct str body, struct str delivery)
{
	char signature[SIGN_TEXT_MAX], timestamp[24];
	const char *id = arena_dup(&sim.arena, delivery);
	const struct http_header h[] = { { "X-Chatwoot-Signature", signature },
					 { "X-Chatwoot-Timestamp", timestamp },
					 { "X-Chatwoot-Delivery", id },
					 { "Content-Type", "application/json" } };

	(void)snprintf(timestamp, sizeof(timestamp), "%lld", (long long)(sim.now_ms / 1000));
	sign_chatwoot_make(STR("cw-secret"), str_of(timestamp), body, signature);
	return request_in("POST", "/webhooks/chatwoot/main", body, h, COUNT(h), NULL);
}

int hook_evolution(struct str body, bool second)
{
	static const struct http_header h[] = { { "X-Totem-Key", "evo-badge" },
						{ "Content-Type", "application/json" } };

	return request_in("POST", second ? "/webhooks/evolution/evo2" : "/webhooks/evolution/evo",
			  body, h, COUNT(h), NULL);
}

/* ---- bodies ---- */

static void open_meta(struct jsonw *w, struct str number)
{
	jsonw_object(w);
	jsonw_ktext(w, "object", "whatsapp_business_account");
	jsonw_karray(w, "entry");
	jsonw_object(w);
	jsonw_ktext(w, "id", "900");
	jsonw_karray(w, "changes");
	jsonw_object(w);
	jsonw_ktext(w, "field", "messages");
	jsonw_kobject(w, "value");
	jsonw_ktext(w, "messaging_product", "whatsapp");
	jsonw_kobject(w, "metadata");
	jsonw_ktext(w, "display_phone_number", "551130000000");
	jsonw_kstr(w, "phone_number_id", number.n > 0 ? number : STR("1001"));
	jsonw_end(w);
}

static void close_all(struct jsonw *w)
{
	while (w->depth > 0)
		jsonw_end(w);
}

static void kseconds(struct jsonw *w, const char *key)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)(sim.now_ms / 1000));
	jsonw_ktext(w, key, text);
}

static void message_begin(struct jsonw *w, const struct words *words)
{
	jsonw_karray(w, "messages");
	jsonw_object(w);
	jsonw_kstr(w, "from", word_value(words, "from"));
	jsonw_kstr(w, "id", word_value(words, "id"));
	kseconds(w, "timestamp");
}

static void meta_image_body(struct sbuf *to, const struct words *words)
{
	struct jsonw w;

	jsonw_init(&w, to);
	open_meta(&w, word_value(words, "number"));
	message_begin(&w, words);
	media_hook_body(&w, words);
	close_all(&w);
}

/* A message of any type: the members of {json} beside who, when and which. */
static void meta_say_body(struct sbuf *to, const struct words *words, struct str members)
{
	AUTO(json_freep) struct json *more = NULL;
	struct jsonw w;

	if (json_parse(members, &more, NULL) != RC_OK)
		fail("no JSON: %.*s", STRF(members));
	jsonw_init(&w, to);
	open_meta(&w, word_value(words, "number"));
	message_begin(&w, words);
	for (const struct json *n = json_first(more); n != NULL; n = json_next(n)) {
		AUTO(sbuf_release) struct sbuf v = SBUF(64 * KIB);

		json_print(n, &v);
		jsonw_key(&w, arena_dup(&sim.arena, json_key(n)));
		jsonw_raw(&w, sbuf_view(&v));
	}
	close_all(&w);
}

void meta_text_body(struct sbuf *to, struct str from, struct str id, struct str text,
		    struct str number)
{
	struct jsonw w;

	jsonw_init(&w, to);
	open_meta(&w, number);
	jsonw_karray(&w, "contacts");
	jsonw_object(&w);
	jsonw_kstr(&w, "wa_id", from);
	jsonw_kobject(&w, "profile");
	jsonw_ktext(&w, "name", "Rita");
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_karray(&w, "messages");
	jsonw_object(&w);
	jsonw_kstr(&w, "from", from);
	jsonw_kstr(&w, "id", id);
	kseconds(&w, "timestamp");
	jsonw_ktext(&w, "type", "text");
	jsonw_kobject(&w, "text");
	jsonw_kstr(&w, "body", text);
	close_all(&w);
}

static void meta_status_body(struct sbuf *to, const struct words *words)
{
	struct str tag = word_value(words, "tag"), code = word_value(words, "code");
	struct jsonw w;

	jsonw_init(&w, to);
	open_meta(&w, word_value(words, "number"));
	jsonw_karray(&w, "statuses");
	jsonw_object(&w);
	jsonw_kstr(&w, "id", expand(words->w[3], NULL));
	jsonw_kstr(&w, "status", words->w[4]);
	kseconds(&w, "timestamp");
	jsonw_ktext(&w, "recipient_id", "5511999990000");
	if (tag.n > 0)
		jsonw_kstr(&w, "biz_opaque_callback_data", tag);
	if (code.n > 0) {
		jsonw_karray(&w, "errors");
		jsonw_object(&w);
		jsonw_kraw(&w, "code", code);
		jsonw_ktext(&w, "title", "failed");
		jsonw_end(&w);
		jsonw_end(&w);
	}
	close_all(&w);
}

/* An agent's message; `marked`, source= and source_id= make it one of ours. */
void chatwoot_message_body(struct sbuf *to, const struct words *words)
{
	struct str type = word_value(words, "type"), event = word_value(words, "event");
	struct str source_id = word_value(words, "source_id"),
		   conversation = word_value(words, "conversation");
	struct str contact = word_value(words, "contact");
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_kstr(&w, "event", event.n > 0 ? event : STR("message_created"));
	jsonw_kraw(&w, "id", word_value(words, "id"));
	jsonw_kstr(&w, "content", word_value(words, "text"));
	jsonw_ktext(&w, "content_type", "text");
	jsonw_kstr(&w, "message_type", type.n > 0 ? type : STR("outgoing"));
	jsonw_kbool(&w, "private", word_there(words, "private"));
	jsonw_kstr(&w, "source_id", source_id.n > 0 ? source_id : STR_NONE);
	jsonw_kobject(&w, "content_attributes");
	if (word_value(words, "source").n > 0)
		jsonw_kstr(&w, "source", word_value(words, "source"));
	if (word_there(words, "marked"))
		jsonw_kraw(&w, "totem", STR("{\"o\":\"wa\",\"m\":\"x\",\"v\":1}"));
	jsonw_end(&w);
	jsonw_kraw(&w, "account", STR("{\"id\":1}"));
	jsonw_kraw(&w, "inbox", STR("{\"id\":7}"));
	jsonw_kraw(&w, "sender", STR("{\"id\":5,\"name\":\"Ana\",\"type\":\"user\"}"));
	jsonw_kobject(&w, "conversation");
	jsonw_kraw(&w, "id", conversation.n > 0 ? conversation : STR("41"));
	jsonw_kraw(&w, "inbox_id", STR("7"));
	jsonw_kobject(&w, "contact_inbox");
	jsonw_kstr(&w, "source_id", contact.n > 0 ? contact : STR("wa:unknown"));
	close_all(&w);
}

/* ---- verbs ---- */

static void wants_status(const char *text, int status)
{
	struct words w;
	int64_t wanted;

	words_of(arena_dup(&sim.arena, arrow_right(text)), &w);
	if (w.n == 0 || !str_i64(w.w[0], 100, 599, &wanted))
		fail("-> STATUS is missing");
	if (!sim.crashed && status != wanted)
		fail("wanted status %lld, got %d", (long long)wanted, status);
}

/* The body as the last word: {json}, [json] or "text". */
static struct str raw_body(const struct words *w)
{
	return expand(w->w[w->n - 1], NULL);
}

void step_hook(const struct words *all, const char *text)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(4 * MIB);
	struct words w;
	struct str kind, delivery;
	char fresh[40];

	words_of(arena_dup(&sim.arena, arrow_left(text)), &w);
	kind = all->n > 2 ? all->w[2] : STR_NONE;
	if (str_eqc(all->w[1], "meta")) {
		if (str_eqc(kind, "text"))
			meta_text_body(&body, word_value(&w, "from"), word_value(&w, "id"),
				       word_value(&w, "text"), word_value(&w, "number"));
		else if (str_eqc(kind, "image"))
			meta_image_body(&body, &w);
		else if (str_eqc(kind, "status") && w.n >= 5)
			meta_status_body(&body, &w);
		else if (str_eqc(kind, "say"))
			meta_say_body(&body, &w, raw_body(&w));
		else if (str_eqc(kind, "raw"))
			sbuf_str(&body, raw_body(&w));
		else
			fail("hook meta text|image|status|say|raw");
		wants_status(text, hook_meta(sbuf_view(&body)));
		return;
	}
	if (str_starts(all->w[1], STR("evolution"))) {
		if (str_eqc(kind, "raw"))
			sbuf_str(&body, raw_body(&w));
		else
			sbuf_printf(&body,
				    "{\"event\":\"%.*s\",\"instance\":\"loja\",\"data\":%.*s,"
				    "\"date_time\":\"%lld\",\"apikey\":\"secret-of-evolution\"}",
				    STRF(kind), STRF(raw_body(&w)), (long long)sim.now_ms);
		wants_status(text,
			     hook_evolution(sbuf_view(&body), str_eqc(all->w[1], "evolution2")));
		return;
	}
	if (!str_eqc(all->w[1], "chatwoot"))
		fail("hook meta|chatwoot|evolution");
	if (str_eqc(kind, "message"))
		chatwoot_message_body(&body, &w);
	else
		sbuf_str(&body, raw_body(&w));
	(void)snprintf(fresh, sizeof(fresh), "delivery-%d", ++sim.hooks_signed);
	delivery = word_value(&w, "delivery");
	wants_status(text,
		     hook_chatwoot(sbuf_view(&body), delivery.n > 0 ? delivery : str_of(fresh)));
}

/* "... -> 202 as NAME [field]": remembers a field of the answer (id). */
static void remember(const char *text, struct str answer)
{
	AUTO(json_freep) struct json *root = NULL;
	struct words w;
	char path[128] = "id";

	words_of(arena_dup(&sim.arena, arrow_right(text)), &w);
	if (w.n < 3 || !str_eqc(w.w[1], "as"))
		return;
	if (json_parse(answer, &root, NULL) != RC_OK)
		fail("the answer is no JSON");
	if (w.n > 3 && !str_copy(w.w[3], path, sizeof(path)))
		fail("too long");
	if (json_path(root, path) == NULL)
		fail("the answer has no %s: %.*s", path, STRF(answer));
	if (json_kind(json_path(root, path)) == JSON_TEXT) {
		var_set(w.w[2], json_str(json_path(root, path)));
	} else {
		AUTO(sbuf_release) struct sbuf v = SBUF(4 * KIB);

		json_print(json_path(root, path), &v);
		var_set(w.w[2], sbuf_view(&v));
	}
}

void step_app(const struct words *all, const char *text)
{
	AUTO(sbuf_release) struct sbuf answer = SBUF(16 * MIB);
	struct words w;
	char bearer[96];
	struct http_header h[3] = { { "Authorization", bearer },
				    { "Content-Type", "application/json" } };
	size_t n = 2;
	struct str key, body = STR_NONE;
	int status;

	(void)all;
	words_of(arena_dup(&sim.arena, arrow_left(text)), &w);
	if (w.n < 3)
		fail("app METHOD PATH [{json}] [key=K] -> STATUS");
	(void)snprintf(bearer, sizeof(bearer), "Bearer %s", sim.token);
	key = word_value(&w, "key");
	if (key.n > 0)
		h[n++] = (struct http_header){ "Idempotency-Key", arena_dup(&sim.arena, key) };
	for (size_t i = 3; i < w.n; i++) {
		if (w.w[i].p[0] == '{')
			body = expand(w.w[i], NULL);
	}
	status = request_in(arena_dup(&sim.arena, w.w[1]),
			    arena_dup(&sim.arena, expand(w.w[2], NULL)), body, h, n, &answer);
	wants_status(text, status);
	if (!sim.crashed)
		remember(text, sbuf_view(&answer));
}
