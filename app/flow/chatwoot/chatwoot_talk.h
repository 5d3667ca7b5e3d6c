/* chatwoot_talk.h - calls to Chatwoot: one conversation's contact and thread there, found or made. Used by the bridge jobs. */
#ifndef FLOW_CHATWOOT_TALK_H
#define FLOW_CHATWOOT_TALK_H

#include "flow/config.h"
#include "flow/work.h"
#include "io/http.h"
#include "peer/chatwoot/chatwoot_answer.h"
#include "store/conversation/conversation.h"
#include "store/message/message.h"
#include "store/queue/topic.h"

struct talk {
	struct worker *w;
	const struct job *job;
	const struct config *config;
	const struct chatwoot_target *target;
	int64_t now_ms;
	struct topic_event event;
	struct message m;
	struct conversation conv;
	/* Of the last call: */
	struct chatwoot_verdict verdict;
	struct str answer; /* body, in the worker's arena */
	bool down;         /* Chatwoot itself was not reached, or its proxy says so */
	bool hung;         /* it took the request and gave no answer */
	/* For the next calls: NULL: the bridge's own token */
	const char *as_token;
	const struct http_form *form; /* for the next call, instead of its body */
};

/* Target and breaker. RC_OK: go on. RC_ABSENT: the job is settled or held, return RC_OK to the worker. */
enum rc chatwoot_talk_begin(struct talk *t, struct err *e) MUST_CHECK;
/* One call. RC_OK: verdict and answer are set (whatever they say); the breaker was told. */
enum rc chatwoot_talk_call(struct talk *t, enum chatwoot_call call,
			   const struct chatwoot_place *place, struct str body, struct err *e)
	MUST_CHECK;
/* Makes sure the conversation exists there: t->conv.chatwoot_* are set. RC_RETRY: a call did not succeed; t->verdict says why. */
enum rc chatwoot_talk_thread(struct talk *t, struct err *e) MUST_CHECK;
/* An earlier try may have arrived there. A retried dead letter is a new job of an older event. */
bool chatwoot_talk_ran_before(const struct talk *t);
/* What a verdict other than DONE means for the job: settles or holds it. */
enum rc chatwoot_talk_settle(struct talk *t, struct err *e) MUST_CHECK;

#endif
