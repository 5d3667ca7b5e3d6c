/* main.c - the table of subcommands. */
#include "cli/cmd.h"
#include "cli/help_text.h"
#include "flow/supervise.h"
#include "io/owner.h"

static cli_fn help;

const struct cli_command main_commands[] = {
	{ "serve", cmd_serve, "Runs the box",
	  "[--listen ADDR] [--hooks-listen ADDR] [--with-parent]",
	  "listen= hooks-listen= with-parent",
	  "Without any configuration it starts on defaults: data in ./totem-data, "
	  "http://127.0.0.1:8080.\n"
	  "The first line on stdout is stable: \"listening main=HOST:PORT hooks=HOST:PORT\"; a "
	  "port 0 lets the system\n"
	  "choose. SIGTERM stops within 5 seconds, SIGHUP rereads the settings. The log is JSON on "
	  "stderr.\n\n"
	  "  --listen ADDR        admin page and API (setting listen)\n"
	  "  --hooks-listen ADDR  webhooks (setting hooks_listen)\n"
	  "  --with-parent        ends when the process that started it ends\n\n"
	  "Example: totem serve --data /srv/totem --set log_level=debug\n" },
	{ "init", cmd_init, "Writes totem.conf, makes the data folder and a first token",
	  "[--print]", "print",
	  "The file goes to --config FILE or ./totem.conf; one that is there is not changed.\n\n"
	  "  --print  only writes the file's text to stdout\n\n"
	  "Example: totem init --config /etc/totem/totem.conf --data /var/lib/totem\n" },
	{ "check", cmd_check, "Checks configuration and environment; each finding with its cure",
	  "[--lang LANG]", "lang=",
	  "Exit code 0: nothing is wrong; 1: something is.\n\n"
	  "  --lang LANG  en, es or pt (default: as the environment's LANG)\n\n"
	  "Example: totem check --data /srv/totem --lang es\n" },
	{ "doctor", cmd_doctor, "Checks the living box: all of check, the server, incidents, peers",
	  "[--lang LANG]", "lang=",
	  "Exit code 0: nothing is wrong; 1: something is.\n\n"
	  "  --lang LANG  en, es or pt (default: as the environment's LANG)\n\n"
	  "Example: totem doctor\n" },
	{ "support-bundle", cmd_bundle, "Puts state, log, settings and versions into one file",
	  "[FILE]", "",
	  "A tar archive for whoever helps. Secrets are not in it, numbers, addresses and paths of "
	  "URLs are masked; look through\n"
	  "it before you give it away.\n\nExample: totem support-bundle /tmp/totem.tar\n" },
	{ "migrate", cmd_migrate, "Brings the database to this program's schema", "", "",
	  "A copy is made beside the database first; a migration that fails leaves it untouched. "
	  "totem serve does the\n"
	  "same at its start.\n\nExample: totem migrate --data /srv/totem\n" },
	{ "token", cmd_token, "Makes, lists and revokes API tokens",
	  "create NAME [--scopes WORDS] | list | revoke ID", "scopes=",
	  "Scopes: messages:send messages:read conversations lookups status queues:read "
	  "queues:control\n"
	  "queues:clear settings metrics users audit:read, or all (the default).\n"
	  "A token is shown once and stored as a hash.\n\n"
	  "Example: totem token create n8n --scopes \"messages:send messages:read\"\n" },
	{ "user", cmd_user, "Accounts of people, and the way back in",
	  "list | add LOGIN [--role R] [--name N] [--language es|pt|en] [--password -] |\n"
	  "       reset-password LOGIN [--password -] | role LOGIN ROLE | disable|enable LOGIN | "
	  "reset-totp LOGIN",
	  "role= name= language= password=",
	  "Roles: owner, technician, agent (the default), viewer. Without --password - (one line "
	  "of "
	  "stdin) a link is printed\n"
	  "by which the person chooses a password. reset-password ends all their sessions; "
	  "reset-totp takes the second\n"
	  "factor away. Works without a running server too.\n\n"
	  "Example: totem user add ana --role owner --name \"Ana Díaz\"\n" },
	{ "config", cmd_config, "Shows and changes settings",
	  "list [PREFIX] | diff | get KEY | set KEY VALUE | unset KEY", "",
	  "Changes count at once, a few from the next start. A VALUE of - is read from stdin; "
	  "secrets are encrypted in the\n"
	  "database and never shown.\n\n"
	  "Example: totem config set channel.main.phone_number_id 106540352242922\n"
	  "         totem config set channel.main.token - < token.txt\n" },
	{ "queue", cmd_queue, "Shows and controls queues",
	  "list | show|pause|resume|drain|clear NAME [--for TIME] [--yes]", "for= yes",
	  "  --for TIME  pause only so long (30s, 10m, 2h, 1d) or until then "
	  "(2026-01-05T10:00:00Z)\n"
	  "  --yes       clear: really discard all jobs that wait\n\n"
	  "Example: totem queue pause messages --for 10m\n" },
	{ "send", cmd_send, "Sends a message",
	  "--to NUMBER (--text TEXT | --media-id ID --type TYPE | --template NAME/LANGUAGE "
	  "[VALUE...] | "
	  "--body JSON)",
	  "to= text= channel= media-id= type= template= body=",
	  "The message is stored and leaves through the channel's queue; without --channel through "
	  "the only one or\n"
	  "setting default_channel.\n\n"
	  "  --text TEXT          a text; with --media-id the caption\n"
	  "  --media-id ID        a file of the box (POST /api/v1/media); --type image, video, "
	  "audio, "
	  "document or sticker\n"
	  "  --template NAME/LANG a template; the words are the variables of its body\n"
	  "  --body JSON          the body of POST /api/v1/messages: every type, fallback, "
	  "send_at, "
	  "expires_at\n\n"
	  "Examples: totem send --to +595981123456 --text \"Su pedido llegó\"\n"
	  "          totem send --to +595981123456 --template order_ready/es Ana 42\n"
	  "          totem send --to +595981123456 --body "
	  "'{\"location\":{\"latitude\":-25.3,\"longitude\":-57.6}}'\n" },
	{ "chatwoot", cmd_chatwoot, "Sets a Chatwoot up for this box",
	  "setup [NAME] --url URL --webhook-base URL [--token -] [--account ID] [--inbox NAME]\n"
	  "       [--language es|pt|en] [--lang LANG] | show [NAME] [--lang LANG]",
	  "url= webhook-base= token= account= inbox= language= lang=",
	  "Reads the version, makes or adopts the API inbox, sets its webhook, keeps the secrets, "
	  "and says what the server's\n"
	  "operator has to do. May be repeated; what is not given stays. NAME is main, when there "
	  "is only one. Exit code 1:\n"
	  "Chatwoot refuses, or does not answer (then the box tries again). Without a running "
	  "server it is done at the next start.\n\n"
	  "  --url URL           Chatwoot, as this box reaches it\n"
	  "  --webhook-base URL  this box, as Chatwoot reaches it\n"
	  "  --token -           an administrator's token, one line of stdin; else "
	  "TOTEM_CHATWOOT_TOKEN\n"
	  "  --account ID        needed when the token sees several accounts\n"
	  "  --inbox NAME        of an inbox that has to be made (default: Totem WhatsApp)\n"
	  "  --language LANG     of the words that agents read\n"
	  "  --lang LANG         of this answer (default: as the environment's LANG)\n\n"
	  "Example: totem chatwoot setup --url http://10.0.0.5:3000 --webhook-base "
	  "http://10.0.0.7:8081 --token - < token.txt\n" },
	{ "lookup", cmd_lookup, "Asks a lookup connector", "CONNECTOR NAME=VALUE...", "",
	  "Prints the data; exit code 1 when the return_code is not 0 (--json: the whole answer). "
	  "Beside a running server it\n"
	  "uses the server's session, otherwise it logs in itself.\n\n"
	  "Example: totem lookup calidda dni=08408122\n" },
	{ "tail", cmd_tail, "Follows the event stream of the running server",
	  "[--count N] [--after ID]", "count= after=",
	  "One line an event; after a break it goes on where it was.\n\n"
	  "  --count N   ends after N events\n"
	  "  --after ID  begins behind this event\n\n"
	  "Example: totem tail --json | jq .data\n" },
	{ "replay", cmd_replay, "Processes stored webhook requests again",
	  "ID | --from TIME --to TIME [--source S] [--dry-run]", "from= to= source= dry-run",
	  "What was processed before is recognized, so nothing happens twice.\n\n"
	  "  --dry-run  only counts\n\n"
	  "Example: totem replay --from 2026-01-05T10:00:00Z --to 2026-01-05T11:00:00Z "
	  "--dry-run\n" },
	{ "prove", cmd_prove,
	  "Proves that nothing is missing: accepted = done + discarded + dead + open",
	  "[--lang LANG]", "lang=",
	  "Reads the tables; works beside a running server. Exit code 1 when a line says WRONG.\n"
	  "For messages out: done is settled, dead is \"unknown whether sent\". For deliveries: "
	  "discarded were removed by\n"
	  "age, dead were put aside. The audit log is a chain of hashes; what it ends with, noted "
	  "elsewhere, shows later\n"
	  "whether rows were cut off.\n\n"
	  "  --lang LANG  en, es or pt (default: as the environment's LANG)\n\n"
	  "Example: totem prove --data /srv/totem\n" },
	{ "backup", cmd_backup, "Makes, lists and copies backups; each is verified by restoring it",
	  "[make [--to DIR] [--fast] [--no-check]] | list | copy DIR | stick DIR [--prepare] | "
	  "send [NAME] | "
	  "fetch [NAME]",
	  "to= fast no-check prepare passphrase-file=",
	  "Works beside a running server. A backup holds the database, all media and, with a "
	  "passphrase (setting\n"
	  "backup_passphrase, TOTEM_PASSPHRASE or --passphrase-file), the key file. It goes to "
	  "setting backup_dir, or\n"
	  "`backups` in the data folder. `copy` brings the newest one to another disk and reads it "
	  "back from there.\n\n"
	  "A new backup is restored to a scratch place beside it and compared before its state is "
	  "`verified`; one that fails\n"
	  "is `failed` and counts for nothing (rotation, copies, the store).\n\n"
	  "  --to DIR                another folder; nothing is rotated there\n"
	  "  --no-check              leave the check to the server, or to totem verify\n"
	  "`stick` does so with a USB stick that was prepared for this box (--prepare); plugging "
	  "it in "
	  "does the same.\n"
	  "`send` and `fetch` go to and from the S3-compatible store of the settings backup_s3_*; "
	  "the "
	  "server sends by itself.\n\n"
	  "  --fast                  at full speed (else as setting backup_pace says)\n"
	  "  --passphrase-file FILE  first line: the passphrase\n\n"
	  "Example: totem backup --to /media/stick/totem\n" },
	{ "export", cmd_export, "Takes out one person's data, or a list as CSV or JSON lines",
	  "person NUMBER|NAME|ID [--out FILE] |\n"
	  "       LIST [NAME=VALUE...] [--from TIME] [--to TIME] [--format csv|jsonl] [--out FILE]",
	  "out= format= from= to=",
	  "A person: a tar archive of everything that is held of them, with their files; who took "
	  "it is in the audit log.\n"
	  "LIST: messages, conversations, contacts, deliveries, dead-letters, audit, templates, "
	  "receipts, incidents; NAME=VALUE\n"
	  "are its filters as in the API. Works beside a running server and without one.\n\n"
	  "  --out FILE      a new file; - is standard output (lists: the default)\n"
	  "  --format F      csv, or jsonl (the default)\n"
	  "  --from, --to    a range of time: messages, deliveries, audit\n\n"
	  "Examples: totem export person +595981123456 --out /media/stick/persona.tar\n"
	  "          totem export deliveries --from 2026-01-05T00:00:00Z --to "
	  "2026-01-06T00:00:00Z --format csv > day.csv\n" },
	{ "verify", cmd_verify, "Checks a backup: restores it to a scratch file and compares",
	  "[NAME | FILE.tar | --all] [--from DIR]", "all from= passphrase-file=",
	  "Without a name the newest one. Checksums, the whole database, rows of every table, "
	  "every "
	  "media file, and with the\n"
	  "passphrase also the key. Exit code 0: it is whole.\n\n"
	  "  --all       every backup\n"
	  "  --from DIR  another folder\n\n"
	  "Example: totem verify --from /media/stick/totem\n" },
	{ "restore", cmd_restore, "Puts a backup in the place of the data folder's content",
	  "NAME | DIR/NAME | FILE.tar [--without-key] [--resume]",
	  "without-key resume passphrase-file=",
	  "FILE.tar is what the page's download saved; it is unpacked in the data folder first, "
	  "which takes its room twice.\n"
	  "The server must not run (systemctl stop totem.socket totem). Everything is copied and "
	  "checked first; what was there is kept "
	  "in before-restore-TIME.\n"
	  "Webhooks that a damaged box kept aside are processed at the next start. Sends that "
	  "waited "
	  "in the backup may have\n"
	  "left since: if there are any, the queues that send start paused, and so they do on "
	  "another machine where Chatwoot\n"
	  "is used. Whoever was erased behind the backup is erased again at the next start.\n\n"
	  "  --without-key           go on without the key file; secrets have to be entered again\n"
	  "  --resume                the queues that send go on: nothing was sent after the "
	  "backup\n"
	  "  --passphrase-file FILE  first line: the passphrase (or TOTEM_PASSPHRASE)\n\n"
	  "Example: TOTEM_PASSPHRASE=... totem restore "
	  "/media/stick/totem/totem-20260105T030000Z\n" },
	{ "bench", cmd_bench, "Measures this machine: syncs, durable acknowledgements, HTTP",
	  "[--seconds N]", "seconds=",
	  "Works in a scratch folder beside the data for about ten seconds and removes it again; "
	  "beside a running server both get\n"
	  "less. One sync of the disk; acknowledgements of 16 callers that are on the disk; the "
	  "same "
	  "over HTTP on loopback.\n\n"
	  "  --seconds N  of each part, 1 to 30 (default 3)\n\n"
	  "Example: totem bench --data /srv/totem --json\n" },
	{ "debug", cmd_debug, "Shows all that is known of one message, request, job or dead letter",
	  "message|delivery|letter|conversation ID | job QUEUE ID [--words]", "words",
	  "For whoever helps: numbers, addresses and tokens are masked, what people wrote is left "
	  "out. A message comes with its\n"
	  "whole story. Works beside a running server and without one.\n\n"
	  "  --words  with what people wrote\n\n"
	  "Example: totem debug message 019b8d99-6f24-7125-bafb-f4538fb58925\n" },
	{ "version", cmd_version, "Prints the version", "[--verbose]", "verbose",
	  "  --verbose  of every part\n\nExample: totem version --verbose\n" },
	{ "help", help, "Explains a command", "[COMMAND] [--bash | --zsh | --man]", "bash zsh man",
	  "  --bash, --zsh, --man  all commands as a completion or as a section of the man page\n\n"
	  "Example: totem help serve\n" },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_command *find(const char *name)
{
	for (const struct cli_command *m = main_commands; m->name != NULL; m++) {
		if (strcmp(m->name, name) == 0)
			return m;
	}
	return NULL;
}

static int help(struct cli *c)
{
	const char *name = cli_word(c, 0);
	const struct cli_command *m = name != NULL ? find(name) : NULL;

	AUTO(sbuf_release) struct sbuf b = SBUF(256 * KIB);

	if (name != NULL && m == NULL)
		return cli_usage(c, "there is no such command");
	if (cli_option(c, "bash") != NULL)
		help_text_bash(&b);
	else if (cli_option(c, "zsh") != NULL)
		help_text_zsh(&b);
	else if (cli_option(c, "man") != NULL)
		help_text_man(&b);
	else if (m != NULL)
		cli_print_help(m);
	else
		cli_print_commands();
	(void)fwrite(b.p != NULL ? b.p : "", 1, b.n, stdout);
	return 0;
}

/* One place for all commands: what root makes in the data folder is for the user who serves it. */
static void follow_owner(const struct cli *c)
{
	const struct supervise_options o = { .data_dir = c->data_dir,
					     .config_file = c->config_file,
					     .args = c->sets,
					     .arg_count = c->set_count };
	struct err e = { .rc = RC_OK };
	char folder[SUPERVISE_PATH_MAX];

	if (supervise_folder(&o, folder, &e) == RC_OK) /* else the command itself says why not */
		owner_follow(folder);
}

int main(int argc, char **argv)
{
	const struct cli_command *m = argc > 1 ? find(argv[1]) : NULL;
	struct cli c;

	mem_start();
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		cli_print_commands();
		return argc < 2 ? CLI_EXIT_USAGE : 0;
	}
	if (strcmp(argv[1], "--version") == 0)
		m = find("version");
	if (m == NULL) {
		(void)fprintf(stderr, "totem: %s: there is no such command (see: totem help)\n",
			      argv[1]);
		return CLI_EXIT_USAGE;
	}
	if (!cli_parse(&c, m, argc - 2, argv + 2))
		return CLI_EXIT_USAGE;
	if (c.help) {
		cli_print_help(m);
		return 0;
	}
	follow_owner(&c);
	return m->run(&c);
}
