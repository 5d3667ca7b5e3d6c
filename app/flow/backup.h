/* backup.h - copies of everything that a blank box needs to serve again.
 *
 *   FOLDER/totem-20260105T030000Z/totem.db          the database, made while others write (VACUUM INTO)
 *                                 totem.key.sealed  the key file under a passphrase; only with one
 *                                 totem.conf.sealed the settings file likewise
 *                                 media.list        which media files belong to it: "sha256 bytes changed_ms path"
 *                                 manifest.json     checksums, rows of every table, digests of sampled rows
 *   FOLDER/media/ab/abcd...                         media files by checksum, shared by all backups
 *
 * A backup counts only when it was read back from the disk and found whole (the file by its sum, the database by SQLite's
 * full check, row counts, samples): it is made under a name that begins with a dot and gets its own after the check.
 * `totem verify` and `totem restore` do the same with a restored copy. The database is checked first, so that damage stops the backup and never
 * gets into it; older backups stay then. Messages are readable in a backup: keep it where only the right people get at it.
 *
 * Threads: one call at a time per folder (the server has one thread for it, a command takes a lock). */
#ifndef FLOW_BACKUP_H
#define FLOW_BACKUP_H

#include "base/sbuf.h"
#include "io/db.h"
#include "io/folder.h"

#define BACKUP_NAME_MAX   48
#define BACKUP_FORMAT     1
#define BACKUP_TABLES_MAX 256

/* What is being done now, for progress bars: step `at` of `of`. */
typedef void backup_say_fn(void *arg, const char *what, int at, int of);

struct backup_plan {
	const char *data_dir;
	const char *folder;      /* where backups are kept; made when it is not there */
	const char *config_file; /* NULL: none */
	struct str passphrase;   /* empty: key and settings file are left out */
	struct tempo *pace;      /* NULL: full speed */
	backup_say_fn *say;      /* may be NULL */
	void *say_arg;
};

struct backup_info {
	char name[BACKUP_NAME_MAX];
	int64_t created_ms, took_ms, verified_ms;
	int64_t database_bytes, media_files, media_bytes, rows;
	int64_t schema;
	bool sealed_key, sealed_config;
	char program[24];
	char database_sha256[SUM_TEXT], media_sha256[SUM_TEXT];
};

/* Makes and verifies one. RC_LIMIT: not enough room. RC_IO with db damage: *ret_damaged. RC_RETRY: stopped. */
enum rc backup_make(const struct backup_plan *plan, int64_t now_ms, struct backup_info *ret,
		    bool *ret_damaged, struct err *e) MUST_CHECK;
/* FOLDER/NAME again, from the disk: checksums, the database restored to a scratch file and checked whole, rows and
 * digests, every media file, with a passphrase also the key. RC_INVALID: it is damaged. */
enum rc backup_verify(const struct backup_plan *plan, const char *name, struct backup_info *ret,
		      struct err *e) MUST_CHECK;
/* Reads the manifest. */
enum rc backup_info_get(const char *folder, const char *name, struct backup_info *ret,
			struct err *e) MUST_CHECK;
/* Newest first, at most `max`. A folder that is not there has none. */
enum rc backup_list(const char *folder, struct backup_info *ret, size_t max, size_t *ret_count,
		    struct err *e) MUST_CHECK;
/* Keeps the newest `keep`, and of each of the last `weeks` weeks its newest; then drops media that no backup lists, and
 * what an interrupted backup left. */
enum rc backup_rotate(const char *folder, int64_t keep, int64_t weeks, int64_t now_ms,
		      int *ret_removed, struct err *e) MUST_CHECK;
/* Copies a backup with its media to another folder (a USB stick) and reads it back from there. */
enum rc backup_copy_out(const struct backup_plan *plan, const char *name, const char *to,
			struct err *e) MUST_CHECK;
bool backup_name_ok(struct str name);
/* Held by whoever writes into the folder; file_unlock gives it back. RC_CONFLICT: somebody else does. */
enum rc backup_lock(const char *folder, int *ret_fd, struct err *e) MUST_CHECK;

/* --- parts, shared by the files of this folder and their tests --- */

struct backup_table {
	char name[64];
	int64_t rows;
	char digest[DB_DIGEST_TEXT];
};
struct backup_tables {
	struct backup_table t[BACKUP_TABLES_MAX];
	size_t n;
};
#define BACKUP_SAMPLES 32 /* rows of each table in its digest */

void backup_say(const struct backup_plan *plan, const char *what, int at, int of);
enum rc backup_tables_read(struct db *db, struct tempo *pace, struct backup_tables *ret,
			   struct err *e) MUST_CHECK;
/* RC_INVALID names the first table that differs. */
enum rc backup_tables_compare(const struct backup_tables *is, const struct backup_tables *wanted,
			      struct err *e) MUST_CHECK;
enum rc backup_manifest_write(const char *folder, const struct backup_info *info,
			      const struct backup_tables *tables, struct err *e) MUST_CHECK;
/* `ret_tables` may be NULL. */
enum rc backup_manifest_read(const char *folder, struct backup_info *ret,
			     struct backup_tables *ret_tables, struct err *e) MUST_CHECK;
/* Restores FOLDER's database to SCRATCH and checks it whole. *ret_sum: of what was read. */
enum rc backup_scratch(const char *database, const char *scratch, struct tempo *pace,
		       struct backup_tables *ret_tables, struct file_sum *ret_sum, struct err *e)
	MUST_CHECK;

/* A small file under a passphrase (PBKDF2, AES-256-GCM); `label` is bound to it. */
enum rc backup_seal_file(const char *from, const char *to, const char *label, struct str passphrase,
			 struct err *e) MUST_CHECK;
/* RC_REFUSED: another passphrase, or not what was sealed. */
enum rc backup_unseal_file(const char *from, const char *label, struct str passphrase,
			   struct sbuf *ret_plain, struct err *e) MUST_CHECK;

/* Media of data_dir into FOLDER/media and the list into `stage`; only what is not there yet is read. */
enum rc backup_media_save(const struct backup_plan *plan, const char *stage,
			  const char *newest_list, struct backup_info *info, struct err *e)
	MUST_CHECK;
/* Walks a media.list. */
struct backup_media_file {
	char sha256[SUM_TEXT];
	int64_t bytes, changed_ms;
	char path[FOLDER_PATH_MAX]; /* below the media folder */
};
typedef enum rc backup_media_fn(void *arg, const struct backup_media_file *f, struct err *e);
enum rc backup_media_each(const char *list, backup_media_fn *fn, void *arg, struct err *e)
	MUST_CHECK;
/* Path of a media file in FOLDER. */
enum rc backup_media_path(const char *folder, const char *sha256, char ret_path[FOLDER_PATH_MAX],
			  struct err *e) MUST_CHECK;
/* `deep`: reads each file; else it only has to be there with its length. */
enum rc backup_media_check(const char *folder, const char *list, bool deep, struct tempo *pace,
			   struct err *e) MUST_CHECK;
/* Drops what none of the lists names. */
enum rc backup_media_sweep(const char *folder, const struct backup_info *kept, size_t count,
			   struct err *e) MUST_CHECK;

#endif
