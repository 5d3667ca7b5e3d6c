/* clock.c - the scripted clock in place of base/clock.c. Texts of times are those of the program.
 *
 * Each reading is also a place where the process may be killed (torture): between two readings lies at most a commit. */
#define clock_now_ms  real_now_ms
#define clock_mono_us real_mono_us
#include "base/clock.c"
#undef clock_now_ms
#undef clock_mono_us

#include <sys/timex.h>

#include "sim/sim.h"

int64_t clock_now_ms(void);
int64_t clock_mono_us(void);

int64_t clock_now_ms(void)
{
	if (sim.kill_in > 0 && !sim.crashed && --sim.kill_in == 0)
		box_kill();
	return sim.now_ms;
}

int64_t clock_mono_us(void)
{
	return sim.now_ms * 1000;
}

int64_t machine_mono_us(void)
{
	return real_mono_us();
}

/* In place of the kernel's: the scripted clock is kept (flow/clock/clockwatch.c asks), whatever the machine of the test is. */
int adjtimex(struct timex *t)
{
	t->status = 0;
	return 0;
}
