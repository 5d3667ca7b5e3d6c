/* n8n.c - what a workflow gets and what its answer means. Promises: n8n.h. No state; any thread. */
#include "peer/n8n/n8n.h"

#include "base/reason.h"
#include "io/json.h"
#include "io/jsonw.h"

#define FIRST_WAIT_MS (2 * SECOND_MS) /* n8n's routes come up within 2 s of "ready" (fact 0.14) */

static void write_if(struct jsonw *w, const char *key, struct str v)
{
	if (v.p != NULL)
		jsonw_kstr(w, key, v);
}

static enum rc check(const struct n8n_message *m, struct err *e)
{
	const struct {
		const char *name;
		struct str value;
	} required[] = {
		{ "id", m->id },
		{ "conversation", m->conversation },
		{ "type", m->type },
		{ "origin", m->origin },
		{ "idempotency_key", m->idempotency_key },
	};
	for (size_t i = 0; i < COUNT(required); i++)
		if (required[i].value.n == 0 || required[i].value.n > IDEMPOTENCY_KEY_MAX)
			return FAIL(e, RC_INVALID, "%s: empty or longer than %u bytes",
				    required[i].name, IDEMPOTENCY_KEY_MAX);
	if (m->hop < 0)
		return FAIL(e, RC_INVALID, "hop: negative");
	if (m->hop > LOOP_HOP_MAX)
		return FAIL(e, RC_REFUSED, "the message went round %d times", m->hop);
	return RC_OK;
}

static void write_raw(struct jsonw *w, const char *key, struct str json)
{
	if (json.n > 0)
		jsonw_kraw(w, key, json);
}

static void write_more(struct jsonw *w, const struct n8n_message *m)
{
	write_if(w, "media_url", m->media_url);
	write_if(w, "status", m->status);
	write_raw(w, "labels", m->labels);
	write_raw(w, "attributes", m->attributes);
	write_raw(w, "history", m->history);
	if (m->chat) {
		jsonw_ktext(w, "action", "sendMessage");
		jsonw_kstr(w, "sessionId", m->conversation);
		jsonw_kstr(w, "chatInput", m->text.p != NULL ? m->text : STR(""));
	}
}

enum rc n8n_encode(const struct n8n_message *m, struct sbuf *to, struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	TRY(check(m, e));
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_kstr(&w, "id", m->id);
	jsonw_kstr(&w, "conversation", m->conversation);
	jsonw_kobject(&w, "contact");
	write_if(&w, "id", m->contact_id);
	write_if(&w, "name", m->contact_name);
	write_if(&w, "phone", m->contact_phone);
	write_if(&w, "user_id", m->contact_user_id);
	jsonw_end(&w);
	write_if(&w, "channel", m->channel);
	write_if(&w, "text", m->text);
	jsonw_kstr(&w, "type", m->type);
	if (m->media.n > 0)
		jsonw_kraw(&w, "media", m->media);
	if (m->content.n > 0)
		jsonw_kraw(&w, "content", m->content);
	jsonw_kstr(&w, "origin", m->origin);
	jsonw_ki64(&w, "hop", m->hop);
	write_if(&w, "reply_url", m->reply_url);
	write_if(&w, "reply_token", m->reply_token);
	write_more(&w, m);
	jsonw_kstr(&w, "idempotency_key", m->idempotency_key);
	jsonw_ktime(&w, "created_at", m->created_ms);
	jsonw_end(&w);
	if (sbuf_ok(to))
		return RC_OK;
	to->n = before;
	return FAIL(e, RC_LIMIT, "the buffer for the request is full");
}

const char *n8n_class_name(enum n8n_class cls)
{
	switch (cls) {
	case N8N_DONE:
		return "done";
	case N8N_STARTED:
		return "started";
	case N8N_RETRY:
		return "retry";
	case N8N_PARK:
		return "park";
	case N8N_CLASSES:
		break;
	}
	BUG("not a class");
}

struct judge {
	const struct n8n_answer *ans;
	struct arena *a;
	struct n8n_verdict *v;
	bool full;
};

