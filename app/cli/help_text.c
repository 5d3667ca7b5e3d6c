/* help_text.c - see help_text.h. */
#include "cli/help_text.h"

#include "store/queue/queue.h"

#define COMMON "--data --config --set --json --help"

static bool is_verb(struct str word)
{
	if (word.n == 0 || word.p[0] == '-')
		return false;
	for (size_t i = 0; i < word.n; i++) {
		if (!((word.p[i] >= 'a' && word.p[i] <= 'z') || word.p[i] == '-'))
			return false;
	}
	return true;
}

/* Words of a synopsis that are typed as they stand: "list | show|pause NAME [--yes]" gives list show pause. */
static void verbs(const struct cli_command *m, struct sbuf *to)
{
	const char *p = m->synopsis;

	while (*p != '\0') {
		size_t n = strcspn(p, " |[]");

		if (is_verb(str_n(p, n)) && (p == m->synopsis || p[-1] != '='))
			sbuf_printf(to, "%.*s ", (int)n, p);
		/* "--language es|pt|en": values of the option. */
		if (n > 0 && p[0] == '-' && p[n] == ' ' && p[n + 1] >= 'a' && p[n + 1] <= 'z')
			n += 1 + strcspn(p + n + 1, " ]");
		p += n;
		p += strspn(p, " |[]");
	}
}

static void options(const struct cli_command *m, const char *before, const char *behind,
		    struct sbuf *to)
{
	struct str rest = str_of(m->options), word;

	while (str_cut(&rest, ' ', &word)) {
		if (str_ends(word, STR("=")))
			word.n--;
		if (word.n > 0)
			sbuf_printf(to, "%s%.*s%s", before, (int)word.n, word.p, behind);
	}
}

static void names(struct sbuf *to)
{
	for (const struct cli_command *m = main_commands; m->name != NULL; m++)
		sbuf_printf(to, "%s%s", m == main_commands ? "" : " ", m->name);
}

static void queues(struct sbuf *to)
{
	for (int q = 0; q < QUEUE_COUNT; q++)
		sbuf_printf(to, "%s%s", q == 0 ? "" : " ", queue_name((enum queue_id)q));
}

void help_text_bash(struct sbuf *to)
{
	sbuf_text(to, "# bash completion for totem(1). Made by: totem help --bash\n\n"
		      "_totem() {\n"
		      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} "
		      "words=''\n"
		      "\tlocal common='" COMMON "'\n\tlocal commands='");
	names(to);
	sbuf_text(to,
		  "'\n\n\tcase $prev in\n"
		  "\t--data | --to | --from) mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); "
		  "return ;;\n"
		  "\t--config | --passphrase-file) mapfile -t COMPREPLY < <(compgen -f -- "
		  "\"$cur\"); return ;;\n"
		  "\tesac\n"
		  "\tcase $COMP_CWORD:${COMP_WORDS[1]} in\n\t1:* | *:help) words=$commands ;;\n");
	for (const struct cli_command *m = main_commands; m->name != NULL; m++) {
		if (strcmp(m->name, "help") == 0)
			continue;
		sbuf_printf(to, "\t*:%s) words=\"", m->name);
		verbs(m, to);
		options(m, "--", " ", to);
		if (strcmp(m->name, "queue") == 0) {
			queues(to);
			sbuf_char(to, ' ');
		}
		sbuf_text(to, "$common\" ;;\n");
	}
	sbuf_text(to, "\tesac\n\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\n"
		      "complete -F _totem totem\n");
}

/* What may not stand inside of '...' and "[...]" there. */
static void zsh_words(const char *text, struct sbuf *to)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\'')
			sbuf_text(to, "'\\''");
		else if (*p == ':')
			sbuf_text(to, "\\:");
		else
			sbuf_char(to, *p);
	}
}

void help_text_zsh(struct sbuf *to)
{
	sbuf_text(to, "#compdef totem\n# zsh completion for totem(1). Made by: totem help --zsh\n\n"
		      "local -a commands common\ncommands=(\n");
	for (const struct cli_command *m = main_commands; m->name != NULL; m++) {
		sbuf_printf(to, "\t'%s:", m->name);
		zsh_words(m->line, to);
		sbuf_text(to, "'\n");
	}
	sbuf_text(to, ")\ncommon=(--data --config --set --json --help)\n\n"
		      "if (( CURRENT == 2 )); then\n\t_describe command commands\n\treturn\nfi\n"
		      "case $words[CURRENT-1] in\n--data|--to|--from) _files -/; return ;;\n"
		      "--config|--passphrase-file) _files; return ;;\nesac\ncase $words[2] in\n");
	for (const struct cli_command *m = main_commands; m->name != NULL; m++) {
		if (strcmp(m->name, "help") == 0) {
			sbuf_text(to, "help) _describe command commands ;;\n");
			continue;
		}
		sbuf_printf(to, "%s) compadd -- ", m->name);
		verbs(m, to);
		options(m, "--", " ", to);
		if (strcmp(m->name, "queue") == 0) {
			queues(to);
			sbuf_char(to, ' ');
		}
		sbuf_text(to, "$common ;;\n");
	}
	sbuf_text(to, "esac\n");
}

/* A hyphen is a minus there, a dot at the begin of a line a command. */
static void roff(struct str text, struct sbuf *to)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (i == 0 && (c == '.' || c == '\''))
			sbuf_text(to, "\\&");
		if (c == '-')
			sbuf_text(to, "\\-");
		else if (c == '\\')
			sbuf_text(to, "\\e");
		else
			sbuf_char(to, c);
	}
}

void help_text_man(struct sbuf *to)
{
	sbuf_text(to, ".SH COMMANDS\n");
	for (const struct cli_command *m = main_commands; m->name != NULL; m++) {
		struct str rest = str_of(m->help), line;

		sbuf_printf(to, ".TP\n.B %s ", m->name);
		roff(str_of(m->synopsis), to);
		sbuf_char(to, '\n');
		roff(str_of(m->line), to);
		sbuf_text(to, ".\n.nf\n");
		while (str_cut(&rest, '\n', &line)) {
			roff(line, to);
			sbuf_char(to, '\n');
		}
		while (to->n > 1 && to->p[to->n - 1] == '\n' && to->p[to->n - 2] == '\n')
			to->n--;
		sbuf_text(to, ".fi\n");
	}
}
