#!/bin/bash
# Links a tiny program against every archive of a prefix and checks what the rest of Totem relies on.
#
#   vendor/selftest.sh [--variant release|asan|tsan]
set -eu

VENDOR=$(cd "$(dirname "$0")" && pwd)
variant=release
case ${1:-} in
--variant) variant=${2:?--variant needs a name} ;;
--variant=*) variant=${1#*=} ;;
'') ;;
*) echo 'usage: vendor/selftest.sh [--variant release|asan|tsan]' >&2; exit 2 ;;
esac
prefix=$("$VENDOR/build.sh" --variant "$variant" | tail -n 1)
cc=${CC:-gcc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/t.c" <<'EOF'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>
#include <civetweb.h>
#include <curl/curl.h>
#include <librdkafka/rdkafka.h>
#include <mbedtls/build_info.h>
#include <mbedtls/version.h>
#include <psa/crypto.h>
#include <sqlite3.h>

#include "versions.h"

#define CHECK(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "selftest: failed: %s\n", #what); \
			exit(1); \
		} \
	} while (0)

static sqlite3 *db;

static void sql(const char *text)
{
	char *err = NULL;
	if (sqlite3_exec(db, text, NULL, NULL, &err) != SQLITE_OK) {
		fprintf(stderr, "selftest: %s: %s\n", text, err);
		exit(1);
	}
}

static int refuse_all(void *p, int a, const char *b, const char *c, const char *d, const char *e)
{
	(void)p, (void)a, (void)b, (void)c, (void)d, (void)e;
	return SQLITE_DENY;
}

static int stop_now(void *p)
{
	(void)p;
	return 1;
}

static void try_sqlite(const char *folder)
{
	char path[512], into[600];
	sqlite3_stmt *st = NULL;
	int now, high;

	CHECK(sqlite3_libversion_number() == SQLITE_VERSION_NUMBER);
	CHECK(sqlite3_libversion_number() >= 3051003);
	CHECK(sqlite3_threadsafe() == 2);
	CHECK(sqlite3_compileoption_used("DQS=0"));
	CHECK(sqlite3_compileoption_used("ENABLE_FTS5"));
	CHECK(sqlite3_compileoption_used("ENABLE_STAT4"));
	CHECK(sqlite3_compileoption_used("OMIT_LOAD_EXTENSION"));
	CHECK(sqlite3_compileoption_used("OMIT_SHARED_CACHE"));
	CHECK(sqlite3_compileoption_used("OMIT_DEPRECATED"));
	CHECK(!sqlite3_compileoption_used("DEFAULT_MEMSTATUS=1"));

	snprintf(path, sizeof path, "%s/t.db", folder);
	CHECK(sqlite3_open(path, &db) == SQLITE_OK);
	sql("PRAGMA journal_mode=WAL");
	sql("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT UNIQUE, j TEXT) STRICT");
	sql("INSERT INTO t(a, j) VALUES('x', '{\"n\":1}') ON CONFLICT(a) DO UPDATE SET j = excluded.j RETURNING id");
	sql("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 50) INSERT INTO t(a) SELECT 'k' || n FROM c");
	sql("DELETE FROM t WHERE a > 'k' ORDER BY id LIMIT 3");
	sql("UPDATE t SET a = a || '!' ORDER BY id LIMIT 2");
	sql("SELECT json_extract(j, '$.n'), row_number() OVER () FROM t");
	sql("CREATE VIRTUAL TABLE f USING fts5(body)");
	sql("INSERT INTO f VALUES('hello world')");
	sql("SELECT count(*) FROM f WHERE f MATCH 'hello'");
	sql("ANALYZE");
	sql("SELECT sum(pgsize) FROM dbstat");
	CHECK(sqlite3_exec(db, "SELECT \"nosuch\"", NULL, NULL, NULL) != SQLITE_OK);
	CHECK(sqlite3_prepare_v2(db, "SELECT * FROM t", -1, &st, NULL) == SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
	}
	CHECK(sqlite3_stmt_status(st, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0) > 10);
	sqlite3_finalize(st);
	CHECK(sqlite3_db_status(db, SQLITE_DBSTATUS_CACHE_USED, &now, &high, 0) == SQLITE_OK && now > 0);
	snprintf(into, sizeof into, "VACUUM INTO '%s/copy.db'", folder);
	sql(into);
	sqlite3_progress_handler(db, 1, stop_now, NULL);
	CHECK(sqlite3_exec(db, "SELECT count(*) FROM t, t, t", NULL, NULL, NULL) == SQLITE_INTERRUPT);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	sqlite3_set_authorizer(db, refuse_all, NULL);
	CHECK(sqlite3_exec(db, "SELECT 1", NULL, NULL, NULL) == SQLITE_AUTH);
	sqlite3_set_authorizer(db, NULL, NULL);
	CHECK(sqlite3_vfs_find(NULL) != NULL);
	CHECK(sqlite3_close(db) == SQLITE_OK);
}

