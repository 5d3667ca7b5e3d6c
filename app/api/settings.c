/* settings.c - /api/v1/settings: every setting with its value and where that came from; secrets are never shown. */
#include "api/handlers.h"
#include "base/ids.h"
#include "base/log.h"
#include "store/queue/queue.h"

#define CHANGES_MAX 100

static void value_write(struct jsonw *w, const struct settings *s, const struct setting_def *d,
			const char *key)
{
	struct str v = setting_str(s, key);

	jsonw_object(w);
	jsonw_ktext(w, "key", key);
	if (d->kind == SETTING_SECRET)
		jsonw_ktext(w, "value", v.n > 0 ? "set" : "");
	else
		jsonw_kstr(w, "value", v.p != NULL ? v : STR(""));
	jsonw_ktext(w, "source", setting_source(s, key));
	jsonw_end(w);
}

/* Names that may stand for the star: targets that occur, or all queues. */
static bool slug_at(const struct settings *s, const char *kind, size_t i, struct str *ret)
{
	if (strcmp(kind, "queue") != 0)
		return setting_slug(s, kind, i, ret);
	if (i >= QUEUE_COUNT)
		return false;
	*ret = str_of(queue_name((enum queue_id)i));
	return true;
}

static void values_write(struct call *c, struct jsonw *w, const struct setting_def *d)
{
	const struct settings *s = c->config->settings;
	ptrdiff_t star = str_chr(str_of(d->key), '*');
	const char *kind;
	struct str slug;

	if (star < 0) {
		value_write(w, s, d, d->key);
		return;
	}
	ASSERT(star > 1 && d->key[star - 1] == '.');
	kind = arena_dup(c->q->arena, str_n(d->key, (size_t)star - 1));
	for (size_t i = 0; kind != NULL && slug_at(s, kind, i, &slug); i++) {
		const char *key = arena_printf(c->q->arena, "%s.%.*s%s", kind, (int)slug.n, slug.p,
					       d->key + star + 1);

		if (key != NULL)
			value_write(w, s, d, key);
	}
}

void setting_list(struct call *c)
{
	struct jsonw w;

	answer_rows_begin(c, &w);
	for (size_t i = 0; i < setting_count(); i++) {
		const struct setting_def *d = setting_at(i);

		jsonw_object(&w);
		jsonw_ktext(&w, "key", d->key);
		jsonw_ktext(&w, "kind", setting_kind_text(d->kind));
		jsonw_ktext(&w, "default", d->fallback);
		jsonw_ki64(&w, "low", d->low);
		jsonw_ki64(&w, "high", d->high);
		jsonw_kbool(&w, "restart", d->effect == SETTING_RESTART);
		jsonw_ktext(&w, "help", d->help);
		jsonw_karray(&w, "values");
		values_write(c, &w, d);
		jsonw_end(&w);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

/* --- changing --- */

struct put_job {
	struct call *c;
	const struct setting_change *changes;
	size_t n;
};

/* Keys only: values may be secret, and what they were is in no log. */
static struct str keys_json(struct call *c, const struct setting_change *changes, size_t n)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(AUDIT_DETAIL_MAX);
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_karray(&w, "keys");
	for (size_t i = 0; i < n; i++)
		jsonw_str(&w, changes[i].key);
	jsonw_end(&w);
	jsonw_end(&w);
	return arena_str(c->q->arena, sbuf_view(&b));
}

static enum rc put_unit(struct tx *tx, void *arg, struct err *e)
{
	struct put_job *j = arg;

	for (size_t i = 0; i < j->n; i++)
		TRY(setting_put(tx, j->c->app->seal_key, j->changes[i].key, j->changes[i].value,
				e));
	return RC_OK;
}

static bool check_all(struct call *c, const struct setting_change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err e = { .rc = RC_OK };
		struct str value = changes[i].value;
		const char *key = arena_dup(c->q->arena, changes[i].key);

		if ((value.n == 0 && key != NULL && setting_find(changes[i].key) != NULL) ||
		    (key != NULL && setting_check_new(changes[i].key, value, &e) == RC_OK))
			continue;
		problem_field(c, 422, key != NULL ? key : "key", e.text);
		return false;
	}
	return true;
}

