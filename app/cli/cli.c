/* cli.c - see cli.h. */
#include "cli/cli.h"

#include "base/enc.h"
#include "io/file.h"

#define TABLE_MAX (4 * MIB)

/* ---- options ---- */

static const char *const CONFIG_PLACES[] = { "/etc/totem/totem.conf", "totem.conf" };

/* Whether `list` ("to= text= dry-run") has the name; *ret_value: it takes one. */
static bool option_known(const char *list, struct str name, bool *ret_value)
{
	struct str rest = str_of(list);
	struct str word;

	while (str_cut(&rest, ' ', &word)) {
		*ret_value = str_ends(word, STR("="));
		if (*ret_value)
			word.n--;
		if (word.n > 0 && str_eq(word, name))
			return true;
	}
	return false;
}

static bool complain(const struct cli *c, const char *what, const char *which)
{
	(void)fprintf(stderr, "totem: %s: %s (see: totem help %s)\n", which, what,
		      c->command->name);
	return false;
}

static bool take_option(struct cli *c, struct str name, const char *text, const char *value)
{
	if (str_eqc(name, "json")) {
		c->json = true;
	} else if (str_eqc(name, "help")) {
		c->help = true;
	} else if (str_eqc(name, "config")) {
		c->config_file = value;
		c->config_given = true;
	} else if (str_eqc(name, "data")) {
		c->data_dir = value;
	} else if (str_eqc(name, "set")) {
		if (c->set_count == CLI_SETS_MAX)
			return complain(c, "too often", text);
		c->sets[c->set_count++] = value;
	} else {
		if (c->option_count == CLI_OPTIONS_MAX)
			return complain(c, "too many options", text);
		c->options[c->option_count].name = text + 2;
		c->options[c->option_count++].value = value != NULL ? value : "";
	}
	return true;
}

/* "--name", "--name=value", "--name value" */
static bool parse_option(struct cli *c, int argc, char *const *argv, int *i)
{
	const char *text = argv[*i];
	const char *equals = strchr(text, '=');
	const char *value = equals != NULL ? equals + 1 : NULL;
	struct str name =
		equals != NULL ? str_n(text + 2, (size_t)(equals - text) - 2) : str_of(text + 2);
	bool wants = false;

	if (!option_known("config= data= set= json help", name, &wants) &&
	    !option_known(c->command->options, name, &wants))
		return complain(c, "this option is not known", text);
	if (wants && value == NULL) {
		if (*i + 1 >= argc)
			return complain(c, "this option needs a value", text);
		value = argv[++*i];
	}
	if (!wants && value != NULL)
		return complain(c, "this option takes no value", text);
	return take_option(c, name, text, value);
}

static void find_config(struct cli *c)
{
	const char *named = getenv("TOTEM_CONFIG");

	if (c->config_file == NULL && named != NULL && named[0] != '\0')
		c->config_file = named;
	for (size_t i = 0; i < COUNT(CONFIG_PLACES) && c->config_file == NULL; i++) {
		if (file_exists(CONFIG_PLACES[i]))
			c->config_file = CONFIG_PLACES[i];
	}
}

bool cli_parse(struct cli *c, const struct cli_command *command, int argc, char *const *argv)
{
	bool words_only = false;

	*c = (struct cli){ .command = command };
	for (int i = 0; i < argc; i++) {
		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = true;
		} else if (!words_only && strncmp(argv[i], "--", 2) == 0) {
			if (!parse_option(c, argc, argv, &i))
				return false;
		} else if (!words_only && strcmp(argv[i], "-h") == 0) {
			c->help = true;
		} else if (c->word_count < CLI_WORDS_MAX) {
			c->words[c->word_count++] = argv[i];
		} else {
			return complain(c, "too many words", argv[i]);
		}
	}
	find_config(c);
	return true;
}

