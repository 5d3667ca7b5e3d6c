/* cmd_version.c - totem version: of the program and of every part in it. */
#include "base/version.h"
#include "cli/cmd.h"
#include "gen/vendor_versions.h"
#include "io/asset.h"
#include "io/crypto.h"
#include "io/db.h"
#include "io/http.h"
#include "io/jsonw.h"
#include "io/kafka.h"
#include "io/migrate.h"
#include "io/web.h"

/* Made by the build where git is there; a tarball has none. */
#if __has_include("gen/git_version.h")
#include "gen/git_version.h"
#endif
#ifndef TOTEM_GIT
#define TOTEM_GIT "unknown"
#endif

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

struct part {
	const char *name, *version;
};

static void print(const struct cli *c, const struct part *parts, size_t n)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(16 * KIB);
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_object(&w);
	for (size_t i = 0; i < n; i++) {
		jsonw_ktext(&w, parts[i].name, parts[i].version);
		if (!c->json)
			(void)printf("%-12s %s\n", parts[i].name, parts[i].version);
	}
	jsonw_end(&w);
	if (c->json)
		(void)printf("%s\n", sbuf_c(&b));
}

int cmd_version(struct cli *c)
{
	char files[24], queries[24], migrations[24];
	size_t count;
	const struct part parts[] = {
		{ "totem", TOTEM_VERSION },
		{ "git", TOTEM_GIT },
		{ "compiler", COMPILER },
		{ "sqlite", db_version() },
		{ "civetweb", web_version() },
		{ "libcurl", http_version() },
		{ "mbedtls", crypto_version() },
		{ "cjson", json_version() },
		{ "librdkafka", kafka_version() },
		{ "openssl", TOTEM_VENDOR_OPENSSL_VERSION },
		{ "zstd", TOTEM_VENDOR_ZSTD_VERSION },
		{ "zlib", TOTEM_VENDOR_ZLIB_VERSION },
		{ "vendor", TOTEM_VENDOR_VARIANT " " TOTEM_VENDOR_DIGEST },
		{ "assets", files },
		{ "queries", queries },
		{ "migrations", migrations },
	};

	(void)migrate_table(&count);
	(void)snprintf(files, sizeof(files), "%zu", asset_count());
	(void)snprintf(queries, sizeof(queries), "%d", (int)Q_COUNT);
	(void)snprintf(migrations, sizeof(migrations), "%zu", count);
	if (c->word_count > 0)
		return cli_usage(c, "version takes options only");
	if (cli_option(c, "verbose") != NULL || c->json)
		print(c, parts, COUNT(parts));
	else
		(void)printf("totem %s\n", TOTEM_VERSION);
	return 0;
}
