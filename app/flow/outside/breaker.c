/* breaker.c - see breaker.h. The state moves in one function that asserts the allowed moves. */
#include "flow/outside/breaker.h"

const char *breaker_state_text(enum breaker_state s)
{
	switch (s) {
	case BREAKER_CLOSED:
		return "closed";
	case BREAKER_OPEN:
		return "open";
	case BREAKER_HALF_OPEN:
		return "half_open";
	}
	BUG("unknown breaker state");
}

static void move(struct breaker *b, enum breaker_state to)
{
	static const bool MAY[3][3] = {
		/* from:              to CLOSED  OPEN   HALF_OPEN */
		[BREAKER_CLOSED] = { false, true, false },
		[BREAKER_OPEN] = { false, true, true },
		[BREAKER_HALF_OPEN] = { true, true, false },
	};

	ASSERT(MAY[b->state][to]);
	b->state = to;
	b->probing = false;
}

static void open_for(struct breaker *b, int64_t until_ms)
{
	move(b, BREAKER_OPEN);
	b->open_until_ms = until_ms;
	b->failed_bits = 0;
	b->calls = 0;
}

bool breaker_may(struct breaker *b, int64_t now_ms, int64_t *ret_until_ms)
{
	switch (b->state) {
	case BREAKER_CLOSED:
		return true;
	case BREAKER_OPEN:
		if (now_ms < b->open_until_ms) {
			*ret_until_ms = b->open_until_ms;
			return false;
		}
		move(b, BREAKER_HALF_OPEN);
		b->probing = true;
		b->probe_ms = now_ms;
		return true;
	case BREAKER_HALF_OPEN:
		if (b->probing && now_ms < b->probe_ms + BREAKER_PROBE_MS) {
			*ret_until_ms = now_ms + BREAKER_COOL_MS;
			return false;
		}
		b->probing = true;
		b->probe_ms = now_ms;
		return true;
	}
	BUG("unknown breaker state");
}

bool breaker_report(struct breaker *b, bool ok, int64_t now_ms)
{
	uint32_t window = (1u << BREAKER_WINDOW) - 1;

	switch (b->state) {
	case BREAKER_HALF_OPEN:
		if (ok) {
			move(b, BREAKER_CLOSED);
			b->cool_ms = 0;
			b->failed_bits = 0;
			b->calls = 0;
		} else {
			b->cool_ms = i64_min(b->cool_ms * 2, BREAKER_COOL_CAP_MS);
			open_for(b, now_ms + b->cool_ms);
		}
		return true;
	case BREAKER_OPEN:
		return false; /* a call that began before it opened */
	case BREAKER_CLOSED:
		b->failed_bits = (b->failed_bits << 1 | (ok ? 0u : 1u)) & window;
		if (b->calls < BREAKER_WINDOW)
			b->calls++;
		if (ok || b->calls < BREAKER_CALLS_MIN ||
		    __builtin_popcount(b->failed_bits) * 2 <= b->calls)
			return false;
		b->cool_ms = BREAKER_COOL_MS;
		open_for(b, now_ms + b->cool_ms);
		return true;
	}
	BUG("unknown breaker state");
}

bool breaker_trip(struct breaker *b, int64_t until_ms)
{
	bool changed = b->state == BREAKER_CLOSED;

	if (b->state == BREAKER_OPEN)
		until_ms = i64_max(until_ms, b->open_until_ms); /* who says "longer" wins */
	if (b->cool_ms == 0)
		b->cool_ms = BREAKER_COOL_MS;
	open_for(b, until_ms);
	return changed;
}

void breaker_forget(struct breaker *b)
{
	if (b->state == BREAKER_HALF_OPEN)
		b->probing = false;
}
