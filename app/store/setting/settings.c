/* settings.c - a snapshot of all values: default < file < database < environment < command line.
 *
 * What a person wrote into the file, the environment or the command line must be right, or the program does not start.
 * A value of the database that no longer fits (it was checked when it was written) is passed over, so that the program
 * starts and it can be corrected. */
#include <ctype.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "io/crypto.h"
#include "io/file.h"
#include "store/queue/queue.h"
#include "store/setting/setting_form.h"
#include "store/setting/setting_priv.h"
#include "store/target.h"

#define FILE_MAX   (256 * KIB)
#define ENV_PREFIX STR("TOTEM_")
#define VALUE_MAX  (16 * KIB)
#define UNREADABLE "database, unreadable" /* sealed with a key that we do not have */

static struct setting_value *known(const struct settings *s, struct str key)
{
	for (struct setting_value *v = s->first; v != NULL; v = v->next)
		if (str_eqc(key, v->key))
			return v;
	return NULL;
}

static struct setting_value *append(struct settings *s, struct str key)
{
	struct setting_value *v = arena_alloc(&s->arena, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->key = arena_dup(&s->arena, key);
	if (v->key == NULL)
		return NULL;
	if (s->last != NULL)
		s->last->next = v;
	else
		s->first = v;
	s->last = v;
	s->count++;
	return v;
}

/* A later source wins. */
static enum rc set(struct settings *s, struct str key, struct str value, const char *source,
		   struct err *e)
{
	struct setting_value *v = known(s, key);
	char *text = arena_dup(&s->arena, value);
	char *from = arena_dup(&s->arena, str_of(source));

	if (v == NULL)
		v = append(s, key);
	if (v == NULL || text == NULL || from == NULL)
		return FAIL(e, RC_LIMIT, "the settings are longer than %zu bytes", SETTINGS_MAX);
	v->text = text;
	v->n = value.n;
	v->source = from;
	return RC_OK;
}

/* `where` stands before what is wrong. */
static enum rc check_at(const char *where, struct str key, struct str value, struct err *e)
{
	struct err why = { 0 };
	enum rc rc = setting_check(key, value, &why);

	if (rc == RC_OK)
		rc = setting_form_edges(setting_find(key), key, value, &why);
	return rc == RC_OK ? RC_OK : FAIL(e, rc, "%.60s: %.177s", where, why.text);
}

static enum rc file_line(struct settings *s, struct str line, const char *where, const char *source,
			 struct err *e)
{
	const struct setting_value *before;
	struct str key;

	line = str_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return RC_OK;
	if (!str_cut(&line, '=', &key) || line.p == NULL)
		return FAIL(e, RC_INVALID, "%.80s: a line is \"key = value\"", where);
	key = str_trim(key);
	line = str_trim(line);
	TRY(check_at(where, key, line, e));
	before = known(s, key);
	if (before != NULL)
		return FAIL(e, RC_INVALID, "%.80s: %s is already set (%s)", where, before->key,
			    before->source);
	return set(s, key, line, source, e);
}

static enum rc from_file(struct settings *s, const char *path, struct err *e)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(FILE_MAX);
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	struct str rest, line;

	TRY(file_read(path, &text, e));
	rest = sbuf_view(&text);
	for (int n = 1; str_cut(&rest, '\n', &line); n++) {
		char where[96];
		char source[24];

		(void)snprintf(where, sizeof(where), "%.64s:%d", name, n); /* cut is fine */
		(void)snprintf(source, sizeof(source), "file:%d", n);      /* fits */
		TRY(file_line(s, line, where, source, e));
	}
	return RC_OK;
}

/* The first one is kept. */
static void doubt(struct settings *s, struct str where, const char *why)
{
	if (s->doubt[0] == '\0')
		(void)snprintf(s->doubt, sizeof(s->doubt), "%.*s: %.180s", STRF(where),
			       why); /* cut is fine */
}

static bool opens(const uint8_t *seal_key, struct str key, struct str value, struct sbuf *ret_plain)
{
	char context[SETTING_CONTEXT_MAX];

	setting_context(key, context);
	return seal_key != NULL &&
	       crypto_unseal(seal_key, str_of(context), value, ret_plain, NULL) == RC_OK;
}

static enum rc from_row(struct settings *s, const uint8_t *seal_key, struct str key,
			struct str value, struct err *e)
{
	AUTO(sbuf_release) struct sbuf plain = SBUF(VALUE_MAX);
	const struct setting_def *def = setting_find(key);
	struct err why = { .rc = RC_OK };
	enum rc rc;

	if (def != NULL && def->kind == SETTING_SECRET) {
		if (!opens(seal_key, key, value, &plain))
			return set(s, key, STR(""), UNREADABLE, e);
		value = sbuf_view(&plain);
	}
	if (def == NULL) { /* of another version, or no setting at all (box.salt) */
		log_event(LOG_DEBUG, "setting.ignored", "key", "unknown", NULL);
		return RC_OK;
	}
	if (setting_check(key, value, &why) != RC_OK) {
		log_event(LOG_WARN, "setting.ignored", "key", def->key, NULL);
		doubt(s, STR("database"), why.text);
		return RC_OK;
	}
	rc = set(s, key, value, "database", e);
	crypto_zero(plain.p, plain.cap);
	return rc;
}

