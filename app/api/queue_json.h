/* queue_json.h - a queue as JSON and the queue of a path; for queues.c, jobs.c and monitor.c. */
#ifndef API_QUEUE_JSON_H
#define API_QUEUE_JSON_H

#include "api/route.h"
#include "store/queue/queue.h"

/* Members into an open object: state, counters, oldest, rate, limits. */
void queue_json(struct call *c, enum queue_id q, struct jsonw *w);
/* Answers 200 with the queue. */
void queue_json_answer(struct call *c, enum queue_id q);
/* First parameter of the path. False: 404 answered. */
bool queue_json_param(struct call *c, enum queue_id *ret);
/* "until" of a body, RFC 3339, in the future; 0 when absent. False: answered. */
bool queue_json_until(struct call *c, const struct json *root, int64_t *ret_ms);

#endif
