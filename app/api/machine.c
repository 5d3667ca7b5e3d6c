/* machine.c - what a technician wants to know of the box itself: versions and licences, certificate files, the newest lines
 * of the log. */
#include "api/handlers.h"
#include "base/log.h"
#include "base/logkeep.h"
#include "base/version.h"
#include "io/crypto.h"
#include "io/file.h"
#include "io/parts.h"

#define PEM_MAX (1 * MIB)

void about_get(struct call *c)
{
	const struct library *l;
	struct jsonw w;

	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ktext(&w, "version", TOTEM_VERSION);
	jsonw_karray(&w, "libraries");
	for (size_t i = 0; (l = parts_at(i)) != NULL; i++) {
		jsonw_object(&w);
		jsonw_ktext(&w, "name", l->name);
		jsonw_ktext(&w, "version", l->version);
		jsonw_ktext(&w, "licence", l->licence);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

/* ---- certificates ---- */

static void certificate_write(struct jsonw *w, const char *setting, struct str file)
{
	AUTO(sbuf_release) struct sbuf pem = SBUF(PEM_MAX);
	struct err e = { .rc = RC_OK };
	int64_t until_ms = 0;
	bool ok = file_read(file.p, &pem, &e) == RC_OK &&
		  crypto_cert_until(sbuf_view(&pem), &until_ms, &e) == RC_OK;

	if (pem.p != NULL)
		crypto_zero(pem.p, pem.cap); /* the key stands in it too */
	jsonw_object(w);
	jsonw_ktext(w, "setting", setting);
	jsonw_kstr(w, "file", file);
	jsonw_ktime(w, "ends_at", ok ? until_ms : 0);
	jsonw_ktext(w, "error", ok ? NULL : e.text);
	jsonw_end(w);
}

void certificate_list(struct call *c)
{
	static const char *const SETTINGS[] = { "tls_cert", "tls_client_ca", "ca_file" };
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	answer_rows_begin(c, &w);
	for (size_t i = 0; i < COUNT(SETTINGS); i++) {
		struct str file = setting_str(c->config->settings, SETTINGS[i]);

		if (file.n > 0)
			certificate_write(&w, SETTINGS[i], file);
	}
	answer_rows_end(c, &w, RC_OK, &e);
}

/* ---- the log ---- */

static const char *level_text(enum log_level l)
{
	return l == LOG_ERROR ? "error" : l == LOG_WARN ? "warn" : "info";
}

void log_list(struct call *c)
{
	struct log_kept *kept = arena_alloc(c->q->arena, LOGKEEP_LINES * sizeof(*kept));
	enum log_level least = LOG_INFO;
	struct err e = { .rc = RC_OK };
	struct str level;
	struct jsonw w;
	size_t n;

	if (kept == NULL) {
		problem(c, 503, "busy", "No memory for this request.");
		return;
	}
	if (!query_str(c, "level", &level))
		return;
	if (level.n > 0 && (!log_level_parse(level, &least) || least < LOG_INFO)) {
		problem_field(c, 422, "level", "This has to be info, warn or error.");
		return;
	}
	n = logkeep_read(least, 0, kept, LOGKEEP_LINES);
	answer_rows_begin(c, &w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(&w);
		jsonw_ki64(&w, "id", kept[i].id);
		jsonw_ktext(&w, "level", level_text(kept[i].level));
		jsonw_ktext(&w, "line", kept[i].line);
		jsonw_end(&w);
	}
	answer_rows_end(c, &w, RC_OK, &e);
}
