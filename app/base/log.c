/* log.c - events as JSON lines. Thread-safe: the level is atomic, the rest belongs to the thread,
 * and a line is one write(2). A line that cannot be written is lost; nothing waits for the log. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/enc.h"
#include "base/logkeep.h"
#include "base/thr.h"

#define LOG_LINE_MAX  (8 * KIB)
#define LOG_TAIL_MAX  32u   /* for the end of a line that was cut */
#define LOG_VALUE_MAX 1000u /* code points */
#define LOG_RING      16u
#define LOG_NUMBER    24u

static const char *const LEVELS[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARN] = "warn",
	[LOG_ERROR] = "error",
};

static atomic_int log_level_now = LOG_INFO;
static _Thread_local char log_ring[LOG_RING][LOG_NUMBER];
static _Thread_local unsigned log_ring_at;
static _Thread_local char log_request[64];

void log_set_level(enum log_level level)
{
	ASSERT(level <= LOG_ERROR);
	atomic_store_explicit(&log_level_now, (int)level, memory_order_relaxed);
}

bool log_level_parse(struct str text, enum log_level *ret)
{
	for (size_t i = 0; i < COUNT(LEVELS); i++)
		if (str_eqc(text, LEVELS[i])) {
			*ret = (enum log_level)i;
			return true;
		}
	return false;
}

bool log_on(enum log_level level)
{
	return (int)level >= atomic_load_explicit(&log_level_now, memory_order_relaxed);
}

const char *log_i64(int64_t v)
{
	char *to = log_ring[log_ring_at++ % LOG_RING];

	(void)snprintf(to, LOG_NUMBER, "%lld", (long long)v);
	return to;
}

void log_set_request(const char *request_id)
{
	struct str id = str_sub(str_of(request_id), 0, sizeof(log_request) - 1);

	ASSERT(str_copy(id, log_request, sizeof(log_request)));
}

/* Texts from LOG_I64 are recognised by their address and stay numbers. */
static bool log_is_number(const char *value)
{
	uintptr_t at = (uintptr_t)value;

	return at >= (uintptr_t)log_ring && at < (uintptr_t)log_ring + sizeof(log_ring);
}

/* Adds a field or, when the line is full, nothing. */
static bool log_field(struct sbuf *line, const char *name, const char *value)
{
	size_t before = line->n;

	sbuf_text(line, before > 1 ? ",\"" : "\"");
	enc_json(line, str_of(name));
	sbuf_text(line, "\":");
	if (log_is_number(value)) {
		sbuf_text(line, value);
	} else {
		sbuf_char(line, '"');
		enc_json(line, enc_utf8_cut(str_of(value), LOG_VALUE_MAX));
		sbuf_char(line, '"');
	}
	if (sbuf_ok(line))
		return true;
	line->failed = false;
	line->n = before;
	return false;
}

static void log_write(enum log_level level, struct sbuf *line, bool is_whole)
{
	struct str out;

	line->max = LOG_LINE_MAX;
	sbuf_text(line, is_whole ? "}\n" : ",\"cut\":true}\n");
	ASSERT(sbuf_ok(line));
	out = sbuf_view(line);
	logkeep_add(level, out);
	while (write(STDERR_FILENO, out.p, out.n) < 0 && errno == EINTR)
		continue;
}

void log_event(enum log_level level, const char *event, ...)
{
	AUTO(sbuf_release) struct sbuf line = SBUF(LOG_LINE_MAX - LOG_TAIL_MAX);
	char at[CLOCK_TEXT_MAX];
	int saved = errno;
	bool ok;
	va_list args;

	ASSERT(level <= LOG_ERROR && event != NULL);
	if (!log_on(level))
		return;
	clock_text(clock_now_ms(), at);
	sbuf_char(&line, '{');
	ok = log_field(&line, "at", at) && log_field(&line, "level", LEVELS[level]) &&
	     log_field(&line, "event", event) && log_field(&line, "thread", thr_name());
	if (ok && log_request[0] != '\0')
		ok = log_field(&line, "request", log_request);
	va_start(args, event);
	for (;;) {
		const char *name = va_arg(args, const char *);
		const char *value = name != NULL ? va_arg(args, const char *) : NULL;

		if (name == NULL)
			break;
		if (ok && value != NULL)
			ok = log_field(&line, name, value);
	}
	va_end(args);
	log_write(level, &line, ok);
	errno = saved;
}

void log_err(enum log_level level, const char *event, const struct err *e)
{
	ASSERT(e != NULL);
	log_event(level, event, "verdict", rc_name(e->rc), "error", e->text, "file", e->file,
		  "line", LOG_I64(e->line), NULL);
}
