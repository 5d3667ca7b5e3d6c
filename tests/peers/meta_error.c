/* meta_error.c - Meta's error bodies: the codes that a sender meets, with their titles. */
#include "meta.h"

static void error_write(struct meta *t, struct buf *b, int code, const char *text,
			const char *details)
{
	buf_puts(b, "{\"error\":{\"message\":");
	struct buf m = { 0 };
	buf_printf(&m, "(#%d) %s", code, text);
	buf_json(b, m.p, true);
	buf_free(&m);
	buf_printf(b, ",\"type\":\"OAuthException\",\"code\":%d", code);
	if (code == 190)
		buf_puts(b, ",\"error_subcode\":463");
	if (details) {
		buf_puts(b, ",\"error_data\":{\"messaging_product\":\"whatsapp\",\"details\":");
		buf_json(b, details, true);
		buf_puts(b, "}");
	}
	if (code == 1 || code == 2 || code == 131000 || code == 131016)
		buf_puts(b, ",\"is_transient\":true");
	buf_printf(b, ",\"fbtrace_id\":\"A%015llx\"}}", (unsigned long long)rnd(&t->d.rnd) >> 4);
}

const char *meta_error_title(int code)
{
	static const struct {
		int code;
		const char *title;
	} table[] = {
		{ 1, "An unknown error occurred" },
		{ 2, "Service temporarily unavailable" },
		{ 3, "Capability" },
		{ 4, "Application request limit reached" },
		{ 10, "Permission denied" },
		{ 100, "Invalid parameter" },
		{ 190, "Error validating access token: Session has expired" },
		{ 368, "Temporarily blocked for policies violations" },
		{ 80007, "Rate limit issues" },
		{ 130429, "Rate limit hit" },
		{ 130472, "User's number is part of an experiment" },
		{ 131000, "Something went wrong" },
		{ 131005, "Access denied" },
		{ 131008, "Required parameter is missing" },
		{ 131009, "Parameter value is not valid" },
		{ 131016, "Service unavailable" },
		{ 131026, "Message undeliverable" },
		{ 131030, "Recipient phone number not in allowed list" },
		{ 131031, "Account has been locked" },
		{ 131042, "Business eligibility payment issue" },
		{ 131047, "Re-engagement message" },
		{ 131048, "Spam rate limit hit" },
		{ 131049,
		  "This message was not delivered to maintain healthy ecosystem engagement" },
		{ 131050, "User has stopped marketing messages" },
		{ 131051, "Unsupported message type" },
		{ 131053, "Media upload error" },
		{ 131056, "(Business Account, Consumer Account) pair rate limit hit" },
		{ 131057, "Account in maintenance mode" },
		{ 132000, "Number of parameters does not match the expected number of params" },
		{ 132001, "Template name does not exist in the translation" },
		{ 132015, "Template is paused" },
		{ 132016, "Template is disabled" },
		{ 133010, "Account not registered" },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (table[i].code == code)
			return table[i].title;
	}
	return "Generic error";
}

void meta_error_body(void *self, const struct rule *r, int status, struct buf *out,
		     const char **ret_type)
{
	int code = r->code         ? r->code
		   : status == 429 ? 130429
		   : status == 401 ? 190
		   : status == 503 ? 2
		   : status >= 500 ? 131000
				   : 100;

	*ret_type = "application/json; charset=UTF-8";
	error_write(self, out, code, meta_error_title(code), meta_error_title(code));
}

void meta_refuse(struct meta *t, const struct mini_req *req, int status, int code,
		 const char *details)
{
	struct buf b = { 0 };

	error_write(t, &b, code, meta_error_title(code), details);
	t->d.refused++;
	dbl_reply(&t->d, req->conn, status, "application/json; charset=UTF-8", NULL, b.p, b.n,
		  NULL);
	buf_free(&b);
}
