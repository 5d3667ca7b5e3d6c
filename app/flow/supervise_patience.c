/* supervise_patience.c - see supervise_patience.h. */
#include "flow/supervise_patience.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mtx.h"
#include "base/thr.h"
#include "io/sys.h"

#define ASK      "EXTEND_TIMEOUT_USEC=60000000"
#define EVERY_US (20 * INT64_C(1000000))

struct patience {
	struct mtx lock;
	struct cnd changed;
	bool ended;
};

static void patience_run(void *arg)
{
	struct patience *p = arg;

	mtx_lock(&p->lock);
	while (!p->ended) {
		bool told = cnd_wait(&p->changed, &p->lock, clock_mono_us() + EVERY_US);

		mtx_unlock(&p->lock);
		if (!told)
			sys_notify(ASK);
		mtx_lock(&p->lock);
	}
	mtx_unlock(&p->lock);
}

enum rc supervise_patience(enum rc (*fn)(void *arg, struct err *e), void *arg, struct err *e)
{
	struct patience p = { .ended = false };
	struct err why = { .rc = RC_OK };
	struct thr thread = { .started = false };
	bool runs;
	enum rc rc;

	mtx_init(&p.lock, LOCK_SUPERVISE);
	cnd_init(&p.changed);
	sys_notify(ASK);
	runs = thr_start(&thread, "patience", patience_run, &p, &why) == RC_OK;
	if (!runs)
		log_err(LOG_WARN, "start.without_patience", &why);
	rc = fn(arg, e);
	mtx_lock(&p.lock);
	p.ended = true;
	cnd_broadcast(&p.changed);
	mtx_unlock(&p.lock);
	if (runs)
		thr_join(&thread);
	return rc;
}
