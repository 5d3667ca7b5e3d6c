/* test_setting.c - the table, the sources and who wins, environment names, secrets. */
#include "store/setting.h"

#include <stdlib.h>

#include "io/crypto.h"
#include "io/file.h"
#include "store_tx.h"

static const uint8_t KEY[CRYPTO_KEY_BYTES] = { 1, 2, 3 };

TEST(values_have_bounds)
{
	static const struct {
		const char *key, *value, *says; /* says NULL: good */
	} ROWS[] = {
		{ "web_threads", "64", NULL },
		{ "web_threads", "3", "web_threads: \"3\" is not a number from 4 to 400" },
		{ "web_threads", "many", "web_threads: \"many\" is not a number from 4 to 400" },
		{ "web_threads", "", "web_threads: \"\" is not a number from 4 to 400" },
		{ "web_treads", "64", "web_treads: no setting has this name" },
		{ "channel.*.version", "v1", "channel.*.version: no setting has this name" },
		{ "channel.Main.version", "v1", "channel.Main.version: no setting has this name" },
		{ "channel.a.b.version", "v1", "channel.a.b.version: no setting has this name" },
		{ "channel.main.version", "v1", NULL },
		{ "channel.main.version", "v",
		  "channel.main.version: \"v\" does not have 2 to 10 bytes" },
		{ "channel.main.provider", "evolution", NULL },
		{ "channel.main.provider", "baileys",
		  "channel.main.provider: \"baileys\" is none of: meta evolution" },
		{ "log_level", "noisy", "log_level: \"noisy\" is none of: debug info warn error" },
		{ "company_name", "a\nb", "company_name: the value is no plain UTF-8 text" },
		{ "company_name", "\xff", "company_name: the value is no plain UTF-8 text" },
		{ "queue.messages.attempts", "3", NULL },
		{ "queue.nobody.attempts", "3", "queue.nobody.attempts: no queue has this name" },
	};

	EACH (r, ROWS) {
		struct err e = { 0 };

		CHECK_I64(r->key, setting_check(str_of(r->key), str_of(r->value), &e),
			  r->says == NULL ? RC_OK : RC_INVALID);
		CHECK_STR(r->key, e.text, r->says != NULL ? r->says : "");
	}
}

TEST(a_wrong_secret_is_not_told)
{
	static char secret[300];
	struct err e = { 0 };

	memset(secret, 'S', sizeof(secret) - 1);
	CHECK_I64("too long", setting_check(STR("channel.main.verify_token"), str_of(secret), &e),
		  RC_INVALID);
	CHECK_STR("bounds only", e.text,
		  "channel.main.verify_token: the secret does not have 0 to 200 bytes");
}

TEST(every_default_is_within_its_bounds)
{
	CHECK(setting_count() > 0);
	for (size_t i = 0; i < setting_count(); i++) {
		const struct setting_def *d = setting_at(i);
		char key[100];
		const char *star = strchr(d->key, '*');

		if (star == NULL)
			(void)snprintf(key, sizeof(key), "%s", d->key);
		else
			(void)snprintf(key, sizeof(key), "%.*s%s%s", (int)(star - d->key), d->key,
				       strncmp(d->key, "queue.", 6) == 0 ? "messages" : "main",
				       star + 1);
		CHECK(setting_find(str_of(key)) == d);
		if (d->fallback[0] != '\0')
			CHECK_I64(key, setting_check(str_of(key), str_of(d->fallback), NULL),
				  RC_OK);
		CHECK(d->help[0] != '\0');
	}
}

static const char *write_conf(const char *text)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/totem.conf", t_dir());
	MUST(file_write(path, str_of(text), 0600, &t_err));
	return path;
}

static struct settings *load(const char *conf, struct db *db)
{
	const struct setting_sources src = { .file = conf, .seal_key = KEY };
	struct settings *s = NULL;

	MUST(settings_load(&src, db, &s, &t_err));
	return s;
}

