/* media_range.c - see media_range.h. */
#include "api/media_range.h"

static enum media_range part(int64_t bytes, int64_t from, int64_t last, int64_t *ret_from,
			     int64_t *ret_bytes)
{
	if (from >= bytes)
		return RANGE_IMPOSSIBLE;
	*ret_from = from;
	*ret_bytes = i64_min(last, bytes - 1) - from + 1;
	return RANGE_PART;
}

enum media_range media_range_parse(struct str header, int64_t bytes, int64_t *ret_from,
				   int64_t *ret_bytes)
{
	struct str rest = str_trim(header), from_text;
	int64_t from, last = INT64_MAX - 1;

	*ret_from = 0;
	*ret_bytes = bytes;
	if (!str_ieq(str_sub(rest, 0, 6), STR("bytes=")))
		return RANGE_WHOLE;
	rest = str_trim(str_sub(rest, 6, rest.n));
	if (str_chr(rest, ',') >= 0 || str_chr(rest, '-') < 0 || !str_cut(&rest, '-', &from_text))
		return RANGE_WHOLE;
	if (from_text.n == 0) { /* the last so many */
		if (!str_i64(rest, 0, INT64_MAX, &last))
			return RANGE_WHOLE;
		if (last == 0 || bytes == 0)
			return RANGE_IMPOSSIBLE;
		return part(bytes, i64_max(bytes - last, 0), bytes - 1, ret_from, ret_bytes);
	}
	if (!str_i64(from_text, 0, INT64_MAX, &from))
		return RANGE_WHOLE;
	if (rest.n > 0 && (!str_i64(rest, 0, INT64_MAX - 1, &last) || last < from))
		return RANGE_WHOLE;
	return part(bytes, from, last, ret_from, ret_bytes);
}

bool media_range_matches(struct str header, struct str tag)
{
	struct str one;

	if (str_eqc(str_trim(header), "*"))
		return true;
	while (str_cut(&header, ',', &one)) {
		one = str_trim(one);
		if (str_starts(one, STR("W/")))
			one = str_sub(one, 2, one.n);
		if (str_eq(one, tag))
			return true;
	}
	return false;
}