static enum rc from_database(struct settings *s, const uint8_t *seal_key, struct db *db,
			     struct err *e)
{
	AUTO(stmt_end) struct stmt q = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_SETTING_LIST, &q, e));
	while ((rc = stmt_next(&q, e)) == RC_OK) {
		struct str key = stmt_str(&q, "key");
		struct str value = stmt_str(&q, "value");

		TRY(from_row(s, seal_key, key, value, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* How a key looks in the environment, one letter. */
static char squash(char c)
{
	return c == '.' || c == '-' ? '_' : (char)tolower((unsigned char)c);
}

static bool same_squashed(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (squash(a.p[i]) != squash(b.p[i]))
			return false;
	return true;
}

/* The slug that is meant: that of a queue or of a target that is known already; else as it stands, in lower case.
 * False: none. *ret_known: it is one that exists. */
static bool env_slug(const struct settings *s, const struct setting_def *def, struct str text,
		     char ret_slug[TARGET_SLUG_MAX + 1], bool *ret_known)
{
	struct str kind = str_n(def->key, strcspn(def->key, "."));
	struct str slug;

	*ret_known = true;
	if (str_eqc(kind, "queue")) {
		for (unsigned q = 0; q < QUEUE_COUNT; q++)
			if (same_squashed(text, str_of(queue_name((enum queue_id)q))))
				return str_copy(str_of(queue_name((enum queue_id)q)), ret_slug,
						TARGET_SLUG_MAX + 1);
		return false;
	}
	for (const struct setting_value *v = s->first; v != NULL; v = v->next) {
		struct str key = str_of(v->key);
		const struct setting_def *other = setting_find(key);

		if (str_starts(key, kind) && other != NULL && setting_slug_of(other, key, &slug) &&
		    same_squashed(text, slug))
			return str_copy(slug, ret_slug, TARGET_SLUG_MAX + 1);
	}
	*ret_known = false;
	if (!str_copy(text, ret_slug, TARGET_SLUG_MAX + 1))
		return false;
	for (char *p = ret_slug; *p != '\0'; p++)
		*p = squash(*p);
	return target_slug_ok(str_of(ret_slug));
}

/* The text where the row's pattern has its star. */
static bool env_middle(const struct setting_def *def, struct str name, struct str *ret)
{
	const char *star = strchr(def->key, '*');
	size_t before, behind;

	if (star == NULL)
		return false;
	before = (size_t)(star - def->key);
	behind = strlen(star + 1);
	if (name.n <= before + behind ||
	    !same_squashed(str_sub(name, 0, before), str_n(def->key, before)) ||
	    !same_squashed(str_sub(name, name.n - behind, behind), str_of(star + 1)))
		return false;
	*ret = str_sub(name, before, name.n - before - behind);
	return true;
}

/* CHANNEL_MAIN_VERIFY_TOKEN could be "token" of a slug main_verify: a slug that exists wins, then the longer name. */
static bool env_key(const struct settings *s, struct str name, char ret_key[SETTING_KEY_MAX])
{
	size_t best = 0;

	for (size_t i = 0; i < setting_count(); i++) {
		const struct setting_def *def = setting_at(i);
		char slug[TARGET_SLUG_MAX + 1];
		size_t n = strlen(def->key);
		struct str middle;
		bool exists;

		if (same_squashed(name, str_of(def->key)))
			return str_copy(str_of(def->key), ret_key, SETTING_KEY_MAX);
		if (!env_middle(def, name, &middle) || !env_slug(s, def, middle, slug, &exists))
			continue;
		if (!exists && n <= best)
			continue;
		best = n;
		(void)snprintf(ret_key, SETTING_KEY_MAX, "%.*s%s%s", (int)strcspn(def->key, "*"),
			       def->key, slug,
			       strchr(def->key, '*') + 1); /* fits: keys and slugs are short */
		if (exists)
			return true;
	}
	return best > 0;
}

/* Names that a source document gave, without our prefix. */
static const struct {
	const char *name, *key;
} ALIASES[] = {
	{ "CALIDDA_SESSION_TTL", "lookup.calidda.session_ttl_seconds" },
};

static enum rc from_aliases(struct settings *s, struct err *e)
{
	for (size_t i = 0; i < COUNT(ALIASES); i++) {
		struct str value = str_of(getenv(ALIASES[i].name));

		if (value.n == 0)
			continue;
		TRY(check_at(ALIASES[i].name, str_of(ALIASES[i].key), value, e));
		TRY(set(s, str_of(ALIASES[i].key), value, "environment", e));
	}
	return RC_OK;
}

/* TOTEM_WEB_TREADS: a person meant a setting. Other variables (of commands, of tests) are none of our business. */
static void doubt_variable(struct settings *s, struct str name)
{
	char key[SETTING_KEY_MAX], near[SETTING_NEAR_MAX], why[SETTING_NEAR_MAX + 60];
	struct str rest = str_sub(name, ENV_PREFIX.n, name.n);

	if (!str_copy(rest, key, sizeof(key)))
		return;
	for (char *p = key; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	if (!setting_nearest(str_of(key), near))
		return;
	(void)snprintf(why, sizeof(why), "no setting has this name (perhaps %s)", near); /* fits */
	doubt(s, name, why);
}

/* Other TOTEM_ variables may be there (of the CLI, of the tests): they are passed over. */
static enum rc from_environment(struct settings *s, struct err *e)
{
	for (char **p = environ; p != NULL && *p != NULL; p++) {
		struct str value = str_of(*p);
		struct str name;
		char key[SETTING_KEY_MAX];
		char where[80];

		if (!str_starts(value, ENV_PREFIX) || !str_cut(&value, '=', &name) ||
		    value.p == NULL)
			continue;
		if (!env_key(s, str_sub(name, ENV_PREFIX.n, name.n), key)) {
			doubt_variable(s, name);
			continue;
		}
		(void)snprintf(where, sizeof(where), "%.*s", (int)size_min(name.n, 70),
			       name.p); /* cut is fine */
		TRY(check_at(where, str_of(key), value, e));
		TRY(set(s, str_of(key), value, "environment", e));
	}
	return RC_OK;
}

static enum rc from_arguments(struct settings *s, const struct setting_sources *src, struct err *e)
{
	for (size_t i = 0; i < src->arg_count; i++) {
		struct str value = str_of(src->args[i]);
		struct str key;

		if (!str_cut(&value, '=', &key) || value.p == NULL)
			return FAIL(e, RC_INVALID, "argument: a setting is key=value");
		TRY(check_at("argument", key, value, e));
		TRY(set(s, key, value, "argument", e));
	}
	return RC_OK;
}

const char *settings_doubt(const struct settings *s)
{
	return s->doubt[0] != '\0' ? s->doubt : NULL;
}

enum rc setting_secrets(struct db *db, const uint8_t *seal_key, struct setting_secrets *ret,
			struct err *e)
{
	AUTO(stmt_end) struct stmt q = { 0 };
	enum rc rc;

	*ret = (struct setting_secrets){ 0 };
	TRY(stmt_begin(db, Q_SETTING_LIST, &q, e));
	while ((rc = stmt_next(&q, e)) == RC_OK) {
		AUTO(sbuf_release) struct sbuf plain = SBUF(VALUE_MAX);
		struct str key = stmt_str(&q, "key"), value = stmt_str(&q, "value");
		const struct setting_def *def = setting_find(key);

		if (def == NULL || def->kind != SETTING_SECRET)
			continue;
		if (opens(seal_key, key, value, &plain))
			ret->opened++;
		else
			ret->closed++;
		if (plain.p != NULL)
			crypto_zero(plain.p, plain.cap);
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

int64_t settings_unreadable(const struct settings *s)
{
	int64_t n = 0;

	for (const struct setting_value *v = s->first; v != NULL; v = v->next)
		n += strcmp(v->source, UNREADABLE) == 0;
	return n;
}

static int by_key(const void *a, const void *b)
{
	const struct setting_value *const *left = a;
	const struct setting_value *const *right = b;

	return strcmp((*left)->key, (*right)->key);
}

static enum rc sort(struct settings *s, struct err *e)
{
	size_t i = 0;

	s->sorted = arena_alloc(&s->arena, s->count * sizeof(struct setting_value *));
	if (s->sorted == NULL)
		return FAIL(e, RC_LIMIT, "the settings are longer than %zu bytes", SETTINGS_MAX);
	for (struct setting_value *v = s->first; v != NULL; v = v->next)
		s->sorted[i++] = v;
	qsort(s->sorted, s->count, sizeof(struct setting_value *), by_key);
	return RC_OK;
}

static enum rc read_all(struct settings *s, const struct setting_sources *src, struct db *db,
			struct err *e)
{
	if (src->file != NULL)
		TRY(from_file(s, src->file, e));
	if (db != NULL)
		TRY(from_database(s, src->seal_key, db, e));
	TRY(from_aliases(s, e));
	TRY(from_environment(s, e));
	TRY(from_arguments(s, src, e));
	return sort(s, e);
}

enum rc settings_load(const struct setting_sources *src, struct db *db, struct settings **ret,
		      struct err *e)
{
	struct arena a = ARENA(SETTINGS_MAX);
	struct settings *s = arena_alloc(&a, sizeof(*s));
	enum rc rc;

	ASSERT(s != NULL);
	s->arena = a; /* from now on this one owns the blocks, that of `s` too */
	rc = read_all(s, src, db, e);
	if (rc != RC_OK) {
		settings_free(s);
		return rc;
	}
	*ret = s;
	return RC_OK;
}

void settings_free(struct settings *s)
{
	struct arena a;

	if (s == NULL)
		return;
	for (struct setting_value *v = s->first; v != NULL; v = v->next)
		if (v->text != NULL)
			crypto_zero(v->text, v->n);
	a = s->arena;
	arena_release(&a);
}
