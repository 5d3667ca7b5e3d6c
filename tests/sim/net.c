/* net.c - what happens to a call of the program: an expected one, a standing answer, or the end of the scenario. */
#include "sim/sim.h"

#include "base/clock.h"

#define DEFAULTS_MAX 32
#define FILE_HOST    "https://lookaside.fbsbx.com" /* Meta's second */
#define LATER_MS     (30 * DAY_MS)

struct standing {
	enum peer peer;
	char method[8], path[128]; /* "": any */
	char answer[1024];
};

static const char *const PEERS[PEER_COUNT] = { "meta",      "chatwoot", "n8n",
					       "evolution", "lookup",   "self" };
static const char *const HOSTS[PEER_COUNT] = {
	"https://graph.facebook.com", "https://chatwoot.test", "https://n8n.test",
	"https://evolution.test",     "https://upstream.test", "https://totem.example"
};
static struct standing defaults[DEFAULTS_MAX];
static size_t default_count;
static int64_t calls[PEER_COUNT], last_call_ms[PEER_COUNT];
static int fault_percent;

bool peer_of(struct str name, enum peer *ret)
{
	for (int p = 0; p < PEER_COUNT; p++) {
		if (str_eqc(name, PEERS[p])) {
			*ret = (enum peer)p;
			return true;
		}
	}
	return false;
}

int64_t net_calls(enum peer p)
{
	return calls[p];
}

void net_faults(int percent)
{
	fault_percent = percent;
}

/* ---- matching ---- */

static bool path_fits(struct str path, struct str pattern)
{
	ptrdiff_t query = str_chr(path, '?');

	if (query >= 0 && str_chr(pattern, '?') < 0)
		path = str_sub(path, 0, (size_t)query);
	return str_ends(path, pattern);
}

static struct str header_of(const struct call_out *c, struct str name)
{
	for (size_t i = 0; i < c->request->header_count; i++) {
		if (str_ieq(name, str_of(c->request->headers[i].name)))
			return str_of(c->request->headers[i].value);
	}
	return STR_NONE;
}

/* Value of "body.x.y" or "header.Name" in a call. False: it is not there. */
static bool field(const struct call_out *c, struct str name, struct sbuf *to)
{
	const struct json *n = c->json;
	char path[128];

	if (str_starts(name, STR("header."))) {
		struct str v = header_of(c, str_sub(name, 7, SIZE_MAX));

		sbuf_str(to, v);
		return v.p != NULL;
	}
	if (str_starts(name, STR("body.")) &&
	    str_copy(str_sub(name, 5, SIZE_MAX), path, sizeof(path)))
		n = json_path(c->json, path);
	else if (!str_eqc(name, "body"))
		fail("not a field of a call: %.*s", STRF(name));
	if (n == NULL || json_kind(n) == JSON_NULL)
		return false;
	if (json_kind(n) == JSON_TEXT)
		sbuf_str(to, json_str(n));
	else
		json_print(n, to);
	return true;
}

/* "name=value", "name~part", "name=none". */
static bool condition_holds(const struct call_out *c, struct str word, struct sbuf *why)
{
	AUTO(sbuf_release) struct sbuf got = SBUF(1 * MIB);
	size_t at = 0;
	struct str wanted;
	bool there, ok;

	while (at < word.n && word.p[at] != '=' && word.p[at] != '~')
		at++;
	if (at == word.n)
		fail("not a condition: %.*s", STRF(word));
	wanted = expand(str_sub(word, at + 1, SIZE_MAX), NULL);
	there = field(c, str_sub(word, 0, at), &got);
	if (str_eqc(wanted, "none"))
		ok = !there;
	else if (word.p[at] == '~')
		ok = there && str_find(sbuf_view(&got), wanted) >= 0;
	else
		ok = there && str_eq(sbuf_view(&got), wanted);
	if (!ok)
		sbuf_printf(why, "%.*s: wanted %.*s, got %.*s", (int)at, word.p, STRF(wanted),
			    STRF(there ? sbuf_view(&got) : STR("nothing")));
	return ok;
}

static bool conditions_hold(const struct call_out *c, const struct words *w, struct sbuf *why)
{
	for (size_t i = 4; i < w->n; i++) {
		if (str_starts(w->w[i], STR("keep")) && w->w[i].n == 4)
			break;
		if (!condition_holds(c, w->w[i], why))
			return false;
	}
	return true;
}

static void words_left(const struct step *s, struct words *ret)
{
	words_of(arena_dup(&sim.arena, arrow_left(s->text)), ret);
}

