/* n8n_api.h - the part of the n8n double that has workflows and credentials: its public API, and which of them answers at a
 * webhook's path. */
#ifndef PEERS_N8N_API_H
#define PEERS_N8N_API_H

#include "double.h"

#define N8N_API_KEY "double-n8n-key"
#define N8N_ROWS    32

struct n8n_api {
	cJSON *workflows[N8N_ROWS];
	bool active[N8N_ROWS];
	cJSON *credentials[N8N_ROWS];
	int workflow_count, credential_count; /* places used; a deleted one is NULL */
	long long calls, refused;
};

/* False: not a call of the public API. */
bool n8n_api_request(struct n8n_api *a, struct dbl *d, const struct mini_req *req, const cJSON *in,
		     struct rule *r);
/* What answers at /webhook/{path}: NULL: nothing that was imported. `ret_bearer`: the value of the Authorization header
 * that its HTTP request node sends, or NULL. `*ret_let_in`: the request carries what the webhook's credential wants. */
const char *n8n_api_mode(struct n8n_api *a, const struct mini_req *req, const char *path,
			 const char **ret_bearer, bool *ret_let_in);
void n8n_api_state(const struct n8n_api *a, struct buf *out);

#endif
