/* channel_test.h - Totem asks itself through the internet: the handshake that Meta would make (meta-cloud-api.md 1.1)
 * at the public address, with the channel's own verify token. A header that only this box can make says so: such a call
 * is not taken for Meta's, and is answered without Meta's client certificate. */
#ifndef FLOW_CHANNEL_TEST_H
#define FLOW_CHANNEL_TEST_H

#include "flow/upkeep.h"
#include "io/http.h"

enum channel_test_found {
	CHANNEL_TEST_UNSET,       /* no public_url or no verify token: not tested */
	CHANNEL_TEST_FINE,        /* Totem answered, with a certificate that is trusted */
	CHANNEL_TEST_UNREACHED,   /* name, connection or time */
	CHANNEL_TEST_CERTIFICATE, /* not trusted, of another name, or over */
	CHANNEL_TEST_FOREIGN,     /* something else answered */
	/* The address stands with a certificate that is trusted, and hung up on who shows none of Meta's, as tls_client_ca
	 * wants it: what lies behind cannot be tested from here. */
	CHANNEL_TEST_CLIENT_CERT
};

struct channel_test {
	enum channel_test_found found;
	int64_t cert_ends_ms;          /* 0: not known (plain HTTP, or not reached) */
	struct http_cert_span refused; /* of CHANNEL_TEST_CERTIFICATE */
	char text[200];                /* what happened, for people */
};

#define CHANNEL_TEST_HEADER "X-Totem-Self-Test"
/* The header's value is a MAC of the challenge under the box's own key. */
bool channel_test_is_own(const uint8_t seal_key[32], struct str challenge, struct str header);

const char *channel_test_word(enum channel_test_found f);
void channel_test_run(struct upkeep_run *u, struct str hook_url, struct channel_test *ret);

#endif
