/* s3.c - see s3.h. docs.aws.amazon.com, "Create a signed AWS API request" (Signature Version 4). */
#include "peer/s3.h"

#include "base/clock.h"
#include "base/enc.h"
#include "io/crypto.h"

#define LIST_KEYS "1000"

struct parts {
	struct str scheme, host, bucket, prefix; /* prefix without slashes at its ends */
};

static struct str trim_slashes(struct str s)
{
	while (str_starts(s, STR("/")))
		s = str_sub(s, 1, s.n);
	while (str_ends(s, STR("/")))
		s.n--;
	return s;
}

static bool split(struct str url, struct parts *ret)
{
	ptrdiff_t at = str_find(url, STR("://"));
	struct str rest, host;

	if (at <= 0)
		return false;
	ret->scheme = str_sub(url, 0, (size_t)at);
	rest = str_sub(url, (size_t)at + 3, url.n);
	if (!str_cut(&rest, '/', &host) || host.n == 0 || rest.p == NULL)
		return false;
	ret->host = host;
	rest = trim_slashes(rest);
	if (!str_cut(&rest, '/', &ret->bucket) || ret->bucket.n == 0)
		return false;
	ret->prefix = rest.p != NULL ? trim_slashes(rest) : STR("");
	return true;
}

struct str s3_prefix(const struct s3_target *t)
{
	struct parts p;

	return split(t->url, &p) ? p.prefix : STR("");
}

/* Each segment is encoded, the slashes between stay. */
static void encode_path(struct sbuf *to, struct str path)
{
	struct str part;
	bool first = true;

	while (str_cut(&path, '/', &part)) {
		if (!first)
			sbuf_char(to, '/');
		enc_percent(to, part);
		first = false;
	}
}

static void path_of(const struct parts *p, struct str key, struct sbuf *to)
{
	sbuf_char(to, '/');
	encode_path(to, p->bucket);
	if (key.n == 0)
		return;
	if (p->prefix.n > 0) {
		sbuf_char(to, '/');
		encode_path(to, p->prefix);
	}
	sbuf_char(to, '/');
	encode_path(to, key);
}

/* "2026-01-05T10:00:00.123Z" -> "20260105T100000Z" */
static void amz_date(int64_t now_ms, char ret[S3_DATE_MAX])
{
	char text[CLOCK_TEXT_MAX];

	clock_text(now_ms, text);
	(void)snprintf(ret, S3_DATE_MAX, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", text, text + 5, text + 8,
		       text + 11, text + 14, text + 17);
}

static void step(uint8_t key[SHA256_BYTES], struct str word)
{
	uint8_t next[SHA256_BYTES];

	crypto_hmac_sha256(str_n((const char *)key, SHA256_BYTES), word, next);
	memcpy(key, next, sizeof(next));
	crypto_zero(next, sizeof(next));
}

static void signature(const struct s3_target *t, const char *date, struct str to_sign,
		      char ret_hex[2 * SHA256_BYTES + 1])
{
	AUTO(sbuf_release) struct sbuf first = SBUF(KIB);
	uint8_t key[SHA256_BYTES];

	sbuf_text(&first, "AWS4");
	sbuf_str(&first, t->secret);
	crypto_hmac_sha256(sbuf_view(&first), str_n(date, 8), key);
	step(key, t->region);
	step(key, STR("s3"));
	step(key, STR("aws4_request"));
	step(key, to_sign);
	enc_hex(key, sizeof(key), ret_hex);
	crypto_zero(key, sizeof(key));
	crypto_zero(first.p, first.cap);
}

enum rc s3_sign(const struct s3_target *t, const struct s3_request *q, struct s3_signed *ret,
		struct err *e)
{
	AUTO(sbuf_release)
	struct sbuf path = SBUF(S3_URL_MAX), canon = SBUF(8 * KIB), text = SBUF(KIB);
	char hash[65], hex[65], scope[100];
	struct parts p;
	int n, m;

	if (!split(t->url, &p))
		return FAIL(e, RC_INVALID, "backup_s3_url is no https://host/bucket");
	path_of(&p, q->key, &path);
	crypto_sha256_hex(q->body, ret->sha256);
	amz_date(q->now_ms, ret->date);
	sbuf_printf(&canon, "%s\n", q->method);
	sbuf_str(&canon, sbuf_view(&path));
	sbuf_char(&canon, '\n');
	sbuf_str(&canon, q->query);
	sbuf_printf(&canon,
		    "\nhost:%.*s\nx-amz-content-sha256:%s\nx-amz-date:%s\n\n"
		    "host;x-amz-content-sha256;x-amz-date\n%s",
		    STRF(p.host), ret->sha256, ret->date, ret->sha256);
	crypto_sha256_hex(sbuf_view(&canon), hash);
	n = snprintf(scope, sizeof(scope), "%.8s/%.*s/s3/aws4_request", ret->date, STRF(t->region));
	sbuf_printf(&text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", ret->date, scope, hash);
	if (!sbuf_ok(&canon) || !sbuf_ok(&text) || !sbuf_ok(&path) || n >= (int)sizeof(scope))
		return FAIL(e, RC_INVALID, "an address at the store is too long");
	signature(t, ret->date, sbuf_view(&text), hex);
	n = snprintf(ret->authorization, sizeof(ret->authorization),
		     "AWS4-HMAC-SHA256 Credential=%.*s/%s, "
		     "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=%s",
		     STRF(t->key_id), scope, hex);
	m = snprintf(ret->url, sizeof(ret->url), "%.*s://%.*s%.*s%s%.*s", STRF(p.scheme),
		     STRF(p.host), STRF(sbuf_view(&path)), q->query.n > 0 ? "?" : "",
		     STRF(q->query));
	return n < (int)sizeof(ret->authorization) && m < (int)sizeof(ret->url)
		       ? RC_OK
		       : FAIL(e, RC_INVALID, "an address at the store is too long");
}

/* ---- lists ---- */

void s3_list_query(const struct s3_target *t, struct str below, struct str token, struct sbuf *to)
{
	struct str prefix = s3_prefix(t);

	if (token.n > 0) {
		sbuf_text(to, "continuation-token=");
		enc_percent(to, token);
		sbuf_char(to, '&');
	}
	sbuf_text(to, "list-type=2&max-keys=" LIST_KEYS "&prefix=");
	enc_percent(to, prefix);
	if (prefix.n > 0)
		sbuf_text(to, "%2F");
	enc_percent(to, below);
}

static void xml_text(struct str s, struct sbuf *to)
{
	while (s.n > 0) {
		bool amp = str_starts(s, STR("&amp;"));

		sbuf_char(to, amp ? '&' : s.p[0]);
		s = str_sub(s, amp ? 5 : 1, s.n);
	}
}

static bool element(struct str *rest, struct str open, struct str close, struct sbuf *ret)
{
	ptrdiff_t from = str_find(*rest, open), to;
	struct str inside;

	if (from < 0)
		return false;
	inside = str_sub(*rest, (size_t)from + open.n, rest->n);
	to = str_find(inside, close);
	if (to < 0)
		return false;
	sbuf_reset(ret);
	xml_text(str_sub(inside, 0, (size_t)to), ret);
	*rest = str_sub(inside, (size_t)to + close.n, inside.n);
	return sbuf_ok(ret);
}

bool s3_list_key(struct str *rest, struct sbuf *ret_key)
{
	return element(rest, STR("<Key>"), STR("</Key>"), ret_key);
}

bool s3_list_more(struct str answer, struct sbuf *ret_token)
{
	return element(&answer, STR("<NextContinuationToken>"), STR("</NextContinuationToken>"),
		       ret_token);
}
