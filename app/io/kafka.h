/* kafka.h - the only door to librdkafka. The bridge comes later; now the version and a start check.
 */
#ifndef IO_KAFKA_H
#define IO_KAFKA_H

#include "base/err.h"

const char *kafka_version(void);
/* Once in main, before threads. RC_IO: the library is another one than its header, a feature that
 * the bridge needs was not built in, or its private old copy of cJSON has pushed ours out of the
 * program. */
enum rc kafka_check(struct err *e) MUST_CHECK;

#endif
