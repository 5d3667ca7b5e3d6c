/* chatwoot_setup.h - sets up a Chatwoot for this box, from its address and an administrator's token: kinds of upkeep.
 *
 *   chatwoot.setup    version, account, API inbox (adopted by its id or our webhook address, never by name; else made), webhook
 *                     address and options mended, secrets, agent bot, warnings. May be asked for again at any time.
 *   chatwoot.people   finds the agents of support_agent_mappings by their e-mail; with a platform token also makes them and
 *                     gets their tokens.
 *
 * What it finds stands in chatwoot_setups; what it decides are settings. What Chatwoot refuses ends as state `failed` with a
 * sentence; a Chatwoot that is not there is tried again. */
#ifndef FLOW_CHATWOOT_SETUP_H
#define FLOW_CHATWOOT_SETUP_H

#include "flow/upkeep.h"
#include "peer/chatwoot/chatwoot_admin.h"
#include "peer/chatwoot/chatwoot_gate.h"
#include "store/setup.h"

#define CHATWOOT_SETUP_KIND  "chatwoot.setup"
#define CHATWOOT_PEOPLE_KIND "chatwoot.people"

/* One run of either kind. */
struct chatwoot_admin {
	struct upkeep_run *u;
	const struct chatwoot_target *t;
	int64_t account_id;
	struct str answer;
	int status;
	bool refused; /* Chatwoot says no: trying again changes nothing */
	/* What is wrong, for people: SETUP_FINE: nothing (known). `why`: the same in English. */
	enum setup_code code;
	char about[SETUP_ARG_MAX];
	char why[500];
};

/* Path behind the address; "{A}" in front stands for /api/v1/accounts/<id>. RC_OK: 2xx, a->answer is its body. RC_REFUSED,
 * RC_RETRY (later): a->code and a->why say why. */
struct chatwoot_ask {
	const char *method, *path;
	struct str body;
	bool platform; /* with the platform token */
};
enum rc chatwoot_admin_call(struct chatwoot_admin *a, const struct chatwoot_ask *q, struct err *e)
	MUST_CHECK;
/* Keeps what is wrong, and that it stays so: RC_REFUSED. `about` may be of Chatwoot. */
enum rc chatwoot_admin_refuse(struct chatwoot_admin *a, enum setup_code code, struct str about,
			      struct err *e) MUST_CHECK;

#endif
