/* serve_web.c - see serve_web.h. Main thread only. */
#include "cli/serve_web.h"

#include "api/route.h"
#include "api/stream.h"
#include "base/log.h"
#include "base/net.h"
#include "base/thr.h"
#include "cli/call.h"
#include "flow/config.h"
#include "io/file.h"
#include "io/inherit.h"

/* stack.md 4.3: long idle times hold threads, short ones cost a handshake each. */
#define KEEP_ALIVE_MS      5000
#define REQUEST_TIMEOUT_MS 10000
#define BODY_TIMEOUT_MS    30000
#define LOCAL_THREADS      4
#define PEM_MAX            MIB

static void on_event(void *arg)
{
	sse_notify(arg);
}

enum rc serve_web_stream(struct serve_web *s, struct supervise *below, struct err *e)
{
	struct app *app = supervise_app(below);

	s->below = below;
	TRY(sse_start(stream_source, stream_alive, app, &s->sse, e));
	app->sse = s->sse;
	store_on_event(app->store, on_event, s->sse);
	return RC_OK;
}

/* Host part of "127.0.0.1:8080" or "[::]:80"; a port alone has none. */
static struct str host_of(const char *address)
{
	const char *colon = strrchr(address, ':');

	return colon != NULL ? str_n(address, (size_t)(colon - address)) : STR_NONE;
}

static void with_port(struct str host, int port, char ret_text[SERVE_ADDRESS_MAX])
{
	(void)snprintf(ret_text, SERVE_ADDRESS_MAX, "%.*s:%d", (int)size_min(host.n, 200),
		       host.n > 0 ? host.p : "", port); /* fits: settings are at most 200 bytes */
}

void serve_web_reach(const char *address, int port, char ret_text[SERVE_ADDRESS_MAX])
{
	struct str host = host_of(address);

	if (host.n == 0 || str_eqc(host, "0.0.0.0") || str_eqc(host, "+"))
		host = STR("127.0.0.1");
	else if (str_eqc(host, "[::]"))
		host = STR("[::1]");
	with_port(host, port, ret_text);
}

static struct web_config config_of(const struct settings *st, struct app *app)
{
	struct str cert = setting_str(st, "tls_cert");

	return (struct web_config){ .keep_alive_ms = KEEP_ALIVE_MS,
				    .request_timeout_ms = REQUEST_TIMEOUT_MS,
				    .body_timeout_ms = BODY_TIMEOUT_MS,
				    .tls_cert = cert.n > 0 ? cert.p : NULL,
				    .handler = route_handle,
				    .arg = app };
}

enum rc serve_web_pem(const char *path, const char *marker, const char *content, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(PEM_MAX);
	struct err why = { .rc = RC_OK };
	enum rc rc = file_read(path, &b, &why);
	bool fits = str_find(sbuf_view(&b), str_of(marker)) >= 0;

	if (b.n > 0)
		explicit_bzero(b.p, b.n); /* a private key */
	if (rc != RC_OK)
		return FAIL(e, rc, "%.200s", why.text);
	return fits ? RC_OK : FAIL(e, RC_INVALID, "%.100s has no %s in PEM format", path, content);
}

/* The server's own words for a bad file name neither the file nor the setting. */
static enum rc pem_check(const struct settings *st, const char *setting, const char *marker,
			 const char *content, struct err *e)
{
	struct str path = setting_str(st, setting);
	struct err why = { .rc = RC_OK };
	enum rc rc = path.n > 0 ? serve_web_pem(path.p, marker, content, &why) : RC_OK;

	if (rc == RC_OK)
		return RC_OK;
	return FAIL(e, rc,
		    "setting %s (%s): %.110s; name a PEM file that this user can read, or empty it",
		    setting, setting_source(st, setting), why.text);
}

static enum rc open_port(struct web_config *c, struct str address, struct web **ret,
			 char *ret_address, struct err *e)
{
	struct err why = { .rc = RC_OK };
	char text[SERVE_ADDRESS_MAX];
	enum rc rc;

	if (!str_copy(address, text, sizeof(text)))
		return FAIL(e, RC_INVALID, "an address to listen at is too long");
	c->address = text;
	rc = web_start(c, ret, &why);
	if (rc != RC_OK)
		return FAIL(e, rc, "cannot listen at %.60s%s: %.110s", text,
			    c->tls_cert != NULL ? " with what tls_cert and tls_client_ca name" : "",
			    why.text);
	with_port(host_of(text), web_port(*ret), ret_address);
	return RC_OK;
}

/* Only where certificates are asked for there is a name to check. */
static void ask_name(struct serve_web *s, const struct settings *st)
{
	struct str cn = setting_str(st, "tls_client_cn");

	if (cn.n > 0 && str_copy(cn, s->client_cn, sizeof(s->client_cn)))
		supervise_app(s->below)->hook_client_cn = s->client_cn;
}

/* Proxies of one's own bring everybody's connections from one address: this machine's (a tunnel, a web server) and those
 * that are named. As they are named at the start; a later change counts from the next one. */
static void unlimited_of(const struct settings *st, struct sbuf *b)
{
	struct str list = setting_str(st, "trusted_proxies"), word;
	char text[NET_TEXT_MAX];
	struct net_address net;
	int64_t bits;

	sbuf_printf(b, "127.0.0.0/8,0:0:0:0:0:0:0:1/128");
	while (list.n > 0 && str_cut(&list, ' ', &word)) {
		if (!net_parse_network(word, &net, &bits))
			continue;
		net_network_text(&net, bits, text);
		sbuf_printf(b, ",%s", text);
	}
}

