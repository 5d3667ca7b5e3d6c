/* backup_s3_ask.c - see backup_s3_priv.h. */
#include "flow/backup/backup_s3_priv.h"

#include "base/clock.h"
#include "io/http.h"

#define TIMEOUT_MS (5 * MINUTE_MS) /* one piece over a slow line */
#define TRIES      3

/* One request. 2xx: RC_OK, `ret` filled. 404: RC_ABSENT. */
static enum rc ask_once(struct backup_s3_client *c, const char *method, struct str key,
			struct str query, struct str body, size_t answer_max, struct sbuf *ret,
			struct err *e)
{
	const struct s3_request q = { method, key, query, body, clock_now_ms() };
	struct s3_signed s;
	struct http_header headers[3];
	struct http_request r = { .method = method,
				  .headers = headers,
				  .header_count = COUNT(headers),
				  .body = body,
				  .timeout_ms = TIMEOUT_MS,
				  .answer_max = answer_max };
	struct http_answer a = HTTP_ANSWER;
	enum rc rc;

	TRY(s3_sign(c->t, &q, &s, e));
	headers[0] = (struct http_header){ "x-amz-date", s.date };
	headers[1] = (struct http_header){ "x-amz-content-sha256", s.sha256 };
	headers[2] = (struct http_header){ "Authorization", s.authorization };
	r.url = s.url;
	rc = http_do(c->http, &r, &a, e);
	if (rc == RC_OK && a.status == 404)
		rc = FAIL(e, RC_ABSENT, "it is not at the store");
	else if (rc == RC_OK && (a.status < 200 || a.status > 299))
		rc = FAIL(e, a.status == 403 ? RC_REFUSED : RC_RETRY,
			  "the store answers %d to %s%s", a.status, method,
			  a.status == 403 ? ": check key, secret, region and clock" : "");
	if (rc == RC_OK && ret != NULL) {
		sbuf_reset(ret);
		sbuf_str(ret, sbuf_view(&a.body));
		if (!sbuf_ok(ret))
			rc = FAIL(e, RC_LIMIT, "the store's answer is too long");
	}
	http_answer_release(&a);
	return rc;
}

/* Weather: the same once more. All of these may happen twice. */
enum rc backup_s3_ask(struct backup_s3_client *c, const char *method, struct str key,
		      struct str query, struct str body, size_t answer_max, struct sbuf *ret,
		      struct err *e)
{
	for (int i = 1;; i++) {
		struct err why = { .rc = RC_OK };
		enum rc rc = ask_once(c, method, key, query, body, answer_max, ret, &why);

		if (rc == RC_OK || i == TRIES || (rc != RC_RETRY && rc != RC_UNKNOWN))
			return rc == RC_OK ? RC_OK : FAIL(e, rc, "%s", why.text);
	}
}

enum rc backup_s3_put(struct backup_s3_client *c, const char *key, struct str body, struct err *e)
{
	return backup_s3_ask(c, "PUT", str_of(key), STR(""), body, S3_ANSWER_MAX, NULL, e);
}

/* ---- lists ---- */

enum rc backup_s3_each_key(struct backup_s3_client *c, const char *below, backup_s3_key_fn *fn,
			   void *arg, struct err *e)
{
	AUTO(sbuf_release)
	struct sbuf token = SBUF(KIB), query = SBUF(4 * KIB), key = SBUF(KIB),
		    answer = SBUF(S3_ANSWER_MAX);
	struct str prefix = s3_prefix(c->t), rest;

	do {
		sbuf_reset(&query);
		s3_list_query(c->t, str_of(below), sbuf_view(&token), &query);
		TRY(backup_s3_ask(c, "GET", STR(""), sbuf_view(&query), STR(""), S3_ANSWER_MAX,
				  &answer, e));
		rest = sbuf_view(&answer);
		while (s3_list_key(&rest, &key)) {
			size_t skip = prefix.n > 0 ? prefix.n + 1 : 0;

			TRY(fn(c, arg, str_sub(sbuf_view(&key), skip, key.n), e));
		}
		sbuf_reset(&token);
	} while (s3_list_more(sbuf_view(&answer), &token));
	return RC_OK;
}

void backup_s3_key(char ret[S3_KEY_MAX], const char *name, const char *file, int n)
{
	(void)snprintf(ret, S3_KEY_MAX, "%.60s/%.100s.%05d", name, file, n); /* fits */
}

/* Whole ones only: those that have a manifest. */
static enum rc note_name(struct backup_s3_client *c, void *arg, struct str key, struct err *e)
{
	struct backup_s3_names *l = arg;
	struct str rest = key, name;

	(void)c;
	(void)e;
	if (!str_cut(&rest, '/', &name) || !str_starts(rest, STR("manifest.json")) ||
	    !backup_name_ok(name))
		return RC_OK;
	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : l->room * 2;
		l->name = mem_grow(l->name, l->room * sizeof(l->name[0]));
	}
	if (str_copy(name, l->name[l->n], sizeof(l->name[0])))
		l->n++;
	return RC_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(b, a); /* newest first: names are times */
}

/* How many of the first come later than `now_ms`; what a person named so too. */
static size_t ahead_of(const struct backup_s3_names *l, int64_t now_ms)
{
	char now[BACKUP_NAME_MAX];
	size_t n = 0;

	backup_name_of(now_ms, now);
	while (n < l->n && strncmp(l->name[n], now, strlen(now)) > 0)
		n++;
	return n;
}

enum rc backup_s3_names_read(struct backup_s3_client *c, int64_t now_ms,
			     struct backup_s3_names *ret, struct err *e)
{
	char(*turned)[BACKUP_NAME_MAX];

	TRY(backup_s3_each_key(c, "totem-", note_name, ret, e));
	if (ret->n == 0)
		return RC_OK;
	qsort(ret->name, ret->n, sizeof(ret->name[0]), by_name);
	ret->ahead = ahead_of(ret, now_ms);
	turned = mem_new(ret->n, sizeof(ret->name[0]));
	for (size_t i = 0; i < ret->n; i++)
		memcpy(turned[i], ret->name[(i + ret->ahead) % ret->n], sizeof(turned[i]));
	mem_free(ret->name);
	ret->name = turned;
	ret->room = ret->n;
	return RC_OK;
}

void backup_s3_names_free(struct backup_s3_names *l)
{
	mem_free(l->name);
}
