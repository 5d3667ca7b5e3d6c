/* called.h - notes each call to a peer about a message. The notes ride with the next unit of the worker that succeeds
 * (store_ride): the outcome of the job. A call after which nothing is written (the peer was not reached, the job only
 * waits) leaves no note. */
#ifndef FLOW_CALLED_H
#define FLOW_CALLED_H

#include "flow/work.h"
#include "store/peer_call.h"

struct http_answer;

struct called_peer {
	int64_t message_id;
	const char *kind, *slug; /* of the target */
	const char *class;
	enum rc rc; /* of http_do */
	const struct err *why;
};
/* After a call; the answer is read here and not kept. */
void called_note(struct worker *w, const struct called_peer *c, const struct http_answer *ans,
		 int64_t now_ms);
/* At the end of a run: what was not written is forgotten. */
void called_end(struct worker *w);

#endif
