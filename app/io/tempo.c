/* tempo.c - see tempo.h. */
#include "io/tempo.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

#define WORK_US         4000 /* shorter stretches cost more in switches than they give */
#define YIELD           8 /* rests this many times what it lost to others, up to TEMPO_REST_MAX_MS */
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

int64_t tempo_rest_us(int percent, int64_t worked_us, int64_t lost_us)
{
	return i64_min(worked_us * (100 - percent) / percent + YIELD * i64_max(lost_us, 0),
		       (int64_t)TEMPO_REST_MAX_MS * 1000);
}

/* Processor time of this thread, and how often it was pushed off a processor; zeros when the kernel does not tell. */
static void used(int64_t *ret_cpu_us, int64_t *ret_pushed)
{
	struct rusage r = { .ru_nivcsw = 0 };

	(void)getrusage(RUSAGE_THREAD, &r);
	*ret_cpu_us = (int64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 +
		      r.ru_utime.tv_usec + r.ru_stime.tv_usec;
	*ret_pushed = (int64_t)r.ru_nivcsw;
}

static void start(struct tempo *p)
{
	p->from_us = clock_mono_us();
	used(&p->cpu_us, &p->pushed);
}

/* Only when it was pushed off: else it waited for the disk. */
static int64_t lost_us(const struct tempo *p, int64_t worked_us)
{
	int64_t cpu_us, pushed;

	used(&cpu_us, &pushed);
	return pushed != p->pushed ? worked_us - (cpu_us - p->cpu_us) : 0;
}

bool tempo_step(struct tempo *p)
{
	int64_t worked_us;

	if (p == NULL)
		return true;
	if (p->stop != NULL && __atomic_load_n(p->stop, __ATOMIC_RELAXED))
		return false;
	if (p->percent <= 0 || p->percent >= 100)
		return true;
	if (p->from_us == 0)
		start(p);
	worked_us = clock_mono_us() - p->from_us;
	if (worked_us < WORK_US)
		return true;
	if (p->others != NULL) {
		int64_t before = p->seen;

		p->seen = __atomic_load_n(p->others, __ATOMIC_RELAXED);
		if (p->seen == before) {
			start(p);
			return true;
		}
	}
	rest(tempo_rest_us(p->percent, worked_us, lost_us(p, worked_us)));
	start(p);
	return p->stop == NULL || !__atomic_load_n(p->stop, __ATOMIC_RELAXED);
}
