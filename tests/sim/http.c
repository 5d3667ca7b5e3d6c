/* http.c - the scripted network in place of io/http.c. */
#include "sim/sim.h"

struct http {
	int unused;
};

enum rc http_start(struct err *e)
{
	(void)e;
	return RC_OK;
}

void http_stop(void) {}

const char *http_version(void)
{
	return "simulated";
}

enum rc http_set_ca_file(const char *path, struct err *e)
{
	(void)path;
	(void)e;
	return RC_OK;
}

struct http *http_new(void)
{
	return mem_new(1, sizeof(struct http));
}

void http_free(struct http *h)
{
	mem_free(h);
}

enum rc http_do(struct http *h, const struct http_request *req, struct http_answer *ret_ans,
		struct err *e)
{
	ASSERT(h != NULL && req->method != NULL && req->url != NULL);
	return net_call(req, ret_ans, e);
}

void http_answer_release(struct http_answer *a)
{
	sbuf_release(&a->body);
}
