/* upkeep_kinds.h - the handlers of all kinds of upkeep, by file. Contracts: upkeep.h. */
#ifndef FLOW_UPKEEP_KINDS_H
#define FLOW_UPKEEP_KINDS_H

#include "flow/upkeep.h"

/* channel_check.c: asks Meta how a number is. */
upkeep_fn channel_check_run;
int64_t channel_check_every(const struct config *c, const struct channel *ch);
/* evolution_check.c, evolution_catch_up.c, evolution_ack.c: see evolution.h. */
upkeep_fn evolution_check_run, evolution_connect_run, evolution_catch_up_run, evolution_ack_run;
int64_t evolution_check_every(const struct config *c, const struct channel *ch);
int64_t evolution_catch_up_every(const struct config *c, const struct channel *ch);
/* setup_test.c: the live tests of the first run. */
upkeep_fn setup_test_run;
/* channel_listen.c: learns the usual traffic and notices when it stops. */
upkeep_fn channel_listen_run;
int64_t channel_listen_every(const struct config *c, const struct channel *ch);

/* template_sync.c: reads the list of an account's templates. */
upkeep_fn template_sync_run;
int64_t template_sync_every(const struct config *c, const struct channel *ch);
/* chatwoot_catch.c: what agents wrote while their webhooks did not arrive. */
upkeep_fn chatwoot_catch_run, chatwoot_look_run;
int64_t chatwoot_catch_every(const struct chatwoot_target *t);

/* chatwoot_setup.c, chatwoot_people.c: see chatwoot_setup.h; ref: the Chatwoot. */
upkeep_fn chatwoot_setup_run, chatwoot_people_run;

/* n8n_import.c: one of our workflows into an n8n; ref: the n8n target. */
upkeep_fn n8n_import_run;
/* conversation_wake.c: the end of a snooze; ref: the conversation. */
upkeep_fn conversation_wake_run;

#endif
