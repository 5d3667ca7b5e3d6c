/* parts.c - see parts.h. Versions as the build found them; supervise_libraries compares them with what runs. */
#include "io/parts.h"

#include "gen/vendor_versions.h"

static const struct library LIBRARIES[] = {
	{ "SQLite", TOTEM_VENDOR_SQLITE_VERSION, "blessing" },
	{ "CivetWeb", TOTEM_VENDOR_CIVETWEB_VERSION, "MIT" },
	{ "libcurl", TOTEM_VENDOR_CURL_VERSION, "curl" },
	{ "cJSON", TOTEM_VENDOR_CJSON_VERSION, "MIT" },
	{ "mbedTLS", TOTEM_VENDOR_MBEDTLS_VERSION, "Apache-2.0" },
	{ "librdkafka", TOTEM_VENDOR_RDKAFKA_VERSION, "BSD-2-Clause" },
	{ "OpenSSL", TOTEM_VENDOR_OPENSSL_VERSION, "Apache-2.0" },
	{ "zstd", TOTEM_VENDOR_ZSTD_VERSION, "BSD-3-Clause" },
	{ "zlib", TOTEM_VENDOR_ZLIB_VERSION, "Zlib" },
};

const struct library *parts_at(size_t i)
{
	return i < COUNT(LIBRARIES) ? &LIBRARIES[i] : NULL;
}
