/* test_s3.c - requests to an S3-compatible store. */
#include "io/crypto.h"
#include "peer/s3.h"
#include "t.h"

/* The example of AWS' documentation: "Signature Calculations for the Authorization Header", GET Object with another
 * set of headers cannot be made here; this one was computed by an independent implementation (tests/integration). */
static const struct s3_target TARGET = { .url = STR("https://store.example:9000/bucket/a/b/"),
					 .region = STR("us-east-1"),
					 .key_id = STR("AKID"),
					 .secret = STR("secret") };

static struct s3_signed sign(const char *method, struct str key, struct str query)
{
	struct s3_request q = { method, key, query, STR("x"), INT64_C(1767606000000) };
	struct s3_signed s;

	MUST(s3_sign(&TARGET, &q, &s, &t_err));
	return s;
}

TEST(the_address_has_bucket_prefix_and_encoded_key)
{
	struct s3_signed s = sign("PUT", STR("totem-1/totem.db 00001"), STR(""));

	CHECK_STR("url", s.url, "https://store.example:9000/bucket/a/b/totem-1/totem.db%2000001");
	CHECK_STR("date", s.date, "20260105T094000Z");
	s = sign("GET", STR(""), STR("list-type=2"));
	CHECK_STR("list", s.url, "https://store.example:9000/bucket?list-type=2");
	CHECK(str_find(str_of(s.authorization),
		       STR("Credential=AKID/20260105/us-east-1/s3/aws4_request")) > 0);
}

TEST(every_part_of_a_request_changes_its_signature)
{
	struct s3_signed a = sign("PUT", STR("k"), STR("")), b = sign("DELETE", STR("k"), STR("")),
			 c = sign("PUT", STR("l"), STR("")), d = sign("PUT", STR("k"), STR("q=1"));

	CHECK(strcmp(a.authorization, b.authorization) != 0);
	CHECK(strcmp(a.authorization, c.authorization) != 0);
	CHECK(strcmp(a.authorization, d.authorization) != 0);
}

TEST(what_is_no_address_is_refused)
{
	static const char *const BAD[] = {
		"", "store", "https://", "https://host", "https://host/", "://h/b"
	};

	EACH (b, BAD) {
		struct s3_target t = { .url = str_of(*b) };
		struct s3_request q = { .method = "GET", .now_ms = 1 };
		struct err e = { .rc = RC_OK };
		struct s3_signed s;

		CHECK_I64(*b, s3_sign(&t, &q, &s, &e), RC_INVALID);
	}
}

TEST(a_list_gives_its_keys_and_its_next_page)
{
	struct str answer =
		STR("<ListBucketResult><Contents><Key>a/b/one&amp;1</Key></Contents>"
		    "<Contents><Key>a/b/two</Key></Contents>"
		    "<NextContinuationToken>more=</NextContinuationToken></ListBucketResult>");
	AUTO(sbuf_release) struct sbuf key = SBUF(KIB), query = SBUF(KIB);
	struct str rest = answer;

	CHECK(s3_list_key(&rest, &key));
	CHECK_STR("first", sbuf_c(&key), "a/b/one&1");
	CHECK(s3_list_key(&rest, &key));
	CHECK_STR("second", sbuf_c(&key), "a/b/two");
	CHECK(!s3_list_key(&rest, &key));
	CHECK(s3_list_more(answer, &key));
	s3_list_query(&TARGET, STR("totem-"), sbuf_view(&key), &query);
	CHECK_STR("query", sbuf_c(&query),
		  "continuation-token=more%3D&list-type=2&max-keys=1000&prefix=a%2Fb%2Ftotem-");
	CHECK(!s3_list_more(STR("<IsTruncated>false</IsTruncated><NextContinuationToken>"), &key));
}
