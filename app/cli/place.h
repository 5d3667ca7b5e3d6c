/* place.h - what commands that work on a data folder's files need: where it is, its settings, the passphrase. */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include "cli/cli.h"
#include "flow/backup/backup.h"
#include "flow/supervise.h"
#include "store/setting/setting.h"

struct place {
	struct supervise_options options;
	char data[SUPERVISE_PATH_MAX];
	struct settings *settings;
	char backups[FOLDER_PATH_MAX]; /* where backups are kept */
	struct sbuf
		passphrase; /* TOTEM_PASSPHRASE, --passphrase-file, setting; zeroed by place_end */
};

/* Libraries, folder, settings. */
enum rc place_begin(const struct cli *c, struct place *ret, struct err *e) MUST_CHECK;
void place_end(struct place *p);

#endif
