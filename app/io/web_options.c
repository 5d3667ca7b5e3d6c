/* web_options.c - a listener's configuration for CivetWeb (stack.md 4.3). Pure function. */
#include "io/web_options.h"

static void option(struct web_options *o, const char *name, const char *value)
{
	ASSERT(o->n + 3 <= COUNT(o->list));
	o->list[o->n++] = name;
	o->list[o->n++] = value;
	o->list[o->n] = NULL;
}

static void option_int(struct web_options *o, size_t slot, const char *name, int value)
{
	ASSERT(slot < COUNT(o->number));
	int n = snprintf(o->number[slot], sizeof o->number[slot], "%d", value);
	ASSERT(n > 0 && (size_t)n < sizeof o->number[slot]);
	option(o, name, o->number[slot]);
}

/* "127.0.0.1:8080", "[::]:80". CivetWeb's own language knows more: a comma opens another port,
 * letters behind the number switch TLS and redirects. */
static bool address_ok(struct str address)
{
	return address.n > 0 && address.p[address.n - 1] >= '0' &&
	       address.p[address.n - 1] <= '9' && str_chr(address, ',') < 0 &&
	       str_chr(address, ' ') < 0;
}

enum rc web_options_make(const struct web_config *c, struct web_options *o, struct err *e)
{
	int n = snprintf(o->port, sizeof o->port, "%s%s", c->address,
			 c->tls_cert != NULL ? "s" : "");
	if (n < 0 || (size_t)n >= sizeof o->port || !address_ok(str_of(c->address)))
		return FAIL(e, RC_INVALID, "listening address is malformed");
	option(o, "listening_ports", o->port);
	option_int(o, 0, "num_threads", c->threads);
	option_int(o, 1, "keep_alive_timeout_ms", c->keep_alive_ms);
	option_int(o, 2, "request_timeout_ms", c->request_timeout_ms);
	option_int(o, 3, "body_timeout_ms", c->body_timeout_ms);
	option_int(o, 4, "max_connections_per_ip", c->connections_per_client_max);
	if (c->unlimited != NULL)
		option(o, "max_connections_exempt", c->unlimited);
	option(o, "enable_keep_alive", "yes");
	option(o, "tcp_nodelay", "1");
	option(o, "listen_backlog", "1024");
	option(o, "connection_queue",
	       "512"); /* slow readers go the sooner the more wait here (patch 0016) */
	option(o, "decode_url", "no"); /* web_msg_path does, and refuses what CivetWeb lets pass */
	option(o, "enable_directory_listing", "no");
	option(o, "enable_auth_domain_check", "no");
	option(o, "access_control_allow_origin", "");
	option(o, "access_control_allow_methods", "");
	option(o, "access_control_allow_headers", "");
	if (c->tls_cert != NULL)
		option(o, "ssl_certificate", c->tls_cert);
	if (c->tls_client_ca != NULL) {
		option(o, "ssl_ca_file", c->tls_client_ca);
		option(o, "ssl_verify_peer", "yes");
	}
	return RC_OK;
}
