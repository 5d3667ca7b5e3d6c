/* media_job.c - queue `media`: fetches the file of a message. */
#include "flow/handlers.h"
#include "flow/media.h"

enum rc media_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms, struct err *e)
{
	ASSERT(n == 1);
	(void)e;
	/* GAP: the fetch comes with the rest of this part; until then jobs wait, nothing is lost. 2026-11-28 */
	queue_hold(store_queues(w->app->store), &jobs[0], now_ms + MINUTE_MS);
	return RC_OK;
}