static void try_cjson(void)
{
	char deep[200];
	cJSON *j;

	/* librdkafka carries an old one under the same names; this fails if it slipped in again. */
	CHECK(strcmp(cJSON_Version(), TOTEM_VENDOR_CJSON_VERSION) == 0);
	memset(deep, '[', 100);
	memset(deep + 100, ']', 99);
	deep[199] = 0;
	CHECK(cJSON_Parse(deep) == NULL);
	CHECK((j = cJSON_Parse("{\"a\":[1,2]}")) != NULL);
	cJSON_Delete(j);
}

static void try_curl(void)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	const char *const *p;
	int n = 0;

	CHECK(v->features & CURL_VERSION_ASYNCHDNS);
	CHECK(v->features & CURL_VERSION_SSL);
	CHECK(strncmp(v->ssl_version, "mbedTLS/", 8) == 0);
	for (p = v->protocols; *p; p++, n++)
		CHECK(!strcmp(*p, "http") || !strcmp(*p, "https") || !strcmp(*p, "smtp") || !strcmp(*p, "smtps"));
	CHECK(n == 4);
}

static void try_rdkafka(void)
{
	char value[512], err[256];
	size_t n = sizeof value;
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	rd_kafka_t *k;

	CHECK(rd_kafka_conf_get(c, "builtin.features", value, &n) == RD_KAFKA_CONF_OK);
	CHECK(strstr(value, "ssl") && strstr(value, "zstd") && strstr(value, "gzip") && strstr(value, "lz4"));
	CHECK(strstr(value, "sasl_scram") && strstr(value, "sasl_oauthbearer"));
	printf("  rdkafka features: %s\n", value);
	CHECK(rd_kafka_conf_set(c, "security.protocol", "ssl", err, sizeof err) == RD_KAFKA_CONF_OK);
	k = rd_kafka_new(RD_KAFKA_PRODUCER, c, err, sizeof err);
	CHECK(k != NULL);
	rd_kafka_destroy(k);
}

int main(int argc, char **argv)
{
	struct mg_context *ctx;
	struct mg_callbacks cb;
	const char *opt[] = {"listening_ports", "127.0.0.1:0", "num_threads", "2", NULL};

	(void)argc;
	CHECK(psa_crypto_init() == PSA_SUCCESS);
	CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == 0);
	mg_init_library(MG_FEATURES_TLS | MG_FEATURES_IPV6);

	printf("  sqlite    %s\n  cjson     %s\n", sqlite3_libversion(), cJSON_Version());
	printf("  mbedtls   %s\n  curl      %s\n", MBEDTLS_VERSION_STRING, curl_version());
	printf("  rdkafka   %s\n  civetweb  %s\n", rd_kafka_version_str(), mg_version());
	printf("  openssl   %s\n  zstd      %s\n  zlib      %s\n", TOTEM_VENDOR_OPENSSL_VERSION, TOTEM_VENDOR_ZSTD_VERSION,
	       TOTEM_VENDOR_ZLIB_VERSION);

	CHECK(mbedtls_version_get_number() == MBEDTLS_VERSION_NUMBER);
	CHECK(mbedtls_version_check_feature("MBEDTLS_THREADING_C") == 0);
	CHECK(mbedtls_version_check_feature("MBEDTLS_THREADING_PTHREAD") == 0);
	try_sqlite(argv[1]);
	try_cjson();
	try_curl();
	try_rdkafka();

	CHECK(mg_check_feature(MG_FEATURES_TLS) && mg_check_feature(MG_FEATURES_IPV6));
	CHECK(!mg_check_feature(MG_FEATURES_CGI) && !mg_check_feature(MG_FEATURES_FILES));
	memset(&cb, 0, sizeof cb);
	ctx = mg_start(&cb, NULL, opt);
	CHECK(ctx != NULL);
	mg_stop(ctx);
	mg_exit_library();
	curl_global_cleanup();
	return 0;
}
EOF

# shellcheck disable=SC2046,SC2086  # flags are meant to split
"$cc" -O1 -g0 -fPIE -w $(cat "$prefix/compile.flags") -I"$prefix" "$work/t.c" -o "$work/t" \
	-pie -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack $(cat "$prefix/link.flags")

# TSan needs fixed addresses on kernels with much address randomness; elsewhere this changes nothing.
runner=''
if [ "$variant" = tsan ] && command -v setarch >/dev/null; then runner="setarch $(uname -m) -R"; fi
echo "selftest ($variant): $prefix"
# shellcheck disable=SC2086
UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=report_bugs=0 $runner "$work/t" "$work"

if [ "$variant" = release ]; then
	needs=$(ldd "$work/t" | sed 's/^[[:space:]]*//; s/ .*//; s|.*/||' | sort | tr '\n' ' ')
	for lib in $needs; do
		case $lib in
		linux-vdso.so.* | libc.so.* | libm.so.* | ld-linux*.so.*) ;;
		*) echo "selftest: failed: the program needs $lib at run time" >&2; exit 1 ;;
		esac
	done
	echo "  needs: $needs"
	strip "$work/t"
	echo "  stripped size: $(stat -c %s "$work/t") bytes"
fi
echo 'selftest: all is well'
