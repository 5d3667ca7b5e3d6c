/* supervise_key.c - see supervise_key.h. */
#include "flow/supervise_key.h"

#include "base/enc.h"
#include "base/log.h"
#include "flow/config.h"
#include "flow/damage/damage.h"
#include "flow/supervise.h"
#include "io/file.h"
#include "store/incident.h"
#include "store/setting/setting.h"

#define KEY_DIGITS (2 * CRYPTO_KEY_BYTES)

static enum rc make_key(const char *path, uint8_t *ret_key, struct err *e)
{
	uint8_t key[CRYPTO_KEY_BYTES];
	char text[KEY_DIGITS + 2];
	enum rc rc;

	crypto_random(key, sizeof(key));
	enc_hex(key, sizeof(key), text);
	text[KEY_DIGITS] = '\n';
	rc = file_write(path, str_n(text, KEY_DIGITS + 1), 0600, e);
	if (rc == RC_OK)
		memcpy(ret_key, key, sizeof(key));
	crypto_zero(key, sizeof(key));
	crypto_zero(text, sizeof(text));
	return rc;
}

enum rc supervise_key(const char *folder, bool has_database, uint8_t ret_key[CRYPTO_KEY_BYTES],
		      struct err *e)
{
	struct sbuf text = SBUF(256);
	char path[SUPERVISE_PATH_MAX];
	bool ok;
	enum rc rc;

	TRY(supervise_file(folder, SUPERVISE_KEY_FILE, path, e));
	if (!file_exists(path)) {
		if (has_database)
			log_event(LOG_WARN, "key.replaced", "file", path, "note",
				  "the key file was missing: secrets in the database have to be "
				  "entered again",
				  NULL);
		return make_key(path, ret_key, e);
	}
	rc = file_read(path, &text, e);
	ok = rc == RC_OK && enc_unhex(str_trim(sbuf_view(&text)), ret_key, CRYPTO_KEY_BYTES, false);
	if (text.p != NULL)
		crypto_zero(text.p, text.cap);
	sbuf_release(&text);
	if (rc != RC_OK)
		return rc;
	return ok ? RC_OK : FAIL(e, RC_INVALID, "%s holds no key of 64 hex digits", path);
}

static bool has_key(const char *folder)
{
	struct err e = { .rc = RC_OK };
	char path[SUPERVISE_PATH_MAX];

	return supervise_file(folder, SUPERVISE_KEY_FILE, path, &e) == RC_OK && file_exists(path);
}

enum rc supervise_key_kept(const char *folder, uint8_t ret_key[CRYPTO_KEY_BYTES], struct err *e)
{
	if (has_key(folder))
		return supervise_key(folder, true, ret_key, e);
	crypto_random(ret_key, CRYPTO_KEY_BYTES);
	return RC_OK;
}

enum rc supervise_settings(const struct supervise_options *o, const char *folder,
			   struct settings **ret, struct err *e)
{
	uint8_t key[CRYPTO_KEY_BYTES];
	struct setting_sources src = { .file = o->config_file,
				       .args = o->args,
				       .arg_count = o->arg_count };
	struct err passed = { .rc = RC_OK };
	char path[SUPERVISE_PATH_MAX], gone[ERR_TEXT_MAX];
	struct db *db = NULL;
	enum rc rc;

	TRY(supervise_file(folder, "totem.db", path, e));
	if (!damage_gone(folder, gone) && file_exists(path) &&
	    db_open(path, DB_READER, &db, &passed) != RC_OK)
		db = NULL;
	if (db != NULL && has_key(folder) && supervise_key(folder, true, key, &passed) == RC_OK)
		src.seal_key = key;
	rc = settings_load(&src, db, ret, &passed);
	if (rc != RC_OK && db != NULL) { /* a database without tables, or damaged */
		passed = (struct err){ .rc = RC_OK };
		rc = settings_load(&src, NULL, ret, &passed);
	}
	db_close(db);
	crypto_zero(key, sizeof(key));
	return rc == RC_OK ? RC_OK : FAIL(e, rc, "%s", passed.text);
}

static enum rc key_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *unreadable = arg;

	if (*unreadable == 0)
		return incident_close(tx, "key", "box", e);
	return incident_raise(tx, INCIDENT_KEY_LOST, "box", NULL, e);
}

enum rc supervise_key_look(struct app *app, struct err *e)
{
	const struct config *c = config_get(app);
	int64_t unreadable = settings_unreadable(c->settings);

	config_put(c);
	return store_write(app->store, STORE_NORMAL, key_unit, &unreadable, e);
}