static bool is_want(const struct step *s, const struct call_out *c, struct words *w)
{
	enum peer p;

	if (strstr(s->text, " wants ") == NULL)
		return false;
	words_left(s, w);
	return w->n >= 4 && str_eqc(w->w[1], "wants") && peer_of(w->w[0], &p) && p == c->peer &&
	       str_eqc(w->w[2], c->method) && path_fits(c->path, w->w[3]);
}

static bool has_default(const struct call_out *c);

static struct step *find_want(const struct call_out *c, struct words *w)
{
	AUTO(sbuf_release) struct sbuf why = SBUF(64 * KIB);
	struct step *near = NULL;

	for (size_t i = 0; i < sim.step_count && sim.steps[i]->from_ms <= sim.now_ms; i++) {
		struct step *s = sim.steps[i];

		if (s->claimed || sim.now_ms > s->to_ms || !is_want(s, c, w))
			continue;
		sbuf_reset(&why);
		if (conditions_hold(c, w, &why))
			return s;
		near = s;
		note("line %d does not fit: %.*s", s->line, STRF(sbuf_view(&why)));
	}
	if (near != NULL && !has_default(c)) {
		sim.line = near->line;
		fail("the call differs: %.*s", STRF(sbuf_view(&why)));
	}
	return NULL;
}

/* ---- answers ---- */

static enum rc broken(struct str how, struct err *e)
{
	if (str_eqc(how, "refused"))
		return FAIL(e, RC_RETRY, "connection refused");
	if (str_eqc(how, "timeout") || str_eqc(how, "reset") || str_eqc(how, "cut") ||
	    str_eqc(how, "garbage"))
		return FAIL(e, RC_UNKNOWN, "%.*s after the request had left", STRF(how));
	fail("not an answer: %.*s", STRF(how));
}

static void accept_send(const struct call_out *c, struct str wamid, struct sbuf *body)
{
	sbuf_printf(body, "{\"messaging_product\":\"whatsapp\",\"messages\":[{\"id\":\"%.*s\"}]}",
		    STRF(wamid));
	peers_note_send(c, wamid);
}

static int meta_error(struct str code, int status, struct sbuf *body)
{
	sbuf_printf(body,
		    "{\"error\":{\"message\":\"(#%.*s)\",\"type\":\"OAuthException\",\"code\":%.*s,"
		    "\"fbtrace_id\":\"trace\"}}",
		    STRF(code), STRF(code));
	return status != 0 ? status : 400;
}

static enum rc finish(const struct call_out *c, int status, struct sbuf *body,
		      struct http_answer *ans)
{
	const char *before = sbuf_c(body);

	note("   -> %d %.150s", status, before);
	ans->status = status;
	sbuf_reset(&ans->body);
	ans->body.max = 4 * MIB;
	sbuf_str(&ans->body, sbuf_view(body));
	return media_sink(c->request, ans, NULL);
}

static enum rc by_double(const struct call_out *c, struct http_answer *ans, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(4 * MIB);
	int status = 0;

	if (!peers_answer(c, &status, &body))
		fail("the double does not know %s %.*s", c->method, STRF(c->path));
	ans->too_long = c->request->sink == NULL && c->request->answer_max > 0 &&
			body.n > c->request->answer_max;
	if (ans->too_long)
		return FAIL(e, RC_UNKNOWN, "an answer is longer than %zu bytes",
			    c->request->answer_max);
	return finish(c, status, &body, ans);
}

/* The program asks itself through the internet: a request to its own door. */
static enum rc by_self(const struct call_out *c, struct http_answer *ans)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(4 * MIB);
	int status = request_in(c->method, arena_dup(&sim.arena, c->path), STR_NONE,
				c->request->headers, c->request->header_count, &body);

	return finish(c, status, &body, ans);
}

