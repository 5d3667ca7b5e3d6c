/* conf_text.c - see conf_text.h. Pure. */
#include "cli/conf_text.h"

#include "store/setting/setting.h"

static const char *const HEAD =
	"# totem.conf - settings of Totem, \"key = value\", one a line; # begins a comment.\n"
	"#\n"
	"# Everything here may also be an environment variable (TOTEM_LISTEN=...) or an argument "
	"(--set listen=...).\n"
	"# Later wins: default, this file, database (totem config set), environment, arguments.\n"
	"# Lines that begin with # show the defaults. Secrets are better kept in the database: "
	"they are encrypted there.\n\n";

static const char *const TARGETS =
	"# Channels and bridges: the star is a name of your choice (a-z, 0-9, - and _). Usually "
	"set while running:\n"
	"#   totem config set channel.main.phone_number_id 1234567890\n\n";

static void one(struct sbuf *to, const struct setting_def *d, const char *value)
{
	sbuf_printf(to, "# %s", d->help);
	if (d->kind == SETTING_INT)
		sbuf_printf(to, " (%lld to %lld)", (long long)d->low, (long long)d->high);
	sbuf_text(to, d->effect == SETTING_RESTART ? ". Counts from the next start\n" : "\n");
	sbuf_printf(to, "%s%s = %s\n\n", value != NULL ? "" : "# ", d->key,
		    value != NULL ? value : d->fallback);
}

void conf_text(struct sbuf *to, const char *data_dir)
{
	sbuf_text(to, HEAD);
	for (size_t i = 0; i < setting_count(); i++) {
		const struct setting_def *d = setting_at(i);

		if (strchr(d->key, '*') == NULL)
			one(to, d, strcmp(d->key, "data_dir") == 0 ? data_dir : NULL);
	}
	sbuf_text(to, TARGETS);
	for (size_t i = 0; i < setting_count(); i++) {
		const struct setting_def *d = setting_at(i);

		if (strchr(d->key, '*') != NULL)
			one(to, d, NULL);
	}
}
