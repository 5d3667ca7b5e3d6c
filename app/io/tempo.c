/* tempo.c - see tempo.h. */
#include "io/tempo.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

#define WORK_US         4000      /* shorter stretches cost more in switches than they give */
#define NICE_LOWEST     15        /* at 19 it would starve on a box that is always busy */
#define IOPRIO_WHO_SELF 1         /* ioprio_set(2): IOPRIO_WHO_PROCESS, 0 is the calling thread */
#define IOPRIO_IDLE     (3 << 13) /* IOPRIO_CLASS_IDLE */
#define IOPRIO_LOWEST   ((2 << 13) | 7) /* best effort, last: where the idle class is not allowed */

void tempo_low_priority(void)
{
	/* Refused by the kernel or a filter: pacing alone has to do. On Linux setpriority(0) is of this thread. */
	(void)setpriority(PRIO_PROCESS, 0, NICE_LOWEST);
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_SELF, 0, IOPRIO_IDLE) != 0)
		(void)syscall(SYS_ioprio_set, IOPRIO_WHO_SELF, 0, IOPRIO_LOWEST);
}

/* Resting is what this is for; there is no event to wait for. */
static void rest(int64_t us)
{
	(void)poll(NULL, 0, (int)((us + 999) / 1000)); /* woken early: a little faster, no harm */
}

bool tempo_step(struct tempo *p)
{
	int64_t now_us, worked_us;

	if (p == NULL)
		return true;
	if (p->stop != NULL && __atomic_load_n(p->stop, __ATOMIC_RELAXED))
		return false;
	if (p->percent <= 0 || p->percent >= 100)
		return true;
	now_us = clock_mono_us();
	if (p->from_us == 0)
		p->from_us = now_us;
	worked_us = now_us - p->from_us;
	if (worked_us < WORK_US)
		return true;
	if (p->others != NULL) {
		int64_t before = p->seen;

		p->seen = __atomic_load_n(p->others, __ATOMIC_RELAXED);
		if (p->seen == before) {
			p->from_us = now_us;
			return true;
		}
	}
	rest(i64_min(worked_us * (100 - p->percent) / p->percent,
		     (int64_t)TEMPO_REST_MAX_MS * 1000));
	p->from_us = clock_mono_us();
	return p->stop == NULL || !__atomic_load_n(p->stop, __ATOMIC_RELAXED);
}
