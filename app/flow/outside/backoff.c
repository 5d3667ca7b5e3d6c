/* backoff.c - see backoff.h. */
#include "flow/outside/backoff.h"

int64_t backoff_ms(int attempts, int64_t first_ms, int64_t cap_ms, uint32_t random, int64_t peer_ms)
{
	int64_t ms = first_ms;

	ASSERT(attempts >= 1 && first_ms > 0 && cap_ms >= first_ms);
	for (int i = 1; i < attempts && ms < cap_ms; i++)
		ms *= 2;
	ms = i64_min(ms, cap_ms);
	/* 3/4 to 5/4 of the curve: callers that failed together do not come back together */
	ms = ms * 3 / 4 + (int64_t)(random % 1024) * ms / 2048;
	return i64_max(ms, peer_ms);
}