TEST(the_file_is_key_and_value)
{
	const char *conf = write_conf(
		"# a comment\n\n  web_threads =  70  \r\nlisten=0.0.0.0:80\nhooks_listen =\n"
		"company_name = A = B # C\nchannel.main.token = t\n");
	struct settings *s = load(conf, NULL);

	CHECK_I64("number", setting_i64(s, "web_threads"), 70);
	CHECK_STR("source", setting_source(s, "web_threads"), "file:3");
	CHECK_SPAN("text", setting_str(s, "listen"), STR("0.0.0.0:80"));
	CHECK_SPAN("empty", setting_str(s, "hooks_listen"), STR(""));
	CHECK_SPAN("as it stands", setting_str(s, "company_name"), STR("A = B # C"));
	CHECK_SPAN("secret", setting_of(s, "channel", "main", "token"), STR("t"));
	CHECK_SPAN("default", setting_of(s, "channel", "main", "version"), STR("v24.0"));
	CHECK_I64("default", setting_of_i64(s, "channel", "main", "rate_per_second"), 0);
	CHECK_STR("default", setting_source(s, "log_level"), "default");
	CHECK_I64("no default", setting_of_i64(s, "queue", "messages", "attempts"), 0);
	CHECK_SPAN("no slug", setting_of(s, "channel", "No Slug", "token"), STR_NONE);
	settings_free(s);
}

TEST(mistakes_in_the_file_have_a_line)
{
	static const struct {
		const char *text, *says;
	} ROWS[] = {
		{ "web_threads = 3\n",
		  "totem.conf:1: web_threads: \"3\" is not a number from 4 to 400" },
		{ "\n#\nnonsense\n", "totem.conf:3: a line is \"key = value\"" },
		{ "\nweb_treads = 3", "totem.conf:2: web_treads: no setting has this name" },
		{ "log_level = info\nlog_level = warn",
		  "totem.conf:2: log_level is already set (file:1)" },
	};

	EACH (r, ROWS) {
		const struct setting_sources src = { .file = write_conf(r->text) };
		struct settings *s = NULL;
		struct err e = { 0 };

		CHECK_I64(r->says, settings_load(&src, NULL, &s, &e), RC_INVALID);
		CHECK_STR("text", e.text, r->says);
		CHECK(s == NULL);
	}
}

TEST(the_environment_finds_its_key)
{
	static const struct {
		const char *name, *key, *value;
	} ROWS[] = {
		{ "TOTEM_DATA_DIR", "data_dir", "/x" },
		{ "TOTEM_CHANNEL_MAIN_TOKEN", "channel.main.token", "t" },
		{ "TOTEM_CHANNEL_MAIN_VERIFY_TOKEN", "channel.main.verify_token", "v" },
		{ "TOTEM_CHANNEL_SUL_2_VERSION", "channel.sul-2.version", "v9" },
		{ "TOTEM_CHANNEL_NEW_1_VERSION", "channel.new_1.version", "v8" },
		{ "TOTEM_QUEUE_CRM_API_WHATSAPP_INBOUND_ATTEMPTS",
		  "queue.crm-api-whatsapp-inbound.attempts", "4" },
		{ "TOTEM_CHATWOOT_MAIN_PATH_SECRET", "chatwoot.main.path_secret", "s" },
		{ "TOTEM_HOOKS_LISTEN", "hooks_listen", "" },
	};
	const char *conf = write_conf("channel.sul-2.phone_number_id = 1\n");
	struct settings *s;
	struct str slug;

	(void)setenv("TOTEM_SOMETHING_ELSE", "x", 1);
	EACH (r, ROWS)
		(void)setenv(r->name, r->value, 1);
	s = load(conf, NULL);
	EACH (r, ROWS) {
		CHECK_SPAN(r->name, setting_str(s, r->key), str_of(r->value));
		CHECK_STR(r->name, setting_source(s, r->key), "environment");
	}
	CHECK(setting_slug(s, "channel", 0, &slug));
	CHECK_SPAN("first", slug, STR("main"));
	CHECK(setting_slug(s, "channel", 1, &slug));
	CHECK_SPAN("second", slug, STR("new_1"));
	CHECK(setting_slug(s, "channel", 2, &slug));
	CHECK_SPAN("third", slug, STR("sul-2"));
	CHECK(!setting_slug(s, "channel", 3, &slug));
	CHECK(!setting_slug(s, "n8n", 0, &slug));
	settings_free(s);
}

TEST(a_wrong_environment_is_named)
{
	const struct setting_sources src = { .file = NULL };
	struct settings *s = NULL;
	struct err e = { 0 };

	(void)setenv("TOTEM_WEB_THREADS", "x", 1);
	CHECK_I64("wrong", settings_load(&src, NULL, &s, &e), RC_INVALID);
	CHECK_STR("text", e.text,
		  "TOTEM_WEB_THREADS: web_threads: \"x\" is not a number from 4 to 400");
}

