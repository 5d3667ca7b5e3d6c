/* setting_form.c - see setting_form.h. Each kind of setting_kind.def has its check here; a list is checked word by word. */
#include "store/setting/setting_form.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/net.h"
#include "base/url.h"
#include "io/json.h"
#include "store/target.h"

#define SHOWN_MAX 60 /* bytes of a key or value in an error */
#define PATH_SIZE 512
#define SHOWN(s)  (int)size_min((s).n, SHOWN_MAX), ((s).p != NULL ? (s).p : "")

/* Settings that are some words out of a few. */
static const struct {
	const char *key, *words;
} CHOICES[] = {
	{ "log_level", "debug info warn error" },
	{ "channel.*.provider", "meta evolution" },
	{ "chatwoot.*.language", "en es pt" },
	{ "n8n.*.auth", "header basic jwt none" },
	{ "n8n.*.payload", "totem chat" },
	{ "n8n.*.statuses", "open pending resolved snoozed" },
	{ "lookup.*.method", "GET POST PUT" },
	{ "lookup.*.login_method", "GET POST PUT" },
	{ "lookup.*.body_type", "json form xml" },
	{ "lookup.*.login_body_type", "json form xml" },
};

typedef bool form_fn(const char *words, struct str value);

static bool has_word(const char *words, struct str value)
{
	struct str rest = str_of(words), word;

	while (str_cut(&rest, ' ', &word))
		if (str_eq(word, value))
			return true;
	return false;
}

/* 0 to 9, A to z, and `extra`. Empty: false. */
static bool only(struct str s, const char *extra)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (c != '\0' && strchr(extra, c) != NULL)))
			return false;
	}
	return s.n > 0;
}

static bool form_choice(const char *words, struct str value)
{
	return has_word(words, value);
}

static bool form_address(const char *words, struct str value)
{
	int64_t port;

	(void)words;
	if (str_starts(value, STR("+")) && value.n > 1) /* both families, as the server writes it */
		value = str_sub(value, 1, value.n);
	if (str_chr(value, ':') < 0)
		return str_i64(value, 0, 65535, &port);
	return !str_ends(value, STR("]")) && url_authority_ok(value, 0);
}

static bool form_path(const char *words, struct str value)
{
	(void)words;
	return value.p[0] == '/';
}

static bool form_networks(const char *words, struct str value)
{
	struct net_address a;
	int64_t bits;

	(void)words;
	return net_parse_network(value, &a, &bits);
}

static bool form_hosts(const char *words, struct str value)
{
	struct net_address a;

	(void)words;
	return net_parse(value, &a) || (only(value, ".-_") && str_find(value, STR("..")) < 0 &&
					value.p[0] != '-' && !str_eqc(value, "."));
}

static bool form_base(const char *words, struct str value)
{
	struct str clean;

	(void)words;
	return url_base_ok(value, &clean);
}

static bool form_url(const char *words, struct str value)
{
	(void)words;
	return url_ok(value);
}

/* The places are filled in later, percent-encoded: here each is a letter that no host has, so that none stands there. */
static bool form_places(const char *words, struct str value)
{
	AUTO(sbuf_release) struct sbuf plain = SBUF(4 * KIB);
	ptrdiff_t open, close;

	(void)words;
	while ((open = str_find(value, STR("{{"))) >= 0) {
		sbuf_str(&plain, str_sub(value, 0, (size_t)open));
		value = str_sub(value, (size_t)open + 2, value.n);
		close = str_find(value, STR("}}"));
		if (close <= 0 || !only(str_sub(value, 0, (size_t)close), "_"))
			return false;
		sbuf_char(&plain, '~');
		value = str_sub(value, (size_t)close + 2, value.n);
	}
	sbuf_str(&plain, value);
	return sbuf_ok(&plain) && url_ok(sbuf_view(&plain));
}

static bool form_bucket(const char *words, struct str value)
{
	struct str rest = value, part;
	int filled = 0;

	(void)words;
	if (!url_ok(value) || str_chr(value, '?') >= 0 || str_chr(value, '#') >= 0)
		return false;
	while (str_cut(&rest, '/', &part))
		filled += part.n > 0;
	return filled >= 3; /* scheme, host, bucket */
}

static bool form_slugs(const char *words, struct str value)
{
	(void)words;
	return target_slug_ok(value);
}

