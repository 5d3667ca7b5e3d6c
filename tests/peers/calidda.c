/* calidda.c - the upstream of a lookup connector (source 001), as a company's old portal behaves: one session at a time,
 * got by a login, that ends when it likes.
 *   POST /login  {"username","password"}  200 {"token","expires_in"} with a cookie SID; 401 with a wrong password
 *   GET  /clientes?dni=08408122           Authorization: Bearer <token>, or Cookie: SID=<token>
 * DNIs that begin with 99 belong to nobody. A new login ends the session before. */
#include "double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER     "totem"
#define PASSWORD "double-password"

struct calidda {
	struct dbl d;
	char token[64];
	int64_t token_until_ms; /* 0: for ever */
	int token_ms, refuse_login, login_ms, query_ms, expired_as_200;
	long long logins, logins_refused, queries, expired, not_found;
	uint64_t rnd;
};

static void error_body(void *self, const struct rule *r, int status, struct buf *out,
		       const char **ret_type)
{
	(void)self;
	(void)r;
	if (status >= 500)
		*ret_type = "text/html";
	buf_puts(out, status >= 500 ? "<html><body>Error interno</body></html>"
				    : "{\"error\":{\"code\":\"REFUSED\"}}");
}

static void reply(struct calidda *t, const struct mini_req *req, int status, const char *extra,
		  const struct buf *b, struct rule *r, int delay_ms)
{
	if (delay_ms > 0 && !r->word[0]) {
		snprintf(r->word, sizeof r->word, "delay");
		r->ms = delay_ms;
	}
	dbl_reply(&t->d, req->conn, status, "application/json", extra, b->p, b->n, r);
}

static void login(struct calidda *t, const struct mini_req *req, const cJSON *in, struct rule *r)
{
	struct buf b = { 0 };
	char extra[160] = "", id[37];

	t->logins++;
	if (t->refuse_login || strcmp(js_or(in, "username", ""), USER) != 0 ||
	    strcmp(js_or(in, "password", ""), PASSWORD) != 0) {
		t->logins_refused++;
		buf_puts(&b, "{\"error\":{\"code\":\"BAD_CREDENTIALS\"}}");
		reply(t, req, 401, NULL, &b, r, t->login_ms);
		buf_free(&b);
		return;
	}
	uuid_text(&t->rnd, id);
	snprintf(t->token, sizeof t->token, "s-%s", id);
	t->token_until_ms = t->token_ms > 0 ? wall_ms() + t->token_ms : 0;
	buf_printf(&b, "{\"token\":\"%s\",\"expires_in\":%d}", t->token,
		   t->token_ms > 0 ? (t->token_ms + 999) / 1000 : 3600);
	snprintf(extra, sizeof extra, "Set-Cookie: SID=%s; Path=/; HttpOnly\r\n", t->token);
	reply(t, req, 200, extra, &b, r, t->login_ms);
	buf_free(&b);
}

static bool session_ok(struct calidda *t, const struct mini_req *req)
{
	char head[300], wanted[100];

	if (!t->token[0] || (t->token_until_ms && wall_ms() >= t->token_until_ms))
		return false;
	snprintf(wanted, sizeof wanted, "Bearer %s", t->token);
	if (mini_header(req, "Authorization", head, sizeof head))
		return !strcmp(head, wanted);
	snprintf(wanted, sizeof wanted, "SID=%s", t->token);
	return mini_header(req, "Cookie", head, sizeof head) && strstr(head, wanted);
}

static void query(struct calidda *t, const struct mini_req *req, struct rule *r)
{
	struct buf b = { 0 };
	char dni[40] = "";
	int status = 200;

	t->queries++;
	query_get(req->query, "dni", dni, sizeof dni);
	if (!session_ok(t, req)) {
		t->expired++;
		status = t->expired_as_200 ? 200 : 401;
		buf_puts(&b, "{\"ok\":false,\"error\":{\"code\":\"SESSION_EXPIRED\"}}");
	} else if (strlen(dni) != 8) {
		status = 422;
		buf_puts(&b, "{\"ok\":false,\"error\":{\"code\":\"BAD_DNI\"}}");
	} else if (!strncmp(dni, "99", 2)) {
		t->not_found++;
		status = 404;
		buf_puts(&b, "{\"ok\":false,\"error\":{\"code\":\"NOT_FOUND\"}}");
	} else {
		bool juan = !strcmp(dni, "08408122");

		dbl_count(&t->d, dni);
		buf_printf(
			&b,
			"{\"ok\":true,\"cliente\":{\"nombre\":\"%s\",\"dni\":\"%s\",\"saldo\":%s,"
			"\"linea\":{\"estado\":\"ACTIVA\"}}}",
			juan ? "Juan" : "Cliente de prueba", dni, juan ? "5000.00" : "120.50");
	}
	reply(t, req, status, NULL, &b, r, t->query_ms);
	buf_free(&b);
}

static void on_request(void *self, const struct mini_req *req)
{
	struct calidda *t = self;
	cJSON *in = req->body_n ? cJSON_ParseWithLength(req->body, req->body_n) : NULL;
	struct rule r = dbl_rule(&t->d, req, NULL);

	if (!dbl_refused(&t->d, req, &r)) {
		if (!strcmp(req->path, "/login") && !strcmp(req->method, "POST"))
			login(t, req, in, &r);
		else if (!strcmp(req->path, "/clientes"))
			query(t, req, &r);
		else
			dbl_text(&t->d, req->conn, 404, "text/html", "<html>404</html>");
	}
	cJSON_Delete(in);
}

static bool on_control(void *self, const struct mini_req *req, const char *verb, const cJSON *in)
{
	struct calidda *t = self;

	(void)in;
	if (strcmp(verb, "expire"))
		return false;
	t->token[0] = '\0';
	dbl_text(&t->d, req->conn, 200, NULL, "{\"ok\":true}");
	return true;
}

static void on_state(void *self, struct buf *out)
{
	struct calidda *t = self;

	buf_printf(out,
		   ",\"logins\":%lld,\"logins_refused\":%lld,\"queries\":%lld,\"expired\":%lld,"
		   "\"not_found\":%lld",
		   t->logins, t->logins_refused, t->queries, t->expired, t->not_found);
}

static void on_reset(void *self)
{
	struct calidda *t = self;

	t->logins = t->logins_refused = t->queries = t->expired = t->not_found = 0;
}

struct mini *calidda_start(const struct peers_config *cfg, int port, int *ret_port)
{
	static const struct dbl_ops ops = { on_request, on_control, on_state, on_reset,
					    error_body };
	struct calidda *t = xalloc(sizeof *t);
	const struct dbl_option options[] = {
		{ "token_ms", &t->token_ms },
		{ "refuse_login", &t->refuse_login },
		{ "login_ms", &t->login_ms },
		{ "query_ms", &t->query_ms },
		{ "expired_as_200", &t->expired_as_200 },
		{ NULL, NULL },
	};
	struct dbl_option *kept = xalloc(sizeof options);

	(void)cfg;
	memcpy(kept, options, sizeof options);
	seed(&t->rnd);
	dbl_init(&t->d, "calidda", t, &ops, kept, port, ret_port);
	return t->d.m;
}
