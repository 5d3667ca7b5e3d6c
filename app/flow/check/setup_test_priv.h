/* setup_test_priv.h - what the live tests of the first run share (setup_test*.c). */
#ifndef FLOW_SETUP_TEST_PRIV_H
#define FLOW_SETUP_TEST_PRIV_H

#include "flow/upkeep.h"
#include "io/http.h"
#include "store/setup.h"

struct finding {
	enum setup_step step;
	int64_t target_id; /* what is tested; 0: the first of its kind */
	enum setup_code code;
	char arg[SETUP_ARG_MAX];
};

/* The finding is this; `arg` may be of a peer, it is cut and made readable. */
void setup_find(struct finding *f, enum setup_code code, struct str arg);
/* GETs `url`, with a header unless NULL. False: there was no answer, or the clock is off: the finding is made. */
bool setup_ask(struct upkeep_run *u, struct str url, const struct http_header *header,
	       struct http_answer *ans, struct finding *f) MUST_CHECK;

/* setup_test_whatsapp.c: the number at its provider. */
void setup_test_whatsapp(struct upkeep_run *u, struct finding *f);

#endif
