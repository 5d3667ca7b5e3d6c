/* setting.c - the table of settings: what a key means, which values it takes, and looking things up. */
#include "store/setting/setting.h"

#include "base/enc.h"
#include "base/log.h"
#include "io/crypto.h"
#include "store/queue/queue.h"
#include "store/setting/setting_form.h"
#include "store/setting/setting_priv.h"
#include "store/target.h"

#define SHOWN_MAX 60 /* bytes of a wrong value in an error */

static const struct setting_def DEFS[] = {
#define SETTING(key, kind, fallback, low, high, effect, help) \
	{ key, SETTING_##kind, fallback, low, high, SETTING_##effect, help },
#include "store/setting/setting.def"
#undef SETTING
};

const struct setting_def *setting_at(size_t i)
{
	ASSERT(i < COUNT(DEFS));
	return &DEFS[i];
}

size_t setting_count(void)
{
	return COUNT(DEFS);
}

bool setting_slug_of(const struct setting_def *def, struct str key, struct str *ret)
{
	const char *star = strchr(def->key, '*');
	struct str before, behind, slug;

	if (star == NULL)
		return false;
	before = str_n(def->key, (size_t)(star - def->key));
	behind = str_of(star + 1);
	if (key.n <= before.n + behind.n || !str_starts(key, before) || !str_ends(key, behind))
		return false;
	slug = str_sub(key, before.n, key.n - before.n - behind.n);
	if (!target_slug_ok(slug))
		return false;
	*ret = slug;
	return true;
}

const struct setting_def *setting_find(struct str key)
{
	struct str slug;

	for (size_t i = 0; i < COUNT(DEFS); i++)
		if (str_eqc(key, DEFS[i].key) ? strchr(DEFS[i].key, '*') == NULL
					      : setting_slug_of(&DEFS[i], key, &slug))
			return &DEFS[i];
	return NULL;
}

static bool is_clean(struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7f)
			return false;
	return enc_utf8_ok(value);
}

static bool has_word(const char *words, struct str value)
{
	struct str rest = str_of(words);
	struct str word;

	while (str_cut(&rest, ' ', &word))
		if (str_eq(word, value))
			return true;
	return false;
}

/* For messages: a key or value, cut. */
#define SHOWN(s) (int)size_min((s).n, SHOWN_MAX), ((s).p != NULL ? (s).p : "")

static enum rc check_text(const struct setting_def *def, struct str key, struct str value,
			  struct err *e)
{
	int64_t n = (int64_t)value.n;

	if (!is_clean(value))
		return FAIL(e, RC_INVALID, "%.*s: the value is no plain UTF-8 text", SHOWN(key));
	if (n >= def->low && n <= def->high)
		return n == 0 ? RC_OK : setting_form_check(def, key, value, e);
	if (def->kind == SETTING_SECRET)
		return FAIL(e, RC_INVALID, "%.*s: the secret does not have %lld to %lld bytes",
			    SHOWN(key), (long long)def->low, (long long)def->high);
	return FAIL(e, RC_INVALID, "%.*s: \"%.*s\" does not have %lld to %lld bytes", SHOWN(key),
		    SHOWN(value), (long long)def->low, (long long)def->high);
}

static bool parse_bool(struct str value, bool *ret)
{
	*ret = has_word("true yes on 1", value);
	return *ret || has_word("false no off 0", value);
}

static enum rc unknown(struct str key, struct err *e)
{
	char near[SETTING_NEAR_MAX];
	bool has = setting_nearest(key, near);

	if (has && setting_find(str_of(near)) == NULL)
		return FAIL(e, RC_INVALID,
			    "%.*s: the name between the dots has 1 to %d of a-z 0-9 - _",
			    SHOWN(key), TARGET_SLUG_MAX);
	return FAIL(e, RC_INVALID, "%.*s: no setting has this name%s%.100s%s", SHOWN(key),
		    has ? " (perhaps " : "", has ? near : "", has ? ")" : "");
}

enum rc setting_check(struct str key, struct str value, struct err *e)
{
	const struct setting_def *def = setting_find(key);
	enum queue_id queue;
	struct str slug;
	int64_t number;
	bool yes;

	if (def == NULL)
		return unknown(key, e);
	if (str_starts(key, STR("queue.")) && setting_slug_of(def, key, &slug) &&
	    !queue_parse(slug, &queue))
		return FAIL(e, RC_INVALID, "%.*s: no queue has this name", SHOWN(key));
	if (def->kind == SETTING_INT)
		return str_i64(value, def->low, def->high, &number)
			       ? RC_OK
			       : FAIL(e, RC_INVALID,
				      "%.*s: \"%.*s\" is not a number from %lld to %lld",
				      SHOWN(key), SHOWN(value), (long long)def->low,
				      (long long)def->high);
	if (def->kind == SETTING_BOOL)
		return parse_bool(value, &yes)
			       ? RC_OK
			       : FAIL(e, RC_INVALID, "%.*s: \"%.*s\" is neither true nor false",
				      SHOWN(key), SHOWN(value));
	return check_text(def, key, value, e);
}

enum rc setting_check_new(struct str key, struct str value, struct err *e)
{
	TRY(setting_check(key, value, e));
	TRY(setting_form_edges(setting_find(key), key, value, e));
	return setting_form_there(setting_find(key), key, value, e);
}