static void set(struct judge *j, enum n8n_class cls, const char *text)
{
	const struct n8n_answer *ans = j->ans;
	j->v->cls = cls;
	j->v->retry_ms = -1;
	if (cls != N8N_DONE) { /* a verdict against an answer takes what was read before back */
		j->v->reply_count = 0;
		j->v->actions = STR_NONE;
		j->v->wrong = NULL;
	}
	if (cls == N8N_RETRY) {
		int64_t ms = FIRST_WAIT_MS;
		for (int i = 1; i < ans->tries && ms < JOB_RETRY_CAP_MS; i++)
			ms *= 2;
		j->v->retry_ms = i64_min(ms, JOB_RETRY_CAP_MS);
		if (ans->retry_after_ms >= 0)
			j->v->retry_ms = i64_min(ans->retry_after_ms, DAY_MS);
	}
	if (ans->rc == RC_OK)
		(void)snprintf(j->v->text, sizeof j->v->text, "HTTP %d: %s", ans->status, text);
	else
		(void)snprintf(j->v->text, sizeof j->v->text, "%s", text); /* cut is fine */
}

enum owner { OWNER_NOBODY, OWNER_WE, OWNER_FOREIGN };

/* Whose id does an object carry? */
static enum owner owner_of(const struct n8n_answer *ans, const struct json *n)
{
	struct str id = json_get_str(n, "id");
	struct str key = json_get_str(n, "idempotency_key");
	bool id_is_there = json_get(n, "id") != NULL;
	bool key_is_there = json_get(n, "idempotency_key") != NULL;
	if ((ans->id.n > 0 && str_eq(id, ans->id)) ||
	    (ans->idempotency_key.n > 0 && str_eq(key, ans->idempotency_key)))
		return OWNER_WE;
	return id_is_there || key_is_there ? OWNER_FOREIGN : OWNER_NOBODY;
}

/* A number or true is said as it is written: models answer "42" so. */
static struct str text_of(struct judge *j, const struct json *n, struct sbuf *space)
{
	enum json_kind kind = json_kind(n);
	if (kind == JSON_TEXT)
		return json_str(n);
	if (kind == JSON_NUMBER || kind == JSON_BOOL) {
		json_print(n, space);
		return sbuf_view(space);
	}
	if (kind != JSON_NONE && kind != JSON_NULL)
		j->v->wrong = "reply: this has to be a text or a list of texts";
	return STR_NONE;
}

static void add_reply(struct judge *j, const struct json *n)
{
	struct sbuf space AUTO(sbuf_release) = SBUF(256);
	struct str text = text_of(j, n, &space);
	if (str_trim(text).n == 0)
		return;
	if (j->v->reply_count == N8N_REPLIES_MAX) {
		j->v->wrong = "reply: more than 10 texts";
		return;
	}
	struct str copy = arena_str(j->a, text);
	if (copy.p == NULL)
		j->full = true;
	else
		j->v->reply[j->v->reply_count++] = copy;
}

/* Where an answer says its texts; the first of them that says something counts. */
static const char *const REPLY_PLACE[] = { "reply", "output", "text", "message.text" };

static void take_replies(struct judge *j, const struct json *object)
{
	for (size_t i = 0; i < COUNT(REPLY_PLACE); i++) {
		const struct json *n = json_path(object, REPLY_PLACE[i]);
		enum json_kind kind = json_kind(n);
		if (kind == JSON_NONE || kind == JSON_NULL)
			continue;
		if (kind != JSON_ARRAY) {
			add_reply(j, n);
			return;
		}
		for (const struct json *c = json_first(n); c != NULL && j->v->wrong == NULL;
		     c = json_next(c))
			add_reply(j, c);
		return;
	}
}

/* They come after the texts: nothing is done behind what is wrong. */
static void take_actions(struct judge *j, const struct json *object)
{
	const struct json *n = json_get(object, "actions");
	enum json_kind kind = json_kind(n);
	if (j->v->wrong != NULL || j->v->actions.p != NULL || kind == JSON_NONE ||
	    kind == JSON_NULL)
		return;
	if (kind != JSON_ARRAY && kind != JSON_OBJECT) {
		j->v->wrong = "actions: this has to be a list of actions";
		return;
	}
	struct sbuf b AUTO(sbuf_release) = SBUF(j->a->max);
	json_print(n, &b);
	if (sbuf_ok(&b))
		j->v->actions = arena_str(j->a, sbuf_view(&b));
	j->full |= j->v->actions.p == NULL;
}

/* A Chat Trigger's answer has a place for texts and no id; it came on our own request. What stands there is looked at later:
 * a model's odd answer is wrong by itself, and no reason against the workflow. */
