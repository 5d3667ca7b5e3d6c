/* log.h - one JSON line per decision: event name and fields, to stderr (journald, or a terminal).
 *
 *   log_event(LOG_INFO, "outbox.sent", "message", id, "tries", LOG_I64(2), NULL);
 *
 * Event names are `<module>.<past participle>`. Field values are text or LOG_I64(...) (a text made
 * in a thread-local ring). Never message bodies, tokens or phone numbers above debug. base, io,
 * store and peer log at debug only; flow and api log once, where it is decided. Thread-safe. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"
#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level);
bool log_level_parse(struct str text, enum log_level *ret) MUST_CHECK;
bool log_on(enum log_level level);
/* Pairs of name and value, ended by NULL. A NULL value leaves its field out. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
void log_err(enum log_level level, const char *event, const struct err *e);
const char *log_i64(int64_t v); /* valid until 16 more calls in this thread */
#define LOG_I64(v) log_i64((int64_t)(v))
/* Correlation id of what this thread works on; added to each line. "" ends it. */
void log_set_request(const char *request_id);

#endif
