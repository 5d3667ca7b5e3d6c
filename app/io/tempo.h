/* tempo.h - long work that must not disturb the rest: lowest priority, and a rest after each stretch of work.
 *
 *	struct tempo p = { .percent = 50, .stop = &stopping };
 *	tempo_low_priority();
 *	while (more) { some_milliseconds_of_work(); if (!tempo_step(&p)) return RC_RETRY; }
 *
 * On a box whose processors are all taken even the lowest priority takes something from the others: there the rest grows with
 * the time that was lost by being pushed off a processor, so that a full box is left alone and a half-idle one is used.
 *
 * Everything here may be called from any thread; a struct tempo belongs to one. A NULL pace is full speed without end. */
#ifndef IO_TEMPO_H
#define IO_TEMPO_H

#include "base/base.h"

struct tempo {
	int percent;      /* of the time that is work, 1 to 100; 0 is 100 */
	const bool *stop; /* read with __atomic_load_n; NULL: never stopped */
	/* Grows when somebody else gets work done (commits): with it, there is no rest while nobody wants one. Read with
	 * __atomic_load_n; NULL: there may always be somebody. */
	const int64_t *others;
	/* Its own: since when it works without a rest; `others` then; processor time and involuntary switches then. */
	int64_t from_us, seen, cpu_us, pushed;
};

/* The calling thread gets processor and disk when nobody else wants them (nice 15, idle class of the disk queue). */
void tempo_low_priority(void);
/* Rests when it is time, at most TEMPO_REST_MAX_MS. False: stop the work. */
#define TEMPO_REST_MAX_MS 100
bool tempo_step(struct tempo *p);
/* How long to rest after `worked_us`, of which `lost_us` went by waiting for a processor that others had. */
int64_t tempo_rest_us(int percent, int64_t worked_us, int64_t lost_us);

#endif