const char *cli_option(const struct cli *c, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = c->option_count; i > 0; i--) { /* the last one wins */
		const char *given = c->options[i - 1].name;

		if (strncmp(given, name, n) == 0 && (given[n] == '\0' || given[n] == '='))
			return c->options[i - 1].value;
	}
	return NULL;
}

const char *cli_word(const struct cli *c, size_t i)
{
	return i < c->word_count ? c->words[i] : NULL;
}

/* ---- help and errors ---- */

void cli_print_help(const struct cli_command *command)
{
	(void)printf("totem %s %s\n\n%s.\n\n%s\n", command->name, command->synopsis, command->line,
		     command->help);
	(void)printf("Options of all commands:\n"
		     "  --data DIR        data folder (default: setting data_dir, /var/lib/totem, "
		     "./totem-data)\n"
		     "  --config FILE     settings file (default: $TOTEM_CONFIG, "
		     "/etc/totem/totem.conf, ./totem.conf)\n"
		     "  --set KEY=VALUE   a setting for this run; may be repeated\n"
		     "  --json            machine-readable output\n"
		     "  --help            this text\n");
}

void cli_print_commands(void)
{
	(void)printf("totem <command> [options]\n\n");
	for (const struct cli_command *m = main_commands; m->name != NULL; m++)
		(void)printf("  %-10s %s\n", m->name, m->line);
	(void)printf("\ntotem help <command> explains one, with an example.\n");
}

int cli_usage(const struct cli *c, const char *text)
{
	(void)fprintf(stderr, "totem: %s\nusage: totem %s %s\n", text, c->command->name,
		      c->command->synopsis);
	return CLI_EXIT_USAGE;
}

int cli_fail(const struct err *e)
{
	(void)fprintf(stderr, "totem: %s\n", e->text);
	return rc_exit_code(e->rc);
}

/* ---- tables ---- */

/* Columns on the screen: code points, not bytes. */
static size_t width_of(struct str s)
{
	return enc_utf8_ok(s) ? enc_utf8_count(s) : s.n;
}

void cli_table_cell(struct cli_table *t, struct str text)
{
	size_t column = t->count++ % t->columns;

	text = str_sub(text, 0, CLI_CELL_MAX);
	if (text.n == 0)
		text = STR("-");
	for (size_t i = 0; i < text.n; i++) /* nothing that moves a terminal's cursor */
		sbuf_char(&t->cells,
			  (unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f ? ' ' : text.p[i]);
	sbuf_char(&t->cells, '\0');
	if (t->width[column] < width_of(text))
		t->width[column] = width_of(text);
}

void cli_table_text(struct cli_table *t, const char *text)
{
	cli_table_cell(t, str_of(text));
}

void cli_table_i64(struct cli_table *t, int64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)v);
	cli_table_text(t, text);
}

void cli_table_json(struct cli_table *t, const struct json *n)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);

	if (json_kind(n) == JSON_TEXT) {
		cli_table_cell(t, json_str(n));
		return;
	}
	if (n != NULL && json_kind(n) != JSON_NULL)
		json_print(n, &b);
	cli_table_cell(t, sbuf_view(&b));
}

void cli_table_begin(struct cli_table *t, const char *const *titles, size_t columns)
{
	ASSERT(columns > 0 && columns <= CLI_COLUMNS_MAX);
	*t = (struct cli_table){ .cells = SBUF(TABLE_MAX), .columns = columns };
	for (size_t i = 0; i < columns; i++)
		cli_table_text(t, titles[i]);
}

void cli_table_print(struct cli_table *t)
{
	struct str rest = sbuf_view(&t->cells);
	struct str cell;

	for (size_t i = 0; i < t->count && str_cut(&rest, '\0', &cell); i++) {
		size_t column = i % t->columns;
		bool last = column == t->columns - 1;

		(void)fwrite(cell.p, 1, cell.n, stdout);
		for (size_t k = width_of(cell); !last && k < t->width[column] + 2; k++)
			(void)putchar(' ');
		if (last)
			(void)putchar('\n');
	}
	sbuf_release(&t->cells);
}