static enum rc literal(const struct call_out *c, const struct words *w, struct http_answer *ans)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(4 * MIB);
	int64_t status = 0, seconds;
	size_t i = 0;

	ans->cert_ends_ms = 0;
	ans->cert_refused = false;
	if (str_i64(w->w[0], 100, 599, &status))
		i++;
	for (; i < w->n; i++) {
		if (str_eqc(w->w[i], "Retry-After:") && i + 1 < w->n &&
		    str_i64(w->w[i + 1], 0, INT32_MAX, &seconds)) {
			ans->retry_after_ms = seconds * SECOND_MS;
			i++;
		} else if (str_eqc(w->w[i], "Version:") && i + 1 < w->n) {
			if (!str_copy(w->w[++i], ans->api_version, sizeof(ans->api_version)))
				fail("too long");
		} else if (str_eqc(w->w[i], "Usage:") && i + 1 < w->n) {
			if (!str_copy(w->w[++i], ans->usage, sizeof(ans->usage)))
				fail("too long");
		} else if (str_eqc(w->w[i], "Location:") && i + 1 < w->n) {
			if (!str_copy(w->w[++i], ans->kept, sizeof(ans->kept)))
				fail("too long");
		} else if (str_eqc(w->w[i], "Cert:") && i + 1 < w->n) {
			if (!clock_parse(w->w[++i], &ans->cert_ends_ms))
				fail("not a time");
		} else if (str_eqc(w->w[i], "error") && i + 1 < w->n) {
			status = meta_error(w->w[++i], (int)status, &body);
		} else if (str_eqc(w->w[i], "accepted") && i + 1 < w->n) {
			status = 200;
			accept_send(c, expand(w->w[++i], c->json), &body);
		} else if (status != 0) {
			sbuf_str(&body, expand(w->w[i], c->json));
		} else {
			return broken(w->w[i], NULL);
		}
	}
	return finish(c, (int)status, &body, ans);
}

static enum rc answer(const struct call_out *c, struct str text, struct http_answer *ans,
		      struct err *e)
{
	struct words w;

	words_of(arena_dup(&sim.arena, text), &w);
	if (w.n == 0)
		fail("an answer is missing");
	if (str_eqc(w.w[0], "badcert")) {
		ans->cert_refused = true;
		return FAIL(e, RC_RETRY, "totem.example: the certificate has expired");
	}
	if (str_eqc(w.w[0], "asks-cert")) { /* TLS that wants a client certificate */
		ans->connected = true;
		return FAIL(e, RC_RETRY, "totem.example: SSL connect error");
	}
	if (str_eqc(w.w[0], "works") && c->peer == PEER_SELF)
		return by_self(c, ans);
	if (str_eqc(w.w[0], "works"))
		return by_double(c, ans, e);
	if (str_starts(w.w[0], STR("stored-then-"))) { /* the peer did it, its answer is another */
		AUTO(sbuf_release) struct sbuf body = SBUF(4 * MIB);
		struct str then = str_sub(w.w[0], 12, SIZE_MAX);
		int64_t code;
		int status;

		if (!peers_answer(c, &status, &body))
			fail("the double does not know %s %.*s", c->method, STRF(c->path));
		sbuf_reset(&body);
		return str_i64(then, 100, 599, &code) ? finish(c, (int)code, &body, ans)
						      : broken(then, e);
	}
	if (w.n == 1 && !(w.w[0].p[0] >= '0' && w.w[0].p[0] <= '9')) {
		note("   -> %.*s", STRF(w.w[0]));
		return broken(w.w[0], e);
	}
	return literal(c, &w, ans);
}

/* ---- standing answers ---- */

void net_default(const struct words *w, const char *text)
{
	struct standing s = { .method = "" };
	struct str right = arrow_right(text);

	if (w->n < 2 || !peer_of(w->w[1], &s.peer) || right.n == 0 || default_count == DEFAULTS_MAX)
		fail("default PEER [METHOD PATH] -> ANSWER");
	if (w->n >= 4 && !str_eqc(w->w[2], "->") &&
	    (!str_copy(w->w[2], s.method, sizeof(s.method)) ||
	     !str_copy(w->w[3], s.path, sizeof(s.path))))
		fail("too long");
	if (!str_copy(right, s.answer, sizeof(s.answer)))
		fail("too long");
	if (s.method[0] == '\0') { /* a new general answer ends all before it */
		size_t kept = 0;   /* in their order: the newest counts */

		for (size_t i = 0; i < default_count; i++) {
			if (defaults[i].peer != s.peer)
				defaults[kept++] = defaults[i];
		}
		default_count = kept;
	}
	defaults[default_count++] = s;
}

static const struct standing *find_default(const struct call_out *c)
{
	const struct standing *found = NULL;

	for (size_t i = default_count; i > 0; i--) {
		const struct standing *s = &defaults[i - 1];

		if (s->peer != c->peer)
			continue;
		if (s->method[0] != '\0' && str_eqc(str_of(c->method), s->method) &&
		    path_fits(c->path, str_of(s->path)))
			return s;
		if (s->method[0] == '\0')
			found = s;
	}
	return found;
}

static bool has_default(const struct call_out *c)
{
	return find_default(c) != NULL;
}

/* ---- one call ---- */

