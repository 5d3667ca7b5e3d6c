/* meta_send.c - request bodies for Meta, their URL, and what an answer means. Promises:
 * meta_send.h. No state; any thread. */
#include "peer/meta/meta_send.h"

#include "base/enc.h"
#include "base/url.h"
#include "io/json.h"
#include "io/jsonw.h"

#define PHONE_DIGITS_MIN 5
#define PHONE_DIGITS_MAX 15  /* E.164 */
#define BSUID_TAIL_MAX   128 /* 2.2 */
#define PHONE_ID_MAX     32

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}
static bool is_alnum(char c)
{
	return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z');
}

static bool all_digits(struct str s, size_t low, size_t high)
{
	if (s.n < low || s.n > high)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

/* Opaque ids of the peer (wamid, group id): visible ASCII without quotes and backslashes. */
static bool id_ok(struct str s, size_t max)
{
	if (s.n == 0 || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\')
			return false;
	return true;
}

static bool bsuid_ok(struct str s)
{
	if (s.n < 4 || !is_upper(s.p[0]) || !is_upper(s.p[1]) || s.p[2] != '.')
		return false;
	struct str tail = str_sub(s, 3, s.n);
	if (str_starts(tail, STR("ENT.")))
		tail = str_sub(tail, 4, tail.n);
	if (tail.n == 0 || tail.n > BSUID_TAIL_MAX)
		return false;
	for (size_t i = 0; i < tail.n; i++)
		if (!is_alnum(tail.p[i]))
			return false;
	return true;
}

static enum rc check_address(const struct meta_message *m, struct err *e)
{
	struct str phone = m->to;
	if ((m->to.n > 0) + (m->recipient.n > 0) + (m->group.n > 0) != 1)
		return FAIL(e, RC_INVALID, "to: exactly one of to, recipient and group is needed");
	if (phone.n > 0 && phone.p[0] == '+')
		phone = str_sub(phone, 1, phone.n);
	if (m->to.n > 0 && !all_digits(phone, PHONE_DIGITS_MIN, PHONE_DIGITS_MAX))
		return FAIL(e, RC_INVALID, "to: not a phone number with country code");
	if (m->recipient.n > 0 && !bsuid_ok(m->recipient))
		return FAIL(e, RC_INVALID, "recipient: not a business-scoped user id");
	if (m->group.n > 0 && !id_ok(m->group, WA_ADDRESS_MAX))
		return FAIL(e, RC_INVALID, "group: not a group id");
	return RC_OK;
}

static enum rc check_message(const struct meta_message *m, struct err *e)
{
	struct wa_content_bad bad = { "" };
	struct err why = { .rc = RC_OK };
	TRY(check_address(m, e));
	if (wa_content_check(m->type, m->content, &bad, &why) != RC_OK)
		return FAIL(e, RC_INVALID, "%s: %s", bad.field, why.text);
	if (m->reply_to.n > 0 && !id_ok(m->reply_to, WA_ID_MAX))
		return FAIL(e, RC_INVALID, "context.message_id: not a message id");
	if (!enc_utf8_ok(m->tag) || enc_utf8_count(m->tag) > META_SEND_TAG_MAX)
		return FAIL(e, RC_INVALID,
			    "biz_opaque_callback_data: not UTF-8 or longer than %u characters",
			    META_SEND_TAG_MAX);
	return RC_OK;
}

void meta_send_address(struct str address, struct meta_message *ret)
{
	bool plus = address.n > 0 && address.p[0] == '+';
	ret->to = ret->recipient = ret->group = STR_NONE;
	if (all_digits(str_sub(address, plus ? 1 : 0, address.n), 1, PHONE_DIGITS_MAX))
		ret->to = address;
	else if (bsuid_ok(address))
		ret->recipient = address;
	else
		ret->group = address;
}

static void write_recipient(struct jsonw *w, const struct meta_message *m)
{
	if (m->group.n > 0) {
		jsonw_ktext(w, "recipient_type", "group");
		jsonw_kstr(w, "to", m->group);
		return;
	}
	jsonw_ktext(w, "recipient_type", "individual");
	if (m->recipient.n > 0) {
		jsonw_kstr(w, "recipient", m->recipient);
		return;
	}
	char phone[PHONE_DIGITS_MAX + 2];
	bool plus = m->to.p[0] == '+';
	int n = snprintf(phone, sizeof phone, "%s%.*s", plus ? "" : "+", STRF(m->to));
	ASSERT(n > 0 && (size_t)n < sizeof phone);
	jsonw_ktext(w, "to", phone);
}

/* Ends an encoder: on a full buffer everything that was added is taken back. */
static enum rc finish(struct sbuf *to, size_t before, struct err *e)
{
	if (sbuf_ok(to))
		return RC_OK;
	to->n = before;
	return FAIL(e, RC_LIMIT, "the buffer for the request is full");
}

static enum rc write_message(struct jsonw *w, const struct meta_message *m, struct err *e)
{
	char type[32];
	bool reaction = str_eqc(m->type, "reaction");
	jsonw_object(w);
	jsonw_ktext(w, "messaging_product", "whatsapp");
	write_recipient(w, m);
	if (m->reply_to.n > 0 && !reaction) { /* 3.1: a reaction names its message itself */
		jsonw_kobject(w, "context");
		jsonw_kstr(w, "message_id", m->reply_to);
		jsonw_end(w);
	}
	jsonw_kstr(w, "type", m->type);
	ASSERT(str_copy(m->type, type, sizeof type)); /* check_message knows it */
	jsonw_key(w, type);
	TRY(wa_content_write(m->type, m->content, m->files, m->file_count, w, e));
	if (m->tag.n > 0)
		jsonw_kstr(w, "biz_opaque_callback_data", m->tag);
	jsonw_end(w);
	return RC_OK;
}

enum rc meta_send_message(const struct meta_message *m, struct sbuf *to, struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	TRY(check_message(m, e));
	jsonw_init(&w, to);
	enum rc rc = write_message(&w, m, e);
	if (rc != RC_OK) {
		to->n = before;
		return rc;
	}
	return finish(to, before, e);
}

enum rc meta_send_read(struct str wamid, bool typing, struct sbuf *to, struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	if (!id_ok(wamid, WA_ID_MAX))
		return FAIL(e, RC_INVALID, "message_id: not a message id");
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_ktext(&w, "messaging_product", "whatsapp");
	jsonw_ktext(&w, "status", "read");
	jsonw_kstr(&w, "message_id", wamid);
	if (typing) {
		jsonw_kobject(&w, "typing_indicator");
		jsonw_ktext(&w, "type", "text");
		jsonw_end(&w);
	}
	jsonw_end(&w);
	return finish(to, before, e);
}

/* "v" digits "." digits */
static bool version_ok(struct str v)
{
	struct str rest = str_sub(v, 1, v.n);
	struct str major = STR_NONE;
	if (v.n == 0 || v.p[0] != 'v' || !str_cut(&rest, '.', &major))
		return false;
	return all_digits(major, 1, 3) && all_digits(rest, 1, 3);
}

enum rc meta_send_url(struct str base, struct str version, struct str phone_number_id,
		      struct sbuf *to, struct err *e)
{
	size_t before = to->n;
	struct str clean = STR_NONE;
	if (!url_base_ok(base, &clean))
		return FAIL(e, RC_INVALID, "base URL: not http(s)://host[:port][/path]");
	if (!version_ok(version))
		return FAIL(e, RC_INVALID, "API version: not like v23.0");
	if (!all_digits(phone_number_id, 1, PHONE_ID_MAX))
		return FAIL(e, RC_INVALID, "phone number id: not digits");
	sbuf_str(to, clean);
	sbuf_char(to, '/');
	sbuf_str(to, version);
	sbuf_char(to, '/');
	sbuf_str(to, phone_number_id);
	sbuf_text(to, "/messages");
	return finish(to, before, e);
}

static const struct meta_error_row error_rows[] = {
#define E(low, high, cls, scope, tries, first, factor, cap, incident, note, source) \
	{ low,           high,                                                      \
	  WA_SEND_##cls, WA_SCOPE_##scope,                                          \
	  tries,         (first)*SECOND_MS,                                         \
	  factor,        (cap)*SECOND_MS,                                           \
	  incident,      note,                                                      \
	  source },
#include "peer/meta/meta_error.def"
#undef E
};

size_t meta_send_error_count(void)
{
	return COUNT(error_rows);
}

const struct meta_error_row *meta_send_error_at(size_t i)
{
	ASSERT(i < COUNT(error_rows));
	return &error_rows[i];
}

const struct meta_error_row *meta_send_error(int64_t code)
{
	size_t low = 0;
	size_t high = COUNT(error_rows);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct meta_error_row *row = &error_rows[middle];
		if (code < row->code_low)
			high = middle;
		else if (code > row->code_high)
			low = middle + 1;
		else
			return row;
	}
	return NULL;
}

/* Rows for answers that have no code of the table. Waits as for code 2 and 131000. */
#define ROW(name, cls_, scope_, tries, first, cap, incident_, note_) \
	static const struct meta_error_row name = {                  \
		-1,                                                  \
		-1,                                                  \
		WA_SEND_##cls_,                                      \
		WA_SCOPE_##scope_,                                   \
		tries,                                               \
		(first)*SECOND_MS,                                   \
		2,                                                   \
		(cap)*SECOND_MS,                                     \
		incident_,                                           \
		note_,                                               \
		"4.2, last row",                                     \
	}
ROW(row_unsent, RETRY, MESSAGE, 0, 2, 300, NULL, "the peer was not reached");
ROW(row_lost, UNKNOWN, MESSAGE, 0, 0, 0, NULL, "the connection ended after the request had left");
ROW(row_refused, PAUSE_NUMBER, NUMBER, 0, 0, 0, "SEND_ADDRESS",
    "the address is refused or malformed: check the settings");
ROW(row_local, RETRY, MESSAGE, 0, 2, 300, NULL, "a fault of this box");
ROW(row_success, UNKNOWN, MESSAGE, 0, 0, 0, NULL, "a success without a message id");
ROW(row_gateway, UNKNOWN, MESSAGE, 0, 0, 0, NULL,
    "an error that is not Meta's own: the request may have passed");
ROW(row_slow_down, RETRY, MESSAGE, 0, 30, 300, NULL,
    "slowed down before the request was looked at");
ROW(row_foreign, PAUSE_NUMBER, NUMBER, 0, 0, 0, "SEND_ADDRESS",
    "an answer that is not Meta's: check address and proxy");
ROW(row_bad_request, PERMANENT, MESSAGE, 0, 0, 0, NULL, "refused without a reason");
ROW(row_transient, RETRY, MESSAGE, 3, 2, 60, NULL, "an error that Meta calls transient");
ROW(row_new_server, RETRY, MESSAGE, 3, 2, 60, NULL,
    "an error code that is not in our table, server side");
ROW(row_new_throttle, RETRY, MESSAGE, 0, 5, 300, NULL,
    "an error code that is not in our table, throttled");
ROW(row_new_access, PAUSE_NUMBER, NUMBER, 0, 0, 0, "SEND_PERMISSION",
    "an error code that is not in our table, access");
ROW(row_new_client, PERMANENT, MESSAGE, 0, 0, 0, NULL, "an error code that is not in our table");
#undef ROW

/* No answer of the peer's program. */
static const struct meta_error_row *by_transport(enum rc rc)
{
	switch (rc) {
	case RC_RETRY:
		return &row_unsent;
	case RC_INVALID:
	case RC_REFUSED:
		return &row_refused;
	case RC_IO:
		return &row_local; /* before the request left: http.h gives RC_UNKNOWN after */
	case RC_OK:
	case RC_UNKNOWN:
	case RC_ABSENT:
	case RC_CONFLICT:
	case RC_LIMIT:
	case RC_COUNT:
		break;
	}
	return &row_lost; /* in doubt never repeat */
}

/* A complete answer without Meta's error object.
 *
 * 5xx: Meta answers its own failures in JSON (4.1), also code 2 with 503, so a 5xx without it comes
 * from a proxy or from Meta's edge. 502 and 504 say that something behind was asked: the outcome is
 * unknown. For 500 and 503 no page of Meta's says that nothing was processed, and a second copy at
 * the customer is worse than a parked message: unknown too. 429 and 408: RFC 6585 section 4 and RFC
 * 9110 section 15.5.9 mean "not processed". Other refusals come from a filter or from a wrong
 * address. */
static const struct meta_error_row *by_status(int status)
{
	if (status >= 200 && status < 300)
		return &row_success;
	if (status >= 500 || status < 200)
		return &row_gateway;
	if (status == 429 || status == 408)
		return &row_slow_down;
	if (status == 400 || status == 413 || status == 422)
		return &row_bad_request;
	return &row_foreign;
}

static const struct meta_error_row *by_error(const struct json *error, int status,
					     const struct wa_verdict *v)
{
	if (v->code == 100 && v->subcode == 33)
		return meta_send_error(33);
	const struct meta_error_row *row = v->code >= 0 ? meta_send_error(v->code) : NULL;
	if (row != NULL)
		return row;
	if (json_get_bool(error, "is_transient", false))
		return &row_transient;
	if (status == 429)
		return &row_new_throttle;
	if (status >= 500)
		return &row_new_server;
	if (status == 401 || status == 403)
		return &row_new_access;
	return &row_new_client;
}

/* Wait of the row for this attempt; saturates at the row's cap. */
static int64_t wait_ms(const struct meta_error_row *row, int tries)
{
	int64_t ms = row->first_ms;
	for (int i = 1; i < tries && ms < row->cap_ms; i++)
		ms *= row->factor > 1 ? row->factor : 1;
	return i64_min(ms, row->cap_ms);
}

static void apply(const struct meta_error_row *row, const struct wa_answer *a, struct wa_verdict *v)
{
	bool waits = row->cls == WA_SEND_RETRY || row->cls == WA_SEND_PAUSE_RECIPIENT ||
		     row->cls == WA_SEND_WAIT;
	bool pauses = row->cls == WA_SEND_PAUSE_NUMBER || row->cls == WA_SEND_STOP;
	v->cls = row->cls;
	v->scope = row->scope;
	v->trouble = row->incident;
	v->throttled =
		row->cls == WA_SEND_RETRY && (row->scope == WA_SCOPE_NUMBER || a->status == 429);
	/* What did not get as far as this message is paced by its runs. */
	bool own = a->rc == RC_OK && !v->throttled && !pauses;
	int n = own || a->runs == 0 ? a->tries : a->runs;
	if (waits && row->tries_max > 0 && a->tries >= row->tries_max) {
		v->cls = WA_SEND_PERMANENT;
		v->exhausted = true;
	} else if (waits || (pauses && row->first_ms > 0)) {
		v->retry_ms = wait_ms(row, n);
	}
	if ((waits || pauses) && !v->exhausted && a->retry_after_ms >= 0)
		v->retry_ms = i64_min(a->retry_after_ms, META_SEND_RETRY_AFTER_MAX_MS);
	const char *end = v->exhausted ? "; no attempts left" : "";
	if (v->code >= 0)
		(void)snprintf(v->text, sizeof v->text, "Meta error %lld: %s%s", (long long)v->code,
			       row->note, end); /* cut is fine */
	else if (a->rc == RC_OK)
		(void)snprintf(v->text, sizeof v->text, "HTTP %d: %s%s", a->status, row->note, end);
	else
		(void)snprintf(v->text, sizeof v->text, "%s%s", row->note, end);
}

/* An id of the peer: taken whole or not at all. */
static bool take(struct str s, char *to, size_t to_bytes)
{
	if (s.n == 0 || !str_copy(s, to, to_bytes)) {
		to[0] = '\0';
		return false;
	}
	return true;
}

static bool accepted(const struct json *root, struct wa_verdict *v)
{
	const struct json *message = json_first(json_get(root, "messages"));
	const struct json *contact = json_first(json_get(root, "contacts"));
	struct str id = json_get_str(message, "id");
	if (!id_ok(id, WA_ID_MAX) || !take(id, v->wamid, sizeof v->wamid))
		return false;
	(void)take(json_get_str(contact, "wa_id"), v->wa_id, sizeof v->wa_id); /* optional */
	(void)take(json_get_str(contact, "user_id"), v->user_id, sizeof v->user_id);
	v->held = str_eqc(json_get_str(message, "message_status"), "held_for_quality_assessment");
	v->cls = WA_SEND_ACCEPTED;
	(void)snprintf(v->text, sizeof v->text, "accepted%s", v->held ? ", held for review" : "");
	return true;
}

void meta_send_judge(const struct wa_answer *a, struct wa_verdict *ret_v)
{
	struct json *root AUTO(json_freep) = NULL;
	memset(ret_v, 0, sizeof *ret_v);
	ret_v->retry_ms = -1;
	ret_v->code = -1;
	ret_v->subcode = -1;
	if (a->rc != RC_OK) {
		apply(by_transport(a->rc), a, ret_v);
		return;
	}
	if (json_parse(a->body, &root, NULL) != RC_OK) {
		apply(by_status(a->status), a, ret_v);
		return;
	}
	const struct json *error = json_get(root, "error");
	if (json_kind(error) == JSON_OBJECT) {
		ret_v->code = json_get_i64_or(error, "code", -1);
		ret_v->subcode = json_get_i64_or(error, "error_subcode", -1);
		(void)take(json_get_str(error, "fbtrace_id"), ret_v->fbtrace_id,
			   sizeof ret_v->fbtrace_id); /* absent from proxies */
		/* An error object without a code is some proxy's, not Meta's. */
		if (ret_v->code >= 0 && (a->status < 200 || a->status >= 300)) {
			apply(by_error(error, a->status, ret_v), a, ret_v);
			return;
		}
	}
	bool success = a->status >= 200 && a->status < 300;
	if (success && accepted(root, ret_v))
		return;
	if (success && ret_v->code >= 0)
		apply(by_error(error, a->status, ret_v), a, ret_v);
	else
		apply(by_status(a->status), a, ret_v);
}

void meta_send_judge_act(const struct wa_answer *a, struct wa_verdict *ret_v)
{
	struct json *root AUTO(json_freep) = NULL;
	meta_send_judge(a, ret_v);
	if (a->rc != RC_OK || a->status < 200 || a->status >= 300 || ret_v->code >= 0 ||
	    json_parse(a->body, &root, NULL) != RC_OK)
		return;
	if (!json_get_bool(root, "success", false))
		return;
	ret_v->cls = WA_SEND_ACCEPTED;
	(void)snprintf(ret_v->text, sizeof ret_v->text, "done");
}

void meta_send_later(int64_t code, int tries, struct wa_verdict *ret_v)
{
	const struct wa_answer a = { .retry_after_ms = -1, .tries = tries };
	const struct meta_error_row *row = code > 0 ? meta_send_error(code) : NULL;

	memset(ret_v, 0, sizeof *ret_v);
	ret_v->retry_ms = -1;
	ret_v->code = code;
	ret_v->subcode = -1;
	apply(row != NULL ? row : &row_new_client, &a, ret_v);
}
