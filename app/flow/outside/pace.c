/* pace.c - see pace.h. Credit is counted in microseconds, so that 70 a second does not become 14 ms each. */
#include "flow/outside/pace.h"

bool pace_take(struct pace *p, int64_t now_ms, int64_t every_us, int64_t burst, int64_t *ret_at_ms)
{
	int64_t full_us = burst * every_us;

	ASSERT(burst > 0 && every_us >= 0);
	if (every_us == 0)
		return true;
	if (!p->started) {
		*p = (struct pace){ .tokens_us = full_us, .at_ms = now_ms, .started = true };
	} else if (now_ms > p->at_ms) {
		int64_t gone_ms = i64_min(now_ms - p->at_ms, full_us / 1000 + 1);

		p->tokens_us = i64_min(p->tokens_us + gone_ms * 1000, full_us);
		p->at_ms = now_ms;
	} else if (now_ms < p->at_ms) {
		p->at_ms = now_ms; /* the clock went back: no credit, but no debt either */
	}
	if (p->tokens_us < every_us) {
		*ret_at_ms = now_ms + (every_us - p->tokens_us + 999) / 1000;
		return false;
	}
	p->tokens_us -= every_us;
	return true;
}