bool setting_apply(struct call *c, const struct setting_change *changes, size_t n)
{
	struct put_job j = { .c = c, .changes = changes, .n = n };
	struct err e = { .rc = RC_OK };

	if (!check_all(c, changes, n))
		return false;
	c->audit.detail = keys_json(c, changes, n);
	if (n > 0 && (store_write(c->app->store, STORE_NORMAL, put_unit, &j, &e) != RC_OK ||
		      config_reload(c->app, &e) != RC_OK)) {
		problem_err(c, &e);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		log_event(LOG_INFO, "setting.changed", "key",
			  arena_dup(c->q->arena, changes[i].key), "by", LOG_I64(c->who.id), NULL);
	return true;
}

static struct str printed(struct call *c, const struct json *n)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(32);

	json_print(n, &b);
	return arena_str(c->q->arena, sbuf_view(&b));
}

static struct str list_text(struct call *c, const struct json *n)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);

	for (const struct json *m = json_first(n); m != NULL; m = json_next(m)) {
		if (b.n > 0)
			sbuf_char(&b, ' ');
		sbuf_str(&b, json_str(m));
	}
	return sbuf_ok(&b) ? arena_str(c->q->arena, sbuf_view(&b)) : STR_NONE;
}

/* null and "" take a value away: the source below it counts again. */
static struct str value_text(struct call *c, const struct json *n)
{
	int64_t v;

	switch (json_kind(n)) {
	case JSON_NULL:
		return STR("");
	case JSON_TEXT:
		return json_str(n);
	case JSON_BOOL:
		return printed(c, n);
	case JSON_NUMBER:
		return json_i64(n, &v) ? str_of(arena_printf(c->q->arena, "%lld", (long long)v))
				       : STR_NONE;
	case JSON_ARRAY:
		return list_text(c, n);
	case JSON_NONE:
	case JSON_OBJECT:
		break;
	}
	return STR_NONE;
}

/* A value of the environment or of the command line stands above what was just written. */
static bool is_covered(const struct settings *s, struct str key, struct arena *a)
{
	const char *source = setting_source(s, arena_str(a, key).p);

	return strcmp(source, "environment") == 0 || strcmp(source, "argument") == 0;
}

static void answer_changes(struct call *c, const struct setting_change *changes, size_t n)
{
	const struct config *now = config_get(c->app);
	struct jsonw w;

	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ki64(&w, "changed", (int64_t)n);
	jsonw_karray(&w, "restart_needed");
	for (size_t i = 0; i < n; i++)
		if (setting_find(changes[i].key)->effect == SETTING_RESTART)
			jsonw_str(&w, changes[i].key);
	jsonw_end(&w);
	jsonw_karray(&w, "covered");
	for (size_t i = 0; i < n; i++)
		if (is_covered(now->settings, changes[i].key, c->q->arena))
			jsonw_str(&w, changes[i].key);
	jsonw_end(&w);
	jsonw_end(&w);
	config_put(now);
	answer_json(c, 200, &w);
}

void setting_patch(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct setting_change *changes = arena_alloc(c->q->arena, CHANGES_MAX * sizeof(*changes));
	size_t n = 0;

	if (!body_json(c, &root))
		return;
	if (changes == NULL) {
		problem(c, 503, "busy", "No memory for this request.");
		return;
	}
	for (const struct json *m = json_first(root); m != NULL; m = json_next(m)) {
		if (n == CHANGES_MAX) {
			problem(c, 422, "invalid", "At most 100 settings can be changed at once.");
			return;
		}
		changes[n].key = json_key(m);
		changes[n].value = value_text(c, m);
		if (changes[n++].value.p == NULL) {
			problem(c, 422, "invalid",
				"A value is text, a whole number, true, false, a list of words or "
				"null.");
			return;
		}
	}
	if (!setting_apply(c, changes, n))
		return;
	answer_changes(c, changes, n);
}
