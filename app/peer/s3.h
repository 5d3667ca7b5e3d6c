/* s3.h - requests to an S3-compatible store, signed (AWS Signature Version 4, headers). Path style: the bucket stands in
 * the path, as MinIO, Garage and others want it. Pure functions: no network. */
#ifndef PEER_S3_H
#define PEER_S3_H

#include "base/err.h"
#include "base/sbuf.h"

struct s3_target {
	struct str url; /* "https://host[:port]/bucket[/prefix]", no slash at the end needed */
	struct str region, key_id, secret;
};

struct s3_request {
	const char *method;
	struct str key;   /* object below the prefix; empty: the bucket itself (lists) */
	struct str query; /* canonical: names sorted, values percent-encoded; "" */
	struct str body;
	int64_t now_ms;
};

#define S3_URL_MAX  2000u
#define S3_DATE_MAX 20

struct s3_signed {
	char url[S3_URL_MAX];
	char date[S3_DATE_MAX]; /* x-amz-date */
	char sha256[65];        /* x-amz-content-sha256 */
	char authorization[400];
};

/* RC_INVALID: the address is none, or too long. */
enum rc s3_sign(const struct s3_target *t, const struct s3_request *q, struct s3_signed *ret,
		struct err *e) MUST_CHECK;
/* Prefix of the target ("a/b/" or ""), as keys of lists begin with it. */
struct str s3_prefix(const struct s3_target *t);
/* "list-type=2&max-keys=...&prefix=...": the query of a list below the prefix, continued at `token` (none: the first). */
void s3_list_query(const struct s3_target *t, struct str below, struct str token, struct sbuf *to);
/* Next <Key> of a list's answer; cut off *rest. False: no more. Keys come with XML's escapes for & only undone. */
bool s3_list_key(struct str *rest, struct sbuf *ret_key);
/* Token of the next page; false: it was the last. */
bool s3_list_more(struct str answer, struct sbuf *ret_token);

#endif
