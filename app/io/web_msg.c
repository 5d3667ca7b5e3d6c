/* web_msg.c - the gate over request headers, decoding of paths, and the head of answers. Pure
 * functions. */
#include "io/web_msg.h"

#include <strings.h>
#include <time.h>

#include "base/enc.h"

struct name {
	const char *text;
	size_t n;
};

#define NAME(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

/* With two of these, two readers of one request may believe different things. */
static const struct name single[] = {
	NAME("host"),
	NAME("expect"),
	NAME("x-event-id"),
	NAME("x-signature"),
	NAME("content-type"),
	NAME("x-request-id"),
	NAME("authorization"),
	NAME("last-event-id"),
	NAME("content-length"),
	NAME("idempotency-key"),
	NAME("transfer-encoding"),
	NAME("x-hub-signature-256"),
	NAME("x-chatwoot-signature"),
	NAME("x-chatwoot-timestamp"),
};

const char *web_msg_gate(const struct http_header_in *headers, size_t count)
{
	uint32_t seen = 0;
	_Static_assert(COUNT(single) <= 32, "one bit each");
	if (count >= WEB_HEADERS_MAX)
		return "too many headers";
	for (size_t i = 0; i < count; i++) {
		const char *name = headers[i].name;
		size_t n = strlen(name);
		if (n == 0 || name[n - 1] == ' ' || name[n - 1] == '\t')
			return "malformed header name";
		for (size_t k = 0; k < COUNT(single); k++) {
			if (n != single[k].n || strcasecmp(name, single[k].text) != 0)
				continue;
			if ((seen & 1u << k) != 0)
				return "a header is there twice";
			seen |= 1u << k;
		}
	}
	return NULL;
}

static bool path_ok(struct str path)
{
	struct str rest = path;
	struct str part;
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];
		if (c < ' ' || c == 0x7f || c == '\\')
			return false;
	}
	while (str_cut(&rest, '/', &part)) {
		if (str_eqc(part, ".") || str_eqc(part, ".."))
			return false;
	}
	return path.n > 0 && path.p[0] == '/' && enc_utf8_ok(path);
}

const char *web_msg_path(const char *raw, struct sbuf *to)
{
	struct str path = str_of(raw);
	if (str_chr(path, '%') < 0)
		return path_ok(path) ? raw : NULL;
	sbuf_reset(to);
	if (!enc_unpercent(to, path, false) || !sbuf_ok(to) || !path_ok(sbuf_view(to)))
		return NULL;
	return sbuf_c(to);
}

bool web_msg_id_ok(struct str id)
{
	if (id.n == 0 || id.n > 64)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

/* splitmix64: a permutation */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

void web_msg_random(const uint64_t seed[2], uint64_t count, uint8_t ret_bytes[WEB_MSG_RANDOM])
{
	uint64_t n = count * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t a = mix(seed[0] + n);
	uint64_t b = mix(seed[1] ^ n);
	memcpy(ret_bytes, &a, sizeof a);
	memcpy(ret_bytes + sizeof a, &b, WEB_MSG_RANDOM - sizeof a);
}

bool web_msg_closes(const char *version, struct str connection)
{
	struct str part;
	if (version == NULL || strcmp(version, "1.1") != 0)
		return true;
	if (connection.p == NULL)
		return false;
	/* CivetWeb keeps a connection with this header only when it says keep-alive; say what it
	 * does. */
	while (str_cut(&connection, ',', &part)) {
		if (str_ieq(str_trim(part), STR("keep-alive")))
			return false;
	}
	return true;
}

void web_msg_date(int64_t now_ms, char ret_text[WEB_MSG_DATE_MAX])
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now_s = (time_t)(now_ms / SECOND_MS);
	struct tm t;
	ASSERT(gmtime_r(&now_s, &t) != NULL);
	/* Not strftime: the words must not follow a locale. */
	int n = snprintf(ret_text, WEB_MSG_DATE_MAX, "%s, %02d %s %04d %02d:%02d:%02d GMT",
			 days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour,
			 t.tm_min, t.tm_sec);
	ASSERT(n > 0 && n < WEB_MSG_DATE_MAX);
}

struct reason {
	int status;
	const char *text;
};

static const char *reason_of(int status)
{
	static const struct reason reasons[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 307, "Temporary Redirect" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 411, "Length Required" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 416, "Range Not Satisfiable" },
		{ 422, "Unprocessable Content" },
		{ 423, "Locked" },
		{ 428, "Precondition Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
		{ 507, "Insufficient Storage" },
	};
	for (size_t i = 0; i < COUNT(reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].text;
	}
	return "Other";
}

static void status_line(struct sbuf *to, int status)
{
	if (status == 200) {
		sbuf_str(to, STR("HTTP/1.1 200 OK\r\nDate: "));
		return;
	}
	sbuf_str(to, STR("HTTP/1.1 "));
	sbuf_i64(to, status);
	sbuf_char(to, ' ');
	sbuf_text(to, reason_of(status));
	sbuf_str(to, STR("\r\nDate: "));
}

void web_msg_head(struct sbuf *to, const struct res *r, const struct web_msg_facts *f)
{
	status_line(to, r->status);
	sbuf_text(to, f->date);
	if (r->content_type != NULL) {
		sbuf_str(to, STR("\r\nContent-Type: "));
		sbuf_text(to, r->content_type);
	}
	/* RFC 9110 section 8.6: no length with 204; with 304 it would be that of the 200. */
	if (f->chunked)
		sbuf_str(to, STR("\r\nTransfer-Encoding: chunked"));
	else if (!f->stream && r->status != 204 && r->status != 304) {
		sbuf_str(to, STR("\r\nContent-Length: "));
		sbuf_i64(to, (int64_t)f->body_bytes);
	}
	sbuf_str(to, STR("\r\nX-Request-Id: "));
	sbuf_text(to, f->request_id);
	if (f->close)
		sbuf_str(to, STR("\r\nConnection: close"));
	sbuf_str(to, STR("\r\nX-Content-Type-Options: nosniff\r\n"));
	sbuf_str(to, sbuf_view(&r->headers));
	sbuf_str(to, STR("\r\n"));
}

void web_msg_problem(struct sbuf *to, int status, const char *request_id, const char *date)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(1 * KIB);
	struct res r = { .status = status,
			 .content_type = "application/problem+json",
			 .close = true };
	sbuf_printf(
		&body,
		"{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"request_id\":\"%s\"}",
		reason_of(status), status, request_id);
	struct web_msg_facts f = {
		.date = date, .request_id = request_id, .body_bytes = body.n, .close = true
	};
	web_msg_head(to, &r, &f);
	sbuf_str(to, sbuf_view(&body));
}
