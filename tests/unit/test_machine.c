/* test_machine.c - what the API tells of the box itself: versions with licences, certificate files, the newest log lines. */
#include "base/log.h"
#include "box.h"

static struct box b;

TEST(the_box_tells_what_it_is_made_of)
{
	box_open(&b, NULL, 0);
	CHECK_I64("about", box_call(&b, "GET", "/api/v1/about", NULL), 200);
	CHECK_STR("first", box_get(&b, "libraries.0.name"), "SQLite");
	CHECK("its version" && box_get(&b, "libraries.0.version")[0] != '\0');
	CHECK_STR("licence", box_get(&b, "libraries.1.licence"), "MIT");
	CHECK_STR("all", box_get(&b, "libraries.8.name"), "zlib");
	box_close(&b);
}

TEST(certificate_files_are_named_with_their_end_or_their_fault)
{
	static const char *const ARGS[] = { "tls_client_ca=/nowhere/ca.pem" };

	box_open(&b, ARGS, COUNT(ARGS));
	CHECK_I64("list", box_call(&b, "GET", "/api/v1/certificates", NULL), 200);
	CHECK_STR("which", box_get(&b, "data.0.setting"), "tls_client_ca");
	CHECK_STR("file", box_get(&b, "data.0.file"), "/nowhere/ca.pem");
	CHECK_STR("end", box_get(&b, "data.0.ends_at"), "");
	CHECK("fault" && box_get(&b, "data.0.error")[0] != '\0');
	CHECK_STR("no other", box_get(&b, "data.1.setting"), "");
	box_close(&b);
}

TEST(the_newest_log_lines_are_shown_by_level)
{
	box_open(&b, NULL, 0);
	log_event(LOG_WARN, "test.warned", "what", "\"quoted\"", NULL);
	log_event(LOG_INFO, "test.told", NULL);
	CHECK_I64("all", box_call(&b, "GET", "/api/v1/logs", NULL), 200);
	CHECK_STR("newest", box_get(&b, "data.0.level"), "info");
	CHECK("as written" &&
	      strstr(box_get(&b, "data.0.line"), "\"event\":\"test.told\"") != NULL);
	CHECK_I64("warnings", box_call(&b, "GET", "/api/v1/logs?level=warn", NULL), 200);
	CHECK("the warning" && strstr(box_get(&b, "data.0.line"), "test.warned") != NULL);
	CHECK_I64("no such level", box_call(&b, "GET", "/api/v1/logs?level=debug", NULL), 422);
	box_close(&b);
}