static enum rc listen_hooks(struct serve_web *s, const struct settings *st, struct web_config c,
			    struct err *e)
{
	AUTO(sbuf_release) struct sbuf unlimited = SBUF(16 * KIB);
	struct str ca = setting_str(st, "tls_client_ca");

	unlimited_of(st, &unlimited);
	c.listener = WEB_HOOKS;
	c.threads = (int)setting_i64(st, "hooks_threads");
	c.connections_per_client_max = (int)setting_i64(st, "connections_per_client");
	c.unlimited = sbuf_c(&unlimited);
	c.tls_client_ca = ca.n > 0 ? ca.p : NULL;
	if (s->tls && ca.n > 0)
		ask_name(s, st);
	return open_port(&c, setting_str(st, "hooks_listen"), &s->hooks, s->hooks_address, e);
}

static enum rc listen_all(struct serve_web *s, const struct settings *st, struct err *e)
{
	struct web_config c = config_of(st, supervise_app(s->below));
	struct str hooks = setting_str(st, "hooks_listen"), ca = setting_str(st, "tls_client_ca");

	s->tls = c.tls_cert != NULL;
	TRY(pem_check(st, "tls_cert", "PRIVATE KEY-----", "private key", e));
	if (hooks.n > 0 && ca.n > 0)
		TRY(pem_check(st, "tls_client_ca", "CERTIFICATE-----", "certificate", e));
	c.listener = hooks.n > 0 ? WEB_MAIN : (enum web_listener)(WEB_MAIN | WEB_HOOKS);
	c.threads = (int)setting_i64(st, "web_threads");
	TRY(open_port(&c, setting_str(st, "listen"), &s->main, s->main_address, e));
	serve_web_reach(s->main_address, web_port(s->main), s->local_address);
	if (hooks.n > 0)
		TRY(listen_hooks(s, st, c, e));
	if (!s->tls)
		return RC_OK;
	/* Commands cannot check a certificate that is made out to another name. */
	c = (struct web_config){ .listener = WEB_MAIN,
				 .threads = LOCAL_THREADS,
				 .keep_alive_ms = KEEP_ALIVE_MS,
				 .request_timeout_ms = REQUEST_TIMEOUT_MS,
				 .body_timeout_ms = BODY_TIMEOUT_MS,
				 .handler = route_handle,
				 .arg = supervise_app(s->below) };
	return open_port(&c, STR("127.0.0.1:0"), &s->local, s->local_address, e);
}

/* A socket of the service manager that no setting names would take connections that nobody answers. */
static void look_at_inherited(const struct serve_web *s)
{
	for (int i = 0; i < inherit_count(); i++) {
		char text[64];

		inherit_address(i, text);
		if (strcmp(text, s->main_address) != 0 && strcmp(text, s->hooks_address) != 0)
			log_event(LOG_WARN, "socket.not_used", "address", text, "note",
				  "totem.socket and the settings listen, hooks_listen differ",
				  NULL);
	}
}

enum rc serve_web_listen(struct serve_web *s, struct err *e)
{
	const struct config *config = config_get(supervise_app(s->below));
	enum rc rc = listen_all(s, config->settings, e);

	config_put(config);
	if (rc == RC_OK)
		look_at_inherited(s);
	return rc;
}

enum rc serve_web_publish(const struct serve_web *s, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
	char path[SUPERVISE_PATH_MAX];
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_ktext(&w, "main", s->main_address);
	jsonw_ktext(&w, "hooks", s->hooks_address[0] != '\0' ? s->hooks_address : s->main_address);
	jsonw_ktext(&w, "cli", s->local_address);
	jsonw_kbool(&w, "tls", s->tls);
	jsonw_end(&w);
	sbuf_char(&b, '\n');
	TRY(supervise_file(supervise_app(s->below)->data_dir, CALL_PORTS_FILE, path, e));
	return file_write(path, sbuf_view(&b), 0600, e);
}

/* Files that cannot be used change nothing: connections get the old ones. */
void serve_web_reload(void *arg)
{
	struct serve_web *s = arg;
	struct web *all[] = { s->hooks, s->main };

	for (size_t i = 0; i < COUNT(all) && s->tls; i++) {
		bool ok = all[i] != NULL && web_reload_tls(all[i]);

		if (all[i] != NULL)
			log_event(ok ? LOG_INFO : LOG_ERROR,
				  ok ? "tls.reloaded" : "tls.not_reloaded", "listener",
				  i == 0 ? "hooks_listen" : "listen", NULL);
	}
}

static void stop_run(void *arg)
{
	web_stop(arg);
}

/* Side by side: each takes about a second, because its threads look at the end only so often. */
void serve_web_stop(struct serve_web *s)
{
	struct web *all[] = { TAKE(s->hooks), TAKE(s->main), TAKE(s->local) };
	struct thr threads[COUNT(all)] = { { .started = false } };
	struct err e = { .rc = RC_OK };

	if (s->sse != NULL)
		sse_stop(s->sse);
	for (size_t i = 0; i < COUNT(all); i++) {
		if (all[i] != NULL &&
		    thr_start(&threads[i], "stop.web", stop_run, all[i], &e) != RC_OK)
			web_stop(all[i]);
	}
	for (size_t i = 0; i < COUNT(all); i++)
		thr_join(&threads[i]);
}

void serve_web_free(struct serve_web *s)
{
	if (s->sse != NULL)
		sse_free(TAKE(s->sse));
}