static bool form_digits(const char *words, struct str value)
{
	(void)words;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < '0' || value.p[i] > '9')
			return false;
	return true;
}

static bool form_word(const char *words, struct str value)
{
	(void)words;
	return str_chr(value, ' ') < 0;
}

static bool form_types(const char *words, struct str value)
{
	(void)words;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] != '_' && (value.p[i] < 'a' || value.p[i] > 'z'))
			return false;
	return true;
}

static bool form_version(const char *words, struct str value)
{
	struct str rest = str_sub(value, 1, value.n), major;
	int64_t n;

	(void)words;
	return value.p[0] == 'v' && str_cut(&rest, '.', &major) && str_i64(major, 1, 999, &n) &&
	       (rest.p == NULL || str_i64(rest, 0, 99, &n));
}

/* RFC 9110, 5.6.2; those that libcurl and the framing of HTTP write themselves are taken. */
static bool form_header(const char *words, struct str value)
{
	static const char *const TAKEN[] = { "Host", "Content-Length", "Content-Type",
					     "Transfer-Encoding", "Connection" };

	(void)words;
	for (size_t i = 0; i < COUNT(TAKEN); i++)
		if (str_ieq(value, str_of(TAKEN[i])))
			return false;
	return only(value, "!#$%&'*+-.^_`|~");
}

static bool form_user(const char *words, struct str value)
{
	(void)words;
	return str_chr(value, ':') < 0; /* RFC 7617, 2 */
}

static bool form_template(const char *words, struct str value)
{
	struct str rest = value, name;

	(void)words;
	return str_cut(&rest, ' ', &name) && only(name, "_") && only(str_trim(rest), "_");
}

static bool form_object(const char *words, struct str value)
{
	AUTO(json_freep) struct json *root = NULL;

	(void)words;
	if (json_parse(value, &root, NULL) != RC_OK || json_kind(root) != JSON_OBJECT)
		return false;
	for (const struct json *m = json_first(root); m != NULL; m = json_next(m))
		if (json_kind(m) != JSON_TEXT || json_key(m).n == 0)
			return false;
	return true;
}

/* The languages of lookups are at home in peer/lookup.h; these refuse what can be none of their words. */
static bool form_inputs(const char *words, struct str value)
{
	struct str rest = value, name, kind, low;
	int64_t from, to;

	(void)words;
	if (str_ends(rest, STR("?")))
		rest.n--;
	return str_cut(&rest, '=', &name) && only(name, "_") && str_cut(&rest, ':', &kind) &&
	       has_word("digits alnum text", kind) && str_cut(&rest, '-', &low) &&
	       str_i64(low, 0, 200, &from) && str_i64(rest, 1, 200, &to) && from <= to;
}

static bool form_pairs(const char *words, struct str value)
{
	ptrdiff_t at = str_chr(value, '=');

	(void)words;
	return at > 0 && (size_t)at + 1 < value.n;
}

static bool form_when(const char *words, struct str value)
{
	struct str rest = value, kind;
	int64_t status;

	(void)words;
	if (!str_cut(&rest, ':', &kind) || rest.n == 0)
		return false;
	if (str_eqc(kind, "status"))
		return rest.n == 3 &&
		       (str_i64(rest, 100, 599, &status) ||
			(rest.p[0] >= '1' && rest.p[0] <= '5' && str_ends(rest, STR("xx"))));
	return has_word("json text", kind);
}

static bool form_token(const char *words, struct str value)
{
	struct str rest = value, kind;

	(void)words;
	return str_cut(&rest, ':', &kind) && has_word("json header cookie", kind) && rest.n > 0;
}

static const struct {
	const char *api;
	form_fn *check;
	const char * not ;
} KINDS[SETTING_KINDS] = {
#define KIND(name, api, check, not ) { api, check, not },
#include "store/setting/setting_kind.def"
#undef KIND
};

const char *setting_kind_text(enum setting_kind k)
{
	ASSERT((unsigned)k < SETTING_KINDS);
	return KINDS[k].api;
}

static const char *words_of(const struct setting_def *def)
{
	for (size_t i = 0; i < COUNT(CHOICES); i++)
		if (strcmp(def->key, CHOICES[i].key) == 0)
			return CHOICES[i].words;
	return "";
}

