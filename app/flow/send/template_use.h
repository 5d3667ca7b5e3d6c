/* template_use.h - may this template be sent now: its state, and what it asks for. */
#ifndef FLOW_TEMPLATE_USE_H
#define FLOW_TEMPLATE_USE_H

#include "flow/config.h"
#include "io/json.h"
#include "peer/wa/wa_content.h"
#include "store/channel/wa_template.h"

/* Static text: why a template of this status (Meta's word) cannot be sent; NULL: it can. */
const char *template_unusable(struct str status);

enum template_verdict {
	TEMPLATE_FITS,
	TEMPLATE_UNKNOWN, /* the list of the account was fetched and does not name it: worth fetching again */
	TEMPLATE_UNUSABLE, /* paused, rejected, ... */
	TEMPLATE_WRONG,    /* the message does not give what it asks for: bad.field */
};
struct template_use {
	enum template_verdict verdict;
	bool marketing; /* its category, as far as we know */
	struct wa_content_bad bad;
	char why[ERR_TEXT_MAX]; /* a sentence for people */
	struct sbuf
		text; /* the body as the customer reads it; empty: not known. Released by the caller */
};
/* `content`: of type template, checked. A template is sent without being known when the account's list was never
 * fetched (or the channel has no waba_id): then Meta alone judges (132001), and refusing would only make the box useless
 * until its first sync. Once the list is known, a name that is not in it is not sent: Meta would refuse it too. */
enum rc template_use_check(struct db *db, const struct channel *ch, const struct json *content,
			   struct template_use *ret, struct err *e) MUST_CHECK;

#endif
