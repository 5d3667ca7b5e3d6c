/* upgrade_copies.c - see upgrade_copies.h. */
#include "flow/backup/upgrade_copies.h"

#include "base/log.h"
#include "io/file.h"
#include "io/folder.h"

struct copies {
	int count;
	int64_t oldest_ms;
	char oldest[64];
};

static enum rc copy_seen(void *arg, const struct folder_entry *x, struct err *e)
{
	struct copies *c = arg;

	(void)e;
	if (x->is_folder || !str_starts(str_of(x->name), STR("totem.db.before-")))
		return RC_OK;
	c->count++;
	if ((c->oldest[0] == '\0' || x->changed_ms < c->oldest_ms) &&
	    str_copy(str_of(x->name), c->oldest, sizeof(c->oldest)))
		c->oldest_ms = x->changed_ms;
	return RC_OK;
}

enum rc upgrade_copies_trim(const char *data_dir, int64_t now_ms, bool *ret_removed, struct err *e)
{
	struct copies c = { 0 };
	char path[FOLDER_PATH_MAX];

	*ret_removed = false;
	TRY(folder_each(data_dir, copy_seen, &c, e));
	if (c.oldest[0] == '\0' ||
	    (c.count <= UPGRADE_COPIES_KEPT && c.oldest_ms >= now_ms - UPGRADE_COPY_DAYS * DAY_MS))
		return RC_OK;
	TRY(folder_join(data_dir, c.oldest, path, e));
	TRY(file_remove(path, e));
	log_event(LOG_INFO, "upgrade.copy_removed", "name", c.oldest, NULL);
	*ret_removed = true;
	return RC_OK;
}
