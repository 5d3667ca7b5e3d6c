/* lookup_target.h - one lookup connector as the settings lookup.<slug>.* describe it; part of the live configuration. */
#ifndef FLOW_LOOKUP_TARGET_H
#define FLOW_LOOKUP_TARGET_H

#include "peer/lookup.h"
#include "store/setting/setting.h"

/* What one HTTP step needs: the login, the query. */
struct lookup_step {
	const char *method;
	struct str url, headers, body; /* templates; headers: a JSON object of templates */
	enum template_place place;     /* of the body */
};

struct lookup_target {
	int64_t id, company_id; /* target row */
	const char *slug;
	struct lookup_step login, query; /* login.url none: no login is needed */
	struct lookup_inputs inputs;
	struct str output_path, output;
	struct str username, password, token_from, ttl_from;
	struct str login_refused_when, expired_when, not_found_when, invalid_when, busy_when;
	int64_t session_ttl_ms, timeout_ms, deadline_ms, rate_per_second, cache_ms;
	bool private_ok;
	uint64_t login_mark; /* of all that the login depends on: another mark, another session */
	char fault[ERR_TEXT_MAX]; /* why it cannot work; "": it can */
};

/* Reads and checks the settings of one connector. Texts are borrowed from the snapshot. What is wrong goes to `fault`:
 * a connector that was written wrong does not stop the others, and says so when it is asked. */
void lookup_target_read(const struct settings *s, const char *slug, struct lookup_target *ret);

#endif
