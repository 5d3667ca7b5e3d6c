/* backup_rig.h - a box with requests in it, and its backups. For test_backup*.c. */
#ifndef UNIT_BACKUP_RIG_H
#define UNIT_BACKUP_RIG_H

#include <sys/stat.h>
#include <unistd.h>

#include "box.h"
#include "flow/backup/backup.h"
#include "flow/supervise_key.h"
#include "io/file.h"
#include "store/delivery.h"

#define DAY (24 * 3600 * INT64_C(1000))

struct rig {
	struct box b;
	char folder[FOLDER_PATH_MAX];
	struct backup_plan plan;
};

static enum rc add_unit(struct tx *tx, void *arg, struct err *e)
{
	static const char block[2000] = "a request";
	const int *n = arg;

	for (int i = 0; i < *n; i++) {
		struct delivery d = { .company_id = 1,
				      .source = "meta",
				      .signature = "valid",
				      .body = str_n(block, sizeof(block)) };

		TRY(delivery_add(tx, &d, e));
	}
	return RC_OK;
}

static inline void add(struct rig *r, int n)
{
	MUST(store_write(r->b.app.store, STORE_NORMAL, add_unit, &n, &t_err));
}

static inline void put(const char *folder, const char *name, const char *text)
{
	char path[FOLDER_PATH_MAX], sub[FOLDER_PATH_MAX];

	MUST(folder_join(folder, name, path, &t_err));
	(void)snprintf(sub, sizeof(sub), "%.*s", (int)(strrchr(path, '/') - path), path);
	MUST(file_mkdir(sub, 0700, &t_err));
	MUST(file_write(path, str_of(text), 0600, &t_err));
}

static inline void up(struct rig *r)
{
	uint8_t key[CRYPTO_KEY_BYTES];

	box_open(&r->b, NULL, 0);
	MUST(supervise_key(t_dir(), true, key, &t_err));
	MUST(folder_join(t_dir(), "backups", r->folder, &t_err));
	r->plan = (struct backup_plan){ .data_dir = t_dir(), .folder = r->folder };
	add(r, 50);
}

static inline void make_at(struct rig *r, int64_t now_ms, struct backup_info *ret)
{
	bool damaged = true;

	MUST(backup_make(&r->plan, now_ms, ret, &damaged, &t_err));
	CHECK(!damaged);
}

static inline void path_in(const struct rig *r, const char *name, const char *file,
			   char ret[FOLDER_PATH_MAX])
{
	(void)snprintf(ret, FOLDER_PATH_MAX, "%.200s/%.100s/%.100s", r->folder, name, file);
}

static inline enum rc verify(struct rig *r, const char *name)
{
	struct backup_info info;
	struct err e = { .rc = RC_OK };

	return backup_verify(&r->plan, name, BOX_NOW_MS + 5000, &info, &e);
}

#endif
