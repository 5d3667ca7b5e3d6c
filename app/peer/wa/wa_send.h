/* wa_send.h - what the answer of a provider to a send means, in words that do not depend on the provider.
 * The class decides what the queue does (flow/send/dispatch.c). */
#ifndef PEER_WA_SEND_H
#define PEER_WA_SEND_H

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

enum wa_class {
	WA_SEND_ACCEPTED,        /* wamid is set */
	WA_SEND_RETRY,           /* R: the same request again after retry_ms */
	WA_SEND_PAUSE_RECIPIENT, /* RP: as RETRY; only messages to this recipient wait */
	WA_SEND_WAIT,            /* W: as RETRY, after minutes to a day */
	WA_SEND_PERMANENT,       /* P: this message will not go */
	WA_SEND_TEMPLATE,        /* T: only a template, or another one, may go now */
	/* C: configuration; hold the queue of the number, no attempt burnt, alarm */
	WA_SEND_PAUSE_NUMBER,
	/* S: policy, spam or token; hold all but human replies of the number, alarm */
	WA_SEND_STOP,
	/* may have been accepted: never repeat; park and wait for a status */
	WA_SEND_UNKNOWN,
	WA_SEND_CLASSES
};

/* What a verdict is about: who else is concerned. */
enum wa_scope {
	WA_SCOPE_MESSAGE,   /* this message only, or nobody knows */
	WA_SCOPE_RECIPIENT, /* messages to this recipient */
	WA_SCOPE_NUMBER,    /* everything that this number sends */
	WA_SCOPE_ACCOUNT    /* every number of the account or app */
};

/* What http_do said. */
struct wa_answer {
	enum rc rc; /* of http_do; RC_OK: an answer came */
	int status;
	struct str body;
	int64_t retry_after_ms; /* -1: none */
	/* answers of the peer about this message itself, this one included: 1 for the first. Bounds what is
	 * tried again */
	int tries;
	/* runs of the job, this one included, also those that only waited; paces what is nobody's fault. 0: as
	 * tries */
	int runs;
};

struct wa_verdict {
	enum wa_class cls;
	/* the code allows retries, but all were used: cls became PERMANENT */
	bool exhausted;
	/* the number sends too fast: the rate goes down, whatever the class says */
	bool throttled;
	enum wa_scope scope;
	bool held; /* ACCEPTED with message_status held_for_quality_assessment */
	/* RETRY, PAUSE_RECIPIENT, WAIT: how long (add jitter); else -1, but a PAUSE_NUMBER or
	 * STOP with Retry-After carries it */
	int64_t retry_ms;
	int64_t code;    /* error.code, -1: none */
	int64_t subcode; /* error.error_subcode, -1: none */
	char wamid[WA_ID_MAX + 1];
	/* contacts[0].wa_id; may differ from what we wrote (BR, MX, AR) */
	char wa_id[WA_ADDRESS_MAX + 1];
	char user_id[WA_ADDRESS_MAX + 1]; /* contacts[0].user_id */
	char fbtrace_id[64];              /* always log it */
	/* not NULL: a person has to mend something: the name of the incident that they are to see
	 * ("SEND_TOKEN"); static. Whether anything but this message is held: `scope` */
	const char *trouble;
	/* one sentence of ours; nothing of the peer's text, no personal data */
	char text[160];
};

const char *wa_class_name(enum wa_class cls); /* "pause_recipient" */

#endif
