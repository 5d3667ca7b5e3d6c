/* chatwoot_target.c - the settings of a Chatwoot; see config.h. */
#include "base/limits.h"
#include "flow/config.h"

void chatwoot_target_read(const struct settings *s, struct chatwoot_target *t)
{
	const char *slug = t->slug;

	*t = (struct chatwoot_target){
		.id = t->id,
		.company_id = t->company_id,
		.slug = slug,
		.url = setting_of(s, "chatwoot", slug, "url"),
		.token = setting_of(s, "chatwoot", slug, "token"),
		.path_secret = setting_of(s, "chatwoot", slug, "path_secret"),
		.account_id = setting_of_i64(s, "chatwoot", slug, "account_id"),
		.inbox_id = setting_of_i64(s, "chatwoot", slug, "inbox_id"),
		.timeout_ms = setting_of_i64(s, "chatwoot", slug, "timeout_ms"),
		.catch_up_ms = setting_of_i64(s, "chatwoot", slug, "catch_up_minutes") * MINUTE_MS,
		.file_host = setting_of(s, "chatwoot", slug, "file_host"),
		.file_hosts = setting_of(s, "chatwoot", slug, "file_hosts"),
		.window_template = setting_of(s, "chatwoot", slug, "window_template"),
		.agent_signature = setting_of_i64(s, "chatwoot", slug, "agent_signature") != 0,
		.typing = setting_of_i64(s, "chatwoot", slug, "typing") != 0,
		.read_receipts = setting_of_i64(s, "chatwoot", slug, "read_receipts") != 0,
	};
	t->bot_token = setting_of(s, "chatwoot", slug, "bot_token");
	t->bot_id = setting_of_i64(s, "chatwoot", slug, "bot_id");
	t->platform_token = setting_of(s, "chatwoot", slug, "platform_token");
	t->version = setting_of(s, "chatwoot", slug, "version");
	t->inbox_identifier = setting_of(s, "chatwoot", slug, "inbox_identifier");
	t->webhook_base = setting_of(s, "chatwoot", slug, "webhook_base");
	t->last_seen = setting_of_i64(s, "chatwoot", slug, "last_seen") != 0;
	t->media_wait_ms = setting_of_i64(s, "chatwoot", slug, "media_wait_ms");
	t->file_max = setting_of_i64(s, "chatwoot", slug, "file_max_mb") * (int64_t)MIB;
	if (!lang_parse(setting_of(s, "chatwoot", slug, "language"), &t->lang))
		t->lang = LANG_EN;
}
