/* check.h - what totem check looks at; totem doctor goes on from there. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/finding.h"
#include "flow/supervise.h"
#include "io/db.h"
#include "store/setting/setting.h"

struct check {
	const struct cli *cli;
	struct supervise_options options;
	char folder[SUPERVISE_PATH_MAX];
	struct db *db;             /* NULL: none, or damaged */
	struct settings *settings; /* NULL: not readable */
	bool has_folder, served;   /* served: a Totem runs here */
	bool is_full;              /* so much that nothing can be opened */
	struct findings findings;
};

/* Makes all findings that need no server. False: the command line is wrong, told. */
bool cmd_check_begin(struct check *k, const struct cli *c) MUST_CHECK;
/* Prints; exit code. */
int cmd_check_end(struct check *k);

#endif
