/* clock.c - the clocks of the machine, and times as text. Thread-safe.
 *
 * Dates are computed with the proleptic Gregorian calendar; no time zone of the machine is read. */
#include "base/clock.h"

#define CLOCK_TEXT_LOW_MS  INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define CLOCK_TEXT_HIGH_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

int64_t clock_now_ms(void)
{
	struct timespec t;

	ASSERT(clock_gettime(CLOCK_REALTIME, &t) == 0);
	/* A machine without battery may start before 1970; ids and due times are never negative. */
	return i64_max(0, (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

int64_t clock_mono_us(void)
{
	struct timespec t;

	ASSERT(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Days since 1970-01-01 of a date. Years begin in March here, so that the leap day is the last. */
static int64_t clock_days(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void clock_date(int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day)
{
	int64_t d = days + 719468;
	int64_t era = (d >= 0 ? d : d - 146096) / 146097;
	int64_t day_of_era = d - era * 146097;
	int64_t of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * of_era + of_era / 4 - of_era / 100);
	int64_t m = (5 * day_of_year + 2) / 153;

	*ret_day = day_of_year - (153 * m + 2) / 5 + 1;
	*ret_month = m < 10 ? m + 3 : m - 9;
	*ret_year = of_era + era * 400 + (*ret_month <= 2 ? 1 : 0);
}

static void clock_digits(char *to, int64_t v, int n)
{
	for (int i = n - 1; i >= 0; i--) {
		to[i] = (char)('0' + (int)(v % 10));
		v /= 10;
	}
}

void clock_text(int64_t at_ms, char ret_text[CLOCK_TEXT_MAX])
{
	int64_t at = i64_min(i64_max(at_ms, CLOCK_TEXT_LOW_MS), CLOCK_TEXT_HIGH_MS);
	int64_t days = (at >= 0 ? at : at - (DAY_MS - 1)) / DAY_MS;
	int64_t in_day = at - days * DAY_MS;
	int64_t year;
	int64_t month;
	int64_t day;

	clock_date(days, &year, &month, &day);
	memcpy(ret_text, "0000-00-00T00:00:00.000Z", 25);
	clock_digits(ret_text, year, 4);
	clock_digits(ret_text + 5, month, 2);
	clock_digits(ret_text + 8, day, 2);
	clock_digits(ret_text + 11, in_day / HOUR_MS, 2);
	clock_digits(ret_text + 14, in_day / MINUTE_MS % 60, 2);
	clock_digits(ret_text + 17, in_day / SECOND_MS % 60, 2);
	clock_digits(ret_text + 20, in_day % 1000, 3);
}

/* Takes n digits off the text. */
static bool clock_take(struct str *s, size_t n, int64_t high, int64_t *ret)
{
	struct str part = str_sub(*s, 0, n);

	if (part.n != n || part.p[0] == '-' || !str_i64(part, 0, high, ret))
		return false;
	*s = str_sub(*s, n, s->n);
	return true;
}

static bool clock_skip(struct str *s, const char *any_of)
{
	if (s->n == 0 || s->p[0] == '\0' || strchr(any_of, s->p[0]) == NULL)
		return false;
	*s = str_sub(*s, 1, s->n);
	return true;
}

static bool clock_take_fraction(struct str *s, int64_t *ret_ms)
{
	int64_t scale = 100;
	size_t n = 0;

	*ret_ms = 0;
	if (!clock_skip(s, "."))
		return true;
	for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++) {
		*ret_ms += (s->p[n] - '0') * scale;
		scale /= 10;
	}
	*s = str_sub(*s, n, s->n);
	return n > 0;
}

static bool clock_take_offset(struct str *s, int64_t *ret_ms)
{
	int64_t hours;
	int64_t minutes;
	bool west;

	*ret_ms = 0;
	if (clock_skip(s, "Zz"))
		return true;
	west = s->n > 0 && s->p[0] == '-';
	if (!clock_skip(s, "+-") || !clock_take(s, 2, 23, &hours) || !clock_skip(s, ":") ||
	    !clock_take(s, 2, 59, &minutes))
		return false;
	*ret_ms = hours * HOUR_MS + minutes * MINUTE_MS;
	if (west)
		*ret_ms = -*ret_ms;
	return true;
}

bool clock_parse(struct str text, int64_t *ret_ms)
{
	static const int64_t MONTH_DAYS[12] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t year;
	int64_t month;
	int64_t day;
	int64_t hour;
	int64_t minute;
	int64_t second;
	int64_t ms;
	int64_t offset;

	if (!clock_take(&text, 4, 9999, &year) || !clock_skip(&text, "-") ||
	    !clock_take(&text, 2, 12, &month) || !clock_skip(&text, "-") ||
	    !clock_take(&text, 2, 31, &day) || !clock_skip(&text, "Tt ") ||
	    !clock_take(&text, 2, 23, &hour) || !clock_skip(&text, ":") ||
	    !clock_take(&text, 2, 59, &minute) || !clock_skip(&text, ":") ||
	    !clock_take(&text, 2, 60, &second) || !clock_take_fraction(&text, &ms) ||
	    !clock_take_offset(&text, &offset) || text.n != 0)
		return false;
	if (month < 1 || day < 1 || day > MONTH_DAYS[month - 1])
		return false;
	if (month == 2 && day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return false;
	/* A leap second (60) counts as the first of the next minute, like Unix time does. */
	*ret_ms = clock_days(year, month, day) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS +
		  second * SECOND_MS + ms - offset;
	return true;
}