/* NULL: no source has it. */
static const struct setting_value *value_of(const struct settings *s, struct str key)
{
	size_t low = 0;
	size_t high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct setting_value *v = s->sorted[middle];
		size_t n = strlen(v->key);
		int order = memcmp(v->key, key.p, size_min(n, key.n));

		if (order == 0 && n == key.n)
			return v;
		if (order < 0 || (order == 0 && n < key.n))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct str setting_str(const struct settings *s, const char *key)
{
	const struct setting_def *def = setting_find(str_of(key));
	const struct setting_value *v = value_of(s, str_of(key));

	ASSERT(def != NULL);
	return v != NULL ? str_n(v->text, v->n) : str_of(def->fallback);
}

int64_t setting_i64(const struct settings *s, const char *key)
{
	int64_t v;

	return str_i64(setting_str(s, key), INT64_MIN, INT64_MAX, &v) ? v : 0; /* "": no default */
}

/* False: the slug cannot be one. */
static bool join(const char *kind, const char *slug, const char *name,
		 char ret_key[SETTING_KEY_MAX])
{
	int n;

	if (!target_slug_ok(str_of(slug)))
		return false;
	n = snprintf(ret_key, SETTING_KEY_MAX, "%s.%s.%s", kind, slug, name);
	ASSERT(n > 0 && n < SETTING_KEY_MAX);
	return true;
}

struct str setting_of(const struct settings *s, const char *kind, const char *slug,
		      const char *name)
{
	char key[SETTING_KEY_MAX];

	return join(kind, slug, name, key) ? setting_str(s, key) : STR_NONE;
}

bool setting_is_yes(struct str v)
{
	return str_eqc(v, "true") || str_eqc(v, "yes") || str_eqc(v, "on") || str_eqc(v, "1");
}

int64_t setting_of_i64(const struct settings *s, const char *kind, const char *slug,
		       const char *name)
{
	char key[SETTING_KEY_MAX];

	return join(kind, slug, name, key) ? setting_i64(s, key) : 0;
}

bool setting_slug(const struct settings *s, const char *kind, size_t i, struct str *ret)
{
	struct str before = str_of(kind);
	struct str last = STR_NONE;

	for (size_t k = 0; k < s->count; k++) {
		struct str key = str_of(s->sorted[k]->key);
		struct str slug;

		if (!str_starts(key, before) || key.n <= before.n || key.p[before.n] != '.')
			continue;
		if (!setting_slug_of(setting_find(key), key, &slug) ||
		    (last.p != NULL && str_eq(slug, last)))
			continue;
		last = slug;
		if (i-- == 0) {
			*ret = slug;
			return true;
		}
	}
	return false;
}

const char *setting_source(const struct settings *s, const char *key)
{
	const struct setting_value *v = value_of(s, str_of(key));

	return v != NULL ? v->source : "default";
}

void setting_context(struct str key, char ret_text[SETTING_CONTEXT_MAX])
{
	int n = snprintf(ret_text, SETTING_CONTEXT_MAX, "settings/%.*s",
			 (int)size_min(key.n, SETTING_KEY_MAX), key.p);

	ASSERT(n > 0 && n < SETTING_CONTEXT_MAX);
}

static enum rc delete_row(struct tx *tx, struct str key, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_SETTING_DELETE, &s, e));
	stmt_bind_str(&s, "key", key);
	return stmt_run(&s, e);
}

static enum rc put_row(struct tx *tx, struct str key, struct str value, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_SETTING_PUT, &s, e));
	stmt_bind_str(&s, "key", key);
	stmt_bind_str(&s, "value", value);
	stmt_bind_i64(&s, "updated_ms", tx->now_ms);
	return stmt_run(&s, e);
}

static enum rc put_secret(struct tx *tx, const uint8_t *seal_key, struct str key, struct str value,
			  struct err *e)
{
	AUTO(sbuf_release) struct sbuf sealed = SBUF(16 * KIB);
	char context[SETTING_CONTEXT_MAX];

	if (seal_key == NULL)
		return FAIL(e, RC_REFUSED, "%.*s: without the key file no secret can be stored",
			    SHOWN(key));
	setting_context(key, context);
	TRY(crypto_seal(seal_key, str_of(context), value, &sealed, e));
	return put_row(tx, key, sbuf_view(&sealed), e);
}

/* A channel, Chatwoot or n8n begins to exist with its first setting. */
static enum rc make_target(struct tx *tx, const struct setting_def *def, struct str key,
			   struct err *e)
{
	struct str slug;
	char kind[16];
	int64_t id;

	if (!setting_slug_of(def, key, &slug) || str_starts(key, STR("queue.")))
		return RC_OK;
	ASSERT(str_copy(str_sub(key, 0, (size_t)str_chr(key, '.')), kind, sizeof(kind)));
	return target_resolve(tx, kind, slug, &id, e);
}

enum rc setting_put(struct tx *tx, const uint8_t *seal_key, struct str key, struct str value,
		    struct err *e)
{
	const struct setting_def *def = setting_find(key);

	if (def == NULL)
		return unknown(key, e);
	if (value.n == 0)
		return delete_row(tx, key, e);
	if (str_eqc(key, "data_dir"))
		return FAIL(e, RC_INVALID,
			    "data_dir: tells where the database is, so it cannot be kept there");
	TRY(setting_check(key, value, e));
	TRY(make_target(tx, def, key, e));
	return def->kind == SETTING_SECRET ? put_secret(tx, seal_key, key, value, e)
					   : put_row(tx, key, value, e);
}
