/* evolution_call.h - one call of Evolution API from a worker: address, key, answer. */
#ifndef FLOW_EVOLUTION_CALL_H
#define FLOW_EVOLUTION_CALL_H

#include "flow/config.h"
#include "flow/work.h"
#include "io/http.h"
#include "peer/evolution/evolution_send.h"

struct evolution_asked {
	const struct channel *channel;
	const char *method; /* "GET" */
	const char *path;   /* "instance/connectionState" */
	bool bare;          /* without the instance: GET / */
	struct str body;    /* none: no body */
	size_t answer_max;  /* 0: HTTP_ANSWER_MAX */
};
/* As http_do: RC_OK is any answer. The caller releases it. */
enum rc evolution_call(struct worker *w, const struct evolution_asked *q, struct http_answer *ret,
		       struct err *e) MUST_CHECK;

#endif
