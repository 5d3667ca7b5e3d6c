/* readiness.c - see readiness.h. */
#include "api/readiness.h"

#include "io/file.h"

void readiness_get(struct app *app, int64_t now_ms, struct readiness *ret)
{
	struct err e = { .rc = RC_OK };

	*ret = (struct readiness){ .disk_free = -1 };
	store_get_stats(app->store, &ret->store);
	ret->store_failing = ret->store.failing;
	ret->damaged = __atomic_load_n(&app->damaged, __ATOMIC_RELAXED);
	/* Units wait, and nothing was committed for long: a disk that hangs does not fail. */
	ret->writer_stuck =
		ret->store.waiting > 0 &&
		now_ms - i64_max(ret->store.last_commit_ms, app->started_ms) > READINESS_STUCK_MS;
	ret->stopping = __atomic_load_n(&app->stopping, __ATOMIC_RELAXED);
	ret->disk_low = __atomic_load_n(&app->disk_low, __ATOMIC_RELAXED);
	if (app->data_dir != NULL && file_free_space(app->data_dir, &ret->disk_free, &e) != RC_OK)
		ret->disk_free = -1;
}

bool readiness_ok(const struct readiness *r)
{
	return !r->damaged && !r->store_failing && !r->disk_low && !r->writer_stuck && !r->stopping;
}

bool readiness_reason(const struct readiness *r, size_t i, const char **ret_word,
		      const char **ret_text)
{
	const struct {
		bool is;
		const char *word, *text;
	} reasons[] = {
		{ r->damaged, "database-damaged",
		  "The database is damaged: nothing is changed or sent, webhooks are kept aside. "
		  "Restore a backup." },
		{ r->store_failing, "store-failing",
		  "The last write to the database failed: the disk is full or broken." },
		{ r->disk_low, "disk-low",
		  "The disk of the database is nearly full: nothing new is taken in until there is "
		  "room." },
		{ r->writer_stuck, "writer-stuck",
		  "Writes wait and none was finished for ten seconds." },
		{ r->stopping, "stopping", "The program is stopping." },
	};

	for (size_t k = 0; k < COUNT(reasons); k++) {
		if (!reasons[k].is || i-- > 0)
			continue;
		*ret_word = reasons[k].word;
		*ret_text = reasons[k].text;
		return true;
	}
	return false;
}
