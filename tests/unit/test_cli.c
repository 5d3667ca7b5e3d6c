/* test_cli.c - the command line: options, tables, the file made by init, the address that
 * commands ask, and commands that
 * go through the API without a server. */
#include "api/route.h"
#include "base/log.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/conf_text.h"
#include "cli/serve_web.h"
#include "io/file.h"
#include "store/setting/setting.h"
#include "t.h"

static int nothing(struct cli *c)
{
	(void)c;
	return 0;
}

static const struct cli_command COMMAND = { "try",         nothing, "Tries", "[--to X] [--dry-run]",
					    "to= dry-run", "help" };

/* main.c is not linked into tests. */
const struct cli_command main_commands[] = { { "try", nothing, "Tries", "", "", "" },
					     { NULL, NULL, NULL, NULL, NULL, NULL } };

static bool parse(struct cli *c, const char *words)
{
	static char kept[16][64];
	char *argv[16];
	struct str rest = str_of(words), word;
	int argc = 0;

	while (str_cut(&rest, ' ', &word)) {
		CHECK(str_copy(word, kept[argc], sizeof(kept[0])));
		argv[argc] = kept[argc];
		argc++;
	}
	return cli_parse(c, &COMMAND, argc, argv);
}

TEST(options_are_known_or_refused)
{
	static const struct {
		const char *words;
		bool ok;
	} ROWS[] = {
		{ "--to x", true },          { "--to=x", true },     { "--dry-run", true },
		{ "--json --help", true },   { "a b c", true },      { "-- --to", true },
		{ "--to", false },           { "--nothing", false }, { "--dry-run=1", false },
		{ "--to= --dry-run", true }, { "--t x", false },     { "--json=x", false },
	};
	struct cli c;

	EACH (r, ROWS)
		CHECK_I64(r->words, parse(&c, r->words), r->ok);
}

TEST(options_give_their_values)
{
	struct cli c;

	CHECK(parse(&c,
		    "word --to=one --to two --data dir --set a=b --set c=d --config f -- --to"));
	CHECK_STR("the last one wins", cli_option(&c, "to"), "two");
	CHECK_STR("not given", cli_option(&c, "dry-run"), NULL);
	CHECK_STR("data", c.data_dir, "dir");
	CHECK_STR("config", c.config_file, "f");
	CHECK_I64("sets", c.set_count, 2);
	CHECK_STR("second set", c.sets[1], "c=d");
	CHECK_STR("a word", cli_word(&c, 0), "word");
	CHECK_STR("a word behind --", cli_word(&c, 1), "--to");
	CHECK_STR("no word", cli_word(&c, 2), NULL);
}

TEST(a_name_that_begins_like_another_is_not_it)
{
	struct cli c;

	CHECK(parse(&c, "--to=x"));
	CHECK_STR("prefix", cli_option(&c, "t"), NULL);
	CHECK_STR("longer", cli_option(&c, "to-all"), NULL);
}

TEST(commands_reach_a_server_that_listens_everywhere)
{
	static const struct {
		const char *address;
		const char *wanted;
	} ROWS[] = {
		{ "127.0.0.1:0", "127.0.0.1:99" }, { "0.0.0.0:80", "127.0.0.1:99" },
		{ "[::]:80", "[::1]:99" },         { "192.0.2.7:80", "192.0.2.7:99" },
		{ "8080", "127.0.0.1:99" },        { "[::1]:80", "[::1]:99" },
	};
	char text[SERVE_ADDRESS_MAX];

	EACH (r, ROWS) {
		serve_web_reach(r->address, 99, text);
		CHECK_STR(r->address, text, r->wanted);
	}
}

TEST(the_file_of_init_is_valid_and_names_every_setting)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(256 * KIB);
	struct settings *s = NULL;
	char path[600];

	conf_text(&text, "/srv/box");
	CHECK(sbuf_ok(&text));
	for (size_t i = 0; i < setting_count(); i++)
		CHECK(str_find(sbuf_view(&text), str_of(setting_at(i)->key)) >= 0);
	(void)snprintf(path, sizeof(path), "%s/made.conf", t_dir());
	MUST(file_write(path, sbuf_view(&text), 0600, &t_err));
	MUST(settings_load(&(struct setting_sources){ .file = path }, NULL, &s, &t_err));
	CHECK_SPAN("data_dir", setting_str(s, "data_dir"), STR("/srv/box"));
	CHECK_SPAN("a default", setting_str(s, "listen"), STR("127.0.0.1:8080"));
	settings_free(s);
}

static void in_folder(struct cli *c, char *folder)
{
	(void)snprintf(folder, 600, "%s/data", t_dir());
	*c = (struct cli){ .command = &COMMAND, .data_dir = folder };
}

TEST(commands_work_without_a_server)
{
	struct call_answer a = CALL_ANSWER;
	struct caller by;
	char folder[600];
	struct cli c;

	in_folder(&c, folder);
	MUST(call_begin(&c, &by, &t_err));
	CHECK(by.inside != NULL);
	MUST(call_do(&by,
		     &(struct call_request){ "POST", "/api/v1/tokens",
					     STR("{\"name\":\"x\",\"scopes\":\"all\"}") },
		     &a, &t_err));
	CHECK_I64("made", a.status, 201);
	CHECK(json_get_str(a.root, "token").n > 20);
	call_answer_release(&a);
	a = (struct call_answer)CALL_ANSWER;
	CHECK_I64("verdict of a problem",
		  call_do(&by, &(struct call_request){ "POST", "/api/v1/tokens", STR("{}") }, &a,
			  &t_err),
		  RC_INVALID);
	CHECK_STR("its own sentence", t_err.text, "name: A token needs a name.");
	call_answer_release(&a);
	err_clear(&t_err);
	a = (struct call_answer)CALL_ANSWER;
	CHECK_I64("absent",
		  call_do(&by, &(struct call_request){ "GET", "/api/v1/queues/none", STR_NONE }, &a,
			  &t_err),
		  RC_ABSENT);
	call_answer_release(&a);
	call_end(&by);
}

TEST(a_held_folder_without_an_answering_server_is_told)
{
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	char folder[600], lock[700];
	struct cli c;
	int fd;

	in_folder(&c, folder);
	MUST(file_mkdir(folder, 0700, &t_err));
	(void)snprintf(lock, sizeof(lock), "%s/totem.lock", folder);
	MUST(file_lock(lock, &fd, &t_err));
	CHECK_I64("held",
		  call_once(&c, &(struct call_request){ "GET", "/healthz", STR_NONE }, &a, &e),
		  RC_RETRY);
	file_unlock(fd);
}

TEST(tail_without_a_server_says_so)
{
	char folder[600];
	struct cli c;

	in_folder(&c, folder);
	CHECK_I64("exit code", cmd_tail(&c), rc_exit_code(RC_ABSENT));
}

TEST(prove_needs_a_database_and_finds_nothing_missing)
{
	struct call_answer a = CALL_ANSWER;
	char folder[600];
	struct cli c;

	in_folder(&c, folder);
	CHECK_I64("no database", cmd_prove(&c), rc_exit_code(RC_ABSENT));
	MUST(call_once(&c, &(struct call_request){ "GET", "/api/v1/queues", STR_NONE }, &a,
		       &t_err));
	call_answer_release(&a);
	CHECK_I64("fresh", cmd_prove(&c), 0);
}
