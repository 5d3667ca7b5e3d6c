/* n8n_import.h - what became of importing our workflows into an n8n: one row per target and workflow. */
#ifndef STORE_N8N_IMPORT_H
#define STORE_N8N_IMPORT_H

#include "store/store.h"

struct n8n_import {
	int64_t target_id;
	struct str workflow;    /* "echo", "dni" */
	struct str state;       /* wanted, waiting (tried again), done, failed */
	struct str detail;      /* a sentence, or none */
	struct str workflow_id; /* n8n's; none before */
	struct str webhook_url; /* none before it is done */
	struct str door_credential, api_credential; /* n8n's ids of what we made there */
	int64_t wanted_ms, updated_ms;
};

enum rc n8n_import_get(struct db *db, int64_t target_id, struct str workflow, struct arena *a,
		       struct n8n_import *ret, struct err *e) MUST_CHECK;
/* Writes all but the times: wanted_ms changes with state wanted, updated_ms always. */
enum rc n8n_import_put(struct tx *tx, const struct n8n_import *i, struct err *e) MUST_CHECK;
typedef enum rc n8n_import_each_fn(void *arg, const struct n8n_import *i, struct err *e);
enum rc n8n_import_each(struct db *db, int64_t target_id, n8n_import_each_fn *fn, void *arg,
			struct err *e) MUST_CHECK;

#endif
