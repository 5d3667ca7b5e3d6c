/* kafka.c - start check of librdkafka.
 *
 * librdkafka carries a cJSON of its own under the same symbol names. The build removes it from the
 * archive; if that were forgotten, a wrong link order would silently bring back the old copy. */
#include "io/kafka.h"

#include <librdkafka/rdkafka.h>

#include "base/str.h"

/* Of the copy inside librdkafka 2.x. */
#define KAFKA_CJSON "1.7.14"

/* Not from cJSON.h: that header belongs to json.c, and here the question is which symbol was
 * linked. */
const char *cJSON_Version(void);

const char *kafka_version(void)
{
	return rd_kafka_version_str();
}

enum rc kafka_check(struct err *e)
{
	static const char *const wanted[] = {
		"ssl", "sasl_scram", "lz4", "zstd", "gzip", "snappy"
	};
	char features[512];
	size_t bytes = sizeof features;

	if (rd_kafka_version() != RD_KAFKA_VERSION)
		return FAIL(e, RC_IO, "librdkafka %s is not the one of its header",
			    kafka_version());
	if (strcmp(cJSON_Version(), KAFKA_CJSON) == 0)
		return FAIL(e, RC_IO, "librdkafka's own cJSON %s was linked", KAFKA_CJSON);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_res_t got = rd_kafka_conf_get(conf, "builtin.features", features, &bytes);
	rd_kafka_conf_destroy(conf);
	if (got != RD_KAFKA_CONF_OK)
		return FAIL(e, RC_IO, "librdkafka does not tell its features");
	for (size_t i = 0; i < COUNT(wanted); i++) {
		struct str rest = str_of(features);
		struct str part;
		bool found = false;
		while (!found && str_cut(&rest, ',', &part))
			found = str_eqc(str_trim(part), wanted[i]);
		if (!found)
			return FAIL(e, RC_IO, "librdkafka was built without %s", wanted[i]);
	}
	return RC_OK;
}