static uint32_t next_random(void)
{
	sim.random ^= sim.random << 13;
	sim.random ^= sim.random >> 17;
	sim.random ^= sim.random << 5;
	return sim.random;
}

/* Something that goes wrong on the way. False: not this time. */
static bool fault(const struct call_out *c, struct http_answer *ans, struct err *e, enum rc *ret)
{
	static const char *const WAYS[] = {
		"refused", "timeout",          "stored-then-timeout", "500 {\"error\":\"x\"}",
		"reset",   "stored-then-reset"
	};

	if ((int)(next_random() % 100) >= fault_percent)
		return false;
	if (c->peer == PEER_META && next_random() % 3 == 0)
		*ret = answer(c, STR("400 error 130429"), ans, e);
	else
		*ret = answer(c, str_of(WAYS[next_random() % COUNT(WAYS)]), ans, e);
	return true;
}

static void keep_fields(const struct call_out *c, const struct words *w)
{
	for (size_t i = 4; i + 1 < w->n; i++) {
		AUTO(sbuf_release) struct sbuf v = SBUF(4 * KIB);
		struct str name, rest = w->w[i + 1];

		if (!str_eqc(w->w[i], "keep"))
			continue;
		if (!str_cut(&rest, '=', &name) || !field(c, rest, &v))
			fail("keep NAME=body.field: not there");
		var_set(name, sbuf_view(&v));
	}
}

static enum rc settle_call(const struct call_out *c, struct http_answer *ans, struct err *e)
{
	const struct standing *standing;
	struct words w;
	struct step *s = find_want(c, &w);
	enum rc rc;

	if (s != NULL) {
		s->claimed = true;
		keep_fields(c, &w);
		rc = answer(c, arrow_right(s->text), ans, e);
		for (const struct step *d = s->during; d != NULL && !sim.crashed; d = d->during)
			step_exec(d, 1);
		return rc;
	}
	if (fault_percent > 0 && fault(c, ans, e, &rc))
		return rc;
	standing = find_default(c);
	if (standing == NULL)
		fail("an unexpected call: %s %s %.*s", PEERS[c->peer], c->method, STRF(c->path));
	return answer(c, str_of(standing->answer), ans, e);
}

enum rc net_call(const struct http_request *q, struct http_answer *ans, struct err *e)
{
	struct call_out c = {
		.peer = PEER_COUNT, .method = q->method, .body = q->body, .request = q
	};
	struct json *json = NULL;
	struct str url = str_of(q->url);
	enum rc rc;

	if (sim.crashed)
		return FAIL(e, RC_RETRY, "this process does not exist any more");
	for (int p = 0; p < PEER_COUNT; p++) {
		if (str_starts(url, str_of(HOSTS[p]))) {
			c.peer = (enum peer)p;
			c.path = str_sub(url, strlen(HOSTS[p]), SIZE_MAX);
		}
	}
	if (str_starts(url, STR(FILE_HOST))) {
		c.peer = PEER_META;
		c.path = str_sub(url, strlen(FILE_HOST), SIZE_MAX);
	}
	if (c.peer == PEER_COUNT)
		fail("a call to nobody: %s", q->url);
	if (q->body.n > 0 && json_parse(q->body, &json, NULL) == RC_OK)
		c.json = json;
	if (q->form != NULL)
		c.json = json = media_form_json(q->form);
	note("%s %s %.*s %.*s", PEERS[c.peer], c.method, STRF(c.path),
	     (int)size_min(q->body.n, 150), q->body.p != NULL ? q->body.p : "");
	calls[c.peer]++;
	last_call_ms[c.peer] = sim.now_ms;
	rc = settle_call(&c, ans, e);
	json_free(json);
	if (!sim.crashed)
		return rc;
	sbuf_reset(&ans->body);
	ans->status = 0;
	return FAIL(e, RC_UNKNOWN, "killed before the answer");
}

void net_nothing(enum peer p)
{
	if (last_call_ms[p] > sim.last_step_ms)
		fail("%s was called at %lld ms, nothing was expected", PEERS[p],
		     (long long)(last_call_ms[p] - sim.start_ms));
}

void net_overdue(void)
{
	for (size_t i = 0; i < sim.step_count && sim.steps[i]->from_ms <= sim.now_ms; i++) {
		const struct step *s = sim.steps[i];

		if (!s->claimed && sim.now_ms > s->to_ms && strstr(s->text, " wants ") != NULL &&
		    strstr(s->text, " wants nothing") == NULL) {
			sim.line = s->line;
			fail("the expected call did not come: %s", s->text);
		}
	}
}
