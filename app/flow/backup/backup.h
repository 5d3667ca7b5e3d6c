/* backup.h - copies of everything that a blank box needs to serve again.
 *
 *   FOLDER/totem-20260105T030000Z/totem.db          the database, made while others write (VACUUM INTO)
 *                                 totem.key.sealed  the key file under a passphrase; only with one
 *                                 totem.conf.sealed the settings file likewise
 *                                 media.list        which media files belong to it: "sha256 bytes changed_ms path"
 *                                 manifest.json     checksums, rows of every table, digests of sampled rows
 *                                 check.json        what the last check found; not there yet: none was done
 *   FOLDER/media/ab/abcd...                         media files by checksum, shared by all backups
 *   FOLDER/erased.list                              who was erased, in numbers that name nobody (flow/erase/erased.h)
 *
 * Making one is quick: the database is checked (damage stops the backup and never gets into it; older backups stay),
 * copied, and the copy read back from the disk for its sums; it gets its name when it is whole there (BACKUP_MADE). Then it
 * is restored to a scratch place beside it and compared with its manifest, at a pace of its own (backup_verify): it is
 * BACKUP_VERIFIED, or BACKUP_FAILED and counts for nothing. Without room for the scratch it is looked through where it lies
 * and stays BACKUP_MADE. Messages are readable in a backup: keep it where only the right people get at it.
 *
 * Threads: one writer per folder (backup_lock), and one check per folder beside it: making never waits for a check. */
#ifndef FLOW_BACKUP_H
#define FLOW_BACKUP_H

#include "base/sbuf.h"
#include "io/db.h"
#include "io/folder.h"

#define BACKUP_NAME_MAX    48
#define BACKUP_FORMAT      1
#define BACKUP_TABLES_MAX  256
#define BACKUP_MEDIA_FIRST 96 /* "COMPANY/ab/CHECKSUM" */

/* What is being done now, for progress bars: step `at` of `of`. */
typedef void backup_say_fn(void *arg, const char *what, int at, int of);

struct backup_plan {
	const char *data_dir;
	const char *folder;      /* where backups are kept; made when it is not there */
	const char *config_file; /* NULL: none */
	struct str passphrase;   /* empty: key and settings file are left out */
	struct tempo *pace;      /* NULL: full speed */
	int64_t spare;           /* bytes that a check leaves free beside its scratch; 0: 64 MiB */
	backup_say_fn *say;      /* may be NULL */
	void *say_arg;
};

enum backup_mark { BACKUP_MADE, BACKUP_VERIFIED, BACKUP_FAILED };

struct backup_info {
	char name[BACKUP_NAME_MAX];
	int64_t created_ms, took_ms;
	enum backup_mark mark; /* these three from check.json, 0 and "" before the first check */
	int64_t checked_ms;
	char check_text[ERR_TEXT_MAX]; /* what was found, or why it could not be restored */
	int64_t database_bytes, media_files, media_bytes, rows;
	int64_t schema;
	bool sealed_key, sealed_config;
	char program[24];
	char database_sha256[SUM_TEXT], media_sha256[SUM_TEXT];
	/* Files of the box that were damaged or missing (backup_media.h): left so, put back, and the first of them. */
	int64_t media_bad, media_mended;
	char media_first[BACKUP_MEDIA_FIRST];
};

/* Makes one. RC_LIMIT: not enough room. RC_IO with db damage: *ret_damaged. RC_RETRY: stopped. */
enum rc backup_make(const struct backup_plan *plan, int64_t now_ms, struct backup_info *ret,
		    bool *ret_damaged, struct err *e) MUST_CHECK;
/* FOLDER/NAME restored: checksums, the database to a scratch file and checked whole, rows and digests, every media file,
 * with a passphrase also the key. What it found is noted beside the backup, and in *ret. RC_INVALID: it is damaged.
 * RC_OK with ret->mark BACKUP_MADE: whole as it lies there, but there is no room to restore it (check_text). Other
 * verdicts say nothing of the backup: RC_RETRY stopped, RC_CONFLICT another check is at work, RC_REFUSED passphrase. */
enum rc backup_verify(const struct backup_plan *plan, const char *name, int64_t now_ms,
		      struct backup_info *ret, struct err *e) MUST_CHECK;
const char *backup_mark_name(enum backup_mark mark);
/* Reads the manifest and what the last check found. */
enum rc backup_info_get(const char *folder, const char *name, struct backup_info *ret,
			struct err *e) MUST_CHECK;
/* Newest first, at most `max`. A folder that is not there has none. */
enum rc backup_list(const char *folder, struct backup_info *ret, size_t max, size_t *ret_count,
		    struct err *e) MUST_CHECK;
/* What is to be done and told about a folder. Names are "" when there is none. Backups of a time after `now_ms`, made while
 * the clock was ahead, count as the oldest of all. */
struct backup_look {
	char newest[BACKUP_NAME_MAX]; /* that did not fail */
	int64_t newest_ms;
	int64_t media_bad, media_mended; /* of it */
	char media_first[BACKUP_MEDIA_FIRST];
	int64_t verified_ms;            /* when the newest verified one was made; 0: none is */
	char to_check[BACKUP_NAME_MAX]; /* newest that is only made */
	/* Made more than a day ago, and neither it nor a newer one was verified. */
	char late[BACKUP_NAME_MAX];
	char late_why[ERR_TEXT_MAX]; /* "" when it was never tried */
	char bad[BACKUP_NAME_MAX];   /* newest that failed its check, or has no readable manifest */
	char bad_why[ERR_TEXT_MAX];
};
enum rc backup_look(const char *folder, int64_t now_ms, struct backup_look *ret, struct err *e)
	MUST_CHECK;
/* The newest that did not fail; one of a time after `now_ms` only where there is no other. RC_ABSENT: there is none. */
enum rc backup_newest(const char *folder, int64_t now_ms, struct backup_info *ret, struct err *e)
	MUST_CHECK;
/* Keeps the newest `keep`, of each of the last `weeks` weeks its newest, and always the newest that is verified; one that
 * failed counts for nothing: the newest such stays until a newer one is verified. Those of a time more than a day ahead of
 * `now_ms` are counted by themselves, at most `keep`. The caller sees to it that the clock is not in doubt. Then drops media that no backup lists,
 * and what an interrupted backup left. */
enum rc backup_rotate(const char *folder, int64_t keep, int64_t weeks, int64_t now_ms,
		      int *ret_removed, struct err *e) MUST_CHECK;
/* Copies a backup with its media to another folder (a USB stick) and reads it back from there. RC_INVALID: here it is not
 * any more what its manifest says. */
enum rc backup_copy_out(const struct backup_plan *plan, const char *name, const char *to,
			struct err *e) MUST_CHECK;
/* Held, it is not rotated away, whoever does that; file_unlock lets go. RC_ABSENT: it is gone. */
enum rc backup_hold(const char *folder, const char *name, int *ret_fd, struct err *e) MUST_CHECK;
bool backup_name_ok(struct str name);
/* "totem-20260105T030000Z": of one that is made then. */
void backup_name_of(int64_t now_ms, char ret[BACKUP_NAME_MAX]);
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

/* The same where it lies, without a second copy. */
enum rc backup_look_in_place(const char *database, struct tempo *pace,
			     struct backup_tables *ret_tables, struct file_sum *ret_sum,
			     struct err *e) MUST_CHECK;
enum rc backup_note_write(const char *folder, const char *name, enum backup_mark mark,
			  int64_t now_ms, const char *text, struct err *e) MUST_CHECK;

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