static void put_some(struct tx *tx)
{
	MUST(setting_put(tx, KEY, STR("web_threads"), STR("22"), &t_err));
	MUST(setting_put(tx, KEY, STR("log_level"), STR("warn"), &t_err));
	MUST(setting_put(tx, KEY, STR("company_name"), STR("Impulse"), &t_err));
	MUST(setting_put(tx, KEY, STR("channel.main.token"), STR("very secret"), &t_err));
	MUST(setting_put(tx, KEY, STR("listen"), STR("h:1"), &t_err));
	MUST(setting_put(tx, KEY, STR("listen"), STR(""), &t_err));
	CHECK_I64("wrong", setting_put(tx, KEY, STR("web_threads"), STR("0"), NULL), RC_INVALID);
	CHECK_I64("unknown", setting_put(tx, KEY, STR("x"), STR("0"), NULL), RC_INVALID);
	CHECK_I64("unknown", setting_put(tx, KEY, STR("x"), STR(""), NULL), RC_INVALID);
	CHECK_I64("not here", setting_put(tx, KEY, STR("data_dir"), STR("/x"), NULL), RC_INVALID);
	CHECK_I64("no key", setting_put(tx, NULL, STR("channel.main.token"), STR("x"), NULL),
		  RC_REFUSED);
}

static enum rc see_target(void *arg, const struct target *t, struct err *e)
{
	(void)e;
	*(int *)arg += 1;
	CHECK_STR("kind", t->kind, "channel");
	CHECK_STR("slug", t->slug, "main");
	return RC_OK;
}

static void check_rows(struct tx *tx)
{
	struct stmt s;
	enum rc rc;
	int targets = 0;

	MUST(stmt_begin(tx->db, Q_SETTING_LIST, &s, &t_err));
	while ((rc = stmt_next(&s, &t_err)) == RC_OK) {
		struct str key = stmt_str(&s, "key");
		struct str value = stmt_str(&s, "value");

		if (str_eqc(key, "channel.main.token"))
			CHECK(str_starts(value, STR("v1:")) && str_find(value, STR("secret")) < 0);
	}
	CHECK_I64("end", rc, RC_ABSENT);
	MUST(target_each(tx->db, see_target, &targets, &t_err));
	CHECK_I64("made with its first setting", targets, 1);
}

TEST(later_sources_win)
{
	static const char *const ARGS[] = { "company_name=From here" };
	const struct setting_sources src = {
		.file = write_conf("web_threads = 11\nlog_level = error\nhooks_threads = 33\n"),
		.args = ARGS,
		.arg_count = 1,
		.seal_key = KEY,
	};
	const struct setting_sources no_key = { .seal_key = NULL };
	struct store *st;
	struct settings *s = NULL;
	struct db *db;

	MUST(crypto_start(&t_err));
	st = tx_open();
	tx_run(st, put_some);
	tx_run(st, check_rows);
	(void)setenv("TOTEM_LOG_LEVEL", "debug", 1);
	db = store_reader(st);
	MUST(settings_load(&src, db, &s, &t_err));
	CHECK_I64("database over file", setting_i64(s, "web_threads"), 22);
	CHECK_STR("source", setting_source(s, "web_threads"), "database");
	CHECK_I64("file over default", setting_i64(s, "hooks_threads"), 33);
	CHECK_SPAN("environment over database", setting_str(s, "log_level"), STR("debug"));
	CHECK_SPAN("argument over all", setting_str(s, "company_name"), STR("From here"));
	CHECK_STR("source", setting_source(s, "company_name"), "argument");
	CHECK_SPAN("unsealed", setting_of(s, "channel", "main", "token"), STR("very secret"));
	CHECK_SPAN("removed", setting_str(s, "listen"), STR("127.0.0.1:8080"));
	settings_free(s);
	MUST(settings_load(&no_key, db, &s, &t_err));
	CHECK_SPAN("without the key", setting_of(s, "channel", "main", "token"), STR(""));
	CHECK_STR("told", setting_source(s, "channel.main.token"), "database, unreadable");
	settings_free(s);
	store_reader_done(st, db);
	store_close(st);
}

TEST(arguments_are_checked)
{
	static const char *const WRONG[] = { "web_threads", "web_threads=1", "=x", "" };
	struct settings *s = NULL;

	EACH (w, WRONG) {
		const struct setting_sources src = { .args = w, .arg_count = 1 };

		CHECK_I64(*w, settings_load(&src, NULL, &s, NULL), RC_INVALID);
	}
	settings_free(NULL);
	CHECK(s == NULL);
}
