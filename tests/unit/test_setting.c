/* test_setting.c - the table, the sources and who wins, environment names, secrets. */
#include "store/setting/setting.h"

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
		{ "web_treads", "64",
		  "web_treads: no setting has this name (perhaps web_threads)" },
		{ "channel.*.version", "v1",
		  "channel.*.version: the name between the dots has 1 to 40 of a-z 0-9 - _" },
		{ "channel.Main.version", "v1",
		  "channel.Main.version: the name between the dots has 1 to 40 of a-z 0-9 - _" },
		{ "channel.a.b.version", "v1",
		  "channel.a.b.version: no setting has this name (perhaps channel.a.version)" },
		{ "chanel.main.tokn", "x",
		  "chanel.main.tokn: no setting has this name (perhaps channel.main.token)" },
		{ "utterly.else", "x", "utterly.else: no setting has this name" },
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

/* Wrong values of each kind; a setting whose kind is missing here makes the test after this one fail. */
static const struct {
	enum setting_kind kind;
	const char *value;
} REFUSED[] = {
	{ SETTING_INT, "" },
	{ SETTING_INT, "12x" },
	{ SETTING_INT, "99999999999999999999" },
	{ SETTING_INT, "-1" },
	{ SETTING_BOOL, "maybe" },
	{ SETTING_TEXT, "a\tb" },
	{ SETTING_TEXT, " a" },
	{ SETTING_BODY, "a\tb" },
	{ SETTING_SECRET, "a\nb" },
	{ SETTING_SECRET, "token " },
	{ SETTING_LIST, "a\x7f" },
	{ SETTING_CHOICE, "nonsense" },
	{ SETTING_CHOICES, "open nonsense" },
	{ SETTING_ADDRESS, "bad" },
	{ SETTING_ADDRESS, "0.0.0.0:99999" },
	{ SETTING_ADDRESS, "127.0.0.1:" },
	{ SETTING_ADDRESS, "127.0.0.1" },
	{ SETTING_ADDRESS, ":8080" },
	{ SETTING_ADDRESS, "[::1]" },
	{ SETTING_ADDRESS, "::1:80" },
	{ SETTING_ADDRESS, "http://127.0.0.1:8080" },
	{ SETTING_ADDRESS, "127.0.0.1:80,127.0.0.1:81" },
	{ SETTING_FOLDER, "backups" },
	{ SETTING_FILE, "cert.pem" },
	{ SETTING_NETWORKS, "garbage" },
	{ SETTING_NETWORKS, "10.0.0.0/33" },
	{ SETTING_NETWORKS, "::1 10.0.0" },
	{ SETTING_NETWORKS, "10.0.0.0/8,10.1.0.0/16" },
	{ SETTING_HOSTS, "https://files.example" },
	{ SETTING_HOSTS, "a..b" },
	{ SETTING_HOSTS, "files.example:443" },
	{ SETTING_BASE, "ftp://x" },
	{ SETTING_BASE, "example.com" },
	{ SETTING_BASE, "https://" },
	{ SETTING_BASE, "https://x:0" },
	{ SETTING_BASE, "https://u:p@x" },
	{ SETTING_BASE, "https://x/?a" },
	{ SETTING_URL, "ftp://x" },
	{ SETTING_URL, "https:/x" },
	{ SETTING_URL, "http://a b" },
	{ SETTING_URL, "http://x:70000/" },
	{ SETTING_PLACES, "ftp://x/{{dni}}" },
	{ SETTING_PLACES, "https://{{dni}}/q" },
	{ SETTING_PLACES, "https://x/{{dni" },
	{ SETTING_PLACES, "https://x/{{}}" },
	{ SETTING_PLACES, "https://x/{dni}" },
	{ SETTING_BUCKET, "https://host" },
	{ SETTING_BUCKET, "https://host/" },
	{ SETTING_BUCKET, "s3://bucket/prefix" },
	{ SETTING_BUCKET, "https://host/b?x" },
	{ SETTING_SLUG, "Main" },
	{ SETTING_SLUG, "a b" },
	{ SETTING_SLUGS, "main Other" },
	{ SETTING_DIGITS, "12a" },
	{ SETTING_DIGITS, "+51 1" },
	{ SETTING_WORD, "two words" },
	{ SETTING_TYPES, "text,image" },
	{ SETTING_VERSION, "24.0" },
	{ SETTING_VERSION, "v24." },
	{ SETTING_VERSION, "v24.0/x" },
	{ SETTING_HEADER, "X Key" },
	{ SETTING_HEADER, "X-Key:" },
	{ SETTING_HEADER, "content-length" },
	{ SETTING_USER, "a:b" },
	{ SETTING_TEMPLATE, "reabrir" },
	{ SETTING_TEMPLATE, "reabrir, es" },
	{ SETTING_OBJECT, "Authorization: x" },
	{ SETTING_OBJECT, "{\"a\":1}" },
	{ SETTING_OBJECT, "[]" },
	{ SETTING_INPUTS, "dni" },
	{ SETTING_INPUTS, "dni=digits:9-8" },
	{ SETTING_INPUTS, "dni=letters:8-8" },
	{ SETTING_PAIRS, "name" },
	{ SETTING_PAIRS, "=path" },
	{ SETTING_WHEN, "401" },
	{ SETTING_WHEN, "status:" },
	{ SETTING_WHEN, "status:9xx" },
	{ SETTING_WHEN, "status:401 body:x" },
	{ SETTING_TOKEN, "token" },
	{ SETTING_TOKEN, "json:" },
};

