/* start_cure.c - see start_cure.h. */
#include "flow/check/start_cure.h"

#include "base/limits.h"
#include "flow/supervise.h"
#include "io/file.h"
#include "io/owner.h"

/* Nothing can be written down then, so this is where it is said; SQLite calls it an input/output error in places. */
static bool full(const char *folder, const struct err *e)
{
	struct err none = { .rc = RC_OK };
	int64_t bytes;

	return (e->rc == RC_LIMIT || e->rc == RC_IO) &&
	       file_free_space(folder, &bytes, &none) == RC_OK && bytes < DISK_REFUSE_BYTES;
}

void start_cure(const char *folder, struct err *e)
{
	char why[sizeof(e->text)], path[SUPERVISE_PATH_MAX];
	bool is_full = full(folder, e);

	if (!is_full && (e->rc != RC_IO || !owner_other(folder, path, sizeof(path))))
		return;
	memcpy(why, e->text, sizeof(why));
	err_clear(e);
	if (is_full)
		(void)FAIL(e, RC_LIMIT,
			   "%.90s. The disk of %.60s is full. Free some space and start again: "
			   "nothing "
			   "was lost, peers keep what they could not deliver",
			   why, folder);
	else
		(void)FAIL(e, RC_IO,
			   "%.80s. %.60s belongs to another user than its folder: chown -R "
			   "--reference=%.60s %.60s",
			   why, path, folder, folder);
}
