/* place.c - see place.h. */
#include "cli/place.h"

#include "io/crypto.h"
#include "io/file.h"

#define PASSPHRASE_MAX 1024

static enum rc read_passphrase(const struct cli *c, struct place *p, struct err *e)
{
	const char *file = cli_option(c, "passphrase-file"), *named = getenv("TOTEM_PASSPHRASE");

	if (file != NULL) {
		TRY(file_read(file, &p->passphrase, e));
		p->passphrase.n = str_trim(sbuf_view(&p->passphrase)).n; /* the line's end */
	} else if (named != NULL && named[0] != '\0') {
		sbuf_text(&p->passphrase, named);
	} else {
		sbuf_str(&p->passphrase, setting_str(p->settings, "backup_passphrase"));
	}
	return sbuf_ok(&p->passphrase) ? RC_OK : FAIL(e, RC_LIMIT, "the passphrase is too long");
}

static enum rc begin(const struct cli *c, struct place *p, struct err *e)
{
	struct str set;

	TRY(supervise_libraries(e));
	TRY(supervise_folder(&p->options, p->data, e));
	TRY(supervise_settings(&p->options, p->data, &p->settings, e));
	set = setting_str(p->settings, "backup_dir");
	if (set.n == 0)
		TRY(folder_join(p->data, "backups", p->backups, e));
	else if (!str_copy(set, p->backups, sizeof(p->backups)))
		return FAIL(e, RC_INVALID, "backup_dir is too long");
	return read_passphrase(c, p, e);
}

enum rc place_begin(const struct cli *c, struct place *ret, struct err *e)
{
	enum rc rc;

	*ret = (struct place){ .options = { .data_dir = c->data_dir,
					    .config_file = c->config_file,
					    .args = c->sets,
					    .arg_count = c->set_count },
			       .passphrase = SBUF(PASSPHRASE_MAX) };
	rc = begin(c, ret, e);
	if (rc != RC_OK)
		place_end(ret);
	return rc;
}

void place_end(struct place *p)
{
	if (p->passphrase.p != NULL)
		crypto_zero(p->passphrase.p, p->passphrase.cap);
	sbuf_release(&p->passphrase);
	if (p->settings != NULL)
		settings_free(TAKE(p->settings));
}
