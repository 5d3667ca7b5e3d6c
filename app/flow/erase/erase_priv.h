/* erase_priv.h - one erasure at its rows: erase.c decides, erase_rows.c deletes. */
#ifndef FLOW_ERASE_PRIV_H
#define FLOW_ERASE_PRIV_H

#include "flow/erase/erase.h"
#include "store/retention/erasure.h"

#define ERASE_ALIAS_MAX 160

struct erasing {
	struct app *app;
	struct erasure x;
	const struct erasure_ask *ask; /* of a new one */
	int64_t conversations[ERASE_CONVERSATIONS_MAX];
	size_t conversation_count;
	char aliases[ERASE_ALIASES_MAX][ERASE_ALIAS_MAX];
	size_t alias_count;
	int64_t threads[ERASE_CONVERSATIONS_MAX]; /* at Chatwoot */
	size_t thread_count;
	int64_t conversation; /* the one a unit works on */
	int64_t from, to;     /* range of requests or messages */
	bool more;            /* the same unit once more */
	bool late;            /* something came meanwhile: from the beginning */
};

/* All rows, in small units, but the person's own. */
enum rc erase_rows(struct erasing *x, struct err *e) MUST_CHECK;
/* The last unit; `late`: something came, nothing was done. */
enum rc erase_person(struct erasing *x, struct err *e) MUST_CHECK;

#endif
