/* logkeep.c - see logkeep.h. A ring under its own lock, which is taken for one copy. */
#include "base/logkeep.h"

#include "base/enc.h"
#include "base/mtx.h"

static struct mtx logkeep_mtx = { .m = PTHREAD_MUTEX_INITIALIZER, .cls = LOCK_LOG };
static struct log_kept logkeep_ring[LOGKEEP_LINES];
static int64_t logkeep_last; /* id of the newest */

void logkeep_add(enum log_level level, struct str line)
{
	struct log_kept *k;

	if (level < LOG_INFO)
		return;
	if (str_ends(line, STR("\n")))
		line.n--;
	if (line.n >= LOGKEEP_LINE)
		line.n = LOGKEEP_LINE - 1;
	while (line.n > 0 && !enc_utf8_ok(line)) /* cut within a character */
		line.n--;
	mtx_lock(&logkeep_mtx);
	k = &logkeep_ring[logkeep_last++ % LOGKEEP_LINES];
	k->id = logkeep_last;
	k->level = level;
	ASSERT(str_copy(line, k->line, sizeof(k->line)));
	mtx_unlock(&logkeep_mtx);
}

size_t logkeep_read(enum log_level least, int64_t before, struct log_kept *ret, size_t max)
{
	size_t n = 0;

	mtx_lock(&logkeep_mtx);
	for (int64_t id = logkeep_last; id > 0 && id > logkeep_last - LOGKEEP_LINES && n < max;
	     id--) {
		const struct log_kept *k = &logkeep_ring[(id - 1) % LOGKEEP_LINES];

		if (k->level >= least && (before == 0 || id < before))
			ret[n++] = *k;
	}
	mtx_unlock(&logkeep_mtx);
	return n;
}
