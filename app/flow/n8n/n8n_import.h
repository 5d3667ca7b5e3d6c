/* n8n_import.h - asking for one of our workflows in an n8n; the work is kinds of upkeep (n8n_import.c). */
#ifndef FLOW_N8N_IMPORT_H
#define FLOW_N8N_IMPORT_H

#include "base/str.h"

/* The kind of upkeep (store/chore.h) that imports this workflow, with args {"workflow":"echo","use":true} and the target
 * as ref; `use`: the target's url is set to the workflow's webhook. NULL: there is no such workflow. */
const char *n8n_import_kind(struct str workflow);

#endif