/* A list is right when each of its words is. */
static bool fits(const struct setting_def *def, struct str value)
{
	form_fn *check = KINDS[def->kind].check;
	const char *words = words_of(def);
	struct str word;

	if (check == NULL)
		return true;
	if (strcmp(KINDS[def->kind].api, "list") != 0)
		return check(words, value);
	while (str_cut(&value, ' ', &word))
		if (word.n > 0 && !check(words, word))
			return false;
	return true;
}

enum rc setting_form_check(const struct setting_def *def, struct str key, struct str value,
			   struct err *e)
{
	if (fits(def, value))
		return RC_OK;
	return FAIL(e, RC_INVALID, "%.*s: \"%.*s\" is %s%s", SHOWN(key), SHOWN(value),
		    KINDS[def->kind].not, words_of(def));
}

enum rc setting_form_edges(const struct setting_def *def, struct str key, struct str value,
			   struct err *e)
{
	if (strcmp(KINDS[def->kind].api, "list") == 0 || str_trim(value).n == value.n)
		return RC_OK;
	return FAIL(e, RC_INVALID, "%.*s: the value begins or ends with a blank", SHOWN(key));
}

enum rc setting_form_there(const struct setting_def *def, struct str key, struct str value,
			   struct err *e)
{
	bool folder = def->kind == SETTING_FOLDER;
	char path[PATH_SIZE];
	struct stat st;

	if ((!folder && def->kind != SETTING_FILE) || value.n == 0 ||
	    !str_copy(value, path, sizeof(path)))
		return RC_OK;
	if (stat(path, &st) != 0)
		return errno == EACCES || (folder && errno == ENOENT) /* made by the first backup */
			       ? RC_OK
			       : FAIL(e, RC_INVALID, "%.*s: \"%.*s\": %s", SHOWN(key), SHOWN(value),
				      strerrordesc_np(errno));
	if (folder ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode))
		return RC_OK;
	return FAIL(e, RC_INVALID, "%.*s: \"%.*s\" is no %s", SHOWN(key), SHOWN(value),
		    folder ? "folder" : "file");
}

/* ---- the nearest name ---- */

#define NAME_MAX_BYTES 60
#define NEAR_MAX       3 /* letters that differ */

/* How many letters differ (Levenshtein). */
static int distance(struct str a, struct str b)
{
	int row[NAME_MAX_BYTES + 1];

	if (a.n > NAME_MAX_BYTES || b.n > NAME_MAX_BYTES)
		return NEAR_MAX + 1;
	for (int j = 0; j <= (int)b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		int corner = row[0];

		row[0] = (int)i;
		for (size_t j = 1; j <= b.n; j++) {
			int above = row[j];
			int least = corner + (a.p[i - 1] != b.p[j - 1]);

			least = above + 1 < least ? above + 1 : least;
			row[j] = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
			corner = above;
		}
	}
	return row[b.n];
}

/* "channel.main.tokn" in its three parts; false: it has fewer. */
static bool parts_of(struct str key, struct str ret[3])
{
	ret[0] = ret[1] = ret[2] = STR("");
	if (!str_cut(&key, '.', &ret[0]) || key.p == NULL)
		return false;
	if (!str_cut(&key, '.', &ret[1]) || key.p == NULL)
		return false;
	ret[2] = key;
	return true;
}

bool setting_nearest(struct str key, char ret_key[SETTING_NEAR_MAX])
{
	int best = NEAR_MAX + 1;
	struct str k[3], d[3];
	bool starred = parts_of(key, k);

	for (size_t i = 0; i < setting_count(); i++) {
		struct str name = str_of(setting_at(i)->key);
		int far;

		if (parts_of(name, d) != starred)
			continue;
		far = starred ? distance(k[0], d[0]) + distance(k[2], d[2]) : distance(key, name);
		if (far >= best)
			continue;
		best = far;
		(void)snprintf(ret_key, SETTING_NEAR_MAX, "%.*s%s%.*s%s%.*s",
			       STRF(starred ? d[0] : name), starred ? "." : "",
			       STRF(starred ? str_sub(k[1], 0, TARGET_SLUG_MAX) : STR("")),
			       starred ? "." : "",
			       STRF(starred ? d[2] : STR(""))); /* fits: keys and slugs are short */
	}
	return best <= NEAR_MAX;
}