static bool is_chat(const struct judge *j, const struct json *n)
{
	bool place = false;
	for (size_t i = 0; i < COUNT(REPLY_PLACE); i++)
		place |= json_path(n, REPLY_PLACE[i]) != NULL;
	return place && j->ans->chat && owner_of(j->ans, n) == OWNER_NOBODY;
}

static void judge_object(struct judge *j, const struct json *n)
{
	if (owner_of(j->ans, n) != OWNER_WE && !is_chat(j, n)) {
		bool started = json_count(n) == 1 &&
			       str_eqc(json_get_str(n, "message"), "Workflow was started");
		if (started)
			set(j, N8N_STARTED, "the workflow was started");
		else
			set(j, N8N_PARK, reason_en(REASON_N8N_NO_ID));
		return;
	}
	take_replies(j, n);
	take_actions(j, n);
	set(j, N8N_DONE, "answered");
}

static void judge_array(struct judge *j, const struct json *list)
{
	bool ours = false;
	for (const struct json *n = json_first(list); n != NULL; n = json_next(n)) {
		enum owner owner = owner_of(j->ans, n);
		ours |= owner == OWNER_WE;
		if (json_kind(n) != JSON_OBJECT || owner == OWNER_FOREIGN || !ours) {
			ours = false;
			break;
		}
		if (j->v->wrong == NULL)
			take_replies(j, n);
		take_actions(j, n);
	}
	if (!ours)
		set(j, N8N_PARK, reason_en(REASON_N8N_NO_ID));
	else
		set(j, N8N_DONE, "answered");
}

static void judge_success(struct judge *j)
{
	struct json *root AUTO(json_freep) = NULL;
	if (str_trim(j->ans->body).n == 0) {
		set(j, N8N_RETRY, reason_en(REASON_N8N_EMPTY));
		return;
	}
	if (json_parse(j->ans->body, &root, NULL) != RC_OK) {
		set(j, N8N_RETRY, reason_en(REASON_N8N_NO_JSON));
		return;
	}
	if (json_kind(root) == JSON_OBJECT)
		judge_object(j, root);
	else if (json_kind(root) == JSON_ARRAY)
		judge_array(j, root);
	else
		set(j, N8N_PARK, reason_en(REASON_N8N_NO_ID));
}

static void judge_status(struct judge *j)
{
	int status = j->ans->status;
	if (status >= 200 && status < 300)
		judge_success(j);
	else if (status == 401 || status == 403)
		set(j, N8N_PARK, reason_en(REASON_N8N_AUTHENTICATION));
	else if (status == 422)
		set(j, N8N_PARK, reason_en(REASON_N8N_UNREADABLE));
	else if (status == 404)
		set(j, N8N_RETRY, reason_en(REASON_N8N_NO_WEBHOOK));
	else if (status == 408 || status == 425 || status == 429)
		set(j, N8N_RETRY, reason_en(REASON_N8N_PATIENCE));
	else if (status >= 500 || status < 200)
		set(j, N8N_RETRY, reason_en(REASON_N8N_FAILED));
	else
		set(j, N8N_PARK, reason_en(REASON_N8N_ADDRESS));
}

static void judge_transport(struct judge *j)
{
	switch (j->ans->rc) {
	case RC_INVALID:
	case RC_REFUSED:
		set(j, N8N_PARK, reason_en(REASON_ADDRESS));
		return;
	case RC_RETRY:
	case RC_IO:
		set(j, N8N_RETRY, reason_en(REASON_N8N_UNREACHED));
		return;
	case RC_OK:
	case RC_UNKNOWN:
	case RC_ABSENT:
	case RC_CONFLICT:
	case RC_LIMIT:
	case RC_COUNT:
		break;
	}
	/* It may run already. It has our idempotency_key, and a run may also have died unseen
	 * (n8n.h). */
	set(j, N8N_RETRY, reason_en(REASON_N8N_SILENT));
}

enum rc n8n_judge(const struct n8n_answer *ans, struct arena *a, struct n8n_verdict *ret_v,
		  struct err *e)
{
	struct n8n_verdict v = { .retry_ms = -1 };
	struct judge j = { .ans = ans, .a = a, .v = &v, .full = false };
	if (ans->rc == RC_OK)
		judge_status(&j);
	else
		judge_transport(&j);
	if (j.full)
		return FAIL(e, RC_LIMIT, "the answer needs more memory than allowed");
	*ret_v = v;
	return RC_OK;
}
