/* restore_fits.c - see restore_fits.h. */
#include "flow/backup/restore_fits.h"

#include "base/log.h"
#include "flow/supervise_key.h"
#include "io/migrate.h"
#include "store/setting/setting.h"

enum rc restore_fits_program(const struct backup_info *info, struct err *e)
{
	size_t count;
	const struct migration *table = migrate_table(&count);
	int newest = count > 0 ? table[count - 1].number : 0;

	return info->schema <= newest
		       ? RC_OK
		       : FAIL(e, RC_REFUSED,
			      "the backup is of a newer Totem (schema %lld, this one knows %d): "
			      "install that version, then restore",
			      (long long)info->schema, newest);
}

static enum rc count_secrets(const char *stage, const uint8_t *key, struct setting_secrets *ret,
			     struct err *e)
{
	char path[FOLDER_PATH_MAX];
	struct db *db = NULL;
	enum rc rc;

	TRY(folder_join(stage, "totem.db", path, e));
	TRY(db_open(path, DB_READER, &db, e));
	rc = setting_secrets(db, key, ret, e);
	db_close(db);
	return rc;
}

enum rc restore_fits_key(const char *data_dir, const char *stage, bool *ret, struct err *e)
{
	uint8_t key[CRYPTO_KEY_BYTES];
	struct setting_secrets n = { 0 };
	struct err why = { .rc = RC_OK };
	bool is_key = supervise_key(data_dir, true, key, &why) == RC_OK;
	enum rc rc = count_secrets(stage, is_key ? key : NULL, &n, e);

	crypto_zero(key, sizeof(key));
	if (!is_key)
		log_err(LOG_DEBUG, "restore.key_not_read", &why);
	TRY(rc);
	*ret = n.closed == 0 || n.opened > 0;
	return RC_OK;
}
