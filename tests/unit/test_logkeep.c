/* test_logkeep.c - the newest lines of the log in memory: bounded, by level, whole characters. */
#include "base/logkeep.h"

#include "t.h"

static struct log_kept kept[LOGKEEP_LINES];

TEST(the_newest_lines_are_kept)
{
	char line[40];
	size_t n;

	CHECK_I64("empty", (int64_t)logkeep_read(LOG_INFO, 0, kept, LOGKEEP_LINES), 0);
	for (int i = 1; i <= LOGKEEP_LINES + 20; i++) {
		(void)snprintf(line, sizeof(line), "{\"n\":%d}\n", i);
		logkeep_add(i % 10 == 0  ? LOG_ERROR
			    : i % 5 == 0 ? LOG_WARN
					 : LOG_INFO,
			    str_of(line));
	}
	n = logkeep_read(LOG_INFO, 0, kept, LOGKEEP_LINES);
	CHECK_I64("as many as there is room for", (int64_t)n, LOGKEEP_LINES);
	CHECK_I64("newest first", kept[0].id, LOGKEEP_LINES + 20);
	CHECK_STR("without its end", kept[0].line, "{\"n\":320}");
	CHECK_I64("the oldest that is left", kept[n - 1].id, 21);
	n = logkeep_read(LOG_WARN, 0, kept, LOGKEEP_LINES);
	CHECK_I64("warnings and errors", (int64_t)n, LOGKEEP_LINES / 5);
	n = logkeep_read(LOG_ERROR, 300, kept, 2);
	CHECK_I64("as many as asked for", (int64_t)n, 2);
	CHECK_I64("before that", kept[0].id, 290);
	CHECK_I64("level", kept[0].level, LOG_ERROR);
}

TEST(what_is_not_for_everybody_or_too_long_is_not_kept_whole)
{
	static char line[2 * LOGKEEP_LINE];

	logkeep_add(LOG_DEBUG, STR("{\"number\":\"595981000001\"}\n"));
	CHECK_I64("debug", (int64_t)logkeep_read(LOG_DEBUG, 0, kept, LOGKEEP_LINES), 0);
	for (size_t i = 0; i + 2 < sizeof(line); i += 2) {
		line[i] = '\xc3'; /* é */
		line[i + 1] = '\xa9';
	}
	logkeep_add(LOG_INFO, str_of(line));
	CHECK_I64("one", (int64_t)logkeep_read(LOG_INFO, 0, kept, LOGKEEP_LINES), 1);
	CHECK_I64("whole characters", (int64_t)strlen(kept[0].line), (LOGKEEP_LINE - 1) / 2 * 2);
}
