/* cli.h - what all subcommands share: their table, options, printing, exit codes.
 *
 * A command is one row of the table in main.c and one function `cmd_<name>`; it prints and returns its exit code
 * (rc_exit_code of the verdict; 64 for a wrong command line, as sysexits.h has it). */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/err.h"
#include "base/sbuf.h"
#include "io/json.h"

#define CLI_SETS_MAX    64
#define CLI_WORDS_MAX   16
#define CLI_OPTIONS_MAX 16
#define CLI_EXIT_USAGE  64

struct cli;
typedef int cli_fn(struct cli *c);

struct cli_command {
	const char *name;
	cli_fn *run;
	const char *line;     /* one line of help */
	const char *synopsis; /* what follows the name */
	const char *options;  /* own ones: "to= text= dry-run"; "=" takes a value */
	const char *help;     /* more lines, with an example */
};

struct cli {
	const struct cli_command *command;
	const char *config_file; /* --config, or the first usual place that has one; NULL: none */
	const char *data_dir;    /* --data; NULL: not given */
	const char *sets[CLI_SETS_MAX]; /* --set key=value */
	size_t set_count;
	bool json, help, config_given;
	const char *words[CLI_WORDS_MAX]; /* without dashes, in order */
	size_t word_count;
	struct {
		const char *name, *value; /* value "" for a flag */
	} options[CLI_OPTIONS_MAX];
	size_t option_count;
};

/* The table (main.c), ended by a row without name. */
extern const struct cli_command main_commands[];

/* Reads the words behind the command's name. False: what is wrong is printed. */
bool cli_parse(struct cli *c, const struct cli_command *command, int argc, char *const *argv)
	MUST_CHECK;
/* Value of an own option; NULL: not given. */
const char *cli_option(const struct cli *c, const char *name);
/* Word i, or NULL. */
const char *cli_word(const struct cli *c, size_t i);

/* To stdout. `first`: false prints what all commands share too. */
void cli_print_help(const struct cli_command *command);
void cli_print_commands(void);
/* "totem: <text>" to stderr; CLI_EXIT_USAGE with where to read on. */
int cli_usage(const struct cli *c, const char *text);
/* Prints the error, gives the exit code of its verdict. */
int cli_fail(const struct err *e);

/* Columns of texts for people: widths are found by themselves. Cells are copied. */
#define CLI_COLUMNS_MAX 12
#define CLI_CELL_MAX    160
struct cli_table {
	struct sbuf cells; /* each ended by NUL */
	size_t columns, count;
	size_t width[CLI_COLUMNS_MAX];
};
void cli_table_begin(struct cli_table *t, const char *const *titles, size_t columns);
void cli_table_cell(struct cli_table *t, struct str text);
void cli_table_text(struct cli_table *t, const char *text);
void cli_table_i64(struct cli_table *t, int64_t v);
/* A JSON value as people read it: text, number, true, null as "-". */
void cli_table_json(struct cli_table *t, const struct json *n);
void cli_table_print(struct cli_table *t); /* to stdout; empties it */

#endif