static void example_key(const struct setting_def *d, char *to, size_t size)
{
	const char *star = strchr(d->key, '*');

	if (star == NULL)
		(void)snprintf(to, size, "%s", d->key);
	else
		(void)snprintf(to, size, "%.*s%s%s", (int)(star - d->key), d->key,
			       strncmp(d->key, "queue.", 6) == 0 ? "messages" : "main", star + 1);
}

/* Each setting refuses each wrong value of its kind, names itself and (no secret) the value; all four sources ask here. */
TEST(every_setting_refuses_what_is_wrong_for_its_kind)
{
	for (size_t i = 0; i < setting_count(); i++) {
		const struct setting_def *d = setting_at(i);
		int tried = 0;
		char key[100];

		example_key(d, key, sizeof(key));
		EACH (w, REFUSED) {
			struct err e = { 0 };

			if (w->kind != d->kind)
				continue;
			tried++;
			CHECK_I64(w->value, setting_check_new(str_of(key), str_of(w->value), &e),
				  RC_INVALID);
			CHECK(str_starts(str_of(e.text), str_of(key)));
			CHECK(d->kind != SETTING_SECRET ||
			      str_find(str_of(e.text), str_of(w->value)) < 0);
		}
		CHECK(tried > 0);
	}
}

TEST(good_values_of_each_kind_are_taken)
{
	static const struct {
		const char *key, *value;
	} ROWS[] = {
		{ "listen", "[::]:80" },
		{ "listen", "8080" },
		{ "listen", "+8080" },
		{ "listen", "localhost:0" },
		{ "hooks_listen", "" },
		{ "tls_cert", "/etc/totem/cert.pem" },
		{ "trusted_proxies", "10.0.0.0/8  ::1 [fd00::]/8" },
		{ "backup_s3_url", "https://s3.example:9000/bucket" },
		{ "public_url", "https://box.example/totem/" },
		{ "default_channel", "ventas-2" },
		{ "channel.main.version", "v25" },
		{ "channel.main.base_url", "http://meta_double:8080" },
		{ "channel.main.app_secret", "old new" },
		{ "channel.main.media_hosts", ".fbsbx.com localhost 10.0.0.5" },
		{ "channel.main.webhook_header_name", "X-Totem-Key" },
		{ "channel.main.webhook_url", "http://box:8081/webhooks/evolution/main?x=1" },
		{ "chatwoot.main.window_template", "reabrir_2 es_PE" },
		{ "chatwoot.main.language", "pt" },
		{ "chatwoot.main.language", "" },
		{ "n8n.main.url", "https://n8n.example/webhook/5f0-a?b=%20" },
		{ "n8n.main.statuses", "open  snoozed" },
		{ "n8n.main.words", "ayúda precio" },
		{ "lookup.a.url", "https://x/{{dni}}?name={{given_name}}" },
		{ "lookup.a.headers", "{\"Authorization\":\"Bearer {{token}}\"}" },
		{ "lookup.a.inputs", "dni=digits:8-8 name=text:0-40?" },
		{ "lookup.a.output", "a=b.c d=e" },
		{ "lookup.a.expired_when", "status:5xx json:!data text:se%20cerr%C3%B3" },
		{ "lookup.a.token_from", "cookie:*" },
		{ "lookup.a.private_ok", "yes" },
	};

	EACH (r, ROWS) {
		struct err e = { 0 };

		CHECK_I64(r->key, setting_check(str_of(r->key), str_of(r->value), &e), RC_OK);
		CHECK_STR(r->key, e.text, "");
	}
}

TEST(what_a_value_names_is_asked_for_when_it_is_set)
{
	char path[600];
	struct err e = { 0 };

	(void)snprintf(path, sizeof(path), "%s/cert.pem", t_dir());
	CHECK_I64("none", setting_check_new(STR("tls_cert"), STR("/nowhere/cert.pem"), &e),
		  RC_INVALID);
	CHECK_STR("text", e.text, "tls_cert: \"/nowhere/cert.pem\": No such file or directory");
	CHECK_I64("may come later", setting_check(STR("tls_cert"), STR("/nowhere/cert.pem"), NULL),
		  RC_OK);
	CHECK_I64("a folder", setting_check_new(STR("ca_file"), str_of(t_dir()), NULL), RC_INVALID);
	MUST(file_write(path, STR("x"), 0600, &t_err));
	MUST(setting_check_new(STR("tls_cert"), str_of(path), &t_err));
	CHECK_I64("a file", setting_check_new(STR("backup_dir"), str_of(path), NULL), RC_INVALID);
	MUST(setting_check_new(STR("backup_dir"), str_of(t_dir()), &t_err));
	MUST(setting_check_new(STR("backup_dir"), STR("/nowhere/yet"), &t_err));
}

TEST(a_variable_that_is_nearly_a_setting_is_told)
{
	struct settings *s = NULL;

	(void)setenv("TOTEM_WEB_TREADS", "3", 1);
	MUST(settings_load(&(struct setting_sources){ .file = NULL }, NULL, &s, &t_err));
	CHECK_STR("text", settings_doubt(s),
		  "TOTEM_WEB_TREADS: no setting has this name (perhaps web_threads)");
	settings_free(s);
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

		example_key(d, key, sizeof(key));
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
		{ "\nweb_treads = 3",
		  "totem.conf:2: web_treads: no setting has this name (perhaps web_threads)" },
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
	static const char *const WRONG[] = { "web_threads", "web_threads=1", "=x", "",
					     "channel.main.token=copied " };
	struct settings *s = NULL;

	EACH (w, WRONG) {
		const struct setting_sources src = { .args = w, .arg_count = 1 };

		CHECK_I64(*w, settings_load(&src, NULL, &s, NULL), RC_INVALID);
	}
	settings_free(NULL);
	CHECK(s == NULL);
}
