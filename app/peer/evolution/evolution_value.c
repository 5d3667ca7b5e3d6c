/* evolution_value.c - values in their many spellings. Promises: evolution_value.h. No state; any thread. */
#include "peer/evolution/evolution_value.h"

#include "base/enc.h"

#define BYTES_MAX 256u
#define TIME_S_MAX \
	253402300799 /* the end of year 9999; more is nonsense, for example microseconds */
#define TIME_MS_FROM 1000000000000 /* 10^12: as seconds it would be the year 33658 */

static bool from_base64(struct str text, uint8_t *ret_bytes, size_t want)
{
	struct sbuf raw AUTO(sbuf_release) = SBUF(2 * BYTES_MAX);
	if (text.n == 0 || text.n > 2 * BYTES_MAX || !enc_unbase64(&raw, text) || raw.n != want)
		return false;
	memcpy(ret_bytes, raw.p, want);
	return true;
}

/* An array of numbers, or an object whose keys count from "0" in any order. */
static bool from_numbers(const struct json *n, uint8_t *ret_bytes, size_t want)
{
	bool array = json_kind(n) == JSON_ARRAY, seen[BYTES_MAX] = { false };
	int64_t at = 0, byte;
	if ((size_t)json_count(n) != want)
		return false;
	for (const struct json *c = json_first(n); c != NULL; c = json_next(c), at++) {
		if (!array && !str_i64(json_key(c), 0, (int64_t)want - 1, &at))
			return false;
		if (seen[at] || !json_i64(c, &byte) || byte < 0 || byte > 255)
			return false;
		seen[at] = true;
		ret_bytes[at] = (uint8_t)byte;
	}
	return true;
}

bool evolution_bytes(const struct json *n, uint8_t *ret_bytes, size_t want)
{
	const struct json *data = json_get(n, "data");
	ASSERT(want > 0 && want <= BYTES_MAX);
	if (data != NULL)
		n = data;
	if (json_kind(n) == JSON_TEXT)
		return from_base64(json_str(n), ret_bytes, want);
	if (json_kind(n) == JSON_OBJECT || json_kind(n) == JSON_ARRAY)
		return from_numbers(n, ret_bytes, want);
	return false;
}

bool evolution_long(const struct json *n, int64_t *ret)
{
	int64_t low, high;
	if (json_kind(n) != JSON_OBJECT)
		return json_i64(n, ret);
	if (!json_get_i64(n, "low", &low) || !json_get_i64(n, "high", &high) || low < INT32_MIN ||
	    low > UINT32_MAX || high < INT32_MIN || high > INT32_MAX)
		return false;
	*ret = (int64_t)((uint64_t)high << 32 | (uint32_t)low);
	return true;
}

int64_t evolution_long_or(const struct json *n, int64_t otherwise)
{
	int64_t v;
	return evolution_long(n, &v) ? v : otherwise;
}

int64_t evolution_time_ms(const struct json *n)
{
	int64_t t = evolution_long_or(n, 0);
	if (t <= 0)
		return 0;
	if (t >= TIME_MS_FROM)
		return t / 1000 <= TIME_S_MAX ? t : 0;
	return t * SECOND_MS;
}
